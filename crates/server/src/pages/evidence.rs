//! `/evidence`: the last checkpoint, whether a saved checkpoint or receipt still holds, and lists
//! as files.

use super::{
    address::Address,
    error_page::PageError,
    export_form::export_form,
    frame,
    reader::Reader,
    text::{has_unseen, uncut},
};
use crate::{
    graphql::evidence::{Checked, NotMade},
    http::{Server, evidence},
    known_at::KnownAt,
};
use axum::{body::Body, http::StatusCode, response::Response};
use claimledger_app::model::{
    proof::{CheckpointView, ConsistencyView, LogKind},
    question::{AskError, Asking, Caller},
};
use claimledger_domain::RULES;
use claimledger_facts::vocabulary::Role;
use maud::{Markup, html};
use serde::Deserialize;

/// Maximum bytes of a form: a receipt has its answer in it.
const MAX_FORM_BYTES: usize = 16 * 1024 * 1024;
/// More bytes than this of what was pasted are not repeated: no checkpoint is as long.
const MAX_REPEATED_BYTES: usize = 8 * 1024;

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(show(&reader, &Form::default(), None).await)
}

/// What is pasted: one of the two.
#[derive(Default, Deserialize)]
struct Form {
    #[serde(default)]
    checkpoint: String,
    #[serde(default)]
    receipt: String,
}

/// What pasted text was found to be; if it is refused, why, and with which status.
enum Found {
    Checkpoint(ConsistencyView),
    Receipt(Checked),
    Refused(StatusCode, String),
}

/// The forms. Nothing pasted goes into an address, so the answer stands at none of its own.
pub(crate) async fn post(reader: Reader, body: Body) -> Response {
    let answer = async {
        let form: Form = reader.form(body, MAX_FORM_BYTES).await?;
        let found = check(&reader, &form).await?;
        show(&reader, &form, Some(&found)).await
    };
    reader.shown(answer.await)
}

async fn check(reader: &Reader, form: &Form) -> Result<Found, PageError> {
    let Reader { server, caller, .. } = reader;
    if !form.receipt.trim().is_empty() {
        let checked = evidence::evidence(server, caller).check(form.receipt.as_bytes()).await;
        return Ok(match checked {
            Ok(checked) => Found::Receipt(checked),
            Err(not_made) => Found::Refused(evidence::status(&not_made), first(&not_made)),
        });
    }
    if form.checkpoint.trim().is_empty() {
        let message = "Nothing was pasted.".to_owned();
        return Ok(Found::Refused(StatusCode::UNPROCESSABLE_ENTITY, message));
    }
    // Forms spell a line break in two characters, and pasting loses the last one. Which text was
    // signed is decided by the signature.
    let note = form.checkpoint.replace("\r\n", "\n").trim().to_owned() + "\n";
    match server.app.consistency(caller, &note).await.map_err(PageError::from) {
        Ok(shown) => Ok(Found::Checkpoint(shown)),
        Err(trouble) => match trouble.refusal() {
            Some(message) => Ok(Found::Refused(StatusCode::UNPROCESSABLE_ENTITY, message)),
            None => Err(trouble),
        },
    }
}

fn first(NotMade(errors): &NotMade) -> String {
    errors.first().map_or_else(String::new, |error| format!("{}.", error.message))
}

async fn show(reader: &Reader, form: &Form, found: Option<&Found>) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let last = match server.app.checkpoint(caller, LogKind::Records).await {
        Ok(last) => Ok(last),
        Err(AskError::Forbidden { needs }) => Err(needs),
        Err(error) => return Err(error.into()),
    };
    let status = match found {
        Some(Found::Refused(status, _)) => *status,
        Some(Found::Checkpoint(_) | Found::Receipt(_)) | None => StatusCode::OK,
    };
    let main = html! {
        h1 { "Evidence" }
        @if let Some(found) = found { (result(found)) }
        section aria-labelledby="checkpoint-h" {
            h2 id="checkpoint-h" { "The last checkpoint" }
            @match &last {
                Ok(Some(last)) => (checkpoint(last)),
                Ok(None) => p { "Nothing was signed yet." },
                Err(needs) => p { "Checkpoints and receipts are for the role " (needs.as_str())
                    "; a caller with the role govern can grant it." },
            }
        }
        @if last.is_ok() { (forms(form)) }
        section aria-labelledby="exports-h" {
            h2 id="exports-h" { "Exports" }
            @if caller.has(Role::Export) { (exports(server, caller).await?) } @else { (needs_export(
                "Saving lists as files")) }
        }
    };
    Ok(frame::page(status, "Evidence", Some(caller), html! {}, main))
}

/// In place of a form that the caller may not send. `what` begins the sentence.
pub(super) fn needs_export(what: &str) -> Markup {
    html! { p { (what) " needs the role " (Role::Export.as_str()) "; a caller with the role govern \
    can grant it." } }
}

