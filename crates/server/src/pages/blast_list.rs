//! What `/blast` lists: sessions and decisions that rested on something, those alive at T first,
//! what is only possible last.

use super::{
    blast_falls::{self, FallRow, Falls},
    changes_list::numbered,
    frame,
    links::Links,
    text::{inert, sentence},
    times::{Times, delay},
};
use claimledger_app::model::answer::{ChangeHit, DecisionHit, Page, RestedOn, SessionHit};
use claimledger_domain::{
    changes::Retraction,
    dependants::{Change, Changed},
    explain::line,
    model::{Certainty, Phase, RecordRef, SessionState},
};
use claimledger_facts::{
    ids::{AppId, LogPosition, SessionId},
    time::{Occurred, Time},
};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// A session that rested on it, or was hit by it.
struct SessionRow {
    session: SessionId,
    subject: Option<String>,
    phase: Phase,
    started_at: Option<Time>,
    certainty: Certainty,
    why: String,
    records: Vec<RecordRef>,
}

/// A decision that rested on it.
struct DecisionRow {
    position: LogPosition,
    session: SessionId,
    app: AppId,
    at: Occurred,
    outcome: &'static str,
    odd: Option<String>,
    certainty: Certainty,
}

/// Everything that was found.
pub(super) struct Found {
    sessions: Vec<SessionRow>,
    decisions: Vec<DecisionRow>,
    /// Whether a list stopped at its limit.
    pub(super) has_more: bool,
    /// What becomes of the decisions.
    pub(super) falls: Falls,
}

impl Found {
    /// The ids of the sessions.
    pub(super) fn session_ids(&self) -> Vec<SessionId> {
        self.sessions.iter().map(|row| row.session.clone()).collect()
    }

