//! Every action by the keyboard alone, with a focus that is seen.

use super::{World, list};
use crate::support::browser::*;

const TAB: char = '\u{E004}';

/// Notes what gets the focus, in order.
const LISTEN: &str = "window.reached = new Set(); \
    document.addEventListener('focusin', e => reached.add(e.target)); return 1";

/// What can be acted on and is in sight; items of a figure have one stop, and are in its table.
const MISSED: &str = "const all = [...document.querySelectorAll('a[href], button, input, select, \
    textarea, summary, [tabindex=\"0\"]')].filter(e => \
    e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.type !== 'hidden' && \
    !e.matches('svg a')); \
    const radios = e => e.type === 'radio' && [...reached].some(r => r.name === e.name); \
    return [all.length, reached.size, all.filter(e => !reached.has(e) && !radios(e)) \
    .map(e => e.outerHTML.slice(0, 120))]";

/// Stops at which the focus is not seen: no outline, or the stop lies under the strip that stays at
/// the top.
const UNSEEN: &str = "const strip = document.querySelector('.strip'); const wrong = []; \
    for (const e of reached) { if (!e.isConnected || e === document.body) continue; \
    e.blur(); e.focus({focusVisible: true}); const style = getComputedStyle(e); \
    const r = e.getBoundingClientRect(); \
    if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) \
      wrong.push('no outline: ' + e.outerHTML.slice(0, 120)); \
    if (strip && !strip.contains(e) && getComputedStyle(strip).position === 'sticky' && \
      r.height < innerHeight / 2 && r.top < strip.getBoundingClientRect().bottom - 1 && \
      r.bottom > strip.getBoundingClientRect().top) \
      wrong.push('under the strip: ' + e.outerHTML.slice(0, 120)); } return wrong";

#[test]
fn everything_is_reached_by_keyboard_and_its_focus_is_seen() {
    let world = World::new();
    let browser = Browser::start(1440, 900);
    let mut wrong = Vec::new();
    for reader in ["acme", "read", "nobody"] {
        world.sign_in(&browser, reader);
        for page in list::PAGES.iter().filter(|page| page.reader == reader && page.then.is_none()) {
            browser.open(&format!("{}{}", world.server.url, page.address()));
            browser.eval(LISTEN);
            let stops = browser.eval(MISSED)[0].as_u64().expect("a number") as usize;
            // Some more: what opens on the way, such as suggestions, may take a stop.
            for chunk in vec![TAB; stops + 5].chunks(50) {
                browser.press(chunk);
            }
            let missed = browser.eval(MISSED);
            let list =
                |value| strings(value).into_iter().map(|what| format!("{}: {what}", page.name));
            wrong.extend(list(missed[2].clone()).map(|what| format!("not reached: {what}")));
            wrong.extend(list(browser.eval(UNSEEN)));
        }
    }
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}
