//! One page of the System Log. One that is too large is asked for in smaller ones, down to a single
//! event; one event that is too large is passed by, and is missing.

use crate::{
    endpoints::LOG,
    error::ApiError,
    intake::NotRead,
    poller::{PollError, Poller},
    progress::Unread,
};
use claimledger_facts::time::Time;
use claimledger_sources::{okta_event_text, okta_page};
use reqwest::Url;
use serde::Deserialize;
use std::borrow::Cow;

/// What of an event steers the poller.
#[derive(Default)]
pub(crate) struct Head {
    pub(crate) uuid: String,
    pub(crate) event_type: String,
    pub(crate) published: Option<Time>,
}

#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(borrow, default)]
    uuid: Cow<'a, str>,
    #[serde(borrow, default, rename = "eventType")]
    event_type: Cow<'a, str>,
    #[serde(borrow, default)]
    published: Cow<'a, str>,
}

impl Head {
    pub(crate) fn of(event: &[u8]) -> Self {
        let (uuid, event_type, published) = match serde_json::from_slice::<Whole<'_>>(event) {
            Ok(head) => {
                (head.uuid.into_owned(), head.event_type.into_owned(), head.published.into_owned())
            }
            Err(_) => {
                let text = |name| okta_event_text(event, name).unwrap_or_default();
                (text("uuid"), text("eventType"), text("published"))
            }
        };
        Self { uuid, event_type, published: Time::parse(&published).ok() }
    }
}

/// A page as it was read.
pub(crate) struct Page {
    pub(crate) events: Vec<Vec<u8>>,
    pub(crate) next: Url,
    /// Whether it has fewer events than were asked for.
    pub(crate) is_short: bool,
    pub(crate) sent: Time,
    pub(crate) date: Option<Time>,
    /// The event that was passed by.
    passed_by: Option<Unread>,
}

impl Poller {
    /// Asks for a page.
    pub(crate) async fn page(&mut self, url: &Url) -> Result<Page, PollError> {
        let mut limit = self.source.page;
        loop {
            let is_reduced = limit < self.source.page;
            let asked = if is_reduced { with_limit(url, limit) } else { url.clone() };
            let answer = self.ask(&asked, LOG.permission).await?;
            let (sent, date) = (answer.sent, answer.date);
            let passed_by = match answer.flaw {
                Some(ApiError::TooLarge { .. }) if limit > 1 => {
                    limit = (limit / 4).max(1);
                    continue;
                }
                Some(ApiError::TooLarge { limit }) if answer.next.is_some() => {
                    Some(passed_by(&answer.body, limit, answer.sent))
                }
                _ => None,
            };
            let events = match (&passed_by, okta_page(&answer.body), answer.flaw) {
                (Some(_), ..) => Vec::new(),
                // Asked for several times it is no better: what of it is whole is taken.
                (None, Some(events), None | Some(ApiError::Unexpected { .. })) => {
                    events.into_iter().map(<[u8]>::to_vec).collect()
                }
                (None, _, Some(flaw)) => return Err(flaw.into()),
                (None, None, None) => {
                    let what = "no list of events".to_owned();
                    return Err(ApiError::Unexpected { what }.into());
                }
            };
            let next = answer.next.ok_or_else(|| ApiError::Unexpected {
                what: "no link to the next page, which a request without an end always has"
                    .to_owned(),
            })?;
            let next = if is_reduced { with_limit(&next, self.source.page) } else { next };
            let is_short = passed_by.is_none() && events.len() < usize::from(limit);
            return Ok(Page { events, next, is_short, sent, date, passed_by });
        }
    }
}

impl Page {
    /// Whether it is the end of the log.
    pub(crate) fn is_end(&self) -> bool {
        self.events.is_empty() && self.passed_by.is_none()
    }

    pub(crate) fn passed_by(&self) -> Option<&Unread> {
        self.passed_by.as_ref()
    }

    /// The events of it that could not be read, by name.
    pub(crate) fn unread(&self, not_read: &[NotRead]) -> Vec<Unread> {
        let named = |event: &NotRead| {
            let head = self.events.get(event.index).map(|bytes| Head::of(bytes));
            let head = head.unwrap_or_default();
            Unread {
                uuid: (!head.uuid.is_empty()).then(|| shown(&head.uuid)),
                published: head.published,
                place: event.index + 1,
                of: self.events.len(),
                asked: self.sent,
                why: event.why.clone(),
                stored: event.stored,
            }
        };
        not_read.iter().map(named).chain(self.passed_by.clone()).collect()
    }

    /// The events that are not stored, each with when it can have occurred: in the second that it
    /// names, or else between its neighbours. `reached`: what was read before this page.
    pub(crate) fn missing<'u>(
        &self,
        unread: &'u [Unread],
        reached: Option<Time>,
    ) -> Vec<(&'u Unread, Time, Time)> {
        let published = |event: &Vec<u8>| Head::of(event).published;
        let missing = unread.iter().filter(|event| !event.stored).map(|event| {
            let (before, after) = self.events.split_at((event.place - 1).min(self.events.len()));
            let (from, last) = match event.published {
                Some(at) => (at, at),
                None => (
                    before.iter().rev().find_map(published).or(reached).unwrap_or(self.sent),
                    after.iter().skip(1).find_map(published).unwrap_or(self.sent),
                ),
            };
            let from = whole_second(from);
            (event, from, whole_second(last.max(from)).plus_secs(1))
        });
        missing.collect()
    }
}

