//! The frame of every page: who reads, the sticky strip with T, K, R and completeness, and `<main>`
//! with the pinned answer alone.

use super::{
    address::Address,
    elements::{ColourRole, pill},
    find_box, live, sheet,
    text::{count, inert, plain, sentence},
    theme,
    times::{Times, clock},
};
use crate::{
    cut_names::{AFTER, AT, KNOWN_AT, KNOWN_AT_POSITION},
    known_at::KnownAt,
};
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claimledger_app::model::{
    answer::{Absence, Answered, SourceCompleteness, Status},
    question::Caller,
};
use maud::{DOCTYPE, Markup, html};

/// The pages of the head, in the order of an investigation.
const PAGES: [(&str, &str); 11] = [
    ("/", "Overview"),
    ("/sessions", "Sessions"),
    ("/trust", "Trust"),
    ("/policy", "Policies"),
    ("/blast", "Blast radius"),
    ("/chain", "Chain"),
    ("/sources", "Sources"),
    ("/rehearse", "Rehearse"),
    ("/query", "Query"),
    ("/evidence", "Evidence"),
    ("/access", "Access"),
];

/// A whole page. `outside` stands before `<main>`: the strip, lag and notices.
pub(crate) fn page(
    status: StatusCode,
    title: &str,
    caller: Option<&Caller>,
    outside: Markup,
    main: Markup,
) -> Response {
    let asked = sheet::asked();
    let is_print = asked.as_ref().is_some_and(|asked| asked.is_print);
    let (outside, main) = if is_print {
        (sheet::unfolded(&outside), sheet::unfolded(&main))
    } else {
        (outside, main)
    };
    // An address that leads nowhere is not repeated.
    let on_paper = asked.as_ref().zip(caller).filter(|_| status == StatusCode::OK);
    let html = html! {
        (DOCTYPE)
        html lang="en" data-view=[is_print.then_some("print")] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (plain(title)) " · claimledger" }
                link rel="stylesheet" href="/assets/style.css";
                // Painted once it is whole: the columns of half a table would move.
                link rel="expect" blocking="render" href="#foot";
                script type="module" src="/assets/page.js" {}
            }
            body {
                @if !is_print {
                    a class="skip" href="#main" { "Skip to the answer" }
                    (top(caller, asked.as_ref().map_or("", |asked| &asked.path)))
                }
                (outside)
                main id="main" { (main) }
                (foot(on_paper.map(|(asked, _)| asked)))
                @if let Some((asked, caller)) = on_paper { (sheet::foot(asked, title, caller)) }
            }
        }
    };
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html.into_string())
        .into_response()
}

/// The head of every page: the pages, the find box and the reader.
fn top(caller: Option<&Caller>, path: &str) -> Markup {
    html! {
        header class="top" {
            span class="brand" { "claimledger" @if let Some(caller) = caller {
                span class="tenant" { " · " (caller.tenant.as_str()) } } }
            // Nobody who is not signed in can open them.
            @if path != "/sign-in" { nav aria-label="Pages" { @for (page, name) in PAGES {
                a href=(page) aria-current=[(page == path).then_some("page")] { (name) } } } }
            @if caller.is_some() { (find_box::find_box()) }
            @if let Some(caller) = caller { (reader(caller)) }
        }
    }
}

/// Who reads: the name, and in a fold what the roles are and the way out.
fn reader(caller: &Caller) -> Markup {
    html! {
        details class="who" {
            summary { bdi { (plain(&caller.credential)) } }
            form method="post" action="/sign-out" {
                p { "Signed in as " bdi { (plain(&caller.credential)) } ", with the roles:" }
                ul class="roles" { @for role in &caller.roles {
                    li { (pill(ColourRole::Neutral, &html! { (role.as_str()) })) } } }
                button type="submit" { "Sign out" }
            }
        }
    }
}

/// The foot of every page: what explains it, and the page as it is printed.
fn foot(printed: Option<&sheet::Asked>) -> Markup {
    html! {
        footer class="foot" id="foot" {
            @if let Some(asked) = printed {
                a href=(asked.other_view()) rel="nofollow" { @if asked.is_print {
                    "As on screen" } @else { "As printed" } }
            }
            a href="/semantics" { "What an answer means" }
            a href="/style" { "What the marks mean" }
        }
    }
}

/// What the strip needs besides the answer.
pub(crate) struct Strip<'a> {
    /// Where its form goes, with the parameters it keeps.
    pub keep: &'a Address,
    /// The same view, pinned.
    pub here: &'a Address,
    /// K as asked.
    pub known: Option<KnownAt>,
}

