//! The fate of an assertion and of each of its values: void, ignored or counted, with all reasons
//! (`semantics.md` 7).
//!
//! Where a configuration change is only known to lie in an interval, the assertion is read once for
//! every state that may have held ("worlds"), mixtures of two versions included
//! ([`crate::history::mixtures`]); what all of them agree on is certain (`semantics.md` 6, 37).

use super::{
    accepted_content::{self, Asserter, Taken},
    engine_mix::EngineMix,
    keys::{self, Standing},
    legacy_mapping, okta_claims,
    retraction::{self, Hit},
    signed_in::UnseenSignIn,
    third_party_amr,
    trust_at_receipt::{self, IdpState, Trust},
    value::Value,
};
use crate::{
    codes,
    history::{
        HistoryCut, InForce, Stated,
        mixtures::{MOST_STATES, Members},
        settings::org_or_default,
    },
    order::Seen,
};
use claimledger_facts::{
    ids::IdpId,
    time::{Occurred, Time},
    types::{claims::ClaimsReceived, idp::IdpConfigured, org::OrgConfigured},
    vocabulary::{Amr, IdpKind, Status},
};
use std::sync::Arc;

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tri {
    No,
    Maybe,
    Yes,
}

impl Tri {
    /// Yes where all agree, no where none does.
    pub(crate) fn of(holds: impl IntoIterator<Item = bool>) -> Self {
        let (mut any, mut all) = (false, true);
        for one in holds {
            any |= one;
            all &= one;
        }
        match (any, all) {
            (false, _) => Self::No,
            (true, true) => Self::Yes,
            (true, false) => Self::Maybe,
        }
    }
}

impl Tri {
    /// Of an object, by all its states that may be in force.
    pub(crate) fn in_force<'a, T, S: Members>(
        in_force: &InForce<'a, T>,
        of: impl Fn(Option<&'a Stated<T>>) -> S,
        holds: impl Fn(&S) -> bool,
    ) -> Self {
        let Ok(mixed) = in_force.mixtures(&of) else { return Self::Maybe };
        let whole = in_force.options.iter().map(|option| holds(&of(*option)));
        Self::of(whole.chain(mixed.iter().map(&holds)))
    }
}

/// One assertion, read.
#[derive(Clone, Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) seen: Seen<'a>,
    pub(crate) data: &'a ClaimsReceived,
    /// The latest configuration that may have held comes first; then the same with each retraction
    /// that may hit it for want of an exact time. One of a key that the claim does not name changes
    /// nothing that the claim implies (`semantics.md` 42).
    pub(crate) worlds: Vec<World<'a>>,
    /// More states may have held than were read: nothing of it is certain.
    pub(crate) too_many: bool,
    /// Retractions that hit it, or may, as known.
    pub(crate) hits: Vec<Hit<'a>>,
}

/// One assertion under one state of the configuration.
#[derive(Clone, Debug)]
pub(crate) struct World<'a> {
    /// The version that is in force, or the latest of those that are mixed.
    pub(crate) idp: Option<&'a Stated<IdpConfigured>>,
    pub(crate) org: Option<&'a Stated<OrgConfigured>>,
    /// What the IdP is.
    pub(crate) state: Option<IdpState>,
    pub(crate) key: Standing<'a>,
    pub(crate) trust: Trust,
    /// What would tell whether a retraction hits, where this is the state in which one does that
    /// may.
    pub(crate) open: Option<&'static str>,
    /// All reasons: of the IdP, then of the key, then of retractions.
    pub(crate) void: Vec<&'static str>,
    pub(crate) values: Vec<Arc<Value>>,
    /// What the assertion carried was not seen: [`codes::UNREADABLE`] or
    /// [`codes::MISSING_CLAIM_CONTENT`].
    pub(crate) unseen: Option<&'static str>,
}

/// The outcome of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    /// Whether it counts by the rules.
    pub(crate) counts: Tri,
    /// Every reason for which the assertion is void. Empty where it only may be: a possible
    /// retraction is no plain void (`semantics.md` 3).
    pub(crate) void: Vec<&'static str>,
    /// Every reason for which the value may be ignored.
    pub(crate) ignored: Vec<&'static str>,
    /// Whether the rules ignore it.
    pub(crate) is_ignored: Tri,
    /// An interval leaves open by which rules it is read, or as what.
    pub(crate) reading_open: bool,
    /// By other rules, which an interval leaves open, the assertion has no such entry, or it means
    /// something else.
    pub(crate) entry_open: bool,
    /// What would settle it.
    pub(crate) missing: Vec<&'static str>,
}

