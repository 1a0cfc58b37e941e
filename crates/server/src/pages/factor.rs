//! `/why`: one factor of a session. Why it counted, on whose word, until when, and what rested on
//! it; or why a claimed value did not count.

use super::{
    address::Address,
    as_query, decision,
    decision_rested::{self as rested, Row},
    error_page::{PageError, lagging},
    frame::{self, Strip},
    links,
    parameters::{CutAsked, Parameters},
    records,
    session::{caller, not_found},
    session_timeline,
    text::{count, inert},
    times::Times,
    verdict::{self, Held},
    why,
};
use crate::http::{Server, Shared};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::{
    answer::{Absence, Answer, Answered},
    question::Caller,
};
use claimledger_domain::model::{
    Decision, Explained, HonoredFactor, IgnoredClaim, Reason, RecordRef,
};
use claimledger_facts::ids::{LogPosition, SessionId};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Factors, claims, decisions that are listed; more are counted.
const ROWS: usize = 50;

/// The page of a factor, without T, K and R.
pub(super) fn address(session: &SessionId, factor: &str) -> Address {
    Address::new("/why").with("session", session.as_str()).with("factor", factor)
}

pub(crate) async fn get(State(server): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let caller = match caller(&server, &uri, &headers).await {
        Ok(caller) => caller,
        Err(trouble) => return trouble.page(None),
    };
    answer(&server, &caller, &uri).await.unwrap_or_else(|trouble| trouble.page(Some(&caller)))
}

/// What the address says.
struct FactorView {
    session: SessionId,
    factor: String,
    cut: CutAsked,
    open: Option<LogPosition>,
}

impl FactorView {
    fn read(parameters: &Parameters) -> Result<Self, PageError> {
        let session = parameters.get("session").ok_or_else(|| {
            PageError::refused("The address names no session: session is missing.")
        })?;
        let factor = parameters.get("factor").ok_or_else(|| {
            PageError::refused(
                "The address names no factor: factor is missing, such as pwd or webauthn.",
            )
        })?;
        Ok(Self {
            session: SessionId::new(session),
            factor: factor.to_owned(),
            cut: parameters.cut()?,
            open: parameters.number("open")?.map(LogPosition),
        })
    }
}

async fn answer(server: &Server, caller: &Caller, uri: &Uri) -> Result<Response, PageError> {
    let parameters = Parameters::read(uri)?;
    let view = FactorView::read(&parameters)?;
    let after = parameters.number("after")?.map(LogPosition);
    let answer = server.app.session(caller, &view.session, &view.cut.asking(after)).await?;
    let keep = address(&view.session, &view.factor);
    let here = view.cut.pin(keep.clone(), &answer.answered);
    if let Some(response) = lagging(caller, &answer) {
        return Ok(response);
    }
    if !parameters.is_pinned(&view.cut) {
        let to = here.with_some("open", view.open.map(|n| n.0.to_string()).as_deref());
        return Ok(Redirect::to(&to.href()).into_response());
    }
    let Some(session) = &answer.value else {
        return not_found(server, caller, &view.session, &view.cut, &answer).await;
    };
    let drawer = match view.open {
        Some(open) => {
            let known = open <= answer.answered.position;
            let record = if known { records::open(server, caller, open).await? } else { None };
            let around = record.as_ref().and_then(|record| {
                let pin = |address| view.cut.pin(address, &answer.answered).href();
                session_timeline::around(record, pin)
            });
            let ways = (&*here.href(), around.as_deref());
            Some(records::drawer(open, record.as_ref(), caller, ways))
        }
        None => None,
    };
    let shown =
        Shown { view: &view, answered: &answer.answered, absence: &answer.absence, session, here };
    let strip = frame::strip(
        &Strip { keep: &keep, here: &shown.here, known: view.cut.known },
        &answer.answered,
        &answer.completeness,
        &answer.status,
    );
    let (factors, ignored) = (shown.factors(), shown.ignored());
    if factors.is_empty() && ignored.is_empty() {
        return Ok(frame::page(
            StatusCode::NOT_FOUND,
            "No such factor",
            Some(caller),
            strip,
            shown.none(&answer, drawer),
        ));
    }
    let title = format!("{} of {}", view.factor, session.state.id);
    Ok(frame::page(
        StatusCode::OK,
        &title,
        Some(caller),
        strip,
        shown.main(&factors, &ignored, drawer),
    ))
}

