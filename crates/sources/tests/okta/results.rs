//! Results of events, and event types that are not understood.

use super::{event, no_fact, not_understood, read, unread, with};
use claimledger_facts::{
    draft::{Draft, DraftFact},
    fact::FactData,
    vocabulary::SignInResult,
};
use serde_json::json;

#[test]
fn what_was_refused_is_a_fact_with_its_reason_and_other_types_are_not_understood() {
    let refused = |draft: &Draft| match &draft.facts[..] {
        [DraftFact { data: FactData::SignInRefused(refused), .. }] if draft.notes.is_empty() => {
            refused.clone()
        }
        other => panic!("{other:?}"),
    };
    let failed = |kind: &str, result: &str, reason: &str| {
        read(&with(kind, json!({"outcome": {"result": result, "reason": reason}})))
    };
    for kind in [
        "user.authentication.auth_via_IDP",
        "user.authentication.auth_via_mfa",
        "user.authentication.verify",
        "user.session.start",
        "user.authentication.sso",
    ] {
        let fact = refused(&failed(kind, "FAILURE", "INVALID_CREDENTIALS"));
        assert_eq!(
            (fact.result, fact.reason.as_deref()),
            (SignInResult::Failure, Some("invalid_credentials")),
            "{kind}"
        );
        let undecided = with(kind, json!({"outcome": null}));
        if kind.contains("auth_via") || kind.ends_with("verify") {
            assert_eq!(unread(&undecided).type_name(), "authentication.unread");
        } else {
            not_understood(&undecided);
        }
    }
    no_fact(&with("user.session.end", json!({"outcome": {"result": "FAILURE"}})));
    for (word, result) in [
        ("DENY", SignInResult::Deny),
        ("ABANDONED", SignInResult::Abandoned),
        ("UNANSWERED", SignInResult::Unanswered),
        ("RATE_LIMIT", SignInResult::RateLimit),
        ("SOMETHING_NEW", SignInResult::Other),
    ] {
        assert_eq!(refused(&failed("user.authentication.auth_via_mfa", word, "X")).result, result);
    }
    // Prose is sealed under the key of whom it is about.
    let prose = failed("user.session.start", "FAILURE", "Bob said no");
    assert_eq!(refused(&prose).reason.as_deref(), Some("free_text"));
    assert_eq!(prose.persons[0].personal.to_map()["text"], json!({"reason": "Bob said no"}));
    // Who is not known, and in no session, was refused as well.
    let nobody = read(&with(
        "user.session.start",
        json!({"actor": {"id": "unknown"}, "authenticationContext": null,
            "outcome": {"result": "FAILURE"}}),
    ));
    assert_eq!(
        (nobody.facts.len(), nobody.facts[0].subject, &nobody.session, nobody.notes.len()),
        (1, None, &None, 0)
    );
    let draft = not_understood(&event("system.idp.lifecycle.update"));
    assert_eq!(
        (draft.kind.as_str(), draft.session.unwrap().as_str()),
        ("system.idp.lifecycle.update", "idxA")
    );
    assert_eq!(draft.persons[0].personal.to_map()["login"], "alice@acme.example");
}
