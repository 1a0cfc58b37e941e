//! Credentials are made, listed and revoked from the directory and over HTTP.

use crate::support::{Scratch, Server, claimledger, text};
use serde_json::{Value, json};

const PATH: &str = "/v1/credentials";

fn over(server: &Server, token_file: &str, args: &[&str]) -> (i32, String, String) {
    let mut all = vec!["--url", &server.url, "--token-file", token_file];
    all.extend(args);
    let out = claimledger().args(all).output().expect("the program runs");
    (out.status.code().expect("a status"), text(&out.stdout), text(&out.stderr))
}

/// Status and body of a request, which the shared client cannot make: it never deletes.
fn status_of(server: &Server, method: &str, path: &str, token: &str, body: &str) -> (u16, Value) {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", server.url))
        .header("authorization", format!("Bearer {token}"))
        .body(body.to_owned())
        .expect("a request");
    let mut answer = agent.run(request).expect("an answer");
    let body = answer.body_mut().read_to_string().expect("a text");
    (answer.status().as_u16(), serde_json::from_str(&body).unwrap_or_default())
}

#[test]
fn a_served_ledger_makes_lists_and_revokes_credentials() {
    let scratch = Scratch::rehearsal(&["acme", "globex"]);
    let govern = scratch.file("govern", scratch.token("acme", "govern"));
    let other = scratch.file("other", scratch.token("globex", "govern"));
    let ingest = scratch.token("acme", "ingest");
    let server = scratch.serve();

    let (status, token, note) = over(&server, &govern, &["token", "--role", "read,export"]);
    assert_eq!(status, 0, "{note}");
    let credential = note.split_whitespace().nth(1).expect("an id").to_owned();
    assert!(credential.starts_with("c-") && note.contains("tenant acme"), "{note}");
    let token = token.trim();
    let asks = || server.graphql_raw(token, "{ status { head } }", Value::Null).0;
    assert_eq!(asks(), 200);

    let (_, listed, _) = over(&server, &govern, &["--format", "json", "token", "list"]);
    assert!(!listed.contains(token), "{listed}");
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let listed = listed["credentials"].as_array().expect("a list");
    // The operator's, the governor's, that of the hook and the new one; none of the other tenant.
    assert_eq!(listed.len(), 4, "{listed:?}");
    let found = listed.iter().find(|it| it["credential"] == *credential).expect("the new one");
    assert_eq!((&found["roles"], &found["revokedAt"]), (&json!(["read", "export"]), &Value::Null));

    let (status, _, said) = over(&server, &other, &["token", "revoke", &credential]);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("no credential has the id"), "{said}");
    assert_eq!(asks(), 200, "a governor of another tenant revokes nothing");

    // Another tenant than the token's: nothing is listed, made or revoked.
    for args in [&["list"][..], &["--role", "read"], &["revoke", &credential]] {
        let args = [&["--tenant", "globex", "token"], args].concat();
        let (status, out, said) = over(&server, &govern, &args);
        assert!(status != 0 && out.is_empty(), "{args:?}: {out}{said}");
        assert!(said.contains("this token belongs to tenant acme"), "{said}");
    }
    // Nor does any other command ask anything.
    let rows = scratch.file("rows.jsonl", "");
    std::fs::remove_file(&rows).expect("no file");
    for args in [
        &["sessions"][..],
        &["session", "S1"],
        &["export", "sessions", "--as", "jsonl", "--output", &rows],
        &["pack", "S1", "--out", &rows],
        &["access"],
        &["status"],
        &["watch"],
        &["source", "status"],
        &["rebuild"],
    ] {
        let (status, out, said) = over(&server, &govern, &[&["--tenant", "globex"], args].concat());
        assert!(status == 3 && out.is_empty(), "{args:?}: {status} {out}{said}");
        assert!(said.contains("this token belongs to tenant acme"), "{args:?}: {said}");
    }
    // Nor a page or a hook: the header alone says what is meant.
    let named = ("claimledger-tenant", "globex");
    let bearer = format!("Bearer {token}");
    let (status, _, page) = server.get("/sessions", &[("authorization", &bearer), named]);
    assert!(status == 403 && page.contains("this token belongs to tenant acme"), "{status} {page}");
    let (status, _, said) = server.post_with("/v1/hooks/okta", Some(&ingest), &[named], b"{}");
    assert!(status == 403 && said.contains("this token belongs to tenant acme"), "{status} {said}");
    assert_eq!(asks(), 200);
    let (status, again, said) =
        over(&server, &govern, &["--tenant", "acme", "--format", "json", "token", "list"]);
    assert_eq!(status, 0, "{said}");
    let again: Value = serde_json::from_str(&again).expect("JSON");
    assert_eq!(again["credentials"].as_array().expect("a list").len(), 4);
    let (status, _, said) = over(&server, &govern, &["token", "revoke", ""]);
    assert!(status == 1 && said.contains("no credential has the id “”:"), "{status} {said}");

    for _ in 0..2 {
        // Again: the same answer.
        let (status, said, error) = over(&server, &govern, &["token", "revoke", &credential]);
        assert_eq!(status, 0, "{error}");
        assert!(said.contains("is revoked"), "{said}");
        assert_eq!(asks(), 401);
    }
    let (_, listed, _) = over(&server, &govern, &["token", "list"]);
    let line = listed.lines().find(|line| line.contains(&credential)).expect("its line");
    assert!(line.contains("read export") && !line.ends_with('–'), "{listed}");
    drop(server);

    // The owner of the directory sees the same, and one record of each.
    assert_eq!(scratch.ok(&["--tenant", "acme", "token", "list"]), listed);
    let kind =
        |position: &str| scratch.json(&["--tenant", "acme", "record", position])["kind"].clone();
    // The second revocation repeats the first, and each says who did it.
    let said = |position: &str| {
        let record = scratch.json(&["--tenant", "acme", "record", position]);
        record["facts"][0]["data"]["actor"].clone()
    };
    let listed = scratch.json(&["--tenant", "acme", "token", "list"]);
    let listed = listed["credentials"].as_array().expect("a list");
    let governor = listed.iter().find(|it| it["roles"] == json!(["govern"])).expect("a governor");
    assert_eq!((said("#1"), said("#2")), (json!("owner"), json!("owner")));
    assert_eq!((said("#3"), said("#4")), (governor["credential"].clone(), said("#3")));
    assert_eq!(["#2", "#3", "#4"].map(kind), ["role.granted", "role.granted", "role.revoked"]);
    assert_eq!(scratch.json(&["--tenant", "acme", "status"])["head"], 5);
    // Again by another actor: the first one stands.
    scratch.ok(&["--tenant", "acme", "token", "revoke", &credential]);
    assert_eq!(scratch.json(&["--tenant", "acme", "status"])["head"], 5);
    let out = scratch.run(&["--tenant", "acme", "token", "revoke", "c-0000"]);
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    scratch.ok(&["--tenant", "acme", "verify"]);
}

