//! Connections: the settings that durability depends on, checked for each new one; deadlines; and
//! what becomes of a connection whose request did not end.

use super::{
    PostgresError, PostgresOptions,
    failure::{Failure, classify, failed},
    inspect::login,
    migrate::check_version,
    settings::ServerSettings,
};
use claimledger_ledger::log::{LogError, Stopped};
use parking_lot::Mutex;
use sqlx::{
    Connection, PgConnection, PgPool, Postgres, pool::PoolConnection, postgres::PgPoolOptions,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A connection that was idle for longer is tested before it is used.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(1);
/// Attempts of a read whose connection is closed, and of a transaction that is rolled back.
pub(super) const MAX_TRIES: u32 = 5;

/// The connections of a store.
#[derive(Clone)]
pub(super) struct Database {
    pool: PgPool,
    request_timeout: Duration,
    /// Why new connections are refused, by the checks of this program.
    refused: Arc<Mutex<Option<String>>>,
    /// When a connection was last found broken.
    broken: Arc<Mutex<Option<Instant>>>,
    /// Why the last write was refused, and since when.
    stopped: Arc<Mutex<Option<(String, Instant)>>>,
}

/// A connection that is closed, instead of reused, if its request does not end: then the state of
/// its protocol and of its transaction is unknown.
struct Held(Option<PoolConnection<Postgres>>);

impl Drop for Held {
    fn drop(&mut self) {
        // Detached: its place in the pool is free at once. The server ends an open transaction when
        // the socket is closed.
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

impl Database {
    /// Connects once, and checks everything.
    pub(super) async fn connect(options: &PostgresOptions) -> Result<Self, PostgresError> {
        let server = options.server();
        let session = options.session();
        let first = tokio::time::timeout(options.connect_timeout, async {
            let mut connection = PgConnection::connect_with(&session)
                .await
                .map_err(|error| PostgresError::database(&server, error))?;
            check(&mut connection, &server).await?;
            check_login(&mut connection, &server).await?;
            let _ = connection.close().await;
            Ok(())
        });
        first.await.unwrap_or_else(|_| {
            let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
            Err(PostgresError::database(&server, late.into()))
        })?;
        Ok(Self::lazy(options, options.pool_size))
    }

    /// Connects when it is used.
    pub(super) fn lazy(options: &PostgresOptions, size: u32) -> Self {
        let (refused, broken) = (Arc::default(), Arc::default());
        Self {
            pool: pool(options, size, &refused, &broken),
            request_timeout: options.request_timeout(),
            refused,
            broken,
            stopped: Arc::default(),
        }
    }

    /// When a request that begins now ends at the latest.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.request_timeout
    }

    /// Runs statements on one connection. The outcome of a write is unknown after an error of the
    /// connection.
    pub(super) async fn run<T>(
        &self,
        run: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        self.run_until(self.deadline(), run).await
    }

    /// Like [`Self::run`], until the deadline.
    pub(super) async fn run_until<T>(
        &self,
        deadline: Instant,
        run: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let connection = tokio::time::timeout_at(deadline.into(), self.pool.acquire()).await;
        let mut held = Held(Some(connection.unwrap_or(Err(sqlx::Error::PoolTimedOut))?));
        let Some(connection) = held.0.as_mut() else { return Err(sqlx::Error::PoolClosed) };
        let done = tokio::time::timeout_at(deadline.into(), run(connection)).await;
        let done =
            done.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()));
        if done.as_ref().is_err_and(|error| classify(error) == Failure::Connection) {
            // Its siblings probably ended with it: each is tested before it is used again.
            *self.broken.lock() = Some(Instant::now());
        } else {
            // After an error of the server the drop of the transaction has rolled it back.
            drop(held.0.take());
        }
        done
    }

    /// The error for a failed statement on the tables of this name.
    pub(super) fn failed(&self, store: &str, error: sqlx::Error) -> LogError {
        let waited = matches!(error, sqlx::Error::PoolTimedOut);
        let mut error = failed(store, error);
        match &mut error {
            LogError::Stopped { why, .. } => {
                let mut stopped = self.stopped.lock();
                let since = stopped.as_ref().map_or_else(Instant::now, |(_, since)| *since);
                *stopped = Some((why.clone(), since));
            }
            LogError::Unavailable { reason, .. } if waited => {
                if let Some(why) = &*self.refused.lock() {
                    *reason = format!("{reason}: {why}");
                }
            }
            _ => {}
        }
        error
    }

    /// Notes that a write succeeded.
    pub(super) fn written(&self) {
        if let Some((why, since)) = self.stopped.lock().take() {
            let after_ms = since.elapsed().as_millis() as u64;
            tracing::warn!(why, after_ms, "the database is written again");
        }
    }

    /// Why writes are refused.
    pub(super) fn stopped(&self) -> Option<Stopped> {
        self.stopped.lock().as_ref().map(|(why, since)| Stopped {
            why: why.clone(),
            lasted: since.elapsed(),
            recovers: true,
        })
    }
}

