//! The pages as a browser without script gets them.

use super::support::{AT, Answer, World};
use crate::http::headers::CSP;
use axum::http::{StatusCode, header};
use claimledger_facts::vocabulary::Role;
use serde_json::json;

fn pinned(rest: &str) -> String {
    format!("/session?{rest}&at={AT}&knownAtPosition=82&rules={}", claimledger_domain::RULES)
}

fn main_of(answer: &Answer) -> &str {
    answer
        .body
        .split_once("<main")
        .and_then(|(_, rest)| rest.split_once("</main>"))
        .map_or("", |(main, _)| main)
}

fn links(main: &str) -> (usize, usize) {
    let svg = main
        .split_once("<svg")
        .and_then(|(_, rest)| rest.split_once("</svg>"))
        .map_or("", |(svg, _)| svg);
    let table = main
        .split_once("id=\"tl-table\"")
        .and_then(|(_, rest)| rest.split_once("</table>"))
        .map_or("", |(table, _)| table);
    (
        svg.matches("<a ").count(),
        table.split_once("<tbody>").map_or(0, |(_, body)| body.matches("<tr>").count()),
    )
}

#[tokio::test]
async fn an_address_without_t_k_r_leads_to_the_pinned_one() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let home = world.get("/", &cookie).await;
    assert_eq!(home.status, StatusCode::SEE_OTHER);
    assert!(
        home.header(header::LOCATION).starts_with("/?at=2026-03-10T23:00:00Z&knownAtPosition=82"),
        "{}",
        home.header(header::LOCATION)
    );
    let list = world.get("/sessions?key=X1", &cookie).await;
    assert_eq!(list.status, StatusCode::SEE_OTHER);
    assert!(
        list.header(header::LOCATION)
            .starts_with("/sessions?key=X1&at=2026-03-10T23:00:00Z&knownAtPosition=82&rules="),
        "{}",
        list.header(header::LOCATION)
    );
    let one = world.get("/session?id=S2&open=64&knownAt=%2331", &cookie).await;
    let to = one.header(header::LOCATION);
    assert!(
        one.status == StatusCode::SEE_OTHER
            && to.contains("id=S2")
            && to.contains("knownAtPosition=31")
            && to.contains("open=64"),
        "{to}"
    );
    assert_eq!(world.get(to, &cookie).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_it_in() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    for uri in [
        "/sessions",
        "/session?id=S1",
        "/query",
        "/sign-in",
        "/nowhere",
        "/healthz",
        "/graphql",
        "/assets/page.js",
    ] {
        let answer = world.get(uri, &cookie).await;
        assert_eq!(answer.header(header::CONTENT_SECURITY_POLICY), CSP, "{uri}");
        assert_eq!(
            (answer.header(header::X_CONTENT_TYPE_OPTIONS), answer.header(header::REFERRER_POLICY)),
            ("nosniff", "no-referrer"),
            "{uri}"
        );
        let cached = if uri.starts_with("/assets") { "no-cache" } else { "no-store" };
        assert_eq!(answer.header(header::CACHE_CONTROL), cached, "{uri}");
    }
    let asset = world.get("/assets/style.css", "").await;
    let etag = asset.header(header::ETAG).to_owned();
    assert_eq!(
        world.send("GET", "/assets/style.css", &[("if-none-match", &etag)], "").await.status,
        StatusCode::NOT_MODIFIED
    );
}

#[tokio::test]
async fn the_session_page_shows_figure_table_and_tree() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    for id in ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"] {
        let answer = world.get(&pinned(&format!("id={id}")), &cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{id}: {}", answer.body);
        let (in_svg, in_table) = links(main_of(&answer));
        assert!(in_svg > 3 && in_svg == in_table, "{id}: {in_svg} links, {in_table} rows");
        for never in
            ["style=", "<style", " onclick", " onload", " onerror", "javascript:", "<script>"]
        {
            assert!(!answer.body.contains(never), "{id}: {never}");
        }
        assert!(answer.body.len() < 250 * 1024, "{id}: {} bytes", answer.body.len());
        let recorded = world.get(&pinned(&format!("id={id}&order=recorded")), &cookie).await;
        assert_eq!(links(main_of(&recorded)), (in_svg, in_table), "{id}");
    }
    let s3 = world.get(&pinned("id=S3"), &cookie).await;
    let token = world.token("acme", &[Role::Read], None).await;
    let why = format!(
        "{{ why(session: \"S3\", app: \"payroll\", asking: {{at: \"{AT}\", knownAtPosition: 82}}) \
         {{ because {{ conclusion because {{ conclusion }} }} }} }}"
    );
    let why = world.graphql(&token, &why).await.json();
    for reason in why["data"]["why"]["because"][0]["because"].as_array().unwrap() {
        let words = reason["conclusion"].as_str().unwrap().split(" (").next().unwrap();
        assert!(s3.body.contains(words), "{words}: {}", s3.body);
    }
}

