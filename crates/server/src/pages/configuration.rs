//! `/trust` and `/policy`: who changed what is trusted and asked for, when, and what rested on it.

use super::{
    address::Address,
    changes_list::{self, Counts},
    error_page::PageError,
    frame,
    links::{self, Links},
    parameters::CutAsked,
    pinned::PinnedPage,
    reader::Reader,
    text::{inert, plain},
    times::Times,
};
use crate::{http::Server, timeline::trusted::Strip};
use axum::{http::StatusCode, response::Response};
use claimledger_app::model::{
    answer::{AbsenceCode, Answer, ChangeCount},
    question::{AskError, Asking, Caller},
};
use claimledger_domain::{
    changes::{ConfigChange, KeySpan, PolicyChanges, TrustChanges},
    explain::called,
};
use claimledger_facts::{
    ids::{IdpId, KeyId, LogPosition},
    vocabulary::Role,
};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Versions in force that are named above the changes.
const NOW: usize = 20;
/// IdPs that are drawn.
const STRIPS: usize = 4;

/// `/trust`.
pub(crate) async fn trust(reader: Reader) -> Response {
    reader.shown(answer(&reader, Of::Trust).await)
}

/// `/policy`.
pub(crate) async fn policy(reader: Reader) -> Response {
    reader.shown(answer(&reader, Of::Policies).await)
}

/// Which history.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Trust,
    Policies,
}

impl Of {
    const fn path(self) -> &'static str {
        match self {
            Self::Trust => "/trust",
            Self::Policies => "/policy",
        }
    }

    /// Its word in addresses of queries.
    const fn word(self) -> &'static str {
        match self {
            Self::Trust => "trust",
            Self::Policies => "policy",
        }
    }

    /// Where its list is a file.
    const fn export(self) -> &'static str {
        match self {
            Self::Trust => "/v1/export/trust",
            Self::Policies => "/v1/export/policies",
        }
    }

    /// The parameter that names one IdP or one policy.
    const fn parameter(self) -> &'static str {
        match self {
            Self::Trust => "idp",
            Self::Policies => "policy",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Trust => "Trust",
            Self::Policies => "Policies",
        }
    }
}

/// What the address says.
struct View<'a> {
    of: Of,
    cut: CutAsked,
    one: Option<&'a str>,
}

impl View<'_> {
    fn keep(&self) -> Address {
        Address::new(self.of.path()).with_some(self.of.parameter(), self.one)
    }
}

async fn answer(reader: &Reader, of: Of) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    let view = View { of, cut: parameters.cut()?, one: parameters.get(of.parameter()) };
    let asking = view.cut.asking(parameters.wait()?);
    match of {
        Of::Trust => {
            let idp = view.one.map(Into::into);
            let found = server.app.trust(caller, idp.as_ref(), &asking).await?;
            let named = if view.cut.is_pinned {
                server.app.named_issuers(caller, &asking).await?.value.keys
            } else {
                Vec::new()
            };
            let of = |key: &&(IdpId, KeyId)| idp.as_ref().is_none_or(|idp| key.0 == *idp);
            let named: Vec<_> = named.iter().filter(of).collect();
            let main = |links: &Links<'_>| trust_now(links, &found.value, &named);
            shown(reader, &view, &found, (&found.value.changes, &main)).await
        }
        Of::Policies => {
            let policy = view.one.map(Into::into);
            let found = server.app.policies(caller, policy.as_ref(), &asking).await?;
            let main = |links: &Links<'_>| policies_now(links, &found.value);
            shown(reader, &view, &found, (&found.value.changes, &main)).await
        }
    }
}

