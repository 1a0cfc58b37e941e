//! How to look at a session: by which clock, and as known when.

use super::{
    address::Address,
    as_query,
    text::inert,
    when::{clock, delay, is_late},
};
use crate::timeline::lanes::Order;
use claimledger_app::answer::Answered;
use claimledger_domain::model::{RecordRef, SessionState};
use maud::{Markup, html};

/// Stops of K that are listed.
const STOPS: usize = 40;

/// The switches. `occurred` and `recorded` are this view by either clock; `keep` is this view without T, K and R.
pub(crate) fn switches(
    session: &SessionState,
    answered: &Answered,
    order: Order,
    keep: &Address,
    (occurred, recorded): (&Address, &Address),
) -> Markup {
    let stops = stops(session);
    let before = stops.iter().rev().find(|record| record.position < answered.position);
    let href = |record: &RecordRef| {
        let pinned = keep.clone().with("at", answered.at.to_string()).with("knownAtPosition", record.position.0.to_string());
        pinned.with("rules", answered.rules).href()
    };
    html! {
        nav class="switches" aria-label="How to look at it" {
            p {
                "Order "
                @match order {
                    Order::Occurred => { strong { "occurred" } " · " a href=(recorded.href()) { "recorded" } },
                    Order::Recorded => { a href=(occurred.href()) { "occurred" } " · " strong { "recorded" } },
                }
            }
            p {
                "Known at " strong { (answered.position) }
                @if let Some(record) = before {
                    " · " a rel="prev" href=(href(record)) { "◀ as known at " (record.position) " " (clock(record.recorded_at)) } " " (inert(&record.kind))
                }
            }
            p { a href=(as_query::link("session", occurred)) { "As GraphQL" } }
            details {
                summary { (stops.len()) " records this answer rests on, each a stop" }
                ol class="stops" {
                    @for record in stops.iter().take(STOPS) {
                        li {
                            @if record.position == answered.position { strong { (stop(record)) } } @else { a href=(href(record)) { (stop(record)) } }
                            " " (inert(&record.kind))
                            @if is_late(record.occurred.from, record.recorded_at) { ", late " (delay(record.occurred.from, record.recorded_at)) }
                        }
                    }
                }
                @if stops.len() > STOPS { p { (stops.len() - STOPS) " more are in the records below." } }
            }
        }
    }
}

fn stop(record: &RecordRef) -> Markup {
    html! { (record.position) " " (clock(record.recorded_at)) }
}

/// What the answer rests on, in the order it was recorded: the session's own records, and those of trust, policies and keys that the timeline shows.
fn stops(session: &SessionState) -> Vec<&RecordRef> {
    let context = &session.context;
    let versions = context.trust.iter().chain(&context.policies).map(|version| &version.record);
    let keys = context.keys.iter().flat_map(|key| std::iter::once(&key.added).chain(&key.retired));
    let idp = context.idp_session.iter().flat_map(|idp| &idp.records);
    let marks = session.factors.iter().flat_map(|factor| &factor.lost_before);
    let falsifiers = session.falsifiers.iter().map(|falsifier| &falsifier.record).chain(marks);
    let mut stops: Vec<&RecordRef> = session.records.iter().chain(versions).chain(keys).chain(idp).chain(falsifiers).collect();
    // Known as at an earlier record there is no such session yet.
    let first = session.records.iter().map(|record| record.position).min();
    stops.retain(|record| Some(record.position) >= first);
    stops.sort_by_key(|record| record.position);
    stops.dedup_by_key(|record| record.position);
    stops
}
