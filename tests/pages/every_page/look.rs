//! What is checked of each page in each look.

use super::list::Page;
use crate::support::browser::Browser;
use serde_json::Value;
use std::{path::Path, sync::LazyLock};

/// Maximum size of a page, in bytes.
const MAX_BYTES: u64 = 250_000;

/// Maximum sum of layout shifts (web.dev calls 0.1 good). A busy machine paints a page before the
/// last of its bytes has come: then a button in the head moves by a pixel.
const MAX_SHIFT: f64 = 0.005;

/// A window and its colours.
pub(super) struct Look {
    pub(super) name: &'static str,
    width: u32,
    height: u32,
    colours: &'static str,
}

const fn look(name: &'static str, width: u32, height: u32, colours: &'static str) -> Look {
    Look { name, width, height, colours }
}

pub(super) const LOOKS: [Look; 4] = [
    look("desk-light", 1440, 900, "light"),
    look("desk-dark", 1440, 900, "dark"),
    look("phone-light", 390, 844, "light"),
    look("phone-dark", 390, 844, "dark"),
];

/// The checker, which is installed for the tests, and no part of what is shipped.
static AXE: LazyLock<String> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/test-tools/axe/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file)
        .unwrap_or_else(|_| panic!("{}: `make test` installs it where it can", file.display()))
});

/// Violations, each as `rule: target: markup`. Beyond what is on by default: the size of what is
/// clicked, of WCAG 2.2 AA.
const RUN: &str = "const done = arguments[arguments.length - 1]; \
    axe.run(document, {resultTypes: ['violations'], rules: {'target-size': {enabled: true}}}) \
    .then(found => done(found.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + \
    n.target.join(' ') + ': ' + n.html.slice(0, 160)))), error => done([String(error)]))";

/// Bytes, status, requests besides the page, those that left the server, and what moved. The icon
/// that the browser asks for once is not counted.
const LOADED: &str = "const done = arguments[arguments.length - 1]; \
    const [page] = performance.getEntriesByType('navigation'); \
    const more = performance.getEntriesByType('resource').map(r => r.name) \
    .filter(name => !name.endsWith('/favicon.ico')); let moved = []; \
    new PerformanceObserver(list => { for (const e of list.getEntries()) moved.push(e.value + \
    ' ' + e.sources.map(s => s.node && (s.node.outerHTML || s.node.textContent).slice(0, 90)) \
    .join(' | ')); }) \
    .observe({type: 'layout-shift', buffered: true}); \
    setTimeout(() => done([page.decodedBodySize, page.responseStatus, more.length, \
    more.filter(name => new URL(name).origin !== location.origin), moved]), 30)";

const SIDEWAYS: &str = "const d = document.documentElement; if (d.scrollWidth <= d.clientWidth) \
    return []; return [...document.querySelectorAll('body *')].filter(e => \
    e.getBoundingClientRect().right > d.clientWidth + 1 && \
    !e.closest('.scroll, .figure, svg, pre')).slice(0, 5).map(e => e.tagName + '.' + e.className)";

/// Opens a page in a look, checks it, and keeps its picture where a folder for pictures is named.
pub(super) fn look_at(browser: &Browser, url: &str, page: &Page, look: &Look) -> Vec<String> {
    browser.viewport(look.width, look.height);
    browser.emulate(&[("prefers-color-scheme", look.colours)]);
    browser.open(&format!("{url}{}", page.address()));
    if let Some(then) = page.then {
        browser.follow_script(then);
    }
    let mut wrong = checks(browser, page);
    wrong.iter_mut().for_each(|what| *what = format!("{}, {}: {what}", page.name, look.name));
    keep(browser, &format!("{}.{}", page.name, look.name));
    wrong
}

/// What is wrong with the page that is open.
pub(super) fn checks(browser: &Browser, page: &Page) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = browser.text();
    if !text.contains(page.says) {
        wrong.push(format!("does not say {:?}: {}", page.says, &cut(&text)));
    }
    let loaded = browser.eval_async(LOADED);
    let number = |n: usize| loaded[n].as_f64().unwrap_or(f64::MAX);
    if number(0) > MAX_BYTES as f64 {
        wrong.push(format!("{} bytes", loaded[0]));
    }
    if loaded[1] != page.status {
        wrong.push(format!("status {} instead of {}", loaded[1], page.status));
    }
    if number(2) > 2.0 || loaded[3] != Value::Array(Vec::new()) {
        wrong.push(format!("requests: {} {}", loaded[2], loaded[3]));
    }
    let moved: Vec<String> = serde_json::from_value(loaded[4].clone()).expect("strings");
    let by = |what: &String| what.split(' ').next().and_then(|by| by.parse().ok()).unwrap_or(1.0);
    if moved.iter().map(by).sum::<f64>() > MAX_SHIFT {
        wrong.push(format!("the layout moved: {moved:?}"));
    }
    let list = |value: Value| -> Vec<String> { serde_json::from_value(value).expect("strings") };
    let sideways = list(browser.eval(SIDEWAYS));
    wrong.extend(sideways.into_iter().map(|what| format!("scrolls sideways: {what}")));
    browser.eval(&AXE);
    wrong.extend(list(browser.eval_async(RUN)).into_iter().map(|what| format!("axe: {what}")));
    wrong
}

fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}

pub(super) fn keep(browser: &Browser, name: &str) {
    if let Some(dir) = std::env::var_os("CLAIMLEDGER_SCREENSHOTS") {
        let path = Path::new(&dir).join(format!("{name}.png"));
        std::fs::write(path, browser.whole_page()).expect("writing a screenshot");
    }
}
