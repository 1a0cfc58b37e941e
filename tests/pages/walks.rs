//! Questions of the day walked by clicking alone, from the overview: each ends at the rows that the
//! command line and GraphQL give.

use super::find::find;
use crate::support::{
    Scratch, Server,
    browser::{Browser, at, picture, quiet, strings},
};
use serde_json::{Value, json};

const AT: &str = "2026-03-10T23:00:00Z";

/// What the other two doors say, gathered before the server has the ledger.
struct Told {
    scratch: Scratch,
    token: String,
    answers: Vec<Value>,
}

/// The questions of the command line, in the order in which walks read them.
const COMMANDS: [&[&str]; 12] = [
    &[
        "--at",
        "2026-03-10T14:05:00Z",
        "sessions",
        "--active-at",
        "2026-03-10T14:05:00Z",
        "--idp",
        "idp-x",
        "--key",
        "X1",
        "--relied-from",
        "2026-03-10T13:40:00Z",
    ],
    &[
        "--at",
        "2026-03-10T14:05:00Z",
        "sessions",
        "--active-at",
        "2026-03-10T14:05:00Z",
        "--idp",
        "idp-x",
        "--key",
        "X1",
    ],
    &["--at", "2026-03-10T14:45:00Z", "belief-diff", "S5", "--from", "2026-03-10T14:45:00Z"],
    &[
        "--at",
        "2026-03-10T15:05:00Z",
        "--known-at",
        "2026-03-10T15:05:00Z",
        "rehearse",
        "retraction",
        "--idp",
        "idp-x",
        "--key",
        "X1",
        "--since",
        "2026-03-10T09:00:00Z",
        "--from",
        "2026-03-10T09:00:00Z",
        "--to",
        "2026-03-10T15:05:00Z",
    ],
    &["--at", AT, "outlived"],
    &["--at", AT, "decisions", "--differs"],
    &["--at", AT, "timeline", "S1"],
    &["--at", AT, "timeline", "S1", "--recorded"],
    &["--at", AT, "chain", "is-S5"],
    // The sessions that a list has, ended ones too, with and without the time of the retraction.
    &[
        "--at",
        "2026-03-10T14:05:00Z",
        "sessions",
        "--idp",
        "idp-x",
        "--key",
        "X1",
        "--relied-from",
        "2026-03-10T13:40:00Z",
    ],
    &["--at", "2026-03-10T14:05:00Z", "sessions", "--idp", "idp-x", "--key", "X1"],
    &["--at", AT, "why", "S5", "--factor", "hwk"],
];

impl Told {
    fn new() -> Self {
        let scratch = Scratch::fixture();
        let ask = |args: &&[&str]| scratch.json(&[&["--tenant", "acme"], *args].concat());
        let answers = COMMANDS.iter().map(ask).collect();
        let token = scratch.token("acme", "read");
        Self { scratch, token, answers }
    }

    /// Texts at a path of each item of a list of an answer, sorted.
    fn list(&self, answer: usize, list: &str, path: &str) -> Vec<String> {
        sorted(texts(&self.answers[answer], list, path))
    }
}

fn texts(answer: &Value, list: &str, path: &str) -> Vec<String> {
    let items = answer[list].as_array().unwrap_or_else(|| panic!("{list}: {answer:#}"));
    let text = |item: &Value| match item.pointer(path) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => panic!("{path}: {item:#}"),
    };
    items.iter().map(text).collect()
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

/// Clicks a link, or a button, that is in sight.
fn click(browser: &Browser, selector: &str) {
    let seen = format!(
        "const e = document.querySelector({}); if (!e) return 'is not there'; \
         e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect(); \
         return r.width > 0 && r.height > 0 ? 'in sight' : 'out of sight'",
        json!(selector)
    );
    let place = browser.eval(&seen);
    assert_eq!(place, "in sight", "{selector} at {}\n{}", browser.address(), browser.text());
    browser.follow_script(&format!(
        "document.querySelector({}).dispatchEvent(new MouseEvent('click', {{bubbles: true, \
         cancelable: true}}))",
        json!(selector)
    ));
}

