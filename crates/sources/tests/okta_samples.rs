//! Real input: the System Log events that other projects published, as one source, deduplicated as
//! the sequencer does it.

#[path = "../../../tests/support/okta_samples.rs"]
mod okta_samples;

#[path = "../../../tests/support/fixture.rs"]
mod fixture;

#[path = "okta_config/samples.rs"]
mod okta_config;

use claimledger_facts::{
    draft::{Draft, DraftFact},
    fact::FactData,
    refusal::Refusal,
    vocabulary::{Method, Note, Outcome, Property, Protocol},
};
use claimledger_sources::{Dialect, Limits, Splitter, translate};
use std::collections::{BTreeMap, BTreeSet};

/// What a stream of a service provider's own log gives, without settings of the source.
fn drafts_of(dialect: Dialect, bytes: &[u8]) -> Result<Vec<Draft>, Refusal> {
    Ok(translate(&dialect.into(), None, bytes)?.drafts)
}

fn drafts() -> Vec<Draft> {
    let lines = okta_samples::lines(&fixture::shared_input("samples"));
    let mut splitter = Splitter::new(Limits::default());
    splitter.push((lines.join("\n") + "\n").as_bytes());
    splitter.finish();
    let read = |piece: claimledger_sources::Piece| {
        drafts_of(Dialect::OktaSystemLog, &piece.bytes)
            .unwrap_or_else(|refusal| panic!("line {}: {refusal}", piece.line))
    };
    splitter.flat_map(|piece| read(piece.expect("a piece"))).collect()
}

/// How many events of each type there are, how many of them are understood, and how many facts
/// they state, links aside. What is missing: six sign-ins name no session, five decisions no
/// application's id and no rule, four events a masked time; the others are of types that are not
/// read.
const REPORT: &[(&str, usize, usize, usize)] = &[
    ("app.oauth2.admin.consent.grant", 7, 0, 0),
    ("app.oauth2.as.authorize.code", 1, 0, 0),
    ("app.oauth2.as.key.rollover", 1, 0, 0),
    ("app.oauth2.authorize.code", 1, 0, 0),
    ("app.oauth2.credentials.lifecycle.create", 1, 0, 0),
    ("app.oauth2.key.rollover", 1, 0, 0),
    ("app.oauth2.token.detect_reuse", 1, 1, 1),
    ("application.lifecycle.create", 1, 1, 0),
    ("application.lifecycle.update", 18, 18, 17),
    ("application.policy.sign_on.rule.create", 1, 1, 1),
    ("application.policy.sign_on.update", 2, 2, 2),
    ("application.user_membership.add", 7, 0, 0),
    ("directory.app_user_profile.bootstrap", 3, 0, 0),
    ("directory.linked_object.create", 1, 0, 0),
    ("directory.mapping.update", 6, 0, 0),
    ("directory.user_profile.bootstrap", 1, 0, 0),
    ("group.privilege.grant", 1, 1, 0),
    ("oauth2.as.created", 1, 0, 0),
    ("policy.evaluate_sign_on", 6, 1, 2),
    ("policy.lifecycle.create", 7, 7, 7),
    ("policy.lifecycle.update", 1, 1, 1),
    ("policy.mapping.create", 13, 13, 13),
    ("policy.rule.add", 6, 6, 6),
    ("policy.rule.update", 11, 11, 11),
    ("security.threat.configuration.update", 1, 0, 0),
    ("system.brand.create", 1, 0, 0),
    ("system.mfa.factor.activate", 3, 3, 3),
    ("system.rate_limit.configuration.update", 1, 0, 0),
    ("user.account.lock", 1, 1, 1),
    ("user.account.privilege.grant", 2, 2, 2),
    ("user.account.subscriptions.update", 1, 0, 0),
    ("user.authentication.auth_via_IDP", 1, 1, 1),
    ("user.authentication.auth_via_mfa", 6, 6, 6),
    ("user.authentication.sso", 1, 1, 1),
    ("user.lifecycle.activate", 1, 1, 1),
    ("user.lifecycle.create", 2, 2, 2),
    ("user.mfa.factor.activate", 2, 2, 2),
    ("user.session.start", 22, 12, 12),
    ("zone.create", 3, 3, 3),
];

#[test]
fn of_147_events_129_are_stored_1_is_repeated_and_17_are_variants() {
    let drafts = drafts();
    assert_eq!(drafts.len(), 147);
    let mut contents: BTreeMap<&str, BTreeSet<&[u8]>> = BTreeMap::new();
    let (mut stored, mut repeated, mut variants) = (0, 0, 0);
    for draft in &drafts {
        assert!(draft.variants_allowed);
        let known = contents.entry(draft.source_id.as_str()).or_default();
        let first = known.is_empty();
        match (known.insert(&draft.canonical), first) {
            (false, _) => repeated += 1,
            (true, true) => stored += 1,
            (true, false) => variants += 1,
        }
    }
    assert_eq!((stored, repeated, variants), (129, 1, 17));
}

