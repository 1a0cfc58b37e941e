//! The note on newer records: it says how many touch the answer, and moves nothing.

use crate::support::{
    Scratch, Server,
    browser::{Browser, at, picture, quiet},
};
use serde_json::{Value, json};
use std::time::Duration;

const NOTE: &str = "return document.querySelector('.live')?.innerText ?? 'no note'";

/// Waits until the note says this.
fn says(browser: &Browser, words: &str) {
    let note = NOTE.strip_prefix("return ").expect("a script that returns it");
    browser.wait_until(&format!("return ({note}) === {}", json!(words)));
}

/// Sends a version of the trust in an IdP.
fn configure(server: &Server, token: &str, idp: &str, at: &str) {
    let fact = json!({"id": format!("{idp}-later"), "type": "idp.configured", "occurred_at": at,
        "recorded_at": at, "source": "acme-sp", "data": {"idp": idp, "version": "t-later",
        "kind": "third_party", "status": "active", "trust_claims": true}});
    let (status, body) =
        server.post("/v1/facts", Some(token), "application/json", fact.to_string().as_bytes());
    assert!(status < 300, "{status}: {body}");
}

/// Sends a fact of a session.
fn send(server: &Server, token: &str, id: &str, session: &str, at: &str) {
    let person = if session == "S7" { "u-grace" } else { "u-alice" };
    let fact = json!({"id": id, "subject": {"id": person}, "type": "app.accessed",
        "occurred_at": at, "recorded_at": at, "source": "acme-sp", "session": session,
        "data": {"app": "wiki"}});
    let (status, body) =
        server.post("/v1/facts", Some(token), "application/json", fact.to_string().as_bytes());
    assert!(status < 300, "{status}: {body}");
}

/// Where everything outside of the note is.
fn boxes(browser: &Browser) -> Value {
    browser.eval(
        "return [...document.querySelectorAll('body > :not(.live), main > *')].map(e => { const r \
         = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })",
    )
}

#[test]
fn an_open_page_says_how_many_newer_records_touch_its_answer() {
    let scratch = Scratch::fixture();
    let token = scratch
        .json(&["--tenant", "acme", "token", "--role", "ingest", "--source", "acme-sp"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let server = scratch.serve();
    let browser = at(&server, "acme", "/session?id=S7");
    browser.eval(
        "window.shifts = 0; new PerformanceObserver(l => window.shifts += \
         l.getEntries().length).observe({type: 'layout-shift'})",
    );
    let (pinned, before) = (browser.address(), boxes(&browser));
    assert_eq!(browser.eval(NOTE), "", "nothing is newer");
    send(&server, &token, "n1", "S7", "2026-03-11T08:00:00Z");
    says(&browser, "1 newer record touches this answer · show");
    // Another session's record is none of this answer.
    send(&server, &token, "n2", "S1", "2026-03-11T08:00:01Z");
    send(&server, &token, "n3", "S7", "2026-03-11T08:00:02Z");
    says(&browser, "2 newer records touch this answer · show");
    // After its last fact: trust in another IdP is none of it, its own IdP's lane changes.
    configure(&server, &token, "idp-y", "2026-03-11T08:00:05Z");
    configure(&server, &token, "idp-x", "2026-03-11T08:00:05Z");
    says(&browser, "3 newer records touch this answer · show");
    assert_eq!(boxes(&browser), before, "it moves nothing");
    assert_eq!(browser.eval("return window.shifts"), 0);
    assert_eq!(browser.address(), pinned);
    picture(&browser, "live");
    // It is reached by keyboard, and leads to the same page at the head.
    browser.follow(|browser| {
        browser.eval("document.querySelector('.live a').focus()");
        browser.press(&['\u{E007}']);
    });
    let there = browser.address();
    assert!(there.contains("/session?id=S7&at=") && there != pinned, "{there}");
    assert_eq!(browser.eval(NOTE), "");
    // What is pinned to the past has no note; without script a page has an empty one.
    browser.open(&pinned);
    assert_eq!(browser.eval(NOTE), "no note");
    // A list hears of records of any kind.
    browser.open(&format!("{}/sessions", server.url));
    send(&server, &token, "n4", "S1", "2026-03-11T08:00:06Z");
    says(&browser, "1 newer record · show");
    browser.viewport(390, 844);
    let fits = "const r = document.querySelector('.live').getBoundingClientRect(); return r.left \
                >= 0 && r.right <= innerWidth && r.bottom <= innerHeight && \
                document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(browser.eval(fits), true);
    picture(&browser, "live-narrow");
    quiet(&browser, &server);
    // A reader watches three pages at once: the fourth says that it is not one of them.
    let watched = browser.eval(
        "const live = document.querySelector('.live').dataset.live; window.more = [1, 2].map(() \
         => new EventSource(live)); return 1",
    );
    assert_eq!(watched, 1);
    std::thread::sleep(Duration::from_millis(300));
    let other = Browser::start(800, 600);
    other.open(&format!("{}/sign-in", server.url));
    other.take_cookies(&browser.cookies());
    other.open(&format!("{}/sessions", server.url));
    says(&other, "Newer records are not watched here.");
    browser.scripts(false);
    browser.open(&format!("{}/sessions", server.url));
    send(&server, &token, "n5", "S1", "2026-03-11T08:00:07Z");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(browser.eval(NOTE), "");
}
