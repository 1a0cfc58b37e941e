//! The drawing against what it draws.

use super::{
    geometry::{GUTTER, WIDTH},
    lanes::{Figure, LaneKind, Order, Target, figure},
    limits::{COLUMNS, MAX_BYTES, MAX_ELEMENTS, MAX_LINKS, fit},
    samples::{access, decision, factor, falsifier, record, session, t},
    svg::svg,
    table::table,
};
use claimledger_app::model::answer::{Gap, SourceCompleteness};
use claimledger_domain::completeness::GapCause;
use claimledger_domain::model::{
    Bounds, Certainty, Difference, Explained, Grade, IgnoredClaim, Implied, KeyInterval, Origin,
    Phase, Span,
};
use claimledger_facts::{
    ids::LogPosition,
    time::{Occurred, Time},
    vocabulary::Outcome,
};

const AT: &str = "2026-03-10T23:00:00Z";

fn span(from: &str, until: Option<&str>) -> Span {
    Span { from: Occurred::at(t(from)), until: until.map(|until| Occurred::at(t(until))) }
}

fn href(target: Target) -> String {
    let (page, position) = match target {
        Target::Session => ("session?id=S1".to_owned(), LogPosition(0)),
        Target::Record(position) => ("session?id=S1".to_owned(), position),
        Target::Bar(bar) => ("session?id=S1".to_owned(), bar.record),
        Target::Window(window) => {
            return format!("/session?id=S1&from={}&to={}", window.from, window.until);
        }
        Target::Decision(position) => (format!("decision?pos={}", position.0), position),
    };
    format!("/{page}&at={AT}&knownAtPosition=82&rules=r1&open={}", position.0)
}

fn fitted(session: &Explained, order: Order) -> Figure {
    let mut figure = figure(session, (t(AT), t(AT)), &[], order, None);
    fit(&mut figure, href(Target::Session).len(), COLUMNS, None);
    figure
}

fn drawn(session: &Explained) -> (Figure, String, String) {
    let figure = fitted(session, Order::Occurred);
    let (svg, table) = (
        svg(&figure, "tl", &href, None).into_string(),
        table(&figure, "tl-table", &href).into_string(),
    );
    (figure, svg, table)
}

fn links(svg: &str) -> usize {
    svg.matches("<a ").count()
}

fn rows(table: &str) -> usize {
    table.split_once("<tbody>").map_or(0, |(_, body)| body.matches("<tr>").count())
}

fn elements(svg: &str) -> usize {
    svg.as_bytes()
        .windows(2)
        .filter(|pair| pair[0] == b'<' && pair[1].is_ascii_alphabetic())
        .count()
}

/// The right end of the bar in a lane, read back from its path.
fn end_of_bar(svg: &str, lane: &str) -> f64 {
    let lane = svg.split_once(&format!("aria-label=\"{lane}")).expect("the lane").1;
    let path =
        lane.split_once("class=\"body\"").expect("a body").1.split_once("d=\"").expect("a path").1;
    let path = path.split_once('"').expect("an end").0;
    let (straight, rest) =
        path.split_once('H').expect("a line").1.split_once('A').expect("a round end");
    straight.parse::<f64>().expect("a number")
        + rest.split(' ').next().expect("a radius").parse::<f64>().expect("a number")
}

#[test]
fn end_pixels_are_within_half_a_pixel_of_the_time() {
    for (until, secs) in [
        ("2026-03-10T12:10:00Z", 40 * 60),
        ("2026-03-10T12:10:59.999Z", 40 * 60 + 60),
        ("2026-03-10T19:29:00Z", 7 * 3600 + 59 * 60),
    ] {
        let mut session = session();
        session.state.factors[1] = factor("hwk", "2026-03-10T11:30:00Z", Some(until));
        let (figure, svg, _) = drawn(&session);
        // Computed here again: the window is the session with 2 % before it, and room for the word
        // "expired" after it.
        let span =
            (t("2026-03-10T19:30:00Z").micros() - t("2026-03-10T11:30:00Z").micros()) as f64 / 1e6;
        let room = 7.0 * 6.2 + 10.0;
        let expected =
            GUTTER + (f64::from(secs) + span * 0.02) / (span * 1.02) * (WIDTH - GUTTER - room);
        let end = end_of_bar(&svg, "hwk, claimed");
        assert!((end - expected).abs() < 0.5, "{until}: {end}, not {expected}");
        assert!((end - figure.window.x(t(until))).abs() < 0.5);
    }
}