/// One answer, and what of it the page is about.
struct Shown<'a> {
    view: &'a FactorView,
    answered: &'a Answered,
    absence: &'a Absence,
    session: &'a Explained,
    /// This page, pinned, with no record opened.
    here: Address,
}

impl<'a> Shown<'a> {
    /// The factors by this name, each with its place among all.
    fn factors(&self) -> Vec<(usize, (&'a HonoredFactor, &'a Reason))> {
        let all = self.session.factors().enumerate();
        all.filter(|(_, (factor, _))| factor.goes_by(&self.view.factor)).collect()
    }

    /// The claimed values by this name that did not count.
    fn ignored(&self) -> Vec<(&'a IgnoredClaim, &'a Reason)> {
        self.session.ignored().filter(|(claim, _)| claim.goes_by(&self.view.factor)).collect()
    }

    fn pinned(&self, address: Address) -> String {
        self.view.cut.pin(address, self.answered).href()
    }

    fn record(&self, position: Option<LogPosition>) -> String {
        match position {
            Some(position) => {
                format!("{}#record", self.here.clone().with("open", position.0.to_string()).href())
            }
            None => self.here.href(),
        }
    }

    fn link(&self, record: &RecordRef) -> Markup {
        html! { a class="record" href=(self.record(Some(record.position))) { (record.position) } }
    }

    fn main(
        &self,
        factors: &[(usize, (&HonoredFactor, &Reason))],
        ignored: &[(&IgnoredClaim, &Reason)],
        drawer: Option<Markup>,
    ) -> Markup {
        let rows = factors.iter().take(ROWS).map(|(_, (factor, _))| Row {
            factor,
            relied: None,
            page: None,
        });
        let held = Held { answered: self.answered, absence: self.absence };
        let counted: Vec<&HonoredFactor> = factors.iter().map(|(_, (factor, _))| *factor).collect();
        let claims: Vec<&IgnoredClaim> = ignored.iter().map(|(claim, _)| *claim).collect();
        let verdict = verdict::of_factor(&self.session.state, &counted, &claims, held);
        html! {
            (self.title())
            (verdict.show(held, None))
            (self.head())
            @if !factors.is_empty() {
                section aria-labelledby="counted-h" {
                    h2 id="counted-h" { @if factors.len() == 1 { "What counted" } @else {
                        "What counted: " (count(factors.len(), "time")) } }
                    (rested::table("counted-h", rows, &|record| self.link(record)))
                    @if factors.len() > ROWS { p { (factors.len() - ROWS) " more." } }
                }
            }
            div class="columns" {
                section class="trees" id="why" aria-labelledby="why-h" {
                    h2 id="why-h" { "Why" }
                    @for (_, (_, because)) in factors.iter().take(ROWS) {
                        article { (why::tree(because, &|position| self.record(position))) }
                    }
                    @if !ignored.is_empty() { h3 { "Claims that did not count" } }
                    @for (claim, because) in ignored.iter().take(ROWS) {
                        article {
                            h4 { (inert(&claim.name)) " · " (claim.reasons.join(", ")) }
                            (why::tree(because, &|position| self.record(position)))
                        }
                    }
                    @if ignored.len() > ROWS { p { (ignored.len() - ROWS) " more." } }
                    @if let Some((_, (_, because))) = factors.first() {
                        (rested::rules_cited(because)) }
                    (links::behind((&self.view.cut, self.answered), &self.session.state,
                        factors.iter().map(|(_, (factor, _))| *factor), std::iter::empty()))
                }
                @if let Some(drawer) = drawer { (drawer) }
            }
            (self.decisions(factors))
        }
    }

