//! In-memory engines for tests and benches. Nothing is durable; otherwise they pass the same
//! conformance suites as any other engine.

mod access;
mod keys;
mod log;
mod state;
mod tree;
mod views;

pub use access::MemoryAccessIndex;
pub use keys::MemoryKeys;
pub use log::MemoryLog;
pub use state::MemoryState;
pub use tree::{MemoryCheckpoints, MemoryTiles};
pub use views::MemoryIndex;
