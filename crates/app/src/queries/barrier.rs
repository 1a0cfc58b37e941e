//! Barriers: reasons why a question cannot be answered, whatever the sources state: what it names
//! is unknown, or the caller's role may not look it up.
//!
//! Lookups are limited to the caller's tenant and to K, at any T. What only another tenant has is
//! unknown.

use super::{View, find, why::names};
use crate::model::{
    question::{Caller, DecisionFilter, SessionFilter},
    terms::term,
};
use claimledger_domain::{completeness::Barrier, dependants::changes, rehearse::TrustChange};
use claimledger_facts::{
    ids::{ActorId, AppId, IdpId, KeyId, PolicyId, Pseudonym, SessionId, VersionLabel},
    time::Time,
    vocabulary::Role,
};
use claimledger_ledger::{log::LogError, views::TermKind};
use std::fmt::Display;

/// Looking up people requires the role investigate. Returned to every other role, whether or not
/// the person exists.
pub(super) const NAMES: Barrier = Barrier::NotForRole {
    what: "looking people up by name, login or id",
    needs: Role::Investigate,
};

/// The same for `find`, which also searches display names and addresses.
pub(super) const SEALED_TEXT: Barrier = Barrier::NotForRole {
    what: "searching logins, names, display names, addresses and other indicators of clients",
    needs: Role::Investigate,
};

/// The same for indicators of clients.
const CLIENTS: Barrier = Barrier::NotForRole {
    what: "searching addresses and other indicators of clients",
    needs: Role::Investigate,
};

/// The barrier of something unknown.
pub(super) fn not_known(thing: &'static str, id: &(impl Display + ?Sized)) -> Barrier {
    Barrier::NotKnown { thing, id: id.to_string() }
}

type Found = Result<Option<Barrier>, LogError>;

impl View<'_> {
    /// The barrier of a list of sessions.
    pub(super) async fn barrier_of_sessions(
        &self,
        caller: &Caller,
        filter: &SessionFilter,
        people: Option<&[Pseudonym]>,
    ) -> Found {
        // Checked first, so that the result does not depend on the rest of the filter for a role
        // that may not look up what is sealed.
        if filter.indicator.is_some() && !caller.has(Role::Investigate) {
            return Ok(Some(CLIENTS));
        }
        if let (Some(subject), Some(people)) = (&filter.subject, people)
            && let Some(barrier) = self.person(caller, subject, people).await?
        {
            return Ok(Some(barrier));
        }
        let found =
            self.reliance(filter.app.as_ref(), filter.idp.as_ref(), filter.key.as_ref()).await?;
        if found.is_none()
            && filter.indicator.is_some()
            && self.tenant.identity.keyring.destroyed_one_of(people).await?
        {
            return Ok(Some(Barrier::KeyDestroyed { whose: "clients of people" }));
        }
        Ok(found)
    }

    /// The barrier of a list of decisions. `found`: whether the session that the filter names
    /// exists.
    pub(super) async fn barrier_of_decisions(&self, filter: &DecisionFilter, found: bool) -> Found {
        if let (Some(session), false) = (&filter.session, found) {
            return Ok(Some(not_known("session", session)));
        }
        self.reliance(filter.app.as_ref(), filter.idp.as_ref(), filter.key.as_ref()).await
    }

    /// The barrier of a rehearsal.
    pub(super) async fn barrier_of_rehearsal(&self, change: &TrustChange) -> Found {
        match change {
            TrustChange::Policy { policy, .. } => self.policy(&policy.policy).await,
            TrustChange::Retraction(retraction) => {
                self.reliance(None, change.idp(), retraction.key.as_ref()).await
            }
            TrustChange::Idp { .. } | TrustChange::Feature { .. } => {
                self.reliance(None, change.idp(), None).await
            }
        }
    }

    /// The barrier of an unknown application, IdP or key.
    pub(super) async fn reliance(
        &self,
        app: Option<&AppId>,
        idp: Option<&IdpId>,
        key: Option<&KeyId>,
    ) -> Found {
        if let Some(app) = app
            && let Some(barrier) = self.app(app).await?
        {
            return Ok(Some(barrier));
        }
        if let Some(idp) = idp
            && let Some(barrier) = self.idp(idp).await?
        {
            return Ok(Some(barrier));
        }
        match key {
            Some(key) => self.key(idp, key).await,
            None => Ok(None),
        }
    }

    async fn person(&self, caller: &Caller, subject: &str, people: &[Pseudonym]) -> Found {
        for person in people {
            if self
                .reader()
                .any(&term(TermKind::Subject, person.as_str()), self.cut.known_at)
                .await?
            {
                return Ok(None);
            }
        }
        Ok(Some(if caller.has(Role::Investigate) { not_known("person", subject) } else { NAMES }))
    }

    /// The barrier of an unknown application: no record names it.
    pub(super) async fn app(&self, app: &AppId) -> Found {
        let known =
            self.reader().any(&term(TermKind::App, app.as_str()), self.cut.known_at).await?;
        Ok((!known).then(|| not_known("application", app)))
    }

    /// The barrier of an unknown IdP: no record names it.
    pub(super) async fn idp(&self, idp: &IdpId) -> Found {
        Ok((!self.knows_idp(idp).await?).then(|| not_known("identity provider", idp)))
    }

    /// The barrier of an unknown key: no record names it.
    async fn key(&self, idp: Option<&IdpId>, key: &KeyId) -> Found {
        Ok((!self.knows_key(idp, key).await?).then(|| not_known("key", key)))
    }

    /// The barrier of an unknown policy: no record names it.
    pub(super) async fn policy(&self, policy: &PolicyId) -> Found {
        let stated =
            self.history.at(self.cut.known_at).policies().ids().any(|known| known == policy);
        let known = stated
            || self
                .reader()
                .any(&term(TermKind::Policy, policy.as_str()), self.cut.known_at)
                .await?;
        Ok((!known).then(|| not_known("policy", policy)))
    }

    /// The barrier of an unknown policy, or of an unknown version of it.
    pub(super) async fn policy_version(&self, policy: &PolicyId, version: &VersionLabel) -> Found {
        if let Some(barrier) = self.policy(policy).await? {
            return Ok(Some(barrier));
        }
        let known = self
            .history
            .at(self.cut.known_at)
            .policies()
            .versions(policy)
            .any(|stated| stated.data.version == *version);
        Ok((!known).then(|| not_known("version", &format!("{version} of policy {policy}"))))
    }

    /// The barrier of an unknown actor or record.
    pub(super) async fn barrier_of_dependants(
        &self,
        actor: Option<&ActorId>,
        record: Option<&str>,
    ) -> Found {
        let all = changes(self.history.at(self.cut.known_at), Time::MAX);
        if let Some(actor) = actor
            && !all.iter().any(|change| change.actor.as_ref() == Some(actor))
        {
            return Ok(Some(not_known("actor", actor)));
        }
        match record {
            Some(record) if !find::is_record(self, record).await? => {
                Ok(Some(not_known("record", record)))
            }
            Some(record) if !all.iter().any(|change| names(&change.record, record)) => {
                let position = record.trim_start_matches('#').parse::<u64>();
                let record = position.map_or_else(|_| record.to_owned(), |n| format!("#{n}"));
                Ok(Some(Barrier::NoChange { record }))
            }
            Some(_) | None => Ok(None),
        }
    }
}

/// The barrier of an unknown session.
pub(super) fn of_session(found: bool, id: &SessionId) -> Option<Barrier> {
    (!found).then(|| not_known("session", id))
}
