//! Configuration that was found between two looks.

use super::{
    lanes::{End, Figure, LaneKind, Order, Target, figure},
    samples::{record, session, t},
    spoken::spoken,
    svg::svg,
    table::table,
};
use claimledger_domain::model::{Certainty, Explained, KeyInterval, Span, Version};
use claimledger_facts::time::{Occurred, Time};

fn between(from: &str, to: &str) -> Occurred {
    Occurred { from: t(from), to: Some(t(to)) }
}

/// Trust that was switched on between 11:40 and 12:40, a key that was retired between 13:00 and
/// 14:00.
fn polled() -> Explained {
    let mut session = session();
    let switched = between("2026-03-10T11:40:00Z", "2026-03-10T12:40:00Z");
    let version = |label: &str, span| Version {
        of: "idp-x".to_owned(),
        of_name: None,
        label: label.into(),
        span,
        actor: None,
        ticket: None,
        gist: "trusted".to_owned(),
        record: record(8, "idp.configured", "2026-03-10T09:00:00Z"),
    };
    let first = Occurred::at(t("2026-03-10T09:00:00Z"));
    session.context.trust = vec![
        version("q0", Span { from: first, until: Some(switched) }),
        version("q1", Span { from: switched, until: None }),
    ];
    session.context.keys = vec![KeyInterval {
        idp: "idp-x".into(),
        key: "X1".into(),
        span: Span {
            from: switched,
            until: Some(between("2026-03-10T13:00:00Z", "2026-03-10T14:00:00Z")),
        },
        added: record(13, "idp.key_added", "2026-03-10T12:40:00Z"),
        retired: Some(record(45, "idp.key_retired", "2026-03-10T14:00:00Z")),
    }];
    session
}

fn at(session: &Explained, at: &str) -> Figure {
    figure(session, (t(at), t("2026-03-10T23:00:00Z")), &[], Order::Occurred, None)
}

fn certainties(figure: &Figure) -> Vec<(String, Certainty)> {
    figure
        .lanes
        .iter()
        .filter(|lane| matches!(lane.kind, LaneKind::Trust | LaneKind::Key))
        .flat_map(|lane| &lane.items)
        .map(|item| (item.what.chars().take(6).collect(), item.certainty))
        .collect()
}

#[test]
fn what_was_found_between_two_looks_is_possible_in_between_and_certain_outside() {
    use Certainty::{Certain, Possible};
    for (instant, expect) in [
        ("2026-03-10T12:00:00Z", [Possible, Possible, Possible]),
        ("2026-03-10T12:40:00Z", [Certain, Certain, Certain]),
        ("2026-03-10T13:30:00Z", [Certain, Certain, Possible]),
        ("2026-03-10T14:00:00Z", [Certain, Certain, Certain]),
    ] {
        let found = certainties(&at(&polled(), instant));
        let names = ["q0 of ", "q1 of ", "key X1"].map(str::to_owned);
        assert_eq!(found, names.into_iter().zip(expect).collect::<Vec<_>>(), "{instant}");
    }
}

#[test]
fn both_bounds_are_hatched_and_said() {
    let figure = at(&polled(), "2026-03-10T23:00:00Z");
    let href = |_: Target| "/record".to_owned();
    let svg = svg(&figure, "tl", &href, None).into_string();
    // q0 ends hatched, q1 begins hatched, the key does both.
    assert_eq!(svg.matches("class=\"bounded\"").count(), 4, "{svg}");
    assert_eq!(svg.matches("url(#tl-possible-ink)").count(), 4, "{svg}");
    assert!(svg.contains("retired 13:00:00Z–14:00:00Z"), "{svg}");
    let q1 = &figure.lanes[0].items[1];
    assert_eq!(
        spoken(q1).lines().next(),
        Some(
            "q1 of idp-x: trusted, begun between 2026-03-10 11:40:00Z and 12:40:00Z, running; \
             certain"
        )
    );
    let table = table(&figure, "tl-table", &href).into_string();
    assert!(table.contains("between 11:40:00Z and 12:40:00Z"), "{table}");
    assert!(table.contains("<td>between 13:00:00Z and 14:00:00Z</td>"), "{table}");
}

#[test]
fn the_solid_part_of_a_version_lies_inside_of_both_bounds() {
    let figure = at(&polled(), "2026-03-10T23:00:00Z");
    let x = |time: &str| figure.window.clamped(t(time));
    let svg = svg(&figure, "tl", &|_| String::new(), None).into_string();
    let lane = svg.split_once("aria-label=\"key X1").expect("the lane").1;
    let body = lane.split_once("class=\"body\"").expect("a body").1;
    let path = body.split_once("d=\"M").expect("a path").1;
    let number = |text: &str| -> f64 {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        text[..end].parse().expect("a number")
    };
    let (left, right) = (number(path), number(path.split_once('H').expect("a line").1));
    assert!((left - x("2026-03-10T12:40:00Z")).abs() <= 0.5, "{left} {path}");
    assert!((right - x("2026-03-10T13:00:00Z")).abs() <= 0.5, "{right} {path}");
}

#[test]
fn what_may_have_ended_before_it_began_is_possible() {
    let mut session = polled();
    session.context.keys[0].span.until =
        Some(between("2026-03-10T12:00:00Z", "2026-03-10T13:00:00Z"));
    let figure = at(&session, "2026-03-10T23:00:00Z");
    let key = figure.lanes.iter().find(|lane| lane.kind == LaneKind::Key).expect("the lane");
    assert_eq!(key.items[0].certainty, Certainty::Possible);
    let until: Time = t("2026-03-10T13:00:00Z");
    assert_eq!(key.items[0].end, End::Bounded(t("2026-03-10T12:00:00Z"), until));
    let svg = svg(&figure, "tl", &|_| String::new(), None).into_string();
    let lane = svg.split_once("aria-label=\"key X1").expect("the lane").1;
    let lane = lane.split_once("</g>").expect("its end").0;
    assert_eq!((lane.matches("bounded").count(), lane.matches("\"body\"").count()), (2, 0));
}
