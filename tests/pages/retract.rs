//! The page that retracts trust, in a real browser.

use crate::support::{
    Scratch,
    browser::{Browser, at, picture, quiet},
};

const LINK: &str = "return document.querySelector('#retract a')?.href ?? ''";

fn fill(values: &[(&str, &str)]) -> String {
    let set: Vec<String> = values
        .iter()
        .map(|(name, value)| format!("f.elements.{name}.value = '{value}';"))
        .collect();
    format!(
        "const f = document.querySelector('form[action=\"/retract\"][method=post]'); {} \
         f.requestSubmit()",
        set.join(" ")
    )
}

#[test]
fn from_what_rested_on_a_key_to_its_retraction_and_back() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let blast = "/blast?kind=key&idp=idp-x&key=X2&from=2026-03-10T13:15:00Z";
    let browser = at(&server, "acme", blast);
    let head = |browser: &Browser| {
        browser.open(&format!("{}/sources", server.url));
        let address = browser.address();
        let position = address.split("knownAtPosition=").nth(1).expect("pinned");
        position.split('&').next().expect("a number").to_owned()
    };
    let before: u64 = head(&browser).parse().expect("a position");
    browser.open(&format!("{}{blast}", server.url));
    let form = browser.eval(LINK).as_str().expect("a text").to_owned();
    assert!(form.contains("/retract?idp=idp-x&key=X2&from="), "{form}");
    browser.open(&form);
    assert!(browser.text().contains("Retract trust in key X2 of idp-x"), "{}", browser.text());
    assert!(browser.text().contains("cannot be undone"), "{}", browser.text());
    picture(&browser, "retract");

    // A key that is misspelled: refused, with what was typed.
    let misspelled = fill(&[("reason", "key_leaked"), ("ticket", "T-9"), ("again", "x2")]);
    browser.follow_script(&misspelled);
    assert!(browser.text().contains("what was typed differs"), "{}", browser.text());
    let typed = "const f = document.querySelector('form[method=post].filter'); return \
                 ['from', 'reason', 'ticket', 'again'].map(n => f.elements[n].value).join(' ')";
    assert_eq!(browser.eval(typed), "2026-03-10T13:15:00Z key_leaked T-9 x2");
    picture(&browser, "retract-refused");
    let console = browser.console();
    assert!(console.iter().all(|line| line.contains("status of 422")), "{console:?}");
    // Clicked twice: two requests, one fact.
    browser.eval(
        &fill(&[("again", "X2")]).replace(
            "f.requestSubmit()",
            "const b = f.querySelector('button'); b.click(); b.click()",
        ),
    );
    browser.wait_until("return location.search.startsWith('?recorded=')");
    let recorded = browser.text();
    assert!(recorded.contains("Trust in key X2 of idp-x is retracted"), "{recorded}");
    assert!(recorded.contains(&format!("as #{}", before + 1)), "{recorded}");
    picture(&browser, "retract-recorded");
    // Loaded again: it is a page, and records nothing.
    let address = browser.address();
    browser.open(&address);
    assert!(browser.text().contains(&format!("as #{}", before + 1)), "{}", browser.text());
    // To what rested on it, as known at that record, and to the record.
    let next = "return document.querySelector('main a.next').href";
    let next = browser.eval(next).as_str().expect("an address").to_owned();
    assert!(
        next.contains("kind=key") && next.contains(&format!("Position={}", before + 1)),
        "{next}"
    );
    browser.open(&next);
    let page = browser.text();
    assert!(page.contains("Key X2 of idp-x, received from 2026-03-10T13:15:00Z"), "{page}");
    assert!(page.contains(&format!("#{}", before + 1)), "{page}");
    assert_eq!(head(&browser), (before + 1).to_string(), "one fact");
    // The form says what was retracted already.
    browser.open(&format!("{}/retract?idp=idp-x&whole=true", server.url));
    assert!(browser.text().contains("Retract trust in the whole IdP idp-x"), "{}", browser.text());
    let of_x1 = format!("{}/retract?idp=idp-x&key=X1", server.url);
    browser.open(&of_x1);
    let already = "return document.querySelector('main h1 + #already')?.innerText ?? ''";
    let said = || browser.eval(already).as_str().expect("a text").to_owned();
    for words in [
        "Retracted already. Key X1 was retracted at 2026-03-10T15:10:00Z by admin-1, from \
         2026-03-10T13:40:00Z on; #67.",
        "adds to it what was received before 2026-03-10T13:40:00Z",
    ] {
        assert!(said().contains(words), "{words} in {}", said());
    }
    // T, K and completeness, as on every page of an answer.
    let strip = browser.eval("return document.querySelector('.strip summary').innerText");
    let strip = strip.as_str().expect("a text");
    assert!(strip.contains("T ") && strip.contains(&format!("K #{}", before + 1)), "{strip}");
    picture(&browser, "retract-already");
    // A later time adds nothing, an earlier one is rehearsed.
    browser.open(&format!("{of_x1}&from=2026-03-10T14:00:00Z"));
    assert!(said().contains("on would change nothing"), "{}", said());
    browser.open(&format!("{of_x1}&from=2026-03-10T09:00:00Z"));
    let more = said();
    let says = "would take away more: 4 more decisions would fall, and 0 more sessions";
    assert!(more.contains(says), "{more}");
    picture(&browser, "retract-further");
    // As known before, there is no form: it is recorded at the end.
    browser.open(&format!("{of_x1}&knownAt=%2366"));
    let text = browser.text();
    assert!(!text.contains("Retracted already") && text.contains("K #66"), "{text}");
    let forms = "return document.querySelectorAll('form[action=\"/retract\"][method=post]').length";
    assert_eq!(browser.eval(forms), 0);
    browser.follow_script("document.querySelector('#past a').click()");
    browser.wait_until("return !!document.querySelector('#already')");
    // It says so before it is sent: what is sent then is another retraction.
    browser.eval(&fill(&[
        ("from", "2026-03-10T09:00:00Z"),
        ("reason", "key_leaked"),
        ("again", "X1"),
    ]));
    browser.wait_until("return location.search.startsWith('?recorded=')");
    assert!(browser.text().contains(&format!("as #{}", before + 2)), "{}", browser.text());
    // Nothing is chosen by leaving something out.
    for path in ["/retract", "/retract?idp=idp-x"] {
        browser.open(&format!("{}{path}", server.url));
        let forms =
            "return document.querySelectorAll('form[action=\"/retract\"][method=post]').length";
        assert_eq!(browser.eval(forms), 0, "{path}");
        let whole = "return document.querySelectorAll('main a[href*=\"whole=true\"]').length > 0";
        assert_eq!(browser.eval(whole), true, "{path}");
    }
    quiet(&browser, &server);
}
