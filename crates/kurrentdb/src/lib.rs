//! The log on KurrentDB: nothing else of a ledger is stored there.
//!
//! What it is: [`KurrentLog`], which implements [`claimledger_ledger::log::Log`] on one stream per
//! tenant. A record's position is its event's revision. The client is the official one, the package
//! `kurrentdb`, imported under the name `eventstore`: the package of that name is frozen.
//!
//! What it is not: keys, credentials, read models and shared state are stored elsewhere. It decides
//! nothing about records (that is `claimledger_ledger::sequencer`), uses no projection and no
//! subscription of the server, and chooses no nodes: the composition of a cluster is the program's.
//!
//! **Nothing here has been run against a KurrentDB server.** The tests run against
//! `claimledger-kurrentdb-double`, which we wrote from the server's source and documentation. It
//! shows that the adapter does what it is meant to with the answers that we expect, not that a
//! server gives them. `CLAIMLEDGER_TEST_KURRENTDB_URL=… cargo test -p claimledger-kurrentdb --test
//! server` runs the conformance suite against a server.
//!
//! # Recipe
//! ```no_run
//! # async fn example() -> Result<(), claimledger_kurrentdb::ConnectError> {
//! use claimledger_kurrentdb::{KurrentLog, KurrentOptions};
//! let url = "kurrentdb://node-1:2113,node-2:2113,node-3:2113?tlsCaFile=/etc/claimledger/ca.pem";
//! let mut options = KurrentOptions::new(url, "ledger");
//! options.username_file = Some("/run/secrets/kurrentdb-user".into());
//! options.password_file = Some("/run/secrets/kurrentdb-password".into());
//! let log = KurrentLog::connect(options).await?;
//! # drop(log);
//! # Ok(())
//! # }
//! ```
//! The access log is another `KurrentLog`, with the prefix `access`.
//!
//! # Streams
//! - `ledger-<tenant>`: the records. A tenant's name is percent-encoded beyond letters, digits,
//!   `.`, `-` and `_`.
//! - `ledger_removed-<tenant>`: removals of bodies, applied to what is read. **The bytes of a
//!   removed body stay on the server**, which cannot delete from the middle of a stream: erasure
//!   and retention must destroy the key that they are sealed under. All removals are in memory.
//! - `ledger_tenants`: the tenants. A tenant is in it before its stream is created.
//!
//! On creation a stream gets an access control list by which only `$admins` delete it or change its
//! metadata. What remains: administrators may; a server without authentication applies no list; and
//! operators may truncate the database as a whole. A stream whose metadata makes the server remove
//! events (`$maxCount`, `$maxAge`, `$tb`), that has a gap, or that is shorter than this process
//! knew it, is `Corrupt`. What an earlier process knew is in read models and signed checkpoints.
//!
//! # Failures
//! Every call ends by [`KurrentOptions::deadline`]. An append whose outcome is unknown is looked
//! for by reading, and repeated with the same event ids at the same revision. What remains unknown
//! at the deadline is `Unavailable`, and the sequencer determines it.

#![forbid(unsafe_code)]

mod appends;
mod codec;
mod connection;
mod failure;
mod inner;
mod log;
mod options;
mod removals;
mod requests;
mod streams;
mod tenants;
mod wake_up;

pub use log::{ConnectError, KurrentLog};
pub use options::{KurrentOptions, OptionsError};