#[test]
fn the_table_has_the_items_of_the_figure_in_its_order() {
    let (figure, svg, table) = drawn(&session());
    assert_eq!(links(&svg), 6, "{svg}");
    assert_eq!(links(&svg), rows(&table));
    let open = |text: &str| -> Vec<String> {
        text.split("open=")
            .skip(1)
            .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect())
            .collect()
    };
    let in_table: Vec<String> =
        table.split("<tr>").skip(2).map(|row| open(row)[0].clone()).collect();
    assert_eq!(open(&svg), in_table);
    assert_eq!(figure.lanes.iter().map(|lane| lane.kind).collect::<Vec<_>>(), {
        use LaneKind::{Access, Decisions, Factor, Session};
        [Session, Factor, Factor, Decisions, Access]
    });
}

#[test]
fn the_order_switch_keeps_the_count() {
    let mut session = session();
    session.state.factors[1].evidence = vec![record(64, "claims.received", "2026-03-10T14:40:00Z")];
    let (occurred, recorded) =
        (fitted(&session, Order::Occurred), fitted(&session, Order::Recorded));
    let count = |figure: &Figure| links(&svg(figure, "tl", &href, None).into_string());
    assert_eq!(count(&occurred), count(&recorded));
    let hwk = recorded
        .lanes
        .iter()
        .flat_map(|lane| &lane.items)
        .find(|item| item.what.starts_with("hwk"))
        .unwrap();
    assert_eq!(hwk.from, t("2026-03-10T14:40:00Z"));
}

#[test]
fn an_end_that_is_not_known_stays_open_in_both_orders() {
    for (bounds, drawn_as) in
        [(Some("2026-03-10T21:30:00Z"), "class=\"latest\""), (None, "class=\"fading\"")]
    {
        let mut session = session();
        session.state.life.end.at = None;
        session.state.life.end.bounds =
            Some(Bounds { from: t("2026-03-10T12:30:00Z"), to: bounds.map(t) });
        session.state.records[0].recorded_at = t("2026-03-10T11:40:00Z");
        for order in [Order::Occurred, Order::Recorded] {
            let figure = fitted(&session, order);
            let svg = svg(&figure, "tl", &href, None).into_string();
            assert_eq!(svg.matches("class=\"bounded\"").count(), 1, "{order:?} {bounds:?}: {svg}");
            assert!(svg.contains(drawn_as), "{order:?} {bounds:?}: {svg}");
        }
    }
}

#[test]
fn a_retraction_of_a_key_stands_on_the_keys_lane() {
    let mut session = session();
    let key = |key: &str| KeyInterval {
        idp: "idp-x".into(),
        key: key.into(),
        span: span("2026-03-10T09:00:00Z", Some("2026-03-10T13:30:00Z")),
        added: record(13, "idp.key_added", "2026-03-10T09:00:00Z"),
        retired: Some(record(45, "idp.key_retired", "2026-03-10T13:30:00Z")),
    };
    session.context.keys = vec![key("X1"), key("X2")];
    let retraction = |position, of: &str, at: &str| claimledger_domain::model::Falsifier {
        retracts: Some(("idp-x".into(), Some(of.into()))),
        ..falsifier(record(position, "trust.retracted", at), "key_retracted")
    };
    let loss =
        falsifier(record(64, "authenticator.lost", "2026-03-10T14:40:00Z"), "authenticator_lost");
    session.state.falsifiers = vec![
        retraction(67, "X2", "2026-03-10T15:10:00Z"),
        retraction(68, "X3", "2026-03-10T15:20:00Z"),
        loss,
    ];
    let (figure, svg, table) = drawn(&session);
    let lanes: Vec<_> =
        figure.lanes.iter().map(|lane| (lane.name.as_str(), lane.items.len())).collect();
    assert_eq!(lanes[..3], [("key X1", 1), ("key X2", 2), ("key X3", 1)], "{lanes:?}");
    assert_eq!(lanes.last(), Some(&("falsifiers", 1)), "{lanes:?}");
    assert_eq!(links(&svg), rows(&table));
}

