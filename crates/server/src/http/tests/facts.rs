//! `POST /v1/facts`.

use super::support::{Answer, World};
use axum::http::{StatusCode, header};
use claimledger_facts::vocabulary::Role;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::io::Write;

struct Writer {
    world: World,
    bearer: String,
}

impl Writer {
    async fn new() -> Self {
        let world = World::new().await;
        let token = world.token("acme", &[Role::Ingest, Role::Read], Some("acme-sp")).await;
        Self { world, bearer: format!("Bearer {token}") }
    }

    async fn post(
        &self,
        query: &str,
        headers: &[(&str, &str)],
        body: impl Into<axum::body::Body>,
    ) -> Answer {
        let headers: Vec<(&str, &str)> = [("authorization", self.bearer.as_str())]
            .into_iter()
            .chain(headers.iter().copied())
            .collect();
        self.world.send("POST", &format!("/v1/facts{query}"), &headers, body).await
    }
}

fn fact(id: &str, app: &str) -> Value {
    json!({"id": id, "type": "app.accessed", "occurred_at": "2026-03-10T23:30:00Z", "session": "S1",
        "subject": {"id": "u-alice"}, "data": {"app": app}})
}

fn pack(bytes: &[u8], times: usize) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..times {
        packer.write_all(bytes).unwrap();
    }
    packer.finish().unwrap()
}

#[tokio::test]
async fn one_fact_an_array_or_lines_packed_or_not() {
    let writer = Writer::new().await;
    let outcomes = |answer: &Answer| -> Vec<String> {
        let body = answer.json();
        body["results"]
            .as_array()
            .unwrap_or_else(|| panic!("{body}"))
            .iter()
            .map(|r| r["outcome"].as_str().unwrap().to_owned())
            .collect()
    };
    let one = writer.post("", &[], fact("a-1", "wiki").to_string()).await;
    assert_eq!((one.status, outcomes(&one)), (StatusCode::OK, vec!["stored".to_owned()]));
    let array =
        writer.post("", &[], json!([fact("a-1", "wiki"), fact("a-2", "wiki")]).to_string()).await;
    assert_eq!(outcomes(&array), ["repeated", "stored"]);
    assert_eq!(array.json()["results"][0]["position"], one.json()["results"][0]["position"]);
    let lines = format!("{}\n\n{}\n", fact("a-3", "wiki"), fact("a-4", "wiki"));
    let packed = writer.post("", &[("content-encoding", "gzip")], pack(lines.as_bytes(), 1)).await;
    assert_eq!(outcomes(&packed), ["stored", "stored"]);
    let mut more = fact("a-5", "wiki");
    more["data"]["colour"] = json!("blue");
    let unknown = writer.post("", &[], more.to_string()).await.json();
    assert!(unknown["results"][0]["unknownFields"].to_string().contains("colour"), "{unknown}");
    let event = json!({"specversion": "1.0", "id": "a-6", "source": "acme-sp",
        "type": "claimledger.app.accessed", "time": "2026-03-10T23:30:00Z", "subject": "u-alice",
        "session": "S1", "data": {"app": "wiki"}});
    let event = writer
        .post("", &[("content-type", "application/cloudevents+json")], event.to_string())
        .await;
    assert_eq!(event.status, StatusCode::OK, "{}", event.body);
}