/// What stands above the changes.
type Now<'a> = &'a (dyn Fn(&Links<'_>) -> Markup + Sync);

async fn shown<T>(
    reader: &Reader,
    view: &View<'_>,
    found: &Answer<T>,
    (changes, now): (&[ConfigChange], Now<'_>),
) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let page = PinnedPage::of(caller, &view.cut, view.keep(), found);
    if let Some(response) = page.instead() {
        return Ok(response);
    }
    if found.absence.code == AbsenceCode::NotKnown {
        return Ok(page.unknown(view.of.path(), None));
    }
    let counts = counts(server, caller, view, changes).await?;
    let links = Links::of(&view.cut, found);
    let title = view
        .one
        .map_or_else(|| view.of.title().to_owned(), |one| format!("{} {one}", view.of.title()));
    let main = html! {
        h1 { @match (view.of, view.one) {
            (_, None) => (view.of.title()),
            (Of::Trust, Some(idp)) => { "Trust in " (inert(idp)) },
            (Of::Policies, Some(policy)) => { "Policy " (inert(policy)) },
        } }
        (now(&links))
        p {
            @if view.one.is_some() {
                a href=(links.to(Address::new(view.of.path()))) { @match view.of {
                    Of::Trust => "All IdPs", Of::Policies => "All policies" } }
            }
            @if let (Of::Trust, Some(idp)) = (view.of, view.one) {
                " · " a href=(links.to(links::of_idp(idp))) { "What rested on it" }
            }
        }
        (changes_list::list(&links, changes, &counts))
        (links::as_other(&links, (view.of.word(), &view.keep()), caller.has(Role::Export).then(||
            Address::new(view.of.export()).with_some(view.of.parameter(), view.one))))
    };
    Ok(page.show(StatusCode::OK, &title, html! {}, main))
}

/// How much rested on the changes that are listed.
async fn counts(
    server: &Server,
    caller: &Caller,
    view: &View<'_>,
    changes: &[ConfigChange],
) -> Result<Counts, PageError> {
    let listed = changes_list::listed(changes);
    let records: BTreeSet<LogPosition> =
        listed.iter().map(|change| change.record.position).collect();
    let asking: Asking = view.cut.asking(None);
    match server.app.rested_on(caller, &records, &asking).await {
        Ok(counted) => Ok(Counts(counted.value)),
        // The page itself stands: no row has a number.
        Err(AskError::TooMany { .. }) => Ok(Counts(Vec::<ChangeCount>::new())),
        Err(other) => Err(other.into()),
    }
}

/// Which versions are in force at T, and the keys.
fn trust_now(links: &Links<'_>, found: &TrustChanges, named: &[&(IdpId, KeyId)]) -> Markup {
    let mut times = Times::default();
    let in_force: Vec<_> = found.versions.iter().filter(|of| of.in_force.is_some()).collect();
    html! {
        p class="verdict" {
            @if in_force.is_empty() { "No version of trust in an IdP is known to be in force at T: "
                (frame::none(links.absence)) }
            @for version in in_force.iter().take(NOW) {
                span class="now" {
                    a href=(links.to(links::trust(version.data.idp.as_str()))) {
                        (inert(&called(version.data.idp.as_str(), version.idp_name.as_deref()))) }
                    ": " (inert(&version.gist)) ", by " (inert(version.data.version.as_str()))
                    " since " (times.occurred(version.span.from))
                    (changes_list::possibly(version.in_force))
                    @for of in found.of_whole_idp(&version.data.idp) {
                        "; " strong class="attention" { "retracted" } " from "
                        (times.show(of.data.from)) " " (links.record(of.record.position)) }
                    "."
                }
            }
            @if in_force.len() > NOW { span class="now" { (in_force.len() - NOW)
                " more are in force." } }
        }
        (strips(links, found))
        (keys(links, found, named))
    }
}

/// A figure of each IdP.
fn strips(links: &Links<'_>, found: &TrustChanges) -> Markup {
    let idps: BTreeSet<_> = found.versions.iter().map(|version| &version.data.idp).collect();
    let mut strips: Vec<Strip<'_>> =
        idps.iter().filter_map(|idp| Strip::of(idp, found, links.answered)).collect();
    Strip::align(&mut strips, links.answered);
    let opens = |position: LogPosition| {
        let record = Address::new("/sources").with("open", position.0.to_string());
        format!("{}#record", links.to(record))
    };
    html! {
        @for (n, strip) in strips.iter().take(STRIPS).enumerate() {
            @let prefix = format!("ts{n}");
            @let name = format!("Trust in {}", plain(strip.idp.as_str()));
            section class="timeline" aria-label=(name) {
                @if strips.len() > 1 { h2 { (inert(strip.idp.as_str())) } }
                div class="figure scroll" tabindex="0" role="region" aria-label={
                    (name) ", drawn; arrow keys move between its items" } {
                    (strip.svg(links.answered, &prefix, &opens)) }
                @if strip.left_out > 0 { p class="caption" { (strip.left_out) " keys that were \
                    added before these are in the table alone." } }
            }
        }
        @if strips.len() > STRIPS { p class="caption" { (strips.len() - STRIPS) " more IdPs are in \
            the tables alone: the page of one draws it." } }
    }
}

/// Keys that were stated by T, then those that only claims or retractions name.
fn keys(links: &Links<'_>, found: &TrustChanges, named: &[&(IdpId, KeyId)]) -> Markup {
    let mut times = Times::default();
    let retracted =
        found.retractions.iter().filter_map(|of| Some((&of.data.idp, of.data.key.as_ref()?)));
    let others: BTreeSet<_> = named
        .iter()
        .map(|(idp, key)| (idp, key))
        .chain(retracted)
        .filter(|of| !found.keys.iter().any(|key| (&key.idp, &key.key) == *of))
        .collect();
    if found.keys.is_empty() && others.is_empty() {
        return html! {};
    }
    let retractions = |idp: &IdpId, key: &KeyId, times: &mut Times| {
        html! { @for retraction in found.of_key(idp, key) {
        "from " (times.show(retraction.data.from)) " "
        (links.record(retraction.record.position)) " " } }
    };
    let named = |idp: &IdpId, key: &KeyId| {
        html! {
            th scope="row" { a href=(links.to(links::of_key(Some(idp.as_str()), key.as_str()))) {
                (inert(key.as_str())) } }
            td { (inert(idp.as_str())) }
        }
    };
    html! {
        section aria-labelledby="keys-h" {
            h2 id="keys-h" { "Keys" }
            div class="scroll" tabindex="0" role="group" aria-labelledby="keys-h" {
                table class="keys" {
                    thead { tr { @for head in ["Key", "IdP", "Valid from", "Until", "At T",
                        "Retracted"] { th scope="col" { (head) } } } }
                    tbody {
                        @for key in &found.keys {
                            tr {
                                (named(&key.idp, &key.key))
                                (validity(links, found, key, &mut times))
                                td { (retractions(&key.idp, &key.key, &mut times)) }
                            }
                        }
                        @for (idp, key) in others {
                            tr {
                                (named(idp, key))
                                td { "not stated by T" }
                                td { "–" }
                                td { "not stated" }
                                td { (retractions(idp, key, &mut times)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// From when until when a key that is stated is valid, and whether it is at T.
fn validity(links: &Links<'_>, found: &TrustChanges, key: &KeySpan, times: &mut Times) -> Markup {
    html! {
        td {
            @match key.span { Some(span) => (times.occurred(span.from)), None => "never added" }
            @if let Some(act) = &key.added { " " (links.record(act.record.position)) }
        }
        td {
            @match key.span.and_then(|span| span.until) {
                Some(until) => (times.occurred(until)), None => "–" }
            @if let Some(act) = &key.retired { " " (links.record(act.record.position)) }
        }
        td {
            @match key.valid { Some(sure) => { "valid" (changes_list::possibly(Some(sure))) },
                None => "not valid" }
            @if found.of_key(&key.idp, &key.key).next().is_some() {
                ", " strong class="attention" { "retracted" } }
        }
    }
}

fn policies_now(links: &Links<'_>, found: &PolicyChanges) -> Markup {
    let mut times = Times::default();
    let in_force: Vec<_> = found.versions.iter().filter(|of| of.in_force.is_some()).collect();
    html! {
        p class="verdict" {
            @if in_force.is_empty() { "No version of a policy is known to be in force at T: "
                (frame::none(links.absence)) }
            @for version in in_force.iter().take(NOW) {
                span class="now" {
                    a href=(links.to(links::policy(version.data.policy.as_str()))) {
                        (inert(&called(version.data.policy.as_str(),
                            version.policy_name.as_deref()))) }
                    ": " (inert(&version.gist)) ", by " (inert(version.data.version.as_str()))
                    " since " (times.occurred(version.span.from))
                    (changes_list::possibly(version.in_force)) "."
                }
            }
            @if in_force.len() > NOW { span class="now" { (in_force.len() - NOW)
                " more are in force." } }
        }
    }
}
