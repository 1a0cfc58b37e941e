//! Chain, timeline and drawer: what is linked to a session, and what lies around it.

use super::{
    reading::{K, ask, cut, links, page, rows, text},
    support::{AT, World},
};
use axum::http::{StatusCode, header};
use claimledger_facts::vocabulary::Role;

#[tokio::test]
async fn the_chain_has_every_hop_and_says_why_one_is_unknown() {
    let world = World::new().await;
    let query = format!(
        "{{ chain(id: \"is-S5\", asking: {{at: \"{AT}\", knownAtPosition: {K}}}) {{ items {{ \
         appSessions {{ id }} session {{ id }} idp {{ id }} idpSession {{ id }} rootSession {{ id \
         reason }} }} }} }}"
    );
    let link = ask(&world, &query).await["chain"]["items"][0].clone();
    let shown = text(&page(&world, "/chain?id=is-S5", AT, K).await.body);
    for hop in [&link["appSessions"][0], &link["session"], &link["idp"], &link["idpSession"]] {
        assert!(shown.contains(hop["id"].as_str().unwrap()), "{hop}: {shown}");
    }
    let root = &link["rootSession"];
    let words = root["id"].as_str().unwrap_or("root session not stated");
    assert!(shown.contains(words), "{root}: {shown}");
    let cookie = world.cookie("acme", &[Role::Read]);
    // Only what is linked comes into an address.
    let own = [
        ("cookie", cookie.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "http://ledger.example"),
    ];
    let sent = world.send("POST", "/chain", &own, "id=S5").await;
    assert_eq!(sent.header(header::LOCATION), "/chain?id=S5", "{}", sent.body);
    let login = world.send("POST", "/chain", &own, "id=alice%40acme.example").await;
    assert_eq!((login.status, login.header(header::LOCATION)), (StatusCode::NOT_FOUND, ""));
    assert!(!login.body.contains("alice"), "{}", login.body);
    let other = [own[0], own[1], ("origin", "https://evil.example")];
    let refused = world.send("POST", "/chain", &other, "id=S5").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
}

#[tokio::test]
async fn a_timeline_has_the_rows_of_the_query_in_either_order() {
    let world = World::new().await;
    for (order, word) in [("", "OCCURRED"), ("&order=recorded", "RECORDED")] {
        let path = format!("/timeline?session=S2{order}");
        let answer = page(&world, &path, AT, K).await;
        let query = format!(
            "{{ timeline(session: \"S2\", order: {word}, first: 100, asking: {{at: \"{AT}\", \
             knownAtPosition: {K}}}) {{ edges {{ node {{ late record {{ position }} }} }} }} }}"
        );
        let edges = ask(&world, &query).await["timeline"]["edges"].as_array().unwrap().clone();
        let listed = rows(&answer.body);
        assert_eq!(listed.len(), edges.len(), "{word}");
        for (row, edge) in listed.iter().zip(&edges) {
            let position = edge["node"]["record"]["position"].as_u64().unwrap();
            let opens = links(row).into_iter().any(|(href, words)| {
                href.starts_with(&format!("/record?pos={position}&")) && words.starts_with('#')
            });
            assert!(opens, "{word} #{position}: {row}");
            assert_eq!(text(row).contains("late"), edge["node"]["late"] == true, "{row}");
        }
    }
    let cookie = world.cookie("acme", &[Role::Read]);
    let unknown = world.get(&format!("/timeline?session=S99&{}", cut(AT, K)), &cookie).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{}", unknown.body);
}

#[tokio::test]
async fn an_open_record_leads_to_what_is_around_it() {
    let world = World::new().await;
    let around = "from=2026-03-10T11:15:00Z&amp;to=2026-03-10T11:45:00Z";
    for path in [
        "/session?id=S2&open=24",
        "/decision?pos=30&open=24",
        "/why?session=S2&factor=hwk&open=24",
        "/sources?open=24",
    ] {
        let answer = page(&world, path, AT, K).await;
        let link = answer.body.split("class=\"around\"").nth(1).unwrap_or_else(|| panic!("{path}"));
        let href = link.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(href.starts_with("/session?id=S2&amp;"), "{path}: {href}");
        assert!(href.contains(around), "{path}: {href}");
        assert!(href.ends_with("#tl-figure"), "{path}: {href}");
        let there = href.replace("&amp;", "&");
        let cookie = world.cookie("acme", &[Role::Read]);
        let there = world.get(there.split('#').next().unwrap(), &cookie).await;
        assert!(there.body.contains("data-from=\"2026-03-10T11:15:00Z\""), "{path}");
    }
    // A record of no session is around nothing.
    let policy = page(&world, "/sources?open=29", AT, K).await;
    assert!(!policy.body.contains("class=\"around\""), "{}", policy.body);
}
