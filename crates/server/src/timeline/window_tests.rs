//! The drawing through a window: what is cut says so, what lies outside is counted, and no end
//! moves.

use super::{
    geometry::{GUTTER, WIDTH, Window},
    lanes::{Bar, End, Figure, Item, ItemShape, LaneKind, Mark, Order, Target, figure},
    limits::{COLUMNS, fit},
    samples::{access, decision, falsifier, record, session, t},
    svg::{description, svg},
    table::table,
};
use claimledger_domain::model::Explained;
use claimledger_facts::{ids::LogPosition, time::Time, vocabulary::Outcome};

const AT: &str = "2026-03-10T23:00:00Z";

fn seen(session: &Explained, from: &str, until: &str) -> Figure {
    let day = |clock: &str| t(&format!("2026-03-10T{clock}Z"));
    let window = Window { from: day(from), until: day(until) };
    let mut figure = figure(session, (t(AT), t(AT)), &[], Order::Occurred, Some(window));
    fit(&mut figure, 100, COLUMNS, None);
    figure
}

fn href(target: Target) -> String {
    match target {
        Target::Session => "/session".to_owned(),
        Target::Record(position) => format!("/record/{}", position.0),
        Target::Bar(bar) => format!("/bar/{}/{}", bar.record.0, bar.nth),
        Target::Decision(position) => format!("/decision/{}", position.0),
        Target::Window(window) => format!("/window/{}/{}", window.from, window.until),
    }
}

fn drawn(figure: &Figure) -> String {
    svg(figure, "tl", &href, None).into_string()
}

#[test]
fn bars_that_go_on_outside_are_torn_there_and_say_their_true_ends() {
    let figure = seen(&session(), "12:00:00", "12:20:00");
    let svg = drawn(&figure);
    let bar = |lane: &str| {
        let lane = svg.split_once(&format!("aria-label=\"{lane}")).expect("the lane").1;
        lane.split_once("</a>").expect("an item").0.to_owned()
    };
    let pwd = bar("pwd, claimed");
    assert!(pwd.contains("cut-before cut-after"), "{pwd}");
    assert!(pwd.contains("M184 ") && pwd.contains("H1200L1196"), "{pwd}");
    assert!(pwd.contains("2026-03-10 11:30:00Z until 19:30:00Z"), "{pwd}");
    assert!(pwd.contains("data-until=\"2026-03-10T19:30:00Z\""), "{pwd}");
    assert!(!pwd.contains("class=\"cap\""), "it does not begin here: {pwd}");
    let hwk = bar("hwk, claimed");
    assert!(hwk.contains("cut-before") && !hwk.contains("cut-after"), "{hwk}");
    // Its end is in the middle of the window, and nowhere else.
    assert!(
        hwk.contains(&format!("A6 6 0 0 1 {} ", GUTTER + (WIDTH - GUTTER) / 2.0 - 6.0)),
        "{hwk}"
    );
}

#[test]
fn what_lies_outside_is_counted_and_keeps_its_lane() {
    let figure = seen(&session(), "12:40:00", "13:00:00");
    let lanes: Vec<_> =
        figure.lanes.iter().map(|lane| (lane.kind, lane.items.len(), lane.outside)).collect();
    assert_eq!(lanes, {
        use LaneKind::{Access, Decisions, Factor, Session};
        [
            (Session, 1, (0, 0)),
            (Factor, 1, (0, 0)),
            (Factor, 0, (1, 0)),
            (Decisions, 0, (2, 0)),
            (Access, 0, (1, 0)),
        ]
    });
    let said = description(&figure);
    assert!(said.contains("Outside of this window: 4 items before it, 0 after it."), "{said}");
    let svg = drawn(&figure);
    assert!(svg.contains(">← 2 earlier<") && !svg.contains(">payroll<"), "{svg}");
    let after = seen(&session(), "11:00:00", "11:20:00");
    assert!(drawn(&after).contains(">2 later →<"));
    // An end is exclusive, a moment is not.
    let edge = seen(&session(), "12:10:00", "12:30:00");
    let count = |kind: LaneKind| {
        edge.lanes
            .iter()
            .filter(|lane| lane.kind == kind)
            .map(|lane| lane.items.len())
            .sum::<usize>()
    };
    assert_eq!((count(LaneKind::Factor), count(LaneKind::Decisions)), (1, 1));
}

#[test]
fn the_window_moves_neither_t_nor_k_nor_the_rest_of_the_page() {
    let (figure, whole) = (
        seen(&session(), "12:00:00", "12:20:00"),
        figure(&session(), (t(AT), t(AT)), &[], Order::Occurred, None),
    );
    assert_eq!((figure.at, figure.known_at, figure.whole), (t(AT), t(AT), whole.window));
    assert_eq!(figure.start, t("2026-03-10T11:30:00Z"));
    let mut early = figure.clone();
    early.at = t("2026-03-10T11:00:00Z");
    let svg = drawn(&early);
    assert!(svg.contains("fill=\"url(#tl-out)\"") && !svg.contains("t-line"), "{svg}");
    assert!(description(&early).contains("T lies left of it. K lies right of it."));
}

