//! Pages of the sources.

use super::{
    reading::{cut, main, page},
    support::{AT, World},
};
use axum::http::StatusCode;
use claimledger_facts::vocabulary::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn all_late_facts_of_a_source_are_a_list_of_pages() {
    let world = World::new().await;
    let late: Vec<Value> = (0..230)
        .map(|n| {
            json!({
                "id": format!("late-{n}"), "type": "app.accessed", "source": "acme-sp",
                "occurred_at": "2026-03-10T14:00:00Z", "recorded_at": "2026-03-10T23:00:00Z",
                "session": "LATE", "subject": {"id": "u-late"}, "data": {"app": "payroll"},
            })
        })
        .collect();
    world.ingest(&late).await;
    let answer = page(&world, "/sources?source=acme-sp", AT, 312).await;
    let shown = main(&answer.body);
    assert!(shown.contains("shown are 20: those that came latest."), "{shown}");
    let link = answer.body.split("<a href=\"").find(|rest| rest.contains(">All of them<"));
    let mut next = link.map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
    let cookie = world.cookie("acme", &[Role::Read]);
    let mut counts = Vec::new();
    while let Some(path) = next {
        let body = world.get(&path, &cookie).await.body;
        let table = body.split("aria-label=\"All of them\"").nth(1).unwrap();
        counts.push(table.split("</table>").next().unwrap().matches("<tr>").count() - 1);
        let link = body.split("rel=\"next\" href=\"").nth(1);
        next = link.map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
    }
    // Two of the fixture's day are late too.
    assert_eq!(counts, [200, 32]);
    for bad in ["list=late", "source=acme-sp&list=other"] {
        let path = format!("/sources?{bad}&{}", cut(AT, 312));
        assert_eq!(world.get(&path, &cookie).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
