//! The box that finds, on every page, in a real browser: from a login to the reasons of a decision.

use crate::support::{
    Scratch, Server,
    browser::{Browser, at, picture, quiet},
};
use claimledger_domain::RULES;
use serde_json::{Value, json};

const LOGIN: &str = "alice@acme.example";
/// The Enter key, as WebDriver spells it.
const ENTER: char = '\u{E007}';

/// One action: types a text into the box of the page, and sends it with Enter.
pub(super) fn find(browser: &Browser, text: &str) {
    browser.eval("document.querySelector('.find-box input').focus()");
    let keys: Vec<char> = text.chars().chain([ENTER]).collect();
    browser.follow(|browser| browser.press(&keys));
}

/// Where nothing may say what was typed: the address and the title of every page that was open.
fn says_nothing_of(browser: &Browser, text: &str) {
    let said = browser.eval("return location.href + ' ' + document.title").to_string();
    assert!(!said.contains(text), "{said}");
    let history = browser.cdp("Page.getNavigationHistory", &json!({})).to_string();
    assert!(!history.contains(text) && history.contains("/session"), "{history}");
}

#[test]
fn from_a_login_to_why_in_three_actions() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    // Everything works without script.
    let browser = at(&server, "acme", "/sources");
    browser.scripts(false);
    browser.open(&format!("{}/sources", server.url));
    // First action: the login.
    find(&browser, LOGIN);
    let there = browser.address();
    assert!(there.contains("/session?id=S1&at=") && there.contains(RULES), "{there}");
    assert!(browser.text().contains("S1"), "{}", browser.text());
    says_nothing_of(&browser, "alice");
    // Second action: the decision, from the tree or the table.
    let decision = "return [...document.querySelectorAll('main a[href^=\"/decision?\"]')].length";
    assert!(browser.eval(decision).as_u64() > Some(0), "{}", browser.text());
    // A link of the figure is no HTML element, and has no click of its own.
    browser.follow_script(
        "document.querySelector('main a[href^=\"/decision?\"]')\
         .dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))",
    );
    let words = browser.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(browser.address().contains("/decision?pos="), "{}", browser.address());
    for part in ["S1 was let into payroll at 10:00:03Z", "Which rule?", "On whose word?"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    says_nothing_of(&browser, "alice");
    quiet(&browser, &server);
}

#[test]
fn the_box_is_whole_and_what_is_refused_stays() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", "/sources");
    the_box_is_whole(&browser, &server);
    what_is_not_found_and_what_is_refused(&browser, &server);
}

/// On every page, wide and narrow, the box is in sight before anything else is, and covers nothing.
fn the_box_is_whole(browser: &Browser, server: &Server) {
    let cut = format!("at=2026-03-10T23:00:00Z&knownAtPosition=82&rules={RULES}");
    for (width, height) in [(1440, 900), (390, 844)] {
        browser.viewport(width, height);
        for path in ["/session?id=S2&", "/record?pos=29&", "/sessions?", "/find?", "/access?"] {
            browser.open(&format!("{}{path}{cut}", server.url).replace("access?at", "access?from"));
            let boxes = browser.eval(
                "const box = e => { const r = e.getBoundingClientRect(); \
                 return [r.left, r.top, r.right, r.bottom]; }; \
                 const top = document.querySelector('.top'); \
                 return {find: box(top.querySelector('.find-box')), \
                   parts: [...top.querySelectorAll('.find-box > *')].map(box), \
                   others: [...top.children].filter(e => !e.matches('.find-box')).map(box), \
                   wide: document.documentElement.scrollWidth}",
            );
            let edges = |value: &Value| -> Vec<f64> {
                value.as_array().expect("a box").iter().filter_map(Value::as_f64).collect()
            };
            let list = |name: &str| boxes[name].as_array().expect("boxes").clone();
            let found = edges(&boxes["find"]);
            assert!(found[0] >= 0.0 && found[2] <= f64::from(width), "{path} {width}: {boxes}");
            assert!(found[3] <= f64::from(height) / 4.0, "{path} {width}: {boxes}");
            assert!(boxes["wide"].as_f64() <= Some(width.into()), "{path} {width}: {boxes}");
            for part in list("parts") {
                let part = edges(&part);
                assert!(part[3] - part[1] >= 24.0, "a target of 24 pixels: {boxes}");
                assert!(part[0] >= found[0] && part[2] <= found[2], "{path} {width}: {boxes}");
            }
            for other in list("others") {
                let other = edges(&other);
                let apart = other[2] <= found[0]
                    || other[0] >= found[2]
                    || other[3] <= found[1]
                    || other[1] >= found[3];
                assert!(apart, "{path} {width}: the box overlaps: {boxes}");
            }
        }
        // No letter does anything while nothing has the focus.
        browser.eval("document.activeElement.blur()");
        browser.press(&['/', 'f']);
        assert_eq!(browser.eval("return document.activeElement.tagName"), "BODY");
        picture(browser, &format!("find-box-{width}"));
    }
}

fn what_is_not_found_and_what_is_refused(browser: &Browser, server: &Server) {
    let wide = "return document.documentElement.scrollWidth > window.innerWidth";
    // Another tenant's session, and markup: nothing is found, and what was typed is there again.
    for text in ["GX1", "</title><img id=x src=x>"] {
        find(browser, text);
        let page = browser.text();
        assert!(page.contains("Nothing found, known at #82"), "{page}");
        assert!(page.contains("This search has no address"), "{page}");
        let kept = "return document.querySelector('main input[name=text]').value";
        assert_eq!(browser.eval(kept), text);
        assert_eq!(browser.address(), format!("{}/find", server.url));
        assert_eq!(browser.eval("return document.title"), "Find · claimledger");
        assert_eq!(browser.eval(wide), false, "{text} sticks out");
        assert_eq!(browser.eval("return !document.querySelector('#x')"), true);
    }
    picture(browser, "find-nothing");
    // The filter of the list takes a login, and its address has none.
    browser.open(&format!("{}/sessions", server.url));
    let filter = |who: &str| {
        browser.follow_script(&format!(
            "const f = document.querySelector('form.filter'); f.elements.subject.value = {}; \
             f.elements.ended.value = 'true'; f.querySelector('button').click()",
            json!(who)
        ));
    };
    filter("nobody@acme.example");
    let page = browser.text();
    assert!(page.contains("No person with this login"), "{page}");
    let kept = "const e = document.querySelector('form.filter').elements; \
                return [e.subject.value, e.ended.value]";
    assert_eq!(browser.eval(kept), json!(["nobody@acme.example", "true"]));
    picture(browser, "filter-refused");
    filter(LOGIN);
    let there = browser.address();
    assert!(there.contains("subject=p-") && there.contains("ended=true"), "{there}");
    let rows = "return [...document.querySelectorAll('table.sessions tbody th')]\
                .map(e => e.innerText)";
    assert_eq!(browser.eval(rows), json!(["S1"]), "{there}");
    says_nothing_of(browser, "alice");
    picture(browser, "filter");
    let console = browser.console();
    assert!(console.iter().all(|line| line.contains("status of 422")), "{console:?}");
}
