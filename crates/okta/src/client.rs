//! Requests to Okta's API: one after another, each bounded in time and size.

use crate::{backoff::Backoff, error::ApiError, link, org::Org, rate::Rate, token::TokenPlace};
use claimledger_facts::{random::Random, time::Time};
use claimledger_ledger::clock::Clock;
use reqwest::{
    StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION},
    redirect,
};
use serde::de::IgnoredAny;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Bounds of a request, and of waiting for the next one.
#[derive(Clone, Copy, Debug)]
pub struct ClientOptions {
    /// How long an answer may take. Okta ends a request itself after 30 seconds.
    pub timeout: Duration,
    /// Maximum bytes of an answer.
    pub max_bytes: usize,
    /// The longest wait for the rate limit. Okta counts by the minute.
    pub longest_rate_wait: Duration,
    /// How often a request is sent before its failure counts.
    pub attempts: u32,
    /// The waits between them.
    pub backoff: Backoff,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(35),
            max_bytes: 16 * 1024 * 1024,
            longest_rate_wait: Duration::from_secs(120),
            attempts: 3,
            backoff: Backoff::default(),
        }
    }
}

/// An answer with status 200.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
    pub(crate) next: Option<Url>,
    /// When the request was sent, by our clock, or when Okta answered, by Okta's: the earlier.
    pub(crate) asked: Time,
}

/// The clock and the randomness of a client.
#[derive(Clone)]
pub struct Surroundings {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What back-off draws from.
    pub random: Arc<dyn Random>,
}

/// A client of one org.
pub struct Client {
    org: Org,
    token: TokenPlace,
    options: ClientOptions,
    surroundings: Surroundings,
    http: reqwest::Client,
    /// No request is sent before.
    blocked_until: Mutex<Option<Instant>>,
}

impl Client {
    /// Makes a client. Nothing is sent.
    ///
    /// # Errors
    /// If TLS cannot be set up, for example because the machine has no certificates.
    pub fn new(
        org: Org,
        token: TokenPlace,
        options: ClientOptions,
        surroundings: Surroundings,
    ) -> Result<Self, ApiError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("claimledger/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(options.timeout.min(Duration::from_secs(10)))
            .timeout(options.timeout)
            .https_only(!org.is_loopback());
        if org.is_loopback() {
            builder = builder.no_proxy();
        }
        let http =
            builder.build().map_err(|error| ApiError::of_transport(error, options.timeout))?;
        Ok(Self { org, token, options, surroundings, http, blocked_until: Mutex::default() })
    }

    /// The org.
    #[must_use]
    pub fn org(&self) -> &Org {
        &self.org
    }

    pub(crate) fn now(&self) -> Time {
        self.surroundings.clock.now()
    }

    /// How long to wait after this number of failures in a row.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        self.options.backoff.wait(failures, &*self.surroundings.random)
    }

    /// One answer: waits for the rate limit, and tries again after failures that may pass.
    ///
    /// # Errors
    /// The last failure. The rate limit is waited for twice, since the first wait may have been
    /// cut short by its bound.
    pub(crate) async fn get(
        &self,
        url: &Url,
        permission: &'static str,
    ) -> Result<Answer, ApiError> {
        let mut failures = 0;
        loop {
            self.wait_for_rate_limit().await;
            let error = match self.send(url, permission).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            failures += 1;
            if !error.is_transient() || failures >= self.options.attempts {
                return Err(error);
            }
            tracing::debug!(path = url.path(), %error, "the request is sent again");
            // The rate limit has its own wait.
            if !matches!(error, ApiError::Throttled { .. }) {
                tokio::time::sleep(self.pause(failures)).await;
            }
        }
    }

    async fn wait_for_rate_limit(&self) {
        let until = *self.blocked_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }

    async fn send(&self, url: &Url, permission: &'static str) -> Result<Answer, ApiError> {
        let ClientOptions { timeout, max_bytes, longest_rate_wait, .. } = self.options;
        let transport = |error| ApiError::of_transport(error, timeout);
        let sent = self.now();
        let token = self.token.read()?;
        let request = self
            .http
            .get(url.clone())
            .header(AUTHORIZATION, token.header())
            .header(ACCEPT, "application/json");
        let mut response = request.send().await.map_err(transport)?;
        let status = response.status();
        let rate = Rate::of(response.headers());
        let is_throttled = status == StatusCode::TOO_MANY_REQUESTS;
        if is_throttled || rate.remaining == Some(0) {
            let wait = rate.wait(self.now(), longest_rate_wait);
            *self.blocked_until.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(Instant::now() + wait);
            if is_throttled {
                return Err(ApiError::Throttled { wait });
            }
        }
        if status.is_redirection() {
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let to: String = to.unwrap_or("nowhere").chars().take(200).collect();
            return Err(ApiError::Redirected { to });
        }
        let content_type = response.headers().get(CONTENT_TYPE).cloned();
        let next = match status {
            StatusCode::OK => link::next(response.headers(), &self.org, url)?,
            _ => None,
        };
        let too_large = ApiError::TooLarge { limit: max_bytes };
        let stated = response.content_length().unwrap_or_default();
        if usize::try_from(stated).is_ok_and(|stated| stated > max_bytes) {
            return Err(too_large);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if body.len() + chunk.len() > max_bytes {
                return Err(too_large);
            }
            body.extend_from_slice(&chunk);
        }
        if status != StatusCode::OK {
            let body = token.hidden_in(&body);
            return Err(ApiError::of_status(status, url.path(), permission, &body));
        }
        // A page for people, from a sign-in or a proxy: asking again gives the same.
        let kind = content_type.as_ref().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let shown = token.hidden_in(&body);
        if let Some(error) = ApiError::of_other_content(url.path(), kind, &shown) {
            return Err(error);
        }
        // An answer that is cut off is as good as none: the request is sent again.
        serde_json::from_slice::<IgnoredAny>(&body)
            .map_err(|error| ApiError::Unexpected { what: format!("no complete JSON: {error}") })?;
        Ok(Answer { body, next, asked: rate.date.map_or(sent, |date| date.min(sent)) })
    }
}
