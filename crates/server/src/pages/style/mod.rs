//! `/style`: every element of the pages in every state, and what it means. Made by the functions
//! that the pages are made by, of made-up values, so that it cannot differ from them
//! (`docs/design.md`). It holds nothing of a tenant, so that anyone may open it.

mod samples;

use super::{
    address::Address,
    elements::{ColourRole, empty, notice, pill, problem, table},
    find_box, frame, session_timeline,
    verdict::{self, Held},
    why,
};
use crate::{
    known_at::KnownAt,
    timeline::{
        heard,
        lanes::{self, Order, Target},
        samples as made_up, svg,
        table::table as timeline_table,
    },
};
use axum::{http::StatusCode, response::Response};
use claimledger_domain::completeness::GapStatement;
use claimledger_facts::ids::LogPosition;
use maud::{Markup, PreEscaped, html};

/// The page.
pub(crate) async fn get() -> Response {
    let main = html! {
        h1 { "What the marks mean" }
        p { "Every element of these pages, in every state. What is shown here is made up; it is \
            made as the pages are." }
        (section("verdicts", "The answer", &verdicts()))
        (section("roles", "Colours, each with a second cue", &roles()))
        (section("strips", "For which cut an answer holds", &strips()))
        (section("absences", "None, none seen, not shown", &absences()))
        (section("trees", "Why", &tree()))
        (section("timeline", "What counted, from when until when", &timeline()))
        (section("heard", "Known, assumed, silent", &figure()))
        (section("tables", "Lists", &lists()))
        (section("forms", "Forms", &forms()))
        (section("texts", "Text", &texts()))
    };
    let main = without_landmarks(&main);
    frame::page(StatusCode::OK, "What the marks mean", None, html! {}, main)
}

/// On a page of its own an answer and its strip are landmarks; of several that have one name, none
/// can be.
fn without_landmarks(samples: &Markup) -> Markup {
    let html = ["strip", "outcome"].iter().fold(samples.0.clone(), |html, class| {
        let tag = format!("<section class=\"{class}");
        html.replace(&tag, &tag.replace("<section ", "<section role=\"group\" "))
    });
    PreEscaped(html)
}

fn section(id: &str, title: &str, body: &Markup) -> Markup {
    let heading = format!("{id}-h");
    html! { section id=(id) class="sample" aria-labelledby=(heading) {
    h2 id=(heading) { (title) } (body) } }
}

fn verdicts() -> Markup {
    let answered = samples::answered(82, false, false);
    let [none, ..] = samples::absences();
    let held = Held { answered: &answered, absence: &none };
    html! { @for verdict in verdict::samples() { (verdict.show(held, None)) } }
}

fn roles() -> Markup {
    let says = |role| match role {
        ColourRole::Neutral => ("as expected", "A thin outline."),
        ColourRole::Attention => ("≠ differs", "Not expected: a thick outline, and a mark."),
        ColourRole::Danger => ("refused", "Refused, damaged, or not to be undone: two lines."),
        ColourRole::Claimed => ("claimed", "On the word of an IdP, which is named beside."),
        ColourRole::Local => ("local", "Checked by the service provider: a notch at its start."),
        ColourRole::Possible => ("possible", "Not certain: hatched, and dashed."),
    };
    let rows = html! {
        @for role in ColourRole::ALL {
            @let (word, meaning) = says(role);
            tr { th scope="row" { (pill(role, &html! { (word) })) } td { (meaning) } }
        }
    };
    table("roles-h", "roles", &["Pill", "Meaning"], &rows)
}

fn strips() -> Markup {
    let here = Address::new("/style");
    let strip = |position, provisional, rehearsal, lags, sources: &[_]| {
        let strip = frame::Strip {
            keep: &here,
            here: &here,
            known: Some(KnownAt::Position(LogPosition(position))),
        };
        let answered = samples::answered(position, provisional, rehearsal);
        frame::strip(&strip, &answered, sources, &samples::status(lags))
    };
    let heard = [samples::source("sp.example", None), samples::source("idp.example", Some(true))];
    let gap = [samples::source("sp.example", None), samples::source("idp.example", Some(false))];
    html! {
        (strip(82, false, false, false, &heard))
        (strip(81, true, false, false, &heard))
        (strip(80, false, true, true, &gap))
        (strip(79, false, false, false, &[]))
    }
}

fn absences() -> Markup {
    html! {
        @for absence in &samples::absences() { (empty(&frame::none(absence))) }
        (notice(&html! { "Body removed by retention (#88). The leaf and its proof remain." }))
        (problem(&html! { "12,400 rows requested, the limit is 500: use a filter." }))
    }
}

fn tree() -> Markup {
    // Made-up records are in no log.
    why::tree(&samples::tree(), &|_| "#trees".to_owned())
}

