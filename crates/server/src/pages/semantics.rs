//! `/semantics`: the numbered readings that answers cite, from `docs/semantics.md`. It holds
//! nothing of a tenant, so that anyone may open it.

use super::frame;
use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};

const DOCUMENT: &str = include_str!("../../../../docs/semantics.md");

/// The page.
pub(crate) async fn get() -> Response {
    let main = html! { @for text in DOCUMENT.split("\n\n") { (block(text)) } };
    frame::page(StatusCode::OK, "What an answer means", None, html! {}, main)
}

/// A link to one reading.
pub(crate) fn link(number: u32, text: &str) -> Markup {
    html! { a href={ "/semantics#sem-" (number) } { (text) } }
}

/// A heading, or a paragraph with or without an anchor: the document uses nothing else.
fn block(text: &str) -> Markup {
    if let Some(title) = text.strip_prefix("# ") {
        return html! { h1 { (title) } };
    }
    if let Some(title) = text.strip_prefix("## ") {
        return html! { h2 { (title) } };
    }
    let anchored = text.strip_prefix("<a id=\"").and_then(|rest| rest.split_once("\"></a>\n"));
    let (id, text) = anchored.map_or((None, text), |(id, text)| (Some(id), text));
    html! { p id=[id] { (inline(text)) } }
}

/// Strong, emphasised and code spans.
fn inline(text: &str) -> Markup {
    let Some(start) = text.find(['*', '`']) else { return html! { (text) } };
    let (before, marked) = text.split_at(start);
    for mark in ["**", "*", "`"] {
        let span = marked.strip_prefix(mark).and_then(|rest| rest.split_once(mark));
        let Some((inside, after)) = span else { continue };
        return html! {
            (before)
            @match mark {
                "**" => strong { (inline(inside)) },
                "*" => em { (inside) },
                _ => code { (inside) },
            }
            (inline(after))
        };
    }
    html! { (text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    fn readings() -> Vec<(u32, String)> {
        let anchor = |text: &str| {
            let number = text.strip_prefix("<a id=\"sem-")?.split_once('"')?.0.parse().ok()?;
            Some((number, block(text).into_string()))
        };
        DOCUMENT.split("\n\n").filter_map(anchor).collect()
    }

    #[test]
    fn every_reading_has_its_anchor_and_number() {
        let readings = readings();
        let numbers: Vec<u32> = readings.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (1..=48).collect::<Vec<_>>());
        for (number, html) in &readings {
            let start = format!("<p id=\"sem-{number}\"><strong>{number}. ");
            assert!(html.starts_with(&start), "{html}");
            assert!(!html.contains(['*', '`']), "not rendered: {html}");
        }
    }

    /// The number after each `reading(` and `semantics.md` in the domain's code.
    #[test]
    fn whatever_the_rules_cite_is_documented() {
        fn cited(dir: &Path, found: &mut Vec<u32>) {
            for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
                if entry.path().is_dir() {
                    cited(&entry.path(), found);
                    continue;
                }
                let code = fs::read_to_string(entry.path()).unwrap();
                for mark in [".reading(", "`semantics.md` "] {
                    found.extend(code.split(mark).skip(1).filter_map(|rest| {
                        let end = rest.find(|c: char| !c.is_ascii_digit())?;
                        rest[..end].parse::<u32>().ok()
                    }));
                }
            }
        }
        let mut found = Vec::new();
        cited(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/src"), &mut found);
        assert!(found.len() > 50, "{found:?}");
        let documented: Vec<u32> = readings().into_iter().map(|(number, _)| number).collect();
        found.retain(|number| !documented.contains(number));
        assert!(found.is_empty(), "not in docs/semantics.md: {found:?}");
    }

    #[test]
    fn spans_are_rendered_and_text_is_escaped() {
        assert_eq!(
            inline("a **b `c`** *d* <e> `f").into_string(),
            "a <strong>b <code>c</code></strong> <em>d</em> &lt;e&gt; `f"
        );
    }
}
