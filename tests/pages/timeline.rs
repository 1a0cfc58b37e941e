//! The timeline of a session in a real browser: windows by links, by keys, by wheel and drag; a
//! card; a record that opens at the side, with the focus, and gives it back.

use super::many;
use crate::support::{
    Scratch,
    browser::{Browser, at, picture, quiet, screen},
};
use claimledger_domain::RULES;
use serde_json::{Value, json};

const AT: &str = "at=2026-03-10T23:00:00Z&knownAtPosition=82";

const TAB: char = '\u{E004}';
const ENTER: char = '\u{E007}';
const ESCAPE: char = '\u{E00C}';
const DOWN: char = '\u{E015}';
const PLUS: char = '+';
const MINUS: char = '-';

fn page(session: &str, more: &str) -> String {
    format!("/session?id={session}{more}&{AT}&rules={RULES}")
}

/// The window of the figure.
const WINDOW: &str = "const s = document.querySelector('svg.tl'); return s.dataset.from + ' ' + \
                      s.dataset.until";
/// What has the focus: the id of an element.
const FOCUS: &str = "return document.activeElement.id";
/// The ways to other windows: name and address.
const WAYS: &str = "return [...document.querySelectorAll('.zoom a')].map(a => \
                    [a.textContent.trim(), a.getAttribute('href')])";

/// Bars that end elsewhere than at their pixel, items that are cut without a sign or have a sign
/// without being cut, and labels over a bar, outside of the figure, or over another label.
const WRONG: &str = "const svg = document.querySelector('svg.tl'), box = \
    svg.getBoundingClientRect(), k = 1200 / box.width, out = []; \
    const t = s => Date.parse(s), from = t(svg.dataset.from), until = t(svg.dataset.until); \
    const x = s => 184 + (t(s) - from) / (until - from) * 1016; \
    const b = e => { const r = e.getBBox(); return [r.x, r.y, r.x + r.width, r.y + r.height]; }; \
    const over = (a, c) => Math.min(a[2], c[2]) - Math.max(a[0], c[0]) > 0.5 && Math.min(a[3], \
    c[3]) - Math.max(a[1], c[1]) > 1; \
    for (const lane of svg.querySelectorAll('g.lane:not(.sign-in)')) { \
      for (const a of lane.querySelectorAll('a.bar')) { \
        const says = a.querySelector('title').textContent, bodies = \
          [...a.querySelectorAll('.body, .bounded, .fading')].map(b); \
        const right = Math.max(...bodies.map(r => r[2])), left = Math.min(...bodies.map(r => \
          r[0])); \
        const end = a.dataset.until, cut = c => a.classList.contains(c); \
        if (end && t(end) <= until && t(end) > from && Math.abs(right - x(end)) > 0.5) \
          out.push(['end', says, right, x(end)]); \
        if (t(a.dataset.from) >= from && Math.abs(left - x(a.dataset.from)) > 0.5) \
          out.push(['start', says, left, x(a.dataset.from)]); \
        if (cut('cut-before') !== (t(a.dataset.from) < from && right > 184.5)) \
          out.push(['before', says]); \
        if (end && cut('cut-after') !== (t(end) > until)) out.push(['after', says]); \
        const torn = a.querySelector('.body, .bounded').getAttribute('d').includes('L'); \
        if ((cut('cut-before') || cut('cut-after')) && !torn) out.push(['torn', says]); \
        if (end && !says.includes(end.slice(11))) out.push(['title', says, end]); } \
      const bars = [...lane.querySelectorAll('a.bar :is(.body, .bounded, .latest)')].map(b); \
      const texts = [...lane.querySelectorAll('text:not(.count)')]; \
      for (const text of texts) { const r = b(text); \
        if (r[0] < 0 || r[2] > 1200.5) out.push(['outside', text.textContent, r]); \
        if (lane.matches('.trust, .policy')) continue; \
        if (bars.some(bar => over(bar, r))) out.push(['over', text.textContent, r]); \
        if (texts.some(other => other !== text && over(b(other), r))) \
          out.push(['overlaps', text.textContent]); } } \
    if (document.documentElement.scrollWidth > document.documentElement.clientWidth) \
      out.push('sideways'); return out";

