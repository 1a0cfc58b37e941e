//! What `/sources` says: a row and a lane a source, its silences, and, of one source, the records
//! that stand out.

use super::{
    address::Address,
    as_query,
    parameters::CutAsked,
    text::inert,
    times::{Times, delay, duration},
};
use crate::timeline::heard::{self, Lane};
use claimledger_app::model::{
    answer::Answered,
    source_report::{ConflictRef, Counted, Heard, SourceReport},
};
use claimledger_domain::{
    completeness::{GapStatement, Timeliness},
    model::RecordRef,
};
use claimledger_facts::{ids::LogPosition, time::Time, vocabulary::HeardBasis};
use maud::{Markup, html};
use std::cmp::Reverse;

/// Silences that are shown, of all sources together.
const GAPS: usize = 200;

/// Where a reader can go from here.
pub(crate) struct Links<'a> {
    /// This page, pinned.
    pub here: &'a Address,
    /// T, K and R as asked.
    pub cut: &'a CutAsked,
    /// What it holds for.
    pub answered: &'a Answered,
}

impl Links<'_> {
    fn record(&self, position: LogPosition) -> String {
        self.here.clone().with("open", position.0.to_string()).href() + "#record"
    }

    fn source(&self, source: &str) -> String {
        self.cut.pin(Address::new("/sources").with("source", source), self.answered).href()
    }

    fn sessions_at(&self, time: Time) -> String {
        self.cut
            .pin(Address::new("/sessions").with("activeAt", time.to_string()), self.answered)
            .href()
    }
}

/// The answer. `one`: it was asked for one source.
pub(crate) fn main(links: &Links<'_>, heard: &Heard, one: bool) -> Markup {
    let known_at = links.answered.position;
    let each = GAPS / heard.sources.len().max(1);
    let gaps: Vec<Vec<&GapStatement>> =
        heard.sources.iter().map(|report| shown(&report.said.gaps, each)).collect();
    let lanes: Vec<Lane<'_>> =
        heard.sources.iter().zip(&gaps).map(|(report, gaps)| Lane { report, gaps }).collect();
    html! {
        h1 { @match heard.sources.as_slice() { [report] if one => {
            "Source " (inert(report.source.as_str())) }, _ => "Sources" } }
        p class="verdict" { (verdict(heard, one)) }
        p class="as-other" {
            @if one { a href=(links.cut.pin(Address::new("/sources"), links.answered).href()) {
                "All sources" } " · " }
            a href=(as_query::link("sources", links.here)) { "As GraphQL" }
        }
        @if !heard.sources.is_empty() {
            section class="timeline" aria-label="What was heard" {
                div class="figure scroll" tabindex="0" role="region" aria-label="What was heard; \
                    arrow keys move between its items" {
                    (heard::svg(&lanes, links.answered, "hd", &|position| links.record(position)))
                }
                output class="spoken" aria-live="polite" {}
                p class="legend" {
                    "Solid: said to be complete. Hatched: assumed to be. Cross-hatched: silent, \
                     with a heavy outline where it is still open. Dotted: not heard yet. "
                    "No source says from when on it was heard: each is drawn from what its \
                     first record speaks of."
                }
            }
            (table(links, heard))
        }
        (silences(links, heard, &gaps))
        @if let (true, [report]) = (one, heard.sources.as_slice()) { (details(links, report)) }
        p class="muted" {
            "Counted over every record known at " (known_at) ", whatever T. Late: recorded more \
                than 60 s after it occurred. Clock ahead: recorded a second or more before. "
            "What came again in the same words is no new record, and is not counted. Lag: from \
             what was heard to when " (known_at) " was recorded."
        }
    }
}

fn verdict(heard: &Heard, one: bool) -> Markup {
    let all: Vec<&GapStatement> =
        heard.sources.iter().flat_map(|report| &report.said.gaps).collect();
    let open = all.iter().filter(|said| !said.gap.backfilled).count();
    let silent = heard.sources.iter().filter(|report| report.said.heard.is_empty()).count();
    html! {
        @match heard.sources.len() { 0 => "No source is known.", 1 if one => "", 1 => "One source. \
            ", n => { (n) " sources. " } }
        @if heard.left_out > 0 { (heard.left_out) " more are known: ask for one by its name, as in \
            /sources?source=NAME. " }
        @if silent > 0 { @if one { "It says nothing of its completeness. " } @else {
            (silent) " of them say nothing of their completeness. " } }
        @if !heard.sources.is_empty() {
            @match (all.len(), open) {
                (0, _) => "No silence is known.",
                (n, 0) => { (n) @if n == 1 { " silence, back-filled." } @else { " silences, all \
                    back-filled." } },
                (n, open) => { (n) @if n == 1 { " silence" } @else {
                    " silences" } ", " strong class="attention" { (open) " still open" } "." },
            }
        }
    }
}

