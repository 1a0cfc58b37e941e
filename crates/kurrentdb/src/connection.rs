//! The connection: a client that is replaced when it dies, and calls that always end.
//!
//! The client does not recover by itself: any error while it connects ends it permanently, and when
//! the leader dies it keeps the dead connection. So after such an error it is dropped, and the next
//! call makes another one, which asks the cluster for its leader again.

use crate::{
    failure::{Classified, Failure, classify},
    options::{Target, is_loopback},
};
use eventstore::{AppendToStreamOptions, Client, Error, ReadStreamOptions};
use std::{
    future::Future,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, sleep_until, timeout},
};

/// Servers from these versions on send no wrong checkpoints.
const NEEDED: [Version; 2] = [(24, 10, 5), (25, 0, 1)];
/// Pause before a client is made again after a failure; it doubles.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
/// Maximum pause before a client is made again.
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// The client in use. A later one has a higher number.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) number: u64,
    pub(crate) version: Version,
    client: Client,
}

/// When the next client may be made.
struct Backoff {
    /// The number of the last session.
    number: u64,
    not_before: Instant,
}

pub(crate) struct Connection {
    target: Target,
    attempt_timeout: Duration,
    session: parking_lot::Mutex<Option<Session>>,
    /// Held while connecting: one caller connects, the others wait for its result.
    connecting: Mutex<Backoff>,
    /// Clients made since the last answer.
    failures: AtomicU32,
}

/// When a call of the log must have ended.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Waits, unless the deadline comes first.
    pub(crate) async fn pause(self, duration: Duration) -> bool {
        if self.left() <= duration {
            return false;
        }
        sleep(duration).await;
        true
    }
}

/// A client, and the options of a call that are the same for each.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) client: Client,
    target: Target,
    limit: Duration,
}

impl Caller {
    pub(crate) fn reading(&self) -> ReadStreamOptions {
        let options = ReadStreamOptions::default().deadline(self.limit);
        match &self.target.credentials {
            Some(credentials) => options.authenticated(credentials.clone()),
            None => options,
        }
    }

    pub(crate) fn appending(&self) -> AppendToStreamOptions {
        let options = AppendToStreamOptions::default().deadline(self.limit);
        match &self.target.credentials {
            Some(credentials) => options.authenticated(credentials.clone()),
            None => options,
        }
    }
}

impl Connection {
    pub(crate) fn new(target: Target, attempt_timeout: Duration) -> Self {
        Self {
            target,
            attempt_timeout,
            session: parking_lot::Mutex::default(),
            connecting: Mutex::new(Backoff { number: 0, not_before: Instant::now() }),
            failures: AtomicU32::new(0),
        }
    }

    /// The session in use, or another one if it died.
    pub(crate) async fn session(&self, deadline: Deadline) -> Result<Session, Failure> {
        if let Some(session) = self.current() {
            return Ok(session);
        }
        let late = || Failure::NotDone("KurrentDB could not be reached in time".to_owned());
        timeout(deadline.left(), self.connect()).await.map_err(|_| late())?
    }

    fn current(&self) -> Option<Session> {
        self.session.lock().clone()
    }

    async fn connect(&self) -> Result<Session, Failure> {
        let mut backoff = self.connecting.lock().await;
        if let Some(session) = self.current() {
            return Ok(session);
        }
        sleep_until(backoff.not_before).await;
        // Counted before the attempt, so that one that is cancelled delays the next one too.
        let failures = self.failures.fetch_add(1, Relaxed);
        let pause = FIRST_BACKOFF * 2_u32.saturating_pow(failures.min(8));
        backoff.not_before = Instant::now() + pause.min(MAX_BACKOFF);
        let (client, version) = self.client().await?;
        backoff.number += 1;
        let session = Session { number: backoff.number, client, version };
        *self.session.lock() = Some(session.clone());
        Ok(session)
    }

    async fn client(&self) -> Result<(Client, Version), Failure> {
        let settings = self.target.settings.clone();
        let runtime = tokio::runtime::Handle::current();
        // It reads files, and panics at one with certificates that do not read.
        let made = tokio::task::spawn_blocking(move || {
            Client::with_runtime_handle(runtime, settings).map_err(|error| error.to_string())
        });
        let client = match made.await {
            Ok(Ok(client)) => client,
            Ok(Err(why)) => return Err(Failure::Refused(format!("TLS settings: {why}"))),
            Err(_) => {
                let why = "the file with the certificates of the authority does not read";
                return Err(Failure::Refused(why.to_owned()));
            }
        };
        let info = match timeout(self.attempt_timeout, client.server_info()).await {
            Ok(Ok(info)) => info,
            Ok(Err(error)) => {
                return Err(Failure::NotDone(format!("KurrentDB is not reachable: {error}")));
            }
            Err(_) => {
                return Err(Failure::NotDone("KurrentDB is not reachable: no answer".to_owned()));
            }
        };
        let version = info.version();
        let version = (version.major(), version.minor(), version.patch());
        check_version(version)?;
        Ok((client, version))
    }

