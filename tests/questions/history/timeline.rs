//! The timeline of a session.

use super::{Asked, rows};
use crate::support::questions::asks;
use serde_json::{Value, json};

/// The source ids of a timeline's rows.
fn timeline(asked: &Asked, session: &str, more: &str) -> Vec<Value> {
    let query = format!(
        "{{ timeline(session: \"{session}\", first: 100{more}) {{ session edges {{ node \
         {{ category words late occurredAt recordedAt
            record {{ sourceId position }} }} }} pageInfo {{ hasNextPage }} }} }}"
    );
    rows(&asked.graphql(&query)["timeline"], "edges")
        .iter()
        .map(|edge| edge["node"].clone())
        .collect()
}

fn source_ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter_map(|row| row["record"]["sourceId"].as_str()).collect()
}

#[test]
fn r8_one_timeline_in_either_order_with_what_came_late_marked() {
    let _question = asks(&["R8"]);
    let asked = Asked::new();
    let occurred = timeline(&asked, "S1", "");
    let ids = source_ids(&occurred);
    for (id, category) in [
        ("S1-idp-start", "IDP_SESSION"),
        ("S1-start", "SESSION"),
        ("S1-claims", "CLAIM"),
        ("S1-payroll-1", "DECISION"),
        ("S1-payroll-1-app", "ACCESS"),
        ("S1-end", "SESSION"),
        ("idp-tx1", "TRUST"),
        ("key-X1-added", "KEY"),
        ("key-X1-retired", "KEY"),
        ("policy-payroll-v1", "POLICY"),
        ("policy-payroll-v2", "POLICY"),
        ("retract-X1", "FALSIFIER"),
        ("hold-H-7", "ADMIN"),
        ("org", "ORGANISATION"),
        ("idp-x-silent", "SOURCE"),
        ("idp-x-backfilled", "SOURCE"),
    ] {
        let row = occurred
            .iter()
            .find(|row| row["record"]["sourceId"] == id)
            .unwrap_or_else(|| panic!("{id} is missing from {ids:?}"));
        assert_eq!(row["category"], category, "{row}");
    }
    for id in ["S2-claims", "idp-ty1", "idp-tx0", "key-X2-added", "policy-wiki-v1", "lost-bob-key"]
    {
        assert!(!ids.contains(&id), "{id} does not concern S1: {ids:?}");
    }
    let times: Vec<&str> = occurred.iter().filter_map(|row| row["occurredAt"].as_str()).collect();
    assert!(times.is_sorted(), "{times:?}");
    // The same rows by the other clock, in the order of the log.
    let recorded = timeline(&asked, "S1", ", order: RECORDED");
    let positions: Vec<u64> =
        recorded.iter().filter_map(|row| row["record"]["position"].as_u64()).collect();
    assert!(positions.is_sorted() && positions.len() == occurred.len(), "{positions:?}");
    let (mut one, mut other) = (source_ids(&recorded), ids.clone());
    one.sort_unstable();
    other.sort_unstable();
    assert_eq!(one, other);

    // Late facts are marked, and sorted by when they occurred or when they were recorded.
    let late = |rows: &[Value]| {
        rows.iter()
            .filter(|row| row["late"] == true)
            .map(|row| row["record"]["sourceId"].clone())
            .collect::<Vec<_>>()
    };
    let (s5, s2) = (timeline(&asked, "S5", ""), timeline(&asked, "S2", ""));
    assert_eq!(late(&s5), ["S5-end", "retract-X1"]);
    assert!(late(&s2).contains(&json!("lost-bob-key")), "{s2:#?}");
    let at = |rows: &[Value], id: &str| source_ids(rows).iter().position(|row| *row == id);
    assert!(
        at(&s2, "lost-bob-key") < at(&s2, "S2-payroll-2"),
        "the loss occurred before the decision"
    );
    let by_recorded = timeline(&asked, "S2", ", order: RECORDED");
    assert!(
        at(&by_recorded, "lost-bob-key") > at(&by_recorded, "S2-payroll-2"),
        "and was recorded after it"
    );

    // Every row opens its record.
    for row in &occurred {
        let record = asked.graphql(&format!(
            "{{ record(position: {}) {{ sourceId leafHash }} }}",
            row["record"]["position"]
        ));
        assert_eq!(record["record"]["sourceId"], row["record"]["sourceId"]);
    }

    // The command line gives the same rows, page by page too.
    let nodes = |answer: &Value| {
        rows(answer, "edges")
            .iter()
            .map(|edge| edge["node"]["record"]["sourceId"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(nodes(&asked.cli(&["timeline", "S1", "--first", "100"])), ids);
    let (mut paged, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut args = vec!["timeline", "S1", "--first", "7"];
        args.extend(after.iter().flat_map(|cursor| ["--after", cursor.as_str()]));
        let page = asked.cli(&args);
        paged.extend(nodes(&page));
        after = page["pageInfo"]["endCursor"].as_str().map(str::to_owned);
        if page["pageInfo"]["hasNextPage"] != true {
            break;
        }
    }
    assert_eq!(paged, ids);
    let text = asked.text(&["timeline", "S5", "--recorded"]);
    assert!(
        text.contains("X1 of idp-x retracted")
            && text.contains("late")
            && text.contains("session ended: upstream revoked"),
        "{text}"
    );
}
