//! One file per command; `question` and `rendering` hold what they share.

pub(crate) mod belief_diff;
pub(crate) mod bench;
pub(crate) mod chain;
pub(crate) mod completeness;
pub(crate) mod configuration;
pub(crate) mod decisions;
pub(crate) mod demo;
pub(crate) mod dependants;
pub(crate) mod find;
pub(crate) mod first_seen;
pub(crate) mod held_under;
pub(crate) mod ingest;
pub(crate) mod init;
pub(crate) mod maintenance;
pub(crate) mod outlived;
mod question;
pub(crate) mod record;
pub(crate) mod rehearse;
mod rendering;
pub(crate) mod reused;
pub(crate) mod serve;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod shell;
pub(crate) mod timeline;
pub(crate) mod watch;
pub(crate) mod why;
