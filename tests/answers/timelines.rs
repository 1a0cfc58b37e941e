//! The timeline of a session's page.

use super::{T, demo};
use crate::support::Server;
use claimledger_domain::RULES;

/// The tooltips of a timeline's items.
fn titles(server: &Server, token: &str, path: &str) -> (Vec<String>, String) {
    let (status, _, body) = server.get(
        &format!("{path}&at={T}&knownAtPosition=82&rules={RULES}"),
        &[("authorization", token)],
    );
    assert_eq!(status, 200, "{body}");
    let svg = body
        .split("<svg")
        .nth(1)
        .and_then(|rest| rest.split("</svg>").next())
        .expect("a figure")
        .to_owned();
    let titles = svg
        .split("<title>")
        .skip(1)
        .filter_map(|rest| rest.split("</title>").next())
        .map(str::to_owned)
        .collect();
    (titles, svg)
}

#[test]
fn the_timeline_shows_the_right_lag_with_its_date_and_keeps_open_ends_open() {
    let scratch = demo();
    let token = format!("Bearer {}", scratch.token("acme", "read"));
    let server = scratch.serve();
    let of = |path: &str| titles(&server, &token, path);
    let (hover, svg) = of("/session?id=S5");
    let session = hover.iter().find(|title| title.starts_with("session S5")).expect("the session");
    assert!(session.contains("2026-03-10 13:45:00Z until 14:30:00Z"), "{session}");
    let end = "its end: #65 occurred then, recorded 14:52:00Z (+22 min); late";
    assert!(session.contains(end), "{session}");
    let retracted: Vec<_> = hover
        .iter()
        .filter(|title| title.starts_with("trust in key X1 of idp-x retracted"))
        .collect();
    assert_eq!(retracted.len(), 1, "{hover:?}");
    assert!(
        retracted[0].contains("2026-03-10 13:40:00Z")
            && retracted[0].contains("recorded 15:10:00Z (+0 s); late, +1 h 30 min after what"),
        "{retracted:?}"
    );
    let key_lane = svg
        .split("<g class=\"lane key\"")
        .nth(1)
        .and_then(|rest| rest.split("<g class=\"lane").next())
        .expect("a lane of the key");
    assert!(key_lane.contains("trust in key X1 of idp-x retracted"), "{key_lane}");
    assert!(!svg.contains("lane falsifiers"), "nothing else hits it");
    let (hover, _) = of("/session?id=S2");
    let lost =
        hover.iter().find(|title| title.starts_with("hwk (possession) counted")).expect("a factor");
    assert!(
        lost.contains("until 12:10:00Z")
            && lost.contains("its end: #64 occurred then, recorded 14:40:00Z (+2 h 30 min); late"),
        "{lost}"
    );
    for order in ["occurred", "recorded"] {
        let (hover, svg) = of(&format!("/session?id=S7&order={order}"));
        let session =
            hover.iter().find(|title| title.starts_with("session S7")).expect("the session");
        assert!(session.contains("until between 14:20:00Z and 21:30:00Z"), "{order}: {session}");
        assert_eq!(
            svg.matches("class=\"bounded\"").count(),
            3,
            "{order}: the session and two factors"
        );
    }
}

/// End labels are next to their bars: none of S7's hides the end of its hatching.
#[test]
fn end_labels_hide_no_part_of_a_bar_whose_end_is_known() {
    let scratch = demo();
    let token = format!("Bearer {}", scratch.token("acme", "read"));
    let server = scratch.serve();
    for session in ["S1", "S2", "S3", "S4", "S6", "S7", "S8"] {
        let (_, svg) = titles(&server, &token, &format!("/session?id={session}"));
        let lane = svg
            .split("<g class=\"lane session\"")
            .nth(1)
            .and_then(|rest| rest.split("<g class=\"lane").next())
            .expect("its lane");
        assert!(
            !lane.contains("class=\"plate\"") && lane.contains("class=\"label\""),
            "{session}: {lane}"
        );
    }
}
