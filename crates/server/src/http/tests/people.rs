//! Names of people, on request and beside the answer, on every page that lists people; and what
//! the drawer of a record, the timeline and the page of what rested on something lead to.

use super::{
    radius::{cut, page},
    support::{AT, World},
};
use axum::http::{StatusCode, header};
use claimledger_facts::vocabulary::Role;

const K: u64 = 82;
const INVESTIGATOR: [Role; 2] = [Role::Read, Role::Investigate];

fn main_of(body: &str) -> &str {
    body.split_once("<main").unwrap().1
}

#[tokio::test]
async fn every_list_of_people_shows_names_when_they_are_asked_for() {
    let world = World::new().await;
    let (reader, cookie) =
        (world.cookie("acme", &[Role::Read]), world.cookie("acme", &INVESTIGATOR));
    for path in [
        "/blast?kind=key&idp=idp-x&key=X2",
        "/blast?kind=change&pos=29",
        "/decision?pos=43",
        "/timeline?session=S3",
    ] {
        let address = format!("{path}&{}", cut(AT, K));
        let plain = world.get(&address, &cookie).await;
        assert_eq!(plain.status, StatusCode::OK, "{path}: {}", plain.body);
        assert!(!plain.body.contains("Carol"), "{path}: {}", plain.body);
        assert!(plain.body.contains(">Show names</a>"), "{path}: {}", plain.body);
        let named = world.get(&format!("{address}&names=1"), &cookie).await;
        assert!(named.body.contains("Carol"), "{path}: {}", named.body);
        assert!(!main_of(&named.body).contains("Carol"), "{path}: names are in the answer");
        assert!(!named.body.contains(">Show names</a>"), "{path}: {}", named.body);
        let refused = world.get(&format!("{address}&names=1"), &reader).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}: {}", refused.body);
        assert!(!refused.body.contains("Carol"), "{path}: {}", refused.body);
        // What leads to the pinned address keeps the request.
        let lead = world.get(&format!("{path}&names=1"), &cookie).await;
        assert!(lead.header(header::LOCATION).contains("&names=1"), "{path}");
    }
}

#[tokio::test]
async fn what_is_found_shows_names_when_they_are_asked_for() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &INVESTIGATOR);
    let form = |cookie: &str, names: &str| {
        let headers = vec![
            ("cookie".to_owned(), cookie.to_owned()),
            ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
        ];
        (headers, format!("text=wiki{names}"))
    };
    let mut bodies = Vec::new();
    for names in ["", "&names=1"] {
        let (headers, body) = form(&cookie, names);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let found = world.send("POST", "/find", &headers, body).await;
        bodies.push((found.status, found.body));
    }
    assert!(bodies[0].1.contains("With names of people"), "{}", bodies[0].1);
    let reader = world.cookie("acme", &[Role::Read]);
    let form = world.get("/find", &reader).await;
    assert!(!form.body.contains("With names of people"), "{}", form.body);
    assert!(bodies[1].1.contains("aria-label=\"Names\""), "{}", bodies[1].1);
    assert!(!bodies[0].1.contains("aria-label=\"Names\""), "{}", bodies[0].1);
}

#[tokio::test]
async fn lost_authenticators_are_offered_and_what_is_no_loss_says_so() {
    let world = World::new().await;
    let start = page(&world, "/blast", AT, K).await;
    assert!(start.body.contains("Lost authenticators"), "{}", start.body);
    assert!(
        start.body.contains("/blast?kind=authenticator&amp;id=key-bob&amp;at="),
        "{}",
        start.body
    );
    // At this K no loss is known yet.
    let early = page(&world, "/blast", AT, 31).await;
    assert!(!early.body.contains("key-bob"), "{}", early.body);
    let cookie = world.cookie("acme", &[Role::Read]);
    for (position, words) in [(64, "Loss of an authenticator, #64"), (67, "is no loss of an")] {
        let asked = format!("/blast?kind=authenticator&pos={position}&{}", cut(AT, K));
        let answer = world.get(&asked, &cookie).await;
        assert!(answer.body.contains(words), "{position}: {}", answer.body);
        let is_answer = answer.body.contains("id=\"counts\"");
        assert_eq!((answer.status == StatusCode::OK, is_answer), (position == 64, position == 64));
    }
}

#[tokio::test]
async fn an_open_record_leads_to_what_is_around_it() {
    let world = World::new().await;
    let around = "from=2026-03-10T11:15:00Z&amp;to=2026-03-10T11:45:00Z";
    for path in [
        "/session?id=S2&open=24",
        "/decision?pos=30&open=24",
        "/why?session=S2&factor=hwk&open=24",
        "/sources?open=24",
    ] {
        let answer = page(&world, path, AT, K).await;
        let link = answer.body.split("class=\"around\"").nth(1).unwrap_or_else(|| panic!("{path}"));
        let href = link.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(href.starts_with("/session?id=S2&amp;"), "{path}: {href}");
        assert!(href.contains(around), "{path}: {href}");
        assert!(href.ends_with("#tl-figure"), "{path}: {href}");
        let there = href.replace("&amp;", "&");
        let cookie = world.cookie("acme", &[Role::Read]);
        let there = world.get(there.split('#').next().unwrap(), &cookie).await;
        assert!(there.body.contains("data-from=\"2026-03-10T11:15:00Z\""), "{path}");
    }
    // A record of no session is around nothing.
    let policy = page(&world, "/sources?open=29", AT, K).await;
    assert!(!policy.body.contains("class=\"around\""), "{}", policy.body);
}
