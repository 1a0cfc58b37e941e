//! The form of `/retract`, what can be chosen in it, and what it ends on.

use super::{
    address::Address,
    elements::{self, ColourRole},
    frame,
    links::{self, Links},
    parameters::CutAsked,
    text::{count, has_unseen, inert, uncut},
};
use crate::known_at::KnownAt;
use claimledger_app::model::answer::Answer;
use claimledger_domain::{
    changes::{Retraction, TrustChanges},
    explain::called,
};
use claimledger_facts::{
    ids::{IdpId, KeyId, LogPosition},
    time::Time,
};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The form as it was sent. Nothing is trimmed: a key is compared exactly.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Written {
    /// The id of this form: what it records is recorded under it.
    pub(super) form: String,
    pub(super) idp: String,
    pub(super) key: String,
    /// `true`: the whole IdP.
    pub(super) whole: String,
    pub(super) from: String,
    pub(super) reason: String,
    pub(super) ticket: String,
    /// The key, or the IdP, typed again.
    pub(super) again: String,
    /// The last record of which the form said that it was retracted already.
    pub(super) seen: String,
}

/// What is known of what the form names.
pub(super) struct Known<'a> {
    pub(super) answer: &'a Answer<TrustChanges>,
    /// Whether there is such an IdP, and such a key.
    pub(super) is_known: bool,
    /// Whether what is shown is known at the end of the log, where a retraction is recorded.
    pub(super) is_at_the_end: bool,
    /// What another retraction would change; none: nothing of it was retracted already.
    pub(super) further: Option<Further>,
}

/// What another retraction of the same would change.
pub(super) enum Further {
    /// No time is given yet; the earliest that was retracted from.
    Since(Time),
    /// Nothing.
    Nothing(Time),
    /// Allows that would fall, and sessions at T that would rest on it, beside those that do now.
    More { from: Time, decisions: usize, sessions: usize },
    /// It was not rehearsed, and why.
    NotRehearsed(Time, String),
}

/// The page: a choice where the address names nothing yet, else the form.
pub(super) fn main(written: &Written, known: &Known<'_>, refused: Option<&str>) -> Markup {
    let is_chosen = !written.idp.is_empty() && (!written.key.is_empty() || written.is_whole());
    html! {
        h1 { "Retract trust" @if is_chosen { " in " (what(written)) } }
        @if let Some(message) = refused { p class="refused" role="alert" {
            strong { "Refused" } ": " (uncut(message)) } }
        @if !known.is_known && refused.is_none() {
            p class="verdict" { (frame::none(&known.answer.absence)) }
        } @else if is_chosen {
            (already(written, known))
            (explained(written, known.answer))
            @if known.is_at_the_end { (form(written, &known.answer.value)) } @else {
                p id="past" { "A retraction is recorded at the end of the log. What was retracted \
                    since " (known.answer.answered.position) " is not shown here: "
                    a href=(written.keep().href()) { "to the end of the log" } "." }
            }
        } @else {
            (choice(&known.answer.value))
        }
    }
}

impl Written {
    fn is_whole(&self) -> bool {
        self.whole == "true"
    }

    /// What has to be typed again.
    fn name(&self) -> &str {
        if self.is_whole() { &self.idp } else { &self.key }
    }
}

fn what(written: &Written) -> Markup {
    html! {
        @if written.is_whole() { "the whole IdP " (inert(&written.idp)) }
        @else { "key " (inert(&written.key)) " of " (inert(&written.idp)) }
    }
}

