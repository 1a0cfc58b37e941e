//! The page of one factor in a real browser: when it counted, why, and which decisions rested on
//! it; and colours that a reader chooses.

use crate::support::Scratch;
use crate::support::browser::{at, picture, quiet, strings};
use claimledger_domain::RULES;
use serde_json::Value;

const T: &str = "2026-03-10T23:00:00Z";

fn path(session: &str, factor: &str, known_at: u64) -> String {
    format!(
        "/why?session={session}&factor={factor}&at={T}&knownAtPosition={known_at}&rules={RULES}"
    )
}

/// The trees on the page, a thought a line.
const TREES: &str = "return [...document.querySelectorAll('#why .why .thought')] \
                    .map(e => e.textContent.trim().replace(/\\s+/g, ' '))";
/// The table of what counted, a row a line.
const COUNTED: &str = "return [...document.querySelectorAll('table.rested tbody tr')].map(r => \
                       r.innerText.trim().replace(/\\s+/g, ' '))";

#[test]
fn a_factor_reads_as_the_command_line_prints_it() {
    let scratch = Scratch::fixture();
    let asked = [("S2", "hwk"), ("S5", "phr"), ("S6", "pwd")];
    let printed = asked.map(|(session, factor)| {
        let trees = scratch.ok(&[
            "--at",
            T,
            "--known-at",
            "82",
            "--tenant",
            "acme",
            "why",
            session,
            "--factor",
            factor,
        ]);
        let words = |line: &str| {
            line.replace(['├', '└', '│'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
        };
        trees.lines().map(words).filter(|line| !line.is_empty()).collect::<Vec<_>>()
    });
    let server = scratch.serve();
    let browser = at(&server, "acme", &path("S2", "hwk", 82));
    for ((session, factor), printed) in asked.into_iter().zip(printed) {
        browser.open(&format!("{}{}", server.url, path(session, factor, 82)));
        picture(&browser, &format!("factor-{session}-{factor}"));
        assert!(!printed.is_empty(), "{session} {factor}");
        assert_eq!(strings(browser.eval(TREES)), printed, "{session} {factor}");
    }
    quiet(&browser, &server);
}

#[test]
fn it_shows_the_end_and_the_dependent_decisions() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &path("S2", "hwk", 82));
    let open = |path: &str| browser.open(&format!("{}{path}", server.url));
    let rested = || {
        strings(browser.eval(
            "return [...document.querySelectorAll('#rested li')].map(l => \
                              l.innerText.replace(/\\s+/g, ' '))",
        ))
    };

    let counted = strings(browser.eval(COUNTED));
    assert_eq!(counted.len(), 1, "{counted:?}");
    assert!(
        counted[0].starts_with("hwk #24 possession 11:30:00Z")
            || counted[0].starts_with("hwk #24 possession 2026-03-10 11:30:00Z"),
        "{counted:?}"
    );
    assert!(
        counted[0].contains("12:10:00Z authenticator lost #64, recorded")
            && counted[0].contains("(+2 h 30 min)"),
        "{counted:?}"
    );
    let decisions = rested();
    assert_eq!(decisions.len(), 2, "{decisions:?}");
    assert!(
        decisions[1].contains("payroll · allow") && decisions[1].contains("✕ falsified later"),
        "{decisions:?}"
    );
    // As known before the loss was recorded, it runs to the session's end.
    open(&path("S2", "hwk", 63));
    let counted = strings(browser.eval(COUNTED));
    assert!(!counted[0].contains("lost"), "{counted:?}");

    // The session page and a decision lead here, at the same cut.
    open(&format!("/session?id=S2&at={T}&knownAtPosition=82&rules={RULES}"));
    let links = strings(browser.eval(
        "return [...document.querySelectorAll('.of-factors a')].map(a => a.getAttribute('href'))",
    ));
    assert_eq!(links, ["hwk", "phr", "pwd"].map(|factor| path("S2", factor, 82)));
    open(&format!("/decision?pos=30&at={T}&knownAtPosition=82&rules={RULES}"));
    let links = strings(browser.eval(
        "return [...document.querySelectorAll('#rested th \
                                      a:not(.record)')].map(a => a.getAttribute('href'))",
    ));
    assert_eq!(links, ["pwd", "hwk", "phr"].map(|factor| path("S2", factor, 82)));

    // A record opens beside it, and the query gives the same words.
    open(&format!("{}&open=64", path("S2", "hwk", 82)));
    assert!(
        browser
            .eval("return document.querySelector('aside#record').innerText")
            .as_str()
            .is_some_and(|text| text.contains("Record #64"))
    );
    let query = browser.eval(
        "return [...document.querySelectorAll('main a')].find(a => \
                              a.textContent === 'As GraphQL').href",
    );
    browser.open(query.as_str().expect("a link"));
    let variables = browser.eval("return document.querySelector('textarea[name=variables]').value");
    let variables: Value = serde_json::from_str(variables.as_str().expect("text")).expect("JSON");
    assert_eq!(
        (&variables["session"], &variables["factor"], &variables["asking"]["knownAtPosition"]),
        (&"S2".into(), &"hwk".into(), &82.into())
    );
    quiet(&browser, &server);
}

