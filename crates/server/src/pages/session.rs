//! `/session`: what counted, on whose word, from when until when, and why.

use super::{
    address::Address,
    belief::{self, Compared},
    change_points::{self, Ways},
    decision, equal,
    error_page::{PageError, Unknown, lagging},
    factor,
    frame::{self, Strip},
    links, order_switch, pack,
    parameters::{CutAsked, Parameters},
    records,
    refused::refused,
    text::inert,
    times::{Times, clock},
    verdict::{self, Held},
    why,
};
use crate::{
    http::{Server, Shared, auth},
    timeline::{
        lanes::{self, Order, Target},
        limits, svg, table,
    },
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use claimledger_app::{
    app::Label,
    model::{
        answer::{Absence, Answer, Answered, SessionChangePoints},
        question::{Asking, Caller},
    },
};
use claimledger_domain::{
    codes::missing_words,
    explain::called,
    model::{Explained, Phase, SessionState},
};
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    vocabulary::Role,
};
use maud::{Markup, html};

/// More trees than this are shown in pages.
const TREES: usize = 20;
/// Trees of such a page.
const PAGED: usize = 10;

pub(crate) async fn get(State(server): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let caller = match caller(&server, &uri, &headers).await {
        Ok(caller) => caller,
        Err(trouble) => return trouble.page(None),
    };
    answer(&server, &caller, &uri).await.unwrap_or_else(|trouble| trouble.page(Some(&caller)))
}

