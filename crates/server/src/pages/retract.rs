//! `/retract`: the form that retracts trust in a key or an IdP, for the role govern, and the page
//! that it ends on. The form carries an id of its own, so that it is recorded once however often it
//! is sent.

use super::{
    address::Address,
    error_page::PageError,
    parameters::CutAsked,
    pinned::PinnedPage,
    reader::Reader,
    retract_form::{self, Further, Known, Written},
};
use crate::http::Server;
use axum::{
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::{
    intake::IngestError,
    model::{
        answer::{AbsenceCode, Answer},
        question::{AskError, Asking, Caller},
        retraction::{RetractError, Retracts, WantedRetraction},
    },
};
use claimledger_domain::{changes::TrustChanges, rehearse::TrustChange};
use claimledger_facts::{
    ids::{IdpId, KeyId, LogPosition, TicketId},
    time::Time,
    types::trust::TrustRetracted,
    vocabulary::Role,
};
use claimledger_ledger::append::{AppendOutcome, SequencerError};
use maud::html;

/// Maximum bytes of the form.
const MAX_FORM_BYTES: usize = 64 * 1024;

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
}

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    let cut = parameters.cut()?;
    if let Some(position) = parameters.number("recorded")? {
        let is_repeated = parameters.flag("repeated")? == Some(true);
        return recorded(server, caller, (LogPosition(position), is_repeated), &cut).await;
    }
    let text = |name: &str| parameters.get(name).unwrap_or_default().to_owned();
    let written = Written {
        form: server.app.new_retraction_id(),
        idp: text("idp"),
        key: text("key"),
        whole: if parameters.flag("whole")? == Some(true) { "true" } else { "" }.to_owned(),
        from: text("from"),
        ..Written::default()
    };
    if !written.key.is_empty() && !written.whole.is_empty() {
        return Err(PageError::refused(
            "The address names a key and the whole IdP: one of the two.",
        ));
    }
    let known = known(server, caller, &written, &cut).await?;
    show(server, caller, &written, (&known, &cut), None).await
}

/// The form. What was recorded stands at an address of its own, so that loading it again records
/// nothing.
pub(crate) async fn post(reader: Reader, body: Body) -> Response {
    let sent = async {
        let written: Written = reader.form(body, MAX_FORM_BYTES).await?;
        record(&reader, written).await
    };
    reader.shown(sent.await)
}

async fn record(reader: &Reader, mut written: Written) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let refusal = match wanted(&written) {
        Ok(wanted) => match server.app.retract(caller, &wanted).await {
            Ok(recorded) => {
                let is_repeated = recorded.outcome != AppendOutcome::Stored;
                let to = Address::new("/retract")
                    .with("recorded", recorded.position.0.to_string())
                    .with_some("repeated", is_repeated.then_some("true"));
                return Ok(Redirect::to(&to.href()).into_response());
            }
            Err(error) => refused(error)?,
        },
        Err(message) => Refused { message, is_sent_before: false },
    };
    if refusal.is_sent_before {
        // What is sent now is another retraction, if that is what is meant.
        written.form = server.app.new_retraction_id();
    }
    // Only who may retract sees what there is to retract.
    let end = CutAsked::default();
    let known = known(server, caller, &written, &end).await?;
    show(server, caller, &written, (&known, &end), Some(&refusal.message)).await
}

/// Why the form was not recorded.
struct Refused {
    message: String,
    /// Whether it was, before, with other values.
    is_sent_before: bool,
}

/// What can be mended in the form; everything else is a page of its own.
fn refused(error: RetractError) -> Result<Refused, PageError> {
    match error {
        RetractError::Refused(IngestError::Refused(refusal)) => {
            Ok(Refused { message: format!("{}.", refusal), is_sent_before: false })
        }
        RetractError::Refused(IngestError::Sequencer {
            error: SequencerError::Conflict { position, .. },
            ..
        }) => Ok(Refused {
            message: format!(
                "This form was recorded already, with other values, as {position}, and nothing \
                 was changed. To record these values as a retraction beside it, send the form \
                 again."
            ),
            is_sent_before: true,
        }),
        RetractError::Refused(IngestError::Forbidden { needs }) => {
            Err(AskError::Forbidden { needs }.into())
        }
        RetractError::Refused(IngestError::Sequencer { error, .. }) => Err(match error {
            SequencerError::Log(error) => PageError::Asked(error.into()),
            other => PageError::refused(format!("{other}.")),
        }),
        RetractError::Already { position } => Ok(Refused {
            message: format!(
                "It was retracted already, as {position}, and this form did not say so; see \
                 below. Nothing was recorded. To record another retraction beside it, send the \
                 form again."
            ),
            is_sent_before: false,
        }),
        RetractError::Asked(error) => Err(error.into()),
    }
}

