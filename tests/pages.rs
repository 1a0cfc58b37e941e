//! The pages in a real browser: the session page shows timeline and tree, nothing is refused by the content security policy, and text from
//! outside shows as text.

#[path = "support/browser.rs"]
mod browser;
mod support;

use browser::Browser;
use serde_json::{Value, json};
use support::Scratch;

const AT: &str = "at=2026-03-10T23:00:00Z&knownAtPosition=82";

fn percent(text: &str) -> String {
    text.bytes().map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

#[test]
fn the_session_page_shows_the_timeline_and_the_tree() {
    let Some(scratch) = Scratch::fixture() else { return };
    let mut args = vec!["--at", "2026-03-10T23:00:00Z", "--known-at", "82", "--tenant", "acme", "why"];
    args.push("S3");
    let tree = scratch.ok(&args);
    let server = scratch.serve();
    let Some(browser) = Browser::start(1280, 1600) else { return };
    let link = server.sign_in["acme"].as_str().expect("a sign-in link");
    browser.open(&format!("{link}&next={}", percent(&format!("/session?id=S3&{AT}"))));
    assert!(browser.address().contains("/session?id=S3"), "{}", browser.address());

    // The figure is drawn, in sight, with a bar for each factor.
    let figure = browser.eval("const r = document.querySelector('svg.tl').getBoundingClientRect(); return [r.width, r.height, r.top]");
    let size: Vec<f64> = figure.as_array().expect("a box").iter().filter_map(Value::as_f64).collect();
    assert!(size[0] > 600.0 && size[1] > 100.0 && size[2] < 1600.0, "{figure}");
    let bars = browser.eval("return [...document.querySelectorAll('svg.tl .lane.factor title')].map(t => t.textContent)").to_string();
    for factor in ["pwd", "hwk", "phr"] {
        assert!(bars.contains(factor), "{bars}");
    }
    // Same items, same count in the table that follows.
    let counts = browser.eval("return [document.querySelector('svg.tl').querySelectorAll('a').length, document.querySelector('.tl-table').querySelectorAll('tbody tr').length]");
    assert_eq!(counts[0], counts[1], "links of the figure and rows of the table: {counts}");
    assert!(counts[0].as_u64() > Some(5), "{counts}");

    // The tree has the words of the command line.
    let page = browser.text().split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["S3 was let into payroll at 13:20:04Z", "phr has it itself", "idp-x was trusted: tx1 since 09:00:00Z", "Not the reason"] {
        assert!(tree.contains(words), "the command line does not say {words}: {tree}");
        assert!(page.contains(words), "the page does not say {words}: {page}");
    }
    let picture = browser.screenshot();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 40_000, "the screenshot has {} bytes", picture.len());
    if let Some(dir) = std::env::var_os("CLAIMLEDGER_SCREENSHOTS") {
        std::fs::write(std::path::Path::new(&dir).join("session-S3.png"), &picture).expect("writing a screenshot");
    }
    quiet(&browser, &server);
}

fn quiet(browser: &Browser, server: &support::Server) {
    let console = browser.console();
    assert!(console.is_empty(), "script errors or refusals: {console:?}");
    let (_, _, health) = server.get("/healthz", &[]);
    let health: Value = serde_json::from_str(&health).unwrap_or_else(|_| panic!("{health}"));
    assert_eq!(health["cspReports"], 0, "{health}");
}

#[test]
fn every_page_opens_without_an_error() {
    let Some(scratch) = Scratch::fixture() else { return };
    let server = scratch.serve();
    let Some(browser) = Browser::start(1280, 1000) else { return };
    browser.open(server.sign_in["acme"].as_str().expect("a sign-in link"));
    let pages = [
        ("sessions", "/sessions".to_owned(), "S7"),
        ("sessions-active", format!("/sessions?activeAt=2026-03-10T14:05:00Z&{AT}"), "8 certain"),
        ("session-S2", format!("/session?id=S2&{AT}"), "not weighed"),
        ("session-S4", format!("/session?id=S4&{AT}"), "sms was seen and falls short"),
        ("session-S5", format!("/session?id=S5&{AT}"), "key_retired"),
        ("session-S6", format!("/session?id=S6&{AT}"), "trust_off"),
        ("session-S7", format!("/session?id=S7&{AT}"), "21:30"),
        ("drawer", format!("/session?id=S3&{AT}&open=40"), "claims.received"),
        ("not-found", format!("/session?id=GX1&{AT}"), "Nothing by this id is known"),
        ("query", "/query".to_owned(), "GraphQL"),
    ];
    for (name, path, expected) in pages {
        browser.open(&format!("{}{path}", server.url));
        let text = browser.text();
        let source = browser.eval("return document.documentElement.outerHTML").as_str().unwrap_or_default().to_owned();
        assert!(text.contains(expected) || source.contains(expected), "{name} does not show {expected}:\n{text}");
        assert!(!source.contains("style=\""), "{name} has inline style");
        if let Some(dir) = std::env::var_os("CLAIMLEDGER_SCREENSHOTS") {
            std::fs::write(std::path::Path::new(&dir).join(format!("{name}.png")), browser.screenshot()).expect("writing a screenshot");
        }
        let allowed = name == "not-found";
        let console: Vec<String> = browser.console().into_iter().filter(|line| !(allowed && line.contains("404"))).collect();
        assert!(console.is_empty(), "{name}: {console:?}");
    }
    let (_, _, health) = server.get("/healthz", &[]);
    assert!(health.contains("\"cspReports\":0"), "{health}");
}

#[test]
fn markup_in_names_and_agents_shows_as_text() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let evil = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    let line = |id: &str, kind: &str, data: Value| {
        json!({"id": id, "type": kind, "occurred_at": "2026-03-10T10:00:00Z", "session": "<b>S1</b>",
               "subject": {"id": "u-1", "login": evil, "name": format!("{evil}\u{202e}")}, "client": {"ip": "203.0.113.1", "user_agent": evil}, "data": data})
        .to_string()
    };
    let lines = [
        line("a", "session.started", json!({"idp": evil, "root_session": evil})),
        line("b", "claims.received", json!({"idp": evil, "assertion": "as-1", "amr": ["pwd", "<i>amr</i>"], "key": evil})),
        line("c", "policy.decided", json!({"app": evil, "policy": evil, "outcome": "allow"})),
    ];
    let file = scratch.file("evil.jsonl", lines.join("\n"));
    scratch.ok(&["ingest", &file]);
    let server = scratch.serve();
    let Some(browser) = Browser::start(1280, 1000) else { return };
    let link = server.sign_in["acme"].as_str().expect("a sign-in link");
    browser.open(&format!("{link}&next={}", percent("/session?id=%3Cb%3ES1%3C%2Fb%3E&names=1")));
    let text = browser.text();
    assert!(text.contains("<img src=x onerror=") && text.contains("<b>S1</b>"), "markup does not show as text: {text}");
    assert!(text.contains("\\u{202E}"), "a bidi control is not made visible: {text}");
    let found = browser.eval("return [document.title, document.querySelectorAll('main img, main b, main i, script:not([src])').length, document.querySelectorAll('script').length]");
    assert_ne!(found[0], "owned");
    assert_eq!(found[1], 0, "markup from outside became elements: {found}");
    browser.open(&format!("{}/sessions", server.url));
    assert!(browser.text().contains("<b>S1</b>"));
    quiet(&browser, &server);
}