/// Authenticates the reader of a page; a browser that is not signed in is sent to sign in and back.
pub(crate) async fn caller(
    server: &Server,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Caller, PageError> {
    let next = uri.path_and_query().map_or("/", |next| next.as_str());
    let caller = auth::of_page(server, headers).await.map_err(|reason| {
        PageError::not_caller(reason, next, headers.contains_key(header::AUTHORIZATION))
    })?;
    server.questions.take(&caller).map_err(PageError::TooMany)?;
    Ok(caller)
}

/// What the address says beside T, K and R.
#[derive(Clone)]
struct SessionView {
    id: SessionId,
    cut: CutAsked,
    order: Order,
    open: Option<u64>,
    names: bool,
    records: usize,
    trees: usize,
    /// With which K it is compared.
    vs: Option<u64>,
}

impl SessionView {
    fn read(parameters: &Parameters) -> Result<Self, PageError> {
        let id = parameters
            .session()
            .ok_or_else(|| PageError::refused("The address names no session: id is missing."))?;
        let order = match parameters.get("order") {
            None | Some("occurred") => Order::Occurred,
            Some("recorded") => Order::Recorded,
            Some(other) => {
                return Err(PageError::refused(format!(
                    "unknown order {other}: use occurred or recorded."
                )));
            }
        };
        let page = |name| {
            Ok::<_, PageError>(
                usize::try_from(parameters.number(name)?.unwrap_or(1)).unwrap_or(1).max(1),
            )
        };
        Ok(Self {
            id,
            order,
            cut: parameters.cut()?,
            open: parameters.number("open")?,
            names: parameters.flag("names")?.unwrap_or(false),
            records: page("records")?,
            trees: page("trees")?,
            vs: compared_with(parameters)?,
        })
    }

    /// The address without T, K, R, the comparison and the drawer.
    fn keep(&self) -> Address {
        let mut address = Address::new("/session").with("id", self.id.as_str());
        if self.order == Order::Recorded {
            address = address.with("order", self.order.word());
        }
        if self.names {
            address = address.with("names", "1");
        }
        address
    }

    fn pinned(&self, answer: &Answer<Option<Explained>>) -> Address {
        self.cut
            .pin(self.keep(), &answer.answered)
            .with_some("vs", self.vs.map(|n| n.to_string()).as_deref())
    }
}

fn compared_with(parameters: &Parameters) -> Result<Option<u64>, PageError> {
    let Some(text) = parameters.get("vs") else { return Ok(None) };
    let digits = text.strip_prefix('#').unwrap_or(text);
    digits.parse().map(Some).map_err(|_| {
        PageError::refused(format!("vs: {text} is not a position; use a number such as #31."))
    })
}

async fn answer(server: &Server, caller: &Caller, uri: &Uri) -> Result<Response, PageError> {
    let parameters = Parameters::read(uri)?;
    let view = SessionView::read(&parameters)?;
    let after = parameters.number("after")?.map(LogPosition);
    let answer = server.app.session(caller, &view.id, &view.cut.asking(after)).await?;
    if let Some(response) = lagging(caller, &answer) {
        return Ok(response);
    }
    if !parameters.is_pinned(&view.cut) {
        let to =
            view.pinned(&answer).with_some("open", view.open.map(|n| n.to_string()).as_deref());
        return Ok(Redirect::to(&to.href()).into_response());
    }
    let Some(session) = &answer.value else {
        return not_found(server, caller, &view.id, &view.cut, &answer).await;
    };
    let label = if view.names { label(server, caller, &session.state).await? } else { None };
    let record = match view.open.map(LogPosition) {
        Some(position) if position <= answer.answered.position => {
            records::open(server, caller, position).await?
        }
        Some(_) | None => None,
    };
    let pinned = Asking {
        at: Some(answer.answered.at),
        known_at_position: Some(answer.answered.position),
        ..Asking::default()
    };
    let compared = compare(server, caller, &view, &pinned).await?;
    let points = server.app.change_points(caller, &view.id, &pinned).await?;
    let here = view.pinned(&answer);
    let strip = frame::strip(
        &Strip { keep: &view.keep(), here: &here, known: view.cut.known },
        &answer.answered,
        &answer.completeness,
        &answer.status,
    );
    let (keep, plain) = (view.keep(), view.cut.pin(view.keep(), &answer.answered));
    let ways = Ways { keep: &keep, here: &plain, answered: &answer.answered, vs: view.vs };
    let last = LogPosition(points.status.assessed_to.saturating_sub(1));
    let later = points.value.as_ref().map(|found| change_points::later(&ways, &found.later, last));
    let outside = html! { (strip) @if view.names {
    (names(label.as_ref())) } @if let Some(later) = later { (later) } };
    let drawer = view
        .open
        .map(|open| records::drawer(LogPosition(open), record.as_ref(), caller, &here.href()));
    let size = session.state.records.len();
    let pack = pack::section(caller, (&view.id, size), view.order, &answer.answered);
    let (points, compared) = (points.value.as_ref(), compared.as_ref());
    let beside = Beside { ways, points, compared, drawer, pack };
    let main = main(&view, &answer, session, &here, beside);
    let title = format!("Session {}", session.state.id);
    Ok(frame::page(StatusCode::OK, &title, Some(caller), outside, main))
}

/// The comparison that the address asks for: with a K up to that of the page.
async fn compare(
    server: &Server,
    caller: &Caller,
    view: &SessionView,
    pinned: &Asking,
) -> Result<Option<Compared>, PageError> {
    let Some(vs) = view.vs.map(LogPosition) else { return Ok(None) };
    if let Some(known_at) = pinned.known_at_position.filter(|known_at| vs > *known_at) {
        return Err(PageError::refused(format!(
            "vs: {vs} is later than {known_at}, the position of this page; swap them."
        )));
    }
    let from = Asking { known_at_position: Some(vs), ..Asking::default() };
    let diff = server.app.belief_diff(caller, &view.id, pinned.at, &from, pinned).await;
    Ok(Some(Compared::of(diff.map(|answer| answer.value.diff))?))
}

/// What stands in `<main>` beside the session itself.
struct Beside<'a> {
    ways: Ways<'a>,
    points: Option<&'a SessionChangePoints>,
    compared: Option<&'a Compared>,
    drawer: Option<Markup>,
    pack: Markup,
}

/// Where nothing by the id is known: the same questions to the app, whether the id is unknown or
/// another tenant's.
pub(super) async fn not_found(
    server: &Server,
    caller: &Caller,
    id: &SessionId,
    cut: &CutAsked,
    answer: &Answer<Option<Explained>>,
) -> Result<Response, PageError> {
    let at_head = Asking { at: cut.at, ..Asking::default() };
    let later = server.app.session(caller, id, &at_head).await?.value;
    let known_from =
        later.and_then(|session| session.state.records.iter().map(|record| record.position).min());
    Ok(Unknown { cut, list: "/sessions", known_from }.page(caller, answer))
}

async fn label(
    server: &Server,
    caller: &Caller,
    session: &SessionState,
) -> Result<Option<Label>, PageError> {
    let people: Vec<_> = session.origin.subject.iter().cloned().collect();
    // The app decides whether names may be shown, whether or not there is a person to name.
    let labels = server.app.labels(caller, &people).await?;
    Ok(session.origin.subject.as_ref().and_then(|subject| labels.get(subject).cloned()))
}

