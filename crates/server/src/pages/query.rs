//! `/query`: a plain form for GraphQL. The answer is shown as text, and its cost with it.

use super::{address::Address, as_query, error_page::PageError, frame, reader::Reader};
use crate::{
    graphql::limits::{MAX_BODY, MAX_DEPTH},
    http::graphql::ask,
};
use async_graphql::{Request, Variables};
use axum::{body::Body, http::StatusCode, response::Response};
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

pub(crate) async fn get(reader: Reader) -> Response {
    let named = reader.parameters().and_then(|parameters| as_query::read(&parameters));
    reader.shown(named.map(|named| {
        let (query, variables) = named.unwrap_or((EXAMPLE, "{}".to_owned()));
        show(&reader, query, &variables, None)
    }))
}

#[derive(Deserialize)]
struct Form {
    query: String,
    #[serde(default)]
    variables: String,
}

pub(crate) async fn post(reader: Reader, body: Body) -> Response {
    let answer = async {
        let form: Form = reader.form(body, MAX_BODY).await?;
        let answer = asked(&reader, &form).await?;
        Ok(show(&reader, &form.query, &form.variables, Some(&answer)))
    };
    reader.shown(answer.await)
}

async fn asked(reader: &Reader, form: &Form) -> Result<async_graphql::Response, PageError> {
    let variables = if form.variables.trim().is_empty() {
        Ok(serde_json::json!({}))
    } else {
        serde_json::from_str(&form.variables)
    };
    let variables = variables.map(Variables::from_json).map_err(|error| {
        PageError::refused(format!("The variables are not valid JSON: {error}."))
    })?;
    let request = Request::new(form.query.as_str()).variables(variables);
    Ok(ask(&reader.server, reader.caller.clone(), None, request).await)
}

fn show(
    reader: &Reader,
    query: &str,
    variables: &str,
    answer: Option<&async_graphql::Response>,
) -> Response {
    let max_cost = reader.server.options.max_cost;
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
    frame::page(StatusCode::OK, "Query", Some(&reader.caller), html! {}, main)
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
