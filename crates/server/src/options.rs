//! How the server runs.

use std::time::Duration;

/// What can be set.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Whether it is reached on loopback only, with no proxy in front: then cookies may travel
    /// without TLS.
    pub is_local: bool,
    /// Whether the schema can be asked for. Off unless the server is local or somebody wants it.
    pub introspection: bool,
    /// Questions a credential may ask, by GraphQL and pages.
    pub rate: Rate,
    /// Requests with facts a credential may send.
    pub facts_rate: Rate,
    /// The most a GraphQL request may cost.
    pub max_cost: u64,
    /// How long one request may take, reading its body included.
    pub request_timeout: Duration,
    /// How long the head of a request may take. It also bounds how long a connection may idle.
    pub head_timeout: Duration,
    /// Subscriptions at once, of one credential.
    pub subscriptions_of_one: usize,
    /// Subscriptions at once, of all.
    pub subscriptions: usize,
    /// A subscription that has nothing to tell says so this often; and is ended if its credential
    /// is of no use any more.
    pub heartbeat: Duration,
    /// Maximum connections at once; lower where the process may not open as many files. One more
    /// takes the place of the one that has been idle longest.
    pub max_connections: usize,
}

/// So many a second, and so many at once after a rest. At least one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// A second.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            is_local: true,
            introspection: true,
            rate: Rate { per_second: 50, burst: 200 },
            facts_rate: Rate { per_second: 2_000, burst: 4_000 },
            max_cost: crate::graphql::limits::DEFAULT_MAX_COST,
            request_timeout: Duration::from_secs(30),
            head_timeout: Duration::from_secs(10),
            subscriptions_of_one: 20,
            subscriptions: 200,
            heartbeat: Duration::from_secs(15),
            max_connections: 1_024,
        }
    }
}
