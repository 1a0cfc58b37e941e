//! The page that rehearses a change, as a browser without script gets it.

use super::{
    reading::{part, rows, section, text},
    support::{AT, Answer, World},
};
use axum::http::{StatusCode, header};
use claimledger_facts::vocabulary::Role;

fn pinned() -> String {
    format!("at={AT}&knownAtPosition=82&rules={}", claimledger_domain::RULES)
}

async fn asked(world: &World, rest: &str) -> Answer {
    let cookie = world.cookie("acme", &[Role::Read]);
    world.get(&format!("/rehearse?{rest}&{}", pinned()), &cookie).await
}

async fn posted(world: &World, form: &str, headers: &[(&str, &str)]) -> Answer {
    let cookie = world.cookie("acme", &[Role::Read]);
    let form = format!("{form}&{}", pinned());
    let headers: Vec<(&str, &str)> =
        [("cookie", cookie.as_str())].iter().chain(headers).copied().collect();
    world.send("POST", "/rehearse", &headers, form).await
}

/// Of what is not known nothing is said, and least that nobody would be locked out.
#[tokio::test]
async fn an_unknown_idp_or_policy_is_not_rehearsed() {
    let world = World::new().await;
    let policy = "change=policy&policy=%7B%22policy%22:%22nope%22,%22version%22:%22v1%22,\
        %22kind%22:%22app_sign_in%22,%22rules%22:%5B%5D%7D";
    for (rest, thing) in [
        ("change=trust&idp=nope", "identity provider"),
        ("change=retract&idp=nope", "identity provider"),
        ("change=deactivate&idp=nope", "identity provider"),
        (policy, "policy"),
    ] {
        let answer = asked(&world, rest).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{rest}: {}", answer.body);
        assert!(answer.body.contains(&format!("No {thing} nope is known.")), "{rest}");
        assert!(!answer.body.contains("Locked out"), "{rest}");
    }
}

#[tokio::test]
async fn a_refusal_keeps_what_was_written_and_says_what_does_not_belong() {
    let world = World::new().await;
    for (rest, says) in [
        ("change=deactivate&from=2026-03-01T00:00:00Z", "This change needs a value for idp."),
        (
            "change=retract&idp=idp-x&key=X1&from=2026-03-01T00:00:00Z",
            "This change takes no value for key.",
        ),
        (
            "change=trust&idp=idp-x&feature=third_party&from=2026-03-01T00:00:00Z",
            "This change takes no value for feature.",
        ),
        (
            "change=trust&idp=idp-x&from=2026-03-01T00:00:00Z&to=2026-02-01T00:00:00Z",
            "the window is empty",
        ),
        ("change=trust&idp=a%00%E2%80%AEb&from=2026-03-01T00:00:00Z", "idp: it has a character"),
    ] {
        let answer = asked(&world, rest).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{rest}");
        for part in [says, "<form class=\"rehearsal\"", "value=\"2026-03-01T00:00:00Z\""] {
            assert!(answer.body.contains(part), "{rest}: {part}\n{}", answer.body);
        }
        assert!(!answer.body.contains(['\0', '\u{202e}']), "{rest}");
    }
}

#[tokio::test]
async fn the_form_is_posted_and_answered_at_an_address_where_it_fits_one() {
    let world = World::new().await;
    let short = posted(&world, "change=trust&idp=idp-x&key=", &[]).await;
    assert_eq!(short.status, StatusCode::SEE_OTHER, "{}", short.body);
    let to = short.header(header::LOCATION);
    assert!(to.starts_with("/rehearse?change=trust&idp=idp-x&at="), "{to}");
    let long = |note: usize| {
        let rule = "%7B%22rule%22:%22payroll-1%22,%22priority%22:1,%22access%22:%22allow%22,\
            %22factor_mode%22:%222fa%22%7D";
        format!(
            "change=policy&policy=%7B%22policy%22:%22payroll%22,%22version%22:%22v9%22,\
             %22kind%22:%22app_sign_in%22,%22rules%22:%5B{rule}%5D{}%7D",
            "+".repeat(note)
        )
    };
    let answer = posted(&world, &long(9_600), &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    for part in
        ["cannot be kept as a link", "Rehearsed: version v9 of policy payroll", "id=\"out\""]
    {
        assert!(answer.body.contains(part), "{part}\n{}", answer.body);
    }
    let elsewhere = posted(&world, &long(10), &[("origin", "https://evil.example")]).await;
    assert_eq!(elsewhere.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(elsewhere.body.contains("sent from another site"));
    let larger = posted(&world, &long(60_000), &[]).await;
    assert!(larger.body.contains("The form has more than 60000 bytes."), "{}", larger.body);
}

#[tokio::test]
async fn the_form_offers_what_is_known_and_the_answer_says_what_was_rehearsed() {
    let world = World::new().await;
    let answer = asked(&world, "change=trust&idp=idp-x").await;
    for part in [
        "<option value=\"idp-x\" selected>",
        "<option value=\"payroll\">",
        "Rehearsed: trust in claims of idp-x had been on.",
        "placeholder=\"2026-03-10T00:00:00Z\"",
        "allowed as it is: the change takes nothing away",
    ] {
        assert!(answer.body.contains(part), "{part}\n{}", answer.body);
    }
    // A policy begins with the version that is in force.
    let answer = asked(&world, "change=policy&base=payroll").await;
    assert_eq!(answer.status, StatusCode::OK);
    let (_, text) = answer.body.split_once("<textarea").unwrap();
    assert!(text.contains("&quot;policy&quot;: &quot;payroll&quot;"), "{text}");
    assert!(!answer.body.contains("Rehearsed:"));
}

/// What fell already by the retraction of the day is said as `/blast` says it, and of the same
/// decisions.
#[tokio::test]
async fn what_fell_already_is_told_from_what_would() {
    let world = World::new().await;
    let of = "idp=idp-x&key=X1&from=2026-03-10T09:00:00Z";
    let answer = asked(&world, &format!("change=retract_key&{of}")).await;
    let falls = &section(&answer.body, "falls");
    let head = "Decisions that fall: 5, of which 1 fell already";
    assert!(text(falls).contains(head), "{falls}");
    let counts = text(part(&answer.body, "counts", "</ul>"));
    assert!(counts.contains("5 decisions that fall; 1 of them fell already"), "{counts}");
    let cookie = world.cookie("acme", &[Role::Read]);
    let blast = world.get(&format!("/blast?kind=key&{of}&{}", pinned()), &cookie).await;
    let blast = &section(&blast.body, "falls");
    // The decision, whether it fell already, and what is odd about it.
    let said = |section: &str| {
        let mut rows: Vec<(String, bool, String)> = rows(section)
            .into_iter()
            .map(|row| {
                let odd = row.split("data-head=\"What is odd already\"").nth(1).unwrap();
                let head = text(row.split("</th>").next().unwrap().split_once('>').unwrap().1);
                (head, text(row).contains(": it fell already"), text(odd))
            })
            .collect();
        rows.sort();
        rows
    };
    assert_eq!(said(falls), said(blast));
    assert_eq!(said(falls).iter().filter(|(_, fell, _)| *fell).count(), 1, "{falls}");
    let odd = said(falls).into_iter().filter(|(.., odd)| !odd.ends_with('–'));
    assert_eq!(odd.count(), 2, "S2 12:30 by a loss, S5 by the rules: {falls}");
}