/// What was retracted already, and what another one would change: said before anything else.
fn already(written: &Written, known: &Known<'_>) -> Markup {
    let cut = cut(known.answer, known.answer.answered.position);
    let links = Links::of(&cut, known.answer);
    let Some(further) = &known.further else { return html! {} };
    html! {
        div class="verdict" id="already" {
            p { strong { "Retracted already." }
                @for of in written.already(&known.answer.value) {
                    " " @match &of.data.key { Some(key) => { "Key " (inert(key.as_str())) },
                        None => "The whole IdP" }
                    " was retracted at " (of.record.recorded_at) " by "
                    @match &of.data.actor { Some(actor) => (inert(actor.as_str())),
                        None => "an actor that is not stated" }
                    ", from " (of.data.from) " on; " (links.record(of.record.position)) "."
                }
            }
            p { "Another retraction " @match further {
                Further::Since(earliest) => { "adds to it what was received before " (earliest)
                    ", if it begins before that, and else nothing." },
                Further::Nothing(from) => { "from " (from) " on would change nothing: what it \
                    takes away was taken away already." },
                Further::More { from, decisions, sessions } => { "from " (from) " on would take \
                    away more: " (count(*decisions, "more decision")) " would fall, and "
                    (count(*sessions, "more session")) " at T would rest on what is retracted." },
                Further::NotRehearsed(from, why) => { "from " (from) " on takes away more: what \
                    was received before what is retracted already. " (uncut(why)) },
            } }
        }
    }
}

/// What a retraction does, and the way to try it first.
fn explained(written: &Written, known: &Answer<TrustChanges>) -> Markup {
    let cut = cut(known, known.answered.position);
    let links = Links::of(&cut, known);
    let rehearse = Address::new("/rehearse")
        .with("change", if written.is_whole() { "retract" } else { "retract_key" })
        .with("idp", written.idp.as_str())
        .with_some("key", Some(written.key.as_str()).filter(|_| !written.is_whole()))
        .with_some("from", Some(written.from.as_str()));
    html! {
        div class="panel" {
            p { (elements::pill(ColourRole::Danger, &html! { "cannot be undone" }))
                " Assertions " @if !written.is_whole() { "that it signed and " } @else { "of it " }
                "that were received at or after a time are no longer believed, in every answer as \
                known from this record on. Answers as known before stay as they are, no session \
                is ended, and nothing is sent." }
            p { a href=(links.to(rehearse)) { "Rehearse it first" } " · "
                a href=(links.to(blast(written.key_named(), &written.idp, &written.from))) {
                    "What rested on it" } }
        }
    }
}

impl Written {
    /// The page of the form, without what was typed into it.
    pub(super) fn keep(&self) -> Address {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let from = given(&self.from).filter(|from| Time::parse(from).is_ok());
        Address::new("/retract")
            .with_some("idp", given(&self.idp).as_deref())
            .with_some("key", given(&self.key).as_deref())
            .with_some("whole", given(&self.whole).as_deref())
            .with_some("from", from.as_deref())
    }

    /// What was retracted of what the form names; not by the form itself, which can be sent twice.
    pub(super) fn already<'k>(
        &self,
        known: &'k TrustChanges,
    ) -> impl Iterator<Item = &'k Retraction> + use<'k> {
        let (idp, own) = (IdpId::new(self.idp.as_str()), format!("retract/{}", self.form));
        let key = self.key_named().map(KeyId::new);
        let all = known.retractions.iter();
        all.filter(move |of| of.covers(&idp, key.as_ref()) && of.record.source_id.as_str() != own)
    }

    fn key_named(&self) -> Option<&str> {
        (!self.is_whole()).then_some(self.key.as_str())
    }
}

fn form(written: &Written, known: &TrustChanges) -> Markup {
    let seen = written.already(known).map(|of| of.record.position.0).max();
    let thing = if written.is_whole() { "IdP" } else { "key" };
    // What cannot be seen is not repeated, but for what is named, which is compared.
    let shown = |text: &str| if has_unseen(text) { String::new() } else { text.to_owned() };
    html! {
        form class="filter" method="post" action="/retract" {
            input type="hidden" name="form" value=(written.form);
            input type="hidden" name="idp" value=(written.idp);
            input type="hidden" name="key" value=(written.key);
            input type="hidden" name="whole" value=(written.whole);
            input type="hidden" name="seen" value=[seen];
            label { "Received from, by the clock of its source " input name="from"
                value=(shown(&written.from)) size="24" placeholder="2026-03-10T13:40:00Z"
                autocomplete="off" required; }
            label { "Reason " input name="reason" value=(shown(&written.reason)) size="30"
                placeholder="key_leaked" autocomplete="off" required
                aria-describedby="about-reason"; }
            label { "Ticket " input name="ticket" value=(shown(&written.ticket)) size="16"
                autocomplete="off"; }
            label { "Type the " (thing) " again " input name="again"
                value=(shown(&written.again)) size="30" autocomplete="off" spellcheck="false"
                required aria-describedby="about-again"; }
            button type="submit" class="danger" { "Retract trust in " @if written.is_whole() {
                "the whole IdP" } @else { "this key" } }
        }
        p class="muted" { span id="about-again" { "To be typed again: "
            code { (inert(written.name())) } ". " }
            span id="about-reason" { "A reason is a code such as key_leaked, which is stored in \
            the clear, or a sentence, which is sealed. " }
            "The ticket is stored in the clear. A time has a date and an offset." }
    }
}

