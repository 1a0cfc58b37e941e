//! What `/rehearse` lists: decisions that would be otherwise, who would be locked out or asked
//! twice, sessions that live on it, and policies that could not be met.

use super::{
    address::Address,
    blast_falls as falls,
    blast_list::{self, Odd},
    decision, elements, frame,
    parameters::CutAsked,
    text::{count, inert},
    times::Times,
    why,
};
use claimledger_app::model::answer::{Absence, Answered, FallenHit, LockedOut, Rehearsed};
use claimledger_domain::model::{Certainty, Decision, Implied};
use claimledger_facts::ids::{LogPosition, Pseudonym, SessionId};
use maud::{Markup, html};

/// Rows of each list; more are counted.
const ROWS: usize = 100;

/// Where a reader can go from here.
pub(crate) struct Links<'a> {
    /// T, K and R as asked.
    pub cut: &'a CutAsked,
    /// What it holds for.
    pub answered: &'a Answered,
    /// Why something may be absent.
    pub absence: &'a Absence,
}

impl Links<'_> {
    /// The page of a record; none: of all sources.
    pub(super) fn record(&self, position: Option<LogPosition>) -> String {
        let address = Address::new("/sources")
            .with_some("open", position.map(|p| p.0.to_string()).as_deref());
        self.cut.pin(address, self.answered).href()
    }

    fn decision(&self, decision: &Decision) -> String {
        let address = decision::address(decision.recorded.record.position);
        self.cut.pin(address, self.answered).href()
    }

    fn session(&self, id: &str) -> String {
        self.cut.pin(Address::new("/session").with("id", id), self.answered).href()
    }
}

/// A list: its id, its heading, the heads of its columns, and its rows.
struct List<'r, T> {
    id: &'static str,
    title: &'static str,
    heads: &'static [&'static str],
    rows: &'r [T],
    /// How many of the rows fell already.
    fell: Option<String>,
}

/// The heads of a list of decisions.
const OF_DECISIONS: &[&str] =
    &["Decision", "Session", "App", "When", "Recorded outcome", "What it becomes"];
const OF_FALLS: &[&str] = &[
    "Decision",
    "Session",
    "App",
    "When",
    "Recorded outcome",
    "What it becomes",
    "What is odd already",
];
const OF_UNCHANGED: &[&str] = &["Decision", "Session", "App", "When", "Recorded outcome", "Why"];
const OF_ACCESSES: &[&str] = &["Session", "Subject", "App"];

/// The numbers, and the lists that have as many rows.
pub(super) fn main(links: &Links<'_>, rehearsed: &Rehearsed) -> Markup {
    let prompts: Vec<&LockedOut> = rehearsed.double_prompts().collect();
    let out: Vec<&LockedOut> =
        rehearsed.locked_out.iter().filter(|out| out.implied != Implied::Challenge).collect();
    let fell = falls::count_already(rehearsed.falls.iter().filter_map(|fall| fall.fell));
    let falling = fell.as_ref().map_or_else(
        || "decisions that fall".to_owned(),
        |fell| format!("decisions that fall; {fell} of them fell already"),
    );
    html! {
        ul class="numbers" id="counts" {
            (number("out", "locked out", &tally(out.len(), 0), true))
            (number("prompts", "asked twice", &tally(prompts.len(), 0), false))
            (number("flips", "decisions otherwise", &tally(rehearsed.flips.len(), 0), false))
            (number("falls", &falling,
                &certainties(rehearsed.falls.iter().map(|fall| fall.certainty)), true))
            (number("live", "sessions that live on it at T",
                &certainties(rehearsed.live.iter().map(|live| live.certainty)), false))
            (number("unmet", "policies not met as before", &tally(rehearsed.unmet.len(), 0), true))
            (number("unchanged", "decisions that stay", &tally(rehearsed.unchanged.len(), 0),
                false))
        }
        (accesses(links, "out", "Locked out", &out))
        (accesses(links, "prompts", "Asked twice: by the IdP, and by a local authenticator",
            &prompts))
        (part(links, &List { id: "flips", title: "Decisions that would be otherwise",
            heads: OF_DECISIONS, rows: &rehearsed.flips, fell: None }, &|times, flip| {
            decided(links, times, &flip.decision, "What it becomes",
                &html! { strong class="attention" { (inert(&flip.words)) } }) }))
        (part(links, &List { id: "falls", title: "Decisions that fall", heads: OF_FALLS,
            rows: &rehearsed.falls, fell }, &|times, fall| fall_row(links, times, fall)))
        (part(links, &List { id: "live", title: "Sessions that live on it at T",
            heads: &["Session", "Subject", "Factors that rest on it"], rows: &rehearsed.live,
            fell: None },
            &|_, live| html! {
                (session_cells(links, &live.session, live.subject.as_ref()))
                td data-head="Factors that rest on it" {
                    @if live.certainty == Certainty::Possible { "possibly: " }
                    @for (i, factor) in live.factors.iter().enumerate() {
                        @if i > 0 { ", " } (inert(factor)) } }
            }))
        section id="unmet" aria-labelledby="unmet-h" {
            h2 id="unmet-h" { "Policies that could not be met as before" }
            @if rehearsed.unmet.is_empty() { p {
                "Policies: " (frame::no_more(links.absence)) "." } }
            ul { @for unmet in rehearsed.unmet.iter().take(ROWS) {
                li { (inert(&unmet.sentence)) } } }
            @if rehearsed.unmet.len() > ROWS { p { (rehearsed.unmet.len() - ROWS) " more." } }
        }
        (part(links, &List { id: "unchanged", title: "Decisions that stay as they are",
            heads: OF_UNCHANGED, rows: &rehearsed.unchanged, fell: None }, &|times, unchanged| {
            decided(links, times, &unchanged.decision, "Why",
                &html! { (inert(&unchanged.words)) }) }))
        p class="muted" { (count(usize::try_from(rehearsed.sessions).unwrap_or(usize::MAX),
            "session")) " looked at." }
    }
}

