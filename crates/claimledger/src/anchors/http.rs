//! An HTTP endpoint: each checkpoint is posted to it; `GET` with `?origin=` may give the last one.

use super::{failed, from_json, to_json};
use crate::exit_status::usage;
use anyhow::Result;
use async_trait::async_trait;
use claimledger_ledger::tree::{Anchor, AnchorError, Anchored};
use reqwest::{Client, StatusCode, Url};
use std::time::Duration;

/// Maximum duration of a request.
const TIMEOUT: Duration = Duration::from_secs(10);

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

    async fn last(&self, origin: &str) -> Result<Option<Anchored>, AnchorError> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("origin", origin);
        let answer = self.client.get(url).send().await;
        let answer = answer.map_err(|error| failed(&self.name, error.without_url()))?;
        match answer.status() {
            // There is none, or the endpoint only takes checkpoints.
            StatusCode::NOT_FOUND
            | StatusCode::NO_CONTENT
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::NOT_IMPLEMENTED => return Ok(None),
            status if !status.is_success() => {
                return Err(failed(&self.name, format!("it answered {status}")));
            }
            _ => {}
        }
        let body = answer.bytes().await;
        let body = body.map_err(|error| failed(&self.name, error.without_url()))?;
        let found = serde_json::from_slice(&body).ok().as_ref().and_then(from_json);
        match found {
            Some(anchored) if anchored.origin == origin => Ok(Some(anchored)),
            Some(other) => Err(failed(&self.name, format!("it answered about {}", other.origin))),
            None => Err(failed(&self.name, "it answered something that is no checkpoint")),
        }
    }
}
