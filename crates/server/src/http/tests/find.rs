//! Finding a text, and the filter of the list: what is typed about a person is in no address, and
//! what it was found as is recorded.

use super::{
    reading::{K, cut, main, page},
    support::{AT, Answer, World},
};
use axum::http::{StatusCode, header};
use claimledger_app::model::{
    access::{AccessEntry, AccessFilter},
    question::Caller,
};
use claimledger_facts::{ids::TenantId, vocabulary::Role};

const LOGIN: &str = "alice%40acme.example";
const INVESTIGATOR: [Role; 2] = [Role::Read, Role::Investigate];

async fn post(world: &World, path: &str, cookie: &str, body: &str) -> Answer {
    let headers = [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded")];
    world.send("POST", path, &headers, body.to_owned()).await
}

/// The entries of the access log that are not of the owner, the last first.
async fn entries(world: &World) -> Vec<AccessEntry> {
    let owner = Caller::owner(TenantId::new("acme"));
    let page = world.app.accesses(&owner, &AccessFilter::default(), 50, None).await.unwrap();
    page.entries.into_iter().filter(|entry| entry.disclosed.credential != "owner").collect()
}

async fn pseudonym(world: &World, session: &str) -> String {
    let token = world.token("acme", &[Role::Read], None).await;
    let query = format!("{{ session(id: \"{session}\") {{ session {{ subject }} }} }}");
    let answer = world.graphql(&token, &query).await.json();
    answer["data"]["session"]["session"]["subject"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_text_leads_to_the_page_of_what_it_is() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &INVESTIGATOR);
    let person = pseudonym(&world, "S1").await;
    for (text, expected) in [
        (LOGIN, "/session?id=S1&".to_owned()),
        (&person, "/session?id=S1&".to_owned()),
        ("S3", "/session?id=S3&".to_owned()),
        ("as-S2", "/session?id=S2&".to_owned()),
        ("is-S5", "/session?id=S5&".to_owned()),
        ("app-S5-payroll-1", "/session?id=S5&".to_owned()),
        ("%2343", "/decision?pos=43&".to_owned()),
        ("S5-claims", "/session?id=S5&open=46&".to_owned()),
        ("policy-payroll-v2", "/record?pos=29&".to_owned()),
        ("X1", "/blast?kind=key&idp=idp-x&key=X1&".to_owned()),
        ("idp-y", "/trust?idp=idp-y&".to_owned()),
        ("admin-1", "/blast?kind=actor&actor=admin-1&".to_owned()),
        ("key-bob", "/blast?kind=authenticator&id=key-bob&".to_owned()),
        ("acme-sp", "/sources?".to_owned()),
    ] {
        let answer = post(&world, "/find", &cookie, &format!("text={text}")).await;
        let to = answer.header(header::LOCATION);
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{text}: {}", answer.body);
        assert!(to.starts_with(&expected), "{text}: {to}");
        assert!(to.contains("&knownAtPosition=8") && to.contains("&rules="), "{text}: {to}");
        assert!(!to.contains("alice"), "{to}");
        let there = world.get(to, &cookie).await;
        assert_eq!(there.status, StatusCode::OK, "{text}: {to}: {}", there.body);
    }
    // What is several things is listed, by kind.
    let list = post(&world, "/find", &cookie, "text=wiki").await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.body);
    for part in ["2 things, known at #8", "<a href=\"/sessions?app=wiki&amp;at=", "<td>policy</td>"]
    {
        assert!(list.body.contains(part), "{part}: {}", list.body);
    }
    // As known earlier: the session had not begun.
    let early = post(&world, "/find", &cookie, "text=S3&knownAt=%2330").await;
    assert_eq!(early.status, StatusCode::OK);
    assert!(early.body.contains("Nothing found, known at #30"), "{}", early.body);
    // What is not searched is not denied.
    for text in ["T-1", "payroll-2", "v2", "H-7", "no-such-thing"] {
        let nothing = post(&world, "/find", &cookie, &format!("text={text}")).await;
        assert!(!nothing.body.contains("None: complete"), "{text}: {}", nothing.body);
        for part in ["not everything was searched: not tickets, rules", "<li>tickets, rules"] {
            assert!(nothing.body.contains(part), "{text}: {part}: {}", nothing.body);
        }
    }
}

