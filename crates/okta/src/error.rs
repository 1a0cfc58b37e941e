//! What went wrong with a request, in words that say what to do.

use crate::token::TokenError;
use reqwest::StatusCode;
use serde::Deserialize;
use std::{fmt, time::Duration};

const MAX_SHOWN: usize = 300;
/// Of a page that is no answer of the API.
const MAX_BEGIN: usize = 40;

/// Why Okta gave no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// There is no token to send.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// 401.
    #[error(
        "Okta does not accept the token{said}: it was revoked, or expired because nothing used it \
         for 30 days, or belongs to another org"
    )]
    Unauthorized {
        /// What Okta says.
        said: Said,
    },
    /// 403.
    #[error(
        "the token may not read {path}: its administrator lacks the permission {permission}{said}"
    )]
    Forbidden {
        /// What was asked.
        path: String,
        /// What is missing, as the OAuth scope that stands for it.
        permission: &'static str,
        /// What Okta says.
        said: Said,
    },
    /// 404 and 410.
    #[error("Okta has no {path} for this org{said}")]
    Absent {
        /// What was asked.
        path: String,
        /// What Okta says.
        said: Said,
    },
    /// Another status from 400 to 499.
    #[error("Okta refuses the request ({status}){said}{advice}")]
    Refused {
        /// The status.
        status: u16,
        /// What Okta says.
        said: Said,
        /// What to do about it.
        advice: &'static str,
    },
    /// 429.
    #[error("the rate limit of the org is used up: next try in {} s", wait.as_secs())]
    Throttled {
        /// How long to wait.
        wait: Duration,
    },
    /// 5xx.
    #[error("Okta failed ({status}){said}")]
    Failed {
        /// The status.
        status: u16,
        /// What Okta says.
        said: Said,
    },
    /// 3xx: not followed, because the token would be sent along.
    #[error("the org answers with a redirect to {to}: give the org's own address")]
    Redirected {
        /// Where to.
        to: String,
    },
    /// No answer in time.
    #[error("no answer within {} s", after.as_secs())]
    Late {
        /// The limit.
        after: Duration,
    },
    /// No connection, or one that broke.
    #[error("the org cannot be reached: {why}")]
    Unreachable {
        /// Why.
        why: String,
    },
    /// More than is accepted.
    #[error("the answer has more than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The next page is elsewhere.
    #[error("the next page is elsewhere: {address}; no token is sent there")]
    ForeignNext {
        /// Where.
        address: String,
    },
    /// An answer of another kind, such as a page of a sign-in.
    #[error(
        "{path} answers with {came}, and not with JSON of Okta's API: is this the address of the \
         org itself?"
    )]
    NotJson {
        /// What was asked.
        path: String,
        /// What came, in words.
        came: String,
    },
    /// Something that Okta does not answer.
    #[error("the answer holds {what}")]
    Unexpected {
        /// What.
        what: String,
    },
}

impl ApiError {
    /// Whether the same request may succeed a moment later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. }
                | Self::Failed { .. }
                | Self::Late { .. }
                | Self::Unreachable { .. }
                | Self::Unexpected { .. }
        )
    }

    /// Whether it is the token, so that no other request would be answered either.
    pub(crate) const fn is_of_token(&self) -> bool {
        matches!(self, Self::Unauthorized { .. } | Self::Token(_))
    }

    /// The error for a status other than 200.
    pub(crate) fn of_status(
        status: StatusCode,
        path: &str,
        permission: &'static str,
        body: &[u8],
    ) -> Self {
        let said = Said::of(body);
        let path = path.to_owned();
        match status.as_u16() {
            401 => Self::Unauthorized { said },
            403 => Self::Forbidden { path, permission, said },
            404 | 410 => Self::Absent { path, said },
            500.. => Self::Failed { status: status.as_u16(), said },
            status => {
                let advice = match said.code.as_str() {
                    "E0000053" => {
                        "; the log is asked for a time that it does not accept: Okta goes back at \
                         most 180 days"
                    }
                    _ => "",
                };
                Self::Refused { status, said, advice }
            }
        }
    }

    /// The error for an answer that does not begin as JSON does; none: it does, or it is empty.
    pub(crate) fn of_other_content(path: &str, content_type: &str, body: &[u8]) -> Option<Self> {
        let begin = body.iter().position(|byte| !byte.is_ascii_whitespace())?;
        if matches!(body[begin], b'{' | b'[') {
            return None;
        }
        let text = String::from_utf8_lossy(&body[begin..]);
        let shown: String = text.chars().filter(|c| !c.is_control()).take(MAX_BEGIN).collect();
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        let kind = if kind.is_empty() { "a text" } else { kind };
        let came = format!("{kind} that begins with {shown:?}");
        Some(Self::NotJson { path: path.to_owned(), came })
    }

    /// The error for a request that got no complete answer.
    pub(crate) fn of_transport(error: reqwest::Error, after: Duration) -> Self {
        if error.is_timeout() {
            return Self::Late { after };
        }
        // The address may carry a cursor, which says nothing to a reader.
        let error = error.without_url();
        let mut why = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            let text = next.to_string();
            if !why.contains(&text) {
                why = format!("{why}: {text}");
            }
            cause = next.source();
        }
        Self::Unreachable { why }
    }
}