impl<'a> Claim<'a> {
    /// Reads an assertion on the falsifiers of `falsified`; `facts` are those of its session by T,
    /// `at` is T, for what is only told.
    pub(crate) fn read(
        facts: &[Seen<'a>],
        seen: Seen<'a>,
        data: &'a ClaimsReceived,
        history: HistoryCut<'a>,
        falsified: HistoryCut<'a>,
        at: Time,
    ) -> Self {
        let received = seen.occurred();
        let taken = Taken::of(facts, seen, data);
        let standings = keys::standings(history, &data.idp, data.key.as_ref(), received, at);
        let hits = retraction::hits(falsified, data, received);
        let signed = |hit: &Hit<'_>| {
            hit.open == Some(codes::MISSING_KEY)
                && falsified.trust().takes_as_signed(hit.retraction)
        };
        let certain: Vec<&'static str> = hits
            .iter()
            .filter(|hit| hit.open.is_none() || signed(hit))
            .map(|hit| hit.code)
            .collect();
        let mut worlds = Vec::new();
        let too_many = Configured::each(history, &data.idp, received, |configured| {
            for key in &standings {
                let world = World::read(data, &taken, &configured, *key);
                worlds.push(world.retracted(&certain, None));
            }
        });
        let base = worlds.len();
        for hit in hits.iter().filter(|hit| hit.open == Some(codes::MISSING_EXACT_TIME)) {
            let hit: Vec<_> = worlds[..base]
                .iter()
                .cloned()
                .map(|world| world.retracted(&[hit.code], hit.open))
                .collect();
            worlds.extend(hit);
        }
        Self { seen, data, worlds, too_many, hits }
    }

    /// The state that explanations speak of.
    pub(crate) fn world(&self) -> &World<'a> {
        &self.worlds[0]
    }

    /// Whether the IdP and the organisation trusted it.
    pub(crate) fn trusted(&self) -> Tri {
        self.in_all(|world| world.trusts())
    }

    /// The values as read, once an entry.
    pub(crate) fn values(&self) -> Vec<&Arc<Value>> {
        let mut values: Vec<&Arc<Value>> = Vec::new();
        for value in self.worlds.iter().flat_map(|w| &w.values) {
            if !values.iter().any(|v| v.is_entry(value)) {
                values.push(value);
            }
        }
        values
    }

    /// Whether the sign-in itself stands: it falls where the assertion is void (`semantics.md` 38).
    pub(crate) fn stands(&self) -> Tri {
        self.in_all(|w| w.void.is_empty())
    }

    /// Whether something holds, of all states that may have held.
    fn in_all(&self, holds: impl Fn(&World<'_>) -> bool) -> Tri {
        if self.too_many { Tri::Maybe } else { Tri::of(self.worlds.iter().map(holds)) }
    }

    /// Whether it is void because it carried no AMR.
    pub(crate) fn no_amr(&self) -> Tri {
        if self.data.amr.as_ref().is_none_or(|amr| !amr.is_empty()) {
            return Tri::No;
        }
        self.in_all(|w| w.void.contains(&codes::NO_AMR))
    }

    /// Every reason for which it is void, where it certainly is; what only a possible retraction
    /// would add is left out.
    pub(crate) fn void(&self) -> Vec<&'static str> {
        let mut void = Vec::new();
        if self.stands() == Tri::No {
            self.worlds
                .iter()
                .filter(|world| world.open.is_none())
                .for_each(|world| add(&mut void, &world.void));
        }
        void
    }

    /// What would tell whether it stands, where that is open.
    pub(crate) fn stands_open(&self) -> Vec<&'static str> {
        self.open(|w| w.void.is_empty())
    }

    /// What keeps worlds apart in which something holds and others in which it does not: exact
    /// times, or which key signed.
    fn open(&self, holds: impl Fn(&World<'_>) -> bool) -> Vec<&'static str> {
        let base = Tri::of(self.worlds.iter().filter(|w| w.open.is_none()).map(&holds));
        let mut open = Vec::new();
        if base == Tri::Maybe || self.too_many {
            open.push(codes::MISSING_EXACT_TIME);
        }
        for world in self.worlds.iter().filter(|w| base != Tri::No && !holds(w)) {
            add(&mut open, world.open.as_slice());
        }
        open
    }

    /// The outcome of a value.
    pub(crate) fn fate(&self, value: &Value) -> Fate {
        let counts = |world: &World<'_>| {
            world.counts() && world.entry(value).is_some_and(|read| read.ignored.is_empty())
        };
        let is_ignored = |world: &World<'_>| {
            !world.trust.ignored.is_empty()
                || world.entry(value).is_some_and(|read| !read.ignored.is_empty())
        };
        let is_entry = |world: &World<'_>| {
            // Mostly it is the very one.
            let same = |read: &Value| std::ptr::eq(read, value) || read.means(value);
            world.entry(value).is_some_and(|read| same(read))
        };
        let mut fate = Fate {
            counts: self.in_all(counts),
            void: self.void(),
            ignored: vec![],
            is_ignored: self.in_all(is_ignored),
            reading_open: self.rules_open(counts),
            entry_open: self.in_all(is_entry) != Tri::Yes,
            missing: vec![],
        };
        for world in &self.worlds {
            add(&mut fate.ignored, &world.trust.ignored);
            if let Some(read) = world.entry(value) {
                add(&mut fate.ignored, &read.ignored);
                add(&mut fate.missing, &read.missing);
            }
            add(&mut fate.missing, &world.trust.missing);
        }
        fate.reading_open |= fate.entry_open && fate.counts != Tri::No;
        if fate.reading_open {
            add(&mut fate.missing, &[codes::MISSING_EXACT_TIME]);
        }
        match fate.counts {
            Tri::No => fate.missing.clear(),
            Tri::Maybe => add(&mut fate.missing, &self.open(counts)),
            Tri::Yes if fate.missing.is_empty() => {}
            Tri::Yes => fate.counts = Tri::Maybe,
        }
        if fate.entry_open {
            add(&mut fate.missing, &[codes::MISSING_EXACT_TIME]);
        }
        fate
    }

    /// Whether an interval leaves open by which rules it is read, of the states in which it counts.
    fn rules_open(&self, counts: impl Fn(&World<'_>) -> bool) -> bool {
        self.too_many
            || self.worlds.iter().filter(|world| counts(world)).any(|world| {
                world.trust.mix != self.mix() || world.third_party(self.data) != self.third_party()
            })
    }

    /// The same of what was not seen of it.
    pub(crate) fn unseen_open(&self) -> bool {
        self.rules_open(|world| world.counts())
    }

    /// What was not seen of it, where that could have counted.
    pub(crate) fn unseen(&self) -> Option<&'static str> {
        self.worlds.iter().filter(|w| self.too_many || w.counts()).find_map(|w| w.unseen)
    }

    /// Whether it counts in a state that may have held.
    pub(crate) fn may_count(&self) -> bool {
        self.too_many || self.worlds.iter().any(World::counts)
    }

    /// Whether the rules for third-party IdPs hold. Nothing stated: yes, unless methods with
    /// properties came.
    pub(crate) fn third_party(&self) -> bool {
        self.world().third_party(self.data)
    }

    /// Which engines the two orgs run.
    pub(crate) fn mix(&self) -> EngineMix {
        self.world().trust.mix
    }
}