/// Clicks the link with these words.
fn follow(browser: &Browser, words: &str) {
    let mark = format!(
        "const found = [...document.querySelectorAll('main a, nav a')].find(a => \
         (a.innerText ?? '').trim().startsWith({})); if (found) found.id = 'walked'; \
         return !!found",
        json!(words)
    );
    assert_eq!(browser.eval(&mark), true, "{words} at {}\n{}", browser.address(), browser.text());
    click(browser, "#walked");
}

/// Sets T and K in the strip, its one control.
fn hold(browser: &Browser, at: &str, known_at: &str) {
    browser.follow_script(&format!(
        "const fold = document.querySelector('.strip details'); fold.open = true; const form = \
         fold.querySelector('form'); form.elements.at.value = {}; \
         form.elements.knownAt.value = {}; form.querySelector('button').click()",
        json!(at),
        json!(known_at)
    ));
}

/// Clicks the link with these words, which leads to a page at the same T and K.
fn follow_at_cut(browser: &Browser, words: &str) {
    let before = cut(browser);
    follow(browser, words);
    assert_eq!(cut(browser), before, "{words} leads to another cut: {}", browser.address());
}

/// The same of a link by its place.
fn click_at_cut(browser: &Browser, selector: &str) {
    let before = cut(browser);
    click(browser, selector);
    assert_eq!(cut(browser), before, "{selector} leads to another cut: {}", browser.address());
}

/// T and K of the page. A link that loses its K is sent on to the end of the log.
fn cut(browser: &Browser) -> Value {
    let cut = browser.eval(
        "const p = new URL(location).searchParams; return [p.get('at'), p.get('knownAtPosition') \
         ?? p.get('knownAt')]",
    );
    assert!(cut[0].is_string() && cut[1].is_string(), "{}", browser.address());
    cut
}

fn heads(browser: &Browser, table: &str) -> Vec<String> {
    let heads = format!(
        "return [...document.querySelectorAll({})].map(e => e.innerText.trim())",
        json!(format!("{table} tbody th"))
    );
    strings(browser.eval(&heads))
}

fn start(browser: &Browser, server: &Server, at: &str, known_at: &str) {
    browser.open(&format!("{}/", server.url));
    hold(browser, at, known_at);
    assert!(browser.address().starts_with(&format!("{}/?at={at}&known", server.url)));
}

#[test]
fn the_questions_are_walked_by_clicking_alone() {
    let told = Told::new();
    let server = told.scratch.serve();
    let browser = at(&server, "acme", "/");
    // Everything works without script; what is typed is T and K, and what is found.
    browser.scripts(false);
    r1_r3_what_rested_on_a_key(&browser, &server, &told);
    r2_what_was_believed(&browser, &server, &told);
    r4_r6_what_needs_a_look(&browser, &server, &told);
    r8_one_timeline(&browser, &server, &told);
    r10_what_is_reached(&browser, &server, &told);
    quiet(&browser, &server);
}

