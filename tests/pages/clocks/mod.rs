//! Both clocks on pages, in a real browser: the records that changed a session's answer, what was
//! believed as known at another, and what was heard of each source.

mod anomalies;
mod change_points;
mod comparison;
mod sources;

use crate::support::Server;
use crate::support::browser::{Browser, picture};
use claimledger_domain::RULES;
use serde_json::Value;

const AT: &str = "at=2026-03-10T23:00:00Z";

const MAIN: &str = "return document.querySelector('main').innerHTML";

/// A signed-in browser.
fn signed_in(server: &Server, tenant: &str) -> Browser {
    let browser = Browser::start(1280, 1400);
    browser.open(server.sign_in[tenant].as_str().expect("a sign-in link"));
    browser
}

fn session(server: &Server, id: &str, known_at: u64, more: &str) -> String {
    format!("{}/session?id={id}&{AT}&knownAtPosition={known_at}&rules={RULES}{more}", server.url)
}

fn strings(value: &Value) -> Vec<String> {
    serde_json::from_value(value.clone()).unwrap_or_else(|_| panic!("no list of strings: {value}"))
}

/// Text as a person reads it.
fn words(browser: &Browser, selector: &str) -> String {
    let text =
        browser.eval(&format!("return document.querySelector('{selector}')?.textContent ?? ''"));
    text.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn quiet(browser: &Browser, server: &Server) {
    let console: Vec<String> =
        browser.console().into_iter().filter(|line| !line.contains("status of 4")).collect();
    assert!(console.is_empty(), "script errors or refusals: {console:?}");
    let (_, _, health) = server.get("/healthz", &[]);
    assert!(health.contains("\"cspReports\":0"), "{health}");
}

/// Light, dark, forced colours and the width of a telephone: nothing scrolls sideways, and pictures
/// are kept where a folder for them is named.
fn in_every_look(browser: &Browser, name: &str, address: &str) {
    for (look, width, preferences) in [
        ("light", 1280, &[][..]),
        ("dark", 1280, &[("prefers-color-scheme", "dark")][..]),
        ("forced", 1280, &[("forced-colors", "active")]),
        ("narrow", 390, &[]),
    ] {
        browser.viewport(width, 1000);
        browser.emulate(preferences);
        browser.open(address);
        picture(browser, &format!("{name}-{look}"));
        let wide = browser.eval(
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]",
        );
        assert!(
            wide[0].as_u64() <= wide[1].as_u64(),
            "{name}, {look}: the page itself scrolls sideways: {wide}"
        );
        assert_eq!(
            browser.eval("return document.querySelectorAll('[style]').length"),
            0,
            "{name}, {look}"
        );
    }
    browser.emulate(&[]);
    browser.viewport(1280, 1400);
}

/// The cells of the table's rows.
const ROWS: &str = "return [...document.querySelectorAll('table.sources tbody tr')].map(tr => \
                    [...tr.cells].map(c => c.innerText.trim()))";

fn row(rows: &Value, source: &str) -> Vec<String> {
    let row = rows.as_array().into_iter().flatten().find(|row| row[0] == source);
    strings(row.unwrap_or_else(|| panic!("no row of {source}: {rows}")))
}