#[test]
fn windows_are_links_and_cut_bars_say_so() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &page("S2", ""));
    for (look, width, height) in [("desk", 1440, 900), ("phone", 390, 844)] {
        browser.viewport(width, height);
        for session in ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"] {
            browser.open(&format!("{}{}", server.url, page(session, "")));
            let ways: Vec<(String, String)> =
                serde_json::from_value(browser.eval(WAYS)).expect("pairs");
            let names: Vec<&str> = ways.iter().map(|(name, _)| name.as_str()).collect();
            let all = [
                "7 d",
                "24 h",
                "6 h",
                "1 h",
                "15 min",
                "5 min",
                "1 min",
                "10 s",
                "sign-in",
                "◀ earlier",
                "in ×4",
                "out ×4",
                "later ▶",
            ];
            assert_eq!(names, all, "{session}");
            assert!(ways.iter().all(|(_, href)| href.contains(AT)), "T or K changes: {ways:?}");
            assert_eq!(browser.eval(WRONG), json!([]), "{session}, {look}");
            picture(&browser, &format!("timeline-{session}-{look}"));
            // The drawing is the same on a telephone, which shows a part of it.
            let names: &[&str] = match (look, session) {
                ("phone", _) => &[],
                (_, "S2" | "S5") => &["1 h", "sign-in", "later ▶", "out ×4"],
                _ => &["1 h"],
            };
            for name in names {
                let (_, href) = ways.iter().find(|way| way.0 == *name).expect("a way");
                browser.open(&format!("{}{href}", server.url));
                assert_eq!(browser.eval(WRONG), json!([]), "{session}, {look}, {name}");
                picture(&browser, &format!("timeline-{session}-{name}-{look}"));
            }
        }
    }
    // The other ends of one hour of S2, which began before it and ended after it.
    browser.open(&format!(
        "{}{}",
        server.url,
        page("S2", "&from=2026-03-10T12:00:00Z&to=2026-03-10T13:00:00Z")
    ));
    assert_eq!(browser.eval(WINDOW), "2026-03-10T12:00:00Z 2026-03-10T13:00:00Z");
    let cut = browser.eval(
        "const a = document.querySelector('.lane.session a'); return [a.getAttribute('class'), \
         a.querySelector('title').textContent.split('\\n')[0]]",
    );
    assert_eq!(
        cut,
        json!([
            "bar ink solid certain cut-before cut-after",
            "session S2 2026-03-10 11:30:00Z until 19:30:00Z: expired; certain"
        ])
    );
    let caption = browser.eval("return document.querySelector('.caption').textContent");
    let said = caption.as_str().unwrap_or_default();
    assert!(
        said.contains("Outside of this window: ") && said.contains("T and K lie right"),
        "{said}"
    );
    for (more, refused) in [
        ("&from=2026-03-10T12:00:00Z", "give both from and to"),
        ("&from=2026-03-10T12:00:00Z&to=2026-03-10T12:00:00Z", "later than from"),
        ("&from=2026-03-10T12:00:00Z&to=2026-03-10T11:00:00Z", "later than from"),
    ] {
        let cookies = browser.cookies();
        let cookie = format!(
            "{}={}",
            cookies[0]["name"].as_str().expect("a name"),
            cookies[0]["value"].as_str().expect("a value")
        );
        let (status, _, body) = server.get(&page("S2", more), &[("cookie", &cookie)]);
        assert!(status == 400 || status == 422, "{status}");
        assert!(body.contains(refused), "{more}: {body}");
    }
    // A row leads to the quarter of an hour to either side of what it says.
    browser.open(&format!("{}{}", server.url, page("S2", "")));
    let around = browser.eval(
        "return [...document.querySelectorAll('#records td:nth-child(3) a, .tl-table \
         td:nth-child(3) a')].map(a => a.getAttribute('href'))",
    );
    let around: Vec<String> = serde_json::from_value(around).expect("addresses");
    let lost = "&from=2026-03-10T11:55:00Z&to=2026-03-10T12:25:00Z";
    assert!(around.iter().any(|href| href.contains(lost)), "{around:?}");
    quiet(&browser, &server);
}

/// Waits until the page has another address, and has loaded.
fn arrives(browser: &Browser, from: &str) -> String {
    browser.wait_until(&format!("return location.href !== {}", json!(from)));
    // The focus is set when the page has loaded.
    browser.eval("return new Promise(done => setTimeout(done, 60))");
    browser.address()
}

