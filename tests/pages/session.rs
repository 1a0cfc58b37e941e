//! The pages in a real browser: the session page shows timeline and tree, nothing is refused by the
//! content security policy, and text from outside shows as text.

use crate::support::Scratch;
use crate::support::browser::{Browser, at, percent, picture, quiet};
use claimledger_domain::RULES;
use serde_json::{Value, json};

const AT: &str = "at=2026-03-10T23:00:00Z&knownAtPosition=82";

#[test]
fn the_session_page_shows_the_timeline_and_the_tree() {
    let scratch = Scratch::fixture();
    let mut args =
        vec!["--at", "2026-03-10T23:00:00Z", "--known-at", "82", "--tenant", "acme", "why"];
    args.push("S3");
    let tree = scratch.ok(&args);
    let server = scratch.serve();
    let browser = Browser::start(1280, 1600);
    let link = server.sign_in["acme"].as_str().expect("a sign-in link");
    browser.open(&format!("{link}&next={}", percent(&format!("/session?id=S3&{AT}"))));
    assert!(browser.address().contains("/session?id=S3"), "{}", browser.address());

    // The figure is drawn, in sight, with a bar for each factor.
    let figure = browser.eval(
        "const r = document.querySelector('svg.tl').getBoundingClientRect(); \
                               return [r.width, r.height, r.top]",
    );
    let size: Vec<f64> =
        figure.as_array().expect("a box").iter().filter_map(Value::as_f64).collect();
    assert!(size[0] > 600.0 && size[1] > 100.0 && size[2] < 1600.0, "{figure}");
    let bars = browser
        .eval(
            "return [...document.querySelectorAll('svg.tl .lane.factor \
                             title')].map(t => t.textContent)",
        )
        .to_string();
    for factor in ["pwd", "hwk", "phr"] {
        assert!(bars.contains(factor), "{bars}");
    }
    // Same items, same count in the table that follows.
    let counts = browser.eval(
        "return [document.querySelector('svg.tl').querySelectorAll('a').length, \
                      document.querySelector('.tl-table').querySelectorAll('tbody tr').length]",
    );
    assert_eq!(counts[0], counts[1], "links of the figure and rows of the table: {counts}");
    assert!(counts[0].as_u64() > Some(5), "{counts}");

    // The tree has the words of the command line.
    let page = browser.text().split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "S3 was let into payroll at 13:20:04Z",
        "phr has it itself",
        "idp-x was trusted: tx1 since 09:00:00Z",
        "Not the reason",
    ] {
        assert!(tree.contains(words), "the command line does not say {words}: {tree}");
        assert!(page.contains(words), "the page does not say {words}: {page}");
    }
    let picture = browser.screenshot();
    assert!(
        picture.starts_with(b"\x89PNG") && picture.len() > 40_000,
        "the screenshot has {} bytes",
        picture.len()
    );
    if let Some(dir) = std::env::var_os("CLAIMLEDGER_SCREENSHOTS") {
        std::fs::write(std::path::Path::new(&dir).join("session-S3.png"), &picture)
            .expect("writing a screenshot");
    }
    quiet(&browser, &server);
}

/// How a page may be looked at: a name, the width of the window, and what the reader prefers.
type Look = (&'static str, u32, &'static [(&'static str, &'static str)]);

const LOOKS: [Look; 5] = [
    ("dark", 1280, &[("prefers-color-scheme", "dark")]),
    ("forced", 1280, &[("forced-colors", "active")]),
    ("forced-dark", 1280, &[("forced-colors", "active"), ("prefers-color-scheme", "dark")]),
    ("narrow", 390, &[]),
    ("narrow-dark", 390, &[("prefers-color-scheme", "dark")]),
];

