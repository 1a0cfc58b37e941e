//! Notices appends of other nodes, by polling.
//!
//! A subscription would be faster, but the client's own loop never ends, and never yields, when a
//! server ends a subscription with status OK.

use crate::{connection::Deadline, inner::Inner};
use std::{collections::HashMap, sync::Weak, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Starts the task. It ends with the log.
pub(crate) fn start(inner: Weak<Inner>, every: Duration) {
    let every = every.max(Duration::from_millis(1));
    tokio::spawn(async move {
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = HashMap::new();
        loop {
            ticks.tick().await;
            let Some(inner) = inner.upgrade() else { return };
            inner.poll(&mut seen, Deadline::after(every.max(Duration::from_secs(1)))).await;
        }
    });
}

impl Inner {
    /// Reads the last revision of every stream that this process knows, and of the registry.
    async fn poll(&self, seen: &mut HashMap<String, u64>, deadline: Deadline) {
        let mut names = self.streams.names();
        names.push(self.names.registry());
        for name in names {
            // A failure is not reported: a read that needs the stream will report it.
            let Ok(Some((revision, _))) = self.streams.last(&name, deadline).await else {
                continue;
            };
            if seen.insert(name, revision).is_none_or(|before| before != revision) {
                self.changes.send_modify(|count| *count += 1);
            }
        }
    }
}
