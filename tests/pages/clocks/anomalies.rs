//! Counted anomalies of sources.

use super::{ROWS, in_every_look, quiet, row, signed_in, strings, words};
use crate::support::Scratch;
use serde_json::{Value, json};

#[test]
fn anomalies_are_counted_and_markup_in_names_shows_as_text() {
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
    browser.follow_script("document.querySelector('table.sources tbody th a').click()");
    assert!(words(&browser, "h1").starts_with("Source "), "{}", browser.text());
    let ids = |section: &str| {
        strings(&browser.eval(&format!(
            "return [...document.querySelectorAll('section[aria-labelledby={section}-h] tbody \
            tr')].map(tr => tr.cells[tr.cells.length - 1].innerText)"
        )))
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