#[test]
fn dark_forced_and_narrow_pages_are_laid_out_correctly() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = Browser::start(1280, 1000);
    browser.open(server.sign_in["acme"].as_str().expect("a sign-in link"));
    let pages = [
        ("sessions", format!("/sessions?activeAt=2026-03-10T14:05:00Z&{AT}&rules={RULES}")),
        ("session-S2", format!("/session?id=S2&{AT}&rules={RULES}")),
        ("session-S5", format!("/session?id=S5&{AT}&rules={RULES}")),
        ("drawer", format!("/session?id=S3&{AT}&rules={RULES}&open=40")),
        ("not-found", format!("/session?id=GX1&{AT}&rules={RULES}")),
        ("query", "/query".to_owned()),
        ("evidence", "/evidence".to_owned()),
    ];
    for (look, width, preferences) in LOOKS {
        browser.viewport(width, 1000);
        browser.emulate(preferences);
        for (name, path) in &pages {
            browser.open(&format!("{}{path}", server.url));
            picture(&browser, &format!("{name}-{look}"));
            let wide = browser.eval(
                "return [document.documentElement.scrollWidth, \
                                     document.documentElement.clientWidth, innerWidth]",
            );
            assert!(
                wide[0].as_u64() <= wide[1].as_u64(),
                "{name}, {look}: the page itself scrolls sideways: {wide}"
            );
            assert!(wide[2].as_u64() == Some(u64::from(width)), "{name}, {look}: {wide}");
            for (preference, value) in preferences {
                assert_eq!(
                    browser.eval(&format!("return matchMedia('({preference}: {value})').matches")),
                    true,
                    "{look}"
                );
            }
            // Dark is dark, and what is written on it is not.
            let colours = browser.eval(
                "const s = getComputedStyle(document.body); return \
                                        [s.backgroundColor, s.color].map(c => \
                                        c.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + \
                                        Number(b), 0))",
            );
            let (ground, ink) =
                (colours[0].as_u64().expect("a colour"), colours[1].as_u64().expect("a colour"));
            let dark = preferences.contains(&("prefers-color-scheme", "dark"));
            assert!(
                if dark { ground < 150 && ink > 600 } else { ground > 700 && ink < 150 },
                "{name}, {look}: {colours}"
            );
            // What stays in sight above the answer while scrolling leaves most of the window to
            // it; the drawer stays beside it.
            let stays = browser.eval(
                "scrollTo(0, 1e6); return Math.max(0, \
                                      ...[...document.querySelectorAll('body *')].filter(e => \
                                      getComputedStyle(e).position === 'sticky').map(e => \
                                      e.getBoundingClientRect()).filter(r => r.width > \
                                      innerWidth / 2).map(r => r.height))",
            );
            assert!(
                stays.as_f64().expect("pixels") < if width < 600 { 48.0 } else { 200.0 },
                "{name}, {look}: {stays} px stay in sight"
            );
            let console: Vec<String> = browser
                .console()
                .into_iter()
                .filter(|line| !(*name == "not-found" && line.contains("404")))
                .collect();
            assert!(console.is_empty(), "{name}, {look}: {console:?}");
        }
    }
    quiet(&browser, &server);
}

#[test]
fn every_page_opens_without_an_error() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = Browser::start(1280, 1000);
    browser.open(server.sign_in["acme"].as_str().expect("a sign-in link"));
    let pages = [
        ("sessions", "/sessions".to_owned(), "S7"),
        ("sessions-active", format!("/sessions?activeAt=2026-03-10T14:05:00Z&{AT}"), "8 certain"),
        (
            "session-S2",
            format!("/session?id=S2&{AT}"),
            "Authenticator lost 12:10:00Z, recorded 14:40:00Z",
        ),
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
        let source = browser
            .eval("return document.documentElement.outerHTML")
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            text.contains(expected) || source.contains(expected),
            "{name} does not show {expected}:\n{text}"
        );
        assert!(!source.contains("style=\""), "{name} has inline style");
        picture(&browser, name);
        let allowed = name == "not-found";
        let console: Vec<String> = browser
            .console()
            .into_iter()
            .filter(|line| !(allowed && line.contains("404")))
            .collect();
        assert!(console.is_empty(), "{name}: {console:?}");
    }
    let (_, _, health) = server.get("/healthz", &[]);
    assert!(health.contains("\"cspReports\":0"), "{health}");
}

#[test]
fn markup_in_names_and_agents_shows_as_text() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let evil =
        "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    let line = |id: &str, kind: &str, data: Value| {
        json!({"id": id, "type": kind, "occurred_at": "2026-03-10T10:00:00Z",
            "session": "<b>S1</b>",
               "subject": {"id": "u-1", "login": evil, "name": format!("{evil}\u{202e}")},
                   "client": {"ip": "203.0.113.1", "user_agent": evil}, "data": data})
        .to_string()
    };
    let lines = [
        line("a", "session.started", json!({"idp": evil, "root_session": evil})),
        line(
            "b",
            "claims.received",
            json!({"idp": evil, "assertion": "as-1", "amr": ["pwd", "<i>amr</i>"], "key": evil}),
        ),
        line("c", "policy.decided", json!({"app": evil, "policy": evil, "outcome": "allow"})),
    ];
    let file = scratch.file("evil.jsonl", lines.join("\n"));
    scratch.ok(&["ingest", &file]);
    let server = scratch.serve();
    let browser = Browser::start(1280, 1000);
    let link = server.sign_in["acme"].as_str().expect("a sign-in link");
    browser.open(&format!("{link}&next={}", percent("/session?id=%3Cb%3ES1%3C%2Fb%3E&names=1")));
    let text = browser.text();
    assert!(
        text.contains("<img src=x onerror=") && text.contains("<b>S1</b>"),
        "markup does not show as text: {text}"
    );
    assert!(text.contains("\\u{202E}"), "a bidi control is not made visible: {text}");
    let found = browser.eval(
        "return [document.title, document.querySelectorAll('main img, main b, \
                              main i, script:not([src])').length, \
                              document.querySelectorAll('script').length]",
    );
    assert_ne!(found[0], "owned");
    assert_eq!(found[1], 0, "markup from outside became elements: {found}");
    browser.open(&format!("{}/sessions", server.url));
    assert!(browser.text().contains("<b>S1</b>"));
    quiet(&browser, &server);
}