/// Those still open first, then the latest; in the order of time.
fn shown(gaps: &[GapStatement], most: usize) -> Vec<&GapStatement> {
    let mut shown: Vec<&GapStatement> = gaps.iter().collect();
    shown.sort_by_key(|said| (said.gap.backfilled, Reverse(said.gap.from)));
    shown.truncate(most);
    shown.sort_by_key(|said| said.gap);
    shown
}

fn table(links: &Links<'_>, heard: &Heard) -> Markup {
    let mut times = Times::default();
    html! {
        div class="scroll" tabindex="0" role="group" aria-label="Sources" {
            table class="sources" {
                thead { tr {
                    @for head in ["Source", "Heard to", "Lag", "Late facts", "Clock ahead",
                        "Conflicts", "Kept as variants", "Not understood", "Silences"] {
                        th scope="col" { (head) } }
                } }
                tbody { @for report in &heard.sources { (row(links, report, &mut times)) } }
            }
        }
    }
}

fn row(links: &Links<'_>, report: &SourceReport, times: &mut Times) -> Markup {
    let furthest = report.said.heard.iter().max_by_key(|said| said.until);
    let open = report.said.gaps.iter().filter(|said| !said.gap.backfilled).count();
    html! {
        tr {
            th scope="row" { a href=(links.source(report.source.as_str())) {
                (inert(report.source.as_str())) } }
            td {
                @if report.said.heard.is_empty() { "nothing said" }
                @for (i, said) in report.said.heard.iter().enumerate() {
                    @if i > 0 { ", then " }
                    (times.show(said.until)) " (" (basis(said.basis)) ", " a
                        href=(links.record(said.record.position)) { (said.record.position) } ")"
                }
            }
            td { @match furthest { None => "not known", Some(said) => (lag(said.until,
                links.answered.recorded_at)) } }
            td { (number(&report.late)) @if let Some(most) = furthest_off(&report.late) {
                " (max " (most) ")" } }
            td { (number(&report.ahead)) @if let Some(most) = furthest_off(&report.ahead) {
                " (max " (most) ")" } }
            td { (number(&report.conflicts)) }
            td { (number(&report.variants)) }
            td { (number(&report.not_understood)) }
            td {
                @match (report.said.gaps.len(), open) {
                    (0, _) => "0",
                    (n, 0) => { (n) ", back-filled" },
                    (n, open) => { (n) ", " strong class="attention" { (open) " open" } },
                }
            }
        }
    }
}

const fn basis(basis: HeardBasis) -> &'static str {
    match basis {
        HeardBasis::Stated => "stated",
        HeardBasis::Polled => "polled",
        HeardBasis::Assumed => "assumed",
    }
}

fn lag(until: Time, recorded_at: Time) -> String {
    duration(recorded_at.micros().saturating_sub(until.micros()).max(0).unsigned_abs() / 1_000_000)
}

fn number<T>(counted: &Counted<T>) -> String {
    if counted.at_least { format!("at least {}", counted.count) } else { counted.count.to_string() }
}

/// How far off the first of them is: `+2 min`, and `of the first 1000` where not all were read.
fn furthest_off(counted: &Counted<RecordRef>) -> Option<String> {
    let by = match counted
        .items
        .first()
        .map(|record| Timeliness::of(record.occurred, record.recorded_at))?
    {
        Timeliness::InTime => return None,
        Timeliness::Late(by) => format!("+{}", duration(by.as_secs())),
        Timeliness::Ahead(by) => duration(by.as_secs()),
    };
    Some(if counted.read < counted.count {
        format!("{by} of the first {}", counted.read)
    } else {
        by
    })
}

fn silences(links: &Links<'_>, heard: &Heard, gaps: &[Vec<&GapStatement>]) -> Markup {
    let mut times = Times::default();
    html! {
        @if gaps.iter().any(|gaps| !gaps.is_empty()) {
            section aria-labelledby="silences-h" {
                h2 id="silences-h" { "Silences" }
                ul class="gaps" {
                    @for (report, gaps) in heard.sources.iter().zip(gaps) {
                        @for said in gaps { li { (silence(links, report, said, &mut times)) } }
                        @if report.said.gaps.len() > gaps.len() {
                            li { (inert(report.source.as_str())) ": "
                                (report.said.gaps.len() - gaps.len()) " earlier ones are not shown"
                                }
                        }
                    }
                }
            }
        }
    }
}