fn names(label: Option<&Label>) -> Markup {
    html! {
        section class="names" aria-label="Names" {
            @match label {
                None => "No label of this session's subject is here.",
                Some(Label { key_destroyed: true, .. }) => {
                    "The key of this session's subject was destroyed: names and originals cannot \
                     be read any more. What the facts say stays."
                },
                Some(label) => {
                    "Its subject: "
                    @if let Some(name) = &label.name { (inert(name)) " " }
                    @if let Some(login) = &label.login { "(" (inert(login)) ")" }
                },
            }
        }
    }
}

fn main(
    view: &SessionView,
    answer: &Answer<Option<Explained>>,
    explained: &Explained,
    here: &Address,
    beside: Beside<'_>,
) -> Markup {
    let session = &explained.state;
    let href = |position: Option<LogPosition>| match position {
        Some(position) => {
            format!("{}#record", here.clone().with("open", position.0.to_string()).href())
        }
        None => here.href(),
    };
    let opens = |target: Target| match target {
        Target::Session => href(None),
        Target::Record(position) => href(Some(position)),
        Target::Decision(position) => {
            view.cut.pin(decision::address(position), &answer.answered).href()
        }
    };
    let mut figure = lanes::figure(
        explained,
        answer.answered.at,
        answer.answered.recorded_at,
        &answer.completeness,
        view.order,
    );
    limits::fit(&mut figure, href(Some(LogPosition(u64::MAX))).len());
    let known_from = beside
        .points
        .filter(|points| points.until.untried == 0)
        .and_then(|points| points.until.points.first())
        .map(|point| point.record.position);
    let known_from =
        known_from.or_else(|| session.records.iter().map(|record| record.position).min());
    let by = |order| SessionView { order, ..view.clone() }.pinned(answer);
    let show_names = here.clone().with("names", "1").href();
    let held = Held { answered: &answer.answered, absence: &answer.absence };
    html! {
        (title(session))
        (verdict::of_session(session, held).show(held, None))
        (head(session, &answer.absence, &show_names, view.names))
        div class="columns" {
            (trees(view, &answer.answered, explained, here, &href))
            @if let Some(drawer) = beside.drawer { (drawer) }
        }
        (order_switch::order_switch(view.order, (&by(Order::Occurred), &by(Order::Recorded))))
        @if let Some(found) = beside.points { (change_points::until(&beside.ways, &found.until)) }
        @if let (Some(compared), Some(vs)) = (beside.compared, view.vs) {
            (belief::section(compared, (LogPosition(vs), answer.answered.position), known_from,
                beside.ways.here, &href))
        }
        section class="timeline" aria-labelledby="timeline-h" {
            h2 id="timeline-h" { "Timeline" }
            a class="skip" href="#tl-table" { "Skip to the table" }
            div class="figure scroll" tabindex="0" role="region" aria-label="Timeline; arrow keys \
                move between its items" {
                (svg::svg(&figure, "tl", &opens))
            }
            output class="spoken" aria-live="polite" {}
            p class="caption" {
                (svg::description(&figure))
                @if figure.after_t > 0 { " " (figure.after_t) " known facts after T are not \
                    drawn." }
            }
            (legend())
            (table::table(&figure, "tl-table", &opens))
        }
        (refused(session, &href))
        (records::list(&session.records, view.records, &href, &|page|
            here.clone().with("records", page.to_string()).href() + "#records"))
        (beside.pack)
    }
}

fn title(session: &SessionState) -> Markup {
    html! {
        h1 {
            (inert(session.id.as_str()))
            @if let Some(subject) = &session.origin.subject { " · " (inert(subject.as_str())) }
        }
    }
}