#[test]
fn what_is_possible_void_or_odd_differs_in_pattern_outline_and_word() {
    let mut session = session();
    session.state.factors[0].certainty = Certainty::Possible;
    session.state.factors[0].grade = Grade::Assumed;
    session.state.factors[1].void = vec!["key_retired"];
    session.state.decisions[0].differs = Some(Difference {
        recorded: Outcome::Allow,
        implied: Implied::Deny,
        code: "key_retired",
        words: "retired key accepted".to_owned(),
    });
    session.state.factors.push(claimledger_domain::model::HonoredFactor {
        origin: Origin::Local,
        ..factor("totp", "2026-03-10T11:40:00Z", Some("2026-03-10T19:30:00Z"))
    });
    let (_, svg, table) = drawn(&session);
    for part in [
        "url(#tl-possible-claimed)",
        "url(#tl-void)",
        "class=\"frame\"",
        "≠ differs",
        "bar claimed possible possible assumed",
        "class=\"notch\"",
        "void: retired key",
    ] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
    for part in ["possible", "assumed", "void: retired key", "differs: retired key accepted"] {
        assert!(table.contains(part), "{part}: {table}");
    }
}

#[test]
fn an_end_that_is_only_bounded_is_hatched_to_the_latest() {
    let mut session = session();
    session.state.life.end.at = None;
    session.state.life.end.reason = Some("expired_by_limit");
    session.state.life.certainty = Certainty::Possible;
    let bounds = Bounds { from: t("2026-03-10T14:20:00Z"), to: Some(t("2026-03-10T21:30:00Z")) };
    session.state.life.end.bounds = Some(bounds);
    session.state.factors.truncate(1);
    session.state.factors[0].until = None;
    session.state.factors[0].until_bounds = Some(bounds);
    session.state.factors[0].end_reason = None;
    let (figure, svg, table) = drawn(&session);
    assert!(figure.window.until > t("2026-03-10T21:30:00Z"));
    assert_eq!(svg.matches("class=\"bounded\"").count(), 2);
    assert_eq!(svg.matches("class=\"latest\"").count(), 2);
    assert!(svg.contains(&format!("V{}", 28 + 8 + 12 + 2)), "{svg}");
    assert!(table.contains("between 14:20:00Z and 21:30:00Z"), "{table}");
    assert!(!svg.contains("Gradient"));

    session.state.life.end.bounds = Some(Bounds { from: bounds.from, to: None });
    let (_, svg, _) = drawn(&session);
    assert!(svg.contains("end not known") && svg.matches("class=\"fading\"").count() == 4, "{svg}");
}

#[test]
fn a_running_session_reaches_t_and_what_lies_beyond_is_stippled() {
    let mut session = session();
    (session.state.life.phase, session.state.life.end.at, session.state.life.end.reason) =
        (Phase::Active, None, None);
    let at = t("2026-03-10T14:05:00Z");
    let mut figure = figure(&session, (at, at), &[], Order::Occurred, None);
    fit(&mut figure, 100, COLUMNS, None);
    let svg = svg(&figure, "tl", &href, None).into_string();
    assert!(svg.contains("running; certain") && svg.contains("url(#tl-out)"), "{svg}");
}

#[test]
fn late_records_have_a_tail() {
    let mut session = session();
    session.state.decisions[1].recorded.record.recorded_at = t("2026-03-10T14:40:00Z");
    let (figure, svg, table) = drawn(&session);
    assert!(svg.contains("class=\"tail\"") && svg.contains("+2 h 10 min"), "{svg}");
    assert!(table.contains("14:40:00Z (+2 h 10 min)"), "{table}");
    let x = super::geometry::px(figure.window.x(t("2026-03-10T14:40:00Z")));
    assert!(svg.contains(&format!("M{x} ")), "{svg}");
    // Before the arrow head, where nothing else stands; by the other clock the tail goes the other
    // way, and the words are in the table.
    assert!(svg.contains("class=\"late\"") && svg.contains(">+2 h 10 min<"), "{svg}");
    let by_recorded =
        super::svg::svg(&fitted(&session, Order::Recorded), "tl", &href, None).into_string();
    assert!(!by_recorded.contains("class=\"late\""), "{by_recorded}");
}

#[test]
fn marks_on_one_spot_share_a_label() {
    let mut session = session();
    session.state.activity.accesses = vec![
        access(31, "2026-03-10T12:30:01Z"),
        access(32, "2026-03-10T12:30:02Z"),
        access(33, "2026-03-10T12:30:03Z"),
    ];
    session.state.activity.accesses[1].app = "wiki".into();
    session.state.activity.accesses[2].app = "wiki".into();
    let (_, svg, _) = drawn(&session);
    assert_eq!(svg.matches(">payroll; wiki<").count(), 1, "{svg}");
    assert!(!svg.contains(">…<"), "{svg}");
}

