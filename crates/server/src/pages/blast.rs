//! `/blast`: what rested on a key, an IdP, the changes of an actor, one change or a loss; which of
//! the sessions still live at T.

use super::{
    address::Address,
    blast_choice,
    blast_falls::{self as falls, Falls},
    blast_list::{self as list, Found},
    error_page::PageError,
    frame,
    links::{self, Links},
    names,
    parameters::{CutAsked, Parameters},
    pinned::PinnedPage,
    reader::Reader,
    text::inert,
};
use crate::http::Server;
use axum::{http::StatusCode, response::Response};
use claimledger_app::{
    Falsifying,
    model::{
        answer::{AbsenceCode, Answer, ChangeHit},
        question::{Asking, Caller, DecisionFilter, SessionFilter},
    },
};
use claimledger_domain::{
    changes::{Retraction, TrustChanges},
    dependants::Changed,
};
use claimledger_facts::{
    ids::{ActorId, AuthenticatorId, LogPosition},
    time::Time,
    types::trust::TrustRetracted,
    vocabulary::Role,
};
use maud::{Markup, html};

/// Rows of each list of a key or an IdP; more are "at least".
const ROWS: u32 = 100;
/// Losses of one authenticator that are listed, and retractions that are evaluated.
const LOSSES: usize = 20;

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
}

/// What the address asks about.
enum Asked {
    /// Claims of an IdP, or those that a key signed, received from a time on.
    Claims { idp: Option<String>, key: Option<String>, from: Option<Time> },
    /// The changes of an actor.
    Actor(String),
    /// The changes in a record.
    Change(u64),
    /// The loss of an authenticator, by its record.
    Loss(u64),
    /// Every loss of an authenticator, by its id.
    Authenticator(String),
    /// Nothing yet.
    Choice,
}

impl Asked {
    fn read(parameters: &Parameters) -> Result<Self, PageError> {
        let text = |name: &str| parameters.get(name).map(str::to_owned);
        let needed = |name: &str| {
            text(name)
                .ok_or_else(|| PageError::refused(format!("This kind needs a value for {name}.")))
        };
        let record = || {
            parameters
                .number("pos")?
                .ok_or_else(|| PageError::refused("This kind needs a value for pos."))
        };
        let from = parameters.time("from")?;
        Ok(match parameters.get("kind") {
            None => Self::Choice,
            Some("key") => Self::Claims { idp: text("idp"), key: Some(needed("key")?), from },
            Some("idp") => Self::Claims { idp: Some(needed("idp")?), key: None, from },
            Some("actor") => Self::Actor(needed("actor")?),
            Some("change") => Self::Change(record()?),
            Some("authenticator") => match text("id") {
                Some(id) => Self::Authenticator(id),
                None => Self::Loss(record()?),
            },
            Some(other) => {
                return Err(PageError::refused(format!(
                    "kind: {other} is not key, idp, authenticator, actor or change."
                )));
            }
        })
    }

    /// The address without T, K and R.
    fn keep(&self) -> Address {
        let from = |address: Address, from: &Option<Time>| {
            address.with_some("from", from.map(|from| from.to_string()).as_deref())
        };
        match self {
            Self::Claims { idp, key: Some(key), from: time } => {
                from(links::of_key(idp.as_deref(), key), time)
            }
            Self::Claims { idp, key: None, from: time } => {
                from(links::of_idp(idp.as_deref().unwrap_or_default()), time)
            }
            Self::Actor(actor) => links::of_actor(actor),
            Self::Change(record) => links::of_record(LogPosition(*record)),
            Self::Loss(record) => links::of_loss(LogPosition(*record)),
            Self::Authenticator(id) => links::of_authenticator(id),
            Self::Choice => Address::new("/blast"),
        }
    }
}

/// One request: what is asked, and by whom.
struct Page<'a> {
    server: &'a Server,
    caller: &'a Caller,
    cut: CutAsked,
    asked: Asked,
    /// Whether names are asked for.
    names: bool,
}

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    let cut = parameters.cut()?;
    let asking = cut.asking(parameters.wait()?);
    let names = parameters.flag(names::NAMES)?.unwrap_or(false);
    let page = Page { server, caller, cut, asked: Asked::read(&parameters)?, names };
    match &page.asked {
        Asked::Claims { idp, key, from } => {
            page.claims((idp.as_deref(), key.as_deref(), *from), &asking).await
        }
        Asked::Actor(actor) => {
            let of = Some(ActorId::new(actor.as_str()));
            let title = html! { "Changes of " (inert(actor)) };
            page.changes((of.as_ref(), None), &asking, title).await
        }
        Asked::Change(record) => {
            let title = html! { "Change #" (record) };
            page.changes((None, Some(&record.to_string())), &asking, title).await
        }
        Asked::Loss(record) => {
            let title = html! { "Loss of an authenticator, #" (record) };
            page.changes((None, Some(&record.to_string())), &asking, title).await
        }
        Asked::Authenticator(id) => page.authenticator(id, &asking).await,
        Asked::Choice => page.choice(&asking).await,
    }
}