fn head(session: &SessionState, absence: &Absence, show_names: &str, named: bool) -> Markup {
    let mut times = Times::default();
    let decisions = session.decisions.len();
    let differ = session.decisions.iter().filter(|decision| decision.differs.is_some()).count();
    let falsified =
        session.decisions.iter().filter(|decision| decision.falsified_later.is_some()).count();
    html! {
        p class="facts" {
            @if session.origin.subject.is_some() && !named { a href=(show_names) {
                "Show names" } " (needs " (Role::Investigate.as_str()) ") · " }
            "aliases: "
            @if session.aliases.is_empty() { (frame::no_more(absence)) }
            @for (i, alias) in session.aliases.iter().enumerate() {
                @if i > 0 { ", " } (inert(alias.as_str())) }
            " · " (state(session, &mut times))
        }
        p class="rested-on" {
            (rested_on(session))
            " "
            @match decisions { 0 if absence.is_none() => "No decisions.", 0 => "No decisions \
                seen.", n => { (counted(n)) @if n == 1 { " decision" } @else { " decisions" } } }
            @if decisions > 0 {
                @match (decisions, differ) {
                    _ if falsified > 0 => {
                        ": " (decisions - differ - falsified) " as the rules say"
                        @if differ > 0 { ", " (differ) " " strong class="attention" {
                            "≠ differs" } " from what they say" }
                        ", " (falsified) " " strong class="attention" { "✕ falsified later" } "."
                    },
                    (1, 0) => ", as the rules say.",
                    (2, 0) => ", both as the rules say.",
                    (_, 0) => ", all as the rules say.",
                    (1, _) => { ", which " strong class="attention" { "≠ differs" } " from what \
                        the rules say." },
                    (_, 1) => { ", one of which " strong class="attention" {
                        "≠ differs" } " from what the rules say." },
                    (_, n) => { ", " (counted(n).to_lowercase()) " of which " strong
                        class="attention" { "≠ differ" } " from what the rules say." },
                }
            }
            @if !session.ignored.is_empty() {
                " " (counted(session.ignored.len())) @if session.ignored.len() == 1 {
                " claimed value" } @else { " claimed values" } " did not count." }
            @for falsifier in &session.falsifiers { " " strong { (sentence_of(&falsifier.words)) } }
        }
    }
}

/// Words as a sentence.
fn sentence_of(words: &str) -> Markup {
    let mut chars = words.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    html! { (inert(&format!("{first}{}", chars.as_str()))) "." }
}

/// A count at the start of a sentence: small ones in words.
fn counted(n: usize) -> String {
    const WORDS: [&str; 10] =
        ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];
    WORDS.get(n).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

/// Where a session stands at T, in words.
pub(crate) fn state(session: &SessionState, times: &mut Times) -> Markup {
    let certainty = session.life.certainty.as_str();
    html! {
        span class=(certainty) {
            @match (session.life.phase, session.life.end.at) {
                (Phase::NotStarted, _) if session.life.started_at.is_none() => "never began: every \
                    attempt was refused",
                (Phase::NotStarted, _) => {
                    "not started at T"
                    @if let Some(from) = session.life.started_at { ", starts " (times.show(from)) }
                },
                (Phase::Active, _) => "active",
                (Phase::Ended, Some(end)) => { "ended " (times.show(end)) },
                (Phase::Ended, None) => "ended",
            }
            @if let Some(reason) = session.life.end.reason { ", " (lanes::words(reason)) }
            @if let (None, Some(bounds)) = (session.life.end.at, session.life.end.bounds) {
                ", end between " (times.show(bounds.from)) " and "
                @match bounds.to { Some(to) => (times.show(to)), None => "a time not known" }
            }
            ", " (certainty)
            @if !session.life.missing.is_empty() {
                ": missing "
                @for (i, code) in session.life.missing.iter().enumerate() {
                    @if i > 0 { ", " } (missing_words(code)) }
            }
        }
    }
}

fn rested_on(session: &SessionState) -> Markup {
    let counted: Vec<_> = session.factors.iter().filter(|factor| factor.by_record).collect();
    if counted.is_empty() {
        return html! { "No factor counted by record." };
    }
    let mut words: Vec<_> = Vec::new();
    for factor in &counted {
        let word = (
            factor.idp.as_ref().map(|idp| called(idp.as_str(), factor.idp_name.as_deref())),
            factor.key.as_ref(),
            factor.assertion.as_ref(),
            factor.trust_version.as_ref(),
        );
        if !words.contains(&word) {
            words.push(word);
        }
    }
    html! {
        "Rested on "
        @for (i, factor) in counted.iter().enumerate() { @if i > 0 {
            ", " } (inert(&factor.name)) @if !factor.void.is_empty() { " (void by the rules)" } }
        @for word in words.iter().take(5) {
            @match word {
                (Some(idp), key, assertion, trust) => {
                    ", on the word of " (inert(idp))
                    @if key.is_some() || assertion.is_some() {
                        " ("
                        @if let Some(key) = key { "key " (inert(key.as_str())) }
                        @if let (Some(_), Some(_)) = (key, assertion) { ", " }
                        @if let Some(assertion) = assertion {
                            "assertion " (inert(assertion.as_str())) }
                        ")"
                    }
                    @if let Some(trust) = trust { ", trusted as " (inert(trust.as_str())) }
                },
                (None, ..) => ", verified here",
            }
        }
        "."
    }
}

