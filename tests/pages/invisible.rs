//! Ids that a source may send and no reader can see: without width, reversing what follows, with
//! hundreds of marks on one letter, without a place to break a line. Pages spell what cannot be
//! seen, keep such ids apart from their surroundings, and do not scroll sideways.

use crate::support::{Scratch, Server, browser::*};
use serde_json::{Value, json};

/// Tenants, each with the id that everything in it is called by.
fn ids() -> [(&'static str, String); 6] {
    [
        ("reversed", "a\u{202E}b\u{2066}c".to_owned()),
        ("zero", "\u{200B}\u{200D}".repeat(40)),
        ("joined", format!("x{}", "\u{2060}y".repeat(60))),
        ("marks", format!("e{}", "\u{301}".repeat(199))),
        ("long", "W".repeat(190)),
        // As records are named, beyond the last one.
        ("named", "#900".to_owned()),
    ]
}

/// Facts in which whatever has an id has this one.
fn lines(id: &str) -> String {
    let fact = |n: usize, kind: &str, session: bool, data: Value| {
        let at = format!("2026-03-10T10:{n:02}:00Z");
        let mut fact = json!({"id": format!("{id}-{n}"), "type": kind, "occurred_at": at,
            "recorded_at": at, "source": id, "data": data});
        if session || kind.contains("idp_session") || kind.contains("lost") {
            fact["subject"] = json!({"id": "u-1"});
        }
        if session {
            fact["session"] = json!(id);
            fact["subject"] = json!({"id": "u-1", "login": id, "name": id});
            fact["client"] = json!({"ip": "203.0.113.1", "user_agent": id});
        }
        fact.to_string()
    };
    let rules = json!([{"rule": id, "priority": 1, "access": "allow", "factor_mode": "1fa"}]);
    let facts = [
        (
            "idp.configured",
            false,
            json!({"idp": id, "version": id, "kind": "third_party",
            "status": "active", "trust_claims": true, "protocol": "oidc", "actor": id,
            "ticket": id}),
        ),
        ("idp.key_added", false, json!({"idp": id, "key": id, "actor": id})),
        (
            "policy.configured",
            false,
            json!({"policy": id, "version": id, "kind": "app_sign_in",
            "apps": [id], "rules": rules, "actor": id, "ticket": id}),
        ),
        ("idp_session.started", false, json!({"idp": id, "idp_session": id})),
        (
            "claims.received",
            true,
            json!({"idp": id, "assertion": id, "amr": ["pwd", id],
            "key": id, "protocol": "oidc"}),
        ),
        ("session.started", true, json!({"idp": id, "idp_session": id, "root_session": id})),
        (
            "factor.verified",
            true,
            json!({"method": "otp", "authenticator": id,
            "properties": ["device_bound"]}),
        ),
        (
            "policy.decided",
            true,
            json!({"app": id, "policy": id, "outcome": "allow",
            "version": id, "rule": id}),
        ),
        ("app.accessed", true, json!({"app": id, "app_session": id})),
        (
            "source.silent",
            false,
            json!({"from": "2026-03-10T10:05:00Z",
            "until": "2026-03-10T10:06:00Z"}),
        ),
        ("source.heard", false, json!({"until": "2026-03-10T10:04:00Z", "basis": "stated"})),
        (
            "trust.retracted",
            false,
            json!({"idp": id, "key": id, "reason": id,
            "from": "2026-03-10T10:00:00Z", "actor": id, "ticket": id}),
        ),
        (
            "authenticator.lost",
            false,
            json!({"methods": ["otp"], "authenticator": id,
            "actor": id}),
        ),
    ];
    let facts = (1..).zip(facts);
    facts.map(|(n, (kind, of, data))| fact(n, kind, of, data) + "\n").collect()
}

/// Pages in which the id stands.
fn pages(id: &str) -> Vec<String> {
    let id = percent(id);
    let pages = [
        "/",
        "/sessions",
        "/sessions?app={id}&idp={id}&key={id}&names=1",
        "/session?id={id}&names=1",
        "/session?id={id}&open=5",
        "/decision?pos=8&open=3",
        "/why?session={id}&factor=pwd",
        "/record?pos=3",
        "/record?pos=10",
        "/chain?id={id}",
        "/trust",
        "/trust?idp={id}",
        "/policy",
        "/policy?policy={id}",
        "/blast",
        "/blast?kind=key&idp={id}&key={id}",
        "/blast?kind=idp&idp={id}",
        "/blast?kind=actor&actor={id}",
        "/blast?kind=authenticator&id={id}",
        "/blast?kind=change&pos=12",
        "/sources",
        "/sources?open=10",
        "/rehearse",
        "/first-seen?kind=key",
        "/first-seen?kind=amr_set",
        "/timeline?session={id}",
        "/access?session={id}",
        "/session?id={id}-no",
        "/session?id={id}&view=print",
    ];
    pages.iter().map(|page| page.replace("{id}", &id)).collect()
}

/// What is wrong: a page that scrolls sideways, and what makes it so; a character that cannot be
/// seen, in what is shown or said; marks too many on one letter; a link to a record that is none.
const WRONG: &str = r#"
  const wrong = [], d = document.documentElement;
  if (d.scrollWidth > d.clientWidth)
    wrong.push(...['sideways: ' + d.scrollWidth], ...[...document.querySelectorAll('body *')]
      .filter(e => e.getBoundingClientRect().right > d.clientWidth + 1 &&
        e.children.length < 2 && !e.closest('.scroll, .figure, svg, pre')).slice(0, 3)
      .map(e => 'sideways: ' + e.outerHTML.slice(0, 90)));
  for (const e of document.querySelectorAll('a[href*="=900"]'))
    wrong.push('no record: ' + e.outerHTML.slice(0, 90));
  const unseen = /[\u200B-\u200F\u2028-\u202E\u2060-\u206F]|\u0301{5}/;
  const walker = document.createTreeWalker(d, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (unseen.test(walker.currentNode.textContent))
    wrong.push('unseen: ' + walker.currentNode.parentElement.outerHTML.slice(0, 90));
  for (const e of document.querySelectorAll('[aria-label], [title]'))
    for (const said of [e.getAttribute('aria-label'), e.getAttribute('title')])
      if (said && unseen.test(said)) wrong.push('said: ' + e.outerHTML.slice(0, 90));
  return wrong.slice(0, 6)"#;

#[test]
fn ids_that_cannot_be_seen_are_spelled_and_nothing_scrolls_sideways() {
    let ids = ids();
    let scratch = Scratch::rehearsal(&ids.each_ref().map(|(tenant, _)| *tenant));
    for (tenant, id) in &ids {
        let file = scratch.file(&format!("{tenant}.jsonl"), lines(id));
        scratch.ok(&["--tenant", tenant, "ingest", &file]);
    }
    in_a_terminal(&scratch);
    let server = scratch.serve();
    let browser = Browser::start(1440, 900);
    let mut wrong = Vec::new();
    for (tenant, id) in &ids {
        browser.open(server.sign_in[*tenant].as_str().expect("a sign-in link"));
        for page in pages(id) {
            browser.viewport(400, 844);
            browser.open(&format!("{}{page}", server.url));
            let is_there = browser.eval("return document.querySelector('main h1') !== null");
            assert_eq!(is_there, true, "{tenant} {page}: {}", browser.text());
            wrong.extend(seen(&browser, tenant, &page));
            browser.viewport(1440, 900);
            wrong.extend(seen(&browser, tenant, &page));
        }
        wrong.extend(found(&browser, &server, tenant, id));
    }
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}

fn seen(browser: &Browser, tenant: &str, page: &str) -> Vec<String> {
    picture(browser, &format!("invisible-{tenant}-{}", page.replace(['/', '?', '%'], "_")));
    let wrong = strings(browser.eval(WRONG)).into_iter();
    wrong.map(|what| format!("{tenant} {page}: {what}")).collect()
}

/// What the id finds: it cannot be typed, and is sent as a form sends it.
fn found(browser: &Browser, server: &Server, tenant: &str, id: &str) -> Vec<String> {
    browser.viewport(400, 844);
    browser.open(&format!("{}/find", server.url));
    let form = "const f = document.querySelector('main form'); \
                f.elements.text.removeAttribute('maxlength'); f.elements.text.value = ";
    browser.follow_script(&format!("{form}{}; f.submit()", json!(id)));
    assert!(browser.text().contains("What matched"), "{tenant}: {}", browser.text());
    seen(browser, tenant, "/find")
}

/// The command line spells the same.
fn in_a_terminal(scratch: &Scratch) {
    let id = "a\u{202E}b\u{2066}c";
    let commands: [&[&str]; 8] = [
        &["sessions"],
        &["session", id],
        &["why", id],
        &["decisions"],
        &["completeness"],
        &["trust"],
        &["timeline", id],
        &["find", id],
    ];
    for command in commands {
        let text = scratch.ok(&[&["--tenant", "reversed"], command].concat());
        assert!(!text.contains(['\u{202E}', '\u{2066}']), "{command:?}: {text}");
        assert!(text.contains("a\\u{202E}b\\u{2066}c"), "{command:?}: {text}");
    }
}