fn timeline() -> Markup {
    let mut session = made_up::session();
    let lost = made_up::record(64, "authenticator.lost", "2026-03-10T12:10:00Z");
    session.state.falsifiers.push(made_up::falsifier(lost, "authenticator_lost"));
    let until = made_up::t("2026-03-10T23:00:00Z");
    let figure = lanes::figure(&session, (until, until), &[], Order::Occurred, None);
    let opens = |_: Target| "#timeline".to_owned();
    html! {
        div class="figure scroll" tabindex="0" role="group" aria-labelledby="timeline-h" {
            (svg::svg(&figure, "st-tl", &opens, None))
        }
        (session_timeline::legend())
        (timeline_table(&figure, "st-table", &opens))
    }
}

fn figure() -> Markup {
    let reports = samples::heard();
    let gaps: Vec<Vec<&GapStatement>> =
        reports.iter().map(|report| report.said.gaps.iter().collect()).collect();
    let lanes: Vec<heard::Lane<'_>> =
        reports.iter().zip(&gaps).map(|(report, gaps)| heard::Lane { report, gaps }).collect();
    let answered = samples::answered(82, false, false);
    html! {
        div class="figure scroll" tabindex="0" role="group" aria-labelledby="heard-h" {
            (heard::svg(&lanes, &answered, "st", &|_| "#heard".to_owned()))
        }
        p class="legend" { "Solid: known. Hatched: possible, or assumed. Cross-hatched: silent; a \
            heavy outline while that is open. Dotted: not heard yet." }
    }
}

fn lists() -> Markup {
    let rows = html! {
        tr { th scope="row" { a href="#tables" { "S1" } } td { "10:00:00Z" } td {
            "ended 15:00:00Z, certain" } td { "as the rules say" } }
        tr { th scope="row" { a href="#tables" { "S5" } } td { "13:45:00Z" } td {
            "ended 14:30:00Z, certain" } td { strong class="attention" { "≠ differs" } } }
        tr class="possible" { th scope="row" { a href="#tables" { "S9" } } td { "14:00:00Z" } td {
            "possible: the claim names no key" } td { "–" } }
    };
    html! {
        (table("tables-h", "states", &["Session", "Started", "State at T", "Flags"], &rows))
        p class="caption" { "Times are in UTC, to the second, with their date where it changes." }
        ul class="numbers" {
            li { a href="#tables" class="attention" { "2 certain + 0 possible" } " "
                span class="counted" { "A number that needs a look" } }
            li { a href="#tables" class="calm" { "8 certain + 1 possible" } " "
                span class="counted" { "A number, with the list that has as many rows" } }
        }
    }
}

fn forms() -> Markup {
    html! {
        // Nothing is sent: the page shows what a form looks like.
        form class="filter" method="get" action="/style" {
            label { "A field " input name="text" autocomplete="off" value="2026-03-10T14:05:00Z"; }
            label { "A field that was refused " input name="wrong" value="yesterday"
                aria-invalid="true" autocomplete="off"; }
            label { "A choice " select name="choice" { option { "any" } option { "yes" } } }
            label { "Not for your role " input name="off" disabled; }
            label { input type="checkbox" name="names" value="1"; " A switch" }
            button type="submit" class="main" { "The action" }
            button type="submit" { "Another action" }
            button type="submit" class="danger" { "What cannot be undone" }
            button type="submit" disabled { "Not now" }
        }
        (find_box::find_box())
    }
}

fn texts() -> Markup {
    html! {
        h3 { "A heading" }
        p { "The answer, a sentence, with " a href="#texts" { "a link" } ", "
            strong class="attention" { "something odd" } ", " code { "an id" } ", and text from \
            outside, made inert: " (super::text::inert("p\u{430}yroll \u{202e}")) "." }
        p class="muted" { "What is beside the answer." }
        details { summary { "A fold" } p { "What it holds; on paper it is open." } }
        p class="caption" { "Three sizes of text, and no fourth: title, text, and what is beside \
            it." }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each state of the elements that have states.
    #[tokio::test]
    async fn every_state_is_shown() {
        let body = axum::body::to_bytes(get().await.into_body(), usize::MAX).await.unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        for role in ColourRole::ALL {
            assert!(html.contains(&format!("data-role=\"{}\"", role.as_str())), "{role:?}");
        }
        for kind in verdict::Kind::ALL {
            assert!(html.contains(kind.word()), "{kind:?}");
        }
        for part in [
            "strip provisional",
            "rehearsal",
            "Assessed to",
            "no source known",
            "not complete",
            "data-absence=\"none_seen\"",
            "class=\"notice\"",
            "class=\"problem\"",
            "aria-invalid",
            "class=\"danger\"",
            "class=\"possible\"",
            "class=\"tl\"",
            "mixed scripts",
            "class=\"chip\"",
        ] {
            assert!(html.contains(part), "{part}");
        }
        // What is made up is in no log: its links lead nowhere else.
        assert!(!html.contains("href=\"/record"), "{html}");
        // Ids are used once.
        let mut ids: Vec<&str> =
            html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "an id twice");
    }
}
