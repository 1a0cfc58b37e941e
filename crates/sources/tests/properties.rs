//! Whatever comes in: pieces do not depend on how the stream was cut up, and translating never
//! panics.

use claimledger_facts::{draft::Draft, refusal::Refusal};
use claimledger_sources::{Dialect, Limits, Piece, Splitter, translate};
use proptest::prelude::*;
use serde_json::Value;

/// What a stream of a service provider's own log gives, without settings of the source.
fn drafts_of(dialect: Dialect, bytes: &[u8]) -> Result<Vec<Draft>, Refusal> {
    Ok(translate(&dialect.into(), None, bytes)?.drafts)
}

fn split<'c>(
    chunks: impl Iterator<Item = &'c [u8]>,
    max_value_bytes: usize,
) -> Vec<Result<Piece, Refusal>> {
    let mut splitter = Splitter::new(Limits { max_value_bytes });
    let mut found = Vec::new();
    for chunk in chunks {
        splitter.push(chunk);
        found.extend(splitter.by_ref());
    }
    splitter.finish();
    found.extend(splitter);
    found
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "[a-zA-Z0-9+/:.%=&?{}-]{0,30}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(("[a-z_]{0,6}", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Objects with the keys that the translators look for, and anything as their values.
fn event() -> impl Strategy<Value = Value> {
    const KEYS: &[&str] = &[
        "id",
        "type",
        "occurred_at",
        "recorded_at",
        "source",
        "subject",
        "session",
        "client",
        "data",
        "specversion",
        "time",
        "uuid",
        "eventType",
        "published",
        "actor",
        "target",
        "authenticationContext",
        "debugContext",
        "outcome",
        "device",
        "version",
        "_raw",
    ];
    let plausible = prop_oneof![
        json(),
        Just(Value::from("2026-03-10T10:00:00Z")),
        Just(Value::from("1.0")),
        Just(Value::from("claims.received")),
        Just(Value::from("claimledger.session.started")),
        Just(Value::from("policy.evaluate_sign_on")),
        Just(serde_json::json!({"id": "u", "type": "User", "result": "ALLOW",
                "externalSessionId": "idxA", "idp": "i", "debugData": {"amrList": "[x"}})),
        Just(serde_json::json!([{"id": "u", "type": "User"}, {"id": "0oa", "type": "AppInstance"},
                {"id": "r", "type": "Rule", "alternateId": "Global session policy"}])),
    ];
    prop::collection::vec((prop::sample::select(KEYS), plausible), 0..22)
        .prop_map(|members| members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_do_not_depend_on_the_chunks(
        parts in prop::collection::vec(prop_oneof![
            json().prop_map(|v| v.to_string()),
            json().prop_map(|v| serde_json::to_string_pretty(&v).unwrap()),
            "[\\[\\]{}:,\"\\\\a1 \n\r\u{feff}]{0,12}",
            Just("\n".to_owned()),
        ], 0..12),
        size in 1_usize..40,
        limit in 8_usize..200,
    ) {
        let text = parts.concat();
        let whole = split(std::iter::once(text.as_bytes()), limit);
        prop_assert_eq!(&split(text.as_bytes().chunks(size), limit), &whole);
        prop_assert_eq!(&split(text.as_bytes().chunks(1), limit), &whole);
        let lines = text.lines().count().max(1) as u64;
        for item in &whole {
            match item {
                Ok(piece) => prop_assert!(piece.line >= 1 && piece.line <= lines &&
                    !piece.bytes.is_empty() && piece.bytes.len() <= limit),
                Err(refusal) => prop_assert!(refusal.line.is_some_and(|line|
                    line >= 1 && line <= lines)),
            }
        }
    }

    /// Values one a line, or as the elements of an array, come out as they went in.
    #[test]
    fn values_come_out_as_they_went_in(values in prop::collection::vec(event(), 0..8),
        pretty in any::<bool>(), array in any::<bool>(), size in 1_usize..64) {
        let shown = |value: &Value| if pretty {
            serde_json::to_string_pretty(value).unwrap() } else { value.to_string() };
        let text = if array { format!("[{}]",
            values.iter().map(shown).collect::<Vec<_>>().join(",\n")) } else {
            values.iter().map(shown).collect::<Vec<_>>().join("\n") };
        let found = split(text.as_bytes().chunks(size), 1 << 20);
        let found: Vec<Value> = found.into_iter().map(|piece|
            serde_json::from_slice(&piece.unwrap().bytes).unwrap()).collect();
        prop_assert_eq!(found,
            serde_json::from_str::<Vec<Value>>(&serde_json::to_string(&values).unwrap()).unwrap());
    }

    /// A line that is cut anywhere is refused, and the line after it is read.
    #[test]
    fn a_cut_line_does_not_swallow_the_next(value in event(), at in any::<prop::sample::Index>(),
        next in event()) {
        let (line, next) = (value.to_string(), next.to_string());
        let cut = (1..line.len()).filter(|n|
            line.is_char_boundary(*n)).nth(at.index(line.len()) %
            line.len().saturating_sub(1).max(1)).unwrap_or(1);
        let found = split(std::iter::once(format!("{}\n{next}\n", &line[..cut]).as_bytes()),
            1 << 20);
        prop_assert!(found.iter().any(|item| item.as_ref().is_ok_and(|piece|
            piece.line == 2 && piece.bytes == next.as_bytes())), "{:?}", found);
        prop_assert!(found[0].is_err());
    }

    #[test]
    fn translating_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200),
        event in event()) {
        for dialect in Dialect::ALL {
            let _refused = drafts_of(*dialect, &bytes);
            let _read = drafts_of(*dialect, event.to_string().as_bytes());
        }
    }
}
