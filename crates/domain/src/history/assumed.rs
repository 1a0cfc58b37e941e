//! A history in which an IdP or the organisation had been set up otherwise for a while, all else as
//! it was.

use super::{History, HistoryCut, InForce, Stated, settings::UNSTATED_ORG};
use claimledger_facts::{
    ids::{IdpId, LogPosition},
    time::{Occurred, Time},
    types::{idp::IdpConfigured, org::OrgConfigured},
};

/// What is assumed. Each version has a twin that is changed; inside the window the twins are in
/// force.
#[derive(Clone, Debug)]
pub(super) struct Assumed {
    from: Time,
    to: Time,
    twins: Twins,
}

#[derive(Clone, Debug)]
enum Twins {
    Idp(IdpId, Vec<Stated<IdpConfigured>>),
    Org(Vec<Stated<OrgConfigured>>),
}

impl History {
    /// The same, with an IdP set up otherwise from a time until another. Where nothing is stated of
    /// the IdP, nothing is.
    #[must_use]
    pub(crate) fn assuming_idp(
        &self,
        idp: &IdpId,
        (from, to): (Time, Time),
        change: impl Fn(&mut IdpConfigured),
    ) -> Self {
        let versions = self.trust.idps.get(idp).map_or(&[] as &[_], Vec::as_slice);
        let twins = Twins::Idp(idp.clone(), versions.iter().map(|v| twin(v, &change)).collect());
        Self { assumed: Some(Assumed { from, to, twins }), ..self.clone() }
    }

    /// The same, with the organisation set up otherwise from a time until another. Where nothing is
    /// stated of it, what holds by default is changed ([`UNSTATED_ORG`]).
    #[must_use]
    pub(crate) fn assuming_org(
        &self,
        (from, to): (Time, Time),
        change: impl Fn(&mut OrgConfigured),
    ) -> Self {
        let mut by_default =
            Stated::supposed("org.configured", 0, Occurred::at(Time::MIN), None).with(UNSTATED_ORG);
        // It holds whatever is known.
        by_default.record.position = LogPosition(0);
        let twins =
            std::iter::once(&by_default).chain(&self.settings.org).map(|v| twin(v, &change));
        let twins = Twins::Org(twins.collect());
        Self { assumed: Some(Assumed { from, to, twins }), ..self.clone() }
    }
}

fn twin<T: Clone>(version: &Stated<T>, change: impl Fn(&mut T)) -> Stated<T> {
    let mut twin = version.clone();
    change(&mut twin.data);
    twin
}

impl<'a> HistoryCut<'a> {
    /// What was in force of an IdP, set up otherwise where that is assumed.
    pub(super) fn idp_as_assumed(
        self,
        idp: &IdpId,
        when: Occurred,
        stated: InForce<'a, IdpConfigured>,
    ) -> InForce<'a, IdpConfigured> {
        match &self.history.assumed {
            Some(Assumed { twins: Twins::Idp(of, twins), from, to }) if of == idp => {
                self.as_assumed(twins, (*from, *to), when, stated)
            }
            _ => stated,
        }
    }

    /// What was in force of the organisation, set up otherwise where that is assumed.
    pub(super) fn org_as_assumed(
        self,
        when: Occurred,
        stated: InForce<'a, OrgConfigured>,
    ) -> InForce<'a, OrgConfigured> {
        match &self.history.assumed {
            Some(Assumed { twins: Twins::Org(twins), from, to }) => {
                self.as_assumed(twins, (*from, *to), when, stated)
            }
            _ => stated,
        }
    }

    /// The twins inside the window, or possibly so for a time that is only known to lie about its
    /// edge.
    fn as_assumed<T>(
        self,
        twins: &'a [Stated<T>],
        (from, to): (Time, Time),
        when: Occurred,
        stated: InForce<'a, T>,
    ) -> InForce<'a, T> {
        if when.latest() < from || when.from >= to {
            return stated;
        }
        let whole = when.from >= from && when.latest() < to;
        let mut in_force = self.in_force(twins, when);
        if !whole {
            in_force.options.extend(stated.options);
            in_force.times.extend(stated.times);
            in_force.unseen.extend(stated.unseen);
        }
        in_force
    }
}