impl Page<'_> {
    /// The address without T, K and R.
    fn keep(&self) -> Address {
        let names = self.names.then_some("1");
        self.asked.keep().with_some(names::NAMES, names)
    }

    /// The names of the people of the page, and the link that asks for them.
    async fn names(
        &self,
        links: &Links<'_>,
        found: &Found,
    ) -> Result<(Markup, Option<Markup>), PageError> {
        let section = if self.names {
            names::section(self.server, self.caller, found.people()).await?
        } else {
            html! {}
        };
        let here = self.cut.pin(self.keep(), links.answered);
        let may_ask = !self.names && found.people().next().is_some();
        Ok((section, may_ask.then(|| names::show(&here))))
    }

    /// What is to be answered in place of the page; none: the page.
    fn instead<T>(&self, answer: &Answer<T>) -> Option<Response> {
        let page = self.pinned(answer);
        let is_unknown = answer.absence.code == AbsenceCode::NotKnown;
        page.instead().or_else(|| is_unknown.then(|| page.unknown("/trust", None)))
    }

    /// The page of an answer.
    fn pinned<'b, T>(&'b self, answer: &'b Answer<T>) -> PinnedPage<'b, T> {
        PinnedPage::of(self.caller, &self.cut, self.keep(), answer)
    }

    fn shown<T>(&self, answer: &Answer<T>, main: Markup) -> Response {
        self.shown_as(StatusCode::OK, answer, (html! {}, main))
    }

    fn shown_as<T>(
        &self,
        status: StatusCode,
        answer: &Answer<T>,
        (names, main): (Markup, Markup),
    ) -> Response {
        self.pinned(answer).show(status, "Blast radius", names, main)
    }

    /// Of a key, or of an IdP: the sessions of the list with that filter, and their decisions.
    async fn claims(
        &self,
        (idp, key, from): (Option<&str>, Option<&str>, Option<Time>),
        asking: &Asking,
    ) -> Result<Response, PageError> {
        let app = &self.server.app;
        // What would fall is asked as if the key were retracted, which makes it a key of its IdP.
        let supposes_key = idp.is_some();
        let filter = SessionFilter {
            idp: idp.map(Into::into),
            key: key.map(Into::into),
            supposes_key,
            relied_from: from,
            ..SessionFilter::default()
        };
        let sessions = app.sessions_state_only(self.caller, &filter, asking, ROWS, None).await?;
        if let Some(response) = self.instead(&sessions) {
            return Ok(response);
        }
        let filter = DecisionFilter {
            idp: filter.idp,
            key: filter.key,
            supposes_key,
            ..DecisionFilter::default()
        };
        let mut found = Found::of_claims(&sessions.value);
        // Those of the listed sessions, all of them: what falls is among them.
        let ids = found.session_ids();
        let decisions = app.decisions_of(self.caller, &ids, &filter, asking).await?;
        found = found.with_decisions(&decisions.value);
        let Stated { begins, is_named, retractions } = match idp {
            Some(idp) => {
                let trust = app.trust(self.caller, Some(&idp.into()), asking).await?;
                Stated::of(trust.value, key)
            }
            None => Stated { begins: None, is_named: true, retractions: Vec::new() },
        };
        // What is rehearsed from its first use begins with the key, or with its IdP.
        let since = from.or(begins);
        let links = Links::of(&self.cut, &sessions);
        let retractions = self.fell(retractions, &found, asking).await?;
        found.supposed = Some(supposed((idp, key, from)));
        found.falls = self.falls_of_claims((idp, key, from), &found, asking).await?;
        let first_use = self.first_use((idp, key, from), asking).await?;
        let (names, show_names) = self.names(&links, &found).await?;
        let claims =
            |from| Asked::Claims { idp: idp.map(Into::into), key: key.map(Into::into), from };
        let same = Address::new("/sessions")
            .with_some("idp", idp)
            .with_some("key", key)
            // Without it the list lacks sessions whose claims name no key, where nothing states the
            // key; this page counts them, as a retraction would.
            .with_some("supposesKey", (!is_named).then_some("true"))
            .with_some("reliedFrom", from.map(|from| from.to_string()).as_deref())
            .with("first", ROWS.to_string());
        let main = html! {
            h1 { @match key {
                Some(key) => { "Key " (inert(key))
                    @if let Some(idp) = idp { " of " (inert(idp)) } },
                None => { "Claims of " (inert(idp.unwrap_or_default())) },
            }
            @if let Some(from) = from { ", received from " (from) } }
            (list::counts(&links, &found))
            @if let Some(counted) = first_use {
                (falls::first_use(&links.to(claims(None).keep()), counted)) }
            @if idp.is_some() {
                (list::retractions(&links, &retractions, &|from| {
                    links.to(claims(Some(from)).keep()) }))
            }
            p {
                a href=(links.to(same.clone())) { "The same sessions as a list" }
                @if let Some(link) = show_names { span class="on-screen" { " · " (link) } }
                (rehearsals(&links, (idp, key), since))
            }
            @if let Some(idp) = idp { (retract(self.caller, idp, key, from)) }
            (falls::section(&links, &found))
            (list::sessions(&links, &found))
            (list::decisions(&links, &found))
            (links::as_other(&links, ("blast", &self.asked.keep()), self.export(&same)))
        };
        Ok(self.shown_as(StatusCode::OK, &sessions, (names, main)))
    }

    /// What fell by each retraction.
    async fn fell(
        &self,
        retractions: Vec<Retraction>,
        found: &Found,
        asking: &Asking,
    ) -> Result<Vec<(Retraction, Falls)>, PageError> {
        let mut fell = Vec::new();
        for (nth, retraction) in retractions.into_iter().enumerate() {
            let of_it =
                Falsifying { retractions: vec![retraction.data.clone()], ..Falsifying::default() };
            let falls = if nth < LOSSES {
                self.falls(&of_it, found, asking).await?
            } else {
                Falls::NotEvaluated("it has more retractions than one page evaluates")
            };
            fell.push((retraction, falls));
        }
        Ok(fell)
    }

    /// Of changes: what rested on each, or was hit by it.
    async fn changes(
        &self,
        (actor, record): (Option<&ActorId>, Option<&str>),
        asking: &Asking,
        title: Markup,
    ) -> Result<Response, PageError> {
        let mut answer = self.server.app.dependants(self.caller, actor, record, asking).await?;
        if record.is_some() && self.cut.is_pinned && answer.absence.code == AbsenceCode::NotKnown {
            let main =
                html! { h1 { (title) } p class="verdict" { (frame::none(&answer.absence)) } };
            return Ok(self.shown_as(StatusCode::NOT_FOUND, &answer, (html! {}, main)));
        }
        if let Some(response) = self.instead(&answer) {
            return Ok(response);
        }
        if let Asked::Loss(position) = self.asked {
            answer.value.retain(|hit| matches!(hit.change.what, Changed::Loss(..)));
            if answer.value.is_empty() {
                let main = self.no_loss(&answer, LogPosition(position));
                return Ok(self.shown_as(StatusCode::NOT_FOUND, &answer, (html! {}, main)));
            }
        }
        let page = self.of_changes(title, &answer, asking).await?;
        Ok(self.shown_as(StatusCode::OK, &answer, page))
    }

    /// Where a record is asked for as a loss and states another change.
    fn no_loss(&self, answer: &Answer<Vec<ChangeHit>>, position: LogPosition) -> Markup {
        let links = Links::of(&self.cut, answer);
        html! {
            h1 { "No loss of an authenticator" }
            p class="verdict" { (links.record(position)) " is no loss of an authenticator: it is "
                a href=(links.to(links::of_record(position))) { "another change" } "." }
        }
    }

    /// Of an authenticator: each of its losses that is known.
    async fn authenticator(&self, id: &str, asking: &Asking) -> Result<Response, PageError> {
        let app = &self.server.app;
        let losses = app.losses_of(self.caller, &AuthenticatorId::new(id), asking).await?;
        if let Some(response) = self.instead(&losses) {
            return Ok(response);
        }
        let title = html! { "Authenticator " (inert(id)) };
        let mut hits = Vec::new();
        for record in losses.value.iter().take(LOSSES) {
            let name = record.0.to_string();
            let of_it = app.dependants(self.caller, None, Some(&name), asking).await?;
            hits.extend(of_it.value);
        }
        let mut answer = losses.with(hits);
        answer.value.retain(|hit| matches!(hit.change.what, Changed::Loss(..)));
        if answer.value.is_empty() {
            let main = html! {
                h1 { (title) }
                p class="verdict" { "No loss of it is known at " (answer.answered.position)
                    ": nothing fell with it." }
                p { "An authenticator is looked for by the id that its loss names." }
            };
            return Ok(self.shown(&answer, main));
        }
        let page = self.of_changes(title, &answer, asking).await?;
        Ok(self.shown_as(StatusCode::OK, &answer, page))
    }

    /// Changes, and what rested on them: the names of people, and the answer.
    async fn of_changes(
        &self,
        title: Markup,
        answer: &Answer<Vec<ChangeHit>>,
        asking: &Asking,
    ) -> Result<(Markup, Markup), PageError> {
        let links = Links::of(&self.cut, answer);
        let mut found = Found::of_changes(&answer.value);
        let falsifying = falls::of_changes(&answer.value);
        if !falsifying.is_empty() {
            found.falls = self.falls(&falsifying, &found, asking).await?;
            found = found.with_rested();
        }
        found.say_decided(&answer.value);
        let ids = found.decided_sessions();
        if !ids.is_empty() {
            let all = DecisionFilter::default();
            let decisions = self.server.app.decisions_of(self.caller, &ids, &all, asking).await?;
            found.judge(&decisions.value);
        }
        let (names, show_names) = self.names(&links, &found).await?;
        let main = html! {
            h1 { (title) }
            (list::counts(&links, &found))
            (list::changes(&links, &answer.value))
            (falls::section(&links, &found))
            (list::sessions(&links, &found))
            (list::decisions(&links, &found))
            // By the id of an authenticator there are several queries.
            @if !matches!(self.asked, Asked::Authenticator(_)) {
                (links::as_other(&links, ("blast", &self.asked.keep()), self.export(
                    &self.asked.keep()))) }
            @if let Some(link) = show_names { p class="as-other" { (link) } }
        };
        Ok((names, main))
    }

    /// The list as a file, for who may: of sessions, or of what depends on changes.
    fn export(&self, list: &Address) -> Option<Address> {
        let of = |to: &'static str, names: &[(&str, &'static str)]| {
            list.fields().iter().fold(Address::new(to), |to, (name, value)| {
                let named = names.iter().find(|(from, _)| from == name);
                named.map_or(to.clone(), |(_, into)| to.with(into, value.as_str()))
            })
        };
        self.caller.has(Role::Export).then(|| match self.asked {
            Asked::Claims { .. } => of(
                "/v1/export/sessions",
                &[
                    ("idp", "idp"),
                    ("key", "key"),
                    ("supposesKey", "supposesKey"),
                    ("reliedFrom", "reliedFrom"),
                ],
            ),
            _ => of("/v1/export/dependants", &[("actor", "actor"), ("pos", "record")]),
        })
    }

    /// What would become of decisions if what was received from a time on were retracted.
    async fn falls_of_claims(
        &self,
        (idp, key, from): (Option<&str>, Option<&str>, Option<Time>),
        found: &Found,
        asking: &Asking,
    ) -> Result<Falls, PageError> {
        let Some(idp) = idp else {
            return Ok(Falls::NotEvaluated("the address names no IdP, and a key is of one"));
        };
        let retraction = TrustRetracted {
            idp: idp.into(),
            key: key.map(Into::into),
            from: from.unwrap_or(Time::MIN),
            reason: "supposed".to_owned(),
            actor: None,
            ticket: None,
        };
        let supposed = Falsifying { retractions: vec![retraction], ..Falsifying::default() };
        self.falls(&supposed, found, asking).await
    }

    async fn falls(
        &self,
        falsifying: &Falsifying,
        found: &Found,
        asking: &Asking,
    ) -> Result<Falls, PageError> {
        let ids = found.session_ids();
        if ids.len() > ROWS as usize {
            return Ok(Falls::NotEvaluated("more sessions rested on it than one page evaluates"));
        }
        let fallen = self.server.app.falls(self.caller, falsifying, &ids, asking).await?;
        Ok(Falls::Of(fallen.value))
    }

    /// How many sessions rested on it from its first use, where the page begins later.
    async fn first_use(
        &self,
        (idp, key, from): (Option<&str>, Option<&str>, Option<Time>),
        asking: &Asking,
    ) -> Result<Option<(usize, bool)>, PageError> {
        if from.is_none() {
            return Ok(None);
        }
        let filter = SessionFilter {
            idp: idp.map(Into::into),
            key: key.map(Into::into),
            supposes_key: idp.is_some(),
            ..SessionFilter::default()
        };
        let app = &self.server.app;
        let all = app.sessions_state_only(self.caller, &filter, asking, ROWS, None).await?;
        Ok(Some((all.value.items.len(), all.value.has_next)))
    }

    /// What can be asked about.
    async fn choice(&self, asking: &Asking) -> Result<Response, PageError> {
        let trust = self.server.app.trust(self.caller, None, asking).await?;
        if let Some(response) = self.instead(&trust) {
            return Ok(response);
        }
        let links = Links::of(&self.cut, &trust);
        let main =
            blast_choice::main(self.server, self.caller, &links, (&trust.value, asking)).await?;
        Ok(self.shown(&trust, main))
    }
}

