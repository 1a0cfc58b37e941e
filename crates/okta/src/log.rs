//! The System Log: read by the link that Okta gives, never by moving dates, so that no event that
//! appears late is missed.
//!
//! The order of writes is what a kill at any moment relies on: the events of a page, then its
//! `next` link, then what is said of the source. Events that are read twice are recognised by their
//! ids.

use crate::{
    endpoints::{self, LOG},
    error::ApiError,
    intake::Kind,
    page::{Head, whole_second},
    poller::{PollError, Poller},
    progress::{Silence, Start},
    source::{MOST_SINCE, RETENTION},
    span::Span,
};
use claimledger_facts::time::Time;
use reqwest::Url;
use serde_json::json;

/// How far before the last event a new start reads: what it repeats is recognised.
const OVERLAP: Span = Span::secs(600);
/// A start is this much within the 180 days, since the request itself takes time.
const MARGIN: Span = Span::secs(3_600);
/// What an answer holds whose link is not followed.
pub(crate) const CIRCLE: &str = "a link to the next page that leads back to a page that was read";

impl Poller {
    /// Reads one page, and stores where the next one is. Returns whether it was the end of the log:
    /// an empty page, since Okta may give fewer events than were asked for. `began`: when the first
    /// page of the round was asked for. An org that never rests has no empty page, and is at the
    /// end once a page has nothing but events of after that and of before the answer: one event
    /// shows nothing, since its date may be wrong.
    pub(crate) async fn read_page(&mut self, began: &mut Option<Time>) -> Result<bool, PollError> {
        let (url, from_link) = match self.kept.progress.next.as_deref() {
            Some(next) => (self.stored_link(next)?, true),
            None => (self.start().await?, false),
        };
        let page = match self.page(&url).await {
            Err(PollError::Api(ApiError::Absent { .. } | ApiError::Refused { .. }))
                if from_link =>
            {
                self.start_again().await?;
                return Ok(false);
            }
            page => page?,
        };
        // At the end of the log Okta's link leads to where it was asked.
        let stays = page.is_end() && page.next == url;
        self.pages.insert(url);
        let circles = !stays && self.pages.contains(&page.next);
        let events: Vec<&[u8]> = page.events.iter().map(Vec::as_slice).collect();
        let taken = self.intake.append(Kind::Event, &events).await?;
        // By the later clock: of the earlier one an event that was there before may seem new.
        let asked = page.date.map_or(page.sent, |date| date.max(page.sent));
        let began = *began.get_or_insert(asked);
        let since =
            |event: &&[u8]| Head::of(event).published.is_some_and(|at| at > began && at <= asked);
        let is_new = page.is_short && !events.is_empty() && events.iter().all(since);
        let caught_up = !circles && (page.is_end() || is_new);

        let unread = page.unread(&taken.not_read);
        for (event, from, until) in page.missing(&unread, self.reached()) {
            tracing::warn!(source = %self.id, why = %event.why, %from, "an event is not stored");
            self.silent(from, until).await?;
        }
        let progress = &mut self.kept.progress;
        progress.counts.add(taken.counts);
        for event in &events {
            let head = Head::of(event);
            progress.last_event = progress.last_event.max(head.published);
            // A change before the last look was seen by it.
            let is_seen = head.published.is_some_and(|at| Some(at) < progress.last_look);
            progress.look_wanted |= !is_seen && endpoints::triggers_a_look(&head.event_type);
            progress.was_read(&head.uuid);
        }
        progress.last_event =
            progress.last_event.max(page.passed_by().and_then(|one| one.published));
        unread.into_iter().for_each(|event| progress.unread(event));
        // A page whose link leads back is in, and asked for again by the next round: only a better
        // link leads to what comes after it.
        if !circles {
            progress.next = Some(page.next.into());
        }
        progress.last_answer = Some(page.sent);
        progress.org_time = page.date;
        progress.caught_up = caught_up;
        self.kept.save().await?;
        if circles {
            return Err(ApiError::Unexpected { what: CIRCLE.to_owned() }.into());
        }
        if caught_up {
            self.filled().await?;
            let asked = page.date.map_or(page.sent, |date| date.min(page.sent));
            self.heard(asked).await?;
        }
        Ok(caught_up)
    }

    /// Up to when the log was read, as far as its events say.
    fn reached(&self) -> Option<Time> {
        let progress = &self.kept.progress;
        progress.last_event.or(progress.start.as_ref().map(|start| start.since))
    }

    /// The stored link, which must lead to the org that is set up: the token is sent there.
    fn stored_link(&self, next: &str) -> Result<Url, ApiError> {
        match Url::parse(next) {
            Ok(url) if self.client.org().is_origin_of(&url) && url.path() == LOG.path => Ok(url),
            _ => Err(ApiError::ForeignNext { address: next.chars().take(200).collect() }),
        }
    }