#[test]
fn a_key_that_was_retired_before_the_session_points_to_the_left() {
    let mut session = session();
    session.context.keys = vec![claimledger_domain::model::KeyInterval {
        idp: "idp-x".into(),
        key: "X1".into(),
        span: span("2026-03-09T09:00:00Z", Some("2026-03-10T09:00:00Z")),
        added: record(13, "idp.key_added", "2026-03-09T09:00:00Z"),
        retired: Some(record(20, "idp.key_retired", "2026-03-10T09:00:00Z")),
    }];
    let (_, svg, _) = drawn(&session);
    assert!(svg.contains(">← retired 09:00:00Z<"), "{svg}");
}

#[test]
fn a_gap_is_hatched_over_the_lanes_of_its_source_only() {
    let gap = |source: &str| SourceCompleteness {
        source: source.into(),
        heard_until: Some(t(AT)),
        basis: None,
        gaps: vec![Gap {
            from: t("2026-03-10T14:10:00Z"),
            until: Some(t("2026-03-10T14:25:00Z")),
            backfilled: false,
            cause: GapCause::Silent,
            position: LogPosition(0),
        }],
    };
    let hatched = |source: &str| {
        let figure = figure(&session(), (t(AT), t(AT)), &[gap(source)], Order::Occurred, None);
        svg(&figure, "tl", &href, None).into_string().matches("fill=\"url(#tl-gap)\"").count()
    };
    assert_eq!(hatched("acme-sp"), 5);
    assert_eq!(hatched("idp-z"), 0);
}

#[test]
fn ten_thousand_records_stay_under_every_limit_and_no_exception_is_bucketed() {
    let mut big = session();
    let start = t("2026-03-10T11:30:01Z");
    let at = |i: u64| {
        Time::from_micros(start.micros() + i64::try_from(i).unwrap() * 2_000_000).to_string()
    };
    big.state.decisions = (0..5_000)
        .map(|i| {
            decision(100 + i, &at(i), if i % 50 == 0 { Outcome::Deny } else { Outcome::Allow })
        })
        .collect();
    big.state.activity.accesses = (0..5_000).map(|i| access(10_000 + i, &at(i))).collect();
    let (figure, svg, table) = drawn(&big);
    assert!(elements(&svg) <= MAX_ELEMENTS, "{} elements", elements(&svg));
    assert!(links(&svg) <= MAX_LINKS, "{} links", links(&svg));
    assert!(svg.len() <= MAX_BYTES, "{} bytes", svg.len());
    assert_eq!(links(&svg), rows(&table));
    assert_eq!(svg.matches("payroll: deny").count(), 100, "every refusal is drawn one by one");
    assert!(svg.contains("class=\"column ink solid certain\""));
    assert!(table.contains(" items"));

    big.state.decisions.iter_mut().for_each(|decision| decision.recorded.outcome = Outcome::Deny);
    let (figure_of_odd, svg, table) = drawn(&big);
    assert!(elements(&svg) <= MAX_ELEMENTS && links(&svg) <= MAX_LINKS && svg.len() <= MAX_BYTES);
    assert_eq!(links(&svg), rows(&table));
    assert!(figure.left_out.is_empty(), "{:?}", figure.left_out);
    assert!(
        figure_of_odd.left_out.iter().any(|left| left.contains("4800 more")),
        "{:?}",
        figure_of_odd.left_out
    );
}

#[test]
fn many_factors_lanes_and_long_names_stay_under_every_limit() {
    let mut wide = session();
    wide.state.factors = (0..300_u64)
        .map(|i| {
            let mut factor = factor(
                &format!("{}{i}", "€".repeat(400)),
                "2026-03-10T11:30:00Z",
                Some("2026-03-10T19:30:00Z"),
            );
            factor.evidence =
                vec![record(1_000 + i / 2, "claims.received", "2026-03-10T11:30:00Z")];
            factor
        })
        .collect();
    wide.context.keys = (0..100_u64)
        .map(|i| KeyInterval {
            idp: "idp-x".into(),
            key: format!("{}{i}", "k".repeat(300)).as_str().into(),
            span: span("2026-03-10T09:00:00Z", None),
            added: record(i, "idp.key_added", "2026-03-10T09:00:00Z"),
            retired: None,
        })
        .collect();
    let (figure, svg, table) = drawn(&wide);
    assert!(figure.lanes.len() <= 60);
    assert!(
        elements(&svg) <= MAX_ELEMENTS && links(&svg) <= MAX_LINKS && svg.len() <= MAX_BYTES,
        "{} {}",
        elements(&svg),
        svg.len()
    );
    assert_eq!(links(&svg), rows(&table));
    assert!(!figure.left_out.is_empty());
}

