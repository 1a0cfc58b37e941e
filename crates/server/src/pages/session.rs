//! `/session`: what counted, on whose word, from when until when, and why.

pub(crate) use super::session_head::state;
use super::{
    address::Address,
    belief::{self, Compared},
    change_points::{self, Ways},
    decision, drawn,
    error_page::PageError,
    names, order_switch, pack,
    parameters::{CutAsked, Parameters},
    pinned::PinnedPage,
    reader::Reader,
    records,
    refused::refused,
    session_head, session_timeline, session_trees,
    verdict::{self, Held},
};
use crate::{
    http::Server,
    timeline::{
        geometry::Window,
        lanes::{self, Bar, Order, Target},
        zoom,
    },
};
use axum::{http::StatusCode, response::Response};
use claimledger_app::{
    app::Label,
    model::{
        answer::{Answer, SessionChangePoints},
        question::{Asking, Caller},
    },
};
use claimledger_domain::model::{Explained, RecordRef, SessionState};
use claimledger_facts::{
    ids::{LogPosition, SessionId},
    time::Time,
};
use maud::{Markup, html};

pub(crate) async fn get(reader: Reader) -> Response {
    reader.shown(answer(&reader).await)
}

/// What the address says beside T, K and R.
#[derive(Clone)]
pub(super) struct SessionView {
    pub(super) id: SessionId,
    pub(super) cut: CutAsked,
    order: Order,
    /// Through which window the timeline is looked at; none: everything.
    window: Option<Window>,
    open: Option<u64>,
    /// Which bar of the open record was chosen.
    bar: Option<u64>,
    /// Of which assertion each factor has a lane, where factors are folded.
    expand: Option<LogPosition>,
    names: bool,
    records: usize,
    pub(super) trees: usize,
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
            window: session_timeline::asked(parameters)?,
            open: parameters.number("open")?,
            bar: parameters.number("bar")?,
            expand: parameters.number("expand")?.map(LogPosition),
            names: parameters.flag(names::NAMES)?.unwrap_or(false),
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
            address = address.with(names::NAMES, "1");
        }
        let expand = self.expand.map(|record| record.0.to_string());
        let address = address.with_some("expand", expand.as_deref());
        session_timeline::through(address, self.window.as_ref())
    }

    /// The same, with the timeline looked at through another window.
    fn through(&self, window: Option<&Window>) -> Self {
        Self { window: window.copied(), ..self.clone() }
    }

    /// The bar that was chosen.
    fn chosen(&self) -> Option<Bar> {
        let nth = usize::try_from(self.bar?).ok()?;
        Some(Bar { record: LogPosition(self.open?), nth })
    }

    /// An address with the drawer as it is here.
    fn with_drawer(&self, address: Address) -> Address {
        let number = |n: Option<u64>| n.map(|n| n.to_string());
        address
            .with_some("open", number(self.open).as_deref())
            .with_some("bar", number(self.bar).as_deref())
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

async fn answer(reader: &Reader) -> Result<Response, PageError> {
    let Reader { server, caller, .. } = reader;
    let parameters = reader.parameters()?;
    let view = SessionView::read(&parameters)?;
    let after = parameters.wait()?;
    let answer = server.app.session(caller, &view.id, &view.cut.asking(after)).await?;
    let here = view.pinned(&answer);
    let page = PinnedPage::of(caller, &view.cut, view.keep(), &answer).at(here.clone());
    if let Some(response) = page.instead_to(&view.with_drawer(here.clone())) {
        return Ok(response);
    }
    let Some(session) = &answer.value else {
        return not_found(reader, &view.id, &page).await;
    };
    let label = if view.names { label(server, caller, &session.state).await? } else { None };
    let (drawer, open_at) = drawer(reader, &view, &answer).await?;
    let pinned = Asking {
        at: Some(answer.answered.at),
        known_at_position: Some(answer.answered.position),
        ..Asking::default()
    };
    let compared = compare(server, caller, &view, &pinned).await?;
    let points = server.app.change_points(caller, &view.id, &pinned, drawn::drawn).await?;
    let (keep, plain) = (view.keep(), view.cut.pin(view.keep(), &answer.answered));
    let ways = Ways { keep: &keep, here: &plain, answered: &answer.answered, vs: view.vs };
    let last = LogPosition(points.status.assessed_to.saturating_sub(1));
    let later = points.value.as_ref().map(|found| change_points::later(&ways, &found.later, last));
    let outside = html! { @if view.names { (session_head::names(label.as_ref())) }
    @if let Some(later) = later { (later) } };
    let size = session.state.records.len();
    let pack = pack::section(caller, (&view.id, size), view.order, &answer.answered);
    let (points, compared) = (points.value.as_ref(), compared.as_ref());
    let beside = Beside { ways, points, compared, drawer, open_at, pack };
    let main = main(&view, &answer, session, &here, beside);
    let title = format!("Session {}", session.state.id);
    Ok(page.show(StatusCode::OK, &title, outside, main))
}

/// The drawer of the record that is opened, and when that record is, by the clock of the axis.
async fn drawer(
    Reader { server, caller, .. }: &Reader,
    view: &SessionView,
    answer: &Answer<Option<Explained>>,
) -> Result<(Option<Markup>, Option<Time>), PageError> {
    let Some(open) = view.open.map(LogPosition) else { return Ok((None, None)) };
    let is_known = open <= answer.answered.position;
    let record = if is_known { records::open(server, caller, open).await? } else { None };
    let here = view.pinned(answer);
    let close = match view.chosen() {
        Some(bar) => format!("{}#{}", here.href(), bar.id("tl")),
        None => here.href(),
    };
    let open_at = record.as_ref().map(|record| when(&record.reference, view.order));
    let around = open_at.map(|at| {
        let there = view.through(Some(&zoom::beside(at))).pinned(answer);
        view.with_drawer(there).href() + session_timeline::FIGURE
    });
    let ways = (&*close, around.as_deref());
    Ok((Some(records::drawer(open, record.as_ref(), caller, ways)), open_at))
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
    /// When the open record is, by the clock of the axis.
    open_at: Option<Time>,
    pack: Markup,
}

/// Where a record lies on the axis.
const fn when(record: &RecordRef, order: Order) -> Time {
    match order {
        Order::Occurred => record.occurred.from,
        Order::Recorded => record.recorded_at,
    }
}

/// Where nothing by the id is known: the same questions to the app, whether the id is unknown or
/// another tenant's.
pub(super) async fn not_found(
    Reader { server, caller, .. }: &Reader,
    id: &SessionId,
    page: &PinnedPage<'_, Option<Explained>>,
) -> Result<Response, PageError> {
    // By now, not by T: a session of which nothing had occurred by T is known too.
    let later = server.app.session(caller, id, &Asking::default()).await?.value;
    let known_from =
        later.and_then(|session| session.state.records.iter().map(|record| record.position).min());
    Ok(page.unknown("/sessions", known_from))
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

/// The address of what opens from an item of the page.
fn opened(
    view: &SessionView,
    answer: &Answer<Option<Explained>>,
    here: &Address,
    target: Target,
) -> String {
    let record = |position: LogPosition| here.clone().with("open", position.0.to_string());
    match target {
        Target::Session => here.href(),
        Target::Record(position) => format!("{}#record-h", record(position).href()),
        Target::Bar(bar) => {
            format!("{}#record-h", record(bar.record).with("bar", bar.nth.to_string()).href())
        }
        Target::Window(window) => {
            view.through(Some(&window)).pinned(answer).href() + session_timeline::FIGURE
        }
        Target::Decision(position) => {
            view.cut.pin(decision::address(position), &answer.answered).href()
        }
    }
}

/// The record from which on the session is known, by its change points where all were tried.
fn known_from(session: &SessionState, points: Option<&SessionChangePoints>) -> Option<LogPosition> {
    let first = points
        .filter(|points| points.until.untried == 0)
        .and_then(|points| points.until.points.first())
        .map(|point| point.record.position);
    first.or_else(|| session.records.iter().map(|record| record.position).min())
}

fn main(
    view: &SessionView,
    answer: &Answer<Option<Explained>>,
    explained: &Explained,
    here: &Address,
    beside: Beside<'_>,
) -> Markup {
    let session = &explained.state;
    let opens = |target| opened(view, answer, here, target);
    let href =
        |position: Option<LogPosition>| opens(position.map_or(Target::Session, Target::Record));
    let figure = lanes::figure(
        explained,
        (answer.answered.at, answer.answered.recorded_at),
        &answer.completeness,
        view.order,
        view.window,
    );
    let known_from = known_from(session, beside.points);
    let shown = session_timeline::Shown {
        looking: &|window| view.with_drawer(view.through(window).pinned(answer)),
        opens: &opens,
        open: view.chosen(),
        open_at: beside.open_at,
        expand: view.expand,
        expanding: &|expand| {
            view.with_drawer(SessionView { expand, ..view.clone() }.pinned(answer))
        },
    };
    let by = |order| SessionView { order, ..view.clone() }.pinned(answer);
    let show_names = here.clone().with(names::NAMES, "1").href();
    let held = Held { answered: &answer.answered, absence: &answer.absence };
    html! {
        div class=(if beside.drawer.is_some() { "with-drawer" } else { "alone" }) {
            div class="answer" {
                (session_head::title(session))
                (verdict::of_session(session, held).show(held, None))
                (session_head::head(session, &answer.absence, &show_names, view.names))
                (session_trees::trees(view, &answer.answered, explained, here, &href))
                (order_switch::order_switch(view.order,
                    (&by(Order::Occurred), &by(Order::Recorded))))
                @if let Some(found) = beside.points {
                    (change_points::until(&beside.ways, &found.until)) }
                @if let (Some(compared), Some(vs)) = (beside.compared, view.vs) {
                    @let between = (answer.answered.at, LogPosition(vs), answer.answered.position);
                    (belief::section(compared, between, known_from, beside.ways.here, &href))
                }
                (session_timeline::section(&figure, &shown))
                (refused(session, &href))
                (records::list(&session.records, view.records, &href, &|page|
                    here.clone().with("records", page.to_string()).href() + "#records",
                    &|record| opens(Target::Window(zoom::beside(when(record, view.order))))))
                (beside.pack)
            }
            @if let Some(drawer) = beside.drawer { (drawer) }
        }
    }
}
