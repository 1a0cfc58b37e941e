//! Refusals as GraphQL shows them: a message for people, and `extensions.code` with the numbers for
//! machines.

use async_graphql::{Error, ErrorExtensions, Response, ServerError, Value};
use claimledger_app::model::question::AskError;
use claimledger_facts::ids::LogPosition;
use claimledger_ledger::log::{LogError, remedy};

/// What a question answers, or why it is refused.
pub(crate) type Result<T, E = Refusal> = std::result::Result<T, E>;

/// Why a field has no answer. `?` makes one of a refusal of the app, with its code and numbers; the
/// library's own error would keep the message alone.
#[derive(Clone)]
pub(crate) struct Refusal(Error);

impl From<AskError> for Refusal {
    fn from(error: AskError) -> Self {
        Self(asked(&error))
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.0
    }
}

/// A refusal of the app, as an error of the field that asked.
pub(crate) fn asked(error: &AskError) -> Error {
    let message = match error {
        // Details are for the operator: they go to the log, not to the caller.
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
            extensions.set("code", CORRUPT);
            extensions.set("file", "log");
            extensions.set("position", position.0);
        }
        AskError::Log(LogError::Damaged { file, place, .. }) => {
            extensions.set("code", CORRUPT);
            extensions.set("file", file.as_str());
            extensions.set("place", place.as_str());
        }
        AskError::Log(
            LogError::Unavailable { .. } | LogError::Stopped { .. } | LogError::TooLarge,
        ) => extensions.set("code", "UNAVAILABLE"),
    })
}

/// The code of an answer that something stored keeps from being given: no repetition helps.
const CORRUPT: &str = "CORRUPT";

/// The damage that an error of a response speaks of.
pub(crate) fn damage(error: &ServerError) -> Option<LogError> {
    let value = |name: &str| error.extensions.as_ref().and_then(|extensions| extensions.get(name));
    let text = |name: &str| match value(name) {
        Some(Value::String(text)) => Some(text.as_str()),
        _ => None,
    };
    if text("code") != Some(CORRUPT) {
        return None;
    }
    match (value("position"), text("file"), text("place")) {
        (Some(Value::Number(position)), ..) => Some(LogError::Corrupt {
            position: LogPosition(position.as_u64()?),
            what: WHILE_ANSWERING.to_owned(),
        }),
        (_, Some(file), Some(place)) => Some(LogError::damaged(file, place, WHILE_ANSWERING)),
        _ => None,
    }
}

const WHILE_ANSWERING: &str = "it was met while a question was answered; the server's log has more";

/// Logs a failure of the log for the operator, and returns the message for the caller.
pub(crate) fn log(error: &LogError) -> String {
    match error {
        LogError::Corrupt { position, what } => {
            tracing::error!(log.position = position.0, what, "a record is damaged");
            format!("stopped: the log is damaged at {position}; nothing that rests on it is served")
        }
        LogError::Damaged { file, place, what } => {
            tracing::error!(file, place, what, "stored data is damaged");
            format!(
                "stopped: `{file}` is damaged ({place}); nothing that rests on it is \
                 served{}",
                remedy(file)
            )
        }
        LogError::Unavailable { reason, .. } => {
            tracing::warn!(reason, "the log is unavailable");
            "temporarily unavailable: the same request may succeed later".to_owned()
        }
        // The caller needs to know why nothing is stored; the message names no tenant and no path.
        LogError::Stopped { why, .. } => {
            tracing::warn!(why, "nothing is written");
            why.clone()
        }
        LogError::TooLarge => "too large for one append".to_owned(),
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
pub(crate) fn refused(
    code: &'static str,
    message: String,
    numbers: &[(&'static str, u64)],
) -> ServerError {
    let mut error = ServerError::new(message, None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code);
    for (name, number) in numbers {
        extensions.set(*name, Value::from(*number));
    }
    error
}

/// A document that is no GraphQL.
pub(crate) fn not_parsed(mut error: ServerError) -> ServerError {
    error.extensions.get_or_insert_default().set("code", "GRAPHQL_PARSE_FAILED");
    error
}

/// Maximum errors of one response. The library reports every mistake of a document, and a document
/// of 64 KiB can hold thousands.
const MAX_ERRORS: usize = 1_000;
/// Maximum characters of a message. The library quotes the value it refuses, whole, once for each
/// place that uses it.
const MAX_MESSAGE: usize = 1_000;

/// Gives every error of a response a code, and bounds what errors take.
pub(crate) fn coded(mut response: Response) -> Response {
    let more = response.errors.len().saturating_sub(MAX_ERRORS);
    response.errors.truncate(MAX_ERRORS);
    response.errors = response.errors.into_iter().map(with_code).collect();
    if more > 0 {
        response.errors.push(refused(
            "MORE_ERRORS",
            format!("and {more} more errors"),
            &[("more", more as u64)],
        ));
    }
    response
}

/// Gives an error a code where it has none: then the library refused it, before anything ran, or a
/// value inside a field. The names are those that clients of GraphQL know. An error of the whole
/// request names no place.
pub(crate) fn with_code(mut error: ServerError) -> ServerError {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set(
            "code",
            if error.path.is_empty() { "GRAPHQL_VALIDATION_FAILED" } else { "BAD_INPUT" },
        );
    }
    error.locations.retain(|location| location.line > 0);
    if let Some((end, _)) = error.message.char_indices().nth(MAX_MESSAGE) {
        error.message.truncate(end);
        error.message.push('…');
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::Pos;

    #[test]
    fn errors_are_bounded_in_number_and_length_and_place() {
        let nowhere = ServerError::new("é".repeat(MAX_MESSAGE + 1), Some(Pos::default()));
        let response = coded(Response::from_errors(vec![nowhere; MAX_ERRORS + 5]));
        assert_eq!(response.errors.len(), MAX_ERRORS + 1);
        assert_eq!(response.errors[0].message.chars().count(), MAX_MESSAGE + 1);
        assert_eq!(response.errors[0].locations, []);
        assert_eq!(response.errors[MAX_ERRORS].message, "and 5 more errors");
        let exact = coded(Response::from_errors(vec![ServerError::new(
            "é".repeat(MAX_MESSAGE),
            Some(Pos { line: 1, column: 2 }),
        )]));
        assert_eq!(
            (exact.errors[0].message.chars().count(), exact.errors[0].locations.len()),
            (MAX_MESSAGE, 1)
        );
    }
}
