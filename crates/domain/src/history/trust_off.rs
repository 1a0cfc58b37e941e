//! A history in which trust in an IdP's claims had been off for a while, all else as it was.

use super::{History, HistoryCut, InForce, Stated};
use crate::order::latest;
use claimledger_facts::{
    ids::IdpId,
    time::{Occurred, Time},
    types::idp::IdpConfigured,
};

/// What is supposed. Each version of the IdP has a twin that does not trust its claims; inside the
/// window the twins are in force.
#[derive(Clone, Debug)]
pub(super) struct TrustOff {
    idp: IdpId,
    from: Time,
    to: Time,
    twins: Vec<Stated<IdpConfigured>>,
}

impl History {
    /// The same, with trust in the IdP's claims off from a time until another. Where nothing is
    /// stated of the IdP, nothing is.
    #[must_use]
    pub(crate) fn with_trust_off(&self, idp: &IdpId, from: Time, to: Time) -> Self {
        let versions = self.trust.idps.get(idp).map_or(&[] as &[_], Vec::as_slice);
        let off = |version: &Stated<IdpConfigured>| {
            let mut twin = version.clone();
            twin.data.trust_claims = false;
            twin
        };
        let twins = versions.iter().map(off).collect();
        Self { trust_off: Some(TrustOff { idp: idp.clone(), from, to, twins }), ..self.clone() }
    }
}

impl<'a> HistoryCut<'a> {
    /// What was in force, with trust off where that is supposed: inside the window, or possibly so
    /// for a time that is only known to lie about its edge.
    pub(super) fn as_supposed(
        self,
        idp: &IdpId,
        when: Occurred,
        stated: InForce<'a, IdpConfigured>,
    ) -> InForce<'a, IdpConfigured> {
        let Some(off) = self.history.trust_off.as_ref().filter(|off| off.idp == *idp) else {
            return stated;
        };
        if latest(when) < off.from || when.from >= off.to {
            return stated;
        }
        let whole = when.from >= off.from && latest(when) < off.to;
        let mut options = self.in_force(&off.twins, when).options;
        if !whole {
            options.extend(stated.options);
        }
        InForce { options }
    }
}
