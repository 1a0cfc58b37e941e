//! Policies with their rules and applications: what several objects state together, and when.

use super::{Org, between, exactly, facts, ids, on_the_tenth, policy, rule, two_factors, with};
use claimledger_facts::{
    draft::Draft,
    fact::FactData,
    ids::IdpId,
    time::Occurred,
    types::{
        claims::ClaimSourcingConfigured,
        idp::RoutingRuleConfigured,
        policy::{PolicyConfigured, Rule},
    },
    vocabulary::{Note, PolicyKind, PrimaryFactor, Redirect, Status},
};
use claimledger_sources::{Dialect, SourceSettings};
use serde_json::{Value, json};

const RULES: &str = "/api/v1/policies/p1/rules";
const POLICIES: &str = "/api/v1/policies?type=ACCESS_POLICY";

fn snapshots(drafts: &[Draft]) -> Vec<(Occurred, PolicyConfigured)> {
    facts(drafts, |data| match data {
        FactData::PolicyConfigured(data) => Some(data.clone()),
        _ => None,
    })
}

fn last(drafts: &[Draft]) -> PolicyConfigured {
    snapshots(drafts).pop().unwrap_or_else(|| panic!("no snapshot in {drafts:?}")).1
}

/// The times of snapshots, each with the rules in it.
fn rules(drafts: &[Draft]) -> Vec<(Occurred, String)> {
    let names = |policy: PolicyConfigured| {
        let names: Vec<&str> = policy.rules.iter().map(|rule| rule.rule.as_str()).collect();
        names.join(" ")
    };
    snapshots(drafts).into_iter().map(|(occurred, policy)| (occurred, names(policy))).collect()
}

/// In the total order: the last one is in force.
fn in_force(mut drafts: Vec<Draft>) -> PolicyConfigured {
    drafts.sort_by_key(|draft| (draft.occurred.from, draft.source_id.clone()));
    last(&drafts)
}

fn p1(id: &str, updated: &str) -> Value {
    rule("p1", id, updated, two_factors())
}

#[test]
fn a_policy_is_stated_with_its_rules_as_each_came_to_be() {
    let mut org = Org::new();
    let first = org.look("10:00", POLICIES, json!([policy("p1", "ACCESS_POLICY", "07:00")]));
    assert_eq!(rules(&first), [], "which rules it has is not known");
    // In the order of priorities, as the API lists them.
    let list = json!([p1("r3", "09:00"), p1("r1", "08:00"), p1("r2", "08:30"), p1("r4", "08:30")]);
    let second = org.look("10:01", RULES, list.clone());
    let expected = [
        (exactly("08:00"), "r1"),
        (exactly("08:30"), "r1 r2 r4"),
        (exactly("09:00"), "r1 r2 r3 r4"),
    ];
    assert_eq!(rules(&second), expected.map(|(occurred, rules)| (occurred, rules.to_owned())));
    let snapshot = last(&second);
    assert_eq!((snapshot.policy.as_str(), snapshot.kind), ("p1", PolicyKind::AppSignIn));
    assert_eq!((snapshot.status, snapshot.version.as_str()), (None, "2026-03-10T09:00:00.000Z"));
    // Each snapshot names the records that it is made of.
    let made_of = second.iter().rfind(|draft| draft.kind == "okta.policy_snapshot").unwrap();
    let made_of: Value = serde_json::from_slice(&made_of.original).unwrap();
    let of = made_of["of"].as_array().unwrap();
    assert!(of.contains(&json!("policy:p1@2026-03-10T07:00:00.000Z")), "{made_of}");
    assert!(of.contains(&json!("rule:r3@2026-03-10T09:00:00.000Z")), "{made_of}");
    assert_eq!(org.look("11:00", RULES, list), [], "nothing changed");
}

