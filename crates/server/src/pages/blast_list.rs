//! What `/blast` lists: sessions and decisions that rested on something, those alive at T first,
//! what is only possible last.

use super::{
    blast_falls::{self, FallRow, Falls},
    changes_list::numbered,
    frame,
    links::Links,
    text::{count, inert, sentence},
    times::{Times, delay},
};
use claimledger_app::model::answer::{ChangeHit, DecisionOf, FallsHit, Page, RestedOn, SessionHit};
use claimledger_domain::{
    changes::Retraction,
    dependants::{Change, Changed},
    explain::line,
    model::{Certainty, Decision, Phase, RecordRef, SessionState},
};
use claimledger_facts::{
    ids::{AppId, LogPosition, Pseudonym, SessionId},
    time::{Occurred, Time},
};
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// Maximum rows of a list; the counts are of everything.
pub(super) const ROWS: usize = 100;
/// Changes that are named of one session as why it is listed.
const CHANGES: usize = 5;
/// Records that are linked of one session.
const RECORDS: usize = 3;

/// A session that rested on it, or was hit by it.
struct SessionRow {
    session: SessionId,
    subject: Option<Pseudonym>,
    phase: Phase,
    phase_certainty: Certainty,
    started_at: Option<Time>,
    /// How sure it is that it rested on it.
    certainty: Certainty,
    why: String,
    /// Changes that it rested on, of which `why` names the first.
    changes: usize,
    records: Vec<RecordRef>,
}

impl SessionRow {
    /// How sure it is that it is alive at T and rested on it; none: it is not alive.
    fn alive(&self) -> Option<Certainty> {
        (self.phase == Phase::Active).then(|| self.certainty.max(self.phase_certainty))
    }

    /// How sure its place in the list is.
    fn listed(&self) -> Certainty {
        self.alive().unwrap_or(self.certainty)
    }
}

/// A decision that rested on it.
struct DecisionRow {
    position: LogPosition,
    session: SessionId,
    app: Option<AppId>,
    at: Occurred,
    outcome: &'static str,
    certainty: Certainty,
}

/// What is odd about a decision already.
#[derive(Clone, Copy)]
pub(super) enum Odd<'a> {
    /// Its session was not evaluated for this page.
    NotEvaluated,
    /// Nothing.
    No,
    /// What differs or was falsified later.
    Yes(&'a str),
}

/// Everything that was found.
pub(super) struct Found {
    sessions: Vec<SessionRow>,
    decisions: Vec<DecisionRow>,
    /// What is odd about each decision that was evaluated.
    odd: BTreeMap<LogPosition, Option<String>>,
    /// Which decisions are counted; none: no kind of them is.
    decided: Option<&'static str>,
    /// What is said of decisions that are not evaluated.
    pub(super) undecided: Option<&'static str>,
    /// Whether there are more sessions, whose decisions are not counted either.
    pub(super) has_more: bool,
    /// What becomes of the decisions.
    pub(super) falls: Falls,
    /// What is supposed to be retracted; none: what falls is known to have fallen.
    pub(super) supposed: Option<String>,
}

impl Found {
    /// How surely a decision that would fall by what is supposed fell already, by retractions that
    /// are known; none: it did not, or nothing is supposed.
    pub(super) fn fell(&self, hit: &FallsHit) -> Option<Certainty> {
        hit.fall.fell.filter(|_| self.supposed.is_some())
    }

    /// The ids of the sessions.
    pub(super) fn session_ids(&self) -> Vec<SessionId> {
        self.sessions.iter().map(|row| row.session.clone()).collect()
    }

    /// The people of the sessions that are listed.
    pub(super) fn people(&self) -> impl Iterator<Item = &Pseudonym> {
        self.sessions.iter().take(ROWS).filter_map(|row| row.subject.as_ref())
    }

