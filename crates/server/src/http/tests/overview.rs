//! The overview, and what appeared for the first time: their numbers are those of the lists that
//! they lead to.

use super::{
    reading::{K, ask, cut, links, page, rows, section, text, total},
    support::{AT, World},
};
use axum::http::{StatusCode, header};
use claimledger_facts::{ids::TenantId, vocabulary::Role};

#[tokio::test]
async fn each_number_of_the_overview_is_that_of_the_list_it_leads_to() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    for (at, alive) in [("2026-03-10T14:05:00Z", 8), (AT, 0)] {
        let answer = page(&world, "/", at, K).await;
        let body = &answer.body;
        let numbers: Vec<_> =
            ["alive", "look"].iter().flat_map(|id| links(&section(body, id))).collect();
        assert_eq!(numbers.len(), 5, "{body}");
        assert_eq!(total(&numbers[0].1), alive, "{numbers:?}");
        for (href, number) in numbers {
            let list = world.get(&href, &cookie).await;
            assert_eq!(list.status, StatusCode::OK, "{href}");
            assert_eq!(rows(&list.body).len(), total(&number), "{href}");
            assert!(text(&list.body).contains(&number), "{number}: {href}");
        }
    }
    let answer = page(&world, "/", "2026-03-10T14:05:00Z", K).await;
    let looks: Vec<_> =
        links(&section(&answer.body, "look")).into_iter().map(|(_, number)| number).collect();
    assert_eq!(looks[..2], ["2 certain + 0 possible", "1 certain + 0 possible"], "{looks:?}");
    // Before its last access is known, S7 may have outlived its IdP session; then it has.
    let at = "2026-03-10T14:05:00Z";
    let mut numbers = Vec::new();
    for known_at in ["2026-03-10T14:19:59Z", "2026-03-10T23:00:00Z"] {
        let query = format!(
            "{{ outlived(asking: {{at: \"{at}\", knownAt: \"{known_at}\"}}) {{ items {{ \
             certainty }} answered {{ position }} }} }}"
        );
        let outlived = ask(&world, &query).await["outlived"].clone();
        let found = outlived["items"].as_array().unwrap();
        let position = outlived["answered"]["position"].as_u64().unwrap();
        let of = |word| found.iter().filter(|item| item["certainty"] == word).count();
        let answer = page(&world, "/", at, position).await;
        let number = &links(&section(&answer.body, "look"))[2].1;
        let expected = format!("{} certain + {} possible", of("CERTAIN"), of("POSSIBLE"));
        assert_eq!(*number, expected, "as known at {known_at}");
        numbers.push(number.clone());
    }
    assert_eq!(numbers, ["0 certain + 1 possible", "1 certain + 0 possible"]);
    assert_eq!(rows(&section(&answer.body, "heard")).len(), 4);
}

#[tokio::test]
async fn the_overview_of_an_empty_ledger_says_how_facts_come_in() {
    let world = World::new().await;
    world.app.init_tenant(&TenantId::new("empty"), true, None).await.unwrap();
    let cookie = world.cookie("empty", &[Role::Read]);
    let first = world.get("/", &cookie).await;
    let answer = world.get(first.header(header::LOCATION), &cookie).await;
    let shown = text(&answer.body);
    for words in ["Three ways to bring in facts", "claimledger ingest", "/v1/facts", "source add"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[tokio::test]
async fn who_runs_the_ledger_and_may_not_read_it_sees_its_health_alone() {
    let world = World::new().await;
    let operator = world.cookie("acme", &[Role::Operate]);
    let health = world.get("/", &operator).await;
    assert_eq!(health.status, StatusCode::OK, "{}", health.body);
    let main = health.body.split("<main").nth(1).unwrap();
    assert!(text(main).contains("Every part works"), "{main}");
    assert!(!main.contains("certain") && !main.contains("idp-x"), "{main}");
    let source = world.cookie("acme", &[Role::Ingest]);
    assert_eq!(world.get("/", &source).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_appeared_first_is_what_the_query_says_and_the_overview_counts_it() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read, Role::Export]);
    let overview = page(&world, "/", AT, K).await;
    let numbers = links(&section(&overview.body, "first"));
    assert_eq!(numbers.len(), 3, "{numbers:?}");
    for ((href, number), kind) in numbers.into_iter().zip(["ISSUER", "KEY", "AMR_SET"]) {
        let query = format!(
            "{{ firstSeen(kind: {kind}, from: \"2026-03-09T23:00:00Z\", asking: {{at: \"{AT}\", \
             knownAtPosition: {K}}}) {{ items {{ issuer key amr session }} }} }}"
        );
        let items = ask(&world, &query).await["firstSeen"]["items"].as_array().unwrap().clone();
        assert!(items.len() > 2, "{items:?}");
        let list = world.get(&href, &cookie).await;
        assert_eq!(list.status, StatusCode::OK, "{href}: {}", list.body);
        let listed = rows(&list.body);
        assert_eq!((total(&number), listed.len()), (items.len(), items.len()), "{href}");
        for (row, item) in listed.iter().zip(&items) {
            let (row, of) = (text(row), |name: &str| item[name].as_str().unwrap_or_default());
            assert!(row.contains(of("session")) && row.contains(of("key")), "{row}: {item}");
        }
    }
    let later = page(&world, "/first-seen?kind=key&from=2026-03-10T13:10:00Z", AT, K).await;
    let shown = text(&later.body);
    assert!(shown.contains("2 keys appeared from 2026-03-10 13:10:00Z"), "{shown}");
    assert!(shown.contains("4 values in all"), "{shown}");
    let bad = world.get(&format!("/first-seen?kind=colour&{}", cut(AT, K)), &cookie).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
}
