//! Gaps of sources, and which sources are known.

use super::{Asked, rows};
use crate::support::{Scratch, questions::asks};
use serde_json::{Value, json};

#[test]
fn r9_a_gap_is_open_until_it_is_known_to_be_filled() {
    let _question = asks(&["R9"]);
    let asked = Asked::new();
    let at = |known_at: &str| {
        let query = format!(
            "{{ completeness(asking: {{knownAt: \"2026-03-10T{known_at}Z\"}}) {{ items {{ source \
             heardUntil gaps {{ from until backfilled }} }}
                answered {{ complete completenessSummary completeTo }} completeness {{ source }} \
                }} }}"
        );
        asked.graphql(&query)["completeness"].clone()
    };
    let gap = |backfilled: bool| {
        json!([{"from": "2026-03-10T14:10:00Z",
        "until": "2026-03-10T14:25:00Z", "backfilled": backfilled}])
    };
    let gaps = |answer: &Value| {
        rows(answer, "items")
            .iter()
            .find(|source| source["source"] == "idp-x")
            .map(|source| source["gaps"].clone())
    };
    let open = at("16:00:00");
    assert_eq!(
        open["answered"]["completenessSummary"],
        "incomplete, idp-x silent 14:10:00Z to 14:25:00Z"
    );
    assert_eq!(
        [&open["answered"]["complete"], &open["answered"]["completeTo"]],
        [&json!(false), &json!("2026-03-10T14:10:00Z")]
    );
    assert_eq!(gaps(&open), Some(gap(false)));
    let filled = at("23:00:00");
    assert_eq!(filled["answered"]["completenessSummary"], "complete");
    assert_eq!(
        [&filled["answered"]["complete"], &filled["answered"]["completeTo"]],
        [&json!(true), &json!("2026-03-10T23:00:00Z")]
    );
    assert_eq!(gaps(&filled), Some(gap(true)));

    // Every known source is named in every answer, even one that has not stated its completeness.
    let early = at("13:00:00");
    let named = |answer: &Value, list: &str| {
        rows(answer, list).iter().map(|source| source["source"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(named(&early, "items"), ["acme-sp", "idp-x", "idp-z"]);
    assert_eq!(named(&at("12:59:59"), "items"), ["acme-sp", "idp-x"]);
    assert_eq!(named(&early, "completeness"), named(&early, "items"));
    assert!(rows(&early, "items").iter().all(|source| source["heardUntil"].is_null()), "{early}");
    assert_eq!(early["answered"]["complete"], false);

    let words = |known_at: &str| asked.text(&["completeness", "--known-at", known_at]);
    assert!(
        words("2026-03-10T16:00:00Z")
            .starts_with("incomplete, idp-x silent 14:10:00Z to 14:25:00Z\n")
    );
    assert!(words("2026-03-10T23:00:00Z").starts_with("complete\n"));
    let cli = asked.cli(&["completeness", "--known-at", "2026-03-10T16:00:00Z"]);
    assert_eq!(cli["answered"]["completenessSummary"], open["answered"]["completenessSummary"]);
    assert_eq!(named(&cli, "items"), named(&open, "items"));
}

#[test]
fn sources_are_known_after_a_restart_and_after_a_rebuild() {
    let scratch = Scratch::fixture();
    let sources = || {
        rows(&scratch.json(&["--tenant", "acme", "completeness", "--known-at", "5"]), "items")
            .to_vec()
    };
    let before = sources();
    assert_eq!(
        before.iter().map(|source| source["source"].clone()).collect::<Vec<_>>(),
        ["acme-sp"]
    );
    scratch.ok(&["--tenant", "acme", "rebuild"]);
    assert_eq!(sources(), before);
}