/// A single event that has more bytes than an answer may have, as far as it came.
fn passed_by(answer: &[u8], limit: usize, asked: Time) -> Unread {
    let begin = answer.iter().position(|byte| *byte == b'{').unwrap_or(answer.len());
    let head = Head::of(&answer[begin..]);
    Unread {
        uuid: (!head.uuid.is_empty()).then(|| shown(&head.uuid)),
        published: head.published,
        place: 1,
        of: 1,
        asked,
        why: format!("it alone has more than {limit} bytes, and was passed by"),
        stored: false,
    }
}

fn shown(id: &str) -> String {
    id.chars().filter(|c| !c.is_control()).take(100).collect()
}

/// A link with another number of events a page, and all else as Okta spelled it.
fn with_limit(url: &Url, limit: u16) -> Url {
    let is_limit = |pair: &&str| pair.starts_with("limit=");
    let query = url.query().unwrap_or_default();
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    let limit = format!("limit={limit}");
    match pairs.iter_mut().find(|pair| is_limit(pair)) {
        Some(pair) => *pair = &limit,
        None => pairs.push(&limit),
    }
    let mut url = url.clone();
    url.set_query(Some(&pairs.join("&")));
    url
}

pub(crate) fn whole_second(time: Time) -> Time {
    Time::from_micros(time.micros().div_euclid(1_000_000).saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_of_events_of_a_link_changes() {
        let with = |url: &str| with_limit(&Url::parse(url).unwrap(), 3).to_string();
        assert_eq!(
            with("https://o.example/api/v1/logs?after=1%2C2_x&limit=1000&sortOrder=ASCENDING"),
            "https://o.example/api/v1/logs?after=1%2C2_x&limit=3&sortOrder=ASCENDING"
        );
        assert_eq!(with("https://o.example/l?after=1"), "https://o.example/l?after=1&limit=3");
    }

    fn time(text: &str) -> Time {
        Time::parse(&format!("2026-03-10T{text}Z")).unwrap()
    }

    fn unread(place: usize, published: Option<&str>, stored: bool) -> Unread {
        Unread {
            uuid: None,
            published: published.map(time),
            place,
            of: 3,
            asked: time("12:00:00"),
            why: "too large".to_owned(),
            stored,
        }
    }

    fn page(published: &[Option<&str>]) -> Page {
        let event = |published: &Option<&str>| match published {
            Some(at) => format!(r#"{{"published":"2026-03-10T{at}Z"}}"#).into_bytes(),
            None => br#"{"uuid":"ev\u0007il"}"#.to_vec(),
        };
        Page {
            events: published.iter().map(event).collect(),
            next: Url::parse("https://o.example/l").unwrap(),
            is_short: false,
            sent: time("12:00:00.700"),
            date: None,
            passed_by: None,
        }
    }

    #[test]
    fn what_is_missing_is_of_its_second_or_lies_between_its_neighbours() {
        let known = [Some("10:00:00.500"), None, Some("10:00:03.200")];
        let reached = Some("09:59:58.100");
        for (published, place, own, reached, expected) in [
            (&known[..], 2, Some("10:00:02.900"), reached, ("10:00:02", "10:00:03")),
            (&known, 2, None, reached, ("10:00:00", "10:00:04")),
            (&known[1..], 1, None, reached, ("09:59:58", "10:00:04")),
            (&known[1..], 1, None, None, ("12:00:00", "12:00:01")),
            (&known[..2], 2, None, reached, ("10:00:00", "12:00:01")),
        ] {
            let page = page(published);
            let of = [unread(place, own, false), unread(1, None, true)];
            let missing = page.missing(&of, reached.map(time));
            let spans: Vec<_> = missing.iter().map(|(_, from, until)| (*from, *until)).collect();
            assert_eq!(spans, [(time(expected.0), time(expected.1))], "{published:?} {own:?}");
        }
    }

    #[test]
    fn an_event_that_was_not_read_is_named_without_control_characters() {
        let page = page(&[Some("10:00:00"), None]);
        let not_read = NotRead { index: 1, why: "no time".to_owned(), stored: true };
        let [unread] = &page.unread(&[not_read])[..] else { panic!() };
        let named = (unread.uuid.as_deref(), unread.published, unread.place, unread.of);
        assert_eq!(named, (Some("evil"), None, 2, 2));
    }

    #[test]
    fn a_page_from_which_an_event_was_passed_by_is_not_the_end() {
        let mut page = page(&[]);
        assert!(page.is_end());
        page.passed_by = Some(unread(1, None, false));
        assert!(!page.is_end());
        assert_eq!(page.unread(&[]).len(), 1);
    }
}
