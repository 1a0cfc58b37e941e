//! The page that rehearses a change, in a real browser.

use crate::support::{
    Scratch,
    browser::{at, picture, quiet},
};
use claimledger_domain::RULES;

const AT: &str = "2026-03-10T15:00:00Z";

#[test]
fn the_page_gives_the_verdict_and_the_lists() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let cut = format!("at={AT}&knownAtPosition=81&rules={RULES}");
    let change = "change=feature_off&feature=third_party&from=2026-03-10T00:00:00Z";
    let browser = at(&server, "acme", &format!("/rehearse?{change}&{cut}"));
    let page = browser.text();
    for words in [
        "It is not allowed to switch third-party claims sharing off",
        "rule payroll-2: local authenticators: no phishing-resistant factor",
        "Locked out: 2",
        "Asked twice: by the IdP, and by a local authenticator: 1",
        "payroll v2 can then be met by nobody",
    ] {
        assert!(page.contains(words), "{words}\nin\n{page}");
    }
    let chosen = "return document.querySelector('select[name=change]').value";
    assert_eq!(browser.eval(chosen), "feature_off", "the form keeps what was asked");
    picture(&browser, "rehearse");
    let rows = "return document.querySelectorAll('#flips tbody tr').length";
    assert_eq!(browser.eval(rows), 4);
    // From the menu: a form, pinned, and nothing asked yet.
    browser.open(&format!("{}/rehearse", server.url));
    assert!(browser.address().contains("knownAtPosition="), "{}", browser.address());
    assert!(!browser.text().contains("Is it allowed?"));
    // Narrow and dark it stays in its frame.
    browser.viewport(390, 844);
    browser.emulate(&[("prefers-color-scheme", "dark")]);
    browser.open(&format!("{}/rehearse?{change}&{cut}", server.url));
    let wide = "return document.documentElement.scrollWidth > window.innerWidth";
    assert_eq!(browser.eval(wide), false, "nothing sticks out");
    picture(&browser, "rehearse-narrow");
    quiet(&browser, &server);
    // Ids may be long, known or not.
    let long = "x".repeat(160);
    for asked in
        [format!("change=trust&idp={long}"), format!("change=retract_key&idp=idp-x&key={long}")]
    {
        browser.open(&format!("{}/rehearse?{asked}&{cut}", server.url));
        assert!(browser.text().contains("xxxxxxxx"), "{}", browser.text());
        assert_eq!(browser.eval(wide), false, "{asked} sticks out");
    }
    // Refused, with what is missing.
    browser.open(&format!("{}/rehearse?change=deactivate&{cut}", server.url));
    assert!(browser.text().contains("This change needs a value for idp."), "{}", browser.text());
    browser.open(&format!("{}/rehearse?change=policy&policy=%7B%7D&{cut}", server.url));
    assert!(browser.text().contains("data.policy"), "{}", browser.text());
}
