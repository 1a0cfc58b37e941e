//! Where pages about configuration, and about what rested on it, lead to: at the same T, K and R.

use super::{
    address::Address, as_query, decision, export_form::export_form, parameters::CutAsked,
    text::inert,
};
use claimledger_app::model::answer::{Absence, Answer, Answered};
use claimledger_domain::model::{Decision, Falsifier, HonoredFactor, SessionState};
use claimledger_facts::ids::LogPosition;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// IdPs, keys and policies that are linked of one session.
const BEHIND: usize = 8;

/// The cut of a page, for its links.
pub(super) struct Links<'a> {
    /// T, K and R as asked.
    pub(super) cut: &'a CutAsked,
    /// What the page holds for.
    pub(super) answered: &'a Answered,
    /// Why something may be absent.
    pub(super) absence: &'a Absence,
}

impl<'a> Links<'a> {
    /// Of a page with this answer.
    pub(super) const fn of<T>(cut: &'a CutAsked, answer: &'a Answer<T>) -> Self {
        Self { cut, answered: &answer.answered, absence: &answer.absence }
    }

    /// An address, pinned as this page is.
    pub(super) fn to(&self, address: Address) -> String {
        self.cut.pin(address, self.answered).href()
    }

    /// A record, opened.
    pub(super) fn record(&self, position: LogPosition) -> Markup {
        let address = Address::new("/sources").with("open", position.0.to_string());
        html! { a href={ (self.to(address)) "#record" } { (position) } }
    }

    /// A record that a sentence names. Text from outside may name one as well, of which there need
    /// not be any at K.
    pub(super) fn named(&self, position: u64) -> Option<Markup> {
        let is_known = position <= self.answered.position.0;
        is_known.then(|| self.record(LogPosition(position)))
    }

    /// A session's page.
    pub(super) fn session(&self, id: &str) -> String {
        self.to(Address::new("/session").with("id", id))
    }

    /// A decision's page.
    pub(super) fn decision(&self, position: LogPosition) -> String {
        self.to(decision::address(position))
    }
}

/// The same answer as a query; and, for who may, the list as a file.
pub(super) fn as_other(
    links: &Links<'_>,
    (page, here): (&'static str, &Address),
    export: Option<Address>,
) -> Markup {
    html! {
        p class="as-other" {
            a href=(as_query::link(page, &links.cut.pin(here.clone(), links.answered))) {
                "As GraphQL" } }
        @if let Some(list) = export {
            (export_form("these", &links.cut.pin(list, links.answered), false)) }
    }
}

/// Changes of what is trusted of an IdP.
pub(super) fn trust(idp: &str) -> Address {
    Address::new("/trust").with("idp", idp)
}

/// Changes of a policy.
pub(super) fn policy(policy: &str) -> Address {
    Address::new("/policy").with("policy", policy)
}

/// What rested on a key.
pub(super) fn of_key(idp: Option<&str>, key: &str) -> Address {
    Address::new("/blast").with("kind", "key").with_some("idp", idp).with("key", key)
}

/// What rested on an IdP.
pub(super) fn of_idp(idp: &str) -> Address {
    Address::new("/blast").with("kind", "idp").with("idp", idp)
}

/// What rested on the changes of an actor.
pub(super) fn of_actor(actor: &str) -> Address {
    Address::new("/blast").with("kind", "actor").with("actor", actor)
}

/// What rested on the changes in a record.
pub(super) fn of_record(position: LogPosition) -> Address {
    Address::new("/blast").with("kind", "change").with("pos", position.0.to_string())
}

/// What rested on what a retraction or a loss took away.
fn of_falsifier(falsifier: &Falsifier) -> Address {
    if falsifier.is_retraction() {
        return of_record(falsifier.record.position);
    }
    of_loss(falsifier.record.position)
}

/// What ended with the loss of an authenticator.
pub(super) fn of_loss(position: LogPosition) -> Address {
    Address::new("/blast").with("kind", "authenticator").with("pos", position.0.to_string())
}

/// What ended with the losses of an authenticator.
pub(super) fn of_authenticator(id: &str) -> Address {
    Address::new("/blast").with("kind", "authenticator").with("id", id)
}

/// What is linked to an id.
pub(super) fn chain(id: &str) -> Address {
    Address::new("/chain").with("id", id)
}

/// What factors and decisions of a session name: the trust and the keys behind them, the policies,
/// and the chain of the session.
pub(super) fn behind<'a>(
    (cut, answered): (&CutAsked, &Answered),
    session: &SessionState,
    factors: impl Iterator<Item = &'a HonoredFactor>,
    decisions: impl Iterator<Item = &'a Decision>,
) -> Markup {
    let (mut idps, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for factor in factors {
        idps.extend(&factor.idp);
        keys.extend(factor.idp.iter().zip(&factor.key));
    }
    let policies: BTreeSet<_> = decisions.map(|decision| &decision.under.policy).collect();
    let to = |address: Address| cut.pin(address, answered).href();
    html! {
        p class="behind" {
            "Behind it: "
            @for idp in idps.into_iter().take(BEHIND) {
                a href=(to(trust(idp.as_str()))) { "trust of " (inert(idp.as_str())) } " · " }
            @for (idp, key) in keys.into_iter().take(BEHIND) {
                a href=(to(of_key(Some(idp.as_str()), key.as_str()))) {
                    "what rested on key " (inert(key.as_str())) } " · " }
            @for name in policies.into_iter().take(BEHIND) {
                a href=(to(policy(name.as_str()))) { "policy " (inert(name.as_str())) } " · " }
            @for falsifier in session.falsifiers.iter().take(BEHIND) {
                a href=(to(of_falsifier(falsifier))) { "what else fell with "
                    (falsifier.record.position) } " · " }
            @if let Some(id) = &session.origin.idp_session {
                a href=(to(chain(id.as_str()))) { "chain of " (inert(id.as_str())) }
            } @else {
                a href=(to(chain(session.id.as_str()))) { "chain of the session" }
            }
        }
    }
}
