//! Completeness of sources as known at K.

use super::{AT, MAIN, ROWS, in_every_look, quiet, row, signed_in, strings, words};
use crate::support::{Scratch, Server};
use claimledger_domain::RULES;
use serde_json::{Value, json};
use std::time::Duration;

fn sources(server: &Server, cut: &str, more: &str) -> String {
    let join = if more.is_empty() { "" } else { "&" };
    format!("{}/sources?{more}{join}{AT}&{cut}&rules={RULES}", server.url)
}

#[test]
fn a_gap_is_open_as_known_before_it_was_filled() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = signed_in(&server, "acme");
    // Without T, K and R the address leads to the pinned one; the frame leads here.
    browser.open(&format!("{}/sessions", server.url));
    browser.eval("document.querySelector('.top nav a[href=\"/sources\"]').click()");
    browser.arrives(&sources(&server, "knownAtPosition=82", ""));
    let filled = browser.eval(ROWS);
    assert_eq!(filled.as_array().map(Vec::len), Some(4), "{filled}");
    assert_eq!(
        row(&filled, "idp-x"),
        [
            "idp-x",
            "23:00:00Z (stated, #80)",
            "0 s",
            "1 (max +2 min)",
            "0",
            "0",
            "0",
            "0",
            "1, back-filled"
        ],
        "{filled}"
    );
    assert_eq!(row(&filled, "acme-sp")[3], "2 (max +2 h 30 min)", "{filled}");
    let gaps = words(&browser, "main .gaps");
    assert!(
        gaps.contains(
            "idp-x silent 2026-03-10 14:10:00Z to 14:25:00Z (#63, recorded \
                           14:25:00Z), back-filled 16:30:00Z (#73)"
        ),
        "{gaps}"
    );
    assert_eq!(
        browser.eval(
            "return [document.querySelectorAll('svg.heard a.gap.filled').length, \
                      document.querySelectorAll('svg.heard a.gap.open').length]"
        ),
        json!([1, 0])
    );
    in_every_look(&browser, "sources", &sources(&server, "knownAtPosition=82", ""));

    // As known at a time, before it was filled.
    browser.open(&sources(&server, "knownAt=2026-03-10T16:00:00Z", ""));
    assert!(
        words(&browser, ".verdict").contains("1 silence, 1 still open"),
        "{}",
        words(&browser, ".verdict")
    );
    let open = row(&browser.eval(ROWS), "idp-x");
    assert!(
        open[1].ends_with("16:00:00Z (stated, #70)") && open[2] == "0 s" && open[8] == "1, 1 open",
        "{open:?}"
    );
    let gaps = words(&browser, "main .gaps");
    assert!(gaps.contains("(#63, recorded 14:25:00Z), open") && !gaps.contains("#73"), "{gaps}");
    assert_eq!(
        browser.eval(
            "return [document.querySelectorAll('svg.heard a.gap.filled').length, \
                      document.querySelectorAll('svg.heard a.gap.open').length]"
        ),
        json!([0, 1])
    );
    in_every_look(
        &browser,
        "sources-open",
        &sources(&server, "knownAt=2026-03-10T16:00:00Z", "source=idp-x"),
    );
    // Before it was known, there is none; and the longer nothing was heard, the longer the lag.
    browser.open(&sources(&server, "knownAtPosition=62", ""));
    assert!(
        words(&browser, ".verdict").contains("No silence is known"),
        "{}",
        words(&browser, ".verdict")
    );
    assert_eq!(row(&browser.eval(ROWS), "idp-x")[1..3], ["nothing said", "not known"]);
    browser.open(&sources(&server, "knownAtPosition=78", ""));
    assert_eq!(row(&browser.eval(ROWS), "idp-y")[2], "4 h");

    // Every bar ends where its time stands on the axis.
    browser.open(&sources(&server, "knownAtPosition=82", "source=idp-x"));
    let off = browser.eval(
        "const svg = document.querySelector('svg.heard'), t = s => \
        Date.parse(s), [from, until] = [t(svg.dataset.from), t(svg.dataset.until)];
        return [...svg.querySelectorAll('a[data-until]')].map(a => \
        { const b = a.querySelector('.body').getBBox(); return b.x + b.width - (184 + \
        (t(a.dataset.until) - from) / (until - from) * 1016) })",
    );
    let off: Vec<f64> = serde_json::from_value(off).expect("numbers");
    assert!(off.len() == 2 && off.iter().all(|off| off.abs() < 0.5), "{off:?}");
    let late = words(&browser, "section[aria-labelledby=late-h]");
    assert!(
        late.contains("#39") && late.contains("13:10:00Z") && late.contains("13:12:00Z (+2 min)"),
        "{late}"
    );

    // No link is dead, and records open in place.
    let links = strings(&browser.eval(
        "return [...new Set([...document.querySelectorAll('main a[href]')].map(a => a.href ?? \
         a.getAttribute('href')).map(h => h.baseVal ?? h))]",
    ));
    assert!(links.len() > 6, "{links:?}");
    for link in links {
        browser.open(&format!("{}{}", server.url, link.trim_start_matches(&server.url)));
        assert_eq!(
            browser.eval("return performance.getEntriesByType('navigation')[0].responseStatus"),
            200,
            "{link}"
        );
        if let Some(position) = link.split("open=").nth(1).and_then(|rest| rest.split('#').next()) {
            let opened = words(&browser, "#record");
            assert!(
                opened.contains(&format!("Record #{position}")) && opened.contains("leaf hash"),
                "{link}: {opened}"
            );
        }
    }
    quiet(&browser, &server);
}

