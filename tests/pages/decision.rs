//! The page of a decision in a real browser: three readings side by side, the tree in the words of
//! the command line, and what is said where there is no decision to show.

use crate::support::Scratch;
use crate::support::browser::{Browser, at, picture, quiet, strings};
use claimledger_domain::RULES;
use serde_json::{Value, json};

const T: &str = "2026-03-10T23:00:00Z";

fn path(position: u64, known_at: u64) -> String {
    format!("/decision?pos={position}&at={T}&knownAtPosition={known_at}&rules={RULES}")
}

/// The tree on the page, a thought a line.
const TREE: &str = "return [...document.querySelectorAll('#why .why .thought')] \
                    .map(e => e.textContent.trim().replace(/\\s+/g, ' '))";
/// The rows of the three readings: name, then the three cells.
const READINGS: &str = "return [...document.querySelectorAll('.readings tbody tr')].map(r => \
                        [...r.children].map(c => c.textContent.trim()))";
const STATUS: &str = "return document.querySelector('.status').textContent.trim()";

/// The tree as the command line prints it, without its branches.
fn printed(scratch: &Scratch, session: &str, position: u64) -> Vec<String> {
    let decision = format!("#{position}");
    let tree = scratch.ok(&[
        "--at",
        T,
        "--known-at",
        "82",
        "--tenant",
        "acme",
        "why",
        session,
        "--decision",
        &decision,
    ]);
    let words = |line: &str| {
        line.replace(['├', '└', '│'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    tree.lines().map(words).filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_three_trees_of_the_paper_read_as_the_command_line_prints_them() {
    let scratch = Scratch::fixture();
    let decisions = [("S3", 43), ("S4", 56), ("S2", 30)];
    let printed = decisions.map(|(session, position)| printed(&scratch, session, position));
    let server = scratch.serve();
    let browser = at(&server, "acme", &path(43, 82));
    for ((session, position), printed) in decisions.into_iter().zip(printed) {
        browser.open(&format!("{}{}", server.url, path(position, 82)));
        assert!(printed.len() >= 9, "{printed:?}");
        assert_eq!(strings(browser.eval(TREE)), printed, "{session}");
    }
    quiet(&browser, &server);
}

#[test]
fn three_readings_are_shown_side_by_side() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &path(30, 82));
    let readings =
        || -> Vec<Vec<String>> { serde_json::from_value(browser.eval(READINGS)).expect("rows") };
    let open =
        |position, known_at| browser.open(&format!("{}{}", server.url, path(position, known_at)));

    let heads = strings(browser.eval(
        "return [...document.querySelectorAll('.readings thead \
                                      th')].map(h => h.textContent.trim())",
    ));
    assert_eq!(
        heads,
        [
            "as recorded (acme-sp)",
            "rules, as known when decided (#30)",
            "rules, as known at K (#82)"
        ]
    );
    let title = browser.eval("return document.querySelector('h1').textContent");
    assert_eq!(title, "S2 · payroll · allow · 12:30:00Z · #30");
    let status = browser.eval(STATUS);
    assert!(
        status.as_str().is_some_and(|line| line.starts_with("RIGHT WHEN MADE · ✕ FALSIFIED LATER")),
        "{status}"
    );
    let later = readings();
    assert_eq!(later[0], ["outcome", "allow", "allow", "deny ≠ differs"]);
    assert_eq!(
        later[1],
        ["rule", "payroll-2 (label v2)", "payroll v2, payroll-2 #29", "payroll v2, payroll-2 #29"]
    );
    assert_eq!(later[2], ["first unmet", "–", "–", "two factor types not_enough_factors"]);
    assert_eq!(later[3][..2], ["RESTED ON", "pwd, hwk, phr"]);
    assert!(
        later[3][2].starts_with("pwd, hwk, phr: knowledge and possession (device-bound")
            && later[3][3] == "pwd: knowledge",
        "{:?}",
        later[3]
    );
    let rested = browser
        .eval(
            "return [...document.querySelectorAll('#rested tbody tr')].map(r => \
                               r.innerText.replace(/\\s+/g, ' '))",
        )
        .to_string();
    assert!(
        rested.contains("hwk #24 possession no, the rule says the same without it 11:30:00Z")
            && rested.contains("12:10:00Z authenticator lost #64, recorded"),
        "{rested}"
    );
    assert!(
        rested.contains("(+2 h 30 min)")
            && rested.contains("19:30:00Z expired #77 counts idp-x, key X1, joined"),
        "{rested}"
    );
    let other = browser.eval(
        "return [...document.querySelectorAll('.others li')].map(l => [l.textContent, \
                      l.querySelector('a').getAttribute('href')])",
    );
    assert_eq!(other.as_array().map(Vec::len), Some(1), "{other}");
    assert!(
        other[0][1].as_str().is_some_and(
            |href| href.starts_with("/decision?pos=") && href.contains("knownAtPosition=82")
        ),
        "{other}"
    );

    // The K switch stands between the decision and what came later: as known then, nothing is
    // falsified.
    let stops = strings(
        browser
            .eval("return [...document.querySelectorAll('.switches a')].map(a => a.textContent)"),
    );
    assert_eq!(stops, ["as known at #30", "as known at #64", "As GraphQL"]);
    for (known_at, line, at_k) in [
        (30, "AS THE RULES SAY", "allow"),
        (63, "AS THE RULES SAY", "allow"),
        (64, "RIGHT WHEN MADE", "deny ≠ differs"),
    ] {
        open(30, known_at);
        let status = browser.eval(STATUS);
        assert!(
            status.as_str().is_some_and(|status| status.starts_with(line)),
            "{known_at}: {status}"
        );
        assert_eq!(readings()[0][1..], ["allow", "allow", at_k], "{known_at}");
    }

    open(43, 82);
    assert_eq!(browser.eval(STATUS), "AS THE RULES SAY");
    assert_eq!(readings()[0], ["outcome", "allow", "allow", "allow"]);
    open(56, 82);
    assert_eq!(browser.eval(STATUS), "AS THE RULES SAY");
    assert_eq!(readings()[0], ["outcome", "deny", "deny", "deny"]);
    assert_eq!(
        readings()[2],
        [
            "first unmet",
            "–",
            "phishing-resistant phishing_resistant",
            "phishing-resistant phishing_resistant"
        ]
    );
    open(49, 82);
    let status = browser.eval(STATUS);
    assert!(
        status.as_str().is_some_and(|line| line.starts_with("≠ DIFFERS: retired key accepted")),
        "{status}"
    );
    assert!(!browser.text().to_lowercase().contains("wrong"), "{}", browser.text());
    quiet(&browser, &server);
}

#[test]
fn missing_facts_are_named_with_the_source_that_could_supply_them() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let line = |id: &str, kind: &str, at: Value, data: Value| {
        json!({"id": id, "type": kind, "occurred_at": at, "source": "portal", "session": "s-9",
            "subject": {"id": "u-1"}, "data": data})
        .to_string()
    };
    let lines = [
        line(
            "a",
            "claims.received",
            json!("2026-04-01T08:00:00Z"),
            json!({"idp": "partner", "assertion": "x-1", "amr": ["pwd", "otp"]}),
        ),
        line("b", "session.started", json!("2026-04-01T08:00:00Z"), json!({"idp": "partner"})),
        line(
            "c",
            "policy.decided",
            json!("2026-04-01T08:00:02Z"),
            json!({"app": "books", "policy": "books", "outcome": "allow"}),
        ),
    ];
    let file = scratch.file("missing.jsonl", lines.join("\n"));
    scratch.ok(&["ingest", &file]);
    let server = scratch.serve();
    let browser = at(&server, "acme", "/decision?pos=3");
    assert!(
        browser.address().contains("knownAtPosition=3&rules="),
        "not pinned: {}",
        browser.address()
    );
    assert_eq!(browser.eval(STATUS), "UNDETERMINED");
    let readings: Vec<Vec<String>> = serde_json::from_value(browser.eval(READINGS)).expect("rows");
    assert_eq!(readings[0], ["outcome", "allow", "undetermined", "undetermined"]);
    assert_eq!(readings[2][2], "missing: the policy in force");
    let missing = browser
        .eval("return document.querySelector('#missing').textContent")
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        missing.contains("the policy in force")
            && missing.contains("portal could supply it, with policy.configured"),
        "{missing}"
    );
    picture(&browser, "decision-undetermined");
    quiet(&browser, &server);
}

