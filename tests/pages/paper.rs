//! Pages on paper: printed by the browser, read back with pdftotext. Every sheet says for which cut
//! the answer holds, who read it, where it is and which sheet of how many it is; nothing is cut,
//! nothing lies over anything, and no fold is closed.

use super::printed_words::not_on_paper;
use crate::support::{Scratch, browser::*, text, tool};
use claimledger_domain::RULES;
use std::process::Command;

/// Words whose lower edges are less than this apart are on one line, in points.
const SAME_LINE: f64 = 2.0;

/// A word of a sheet, and where it is: left, top, right, bottom, in points.
type Word = (String, [f64; 4]);

/// One sheet.
struct Sheet {
    size: [f64; 2],
    words: Vec<Word>,
}

impl Sheet {
    /// Its words, one after the other.
    fn text(&self) -> String {
        self.words.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The words line by line, without spaces: an address has none, and is broken anywhere. The
    /// order in which a PDF holds its words is not that of its lines.
    fn dense(&self) -> String {
        let mut words: Vec<&Word> = self.words.iter().collect();
        words.sort_by(|(_, a), (_, b)| a[3].total_cmp(&b[3]));
        let is_same_line = |a: &&Word, b: &&Word| b.1[3] - a.1[3] < SAME_LINE;
        for line in words.chunk_by_mut(is_same_line) {
            line.sort_by(|(_, a), (_, b)| a[0].total_cmp(&b[0]));
        }
        words.iter().map(|(word, _)| word.as_str()).collect()
    }
}

/// The sheets that a browser prints of the page it shows.
fn sheets(browser: &Browser, scratch: &Scratch) -> Vec<Sheet> {
    let file = scratch.file("printed.pdf", browser.print());
    let out = Command::new(tool("pdftotext")).args(["-bbox", &file, "-"]).output();
    let html = text(&out.expect("pdftotext").stdout);
    let number = |line: &str, name: &str| -> f64 {
        let value =
            line.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name}: {line}"))
    };
    let mut sheets: Vec<Sheet> = Vec::new();
    for line in html.lines().map(str::trim) {
        if line.starts_with("<page ") {
            let size = [number(line, "width"), number(line, "height")];
            sheets.push(Sheet { size, words: Vec::new() });
        } else if let Some((place, rest)) =
            line.strip_prefix("<word ").and_then(|line| line.split_once('>'))
        {
            let word =
                rest.trim_end_matches("</word>").replace("&apos;", "'").replace("&amp;", "&");
            let place = ["xMin", "yMin", "xMax", "yMax"].map(|name| number(place, name));
            sheets.last_mut().expect("a sheet").words.push((word, place));
        }
    }
    sheets
}

fn texts(sheets: &[Sheet]) -> Vec<String> {
    sheets.iter().map(Sheet::text).collect()
}

/// What holds of every sheet. `address`: the whole one.
fn check(sheets: &[Sheet], address: &str, at: &str) {
    assert!(!sheets.is_empty(), "{at}: nothing is printed");
    for (n, sheet) in sheets.iter().enumerate() {
        let at = format!("{at}, sheet {} of {}", n + 1, sheets.len());
        let number = format!("page {} of {}", n + 1, sheets.len());
        assert!(sheet.text().contains(&number), "{at}: no number");
        assert!(sheet.dense().contains(address), "{at}: no {address} in {}", sheet.text());
        assert!(sheet.text().contains("read by owner at 20"), "{at}: no reader");
        for (word, [left, top, right, bottom]) in &sheet.words {
            let is_whole =
                *left >= 0.0 && *top >= 0.0 && *right <= sheet.size[0] && *bottom <= sheet.size[1];
            assert!(is_whole, "{at}: {word} is cut");
        }
        for (i, (word, a)) in sheet.words.iter().enumerate() {
            for (other, b) in &sheet.words[i + 1..] {
                let wide = a[2].min(b[2]) - a[0].max(b[0]);
                let high = a[3].min(b[3]) - a[1].max(b[1]);
                let area = |of: &[f64; 4]| (of[2] - of[0]) * (of[3] - of[1]);
                let covers = wide > 1.0 && high > 0.0 && wide * high > 0.35 * area(a).min(area(b));
                assert!(!covers, "{at}: {word} lies over {other}: {a:?} {b:?}");
            }
        }
    }
}

