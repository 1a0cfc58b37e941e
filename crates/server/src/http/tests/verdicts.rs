//! What the pages of the fixture's day open with: outcome, sentence, what is odd, how sure.

use super::support::{AT, World};
use claimledger_domain::RULES;
use claimledger_facts::vocabulary::Role;

/// The text of the section, a paragraph or an item a line, without its people.
async fn verdict(world: &World, cookie: &str, path: &str) -> Vec<String> {
    let page =
        world.get(&format!("{path}&at={AT}&knownAtPosition=82&rules={RULES}"), cookie).await.body;
    let section = page
        .split_once("<section class=\"outcome")
        .and_then(|(_, rest)| rest.split_once("</section>"))
        .and_then(|(section, _)| section.split_once('>'))
        .unwrap_or_else(|| panic!("{path} has no verdict: {page}"))
        .1;
    let mut out = String::new();
    let mut inside = false;
    let lines = section.replace("</p>", "\n").replace("</summary>", "\n").replace("</li>", "\n");
    for c in lines.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    let no_name = |word: &str| {
        if word.starts_with("p-") { "someone".to_owned() } else { word.to_owned() }
    };
    let plain = |line: &str| line.split_whitespace().map(no_name).collect::<Vec<_>>().join(" ");
    out.lines().map(plain).filter(|line| !line.is_empty()).collect()
}

const JOINED: &str =
    "How sure: certain. Joined: an allow followed; no record says that the claim was accepted.";
const NOTHING: &str = "Nothing odd, as known at #82.";

#[tokio::test]
async fn every_session_of_the_day_opens_with_its_answer() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let expected: [(&str, &[&str]); 8] = [
        (
            "S1",
            &[
                "▲ LET IN",
                "someone was let into payroll at 2026-03-10 10:00:03Z, on the word of idp-x (pwd \
                 and otp), by rule payroll-1 of payroll v1. The session ended 15:00:00Z: logout.",
                NOTHING,
                JOINED,
            ],
        ),
        (
            "S2",
            &[
                "▲ LET IN",
                "someone was let into payroll (2 times) from 2026-03-10 11:30:05Z to 12:30:00Z, \
                 on the word of idp-x (pwd, hwk and phr), by rule payroll-1 of payroll v1 and \
                 rule payroll-2 of payroll v2. The session ended 19:30:00Z: expired.",
                "≠ Odd: allow for payroll at 12:30:00Z was falsified later: authenticator lost \
                 12:10:00Z, recorded 14:40:00Z.",
                JOINED,
            ],
        ),
        (
            "S3",
            &[
                "▲ LET IN",
                "someone was let into payroll at 2026-03-10 13:20:04Z, on the word of idp-x \
                 (pwd, hwk and phr), by rule payroll-2 of payroll v2. The session ended \
                 18:00:00Z: revoked.",
                NOTHING,
                JOINED,
            ],
        ),
        (
            "S4",
            &[
                "▲▽ LET IN AND REFUSED",
                "someone was let into wiki at 2026-03-10 13:50:03Z, on the word of idp-y (pwd \
                 and sms), by rule wiki-1 of wiki v1. They were refused payroll at 13:55:00Z, by \
                 rule payroll-2 of payroll v2. First unmet: phishing-resistant; seen instead: \
                 pwd and sms (knowledge and possession, user presence), on the word of idp-y. \
                 The session ended 16:00:00Z: logout.",
                NOTHING,
                JOINED,
            ],
        ),
        (
            "S5",
            &[
                "▲ LET IN",
                "someone was let into payroll at 2026-03-10 13:45:04Z, on the word of idp-x \
                 (pwd, hwk and phr), by rule payroll-2 of payroll v2. The session ended \
                 14:30:00Z: upstream revoked.",
                "≠ Odd: allow for payroll at 13:45:04Z differs from what the rules say: retired \
                 key accepted.",
                "and 2 more",
                "What it rested on fell: key X1 retracted from 13:40:00Z, recorded 15:10:00Z.",
                "Its end was recorded late, 14:52:00Z (+22 min).",
                JOINED,
            ],
        ),
        (
            "S6",
            &[
                "▲ LET IN",
                "someone was let into wiki at 2026-03-10 13:00:40Z, on the service provider's \
                 own check (otp), by rule wiki-1 of wiki v1. The session ended 17:00:00Z: \
                 logout.",
                "? Open: 2 claimed values did not count: pwd and mfa of idp-z (trust in the \
                 IdP's claims off).",
                "How sure: certain. Stated: the service provider says that it accepted the \
                 factors.",
            ],
        ),
        (
            "S7",
            &[
                "▲ LET IN",
                "someone was let into wiki at 2026-03-10 09:30:02Z, on the word of idp-x (pwd \
                 and otp), by rule wiki-1 of wiki v1. The session has ended, between 14:20:00Z \
                 and 21:30:00Z: expired by limit.",
                "≠ Odd: The session outlived its IdP session, which ended 13:10:00Z: app \
                 accessed 14:20:00Z.",
                JOINED,
            ],
        ),
        (
            "S8",
            &[
                "▲ LET IN",
                "someone was let into payroll at 2026-03-10 14:00:05Z, on the word of idp-x \
                 (pwd), by rule payroll-2 of payroll v2. The session ended 20:00:00Z: expired.",
                "≠ Odd: allow for payroll at 14:00:05Z differs from what the rules say: not \
                 enough factors.",
                JOINED,
            ],
        ),
    ];
    for (session, expected) in expected {
        let found = verdict(&world, &cookie, &format!("/session?id={session}")).await;
        assert_eq!(found, expected, "{session}");
    }
}

#[tokio::test]
async fn a_decision_and_a_factor_open_with_theirs() {
    let world = World::new().await;
    let cookie = world.cookie("acme", &[Role::Read]);
    let expected: [(&str, &[&str]); 4] = [
        (
            "/decision?pos=56",
            &[
                "▽ REFUSED",
                "someone was refused payroll at 2026-03-10 13:55:00Z, by rule payroll-2 of \
                 payroll v2. First unmet: phishing-resistant; seen instead: pwd and sms \
                 (knowledge and possession, user presence), on the word of idp-y. Session S4. \
                 The session ended 16:00:00Z: logout.",
                "AS THE RULES SAY",
                NOTHING,
                JOINED,
            ],
        ),
        (
            "/decision?pos=43",
            &[
                "▲ LET IN",
                "someone was let into payroll at 2026-03-10 13:20:04Z, on the word of idp-x \
                 (pwd, hwk and phr), by rule payroll-2 of payroll v2. Session S3. The session \
                 ended 18:00:00Z: revoked.",
                "AS THE RULES SAY",
                NOTHING,
                JOINED,
            ],
        ),
        (
            "/why?session=S2&factor=hwk",
            &[
                "● COUNTED",
                "hwk of someone counted in session S2 from 2026-03-10 11:30:00Z until 12:10:00Z \
                 (authenticator lost), on the word of idp-x (hwk), key X1, trusted as tx1.",
                "≠ Odd: What ended it, authenticator lost, was recorded late: 14:40:00Z (+2 h 30 \
                 min).",
                JOINED,
            ],
        ),
        (
            "/why?session=S6&factor=mfa",
            &[
                "○ DID NOT COUNT",
                "mfa, claimed of someone by idp-z at 2026-03-10 13:00:00Z, did not count in \
                 session S6: trust in the IdP's claims off.",
                NOTHING,
                "How sure: certain.",
            ],
        ),
    ];
    for (path, expected) in expected {
        assert_eq!(verdict(&world, &cookie, path).await, expected, "{path}");
    }
}