fn r1_r3_what_rested_on_a_key(browser: &Browser, server: &Server, told: &Told) {
    start(browser, server, "2026-03-10T14:05:00Z", "#82");
    follow(browser, "Trust");
    hold(browser, "2026-03-10T14:05:00Z", "#82");
    follow_at_cut(browser, "X1");
    assert!(browser.text().contains("Key X1 of idp-x"), "{}", browser.text());
    assert_eq!(sorted(heads(browser, "#live table")), told.list(1, "edges", "/node/id"));
    // The same sessions as a list: ended ones too.
    let (since, all) = (told.list(9, "edges", "/node/id"), told.list(10, "edges", "/node/id"));
    assert_ne!(since, all, "the time of the retraction makes no difference");
    let here = browser.address();
    follow_at_cut(browser, "The same sessions as a list");
    assert_eq!(sorted(heads(browser, "table.sessions")), all);
    browser.open(&here);
    // The retraction leads to what was received from then on.
    follow_at_cut(browser, "what was received from then on");
    assert_eq!(sorted(heads(browser, "#live table")), told.list(0, "edges", "/node/id"));
    let here = browser.address();
    follow_at_cut(browser, "The same sessions as a list");
    assert_eq!(sorted(heads(browser, "table.sessions")), since);
    browser.open(&here);
    picture(browser, "walk-blast");
    let by_graphql = server.graphql(
        &told.token,
        "{ sessions(filter: {activeAt: \"2026-03-10T14:05:00Z\", idp: \"idp-x\", key: \"X1\", \
         reliedFrom: \"2026-03-10T13:40:00Z\"}, asking: {at: \"2026-03-10T14:05:00Z\", \
         knownAtPosition: 82}, first: 50) { edges { node { id } } } }",
        json!({}),
    );
    assert_eq!(heads(browser, "#live table"), texts(&by_graphql["sessions"], "edges", "/node/id"));
    // By known retractions: none is known yet.
    start(browser, server, "2026-03-10T14:10:00Z", "2026-03-10T14:10:00Z");
    let retracted = "#look a[href*=\"retracted=true\"]";
    let number = format!("return document.querySelector({}).innerText", json!(retracted));
    assert_eq!(browser.eval(&number), "0 certain + 0 possible");
    start(browser, server, "2026-03-10T14:10:00Z", "2026-03-10T15:10:00Z");
    click_at_cut(browser, retracted);
    assert_eq!(heads(browser, "table.sessions"), ["S5"]);
    // R3: if it were distrusted, what falls and what still lives?
    start(browser, server, "2026-03-10T15:05:00Z", "2026-03-10T15:05:00Z");
    follow(browser, "Trust");
    hold(browser, "2026-03-10T15:05:00Z", "2026-03-10T15:05:00Z");
    follow_at_cut(browser, "X1");
    let fallen = sorted(heads(browser, "#falls table"));
    let expected: Vec<String> = told
        .list(3, "falls", "/decision/record/position")
        .iter()
        .map(|n| format!("#{n}"))
        .collect();
    assert_eq!(fallen, sorted(expected.clone()));
    follow_at_cut(browser, "retract trust in the key");
    let from = "return document.querySelector('form.rehearsal input[name=from]').value";
    assert_eq!(browser.eval(from), "2026-03-10T09:00:00Z", "from its first use");
    assert_eq!(sorted(heads(browser, "#falls table")), sorted(expected));
    assert_eq!(sorted(heads(browser, "#live table")), told.list(3, "live", "/session"));
    // From the leak on only one falls.
    browser.follow_script(
        "const form = document.querySelector('form.rehearsal'); form.elements.from.value = \
         '2026-03-10T13:40:00Z'; form.querySelector('button').click()",
    );
    assert_eq!(heads(browser, "#falls table"), ["#49"]);
    assert_eq!(heads(browser, "#live table"), [""; 0]);
}

fn r2_what_was_believed(browser: &Browser, server: &Server, told: &Told) {
    start(browser, server, AT, "#82");
    find(browser, "S5");
    hold(browser, "2026-03-10T14:45:00Z", "#82");
    let expected: Vec<String> = texts(&told.answers[2], "facts", "/record/position")
        .iter()
        .map(|n| format!("#{n}"))
        .collect();
    // Compared with the last record before the first of them.
    browser.follow_script(
        "const form = [...document.querySelectorAll('.known form')].find(f => f.elements.vs); \
         const all = [...form.elements.vs.options]; const before = all.filter(o => \
         Number(o.value) < 65); form.elements.vs.value = before[before.length - 1].value; \
         form.querySelector('button').click()",
    );
    let rows =
        "return [...document.querySelectorAll('#vs tbody tr')].map(r => r.cells[0].innerText)";
    assert_eq!(strings(browser.eval(rows)), expected);
    assert!(browser.text().contains("S5 was active"), "{}", browser.text());
}