    /// The decisions that fall, by time.
    pub(super) fn fallen(&self) -> Vec<FallRow<'_>> {
        let row = |hit| FallRow { hit, odd: self.odd(FallsHit::position(hit)) };
        let mut rows: Vec<FallRow<'_>> = self.falls.fallen().map(row).collect();
        rows.sort_by_key(|row| {
            (row.hit.fall.rested, row.hit.fall.record.occurred.from, row.hit.position())
        });
        rows
    }

    /// What is odd about a decision.
    fn odd(&self, position: LogPosition) -> Odd<'_> {
        match self.odd.get(&position) {
            None => Odd::NotEvaluated,
            Some(None) => Odd::No,
            Some(Some(odd)) => Odd::Yes(odd),
        }
    }

    /// Sessions of the decisions that are listed or that fall, at most as many as are evaluated.
    pub(super) fn decided_sessions(&self) -> Vec<SessionId> {
        let fallen = self.falls.fallen().map(|hit| &hit.session);
        let all: BTreeSet<&SessionId> =
            fallen.chain(self.decisions.iter().map(|row| &row.session)).collect();
        all.into_iter().take(ROWS).cloned().collect()
    }

    /// Notes what is odd about decisions.
    pub(super) fn judge(&mut self, decisions: &[DecisionOf]) {
        self.odd.extend(decisions.iter().map(|of| {
            let decision = &of.decision;
            (decision.recorded.record.position, odd(decision))
        }));
    }

    /// Of claims: the sessions of a list.
    pub(super) fn of_claims(sessions: &Page<SessionHit<SessionState>>) -> Self {
        let row = |hit: &SessionHit<SessionState>| SessionRow {
            session: hit.session.id.clone(),
            subject: hit.session.origin.subject.clone(),
            phase: hit.session.life.phase,
            phase_certainty: hit.session.life.certainty,
            started_at: hit.session.life.started_at,
            certainty: hit.certainty,
            why: hit.because.iter().map(line).collect::<Vec<_>>().join("; "),
            changes: 0,
            records: Vec::new(),
        };
        Self {
            sessions: sessions.items.iter().map(row).collect(),
            decisions: Vec::new(),
            odd: BTreeMap::new(),
            decided: Some("decisions"),
            undecided: None,
            has_more: sessions.has_next,
            falls: Falls::NotAsked,
            supposed: None,
        }
        .sorted()
    }

    /// Decisions of these sessions that rested on it.
    pub(super) fn with_decisions(mut self, decisions: &[DecisionOf]) -> Self {
        let row = |of: &DecisionOf| {
            let recorded = &of.decision.recorded;
            DecisionRow {
                position: recorded.record.position,
                session: recorded.session.clone(),
                app: Some(recorded.app.clone()),
                at: recorded.at,
                outcome: recorded.outcome.as_str(),
                certainty: of.certainty,
            }
        };
        self.decisions = decisions.iter().map(row).collect();
        self.judge(decisions);
        self.sorted()
    }

    /// Adds the decisions that rested on what was retracted or lost.
    pub(super) fn with_rested(mut self) -> Self {
        let Falls::Of(hits) = &self.falls else { return self };
        let known: BTreeSet<_> = self.decisions.iter().map(|row| row.position).collect();
        let new = hits.iter().filter(|hit| !known.contains(&hit.position()));
        let row = |hit: &FallsHit| DecisionRow {
            position: hit.position(),
            session: hit.session.clone(),
            app: hit.app.clone(),
            at: hit.fall.record.occurred,
            outcome: hit.fall.outcome.as_str(),
            certainty: hit.fall.rested,
        };
        let rows: Vec<_> = new.map(row).collect();
        self.decisions.extend(rows);
        self.sorted()
    }

    /// Says which decisions are counted of these changes. Of a change of trust or of a key none is:
    /// only what a retraction or a loss hits is followed to decisions.
    pub(super) fn say_decided(&mut self, hits: &[ChangeHit]) {
        let has = |is: fn(&Changed) -> bool| hits.iter().any(|hit| is(&hit.change.what));
        let has_policy = has(|what| matches!(what, Changed::Policy(..)));
        let has_falsifying = has(|what| matches!(what, Changed::Retraction(_) | Changed::Loss(..)));
        let has_other = has(|what| {
            matches!(what, Changed::Trust(..) | Changed::KeyAdded(..) | Changed::KeyRetired(..))
        });
        let is_followed = has_falsifying && matches!(self.falls, Falls::Of(_));
        self.decided = match (has_policy, is_followed) {
            (true, true) => Some("decisions under policy versions, or hit by a retraction or loss"),
            (true, false) if hits.len() == 1 => Some("decisions under this policy version"),
            (true, false) => Some("decisions under these policy versions"),
            (false, true) => Some("decisions that rested on what was retracted or lost"),
            (false, false) => None,
        };
        self.undecided = match (has_other, has_falsifying && !is_followed) {
            (true, false) => Some("on the changes of trust and keys"),
            (false, true) => Some("on what was retracted or lost"),
            (true, true) => Some("on the changes of trust and keys, or on what was retracted"),
            (false, false) => None,
        };
    }

    /// Of changes: each session once, however many of them it rests on.
    pub(super) fn of_changes(hits: &[ChangeHit]) -> Self {
        let mut sessions: BTreeMap<SessionId, SessionRow> = BTreeMap::new();
        let mut decisions: BTreeMap<LogPosition, DecisionRow> = BTreeMap::new();
        for (hit, of) in hits.iter().flat_map(|hit| hit.dependants.iter().map(move |of| (hit, of)))
        {
            let row = sessions.entry(of.session.clone()).or_insert_with(|| SessionRow {
                session: of.session.clone(),
                subject: of.subject.clone(),
                phase: of.phase,
                phase_certainty: of.phase_certainty,
                started_at: Some(of.started_at),
                certainty: of.certainty,
                why: String::new(),
                changes: 0,
                records: Vec::new(),
            });
            row.certainty = row.certainty.min(of.certainty);
            row.changes += 1;
            if row.changes <= CHANGES {
                if !row.why.is_empty() {
                    row.why.push_str("; ");
                }
                row.why.push_str(&what(&hit.change));
                if !of.factors.is_empty() {
                    row.why = format!("{}: {}", row.why, of.factors.join(", "));
                }
            }
            row.records.extend(of.records.iter().cloned());
            for decision in &of.decisions {
                let row =
                    decisions.entry(decision.record.position).or_insert_with(|| DecisionRow {
                        position: decision.record.position,
                        session: of.session.clone(),
                        app: Some(decision.app.clone()),
                        at: decision.at,
                        outcome: decision.outcome.as_str(),
                        certainty: decision.certainty,
                    });
                row.certainty = row.certainty.min(decision.certainty);
            }
        }
        Self {
            sessions: sessions.into_values().collect(),
            decisions: decisions.into_values().collect(),
            odd: BTreeMap::new(),
            decided: None,
            undecided: None,
            has_more: false,
            falls: Falls::NotAsked,
            supposed: None,
        }
        .sorted()
    }

    /// What is certain first; of sessions those alive at T before the others; then by time.
    fn sorted(mut self) -> Self {
        self.sessions.sort_by_key(|row| {
            (row.listed(), row.phase != Phase::Active, row.started_at, row.session.clone())
        });
        self.decisions.sort_by_key(|row| (row.certainty, row.at.from, row.position));
        self
    }
}