    /// The decisions that fall, by time.
    pub(super) fn fallen(&self) -> Vec<FallRow<'_>> {
        let odd = |position| {
            let known = self.decisions.iter().find(|row| row.position == position);
            known.and_then(|row| row.odd.as_deref())
        };
        let mut rows: Vec<FallRow<'_>> =
            self.falls.fallen().map(|hit| FallRow { hit, odd: odd(hit.position()) }).collect();
        rows.sort_by_key(|row| {
            (row.hit.fall.rested, row.hit.fall.record.occurred.from, row.hit.position())
        });
        rows
    }

    /// Of claims: the sessions of a list, and of the decisions those of these sessions.
    pub(super) fn of_claims(
        sessions: &Page<SessionHit<SessionState>>,
        decisions: &Page<DecisionHit>,
    ) -> Self {
        let row = |hit: &SessionHit<SessionState>| SessionRow {
            session: hit.session.id.clone(),
            subject: hit.session.origin.subject.as_ref().map(ToString::to_string),
            phase: hit.session.life.phase,
            started_at: hit.session.life.started_at,
            certainty: hit.certainty,
            why: hit.because.iter().map(line).collect::<Vec<_>>().join("; "),
            records: Vec::new(),
        };
        let rows: Vec<SessionRow> = sessions.items.iter().map(row).collect();
        let of_these = |hit: &&DecisionHit| {
            let id = &hit.decision.recorded.session;
            sessions
                .items
                .iter()
                .any(|found| found.session.id == *id || found.session.aliases.contains(id))
        };
        let row = |hit: &DecisionHit| {
            let (decision, recorded) = (&hit.decision, &hit.decision.recorded);
            let odd = (decision.differs.iter().map(|found| format!("differs: {}", found.words)))
                .chain(
                    decision
                        .falsified_later
                        .iter()
                        .map(|found| format!("falsified later: {}", found.words)),
                )
                .collect::<Vec<_>>()
                .join("; ");
            DecisionRow {
                position: recorded.record.position,
                session: recorded.session.clone(),
                app: recorded.app.clone(),
                at: recorded.at,
                outcome: recorded.outcome.as_str(),
                odd: (!odd.is_empty()).then_some(odd),
                certainty: hit.certainty,
            }
        };
        Self {
            sessions: rows,
            decisions: decisions.items.iter().filter(of_these).map(row).collect(),
            has_more: sessions.has_next || decisions.has_next,
            falls: Falls::NotAsked,
        }
        .sorted()
    }

    /// Of changes: each session once, however many of them it rests on.
    pub(super) fn of_changes(hits: &[ChangeHit]) -> Self {
        let mut sessions: BTreeMap<SessionId, SessionRow> = BTreeMap::new();
        let mut decisions: BTreeMap<LogPosition, DecisionRow> = BTreeMap::new();
        for (hit, of) in hits.iter().flat_map(|hit| hit.dependants.iter().map(move |of| (hit, of)))
        {
            let row = sessions.entry(of.session.clone()).or_insert_with(|| SessionRow {
                session: of.session.clone(),
                subject: of.subject.as_ref().map(ToString::to_string),
                phase: of.phase,
                started_at: Some(of.started_at),
                certainty: of.certainty,
                why: String::new(),
                records: Vec::new(),
            });
            row.certainty = row.certainty.min(of.certainty);
            if !row.why.is_empty() {
                row.why.push_str("; ");
            }
            row.why.push_str(&what(&hit.change));
            if !of.factors.is_empty() {
                row.why = format!("{}: {}", row.why, of.factors.join(", "));
            }
            row.records.extend(of.records.iter().cloned());
            for decision in &of.decisions {
                let row =
                    decisions.entry(decision.record.position).or_insert_with(|| DecisionRow {
                        position: decision.record.position,
                        session: of.session.clone(),
                        app: decision.app.clone(),
                        at: decision.at,
                        outcome: decision.outcome.as_str(),
                        odd: None,
                        certainty: decision.certainty,
                    });
                row.certainty = row.certainty.min(decision.certainty);
            }
        }
        Self {
            sessions: sessions.into_values().collect(),
            decisions: decisions.into_values().collect(),
            has_more: false,
            falls: Falls::NotAsked,
        }
        .sorted()
    }

    /// What is certain first; of sessions those alive at T before the others; then by time.
    fn sorted(mut self) -> Self {
        self.sessions.sort_by_key(|row| {
            (row.certainty, row.phase != Phase::Active, row.started_at, row.session.clone())
        });
        self.decisions.sort_by_key(|row| (row.certainty, row.at.from, row.position));
        self
    }
}

fn counted(certainties: impl Iterator<Item = Certainty>) -> RestedOn {
    let mut counted = RestedOn::default();
    for certainty in certainties {
        match certainty {
            Certainty::Certain => counted.certain += 1,
            Certainty::Possible => counted.possible += 1,
        }
    }
    counted
}

/// The numbers, each with a link to its list.
pub(super) fn counts(links: &Links<'_>, found: &Found) -> Markup {
    let live = found.sessions.iter().filter(|row| row.phase == Phase::Active);
    let number = |to: &str, counted: RestedOn, words: &str| {
        html! { li { a href=(to) { @if found.has_more { "at least " }
        (counted.certain) " certain + " (counted.possible) " possible" }
        " " span class="counted" { (words) } } }
    };
    html! {
        ul class="numbers" id="counts" {
            (number("#live", counted(live.map(|row| row.certainty)), "sessions alive at T"))
            (number("#sessions", counted(found.sessions.iter().map(|row| row.certainty)),
                "sessions in all"))
            (number("#decisions", counted(found.decisions.iter().map(|row| row.certainty)),
                "decisions"))
            @if let Some(falls) = blast_falls::counted(found) { (falls) }
        }
        @if found.sessions.is_empty() {
            p { "Nothing rested on it: " (frame::none(links.absence)) } }
    }
}

