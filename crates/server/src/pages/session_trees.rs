//! The reasons on the page of a session.

use super::{
    address::Address, equal, factor, links, session::SessionView, text::inert, times::clock, why,
};
use crate::pages::decision;
use claimledger_app::model::answer::Answered;
use claimledger_domain::model::{Explained, SessionState};
use claimledger_facts::ids::LogPosition;
use maud::{Markup, html};

/// More trees than this are shown in pages.
const TREES: usize = 20;
/// Trees of such a page.
const PAGED: usize = 10;

/// Links to the pages of its factors and of claims that did not count, each name once.
fn of_factors(view: &SessionView, session: &SessionState, answered: &Answered) -> Markup {
    let names = session
        .factors
        .iter()
        .map(|factor| factor.name.as_str())
        .chain(session.ignored.iter().map(|claim| claim.name.as_str()));
    let names: std::collections::BTreeSet<&str> = names.collect();
    html! {
        @if !names.is_empty() {
            p class="of-factors" {
                "Of one factor alone: "
                @for (i, name) in names.iter().take(TREES).enumerate() {
                    @if i > 0 { " · " }
                    a href=(view.cut.pin(factor::address(&view.id, name), answered).href()) {
                        (inert(name)) }
                }
                @if names.len() > TREES { " · and " (names.len() - TREES) " more" }
            }
        }
    }
}

/// Why: a tree for each decision, those that were made alike as one.
pub(super) fn trees(
    view: &SessionView,
    answered: &Answered,
    explained: &Explained,
    here: &Address,
    href: &dyn Fn(Option<LogPosition>) -> String,
) -> Markup {
    let session = &explained.state;
    let groups = equal::groups(explained.decisions());
    let (all, decisions) = (groups.len(), session.decisions.len());
    let of_page = if all > TREES { PAGED } else { TREES };
    let pages = all.div_ceil(of_page).max(1);
    let page = view.trees.clamp(1, pages);
    let notable = equal::notable(&session.decisions);
    html! {
        section class="trees" id="why" aria-labelledby="why-h" {
            h2 id="why-h" { "Why" }
            (of_factors(view, session, answered))
            (links::behind((&view.cut, answered), session, session.factors.iter(),
                session.decisions.iter()))
            @if pages > 1 {
                p { (decisions) " decisions, " (all) " with reasons of their own; of these "
                    ((page - 1) * of_page + 1) " to " ((page * of_page).min(all))
                    @if page > 1 { " · " a href={ (here.clone().with("trees",
                        (page - 1).to_string()).href()) "#why" } { "before" } }
                    @if page < pages { " · " a href={ (here.clone().with("trees",
                        (page + 1).to_string()).href()) "#why" } { "next" } } }
            }
            @for same in groups.iter().skip((page - 1) * of_page).take(of_page) {
                @let (decision, because) = same.first;
                @let recorded = &decision.recorded;
                article id={ "d-" (recorded.record.position.0) } {
                    h3 {
                        (inert(&why::app(recorded))) " · " (recorded.outcome.as_str()) " · "
                            (clock(recorded.at.from))
                        @if decision.differs.is_some() { " · " strong class="attention" {
                            "≠ differs" } }
                        @if decision.falsified_later.is_some() {
                            " · " strong class="attention" { "✕ falsified later" } }
                    }
                    @if notable(decision) { (why::tree(because, href)) } @else {
                        (why::folded(because, href)) }
                    (equal::others(same, &|position|
                        view.cut.pin(decision::address(position), answered).href()))
                }
            }
            article { h3 { "The session itself" } (why::folded(&explained.reasons.session, href)) }
            @if !session.ignored.is_empty() {
                article {
                    h3 { "Claims that did not count" }
                    @for (claim, because) in explained.ignored().take(TREES) {
                        h4 { (inert(&claim.name)) " · " (claim.reasons.join(", ")) }
                        (why::folded(because, href))
                    }
                }
            }
        }
    }
}
