//! `/`: what is alive at T, what needs a look, how far the sources were heard, and the last signed
//! checkpoint. Each number leads to the list with as many rows.

use super::{
    address::Address, error_page::PageError, first_seen, frame, links::Links, parameters::CutAsked,
    pinned::PinnedPage, reader::Reader, text::inert, times::Times,
};
use crate::http::Server;
use axum::{http::StatusCode, response::Response};
use claimledger_app::model::{
    answer::{Answer, Answered, Page, SessionHit, Status},
    question::{AskError, Asking, Caller, SessionFilter},
    source_report::{Counted, Heard, SourceReport},
};
use claimledger_domain::model::{Certainty, SessionState};
use claimledger_facts::{time::Time, vocabulary::Role};
use claimledger_ledger::log::LogError;
use maud::{Markup, html};
use tokio::task::JoinError;
use tokio_util::task::AbortOnDropHandle;

/// Sessions that are counted of each kind; more are "at least".
const COUNTED: u32 = 100;

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
}

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let may_read = caller.has(Role::Read) || caller.has(Role::Investigate);
    if !may_read && caller.has(Role::Operate) {
        let status = server.app.status(caller).await?;
        let main = html! {
            h1 { "Overview" }
            (health(&status))
            p class="muted" { "What the records say needs the role " (Role::Read.as_str()) "." }
        };
        return Ok(frame::page(StatusCode::OK, "Overview", Some(caller), html! {}, main));
    }
    let parameters = reader.parameters()?;
    let cut = parameters.cut()?;
    let asking = cut.asking(parameters.wait()?);
    let heard = server.app.sources(caller, None, &asking).await?;
    let page = PinnedPage::of(caller, &cut, Address::new("/"), &heard);
    if let Some(response) = page.instead() {
        return Ok(response);
    }
    let links = Links::of(&cut, &heard);
    let main = if heard.value.sources.is_empty() {
        html! { h1 { "Overview" } (empty(&links)) (checkpoint(&heard.status)) }
    } else {
        let (counts, first) = tokio::try_join!(
            counts(server, caller, &cut, &heard.answered, &asking),
            first_seen::counts(server, caller, &cut, heard.answered.at, &asking),
        )?;
        html! {
            h1 { "Overview" }
            (looks(&links, &counts, &first))
            (sources(&links, &heard))
            (checkpoint(&heard.status))
        }
    };
    Ok(page.show(StatusCode::OK, "Overview", html! {}, main))
}

/// One number: what it counts, the list, and how many.
struct Count {
    label: &'static str,
    list: Address,
    /// Certain, possible, and whether there are more.
    found: (usize, usize, bool),
    /// Whether any is worth a look.
    is_odd: bool,
}

/// The filters that are counted: label, the parameter and its value, whether one is odd.
fn filters(at: Time) -> [(&'static str, (&'static str, String), SessionFilter, bool); 5] {
    let yes = || "true".to_owned();
    let none = SessionFilter::default;
    [
        (
            "Alive at T",
            ("activeAt", at.to_string()),
            SessionFilter { active_at: Some(at), ..none() },
            false,
        ),
        (
            "A decision differs from the rules when made",
            ("differs", yes()),
            SessionFilter { differs: Some(true), ..none() },
            true,
        ),
        (
            "A decision was falsified later",
            ("falsifiedLater", yes()),
            SessionFilter { falsified_later: Some(true), ..none() },
            true,
        ),
        (
            "Outlived the IdP session",
            ("outlived", yes()),
            SessionFilter { outlived: Some(true), ..none() },
            true,
        ),
        (
            "Rests on trust that was retracted",
            ("retracted", yes()),
            SessionFilter { retracted: Some(true), ..none() },
            true,
        ),
    ]
}

/// The counts, in the order of the filters. They are taken at the same time, because each assesses
/// up to [`COUNTED`] sessions.
async fn counts(
    server: &Server,
    caller: &Caller,
    cut: &CutAsked,
    answered: &Answered,
    asking: &Asking,
) -> Result<Vec<Count>, PageError> {
    let mut running = Vec::new();
    for (label, (name, value), filter, is_odd) in filters(answered.at) {
        let list = Address::new("/sessions").with(name, value).with("first", COUNTED.to_string());
        let list = cut.pin(list, answered);
        let (app, caller, asking) = (server.app.clone(), caller.clone(), *asking);
        let count =
            async move { app.sessions_state_only(&caller, &filter, &asking, COUNTED, None).await };
        running.push((label, list, is_odd, AbortOnDropHandle::new(tokio::spawn(count))));
    }
    let mut counts = Vec::new();
    for (label, list, is_odd, count) in running {
        let found: Answer<Page<SessionHit<SessionState>>> = count.await.map_err(cancelled)??;
        let items = &found.value.items;
        let certain = items.iter().filter(|hit| hit.certainty == Certainty::Certain).count();
        let found = (certain, items.len() - certain, found.value.has_next);
        counts.push(Count { label, list, found, is_odd });
    }
    Ok(counts)
}

fn cancelled(error: JoinError) -> AskError {
    AskError::from(LogError::Unavailable {
        reason: "a count was cancelled".to_owned(),
        source: Some(Box::new(error)),
    })
}