/// Retractions of what is asked about. `since` is the page from a time on.
pub(super) fn retractions(
    links: &Links<'_>,
    retractions: &[Retraction],
    since: &dyn Fn(Time) -> String,
) -> Markup {
    let mut times = Times::default();
    html! {
        @if retractions.is_empty() { p { "No retraction of it is known at "
            (links.answered.position) "." } }
        @for retraction in retractions {
            @let (record, from) = (&retraction.record, retraction.data.from);
            p { strong class="attention" { "Retracted" } " with effect from " (times.show(from))
                ", recorded " (times.show(record.recorded_at)) " ("
                (delay(from, record.recorded_at)) ") " (links.record(record.position)) ": "
                a href=(since(from)) { "what was received from then on" } "." }
        }
    }
}

/// The changes, each with how much rested on it.
pub(super) fn changes(links: &Links<'_>, hits: &[ChangeHit]) -> Markup {
    let mut times = Times::default();
    html! {
        section id="changes" aria-labelledby="changes-h" {
            h2 id="changes-h" { "Changes: " (hits.len()) }
            @if hits.is_empty() { p { (frame::none(links.absence)) } } @else {
                div class="scroll" tabindex="0" role="group" aria-labelledby="changes-h" {
                    table class="config-changes" {
                        thead { tr { @for head in ["Occurred", "Recorded", "Record", "What",
                            "Replaced", "Actor", "Ticket", "Rested on it"] {
                            th scope="col" { (head) } } } }
                        tbody { @for hit in hits { (change_row(links, hit, &mut times)) } }
                    }
                }
            }
        }
    }
}

fn change_row(links: &Links<'_>, hit: &ChangeHit, times: &mut Times) -> Markup {
    let change = &hit.change;
    let record = &change.record;
    let noun = if matches!(change.what, Changed::Policy(..)) { "decision" } else { "session" };
    html! {
        tr {
            th scope="row" { (times.occurred(change.occurred)) }
            td data-head="Recorded" { (delay(change.occurred.from, record.recorded_at)) }
            td data-head="Record" { (links.record(record.position)) }
            td data-head="What" { (inert(&what(change))) }
            td data-head="Replaced" { @match change.replaced { Some(next) => (times.occurred(next)),
                None => "–" } }
            td data-head="Actor" { @match &change.actor {
                Some(actor) => a href=(links.to(super::links::of_actor(actor.as_str()))) {
                    (inert(actor.as_str())) },
                None => "–" } }
            td data-head="Ticket" { @match &change.ticket {
                Some(ticket) => (inert(ticket.as_str())), None => "–" } }
            td data-head="Rested on it" {
                a href=(links.to(super::links::of_record(record.position))) {
                    (numbered(RestedOn::of(hit), noun)) }
            }
        }
    }
}

fn what(change: &Change) -> String {
    match &change.what {
        Changed::Trust(idp, version) => format!("{idp} {version}"),
        Changed::KeyAdded(idp, key) => format!("key {key} of {idp} added"),
        Changed::KeyRetired(idp, key) => format!("key {key} of {idp} retired"),
        Changed::Policy(policy, version) => format!("policy {policy} {version}"),
        Changed::RoutingRule(idp) => format!("routing rule to {idp}"),
        Changed::Retraction(data) => match &data.key {
            Some(key) => format!("key {key} of {} retracted from {}", data.idp, data.from),
            None => format!("{} retracted from {}", data.idp, data.from),
        },
        Changed::Loss(..) => "authenticator lost".to_owned(),
    }
}

/// The sessions: those alive at T, then the others; of each those that only possibly rested on it
/// by themselves, with the reason.
pub(super) fn sessions(links: &Links<'_>, found: &Found) -> Markup {
    html! {
        div id="sessions" {
            (part(links, found, "live", "Sessions alive at T", true))
            (part(links, found, "over", "Sessions that are over at T", false))
        }
    }
}

