//! The progress of a tenant's read models, and problems.

use crate::{
    app::Inner,
    model::{
        answer::{Problem, Status},
        health::{Cause, Health, Part},
    },
    tenant::Tenant,
};
use claimledger_facts::time::Time;
use claimledger_ledger::{
    clock::{ClockGuard, ClockTrouble},
    log::LogError,
};

impl Inner {
    pub(crate) async fn status_of(&self, tenant: &Tenant) -> Result<Status, LogError> {
        let assessed_to = tenant.progress.assessed_to();
        let head = self.log.head(&tenant.id).await?.0;
        Ok(Status {
            assessed_to,
            head,
            views: tenant.progress.in_use().name(),
            problems: self.problems_of(tenant),
            signed: tenant
                .identity
                .signed_log
                .last()
                .map(|last| (last.head.size.0, last.head.root)),
        })
    }

    /// The problems of a tenant, including those of the clock that stamps its records.
    fn problems_of(&self, tenant: &Tenant) -> Vec<Problem> {
        let mut problems = self.health_of(tenant).problems();
        let now = self.guard.believed_now();
        problems.extend(self.clock_troubles(tenant).into_iter().map(|trouble| {
            let why = if self.guard.refuses(&trouble) {
                ClockGuard::refusal(&trouble)
            } else {
                trouble.why()
            };
            let since = if let ClockTrouble::Accepted(jump) = trouble { jump.found } else { now };
            Problem { part: Part::Clock, cause: Cause { why, since } }
        }));
        problems
    }

    /// None in a rehearsal, whose clock is that of its input.
    fn clock_troubles(&self, tenant: &Tenant) -> Vec<ClockTrouble> {
        if tenant.identity.rehearsal {
            Vec::new()
        } else {
            self.guard.troubles(tenant.last_recorded())
        }
    }

    /// The health of a tenant. All tenants share the log, the key store and the state store.
    pub(crate) fn health_of(&self, tenant: &Tenant) -> Health {
        let stopped = self.log.stopped().or_else(|| self.keys.stopped());
        let stopped = stopped.or_else(|| self.access.log.stopped());
        let cause = stopped.or_else(|| self.state.stopped()).map(|stopped| {
            let lasted = i64::try_from(stopped.lasted.as_micros()).unwrap_or(i64::MAX);
            Cause {
                why: stopped.why,
                since: Time::from_micros(self.clock.now().micros().saturating_sub(lasted)),
            }
        });
        let refused = || {
            let trouble = self
                .clock_troubles(tenant)
                .into_iter()
                .find(|trouble| self.guard.refuses(trouble))?;
            Some(Cause {
                why: ClockGuard::public_refusal(&trouble),
                since: self.guard.believed_now(),
            })
        };
        Health { log: cause.or_else(refused), ..tenant.health.health() }
    }
}
