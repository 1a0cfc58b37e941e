//! What `/blast` can be asked about: everything that is known of trust and policies, and what was
//! lost.

use super::{
    address::Address,
    error_page::PageError,
    frame,
    links::{self, Links},
    text::inert,
};
use crate::http::Server;
use claimledger_app::model::{
    answer::NamedIssuers,
    question::{Asking, Caller},
};
use claimledger_domain::{changes::TrustChanges, explain::called};
use claimledger_facts::ids::{IdpId, KeyId};
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// Maximum entries of each list.
const ENTRIES: usize = 200;

/// An address with its words.
type Entry = (Address, Markup);

/// What stands in `<main>`.
///
/// # Errors
/// As every question.
pub(super) async fn main(
    server: &Server,
    caller: &Caller,
    links: &Links<'_>,
    (trust, asking): (&TrustChanges, &Asking),
) -> Result<Markup, PageError> {
    let policies = server.app.policies(caller, None, asking).await?.value;
    let changes = trust.changes.iter().chain(&policies.changes);
    let actors: BTreeSet<_> = changes.filter_map(|change| change.actor.as_ref()).collect();
    let actors = actors.into_iter();
    let actors = actors.map(|actor| (links::of_actor(actor.as_str()), inert(actor.as_str())));
    let lead = html! {
        "What rested on a key, an IdP, or the changes of an actor, and what fell with a lost \
            authenticator; of one change the pages "
        a href=(links.to(Address::new("/trust"))) { "Trust" } " and "
        a href=(links.to(Address::new("/policy"))) { "Policies" } " lead to the list."
    };
    // What only claims name, or only a retraction, has a blast radius too.
    let named = server.app.named_issuers(caller, asking).await?.value;
    let lost = lost(server, caller, asking).await?;
    Ok(html! {
        h1 { "Blast radius" }
        p { (lead) }
        (list(links, "Keys", &keys(trust, &named)))
        (list(links, "IdPs", &idps(trust, &named)))
        @if named.has_more { p class="more" { "More keys or IdPs are known than are listed here: "
            a href=(links.to(Address::new("/find"))) { "find" } " one by its id." } }
        (list(links, "Actors", &actors.collect::<Vec<_>>()))
        (list(links, "Lost authenticators", &lost))
    })
}

fn list(links: &Links<'_>, title: &str, entries: &[Entry]) -> Markup {
    html! {
        h2 { (title) }
        @if entries.is_empty() { p { (frame::none(links.absence)) } } @else {
            ul { @for (address, words) in entries.iter().take(ENTRIES) {
                li { a href=(links.to(address.clone())) { (words) } } } }
        }
        @if entries.len() > ENTRIES { p class="more" { (entries.len() - ENTRIES)
            " more, which this page does not list: find it by its id." } }
    }
}

fn keys(trust: &TrustChanges, named: &NamedIssuers) -> Vec<Entry> {
    let stated = trust.keys.iter().map(|key| (&key.idp, &key.key));
    let named = named.keys.iter().map(|(idp, key)| (idp, key));
    let keys: BTreeSet<_> = named.chain(stated).collect();
    let entry = |(idp, key): (&IdpId, &KeyId)| {
        let words = html! { (inert(key.as_str())) " of " (inert(idp.as_str())) };
        (links::of_key(Some(idp.as_str()), key.as_str()), words)
    };
    keys.into_iter().map(entry).collect()
}

fn idps(trust: &TrustChanges, named: &NamedIssuers) -> Vec<Entry> {
    let mut idps: BTreeMap<&IdpId, Option<&str>> =
        named.idps.iter().map(|idp| (idp, None)).collect();
    idps.extend(
        trust.versions.iter().map(|version| (&version.data.idp, version.idp_name.as_deref())),
    );
    let idps = idps.into_iter();
    idps.map(|(idp, name)| (links::of_idp(idp.as_str()), inert(&called(idp.as_str(), name))))
        .collect()
}

/// Authenticators by id, then the losses that name none.
async fn lost(server: &Server, caller: &Caller, asking: &Asking) -> Result<Vec<Entry>, PageError> {
    let losses = server.app.losses(caller, asking).await?.value;
    let ids: BTreeSet<_> = losses.iter().filter_map(|loss| loss.authenticator.as_ref()).collect();
    let named = ids.into_iter();
    let named = named.map(|id| (links::of_authenticator(id.as_str()), inert(id.as_str())));
    let unnamed = losses.iter().filter(|loss| loss.authenticator.is_none()).map(|loss| {
        (links::of_loss(loss.record), html! { "the loss " (loss.record) ", which names none" })
    });
    Ok(named.chain(unnamed).collect())
}
