//! Conditions of lists, as addresses spell them.

use crate::parameters::{Bad, Parameters};
use claimledger_app::model::question::{DecisionFilter, SessionFilter};
use claimledger_facts::vocabulary::Outcome;

/// The parameters of [`sessions`].
pub(crate) const SESSIONS: &[&str] = &[
    "activeAt",
    "subject",
    "idp",
    "key",
    "supposesKey",
    "amr",
    "app",
    "reliedFrom",
    "reliedTo",
    "ended",
    "differs",
    "retracted",
    "outlived",
    "falsifiedLater",
];

/// The parameters of [`decisions`].
pub(crate) const DECISIONS: &[&str] =
    &["session", "app", "idp", "key", "outcome", "from", "to", "differs", "falsifiedLater"];

/// Which sessions.
pub(crate) fn sessions(parameters: &Parameters) -> Result<SessionFilter, Bad> {
    Ok(SessionFilter {
        active_at: parameters.time("activeAt")?,
        subject: pseudonym(parameters)?,
        idp: parameters.get("idp").map(Into::into),
        key: parameters.get("key").map(Into::into),
        supposes_key: parameters.flag("supposesKey")?.unwrap_or(false),
        amr: parameters.get("amr").map(str::to_owned),
        app: parameters.get("app").map(Into::into),
        relied_from: parameters.time("reliedFrom")?,
        relied_to: parameters.time("reliedTo")?,
        ended: parameters.flag("ended")?,
        differs: parameters.flag("differs")?,
        retracted: parameters.flag("retracted")?,
        outlived: parameters.flag("outlived")?,
        falsified_later: parameters.flag("falsifiedLater")?,
        // What is personal must not be in an address.
        indicator: None,
    })
}

/// The person of a list.
pub(crate) fn pseudonym(parameters: &Parameters) -> Result<Option<String>, Bad> {
    let subject = parameters.get("subject").map(str::to_owned);
    if subject.as_deref().is_some_and(|subject| !subject.starts_with("p-")) {
        // A login typed here would stay in the address, in the history and in logs of whatever
        // stands between.
        return Err(Bad::of(
            "subject: a pseudonym, such as p-4KD2. Names and logins must not be in an address.",
        ));
    }
    Ok(subject)
}

/// Which decisions.
pub(crate) fn decisions(parameters: &Parameters) -> Result<DecisionFilter, Bad> {
    let outcome = |word: &str| {
        Outcome::parse(word)
            .ok_or_else(|| Bad::of(format!("outcome: {word} is not allow, challenge or deny.")))
    };
    Ok(DecisionFilter {
        session: parameters.get("session").map(Into::into),
        app: parameters.get("app").map(Into::into),
        idp: parameters.get("idp").map(Into::into),
        key: parameters.get("key").map(Into::into),
        supposes_key: false,
        outcome: parameters.get("outcome").map(outcome).transpose()?,
        from: parameters.time("from")?,
        to: parameters.time("to")?,
        differs: parameters.flag("differs")?,
        falsified_later: parameters.flag("falsifiedLater")?,
    })
}