#[test]
fn every_sheet_is_evidence() {
    let scratch = Scratch::fixture();
    let server = scratch.serve();
    let pin = format!("at=2026-03-10T23:00:00Z&knownAtPosition=82&rules={RULES}");
    let browser = at(&server, "acme", "/style");
    browser.emulate(&[("prefers-color-scheme", "dark")]);
    // The page, whether it is of a cut, and what the first sheet says.
    let pages = [
        (format!("/session?id=S2&{pin}"), true, "LET IN"),
        (format!("/decision?pos=56&{pin}"), true, "REFUSED"),
        (format!("/why?session=S2&factor=hwk&{pin}"), true, "COUNTED"),
        (format!("/?{pin}"), true, "Sessions that need a look"),
        (format!("/sessions?{pin}"), true, "8 certain + 0 possible"),
        (format!("/sessions?idp=idp-y&{pin}"), true, "Filter: IdP idp-y."),
        (format!("/trust?{pin}"), true, "idp-x: trusted, by tx1"),
        (format!("/policy?policy=payroll&{pin}"), true, "Policy payroll"),
        (format!("/blast?kind=key&idp=idp-x&key=X1&{pin}"), true, "Key X1 of idp-x"),
        (format!("/chain?id=S3&{pin}"), true, "Chain of S3"),
        (format!("/sources?{pin}"), true, "4 sources"),
        ("/access?session=S2".to_owned(), false, "Access log"),
    ];
    for (page, of_a_cut, says) in &pages {
        let address = format!("{}{page}", server.url);
        browser.open(&format!("{address}&view=print"));
        let printed = sheets(&browser, &scratch);
        check(&printed, &address, page);
        assert_eq!(not_on_paper(&browser, &texts(&printed)), [""; 0], "{page}");
        for control in ["As GraphQL", "Show names", "RFC 3339"] {
            let said = printed.iter().any(|sheet| sheet.text().contains(control));
            assert!(!said, "{page}: a control is printed: {control}");
        }
        assert!(printed[0].text().contains(says), "{page}: no {says} in {}", printed[0].text());
        for sheet in printed.iter().filter(|_| *of_a_cut) {
            let head = format!("T 2026-03-10T23:00:00Z K #82 R {RULES}");
            assert!(sheet.text().starts_with(&head), "{page}: no {head}: {}", sheet.text());
            assert!(sheet.text().contains("last signed: root of 83 records"), "{page}: no root");
        }
        // Nothing to press, nothing folded, on a light sheet as wide as it is.
        let left = browser.eval(
            "const seen = e => e.checkVisibility({contentVisibilityAuto: true}); \
             return [[...document.querySelectorAll('button, input, select, textarea, .top')] \
               .filter(seen).length, document.querySelectorAll('details:not([open])').length, \
             getComputedStyle(document.body).backgroundColor, \
             document.documentElement.scrollWidth <= innerWidth]",
        );
        assert_eq!(left, serde_json::json!([0, 0, "rgb(255, 255, 255)", true]), "{page}");
    }

    // What is printed from the page as it is on screen says the same, sheet by sheet.
    let (page, ..) = &pages[0];
    let address = format!("{}{page}", server.url);
    browser.open(&address);
    let printed = sheets(&browser, &scratch);
    check(&printed, &address, "printed from the screen");
    let all = texts(&printed).join(" ");
    assert_eq!(not_on_paper(&browser, &texts(&printed)), [""; 0], "printed from the screen");
    assert!(!all.contains("Colours:"), "a control is printed");
    for words in [
        "LET IN",
        // A branch that is folded on screen, and one at the deepest level.
        "Its end is stated: 19:30:00Z, expired.",
        "pwd isn't touched: until 19:30:00Z, expired.",
        "Table: 14 rows",
        "silent 14:10:00Z to 14:25:00Z (back-filled)",
    ] {
        assert!(all.contains(words), "no {words} in {all}");
    }
    browser.open(&format!("{address}&view=print"));
    let as_printed = texts(&sheets(&browser, &scratch)).join(" ");
    // The time of reading is another.
    let timeless = |text: &str| -> Vec<String> {
        let words = text.split(' ').filter(|word| !word.starts_with("20") || !word.ends_with('Z'));
        words.map(str::to_owned).collect()
    };
    assert_eq!(timeless(&all), timeless(&as_printed));
    // What lies off the sheet is missed, except for words that the heads of tables repeat.
    browser.eval(
        "const head = document.querySelector('#records h2'); head.id = 'off'; \
         head.style.position = 'relative'; head.style.left = '-3000px'",
    );
    let lost = not_on_paper(&browser, &texts(&sheets(&browser, &scratch)));
    assert_eq!(lost, ["session", "this"]);
    browser.eval("document.querySelector('#off').style.left = '0'");
    // As wide as the sheet.
    let wide = "const r = document.querySelector('.timeline svg.tl').getBoundingClientRect(), \
                m = document.querySelector('main').getBoundingClientRect(); \
                return Math.abs(r.width - m.width) < 1";
    assert_eq!(browser.eval(wide), true);

    // A page that pins its own address stays printed.
    browser.open(&format!("{}/session?id=S2&view=print", server.url));
    let pinned = browser.address();
    assert!(pinned.contains("rules=") && pinned.ends_with("&view=print"), "{pinned}");
    quiet(&browser, &server);
}