/// Whether a decision differs from what the rules implied, or was falsified later, and how.
pub(super) fn odd(decision: &Decision) -> Option<String> {
    let differs = decision.differs.iter().map(|found| format!("differs: {}", found.words));
    let later =
        decision.falsified_later.iter().map(|found| format!("falsified later: {}", found.words));
    let odd = differs.chain(later).collect::<Vec<_>>().join("; ");
    (!odd.is_empty()).then_some(odd)
}

/// What is odd, as a cell.
pub(super) fn odd_cell(odd: Odd<'_>) -> Markup {
    html! { @match odd {
        Odd::NotEvaluated => "not evaluated",
        Odd::No => "–",
        Odd::Yes(odd) => span class="attention" { (inert(odd)) },
    } }
}

/// That a list is cut.
pub(super) fn more(shown: usize, all: usize) -> Markup {
    html! { @if all > shown {
    p class="more" { (all - shown) " more, which this page does not list: use the export." } } }
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
    let live = found.sessions.iter().filter_map(SessionRow::alive);
    let number = |to: &str, counted: RestedOn, words: &str| {
        html! { li { a href=(to) { @if found.has_more { "at least " }
        (counted.certain) " certain + " (counted.possible) " possible" }
        " " span class="counted" { (words) } } }
    };
    html! {
        ul class="numbers" id="counts" {
            (number("#live", counted(live), "sessions alive at T"))
            (number("#sessions", counted(found.sessions.iter().map(|row| row.certainty)),
                "sessions in all"))
            @if let Some(decided) = found.decided {
                (number("#decisions", counted(found.decisions.iter().map(|row| row.certainty)),
                    decided)) }
            @if let Some(falls) = blast_falls::counted(found) { (falls) }
        }
        @if found.sessions.is_empty() {
            p { "Nothing rested on it: " (frame::none(links.absence)) } }
    }
}