#[test]
fn a_page_without_a_decision_says_why() {
    let scratch = Scratch::fixture();
    let token = |tenant: &str| format!("Bearer {}", scratch.token(tenant, "read"));
    let (acme, globex) = (token("acme"), token("globex"));
    let server = scratch.serve();
    let get = |token: &str, path: &str| {
        let (status, headers, body) = server.get(path, &[("authorization", token)]);
        let location =
            headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.clone());
        (status, body, location)
    };
    let main = |body: &str| body.split_once("<main").expect("main").1.to_owned();

    let (status, body, _) = get(&acme, &path(29, 82));
    assert_eq!(status, 404, "{body}");
    assert!(main(&body).contains("is no decision") && body.contains("policy.configured"), "{body}");
    let (status, body, _) = get(&acme, &path(30, 29));
    assert_eq!(status, 404, "{body}");
    assert!(
        main(&body).contains("is known at #29 in your tenant. It is known from #30")
            && body.contains("knownAtPosition=30"),
        "{body}"
    );
    let early =
        format!("/decision?pos=30&at=2026-03-10T12:29:59Z&knownAtPosition=82&rules={RULES}");
    let (status, body, _) = get(&acme, &early);
    assert_eq!(status, 200, "{body}");
    assert!(
        main(&body).contains("Not yet at T") && main(&body).contains("at=2026-03-10T12:30:00Z"),
        "{body}"
    );
    assert!(!body.contains("readings"), "a decision after T is shown: {body}");
    let (status, _, _) = get(&acme, &early.replace("12:29:59", "12:30:00"));
    assert_eq!(status, 200);

    // One that acme has and globex has not, and one that nobody has.
    let of_other = get(&globex, &path(43, 3));
    assert_eq!(of_other.0, 404, "{}", of_other.1);
    assert!(
        main(&of_other.1).contains("Nothing by this id is known at #3 in your tenant."),
        "{}",
        of_other.1
    );
    assert_eq!(of_other, get(&globex, &path(99_999, 3)));
    assert_eq!(of_other, get(&globex, &format!("{}&open=2", path(43, 3))));

    for (asked, status) in [
        ("/decision", 422),
        ("/decision?pos=x", 422),
        ("/decision?pos=30&knownAtPosition=9999", 422),
    ] {
        assert_eq!(get(&acme, asked).0, status, "{asked}");
    }
    let (status, _, location) = get(&acme, "/decision?pos=30&open=24");
    assert_eq!(status, 303);
    let location = location.expect("an address");
    let pinned =
        location.starts_with("/decision?pos=30&at=") && location.contains("&knownAtPosition=");
    assert!(pinned && location.ends_with(&format!("&rules={RULES}&open=24")), "{location}");
}

