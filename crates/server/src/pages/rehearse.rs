//! `/rehearse`: what a change of trust or of a policy would have done; and, for a change that the
//! service provider guards, whether it is allowed.

use super::{
    address::Address,
    error_page::{PageError, lagging},
    frame::{self, Strip},
    parameters::{CutAsked, Parameters},
    rehearse_found::{self as found, Links},
    session::caller,
    times::Times,
    why,
};
use crate::http::{Server, Shared};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::model::{
    answer::{Answer, Guarded},
    question::{Caller, window_until},
};
use claimledger_domain::{
    guard::GuardedChange,
    rehearse::{Feature, IdpSetting, TrustChange},
};
use claimledger_facts::{
    ids::{IdpId, LogPosition},
    time::Time,
    types::trust::TrustRetracted,
};
use maud::{Markup, html};

/// The changes, in the order of the form: parameter, label.
const CHANGES: [(&str, &str); 9] = [
    ("deactivate", "Deactivate the IdP"),
    ("delete", "Delete the IdP"),
    ("untrust", "Switch trust in its claims off"),
    ("trust", "Switch trust in its claims on"),
    ("feature_off", "Switch the feature off"),
    ("feature_on", "Switch the feature on"),
    ("policy", "Put a version of a policy in force"),
    ("retract", "Retract trust in the IdP"),
    ("retract_key", "Retract trust in the key"),
];

/// The fields of the form but for the change, the feature and the policy: parameter, label.
const FIELDS: [(&str, &str); 4] =
    [("idp", "IdP"), ("key", "Key"), ("from", "Decisions from"), ("to", "Decisions until")];

const FEATURES: [(&str, &str, Feature); 2] = [
    ("claims_sharing", "Okta-to-Okta claims sharing", Feature::ClaimsSharing),
    ("third_party", "Third-party claims sharing", Feature::ThirdPartyClaimsSharing),
];

