//! Connections: how many there may be, and which one gives up its place when one more comes.
//!
//! A connection costs a client nothing to hold, so held ones must not keep others out. Where all
//! places are taken, the one that has been idle longest is closed; after that, one whose client has
//! not moved for a while, in the middle of sending a body or of reading an answer. A request that
//! is being worked on is never cut off.

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::Instant,
};

/// A client that moves within this time is not slow: it keeps its place in the middle of a body or
/// an answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a full table is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Files that are not for connections: the databases', and what they open for a moment.
const FILES_KEPT: usize = 192;
/// Connections that there can be, however few files the process may open.
const AT_LEAST: usize = 16;

/// What a connection is doing, in the order in which connections are closed for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Between requests, or in the head of one.
    Idle,
    /// A request's body is being received.
    Receiving,
    /// An answer is being sent.
    Sending,
    /// A request is being worked on.
    Working,
}

/// How a connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// No answer can be in progress: at once.
    Now,
    /// The end of an answer may still be in its buffer.
    Flushed,
}

struct Entry {
    phase: Phase,
    since: Instant,
    /// Whether it ever had an answer.
    served: bool,
    end: oneshot::Sender<Ending>,
}

/// All connections.
pub(crate) struct Connections {
    places: Arc<Semaphore>,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    next: u64,
    open: HashMap<u64, Entry>,
}

/// One connection in the table. Its place is free again once this is dropped.
pub(crate) struct Connection {
    id: u64,
    connections: Arc<Connections>,
    _place: OwnedSemaphorePermit,
}

impl Connections {
    /// With a maximum of connections, lowered to the process's limit of open files.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        let max = open_files()
            .map_or(max, |files| max.min(files.saturating_sub(FILES_KEPT).max(AT_LEAST)))
            .max(1);
        Arc::new(Self { places: Arc::new(Semaphore::new(max)), entries: Mutex::default() })
    }

    /// A place for a connection that has been accepted, once there is one.
    pub(crate) async fn admit(self: &Arc<Self>) -> (Arc<Connection>, oneshot::Receiver<Ending>) {
        let place = loop {
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                break place;
            }
            self.take_one_back(Instant::now());
            // The connection that was closed gives its place back when its task ends; none may have
            // been closed.
            if let Ok(Ok(place)) =
                tokio::time::timeout(LOOK_AGAIN, Arc::clone(&self.places).acquire_owned()).await
            {
                break place;
            }
        };
        let (end, ends) = oneshot::channel();
        let mut entries = self.entries.lock();
        entries.next += 1;
        let id = entries.next;
        entries
            .open
            .insert(id, Entry { phase: Phase::Idle, since: Instant::now(), served: false, end });
        (Arc::new(Connection { id, connections: Arc::clone(self), _place: place }), ends)
    }

    /// Closes the connection that can best be spared, if there is one.
    pub(crate) fn take_one_back(&self, now: Instant) {
        let mut entries = self.entries.lock();
        let spare = |entry: &Entry| match entry.phase {
            Phase::Idle => true,
            Phase::Receiving | Phase::Sending => now.duration_since(entry.since) >= PATIENCE,
            Phase::Working => false,
        };
        let found = entries
            .open
            .iter()
            .filter(|(_, entry)| spare(entry))
            .min_by_key(|(id, entry)| (entry.phase, entry.since, **id));
        let Some(id) = found.map(|(id, _)| *id) else { return };
        if let Some(Entry { phase, served, end, .. }) = entries.open.remove(&id) {
            let ending = if phase == Phase::Idle && served { Ending::Flushed } else { Ending::Now };
            // One that ends by itself at this moment needs no telling.
            let _ = end.send(ending);
        }
    }
}

impl Connection {
    /// A request has come. False: the place was given away before it did, so nothing of the request
    /// may be done.
    pub(crate) fn begin(&self, has_body: bool) -> bool {
        self.with(|entry| entry.go(if has_body { Phase::Receiving } else { Phase::Working }))
            .is_some()
    }

