//! `/decision`: why was it let in, or not, and was that right? Three readings side by side, what it
//! rested on, and the tree.

use super::{
    address::Address,
    as_query, decision_readings as readings, decision_rested as rested,
    error_page::PageError,
    factor, links, names,
    parameters::{CutAsked, Parameters},
    pinned::PinnedPage,
    reader::Reader,
    text::inert,
    times::{Times, clock, delay},
    verdict::{self, Held},
    why,
};
use crate::cut_names::{AT, KNOWN_AT_POSITION, RULES};
use axum::{http::StatusCode, response::Response};
use claimledger_app::model::answer::{Answer, DecisionAt, DecisionFound};
use claimledger_domain::model::{Decision, RecordRef};
use claimledger_facts::ids::{LogPosition, SessionId};
use maud::{Markup, html};

/// The page of a decision, without T, K and R.
pub(crate) fn address(position: LogPosition) -> Address {
    Address::new("/decision").with("pos", position.0.to_string())
}

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
}

/// What the address says.
struct DecisionView {
    position: LogPosition,
    cut: CutAsked,
    open: Option<LogPosition>,
    /// Whether names are asked for.
    names: bool,
}

impl DecisionView {
    fn read(parameters: &Parameters) -> Result<Self, PageError> {
        let position = parameters
            .number("pos")?
            .ok_or_else(|| PageError::refused("The address names no decision: pos is missing."))?;
        Ok(Self {
            position: LogPosition(position),
            cut: parameters.cut()?,
            open: parameters.number("open")?.map(LogPosition),
            names: parameters.flag(names::NAMES)?.unwrap_or(false),
        })
    }
}

/// One answer, and the addresses that are pinned to its cut.
pub(super) struct Shown<'a> {
    pub(super) answer: &'a Answer<DecisionAt>,
    pub(super) cut: &'a CutAsked,
    /// This page, pinned, with no record opened.
    pub(super) here: &'a Address,
    /// Whether names are shown beside it.
    pub(super) names: bool,
}

impl Shown<'_> {
    /// A page at the same cut.
    pub(super) fn pinned(&self, address: Address) -> String {
        self.cut.pin(address, &self.answer.answered).href()
    }

    /// This page with a record opened.
    pub(super) fn record(&self, position: Option<LogPosition>) -> String {
        match position {
            Some(position) => {
                format!("{}#record", self.here.clone().with("open", position.0.to_string()).href())
            }
            None => self.here.href(),
        }
    }

    /// A record as a link that opens it here.
    pub(super) fn link(&self, record: &RecordRef) -> Markup {
        html! { a class="record" href=(self.record(Some(record.position))) { (record.position) } }
    }

    /// The page of a factor.
    pub(super) fn factor(&self, session: &SessionId, name: &str) -> String {
        self.pinned(factor::address(session, name))
    }

    /// The page of a session.
    pub(super) fn session(&self, id: &SessionId) -> String {
        self.pinned(Address::new("/session").with("id", id.as_str()))
    }
}

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    let view = DecisionView::read(&parameters)?;
    let after = parameters.wait()?;
    let answer = server.app.decision(caller, view.position, &view.cut.asking(after)).await?;
    let keep = address(view.position).with_some(names::NAMES, view.names.then_some("1"));
    let page = PinnedPage::of(caller, &view.cut, keep, &answer);
    if let Some(response) = page.instead_opened(view.open) {
        return Ok(response);
    }
    if answer.value == DecisionAt::Unknown {
        return Ok(page.unknown("/sessions", None));
    }
    let shown = Shown { answer: &answer, cut: &view.cut, here: &page.here, names: view.names };
    let is_known = !matches!(answer.value, DecisionAt::NotYetKnown { .. });
    let drawer = page.drawer(server, view.open.filter(|_| is_known)).await?;
    let names = match &answer.value {
        DecisionAt::Found(found) if view.names => {
            names::section(server, caller, &found.session.state.origin.subject).await?
        }
        _ => html! {},
    };
    let (status, title, main) = match &answer.value {
        DecisionAt::Found(found) => {
            let decision = found.decision();
            (
                StatusCode::OK,
                format!(
                    "Decision {} of {}",
                    decision.recorded.record.position, found.session.state.id
                ),
                main(&shown, found, drawer),
            )
        }
        DecisionAt::NotYet { .. } => (StatusCode::OK, "Not yet".to_owned(), other(&shown, drawer)),
        DecisionAt::Variant { .. } => {
            (StatusCode::OK, "A variant".to_owned(), other(&shown, drawer))
        }
        DecisionAt::NoDecision { .. } => {
            (StatusCode::NOT_FOUND, "No decision".to_owned(), other(&shown, drawer))
        }
        DecisionAt::NotYetKnown { .. } => {
            (StatusCode::NOT_FOUND, "Not known yet".to_owned(), other(&shown, drawer))
        }
        DecisionAt::Unknown => {
            (StatusCode::NOT_FOUND, "Not found".to_owned(), other(&shown, drawer))
        }
    };
    Ok(page.show(status, &title, names, main))
}

fn main(shown: &Shown<'_>, found: &DecisionFound, drawer: Option<Markup>) -> Markup {
    let (decision, answer) = (found.decision(), shown.answer);
    let held = Held { answered: &answer.answered, absence: &answer.absence };
    let status = readings::status(shown, decision);
    let verdict = verdict::of_decision(decision, &found.session.state, held);
    let odd = decision.differs.is_some() || decision.falsified_later.is_some();
    html! {
        (title(shown, found))
        (verdict.show(held, Some((&status, odd))))
        (head(shown, found))
        div class="columns" {
            section class="trees" id="why" aria-labelledby="why-h" {
                h2 id="why-h" { "Why" }
                (why::tree(found.because(), &|position| shown.record(position)))
                (rested::rules_cited(found.because()))
                (behind(shown, found))
            }
            @if let Some(drawer) = drawer { (drawer) }
        }
        (switch(shown, decision))
        (readings::columns(shown, found))
        (readings::missing(shown, found))
        (rested::factors(shown, found))
        (rested::others(shown, found))
    }
}

