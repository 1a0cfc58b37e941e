//! The answer in five seconds: on the first screen of a desk and of a telephone, light and dark, a
//! page says what happened, in one sentence, and what is odd about it; nothing of it overlaps, is
//! cut or scrolls sideways. By bounding boxes, in a real browser.

use super::many;
use crate::support::{Scratch, browser::*, fixture};
use claimledger_domain::RULES;
use serde_json::Value;

/// The parts of a page's opening, each `[name, left, top, right, bottom, scroll width, client
/// width]`, from the top of the page down.
const PARTS: &str = "scrollTo(0, 0); const of = (name, e) => { const r = \
    e.getBoundingClientRect(); return [name, r.left, r.top, r.right, r.bottom, e.scrollWidth, \
    e.clientWidth]; }; const all = ['.top', '.strip summary', 'h1', '.outcome-word', \
    '.outcome-sentence', '.outcome > .status', '.outcome-odd', '.outcome-sure']; return \
    all.flatMap(s => [...document.querySelectorAll(s)].slice(0, 1).map(e => of(s, e)))";

/// Light and dark, on a desk and on a telephone.
const LOOKS: [(&str, u32, u32, &str); 4] = [
    ("desk", 1440, 900, "light"),
    ("desk-dark", 1440, 900, "dark"),
    ("phone", 390, 844, "light"),
    ("phone-dark", 390, 844, "dark"),
];

#[test]
fn the_first_screen_has_the_answer() {
    let scratch = Scratch::rehearsal(&["acme"]);
    scratch.ok(&["init", "--tenant", "okta"]);
    scratch.ok(&["init", "--tenant", "empty"]);
    scratch.ok(&["init", "--tenant", "many", "--rehearsal"]);
    let file = scratch.file("many.jsonl", many::lines());
    scratch.ok(&["--tenant", "many", "ingest", &file]);
    let ingest = |tenant: &str, dialect: &[&str], name: &str| {
        let file = fixture::dir().join(name);
        let mut args = vec!["--tenant", tenant, "ingest"];
        args.extend(dialect);
        args.push(file.to_str().expect("a UTF-8 path"));
        scratch.ok(&args);
    };
    ingest("acme", &[], "acme.jsonl");
    for (dialect, name) in
        [("okta-config", "okta/config.jsonl"), ("okta-system-log", "okta/system_log.jsonl")]
    {
        ingest("okta", &["--as", dialect, "--source", "okta"], name);
    }
    let server = scratch.serve();
    let pin = format!("at=2026-03-10T23:00:00Z&knownAtPosition=82&rules={RULES}");
    let mut pages: Vec<(String, String)> =
        (1..=8).map(|n| (format!("S{n}"), format!("/session?id=S{n}&{pin}"))).collect();
    for position in [30, 56] {
        pages.push((format!("d{position}"), format!("/decision?pos={position}&{pin}")));
    }
    pages.push(("factor".to_owned(), format!("/why?session=S2&factor=hwk&{pin}")));
    let okta = ["idxC", "idxG"];
    let okta = okta.map(|id| (id.to_owned(), format!("/session?id={id}")));
    let browser = Browser::start(1440, 900);
    let many = ["LONG", "SAME"];
    let many = many.map(|id| (id.to_owned(), format!("/session?id={id}&at=2026-03-10T23:00:00Z")));
    for (tenant, pages) in
        [("acme", pages.as_slice()), ("okta", okta.as_slice()), ("many", many.as_slice())]
    {
        browser.open(server.sign_in[tenant].as_str().expect("a sign-in link"));
        for (look, width, height, colours) in LOOKS {
            browser.viewport(width, height);
            browser.emulate(&[("prefers-color-scheme", colours)]);
            for (name, path) in pages {
                browser.open(&format!("{}{path}", server.url));
                let at = format!("{name}, {look}");
                screen(&browser, &format!("verdict-{name}-{look}"));
                let parts = laid_out(&browser, &at, f64::from(width));
                let has = |part: &str| parts.iter().any(|(name, ..)| name == part);
                for part in ["h1", ".outcome-word", ".outcome-sentence", ".outcome-odd"] {
                    assert!(has(part), "{at}: no {part}: {parts:?}");
                }
                let lowest = parts.iter().map(|part| part.1[3]).fold(0.0, f64::max);
                assert!(
                    lowest <= f64::from(height),
                    "{at}: the answer ends at {lowest} of {height}: {parts:?}"
                );
                one_line(&browser, &at);
            }
        }
    }
    browser.open(server.sign_in["empty"].as_str().expect("a sign-in link"));
    for (look, width, height, colours) in LOOKS {
        browser.viewport(width, height);
        browser.emulate(&[("prefers-color-scheme", colours)]);
        for path in ["/sessions", "/session?id=S1"] {
            browser.open(&format!("{}{path}", server.url));
            screen(&browser, &format!("verdict-empty-{look}"));
            laid_out(&browser, &format!("empty {path}, {look}"), f64::from(width));
            let none = browser.text().to_lowercase();
            assert!(none.contains("none") || none.contains("nothing by this id"), "{none}");
        }
    }
    let console: Vec<String> =
        browser.console().into_iter().filter(|line| !line.contains("404")).collect();
    assert!(console.is_empty(), "{console:?}");
}

