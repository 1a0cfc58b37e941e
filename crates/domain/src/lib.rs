//! What facts mean.
//!
//! **What it is.** The pure core: facts of a session, the configuration as it was, and a cut (true
//! at T, known at K) go in; a [`model::SessionState`] comes out, with what counted, on whose word,
//! under which rule, until when; and, on request, why ([`model::Explained`]). The explanation is
//! the trace of the assessment itself. The same facts, cut and rules give the same answer, in any
//! order of arrival.
//!
//! **What it is not.** No IO, no clock, no randomness; it opens no sealed bytes and stores nothing.
//! It does not find a session's facts (the app does; [`links`] says which ids are one session), and
//! it decides nothing live. It never says "wrong": where the record and the rules say different
//! things, it says that they differ, and shows both readings.
//!
//! **Order of facts.** `occurred_at`, then source, then the source's own id, bytewise; never the
//! position ([`order::total_order`]).
//!
//! **How to add a rule.**
//! 1. A file in `assess/`, named for the rule; its name is the rule's id (`pub(crate) const ID`).
//!    Its header names the source document.
//! 2. Add id and document to [`RULE_SOURCES`], in the words an explanation shows.
//! 3. Call it from `assess.rs` (claims, life, factors) or `assess/decision.rs`, and keep what it
//!    finds in the trace as it is found.
//! 4. Put it into words in `explain/`, citing the id and the settled reading. Where it cannot tell,
//!    it names what is missing ([`codes`]): it never guesses.
//! 5. Tests in `tests/`, through `given([…]).at(…)`. If an answer changes for facts that are
//!    already stored, [`RULES`] gets a new name.
//!
//! `docs/claims-sharing.md` lists each rule of claims sharing with its file and its tests.

pub mod assess;
pub mod belief;
pub mod chain;
pub mod changed;
pub mod changes;
pub mod claims_seen;
pub mod codes;
pub mod completeness;
pub mod decision_list;
pub mod dependants;
pub mod explain;
pub mod falls;
pub mod first_seen;
pub mod guard;
pub mod held_under;
pub mod history;
pub mod links;
pub mod model;
pub mod order;
pub mod outlived;
pub mod rehearse;
pub mod reused;
pub mod scope;
pub mod session_list;
pub mod timeline;
pub mod window;
mod words;

pub use assess::{
    assess,
    authenticator_lost::loss_speaks_of,
    global_session::{MfaRuleGuard, mfa_rule_guard},
    retraction::retraction_hits,
};

/// The version of these rules: the R of an answer.
pub const RULES: &str = "r10";

/// Every rule id, and the document it comes from.
pub const RULE_SOURCES: &[(&str, &str)] = &[
    (assess::accepted_content::ID, "Okta, System Log, factor verification"),
    (assess::authenticator_lost::ID, "claimledger, What an answer means, lost authenticators"),
    (
        assess::authenticators::ID,
        "Okta, Product help, Multifactor authentication, factor types and characteristics",
    ),
    (assess::challenge::ID, "Okta, Configure claims sharing, unmet requirements"),
    (assess::claim_sourcing::ID, "Okta, Configure claims sharing, reauthentication"),
    (assess::decision::ID, "Okta, Sign-on policies, evaluation"),
    (assess::engine_mix::ID, "Okta, Configure claims sharing, Identity Engine and Classic Engine"),
    (assess::global_session::ID, "Okta, Configure claims sharing, global session policy"),
    (guard::ID, "Okta, Configure claims sharing, deactivation and deletion"),
    (assess::keys::ID, "claimledger, What an answer means, keys"),
    (assess::legacy_mapping::ID, "Okta, Configure AMR claims mapping"),
    (assess::limits::ID, "Okta, Policies, global session policy"),
    (assess::local_factors::ID, "Okta, System Log, factor verification"),
    (assess::method_chain::ID, "Okta, Sign-on policies, authentication method chains"),
    (assess::okta_claims::ID, "Okta, Configure claims sharing, Okta-to-Okta"),
    (assess::reauthenticate::ID, "Okta, Sign-on policies, reauthentication"),
    (assess::requirement::ID, "Okta, Sign-on policies, constraints"),
    (assess::retraction::ID, "claimledger, What an answer means, retractions"),
    (assess::security_question::ID, "Okta, Configure claims sharing, security question"),
    (assess::silence::ID, "claimledger, What an answer means, silent sources"),
    (assess::step_up::ID, "Okta, Step-up authentication with ACR values"),
    (assess::subject::ID, "claimledger, What an answer means, another person"),
    (assess::third_party_amr::ID, "Okta, Configure claims sharing, AMR values"),
    (assess::trust_at_receipt::ID, "Okta, Configure claims sharing, trust claims"),
    (assess::unread::ID, "claimledger, What an answer means, what is not understood"),
    (assess::until_session_end::ID, "Okta, Configure claims sharing, validity until session end"),
];