fn title(shown: &Shown<'_>, found: &DecisionFound) -> Markup {
    let (decision, session) = (found.decision(), &found.session);
    let when = match decision.recorded.at.to {
        None => clock(decision.recorded.at.from),
        Some(_) => Times::default().occurred(decision.recorded.at),
    };
    html! {
        h1 {
            a href=(shown.session(&session.state.id)) { (inert(session.state.id.as_str())) }
            " · " (inert(&why::app(&decision.recorded)))
                " · " (decision.recorded.outcome.as_str()) " · " (when)
                " · " (shown.link(&decision.recorded.record))
        }
    }
}

fn head(shown: &Shown<'_>, found: &DecisionFound) -> Markup {
    let (decision, session) = (found.decision(), &found.session);
    let record = &decision.recorded.record;
    let mut times = Times::default();
    html! {
        p class="facts" {
            "occurred " (times.occurred(decision.recorded.at))
            ", recorded " (delay(decision.recorded.at.from, record.recorded_at))
            " by " (inert(record.source.as_str()))
            @if let Some(subject) = &session.state.origin.subject {
                " · subject " (inert(subject.as_str()))
                @if !shown.names { span class="on-screen" { " ("
                    (names::show(shown.here)) ")" } } }
            " · " a href=(shown.session(&session.state.id)) { "the whole session" }
        }
    }
}

fn behind(shown: &Shown<'_>, found: &DecisionFound) -> Markup {
    let (decision, state) = (found.decision(), &found.session.state);
    let factors = decision.relied_on.iter().filter_map(|relied| state.factors.get(relied.factor));
    let cut = (shown.cut, &shown.answer.answered);
    links::behind(cut, state, factors, std::iter::once(decision))
}

/// The records that changed this answer, each as a K to look from: the decision's own, and those of
/// falsifiers that came after it.
fn switch(shown: &Shown<'_>, decision: &Decision) -> Markup {
    let answered = &shown.answer.answered;
    let at = |position: LogPosition| {
        let address = address(decision.recorded.record.position).with(AT, answered.at.to_string());
        address.with(KNOWN_AT_POSITION, position.0.to_string()).with(RULES, answered.rules).href()
    };
    let known_at = |position: LogPosition| {
        html! { @if position == answered.position { strong { (position) } } @else {
        a href=(at(position)) { "as known at " (position) } } }
    };
    let own = decision.recorded.record.position;
    html! {
        nav class="switches" aria-label="As known when" {
            p {
                "Known at " strong { (answered.position) }
                @if own < answered.position { " · " (known_at(own)) " when decided" }
                @for falsifier in decision.later.iter().take(20) {
                    " · " (known_at(falsifier.record.position)) " " (inert(&falsifier.words)) }
                @if decision.later.len() > 20 { " · " (decision.later.len() - 20) " more \
                    falsifiers are in the tree" }
                span class="on-screen" {
                    " · " a href=(as_query::link("decision", &shown.here.clone().with("id",
                        decision.recorded.session.as_str()))) { "As GraphQL" } }
            }
        }
    }
}

/// What stands here instead of a decision.
fn other(shown: &Shown<'_>, drawer: Option<Markup>) -> Markup {
    let answered = &shown.answer.answered;
    let mut times = Times::default();
    html! {
        @match &shown.answer.value {
            // These have pages of their own.
            DecisionAt::Found(_) | DecisionAt::Unknown => {},
            DecisionAt::NotYetKnown { from, recorded_at } => {
                h1 { "Not known yet" }
                p {
                    "Nothing by this id is known at " (answered.position) " in your tenant. It is \
                        known from " (from)
                    " (recorded " (times.show(*recorded_at)) "): "
                    @let there = address(*from).with(AT,
                        answered.at.to_string()).with(KNOWN_AT_POSITION, from.0.to_string());
                    a href=(there.with(RULES, answered.rules).href()) {
                        "as known at " (from) } "."
                }
            },
            DecisionAt::NotYet { at, app, session } => {
                h1 { "Not yet at T" }
                p {
                    "The decision for " (inert(app.as_str())) " in session "
                    a href=(shown.session(session)) { (inert(session.as_str())) }
                    " is known at " (answered.position) ", and occurs " (times.occurred(*at))
                        ", after T (" (times.show(answered.at)) "): "
                    @let then = shown.here.fields().iter().fold(Address::new("/decision"), |address,
                        (name, value)| {
                        let then = if *name == AT { at.from.to_string() } else { value.clone() };
                        address.with(name, then)
                    });
                    a href=(then.href()) { "ask at that time" } "."
                }
            },
            DecisionAt::Variant { record, counts } => {
                h1 { "A variant" }
                p {
                    (shown.link(record)) " is one of several things that "
                        (inert(record.source.as_str())) " said under one id. "
                    @match counts {
                        Some(counts) => { "What counts is " a href=(shown.pinned(address(*counts)))
                            { "the decision at " (counts) } "." },
                        None => "What counts is no decision up to T.",
                    }
                }
            },
            DecisionAt::NoDecision { record } => {
                h1 { "No decision" }
                p { "The record " (shown.link(record)) " is no decision of a session: it is "
                    (inert(&record.kind)) "." }
            },
        }
        @if let Some(drawer) = drawer { div class="columns" { (drawer) } }
    }
}