#[test]
fn the_session_page_and_the_list_lead_here_and_back() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let pin = format!("at={T}&knownAtPosition=82&rules={RULES}");
    let browser = at(&server, "acme", &format!("/session?id=S2&{pin}"));
    let links = |selector: &str| {
        strings(browser.eval(&format!(
            "return [...document.querySelectorAll('{selector}')].map(a => a.getAttribute('href'))"
        )))
    };
    let expected = |position: u64| path(position, 82);
    let marks = links("svg.tl .lane.decisions a");
    assert!(marks.len() == 2 && marks.contains(&expected(30)), "{marks:?}");
    let in_table = links(".tl-table tbody td:nth-child(2) a");
    assert_eq!(in_table, marks, "the table leads elsewhere than the figure");
    // A record stays a record.
    let records = links(".tl-table tbody td:last-child a");
    assert!(
        records
            .iter()
            .all(|href| href.starts_with("/session?id=S2") && href.ends_with("#record-h")),
        "{records:?}"
    );
    browser.open(&format!("{}{}", server.url, marks[1]));
    let back = links("h1 a");
    assert_eq!(back[0], format!("/session?id=S2&{pin}"));

    browser.open(&format!("{}/sessions?{pin}", server.url));
    let flags = links("table.sessions a.attention");
    assert_eq!(flags, [expected(30), expected(49), expected(60)], "flags of the list");
    for flag in flags {
        browser.open(&format!("{}{flag}", server.url));
        let status = browser.eval(STATUS).as_str().unwrap_or_default().to_owned();
        assert!(
            status.contains("DIFFERS") || status.contains("FALSIFIED LATER"),
            "{flag}: {status}"
        );
    }
    quiet(&browser, &server);
}

#[test]
fn every_named_record_opens_next_to_the_tree() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &path(30, 82));
    let links = browser.eval(
        "return [...document.querySelectorAll('main a')].filter(a => \
         /^#\\d+$/.test(a.textContent.trim())).map(a => [a.textContent.trim(), a.href])",
    );
    let mut links: Vec<(String, String)> = serde_json::from_value(links).expect("pairs");
    links.sort();
    links.dedup();
    assert!(links.len() >= 8, "{links:?}");
    for (name, href) in links {
        browser.open(&href);
        let opened = browser
            .eval("return document.querySelector('aside#record').innerText")
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            opened.contains(&format!("Record {name}")) && opened.contains("leaf hash"),
            "{name}, {href}: {opened}"
        );
    }
    browser.follow_script("document.querySelector('aside#record a.close').click()");
    quiet(&browser, &server);
}