fn part(links: &Links<'_>, found: &Found, id: &str, title: &str, is_live: bool) -> Markup {
    let of = |certainty: Certainty| {
        let is_it = |row: &&SessionRow| {
            (row.phase == Phase::Active) == is_live && row.certainty == certainty
        };
        found.sessions.iter().filter(is_it).collect::<Vec<_>>()
    };
    let possible = of(Certainty::Possible);
    html! {
        div id=(id) {
            (session_list(links, (id, title), &of(Certainty::Certain)))
            @if !possible.is_empty() {
                @let title = format!("{title}, possibly resting on it");
                (session_list(links, (&format!("{id}-possible"), &title), &possible)) }
        }
    }
}

fn session_list(links: &Links<'_>, (id, title): (&str, &str), rows: &[&SessionRow]) -> Markup {
    let (head, mut times) = (format!("{id}-h"), Times::default());
    html! {
        section aria-labelledby=(head) {
            h2 id=(head) { (title) ": " (rows.len()) }
            @if rows.is_empty() { p { (frame::none_alone(links.absence)) } } @else {
                div class="scroll" tabindex="0" role="group" aria-labelledby=(head) {
                    table class="blast" {
                        thead { tr { @for head in ["Session", "Subject", "Started", "State at T",
                            "Why in this list"] { th scope="col" { (head) } } } }
                        tbody { @for row in rows { (session_row(links, row, &mut times)) } }
                    }
                }
            }
        }
    }
}

fn session_row(links: &Links<'_>, row: &SessionRow, times: &mut Times) -> Markup {
    html! {
        tr class=(row.certainty.as_str()) {
            th scope="row" { a href=(links.session(row.session.as_str())) {
                (inert(row.session.as_str())) } }
            td data-head="Subject" { @match &row.subject { Some(subject) => (inert(subject)),
                None => "–" } }
            td data-head="Started" { @match row.started_at { Some(at) => (times.show(at)),
                None => "–" } }
            td data-head="State at T" { (row.phase.as_str().replace('_', " ")) }
            td data-head="Why" {
                @if row.certainty == Certainty::Possible { strong { "possible: " } }
                (sentence(&row.why, &|n| Some(links.record(LogPosition(n)))))
                @for record in row.records.iter().take(10) { " " (links.record(record.position)) }
            }
        }
    }
}

/// The decisions.
pub(super) fn decisions(links: &Links<'_>, found: &Found) -> Markup {
    let mut times = Times::default();
    html! {
        section id="decisions" aria-labelledby="decisions-h" {
            h2 id="decisions-h" { "Decisions: " (found.decisions.len()) }
            @if found.decisions.is_empty() { p { (frame::none_alone(links.absence)) } } @else {
                div class="scroll" tabindex="0" role="group" aria-labelledby="decisions-h" {
                    table class="blast" {
                        thead { tr { @for head in ["Decision", "Session", "App", "When",
                            "Recorded outcome", "What it becomes", "What is odd"] {
                            th scope="col" { (head) } } } }
                        tbody { @for row in &found.decisions {
                            (decision_row(links, (row, &found.falls), &mut times)) } }
                    }
                }
            }
        }
    }
}

fn decision_row(
    links: &Links<'_>,
    (row, falls): (&DecisionRow, &Falls),
    times: &mut Times,
) -> Markup {
    html! {
        tr class=(row.certainty.as_str()) {
            th scope="row" { a href=(links.decision(row.position)) { (row.position) } }
            td data-head="Session" { a href=(links.session(row.session.as_str())) {
                (inert(row.session.as_str())) } }
            td data-head="App" { (inert(row.app.as_str())) }
            td data-head="When" { (times.occurred(row.at)) }
            td data-head="Outcome" {
                @if row.certainty == Certainty::Possible { "possibly: " }
                (row.outcome) }
            td data-head="What it becomes" { @match falls.of(row.position) {
                Some(hit) => (blast_falls::becomes(hit)),
                None => "–" } }
            td data-head="What is odd" { @match &row.odd {
                Some(odd) => span class="attention" { (inert(odd)) }, None => "–" } }
        }
    }
}