#[test]
fn text_from_outside_stays_text() {
    let evil = "<script>alert(1)</script>\u{202E}\"onload=x ";
    let mut session = session();
    session.state.id = evil.into();
    session.state.factors[0].name = evil.to_owned();
    session.state.factors[0].idp = Some(evil.into());
    session.state.decisions[0].recorded.app = evil.into();
    session.state.activity.accesses[0].app = evil.into();
    session.state.falsifiers =
        vec![falsifier(record(9, evil, "2026-03-10T12:00:00Z"), "key_retracted")];
    session.state.ignored = vec![IgnoredClaim {
        name: evil.to_owned(),
        amr: None,
        method: None,
        idp: evil.into(),
        assertion: None,
        received_at: t("2026-03-10T11:30:00Z"),
        reasons: vec!["trust_off"],
        certainty: Certainty::Certain,
        record: record(24, evil, "2026-03-10T11:30:00Z"),
    }];
    let (_, svg, table) = drawn(&session);
    for html in [&svg, &table] {
        assert!(
            !html.contains("<script") && !html.contains('\u{202E}') && !html.contains("\"onload"),
            "{html}"
        );
        assert!(
            html.contains("&lt;script&gt;alert(1)&lt;/script&gt;\\u{202E}&quot;onload=x"),
            "{html}"
        );
        assert!(!html.contains("style="));
        for class in html.split("class=\"").skip(1) {
            let class = class.split('"').next().unwrap();
            assert!(
                class.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == ' '),
                "{class}"
            );
        }
    }
}

#[test]
fn versions_that_had_no_part_are_left_out_and_marks_outside_say_when() {
    let mut session = session();
    let version =
        |label: &str, from: &str, until: Option<&str>| claimledger_domain::model::Version {
            of_name: None,
            of: "idp-x".to_owned(),
            label: label.into(),
            span: span(from, until),
            actor: Some("admin-2".into()),
            ticket: None,
            gist: "trusted".to_owned(),
            record: record(8, "idp.configured", from),
        };
    session.context.trust = vec![
        version("tx0", "2026-03-09T00:00:00Z", Some("2026-03-10T09:00:00Z")),
        version("tx1", "2026-03-10T09:00:00Z", Some("2026-03-10T12:00:00Z")),
        version("tx2", "2026-03-10T12:00:00Z", None),
    ];
    session.state.falsifiers =
        vec![falsifier(record(67, "trust.retracted", "2026-03-10T22:10:00Z"), "key_retracted")];
    session.state.records[4].recorded_at = t("2026-03-10T20:00:00Z");
    session.state.life.end.record = Some(session.state.records[4].clone());
    let (figure, svg, table) = drawn(&session);
    assert_eq!(
        figure.lanes[0].items.iter().map(|item| item.label.as_str()).collect::<Vec<_>>(),
        ["tx1", "tx2"]
    );
    assert!(
        svg.contains(">tx1<")
            && svg.contains(">tx2 (since 12:00:00Z, admin-2)<")
            && svg.contains("retracted key 22:10:00Z →"),
        "{svg}"
    );
    assert_eq!(svg.matches("class=\"hairline\"").count(), 1);
    // The end was recorded late: the tail is the end's.
    assert_eq!(svg.matches("class=\"tail\"").count(), 1);
    assert!(table.contains("ended by <a href="), "{table}");
}

#[test]
fn a_session_that_begins_after_t_does_not_run() {
    let mut session = session();
    (session.state.life.phase, session.state.life.end.at, session.state.life.end.reason) =
        (Phase::NotStarted, None, None);
    session.state.factors.clear();
    let (_, svg, table) = drawn(&session);
    let said = svg.split("<title>").find(|title| title.starts_with("session "));
    let said = said.and_then(|title| title.lines().next()).unwrap_or_default();
    assert!(said.ends_with("Z: begins after T"), "{said}");
    assert!(!svg.contains("running") && !table.contains("running"), "{table}");
    session.state.life.started_at = None;
    let (_, svg, _) = drawn(&session);
    assert!(svg.contains("Z: never began") && !svg.contains("begins after T"), "{svg}");
}