/// A state of the IdP and the organisation that may have held.
#[derive(Clone, Debug)]
struct Configured<'a> {
    idp: Option<&'a Stated<IdpConfigured>>,
    state: Option<IdpState>,
    org: Option<&'a Stated<OrgConfigured>>,
    org_state: OrgConfigured,
    /// Whether a version has the legacy AMR mapping on.
    mapping_seen: bool,
}

impl<'a> Configured<'a> {
    /// Every state that may have held at a time: those that are stated, the latest first, then the
    /// mixtures. Returns whether more may have than are looked at.
    fn each(
        history: HistoryCut<'a>,
        idp: &IdpId,
        when: Occurred,
        mut read: impl FnMut(Self),
    ) -> bool {
        let idps = history.trust().idp(idp, when);
        let orgs = history.settings().org(when);
        let state = |idp: Option<&Stated<IdpConfigured>>| idp.map(|idp| IdpState::of(&idp.data));
        let org_state = |org: Option<&Stated<OrgConfigured>>| org_or_default(org).clone();
        let mut versions = idps.options.iter().flatten();
        let mapping_seen = versions.any(|idp| idp.data.map_amr_claims == Some(true));
        let mut read =
            |idp, state, org, org_state| read(Self { idp, state, org, org_state, mapping_seen });
        for idp in idps.options.iter().copied() {
            for org in orgs.options.iter().copied() {
                read(idp, state(idp), org, org_state(org));
            }
        }
        let (Ok(mixed), Ok(mixed_orgs)) = (idps.mixtures(state), orgs.mixtures(org_state)) else {
            return true;
        };
        let whole = (idps.options.len(), orgs.options.len());
        if (whole.0 + mixed.len()) * (whole.1 + mixed_orgs.len()) > MOST_STATES {
            return true;
        }
        let latest = (idps.options[0], orgs.options[0]);
        for state in mixed.iter().copied() {
            for org in orgs.options.iter().copied() {
                read(latest.0, state, org, org_state(org));
            }
        }
        for org_state in &mixed_orgs {
            let (org, org_state) = (latest.1, || org_state.clone());
            for idp in idps.options.iter().copied() {
                read(idp, state(idp), org, org_state());
            }
            for state in mixed.iter().copied() {
                read(latest.0, state, org, org_state());
            }
        }
        false
    }
}

