//! Whether each word that a page shows in print is on paper. `pdftotext` drops what lies off the
//! sheet, so a look at the words of the document alone cannot miss it.

use crate::support::browser::{Browser, strings};
use serde_json::json;
use std::collections::BTreeMap;

/// The text of the page by what is visible in print, an item a run of text without a gap: a word
/// may be made of several elements. What is clipped to a pixel is for screen readers alone. Two
/// lists: the page, and what each sheet has above and below it.
const VISIBLE: &str = r#"
const seen = e => e.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true,
    opacityProperty: true});
const clipped = e => { for (let at = e; at && at !== document.body; at = at.parentElement) {
    const r = at.getBoundingClientRect();
    if (r.width <= 1 && r.height <= 1 && getComputedStyle(at).overflow !== 'visible') return true; }
    return false; };
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const runs = [[], []]; let last = null;
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || e.closest('title, desc, script, style, select, noscript') || !seen(e)
        || clipped(e)) continue;
    const range = document.createRange(); range.selectNodeContents(node);
    const rects = [...range.getClientRects()].filter(r => r.width > 0);
    if (!rects.length) continue;
    const [first, end] = [rects[0], rects[rects.length - 1]];
    const joins = last && Math.abs(first.top - last.top) < last.height
        && Math.abs(first.left - last.right) < 1;
    const of = runs[e.closest('.sheet-head, .sheet-foot') ? 1 : 0];
    if (joins && of.length) of[of.length - 1] += node.data; else of.push(node.data);
    last = end;
}
return runs;"#;

/// Words that the page shows in print and that its sheets do not have, or have fewer times. What
/// each sheet repeats does not stand in for them.
pub(super) fn not_on_paper(browser: &Browser, sheets: &[String]) -> Vec<String> {
    browser.cdp("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    let shown = browser.eval(VISIBLE);
    browser.cdp("Emulation.setEmulatedMedia", &json!({"media": ""}));
    let runs = |nth: usize| strings(shown[nth].clone()).join(" ");
    missing(&runs(0), &runs(1), sheets)
}

/// Each word, and how often it is there. Signs are left out: their glyphs read differently.
fn words(text: &str) -> BTreeMap<String, usize> {
    let mut words = BTreeMap::new();
    let lower = text.to_lowercase();
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *words.entry(word.to_owned()).or_default() += 1;
    }
    words
}

fn missing(shown: &str, repeated: &str, sheets: &[String]) -> Vec<String> {
    let mut left = words(&sheets.join(" "));
    let mut lacking = Vec::new();
    for (word, times) in words(repeated) {
        if let Some(left) = left.get_mut(&word) {
            *left = left.saturating_sub(times * sheets.len());
        }
    }
    for (word, times) in words(shown) {
        let there = left.get_mut(&word);
        let found = there.as_ref().map_or(0, |there| (**there).min(times));
        if let Some(there) = there {
            *there -= found;
        }
        lacking.extend(std::iter::repeat_n(word, times - found));
    }
    // A long word is broken anywhere: its pieces are words of the sheet, and none else's.
    lacking.retain(|word| !takes_pieces(word, &mut left));
    lacking
}

/// Takes the pieces of a word from what is left; nothing is taken where they do not make it.
fn takes_pieces(word: &str, left: &mut BTreeMap<String, usize>) -> bool {
    if word.is_empty() {
        return true;
    }
    for end in (1..=word.len()).rev().filter(|end| word.is_char_boundary(*end)) {
        let Some(times) = left.get_mut(&word[..end]).filter(|times| **times > 0) else { continue };
        *times -= 1;
        if takes_pieces(&word[end..], left) {
            return true;
        }
        *left.get_mut(&word[..end]).expect("it was there") += 1;
    }
    false
}

#[test]
fn a_word_is_missing_once_for_each_time_that_it_is_not_there() {
    let missing = |shown: &str, repeated: &str, sheet: &str| {
        self::missing(shown, repeated, &[sheet.to_owned()])
    };
    assert_eq!(missing("LET IN, on S2; S2", "", "let in on s2"), ["s2"]);
    assert_eq!(missing("S2", "K S2", "k s2"), ["s2"]);
    assert_eq!(missing("0a1b2c3d", "", "x 0a1b 2c3d"), [""; 0]);
    assert_eq!(missing("0a1b2c3d", "", "0a1b 2c"), ["0a1b2c3d"]);
}