/// What is stated of an IdP, or of a key of it.
struct Stated {
    /// When it begins.
    begins: Option<Time>,
    /// Whether the key is named as one of the IdP: lists by key go by what is stated
    /// (`semantics.md` 42).
    is_named: bool,
    /// Its retractions, with those of the whole IdP.
    retractions: Vec<Retraction>,
}

impl Stated {
    fn of(trust: TrustChanges, key: Option<&str>) -> Self {
        let is_named = key.is_none_or(|key| {
            let retracted = trust.retractions.iter().filter_map(|of| of.data.key.as_ref());
            trust.keys.iter().map(|span| &span.key).chain(retracted).any(|of| of.as_str() == key)
        });
        let begins = begins(&trust, key);
        let is_of_it = |of: &Retraction| match (&of.data.key, key) {
            (Some(of), Some(key)) => of.as_str() == key,
            (Some(_), None) => false,
            (None, _) => true,
        };
        let retractions = trust.retractions.into_iter().filter(is_of_it).collect();
        Self { begins, is_named, retractions }
    }
}

/// What a page of claims supposes to be retracted.
fn supposed((idp, key, from): (Option<&str>, Option<&str>, Option<Time>)) -> String {
    let what = match (key, idp) {
        (Some(key), _) => format!("all that {key} signed"),
        (None, idp) => format!("all claims of {}", idp.unwrap_or_default()),
    };
    from.map_or(what.clone(), |from| format!("{what} from {from} on"))
}