impl<'a> World<'a> {
    fn read(
        data: &ClaimsReceived,
        taken: &Taken,
        configured: &Configured<'a>,
        key: Standing<'a>,
    ) -> Self {
        let Configured { idp, state, org, org_state, .. } = configured;
        let mut trust = trust_at_receipt::judge(data, *state, org_state);
        if !configured.mapping_seen {
            // That it may have been on is not what would tell.
            trust.missing.retain(|code| *code != codes::MISSING_LEGACY_MAPPING);
        }
        let mut void = trust.void.clone();
        add(&mut void, &key.void());
        let mut world = Self {
            idp: *idp,
            org: *org,
            state: *state,
            key,
            trust,
            open: None,
            void,
            values: vec![],
            unseen: None,
        };
        let third_party = world.third_party(data);
        let factor_only = state.is_some_and(|state| state.factor_only);
        let by = if third_party { Asserter::ThirdParty { factor_only } } else { Asserter::Okta };
        let by_method = !taken.methods.is_empty();
        let taken = taken.read(by);
        let amr = data.amr.as_deref();
        let by_mapping = state.is_some_and(legacy_mapping::applies) && data.methods.is_empty();
        let seen = match amr {
            _ if data.readable == Some(false) => {
                world.unseen = Some(codes::UNREADABLE);
                None
            }
            Some(amr) if by_mapping => Some(legacy_mapping::read(amr)),
            // Of a third-party IdP only `amr` says anything, and absent is not seen
            // (`semantics.md` 13, 15).
            amr if third_party => amr.map(|amr| third_party_amr::read(amr, factor_only)),
            // An Okta IdP's `amr` is not what it states: empty it says nothing, and beside what the
            // service provider took it is not read.
            amr if data.methods.is_empty() && (amr.is_none_or(<[Amr]>::is_empty) || by_method) => {
                None
            }
            _ => Some(okta_claims::read(data)),
        };
        world.values = shared(match seen {
            Some(mut values) => {
                accepted_content::add_beyond(&mut values, taken);
                values
            }
            None => {
                if taken.is_empty() && world.unseen.is_none() {
                    world.unseen = Some(codes::MISSING_CLAIM_CONTENT);
                }
                taken
            }
        });
        world
    }

    /// The same, hit by retractions.
    fn retracted(mut self, by: &[&'static str], open: Option<&'static str>) -> Self {
        add(&mut self.void, by);
        Self { open, ..self }
    }

    /// What it makes of an entry of the assertion.
    fn entry(&self, value: &Value) -> Option<&Arc<Value>> {
        self.values.iter().find(|read| read.is_entry(value))
    }

    /// Whether the assertion counts in it, whatever its values.
    fn counts(&self) -> bool {
        self.void.is_empty() && self.trust.ignored.is_empty()
    }

    /// Whether the IdP and the organisation trust it, whatever its key.
    pub(crate) fn trusts(&self) -> bool {
        self.idp.is_some() && self.trust.void.is_empty() && self.trust.ignored.is_empty()
    }

    /// Whether the IdP is what its version says, and no mixture of two.
    pub(crate) fn is_whole(&self) -> bool {
        self.state == self.idp.map(|idp| IdpState::of(&idp.data))
    }

    fn third_party(&self, data: &ClaimsReceived) -> bool {
        match self.state.map(|state| state.kind) {
            Some(IdpKind::ThirdParty) => true,
            Some(IdpKind::OktaIdentityEngine | IdpKind::OktaClassic) => false,
            None => data.methods.is_empty(),
        }
    }
}

/// Whether a sign-in stands of which no assertion was seen: on the IdP that the session names
/// (`semantics.md` 38).
pub(crate) fn unseen_federation(
    history: HistoryCut<'_>,
    falsified: HistoryCut<'_>,
    sign_in: UnseenSignIn<'_>,
) -> Tri {
    let in_force = history.trust().idp(sign_in.idp, sign_in.began);
    let state = |idp: Option<&Stated<IdpConfigured>>| idp.map(|idp| IdpState::of(&idp.data));
    let is_active = |idp: &Option<IdpState>| idp.is_none_or(|idp| idp.status == Status::Active);
    let active = Tri::in_force(&in_force, state, is_active);
    let retracted = retraction::of_whole_idp(falsified, sign_in)
        .map(|hit| if hit.open.is_none() { Tri::Yes } else { Tri::Maybe })
        .max()
        .unwrap_or(Tri::No);
    match retracted {
        Tri::No => active,
        Tri::Maybe => active.min(Tri::Maybe),
        Tri::Yes => Tri::No,
    }
}

/// Factors and candidates speak of the same values.
fn shared(values: Vec<Value>) -> Vec<Arc<Value>> {
    values.into_iter().map(Arc::new).collect()
}

/// Adds codes that are not in yet.
pub(crate) fn add(codes: &mut Vec<&'static str>, more: &[&'static str]) {
    for code in more {
        if !codes.contains(code) {
            codes.push(code);
        }
    }
}