    fn title(&self) -> Markup {
        html! {
            h1 { a href=(self.session_page()) {
                (inert(self.session.state.id.as_str())) } " · " (inert(&self.view.factor)) }
        }
    }

    fn head(&self) -> Markup {
        html! {
            p class="facts" {
                @if let Some(subject) = &self.session.state.origin.subject {
                    "subject " (inert(subject.as_str())) " · " }
                "known at " (self.answered.position) " · " a href=(self.session_page()) {
                    "the whole session" }
                span class="on-screen" {
                    " · " a href=(as_query::link("why", &self.here)) { "As GraphQL" } }
            }
        }
    }

    fn session_page(&self) -> String {
        self.pinned(Address::new("/session").with("id", self.session.state.id.as_str()))
    }

    /// The decisions that rested on it by record (`semantics.md` 20).
    fn decisions(&self, factors: &[(usize, (&HonoredFactor, &Reason))]) -> Markup {
        let needed = |decision: &Decision| {
            let relied = decision
                .relied_on
                .iter()
                .filter(|relied| factors.iter().any(|(index, _)| *index == relied.factor));
            relied.map(|relied| relied.needed).max()
        };
        let rested: Vec<(&Decision, bool)> = self
            .session
            .state
            .decisions
            .iter()
            .filter_map(|decision| Some((decision, needed(decision)?)))
            .collect();
        let mut times = Times::default();
        html! {
            section id="rested" aria-labelledby="rested-h" {
                h2 id="rested-h" { "Decisions that rested on it" }
                @if rested.is_empty() { p {
                    "By record, of this session: " (frame::no_more(self.absence)) "." } }
                ul class="others" {
                    @for (decision, needed) in rested.iter().take(ROWS) {
                        @let recorded = &decision.recorded;
                        li {
                            a href=(self.pinned(decision::address(recorded.record.position))) {
                                (inert(&why::app(recorded))) " · " (recorded.outcome.as_str())
                                    " · " (times.occurred(recorded.at))
                            }
                            " · " (self.link(&recorded.record)) " · "
                            @if *needed { "needed" } @else { "not needed: the rule says the same \
                                without it" }
                            @if let Some(differs) = &decision.differs {
                                " · " strong class="attention" {
                                "≠ differs" } ": " (differs.words) }
                            @if decision.falsified_later.is_some() {
                                " · " strong class="attention" { "✕ falsified later" } }
                        }
                    }
                }
                @if rested.len() > ROWS { p {
                    (rested.len() - ROWS) " more: " a href=(self.session_page()) {
                    "the whole session" } "." } }
            }
        }
    }

    /// Where nothing of the session goes by this name.
    fn none(&self, answer: &Answer<Option<Explained>>, drawer: Option<Markup>) -> Markup {
        let names = self.session.state.factors.iter().map(|factor| factor.name.as_str());
        let names: BTreeSet<&str> = names
            .chain(self.session.state.ignored.iter().map(|claim| claim.name.as_str()))
            .collect();
        html! {
            (self.title())
            p {
                "No factor and no claimed value of this session goes by this name as known at "
                    (self.answered.position) "."
                @if !answer.answered.completeness.complete { " Not every source is complete to T, \
                    see above." }
            }
            @if !names.is_empty() {
                p {
                    "There are: "
                    @for (i, name) in names.iter().take(ROWS).enumerate() {
                        @if i > 0 { " · " }
                        a href=(self.pinned(address(&self.session.state.id, name))) {
                            (inert(name)) }
                    }
                }
            }
            @if let Some(drawer) = drawer { div class="columns" { (drawer) } }
        }
    }
}
