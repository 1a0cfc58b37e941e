//! Deliveries: how often each record was received again, by channel. A repeat writes no record, so
//! the counts are kept in the state store. They are no evidence: counts of the last second are lost
//! if the process is killed, and all of them with the file of the states.
//!
//! Repeats are counted in memory and stored in the background, many records in one value.

use crate::model::answer::Delivery;
use claimledger_facts::{
    ids::{LogPosition, TenantId},
    time::Time,
    vocabulary::Channel,
};
use claimledger_ledger::{
    log::LogError,
    state::{StateError, StateStore},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Records whose counts are one value.
const RECORDS_PER_VALUE: u64 = 512;
/// Maximum records with counts in memory.
const MAX_PENDING: usize = if cfg!(test) { 8 } else { 50_000 };
/// Delay between a repeat and its storage, so that many are stored together.
const STORE_INTERVAL: Duration = Duration::from_secs(1);
/// Maximum attempts to store a value that other writers change.
const MAX_TRIES: u32 = 5;

/// The counts of one tenant.
pub(crate) struct Deliveries {
    tenant: TenantId,
    state: Arc<dyn StateStore>,
    pending: Mutex<Pending>,
    /// Held while a value moves from memory to the store, so that a read counts nothing twice and
    /// misses nothing.
    storing: tokio::sync::Mutex<()>,
    counted: Notify,
}

#[derive(Default)]
struct Pending {
    values: BTreeMap<u64, Value>,
    records: usize,
}

/// Repeats of records, by position and channel.
type Value = BTreeMap<u64, BTreeMap<String, Repeats>>;

/// Count, first and last time in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Repeats(u64, i64, i64);

impl Repeats {
    fn add(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
        self.1 = self.1.min(other.1);
        self.2 = self.2.max(other.2);
    }
}

impl Deliveries {
    pub(crate) fn new(tenant: TenantId, state: Arc<dyn StateStore>) -> Self {
        Self {
            tenant,
            state,
            pending: Mutex::default(),
            storing: tokio::sync::Mutex::default(),
            counted: Notify::new(),
        }
    }

    /// Counts repeats of records, received at `now`. Writes what is in memory if that is too much.
    pub(crate) async fn count(
        &self,
        repeated: impl Iterator<Item = LogPosition>,
        channel: &Channel,
        now: Time,
    ) {
        let mut any = false;
        {
            let mut pending = self.lock();
            for position in repeated {
                any = true;
                pending.add(position, channel, now);
            }
        }
        if any {
            self.counted.notify_one();
            if self.lock().records >= MAX_PENDING {
                self.store().await;
            }
        }
    }

    /// How a record was received, by channel; the first time as its header says it.
    pub(crate) async fn of(
        &self,
        position: LogPosition,
        channel: &Channel,
        recorded_at: Time,
    ) -> Result<Vec<Delivery>, LogError> {
        let _storing = self.storing.lock().await;
        let number = position.0 / RECORDS_PER_VALUE;
        let (_, mut value) = self.load(number).await.map_err(log)?;
        if let Some(pending) = self.lock().values.get(&number) {
            merge(&mut value, pending);
        }
        let mut counts = value.remove(&position.0).unwrap_or_default();
        let first = Repeats(1, recorded_at.micros(), recorded_at.micros());
        counts.entry(channel.as_str().to_owned()).and_modify(|all| all.add(first)).or_insert(first);
        let mut deliveries: Vec<Delivery> = counts
            .into_iter()
            .map(|(channel, Repeats(count, first, last))| Delivery {
                channel: Channel::parse(&channel),
                count,
                first_at: Time::from_micros(first),
                last_at: Time::from_micros(last),
            })
            .collect();
        deliveries.sort_by_key(|delivery| delivery.first_at);
        Ok(deliveries)
    }

    /// Stores what is in memory; what cannot be stored stays there.
    async fn store(&self) {
        let mut next = 0;
        loop {
            // One value at a time, so that a read waits for no more than that.
            let _storing = self.storing.lock().await;
            let taken = self.lock().take_from(next);
            let Some((number, value)) = taken else { return };
            next = number + 1;
            if let Err(error) = self.store_value(number, &value).await {
                self.lock().put_back(number, value);
                tracing::warn!(tenant = %self.tenant, %error,
                    "the counts of repeats could not be stored, which will be tried again");
                return;
            }
        }
    }

    async fn store_value(&self, number: u64, value: &Value) -> Result<(), StateError> {
        let mut tries = 1;
        loop {
            let (version, mut stored) = self.load(number).await?;
            merge(&mut stored, value);
            let bytes = serde_json::to_vec(&stored)
                .map_err(|error| damaged(&self.tenant, &key(number), &error))?;
            match self.state.store(&self.tenant, &key(number), version, &bytes).await {
                Err(StateError::Conflict { .. }) if tries < MAX_TRIES => tries += 1,
                done => return done.map(drop),
            }
        }
    }

    async fn load(&self, number: u64) -> Result<(u64, Value), StateError> {
        let key = key(number);
        let Some(found) = self.state.load(&self.tenant, &key).await? else {
            return Ok((0, Value::new()));
        };
        let value = serde_json::from_slice(&found.value)
            .map_err(|error| damaged(&self.tenant, &key, &error))?;
        Ok((found.version, value))
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn add(&mut self, position: LogPosition, channel: &Channel, now: Time) {
        let value = self.values.entry(position.0 / RECORDS_PER_VALUE).or_default();
        // What cannot be stored must not fill the memory.
        if self.records >= 2 * MAX_PENDING && !value.contains_key(&position.0) {
            return;
        }
        let one = Repeats(1, now.micros(), now.micros());
        let of_record = value.entry(position.0).or_insert_with(|| {
            self.records += 1;
            BTreeMap::new()
        });
        match of_record.get_mut(channel.as_str()) {
            Some(all) => all.add(one),
            None => drop(of_record.insert(channel.as_str().to_owned(), one)),
        }
    }

    /// Takes the first value whose number is not below `from`.
    fn take_from(&mut self, from: u64) -> Option<(u64, Value)> {
        let number = *self.values.range(from..).next()?.0;
        let value = self.values.remove(&number)?;
        self.records -= value.len();
        Some((number, value))
    }

    fn put_back(&mut self, number: u64, value: Value) {
        let kept = self.values.entry(number).or_default();
        let before = kept.len();
        merge(kept, &value);
        self.records += kept.len() - before;
    }
}

/// Stores counts in the background; what is left, when it is stopped.
pub(crate) async fn run(tenant: Arc<super::Tenant>, stop: CancellationToken) {
    let deliveries = &tenant.deliveries;
    loop {
        tokio::select! {
            () = deliveries.counted.notified() => {}
            () = stop.cancelled() => return deliveries.store().await,
        }
        tokio::select! {
            () = tokio::time::sleep(STORE_INTERVAL) => {}
            () = stop.cancelled() => {}
        }
        deliveries.store().await;
    }
}

fn merge(into: &mut Value, from: &Value) {
    for (position, channels) in from {
        let of_record = into.entry(*position).or_default();
        for (channel, repeats) in channels {
            match of_record.get_mut(channel) {
                Some(all) => all.add(*repeats),
                None => drop(of_record.insert(channel.clone(), *repeats)),
            }
        }
    }
}

fn key(number: u64) -> String {
    format!("deliveries/{number}")
}

fn log(error: StateError) -> LogError {
    match error {
        StateError::Log(error) => error,
        other => LogError::unavailable(other.to_string()),
    }
}

fn damaged(tenant: &TenantId, key: &str, what: &serde_json::Error) -> LogError {
    LogError::damaged("state", format!("state, {tenant}, {key}"), what.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use claimledger_ledger::{memory::MemoryState, state::Versioned};

    fn deliveries(state: &Arc<MemoryState>) -> Deliveries {
        Deliveries::new(TenantId::new("acme"), state.clone() as Arc<dyn StateStore>)
    }

    fn at(second: i64) -> Time {
        Time::from_micros(second * 1_000_000)
    }

    async fn seen(deliveries: &Deliveries, position: u64) -> Vec<(String, u64, i64, i64)> {
        let of = deliveries.of(LogPosition(position), &Channel::Hook, at(1)).await.unwrap();
        let seconds = |time: Time| time.micros() / 1_000_000;
        of.iter()
            .map(|d| {
                (d.channel.as_str().to_owned(), d.count, seconds(d.first_at), seconds(d.last_at))
            })
            .collect()
    }

    async fn count(deliveries: &Deliveries, positions: &[u64], channel: Channel, second: i64) {
        let positions = positions.iter().copied().map(LogPosition);
        deliveries.count(positions, &channel, at(second)).await;
    }

    #[tokio::test]
    async fn repeats_are_counted_by_channel_before_and_after_they_are_stored() {
        let state = Arc::new(MemoryState::default());
        let one = deliveries(&state);
        assert_eq!(seen(&one, 7).await, [("hook".to_owned(), 1, 1, 1)]);
        count(&one, &[7], Channel::Poller, 5).await;
        count(&one, &[7, 7], Channel::Hook, 9).await;
        let expect = [("hook".to_owned(), 3, 1, 9), ("poller".to_owned(), 1, 5, 5)];
        assert_eq!(seen(&one, 7).await, expect);
        one.store().await;
        assert!(one.lock().values.is_empty() && one.lock().records == 0);
        assert_eq!(seen(&one, 7).await, expect);
        assert_eq!(seen(&one, 8).await, [("hook".to_owned(), 1, 1, 1)]);
        count(&one, &[7], Channel::Poller, 11).await;
        let expect = [("hook".to_owned(), 3, 1, 9), ("poller".to_owned(), 2, 5, 11)];
        assert_eq!(seen(&one, 7).await, expect, "stored and in memory together");
    }

    /// Yields after each load, so that two writers load the same version.
    #[derive(Default)]
    struct Slow(MemoryState);

    #[async_trait::async_trait]
    impl StateStore for Slow {
        async fn load(
            &self,
            tenant: &TenantId,
            key: &str,
        ) -> Result<Option<Versioned>, StateError> {
            let found = self.0.load(tenant, key).await;
            tokio::task::yield_now().await;
            found
        }
        async fn store(
            &self,
            tenant: &TenantId,
            key: &str,
            expected: u64,
            value: &[u8],
        ) -> Result<u64, StateError> {
            self.0.store(tenant, key, expected, value).await
        }
        async fn remove(
            &self,
            tenant: &TenantId,
            key: &str,
            version: u64,
        ) -> Result<(), StateError> {
            self.0.remove(tenant, key, version).await
        }
        async fn keys(&self, tenant: &TenantId, prefix: &str) -> Result<Vec<String>, StateError> {
            self.0.keys(tenant, prefix).await
        }
    }

    #[tokio::test]
    async fn two_writers_lose_no_count() {
        let state: Arc<dyn StateStore> = Arc::new(Slow::default());
        let writer = || Deliveries::new(TenantId::new("acme"), state.clone());
        let (one, two) = (writer(), writer());
        for second in 2..6 {
            count(&one, &[0, 600], Channel::File, second).await;
            count(&two, &[0], Channel::File, second).await;
            tokio::join!(one.store(), two.store());
        }
        assert!(one.lock().values.is_empty() && two.lock().values.is_empty());
        assert_eq!(seen(&two, 0).await[1], ("file".to_owned(), 8, 2, 5));
        assert_eq!(seen(&one, 600).await[1], ("file".to_owned(), 4, 2, 5));
    }

    #[tokio::test]
    async fn what_is_in_memory_is_bounded_by_storing_it() {
        let state = Arc::new(MemoryState::default());
        let one = deliveries(&state);
        for position in 0..100 {
            count(&one, &[position], Channel::File, 2).await;
            assert!(one.lock().records < MAX_PENDING, "#{position}");
        }
        assert_eq!(seen(&one, 0).await[1].1, 1);
        assert_eq!(seen(&one, 99).await[1].1, 1);
    }
}