#[tokio::test]
async fn the_same_address_gives_the_same_main_after_more_came_in() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let uri = pinned("id=S2&open=30");
    let before = world.get(&uri, &cookie).await;
    world.token("acme", &[Role::Read], None).await;
    let after = world.get(&uri, &cookie).await;
    assert_eq!(main_of(&before), main_of(&after));
}

#[tokio::test]
async fn the_drawer_shows_the_record() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let page = world.get(&pinned("id=S3&open=40"), &cookie).await;
    for part in ["Record #40", "leaf hash", "claims.received", "data.amr", "SHA-256(0x00"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    let later = world
        .get(
            &format!(
                "/session?id=S3&at={AT}&knownAtPosition=50&rules={}&open=60",
                claimledger_domain::RULES
            ),
            &cookie,
        )
        .await;
    assert!(later.body.contains("No record #60 is known at this K"), "{}", later.body);
}

#[tokio::test]
async fn the_list_counts_certain_and_possible_and_pages() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let rest = format!("at={AT}&knownAtPosition=82&rules={}", claimledger_domain::RULES);
    let all = world.get(&format!("/sessions?activeAt=2026-03-10T14:05:00Z&{rest}"), &cookie).await;
    assert!(all.body.contains("8 certain + 0 possible"), "{}", all.body);
    let mut uri = format!("/sessions?activeAt=2026-03-10T14:05:00Z&first=3&{rest}");
    let mut sizes = Vec::new();
    loop {
        let page = world.get(&uri, &cookie).await;
        sizes.push(page.body.matches("<tr class=\"certain\">").count());
        let Some((_, next)) = page.body.split_once("<a rel=\"next\" href=\"") else { break };
        uri = next.split('"').next().unwrap().replace("&amp;", "&");
    }
    assert_eq!(sizes, [3, 3, 2]);
    let key = world
        .get(&format!("/sessions?key=X1&reliedFrom=2026-03-10T13:40:00Z&{rest}"), &cookie)
        .await;
    assert!(
        key.body.contains("1 certain + 0 possible") && key.body.contains("(retired key accepted)"),
        "{}",
        key.body
    );
    let none = world.get(&format!("/sessions?key=nowhere&{rest}"), &cookie).await;
    assert!(
        none.body.contains("No key nowhere is known.")
            && none.body.contains("key <bdi>nowhere</bdi>"),
        "{}",
        none.body
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_the_reason() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    for (uri, part) in [
        ("/sessions?first=100000", "100000 rows requested, the limit is 500"),
        ("/sessions?at=2026-03-10T10:00:00", "with an offset"),
        ("/session", "id is missing"),
        ("/session?id=S1&knownAtPosition=5000", "past the head"),
        ("/sessions?after=nonsense", "cursor"),
    ] {
        let answer = world.get(uri, &cookie).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{uri}: {}", answer.body);
        assert!(answer.body.contains(part), "{uri}: {}", answer.body);
    }
    assert_eq!(world.get("/nowhere", &cookie).await.status, StatusCode::NOT_FOUND);
    // An id with a space at its end is another one.
    let pinned =
        format!("at=2026-03-10T23:00:00Z&knownAtPosition=82&rules={}", claimledger_domain::RULES);
    for (id, status) in [("S1", StatusCode::OK), ("S1%20", StatusCode::NOT_FOUND)] {
        let answer = world.get(&format!("/session?id={id}&{pinned}"), &cookie).await;
        assert_eq!(answer.status, status, "{id}: {}", answer.body);
    }
    for uri in ["/session?id=S1", "/sessions?first=2"] {
        let old = world
            .get(&format!("{uri}&at=2026-03-10T23:00:00Z&knownAtPosition=82&rules=r0"), &cookie)
            .await;
        assert!(
            old.status == StatusCode::OK
                && old.body.contains("Rules <bdi>r0</bdi> are not in this build"),
            "{}",
            old.body
        );
    }
}

