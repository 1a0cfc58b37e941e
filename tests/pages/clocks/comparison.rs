//! Comparing two cuts, and an answer that is pinned to one.

use super::{MAIN, in_every_look, quiet, session, signed_in, strings, words};
use crate::support::Scratch;
use serde_json::json;

#[test]
fn a_comparison_names_the_facts_that_made_it() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = signed_in(&server, "acme");
    let here = session(&server, "S5", 82, "&vs=50");
    browser.open(&here);
    assert_eq!(browser.address(), here);
    let text = words(&browser, "#vs");
    assert!(
        text.contains("as known at #50, S5 was active")
            && text.contains("as known at #82, S5 had ended at 14:30:00Z"),
        "{text}"
    );
    let rows = browser.eval(
        "return [...document.querySelectorAll('#vs tbody tr')].map(tr => \
                             [...tr.cells].map(td => td.innerText))",
    );
    let expected = [("#65", "14:30:00Z", "14:52:00Z"), ("#67", "15:10:00Z", "15:10:00Z")];
    assert_eq!(rows.as_array().map(Vec::len), Some(expected.len()), "{rows}");
    for (row, (record, occurred, recorded)) in rows.as_array().into_iter().flatten().zip(expected) {
        let cell = |at: usize| row[at].as_str().unwrap_or_default();
        assert!(
            cell(0) == record && cell(2).contains(occurred) && cell(3).contains(recorded),
            "{row}"
        );
    }
    let links = strings(
        &browser.eval("return [...document.querySelectorAll('#vs tbody a')].map(a => a.href)"),
    );
    for (link, (record, ..)) in links.iter().zip(expected) {
        browser.open(link);
        assert!(words(&browser, "#record").contains(&format!("Record {record}")), "{link}");
        assert!(
            words(&browser, "#vs").contains("14:52:00Z"),
            "the drawer forgets the comparison: {link}"
        );
    }
    in_every_look(&browser, "compared-S5", &here);

    // The loss alone made the difference for S2.
    browser.open(&session(&server, "S2", 64, "&vs=31"));
    assert_eq!(
        browser
            .eval("return [...document.querySelectorAll('#vs tbody a')].map(a => a.textContent)"),
        json!(["#64"])
    );
    // Nothing reads differently, and before it was known there is nothing to compare with.
    browser.open(&session(&server, "S2", 40, "&vs=31"));
    assert!(
        words(&browser, "#vs").contains("Nothing reads differently"),
        "{}",
        words(&browser, "#vs")
    );
    browser.open(&session(&server, "S2", 64, "&vs=10"));
    let text = words(&browser, "#vs");
    assert!(
        text.contains("as known at #10, nothing was known of S2")
            && text.contains("it is known from #24"),
        "{text}"
    );
    for (vs, said) in [
        ("abc", "vs: abc is not a position"),
        ("70", "vs: #70 is later than #64"),
        ("-1", "vs: -1 is not a position"),
        ("9999", "#9999 is later than #64"),
    ] {
        browser.open(&session(&server, "S2", 64, &format!("&vs={vs}")));
        let status =
            browser.eval("return performance.getEntriesByType('navigation')[0].responseStatus");
        assert!(
            status == 422 && browser.text().contains(said),
            "{vs}: {status}: {}",
            browser.text()
        );
    }
    quiet(&browser, &server);
}

#[test]
fn the_pinned_answer_stays_when_later_records_come() {
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "ingest");
    let server = scratch.serve();
    let browser = signed_in(&server, "acme");
    let pages = [
        session(&server, "S2", 64, "&vs=31"),
        session(&server, "S5", 82, "&vs=50"),
        session(&server, "S7", 74, ""),
    ];
    let shown = || {
        pages.clone().map(|page| {
            browser.open(&page);
            browser.eval(MAIN).as_str().unwrap_or_default().to_owned()
        })
    };
    let first = shown();
    assert!(first.iter().all(|main| main.len() > 5_000));
    for (n, session, login) in [(1, "S2", "u-bob"), (2, "S5", "u-erin"), (3, "S7", "u-grace")] {
        let fact = json!({"id": format!("later-{n}"), "type": "app.accessed",
            "occurred_at": "2026-03-10T14:00:00Z", "session": session,
                          "subject": {"id": login}, "data": {"app": "wiki"}});
        let (status, body) =
            server.post("/v1/facts", Some(&token), "application/json", fact.to_string().as_bytes());
        assert_eq!(status, 200, "{body}");
    }
    assert!(shown() == first, "later records changed a pinned answer");
    // They are known since, and stand outside.
    browser.open(&pages[0]);
    let later = words(&browser, ".later");
    assert!(
        ["#67", "#77", "#84", "3 later records"].iter().all(|said| later.contains(said)),
        "{later}"
    );
    browser.open(&pages[1]);
    assert!(words(&browser, ".later").contains("▶ #85"), "{}", words(&browser, ".later"));
    quiet(&browser, &server);
}