/// The sticky strip: T, K, R, the position, how complete the sources are.
pub(crate) fn strip(
    strip: &Strip<'_>,
    answered: &Answered,
    completeness: &[SourceCompleteness],
    status: &Status,
) -> Markup {
    let known = match strip.known {
        Some(KnownAt::Time(time)) => time.to_string(),
        Some(KnownAt::Position(_)) | None => answered.position.to_string(),
    };
    let recorded = format!("k-recorded-{}", answered.position.0);
    html! {
        (sheet::head(answered, &known, status))
        section class=(if answered.provisional { "strip provisional" } else {
            "strip" }) aria-label="What this answer holds for" {
            details {
                summary { (one_line(strip, answered, completeness, status)) }
                form method="get" action=(strip.keep.path()) {
                    @for (name, value) in strip.keep.fields() {
                        input type="hidden" name=(name) value=(value); }
                    label { "T true at " input name=(AT) value=(answered.at) size="24"
                        autocomplete="off"; }
                    label { "K known at " input name=(KNOWN_AT) value=(known) size="24"
                        autocomplete="off" aria-describedby=(recorded); }
                    span id=(recorded) { @if matches!(strip.known, Some(KnownAt::Time(_))) {
                        (answered.position) " " } "recorded " (answered.recorded_at) }
                    span { "R " (answered.rules) " · zone UTC" }
                    button type="submit" { "Ask" }
                    a href=(strip.keep.href()) { "To the head" }
                    a class="copy" href=(strip.here.href()) { "Copy link" }
                }
                (theme::choice(strip.here))
                p class="state" {
                    @if answered.provisional {
                        strong { "Provisional" } ": K = " (known) " has not passed. "
                    } @else {
                        strong { "Final" } " · "
                    }
                    (sources(completeness))
                }
                @if answered.rehearsal { p class="notice" { "Rehearsal ledger: recorded times \
                    were asserted." } }
            }
            (lag(strip, answered, status))
        }
        (live::note(strip, answered, status))
    }
}

/// A source's name that is longer than this is counted in the one line, and named in the fold.
const SHORT: usize = 16;

/// T, K, and whether the sources are complete; what is not said here is in the fold.
fn one_line(
    strip: &Strip<'_>,
    answered: &Answered,
    completeness: &[SourceCompleteness],
    status: &Status,
) -> Markup {
    let mut times = Times::default();
    let incomplete: Vec<&SourceCompleteness> =
        completeness.iter().filter(|source| source.lacks_by(answered.at)).collect();
    html! {
        span { span class="key" { "T" } " " (times.show(answered.at)) } " "
        span { span class="key" { "K" } " " @match strip.known {
            Some(KnownAt::Time(time)) => (times.show(time)),
            Some(KnownAt::Position(_)) | None => (answered.position),
        } } " "
        @if answered.provisional { strong class="provisional" { "provisional" } " " }
        @if let Some((read_to, head)) = behind(answered, status) {
            strong class="incomplete" { "read to #" (read_to) " of #" (head) } " " }
        @match incomplete.as_slice() {
            _ if completeness.is_empty() => strong class="incomplete" { "no source known" },
            [] => span class="complete" { "complete" },
            [one] if one.source.as_str().chars().count() <= SHORT => {
                strong class="incomplete" {
                    "not complete: " (inert(one.source.as_str())) }
            },
            some => strong class="incomplete" {
                (some.len()) " of " (count(completeness.len(), "source")) " not complete" },
        }
        @if answered.rehearsal { " " span { "rehearsal" } }
        " " span class="hint" { "change" }
    }
}

/// The last position that the read models have, and that of the log, where the answer is as of the
/// end of the first: an address without K leads there. A read pinned below it is not touched, and
/// no answer is: this is said beside it.
fn behind(answered: &Answered, status: &Status) -> Option<(u64, u64)> {
    let (assessed, head) = (status.assessed_to, status.head);
    (assessed < head && answered.position.0 + 1 >= assessed)
        .then(|| (assessed.saturating_sub(1), head.saturating_sub(1)))
}

fn lag(strip: &Strip<'_>, answered: &Answered, status: &Status) -> Markup {
    let Some((read_at, wait)) = behind(answered, status) else { return html! {} };
    let at = strip
        .keep
        .clone()
        .with(AT, answered.at.to_string())
        .with(KNOWN_AT_POSITION, read_at.to_string())
        .href();
    let later = strip.keep.clone().with(AFTER, wait.to_string()).href();
    html! {
        p class="notice" {
            "Assessed to #" (read_at) " of #" (wait) ". " a href=(at) {
                "Read at #" (read_at) } " · " a href=(later) { "Wait for #" (wait) }
        }
    }
}

