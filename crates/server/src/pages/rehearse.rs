//! `/rehearse`: what a change of trust or of a policy would have done; and, for a change that the
//! service provider guards, whether it is allowed.

use super::{
    address::Address,
    as_query,
    error_page::{PageError, lagging},
    frame,
    parameters::{CutAsked, Parameters},
    pinned::PinnedPage,
    reader::Reader,
    rehearse_form::{self, FEATURES, Written},
    rehearse_found::{self as found, Links},
    text::{has_unseen, inert, uncut},
    times::Times,
    why,
};
use crate::{
    cut_names::{AT, KNOWN_AT, KNOWN_AT_POSITION, RULES},
    http::Server,
};
use axum::{
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::{
    answer::{AbsenceCode, Answer, Guarded, Rehearsable},
    question::{Asking, Caller, window_until},
};
use claimledger_domain::{
    guard::GuardedChange,
    rehearse::{Feature, IdpSetting, TrustChange},
};
use claimledger_facts::{ids::IdpId, time::Time, types::trust::TrustRetracted};
use maud::{Markup, html};

/// An address that a browser and what is between keep whole has at most this many bytes.
const MAX_ADDRESS_BYTES: usize = 4_000;
/// The parameters of the cut, in the order of the form's address.
const CUT: [&str; 4] = [AT, KNOWN_AT_POSITION, KNOWN_AT, RULES];
/// Maximum bytes of the form: a policy is most of it.
const MAX_FORM_BYTES: usize = 60_000;

pub(crate) async fn get(reader: Reader) -> Response {
    let answer = async {
        let parameters = reader.parameters()?;
        respond(&reader, &parameters, false).await
    };
    reader.shown(answer.await)
}

/// The form. What fits an address is answered at one, so that it can be kept and sent.
pub(crate) async fn post(reader: Reader, body: Body) -> Response {
    let answer = async {
        let parameters = reader.sent(body, MAX_FORM_BYTES).await?;
        sent(&reader, &parameters).await
    };
    reader.shown(answer.await)
}

async fn sent(reader: &Reader, parameters: &Parameters) -> Result<Response, PageError> {
    let names = rehearse_form::NAMES.iter().chain(&CUT);
    let here = names.fold(Address::new("/rehearse"), |address, name| {
        address.with_some(name, parameters.get(name))
    });
    let href = here.href();
    if href.len() <= MAX_ADDRESS_BYTES {
        return Ok(Redirect::to(&href).into_response());
    }
    respond(reader, parameters, true).await
}

async fn respond(
    reader: &Reader,
    parameters: &Parameters,
    is_long: bool,
) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let error = match answer(server, caller, parameters, is_long).await {
        Ok(response) => return Ok(response),
        Err(error) => error,
    };
    let Some(message) = error.refusal() else { return Err(error) };
    // What was written is there to be mended.
    let choices = server.app.rehearsable(caller, &Asking::default()).await;
    let choices = choices.map(|answer| answer.value).unwrap_or_default();
    let main = html! {
        h1 { "Rehearse a change" }
        p class="refused" role="alert" { strong { "Refused" } ": " (inert(&message)) }
        (rehearse_form::form(&Written::of(parameters), &cut_as_written(parameters), &choices))
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(frame::page(status, "Refused", Some(caller), html! {}, main))
}

/// T, K and R as they were written, for the form.
fn cut_as_written(parameters: &Parameters) -> Vec<(&'static str, String)> {
    let written = CUT.iter().filter_map(|name| Some((*name, parameters.get(name)?.to_owned())));
    written.filter(|(_, value)| !has_unseen(value)).collect()
}

/// What the address asks.
enum Asked {
    Guard(GuardedChange),
    Rehearsal(Box<dyn Fn(Time, Time) -> TrustChange + Send>),
}

/// What the address says.
struct RehearseView {
    cut: CutAsked,
    asked: Option<Asked>,
    window: (Option<Time>, Option<Time>),
    written: Written,
    /// Whether it is too long for an address.
    is_long: bool,
}

impl RehearseView {
    fn read(parameters: &Parameters, is_long: bool) -> Result<Self, PageError> {
        let written = Written::of(parameters);
        if let Some(name) = written.unseen() {
            let message = format!("{name}: it has a character that cannot be seen.");
            return Err(PageError::refused(message));
        }
        Ok(Self {
            cut: parameters.cut()?,
            asked: asked(parameters)?,
            window: (parameters.time("from")?, parameters.time("to")?),
            written,
            is_long,
        })
    }

    /// The address without T, K and R; and without a policy that is too long for one.
    fn keep(&self) -> Address {
        let fields = self.written.fields().iter();
        let fields = fields.filter(|(name, _)| !self.is_long || *name != "policy");
        fields.fold(Address::new("/rehearse"), |address, (name, value)| {
            address.with(name, value.as_str())
        })
    }
}

/// The change that an address names; none: it names none yet.
fn asked(parameters: &Parameters) -> Result<Option<Asked>, PageError> {
    let Some(change) = parameters.get("change") else { return Ok(None) };
    if change == "policy" && parameters.get("policy").is_none() && parameters.get("base").is_some()
    {
        return Ok(None);
    }
    if let Some(surplus) = rehearse_form::surplus(change, |name| parameters.get(name).is_some()) {
        return Err(PageError::refused(format!("This change takes no value for {surplus}.")));
    }
    let needed = |name: &str| {
        parameters
            .get(name)
            .ok_or_else(|| PageError::refused(format!("This change needs a value for {name}.")))
    };
    let idp = || needed("idp").map(IdpId::new);
    let feature = || needed("feature").and_then(feature);
    Ok(Some(match change {
        "deactivate" => Asked::Guard(GuardedChange::Deactivate(idp()?)),
        "delete" => Asked::Guard(GuardedChange::Delete(idp()?)),
        "untrust" => Asked::Guard(GuardedChange::Untrust(idp()?)),
        "feature_off" => Asked::Guard(GuardedChange::FeatureOff(feature()?)),
        "trust" => {
            let (idp, setting) = (idp()?, IdpSetting::TrustOn);
            Asked::Rehearsal(Box::new(move |from, to| TrustChange::Idp {
                idp: idp.clone(),
                setting,
                from,
                to,
            }))
        }
        "feature_on" => {
            let feature = feature()?;
            Asked::Rehearsal(Box::new(move |from, to| TrustChange::Feature {
                feature,
                on: true,
                from,
                to,
            }))
        }
        "policy" => {
            let policy = claimledger_sources::policy_version(needed("policy")?.as_bytes())
                .map_err(|refusal| PageError::refused(format!("policy: {refusal}.")))?;
            Asked::Rehearsal(Box::new(move |from, to| TrustChange::Policy {
                policy: Box::new(policy.clone()),
                from,
                to,
            }))
        }
        "retract" => retraction(idp()?, None),
        "retract_key" => retraction(idp()?, Some(needed("key")?)),
        other => return Err(rehearse_form::unknown_change(other)),
    }))
}

/// A feature of the service provider, by its word in addresses.
fn feature(word: &str) -> Result<Feature, PageError> {
    let named = FEATURES.iter().find(|(name, ..)| *name == word).map(|(.., feature)| *feature);
    named.ok_or_else(|| {
        PageError::refused(format!(
            "feature: unknown feature {word}: use claims_sharing or third_party."
        ))
    })
}

/// The retraction of trust in an IdP, or in a key of it.
fn retraction(idp: IdpId, key: Option<&str>) -> Asked {
    let key = key.map(Into::into);
    Asked::Rehearsal(Box::new(move |from, _| {
        TrustChange::Retraction(TrustRetracted {
            idp: idp.clone(),
            from,
            reason: "rehearsed".to_owned(),
            key: Option::clone(&key),
            actor: None,
            ticket: None,
        })
    }))
}

async fn answer(
    server: &Server,
    caller: &Caller,
    parameters: &Parameters,
    is_long: bool,
) -> Result<Response, PageError> {
    let view = RehearseView::read(parameters, is_long)?;
    let asking = view.cut.asking(parameters.wait()?);
    let listed = server.app.rehearsable(caller, &asking).await?;
    if !is_long && !view.cut.is_pinned {
        // Before the work: what is asked is asked once, pinned.
        let here = view.cut.pin(view.keep(), &listed.answered);
        return Ok(Redirect::to(&here.href()).into_response());
    }
    let choices = &listed.value;
    Ok(match &view.asked {
        Some(Asked::Guard(change)) => {
            let answer = server.app.guard(caller, change, view.window, &asking).await?;
            let what = change.over(answer.value.window.0, answer.value.window.1);
            let what = rehearse_form::words(&what, choices);
            shown(caller, &view, &answer, choices, |links| guarded(links, &answer.value, &what))
        }
        Some(Asked::Rehearsal(change)) => {
            let (from, to) = window_until(view.window, listed.answered.at);
            let change = change(from, to);
            let what = rehearse_form::words(&change, choices);
            let answer = server.app.rehearse(caller, change, from, to, &asking).await?;
            shown(caller, &view, &answer, choices, |links| {
                html! { (over((from, to), &what)) (found::main(links, &answer.value)) }
            })
        }
        None => shown(caller, &view, &listed, choices, |_| html! {}),
    })
}

fn shown<T>(
    caller: &Caller,
    view: &RehearseView,
    answer: &Answer<T>,
    choices: &Rehearsable,
    main: impl FnOnce(&Links<'_>) -> Markup,
) -> Response {
    if let Some(response) = lagging(caller, answer) {
        return response;
    }
    let page = PinnedPage::of(caller, &view.cut, view.keep(), answer);
    let links = Links { cut: &view.cut, answered: &answer.answered, absence: &answer.absence };
    let pinned = links.cut.pin(Address::new("/rehearse"), links.answered);
    // Of what is not known nothing can be said, and least that nobody would be locked out.
    let is_known = answer.absence.code != AbsenceCode::NotKnown;
    let main = html! {
        h1 { "Rehearse a change" }
        (rehearse_form::form(&view.written, pinned.fields(), choices))
        @if view.is_long { p class="muted" { "The policy is too long for an address: this page \
            cannot be kept as a link." } }
        @if is_known { (main(&links)) }
        @if view.asked.is_some() && is_known && !view.is_long {
            p class="as-other" { a href=(as_query::link("rehearse", &queried(view, &page.here,
                answer.answered.at))) { "As GraphQL" } } }
        @if view.asked.is_some() && !answer.absence.is_none() {
            p { @if is_known { "Where a list says none seen: " } (frame::none(&answer.absence)) }
        }
    };
    let status = if is_known { StatusCode::OK } else { StatusCode::NOT_FOUND };
    page.show(status, "Rehearse a change", html! {}, main)
}

/// The address of the page with its window: a query names both sides.
fn queried(view: &RehearseView, here: &Address, at: Time) -> Address {
    let (from, to) = window_until(view.window, at);
    let (is_from, is_to) = (view.window.0.is_some(), view.window.1.is_some());
    here.clone()
        .with_some("from", (!is_from).then(|| from.to_string()).as_deref())
        .with_some("to", (!is_to).then(|| to.to_string()).as_deref())
}

/// The verdict on a guarded change, and what the window shows.
fn guarded(links: &Links<'_>, guarded: &Guarded, what: &str) -> Markup {
    html! {
        section class="trees" id="guard" aria-labelledby="guard-h" {
            h2 id="guard-h" { "Is it allowed?" }
            article { (why::tree(&guarded.guard.because, &|position| links.record(position))) }
        }
        (over(guarded.window, what))
        @match &guarded.rehearsed {
            Ok(rehearsed) => (found::main(links, rehearsed)),
            Err(why) => { p { "Not evaluated: " (why) "." } },
        }
    }
}

fn over((from, to): (Time, Time), what: &str) -> Markup {
    let mut times = Times::default();
    html! {
        h2 id="found-h" { "If it had been so from " (times.show(from)) " until " (times.show(to)) }
        p id="rehearsed" { "Rehearsed: " (uncut(what)) "." }
    }
}
