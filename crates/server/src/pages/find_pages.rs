//! Which page a thing has that was found.

use super::{address::Address, links, record};
use claimledger_app::model::reached::{Found, FoundKind};

/// The page that opens the first record of what was found.
pub(super) fn record_page(found: &Found) -> Option<Address> {
    let position = found.records.first()?.position;
    Some(match &found.sessions[..] {
        [session, ..] => session_page(session.as_str()).with("open", position.0.to_string()),
        [] => record::address(position),
    })
}

/// The page of a thing; none: it has no page, and its sessions are listed.
pub(super) fn page_of(found: &Found) -> Option<Address> {
    let sessions = |name, value: &str| Some(Address::new("/sessions").with(name, value));
    match found.kind {
        FoundKind::Record => record_page(found),
        FoundKind::Session => Some(session_page(&found.name)),
        FoundKind::Idp => Some(links::trust(&found.name)),
        FoundKind::App => sessions("app", &found.name),
        FoundKind::Policy => Some(links::policy(&found.name)),
        FoundKind::Key => match found.name.split_once('/') {
            Some((idp, key)) => Some(links::of_key(Some(idp), key)),
            None => Some(links::of_key(None, &found.name)),
        },
        FoundKind::Actor => Some(links::of_actor(&found.name)),
        FoundKind::Authenticator => Some(links::of_authenticator(&found.name)),
        FoundKind::Source => Some(Address::new("/sources")),
        FoundKind::Person => only_session(found).or_else(|| sessions("subject", &found.name)),
        FoundKind::AppSession
        | FoundKind::IdpSession
        | FoundKind::RootSession
        | FoundKind::Assertion
        | FoundKind::Transaction
        | FoundKind::Request
        | FoundKind::Object
        | FoundKind::Address
        | FoundKind::Client => only_session(found),
    }
}

fn session_page(id: &str) -> Address {
    Address::new("/session").with("id", id)
}

/// The page of the only session that the records name, where all records were read.
fn only_session(found: &Found) -> Option<Address> {
    match &found.sessions[..] {
        [only] if !is_cut(found) => Some(session_page(only.as_str())),
        _ => None,
    }
}

/// Whether more records name it than were read for its sessions.
pub(super) fn is_cut(found: &Found) -> bool {
    found.at_least || found.count > found.records.len()
}
