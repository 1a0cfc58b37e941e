//! A node of a cluster, and what the nodes share.

use crate::{
    faults::{Call, Fault, Faults},
    store::{Appended, Event, Expected, Read, Store},
};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// What the nodes of a cluster share.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) store: Mutex<Store>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) settings: Mutex<Settings>,
    appends: AtomicU64,
    reads: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) version: String,
    /// The value of the header `authorization` that is needed.
    pub(crate) authorization: Option<String>,
    /// The ports of the nodes, and whether each runs.
    pub(crate) nodes: BTreeMap<u16, bool>,
    pub(crate) leader: u16,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let settings = Settings {
            version: "26.0.3".to_owned(),
            authorization: None,
            nodes: BTreeMap::new(),
            leader: 0,
        };
        Self {
            store: Mutex::default(),
            faults: Mutex::default(),
            settings: Mutex::new(settings),
            appends: AtomicU64::new(0),
            reads: AtomicU64::new(0),
        }
    }

    pub(crate) fn calls(&self, call: Call) -> u64 {
        self.counter(call).load(Relaxed)
    }

    fn counter(&self, call: Call) -> &AtomicU64 {
        match call {
            Call::Append => &self.appends,
            Call::Read => &self.reads,
        }
    }
}

/// One node.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) port: u16,
}

impl Node {
    /// Whether a call is answered; else the port of the leader, or none if the caller is unknown.
    pub(crate) fn admit(
        &self,
        authorization: Option<&str>,
        requires_leader: Option<&str>,
    ) -> Result<(), Option<u16>> {
        let settings = self.cluster.settings.lock();
        if settings.authorization.is_some() && settings.authorization.as_deref() != authorization {
            return Err(None);
        }
        if requires_leader == Some("true") && settings.leader != self.port {
            return Err(Some(settings.leader));
        }
        Ok(())
    }

    pub(crate) fn next_fault(&self, call: Call) -> Option<Fault> {
        self.cluster.counter(call).fetch_add(1, Relaxed);
        self.cluster.faults.lock().take(call)
    }

    pub(crate) fn append(&self, stream: &str, expected: Expected, events: Vec<Event>) -> Appended {
        self.cluster.store.lock().append(stream, expected, events)
    }

    pub(crate) fn read(
        &self,
        stream: &str,
        from: Option<u64>,
        backwards: bool,
        count: u64,
    ) -> Read {
        self.cluster.store.lock().read(stream, from, backwards, count)
    }

    /// Port, whether it leads, and whether it runs.
    pub(crate) fn members(&self) -> Vec<(u16, bool, bool)> {
        let settings = self.cluster.settings.lock();
        let leader = settings.leader;
        settings.nodes.iter().map(|(port, runs)| (*port, *port == leader, *runs)).collect()
    }

    pub(crate) fn version(&self) -> String {
        self.cluster.settings.lock().version.clone()
    }
}
