//! One visual language, in a real browser: `/style` and the pages, in both themes and in forced
//! colours, from 320 pixels to ultra-wide.

use crate::support::{Scratch, browser::*};
use claimledger_domain::RULES;
use serde_json::{Value, json};

/// What a page breaks: sizes of text that are none of the three, text that cannot be read on what
/// is behind it, parts outside of the window, and a page that scrolls sideways.
const BROKEN: &str = r"
  const broken = [];
  const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const style = getComputedStyle(document.documentElement);
  const sizes = ['s', 'm', 'l'].map(n =>
    (parseFloat(style.getPropertyValue('--text-' + n)) * root).toFixed(2));
  const rgb = text => {
    const parts = text.match(/[\d.]+/g).map(Number);
    return [parts[0], parts[1], parts[2], parts.length > 3 ? parts[3] : 1];
  };
  const light = c => {
    const [r, g, b] = c.map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c[3] > 0) return c;
    }
    return [255, 255, 255, 1];
  };
  const wide = document.documentElement;
  if (wide.scrollWidth > wide.clientWidth)
    broken.push('scrolls sideways: ' + wide.scrollWidth + ' of ' + wide.clientWidth);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    const said = walker.currentNode.textContent.trim().slice(0, 30);
    if (!said || e.closest('svg, script, option, .skip') || !e.checkVisibility()) continue;
    const s = getComputedStyle(e);
    if (!sizes.includes(parseFloat(s.fontSize).toFixed(2)))
      broken.push('size ' + s.fontSize + ': ' + said);
    const a = light(rgb(s.color)), b = light(behind(e));
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) broken.push('contrast ' + contrast.toFixed(2) + ': ' + said);
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const box = range.getBoundingClientRect();
    // What is in a box that scrolls by itself is reached there; heads of narrow tables are for
    // readers of text alone.
    if (!e.closest('.scroll, thead, pre') && box.width > 0 &&
        (box.left < -0.5 || box.right > innerWidth + 0.5))
      broken.push('outside: ' + said);
  }
  return broken.slice(0, 10)";

/// Light and dark; a telephone's width that zooming gives, and an ultra-wide one.
const LOOKS: [(&str, u32, u32, &str); 6] = [
    ("desk", 1440, 900, "light"),
    ("desk-dark", 1440, 900, "dark"),
    ("phone", 390, 844, "light"),
    ("phone-dark", 390, 844, "dark"),
    ("tiny", 320, 640, "light"),
    ("ultra", 3440, 1440, "dark"),
];

#[test]
fn every_page_speaks_one_language() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let pin = format!("at=2026-03-10T23:00:00Z&knownAtPosition=82&rules={RULES}");
    let pages = [
        ("style", "/style".to_owned()),
        ("overview", format!("/?{pin}")),
        ("sessions", format!("/sessions?{pin}")),
        ("session", format!("/session?id=S5&open=46&{pin}")),
        ("decision", format!("/decision?pos=30&{pin}")),
        ("trust", format!("/trust?{pin}")),
        ("evidence", "/evidence".to_owned()),
        ("access", "/access".to_owned()),
        ("refused", "/sessions?first=100000".to_owned()),
    ];
    let browser = at(&server, "acme", "/style");
    for (look, width, height, colours) in LOOKS {
        browser.viewport(width, height);
        browser.emulate(&[("prefers-color-scheme", colours)]);
        for (name, page) in &pages {
            browser.open(&format!("{}{page}", server.url));
            let broken = browser.eval(BROKEN);
            picture(&browser, &format!("style-{name}-{look}"));
            assert_eq!(broken, json!([]), "{name}, {look}");
        }
        reader_is_folded(&browser, look, f64::from(width));
    }
    sentences_end(&browser, &server);
    heads_stay(&browser, &server, &pin);
    forced_colours(&browser, &server);
    let console: Vec<String> =
        browser.console().into_iter().filter(|line| !line.contains("422")).collect();
    assert!(console.is_empty(), "{console:?}");
}

