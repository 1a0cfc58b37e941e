//! `/why`: one factor of a session. Why it counted, on whose word, until when, and what rested on
//! it; or why a claimed value did not count.

use super::{
    address::Address,
    as_query, decision,
    decision_rested::{self as rested, Row},
    error_page::PageError,
    frame, links,
    parameters::{CutAsked, Parameters},
    pinned::PinnedPage,
    reader::Reader,
    session::not_found,
    text::{count, inert},
    times::Times,
    verdict::{self, Held},
    why,
};
use axum::{http::StatusCode, response::Response};
use claimledger_app::model::answer::{Absence, Answer, Answered};
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

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
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

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    let view = FactorView::read(&parameters)?;
    let after = parameters.wait()?;
    let answer = server.app.session(caller, &view.session, &view.cut.asking(after)).await?;
    let page = PinnedPage::of(caller, &view.cut, address(&view.session, &view.factor), &answer);
    if let Some(response) = page.instead_opened(view.open) {
        return Ok(response);
    }
    let Some(session) = &answer.value else {
        return not_found(reader, &view.session, &page).await;
    };
    let drawer = page.drawer(server, view.open).await?;
    let (answered, absence, here) = (&answer.answered, &answer.absence, &page.here);
    let shown = Shown { view: &view, answered, absence, session, here };
    let (factors, ignored) = (shown.factors(), shown.ignored());
    if factors.is_empty() && ignored.is_empty() {
        let main = shown.none(&answer, drawer);
        return Ok(page.show(StatusCode::NOT_FOUND, "No such factor", html! {}, main));
    }
    let title = format!("{} of {}", view.factor, session.state.id);
    let main = shown.main(&factors, &ignored, drawer);
    Ok(page.show(StatusCode::OK, &title, html! {}, main))
}

/// One answer, and what of it the page is about.
struct Shown<'a> {
    view: &'a FactorView,
    answered: &'a Answered,
    absence: &'a Absence,
    session: &'a Explained,
    /// This page, pinned, with no record opened.
    here: &'a Address,
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
                    " · " a href=(as_query::link("why", self.here)) { "As GraphQL" } }
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