#[test]
fn markup_in_names_shows_as_text() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let evil = "<img src=x \
                onerror=\"document.title='owned'\"><script>document.title='owned'</script>\u{202e}";
    let line = |id: &str, kind: &str, data: Value| {
        let session = if kind == "policy.configured" { Value::Null } else { json!("<b>S1</b>") };
        json!({"id": id, "type": kind, "occurred_at": "2026-03-10T10:00:00Z", "session": session,
            "subject": {"id": "u-1"}, "data": data})
        .to_string()
    };
    let rules = json!([{"rule": evil, "priority": 1, "access": "allow", "factor_mode": "2fa"}]);
    let lines = [
        line(
            "a",
            "policy.configured",
            json!({"policy": evil, "kind": "app_sign_in", "apps": [evil], "version": evil,
                "rules": rules, "actor": evil, "ticket": evil}),
        ),
        line("b", "session.started", json!({"idp": evil})),
        line(
            "c",
            "claims.received",
            json!({"idp": evil, "assertion": evil, "amr": ["pwd", "<i>amr</i>"], "key": evil}),
        ),
        line(
            "d",
            "policy.decided",
            json!({"app": evil, "policy": evil, "outcome": "allow", "rule": evil,
                "version": "<u>v</u>"}),
        ),
        line("e", "policy.decided", json!({"app": evil, "policy": evil, "outcome": "deny"})),
    ];
    let file = scratch.file("evil.jsonl", lines.join("\n"));
    scratch.ok(&["ingest", &file]);
    let server = scratch.serve();
    let browser = at(&server, "acme", "/decision?pos=4");
    for position in [4, 5, 3] {
        browser.open(&format!("{}/decision?pos={position}", server.url));
        let text = browser.text();
        let expected = if position == 3 { "is no decision" } else { "<img src=x onerror=" };
        assert!(text.contains(expected), "{position}: {text}");
        assert!(
            position == 3 || (text.contains("\\u{202E}") && text.contains("<b>S1</b>")),
            "{text}"
        );
        let found = browser.eval(
            "return [document.title, document.querySelectorAll('main img, \
                                  main b, main i, main u, script:not([src])').length]",
        );
        assert!(found[0].as_str().is_some_and(|title| title != "owned"), "{found}");
        assert_eq!(found[1], 0, "markup from outside became elements: {found}");
        let console: Vec<String> = browser
            .console()
            .into_iter()
            .filter(|line| !(position == 3 && line.contains("404")))
            .collect();
        assert!(console.is_empty(), "{position}: {console:?}");
    }
    quiet(&browser, &server);
}

const MAIN: &str = "return document.querySelector('main').innerHTML";

#[test]
fn a_pinned_decision_keeps_its_bytes_while_records_arrive() {
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "ingest");
    let server = scratch.serve();
    let paths = [path(30, 82), format!("{}&open=64", path(30, 82)), path(56, 82), path(29, 82)];
    let browser = at(&server, "acme", &paths[0]);
    let shown = |browser: &Browser| {
        paths.clone().map(|path| {
            browser.open(&format!("{}{path}", server.url));
            browser.eval(MAIN).as_str().unwrap_or_default().to_owned()
        })
    };
    let first = shown(&browser);
    assert!(first[..3].iter().all(|main| main.len() > 4_000), "{first:?}");
    for n in 0..20 {
        let fact = json!({"id": format!("later-{n}"), "type": "policy.decided",
            "occurred_at": "2026-03-10T14:00:00Z", "session": "S2",
                          "subject": {"id": "u-bob"}, "data": {"app": "payroll",
                              "policy": "payroll", "outcome": "deny"}});
        let (status, body) =
            server.post("/v1/facts", Some(&token), "application/json", fact.to_string().as_bytes());
        assert_eq!(status, 200, "{body}");
    }
    let other = Browser::start(1000, 700);
    other.open(&format!("{}/sign-in", server.url));
    other.take_cookies(&browser.cookies());
    assert!(shown(&other) == first, "another browser shows other bytes");
    // The facts did arrive: the head has them.
    other.open(&format!("{}/decision?pos=30", server.url));
    assert_eq!(other.eval("return document.querySelectorAll('.others li').length"), 21);
}

/// How a page may be looked at: a name, the width of the window, and what the reader prefers.
type Look = (&'static str, u32, &'static [(&'static str, &'static str)]);