#[test]
fn rules_may_come_before_their_policy() {
    let mut org = Org::new();
    let mut all = org.see(&p1("r1", "09:00"));
    assert_eq!(rules(&all), [(exactly("09:00"), "r1".to_owned())]);
    all.extend(org.see(&p1("r2", "08:00")));
    assert_eq!(rules(&all).last().unwrap(), &(exactly("09:00"), "r1 r2".to_owned()));
    // The policy is older than its rules, and inactive: no statement of it lets it be active.
    let inactive = with(policy("p1", "ACCESS_POLICY", "07:00"), json!({"status": "INACTIVE"}));
    all.extend(org.see(&inactive));
    let in_force = in_force(all);
    assert_eq!((in_force.status, in_force.rules.len()), (Some(Status::Inactive), 2));
}

#[test]
fn a_change_of_a_rule_is_one_of_its_policy() {
    let mut org = Org::new();
    org.look("10:00", POLICIES, json!([policy("p1", "ACCESS_POLICY", "07:00")]));
    org.look("10:00", RULES, json!([p1("r1", "08:00"), p1("r2", "08:00")]));
    let changed = with(p1("r1", "10:30"), json!({"status": "INACTIVE"}));
    let second = org.look("11:00", RULES, json!([changed, p1("r2", "08:00")]));
    assert_eq!(rules(&second), [(between("10:00", "10:30"), "r1 r2".to_owned())]);
    let statuses: Vec<Option<Status>> = last(&second).rules.iter().map(|r| r.status).collect();
    assert_eq!(statuses, [Some(Status::Inactive), None]);

    // A rule moves another one's priority, and not its time.
    let moved = with(p1("r2", "08:00"), json!({"priority": 7}));
    let third = org.look("12:00", RULES, json!([changed, moved]));
    assert_eq!(rules(&third), [(between("11:00", "12:00"), "r1 r2".to_owned())]);
    assert_eq!(last(&third).rules[1].priority, 7);

    let fourth = org.look("13:00", RULES, json!([changed]));
    assert_eq!(rules(&fourth), [(between("12:00", "13:00"), "r1".to_owned())]);
    let fifth = org.look("14:00", POLICIES, json!([]));
    let deleted = snapshots(&fifth);
    // The policy itself was seen at ten last. What was stated of it since comes before its end, and
    // leaves open that it was deleted already.
    let times: Vec<Occurred> = deleted.iter().map(|(occurred, _)| *occurred).collect();
    assert_eq!(times, [between("10:00", "14:00"), between("12:00", "14:00")]);
    assert!(deleted.iter().all(|(_, policy)| policy.status == Some(Status::Deleted)));
}

/// What was saved in the interval of each snapshot: `r1 r2`, `policy`.
fn saved(drafts: &[Draft]) -> Vec<(Occurred, String)> {
    let words = |policy: PolicyConfigured| {
        let saved = policy.saved.unwrap_or_default();
        let own = saved.policy.then(|| "policy".to_owned());
        let rules = saved.rules.iter().map(ToString::to_string);
        own.into_iter().chain(rules).collect::<Vec<_>>().join(" ")
    };
    snapshots(drafts).into_iter().map(|(occurred, policy)| (occurred, words(policy))).collect()
}

