//! An HTTP endpoint: each checkpoint is posted to it; `GET` with `?origin=` may give all of a log,
//! or the last one, one JSON object a line.

use super::{failed, from_json, to_json};
use crate::exit_status::usage;
use anyhow::Result;
use async_trait::async_trait;
use claimledger_ledger::tree::{Anchor, AnchorCursor, AnchorError, AnchorPage, Anchored};
use reqwest::{Client, StatusCode, Url};
use std::time::Duration;

/// Maximum duration of a request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum size of an answer. An endpoint that has more gives the last checkpoints alone.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// An endpoint.
pub(crate) struct HttpAnchor {
    url: Url,
    /// Without what may be secret: user, password and query.
    name: String,
    client: Client,
}

impl HttpAnchor {
    pub(crate) fn new(argument: &str) -> Result<Self> {
        let url = Url::parse(argument)
            .map_err(|error| usage(format!("--anchor: this is no URL: {error}")))?;
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let name = format!("{}://{host}{port}{}", url.scheme(), url.path());
        let client = Client::builder().timeout(TIMEOUT).build()?;
        Ok(Self { url, name, client })
    }
}

#[async_trait]
impl Anchor for HttpAnchor {
    fn name(&self) -> &str {
        &self.name
    }

    async fn write(&self, anchored: &Anchored) -> Result<(), AnchorError> {
        let sent = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .body(to_json(anchored).to_string())
            .send()
            .await
            .map_err(|error| failed(&self.name, error.without_url()))?;
        if sent.status().is_success() {
            return Ok(());
        }
        Err(failed(&self.name, format!("it answered {}", sent.status())))
    }

    /// All of it at once: an endpoint has no cursor.
    async fn read(&self, origin: &str, _: AnchorCursor) -> Result<AnchorPage, AnchorError> {
        let none = AnchorPage { is_end: true, ..AnchorPage::default() };
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("origin", origin);
        let answer = self.client.get(url).send().await;
        let mut answer = answer.map_err(|error| failed(&self.name, error.without_url()))?;
        match answer.status() {
            // There is none, or the endpoint only takes checkpoints.
            StatusCode::NOT_FOUND
            | StatusCode::NO_CONTENT
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::NOT_IMPLEMENTED => return Ok(none),
            status if !status.is_success() => {
                return Err(failed(&self.name, format!("it answered {status}")));
            }
            _ => {}
        }
        let mut body = Vec::new();
        let failure = |error: reqwest::Error| failed(&self.name, error.without_url());
        while let Some(chunk) = answer.chunk().await.map_err(failure)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                let what = format!("its answer has more than {MAX_ANSWER_BYTES} bytes");
                return Err(failed(&self.name, what));
            }
            body.extend_from_slice(&chunk);
        }
        let checkpoints = parse(&body, origin).map_err(|what| failed(&self.name, what))?;
        Ok(AnchorPage { checkpoints, ..none })
    }
}

/// The checkpoints of an answer: one object, or one a line.
fn parse(body: &[u8], origin: &str) -> Result<Vec<(u64, Anchored)>, String> {
    let whole = serde_json::Deserializer::from_slice(body).into_iter::<serde_json::Value>();
    let mut found = Vec::new();
    for (line, value) in (1..).zip(whole) {
        match value.ok().as_ref().and_then(from_json) {
            Some(anchored) if anchored.origin == origin => found.push((line, anchored)),
            Some(other) => return Err(format!("it answered about {}", other.origin)),
            None => return Err("it answered something that is no checkpoint".to_owned()),
        }
    }
    if found.is_empty() {
        return Err("it answered something that is no checkpoint".to_owned());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_one_checkpoint_or_one_a_line() {
        let object = |origin: &str, size: u64| {
            serde_json::json!({"at": "1970-01-01T00:00:00Z", "origin": origin, "size": size,
                "checkpoint": "x"})
        };
        let sizes = |body: &str| {
            parse(body.as_bytes(), "a").map(|found| {
                found.iter().map(|(line, it)| (*line, it.checkpoint.size.0)).collect::<Vec<_>>()
            })
        };
        let (one, two) = (object("a", 7), object("a", 9));
        assert_eq!(sizes(&format!("{one:#}")).unwrap(), [(1, 7)]);
        assert_eq!(sizes(&format!("{one}\n{two}\n")).unwrap(), [(1, 7), (2, 9)]);
        for body in ["", "hello", "{}", &format!("{one}{{"), &object("b", 7).to_string()] {
            assert!(sizes(body).is_err(), "{body}");
        }
    }
}