type Part = (String, [f64; 6]);

/// Each part is inside of the window, cut nowhere, and below the one before it.
fn laid_out(browser: &Browser, at: &str, width: f64) -> Vec<Part> {
    let parts: Vec<(String, f64, f64, f64, f64, f64, f64)> =
        serde_json::from_value(browser.eval(PARTS)).expect("boxes");
    let parts: Vec<Part> =
        parts.into_iter().map(|(name, a, b, c, d, e, f)| (name, [a, b, c, d, e, f])).collect();
    for (name, [left, top, right, bottom, scroll, client]) in &parts {
        assert!(*left >= 0.0 && *right <= width, "{at}: {name} is cut: {parts:?}");
        assert!(bottom > top && scroll <= client, "{at}: {name} is hidden or cut: {parts:?}");
    }
    for pair in parts.windows(2) {
        assert!(
            pair[0].1[3] <= pair[1].1[1] + 0.5,
            "{at}: {} lies over {}: {parts:?}",
            pair[0].0,
            pair[1].0
        );
    }
    let wide = browser.eval(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]",
    );
    assert!(wide[0].as_u64() <= wide[1].as_u64(), "{at}: the page scrolls sideways: {wide}");
    parts
}

/// The strip is one line, with the rest in a fold; the one field for K is in that.
fn one_line(browser: &Browser, at: &str) {
    const STRIP: &str = "const s = document.querySelector('.strip'); return \
                         [s.getBoundingClientRect().height, \
                         document.querySelectorAll('[name=knownAt]').length, \
                         s.querySelectorAll('details [name=knownAt]').length, \
                         s.querySelector('summary').textContent]";
    let strip = browser.eval(STRIP);
    let lines = if at.contains("phone") { 48.0 } else { 36.0 };
    let height = |strip: &Value| strip[0].as_f64().expect("pixels");
    assert!(height(&strip) < lines, "{at}: the strip is no line: {strip}");
    assert_eq!((&strip[1], &strip[2]), (&Value::from(1), &Value::from(1)), "{at}: fields for K");
    let line = strip[3].as_str().unwrap_or_default();
    for part in ["T 20", "K #", "complete"] {
        assert!(line.contains(part), "{at}: no {part} in {line}");
    }
    // There for one who asks.
    browser.eval("document.querySelector('.strip details').open = true");
    let open = browser.eval(STRIP);
    assert!(height(&open) > lines + 24.0, "{at}: the fold does not open: {open}");
}