/// Retractions of what is asked about. `since` is the page from a time on.
pub(super) fn retractions(
    links: &Links<'_>,
    retractions: &[(Retraction, Falls)],
    since: &dyn Fn(Time) -> String,
) -> Markup {
    let mut times = Times::default();
    html! {
        @if retractions.is_empty() { p { "No retraction of it is known at "
            (links.answered.position) "." } }
        @for (retraction, falls) in retractions {
            @let (record, from) = (&retraction.record, retraction.data.from);
            p { strong class="attention" { "Retracted" } " with effect from " (times.show(from))
                ", recorded " (times.show(record.recorded_at)) " ("
                (delay(from, record.recorded_at)) ") " (links.record(record.position)) ": "
                a href=(since(from)) { "what was received from then on" } ". "
                (blast_falls::fell(&links.to(super::links::of_record(record.position)), falls)) }
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
                        tbody { @for hit in hits.iter().take(ROWS) {
                            (change_row(links, hit, &mut times)) } }
                    }
                }
                (more(ROWS, hits.len()))
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

/// The sessions: those alive at T, then the others; of each those that are only possible by
/// themselves, with the reason.
pub(super) fn sessions(links: &Links<'_>, found: &Found) -> Markup {
    let mut left = ROWS;
    html! {
        div id="sessions" {
            (part(links, found, ("live", "Sessions alive at T",
                "Sessions possibly alive at T, or possibly resting on it"), &mut left))
            (part(links, found, ("over", "Sessions that are over at T",
                "Sessions that are over at T, possibly resting on it"), &mut left))
        }
    }
}

fn part(
    links: &Links<'_>,
    found: &Found,
    (id, title, title_possible): (&str, &str, &str),
    left: &mut usize,
) -> Markup {
    let of = |certainty: Certainty| {
        let is_it = |row: &&SessionRow| {
            row.alive().is_some() == (id == "live") && row.listed() == certainty
        };
        found.sessions.iter().filter(is_it).collect::<Vec<_>>()
    };
    let possible = of(Certainty::Possible);
    html! {
        div id=(id) {
            (session_list(links, (id, title), &of(Certainty::Certain), left))
            @if !possible.is_empty() {
                (session_list(links, (&format!("{id}-possible"), title_possible), &possible, left))
            }
        }
    }
}

/// A list of sessions, of at most as many rows as are left.
fn session_list(
    links: &Links<'_>,
    (id, title): (&str, &str),
    rows: &[&SessionRow],
    left: &mut usize,
) -> Markup {
    let (head, mut times) = (format!("{id}-h"), Times::default());
    let shown = rows.len().min(*left);
    *left -= shown;
    html! {
        section aria-labelledby=(head) {
            h2 id=(head) { (title) ": " (rows.len()) }
            @if rows.is_empty() { p { (frame::none_alone(links.absence)) } }
            @else if shown > 0 {
                div class="scroll" tabindex="0" role="group" aria-labelledby=(head) {
                    table class="blast" {
                        thead { tr { @for head in ["Session", "Subject", "Started", "State at T",
                            "Why in this list"] { th scope="col" { (head) } } } }
                        tbody { @for row in &rows[..shown] {
                            (session_row(links, row, &mut times)) } }
                    }
                }
            }
            (more(shown, rows.len()))
        }
    }
}

fn session_row(links: &Links<'_>, row: &SessionRow, times: &mut Times) -> Markup {
    let named = row.changes.min(CHANGES);
    let linked = row.records.len().min(RECORDS);
    html! {
        tr class=(row.listed().as_str()) {
            th scope="row" { a href=(links.session(row.session.as_str())) {
                (inert(row.session.as_str())) } }
            td data-head="Subject" { @match &row.subject {
                Some(subject) => (inert(subject.as_str())),
                None => "–" } }
            td data-head="Started" { @match row.started_at { Some(at) => (times.show(at)),
                None => "–" } }
            td data-head="State at T" { (row.phase.as_str().replace('_', " "))
                @if row.phase_certainty == Certainty::Possible { ", possible" } }
            td data-head="Why" {
                @if row.certainty == Certainty::Possible { strong { "possible: " } }
                (sentence(&row.why, &|n| links.named(n)))
                @if row.changes > named {
                    "; and " (count(row.changes - named, "more change")) }
                @for record in &row.records[..linked] { " " (links.record(record.position)) }
                @if row.records.len() > linked {
                    " and " (count(row.records.len() - linked, "more record")) }
            }
        }
    }
}

/// The decisions.
pub(super) fn decisions(links: &Links<'_>, found: &Found) -> Markup {
    let (rows, mut times) = (&found.decisions, Times::default());
    html! {
        section id="decisions" aria-labelledby="decisions-h" {
            h2 id="decisions-h" { @match found.decided {
                Some(decided) => { "D" (decided.get(1..).unwrap_or_default()) ": " (rows.len()) },
                None => "Decisions" } }
            @if let Some(on) = found.undecided {
                p { "Decisions that rested " (on) " are not evaluated: the \
                    page of each session lists its own." } }
            @else if found.decided.is_none() { p { "Not evaluated." } }
            @if found.decided.is_some() && rows.is_empty() {
                p { (frame::none_alone(links.absence)) } }
            @if !rows.is_empty() {
                div class="scroll" tabindex="0" role="group" aria-labelledby="decisions-h" {
                    table class="blast" {
                        thead { tr { @for head in ["Decision", "Session", "App", "When",
                            "Recorded outcome", "What it becomes", "What is odd"] {
                            th scope="col" { (head) } } } }
                        tbody { @for row in rows.iter().take(ROWS) {
                            (decision_row(links, (row, found), &mut times)) } }
                    }
                }
                (more(ROWS, rows.len()))
            }
        }
    }
}

fn decision_row(
    links: &Links<'_>,
    (row, found): (&DecisionRow, &Found),
    times: &mut Times,
) -> Markup {
    html! {
        tr class=(row.certainty.as_str()) {
            th scope="row" { a href=(links.decision(row.position)) { (row.position) } }
            td data-head="Session" { a href=(links.session(row.session.as_str())) {
                (inert(row.session.as_str())) } }
            td data-head="App" { @match &row.app { Some(app) => (inert(app.as_str())),
                None => "–" } }
            td data-head="When" { (times.occurred(row.at)) }
            td data-head="Outcome" {
                (row.outcome)
                @if row.certainty == Certainty::Possible { ", possibly resting on it" } }
            td data-head="What it becomes" { @match found.falls.of(row.position) {
                Some(hit) => (blast_falls::becomes(hit, found.fell(hit))),
                None => "–" } }
            td data-head="What is odd" { (odd_cell(found.odd(row.position))) }
        }
    }
}