#[test]
fn items_of_one_record_have_ids_of_their_own() {
    let session = session();
    let figure = figure(&session, (t(AT), t(AT)), &[], Order::Occurred, None);
    let open = Some(Bar { record: LogPosition(24), nth: 1 });
    let svg = svg(&figure, "tl", &href, open).into_string();
    for (id, link) in [("tl-24", "/bar/24/0"), ("tl-24-1", "/bar/24/1"), ("tl-24-2", "/bar/24/2")] {
        assert_eq!(svg.matches(&format!("id=\"{id}\" href=\"{link}\"")).count(), 1, "{id}: {svg}");
    }
    assert_eq!(svg.matches("aria-current=\"true\"").count(), 1);
    assert!(svg.contains("id=\"tl-24-1\" href=\"/bar/24/1\" tabindex=\"-1\" aria-current"));
}

#[test]
fn both_clocks_and_the_right_lag_are_said_of_an_item_and_of_its_end() {
    let mut session = session();
    let mut lost = record(64, "authenticator.lost", "2026-03-10T12:10:00Z");
    lost.recorded_at = t("2026-03-10T14:40:00Z");
    session.state.factors[1].end_reason = Some("authenticator_lost");
    session.state.factors[1].end_record = Some(lost);
    let mut retraction = record(67, "trust.retracted", "2026-03-10T15:00:00Z");
    retraction.recorded_at = t("2026-03-10T15:10:00Z");
    let mut fallen = falsifier(retraction, "key_retracted");
    fallen.from = t("2026-03-10T13:40:00Z");
    session.state.falsifiers = vec![fallen];
    let figure = figure(&session, (t(AT), t(AT)), &[], Order::Occurred, None);
    let svg = drawn(&figure);
    for said in [
        "joined\n#24 occurred then, recorded 11:30:00Z (+0 s)\n\
         its end: #64 occurred then, recorded 14:40:00Z (+2 h 30 min); late",
        "\n#67 occurred 2026-03-10 15:00:00Z, recorded 15:10:00Z (+10 min); late, +1 h 30 min \
         after what it speaks of, 13:40:00Z",
    ] {
        assert!(svg.contains(said), "{said}: {svg}");
    }
}

#[test]
fn a_column_leads_to_its_part_and_the_same_label_is_written_once() {
    let mut session = session();
    let at = |i: u64| Time::from_micros(t("2026-03-10T11:31:00Z").micros() + i as i64 * 60_000_000);
    session.state.activity.accesses =
        (0..400).map(|i| access(100 + i, &at(i).to_string())).collect();
    let mut dense = figure(&session, (t(AT), t(AT)), &[], Order::Occurred, None);
    fit(&mut dense, 100, COLUMNS, None);
    let columns = |figure: &Figure| -> Vec<Item> {
        let items = figure.lanes.iter().flat_map(|lane| &lane.items).cloned();
        items.filter(|item| matches!(item.shape, ItemShape::Column(_))).collect()
    };
    let column = &columns(&dense)[0];
    let End::At(last) = column.end else { panic!("{column:?}") };
    let Target::Window(window) = column.target() else { panic!("{column:?}") };
    assert!(window.holds(column.from) && window.holds(last) && window.secs() < 600.0, "{window:?}");
    let rows = table(&dense, "tl-table", &href).into_string();
    assert!(rows.contains(&format!("/window/{}/{}", window.from, window.until)), "{rows}");
    let mut wide = figure(&session, (t(AT), t(AT)), &[], Order::Occurred, None);
    fit(&mut wide, 100, COLUMNS / 2, None);
    let total = |items: &[Item]| -> usize {
        let of = |item: &Item| match item.shape {
            ItemShape::Column(n) => n,
            _ => 0,
        };
        items.iter().map(of).sum()
    };
    assert!(columns(&wide).len() < columns(&dense).len());
    assert_eq!(total(&columns(&wide)), 400);

    session.state.activity.accesses.clear();
    session.state.decisions =
        (0..24).map(|i| decision(100 + i, &at(i * 10).to_string(), Outcome::Allow)).collect();
    let few = figure(&session, (t(AT), t(AT)), &[], Order::Occurred, None);
    assert!(
        few.lanes
            .iter()
            .any(|lane| lane.items.len() == 24
                && lane.items[0].shape == ItemShape::Mark(Mark::Allow)),
        "{few:?}"
    );
    // The last one has room for it.
    let svg = drawn(&few);
    assert_eq!((svg.matches(">payroll<").count(), svg.matches(">…<").count()), (1, 0), "{svg}");
}