#[test]
fn it_works_dark_forced_narrow_without_script_and_by_keyboard() {
    const TAB: char = '\u{E004}';
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &path(30, 82));
    let open = |path: &str| browser.open(&format!("{}{path}", server.url));
    let looks: [Look; 5] = [
        ("light", 1280, &[]),
        ("dark", 1280, &[("prefers-color-scheme", "dark")]),
        ("forced", 1280, &[("forced-colors", "active")]),
        ("narrow", 390, &[]),
        ("narrow-dark", 390, &[("prefers-color-scheme", "dark")]),
    ];
    let pages = [
        ("decision-30", path(30, 82)),
        ("decision-56", path(56, 82)),
        ("decision-drawer", format!("{}&open=24", path(49, 82))),
    ];
    for (look, width, preferences) in looks {
        browser.viewport(width, 1000);
        browser.emulate(preferences);
        for (name, path) in &pages {
            open(path);
            picture(&browser, &format!("{name}-{look}"));
            let wide = browser.eval(
                "return [document.documentElement.scrollWidth, \
                                     document.documentElement.clientWidth]",
            );
            assert!(
                wide[0].as_u64() <= wide[1].as_u64(),
                "{name}, {look}: the page itself scrolls sideways: {wide}"
            );
            let columns = browser.eval(
                "return [...document.querySelectorAll('.readings tbody \
                                        tr:first-child td')].map(c => \
                                        c.getBoundingClientRect()).map(r => [r.width, r.top, \
                                        r.left, r.right])",
            );
            let columns: Vec<[f64; 4]> = serde_json::from_value(columns).expect("boxes");
            assert_eq!(columns.len(), 3, "{name}, {look}");
            for pair in columns.windows(2) {
                let equal = (pair[0][0] - pair[1][0]).abs() < 1.0
                    && (pair[0][1] - pair[1][1]).abs() < 1.0
                    && pair[0][3] <= pair[1][2] + 1.0;
                assert!(
                    equal && pair[0][0] > 80.0,
                    "{name}, {look}: columns are not side by side and equally wide: {columns:?}"
                );
            }
            assert_eq!(
                browser.eval("return document.querySelectorAll('[style]').length"),
                0,
                "{name}, {look}"
            );
        }
    }
    browser.viewport(1280, 1000);
    browser.emulate(&[]);

    let words = "return [document.querySelector('main').textContent, \
                 document.querySelectorAll('main a[href]').length]";
    open(&pages[0].1);
    let with = browser.eval(words);
    browser.scripts(false);
    open(&pages[0].1);
    assert_eq!(browser.eval(words), with, "without script the page says something else");
    browser.scripts(true);

    // Tab reaches every link of the answer that is not folded away.
    open(&pages[0].1);
    let wanted = browser
        .eval(
            "return [...document.querySelectorAll('main a[href], main summary')].filter(e => \
               e.checkVisibility()).length",
        )
        .as_u64()
        .expect("a count");
    let mut reached = 0;
    for _ in 0..150 {
        browser.press(&[TAB]);
        let on = browser.eval(
            "const a = document.activeElement; if (!a.closest('main') || \
                               a.dataset.seen || !a.matches('a[href], summary')) return 0; \
                               a.dataset.seen = 1; return 1",
        );
        reached += on.as_u64().expect("0 or 1");
        if reached == wanted {
            break;
        }
    }
    assert_eq!(reached, wanted, "Tab does not reach every link and fold");
    quiet(&browser, &server);
}

#[test]
fn a_decision_as_a_query_gives_the_same_tree() {
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read");
    let server = scratch.serve();
    let browser = at(&server, "acme", &path(43, 82));
    let link = browser.eval(
        "return [...document.querySelectorAll('main a')].find(a => \
                             a.textContent === 'As GraphQL').href",
    );
    let tree = strings(browser.eval(TREE)).join(" ");
    browser.open(link.as_str().expect("a link"));
    let asked = strings(
        browser.eval("return [...document.querySelectorAll('main textarea')].map(t => t.value)"),
    );
    let variables: Value = serde_json::from_str(&asked[1]).unwrap_or_else(|_| panic!("{asked:?}"));
    let answer = server.graphql(&token, &asked[0], variables);
    let text = answer["why"]["text"].as_str().unwrap_or_default().replace(['├', '└', '│'], " ");
    assert_eq!(text.split_whitespace().collect::<Vec<_>>().join(" "), tree);
    assert_eq!(answer["decisions"]["edges"][0]["node"]["record"]["position"], 43);
    quiet(&browser, &server);
}
