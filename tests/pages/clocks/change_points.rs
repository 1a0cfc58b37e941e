//! The records that changed a session's answer, and the ways to them.

use super::{in_every_look, quiet, session, signed_in, strings, words};
use crate::support::Scratch;
use serde_json::json;

#[test]
fn change_points_are_the_records_that_changed_the_answer() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = signed_in(&server, "acme");
    browser.open(&session(&server, "S2", 64, ""));
    let points = strings(&browser.eval(
        "return [...document.querySelectorAll('main a.change-point')] \
         .map(a => a.textContent.trim())",
    ));
    let told = |points: &[String]| {
        points
            .iter()
            .filter_map(|stop| stop.split(' ').next().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    // The start of the IdP's session (#26), the version of the policy (#29) and the key's
    // retirement (#45) change lanes alone; the silence (#63) changes nothing of this page.
    let expected = ["#24", "#25", "#26", "#27", "#28", "#29", "#30", "#31", "#45", "#64"];
    assert_eq!(told(&points), expected, "{points:?}");
    assert!(
        points[0].ends_with("claims received") && points[7].ends_with("12:30:00Z app access"),
        "{points:?}"
    );
    assert!(points[9].ends_with("14:40:00Z authenticator lost"), "{points:?}");
    let beside = |nth: usize| words(&browser, &format!("main .change-points li:nth-child({nth})"));
    for (nth, says) in [
        (3, "IdP session started: beside it: IdP session is-S2, its records"),
        (6, "policy configured: beside it: policy payroll"),
        (9, "key retired: beside it: key X1, why pwd counted"),
    ] {
        assert!(beside(nth).contains(says), "{}", beside(nth));
    }
    assert!(
        words(&browser, "main .known")
            .contains("◀ #45 13:30:00Z key retired · #64 14:40:00Z authenticator lost"),
        "{}",
        browser.text()
    );
    let lost = words(&browser, "main .change-points li:last-child");
    assert!(
        lost.contains("late +2 h 30 min")
            && lost.contains("factor hwk, factor phr, decision on payroll"),
        "{lost}"
    );
    // What is known since stands outside of what is pinned.
    assert_eq!(words(&browser, ".later a[rel=next]"), "▶ #67 15:10:00Z trust retracted");
    assert!(!words(&browser, "main").contains("#77"), "a later stop stands in the pinned answer");

    // Each shows the session as known then, and forgets nothing of how it is looked at.
    browser.open(&session(&server, "S2", 64, "").replace("id=S2", "id=S2&order=recorded"));
    let links = strings(
        &browser.eval("return [...document.querySelectorAll('a.change-point')].map(a => a.href)"),
    );
    assert_eq!(links.len(), 12);
    for link in links {
        browser.open(&link);
        assert_eq!(browser.address(), link, "a link leads to a pinned address");
        let state = browser.eval(
            "return [document.querySelector('h1').innerText, \
                                  document.querySelector('.switches strong').innerText, \
                                  document.querySelector('#known-h').innerText, new \
                                  URL(location).searchParams.get('knownAtPosition')]",
        );
        assert!(
            state[0].as_str().is_some_and(|title| title.starts_with("S2"))
                && state[1] == "recorded",
            "{link}: {state}"
        );
        assert_eq!(
            state[2].as_str().map(str::to_owned),
            state[3].as_str().map(|n| format!("As known at #{n}"))
        );
        assert_eq!(
            words(&browser, "main .known strong").split(' ').next(),
            state[3].as_str().map(|n| format!("#{n}")).as_deref(),
            "a stop is one"
        );
    }
    // As known before the loss the security key runs on; from it on it ends at 12:10:00Z, told
    // late.
    browser.open(&session(&server, "S2", 31, ""));
    let tail = "return document.querySelectorAll('svg.tl .tail').length > 0 && \
                document.querySelector('svg.tl').textContent.includes('+2 h 30 min')";
    let rows = "return [...document.querySelectorAll('#tl-table tbody tr')].map(tr => \
                tr.textContent).filter(t => t.includes('hwk')).join('\\n')";
    let running = browser.eval(rows).as_str().unwrap_or_default().to_owned();
    assert!(!running.is_empty() && !running.contains("12:10:00Z"), "{running}");
    assert_eq!(browser.eval(tail), false);
    browser.open(&session(&server, "S2", 64, ""));
    let lost = browser.eval(rows).as_str().unwrap_or_default().to_owned();
    assert!(lost.contains("12:10:00Z") && lost.contains("ended by #64"), "{lost}");
    assert_eq!(browser.eval(tail), true, "the loss is not drawn as told late");
    in_every_look(&browser, "points-S2", &session(&server, "S2", 64, ""));
    quiet(&browser, &server);
}

#[test]
fn links_lists_and_slider_lead_to_the_same_address() {
    const RIGHT: char = '\u{E014}';
    const LEFT: char = '\u{E012}';
    const ENTER: char = '\u{E007}';
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = signed_in(&server, "acme");
    let here = session(&server, "S2", 64, "");
    let (before, after) = (session(&server, "S2", 45, ""), session(&server, "S2", 67, ""));
    browser.open(&here);
    assert_eq!(
        browser.eval(
            "return [document.querySelector('main a[rel=prev]').href, \
                      document.querySelector('.later a[rel=next]').href]"
        ),
        json!([before, after])
    );
    // By keyboard: the slider stands at K in the fold of the strip, and shows nothing before it is
    // asked to.
    let slide = || {
        browser.eval(
            "document.querySelector('.strip details').open = true; \
             document.querySelector('.strip .slider input').focus()",
        )
    };
    slide();
    assert!(
        words(&browser, ".slider output").starts_with("#64 "),
        "{}",
        words(&browser, ".slider")
    );
    browser.press(&[LEFT]);
    assert!(
        words(&browser, ".slider output").starts_with("#45 "),
        "{}",
        words(&browser, ".slider")
    );
    assert_eq!(browser.address(), here);
    browser.press(&[ENTER]);
    browser.arrives(&before);
    browser.open(&here);
    slide();
    browser.press(&[RIGHT, ENTER]);
    browser.arrives(&after);
    // Lists without script, up to K and after it.
    browser.scripts(false);
    for (list, value, to) in [
        ("main .known select[name=knownAtPosition]", 45, &before),
        (".later select[name=knownAtPosition]", 67, &after),
    ] {
        browser.open(&here);
        browser.eval(&format!(
            "const s = document.querySelector('{list}'); s.value = '{value}'; \
                               s.form.querySelector('button').click()"
        ));
        browser.arrives(to);
    }
    // And what it is compared with.
    browser.open(&here);
    let compared = strings(&browser.eval(
        "return [...document.querySelectorAll('main .change-points a:not(.change-point)')] \
         .map(a => a.href)",
    ));
    assert_eq!(compared.len(), 9, "the last one is what is shown: {compared:?}");
    browser.eval(
        "const s = document.querySelector('main select[name=vs]'); s.value = '31'; \
                  s.form.querySelector('button').click()",
    );
    browser.arrives(&format!("{here}&vs=31"));
    assert!(compared.contains(&format!("{here}&vs=31#vs")), "{compared:?}");
    // Only a lane differs since #31.
    browser.open(&format!("{}&vs=31", session(&server, "S2", 45, "")));
    let since = words(&browser, "#vs");
    assert!(
        since
            .contains("The session itself reads the same at T.Beside it reads differently: key X1")
            && !since.contains("no record in between"),
        "{since}"
    );
    browser.open(&format!("{}&vs=45", session(&server, "S2", 63, "")));
    let since = words(&browser, "#vs");
    assert!(since.contains("no record in between changed this answer"), "{since}");
    browser.scripts(true);
    quiet(&browser, &server);
}
