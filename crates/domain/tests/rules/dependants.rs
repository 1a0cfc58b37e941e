//! What rested on a change (29, 41, 42).

use crate::given::*;
use claimledger_domain::{
    dependants::{Change, changes, dependants},
    history::{History, is_config},
    model::{Certainty, Cut, Known},
};
use claimledger_facts::ids::LogPosition;
use serde_json::{Value, json};

impl Given {
    fn history(&self) -> History {
        self.0.iter().filter(|k| is_config(&k.fact.data)).cloned().collect()
    }

    /// What of session `S` rests on the change at a position: `pwd certain`, `#7 allow possible`;
    /// empty: nothing.
    fn rests_on(&self, position: u64) -> String {
        self.rests_at(position, "23:59:59")
    }

    fn rests_at(&self, position: u64, at: &str) -> String {
        let (history, cut) =
            (self.history(), Cut { at: time(at), known_at: LogPosition(u64::MAX) });
        let changes = changes(history.at(cut.known_at), cut.at);
        let Some(change) =
            changes.iter().find(|change| change.record.position == LogPosition(position))
        else {
            return "no change".to_owned();
        };
        let facts: Vec<Known> =
            self.0.iter().filter(|k| !is_config(&k.fact.data)).cloned().collect();
        let Some(found) = dependants(&facts, &history, cut, &[change]).remove(0) else {
            return String::new();
        };
        let sure = |certainty| if certainty == Certainty::Certain { "certain" } else { "possible" };
        let decisions = found
            .decisions
            .iter()
            .map(|d| format!("{} {} {}", d.record.position, d.outcome, sure(d.certainty)));
        let factors = (!found.records.is_empty())
            .then(|| format!("{} {}", found.factors.join(" "), sure(found.certainty)));
        factors.into_iter().chain(decisions).collect::<Vec<_>>().join(", ")
    }

    fn changes(&self, at: &str) -> Vec<Change> {
        changes(self.history().at(LogPosition(u64::MAX)), time(at))
    }
}

fn signed(at: &str, key: &str) -> Said {
    claim(at, json!({"amr": ["pwd", "hwk"], "key": key}))
}

fn retracted(from: &str, more: Value) -> Said {
    let mut data = json!({"idp": "x", "from": time(from).to_string(), "reason": "leaked"});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fact("20:00:00", "trust.retracted", data)
}

fn lost(from: &str) -> Said {
    fact(
        "20:00:00",
        "authenticator.lost",
        json!({"methods": ["hwk"], "from": time(from).to_string(), "actor": "adm"}),
    )
}

#[test]
fn claims_rest_on_the_trust_version_they_came_under_also_when_it_was_replaced() {
    let g = |received| {
        given([
            org(),
            third_party(),
            idp_at("12:00:00", "third_party", "active", false),
            claims(received, &["pwd"]),
        ])
    };
    assert_eq!(g("11:59:59").rests_on(2), "pwd certain");
    assert_eq!(g("11:59:59").rests_on(3), "");
    assert_eq!(g("12:00:00").rests_on(2), "", "a version counts from its own instant");
    assert_eq!(g("12:00:00").rests_on(3), "", "what is ignored rests on nothing");
    let accepted = fact("12:30:01", "claim.accepted", json!({"assertion": "a"}));
    let said = given([
        org(),
        third_party(),
        idp_at("12:00:00", "third_party", "active", false),
        claims("12:30:00", &["pwd"]),
        accepted,
    ]);
    assert_eq!(said.rests_on(3), "pwd certain", "by record it counted");
    let open = given([
        org(),
        third_party(),
        idp_at("12:00:00", "third_party", "active", true).until("13:00:00"),
        claims("12:30:00", &["pwd"]),
    ]);
    assert_eq!(
        (open.rests_on(2), open.rests_on(3)),
        ("pwd possible".to_owned(), "pwd possible".to_owned())
    );
    let unseen = given([org(), third_party(), claim("12:00:00", json!({"readable": false}))]);
    assert_eq!(unseen.rests_on(2), " possible", "what it carried was not seen");
}

