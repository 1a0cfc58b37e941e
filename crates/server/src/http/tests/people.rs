//! Names of people, on request and beside the answer, on every page that lists people.

use super::{
    reading::{K, cut},
    support::{AT, World},
};
use axum::http::{StatusCode, header};
use claimledger_facts::vocabulary::Role;

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
