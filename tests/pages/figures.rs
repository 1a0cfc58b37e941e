//! Figures in a real browser: the keys of each act on it alone, nothing moves while they do, and
//! what has no room in a figure is reached.

use crate::support::{
    Scratch,
    browser::{Browser, at, picture, quiet, screen},
};
use claimledger_domain::RULES;
use serde_json::{Value, json};

const AT: &str = "at=2026-03-10T23:00:00Z&knownAtPosition=82";
const DOWN: char = '\u{E015}';
const RIGHT: char = '\u{E014}';

/// In which figure of the page the focus is, on which item of it, and what its card says.
const FOCUS: &str = "const a = document.activeElement, all = \
    [...document.querySelectorAll('.figure')], f = all.findIndex(f => f.contains(a)); return [f, \
    f < 0 ? -1 : [...all[f].querySelectorAll('g.lane a')].indexOf(a), \
    [...document.querySelectorAll('.card:not([hidden])')].map(c => c.innerText.length > 0)]";

#[test]
fn keys_act_on_the_figure_that_has_the_focus_and_move_nothing() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &format!("/trust?{AT}&rules={RULES}"));
    let figures = browser.eval("return document.querySelectorAll('.figure').length");
    assert!(figures.as_u64() >= Some(3), "{figures}");
    for n in [1, 0, 2] {
        browser.eval(&format!("document.querySelectorAll('.figure')[{n}].focus()"));
        browser.press(&[DOWN]);
        assert_eq!(browser.eval(FOCUS), json!([n, 0, [true]]), "figure {n}");
        browser.press(&[DOWN]);
        let second = browser.eval(FOCUS);
        assert!(second[0] == n && second[1].as_i64() > Some(0), "figure {n}: {second}");
    }
    picture(&browser, "figures-trust");
    // What is said of an item has its place before it is said.
    let places = "return ['.caption, .legend', 'main', '.foot'].map(s => { const r = \
                  document.querySelector(s).getBoundingClientRect(); return [r.height, r.top + \
                  scrollY]; })";
    for (look, width, height) in [("desk", 1440, 900), ("phone", 390, 844)] {
        browser.viewport(width, height);
        for page in ["/session?id=S2&", "/sources?"] {
            browser.open(&format!("{}{page}{AT}&rules={RULES}", server.url));
            let before = browser.eval(places);
            browser.eval("document.querySelector('.figure').focus({preventScroll: true})");
            for _ in 0..12 {
                browser.press(&[DOWN, RIGHT]);
                let said = browser.eval("return document.querySelector('.spoken').textContent");
                assert!(said.as_str().is_some_and(|said| !said.is_empty()), "{page}");
                assert_eq!(browser.eval(places), before, "{page}, {look}: {said}");
            }
            screen(&browser, &format!("figures-spoken-{look}"));
        }
    }
    quiet(&browser, &server);
}

/// A session with more factors than have a lane each, of three assertions.
fn lines() -> String {
    let fact = |n: usize, kind: &str, data: Value| {
        let at = format!("2026-03-10T10:{n:02}:00Z");
        json!({"id": format!("f{n}"), "type": kind, "occurred_at": at, "recorded_at": at,
            "source": "portal", "session": "FOLDED", "subject": {"id": "u-1"}, "data": data})
        .to_string()
    };
    let claims = |n: usize| {
        let amr = ["pwd", "otp", "hwk", "swk", "sms", "tel", "face", "fpt", "iris", "pin"];
        json!({"idp": "partner-of-the-north-with-a-long-name", "assertion": format!("as-{n}"),
            "amr": amr})
    };
    let claims = (1..=3).map(|n| fact(n, "claims.received", claims(n)));
    let start = json!({"idp": "partner-of-the-north-with-a-long-name",
        "idp_session": "a-session-of-the-idp-with-a-long-id"});
    let start = fact(4, "session.started", start);
    let app = json!({"app": "books", "policy": "books", "outcome": "allow"});
    claims.chain([start, fact(5, "policy.decided", app)]).collect::<Vec<_>>().join("\n")
}

const LANES: &str = "return document.querySelectorAll('svg.tl g.lane.factor').length";