fn mouse(browser: &Browser, kind: &str, (x, y): (f64, f64), more: &Value) {
    let mut event = json!({"type": kind, "x": x, "y": y, "button": "none"});
    for (name, value) in more.as_object().expect("an object") {
        event[name] = value.clone();
    }
    browser.cdp("Input.dispatchMouseEvent", &event);
}

#[test]
fn keys_wheel_and_drag_lead_to_addresses_of_links() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &page("S2", ""));
    browser.viewport(1440, 900);
    let hour = page("S2", "&from=2026-03-10T12:00:00Z&to=2026-03-10T13:00:00Z");
    let open = || browser.open(&format!("{}{hour}", server.url));
    let shift = |key: &str| {
        for kind in ["keyDown", "keyUp"] {
            browser.cdp(
                "Input.dispatchKeyEvent",
                &json!({"type": kind, "key": key, "code": key, "modifiers": 8}),
            );
        }
    };
    for (name, key) in [("in ×4", '+'), ("out ×4", '-'), ("◀ earlier", '<'), ("later ▶", '>')]
    {
        open();
        let ways: Vec<(String, String)> =
            serde_json::from_value(browser.eval(WAYS)).expect("pairs");
        let link = ways.iter().find(|way| way.0 == name).expect("a way").1.clone();
        let before = browser.address();
        // Without the focus on the figure no key does anything.
        browser.press(&[PLUS, MINUS]);
        assert_eq!(browser.address(), before);
        browser.eval("document.querySelector('.figure').focus()");
        match key {
            '<' => shift("ArrowLeft"),
            '>' => shift("ArrowRight"),
            key => browser.press(&[key]),
        }
        assert_eq!(arrives(&browser, &before), format!("{}{link}", server.url), "{name}");
        // Pressed again it goes on from there: the focus is where it was.
        assert_eq!(browser.eval(FOCUS), "tl-figure", "{name}");
    }
    open();
    let middle = browser.eval(
        "const s = document.querySelector('svg.tl'); s.scrollIntoView({block: 'center'}); const r \
         = s.getBoundingClientRect(); return [r.left + r.width * (184 + 508) / 1200, r.top + 60, \
         r.width]",
    );
    let point = (middle[0].as_f64().expect("x"), middle[1].as_f64().expect("y"));
    let before = browser.address();
    let scrolled = browser.eval("return scrollY");
    mouse(&browser, "mouseWheel", point, &json!({"deltaX": 0, "deltaY": -100}));
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(browser.address(), before, "the wheel alone belongs to the page");
    assert_ne!(browser.eval("return scrollY"), scrolled, "the page does not scroll");
    browser.eval("scrollBy(0, 100)");
    mouse(&browser, "mouseWheel", point, &json!({"deltaX": 0, "deltaY": -120, "modifiers": 2}));
    let zoomed = arrives(&browser, &before);
    let window = browser.eval(WINDOW);
    let window = window.as_str().unwrap_or_default().to_owned();
    assert!(window.starts_with("2026-03-10T12:"), "{window}");
    let (from, until) = window.split_once(' ').expect("two times");
    assert_eq!(
        zoomed,
        format!("{}{}#tl-figure", server.url, page("S2", &format!("&from={from}&to={until}")))
    );
    assert!(from > "2026-03-10T12:05:00Z" && until < "2026-03-10T12:55:00Z", "{window}");

    // Dragged by a quarter of the plot to the left: a quarter of an hour later.
    open();
    browser.eval("document.querySelector('svg.tl').scrollIntoView({block: 'center'})");
    let before = browser.address();
    let by = middle[2].as_f64().expect("a width") * 254.0 / 1200.0;
    let press = json!({"button": "left", "buttons": 1, "clickCount": 1});
    mouse(&browser, "mousePressed", point, &press);
    mouse(&browser, "mouseMoved", (point.0 - by / 2.0, point.1), &press);
    mouse(&browser, "mouseMoved", (point.0 - by, point.1), &press);
    mouse(&browser, "mouseReleased", (point.0 - by, point.1), &press);
    arrives(&browser, &before);
    assert_eq!(browser.eval(WINDOW), "2026-03-10T12:15:00Z 2026-03-10T13:15:00Z");
    quiet(&browser, &server);
}

