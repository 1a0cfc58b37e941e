//! Assertions and IdP sessions that were used more than once, one use a row.

use super::columns::{
    Columns,
    From::{Label, Row},
    Hit, id,
};
use claimledger_domain::{
    model::Certainty,
    reused::{Reuse, Use, Used},
};
use claimledger_export::table::{Cell, Kind};
use claimledger_facts::{ids::Pseudonym, time::Time};

/// One use of what was used more than once.
pub(super) struct ReusedHit {
    used: Used,
    one: Use,
    certainty: Certainty,
}

/// The uses, in their order.
pub(super) fn rows(reuses: Vec<Reuse>) -> Vec<ReusedHit> {
    let of = |reuse: Reuse| {
        let Reuse { used, uses, certainty } = reuse;
        uses.into_iter().map(move |one| ReusedHit { used: used.clone(), one, certainty })
    };
    reuses.into_iter().flat_map(of).collect()
}

impl Hit for ReusedHit {
    fn key(&self) -> String {
        format!("{}/{}", self.one.record.source, self.one.record.source_id)
    }

    fn subject(&self) -> Option<&Pseudonym> {
        self.one.subject.as_ref()
    }

    fn time(&self) -> Option<Time> {
        Some(self.one.occurred.latest())
    }
}

pub(super) const COLUMNS: Columns<ReusedHit> = Columns(&[
    (
        "kind",
        Kind::Text,
        "assertion or idp_session",
        Row(|hit| match hit.used {
            Used::Assertion(..) => "assertion".into(),
            Used::IdpSession(..) => "idp_session".into(),
        }),
    ),
    (
        "idp",
        Kind::Text,
        "the identity provider",
        Row(|hit| match &hit.used {
            Used::Assertion(idp, _) | Used::IdpSession(idp, _) => idp.to_string().into(),
        }),
    ),
    (
        "used",
        Kind::Text,
        "the assertion, or the identity provider's session",
        Row(|hit| match &hit.used {
            Used::Assertion(_, assertion) => assertion.to_string().into(),
            Used::IdpSession(_, session) => session.to_string().into(),
        }),
    ),
    (
        "session",
        Kind::Text,
        "the session that used it",
        Row(|hit| hit.one.session.to_string().into()),
    ),
    ("subject", Kind::Text, "the user's pseudonym", Row(|hit| id(hit.one.subject.as_ref()))),
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
        "used_at",
        Kind::Time,
        "when; of an interval, its start",
        Row(|hit| hit.one.occurred.from.into()),
    ),
    (
        "record",
        Kind::Number,
        "the position of the record that says so",
        Row(|hit| hit.one.record.position.0.into()),
    ),
    (
        "certainty",
        Kind::Text,
        "whether it certainly or possibly was used more than once",
        Row(|hit| hit.certainty.as_str().into()),
    ),
    (
        "use_certainty",
        Kind::Text,
        "whether this use certainly or possibly came by T",
        Row(|hit| hit.one.certainty.as_str().into()),
    ),
]);
