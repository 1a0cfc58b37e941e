//! From a question to the exact cut (T, K) of its answer.

use crate::{
    app::Inner,
    model::{
        answer::Answered,
        question::{AskError, Asking, Caller},
    },
    tenant::Tenant,
};
use claimledger_domain::{
    RULES,
    completeness::{Behind, summary},
    model::Cut,
};
use claimledger_facts::{ids::LogPosition, time::Time};
use claimledger_ledger::log::{LogError, no_record};
use std::time::Duration;

/// Maximum time that a read waits for the read models; then it fails as lagging.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum time that a read waits for the read models while appends are in progress.
const BUSY_READ_TIMEOUT: Duration = Duration::from_millis(100);

/// Time in which a read checks whether another append begins, before it waits for the read models.
const NEXT_APPEND_TIMEOUT: Duration = Duration::from_millis(10);

/// Maximum time, in seconds, from stamping a record until it can be read. Until then K at that time
/// is provisional.
const APPEND_GRACE_SECS: u64 = 5;

/// An exact cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pinned {
    /// T and K.
    pub(crate) cut: Cut,
    /// When K was recorded.
    pub(crate) recorded_at: Time,
    /// K as a time, if the question gave one.
    pub(crate) known_at_time: Option<Time>,
    /// Whether a later append can still get a time up to K; or no K was given, and this one is
    /// behind the log.
    pub(crate) provisional: bool,
    /// Set if no K was given and the read models were behind the log.
    pub(crate) behind: Option<Behind>,
}

impl Pinned {
    /// The cut as part of an answer.
    pub(crate) fn answered(&self, tenant: &Tenant) -> Answered {
        Answered {
            at: self.cut.at,
            position: self.cut.known_at,
            recorded_at: self.recorded_at,
            rules: RULES,
            provisional: self.provisional,
            rehearsal: tenant.identity.rehearsal,
            completeness: summary(&tenant.knowledge.completeness(self.cut.known_at), self.cut.at),
        }
    }
}

impl Inner {
    /// Pins T and K, and waits until the read models contain K.
    pub(crate) async fn pin(
        &self,
        tenant: &Tenant,
        caller: &Caller,
        asking: &Asking,
    ) -> Result<Pinned, AskError> {
        tenant.progress.record_question();
        let head = self.log.head(&tenant.id).await?.0;
        if let Some(after) = asking.after {
            below_head(after, head)?;
            self.wait_for(tenant, after).await?;
        }
        let mut behind = None;
        let (known_at, provisional) = match (asking.known_at_position, asking.known_at) {
            (Some(position), _) => {
                below_head(position, head)?;
                (position, false)
            }
            (None, Some(time)) => self.position_by(tenant, time, head).await?,
            (None, None) => {
                let known_at = self.head_of_views(tenant, caller, head).await?;
                // The question is about the head of the log. If the read models are behind it, the
                // same question may get another answer without a further append.
                behind = (known_at.0 + 1 < head)
                    .then(|| Behind { read_to: known_at, end: LogPosition(head - 1) });
                (known_at, behind.is_some())
            }
        };
        self.wait_for(tenant, known_at).await?;
        let recorded_at = self.recorded_at(tenant, known_at).await?;
        let at = asking.at.unwrap_or_else(|| {
            if tenant.identity.rehearsal { recorded_at } else { self.clock.now() }
        });
        let known_at_time = if asking.known_at_position.is_none() { asking.known_at } else { None };
        Ok(Pinned { cut: Cut { at, known_at }, recorded_at, known_at_time, provisional, behind })
    }

    /// Pins the cut of a cursor. It is provisional as long as that of the first page is.
    pub(crate) async fn pin_at(
        &self,
        tenant: &Tenant,
        caller: &Caller,
        at: Time,
        known_at: LogPosition,
        known_at_time: Option<Time>,
        after: Option<LogPosition>,
    ) -> Result<Pinned, AskError> {
        let by_position =
            Asking { at: Some(at), known_at: None, known_at_position: Some(known_at), after };
        let mut pinned = self.pin(tenant, caller, &by_position).await?;
        if let Some(time) = known_at_time {
            let head = self.log.head(&tenant.id).await?.0;
            pinned.provisional = self.position_by(tenant, time, head).await?.1;
            pinned.known_at_time = known_at_time;
        }
        Ok(pinned)
    }

    /// K if the question gives none: the head of the read models. Waits for a short time until they
    /// reach the head of the log, so that a client reads its own writes and those that were
    /// acknowledged before. While appends are saturated that may never happen: then it waits only
    /// for the appends of the same credential, and the answer states its position.
    async fn head_of_views(
        &self,
        tenant: &Tenant,
        caller: &Caller,
        head: u64,
    ) -> Result<LogPosition, AskError> {
        let own = tenant.appends.written_by(&caller.credential);
        let size = if self.appends_continue(tenant).await { own } else { head };
        let timeout = if tenant.appends.are_under_way() { BUSY_READ_TIMEOUT } else { READ_TIMEOUT };
        let (mut all, mut mine) =
            (tenant.progress.assessed.subscribe(), tenant.progress.assessed.subscribe());
        let enough = async {
            tokio::select! {
                () = tenant.appends.next_append() => {}
                () = tokio::time::sleep(timeout) => {}
            }
            mine.wait_for(|size| *size >= own).await.is_ok()
        };
        let reached = tokio::select! {
            biased;
            all = all.wait_for(|reached| *reached >= size) => all.is_ok(),
            mine = enough => mine,
            () = tokio::time::sleep(READ_TIMEOUT) => false,
            () = self.projection_failing(tenant) => false,
        };
        if !reached && let Some(error) = tenant.progress.stopped() {
            return Err(error.into());
        }
        self.wait_for(tenant, LogPosition(0)).await?;
        Ok(LogPosition(tenant.progress.assessed_to().saturating_sub(1)))
    }

