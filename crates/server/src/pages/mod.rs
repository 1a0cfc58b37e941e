//! Pages: HTML made here, one stylesheet, one module of script that only makes quicker what works
//! without it.
//!
//! A view is an address with its whole state: without T, K or R it answers 303 to the pinned one.
//! Ids stand in the query, never in the path. How a page begins is in `reader`, what a page of one
//! answer does with T, K and R in `pinned`.

pub(crate) mod access;
mod address;
pub(crate) mod as_query;
pub(crate) mod assets;
pub(crate) mod belief;
pub(crate) mod blast;
mod blast_choice;
mod blast_falls;
mod blast_list;
pub(crate) mod chain;
pub(crate) mod change_points;
mod changes_list;
mod configuration;
pub(crate) mod decision;
mod decision_readings;
mod decision_rested;
mod drawn;
pub(crate) mod elements;
mod equal;
pub(crate) mod error_page;
mod evidence;
mod export_form;
pub(crate) mod factor;
pub(crate) mod find;
mod find_box;
mod find_list;
mod find_pages;
pub(crate) mod first_seen;
mod form;
pub(crate) mod frame;
mod links;
mod live;
pub(crate) mod live_events;
mod names;
pub(crate) mod order_switch;
pub(crate) mod outlived;
pub(crate) mod overview;
mod pack;
mod parameters;
mod pinned;
pub(crate) mod query;
mod reader;
pub(crate) mod record;
pub(crate) mod records;
mod refused;
pub(crate) mod rehearse;
mod rehearse_form;
mod rehearse_found;
pub(crate) mod retract;
mod retract_form;
mod semantics;
pub(crate) mod session;
mod session_head;
mod session_timeline;
mod session_trees;
pub(crate) mod sessions;
mod sessions_filter;
pub(crate) mod sessions_list;
pub(crate) mod sheet;
pub(crate) mod sign_in;
pub(crate) mod sources;
mod sources_all;
pub(crate) mod sources_list;
mod style;
pub(crate) mod theme;
pub(crate) mod timeline_page;
mod verdict;
pub(crate) mod why;

use crate::http::{Shared, errors::Refused};
use crate::{text, times};
use axum::{
    Router,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use claimledger_app::model::question::AskError;
use maud::html;

/// The pages' routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(overview::get))
        .route("/sessions", get(sessions::get).post(sessions::post))
        .route("/find", get(find::get).post(find::post))
        .route("/session", get(session::get))
        .route("/decision", get(decision::get))
        .route("/why", get(factor::get))
        .route("/record", get(record::get))
        .route("/trust", get(configuration::trust))
        .route("/policy", get(configuration::policy))
        .route("/blast", get(blast::get))
        .route("/chain", get(chain::get).post(chain::post))
        .route("/timeline", get(timeline_page::get))
        .route("/first-seen", get(first_seen::get))
        .route("/sources", get(sources::get))
        .route("/access", get(access::get).post(access::post))
        .route("/rehearse", get(rehearse::get).post(rehearse::post))
        .route("/retract", get(retract::get).post(retract::post))
        .route("/query", get(query::get).post(query::post))
        .route("/evidence", get(evidence::get).post(evidence::post))
        .route("/semantics", get(semantics::get))
        .route("/style", get(style::get))
        .route("/sign-in", get(sign_in::get).post(sign_in::post))
        .route("/sign-out", post(sign_in::out))
        .route("/theme", post(theme::post))
        .route("/assets/{name}", get(assets::get))
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
}

/// The page for a question that is not answered.
pub(crate) fn refused(error: AskError) -> Response {
    error_page::PageError::from(error).page(None)
}

/// No such path.
pub(crate) async fn no_such_page(uri: Uri) -> Response {
    // A program asks there.
    if uri.path() == "/v1" || uri.path().starts_with("/v1/") {
        let refused = Refused::new(StatusCode::NOT_FOUND, "not_found", "no such path");
        return refused.into_response();
    }
    let main = html! { h1 { "No such page" } p { "Pages are " a href="/sessions" {
    "sessions" } ", " a href="/sources" { "sources" } ", " a href="/rehearse" { "rehearse" } ", "
    a href="/query" { "query" } " and " a href="/evidence" { "evidence" } "." } };
    frame::page(StatusCode::NOT_FOUND, "No such page", None, html! {}, main).into_response()
}