#[tokio::test]
async fn refusals_name_line_field_and_what_was_expected() {
    let writer = Writer::new().await;
    let bad = json!({"id": "b-1", "type": "app.accessed", "occurred_at": "2026-03-10T23:30:00",
        "session": "S1", "subject": {"id": "u-alice"}, "data": {"app": "wiki"}});
    let answer = writer.post("", &[], format!("{}\n{bad}", fact("b-0", "wiki"))).await;
    let error = &answer.json()["error"];
    assert_eq!(
        (answer.status, &error["line"], &error["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!(2), &json!("occurred_at")),
        "{error}"
    );
    assert!(error["expected"].is_string());
    for (body, status) in [
        ("{", StatusCode::BAD_REQUEST),
        ("", StatusCode::BAD_REQUEST),
        ("[]", StatusCode::BAD_REQUEST),
    ] {
        let answer = writer.post("", &[], body).await;
        assert_eq!(
            (answer.status, answer.json()["error"]["code"].as_str().map(str::to_owned)),
            (status, Some("malformed".to_owned())),
            "{body}"
        );
    }
    assert_eq!(writer.post("?as=nonsense", &[], "{}").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(writer.post("?expectedRevision=1", &[], "{}").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        writer.post("", &[("content-encoding", "br")], "{}").await.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
}

#[tokio::test]
async fn conflicts_and_stale_revisions_say_what_there_is() {
    let writer = Writer::new().await;
    let first = writer.post("", &[], fact("c-1", "wiki").to_string()).await.json();
    let conflict = writer.post("", &[], fact("c-1", "payroll").to_string()).await;
    let error = &conflict.json()["error"];
    assert_eq!(
        (conflict.status, &error["code"], &error["position"]),
        (StatusCode::CONFLICT, &json!("conflict"), &first["results"][0]["position"])
    );
    assert_ne!(error["digest"], error["storedDigest"]);
    assert_eq!(error["line"], 1, "{error}");
    let stale =
        writer.post("?session=S1&expectedRevision=1", &[], fact("c-2", "wiki").to_string()).await;
    let error = &stale.json()["error"];
    assert_eq!((stale.status, &error["code"]), (StatusCode::CONFLICT, &json!("stale_revision")));
    let current = error["current"].as_u64().unwrap();
    let fresh = writer
        .post(
            &format!("?session=S1&expectedRevision={current}"),
            &[],
            fact("c-2", "wiki").to_string(),
        )
        .await;
    assert_eq!(fresh.status, StatusCode::OK, "{}", fresh.body);
}

#[tokio::test]
async fn who_may_not_write_writes_nothing() {
    let writer = Writer::new().await;
    let body = || fact("d-1", "wiki").to_string();
    let nobody = writer.world.send("POST", "/v1/facts", &[], body()).await;
    assert_eq!(
        (nobody.status, nobody.header(header::WWW_AUTHENTICATE)),
        (StatusCode::UNAUTHORIZED, "Bearer")
    );
    let cookie = writer.world.cookie("acme", &[Role::Ingest, Role::Read]);
    let by_cookie = writer
        .world
        .send("POST", "/v1/facts", &[("cookie", &cookie), ("x-claimledger", "1")], body())
        .await;
    assert_eq!(by_cookie.status, StatusCode::UNAUTHORIZED);
    let reader = format!("Bearer {}", writer.world.token("acme", &[Role::Read], None).await);
    let refused =
        writer.world.send("POST", "/v1/facts", &[("authorization", &reader)], body()).await;
    assert_eq!(
        (refused.status, refused.json()["error"]["needs"].as_str().map(str::to_owned)),
        (StatusCode::FORBIDDEN, Some("ingest".to_owned()))
    );
    let mut foreign = fact("d-2", "wiki");
    foreign["source"] = json!("idp-x");
    assert_eq!(writer.post("", &[], foreign.to_string()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(writer.post("", &[], body()).await.json()["results"][0]["outcome"], "stored");
}

#[tokio::test]
async fn too_much_is_refused_without_being_unpacked() {
    let writer = Writer::new().await;
    let bomb = pack(&vec![b' '; 1 << 20], 512);
    assert!(bomb.len() < 768 * 1024);
    let started = std::time::Instant::now();
    let refused = writer.post("", &[("content-encoding", "gzip")], bomb).await;
    assert_eq!(
        (refused.status, refused.json()["error"]["code"].as_str().map(str::to_owned)),
        (StatusCode::PAYLOAD_TOO_LARGE, Some("too_large".to_owned()))
    );
    assert!(started.elapsed().as_millis() < 500, "{:?}", started.elapsed());
    assert_eq!(
        writer.post("", &[], vec![b' '; 10 << 20]).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let many: Vec<String> = (0..501).map(|n| fact(&format!("e-{n}"), "w").to_string()).collect();
    let refused = writer.post("", &[], many.join("\n")).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["limit"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!(500))
    );
    assert_eq!(writer.post("", &[], many[..500].join("\n")).await.status, StatusCode::OK);
}