const MAIN: &str = "return document.querySelector('main').innerHTML";
/// Text as written, not as laid out: a fold that a script opened has the same.
const WORDS: &str = "return document.querySelector('main').textContent";

#[test]
fn a_pinned_address_shows_the_same_bytes_to_all_users_and_later() {
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "ingest");
    let server = scratch.serve();
    let paths = [
        format!("/session?id=S5&{AT}&rules={RULES}&open=46"),
        format!("/sessions?activeAt=2026-03-10T14:05:00Z&{AT}&rules={RULES}"),
    ];
    let browser = at(&server, "acme", &paths[0]);
    let shown = |browser: &Browser| {
        paths.clone().map(|path| {
            browser.open(&format!("{}{path}", server.url));
            assert!(browser.address().ends_with(&path), "{}", browser.address());
            browser.eval(MAIN).as_str().unwrap_or_default().to_owned()
        })
    };
    let first = shown(&browser);
    assert!(first.iter().all(|main| main.len() > 5_000), "{first:?}");
    for n in 0..100 {
        let fact = json!({"id": format!("later-{n}"), "type": "app.accessed",
            "occurred_at": "2026-03-10T14:00:00Z", "session": "S5",
                          "subject": {"id": "u-erin"}, "data": {"app": "wiki"}});
        let (status, body) =
            server.post("/v1/facts", Some(&token), "application/json", fact.to_string().as_bytes());
        assert_eq!(status, 200, "{body}");
    }
    let other = Browser::start(1000, 700);
    other.open(&format!("{}/sign-in", server.url));
    other.take_cookies(&browser.cookies());
    assert!(shown(&other) == first, "another browser shows other bytes");
    // The facts did arrive: the head has them.
    other.open(&format!("{}/session?id=S5", server.url));
    assert!(other.text().contains("106 records of this session"), "{}", other.text());
}

#[test]
fn without_script_the_answer_is_the_same() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let paths = [
        format!("/session?id=S2&{AT}&rules={RULES}&open=24"),
        format!("/sessions?activeAt=2026-03-10T14:05:00Z&{AT}&rules={RULES}"),
        "/query".to_owned(),
    ];
    let browser = at(&server, "acme", &paths[0]);
    for path in paths {
        browser.open(&format!("{}{path}", server.url));
        let with = (
            browser.eval(WORDS),
            browser.eval("return document.querySelectorAll('main a[href]').length"),
        );
        browser.scripts(false);
        browser.open(&format!("{}{path}", server.url));
        let without = (
            browser.eval(WORDS),
            browser.eval("return document.querySelectorAll('main a[href]').length"),
        );
        browser.scripts(true);
        assert!(with.0.as_str().is_some_and(|words| words.len() > 50), "{path}: {with:?}");
        assert_eq!(with, without, "{path}");
    }
    quiet(&browser, &server);
}

#[test]
fn every_record_that_a_page_names_opens() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &format!("/session?id=S5&{AT}&rules={RULES}"));
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
        let seen = browser.eval(
            "const r = \
                                 document.querySelector('#record-h').getBoundingClientRect(); \
                                 const s = \
                                 document.querySelector('.strip').getBoundingClientRect(); return \
                                 [r.top, s.bottom, innerHeight]",
        );
        let at: Vec<f64> =
            seen.as_array().expect("three").iter().filter_map(Value::as_f64).collect();
        assert!(
            at[0] >= at[1] && at[0] < at[2],
            "{name}: the record is under the strip or out of sight: {seen}"
        );
    }
    quiet(&browser, &server);
}