fn checkpoint(last: &CheckpointView) -> Markup {
    html! {
        dl class="checkpoint" {
            dt { "records" } dd { (last.size) }
            dt { "root" } dd { code { (last.root) } }
            dt { "origin" } dd { code { (last.origin) } }
            dt { "key" } dd { code { (last.verifier_key) } }
        }
        p { "The signed note, to be saved somewhere else, together with the key:" }
        pre class="scroll" tabindex="0" id="note" { (last.note) }
        p { "Checked offline, without this server:" }
        pre class="scroll" tabindex="0" { "claimledger-verify checkpoint FILE --key '"
            (last.verifier_key) "'" }
    }
}

fn forms(form: &Form) -> Markup {
    let is_repeated = form.checkpoint.len() <= MAX_REPEATED_BYTES && !has_unseen(&form.checkpoint);
    html! {
        section aria-labelledby="since-h" {
            h2 id="since-h" { "Was the log only appended to?" }
            form method="post" action="/evidence" {
                p { label for="since" { "A checkpoint that was saved earlier" } }
                p { textarea id="since" name="checkpoint" rows="6" cols="80" spellcheck="false"
                    required { @if is_repeated { (form.checkpoint) } } }
                p { button type="submit" { "Compare" } }
            }
        }
        section aria-labelledby="receipt-h" {
            h2 id="receipt-h" { "Is an answer still the same?" }
            form method="post" action="/evidence" {
                p { label for="receipt" { "A receipt file" } }
                // Not repeated: the answer in it may be longer than a page.
                p { textarea id="receipt" name="receipt" rows="6" cols="80" spellcheck="false"
                    required {} }
                p { button type="submit" { "Ask again" } }
            }
        }
    }
}

fn result(found: &Found) -> Markup {
    html! {
        section id="found" aria-label="What was found" {
            @match found {
                Found::Refused(_, message) => p class="refused" role="alert" {
                    strong { "Refused" } ": " (uncut(message)) },
                Found::Checkpoint(shown) => (consistency(shown)),
                Found::Receipt(checked) => (receipt(checked)),
            }
        }
    }
}

fn consistency(shown: &ConsistencyView) -> Markup {
    let (old, new) = (&shown.old, &shown.new);
    html! {
        @match &shown.broken {
            None => p { strong { "Consistent" } ": the log was only appended to. The " (old.size)
                " records of the saved checkpoint are the first of the " (new.size)
                " records of the last one." },
            Some(why) => p role="alert" { strong class="attention" { "✕ Not consistent" } ": the \
                log was rewritten. The " (old.size) " records of the saved checkpoint are not the \
                first of the " (new.size) " records of the last one: " (uncut(why)) "." },
        }
        dl class="checkpoint" {
            @for (which, view) in [("saved", old), ("last", new)] {
                dt { (which) } dd { (view.size) " records, root " code { (view.root) } }
            }
        }
    }
}

fn receipt(checked: &Checked) -> Markup {
    html! {
        @match checked.same {
            Some(true) => p { strong { "Same" } ": " (uncut(&checked.words)) },
            Some(false) => p role="alert" { strong class="attention" { "≠ Another answer" } ": "
                (uncut(&checked.words)) },
            None => p { strong { "Not asked again" } ": " (uncut(&checked.words)) },
        }
        p class="muted" { "T " (checked.at) " · K #" (checked.known_at) " · R "
            (uncut(&checked.rules)) }
    }
}

/// The lists that are not of one session, at the head of this moment.
async fn exports(server: &Server, caller: &Caller) -> Result<Markup, PageError> {
    let cut = match server.app.cut(caller, &Asking::default()).await {
        Ok(cut) => cut,
        Err(AskError::Forbidden { needs }) => {
            return Ok(html! { p { "Lists are for the role " (needs.as_str()) " as well." } });
        }
        Err(error) => return Err(error.into()),
    };
    let known = KnownAt::Position(cut.known_at);
    let pinned = |path| Address::new(path).pinned(cut.at, known, RULES);
    let form = |what, path, events| export_form(what, &pinned(path), events);
    Ok(html! {
        p { "As known at " (cut.known_at) ". A filtered list of sessions is exported from "
            a href=(pinned("/sessions").href()) { "Sessions" } ", a timeline from the page of its \
            session." }
        (form("sessions", "/v1/export/sessions", true))
        (form("decisions", "/v1/export/decisions", true))
        (form("changes of trust", "/v1/export/trust", true))
        (form("changes of policies", "/v1/export/policies", true))
        (form("sessions that outlived their IdP session", "/v1/export/outlived", false))
        (form("what was used more than once", "/v1/export/reused", false))
        (form("gaps of sources", "/v1/export/completeness", false))
        p { "Checked offline: " code { "claimledger export verify FILE" } }
    })
}
