//! Wake-ups for appends of other nodes: a notification after each append, and polls of the heads
//! for when one is lost. Neither is needed for correctness.

use super::{
    PostgresOptions,
    connect::{Database, pool},
};
use sqlx::{PgPool, Row, postgres::PgListener};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

/// Not in the transaction of the append: `NOTIFY` holds a lock of the whole server from there until
/// its commit is on the disk, so that commits of all tenants would follow one another.
const CHANNEL: &str = "claimledger_append";
/// Time between two notifications of a node.
const NOTIFY_INTERVAL: Duration = Duration::from_millis(20);
/// Time between two attempts to listen.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(500);

/// The wake-ups of one log.
pub(super) struct Changes {
    name: &'static str,
    sender: watch::Sender<u64>,
    /// Appended by this node, and not yet told to the others.
    untold: AtomicBool,
    tell: Arc<Notify>,
}

impl Changes {
    fn new(name: &'static str, tell: &Arc<Notify>) -> Arc<Self> {
        let (sender, untold) = (watch::Sender::new(0), AtomicBool::new(false));
        Arc::new(Self { name, sender, untold, tell: Arc::clone(tell) })
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.sender.subscribe()
    }

    /// After an append of this node.
    pub(super) fn appended(&self) {
        self.changed();
        self.untold.store(true, Ordering::SeqCst);
        self.tell.notify_one();
    }

    fn changed(&self) {
        self.sender.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// The tasks behind the wake-ups. They end when it is dropped.
pub(super) struct Watcher {
    pub(super) records: Arc<Changes>,
    pub(super) access: Arc<Changes>,
    _tasks: JoinSet<()>,
}

impl Watcher {
    pub(super) fn start(options: &PostgresOptions) -> Self {
        let tell = Arc::new(Notify::new());
        let (records, access) = (Changes::new("log", &tell), Changes::new("access", &tell));
        let logs = [Arc::clone(&records), Arc::clone(&access)];
        // Connections of their own: neither waits for a free one of the store.
        let (talking, listening) =
            (Database::lazy(options, 1), pool(options, 1, &Arc::default(), &Arc::default()));
        let mut tasks = JoinSet::new();
        tasks.spawn(keep_telling(talking.clone(), tell, logs.clone()));
        tasks.spawn(keep_listening(listening, logs.clone()));
        tasks.spawn(keep_polling(talking, options.poll_interval, logs));
        Self { records, access, _tasks: tasks }
    }
}

async fn keep_telling(database: Database, tell: Arc<Notify>, logs: [Arc<Changes>; 2]) {
    loop {
        tell.notified().await;
        for log in &logs {
            if log.untold.swap(false, Ordering::SeqCst) {
                let told = database.run(async |connection| {
                    let notify = sqlx::query("SELECT pg_notify($1, $2)");
                    notify.bind(CHANNEL).bind(log.name).execute(connection).await
                });
                if let Err(error) = told.await {
                    tracing::debug!(%error, "other nodes were not notified: they poll");
                }
            }
        }
        tokio::time::sleep(NOTIFY_INTERVAL).await;
    }
}

async fn keep_listening(pool: PgPool, logs: [Arc<Changes>; 2]) {
    loop {
        if let Err(error) = listen(&pool, &logs).await {
            tracing::debug!(%error, "notifications are not received: polls replace them");
        }
        // What was appended meanwhile was not told.
        logs.iter().for_each(|log| log.changed());
        tokio::time::sleep(RECONNECT_INTERVAL).await;
    }
}

/// Until the connection is lost.
async fn listen(pool: &PgPool, logs: &[Arc<Changes>; 2]) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    while let Some(told) = listener.try_recv().await? {
        // A node's own notifications too: a wake-up too many costs a read of the head.
        logs.iter().filter(|log| log.name == told.payload()).for_each(|log| log.changed());
    }
    Ok(())
}

async fn keep_polling(database: Database, interval: Duration, logs: [Arc<Changes>; 2]) {
    const SIZES: &str = "SELECT (SELECT coalesce(sum(size), 0)::bigint FROM log_head), \
                         (SELECT coalesce(sum(size), 0)::bigint FROM access_head)";
    let mut last = [None, None];
    loop {
        tokio::time::sleep(interval).await;
        let sizes = database.run(async |connection| sqlx::query(SIZES).fetch_one(connection).await);
        match sizes.await {
            Ok(row) => {
                for (n, log) in logs.iter().enumerate() {
                    let size: Option<i64> = row.try_get(n).ok();
                    if size != last[n] {
                        last[n] = size;
                        log.changed();
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "the heads were not polled"),
        }
    }
}