    /// Returns when the projection is failing: waiting longer for its progress is pointless.
    async fn projection_failing(&self, tenant: &Tenant) {
        loop {
            tokio::time::sleep(BUSY_READ_TIMEOUT).await;
            if tenant.is_projection_failing() {
                return;
            }
        }
    }

    /// Whether appends are saturated, and one is in progress or begins now. Reads do not wait for
    /// the read models then, so the projection can use large batches.
    async fn appends_continue(&self, tenant: &Tenant) -> bool {
        if !tenant.appends.is_saturated() {
            return false;
        }
        tenant.appends.are_under_way()
            || tokio::time::timeout(NEXT_APPEND_TIMEOUT, tenant.appends.next_append()).await.is_ok()
    }

    /// Waits until the read models contain a position.
    pub(crate) async fn wait_for(
        &self,
        tenant: &Tenant,
        position: LogPosition,
    ) -> Result<(), AskError> {
        let mut assessed = tenant.progress.assessed.subscribe();
        if tokio::time::timeout(READ_TIMEOUT, assessed.wait_for(|size| *size > position.0))
            .await
            .is_ok_and(|waited| waited.is_ok())
        {
            return Ok(());
        }
        if let Some(error) = tenant.progress.stopped() {
            return Err(error.into());
        }
        Err(AskError::Lagging {
            assessed_to: tenant.progress.assessed_to(),
            wanted: position.0 + 1,
        })
    }

    /// The last position recorded by a time, and whether a later append can still be recorded by
    /// then. A time before the first record gives the first position, where nothing else is known.
    async fn position_by(
        &self,
        tenant: &Tenant,
        time: Time,
        head: u64,
    ) -> Result<(LogPosition, bool), AskError> {
        // The clock is read before the log: whatever is appended in between has a later time.
        let now = self.guard.believed_now();
        let last = LogPosition(head.saturating_sub(1));
        if time >= self.recorded_at(tenant, last).await? {
            let passed = !tenant.identity.rehearsal && time.plus_secs(APPEND_GRACE_SECS) < now;
            return Ok((last, !passed));
        }
        if let Some(position) = tenant.knowledge.times.get(time) {
            return Ok((position, false));
        }
        // Invariant: `recorded_at` never decreases along a log. `low` is recorded by then (or is
        // the first), `high` is not.
        let (mut low, mut high) = (0, last.0);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.recorded_at(tenant, LogPosition(middle)).await? <= time {
                low = middle;
            } else {
                high = middle;
            }
        }
        tenant.knowledge.times.put(time, LogPosition(low));
        Ok((LogPosition(low), false))
    }

    /// When a position was recorded.
    pub(crate) async fn recorded_at(
        &self,
        tenant: &Tenant,
        position: LogPosition,
    ) -> Result<Time, LogError> {
        if let Some(record) = tenant.knowledge.records.get(position) {
            return Ok(record.reference.recorded_at);
        }
        if let Some(time) = tenant.knowledge.times.recorded(position) {
            return Ok(time);
        }
        let headers = self.log.headers(&tenant.id, position, 1).await?;
        let header = headers
            .first()
            .ok_or_else(|| no_record(position))?
            .decode()
            .map_err(|error| LogError::Corrupt { position, what: error.what })?;
        tenant.knowledge.times.keep_recorded(position, header.recorded_at);
        Ok(header.recorded_at)
    }
}

fn below_head(asked: LogPosition, size: u64) -> Result<(), AskError> {
    if asked.0 >= size { Err(AskError::PastHead { asked: asked.0, size }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::Options, testing::*};
    use serde_json::json;
    use tokio::time::Instant;

    /// K of a question that gives none, and how long it took, without a projector.
    async fn asks(
        inner: &Inner,
        tenant: &Tenant,
        caller: &Caller,
    ) -> (Result<LogPosition, AskError>, Duration) {
        let began = Instant::now();
        let pinned = inner.pin(tenant, caller, &Asking::default()).await;
        (pinned.map(|pinned| pinned.cut.known_at), began.elapsed())
    }

    #[tokio::test]
    async fn during_many_appends_a_read_waits_for_those_of_its_own_credential() {
        let (world, app) = acme().await;
        app.settled_status(&owner("acme")).await.unwrap();
        app.close().await;
        let app = world.open_with(Options { follow: false, ..Options::default() }).await;
        let end = json!({"type": "session.ended", "source": "idp-x", "id": "an-end",
            "occurred_at": "2026-03-02T20:00:00Z", "session": "S1", "subject": {"id": "alice"},
            "data": {"reason": "logout"}});
        ingest_line(&app, "acme", &end).await.unwrap();
        let tenant = app.0.tenant(&tenant("acme")).await.unwrap();
        let writer = owner("acme");
        let other = Caller { credential: "another".to_owned(), ..writer.clone() };
        tokio::time::pause();

        let (position, waited) = asks(&app.0, &tenant, &other).await;
        assert_eq!(
            (position.unwrap(), waited >= READ_TIMEOUT),
            (LogPosition(82), true),
            "a single append is waited for"
        );

        let appends = async {
            loop {
                drop(tenant.appends.begin());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let questions = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let (position, waited) = asks(&app.0, &tenant, &other).await;
            assert_eq!(
                (position.unwrap(), waited < BUSY_READ_TIMEOUT),
                (LogPosition(82), true),
                "others continue to write: {waited:?}"
            );
            let (_, waited) = asks(&app.0, &tenant, &writer).await;
            assert!(waited >= READ_TIMEOUT, "a read waits for its own writes: {waited:?}");
        };
        tokio::select! {
            () = appends => unreachable!("appends never end"),
            () = questions => {}
        }
    }
}