#[test]
fn unknown_factors_and_sessions_are_reported() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &path("S2", "otp", 82));
    let status =
        || browser.eval("return performance.getEntriesByType('navigation')[0].responseStatus");
    let open = |path: &str| browser.open(&format!("{}{path}", server.url));
    assert_eq!(status(), 404);
    let text = browser.text();
    assert!(
        text.contains(
            "No factor and no claimed value of this session goes by this name as known at #82."
        ) && text.contains("There are:"),
        "{text}"
    );
    // Claims that did not count have a page too: each with its reasons.
    open(&path("S6", "pwd", 82));
    assert_eq!(status(), 200);
    assert!(
        browser.text().contains("Claims that did not count")
            && browser.text().contains("trust_off"),
        "{}",
        browser.text()
    );
    // Nobody's session and another tenant's give the same bytes.
    open(&path("nobody", "pwd", 82));
    assert_eq!(status(), 404);
    let page = browser.eval("return document.documentElement.outerHTML");
    open(&path("GX1", "pwd", 82));
    assert_eq!(browser.eval("return document.documentElement.outerHTML"), page);
    // A name is text, whatever stands in it.
    open(&path("S2", "%3Cb%3Ephr%3C%2Fb%3E%E2%80%AE", 82));
    assert!(browser.text().contains("<b>phr</b>\\u{202E}"), "{}", browser.text());
    open(&format!("/why?session=S2&at={T}"));
    assert_eq!(status(), 422);
    assert!(browser.text().contains("factor is missing"), "{}", browser.text());
}

#[test]
fn it_works_without_script_narrow_and_in_every_colour() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &path("S5", "phr", 82));
    let words = "return [document.querySelector('main').textContent, \
                 document.querySelectorAll('main a[href]').length]";
    let with = browser.eval(words);
    browser.scripts(false);
    browser.open(&format!("{}{}", server.url, path("S5", "phr", 82)));
    assert_eq!(browser.eval(words), with);
    browser.scripts(true);
    for (look, width, preferences) in [
        ("dark", 1280, &[("prefers-color-scheme", "dark")][..]),
        ("forced", 1280, &[("forced-colors", "active")]),
        ("narrow", 390, &[]),
    ] {
        browser.viewport(width, 1000);
        browser.emulate(preferences);
        browser.open(&format!("{}{}", server.url, path("S5", "phr", 82)));
        picture(&browser, &format!("factor-{look}"));
        let wide = browser.eval(
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]",
        );
        assert!(
            wide[0].as_u64() <= wide[1].as_u64(),
            "{look}: the page itself scrolls sideways: {wide}"
        );
    }
    quiet(&browser, &server);
}

#[test]
fn colours_that_were_chosen_beat_the_device() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let here = path("S2", "hwk", 82);
    let browser = at(&server, "acme", &here);
    let background = || {
        browser
            .eval("return getComputedStyle(document.body).backgroundColor")
            .as_str()
            .expect("a colour")
            .to_owned()
    };
    let choose = |theme: &str| {
        browser.follow_script(&format!(
            "document.querySelector('.theme button[value={theme}]').click()"
        ));
        assert!(browser.address().ends_with(&here), "{}", browser.address());
    };
    const LIGHT: &str = "rgb(255, 255, 255)";
    const DARK: &str = "rgb(15, 20, 26)";
    let main = browser.eval("return document.querySelector('main').outerHTML");
    assert_eq!(background(), LIGHT);
    choose("dark");
    assert_eq!(background(), DARK);
    assert_eq!(
        browser.eval("return document.querySelector('main').outerHTML"),
        main,
        "the answer is the same bytes"
    );
    browser.emulate(&[("prefers-color-scheme", "dark")]);
    choose("light");
    assert_eq!(background(), LIGHT);
    choose("device");
    assert_eq!(background(), DARK);
    quiet(&browser, &server);
    let sent = server.post_with(
        "/theme",
        None,
        &[
            ("origin", "https://evil.example"),
            ("content-type", "application/x-www-form-urlencoded"),
        ],
        b"theme=dark",
    );
    assert_eq!(sent.0, 422, "{sent:?}");
}