    /// Calls the server once, and replaces the client if it died. The call runs as its own task, so
    /// that a panic of the client is an error, and it ends when the caller stops waiting too.
    pub(crate) async fn call<T, F>(
        &self,
        session: &Session,
        deadline: Deadline,
        call: impl FnOnce(Caller) -> F,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Called>> + Send + 'static,
    {
        let limit = self.attempt_timeout.min(deadline.left());
        if limit.is_zero() {
            return Err(Failure::NotDone("KurrentDB did not answer in time".to_owned()));
        }
        let caller = Caller { client: session.client.clone(), target: self.target.clone(), limit };
        let classified = match tokio::spawn(timeout(limit, call(caller))).await {
            Ok(Ok(Ok(answer))) => {
                self.answered(session);
                return Ok(answer);
            }
            Ok(Ok(Err(Called::Client(error)))) => classify(error),
            Ok(Ok(Err(Called::Answer(why)))) => Classified::unusable(why, false),
            Ok(Err(_)) => classify(Error::DeadlineExceeded),
            Err(_) => Classified::unusable("the client of KurrentDB panicked".to_owned(), true),
        };
        // The client goes to the leader that a node names. Where passwords are not encrypted, it
        // may do so on this machine only.
        let strays = self.target.plain
            && classified.leader.as_ref().is_some_and(|leader| !is_loopback(&leader.host));
        if classified.reconnect || strays {
            self.lost(session, &classified.failure);
        } else if !classified.failure.is_temporary() {
            self.answered(session);
        }
        Err(classified.failure)
    }

    fn answered(&self, session: &Session) {
        if self.current().is_some_and(|current| current.number == session.number) {
            self.failures.store(0, Relaxed);
        }
    }

    fn lost(&self, session: &Session, failure: &Failure) {
        let mut current = self.session.lock();
        if current.as_ref().is_some_and(|current| current.number == session.number) {
            tracing::warn!(?failure, "the client of KurrentDB is replaced");
            *current = None;
        }
    }

    /// Drops the client, so that the next call finds the leader again.
    pub(crate) fn reconnect(&self) {
        *self.session.lock() = None;
    }

    /// Repeats a call until it succeeds, fails for good, or the deadline comes.
    pub(crate) async fn repeat<T, F>(
        &self,
        deadline: Deadline,
        call: impl Fn(Caller) -> F,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Called>> + Send + 'static,
    {
        let mut wait = FIRST_BACKOFF;
        loop {
            let failure = match self.session(deadline).await {
                Ok(session) => match self.call(&session, deadline, &call).await {
                    Ok(answer) => return Ok(answer),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            if !failure.is_temporary() || !deadline.pause(wait).await {
                return Err(failure);
            }
            wait = (wait * 2).min(MAX_BACKOFF);
        }
    }
}

impl Classified {
    fn unusable(why: String, reconnect: bool) -> Self {
        Self { failure: Failure::Unknown(why), reconnect, leader: None }
    }
}

/// Why a call to the server failed.
pub(crate) enum Called {
    /// The client says so.
    Client(Error),
    /// The answer is not one that a server gives.
    Answer(String),
}

impl From<Error> for Called {
    fn from(error: Error) -> Self {
        Self::Client(error)
    }
}

pub(crate) type Version = (usize, usize, usize);

fn check_version(found: Version) -> Result<(), Failure> {
    let [old, new] = NEEDED;
    let line = (found.0, found.1);
    let is_good = if line == (old.0, old.1) { found >= old } else { found >= new };
    if is_good {
        return Ok(());
    }
    let show = |(major, minor, patch): Version| format!("{major}.{minor}.{patch}");
    Err(Failure::Refused(format!(
        "the server is version {}; needed is {} or later in 24.10, or {} or later",
        show(found),
        show(old),
        show(new)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_with_wrong_checkpoints_are_refused() {
        for good in [(24, 10, 5), (24, 10, 11), (25, 0, 1), (25, 1, 0), (26, 0, 0)] {
            assert!(check_version(good).is_ok(), "{good:?}");
        }
        for bad in [(0, 0, 0), (5, 0, 8), (23, 10, 9), (24, 10, 4), (24, 11, 0), (25, 0, 0)] {
            let Err(Failure::Refused(why)) = check_version(bad) else { panic!("{bad:?}") };
            assert!(why.contains(&format!("version {}.{}.{}", bad.0, bad.1, bad.2)), "{why}");
            assert!(why.contains("24.10.5") && why.contains("25.0.1"), "{why}");
        }
    }
}
