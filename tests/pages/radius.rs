//! Overview, trust, policies, blast radius and chain in a real browser: what they say is on the
//! first screen, nothing sticks out, and they lead to each other.

use crate::support::{
    Scratch,
    browser::{at, picture, quiet, strings},
};
use claimledger_domain::RULES;

const T: &str = "2026-03-10T14:05:00Z";

/// Pages, each with what its first screen shows.
const PAGES: [(&str, &str, &str); 7] = [
    ("overview", "/", "#alive a"),
    ("trust", "/trust", ".verdict"),
    ("trust-idp", "/trust?idp=idp-x", ".verdict"),
    ("policy", "/policy?policy=payroll", ".verdict"),
    ("blast-key", "/blast?kind=key&idp=idp-x&key=X1", "#counts"),
    ("blast-actor", "/blast?kind=actor&actor=admin-2", "#counts"),
    ("chain", "/chain?id=is-S5", ".verdict"),
];

#[test]
fn the_answer_is_on_the_first_screen_and_nothing_sticks_out() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let pinned = |path: &str| {
        let mark = if path.contains('?') { '&' } else { '?' };
        format!("{path}{mark}at={T}&knownAtPosition=82&rules={RULES}")
    };
    let browser = at(&server, "acme", &pinned("/"));
    for (width, height, scheme) in [(1440, 900, "light"), (390, 844, "dark")] {
        browser.viewport(width, height);
        browser.emulate(&[("prefers-color-scheme", scheme)]);
        for (name, path, first) in PAGES {
            browser.open(&format!("{}{}", server.url, pinned(path)));
            picture(&browser, &format!("{name}-{scheme}"));
            let wide = "return document.documentElement.scrollWidth > window.innerWidth";
            assert_eq!(browser.eval(wide), false, "{name} at {width}: something sticks out");
            let seen = format!(
                "const b = document.querySelector('{first}').getBoundingClientRect(); return \
                 b.height > 0 && b.top >= 0 && b.top + Math.min(b.height, 24) <= \
                 window.innerHeight"
            );
            assert_eq!(browser.eval(&seen), true, "{name} at {width}: {first}");
        }
    }
    // From a session to the trust behind it, to what rested on that, and back to the session.
    browser.viewport(1440, 900);
    browser.open(&format!("{}{}", server.url, pinned("/session?id=S5")));
    let to = |selector: &str| {
        let found = format!("return document.querySelector('{selector}')?.href ?? ''");
        let href = browser.eval(&found).as_str().expect("a text").to_owned();
        assert!(href.contains("knownAtPosition=82"), "{selector}: {href}");
        browser.open(&href);
    };
    to(".behind a[href^=\"/trust?\"]");
    assert!(browser.text().contains("idp-x tx0 → tx1"), "{}", browser.text());
    to("#changes tbody tr:nth-child(2) a[href*=\"kind=change\"]");
    to("#sessions a[href^=\"/session?\"]");
    for (selector, words) in
        [("[href*=\"kind=key\"]", "Key X1 of idp-x"), ("[href^=\"/chain?\"]", "Chain of is-S")]
    {
        browser.open(&format!("{}{}", server.url, pinned("/session?id=S5")));
        to(&format!(".behind a{selector}"));
        assert!(browser.text().contains(words), "{}", browser.text());
    }
    let menu = strings(browser.eval(
        "return [...document.querySelectorAll('nav[aria-label=Pages] a')].map(a => a.innerText)",
    ));
    for name in ["Overview", "Trust", "Policies", "Blast radius", "Chain"] {
        assert!(menu.iter().any(|entry| entry == name), "{name}: {menu:?}");
    }
    quiet(&browser, &server);
}
