//! `/retract`: the form that retracts trust in a key or an IdP, for the role govern, and the page
//! that it ends on. The form carries an id of its own, so that it is recorded once however often it
//! is sent.

use super::{
    address::Address,
    error_page::PageError,
    form, frame,
    parameters::Parameters,
    retract_form::{self, Known, Written},
    session::caller,
};
use crate::http::{Server, Shared};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::{
    intake::IngestError,
    model::{
        answer::{AbsenceCode, Answer},
        question::{Asking, Caller},
        retraction::{RetractError, Retracts, WantedRetraction},
    },
};
use claimledger_domain::changes::TrustChanges;
use claimledger_facts::{
    ids::{IdpId, KeyId, LogPosition, TicketId},
    time::Time,
};
use claimledger_ledger::append::{AppendOutcome, SequencerError};

/// Maximum bytes of the form.
const MAX_FORM_BYTES: usize = 64 * 1024;

pub(crate) async fn get(State(server): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let caller = match caller(&server, &uri, &headers).await {
        Ok(caller) => caller,
        Err(trouble) => return trouble.page(None),
    };
    answer(&server, &caller, &uri).await.unwrap_or_else(|trouble| trouble.page(Some(&caller)))
}

async fn answer(server: &Server, caller: &Caller, uri: &Uri) -> Result<Response, PageError> {
    let parameters = Parameters::read(uri)?;
    if let Some(position) = parameters.number("recorded")? {
        let is_repeated = parameters.flag("repeated")? == Some(true);
        return recorded(server, caller, LogPosition(position), is_repeated).await;
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
    let known = known(server, caller, &written).await?;
    Ok(show(caller, &written, &known, None))
}

/// The form. What was recorded stands at an address of its own, so that loading it again records
/// nothing.
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
    let sent = async {
        let written: Written = form::read(&headers, body, MAX_FORM_BYTES).await?;
        record(&server, &caller, written).await
    };
    sent.await.unwrap_or_else(|trouble| trouble.page(Some(&caller)))
}

async fn record(
    server: &Server,
    caller: &Caller,
    mut written: Written,
) -> Result<Response, PageError> {
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
    let known = known(server, caller, &written).await?;
    Ok(show(caller, &written, &known, Some(&refusal.message)))
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
            Err(claimledger_app::model::question::AskError::Forbidden { needs }.into())
        }
        RetractError::Refused(IngestError::Sequencer { error, .. }) => Err(match error {
            SequencerError::Log(error) => PageError::Asked(error.into()),
            other => PageError::refused(format!("{other}.")),
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
    })
}

/// What there is to retract, at the end of the log.
async fn known(
    server: &Server,
    caller: &Caller,
    written: &Written,
) -> Result<Answer<TrustChanges>, PageError> {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (idp, key) = (given(&written.idp).map(IdpId::new), given(&written.key).map(KeyId::new));
    let of = (idp.as_ref(), key.as_ref());
    Ok(server.app.retractable(caller, of, &Asking::default()).await?)
}

fn show(
    caller: &Caller,
    written: &Written,
    known: &Answer<TrustChanges>,
    refused: Option<&str>,
) -> Response {
    let is_known = known.absence.code != AbsenceCode::NotKnown;
    let status = match (is_known, refused) {
        (_, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        (true, None) => StatusCode::OK,
        (false, None) => StatusCode::NOT_FOUND,
    };
    let main = retract_form::main(written, &Known { answer: known, is_known }, refused);
    frame::page(status, "Retract trust", Some(caller), maud::html! {}, main)
}

/// What the form ends on: the record, and where to look next.
async fn recorded(
    server: &Server,
    caller: &Caller,
    position: LogPosition,
    is_repeated: bool,
) -> Result<Response, PageError> {
    let asking = Asking { after: Some(position), ..Asking::default() };
    let answer = server.app.retractable(caller, (None, None), &asking).await?;
    let found = answer.value.retractions.iter().find(|of| of.record.position == position);
    let (status, main) = match found {
        Some(found) => (StatusCode::OK, retract_form::recorded(&answer, found, is_repeated)),
        None => (StatusCode::NOT_FOUND, retract_form::not_recorded(position)),
    };
    Ok(frame::page(status, "Retract trust", Some(caller), maud::html! {}, main))
}
