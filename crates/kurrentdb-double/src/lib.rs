//! A server that speaks KurrentDB's client protocol, for tests. It is never in the program.
//!
//! What it is: the calls that our adapter makes (append to a stream, read a stream, gossip, server
//! features), over streams in memory, with the server's rules for appends ([`Double`]), and with
//! faults that a test asks for ([`Fault`]).
//!
//! What it is not: proof about KurrentDB. It was written from the server's source and documentation
//! and answers as we understood them. It serves no TLS, no `$all`, no subscriptions, no batch
//! append and no projections, and applies no access control lists.
//!
//! # To add a call
//! 1. Its messages in `messages.rs`, with the field numbers of the protocol.
//! 2. Its rules in `store.rs`, with a test; its service in `calls.rs`; its path in `server.rs`.

mod calls;
mod faults;
mod messages;
mod node;
mod quick_ack;
mod server;
mod store;

pub use faults::{Call, Fault};

use node::{Cluster, Node};
use parking_lot::Mutex;
use server::Connections;
use std::sync::Arc;
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A node on a port of loopback. Dropping it stops it.
#[derive(Debug)]
pub struct Double {
    node: Arc<Node>,
    stop: CancellationToken,
    connections: Connections,
}

/// All streams at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot(Store);

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its revision.
    pub revision: u64,
    /// Its id.
    pub id: Uuid,
    /// Its type.
    pub kind: String,
    /// Its metadata.
    pub metadata: Vec<u8>,
    /// Its data.
    pub data: Vec<u8>,
}

impl Double {
    /// Starts a cluster of one node, which is its leader.
    ///
    /// # Panics
    /// If no port can be bound.
    pub async fn start() -> Self {
        let double = Self::bind(Arc::new(Cluster::new()), 0).await;
        double.lead();
        double
    }

    /// Starts another node of the same cluster. It follows.
    ///
    /// # Panics
    /// If no port can be bound.
    pub async fn join(&self) -> Self {
        Self::bind(Arc::clone(&self.node.cluster), 0).await
    }

    async fn bind(cluster: Arc<Cluster>, port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        let port = listener.local_addr().expect("a bound port").port();
        cluster.settings.lock().nodes.insert(port, true);
        let node = Arc::new(Node { cluster, port });
        let stop = CancellationToken::new();
        let connections = Connections::new(Mutex::new(stop.child_token()));
        let serving = (Arc::clone(&node), stop.clone(), Arc::clone(&connections));
        tokio::spawn(server::serve(listener, serving.0, serving.1, serving.2));
        Self { node, stop, connections }
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.node.port
    }

    /// A connection string.
    #[must_use]
    pub fn url(&self) -> String {
        format!("kurrentdb://127.0.0.1:{}?tls=false", self.port())
    }

    /// Makes this node the leader.
    pub fn lead(&self) {
        self.node.cluster.settings.lock().leader = self.port();
    }

    /// Stops the node: its port is free, and all of its connections are closed.
    pub fn stop(&self) {
        self.stop.cancel();
        self.node.cluster.settings.lock().nodes.insert(self.port(), false);
    }

    /// Closes the connections that are open; the node goes on.
    pub fn close_connections(&self) {
        let mut connections = self.connections.lock();
        connections.cancel();
        *connections = self.stop.child_token();
    }

    /// Stops the node if it runs, and starts it on the same port with the same streams.
    ///
    /// # Panics
    /// If another process took the port.
    pub async fn restart(&mut self) {
        self.stop();
        let port = self.port();
        while TcpListener::bind(("127.0.0.1", port)).await.is_err() {
            tokio::task::yield_now().await;
        }
        self.node.cluster.store.lock().restarted();
        *self = Self::bind(Arc::clone(&self.node.cluster), port).await;
    }

    /// Makes a fault happen to the next calls.
    pub fn inject(&self, call: Call, fault: Fault, times: u32) {
        self.inject_after(0, call, fault, times);
    }

    /// Makes a fault happen after some calls that are answered.
    pub fn inject_after(&self, answered: u32, call: Call, fault: Fault, times: u32) {
        self.node.cluster.faults.lock().add(call, answered, fault, times);
    }

    /// Cuts connections at random, before or after a call was done: on average at every eighth
    /// call, this many times.
    pub fn cut_at_random(&self, seed: u64, count: u32) {
        self.node.cluster.faults.lock().cut(seed, count);
    }

    /// Cuts that are left.
    #[must_use]
    pub fn cuts_left(&self) -> u32 {
        self.node.cluster.faults.lock().cuts()
    }

    /// Removes the faults that did not happen yet.
    pub fn heal(&self) {
        self.node.cluster.faults.lock().clear();
    }

    /// Calls so far.
    #[must_use]
    pub fn calls(&self, call: Call) -> u64 {
        self.node.cluster.calls(call)
    }

    /// Sets the version that the server says it has. It starts as 26.0.3.
    pub fn set_version(&self, version: &str) {
        version.clone_into(&mut self.node.cluster.settings.lock().version);
    }

    /// Refuses calls on streams without this value of the header `authorization`.
    pub fn require(&self, authorization: &str) {
        self.node.cluster.settings.lock().authorization = Some(authorization.to_owned());
    }

    /// Keeps all streams.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.node.cluster.store.lock().clone())
    }

    /// Puts all streams back, as a restored backup does.
    pub fn restore(&self, snapshot: &Snapshot) {
        *self.node.cluster.store.lock() = snapshot.0.clone();
    }

    /// Writes the metadata of a stream.
    pub fn set_metadata(&self, stream: &str, json: &str) {
        self.node.cluster.store.lock().set_metadata(stream, json);
    }

    /// Deletes a stream permanently.
    pub fn tombstone(&self, stream: &str) {
        self.node.cluster.store.lock().bury(stream);
    }

    /// All events of a stream, as they are stored. `$$` and a name is the stream of its metadata.
    #[must_use]
    pub fn events(&self, stream: &str) -> Vec<StoredEvent> {
        let store = self.node.cluster.store.lock();
        let event = |stored: &store::Stored| StoredEvent {
            revision: stored.revision,
            id: stored.event.id,
            kind: stored.event.system.get("type").cloned().unwrap_or_default(),
            metadata: stored.event.metadata.to_vec(),
            data: stored.event.data.to_vec(),
        };
        store.events(stream).iter().map(event).collect()
    }

    /// The names of all streams.
    #[must_use]
    pub fn streams(&self) -> Vec<String> {
        self.node.cluster.store.lock().names().cloned().collect()
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