#[tokio::test]
async fn a_page_says_which_role_it_needs() {
    let world = World::new().await;
    let writer = world.cookie("acme", &[Role::Ingest]);
    for id in ["S1", "nowhere"] {
        let answer = world.get(&pinned(&format!("id={id}")), &writer).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.body.contains("This page needs the role read."), "{}", answer.body);
    }
}

#[tokio::test]
async fn the_name_of_a_subject_stands_beside_the_answer_for_who_may_see_it() {
    let world = World::new().await;
    let reader = world.cookie("acme", &[Role::Read]);
    assert_eq!(world.get(&pinned("id=S1&names=1"), &reader).await.status, StatusCode::FORBIDDEN);
    let investigator = world.cookie("acme", &[Role::Read, Role::Investigate]);
    let named = world.get(&pinned("id=S1&names=1"), &investigator).await;
    assert!(named.body.contains("Its subject: "), "{}", named.body);
    let plain = world.get(&pinned("id=S1"), &investigator).await;
    assert!(!plain.body.contains("Its subject: "));
    // Labels stand beside the pinned answer, not in it.
    assert!(!main_of(&named).contains("Its subject"));
}

#[tokio::test]
async fn signing_in_by_code_or_token_goes_nowhere_else() {
    let world = World::new().await;
    let out = world.get("/sessions?key=X1", "").await;
    assert_eq!(
        (out.status, out.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/sign-in?next=%2Fsessions%3Fkey%3DX1")
    );
    let owner = claimledger_app::model::question::Caller::owner("acme".into());
    let code = world.app.sign_in_code(&owner);
    let entered = world.get(&format!("/sign-in?code={code}&next=%2Fsession%3Fid%3DS2"), "").await;
    assert_eq!(
        (entered.status, entered.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/session?id=S2")
    );
    let cookie = entered.header(header::SET_COOKIE);
    assert!(cookie.contains("HttpOnly; SameSite=Strict") && cookie.contains("Path=/"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(world.get("/query", cookie).await.status, StatusCode::OK);
    assert_eq!(
        world.get(&format!("/sign-in?code={code}"), "").await.status,
        StatusCode::UNAUTHORIZED
    );
    for next in ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example"] {
        let code = world.app.sign_in_code(&owner);
        assert_eq!(
            world
                .get(&format!("/sign-in?code={code}&next={next}"), "")
                .await
                .header(header::LOCATION),
            "/sessions",
            "{next}"
        );
    }

    let token = world.token("acme", &[Role::Read], None).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let by_token =
        world.send("POST", "/sign-in", &form, format!("token={token}&next=%2Fquery")).await;
    assert_eq!(
        (by_token.status, by_token.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, "/query")
    );
    let wrong = world.send("POST", "/sign-in", &form, "token=wrong").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.body.contains("Token not recognised."), "{}", wrong.body);
    let elsewhere = [form[0], ("origin", "https://evil.example"), ("host", "127.0.0.1")];
    assert_eq!(
        world.send("POST", "/sign-in", &elsewhere, format!("token={token}")).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let left = world.send("POST", "/sign-out", &[("cookie", cookie)], "").await;
    assert!(left.header(header::SET_COOKIE).contains("Max-Age=0"));
    assert_eq!(world.get("/query", cookie).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn queries_work_without_script_and_show_their_cost() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let post = |body: &'static str| {
        let (world, cookie) = (&world, &cookie);
        async move {
            world
                .send(
                    "POST",
                    "/query",
                    &[("cookie", cookie), ("content-type", "application/x-www-form-urlencoded")],
                    body,
                )
                .await
        }
    };
    let answer =
        post("query=%7B+session(id%3A+%22S3%22)+%7B+session+%7B+id+%7D+%7D+%7D&variables=%7B%7D")
            .await;
    assert!(
        answer.body.contains("&quot;id&quot;: &quot;S3&quot;")
            && answer.body.contains("Cost 3 of 10000"),
        "{}",
        answer.body
    );
    let refused = post("query=%7B+sessions(first%3A+501)+%7B+edges+%7B+cursor+%7D+%7D+%7D").await;
    assert!(refused.body.contains("cost 501 of 500"), "{}", refused.body);
}

#[tokio::test]
async fn reports_of_the_policy_are_counted() {
    let world = World::new().await;
    assert_eq!(
        world.get("/healthz", "").await.json(),
        json!({"status": "live", "cspReports": 0, "panics": 0})
    );
    let report = json!({"csp-report": {"effective-directive": "script-src\n<x>",
        "document-uri": "http://x/session?id=S1"}})
    .to_string();
    assert_eq!(world.send("POST", "/csp-report", &[], report).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get("/healthz", "").await.json()["cspReports"], 1);
    assert_eq!(world.get("/readyz", "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_session_of_ten_thousand_records_stays_within_every_limit() {
    let world = World::new().await;
    let fact = |n: usize| {
        let (at, deny) = (
            format!("2026-03-10T{:02}:{:02}:{:02}Z", 8 + n / 1200, n / 20 % 60, n * 3 % 60),
            n % 400 == 399,
        );
        let (kind, data) = match n {
            0 => ("session.started", json!({})),
            _ if deny => (
                "policy.decided",
                json!({"app": "payroll", "policy": "payroll", "rule": "payroll-2",
                    "outcome": "deny"}),
            ),
            _ => ("app.accessed", json!({"app": format!("app-{}", n % 7)})),
        };
        json!({"id": format!("big-{n}"), "type": kind, "occurred_at": at, "session": "BIG",
            "subject": {"id": "u-big"}, "data": data})
        .to_string()
    };
    let token = world.token("acme", &[Role::Ingest], Some("acme-sp")).await;
    let bearer = format!("Bearer {token}");
    let lines: Vec<String> = (0..10_000).map(fact).collect();
    for some in lines.chunks(500) {
        let headers =
            [("authorization", bearer.as_str()), ("content-type", "application/x-ndjson")];
        let answer = world.send("POST", "/v1/facts", &headers, some.join("\n")).await;
        assert!(answer.status.is_success(), "{}", answer.body);
    }
    let cookie = world.cookie("acme", &[Role::Read]);
    let pinned = world.get("/session?id=BIG", &cookie).await;
    let page = world.get(pinned.header(header::LOCATION), &cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(
        page.body.contains("10000 records of this session")
            && page.body.contains("12 decisions, the same reasons; the differences: when, "),
        "{}",
        page.body
    );
    assert!(page.body.len() <= 250 * 1024, "{} bytes", page.body.len());
    let svg = page
        .body
        .split_once("<svg")
        .and_then(|(_, rest)| rest.split_once("</svg>"))
        .map_or("", |(svg, _)| svg);
    assert!(
        svg.len() <= 200 * 1024 && svg.matches("<a ").count() <= 400,
        "{} bytes, {} links",
        svg.len(),
        svg.matches("<a ").count()
    );
    assert_eq!(
        svg.matches("/decision?pos=").count(),
        25,
        "refusals are marks of their own, whatever else stands in columns"
    );
    assert!(
        page.body.contains("that could have changed it were tried; "),
        "what was not looked at is said"
    );
}

#[tokio::test]
async fn every_reading_that_a_page_cites_is_a_link_to_its_text() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let pinned = world.get("/decision?pos=43", &cookie).await;
    let page = world.get(pinned.header(header::LOCATION), &cookie).await;
    let cited = page.body.matches("sem ").count();
    let links: Vec<&str> = page
        .body
        .split("href=\"/semantics#")
        .skip(1)
        .filter_map(|rest| rest.split_once('"').map(|(anchor, _)| anchor))
        .collect();
    assert!(!links.is_empty() && links.len() == cited, "{cited} cited: {links:?}");
    // Without signing in: it holds nothing of a tenant.
    let readings = world.get("/semantics", "").await;
    assert_eq!(readings.status, StatusCode::OK);
    for anchor in links {
        assert!(readings.body.contains(&format!("<p id=\"{anchor}\"><strong>")), "{anchor}");
    }
}