#[test]
fn a_bar_opens_its_record_at_the_side_and_gets_the_focus_back() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &page("S2", ""));
    for (look, width, height) in [("desk", 1440, 900), ("phone", 390, 844)] {
        browser.viewport(width, height);
        browser.open(&format!("{}{}", server.url, page("S2", "")));
        let mut stops = 0;
        while browser.eval(FOCUS) != "tl-figure" {
            browser.press(&[TAB]);
            stops += 1;
            assert!(stops < 60, "Tab does not reach the figure");
        }
        // From there to every window, and back.
        let mut ways = 0;
        while browser.eval("return document.activeElement.closest('.figure, .zoom') !== null")
            == true
        {
            browser.press(&[TAB]);
            ways += 1;
        }
        assert_eq!(ways, 14, "Tab does not reach every window, each once");
        browser.eval("document.querySelector('.figure').focus()");
        // Down to the second factor, which rests on the same record as the first one.
        let hwk = "return document.querySelector('svg.tl .lane.factor ~ .lane.factor a').id";
        let id = browser.eval(hwk);
        stops = 0;
        while browser.eval(FOCUS) != id {
            browser.press(&[DOWN]);
            stops += 1;
            assert!(stops < 20, "the arrow keys do not reach {id}");
        }
        let card = browser.eval("return document.querySelector('.card').innerText");
        let card = card.as_str().unwrap_or_default().to_owned();
        for part in [
            "hwk",
            "12:10:00Z",
            "certain",
            "joined",
            "#24 occurred",
            "recorded",
            "+0 s",
            "14:40:00Z (+2 h 30 min)",
        ] {
            assert!(card.contains(part), "{look}: no {part} in the card: {card}");
        }
        screen(&browser, &format!("timeline-card-{look}"));
        let before = browser.address();
        let top = browser.eval("return scrollY");
        browser.press(&[ENTER]);
        let opened = arrives(&browser, &before);
        let nth = id.as_str().and_then(|id| id.strip_prefix("tl-24-")).expect("not the first");
        assert!(opened.contains(&format!("&open=24&bar={nth}#record-h")), "{opened}");
        assert_eq!(browser.eval(FOCUS), "record-h", "{look}: the focus is not in the drawer");
        let boxes = browser.eval(
            "const of = s => { const r = document.querySelector(s).getBoundingClientRect(); \
             return [r.left, r.top, r.right, r.bottom]; }; return [of('aside#record'), \
             of('.answer'), of('#record-h'), [innerWidth, innerHeight, scrollY], \
             [document.documentElement.scrollWidth], of('.strip'), of('.drawer .close')]",
        );
        let number = |i: usize, j: usize| boxes[i][j].as_f64().expect("a number");
        for part in [2, 6] {
            let in_sight = number(part, 1) >= number(5, 3) && number(part, 3) <= number(3, 1);
            assert!(in_sight, "{look}: the head of the drawer is out of sight: {boxes}");
        }
        assert!(number(4, 0) <= number(3, 0), "{look}: sideways: {boxes}");
        if look == "desk" {
            assert!(number(0, 0) >= number(1, 2), "the drawer lies over the answer: {boxes}");
            assert_eq!(boxes[3][2], top, "the page does not stay where it was");
        } else {
            assert!(number(0, 1) >= number(1, 3), "the drawer lies over the answer: {boxes}");
        }
        let marked = "return document.querySelector('svg.tl a[aria-current]').id";
        assert_eq!(browser.eval(marked), id, "{look}");
        screen(&browser, &format!("timeline-drawer-{look}"));
        browser.press(&[ESCAPE]);
        let closed = arrives(&browser, &opened);
        assert!(!closed.contains("open="), "{closed}");
        assert_eq!(browser.eval(FOCUS), id, "{look}: the focus does not come back to its bar");

        // The links do the same by themselves.
        browser.scripts(false);
        browser.open(&opened);
        assert_eq!(browser.eval(FOCUS), "record-h", "{look}: without script");
        let close = "return document.querySelector('.drawer a.close').href";
        browser.open(browser.eval(close).as_str().expect("an address"));
        assert_eq!(browser.eval(FOCUS), id, "{look}: without script");
        browser.scripts(true);
    }
    quiet(&browser, &server);
}

