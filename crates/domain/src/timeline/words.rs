//! What a fact says, in one line.

use super::Category;
use super::acts;
use crate::{
    history::HistoryCut,
    words::{app, by, called, idp, list, plain, refused},
};
use claimledger_facts::{
    fact::{Fact, FactData},
    nature::Nature,
    types::{claims::ClaimsReceived, factor::PolicyDecided, session::SessionStarted},
    vocabulary::ObjectKind,
};

/// Whether a fact about a person belongs on the timelines of the person's sessions.
pub(super) const fn is_about_person(data: &FactData) -> bool {
    matches!(data, FactData::SubjectLinked(_))
        || matches!(data.nature(), Nature::Account | Nature::Governance)
}

/// A fact of a session, of its IdP session or about its person, in one line. None for facts that
/// the history holds and for the ledger's own. A type without a line here is named in its own
/// words.
pub(super) fn of(fact: &Fact, names: HistoryCut<'_>) -> Option<(Category, String)> {
    Some(match &fact.data {
        FactData::SessionStarted(d) => (Category::Session, started(d, names)),
        FactData::SessionLinked(d) => {
            (Category::Session, format!("linked with {} by {}", d.to, d.by))
        }
        FactData::SessionEnded(d) => {
            (Category::Session, format!("session ended: {}", plain(d.reason.as_str())))
        }
        FactData::ClaimsReceived(d) => (Category::Claim, received(d, names)),
        FactData::ClaimAccepted(d) => (
            Category::Claim,
            format!(
                "{} accepted",
                value(d.amr.as_ref().map(|a| a.as_str()), d.method.map(|m| m.as_str()))
            ),
        ),
        FactData::ClaimIgnored(d) => {
            let why =
                d.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", plain(reason)));
            (
                Category::Claim,
                format!(
                    "{} ignored{why}",
                    value(d.amr.as_ref().map(|a| a.as_str()), d.method.map(|m| m.as_str()))
                ),
            )
        }
        FactData::FactorVerified(d) => {
            (Category::Factor, format!("{} verified by the service provider", d.method.as_str()))
        }
        FactData::SignInRefused(d) => (Category::SignIn, refused(d)),
        FactData::PolicyDecided(d) => (Category::Decision, decided(d, names)),
        FactData::AppAccessed(d) => {
            let session = d
                .app_session
                .as_ref()
                .map_or_else(String::new, |session| format!(", application session {session}"));
            (Category::Access, format!("{} opened{session}", app(names, &d.app)))
        }
        FactData::IdpSessionStarted(d) => (
            Category::IdpSession,
            format!("session {} began at {}", d.idp_session, idp(names, &d.idp)),
        ),
        FactData::IdpSessionEnded(d) => {
            let why =
                d.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", plain(reason)));
            (
                Category::IdpSession,
                format!("session {} ended at {}{why}", d.idp_session, idp(names, &d.idp)),
            )
        }
        FactData::HoldPlaced(d) => (Category::Admin, format!("hold {} placed", d.hold)),
        FactData::HoldReleased(d) => (Category::Admin, format!("hold {} released", d.hold)),
        FactData::ErasureRequested(d) => {
            let ticket =
                d.ticket.as_ref().map_or_else(String::new, |ticket| format!(" ({ticket})"));
            (Category::Admin, format!("erasure requested{ticket}"))
        }
        FactData::SubjectLinked(d) => (
            Category::Admin,
            format!(
                "said to be {} person as {}",
                if d.same { "the same" } else { "another" },
                d.other
            ),
        ),
        FactData::ConfigurationChanged(d) => (Category::Admin, acts::configuration(d)),
        FactData::AuthenticatorChanged(d) => (Category::Admin, acts::authenticator(d)),
        FactData::PrivilegeChanged(d) => (Category::Admin, acts::privilege(d)),
        FactData::AccountChanged(d) => (
            Category::Admin,
            format!("account {}{}", plain(d.change.as_str()), by(d.actor.as_ref(), None)),
        ),
        FactData::ActivityFlagged(d) => (Category::Session, acts::flagged(d)),
        FactData::SessionContextChanged(d) => (Category::Session, acts::context(d)),
        data => {
            let category = match data.nature() {
                Nature::SignOfLife | Nature::Session => Category::Session,
                Nature::Account | Nature::Governance => Category::Admin,
                // The history says what changed, which says more than the fact does.
                Nature::Configuration
                | Nature::Falsifier
                | Nature::Person
                | Nature::Completeness
                | Nature::Ledger => return None,
            };
            (category, data.fact_type().words.to_owned())
        }
    })
}

fn started(d: &SessionStarted, names: HistoryCut<'_>) -> String {
    let from = d.idp.as_ref().map(|of| format!("from {}", idp(names, of)));
    let upstream = d.idp_session.as_ref().map(|id| format!("IdP session {id}"));
    let root = d.root_session.as_ref().map(|id| format!("root session {id}"));
    std::iter::once("session began".to_owned())
        .chain(from)
        .chain(upstream)
        .chain(root)
        .collect::<Vec<_>>()
        .join(", ")
}

fn received(d: &ClaimsReceived, names: HistoryCut<'_>) -> String {
    let values: Vec<&str> = match &d.amr {
        Some(amr) => amr.iter().map(|value| value.as_str()).collect(),
        None => d.methods.iter().map(|method| method.method.as_str()).collect(),
    };
    let what = match (d.readable, values.as_slice(), &d.amr) {
        (Some(false), _, _) => "a claim that could not be read".to_owned(),
        (_, [], Some(_)) => "an assertion without any amr".to_owned(),
        (_, [], None) => "an assertion whose claims were not seen".to_owned(),
        (_, some, _) => list(some),
    };
    let assertion = d.assertion.as_ref().map(|id| format!("in {id}"));
    let key = d.key.as_ref().map(|key| format!("signed with {key}"));
    let more: Vec<String> = assertion.into_iter().chain(key).collect();
    format!(
        "{} asserted {what}{}{}",
        idp(names, &d.idp),
        if more.is_empty() { "" } else { ", " },
        more.join(", ")
    )
}

fn decided(d: &PolicyDecided, names: HistoryCut<'_>) -> String {
    let named = |kind, id: &str| called(id, names.name_of(kind, id));
    let version = d.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
    let rule = d
        .rule
        .as_ref()
        .map_or_else(String::new, |rule| format!(", {}", named(ObjectKind::Rule, rule.as_str())));
    let policy = named(ObjectKind::Policy, d.policy.as_str());
    format!("{}: {} by {policy}{version}{rule}", app(names, &d.app), d.outcome.as_str())
}

fn value(amr: Option<&str>, method: Option<&str>) -> String {
    amr.or(method).map_or_else(|| "the claim".to_owned(), |value| format!("the claim of {value}"))
}
