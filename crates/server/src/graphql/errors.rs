//! Refusals as GraphQL shows them: a message for people, and `extensions.code` with the numbers for machines.

use async_graphql::{Error, ErrorExtensions, Response, ServerError, Value};
use claimledger_app::ask::AskError;
use claimledger_ledger::log::LogError;

/// A refusal of the app, as an error of the field that asked.
pub(crate) fn asked(error: &AskError) -> Error {
    let message = match error {
        // What an operator should know goes to the log, not to whoever asks.
        AskError::Log(error) => log(error),
        AskError::Forbidden { .. }
        | AskError::PageTooLarge { .. }
        | AskError::BadCursor
        | AskError::Restart
        | AskError::StaleCursor { .. }
        | AskError::PastHead { .. }
        | AskError::Lagging { .. }
        | AskError::BadInput { .. }
        | AskError::TooMany { .. } => error.to_string(),
    };
    Error::new(message).extend_with(|_, extensions| match error {
        AskError::Forbidden { needs } => {
            extensions.set("code", "FORBIDDEN");
            extensions.set("needs", needs.as_str());
        }
        AskError::PageTooLarge { asked, limit } => {
            extensions.set("code", "PAGE_TOO_LARGE");
            extensions.set("asked", *asked);
            extensions.set("limit", *limit);
        }
        AskError::BadCursor => extensions.set("code", "BAD_CURSOR"),
        AskError::Restart => extensions.set("code", "RESTART"),
        AskError::StaleCursor { pinned, pinned_rules, at, rules } => {
            extensions.set("code", "RESTART");
            extensions.set("at", at.0);
            extensions.set("rules", rules.as_str());
            extensions.set("pinned", pinned.0);
            extensions.set("pinnedRules", pinned_rules.as_str());
        }
        AskError::PastHead { asked, size } => {
            extensions.set("code", "PAST_HEAD");
            extensions.set("asked", *asked);
            extensions.set("size", *size);
        }
        AskError::Lagging { assessed_to, wanted } => {
            extensions.set("code", "LAGGING");
            extensions.set("assessedTo", *assessed_to);
            extensions.set("wanted", *wanted);
        }
        AskError::BadInput { .. } => extensions.set("code", "BAD_INPUT"),
        AskError::TooMany { found, limit, .. } => {
            extensions.set("code", "TOO_MANY");
            extensions.set("found", *found);
            extensions.set("limit", *limit);
        }
        AskError::Log(LogError::Corrupt { position, .. }) => {
            extensions.set("code", "CORRUPT");
            extensions.set("position", position.0);
        }
        AskError::Log(LogError::Unavailable { .. } | LogError::TooLarge) => extensions.set("code", "UNAVAILABLE"),
    })
}

/// Logs what an operator should know of a failure of the log, and returns what may be said to whoever asked.
pub(crate) fn log(error: &LogError) -> String {
    match error {
        LogError::Corrupt { position, .. } => {
            tracing::error!(log.position = position.0, "the log does not hold together");
            format!("stopped: the log does not hold together at {position}; nothing from there on is served")
        }
        LogError::Unavailable { reason, .. } => {
            tracing::warn!(reason, "the log is unavailable");
            "not now; the same request may succeed later".to_owned()
        }
        LogError::TooLarge => "more than one append may carry".to_owned(),
    }
}

/// The same for a refusal of the app.
pub(crate) fn log_ask(error: &AskError) {
    if let AskError::Log(error) = error {
        log(error);
    }
}

/// Bad input of a field.
pub(crate) fn input(message: &str) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", "BAD_INPUT"))
}

/// A refusal of the whole request, before it runs.
pub(crate) fn refused(code: &'static str, message: String, numbers: &[(&'static str, u64)]) -> ServerError {
    let mut error = Error::new(message).extend_with(|_, extensions| extensions.set("code", code));
    for (name, number) in numbers {
        error = error.extend_with(|_, extensions| extensions.set(*name, Value::from(*number)));
    }
    error.into_server_error(async_graphql::Pos::default())
}

/// A document that is no GraphQL.
pub(crate) fn not_parsed(mut error: ServerError) -> ServerError {
    error.extensions.get_or_insert_default().set("code", "GRAPHQL_PARSE_FAILED");
    error
}

/// Gives every error of a response a code.
pub(crate) fn coded(mut response: Response) -> Response {
    response.errors = response.errors.into_iter().map(with_code).collect();
    response
}

/// Gives an error a code where it has none: then the library refused it, before anything ran, or a value inside a field. The names are those that clients of
/// GraphQL know. An error of the whole request names no place.
pub(crate) fn with_code(mut error: ServerError) -> ServerError {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", if error.path.is_empty() { "GRAPHQL_VALIDATION_FAILED" } else { "BAD_INPUT" });
    }
    error.locations.retain(|location| location.line > 0);
    error
}
