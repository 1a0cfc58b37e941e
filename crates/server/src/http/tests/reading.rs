//! Pages as tests read them: at a cut, their parts, rows, links and numbers.

use super::support::{Answer, World};
use axum::http::StatusCode;
use claimledger_facts::vocabulary::Role;
use serde_json::Value;

/// The last position of the demo's day.
pub(super) const K: u64 = 82;

/// T, K and R.
pub(super) fn cut(at: &str, known_at: u64) -> String {
    format!("at={at}&knownAtPosition={known_at}&rules={}", claimledger_domain::RULES)
}

/// A page at T, K.
pub(super) async fn page(world: &World, path: &str, at: &str, known_at: u64) -> Answer {
    let cookie = world.cookie("acme", &[Role::Read]);
    let mark = if path.contains('?') { '&' } else { '?' };
    let answer = world.get(&format!("{path}{mark}{}", cut(at, known_at)), &cookie).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    answer
}

pub(super) async fn ask(world: &World, query: &str) -> Value {
    let token = world.token("acme", &[Role::Read], None).await;
    let answer = world.graphql(&token, query).await.json();
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"].clone()
}

/// What stands between the element with this id and its end.
pub(super) fn part<'a>(body: &'a str, id: &str, end: &str) -> &'a str {
    let from = body.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{id}: {body}"));
    let rest = &body[from..];
    &rest[..rest.find(end).unwrap_or_else(|| panic!("{end} after {id}: {rest}"))]
}

/// Rows of the tables in a part.
pub(super) fn rows(part: &str) -> Vec<&str> {
    let bodies = part.split("<tbody>").skip(1).filter_map(|rest| rest.split("</tbody>").next());
    bodies.flat_map(|body| body.split("<tr").skip(1)).collect()
}

/// Text without markup, blanks joined.
pub(super) fn text(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first cell of each row.
pub(super) fn heads(part: &str) -> Vec<String> {
    let head = |row: &&str| {
        let cell = row.split("scope=\"row\">").nth(1)?.split("</th>").next()?;
        Some(text(cell))
    };
    rows(part).iter().filter_map(head).collect()
}

/// Addresses and texts of the links in a part.
pub(super) fn links(part: &str) -> Vec<(String, String)> {
    let link = |rest: &str| {
        let (open, inner) = rest.split_once('>')?;
        let href = open.split("href=\"").nth(1)?.split('"').next()?.replace("&amp;", "&");
        Some((href, text(inner.split("</a>").next()?)))
    };
    part.split("<a ").skip(1).filter_map(link).collect()
}

/// `8 certain + 1 possible` as 9.
pub(super) fn total(number: &str) -> usize {
    number.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<usize>().ok()).sum()
}

pub(super) fn section(body: &str, id: &str) -> String {
    part(body, id, "</section>").to_owned()
}

/// The number of a list among the counts, as `certain + possible`, and its words.
pub(super) fn tile(answer: &Answer, id: &str) -> Option<String> {
    let counts = part(&answer.body, "counts", "</ul>");
    let entry = counts.split("<li>").find(|entry| entry.contains(&format!("href=\"#{id}\"")))?;
    Some(text(entry.split("</li>").next()?))
}

/// The text of `<main>`.
pub(super) fn main(html: &str) -> String {
    let main = html.split_once("<main").map_or(html, |(_, rest)| rest);
    let main = main.split_once("</main>").map_or(main, |(main, _)| main);
    text(main.split_once('>').map_or(main, |(_, inner)| inner))
}
