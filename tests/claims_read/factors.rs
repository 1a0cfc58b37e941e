//! Which factors the methods of a claim give.

use super::{END, about, configured, decided, fact, graphql, ledger, rows, with};
use serde_json::json;

#[test]
fn two_methods_of_one_name_are_two_factors_and_methods_outrank_amr() {
    // The first is no passkey: as long as it hides the second, the strong rule is not met.
    let methods = json!([
        {"method": "webauthn", "properties": ["user_presence"], "authenticator": "old"},
        {"method": "webauthn", "properties": ["device_bound", "phishing_resistant",
            "user_presence"], "authenticator": "new"},
        {"method": "password"},
    ]);
    let mut facts = configured();
    facts.push(fact(
        "claim",
        "claims.received",
        "10:00:00",
        json!({"idp": "okta", "assertion": "a", "amr": ["pwd", "hwk"], "methods": methods}),
    ));
    facts.push(decided("decided", "10:00:01", "strong"));
    // Without properties they outrank amr too.
    let plain = json!([{"method": "password"}, {"method": "totp"}]);
    let second = fact(
        "claim-2",
        "claims.received",
        "10:00:00",
        json!({"idp": "okta", "assertion": "b", "amr": ["pwd", "sc"], "methods": plain}),
    );
    facts.push(with(second, "session", json!("S2")));
    facts.push(about(
        "lost",
        "authenticator.lost",
        "12:00:00",
        json!({"id": "u-alice"}),
        json!({"methods": ["webauthn"], "authenticator": "new"}),
    ));
    let scratch = ledger(facts);
    let session = |id: &str| {
        format!(
            "session(id: \"{id}\", asking: {{at: \"{END}\"}}) \
             {{ session {{ factors {{ method amr authenticator until }} ignored {{ method }} \
             decisions {{ implied reliedOn {{ authenticator }} }} }} }}"
        )
    };
    let answer = graphql(&scratch, &format!("{{ one: {} two: {} }}", session("S"), session("S2")));
    let one = &answer["one"]["session"];
    let factors = rows(&one["factors"], &["/method", "/amr", "/authenticator", "/until"]);
    assert_eq!(
        factors,
        [
            "webauthn null old null",
            "webauthn null new 2026-03-10T12:00:00Z",
            "password null null null"
        ]
    );
    assert_eq!(one["decisions"][0]["implied"], "ALLOW");
    assert_eq!(rows(&one["decisions"][0]["reliedOn"], &["/authenticator"]), ["old", "new", "null"]);
    let two = &answer["two"]["session"];
    assert_eq!(rows(&two["factors"], &["/method", "/amr"]), ["password null", "totp null"]);
    assert_eq!(two["ignored"], json!([]));
    // By its name both are explained, each by itself.
    let why = scratch.ok(&["--tenant", "acme", "--at", END, "why", "S", "--factor", "webauthn"]);
    assert_eq!(why.matches("webauthn of okta counted in S").count(), 2, "{why}");
    // What the loss changed is said of the one that it ended, and not of the other.
    let diff = scratch.json(&[
        "--tenant",
        "acme",
        "--at",
        END,
        "belief-diff",
        "S",
        "--from",
        "2026-03-10T11:00:00Z",
    ]);
    assert_eq!(diff["changes"].as_array().map(Vec::len), Some(1), "{diff:#}");
}

#[test]
fn a_third_party_idp_without_amr_is_void_for_any_methods() {
    let mut facts = configured();
    let methods = json!([{"method": "password"}]);
    facts.push(fact(
        "claim",
        "claims.received",
        "10:00:00",
        json!({"idp": "x", "assertion": "a", "amr": [], "methods": methods}),
    ));
    facts.push(decided("decided", "10:00:01", "any"));
    let scratch = ledger(facts);
    let session = scratch.json(&["--tenant", "acme", "--at", END, "session", "S"]);
    assert_eq!(rows(&session["session"]["ignored"], &["/reasons/0"]), ["no_amr"], "{session:#}");
    assert_eq!(session["session"]["decisions"][0]["implied"], "DENY");
}