#[test]
fn credentials_need_the_role_govern_and_sound_requests() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let [read, govern] = ["read,investigate,export,operate,ingest", "govern"]
        .map(|roles| scratch.token("acme", roles));
    let server = scratch.serve();
    let ask = |method: &str, path: &str, token: &str, body: &str| {
        status_of(&server, method, path, token, body)
    };
    for (method, path, body) in [
        ("GET", PATH, ""),
        ("POST", PATH, r#"{"roles": ["read"]}"#),
        ("DELETE", "/v1/credentials/c-1", ""),
    ] {
        let (status, said) = ask(method, path, &read, body);
        assert_eq!((status, &said["error"]["needs"]), (403, &json!("govern")), "{method} {said}");
        assert_eq!(ask(method, path, "nobody", body).0, 401, "{method}");
    }
    for (body, says) in [
        ("", "this is no object"),
        (r#"[["read"], null]"#, "this is no object"),
        ("7", "this is no object"),
        (r#"{"roles": ["read"], "source": ""}"#, "bytes that are not one"),
        (r#"{"roles": ["read"], "source": "a\u0000b"}"#, "bytes that are not one"),
        (r#"{"roles": ["read"], "source": "\u202e\n"}"#, "bytes that are not one"),
        ("{}", "missing field `roles`"),
        (r#"{"roles": ["root"]}"#, "\"root\" is none of ingest, read"),
        (r#"{"roles": [], "source": "a"}"#, "no role is given"),
        (r#"{"roles": ["read"], "sauce": "a"}"#, "unknown field `sauce`"),
    ] {
        let (status, said) = ask("POST", PATH, &govern, body);
        assert_eq!(status, 422, "{body}: {said}");
        assert!(said["error"]["message"].as_str().expect("a message").contains(says), "{said}");
        assert!(!said.to_string().contains("Wanted"), "{said}");
        if says == "bytes that are not one" {
            assert_eq!(said["error"]["field"], "source", "{said}");
            let message = said["error"]["message"].as_str().expect("a message");
            assert!(message.contains("expected a string of 1 to 512 bytes"), "{said}");
        }
    }
    let long = json!({"roles": ["read"], "source": "x".repeat(513)}).to_string();
    let (status, said) = ask("POST", PATH, &govern, &long);
    assert_eq!((status, &said["error"]["field"]), (422, &json!("source")), "{said}");
    for (method, path, expected) in [
        ("DELETE", "/v1/credentials/%ff", 400),
        ("GET", "/v1/export/%ff", 400),
        ("DELETE", "/v1/credentials/", 404),
        ("DELETE", "/v1/credentials/ID/", 404),
        ("GET", "/v1/nothing", 404),
    ] {
        let (status, said) = ask(method, path, &govern, "");
        assert_eq!(status, expected, "{path}: {said}");
        assert!(said["error"]["code"].is_string(), "{path}: {said}");
    }
    for id in ["c-1", "..", "%00", "c-1%2F.."] {
        let (status, said) = ask("DELETE", &format!("{PATH}/{id}"), &govern, "");
        assert_eq!(status, 404, "{id}: {said}");
    }
    let (_, said) = ask("GET", PATH, &govern, "");
    assert_eq!(said["credentials"].as_array().expect("a list").len(), 3, "nothing was made");
    let (status, made) = ask("POST", PATH, &govern, r#"{"roles": ["read", "read"]}"#);
    assert_eq!((status, &made["roles"]), (201, &json!(["read"])), "{made}");
    // A governor may revoke its own: the owner of the directory can always make another.
    let mut listed = said["credentials"].as_array().expect("a list").iter();
    let own = listed.find(|it| it["roles"] == json!(["govern"])).expect("its own");
    let id = own["credential"].as_str().expect("an id");
    assert_eq!(ask("DELETE", &format!("{PATH}/{id}"), &govern, "").0, 200);
    assert_eq!(ask("GET", PATH, &govern, "").0, 401);
}
