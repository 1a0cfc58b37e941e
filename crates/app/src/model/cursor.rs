//! Cursors: the position in a list, with everything that pins the list. A cursor is opaque to
//! clients. It carries a MAC under a key of the tenant, so it is rejected in another tenant, for
//! another question, or if altered.

use crate::model::question::{AskError, Asking};
use aws_lc_rs::hmac;
use claimledger_facts::{ids::LogPosition, time::Time};
use claimledger_ledger::{generations::VIEWS_VERSION, views::SortKey};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

/// The position in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The question it belongs to.
    pub(crate) question: Question,
    /// T.
    pub(crate) at: Time,
    /// K.
    pub(crate) known_at: LogPosition,
    /// K as a time, if the question gave one.
    pub(crate) known_at_time: Option<Time>,
    /// R.
    pub(crate) rules: String,
    /// The version of the session rows, which define the order of the list.
    pub(crate) views: String,
    /// The last session that was returned.
    pub(crate) session: SortKey,
    /// In a list of decisions: the position of the last decision that was returned.
    pub(crate) decision: Option<LogPosition>,
}

/// Digest of a list's name and its filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question([u8; 32]);

impl Question {
    /// Digests the name and the `Debug` text of the filter. That text may change between builds,
    /// which only invalidates cursors.
    pub(crate) fn of(list: &str, filter: &impl std::fmt::Debug) -> Self {
        Self(
            Sha256::new()
                .chain_update(list)
                .chain_update([0])
                .chain_update(format!("{filter:?}"))
                .finalize()
                .into(),
        )
    }
}

/// The key that authenticates the cursors of a tenant.
pub(crate) struct CursorKey(hmac::Key);

impl CursorKey {
    /// From 32 secret bytes of the tenant.
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// Encodes a cursor for clients.
    pub(crate) fn seal(&self, cursor: &Cursor) -> String {
        let wire = Wire(
            BASE64URL_NOPAD.encode(&cursor.question.0),
            cursor.at.micros(),
            cursor.known_at.0,
            cursor.known_at_time.map(Time::micros),
            cursor.rules.clone(),
            cursor.session.first_occurred.micros(),
            cursor.session.first_source.clone(),
            cursor.session.first_source_id.clone(),
            cursor.session.session.clone(),
            cursor.decision.map(|p| p.0),
            cursor.views.clone(),
        );
        self.seal_wire(&wire)
    }

    /// Encodes a value for clients.
    pub(crate) fn seal_wire(&self, wire: &impl Serialize) -> String {
        let mut bytes = serde_json::to_vec(wire).unwrap_or_default();
        let tag = hmac::sign(&self.0, &bytes);
        bytes.extend_from_slice(tag.as_ref());
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// Decodes what [`Self::seal_wire`] made; none for another tenant, another form, or an altered
    /// text.
    pub(crate) fn open_wire<T: DeserializeOwned>(&self, text: &str) -> Option<T> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (body, tag) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
        hmac::verify(&self.0, body, tag).ok()?;
        serde_json::from_slice(body).ok()
    }

    /// Reads a cursor of this tenant and this question, if its T and K agree with those given
    /// beside it. A list that was made by other rules, or with another order of rows, cannot be
    /// continued: the error contains the cut at which to start again.
    pub(crate) fn open(
        &self,
        text: &str,
        question: Question,
        rules: &str,
        head: LogPosition,
        asking: &Asking,
    ) -> Result<Cursor, AskError> {
        let cursor = self.read(text).ok_or(AskError::BadCursor)?;
        if cursor.rules != rules || cursor.views != VIEWS_VERSION {
            return Err(AskError::StaleCursor {
                pinned: cursor.known_at,
                pinned_rules: cursor.rules,
                at: head,
                rules: rules.to_owned(),
            });
        }
        let agrees = cursor.question == question
            && asking.at.is_none_or(|at| at == cursor.at)
            && match (asking.known_at_position, asking.known_at) {
                (Some(position), _) => position == cursor.known_at,
                (None, Some(time)) => Some(time) == cursor.known_at_time,
                (None, None) => true,
            };
        agrees.then_some(cursor).ok_or(AskError::BadCursor)
    }

