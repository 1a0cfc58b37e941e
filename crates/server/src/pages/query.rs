//! `/query`: a plain form for GraphQL. The answer is shown as text, and its cost with it.

use super::{
    address::Address, as_query, error_page::PageError, form, frame, parameters::Parameters,
    session::caller,
};
use crate::{
    graphql::limits::{MAX_BODY, MAX_DEPTH},
    http::{Shared, graphql::ask},
};
use async_graphql::{Request, Variables};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use claimledger_app::model::question::Caller;
use maud::{Markup, html};
use serde::Deserialize;

const EXAMPLE: &str = "{
  sessions(first: 10) {
    edges { certainty node { id subject state startedAt factors { method grade } } }
    pageInfo { hasNextPage endCursor }
    answered { at position rules provisional }
    completeness { source heardUntil }
  }
}";

pub(crate) async fn get(State(server): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let caller = match caller(&server, &uri, &headers).await {
        Ok(caller) => caller,
        Err(trouble) => return trouble.page(None),
    };
    match Parameters::read(&uri)
        .map_err(PageError::from)
        .and_then(|parameters| as_query::read(&parameters))
    {
        Ok(None) => show(StatusCode::OK, &caller, EXAMPLE, "{}", None, server.options.max_cost),
        Ok(Some((query, variables))) => {
            show(StatusCode::OK, &caller, query, &variables, None, server.options.max_cost)
        }
        Err(trouble) => trouble.page(Some(&caller)),
    }
}

#[derive(Deserialize)]
struct Form {
    query: String,
    #[serde(default)]
    variables: String,
}

pub(crate) async fn post(
    State(server): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let caller = match caller(&server, &uri, &headers).await {
        Ok(caller) => caller,
        Err(trouble) => return trouble.page(None),
    };
    let form: Form = match form::read(&headers, body, MAX_BODY).await {
        Ok(form) => form,
        Err(trouble) => return trouble.page(Some(&caller)),
    };
    let variables = if form.variables.trim().is_empty() {
        Ok(serde_json::json!({}))
    } else {
        serde_json::from_str(&form.variables)
    };
    let variables = match variables {
        Ok(variables) => Variables::from_json(variables),
        Err(error) => {
            return PageError::refused(format!("The variables are not valid JSON: {error}."))
                .page(Some(&caller));
        }
    };
    let answer =
        ask(&server, caller.clone(), None, Request::new(form.query.as_str()).variables(variables))
            .await;
    show(
        StatusCode::OK,
        &caller,
        &form.query,
        &form.variables,
        Some(&answer),
        server.options.max_cost,
    )
}

fn show(
    status: StatusCode,
    caller: &Caller,
    query: &str,
    variables: &str,
    answer: Option<&async_graphql::Response>,
    max_cost: u64,
) -> Response {
    let main = html! {
        h1 { "Query" }
        p { "GraphQL over your tenant. The same at " code { "POST /graphql" } ", with a token. At \
            most cost " (max_cost) " and depth " (MAX_DEPTH) "." }
        form method="post" action=(Address::new("/query").href()) {
            p { label for="q" { "Query" } }
            p { textarea id="q" name="query" rows="14" cols="100" spellcheck="false" { (query) } }
            p { label for="v" { "Variables, as JSON" } }
            p { textarea id="v" name="variables" rows="3" cols="100" spellcheck="false" {
                (variables) } }
            p { button type="submit" { "Ask" } }
        }
        @if let Some(answer) = answer { (shown(answer)) }
    };
    frame::page(status, "Query", Some(caller), html! {}, main)
}

fn shown(answer: &async_graphql::Response) -> Markup {
    let json = serde_json::to_value(answer).unwrap_or_default();
    let cost = &json["extensions"]["cost"];
    let refused = &json["errors"][0]["extensions"];
    let text = serde_json::to_string_pretty(&json).unwrap_or_default();
    html! {
        h2 { "Answer" }
        p class="cost" {
            @if refused["cost"].is_u64() { strong {
                "Refused" } ": " (refused["code"].as_str().unwrap_or_default()) ", cost "
                (refused["cost"]) " of " (refused["limit"]) "." }
            @else if cost["cost"].is_u64() {
                "Cost " (cost["cost"]) " of " (cost["limit"]) ", depth " (cost["depth"]) " of "
                (cost["depthLimit"]) "." }
        }
        pre class="answer" tabindex="0" { (visible(&text)) }
    }
}

/// The answer as it is, but for what cannot be seen.
fn visible(text: &str) -> Markup {
    html! { @for (i, line) in text.lines().enumerate() { @if i > 0 {
    "\n" } (super::text::uncut(line)) } }
}