#[test]
fn folded_lanes_are_opened_by_a_link_and_names_that_are_cut_say_so() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let file = scratch.file("folded.jsonl", lines());
    scratch.ok(&["ingest", &file]);
    let server = scratch.serve();
    let browser = at(&server, "acme", "/session?id=FOLDED");
    browser.scripts(false);
    let folded = open_and_count(&browser, &format!("{}/session?id=FOLDED", server.url));
    assert!((1..=3).contains(&folded), "{folded} lanes");
    let text = browser.eval("return document.querySelector('.folded').innerText");
    assert!(text.as_str().is_some_and(|text| text.contains("9 factors of #2")), "{text}");
    picture(&browser, "figures-folded");
    let second = "[...document.querySelectorAll('.folded a')] \
        .find(a => a.innerText.includes('#2'))";
    let href = browser.eval(&format!("return {second}.href"));
    browser.follow(|browser| browser.open(href.as_str().expect("an address")));
    assert!(browser.address().contains("&expand=2"), "{}", browser.address());
    assert_eq!(browser.eval(LANES), folded + 8);
    let names = "return [...document.querySelectorAll('svg.tl text.name')].map(t => \
        [...t.childNodes].at(-1).textContent)";
    let names: Vec<String> = serde_json::from_value(browser.eval(names)).expect("names");
    assert!(names.iter().any(|name| name.starts_with("iris")), "{names:?}");
    picture(&browser, "figures-unfolded");
    // A window, the drawer and the other order keep it open.
    for selector in [".zoom a", "svg.tl a.bar"] {
        let href = format!(
            "const a = document.querySelector('{selector}'); return a.getAttribute('href')"
        );
        let href = browser.eval(&href);
        assert!(href.as_str().is_some_and(|href| href.contains("expand=2")), "{selector}: {href}");
    }
    let back = browser.eval(
        "return [...document.querySelectorAll('.folded a')].find(a => a.innerText === \
         'fold all').href",
    );
    assert_eq!(open_and_count(&browser, back.as_str().expect("an address")), folded);
    // A name that has no room ends with a sign, within the gutter, and is whole in its title.
    let cut = browser.eval(
        "return [...document.querySelectorAll('svg.tl text.name')].filter(t => \
         t.querySelector('title')).map(t => [t.querySelector('title').textContent, \
         t.lastChild.textContent, t.getBBox().x + t.getBBox().width])",
    );
    let cut: Vec<(String, String, f64)> = serde_json::from_value(cut).expect("names");
    assert!(cut.iter().any(|(whole, ..)| whole.ends_with("with-a-long-id")), "{cut:?}");
    for (whole, short, right) in &cut {
        let stem = short.strip_suffix('…').unwrap_or_else(|| panic!("{short} does not say so"));
        assert!(whole.starts_with(stem) && *right <= 184.0, "{whole}: {short} to {right}");
    }
    // And on paper, where nothing has a title, in the table below.
    let here = browser.address();
    browser.open(&format!("{}&view=print", here.split('#').next().expect("an address")));
    let table = browser.eval("return document.querySelector('.tl-table').innerText");
    assert!(table.as_str().is_some_and(|table| table.contains("with-a-long-id")), "{table}");
    quiet(&browser, &server);
}

fn open_and_count(browser: &Browser, url: &str) -> u64 {
    browser.open(url);
    browser.eval(LANES).as_u64().expect("a number")
}

#[test]
fn on_a_telephone_the_filter_is_folded_and_the_first_rows_are_in_sight() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", "/sessions");
    let pin = format!("{AT}&rules={RULES}");
    let seen = "const r = document.querySelector('table.sessions tbody tr') \
        .getBoundingClientRect(), f = document.querySelector('form.filter'), \
        s = document.querySelector('.filters > summary'); return [r.top < innerHeight, \
        f.checkVisibility({contentVisibilityAuto: true}), s.checkVisibility(), \
        s.checkVisibility() ? s.innerText : '']";
    for (look, width, height, folded) in
        [("desk", 1440, 900, false), ("phone", 390, 844, true), ("phone-dark", 390, 844, true)]
    {
        browser.viewport(width, height);
        let colours = if look.ends_with("dark") { "dark" } else { "light" };
        browser.emulate(&[("prefers-color-scheme", colours)]);
        browser.open(&format!("{}/sessions?idp=idp-x&ended=true&{pin}", server.url));
        let summary = if folded { "Filter: 2 fields set" } else { "" };
        assert_eq!(browser.eval(seen), json!([true, !folded, folded, summary]), "{look}");
        screen(&browser, &format!("figures-filter-{look}"));
    }
    browser.eval("document.querySelector('.filters > summary').click()");
    assert_eq!(browser.eval(seen)[1], true, "the filter does not open");
    let field = "const e = document.querySelector('#f-idp'); e.focus(); return \
        document.activeElement === e && e.getBoundingClientRect().height > 0";
    assert_eq!(browser.eval(field), true);
    quiet(&browser, &server);
}