/// `lastUpdated` dates the last save: what a rule said before that no look saw, though both looks
/// saw the same. What was not saved is not named.
#[test]
fn a_statement_names_what_was_saved_in_its_interval() {
    let mut org = Org::new();
    let none = |occurred| (occurred, String::new());
    let of = |occurred, parts: &str| (occurred, parts.to_owned());
    org.look("10:00", POLICIES, json!([policy("p1", "ACCESS_POLICY", "07:00")]));
    let list = |times: [&str; 2]| json!([p1("r1", times[0]), p1("r2", times[1])]);
    let first = org.look("10:00", RULES, list(["08:00", "08:30"]));
    assert_eq!(saved(&first), [none(exactly("08:00")), none(exactly("08:30"))], "seen first");
    // As it was, and each at its own time.
    let again = org.look("11:00", RULES, list(["10:20", "08:30"]));
    assert_eq!(saved(&again), [of(between("10:00", "10:20"), "r1")]);
    let both = org.look("12:00", RULES, list(["11:20", "11:40"]));
    assert_eq!(
        saved(&both),
        [of(between("11:00", "11:20"), "r1"), of(between("11:00", "11:40"), "r2")]
    );
    let own = org.look("12:00", POLICIES, json!([policy("p1", "ACCESS_POLICY", "11:45")]));
    let own = saved(&own);
    assert!(own.iter().all(|(_, parts)| parts == "policy"), "{own:?}");
    assert_eq!(own.last().unwrap().0.to, Some(super::time("11:45")));
    // An application says nothing of its policy, nor does a priority of a rule.
    let app = json!([{"id": "a1", "signOnMode": "SAML_2_0", "label": "Wiki",
        "lastUpdated": on_the_tenth("12:10"),
        "_links": {"accessPolicy": {"href": "https://acme.example/api/v1/policies/p1"}}}]);
    let with_app = org.look("12:30", "/api/v1/apps", app);
    assert!(saved(&with_app).iter().all(|(_, parts)| parts.is_empty()), "{with_app:?}");
    let mut moved = list(["11:20", "11:40"]);
    moved[1]["priority"] = json!(9);
    let moved = org.look("13:00", RULES, moved);
    assert!(saved(&moved).iter().all(|(_, parts)| parts.is_empty()), "{moved:?}");
    // The answer to the call that changes it dates the change; before its end a rule may have been
    // saved.
    let answer = json!({"method": "PUT", "path": format!("{RULES}/r1"), "body": p1("r1", "13:10")});
    assert_eq!(saved(&org.see(&answer)), [none(exactly("13:10"))]);
    let gone = org.look("14:00", RULES, json!([p1("r1", "13:10")]));
    // Again after the change at 13:10, which it would stand before.
    let times = [between("13:00", "14:00"), between("13:10", "14:00")];
    assert_eq!(saved(&gone), times.map(|occurred| of(occurred, "r2")));
}

/// The interval is that of all that one statement changes: what came at the time of a save too may
/// have been another in it.
#[test]
fn what_changed_at_the_time_of_a_save_is_named_beside_it() {
    let mut org = Org::new();
    org.look("10:00", RULES, json!([p1("r1", "08:00")]));
    let list = org.look("11:00", RULES, json!([p1("r1", "10:20"), p1("r2", "10:20")]));
    assert_eq!(saved(&list), [(between("10:00", "10:20"), "r1 r2".to_owned())]);
}

/// A late look narrows the time in which a rule can have been another.
#[test]
fn a_late_look_narrows_the_time_in_which_a_rule_was_saved() {
    let mut org = Org::new();
    let list = |time: &str| json!([p1("r1", time)]);
    let mut all = org.look("10:00", RULES, list("08:00"));
    all.extend(org.look("11:00", RULES, list("10:40")));
    let late = org.look("10:30", RULES, list("08:00"));
    assert_eq!(
        saved(&late),
        [(exactly("10:00"), String::new()), (between("10:30", "10:40"), "r1".to_owned())]
    );
    all.extend(late);
    all.extend(org.look("10:35", RULES, list("10:32")));
    let mut times = saved(&all);
    times.retain(|(_, parts)| parts == "r1");
    assert!(times.contains(&(between("10:30", "10:32"), "r1".to_owned())), "{times:?}");
    assert!(times.contains(&(between("10:35", "10:40"), "r1".to_owned())), "{times:?}");
}

/// The snapshot of a later look sorts after that of an earlier one, whichever object it came from.
#[test]
fn the_last_statement_is_in_force() {
    let mut org = Org::new();
    let mut all = org.look("10:00", RULES, json!([p1("r1", "08:00")]));
    all.extend(org.look("10:10", POLICIES, json!([policy("p1", "ACCESS_POLICY", "10:05")])));
    all.extend(org.look("11:00", RULES, json!([with(p1("r1", "10:50"), json!({"priority": 3}))])));
    assert_eq!(in_force(all).rules[0].priority, 3);
}