/// IdPs and their keys: each a way to the form. The whole IdP has a way of its own, so that it is
/// never meant by leaving the key out.
fn choice(known: &TrustChanges) -> Markup {
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for version in &known.versions {
        keys.entry(version.data.idp.as_str()).or_default();
    }
    for key in &known.keys {
        keys.entry(key.idp.as_str()).or_default().insert(key.key.as_str());
    }
    let name = |idp: &str| {
        let of_it = known.versions.iter().rev().find(|version| version.data.idp.as_str() == idp);
        called(idp, of_it.and_then(|version| version.idp_name.as_deref()))
    };
    let to = |idp: &str| Address::new("/retract").with("idp", idp);
    html! {
        p { "Of which key? A key that no source stated is reached from the page of what rested on \
            it." }
        @if keys.is_empty() { (elements::empty(&html! { "No identity provider is known." })) }
        @for (idp, keys) in &keys {
            h2 { (inert(&name(idp))) }
            ul {
                @for key in keys { li { a href=(to(idp).with("key", *key).href()) {
                    "key " (inert(key)) } } }
                li { a href=(to(idp).with("whole", "true").href()) { "the whole IdP, whatever \
                    signed" } }
            }
        }
    }
}

/// What the form ends on.
pub(super) fn recorded(
    answer: &Answer<TrustChanges>,
    found: &Retraction,
    is_repeated: bool,
) -> Markup {
    let (data, position) = (&found.data, found.record.position);
    let cut = cut(answer, position);
    let links = Links::of(&cut, answer);
    let key = data.key.as_ref().map(|key| key.as_str());
    let from = data.from.to_string();
    html! {
        h1 { "Trust in " @match key { Some(key) => { "key " (inert(key)) " of " },
            None => "the whole IdP " } (inert(data.idp.as_str())) " is retracted" }
        p class="verdict" { @if is_repeated { "It was recorded already" } @else { "Recorded" }
            " as " (links.record(position)) ", " (found.record.recorded_at) ": assertions "
            "received at or after " (from) " are not believed, as known from that record on." }
        dl class="checkpoint" {
            dt { "reason" } dd { (inert(&data.reason.replace('_', " "))) }
            dt { "ticket" } dd { @match &data.ticket { Some(ticket) => (inert(ticket.as_str())),
                None => "none" } }
            dt { "by" } dd { @match &data.actor { Some(actor) => (inert(actor.as_str())),
                None => "not stated" } }
        }
        p { a class="next" href=(links.to(blast(key, data.idp.as_str(), &from))) {
            "What rested on it, as known at " (position) } " · "
            a href=(links.to(links::trust(data.idp.as_str()))) { "Changes of what is trusted" } }
        p class="muted" { "No session is ended by this, and nobody was told." }
    }
}

/// No retraction is at the address.
pub(super) fn not_recorded(position: LogPosition) -> Markup {
    html! {
        h1 { "Not found" }
        p class="verdict" { "No retraction of trust is recorded at " (position) "." }
        p { a href="/retract" { "What trust can be retracted of" } }
    }
}

/// What rested on a key, or on the whole IdP.
fn blast(key: Option<&str>, idp: &str, from: &str) -> Address {
    match key {
        Some(key) => links::of_key(Some(idp), key),
        None => links::of_idp(idp),
    }
    .with_some("from", Some(from))
}

/// T of the answer, and K at a record.
fn cut<T>(answer: &Answer<T>, position: LogPosition) -> CutAsked {
    let answered = &answer.answered;
    CutAsked { at: Some(answered.at), known: Some(KnownAt::Position(position)), is_pinned: true }
}