/// A number with a link to its list. `is_odd`: one of them is worth a look.
fn number(id: &str, words: &str, (text, is_some): &(String, bool), is_odd: bool) -> Markup {
    html! {
        li {
            a class=(if is_odd && *is_some { "attention" } else { "calm" }) href={ "#" (id) } {
                (text) }
            " " span class="counted" { (words) }
        }
    }
}

/// The text of a number, and whether there is one at all.
fn tally(certain: usize, possible: usize) -> (String, bool) {
    let text = if possible == 0 {
        certain.to_string()
    } else {
        format!("{certain} certain + {possible} possible")
    };
    (text, certain + possible > 0)
}

fn certainties(all: impl Iterator<Item = Certainty>) -> (String, bool) {
    let (certain, possible): (Vec<Certainty>, Vec<Certainty>) =
        all.partition(|certainty| *certainty == Certainty::Certain);
    tally(certain.len(), possible.len())
}

/// A list as a table; its rows begin with their head.
fn part<T>(
    links: &Links<'_>,
    list: &List<'_, T>,
    row: &dyn Fn(&mut Times, &T) -> Markup,
) -> Markup {
    let (head, mut times) = (format!("{}-h", list.id), Times::default());
    html! {
        section id=(list.id) aria-labelledby=(head) {
            h2 id=(head) { (list.title) @if !list.rows.is_empty() { ": " (list.rows.len()) }
                @if let Some(fell) = &list.fell { ", of which " (fell) " fell already" } }
            @if list.rows.is_empty() {
                p { "In the window: " (frame::no_more(links.absence)) "." }
            } @else {
                (elements::table(&head, "blast", list.heads, &html! {
                    @for one in list.rows.iter().take(ROWS) { tr { (row(&mut times, one)) } } }))
            }
            @if list.rows.len() > ROWS { p { (list.rows.len() - ROWS) " more." } }
        }
    }
}

fn accesses(
    links: &Links<'_>,
    id: &'static str,
    title: &'static str,
    rows: &[&LockedOut],
) -> Markup {
    part(links, &List { id, title, heads: OF_ACCESSES, rows, fell: None }, &|_, out| {
        html! {
            (session_cells(links, &out.session, out.subject.as_ref()))
            td data-head="App" { (inert(out.app.as_str())) }
        }
    })
}

/// A session and its person, as the first cells of a row.
fn session_cells(links: &Links<'_>, session: &SessionId, subject: Option<&Pseudonym>) -> Markup {
    html! {
        th scope="row" { a href=(links.session(session.as_str())) { (inert(session.as_str())) } }
        td data-head="Subject" {
            @match subject { Some(subject) => (inert(subject.as_str())), None => "–" } }
    }
}

/// A decision, and what is said of it under the last head.
fn decided(
    links: &Links<'_>,
    times: &mut Times,
    decision: &Decision,
    last: &str,
    said: &Markup,
) -> Markup {
    let recorded = &decision.recorded;
    html! {
        th scope="row" { a href=(links.decision(decision)) { (recorded.record.position) } }
        td data-head="Session" { a href=(links.session(recorded.session.as_str())) {
            (inert(recorded.session.as_str())) } }
        td data-head="App" { (inert(&why::app(recorded))) }
        td data-head="When" { (times.occurred(recorded.at)) }
        td data-head="Recorded outcome" { (recorded.outcome.as_str()) }
        td data-head=(last) { (said) }
    }
}

fn fall_row(links: &Links<'_>, times: &mut Times, fall: &FallenHit) -> Markup {
    let is_possible = fall.certainty == Certainty::Possible;
    let odd = blast_list::odd(&fall.decision);
    let words = html! {
        @if is_possible { "possibly: " }
        strong class="attention" { (inert(&fall.words)) }
    };
    html! {
        (decided(links, times, &fall.decision, "What it becomes", &words))
        td data-head="What is odd already" {
            (blast_list::odd_cell(odd.as_deref().map_or(Odd::No, Odd::Yes))) }
    }
}
