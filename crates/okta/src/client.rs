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
    /// How long a request may take with all its attempts and the waits between them.
    pub deadline: Duration,
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
            deadline: Duration::from_secs(45),
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
    /// When the request was sent, by our clock.
    pub(crate) sent: Time,
    /// When its body was complete, by our clock.
    pub(crate) received: Time,
    /// When Okta answered, by its clock; none: it does not say.
    pub(crate) date: Option<Time>,
    /// What is wrong with the body: it is cut off, or no JSON.
    pub(crate) flaw: Option<ApiError>,
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
        let mut waits = 0;
        loop {
            match self.ask(url, permission).await {
                Err(ApiError::Throttled { .. }) if waits + 1 < self.options.attempts => waits += 1,
                Ok(Answer { flaw: Some(flaw), .. }) => return Err(flaw),
                answer => return answer,
            }
        }
    }

    /// The same, without a second try where the rate limit is used up, and whatever the body is.
    ///
    /// # Errors
    /// See [`Self::get`].
    pub(crate) async fn ask(
        &self,
        url: &Url,
        permission: &'static str,
    ) -> Result<Answer, ApiError> {
        if let Some(wait) = self.rate_wait() {
            tokio::time::sleep(wait).await;
        }
        let deadline = Instant::now() + self.options.deadline;
        let mut failures = 0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let outcome = self.send(url, permission, left.min(self.options.timeout)).await;
            let failure = match &outcome {
                Ok(answer) => answer.flaw.as_ref(),
                Err(error) => Some(error),
            };
            let Some(failure) = failure else { return outcome };
            failures += 1;
            let is_last = !failure.is_transient()
                || matches!(failure, ApiError::Throttled { .. })
                || failures >= self.options.attempts;
            let pause = self.pause(failures);
            if is_last || Instant::now() + pause >= deadline {
                return outcome;
            }
            tracing::debug!(path = url.path(), %failure, "the request is sent again");
            tokio::time::sleep(pause).await;
        }
    }

    /// How often a request is sent before its failure counts.
    pub(crate) fn attempts(&self) -> u32 {
        self.options.attempts
    }

    /// How long no request is sent, because the rate limit is used up; none: one may be sent.
    pub(crate) fn rate_wait(&self) -> Option<Duration> {
        let until = *self.blocked_until.lock().unwrap_or_else(PoisonError::into_inner);
        until?.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero())
    }

    async fn send(
        &self,
        url: &Url,
        permission: &'static str,
        timeout: Duration,
    ) -> Result<Answer, ApiError> {
        let ClientOptions { max_bytes, longest_rate_wait, .. } = self.options;
        let transport = |error| ApiError::of_transport(error, self.options.timeout);
        let sent = self.now();
        let token = self.token.read()?;
        let request = self
            .http
            .get(url.clone())
            .header(AUTHORIZATION, token.header())
            .header(ACCEPT, "application/json")
            .timeout(timeout);
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
        let (mut body, mut flaw) = (Vec::new(), None);
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if body.len() + chunk.len() > max_bytes {
                // What came so far may still say which event it is.
                body.extend_from_slice(&chunk[..max_bytes - body.len()]);
                flaw = Some(ApiError::TooLarge { limit: max_bytes });
                break;
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
        if flaw.is_none() {
            // An answer that is cut off is as good as none: the request is sent again.
            let broken = serde_json::from_slice::<IgnoredAny>(&body).err();
            let what = broken.map(|error| format!("no complete JSON: {error}"));
            flaw = what.map(|what| ApiError::Unexpected { what });
        }
        // A clock that was set back meanwhile gives no answer before its request.
        let received = self.now().max(sent);
        Ok(Answer { body, next, sent, received, date: rate.date, flaw })
    }
}