#[test]
fn times_without_a_zone_are_flagged_and_what_is_not_read_is_noted() {
    let drafts = drafts();
    let noted = |note: Note| drafts.iter().filter(|draft| draft.notes.contains(&note)).count();
    assert_eq!(noted(Note::TimeZoneAssumedUtc), 17);
    // Four of them hold a mask in place of the time: nothing is concluded from those.
    let masked: Vec<_> = drafts.iter().filter(|draft| draft.occurred.to.is_some()).collect();
    assert_eq!(masked.len(), 4);
    assert!(
        masked
            .iter()
            .all(|draft| draft.facts.is_empty() && draft.notes.contains(&Note::NotUnderstood))
    );

    let mut report: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for draft in &drafts {
        let row = report.entry(&draft.kind).or_default();
        let is_link = |fact: &&DraftFact| fact.data.type_name() == "session.linked";
        row.0 += 1;
        row.1 += usize::from(draft.is_understood());
        row.2 += draft.facts.iter().filter(|fact| !is_link(fact)).count();
    }
    let report: Vec<_> = report.into_iter().map(|(kind, (a, b, c))| (kind, a, b, c)).collect();
    assert_eq!(report, REPORT);
    let kinds: BTreeSet<&str> = drafts.iter().map(|draft| draft.kind.as_str()).collect();
    assert_eq!(kinds.len(), 39);
}

#[test]
fn facts_of_real_events() {
    let drafts = drafts();
    let facts: Vec<(&Draft, &FactData)> = drafts
        .iter()
        .flat_map(|draft| draft.facts.iter().map(move |fact| (draft, &fact.data)))
        .collect();
    let count = |name: &str| facts.iter().filter(|(_, data)| data.type_name() == name).count();
    assert_eq!(
        (count("claims.received"), count("factor.verified"), count("policy.decided")),
        (1, 3, 1)
    );
    // Nine wrong passwords in no session, one in a session, and three factors that failed.
    assert_eq!(
        (count("app.accessed"), count("session.started"), count("sign_in.refused")),
        (1, 2, 13)
    );
    assert_eq!(facts.len() - count("session.linked"), 95);
    assert_eq!(
        (
            count("configuration.changed"),
            count("authenticator.changed"),
            count("privilege.changed"),
            count("account.changed"),
            count("activity.flagged"),
            count("session.governed"),
        ),
        (64, 2, 2, 4, 1, 1)
    );

    let (federated, FactData::ClaimsReceived(claims)) =
        facts.iter().find(|(_, data)| data.type_name() == "claims.received").unwrap()
    else {
        panic!()
    };
    assert_eq!(
        (claims.idp.as_str(), claims.protocol, &claims.amr),
        ("kdYO9RZnIHNhV6vii333b", Some(Protocol::Saml2), &None)
    );
    assert_eq!(federated.persons[federated.facts[0].subject.unwrap()].id, "eWiaLPtSTpjyy1BIwNFXg");

    let fast_pass: Vec<_> = facts
        .iter()
        .filter_map(|(_, data)| if let FactData::FactorVerified(f) = data { Some(f) } else { None })
        .collect();
    assert!(fast_pass.iter().any(|f| f.method == Method::SignedNonce
        && f.properties
            == [Property::DeviceBound, Property::HardwareProtected, Property::PhishingResistant]));
    let (decision, FactData::PolicyDecided(decided)) =
        facts.iter().find(|(_, data)| data.type_name() == "policy.decided").unwrap()
    else {
        panic!()
    };
    assert_eq!(decided.outcome, Outcome::Challenge);
    assert_eq!(decided.rule.as_ref().unwrap().as_str(), "rultfrct7dd3YeeIl697");
    assert_eq!(decided.policy.as_str(), "rule:rultfrct7dd3YeeIl697");
    assert_eq!(decision.session.as_ref().unwrap().as_str(), "idxmfjU7IYgR6SKwCsr1ocCuQ");
}

/// No session is a transaction's pseudo-session, no clear field holds a login or a name, and no
/// token is left in what is kept.
#[test]
fn nothing_that_should_be_sealed_stands_in_the_clear() {
    let drafts = drafts();
    let mut redacted = 0;
    for draft in &drafts {
        let clear = format!(
            "{:?} {:?} {:?} {:?} {:?}",
            draft.kind, draft.session, draft.correlation, draft.facts, draft.source_id
        );
        for person in &draft.persons {
            for label in person.aliases.iter().filter(|label| label.len() > 3) {
                assert!(!clear.contains(label.as_str()), "{label} in {clear}");
            }
        }
        assert!(!draft.session.as_ref().is_some_and(|session| session.as_str().starts_with("trs")));
        for kept in [&draft.original, &draft.canonical] {
            let text = String::from_utf8_lossy(kept);
            assert!(!text.contains("stateToken=02.id"), "{text}");
            redacted += usize::from(text.contains("stateToken=sha256:"));
        }
    }
    assert!(redacted >= 4, "some samples have a state token in an address");
}