    fn read(&self, text: &str) -> Option<Cursor> {
        let wire: Wire = self.open_wire(text)?;
        let question = BASE64URL_NOPAD.decode(wire.0.as_bytes()).ok()?;
        Some(Cursor {
            question: Question(question.try_into().ok()?),
            at: Time::from_micros(wire.1),
            known_at: LogPosition(wire.2),
            known_at_time: wire.3.map(Time::from_micros),
            rules: wire.4,
            session: SortKey {
                first_occurred: Time::from_micros(wire.5),
                first_source: wire.6,
                first_source_id: wire.7,
                session: wire.8,
            },
            decision: wire.9.map(LogPosition),
            views: wire.10,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Wire(
    String,
    i64,
    u64,
    Option<i64>,
    String,
    i64,
    String,
    String,
    String,
    Option<u64>,
    String,
);

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor() -> Cursor {
        Cursor {
            question: Question::of("sessions", &"filter"),
            at: Time::from_micros(5),
            known_at: LogPosition(82),
            known_at_time: Some(Time::from_micros(9)),
            rules: "r1".to_owned(),
            views: VIEWS_VERSION.to_owned(),
            session: SortKey {
                first_occurred: Time::from_micros(-3),
                first_source: "sp".to_owned(),
                first_source_id: "S1-claims".to_owned(),
                session: "S1".to_owned(),
            },
            decision: None,
        }
    }

    fn open(key: &CursorKey, text: &str, asking: &Asking) -> Result<Cursor, AskError> {
        key.open(text, Question::of("sessions", &"filter"), "r1", LogPosition(90), asking)
    }

    #[test]
    fn a_cursor_round_trips() {
        let key = CursorKey::new(&[1; 32]);
        let text = key.seal(&cursor());
        assert_eq!(open(&key, &text, &Asking::default()).unwrap(), cursor());
        let pinned = Asking {
            at: Some(Time::from_micros(5)),
            known_at_position: Some(LogPosition(82)),
            ..Asking::default()
        };
        assert!(open(&key, &text, &pinned).is_ok());
        let by_time = Asking { known_at: Some(Time::from_micros(9)), ..Asking::default() };
        assert!(open(&key, &text, &by_time).is_ok());
    }

    #[test]
    fn any_other_tenant_question_or_pin_is_refused() {
        let key = CursorKey::new(&[1; 32]);
        let text = key.seal(&cursor());
        let now = Asking::default();
        assert!(open(&CursorKey::new(&[2; 32]), &text, &now).is_err());
        assert!(
            key.open(&text, Question::of("sessions", &"other"), "r1", LogPosition(90), &now)
                .is_err()
        );
        assert!(
            key.open(&text, Question::of("decisions", &"filter"), "r1", LogPosition(90), &now)
                .is_err()
        );
        assert!(open(&key, &text, &Asking { at: Some(Time::from_micros(6)), ..now }).is_err());
        assert!(
            open(&key, &text, &Asking { known_at_position: Some(LogPosition(81)), ..now }).is_err()
        );
        assert!(
            open(&key, &text, &Asking { known_at: Some(Time::from_micros(8)), ..now }).is_err()
        );
    }

    #[test]
    fn a_cursor_of_other_rules_or_another_order_is_stale() {
        let key = CursorKey::new(&[1; 32]);
        let head = LogPosition(90);
        let of_rules = key.open(
            &key.seal(&cursor()),
            Question::of("sessions", &"filter of then"),
            "r2",
            head,
            &Asking::default(),
        );
        let Err(AskError::StaleCursor { pinned, pinned_rules, at, rules }) = of_rules else {
            panic!("{of_rules:?}")
        };
        assert_eq!(
            (pinned, pinned_rules.as_str(), at, rules.as_str()),
            (LogPosition(82), "r1", head, "r2")
        );
        let of_order = open(
            &key,
            &key.seal(&Cursor { views: "0".to_owned(), ..cursor() }),
            &Asking::default(),
        );
        assert!(matches!(of_order, Err(AskError::StaleCursor { .. })), "{of_order:?}");
        assert!(
            matches!(
                open(&CursorKey::new(&[2; 32]), &key.seal(&cursor()), &Asking::default()),
                Err(AskError::BadCursor)
            ),
            "of another tenant"
        );
    }

    #[test]
    fn any_changed_byte_is_refused() {
        let key = CursorKey::new(&[1; 32]);
        let text = key.seal(&cursor());
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(
                open(&key, &BASE64URL_NOPAD.encode(&other), &Asking::default()).is_err(),
                "byte {at}"
            );
        }
        for text in ["", "x", "AAAA", "not base64!", &text[..text.len() - 1]] {
            assert!(open(&key, text, &Asking::default()).is_err(), "{text}");
        }
    }
}