#[tokio::test]
async fn a_login_that_two_people_share_is_a_list_and_no_filter() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &INVESTIGATOR);
    let token = world.token("acme", &[Role::Ingest], Some("acme-sp")).await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let at = "2026-03-11T07:00:00Z";
    let fact = serde_json::json!({"id": "S20-start", "type": "session.started",
        "occurred_at": at, "recorded_at": at, "source": "acme-sp", "session": "S20",
        "subject": {"id": "u-other-alice", "login": "alice@acme.example"}, "data": {}});
    let sent = world.send("POST", "/v1/facts", &headers, fact.to_string()).await;
    assert!(sent.status.is_success(), "{}", sent.body);
    // Both people, each with their sessions: none of them is chosen for the reader.
    let found = post(&world, "/find", &cookie, &format!("text={LOGIN}")).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.body);
    assert_eq!(found.body.matches("<td>person</td>").count(), 2, "{}", found.body);
    for session in ["S1", "S20"] {
        assert!(found.body.contains(&format!("/session?id={session}&amp;")), "{}", found.body);
    }
    let filtered = post(&world, "/sessions", &cookie, &format!("subject={LOGIN}")).await;
    assert_eq!(filtered.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", filtered.body);
    assert!(filtered.body.contains("Several people are called so: p-"), "{}", filtered.body);
}

#[tokio::test]
async fn what_a_text_leads_to_is_recorded_and_the_text_is_not() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &INVESTIGATOR);
    for (path, body) in [
        ("/find", format!("text={LOGIN}")),
        ("/sessions", format!("subject={LOGIN}")),
        ("/access", format!("list=1&subject={LOGIN}")),
        ("/find", "text=nobody%40acme.example".to_owned()),
    ] {
        let before = entries(&world).await.len();
        post(&world, path, &cookie, &body).await;
        let after = entries(&world).await;
        assert_eq!(after.len(), before + 1, "{path} {body}");
        let shown = &after[0].disclosed;
        assert!(shown.questions.iter().any(|asked| asked.question.as_str() == "find"), "{shown:?}");
        assert!(!format!("{:?}", after[0]).contains("acme.example"), "{:?}", after[0]);
    }
    // An empty form shows nothing.
    let before = entries(&world).await.len();
    assert_eq!(world.get("/find", &cookie).await.status, StatusCode::OK);
    assert_eq!(entries(&world).await.len(), before);
}

