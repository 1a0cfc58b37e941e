//! Grades of evidence on facts as Okta's System Log gives them (16).
//!
//! `auth_via_IDP` gives `claims.received`, with `amr` only where `amrList` was logged;
//! `user.authentication.verify` with `factorVerifiedByIdp` gives `claim.accepted` by method; a
//! verification of the service provider itself gives `factor.verified`.

use super::*;
use claimledger_domain::model::Grade;

/// A row.
type Case<'c> = (&'c str, Vec<Said>, Vec<Said>, Option<Grade>);

#[test]
fn how_good_the_evidence_is_that_a_factor_was_honored_16() {
    let via_idp = || fact(NOON, "claims.received", json!({"idp": "x", "assertion": "a"}));
    let amr_list = || claims(NOON, &["pwd", "sms"]);
    let by_idp = |at| fact(at, "claim.accepted", json!({"method": "password"}));
    let allow = || decided("12:00:05", "allow");
    let known = || vec![org(), okta(), policy(json!({}))];
    let cases: [Case<'_>; 9] = [
        (
            "factorVerifiedByIdp",
            known(),
            vec![amr_list(), by_idp("12:00:01"), allow()],
            Some(Grade::Stated),
        ),
        (
            "factorVerifiedByIdp, no amrList",
            known(),
            vec![via_idp(), by_idp("12:00:01"), allow()],
            Some(Grade::Stated),
        ),
        ("amrList and an allow", known(), vec![amr_list(), allow()], Some(Grade::Joined)),
        (
            "a local factor came between",
            known(),
            vec![amr_list(), verified("12:00:02", "push"), allow()],
            Some(Grade::Replayed),
        ),
        (
            "a local factor came after",
            known(),
            vec![amr_list(), allow(), verified("12:00:09", "push")],
            Some(Grade::Joined),
        ),
        (
            "a challenge only",
            known(),
            vec![amr_list(), decided("12:00:05", "challenge")],
            Some(Grade::Replayed),
        ),
        ("no decision", known(), vec![amr_list()], Some(Grade::Replayed)),
        ("nothing known of the IdP", vec![org()], vec![amr_list(), allow()], Some(Grade::Assumed)),
        // Neither amrList nor factorVerifiedByIdp: no factor is known that could have a grade.
        ("auth_via_IDP alone", known(), vec![via_idp(), allow()], None),
    ];
    for (case, known, facts, grade) in cases {
        let state = given(known.into_iter().chain(facts)).end();
        let claimed = state.factors.iter().find(|factor| factor.idp.is_some());
        assert_eq!(claimed.map(|factor| factor.grade), grade, "{case}");
    }
}

#[test]
fn a_local_factor_is_stated_by_its_own_record_16() {
    let state = given([org(), verified(NOON, "signed_nonce")]).end();
    assert_eq!(state.factors[0].grade, Grade::Stated);
}
