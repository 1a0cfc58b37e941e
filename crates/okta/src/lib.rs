//! Polls an Okta org: its System Log, which is read by the link that Okta gives, and its
//! configuration, which the log does not carry.
//!
//! What was read goes through the ledger's intake like every other input; what the poller must
//! remember goes to the state store. Tokens are read where they are, sent, and written nowhere.
//!
//! | module | what it decides |
//! | --- | --- |
//! | `client` | a request: bounds, rate limits, attempts; with `link`, `rate`, `backoff` |
//! | `error` | what went wrong, in words that say what to do |
//! | `org`, `token` | where requests go, and what they carry |
//! | `log` | the order of reading and writing of the System Log, and what is said of the source |
//! | `page` | one page of it: asked for in smaller ones where it is too large |
//! | `look`, `endpoints` | what is asked of the configuration, and when |
//! | `window` | when an answer was true, by both clocks |
//! | `poller` | rounds, and the task that runs them |
//! | `source`, `progress`, `states` | what is stored |
//! | `probe`, `status` | what a token may read, and what is wrong |

mod backoff;
mod client;
mod endpoints;
mod error;
mod intake;
mod link;
mod log;
mod look;
mod org;
mod page;
mod poller;
mod probe;
mod progress;
mod rate;
mod source;
mod span;
mod states;
mod status;
mod token;
mod window;

pub use backoff::Backoff;
pub use client::{Client, ClientOptions, Surroundings};
pub use error::{ApiError, Said};
pub use intake::{AppIntake, Intake, IntakeError, Kind, NotRead, Taken};
pub use org::{Org, OrgError};
pub use poller::{PollError, Poller};
pub use probe::{Probed, probe};
pub use progress::{Access, Counts, Failure, Progress, Report, Silence, Start, Unread, Waiting};
pub use source::{RETENTION, Source, SourceError, Sources, Vendor};
pub use span::Span;
pub use states::States;
pub use status::{troubles, unread};
pub use token::{Token, TokenError, TokenPlace};
pub use window::Apart;