    /// The first request. Its time is stored before it is sent, so that a restart asks the same.
    async fn start(&mut self) -> Result<Url, PollError> {
        if self.kept.progress.start.is_none() {
            // Whole seconds: Okta reads milliseconds at most, and people read it.
            let now = whole_second(self.client.now());
            let since = before(now, self.source.since).max(earliest(now));
            let oldest = before(now, RETENTION);
            let silent = (oldest < since).then(|| Silence {
                from: oldest,
                until: since,
                why: "the first request did not go back further".to_owned(),
                fills_from: None,
                filled: false,
            });
            self.kept.progress.start = Some(Start { since, silent });
            self.kept.save().await?;
        }
        let start = self.kept.progress.start.clone().expect("it was just set");
        if let Some(silence) = &start.silent {
            self.silent(silence.from, silence.until).await?;
        }
        let page = self.source.page;
        let path = format!("{}?since={}&sortOrder=ASCENDING&limit={page}", LOG.path, start.since);
        Ok(self.client.org().at(&path))
    }

    /// The cursor expired: what was missed is read again from the last event on.
    async fn start_again(&mut self) -> Result<(), PollError> {
        let now = self.client.now();
        let progress = &mut self.kept.progress;
        progress.next = None;
        progress.caught_up = false;
        let reading_again = progress.start.as_ref().and_then(|start| start.silent.as_ref());
        if reading_again.is_some_and(|silence| silence.fills_from.is_some() && !silence.filled) {
            // From the same place as before, after a pause: links that are never known must
            // neither keep Okta busy nor fill the ledger with silences.
            self.kept.save().await?;
            let what = "a link to the next page that Okta does not know itself".to_owned();
            return Err(ApiError::Unexpected { what }.into());
        }
        let began = progress.start.as_ref().map_or(now, |start| start.since);
        let from = progress.last_event.unwrap_or(began).min(now);
        let since = before(from, OVERLAP).max(earliest(now));
        tracing::warn!(source = %self.id, %from, "the cursor expired: the log is read again");
        progress.start = Some(Start {
            since,
            silent: Some(Silence {
                from,
                until: now,
                why: "Okta no longer knew the place where the poller had stopped".to_owned(),
                // What Okta no longer keeps cannot be read.
                fills_from: Some(from.max(before(now, RETENTION)).min(now)),
                filled: false,
            }),
        });
        Ok(self.kept.save().await?)
    }

    /// After a new start has reached the end: what was missing has come.
    async fn filled(&mut self) -> Result<(), PollError> {
        let Some(silence) =
            self.kept.progress.start.as_ref().and_then(|start| start.silent.as_ref())
        else {
            return Ok(());
        };
        let (Some(from), false) = (silence.fills_from, silence.filled) else { return Ok(()) };
        let until = silence.until;
        if from < until {
            self.state(
                "source.backfilled",
                &format!("backfilled:{from}/{until}"),
                until,
                json!({
                    "from": from, "until": until
                }),
            )
            .await?;
        }
        let start = self.kept.progress.start.as_mut();
        if let Some(silence) = start.and_then(|start| start.silent.as_mut()) {
            silence.filled = true;
        }
        Ok(self.kept.save().await?)
    }

    /// Everything up to the request was read, but for what Okta had not yet logged by then.
    async fn heard(&mut self, asked: Time) -> Result<(), PollError> {
        let until = before(asked, self.source.lag);
        let progress = &self.kept.progress;
        let began = progress.start.as_ref().map_or(until, |start| start.since);
        let due = progress.heard_until.map_or(began, |last| after(last, self.source.heard_every));
        if until <= due || Some(until) <= progress.heard_until {
            return Ok(());
        }
        self.state(
            "source.heard",
            &format!("heard:{until}"),
            asked,
            json!({
                "until": until, "basis": "polled"
            }),
        )
        .await?;
        self.kept.progress.heard_until = Some(until);
        Ok(self.kept.save().await?)
    }

    /// Something of this time may be missing.
    async fn silent(&self, from: Time, until: Time) -> Result<(), PollError> {
        let data = json!({"from": from, "until": until});
        self.state("source.silent", &format!("silent:{from}/{until}"), until, data).await
    }

    /// Records a statement about the source. Its id is made of its content, so that one that is
    /// repeated after a kill is recognised.
    async fn state(
        &self,
        fact: &str,
        id: &str,
        at: Time,
        data: serde_json::Value,
    ) -> Result<(), PollError> {
        let line = json!({"id": id, "type": fact, "occurred_at": at, "data": data}).to_string();
        let counts = self.intake.append(Kind::Statement, &[line.as_bytes()]).await?.counts;
        if let Some(refusal) = counts.refusal {
            return Err(crate::intake::IntakeError::new(refusal).into());
        }
        Ok(())
    }
}

/// The earliest time that Okta accepts.
fn earliest(now: Time) -> Time {
    after(before(now, MOST_SINCE), MARGIN)
}

fn before(time: Time, span: Span) -> Time {
    Time::from_micros(time.micros().saturating_sub(span.micros()))
}

fn after(time: Time, span: Span) -> Time {
    Time::from_micros(time.micros().saturating_add(span.micros()))
}