pub(crate) async fn get(State(server): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let caller = match caller(&server, &uri, &headers).await {
        Ok(caller) => caller,
        Err(trouble) => return trouble.page(None),
    };
    answer(&server, &caller, &uri).await.unwrap_or_else(|trouble| trouble.page(Some(&caller)))
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
    /// As it was written, for the form and for links.
    written: Vec<(&'static str, String)>,
}

impl RehearseView {
    fn read(parameters: &Parameters) -> Result<Self, PageError> {
        let names = FIELDS.iter().map(|(name, _)| *name).chain(["change", "feature", "policy"]);
        let written = names
            .filter_map(|name| parameters.get(name).map(|value| (name, value.to_owned())))
            .collect();
        Ok(Self {
            cut: parameters.cut()?,
            asked: asked(parameters)?,
            window: (parameters.time("from")?, parameters.time("to")?),
            written,
        })
    }

    /// The address without T, K and R.
    fn keep(&self) -> Address {
        self.written.iter().fold(Address::new("/rehearse"), |address, (name, value)| {
            address.with(name, value.as_str())
        })
    }

    fn field(&self, name: &str) -> &str {
        let field = self.written.iter().find(|(written, _)| *written == name);
        field.map_or("", |(_, value)| value)
    }
}

/// The change that an address names; none: it names none yet.
fn asked(parameters: &Parameters) -> Result<Option<Asked>, PageError> {
    let Some(change) = parameters.get("change") else { return Ok(None) };
    let needed = |name: &str| {
        parameters
            .get(name)
            .ok_or_else(|| PageError::refused(format!("This change needs a value for {name}.")))
    };
    let idp = || needed("idp").map(IdpId::new);
    let feature = || {
        let word = needed("feature")?;
        FEATURES.iter().find(|(name, ..)| *name == word).map(|(.., feature)| *feature).ok_or_else(
            || {
                PageError::refused(format!(
                    "feature: unknown feature {word}: use claims_sharing or third_party."
                ))
            },
        )
    };
    let idp_change = |idp: IdpId, setting| -> Asked {
        Asked::Rehearsal(Box::new(move |from, to| TrustChange::Idp {
            idp: idp.clone(),
            setting,
            from,
            to,
        }))
    };
    let retraction = |idp: IdpId, key: Option<&str>| {
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
    };
    Ok(Some(match change {
        "deactivate" => Asked::Guard(GuardedChange::Deactivate(idp()?)),
        "delete" => Asked::Guard(GuardedChange::Delete(idp()?)),
        "untrust" => Asked::Guard(GuardedChange::Untrust(idp()?)),
        "feature_off" => Asked::Guard(GuardedChange::FeatureOff(feature()?)),
        "trust" => idp_change(idp()?, IdpSetting::TrustOn),
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
        other => {
            let words: Vec<&str> = CHANGES.iter().map(|(word, _)| *word).collect();
            return Err(PageError::refused(format!(
                "change: unknown change {other}: use one of {}.",
                words.join(", ")
            )));
        }
    }))
}

async fn answer(server: &Server, caller: &Caller, uri: &Uri) -> Result<Response, PageError> {
    let parameters = Parameters::read(uri)?;
    let view = RehearseView::read(&parameters)?;
    let asking = view.cut.asking(parameters.number("after")?.map(LogPosition));
    if !parameters.is_pinned(&view.cut) {
        // Before the work: what is asked is asked once, pinned.
        let pinned = server.app.completeness(caller, &asking).await?;
        let here = view.cut.pin(view.keep(), &pinned.answered);
        return Ok(Redirect::to(&here.href()).into_response());
    }
    Ok(match (&view.asked, view.cut.at) {
        (Some(Asked::Guard(change)), _) => {
            let answer = server.app.guard(caller, change, view.window, &asking).await?;
            shown(caller, &view, &answer, |links| guarded(links, &answer.value))
        }
        (Some(Asked::Rehearsal(change)), Some(at)) => {
            let (from, to) = window_until(view.window, at);
            let answer = server.app.rehearse(caller, change(from, to), from, to, &asking).await?;
            shown(caller, &view, &answer, |links| {
                html! { (over((from, to))) (found::main(links, &answer.value)) }
            })
        }
        _ => {
            let answer = server.app.completeness(caller, &asking).await?;
            shown(caller, &view, &answer, |_| html! {})
        }
    })
}

fn shown<T>(
    caller: &Caller,
    view: &RehearseView,
    answer: &Answer<T>,
    main: impl FnOnce(&Links<'_>) -> Markup,
) -> Response {
    let here = view.cut.pin(view.keep(), &answer.answered);
    if let Some(response) = lagging(caller, answer) {
        return response;
    }
    let strip = frame::strip(
        &Strip { keep: &view.keep(), here: &here, known: view.cut.known },
        &answer.answered,
        &answer.completeness,
        &answer.status,
    );
    let links = Links { cut: &view.cut, answered: &answer.answered, absence: &answer.absence };
    let main = html! {
        h1 { "Rehearse a change" }
        (form(view, &links))
        (main(&links))
        @if view.asked.is_some() && !answer.absence.is_none() {
            p { (frame::none(&answer.absence)) }
        }
    };
    frame::page(StatusCode::OK, "Rehearse a change", Some(caller), strip, main)
}

/// The verdict on a guarded change, and what the window shows.
fn guarded(links: &Links<'_>, guarded: &Guarded) -> Markup {
    html! {
        section class="trees" id="guard" aria-labelledby="guard-h" {
            h2 id="guard-h" { "Is it allowed?" }
            article { (why::tree(&guarded.guard.because, &|position| links.record(position))) }
        }
        (over(guarded.window))
        @match &guarded.rehearsed {
            Ok(rehearsed) => (found::main(links, rehearsed)),
            Err(why) => { p { "Not evaluated: " (why) "." } },
        }
    }
}

fn over((from, to): (Time, Time)) -> Markup {
    let mut times = Times::default();
    html! {
        h2 id="found-h" { "If it had been so from " (times.show(from)) " until " (times.show(to)) }
    }
}

fn form(view: &RehearseView, links: &Links<'_>) -> Markup {
    let pinned = links.cut.pin(Address::new("/rehearse"), links.answered);
    html! {
        form class="filter" method="get" action="/rehearse" {
            @for (name, value) in pinned.fields() {
                input type="hidden" name=(name) value=(value); }
            label { "Change " select name="change" {
                @for (word, label) in CHANGES {
                    option value=(word) selected[view.field("change") == word] { (label) }
                }
            } }
            @for (name, label) in FIELDS {
                label { (label) " " input name=(name) value=(view.field(name)) size="22"
                    autocomplete="off"; }
            }
            label { "Feature " select name="feature" {
                option value="" { "–" }
                @for (word, label, _) in FEATURES {
                    option value=(word) selected[view.field("feature") == word] { (label) }
                }
            } }
            label { "Policy, the data of a policy.configured fact " textarea name="policy" rows="3"
                cols="40" spellcheck="false" { (view.field("policy")) } }
            button type="submit" { "Rehearse" }
        }
        p class="muted" { "Nothing is written. The window ends at T and begins 7 days before its \
            end where it is left out." }
    }
}