#[test]
fn applications_are_those_that_name_the_policy() {
    let app = |id: &str, policy: &str| {
        json!({"id": id, "label": format!("App {id}"), "name": "oidc_client", "status": "ACTIVE",
            "signOnMode": "OPENID_CONNECT", "lastUpdated": on_the_tenth("06:00"),
            "_links": {"accessPolicy": {"href":
                format!("https://acme.example/api/v1/policies/{policy}")}}})
    };
    let apps = |drafts: &[Draft]| {
        let apps = |policy: PolicyConfigured| {
            let apps: Vec<&str> = policy.apps.iter().map(|app| app.as_str()).collect();
            format!("{}: {}", policy.policy, apps.join(" "))
        };
        snapshots(drafts).into_iter().map(|(at, policy)| (at, apps(policy))).collect::<Vec<_>>()
    };
    let mut org = Org::new();
    org.look("10:00", RULES, json!([p1("r1", "08:00")]));
    let path = "/api/v1/policies/p2/rules";
    org.look("10:00", path, json!([rule("p2", "r9", "08:00", two_factors())]));
    let list = [app("0oaA", "p1"), app("0oaB", "p1"), app("0oaC", "p2")];
    let seen = org.look("10:05", "/api/v1/apps?limit=200", json!(list));
    // As the policy was stated: only more of it is known.
    let expected = [(exactly("08:00"), "p1: 0oaA 0oaB"), (exactly("08:00"), "p2: 0oaC")];
    assert_eq!(apps(&seen), expected.map(|(at, apps)| (at, apps.to_owned())));
    assert_eq!(super::names(&seen)[0], ("app 0oaA".to_owned(), "App 0oaA".to_owned()));

    let list = [app("0oaA", "p2"), app("0oaB", "p1"), app("0oaC", "p2")];
    let moved = org.look("11:05", "/api/v1/apps?limit=200", json!(list));
    let expected =
        [(between("10:05", "11:05"), "p1: 0oaB"), (between("10:05", "11:05"), "p2: 0oaA 0oaC")];
    assert_eq!(apps(&moved), expected.map(|(at, apps)| (at, apps.to_owned())));
}

/// A rule of a global session policy.
fn session_rule(signon: Value, conditions: Value) -> Rule {
    let mut object = rule("p1", "r1", "09:00", json!(null));
    object["type"] = json!("SIGN_ON");
    object["actions"] = json!({"signon": signon});
    object["conditions"] = conditions;
    let snapshot = last(&Org::new().see(&object));
    assert_eq!(snapshot.kind, PolicyKind::GlobalSession);
    assert_eq!((snapshot.max_lifetime_secs, snapshot.max_idle_secs), (None, None));
    snapshot.rules[0].clone()
}

#[test]
fn global_session_rules_have_limits_factors_and_idps() {
    use claimledger_facts::vocabulary::{Access, FactorMode};
    let first = session_rule(
        json!({"access": "ALLOW", "requireFactor": true,
            "primaryFactor": "PASSWORD_IDP_ANY_FACTOR",
            "session": {"maxSessionIdleMinutes": 120, "maxSessionLifetimeMinutes": 0}}),
        json!({"identityProvider": {"provider": "SPECIFIC_IDP", "idpIds": ["0oa1", "0oa2"]}}),
    );
    assert_eq!((first.max_lifetime_secs, first.max_idle_secs), (Some(0), Some(7_200)));
    assert_eq!((first.require_mfa, first.factor_mode), (Some(true), FactorMode::TwoFactor));
    assert_eq!(first.primary_factor, Some(PrimaryFactor::PasswordIdpAnyFactor));
    assert_eq!(first.idps, Some(vec![IdpId::from("0oa1"), IdpId::from("0oa2")]));

    let second = session_rule(
        json!({"access": "DENY", "requireFactor": false, "primaryFactor": "PASSWORD_IDP",
            "session": {"maxSessionLifetimeMinutes": 43_200}}),
        json!({"identityProvider": {"provider": "OKTA"}}),
    );
    assert_eq!((second.access, second.factor_mode), (Access::Deny, FactorMode::OneFactor));
    assert_eq!((second.max_lifetime_secs, second.max_idle_secs), (Some(2_592_000), None));
    assert_eq!((second.require_mfa, second.idps), (Some(false), Some(Vec::new())));
    assert_eq!(second.primary_factor, Some(PrimaryFactor::PasswordIdp));

    // Who is refused is asked for no factor.
    let refused = session_rule(json!({"access": "DENY", "requireFactor": true}), json!(null));
    assert_eq!((refused.access, refused.factor_mode), (Access::Deny, FactorMode::OneFactor));

    let classic = session_rule(json!({"access": "CHALLENGE"}), json!(null));
    assert_eq!((classic.access, classic.require_mfa), (Access::Allow, Some(true)));
    assert_eq!(classic.idps, None);
}