fn silence(
    links: &Links<'_>,
    report: &SourceReport,
    said: &GapStatement,
    times: &mut Times,
) -> Markup {
    let link =
        |record: &RecordRef| html! { a href=(links.record(record.position)) { (record.position) } };
    html! {
        (inert(report.source.as_str())) " " (said.gap.cause) " " (times.show(said.gap.from))
        @match said.gap.until { Some(until) => { " to " (times.show(until)) }, None => " and on" }
        " (" (link(&said.silent)) ", recorded " (times.show(said.silent.recorded_at)) ")"
        @for (i, record) in said.backfilled.iter().take(5).enumerate() {
            @if i == 0 { ", back-filled " } @else { ", " }
            (times.show(record.recorded_at)) " (" (link(record)) ")"
        }
        @if said.backfilled.len() > 5 { ", and by " (said.backfilled.len() - 5) " more" }
        @if !said.gap.backfilled { ", " strong class="attention" { "open" } }
        " · " a href=(links.sessions_at(said.gap.from)) { "sessions active when it began" }
    }
}

fn details(links: &Links<'_>, report: &SourceReport) -> Markup {
    html! {
        (records(links, "late", "Late facts", &report.late, "those that came latest"))
        (records(links, "ahead", "Recorded before they occurred", &report.ahead, "those furthest \
            ahead"))
        (conflicts(links, &report.conflicts))
        (records(links, "variants", "Kept as variants", &report.variants, "the first"))
        (records(links, "not-understood", "Not understood", &report.not_understood, "the first"))
    }
}

fn some<T>(counted: &Counted<T>, which: &str) -> Markup {
    html! {
        @if counted.items.len() < counted.count {
            p { (number(counted)) "; shown are " (counted.items.len()) ": " (which) @if counted.read
                < counted.count && counted.read > counted.items.len() {
                " of the first " (counted.read) } "." }
        }
    }
}

fn records(
    links: &Links<'_>,
    id: &str,
    title: &str,
    counted: &Counted<RecordRef>,
    which: &str,
) -> Markup {
    html! {
        @if counted.count > 0 {
            section aria-labelledby={ (id) "-h" } {
                h2 id={ (id) "-h" } { (title) }
                (some(counted, which))
                @if counted.items.len() < counted.count {
                    p { a href=(links.here.clone().with("list", id).href()) { "All of them" }
                        ", in the order of the log" }
                }
                (record_table(links, title, &counted.items))
            }
        }
    }
}

/// A row a record.
pub(super) fn record_table(links: &Links<'_>, title: &str, records: &[RecordRef]) -> Markup {
    let mut times = Times::default();
    html! {
        div class="scroll" tabindex="0" role="group" aria-label=(title) {
            table {
                thead { tr { @for head in ["Record", "What", "Occurred", "Recorded", "Source's id"]
                    { th scope="col" { (head) } } } }
                tbody {
                    @for record in records {
                        tr {
                            td { a href=(links.record(record.position)) { (record.position) } }
                            td { (inert(&record.kind)) }
                            td { (times.occurred(record.occurred)) }
                            td { (times.show(record.recorded_at)) " ("
                                (delay(record.occurred.from, record.recorded_at)) ")" }
                            td { (inert(record.source_id.as_str())) }
                        }
                    }
                }
            }
        }
    }
}

fn conflicts(links: &Links<'_>, counted: &Counted<ConflictRef>) -> Markup {
    let mut times = Times::default();
    html! {
        @if counted.count > 0 {
            section aria-labelledby="conflicts-h" {
                h2 id="conflicts-h" { "Other content under an id that was known" }
                (some(counted, "the first"))
                div class="scroll" tabindex="0" role="group" aria-labelledby="conflicts-h" {
                    table {
                        thead { tr { @for head in ["Record", "Recorded", "Source's id",
                            "Digest of what is stored", "Digest of what came"] {
                            th scope="col" { (head) } } } }
                        tbody {
                            @for conflict in &counted.items {
                                tr {
                                    td { a href=(links.record(conflict.record.position)) {
                                        (conflict.record.position) } }
                                    td { (times.show(conflict.record.recorded_at)) }
                                    td { (inert(conflict.id.as_str())) }
                                    td { code class="bytes" { (conflict.stored_digest) } }
                                    td { code class="bytes" { (conflict.digest) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