#[test]
fn claims_rest_on_the_addition_of_the_key_that_signed_them() {
    let keys = || {
        [
            org(),
            third_party(),
            key_added("09:00:00", "K"),
            key_retired("12:00:00", "K"),
            key_added("14:00:00", "K"),
        ]
    };
    let g = |claim: Said| given(keys().into_iter().chain([claim]));
    let rests = |claim: Said| [3, 4, 5].map(|position| g(claim.clone()).rests_on(position));
    assert_eq!(rests(signed("11:59:59", "K")), ["pwd hwk certain", "", ""]);
    assert_eq!(
        rests(signed("12:00:00", "K")),
        ["pwd hwk certain", "pwd hwk certain", ""],
        "retired, and accepted by record all the same"
    );
    assert_eq!(rests(signed("14:00:00", "K")), ["", "", "pwd hwk certain"]);
    assert_eq!(rests(signed("11:00:00", "L")), ["", "", ""]);
    assert_eq!(
        rests(claims("11:00:00", &["pwd"])),
        ["pwd possible", "", ""],
        "one that names no key may have been signed by it"
    );
    assert_eq!(
        rests(claims("08:30:00", &["pwd"])),
        ["", "", ""],
        "not by one that was not there yet"
    );
}

#[test]
fn a_retraction_hits_what_came_at_or_after_it_at_every_t() {
    let g = |from: &str, more: Value| {
        given([
            org(),
            third_party(),
            key_added("08:00:00", "K"),
            signed("10:00:00", "K"),
            retracted(from, more),
        ])
    };
    assert_eq!(g("10:00:00", json!({"key": "K"})).rests_on(5), "pwd hwk certain");
    assert_eq!(g("10:00:01", json!({"key": "K"})).rests_on(5), "");
    assert_eq!(g("09:00:00", json!({"key": "L"})).rests_on(5), "");
    assert_eq!(g("09:00:00", json!({})).rests_on(5), "pwd hwk certain", "the whole IdP");
    assert_eq!(
        g("09:00:00", json!({})).rests_at(5, "11:00:00"),
        "pwd hwk certain",
        "it was said at 20:00:00 only"
    );
    let unnamed = given([
        org(),
        third_party(),
        key_added("08:00:00", "K"),
        claims("10:00:00", &["pwd"]),
        retracted("09:00:00", json!({"key": "K"})),
    ]);
    assert_eq!(unnamed.rests_on(5), "pwd possible");
}

#[test]
fn a_loss_hits_the_sessions_in_which_it_ended_a_running_factor() {
    let g = |from: &str| {
        given([
            org(),
            third_party(),
            claims("10:00:00", &["pwd", "hwk"]),
            fact("12:00:00", "session.ended", json!({"reason": "logout"})),
            lost(from),
        ])
    };
    assert_eq!(g("11:00:00").rests_on(5), "hwk certain");
    assert_eq!(g("12:00:00").rests_on(5), "", "it was not running any more");
    assert_eq!(g("10:00:00").rests_on(5), "", "a claim received at or after the loss stands");
}

#[test]
fn a_retraction_hits_a_session_whether_or_not_its_factors_counted_29_38() {
    let all = retracted("09:00:00", json!({}));
    let off = given([
        org(),
        idp_at("08:00:00", "third_party", "active", false),
        signed("10:00:00", "K"),
        all.clone(),
    ]);
    assert_eq!(
        off.rests_on(4),
        " certain",
        "trust is off: the sign-in rests on the assertion all the same"
    );
    let ignored = fact("10:00:01", "claim.ignored", json!({"assertion": "a"}));
    let said = given([org(), third_party(), signed("10:00:00", "K"), ignored, all.clone()]);
    assert_eq!(said.rests_on(5), " certain", "the service provider ignored it");
    let unreadable =
        given([org(), third_party(), claim("10:00:00", json!({"readable": false})), all.clone()]);
    assert_eq!(unreadable.rests_on(4), " certain", "what it carried does not matter");
    // With no assertion seen, the sign-in rests on the IdP that the session names.
    let start = |at: &str| fact(at, "session.started", json!({"idp": "x"}));
    assert_eq!(
        given([org(), third_party(), start("10:00:00"), all.clone()]).rests_on(4),
        " certain"
    );
    assert_eq!(
        given([org(), third_party(), start("08:59:59"), all]).rests_on(4),
        "",
        "it began before"
    );
}