/// Runs a read; again if its connection was closed, as after a restart of the server. A macro,
/// because the future of an `AsyncFn` that borrows is not `Send` for every lifetime.
macro_rules! read {
    ($database:expr, $run:expr) => {
        $crate::postgres::connect::again!($database, $crate::postgres::connect::is_closed, $run)
    };
}

/// Runs a transaction; again if the server rolled it back because of another one.
macro_rules! transact {
    ($database:expr, $run:expr) => {
        $crate::postgres::connect::again!(
            $database,
            $crate::postgres::connect::is_rolled_back,
            $run
        )
    };
}

macro_rules! again {
    ($database:expr, $when:path, $run:expr) => {{
        let (deadline, mut tries) = ($database.deadline(), 1);
        loop {
            match $database.run_until(deadline, $run).await {
                Err(error) if tries < $crate::postgres::connect::MAX_TRIES && $when(&error) => {
                    tries += 1;
                }
                done => break done,
            }
        }
    }};
}

pub(super) use {again, read, transact};

/// Whether the server rolled a transaction back because of another one.
pub(super) fn is_rolled_back(error: &sqlx::Error) -> bool {
    classify(error) == Failure::Rollback
}

/// Whether the connection was closed before or while the statement ran; not a timeout.
pub(super) fn is_closed(error: &sqlx::Error) -> bool {
    let late = matches!(error, sqlx::Error::Io(error)
        if error.kind() == std::io::ErrorKind::TimedOut);
    classify(error) == Failure::Connection && !late
}

/// A pool whose connections are all checked, because the server behind an address may change.
pub(super) fn pool(
    options: &PostgresOptions,
    size: u32,
    refused: &Arc<Mutex<Option<String>>>,
    broken: &Arc<Mutex<Option<Instant>>>,
) -> PgPool {
    let (server, refused, broken) = (options.server(), Arc::clone(refused), Arc::clone(broken));
    PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(options.connect_timeout)
        .max_lifetime(Duration::from_secs(3600))
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            let suspect = broken.lock().is_some_and(|at| at.elapsed() < meta.idle_for);
            Box::pin(async move {
                if !suspect && meta.idle_for < TEST_AFTER_IDLE {
                    return Ok(true);
                }
                let answered = tokio::time::timeout(TEST_AFTER_IDLE, connection.ping()).await;
                Ok(matches!(answered, Ok(Ok(()))))
            })
        })
        .after_connect(move |connection, _| {
            let (server, refused) = (server.clone(), Arc::clone(&refused));
            Box::pin(async move {
                let checked = check(connection, &server).await;
                *refused.lock() = checked.as_ref().err().map(ToString::to_string);
                checked.map_err(|error| sqlx::Error::Configuration(Box::new(error)))
            })
        })
        .connect_lazy_with(options.session())
}

/// Checks the version, the settings and the tables of a server.
async fn check(connection: &mut PgConnection, server: &str) -> Result<(), PostgresError> {
    let found = ServerSettings::read(&mut *connection).await;
    found.map_err(|error| PostgresError::database(server, error))?.check(server)?;
    check_version(connection, server).await
}

/// Checks that the login may write; warns if it may do more.
async fn check_login(connection: &mut PgConnection, server: &str) -> Result<(), PostgresError> {
    let login = login(connection).await.map_err(|error| PostgresError::database(server, error))?;
    if !login.may_write {
        return Err(PostgresError::NoWriter { server: server.to_owned(), login: login.name });
    }
    if login.may_alter {
        tracing::warn!(
            login = login.name,
            "this login of the database may alter its tables and triggers: use \
            one that is a member of claimledger_writer alone"
        );
    }
    Ok(())
}
