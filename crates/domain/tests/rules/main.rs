//! The rules, one short scenario a reading. Numbers are those of the settled readings that
//! [`claimledger_domain`] cites.

mod falsifiers;
mod given;

mod accepted_content;
mod accounts;
mod belief;
mod between_looks;
mod changes;
mod claims;
mod completeness;
mod decisions;
mod dependants;
mod explained;
mod facts;
#[path = "../../../../tests/support/fixture.rs"]
mod files;
mod fixture;
mod grades;
mod guard;
mod held_under;
mod keys;
mod open_starts;
mod unread;

mod change_points;
mod lifetimes;
mod links;
mod mixtures;
mod order;
mod outlived;
mod people;
mod rehearse;
mod rehearsed_changes;
mod saved;
mod saves;
mod session_list;
mod sessions;
mod sets;
mod sharing;
mod silence;
#[path = "../support/mod.rs"]
mod support;
mod timeline;
