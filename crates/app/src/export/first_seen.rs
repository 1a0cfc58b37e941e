//! Issuers, keys and `amr` sets that appeared for the first time, one a row.

use super::columns::{
    Columns,
    From::{Label, Row},
    Hit, given, id, list, named,
};
use claimledger_domain::first_seen::{FirstSeen, FirstSeenKind, Shown, Window};
use claimledger_export::table::{Cell, Kind};
use claimledger_facts::{ids::Pseudonym, time::Time};
use serde_json::Value;

impl Hit for FirstSeen {
    fn key(&self) -> String {
        format!("{}/{}", self.claim.record.source, self.claim.record.source_id)
    }

    fn subject(&self) -> Option<&Pseudonym> {
        self.claim.subject.as_ref()
    }

    fn time(&self) -> Option<Time> {
        Some(self.claim.occurred.latest())
    }
}

pub(super) fn filter(kind: FirstSeenKind, window: Window) -> Value {
    given([
        ("kind", Some(kind.as_str().into())),
        ("from", named(window.from.as_ref())),
        ("to", named(window.to.as_ref())),
    ])
}

pub(super) const COLUMNS: Columns<FirstSeen> = Columns(&[
    (
        "idp",
        Kind::Text,
        "the issuer, of a kind that has one",
        Row(|first| match &first.shown {
            Shown::Issuer(idp) | Shown::Key(idp, _) => idp.to_string().into(),
            Shown::AmrSet(_) => Cell::Empty,
        }),
    ),
    (
        "key",
        Kind::Text,
        "the key",
        Row(|first| match &first.shown {
            Shown::Key(_, key) => key.to_string().into(),
            Shown::Issuer(_) | Shown::AmrSet(_) => Cell::Empty,
        }),
    ),
    (
        "amr",
        Kind::List,
        "the set of amr values",
        Row(|first| match &first.shown {
            Shown::AmrSet(set) => list(set),
            Shown::Issuer(_) | Shown::Key(..) => Cell::Empty,
        }),
    ),
    ("first_at", Kind::Time, "when it appeared, at the earliest", Row(|first| first.at.into())),
    (
        "first_latest",
        Kind::Time,
        "and at the latest; empty: no claim certainly shows it",
        Row(|first| first.bounds.to.into()),
    ),
    (
        "session",
        Kind::Text,
        "the session of the first claim",
        Row(|first| first.claim.session.to_string().into()),
    ),
    ("subject", Kind::Text, "the user's pseudonym", Row(|first| id(first.subject()))),
    (
        "user_login",
        Kind::Text,
        "the user's login at that time",
        Label(|label| Cell::from(label.login.clone())),
    ),
    (
        "user_name",
        Kind::Text,
        "the user's name at that time",
        Label(|label| Cell::from(label.name.clone())),
    ),
    (
        "record",
        Kind::Number,
        "the position of the first claim's record",
        Row(|first| first.claim.record.position.0.into()),
    ),
    (
        "honored",
        Kind::Flag,
        "whether a value of that claim counts by record; empty: not seen",
        Row(|first| first.claim.honored.into()),
    ),
    (
        "by_rules",
        Kind::Flag,
        "whether one counts by the rules, certainly or possibly",
        Row(|first| first.claim.by_rules.into()),
    ),
    (
        "reasons",
        Kind::List,
        "why one does not count by the rules: codes",
        Row(|first| list(&first.claim.reasons)),
    ),
    (
        "certainty",
        Kind::Text,
        "whether it certainly or possibly appeared in the window",
        Row(|first| first.certainty.as_str().into()),
    ),
]);