#[tokio::test]
async fn the_role_that_is_missing_is_named_whether_or_not_there_is_such_a_person() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let of = async |text: &str| {
        let answer = post(&world, "/find", &cookie, &format!("text={text}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.body.replace(&text.replace("%40", "@"), "TEXT")
    };
    let there = of(LOGIN).await;
    assert_eq!(there, of("nobody%40acme.example").await);
    let words = "Your role (read) does not find people by login, name or address; investigate \
                 does; govern grants it.";
    assert!(there.contains(words), "{there}");
    let filter = |who: &str| format!("subject={who}&ended=true");
    let there = post(&world, "/sessions", &cookie, &filter(LOGIN)).await;
    assert_eq!(there.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(there.body.contains(words), "{}", there.body);
    let operator = world.cookie("acme", &[Role::Operate]);
    let answer = post(&world, "/find", &operator, "text=S1").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let elsewhere = [("cookie", cookie.as_str()), ("origin", "https://evil.example")];
    let answer = world.send("POST", "/find", &elsewhere, "text=S1").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("sent from another site"), "{}", answer.body);
}

#[tokio::test]
async fn the_filter_turns_a_login_into_a_pseudonym_and_keeps_what_is_refused() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &INVESTIGATOR);
    let person = pseudonym(&world, "S1").await;
    let body = format!("subject={LOGIN}&ended=true&idp=&outlived=any&at=2026-03-10T23%3A00%3A00Z");
    let answer = post(&world, "/sessions", &cookie, &body).await;
    assert_eq!(
        answer.header(header::LOCATION),
        format!("/sessions?subject={person}&ended=true&at=2026-03-10T23:00:00Z")
    );
    let typed = "subject=nobody%40acme.example&activeAt=yesterday&key=X1&first=3";
    let refused = post(&world, "/sessions", &cookie, typed).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in [
        "<a href=\"#f-activeAt\">Active at</a>: <bdi>yesterday is",
        "<a href=\"#f-subject\">Person</a>: <bdi>No person with this login",
        "id=\"f-subject\" name=\"subject\" value=\"nobody@acme.example\"",
        "name=\"activeAt\" value=\"yesterday\"",
        "<option value=\"X1\" selected>",
        "<input type=\"hidden\" name=\"first\" value=\"3\">",
        "aria-invalid=\"true\"",
    ] {
        assert!(refused.body.contains(part), "{part}: {}", refused.body);
    }
    assert!(!refused.body.split("</title>").next().unwrap().contains("nobody"));
    let access = post(&world, "/access", &cookie, &format!("list=1&subject={LOGIN}&to=")).await;
    assert_eq!(access.header(header::LOCATION), format!("/access?subject={person}"));
    let auditor = world.cookie("acme", &[Role::Govern]);
    let access = post(&world, "/access", &auditor, &format!("list=1&subject={person}")).await;
    assert_eq!(access.header(header::LOCATION), format!("/access?subject={person}"));
    let access = world.get("/access?subject=alice", &cookie).await;
    assert_eq!(access.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", access.body);
    // An address is refused alike, and its form can be mended.
    let address = world.get("/sessions?subject=alice&ended=perhaps", &cookie).await;
    assert_eq!(address.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in ["must not be in an address", "perhaps is not a boolean", "#f-ended"] {
        assert!(address.body.contains(part), "{part}: {}", address.body);
    }
}

#[tokio::test]
async fn the_list_shows_names_when_they_are_asked_for() {
    let world = World::new().await;
    let reader = world.cookie("acme", &[Role::Read]);
    assert_eq!(world.get("/sessions?names=1", &reader).await.status, StatusCode::SEE_OTHER);
    let pinned = world.get("/sessions?names=1&key=X2", &reader).await;
    let pinned = pinned.header(header::LOCATION).to_owned();
    assert!(pinned.contains("names=1"), "{pinned}");
    let refused = world.get(&pinned, &reader).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    assert!(!refused.body.contains("carol"), "{}", refused.body);
    let cookie = world.cookie("acme", &INVESTIGATOR);
    let named = world.get(&pinned, &cookie).await;
    for part in ["Carol", "carol@acme.example"] {
        assert!(named.body.contains(part), "{part}: {}", named.body);
    }
    let main = named.body.split_once("<main").unwrap().1;
    assert!(!main.contains("carol"), "names are beside the answer: {main}");
    assert!(entries(&world).await[0].disclosed.names);
    let plain = world.get(&pinned.replace("&names=1", ""), &cookie).await;
    assert!(!plain.body.contains("carol") && plain.body.contains("Show names"), "{}", plain.body);
    assert!(!entries(&world).await[0].disclosed.names);
}

#[tokio::test]
async fn the_filter_offers_what_is_known_at_k() {
    let world = World::new().await;
    let option = |name: &str| format!("<option value=\"{name}\">");
    let early = page(&world, "/sessions", AT, 30).await;
    let late = page(&world, "/sessions", AT, K).await;
    for (name, is_early) in
        [("X1", true), ("payroll", true), ("otp", true), ("X2", false), ("sms", false)]
    {
        assert_eq!(early.body.contains(&option(name)), is_early, "{name}: {}", early.body);
        assert!(late.body.contains(&option(name)), "{name}: {}", late.body);
    }
}

#[tokio::test]
async fn a_text_in_the_address_of_find_is_said_not_to_be_searched() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let shown = main(&world.get("/find?q=alice%40acme.example", &cookie).await.body);
    assert!(shown.contains("The text in the address is not searched"), "{shown}");
    assert!(!shown.contains("alice"), "{shown}");
    for path in ["/find".to_owned(), format!("/find?{}", cut(AT, K))] {
        let shown = main(&world.get(&path, &cookie).await.body);
        assert!(!shown.contains("not searched"), "{path}: {shown}");
    }
}