#[test]
fn source_completeness_is_as_known_at_k_and_per_tenant() {
    let scratch = Scratch::fixture();
    let tokens = ["acme", "globex"].map(|tenant| scratch.token(tenant, "ingest,govern"));
    let server = scratch.serve();
    let (acme, globex) = (signed_in(&server, "acme"), signed_in(&server, "globex"));
    let pages = [
        sources(&server, "knownAtPosition=82", ""),
        sources(&server, "knownAtPosition=72", "source=idp-x"),
    ];
    let shown = || {
        pages.clone().map(|page| {
            acme.open(&page);
            acme.eval(MAIN).as_str().unwrap_or_default().to_owned()
        })
    };
    let first = shown();
    assert!(first.iter().all(|main| main.len() > 2_000));
    let mut size = 0;
    for (token, source) in tokens.iter().zip(["idp-x", "only-globex"]) {
        let late = json!({"id": "late-1", "type": "app.accessed",
            "occurred_at": "2026-03-10T09:00:00Z", "source": source, "session": "S1",
            "subject": {"id": "u-alice"}, "data": {"app": "wiki"}});
        let silent = json!({"id": "silent-1", "type": "source.silent",
            "occurred_at": "2026-03-10T23:30:00Z", "source": source,
            "data": {"from": "2026-03-10T10:00:00Z", "until": "2026-03-10T10:30:00Z"}});
        for fact in [late, silent] {
            let (status, body) = server.post(
                "/v1/facts",
                Some(token),
                "application/json",
                fact.to_string().as_bytes(),
            );
            assert_eq!(status, 200, "{body}");
            let stored: Value = serde_json::from_str(&body).expect("JSON");
            if source == "idp-x" {
                size = stored["results"][0]["position"].as_u64().expect("a position") + 1;
            }
        }
    }
    assert!(shown() == first, "later records changed what was heard by K");
    // At the head they are there, in their own tenant alone.
    acme.open(&format!("{}/sources", server.url));
    let rows = acme.eval(ROWS);
    assert_eq!(
        (row(&rows, "idp-x")[3].as_str(), row(&rows, "idp-x")[8].as_str()),
        ("2 (max +14 h)", "2, 1 open"),
        "{rows}"
    );
    assert!(!acme.text().contains("only-globex"), "{}", acme.text());
    globex.open(&format!("{}/sources", server.url));
    let rows = globex.eval(ROWS);
    assert_eq!(
        rows.as_array().into_iter().flatten().map(|row| row[0].clone()).collect::<Value>(),
        json!(["globex-sp", "idp-x", "only-globex"])
    );
    assert_eq!(
        row(&rows, "idp-x")[3],
        "0",
        "what the other tenant's source of the same name did: {rows}"
    );
    // Another tenant's source and nobody's are not found alike.
    let page = |name: &str| {
        acme.open(&sources(&server, "knownAtPosition=82", &format!("source={name}")));
        acme.eval(
            "return [document.documentElement.outerHTML, \
                   performance.getEntriesByType('navigation')[0].responseStatus]",
        )
    };
    // A page says the last signed root, and these are compared to the byte.
    let signed = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        page("nobody")[0].as_str().is_some_and(|html| html.contains(&format!("root of {size} ")))
    });
    assert!(signed, "no root of {size} records was signed");
    let nobody = page("nobody");
    assert!(
        nobody[1] == 404
            && nobody[0]
                .as_str()
                .is_some_and(|html| html.contains("Nothing by this id is known at #82")),
        "{nobody}"
    );
    for name in ["only-globex", "globex-sp", "..", "%3Cb%3E", "claimledger"] {
        assert_eq!(page(name), nobody, "{name}");
    }
    quiet(&acme, &server);
    quiet(&globex, &server);
}

#[test]
fn sources_work_by_keyboard_and_without_script() {
    const DOWN: char = '\u{E015}';
    const ENTER: char = '\u{E007}';
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = signed_in(&server, "acme");
    let here = sources(&server, "knownAtPosition=82", "source=idp-x");
    browser.open(&here);
    let read = || {
        browser.eval(
            "return [document.querySelector('main').textContent, \
                      document.querySelectorAll('main a[href]').length]",
        )
    };
    let with = read();
    browser.eval("document.querySelector('.figure').focus()");
    browser.press(&[DOWN]);
    let said = words(&browser, "output.spoken");
    assert!(said.starts_with("idp-x heard to 23:00:00Z, stated"), "{said}");
    browser.press(&[ENTER]);
    browser.arrives(&format!("{here}&open=80#record"));
    browser.scripts(false);
    browser.open(&here);
    assert_eq!(read(), with);
    browser.scripts(true);
    quiet(&browser, &server);
}