/// The head names the reader alone; a fold has the roles and the way out, and covers nothing of the
/// head.
fn reader_is_folded(browser: &Browser, look: &str, width: f64) {
    let boxes = "const box = s => { const r = document.querySelector(s).getBoundingClientRect(); \
                 return [r.left, r.top, r.right, r.bottom]; }; \
                 return [box('.top'), box('.who > form'), box('.who > summary')]";
    browser.eval("scrollTo(0, 0); document.querySelector('.who').open = false");
    let closed = browser.eval(boxes);
    browser.eval("document.querySelector('.who').open = true");
    let open = browser.eval(boxes);
    browser.eval("document.querySelector('.who').open = false");
    let edge = |boxes: &Value, of: usize, n: usize| boxes[of][n].as_f64().expect("pixels");
    assert_eq!(closed[0], open[0], "{look}: the head grows");
    if width >= 1440.0 {
        assert!(edge(&closed, 0, 3) <= 48.0, "{look}: the head is no line: {closed}");
    }
    assert!(
        edge(&open, 1, 0) >= 0.0 && edge(&open, 1, 2) <= width,
        "{look}: the roles are cut: {open}"
    );
    assert!(edge(&open, 1, 1) >= edge(&open, 2, 3), "{look}: the roles cover the name: {open}");
    assert!(edge(&open, 1, 3) > edge(&open, 1, 1) + 40.0, "{look}: nothing opens: {open}");
}

/// However wide the window is, sentences end where they can be read; tables go on.
fn sentences_end(browser: &Browser, server: &crate::support::Server) {
    browser.viewport(3440, 1440);
    browser.open(&format!("{}/style", server.url));
    let widths = browser.eval(
        "const width = s => Math.max(...[...document.querySelectorAll(s)].map(e => \
         e.getBoundingClientRect().width)); return [width('main p'), width('main section')]",
    );
    assert!(widths[0].as_f64() < Some(1_200.0), "{widths}");
    assert!(widths[1].as_f64() > Some(1_500.0), "{widths}");
}

/// The head of a long table stays in sight, below the strip and not under it.
fn heads_stay(browser: &Browser, server: &crate::support::Server, pin: &str) {
    browser.viewport(1440, 400);
    browser.open(&format!("{}/sessions?{pin}", server.url));
    let places = browser.eval(
        "const head = document.querySelector('table.sessions thead th'); \
         const last = document.querySelector('table.sessions tbody tr:last-child'); \
         scrollTo(0, last.getBoundingClientRect().top + scrollY - 200); \
         const strip = document.querySelector('.strip').getBoundingClientRect(); \
         const box = head.getBoundingClientRect(); \
         return [strip.bottom, box.top, last.getBoundingClientRect().top, box.bottom]",
    );
    let place = |n: usize| places[n].as_f64().expect("pixels");
    assert!(place(1) >= place(0) - 2.0 && place(1) <= place(0) + 12.0, "the head went: {places}");
    assert!(place(3) <= place(2), "the head covers the last row: {places}");
}

/// In forced colours every colour is the system's, and what colour said is said by outlines.
fn forced_colours(browser: &Browser, server: &crate::support::Server) {
    browser.viewport(1440, 900);
    browser.emulate(&[("forced-colors", "active"), ("prefers-color-scheme", "light")]);
    browser.open(&format!("{}/style", server.url));
    picture(browser, "style-forced");
    let outlines = browser.eval(
        "return [...document.querySelectorAll('.pill')].map(e => { const s = \
         getComputedStyle(e); return s.borderTopStyle + ' ' + s.borderTopWidth + ' ' + \
         s.borderLeftWidth })",
    );
    let mut outlines = strings(outlines);
    let all = outlines.len();
    outlines.sort_unstable();
    outlines.dedup();
    // Neutral and claimed are alike: the words beside say which IdP a claim is of.
    assert_eq!((all, outlines.len()), (6, 5), "{outlines:?}");
    browser.emulate(&[]);
}