fn sources(completeness: &[SourceCompleteness]) -> Markup {
    let mut times = Times::default();
    html! {
        @if completeness.is_empty() { "No source says how complete it is." }
        @for source in completeness {
            span class=(if source.heard_until.is_some() && source.gaps.iter().all(|gap|
                gap.backfilled) { "source" } else { "source incomplete" }) {
                bdi { (plain(source.source.as_str())) }
                @match source.heard_until {
                    Some(until) => { " complete to " (times.show(until)) },
                    None => " says nothing of completeness",
                }
                @for gap in source.gaps.iter().take(5) {
                    ", " (gap.cause) " " @match gap.until {
                        Some(until) => { (times.show(gap.from)) " to " (clock(until)) },
                        None => { "since " (times.show(gap.from)) },
                    }
                    @if gap.backfilled { " (back-filled)" }
                }
                @if source.gaps.len() > 5 { ", and " (count(source.gaps.len() - 5, "more gap")) }
            }
            " "
        }
    }
}

/// What stands in place of an empty list: "None" only where that may be said.
pub(crate) fn none(absence: &Absence) -> Markup {
    // A sentence of ours: text from outside in it is cut where it is made.
    html! { span class="absence" data-absence=(absence.code.as_str()) {
    (sentence(&absence.words, &|_| None)) } }
}

/// The same as a sentence of its own.
pub(crate) fn none_alone(absence: &Absence) -> &'static str {
    if absence.is_none() { "None." } else { "None seen." }
}

/// The same in the middle of a sentence.
pub(crate) fn no_more(absence: &Absence) -> &'static str {
    if absence.is_none() { "none" } else { "none seen" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use claimledger_app::model::answer::{AbsenceCode, Gap};
    use claimledger_domain::completeness::GapCause;
    use claimledger_facts::{ids::LogPosition, time::Time};

    fn t(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    fn answered() -> Answered {
        Answered {
            at: t("2026-03-10T23:00:00Z"),
            position: LogPosition(82),
            recorded_at: t("2026-03-10T23:00:00Z"),
            rules: "r1",
            provisional: false,
            rehearsal: true,
            completeness: claimledger_domain::completeness::summary(&[], t("2026-03-10T23:00:00Z")),
        }
    }

    fn source(until: Option<&str>, backfilled: Option<bool>) -> SourceCompleteness {
        let gap = |backfilled| Gap {
            from: t("2026-03-10T14:10:00Z"),
            until: Some(t("2026-03-10T14:25:00Z")),
            backfilled,
            cause: GapCause::Silent,
            position: LogPosition(0),
        };
        SourceCompleteness {
            source: "idp-x".into(),
            heard_until: until.map(t),
            basis: None,
            gaps: backfilled.map(gap).into_iter().collect(),
        }
    }

    fn shown(status: &Status, position: u64) -> String {
        let keep = Address::new("/session").with("id", "S\"2");
        let answered = Answered { position: LogPosition(position), ..answered() };
        strip(
            &Strip { keep: &keep, here: &keep, known: None },
            &answered,
            &[source(None, Some(true))],
            status,
        )
        .into_string()
    }

    #[test]
    fn lag_is_said_unless_the_read_is_pinned_below_it() {
        let status = Status {
            assessed_to: 80,
            head: 83,
            views: "sessions 1".to_owned(),
            problems: Vec::new(),
            signed: None,
        };
        assert!(shown(&status, 82).contains("Assessed to #79 of #82"));
        // An address without K leads there.
        assert!(shown(&status, 79).contains("<strong class=\"incomplete\">read to #79 of #82"));
        assert!(!shown(&status, 78).contains("#82"));
        assert!(!shown(&Status { assessed_to: 83, ..status }, 82).contains("Assessed"));
    }

    #[test]
    fn a_sentence_of_absence_is_not_cut() {
        let words = "None seen: ".to_owned() + &"idp-x was silent from 14:10:00Z; ".repeat(20);
        let absence = Absence { code: AbsenceCode::NoneSeen, words: words.clone() };
        let html = none(&absence).into_string();
        assert!(html.contains(&words) && !html.contains("bytes)"), "{html}");
    }

    #[test]
    fn the_strip_has_t_k_r_and_every_source() {
        let html = shown(
            &Status {
                assessed_to: 83,
                head: 83,
                views: "sessions 1".to_owned(),
                problems: Vec::new(),
                signed: None,
            },
            82,
        );
        for part in [
            "2026-03-10T23:00:00Z",
            "#82",
            "R r1",
            "idp-x",
            "silent 2026-03-10 14:10:00Z to 14:25:00Z (back-filled)",
            "Rehearsal ledger",
            "S&quot;2",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }
}
