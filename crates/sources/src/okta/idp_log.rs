//! The log of an org that is the identity provider. Its sessions are not those of the service
//! provider, so only their beginnings and ends are facts; everything else is kept and noted as not
//! understood, for a later version to read. Which IdP the org is, its events do not say: the
//! settings of the source do.

use super::{
    event::{Event, session_id},
    facts::{Facts, SUCCESS, end_reason, one},
};
use claimledger_facts::{
    fact::FactData,
    ids::{IdpId, IdpSessionId},
    types::idp_session::{IdpSessionEnded, IdpSessionStarted},
    vocabulary::EndReason,
};

/// The facts of an event of an IdP's org.
pub(super) fn of<'e>(event: &Event<'e>, kind: &str, idp: &IdpId) -> Facts<'e> {
    let session = || event.session(kind).map(IdpSessionId::from);
    if event.result()? != SUCCESS {
        return None;
    }
    match kind {
        "user.session.start" => one(FactData::IdpSessionStarted(IdpSessionStarted {
            idp: idp.clone(),
            idp_session: session()?,
        })),
        "user.session.end" => ended(idp, session()?, end_reason(event)),
        // Without a named session all of the user's were ended, and no fact type says that of an
        // IdP's sessions.
        "user.session.clear" => {
            let named = event.debug("endedSessionId").and_then(session_id)?;
            ended(idp, IdpSessionId::from(named), EndReason::Revoked)
        }
        _ => None,
    }
}

fn ended<'e>(idp: &IdpId, idp_session: IdpSessionId, reason: EndReason) -> Facts<'e> {
    one(FactData::IdpSessionEnded(IdpSessionEnded {
        idp: idp.clone(),
        idp_session,
        reason: Some(reason.as_str().to_owned()),
    }))
}