fn r4_r6_what_needs_a_look(browser: &Browser, server: &Server, told: &Told) {
    start(browser, server, AT, "#82");
    click_at_cut(browser, "#look a[href*=\"outlived=true\"]");
    assert_eq!(sorted(heads(browser, "table.sessions")), told.list(4, "items", "/session"));
    start(browser, server, AT, "#82");
    click_at_cut(browser, "#look a[href*=\"differs=true\"]");
    let expected = told.list(5, "edges", "/node/session");
    assert_eq!(sorted(heads(browser, "table.sessions")), expected);
    assert_eq!(expected, ["S5", "S8"]);
    // Each with both readings.
    click_at_cut(browser, "table.sessions a.attention[href^=\"/decision?\"]");
    let readings = browser.text();
    for words in ["as recorded", "as known when decided"] {
        assert!(readings.to_lowercase().contains(words), "{words}: {readings}");
    }
    start(browser, server, AT, "#82");
    click_at_cut(browser, "#look a[href*=\"falsifiedLater=true\"]");
    assert_eq!(heads(browser, "table.sessions"), ["S2"]);
    a_factor(browser, server, told);
    // What appeared first, from the overview.
    start(browser, server, AT, "#82");
    click_at_cut(browser, "#first a[href*=\"kind=key\"]");
    assert_eq!(heads(browser, "table.walk").len(), 4, "{}", browser.text());
    picture(browser, "walk-first-seen");
}

/// From a session to one of its factors: the page says what the other two doors say.
fn a_factor(browser: &Browser, server: &Server, told: &Told) {
    start(browser, server, AT, "#82");
    find(browser, "S5");
    hold(browser, AT, "#82");
    click_at_cut(browser, "main a[href^=\"/why?\"][href*=\"factor=hwk\"]");
    let page = browser.eval("return document.querySelector('main').textContent");
    let page = page.as_str().expect("a text");
    let because = told.answers[11]["because"].as_array().expect("reasons");
    assert!(!because.is_empty());
    for reason in because.iter().flat_map(|reason| texts(reason, "because", "/conclusion")) {
        assert!(page.contains(&reason), "no {reason} in {page}");
    }
}

fn r8_one_timeline(browser: &Browser, server: &Server, told: &Told) {
    let positions = |answer: usize| -> Vec<String> {
        texts(&told.answers[answer], "edges", "/node/record/position")
    };
    let rows = "return [...document.querySelectorAll('table.walk tbody tr')].map(r => \
                r.cells[2].innerText.trim().slice(1))";
    start(browser, server, AT, "#82");
    find(browser, "S1");
    hold(browser, AT, "#82");
    follow_at_cut(browser, "Everything around it");
    assert_eq!(strings(browser.eval(rows)), positions(6));
    picture(browser, "walk-timeline");
    follow_at_cut(browser, "recorded");
    assert_eq!(strings(browser.eval(rows)), positions(7));
    // Each row opens what was received, and its proof.
    click(browser, "table.walk a[href^=\"/record?\"]");
    let record = browser.text();
    for words in ["Record #", "Proof"] {
        assert!(record.contains(words), "{words}: {record}");
    }
}

fn r10_what_is_reached(browser: &Browser, server: &Server, told: &Told) {
    start(browser, server, AT, "#82");
    find(browser, "S5");
    hold(browser, AT, "#82");
    follow_at_cut(browser, "chain of is-S5");
    let apps = told.answers[8]["apps"].as_array().expect("applications");
    let reached = "return [...document.querySelectorAll('.verdict a')].map(a => a.innerText)";
    assert_eq!(json!(strings(browser.eval(reached))), json!(apps));
    let siblings = "return [...document.querySelectorAll('table.chain tr.others')].find(r => \
                    r.innerText.startsWith('Other sessions of this IdP')).cells[1].innerText";
    assert_eq!(told.answers[8]["items"][0]["siblings"], json!([]));
    assert!(browser.eval(siblings).as_str().is_some_and(|said| said.starts_with("none")));
}
