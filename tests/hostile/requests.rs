//! Odd HTTP requests, hosts, proxies and cross-site requests.

use super::World;

/// Malformed request heads and bodies.
#[test]
fn odd_requests_are_refused_or_answered_and_others_served() {
    let world = World::new(&[]);
    let json = "Content-Type: application/json\r\n";
    let post = |path: &str, more: &str, body: &str| {
        world.head(&format!("POST {path} HTTP/1.1"), &format!("{json}{more}")) + body
    };
    let get = |path: &str| world.head(&format!("GET {path} HTTP/1.1"), "");
    let sent: Vec<(&str, String)> = vec![
        ("long line", get(&format!("/{}", "a".repeat(100_000)))),
        ("many headers", world.head("GET /healthz HTTP/1.1", &"X-Many: a\r\n".repeat(500))),
        (
            "long header",
            world.head("GET /healthz HTTP/1.1", &format!("X-Long: {}\r\n", "a".repeat(40_000))),
        ),
        ("NUL in the path", get("/\0")),
        ("percent-encoded NUL", get("/session?id=%00")),
        ("broken percent-encoding", get("/session?id=%zz%ff%")),
        ("broken percent-encoding of a path", get("/assets/%ff%00..%2f")),
        (
            "every time at its extreme",
            get("/session?id=S1&at=9999-12-31T23:59:59-23:59&knownAt=0000-01-01T00:00:00%2B23:59"),
        ),
        (
            "a year of six digits",
            get("/session?id=S1&at=%2B262143-12-31T23:59:59Z&knownAtPosition=18446744073709551615"),
        ),
        (
            "numbers past their limits",
            get("/sessions?first=99999999999999999999&knownAt=%2399999999999999999999"),
        ),
        ("the largest page", get("/sessions?first=2147483647")),
        ("star", world.head("OPTIONS * HTTP/1.1", "")),
        ("connect", world.head("CONNECT ledger:443 HTTP/1.1", "")),
        ("trace", world.head("TRACE /healthz HTTP/1.1", "")),
        ("head", world.head("HEAD /graphql HTTP/1.1", "")),
        ("another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("no HTTP", "\u{16}\u{3}\u{1}\u{2}".repeat(1_000)),
        (
            "continue",
            post(
                "/graphql",
                "Expect: 100-continue\r\nContent-Length: 24\r\n",
                "{\"query\":\"{__typename}\"}",
            ),
        ),
        ("two lengths", post("/graphql", "Content-Length: 2\r\nContent-Length: 3\r\n", "{}")),
        (
            "a length and chunks",
            post(
                "/graphql",
                "Content-Length: 2\r\nTransfer-Encoding: \
            chunked\r\n",
                "2\r\n{}\r\n0\r\n\r\n",
            ),
        ),
        (
            "a length past 64 bits",
            post("/graphql", "Content-Length: 99999999999999999999\r\n", "{}"),
        ),
        ("a negative length", post("/graphql", "Content-Length: -1\r\n", "{}")),
        (
            "a chunk past 64 bits",
            post("/graphql", "Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n{}"),
        ),
        (
            "an unbounded extension",
            post(
                "/graphql",
                "Transfer-Encoding: chunked\r\n",
                &format!("2;{}\r\n{{}}\r\n0\r\n\r\n", "a".repeat(100_000)),
            ),
        ),
        (
            "unbounded trailers",
            post(
                "/graphql",
                "Transfer-Encoding: chunked\r\n",
                &format!("2\r\n{{}}\r\n0\r\n{}\r\n", "X: y\r\n".repeat(5_000)),
            ),
        ),
        (
            "unbounded chunks",
            post(
                "/graphql",
                "Transfer-Encoding: chunked\r\n",
                &format!("ffff\r\n{}\r\n", " ".repeat(0xffff)).repeat(40),
            ),
        ),
        (
            "pipelined",
            "GET /healthz HTTP/1.1\r\nHost: ledger\r\n\r\n".repeat(200) + &get("/healthz"),
        ),
        (
            "credential of another alphabet",
            "GET /sessions HTTP/1.1\r\nHost: ledger\r\nConnection: close\r\nCookie: \
             claimledger=\u{ff}\u{ff}\r\n\r\n"
                .to_owned(),
        ),
    ];
    for (name, sent) in &sent {
        let answer = world.raw(sent.as_bytes());
        assert!(!answer.contains("HTTP/1.1 5"), "{name}: {answer}");
        let (status, _, health) = world.server.get("/healthz", &[]);
        assert!(status == 200 && health.contains("\"panics\":0"), "{name}: {status} {health}");
    }
    world.still_answers();
}

/// Regression: a request without `Host`, or with two, was answered like any other.
#[test]
fn a_request_names_its_host_once() {
    let world = World::new(&[]);
    let get = |version: &str, hosts: &[&str]| {
        let hosts: String = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect();
        let answer = world
            .raw(format!("GET /healthz {version}\r\n{hosts}Connection: close\r\n\r\n").as_bytes());
        answer.get(9..12).unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    };
    for good in ["ledger", "ledger.example:443", "127.0.0.1:7070", "[::1]:7070"] {
        assert_eq!(get("HTTP/1.1", &[good]), "200", "{good}");
        assert_eq!(get("HTTP/1.1", &[good, good]), "400", "{good} twice");
    }
    assert_eq!(get("HTTP/1.1", &[]), "400");
    assert_eq!(get("HTTP/1.0", &[]), "200", "HTTP/1.0 has no such header");
    for bad in ["", "a b", "a/b", "user@ledger", "ledger:port", "ledger:99999"] {
        assert_eq!(get("HTTP/1.1", &[bad]), "400", "{bad:?}");
    }
}

/// Regression: behind a proxy on loopback, cookies had no `Secure` and the schema was readable.
#[test]
fn behind_a_proxy_on_loopback_nothing_is_local() {
    let schema = "{ __schema { queryType { name } } }";
    for (arguments, is_local) in [(&["--behind-proxy"][..], false), (&[][..], true)] {
        let world = World::new(arguments);
        let code = world.server.sign_in["acme"]
            .as_str()
            .expect("a link")
            .split("code=")
            .nth(1)
            .expect("a code")
            .to_owned();
        let (status, headers, _) = world.server.get(&format!("/sign-in?code={code}"), &[]);
        let cookie = headers
            .iter()
            .find(|(name, _)| name == "set-cookie")
            .map(|(_, value)| value.clone())
            .unwrap_or_default();
        assert_eq!((status, cookie.contains("; Secure")), (303, !is_local), "{cookie}");
        let answer = world.ask(schema);
        if is_local {
            assert_eq!(answer["data"]["__schema"]["queryType"]["name"], "Query");
        } else {
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INTROSPECTION_OFF");
        }
        let (_, headers, _) = world.server.post_with(
            "/theme",
            None,
            &[("content-type", "application/x-www-form-urlencoded")],
            b"theme=dark&next=/",
        );
        let cookie = headers
            .iter()
            .find(|(name, _)| name == "set-cookie")
            .map(|(_, value)| value.clone())
            .unwrap_or_default();
        assert_eq!(cookie.contains("; Secure"), !is_local, "{cookie}");
    }
}

/// Regression: another site's form was refused, but the answer deleted the visitor's cookie.
#[test]
fn another_site_cannot_sign_a_visitor_out() {
    let world = World::new(&[]);
    let link = world.server.sign_in["acme"]
        .as_str()
        .expect("a link")
        .trim_start_matches(&world.server.url)
        .to_owned();
    let (_, headers, _) = world.server.get(&link, &[]);
    let cookie = headers
        .iter()
        .find(|(name, _)| name == "set-cookie")
        .expect("a cookie")
        .1
        .split(';')
        .next()
        .expect("a value")
        .to_owned();
    let host = world.server.url.trim_start_matches("http://");
    let out = |more: &[(&str, &str)]| {
        let headers = [
            &[("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")],
            more,
        ]
        .concat();
        let (status, headers, body) = world.server.post_with("/sign-out", None, &headers, b"");
        (status, headers.iter().any(|(name, _)| name == "set-cookie"), body)
    };
    for refused in [
        &[("origin", "https://evil.example")][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", "null")],
    ] {
        let (status, sets_cookie, body) = out(refused);
        assert!(
            status == 422 && !sets_cookie && body.contains("another site"),
            "{refused:?}: {status} {sets_cookie} {body}"
        );
    }
    let (status, _, _) = world.server.get("/query", &[("cookie", &cookie)]);
    assert_eq!(status, 200, "still signed in");
    let own = format!("http://{host}");
    let (status, sets_cookie, _) = out(&[("origin", &own), ("sec-fetch-site", "same-origin")]);
    assert!(status == 303 && sets_cookie, "{status}");
    let (status, _, _) = world.server.get("/query", &[("cookie", &cookie)]);
    assert_eq!(status, 303, "signed out");
}