/// The error that Okta's body states, for the end of a sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    code: String,
    summary: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    error_code: String,
    #[serde(default)]
    error_summary: String,
    #[serde(default)]
    error_causes: Vec<Cause>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cause {
    #[serde(default)]
    error_summary: String,
}

impl Said {
    fn of(body: &[u8]) -> Self {
        let Ok(body) = serde_json::from_slice::<Body>(body) else { return Self::default() };
        let mut summary = body.error_summary;
        for cause in body.error_causes.into_iter().take(3) {
            if !summary.contains(&cause.error_summary) {
                summary = format!("{summary}; {}", cause.error_summary);
            }
        }
        let plain = |text: &str| text.chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect();
        Self { code: plain(&body.error_code), summary: plain(&summary) }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code.as_str(), self.summary.as_str()) {
            ("", _) => Ok(()),
            (code, "") => write!(f, " ({code})"),
            (code, summary) => write!(f, " ({code}: {summary})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> ApiError {
        let status = StatusCode::from_u16(status).unwrap();
        ApiError::of_status(status, "/api/v1/idps", "okta.idps.read", body.as_bytes())
    }

    #[test]
    fn an_error_says_what_is_missing_and_what_okta_said() {
        let body = |code: &str, summary: &str, cause: &str| {
            format!(
                r#"{{"errorCode":"{code}","errorSummary":"{summary}","errorLink":"{code}",
                    "errorId":"oae1","errorCauses":[{{"errorSummary":"{cause}"}}]}}"#
            )
        };
        let words = of(403, &body("E0000006", "You do not have permission", "")).to_string();
        assert_eq!(
            words,
            "the token may not read /api/v1/idps: its administrator lacks the permission \
             okta.idps.read (E0000006: You do not have permission)"
        );
        let words = of(401, &body("E0000011", "Invalid token provided", "")).to_string();
        assert!(words.starts_with("Okta does not accept the token (E0000011: Invalid"), "{words}");
        let words = of(400, &body("E0000053", "Invalid range", "since: too old")).to_string();
        assert!(words.contains("E0000053: Invalid range; since: too old"), "{words}");
        assert!(words.contains("at most 180 days"), "{words}");
        let words = of(400, &body("E0000001", "Api validation failed", "limit")).to_string();
        assert_eq!(
            words,
            "Okta refuses the request (400) (E0000001: Api validation failed; limit)"
        );
        assert_eq!(of(502, "<html>bad gateway</html>").to_string(), "Okta failed (502)");
        assert!(of(502, "").is_transient() && !of(403, "").is_transient());
    }

    #[test]
    fn what_is_no_json_is_shown_by_its_beginning() {
        let of = |kind: &str, body: &str| {
            ApiError::of_other_content("/api/v1/logs", kind, body.as_bytes())
                .map(|error| error.to_string())
        };
        let page = of("text/html; charset=utf-8", "\n <!doctype html>\u{1b}[31m<title>Sign in");
        let page = page.unwrap();
        let expected = "/api/v1/logs answers with text/html that begins with \
                        \"<!doctype html>[31m<title>Sign in\", and not with JSON of Okta's API: \
                        is this the address of the org itself?";
        assert_eq!(page, expected);
        assert!(of("", &"x".repeat(9_000)).unwrap().len() < 200);
        for json in ["[]", " {\"a\":", "", " "] {
            assert_eq!(of("text/html", json), None, "whole or cut off");
        }
    }

    #[test]
    fn what_okta_says_cannot_fill_a_terminal() {
        let summary = "x".repeat(5_000);
        let words =
            of(400, &format!(r#"{{"errorCode":"E1\u001b[31m","errorSummary":"{summary}"}}"#));
        let words = words.to_string();
        assert!(words.len() < 500 && !words.contains('\u{1b}'), "{words}");
    }
}