/// What the form asks for; or what is wrong with it, before the ledger is asked.
fn wanted(written: &Written) -> Result<WantedRetraction, String> {
    let is_whole = written.whole == "true";
    let (retracts, name, thing) = match (written.key.as_str(), is_whole) {
        ("", true) => (Retracts::WholeIdp, &written.idp, "IdP"),
        ("", false) => return Err("Choose a key, or the whole IdP.".to_owned()),
        (_, true) => return Err("Choose a key or the whole IdP, not both.".to_owned()),
        (key, false) => (Retracts::Key(KeyId::new(key)), &written.key, "key"),
    };
    if written.again != *name {
        return Err(format!(
            "Type the {thing} again, exactly as it is named above: {}.",
            if written.again.is_empty() { "nothing was typed" } else { "what was typed differs" }
        ));
    }
    if written.form.is_empty() {
        return Err("The form has no id: open it again.".to_owned());
    }
    let from = written.from.trim();
    if from.is_empty() {
        return Err("Received from: a time is needed, such as 2026-03-10T13:40:00Z.".to_owned());
    }
    let from = Time::parse(from).map_err(|error| format!("Received from: {from} is {error}."))?;
    let ticket = Some(written.ticket.trim()).filter(|ticket| !ticket.is_empty());
    Ok(WantedRetraction {
        id: written.form.clone(),
        idp: IdpId::new(written.idp.as_str()),
        retracts,
        from,
        reason: written.reason.trim().to_owned(),
        ticket: ticket.map(TicketId::new),
        shown: Some(LogPosition(written.seen.parse().unwrap_or(0))),
    })
}

/// What there is to retract.
async fn known(
    server: &Server,
    caller: &Caller,
    written: &Written,
    cut: &CutAsked,
) -> Result<Answer<TrustChanges>, PageError> {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (idp, key) = (given(&written.idp).map(IdpId::new), given(&written.key).map(KeyId::new));
    let of = (idp.as_ref(), key.as_ref());
    Ok(server.app.retractable(caller, of, &cut.asking(None)).await?)
}

async fn show(
    server: &Server,
    caller: &Caller,
    written: &Written,
    (known, cut): (&Answer<TrustChanges>, &CutAsked),
    refused: Option<&str>,
) -> Result<Response, PageError> {
    let is_known = known.absence.code != AbsenceCode::NotKnown;
    let status = match (is_known, refused) {
        (_, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        (true, None) => StatusCode::OK,
        (false, None) => StatusCode::NOT_FOUND,
    };
    let shown = Known {
        answer: known,
        is_known,
        is_at_the_end: known.answered.position.0.saturating_add(1) >= known.status.head,
        further: further(server, caller, written, known).await?,
    };
    let main = retract_form::main(written, &shown, refused);
    // It is not sent on to a pinned address: what it records is recorded at the end.
    let page = PinnedPage::of(caller, cut, written.keep(), known);
    Ok(page.show(status, "Retract trust", html! {}, main))
}

/// What another retraction would change beside those that are known.
async fn further(
    server: &Server,
    caller: &Caller,
    written: &Written,
    known: &Answer<TrustChanges>,
) -> Result<Option<Further>, PageError> {
    let Some(earliest) = written.already(&known.value).map(|of| of.data.from).min() else {
        return Ok(None);
    };
    let Ok(from) = Time::parse(written.from.trim()) else {
        return Ok(Some(Further::Since(earliest)));
    };
    if from >= earliest {
        return Ok(Some(Further::Nothing(from)));
    }
    if !caller.has(Role::Read) {
        let why = "What of, is shown to the role read.".to_owned();
        return Ok(Some(Further::NotRehearsed(from, why)));
    }
    let answered = &known.answered;
    let asking = Asking {
        at: Some(answered.at),
        known_at_position: Some(answered.position),
        ..Asking::default()
    };
    let rehearse = async |since: Time| {
        let change = TrustChange::Retraction(TrustRetracted {
            idp: IdpId::new(written.idp.as_str()),
            from: since,
            reason: "rehearsed".to_owned(),
            key: Some(KeyId::new(written.key.as_str())).filter(|_| written.whole != "true"),
            actor: None,
            ticket: None,
        });
        server.app.rehearse(caller, change, from, answered.at, &asking).await
    };
    // A rehearsal lists what falls, also what fell already.
    let (more, now) = match (rehearse(from).await, rehearse(earliest).await) {
        (Ok(more), Ok(now)) => (more.value, now.value),
        (Err(AskError::TooMany { found, what, .. }), _)
        | (_, Err(AskError::TooMany { found, what, .. })) => {
            let why = format!("It is not rehearsed here: {found} {what}.");
            return Ok(Some(Further::NotRehearsed(from, why)));
        }
        (Err(error), _) | (_, Err(error)) => return Err(error.into()),
    };
    Ok(Some(Further::More {
        from,
        decisions: more.falls.len().saturating_sub(now.falls.len()),
        sessions: more.live.len().saturating_sub(now.live.len()),
    }))
}

/// What the form ends on: the record, and where to look next.
async fn recorded(
    server: &Server,
    caller: &Caller,
    (position, is_repeated): (LogPosition, bool),
    cut: &CutAsked,
) -> Result<Response, PageError> {
    let asking = cut.asking(Some(position));
    let answer = server.app.retractable(caller, (None, None), &asking).await?;
    let found = answer.value.retractions.iter().find(|of| of.record.position == position);
    let (status, main) = match found {
        Some(found) => (StatusCode::OK, retract_form::recorded(&answer, found, is_repeated)),
        None => (StatusCode::NOT_FOUND, retract_form::not_recorded(position)),
    };
    let keep = Address::new("/retract")
        .with("recorded", position.0.to_string())
        .with_some("repeated", is_repeated.then_some("true"));
    let page = PinnedPage::of(caller, cut, keep, &answer);
    Ok(page.show(status, "Retract trust", html! {}, main))
}