/// A default in place of a number of another type would be a wrong answer that looks certain.
#[test]
fn a_member_of_another_type_is_said_and_the_rule_implies_nothing() {
    let signon = |minutes: Value, mfa: Value| {
        json!({"access": "ALLOW", "requireFactor": mfa,
            "session": {"maxSessionIdleMinutes": minutes, "maxSessionLifetimeMinutes": null}})
    };
    for (priority, signon, expected) in [
        (json!(1), signon(json!(120), json!(false)), None),
        (json!("1"), signon(json!(120), json!(false)), Some("priority: a whole number")),
        (json!(1.5), signon(json!(120), json!(false)), Some("priority: a whole number")),
        (
            json!(1),
            signon(json!("120"), json!(false)),
            Some("actions.signon.session.maxSessionIdleMinutes: a number of minutes"),
        ),
        (
            json!(1),
            signon(json!(-1), json!(false)),
            Some("actions.signon.session.maxSessionIdleMinutes: a number of minutes"),
        ),
        (
            json!(1),
            signon(json!(120), json!("yes")),
            Some("actions.signon.requireFactor: true or false"),
        ),
    ] {
        let mut object = with(p1("r1", "09:00"), json!({"type": "SIGN_ON", "priority": priority}));
        object["actions"] = json!({"signon": signon});
        let drafts = Org::new().see(&object);
        let unread = drafts[0].notes.contains(&Note::NotUnderstood);
        assert_eq!(
            (unread, drafts[0].unknown_fields.first().map(String::as_str)),
            (expected.is_some(), expected)
        );
        let rule = &last(&drafts).rules[0];
        assert_eq!(rule.other_verification.as_deref(), expected.map(|_| "unread_member"));
    }
}

/// A bare list of rules, as `/policies/ID/rules` answers without links, says not of which policy.
#[test]
fn a_rule_without_its_policy_is_kept_with_what_it_lacks() {
    let mut object = p1("r1", "09:00");
    object.as_object_mut().unwrap().remove("_links");
    let alone = Org::new().see(&object);
    assert_eq!(rules(&alone), []);
    assert!(alone[0].notes.contains(&Note::NotUnderstood));
    let lacks = &alone[0].unknown_fields;
    assert!(lacks.len() == 1 && lacks[0].contains("/api/v1/policies/ID/rules"), "{lacks:?}");
    let known = Org::new().look("10:00", RULES, json!([object]));
    assert_eq!((rules(&known).len(), known[0].unknown_fields.len()), (1, 0));
}

fn sourcing(drafts: &[Draft]) -> Vec<ClaimSourcingConfigured> {
    let found = facts(drafts, |data| match data {
        FactData::ClaimSourcingConfigured(data) => Some(data.clone()),
        _ => None,
    });
    found.into_iter().map(|(_, data)| data).collect()
}

