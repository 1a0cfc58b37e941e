//! Access that continued under replaced versions of a policy, one allow a row.

use super::columns::{
    Columns,
    From::{Label, Row},
    Hit, id,
};
use claimledger_domain::held_under::{Held, HeldEnd};
use claimledger_export::table::{Cell, Kind};
use claimledger_facts::{ids::Pseudonym, time::Time};

impl Hit for Held {
    fn key(&self) -> String {
        format!("{}/{}", self.allow.source, self.allow.source_id)
    }

    fn subject(&self) -> Option<&Pseudonym> {
        self.subject.as_ref()
    }

    fn time(&self) -> Option<Time> {
        Some(self.allow.occurred.latest())
    }
}

pub(super) const COLUMNS: Columns<Held> = Columns(&[
    ("session", Kind::Text, "the session", Row(|held| held.session.to_string().into())),
    ("subject", Kind::Text, "the user's pseudonym", Row(|held| id(held.subject.as_ref()))),
    (
        "user_login",
        Kind::Text,
        "the user's login at the decision",
        Label(|label| Cell::from(label.login.clone())),
    ),
    (
        "user_name",
        Kind::Text,
        "the user's name at the decision",
        Label(|label| Cell::from(label.name.clone())),
    ),
    ("app", Kind::Text, "the application", Row(|held| held.app.to_string().into())),
    (
        "decision",
        Kind::Number,
        "the position of the decision that allowed it",
        Row(|held| held.allow.position.0.into()),
    ),
    (
        "allowed_at",
        Kind::Time,
        "when; of an interval, its start",
        Row(|held| held.allow.occurred.from.into()),
    ),
    (
        "version",
        Kind::Text,
        "the label of the version that was replaced",
        Row(|held| held.replaced.label.to_string().into()),
    ),
    (
        "next_version",
        Kind::Text,
        "the label of the next one",
        Row(|held| held.replaced.next_label.to_string().into()),
    ),
    (
        "replaced_at",
        Kind::Time,
        "when that came in force; of an interval, its start",
        Row(|held| held.replaced.at.from.into()),
    ),
    ("until", Kind::Time, "when the access ended, exclusive", Row(|held| held.until.into())),
    (
        "until_earliest",
        Kind::Time,
        "where that is not exact: at the earliest",
        Row(|held| held.until_bounds.as_ref().map(|bounds| bounds.from).into()),
    ),
    (
        "until_latest",
        Kind::Time,
        "and at the latest",
        Row(|held| held.until_bounds.as_ref().and_then(|bounds| bounds.to).into()),
    ),
    (
        "ended_by",
        Kind::Text,
        "decided, session_ended or open",
        Row(|held| match held.ended_by {
            HeldEnd::Decided { .. } => "decided".into(),
            HeldEnd::SessionEnded(_) => "session_ended".into(),
            HeldEnd::Open => "open".into(),
        }),
    ),
    (
        "end_reason",
        Kind::Text,
        "why the session ended: a code",
        Row(|held| match held.ended_by {
            HeldEnd::SessionEnded(reason) => reason.into(),
            HeldEnd::Decided { .. } | HeldEnd::Open => Cell::Empty,
        }),
    ),
    (
        "implied",
        Kind::Text,
        "what the next version implies for what counted: allow, challenge, deny, undetermined",
        Row(|held| held.implied.as_str().into()),
    ),
    (
        "first_unmet",
        Kind::Text,
        "its first unmet requirement: a code",
        Row(|held| held.first_unmet.into()),
    ),
    (
        "missing",
        Kind::List,
        "what is missing where that is undetermined: codes",
        Row(|held| Cell::List(held.missing.iter().map(|code| (*code).to_owned()).collect())),
    ),
    (
        "certainty",
        Kind::Text,
        "whether access was certainly or possibly kept",
        Row(|held| held.certainty.as_str().into()),
    ),
]);