#[test]
fn hostile_ids_get_the_same_not_found_page() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &format!("/session?id=nobody&{AT}&rules={RULES}"));
    let page = || {
        browser.eval(
            "return [document.documentElement.outerHTML, \
                      performance.getEntriesByType('navigation')[0].responseStatus]",
        )
    };
    let unknown = page();
    assert_eq!(unknown[1], 404, "{unknown}");
    assert!(
        unknown[0].as_str().is_some_and(|page| page.contains(
            "Nothing by this id is known at \
        #82 in your tenant."
        )),
        "{unknown}"
    );
    let long = "x".repeat(10_000);
    // GX1 is the other tenant's.
    for id in [
        "GX1",
        "..",
        "%2E%2E%2F..%2Fetc",
        "%00",
        "S3%00",
        "%E2%80%AE",
        "%3Cb%3E",
        // An id with a space is another id: another session may have it. The find box trims.
        "S3%20",
        "s3",
        long.as_str(),
    ] {
        browser.open(&format!("{}/session?id={id}&{AT}&rules={RULES}", server.url));
        let shown: String = id.chars().take(20).collect();
        assert_eq!(page(), unknown, "{shown}");
    }
}

#[test]
fn the_keyboard_reaches_the_timeline_and_moves_in_it() {
    const TAB: char = '\u{E004}';
    const ESCAPE: char = '\u{E00C}';
    const ENTER: char = '\u{E007}';
    const LEFT: char = '\u{E012}';
    const UP: char = '\u{E013}';
    const RIGHT: char = '\u{E014}';
    const DOWN: char = '\u{E015}';
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &format!("/session?id=S2&{AT}&rules={RULES}"));
    let focused = || {
        browser.eval(
            "const a = document.activeElement; return a.classList.contains('figure') ? \
                      'figure' : a.closest('svg.tl') ? a.querySelector('title').textContent : \
                      a.tagName",
        )
    };
    // A letter with nothing focused does nothing.
    let address = browser.address();
    browser.press(&['j', 'k', '/', '?', 'g']);
    assert_eq!((browser.address(), focused()), (address.clone(), json!("BODY")));
    let mut stops = 0;
    while focused() != "figure" {
        browser.press(&[TAB]);
        stops += 1;
        assert!(stops < 60, "Tab does not reach the figure");
    }
    browser.press(&[DOWN]);
    let first = focused();
    assert!(first.as_str().is_some_and(|title| title.contains("tx1")), "{first}");
    browser.press(&[DOWN]);
    let second = focused();
    assert!(second.as_str().is_some_and(|title| title.contains("v1 of payroll")), "{second}");
    browser.press(&[RIGHT]);
    let right = focused();
    assert!(right.as_str().is_some_and(|title| title.contains("v2 of payroll")), "{right}");
    assert_eq!(browser.eval("return document.querySelector('output.spoken').textContent"), right);
    browser.press(&[LEFT, UP]);
    assert_eq!(focused(), first);
    browser.press(&[ESCAPE]);
    assert_eq!(focused(), "figure");
    // One stop a figure: the next one is outside of it.
    browser.press(&[TAB]);
    assert_eq!(browser.eval("return document.activeElement.closest('.figure') === null"), true);
    browser.eval("document.querySelector('.figure').focus()");
    browser.press(&[DOWN, ENTER]);
    assert!(
        browser.address().contains("open="),
        "Enter does not open a record: {}",
        browser.address()
    );
    quiet(&browser, &server);
}

#[test]
fn a_page_as_a_query_gives_the_same_answer() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let sessions = format!("/sessions?activeAt=2026-03-10T14:05:00Z&idp=idp-x&{AT}&rules={RULES}");
    let browser = at(&server, "acme", &sessions);
    let ask = || {
        let link = browser.eval(
            "return [...document.querySelectorAll('main a')].find(a => \
                                 a.textContent === 'As GraphQL').href",
        );
        browser.open(link.as_str().expect("a link"));
        browser.follow_script("document.querySelector('main form').submit()");
        let answer = browser.eval("return document.querySelector('pre.answer')?.textContent");
        let answer = answer.as_str().unwrap_or_else(|| panic!("no answer: {}", browser.text()));
        serde_json::from_str::<Value>(answer).unwrap_or_else(|_| panic!("{answer}"))
    };
    let rows = browser.eval(
        "return [...document.querySelectorAll('table.sessions tbody th')].map(th => th.innerText)",
    );
    let answer = ask();
    let edges =
        answer["data"]["sessions"]["edges"].as_array().unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(edges.iter().map(|edge| edge["node"]["id"].clone()).collect::<Value>(), rows);
    assert_eq!(answer["data"]["sessions"]["answered"]["position"], 82);
    browser.open(&format!(
        "{}/session?id=S5&at=2026-03-10T23:00:00Z&knownAtPosition=64&rules={RULES}",
        server.url
    ));
    let answer = ask();
    assert_eq!(answer["data"]["session"]["session"]["id"], "S5", "{answer}");
    assert_eq!(answer["data"]["session"]["answered"]["position"], 64, "{answer}");
    quiet(&browser, &server);
}