/// When a key was added first, or its IdP was configured.
fn begins(trust: &TrustChanges, key: Option<&str>) -> Option<Time> {
    match key {
        Some(key) => {
            let of_it = trust.keys.iter().filter(|span| span.key.as_str() == key);
            of_it.filter_map(|span| span.span.map(|span| span.from.from)).min()
        }
        None => trust.versions.iter().map(|version| version.span.from.from).min(),
    }
}

/// The way to the form that retracts trust in it, for who may.
fn retract(caller: &Caller, idp: &str, key: Option<&str>, from: Option<Time>) -> Markup {
    let address = Address::new("/retract")
        .with("idp", idp)
        .with_some("key", key)
        .with_some("whole", key.is_none().then_some("true"))
        .with_some("from", from.map(|from| from.to_string()).as_deref());
    let words = html! { "Retract trust in " @match key {
    Some(key) => { "key " (inert(key)) }, None => "the whole IdP" } };
    html! {
        p id="retract" {
            @if caller.has(Role::Govern) { a href=(address.href()) { (words) " …" } }
            @else { span class="muted" { (words) ": needs the role govern" } }
        }
    }
}

/// What can be rehearsed of it. It writes nothing but the access entry.
fn rehearsals(
    links: &Links<'_>,
    (idp, key): (Option<&str>, Option<&str>),
    from: Option<Time>,
) -> Markup {
    let from = from.map(|from| from.to_string());
    let rehearse = |change: &str| {
        let address = Address::new("/rehearse")
            .with("change", change)
            .with_some("idp", idp)
            .with_some("key", key.filter(|_| change == "retract_key"));
        links.to(address.with_some("from", from.as_deref()))
    };
    html! {
        @if idp.is_some() {
            " · Rehearse: "
            @if key.is_some() {
                a href=(rehearse("retract_key")) { "retract trust in the key" } ", " }
            a href=(rehearse("retract")) { "retract trust in the IdP" } ", "
            a href=(rehearse("untrust")) { "switch trust in its claims off" }
            @if let Some(from) = from { " (from " (from) ")" }
        }
    }
}
