//! How the server runs.

use std::time::Duration;

/// Maximum cost of a request, unless the server sets another.
pub(crate) const DEFAULT_MAX_COST: u64 = 10_000;

/// What can be set.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Whether it is reached on loopback only, with no proxy in front: then cookies may travel
    /// without TLS.
    pub is_local: bool,
    /// Whether introspection is on. Off unless the server is local or it is asked for.
    pub introspection: bool,
    /// Questions a credential may ask, by GraphQL and pages.
    pub rate: Rate,
    /// Requests with facts a credential may send.
    pub facts_rate: Rate,
    /// Maximum cost of a GraphQL request.
    pub max_cost: u64,
    /// Maximum time of one request, including reading its body.
    pub request_timeout: Duration,
    /// Maximum time to read the head of a request, and so the maximum idle time of a connection.
    pub head_timeout: Duration,
    /// Maximum concurrent subscriptions of one credential.
    pub subscriptions_of_one: usize,
    /// Maximum concurrent subscriptions of the server.
    pub subscriptions: usize,
    /// Interval of heartbeats on an idle subscription. A subscription whose credential was revoked
    /// ends at one.
    pub heartbeat: Duration,
    /// Maximum concurrent connections, lowered to the process's limit of open files. A further
    /// connection replaces the one that has been idle longest.
    pub max_connections: usize,
}

/// A rate limit: requests a second, and the burst allowed after idle time. At least one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second.
    pub per_second: u32,
    /// Maximum requests at once.
    pub burst: u32,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            is_local: true,
            introspection: true,
            rate: Rate { per_second: 50, burst: 200 },
            facts_rate: Rate { per_second: 2_000, burst: 4_000 },
            max_cost: DEFAULT_MAX_COST,
            request_timeout: Duration::from_secs(30),
            head_timeout: Duration::from_secs(10),
            subscriptions_of_one: 20,
            subscriptions: 200,
            heartbeat: Duration::from_secs(15),
            max_connections: 1_024,
        }
    }
}