fn legend() -> Markup {
    html! {
        p class="legend" {
            "Solid: certain. Hatched: possible, or between known bounds. Counter-hatched: void by \
             the rules, counted by record. Hollow: did not count. "
            "Letters: "
            @for (i, grade) in svg::GRADES.into_iter().enumerate() {
                @if i > 0 { ", " } (lanes::grade_letter(grade)) " " (grade.as_str()) }
            ". ▲ allow, ◆ challenge, ▽ deny, │ access; ◂ recorded late."
        }
    }
}

/// Links to the pages of its factors and of claims that did not count, each name once.
fn of_factors(view: &SessionView, session: &SessionState, answered: &Answered) -> Markup {
    let names = session
        .factors
        .iter()
        .map(|factor| factor.name.as_str())
        .chain(session.ignored.iter().map(|claim| claim.name.as_str()));
    let names: std::collections::BTreeSet<&str> = names.collect();
    html! {
        @if !names.is_empty() {
            p class="of-factors" {
                "Of one factor alone: "
                @for (i, name) in names.iter().take(TREES).enumerate() {
                    @if i > 0 { " · " }
                    a href=(view.cut.pin(factor::address(&view.id, name), answered).href()) {
                        (inert(name)) }
                }
                @if names.len() > TREES { " · and " (names.len() - TREES) " more" }
            }
        }
    }
}

fn trees(
    view: &SessionView,
    answered: &Answered,
    explained: &Explained,
    here: &Address,
    href: &dyn Fn(Option<LogPosition>) -> String,
) -> Markup {
    let session = &explained.state;
    let all = session.decisions.len();
    let of_page = if all > TREES { PAGED } else { TREES };
    let pages = all.div_ceil(of_page).max(1);
    let page = view.trees.clamp(1, pages);
    let notable = equal::notable(&session.decisions);
    html! {
        section class="trees" id="why" aria-labelledby="why-h" {
            h2 id="why-h" { "Why" }
            (of_factors(view, session, answered))
            (links::behind((&view.cut, answered), session, session.factors.iter(),
                session.decisions.iter()))
            @if pages > 1 {
                p { "Decisions " ((page - 1) * of_page + 1) " to " ((page * of_page).min(all))
                    " of " (all)
                    @if page > 1 { " · " a href={ (here.clone().with("trees",
                        (page - 1).to_string()).href()) "#why" } { "before" } }
                    @if page < pages { " · " a href={ (here.clone().with("trees",
                        (page + 1).to_string()).href()) "#why" } { "next" } } }
            }
            @for same in equal::groups(explained.decisions().skip((page - 1) * of_page)
                .take(of_page)) {
                @let (decision, because) = same.first;
                @let recorded = &decision.recorded;
                article id={ "d-" (recorded.record.position.0) } {
                    h3 {
                        (inert(&why::app(recorded))) " · " (recorded.outcome.as_str()) " · "
                            (clock(recorded.at.from))
                        @if decision.differs.is_some() { " · " strong class="attention" {
                            "≠ differs" } }
                        @if decision.falsified_later.is_some() {
                            " · " strong class="attention" { "✕ falsified later" } }
                    }
                    @if notable(decision) { (why::tree(because, href)) } @else {
                        (why::folded(because, href)) }
                    (equal::others(&same, &|position|
                        view.cut.pin(decision::address(position), answered).href()))
                }
            }
            article { h3 { "The session itself" } (why::folded(&explained.reasons.session, href)) }
            @if !session.ignored.is_empty() {
                article {
                    h3 { "Claims that did not count" }
                    @for (claim, because) in explained.ignored().take(TREES) {
                        h4 { (inert(&claim.name)) " · " (claim.reasons.join(", ")) }
                        (why::folded(because, href))
                    }
                }
            }
        }
    }
}