#[test]
fn claim_sourcing_is_where_reauthentication_goes() {
    let object = |updated: &str, refresh: Value| {
        let mut object = rule("p7", "r7", updated, json!(null));
        object["type"] = json!("IDENTITY_CLAIM_SOURCING");
        object["actions"] =
            json!({"claimSourcing": {"redirectType": "IDP_DISCOVERY", "refresh": refresh}});
        object
    };
    let mut org = Org::new();
    let some = json!({"redirectType": "FIXED", "filter": {"include": [
        {"id": "0oa1", "name": "Partner"}, {"id": "0oa2", "name": "Other"}]}});
    let of = |redirect, include: Option<&[&str]>| ClaimSourcingConfigured {
        redirect,
        include: include.map(|ids| ids.iter().map(|id| IdpId::from(*id)).collect()),
    };
    let first = org.see(&object("09:00", some.clone()));
    assert_eq!(sourcing(&first), [of(Redirect::Fixed, Some(&["0oa1", "0oa2"]))]);
    assert!(first[0].is_understood());
    let every = org.see(&object("10:00", json!({"redirectType": "FIXED"})));
    assert_eq!(sourcing(&every), [of(Redirect::Fixed, None)]);
    let none = org.see(&object("11:00", json!({"redirectType": "NONE"})));
    assert_eq!(sourcing(&none), [of(Redirect::None, None)]);
    let inactive = with(object("12:00", some.clone()), json!({"status": "INACTIVE"}));
    assert_eq!(sourcing(&org.see(&inactive)), [of(Redirect::None, None)]);
    org.look("12:30", "/api/v1/policies/p7/rules", json!([object("12:10", some)]));
    let gone = org.look("13:00", "/api/v1/policies/p7/rules", json!([]));
    assert_eq!(sourcing(&gone), [of(Redirect::None, None)]);
}

#[test]
fn routing_rules_name_the_idps_that_users_go_to() {
    let object = |updated: &str, status: &str, providers: Value| {
        let mut object = rule("p8", "r8", updated, json!(null));
        object["type"] = json!("IDP_DISCOVERY");
        object["status"] = json!(status);
        object["actions"] =
            json!({"idp": {"providers": providers, "idpSelectionType": "SPECIFIC"}});
        object
    };
    let routed = |drafts: &[Draft]| {
        let found = facts(drafts, |data| match data {
            FactData::RoutingRuleConfigured(data) => Some(data.clone()),
            _ => None,
        });
        let said = |data: RoutingRuleConfigured| {
            assert_eq!((data.rule.as_str(), data.priority), ("r8", Some(1)));
            format!("{} {}", data.idp, data.status)
        };
        found.into_iter().map(|(_, data)| said(data)).collect::<Vec<_>>()
    };
    let partner = json!([{"type": "SAML2", "id": "0oa1", "name": "Partner"}]);
    let mut org = Org::new();
    let first = org.see(&object("09:00", "ACTIVE", partner.clone()));
    assert_eq!(routed(&first), ["0oa1 active"]);
    assert_eq!(super::names(&first)[0].0, "routing_rule r8");
    assert_eq!(routed(&org.see(&object("10:00", "INACTIVE", partner.clone()))), ["0oa1 inactive"]);
    // The rule keeps users at Okta now: the IdP is no longer where they go.
    let local = json!([{"type": "OKTA", "id": null}]);
    assert_eq!(routed(&org.see(&object("11:00", "ACTIVE", local))), ["0oa1 inactive"]);
    let path = "/api/v1/policies/p8/rules";
    assert_eq!(
        routed(&org.look("12:00", path, json!([object("11:30", "ACTIVE", partner)]))),
        ["0oa1 active"]
    );
    assert_eq!(routed(&org.look("13:00", path, json!([]))), ["0oa1 deleted"]);
}

#[test]
fn the_look_is_compact_and_deterministic() {
    let mut first = Org::new();
    let mut second = Org::new();
    let (a, b) = (p1("r1", "08:00"), p1("r2", "09:00"));
    first.look("10:00", RULES, json!([a, b]));
    let drafts = second.look("10:00", RULES, json!([b, a]));
    assert_eq!(first.look.unwrap(), second.look.unwrap(), "in whichever order they are listed");
    assert_eq!(ids(&drafts)[0], "rule:r1@2026-03-10T08:00:00.000Z");
}

