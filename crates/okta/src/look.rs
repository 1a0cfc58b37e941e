//! Looks at the configuration. An answer is ingested whole, all pages joined, or not at all: what
//! is missing from a list was deleted.

use crate::{
    endpoints::{CONFIGURATION, Endpoint, OF_EACH},
    error::ApiError,
    intake::Kind,
    log::CIRCLE,
    poller::{PollError, Poller},
    progress::{Access, Report},
    window::{Clocks, Window},
};
use claimledger_facts::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::{BTreeMap, BTreeSet};

/// After this many requests without an answer nothing more is asked in one look: each costs the
/// whole time that is waited for, in which the log is not read.
const MAX_LATE: usize = 2;
/// More pages than any org has: a list that does not end is refused.
const MAX_PAGES: usize = 1_000;
/// Maximum bytes of a list, all pages joined.
const MAX_LIST_BYTES: usize = 64 * 1024 * 1024;
/// The least pause between a look and the next that a change triggers, so that many changes in a
/// row cost one look.
const LEAST_PAUSE_MICROS: i64 = 30_000_000;

/// The answer of one request as it is ingested.
#[derive(Serialize)]
struct Envelope<'a> {
    looked_at: Time,
    answered_at: Time,
    path: &'a str,
    /// Whether the body is everything that the path lists.
    complete: bool,
    body: &'a RawValue,
}

/// A whole answer.
struct Found {
    window: Window,
    body: Box<RawValue>,
    objects: u64,
}

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    id: String,
}

impl Poller {
    /// Whether the configuration is to be looked at.
    pub(crate) fn look_is_due(&self) -> bool {
        let progress = &self.kept.progress;
        let Some(last) = progress.last_look.filter(|_| !self.look_at_start) else { return true };
        let since = self.client.now().micros().saturating_sub(last.micros());
        let interval = self.source.look_interval.micros();
        // A last look in the future: the clock was set back.
        since < 0
            || since >= interval
            || progress.look_wanted && since >= LEAST_PAUSE_MICROS.min(interval)
    }