#[test]
fn a_loss_lists_only_what_counted_and_had_not_ended_before_29() {
    let first = lost("11:00:00").id("a");
    let second = |from: &str| lost(from).id("b");
    let g = |from: &str| {
        given([org(), third_party(), claims("10:00:00", &["hwk"]), first.clone(), second(from)])
    };
    assert_eq!(
        (g("11:30:00").rests_on(4), g("11:30:00").rests_on(5)),
        ("hwk certain".to_owned(), String::new()),
        "the first ended it"
    );
    assert_eq!(
        (g("11:00:00").rests_on(4), g("11:00:00").rests_on(5)),
        ("hwk certain".to_owned(), "hwk certain".to_owned())
    );
    let ignored = given([
        org(),
        idp_at("08:00:00", "third_party", "active", false),
        claims("10:00:00", &["hwk"]),
        first.clone(),
    ]);
    assert_eq!(ignored.rests_on(4), "", "it never counted");
    let ended = fact("10:30:00", "session.ended", json!({"reason": "logout"})).until("11:30:00");
    let open = given([org(), third_party(), claims("10:00:00", &["hwk"]), ended, first]);
    assert_eq!(open.rests_on(5), "hwk possible", "the session may have ended before");
    assert_eq!(open.rests_at(5, "10:59:59"), "", "by then it had no effect");
}

#[test]
fn a_claim_inside_its_own_interval_is_possible_in_every_list_3_6() {
    let claim = claims("10:00:00", &["pwd", "hwk"]).until("11:00:00");
    let g = given([org(), third_party(), claim, retracted("09:00:00", json!({}))]);
    assert_eq!(
        (g.rests_at(2, "10:30:00"), g.rests_at(2, "11:00:00")),
        ("pwd hwk possible".to_owned(), "pwd hwk certain".to_owned())
    );
    assert_eq!(
        (g.rests_at(4, "10:30:00"), g.rests_at(4, "11:00:00")),
        ("pwd hwk possible".to_owned(), "pwd hwk certain".to_owned())
    );
    assert_eq!(g.at("10:30:00").falsifiers[0].certainty, Certainty::Possible);
    assert_eq!(g.at("11:00:00").falsifiers[0].certainty, Certainty::Certain);
}

#[test]
fn decisions_rest_on_the_policy_version_in_force() {
    let facts = |second: Said| {
        [
            org(),
            policy(json!({})),
            second,
            decided("11:59:59", "deny"),
            decided("12:00:00", "allow"),
        ]
    };
    let g = given(facts(policy_at("12:00:00", json!({}))));
    assert_eq!(
        (g.rests_on(2), g.rests_on(3)),
        ("#4 deny certain".to_owned(), "#5 allow certain".to_owned())
    );
    let open = given(facts(policy_at("11:00:00", json!({})).until("12:00:00")));
    assert_eq!(open.rests_on(2), "#4 deny possible");
    assert_eq!(open.rests_on(3), "#4 deny possible, #5 allow certain");
}

#[test]
fn changes_are_those_by_t_and_falsifiers_once_known() {
    let g = given([
        org(),
        third_party(),
        key_added("09:00:00", "K"),
        policy_at("10:00:00", json!({})),
        policy_at("11:00:00", json!({})),
        lost("07:00:00"),
    ]);
    let told =
        |at: &str| g.changes(at).iter().map(|change| change.record.position.0).collect::<Vec<_>>();
    assert_eq!(told("09:59:59"), [2, 3, 6]);
    assert_eq!(
        told("11:00:00"),
        [2, 3, 4, 5, 6],
        "in the total order; the organisation's own switches name no actor and are not among them"
    );
    let replaced = |at: &str| {
        g.changes(at)
            .iter()
            .find(|change| change.record.position.0 == 4)
            .and_then(|change| change.replaced)
            .map(|next| next.from)
    };
    assert_eq!((replaced("10:59:59"), replaced("11:00:00")), (None, Some(time("11:00:00"))));
    let actor = g.changes("11:00:00").into_iter().last().and_then(|change| change.actor);
    assert_eq!(actor.unwrap().as_str(), "adm");
}
