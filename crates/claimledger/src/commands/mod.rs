//! One file a command.

pub(crate) mod bench;
pub(crate) mod change;
pub(crate) mod decisions;
pub(crate) mod demo;
pub(crate) mod history;
pub(crate) mod ingest;
pub(crate) mod init;
pub(crate) mod questions;
pub(crate) mod reached;
pub(crate) mod record;
pub(crate) mod rehearse;
pub(crate) mod serve;
pub(crate) mod sets;
pub(crate) mod upkeep;
pub(crate) mod watch;