fn looks(links: &Links<'_>, counts: &[Count], first: &Markup) -> Markup {
    let number = |count: &Count| {
        let (certain, possible, has_more) = count.found;
        let is_some = count.is_odd && certain + possible > 0;
        html! {
            li {
                a class=(if is_some { "attention" } else { "calm" }) href=(count.list.href()) {
                    @if has_more { "at least " }
                    (certain) " certain + " (possible) " possible"
                }
                " " span class="counted" { (count.label) }
            }
        }
    };
    let odd = || counts.iter().filter(|count| count.is_odd);
    html! {
        div class="looks" {
            section id="alive" aria-labelledby="alive-h" {
                h2 id="alive-h" { "Sessions alive" }
                ul class="numbers" { @for count in counts.iter().filter(|count| !count.is_odd) {
                    (number(count)) } }
            }
            section id="look" aria-labelledby="look-h" {
                h2 id="look-h" { "Sessions that need a look" }
                @if odd().all(|count| matches!(count.found, (0, 0, _))) {
                    p { (frame::none(links.absence)) } }
                ul class="numbers" { @for count in odd() { (number(count)) } }
            }
            (first)
        }
    }
}

fn sources(links: &Links<'_>, heard: &Answer<Heard>) -> Markup {
    let mut times = Times::default();
    html! {
        section id="heard" aria-labelledby="heard-h" {
            h2 id="heard-h" { "Sources" }
            div class="scroll" tabindex="0" role="group" aria-labelledby="heard-h" {
                table class="heard" {
                    thead { tr { @for head in ["Source", "Heard to", "Silences", "Late facts",
                        "Conflicts", "Not understood"] { th scope="col" { (head) } } } }
                    tbody { @for report in &heard.value.sources {
                        (of_source(links, report, &mut times)) } }
                }
            }
            @if heard.value.left_out > 0 { p { (heard.value.left_out) " more are known: "
                a href=(links.to(Address::new("/sources"))) { "Sources" } "." } }
        }
    }
}

fn of_source(links: &Links<'_>, report: &SourceReport, times: &mut Times) -> Markup {
    let page = links.to(Address::new("/sources").with("source", report.source.as_str()));
    let furthest = report.said.heard.iter().map(|said| said.until).max();
    let gaps = &report.said.gaps;
    let open = gaps.iter().filter(|said| !said.gap.backfilled).count();
    html! {
        tr {
            th scope="row" { a href=(page) { (inert(report.source.as_str())) } }
            td { @match furthest { Some(until) => (times.show(until)), None => "nothing said" } }
            td { a href=(page) { (gaps.len())
                @if open > 0 { ", " strong class="attention" { (open) " open" } }
                @else if !gaps.is_empty() { ", back-filled" } } }
            td { (linked(&page, "late", &report.late)) }
            td { (linked(&page, "conflicts", &report.conflicts)) }
            td { (linked(&page, "not-understood", &report.not_understood)) }
        }
    }
}

/// A number, with a link to the records where there are some.
fn linked<T>(page: &str, id: &str, counted: &Counted<T>) -> Markup {
    html! {
        @if counted.count == 0 { "0" } @else {
            a href={ (page) "#" (id) "-h" } { @if counted.at_least { "at least " }
                (counted.count) } }
    }
}

fn checkpoint(status: &Status) -> Markup {
    html! {
        section id="checkpoint" aria-labelledby="checkpoint-h" {
            h2 id="checkpoint-h" { "Checkpoint" }
            p {
                @match &status.signed {
                    Some((size, root)) => { "Signed over " (size) " records, root "
                        code { (root) } ". " },
                    None => "None is signed yet. ",
                }
                a href="/evidence" { "Evidence" }
            }
            (problems(status))
        }
    }
}

fn problems(status: &Status) -> Markup {
    let mut times = Times::default();
    html! {
        @for problem in &status.problems {
            p class="notice" { strong class="attention" { (problem.part.as_str()) } ": "
                (inert(&problem.cause.why)) ", since " (times.show(problem.cause.since)) "." }
        }
    }
}

/// For a caller who runs the ledger and may not read it.
fn health(status: &Status) -> Markup {
    html! {
        section id="health" aria-labelledby="health-h" {
            h2 id="health-h" { "Health" }
            p class="verdict" { @if status.problems.is_empty() { "Every part works." } @else {
                "Not every part works." } }
            (problems(status))
            p { (status.head) " records in the log; the read models contain "
                (status.assessed_to) " of them." }
        }
        (checkpoint(&Status { problems: Vec::new(), ..status.clone() }))
    }
}

/// Three ways to bring facts in.
fn empty(links: &Links<'_>) -> Markup {
    html! {
        p class="verdict" { "No source has sent anything yet, as known at "
            (links.answered.position) "." }
        h2 { "Three ways to bring in facts" }
        ol class="ways" {
            li { "From a file: " code { "claimledger ingest FILE" } ", of native facts, \
                CloudEvents or the Okta System Log." }
            li { "From a program: " code { "POST /v1/facts" } " with a token of the role "
                (Role::Ingest.as_str()) "." }
            li { "From Okta: " code { "claimledger source add okta --org URL" } ", then it is \
                polled." }
        }
    }
}
