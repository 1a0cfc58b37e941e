//! The HTTP endpoints: GraphQL, `POST /v1/facts`, pages, sign-in, health, and the limits around
//! them.
//!
//! **What it is.** A thin shell over [`claimledger_app::app::App`]: it finds out who calls, refuses
//! what is too much, hands the question on, and writes the answer down as JSON or HTML. The tenant
//! comes from the credential and from nowhere else.
//!
//! **What it is not.** It decides nothing about what facts mean, opens no engine and reads no
//! clock: T and K of an answer are the app's. It has no mutations, no script that a page needs, and
//! no address that changes anything but by `POST /v1/facts` and sign-in.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`graphql`] | schema, limits before execution, refusals |
//! | `http` | facts, credentials, subscriptions, health, headers, the connection loop |
//! | `pages` | one file a page, and the frame around them |
//! | `timeline` | the figure and its table, from one list of items |
//!
//! # How to add a query
//!
//! 1. Add the use case to the app. Add its types to `graphql/types/` (answers to
//!    `graphql/answers.rs`), with a doc comment each: it becomes the schema's description. Every
//!    answer carries `answered`, `completeness` and `status`.
//! 2. Add the resolver to `graphql/query.rs`. A list takes `first` and `after`, and
//!    `complexity = "connection_cost(first, child_complexity)"`; a list inside a row
//!    `complexity = "list_cost(child_complexity)"`. What several rows need goes through a loader.
//! 3. `UPDATE_SCHEMA=1 cargo test -p claimledger-server` rewrites `schema/graphql/schema.graphql`;
//!    commit it.
//!
//! # How to add a page
//!
//! 1. A file in `pages` with one handler, which takes a `Reader`: the caller is authenticated by
//!    then. It reads its parameters (names as in GraphQL), asks the app at `parameters.cut()`, and
//!    makes a `PinnedPage` of the answer. What its `instead` has is answered in place of the page:
//!    303 to the pinned address when T, K or R is absent. `show` takes what belongs into `<main>`
//!    and what stands outside, and adds the strip. `pages/first_seen.rs` is an example.
//! 2. Text from outside goes through `text` and nothing else. No `style=`, no inline script,
//!    no class or id made from an id of outside.
//! 3. Add the route below and the link in `frame`. It must work without script.

mod cut_names;
pub mod export;
mod filters;
pub mod graphql;
mod http;
mod known_at;
mod listen;
mod options;
mod pages;
mod parameters;
mod record;
mod recording;
mod router;
mod text;
mod timeline;
mod times;
pub mod unseen;

pub use listen::{ListenError, may_listen, serve};
pub use options::{Rate, ServerOptions};

use claimledger_app::app::App;

/// Everything the server answers, as one router.
pub fn router(app: App, options: ServerOptions) -> axum::Router {
    router::router(app, options, tokio_util::sync::CancellationToken::new())
}

/// The GraphQL schema, as it is committed in `schema/graphql/schema.graphql`.
#[must_use]
pub fn sdl() -> String {
    graphql::sdl()
}
