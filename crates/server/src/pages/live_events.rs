//! `/live`: what an open page hears of newer records, as Server-Sent Events: how many touch the
//! answer about its session, or how many there are at all. A look at a record is never given.
//!
//! Its parameters are those of the page: `id` or `pos`, `at`; and `known`, the last record that the
//! page contains. An event has the words, and as its id the last record and the number that was
//! counted: a client goes on after the last one that it got.

use super::{drawn::drawn, error_page::PageError, parameters::Parameters, reader::Reader};
use crate::{
    cut_names::AT,
    http::{
        Server, auth,
        stream::{Door, respond},
        subscription_slots::holder,
    },
};
use async_graphql::futures_util::{StreamExt, stream};
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use claimledger_app::{
    feed::{Changes, NewRecords, Watched},
    model::question::{AskError, Caller},
};
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    time::Time,
};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Maximum pages of one browser that hear at once. Over HTTP/1.1 a browser has six connections
/// to a server: some are left to load pages.
const OF_ONE: usize = 3;
/// Maximum pages of all browsers.
const OF_ALL: usize = 500;
/// Records that are counted one by one; more are "or more".
const COUNTED: u64 = 100;
/// Records since the page was made that are compared with its session. If there are more, the page
/// says so.
const COMPARED: u64 = 5_000;
/// Minimum time between two events about records of any kind.
const INTERVAL: Duration = Duration::from_secs(1);

pub(crate) async fn get(reader: Reader) -> Result<Response, PageError> {
    let Reader { server, caller, headers, .. } = &reader;
    let parameters = reader.parameters()?;
    let asked = Asked::read(&parameters, headers)?;
    let most = (OF_ONE, OF_ALL);
    let Ok(slot) = server.live_slots.take(&browser(caller, headers), most) else {
        // The page works without.
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let in_use = server.app.keep_in_use(caller);
    let told = asked.told(server, caller).await?;
    Ok(respond(server.clone(), headers.clone(), (told, Door::Page), (slot, in_use)))
}

/// The page session, or the credential of a token.
fn browser(caller: &Caller, headers: &HeaderMap) -> (String, String) {
    let (tenant, credential) = holder(caller);
    match auth::cookie(headers) {
        Some(value) => (tenant, data_encoding::HEXLOWER.encode(&Sha256::digest(value))),
        None => (tenant, credential),
    }
}

/// What a page asks to be told.
struct Asked {
    watched: Option<Watched>,
    /// T, where the page stays at it.
    at: Option<Time>,
    /// The last record that was compared.
    after: LogPosition,
    /// Records that were counted up to it.
    counted: u64,
}

impl Asked {
    fn read(parameters: &Parameters, headers: &HeaderMap) -> Result<Self, PageError> {
        let known = parameters
            .number("known")?
            .ok_or_else(|| PageError::refused("The address has no value for known."))?;
        let watched = match (parameters.get("id"), parameters.number("pos")?) {
            (Some(id), _) => Some(Watched::Session(SessionId::from(id))),
            (None, Some(position)) => Some(Watched::Record(LogPosition(position))),
            (None, None) => None,
        };
        let header = headers.get("last-event-id").and_then(|value| value.to_str().ok());
        let last = header.or_else(|| parameters.get("last")).and_then(last_event);
        let (after, counted) = last.filter(|(after, _)| *after >= known).unwrap_or((known, 0));
        let at = parameters.time(AT)?;
        Ok(Self { watched, at, after: LogPosition(after), counted })
    }

    async fn told(
        &self,
        server: &Server,
        caller: &Caller,
    ) -> Result<stream::BoxStream<'static, String>, AskError> {
        let Some(watched) = &self.watched else {
            let found = server.app.new_records(caller, self.after).await?;
            return Ok(of_any(found, self.after, self.counted));
        };
        let changes = server.app.changes_of(caller, watched, (self.at, drawn), self.after).await?;
        let Some(changes) = changes else { return Ok(stream::empty().boxed()) };
        if changes.behind() > COMPARED {
            let words = format!(
                "{} newer records: more than are compared with this answer",
                changes.behind()
            );
            let event = event(self.after.0, self.counted, &words);
            return Ok(stream::once(std::future::ready(event)).boxed());
        }
        let what = match watched {
            Watched::Session(_) => "this answer",
            Watched::Record(_) => "its session",
        };
        Ok(of_one(changes, self.counted, what))
    }
}

/// `82:2`: the last record, and how many were counted.
fn last_event(text: &str) -> Option<(u64, u64)> {
    let (after, counted) = text.split_once(':')?;
    Some((after.parse().ok()?, counted.parse().ok()?))
}

fn event(last: u64, counted: u64, words: &str) -> String {
    format!("id: {last}:{counted}\ndata: {words}\n\n")
}

/// Of one session: an event a record.
fn of_one(
    changes: Changes,
    counted: u64,
    what: &'static str,
) -> stream::BoxStream<'static, String> {
    stream::unfold(Some((changes, counted)), move |state| async move {
        let (mut changes, counted) = state.filter(|(_, counted)| *counted < COUNTED)?;
        let change = changes.next().await.ok()?;
        let counted = counted + 1;
        let words = touch(counted, what);
        let event = event(change.value.record.position.0, counted, &words);
        Some((event, Some((changes, counted))))
    })
    .boxed()
}

/// `2 newer records touch this answer`.
fn touch(counted: u64, what: &str) -> String {
    match counted {
        1 => format!("1 newer record touches {what}"),
        COUNTED.. => format!("{counted} or more newer records touch {what}"),
        _ => format!("{counted} newer records touch {what}"),
    }
}

/// Of all records: the number, as it grows, and not more often than is read.
fn of_any(
    found: NewRecords,
    after: LogPosition,
    counted: u64,
) -> stream::BoxStream<'static, String> {
    stream::unfold((found, false), move |(mut found, waits)| async move {
        if waits {
            tokio::time::sleep(INTERVAL).await;
        }
        let more = found.next().await.ok()?;
        let all = counted.saturating_add(more);
        let words = match all {
            1 => "1 newer record".to_owned(),
            _ => format!("{all} newer records"),
        };
        let last = after.0.saturating_add(more);
        Some((event(last, all, &words), (found, true)))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_how_many() {
        assert_eq!(touch(1, "this answer"), "1 newer record touches this answer");
        assert_eq!(touch(2, "this answer"), "2 newer records touch this answer");
        assert_eq!(touch(COUNTED, "its session"), "100 or more newer records touch its session");
        assert_eq!(last_event("82:2"), Some((82, 2)));
        assert_eq!((last_event("82"), last_event("x:2")), (None, None));
    }
}
