//! Both clocks on pages, in a real browser: the records that changed a session's answer, what was
//! believed as known at another, and what was heard of each source.

use crate::support::browser::{Browser, picture};
use crate::support::{Scratch, Server};
use claimledger_domain::RULES;
use serde_json::{Value, json};

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

/// Waits until the browser is at an address that a form or a script leads to.
fn arrives(browser: &Browser, address: &str) {
    for _ in 0..200 {
        if browser.address() == address && browser.eval("return document.readyState") == "complete"
        {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    assert_eq!(browser.address(), address);
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
    // Not the version of the policy (#29), the key's retirement (#45) or the silence (#63): they
    // change nothing of this session.
    assert_eq!(told(&points), ["#24", "#25", "#27", "#28", "#30", "#31", "#64"], "{points:?}");
    assert!(
        points[0].ends_with("claims received") && points[5].ends_with("12:30:00Z app access"),
        "{points:?}"
    );
    assert!(points[6].ends_with("14:40:00Z authenticator lost"), "{points:?}");
    assert!(
        words(&browser, "main .known")
            .contains("◀ #31 12:30:00Z app access · #64 14:40:00Z authenticator lost"),
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
    assert_eq!(words(&browser, ".later a[rel=next]"), "▶ #77 19:30:00Z ended");
    assert!(!words(&browser, "main").contains("#77"), "a later stop stands in the pinned answer");

    // Each shows the session as known then, and forgets nothing of how it is looked at.
    browser.open(&session(&server, "S2", 64, "").replace("id=S2", "id=S2&order=recorded"));
    let links = strings(
        &browser.eval("return [...document.querySelectorAll('a.change-point')].map(a => a.href)"),
    );
    assert_eq!(links.len(), 8);
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
    let (before, after) = (session(&server, "S2", 31, ""), session(&server, "S2", 77, ""));
    browser.open(&here);
    assert_eq!(
        browser.eval(
            "return [document.querySelector('main a[rel=prev]').href, \
                      document.querySelector('.later a[rel=next]').href]"
        ),
        json!([before, after])
    );
    // By keyboard: the slider stands at K, and shows nothing before it is asked to.
    browser.eval("document.querySelector('.slider input').focus()");
    assert!(
        words(&browser, ".slider output").starts_with("#64 "),
        "{}",
        words(&browser, ".slider")
    );
    browser.press(&[LEFT]);
    assert!(
        words(&browser, ".slider output").starts_with("#31 "),
        "{}",
        words(&browser, ".slider")
    );
    assert_eq!(browser.address(), here);
    browser.press(&[ENTER]);
    arrives(&browser, &before);
    browser.open(&here);
    browser.eval("document.querySelector('.slider input').focus()");
    browser.press(&[RIGHT, ENTER]);
    arrives(&browser, &after);
    // Lists without script, up to K and after it.
    browser.scripts(false);
    for (list, value, to) in [
        ("main .known select[name=knownAtPosition]", 31, &before),
        (".later select[name=knownAtPosition]", 77, &after),
    ] {
        browser.open(&here);
        browser.eval(&format!(
            "const s = document.querySelector('{list}'); s.value = '{value}'; \
                               s.form.querySelector('button').click()"
        ));
        arrives(&browser, to);
    }
    // And what it is compared with.
    browser.open(&here);
    let compared = strings(&browser.eval(
        "return [...document.querySelectorAll('main .change-points a:not(.change-point)')] \
         .map(a => a.href)",
    ));
    assert_eq!(compared.len(), 6, "the last one is what is shown: {compared:?}");
    browser.eval(
        "const s = document.querySelector('main select[name=vs]'); s.value = '31'; \
                  s.form.querySelector('button').click()",
    );
    arrives(&browser, &format!("{here}&vs=31"));
    assert!(compared.contains(&format!("{here}&vs=31#vs")), "{compared:?}");
    browser.scripts(true);
    quiet(&browser, &server);
}

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
        ("-1", "no position"),
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
        later.contains("#77") && later.contains("#84") && later.contains("2 later records"),
        "{later}"
    );
    browser.open(&pages[1]);
    assert!(words(&browser, ".later").contains("▶ #85"), "{}", words(&browser, ".later"));
    quiet(&browser, &server);
}

fn sources(server: &Server, cut: &str, more: &str) -> String {
    let join = if more.is_empty() { "" } else { "&" };
    format!("{}/sources?{more}{join}{AT}&{cut}&rules={RULES}", server.url)
}

/// The cells of the table's rows.
const ROWS: &str = "return [...document.querySelectorAll('table.sources tbody tr')].map(tr => \
                    [...tr.cells].map(c => c.innerText.trim()))";

fn row(rows: &Value, source: &str) -> Vec<String> {
    let row = rows.as_array().into_iter().flatten().find(|row| row[0] == source);
    strings(row.unwrap_or_else(|| panic!("no row of {source}: {rows}")))
}

#[test]
fn a_gap_is_open_as_known_before_it_was_filled() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = signed_in(&server, "acme");
    // Without T, K and R the address leads to the pinned one; the frame leads here.
    browser.open(&format!("{}/sessions", server.url));
    browser.eval("document.querySelector('.top nav a[href=\"/sources\"]').click()");
    arrives(&browser, &sources(&server, "knownAtPosition=82", ""));
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
    let off = browser.eval("const svg = document.querySelector('svg.heard'), t = s => Date.parse(s), [from, until] = [t(svg.dataset.from), t(svg.dataset.until)];
        return [...svg.querySelectorAll('a[data-until]')].map(a => \
        { const b = a.querySelector('.body').getBBox(); return b.x + b.width - (184 + (t(a.dataset.until) - from) / (until - from) * 1016) })");
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
fn what_stands_out_is_counted_and_markup_in_names_shows_as_text() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let evil = "<b>feed</b><script>document.title='owned'</script>\u{202e}";
    let t = |clock: &str| format!("2026-05-04T{clock}Z");
    let fact = |id: &str, kind: &str, occurred: &str, recorded: &str, data: Value| {
        json!({"id": id, "type": kind, "occurred_at": t(occurred), "recorded_at": t(recorded),
        "source": evil, "session": "s-1", "subject": {"id": "u-1"}, "data": data})
    };
    let said = |id: &str, kind: &str, at: &str, data: Value| {
        json!({"id": id, "type": kind, "occurred_at": t(at), "recorded_at": t(at), "source": evil,
        "data": data})
    };
    let app = || json!({"app": "a"});
    let lines = [
        fact("a-1", "app.accessed", "06:00:00", "06:00:00", app()),
        fact("a-2", "app.accessed", "06:30:03", "06:30:00", app()),
        fact("a-3", "app.accessed", "06:40:00", "06:41:00", app()),
        fact("a-4", "app.accessed", "06:40:00", "06:41:01", app()),
        fact("a-5", "app.accessed", "03:00:00", "07:00:00", app()),
        said("h-1", "source.heard", "08:00:00", json!({"until": t("08:00:00"), "basis": "stated"})),
        said(
            "h-2",
            "source.heard",
            "10:00:00",
            json!({"until": t("09:45:00"), "basis": "assumed"}),
        ),
        said(
            "q-1",
            "source.silent",
            "10:00:01",
            json!({"from": t("08:10:00"), "until": t("08:50:00")}),
        ),
        said(
            "q-2",
            "source.backfilled",
            "10:00:02",
            json!({"from": t("08:10:00"), "until": t("08:30:00")}),
        ),
    ];
    let file = scratch.file("feed.jsonl", lines.map(|line| line.to_string()).join("\n"));
    scratch.ok(&["ingest", &file]);
    // The same once more is no record; other content under an id is a conflict.
    scratch.ok(&["ingest", &file]);
    let other =
        fact("a-1", "app.accessed", "06:00:00", "10:00:02", json!({"app": "b"})).to_string();
    assert!(!scratch.run(&["ingest", &scratch.file("other.jsonl", other)]).status.success());
    let okta = |kind: &str, text: &str| {
        json!({"uuid": "o-1", "eventType": kind, "published": t("10:00:00.000"),
            "displayMessage": text, "actor": {"id": "u-1", "type": "User"}})
        .to_string()
    };
    for text in ["one", "two"] {
        let file = scratch.file("okta.jsonl", okta("nobody.knows.this", text));
        scratch.ok(&[
            "ingest",
            &file,
            "--as",
            "okta-system-log",
            "--source",
            "log",
            "--now",
            &t("10:00:02"),
        ]);
    }
    let server = scratch.serve();
    let browser = signed_in(&server, "acme");
    browser.open(&format!("{}/sources", server.url));
    let rows = browser.eval(ROWS);
    let feed = strings(&rows[0]);
    assert!(
        feed[0].starts_with("<b>feed</b><script>") && feed[0].contains("\\u{202E}"),
        "{feed:?}"
    );
    assert_eq!(
        feed[2..],
        ["15 min 2 s", "2 (max +4 h)", "1 (max 3 s)", "1", "0", "0", "2, 1 open"],
        "{rows}"
    );
    assert!(
        feed[1].contains("08:00:00Z (stated, ") && feed[1].contains("then 09:45:00Z (assumed, "),
        "{feed:?}"
    );
    assert_eq!(
        row(&rows, "log")[3..],
        ["0", "0", "0", "1", "2", "0"],
        "a variant is kept, and no conflict: {rows}"
    );
    // What is assumed is hatched, and what is stated is not.
    let fills = browser.eval(
        "return [...document.querySelectorAll('svg.heard a.bar.ink')].map(a \
                              => [a.classList.contains('possible'), \
                              a.querySelector('.body').getAttribute('fill')])",
    );
    assert_eq!(fills, json!([[false, null], [true, "url(#hd-possible-ink)"]]));
    in_every_look(&browser, "sources-markup", &browser.address());
    let found = browser.eval(
        "return [document.title, document.querySelectorAll('main b, main img, \
                              script:not([src])').length]",
    );
    assert!(found[0] != "owned" && found[1] == 0, "{found}");

    // Of one source, the records themselves.
    browser.eval("document.querySelector('table.sources tbody th a').click()");
    for _ in 0..200 {
        if words(&browser, "h1").starts_with("Source ") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    let ids = |section: &str| {
        strings(&browser.eval(&format!("return [...document.querySelectorAll('section[aria-labelledby={section}-h] tbody tr')].map(tr => tr.cells[tr.cells.length - 1].innerText)")))
    };
    assert_eq!(ids("late"), ["a-5", "a-4"], "those that came latest first");
    assert_eq!(ids("ahead"), ["a-2"]);
    let conflict = browser.eval(
        "return [...document.querySelectorAll('section[aria-labelledby=conflicts-h] \
                      tbody td')].map(td => td.innerText)",
    );
    let (stored, came) =
        (conflict[3].as_str().unwrap_or_default(), conflict[4].as_str().unwrap_or_default());
    assert!(
        conflict[2] == "a-1" && stored.len() == 64 && came.len() == 64 && stored != came,
        "{conflict}"
    );
    let gaps = words(&browser, "main .gaps");
    assert!(
        gaps.contains("to 08:30:00Z (#8, recorded 10:00:01Z), back-filled 10:00:02Z"),
        "{gaps}"
    );
    assert!(
        gaps.contains("silent 08:30:00Z to 08:50:00Z (#8, recorded 10:00:01Z), open"),
        "a back-fill closes what it covers: {gaps}"
    );
    assert!(browser.eval("return document.title") != "owned");
    in_every_look(&browser, "source-markup", &browser.address());
    quiet(&browser, &server);
}

#[test]
fn what_was_heard_stays_as_known_and_is_the_tenants_own() {
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
fn keyboard_and_no_script_reach_the_same_of_the_sources() {
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
    arrives(&browser, &format!("{here}&open=80#record"));
    browser.scripts(false);
    browser.open(&here);
    assert_eq!(read(), with);
    browser.scripts(true);
    quiet(&browser, &server);
}