    /// Looks at every endpoint. One that cannot be read is reported, and does not stop the others.
    pub(crate) async fn look(&mut self) -> Result<(), PollError> {
        let began = self.client.now();
        let mut reports = BTreeMap::new();
        self.late_in_look = 0;
        self.clocks_in_look = Clocks::default();
        for endpoint in CONFIGURATION {
            let (found, report) = self.look_at(&endpoint.address(), endpoint).await?;
            reports.insert(endpoint.address(), report);
            let of_each = OF_EACH.iter().find(|(of, _)| *of == endpoint.path);
            let (Some(found), Some((_, of_each))) = (found, of_each) else { continue };
            let objects: Vec<&RawValue> =
                serde_json::from_str(found.body.get()).unwrap_or_default();
            // One whose id cannot be read keeps no other out.
            for object in objects.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()) {
                let object: Object = object;
                let is_id = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                if object.id.is_empty() || !object.id.chars().all(is_id) {
                    continue;
                }
                let address = of_each.path.replace("{id}", &object.id);
                let (_, report) = self.look_at(&address, of_each).await?;
                merge(&mut reports, of_each.path, report);
            }
        }
        let progress = &mut self.kept.progress;
        progress.endpoints = reports;
        progress.last_look = Some(began);
        progress.look_wanted = false;
        progress.clocks_apart = self.clocks_in_look.apart.take();
        self.kept.save().await?;
        self.look_at_start = false;
        Ok(())
    }

    /// Asks and ingests. An error is one that ends the whole look: the token is not accepted, or
    /// the ledger takes nothing.
    async fn look_at(
        &mut self,
        address: &str,
        endpoint: &Endpoint,
    ) -> Result<(Option<Found>, Report), PollError> {
        let at = self.client.now();
        if self.late_in_look == MAX_LATE {
            let why = "it was not asked: other requests had no answer in time".to_owned();
            return Ok((None, Report { at, state: Access::Failed, objects: 0, why }));
        }
        let found = match self.whole(address, endpoint).await {
            Ok(found) => found,
            Err(PollError::Api(error)) if !error.is_of_token() => {
                tracing::info!(source = %self.id, path = address, %error, "not looked at");
                self.late_in_look += usize::from(matches!(error, ApiError::Late { .. }));
                let report =
                    Report { at, state: access(&error), objects: 0, why: error.to_string() };
                return Ok((None, report));
            }
            Err(error) => return Err(error),
        };
        let (looked_at, answered_at) = found.window.bounds();
        let envelope = Envelope {
            looked_at,
            answered_at,
            path: address,
            complete: endpoint.list,
            body: &found.body,
        };
        let envelope = serde_json::to_vec(&envelope).expect("an envelope of valid JSON");
        let counts = self.intake.append(Kind::Look, &[&envelope]).await?.counts;
        let (state, why) = match &counts.refusal {
            None => (Access::Readable, String::new()),
            Some(refusal) => {
                (Access::Failed, format!("it was read, and not understood: {refusal}"))
            }
        };
        if counts.contradicting > 0 {
            self.kept.progress.contradicted = Some(at);
        }
        self.kept.progress.configuration.add(counts);
        self.clocks_in_look = found.window.clocks.clone();
        let report = Report { at, state, objects: found.objects, why };
        Ok((Some(found), report))
    }

    /// An answer, all pages joined.
    async fn whole(&mut self, address: &str, endpoint: &Endpoint) -> Result<Found, PollError> {
        let unexpected = |what: String| ApiError::Unexpected { what };
        let mut window = Window::begin(self.client.now(), self.clocks_in_look.clone());
        let mut url = self.client.org().at(&endpoint.request(address, endpoint.limit));
        if !endpoint.list {
            let answer = self.get(&url, endpoint.permission).await?;
            window.add(&answer);
            let body = serde_json::from_slice(&answer.body)
                .map_err(|error| unexpected(format!("no JSON: {error}")))?;
            return Ok(Found { window, body, objects: 1 });
        }
        let mut objects: Vec<Box<RawValue>> = Vec::new();
        let (mut bytes, mut pages) = (0, BTreeSet::new());
        for _ in 0..MAX_PAGES {
            let answer = self.get(&url, endpoint.permission).await?;
            window.add(&answer);
            bytes += answer.body.len();
            if bytes > MAX_LIST_BYTES {
                return Err(ApiError::TooLarge { limit: MAX_LIST_BYTES }.into());
            }
            let page: Vec<Box<RawValue>> = serde_json::from_slice(&answer.body)
                .map_err(|error| unexpected(format!("no list: {error}")))?;
            objects.extend(page);
            match answer.next {
                None => {
                    let body = to_raw_value(&objects).expect("a list of valid JSON");
                    return Ok(Found { window, body, objects: objects.len() as u64 });
                }
                Some(next) => {
                    pages.insert(std::mem::replace(&mut url, next));
                    if pages.contains(&url) {
                        return Err(unexpected(CIRCLE.to_owned()).into());
                    }
                }
            }
        }
        Err(unexpected(format!("more than {MAX_PAGES} pages")).into())
    }
}

/// The worst report of several requests, with the number of all objects.
fn merge(reports: &mut BTreeMap<String, Report>, address: &str, report: Report) {
    match reports.get_mut(address) {
        None => drop(reports.insert(address.to_owned(), report)),
        Some(merged) => {
            let objects = merged.objects + report.objects;
            if report.state > merged.state {
                *merged = report;
            }
            merged.objects = objects;
        }
    }
}

pub(crate) fn access(error: &ApiError) -> Access {
    match error {
        ApiError::Forbidden { .. } | ApiError::Unauthorized { .. } => Access::Forbidden,
        // A type of policy that the org's edition does not have is answered with 400.
        ApiError::Absent { .. } | ApiError::Refused { .. } => Access::Absent,
        _ => Access::Failed,
    }
}