/// An array without an envelope is as many values as it has objects. They are read in a row, and a
/// policy is stated once, with all its applications.
#[test]
fn applications_in_a_row_state_their_policy_once() {
    let settings = SourceSettings::of(Dialect::OktaConfig);
    let mut reader = settings.translator().reader(&settings, None);
    let mut read = |value: &Value| reader.read(value.to_string().as_bytes()).unwrap();
    assert_eq!(snapshots(&read(&p1("r1", "10:00"))).len(), 1);
    for n in 0..100 {
        let app = json!({"id": format!("0oa{n}"), "label": format!("App {n}"), "status": "ACTIVE",
            "signOnMode": "SAML_2_0", "lastUpdated": on_the_tenth("09:00"), "_links":
            {"accessPolicy": {"href": "https://acme.example/api/v1/policies/p1"}}});
        assert_eq!(snapshots(&read(&app)), []);
    }
    let rest = reader.finish();
    let stated = snapshots(&rest.drafts);
    assert_eq!((stated.len(), stated[0].1.apps.len()), (1, 100));
    // What was kept is the same as if it had been one value after the other.
    let mut reader = settings.translator().reader(&settings, rest.look.as_ref());
    assert_eq!(reader.read(p1("r1", "10:00").to_string().as_bytes()).unwrap(), []);
    assert_eq!(reader.finish().drafts, []);
}

/// The policies that are listed: `p1 app_sign_in active`.
fn listed(drafts: &[Draft]) -> Vec<(Occurred, String)> {
    facts(drafts, |data| match data {
        FactData::PolicyListed(data) => {
            Some(format!("{} {} {}", data.policy, data.kind, data.status))
        }
        _ => None,
    })
}

/// A policy of which no rule was seen is not absent.
#[test]
fn a_policy_without_known_rules_is_listed() {
    let mut org = Org::new();
    let of_app = |id: &str, at: &str| policy(id, "ACCESS_POLICY", at);
    let list = json!([of_app("p1", "08:00"), of_app("p2", "08:30")]);
    let first = org.look("10:00", POLICIES, list.clone());
    let active = |at, id: &str| (exactly(at), format!("{id} app_sign_in active"));
    assert_eq!(listed(&first), [active("08:00", "p1"), active("08:30", "p2")]);
    let other = json!([
        policy("g1", "OKTA_SIGN_ON", "08:00"),
        policy("m1", "MFA_ENROLL", "08:00"),
        policy("d1", "IDP_DISCOVERY", "08:00")
    ]);
    let global = (exactly("08:00"), "g1 global_session active".to_owned());
    assert_eq!(listed(&org.look("10:00", "/api/v1/policies", other)), [global]);
    let rules = json!([rule("p1", "r1", "07:00", two_factors())]);
    let of_rules = org.look("10:01", RULES, rules.clone());
    assert_eq!(listed(&of_rules), [], "what it is did not change");
    // An application names one that no list has.
    let app = json!([{"id": "0oaC", "label": "C", "name": "c", "status": "ACTIVE",
        "signOnMode": "SAML_2_0", "lastUpdated": on_the_tenth("09:00"), "_links": {"accessPolicy":
            {"href": "https://acme.example/api/v1/policies/p3"}}}]);
    assert_eq!(listed(&org.look("10:02", "/api/v1/apps", app)), [active("09:00", "p3")]);
    let left = org.look("11:00", POLICIES, json!([list[0]]));
    assert_eq!(listed(&left), [(exactly("11:00"), "p2 app_sign_in deleted".to_owned())]);
    // What was said of it is said again where it changes, whatever is known of its rules.
    let mut org = Org::new();
    org.look("10:00", POLICIES, json!([list[0]]));
    org.look("10:01", RULES, rules.clone());
    let inactive = with(of_app("p1", "10:20"), json!({"status": "INACTIVE"}));
    let inactive = listed(&org.look("10:30", POLICIES, json!([inactive])));
    assert_eq!(inactive, [(exactly("10:20"), "p1 app_sign_in inactive".to_owned())]);
    // Where its rules are known, nothing is open.
    let mut org = Org::new();
    org.look("10:00", RULES, rules);
    assert_eq!(listed(&org.look("10:01", POLICIES, json!([list[0]]))), []);
}