    /// Its answer begins.
    pub(crate) fn answer(&self) {
        self.with(|entry| entry.go(Phase::Sending));
    }

    /// Whether it is between requests.
    pub(crate) fn is_idle(&self) -> bool {
        self.with(|entry| entry.phase == Phase::Idle) == Some(true)
    }

    fn with<T>(&self, look: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        self.connections.entries.lock().open.get_mut(&self.id).map(look)
    }
}

impl Entry {
    fn go(&mut self, phase: Phase) {
        (self.phase, self.since) = (phase, Instant::now());
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.entries.lock().open.remove(&self.id);
    }
}

/// A body whose movements are noticed.
pub(crate) struct Watched<B> {
    body: B,
    connection: Arc<Connection>,
    /// The phase of which this body is the reason.
    phase: Phase,
}

impl<B> Watched<B> {
    /// A request's.
    pub(crate) const fn request(body: B, connection: Arc<Connection>) -> Self {
        Self { body, connection, phase: Phase::Receiving }
    }

    /// An answer's.
    pub(crate) const fn answer(body: B, connection: Arc<Connection>) -> Self {
        Self { body, connection, phase: Phase::Sending }
    }

    fn moved(&self, ended: bool) {
        self.connection.with(|entry| {
            if entry.phase != self.phase {
                return;
            }
            match (ended, self.phase) {
                (true, Phase::Sending) => {
                    entry.served = true;
                    entry.go(Phase::Idle);
                }
                (true, _) => entry.go(Phase::Working),
                (false, _) => entry.since = Instant::now(),
            }
        });
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(frame) = &polled {
            self.moved(!matches!(frame, Some(Ok(_))));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Watched<B> {
    fn drop(&mut self) {
        self.moved(true);
    }
}

/// How many files the process may have open, where the system tells it.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    soft_limit(&limits)
}

fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    // `unlimited` is no number, and no limit.
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_on_open_files_is_read() {
        let limits = "Limit                     Soft Limit           Hard \
                      Limit           Units     \n\
                      Max open \
                      files            1024                 524288               files     \n";
        assert_eq!(soft_limit(limits), Some(1024));
        assert_eq!(
            soft_limit("Max open files            unlimited            unlimited            files"),
            None
        );
        assert_eq!(soft_limit(""), None);
    }

    #[tokio::test]
    async fn the_longest_idle_gives_way_then_the_slow_and_never_work() {
        let connections = Connections::new(3);
        let (working, mut ends_working) = connections.admit().await;
        let (slow, mut ends_slow) = connections.admit().await;
        let (idle, mut ends_idle) = connections.admit().await;
        assert!(working.begin(false) && slow.begin(true) && idle.begin(false));
        idle.answer();
        drop(Watched::answer((), Arc::clone(&idle)));
        assert!(idle.is_idle());

        let later = Instant::now() + PATIENCE;
        connections.take_one_back(later);
        assert_eq!(ends_idle.try_recv(), Ok(Ending::Flushed));
        assert!(!idle.begin(false), "its place is gone");
        connections.take_one_back(later);
        assert_eq!(ends_slow.try_recv(), Ok(Ending::Now));
        connections.take_one_back(later);
        assert!(ends_working.try_recv().is_err());

        drop(idle);
        tokio::time::timeout(PATIENCE, connections.admit()).await.expect("a place is free again");
    }

    #[tokio::test]
    async fn a_client_that_moves_keeps_its_place() {
        let connections = Connections::new(1);
        let (receiving, mut ends) = connections.admit().await;
        assert!(receiving.begin(true));
        let body = Watched::request((), Arc::clone(&receiving));
        let moved = receiving.with(|entry| {
            entry.since -= PATIENCE;
            entry.since
        });
        body.moved(false);
        connections.take_one_back(moved.expect("it is open") + PATIENCE);
        assert!(ends.try_recv().is_err());
        // Its body has come: it is worked on, however long that takes.
        drop(body);
        connections.take_one_back(Instant::now() + PATIENCE * 10);
        assert!(ends.try_recv().is_err());
    }
}