#[test]
fn pointing_at_an_item_shows_its_card_and_asks_nothing() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let browser = at(&server, "acme", &page("S5", ""));
    browser.viewport(1440, 900);
    let asked = "return performance.getEntriesByType('resource').length";
    let before = browser.eval(asked);
    let on = browser.eval(
        "const a = document.querySelector('svg.tl .lane.factor a'); \
         a.scrollIntoView({block: 'center'}); window.said = \
         a.querySelector('title').textContent; const r = \
         a.querySelector('.body').getBoundingClientRect(); return [r.left + r.width / 2, r.top + \
         r.height / 2]",
    );
    let point = (on[0].as_f64().expect("x"), on[1].as_f64().expect("y"));
    mouse(&browser, "mouseMoved", point, &json!({}));
    let card = "const c = document.querySelector('.card'), r = c.getBoundingClientRect(); return \
                [c.hidden, [...c.children].map(p => p.textContent).join('\\n') === window.said, \
                r.left >= 0 && r.right <= innerWidth && r.top >= 0 && r.bottom <= innerHeight]";
    assert_eq!(browser.eval(card), json!([false, true, true]));
    screen(&browser, "timeline-card");
    browser.press(&[ESCAPE]);
    assert_eq!(browser.eval("return document.querySelector('.card').hidden"), true);
    let title = "return document.querySelector('svg.tl .lane.factor a title').textContent === \
                 window.said";
    assert_eq!(browser.eval(title), true, "the title is lost");
    assert_eq!(browser.eval(asked), before, "something was fetched");
    quiet(&browser, &server);
}

#[test]
fn many_records_and_equal_decisions_stay_readable() {
    let scratch = Scratch::rehearsal(&["acme"]);
    let file = scratch.file("many.jsonl", many::lines());
    scratch.ok(&["ingest", &file]);
    let server = scratch.serve();
    let browser = at(&server, "acme", "/session?id=SAME&at=2026-03-10T23:00:00Z");
    browser.viewport(1440, 900);
    let articles = "return [...document.querySelectorAll('#why article[id]')].map(a => \
                    a.innerText)";
    let trees: Vec<String> = serde_json::from_value(browser.eval(articles)).expect("texts");
    assert_eq!(trees.len(), 1, "equal decisions do not fold: {trees:?}");
    assert!(
        trees[0].contains(
            "24 decisions, the same reasons; the differences: when, 2026-03-10 01:05:00Z to \
             03:00:00Z"
        ),
        "{trees:?}"
    );
    assert_eq!(browser.eval(WRONG), json!([]));
    picture(&browser, "timeline-same");
    let decision = browser.eval("return document.querySelector('.lane.decisions a').href.baseVal");
    browser.open(&format!("{}{}", server.url, decision.as_str().expect("an address")));
    let text = browser.text();
    assert!(text.contains("24 decisions, the same reasons; the differences: when,"), "{text}");

    browser.open(&format!("{}/session?id=LONG&at=2026-03-10T23:00:00Z", server.url));
    let bytes = "return performance.getEntriesByType('navigation')[0].decodedBodySize";
    let whole = browser.eval(bytes).as_u64().expect("bytes");
    assert!(whole > 50_000 && whole <= 250 * 1024, "{whole} bytes");
    assert!(browser.text().contains("500 records of this session"));
    assert!(!browser.text().contains("Left out"), "{}", browser.text());
    assert_eq!(browser.eval(WRONG), json!([]));
    picture(&browser, "timeline-long");
    // A column leads to its own part.
    let column = browser.eval("return document.querySelector('a.column').href.baseVal");
    let column = column.as_str().expect("an address").to_owned();
    assert!(column.contains("&from=2026-03-10T07:") && column.contains("#tl-figure"), "{column}");
    browser.open(&format!("{}{column}", server.url));
    let part = browser.eval(
        "return [document.querySelectorAll('a.column').length, \
         document.querySelectorAll('.lane.decisions a').length]",
    );
    assert!(part[0] == 0 && part[1].as_u64().is_some_and(|n| (1..=5).contains(&n)), "{part}");
    browser.follow_script("document.querySelector('.zoom-level').click()");
    let zoomed = browser.eval(bytes).as_u64().expect("bytes");
    assert!(zoomed <= 250 * 1024, "{zoomed} bytes");
    println!("the page of 500 records has {whole} bytes");
    quiet(&browser, &server);
}
