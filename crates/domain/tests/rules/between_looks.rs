//! What is certain of a configuration that is only looked at now and then: whatever happened
//! between two looks, the answer on its exact history is the same.
//!
//! A history of changes is drawn, each member of an object at an instant of its own. It is stated
//! twice: exactly, and as looks show it. Where an object says when it was last saved, it may be
//! saved any number of times between two looks. A member of another one, or one that no save
//! changes, changes once at most: what was changed and changed back leaves no trace in any look.

use crate::{
    given::{Given, Said, claim, decided, fact, given, time, verified},
    rehearse::apart,
};
use claimledger_domain::{
    guard::{GuardedChange, Verdict, guard},
    model::{Certainty, HonoredFactor, Implied, SessionState},
};
use claimledger_facts::{
    fact::FactData, ids::LogPosition, time::Occurred, types::policy::SavedParts,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An object, its members with their values, the usual one first.
type Object = (&'static str, &'static [(&'static str, &'static [&'static str])]);

const OBJECTS: &[Object] = &[
    (
        "idp",
        &[
            ("status", &["active", "inactive", "deleted"]),
            ("trust_claims", &["true", "false"]),
            ("kind", &["third_party", "okta_identity_engine", "okta_classic"]),
            ("map_amr_claims", &["false", "true"]),
            ("usage", &["null", "factor_only"]),
            ("protocol", &["oidc", "saml2"]),
        ],
    ),
    (
        "org",
        &[
            ("third_party_claims_sharing", &["true", "false"]),
            ("claims_sharing", &["true", "false"]),
            ("engine", &["identity_engine", "classic"]),
        ],
    ),
    (
        "policy",
        &[
            ("access", &["allow", "deny"]),
            ("factor_mode", &["2fa", "1fa"]),
            (
                "alternatives",
                &[
                    "[]",
                    r#"[{"possession": {"phishing_resistant": true}}]"#,
                    r#"[{"possession": {}}]"#,
                    r#"[{"knowledge": true}]"#,
                    r#"[{"allow_methods": ["webauthn"]}]"#,
                ],
            ),
            ("status", &["active", "inactive"]),
            ("policy_status", &["active", "inactive"]),
            ("reauthenticate_in_secs", &["null", "0", "300"]),
            ("other_status", &["inactive", "active"]),
        ],
    ),
    ("webauthn", &[("status", &["active", "inactive"]), ("enrollment", &["allowed", "disabled"])]),
    (
        "security_question",
        &[("status", &["inactive", "active"]), ("enrollment", &["allowed", "disabled"])],
    ),
    (
        "sourcing",
        &[("redirect", &["none", "fixed"]), ("include", &["null", r#"["x"]"#, r#"["y"]"#])],
    ),
    (
        "session",
        &[
            ("max_idle_secs", &["1800", "600"]),
            ("rule_lifetime", &["null", "1200", "2400"]),
            ("policy_lifetime", &["1200", "2400", "null"]),
            ("status", &["active", "inactive"]),
            ("rule_status", &["active", "inactive"]),
        ],
    ),
    ("second", &[("status", &["inactive", "active"])]),
    ("key", &[("change", &["added", "retired"])]),
];

/// Objects that change in one history.
const GROUPS: &[&[usize]] =
    &[&[0], &[0, 1], &[2], &[2, 3], &[2, 3, 4], &[0, 4], &[0, 2, 5], &[6], &[6, 7], &[0, 8]];

const CLAIMS: &[&str] = &[
    r#"{"amr": ["pwd", "otp"]}"#,
    r#"{"amr": ["pwd"]}"#,
    r#"{"amr": ["hwk", "phr"]}"#,
    r#"{"amr": ["mfa"]}"#,
    r#"{"amr": []}"#,
    r#"{"amr": ["pwd", "otp"], "key": "K"}"#,
    r#"{"amr": ["pwd", "fpt"], "methods": [{"method": "password"}, {"method": "webauthn"}]}"#,
    r#"{}"#,
];

/// Whether each save of a member is seen: its object has a time of its last save.
fn is_saved(object: usize, member: usize) -> bool {
    let of = (OBJECTS[object].0, OBJECTS[object].1[member].0);
    !matches!(of, ("org" | "key", _) | ("idp", "kind" | "protocol" | "status"))
}

/// The rule that a member of a policy belongs to; none: the policy itself.
fn rule_of(object: usize, member: usize) -> Option<&'static str> {
    match (OBJECTS[object].0, OBJECTS[object].1[member].0) {
        ("policy", "policy_status") | ("session", "status" | "policy_lifetime") => None,
        ("policy", "other_status") => Some("o"),
        ("policy", _) => Some("r"),
        ("session", _) => Some("g1"),
        _ => None,
    }
}

/// What a look states of an object in which members were saved since the look before.
fn with_saved(said: Said, object: usize, saved: &[usize]) -> Said {
    let saved: Vec<usize> =
        saved.iter().copied().filter(|member| is_saved(object, *member)).collect();
    if saved.is_empty() {
        return said;
    }
    let mut said = said;
    match &mut said.data {
        FactData::IdpConfigured(_) | FactData::ClaimSourcingConfigured(_) => {
            return said.saved_since_last_look();
        }
        FactData::PolicyConfigured(data) => {
            let mut parts = SavedParts::default();
            for member in saved {
                match rule_of(object, member) {
                    Some(rule) => parts.rules.push(rule.into()),
                    None => parts.policy = true,
                }
            }
            data.saved = Some(parts);
        }
        FactData::AuthenticatorConfigured(data) => {
            data.saved = vec![format!("aut-{}", data.method).as_str().into()];
        }
        _ => {}
    }
    said
}

/// The value of each member of each object.
type State = Vec<Vec<usize>>;

fn value(word: &str) -> Value {
    serde_json::from_str(word).unwrap_or_else(|_| json!(word))
}

/// An object, as a whole.
fn stated(object: usize, state: &State, at: Occurred, id: &'static str) -> Said {
    let (name, members) = OBJECTS[object];
    let member = |wanted: &str| {
        let place = members.iter().position(|(name, _)| *name == wanted).expect("a member");
        value(members[place].1[state[object][place]])
    };
    let (kind, data) = match name {
        "idp" => {
            let mut data = json!({"idp": "x", "version": id});
            for (name, _) in members {
                data[*name] = member(name);
            }
            ("idp.configured", data)
        }
        "org" => {
            let mut data = json!({});
            for (name, _) in members {
                data[*name] = member(name);
            }
            ("org.configured", data)
        }
        "policy" => {
            let mut rule = json!({"rule": "r", "priority": 1});
            for (name, _) in members.iter().filter(|(name, _)| !name.contains("_status")) {
                rule[*name] = member(name);
            }
            let other = json!({"rule": "o", "priority": 2, "access": "allow", "factor_mode": "1fa",
                "status": member("other_status")});
            let data = json!({"policy": "p", "version": id, "kind": "app_sign_in",
                "status": member("policy_status"), "rules": [rule, other]});
            ("policy.configured", data)
        }
        "sourcing" => (
            "claim_sourcing.configured",
            json!({"redirect": member("redirect"), "include": member("include")}),
        ),
        "session" => {
            let rule = json!({"rule": "g1", "priority": 1, "access": "allow", "factor_mode": "1fa",
                "status": member("rule_status"), "max_idle_secs": member("max_idle_secs"),
                "max_lifetime_secs": member("rule_lifetime")});
            let data = json!({"policy": "g", "version": id, "kind": "global_session",
                "status": member("status"), "max_lifetime_secs": member("policy_lifetime"),
                "max_idle_secs": 900, "rules": [rule]});
            ("policy.configured", data)
        }
        "second" => (
            "policy.configured",
            json!({"policy": "h", "version": id, "kind": "global_session",
                "status": member("status"), "max_lifetime_secs": 600, "rules": []}),
        ),
        "key" => {
            let kind =
                if member("change") == "added" { "idp.key_added" } else { "idp.key_retired" };
            (kind, json!({"idp": "x", "key": "K"}))
        }
        method => (
            "authenticator.configured",
            json!({"method": method, "status": member("status"),
                "enrollment": member("enrollment")}),
        ),
    };
    Said { occurred: at, ..fact("08:00:00", kind, data) }.id(id)
}

#[derive(Clone, Debug)]
struct Day {
    first: State,
    /// Minute, object, member, value: in the order of time, at half a minute.
    changes: Vec<(u64, usize, usize, usize)>,
    /// Minutes of the looks.
    looks: Vec<u64>,
    /// An interval ends at the last update of its object, not at the look.
    last_updated: bool,
    /// The log was heard, and each save has an event; else an event may lack, and nothing says that
    /// all was heard.
    logged: bool,
    claim: usize,
    claim_at: u64,
    decision_at: u64,
    verified: bool,
    said: usize,
    names_rule: bool,
}

fn minute(minute: u64, second: u64) -> String {
    format!("10:{minute:02}:{second:02}")
}

/// An id that sorts by its number.
fn id(n: usize) -> &'static str {
    const IDS: [&str; 24] = [
        "v00", "v01", "v02", "v03", "v04", "v05", "v06", "v07", "v08", "v09", "v10", "v11", "v12",
        "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",
    ];
    IDS[n]
}

impl Day {
    /// What both tellings begin with, and the facts of the session.
    fn told(&self, config: Vec<Said>) -> Given {
        let mut facts: Vec<Said> = (0..OBJECTS.len())
            .map(|object| stated(object, &self.first, Occurred::at(time("08:00:00")), id(object)))
            .collect();
        facts.extend(config);
        let started = fact(&minute(self.claim_at, 10), "session.started", json!({"idp": "x"}));
        facts.push(started.limits_not_logged());
        let data = serde_json::from_str(CLAIMS[self.claim]).expect("JSON");
        facts.push(claim(&minute(self.claim_at, 15), data));
        if self.verified {
            facts.push(verified(&minute(self.claim_at, 20), "totp"));
        }
        match self.said {
            1 => facts.push(fact(&minute(self.claim_at, 21), "claim.accepted", json!({}))),
            2 => facts.push(fact(
                &minute(self.claim_at, 21),
                "claim.ignored",
                json!({"reason": "other"}),
            )),
            _ => {}
        }
        let decision = decided(&minute(self.decision_at, 45), "allow");
        let unnamed = json!({"app": "a", "policy": "p", "outcome": "allow"});
        facts.push(if self.names_rule {
            decision
        } else {
            fact(&minute(self.decision_at, 45), "policy.decided", unnamed)
        });
        given(facts)
    }

    fn exactly(&self) -> Given {
        let mut state = self.first.clone();
        let mut config = Vec::new();
        for (n, (at, object, member, value)) in self.changes.iter().enumerate() {
            state[*object][*member] = *value;
            let at = Occurred::at(time(&minute(*at, 30)));
            config.push(stated(*object, &state, at, id(10 + n)));
        }
        self.told(config)
    }

    fn as_looked_at(&self) -> Given {
        let (mut state, mut last) = (self.first.clone(), 0);
        let mut config = Vec::new();
        for look in &self.looks {
            let mut now = state.clone();
            let since: Vec<_> =
                self.changes.iter().filter(|(at, ..)| (last..*look).contains(at)).collect();
            for (_, object, member, value) in &since {
                now[*object][*member] = *value;
            }
            for object in 0..OBJECTS.len() {
                let updates = || since.iter().filter(|(_, of, ..)| *of == object);
                let Some(update) = updates().map(|(at, ..)| *at).max() else { continue };
                let saved: Vec<usize> = updates().map(|(_, _, member, _)| *member).collect();
                let to = if self.last_updated { minute(update, 30) } else { minute(*look, 0) };
                let between = Occurred { from: time(&minute(last, 0)), to: Some(time(&to)) };
                let said = stated(object, &now, between, id(10 + config.len()));
                config.push(with_saved(said, object, &saved));
            }
            (state, last) = (now, *look);
        }
        config.extend(self.log());
        self.told(config)
    }

    /// An event of each save, and that everything was heard.
    fn log(&self) -> Vec<Said> {
        let mut log = Vec::new();
        let saves = self.changes.iter().filter(|(at, ..)| self.logged || at % 3 > 0);
        for (at, object, member, _) in saves {
            let (kind, id) = match (OBJECTS[*object].0, rule_of(*object, *member)) {
                ("org" | "key" | "sourcing", _) => continue,
                ("idp", _) => ("idp", "x"),
                (_, Some(rule)) => ("rule", rule),
                ("policy", None) => ("policy", "p"),
                ("session", None) => ("policy", "g"),
                ("second", _) => ("policy", "h"),
                ("webauthn", _) => ("authenticator", "aut-webauthn"),
                _ => ("authenticator", "aut-security_question"),
            };
            let data = json!({"kind": kind, "object": id, "change": "updated"});
            let event = fact(&minute(*at, 30), "configuration.changed", data);
            log.push(Said { id: None, ..event.of_no_session() });
        }
        if self.logged {
            let data = json!({"until": "2026-03-10T11:00:00Z", "basis": "polled"});
            log.push(fact("11:00:00", "source.heard", data));
        }
        log
    }
}

fn days() -> impl Strategy<Value = Day> {
    let changes = prop::collection::vec((0..60_u64, any::<u16>(), any::<u16>()), 1..6);
    let looks = prop::collection::vec(1..59_u64, 0..3);
    // A member that most changes of a day are of.
    let focus = (any::<u16>(), any::<bool>());
    let session = (0..CLAIMS.len(), 1..58_u64, 0..9_u64, any::<bool>(), 0..6_usize, any::<bool>());
    let first = prop::collection::vec(any::<u16>(), 8);
    (0..GROUPS.len(), first, changes, (looks, focus), any::<bool>(), session).prop_map(
        |(group, draws, changes, (mut looks, (focus, logged)), last_updated, session)| {
            let (claim, mut claim_at, later, verified, said, names_rule) = session;
            let group = GROUPS[group];
            let members: Vec<(usize, usize)> = group
                .iter()
                .flat_map(|object| (0..OBJECTS[*object].1.len()).map(|member| (*object, member)))
                .collect();
            let mut first: State =
                OBJECTS.iter().map(|(_, members)| vec![0; members.len()]).collect();
            for ((object, member), draw) in members.iter().zip(draws) {
                // The usual value mostly.
                let values = OBJECTS[*object].1[*member].1.len();
                let keys = OBJECTS[*object].0 == "key";
                first[*object][*member] = if keys { 0 } else { (draw as usize % 8) % (values + 3) };
                if first[*object][*member] >= values {
                    first[*object][*member] = 0;
                }
            }
            looks.push(59);
            looks.sort_unstable();
            looks.dedup();
            let (mut state, mut kept) = (first.clone(), Vec::new());
            let mut changes = changes;
            changes.sort_unstable();
            for (at, member, draw) in changes {
                let member = if member % 3 == 0 { member } else { focus };
                let (object, member) = members[member as usize % members.len()];
                let look = |at: u64| looks.iter().filter(|look| **look <= at).count();
                let once = is_saved(object, member)
                    || !kept.iter().any(|(was, of, other, _)| {
                        (*of, *other, look(*was)) == (object, member, look(at))
                    });
                let values = OBJECTS[object].1[member].1.len();
                let value = draw as usize % values;
                if at < 59 && once && state[object][member] != value {
                    state[object][member] = value;
                    kept.push((at, object, member, value));
                }
            }
            // Mostly what happens does so just after a change.
            if let Some((at, ..)) = kept.get(claim_at as usize % 4) {
                claim_at = (at + 1).min(57);
            }
            Day {
                first,
                changes: kept,
                looks,
                last_updated,
                logged,
                claim,
                claim_at,
                decision_at: (claim_at + later).min(58),
                verified,
                said,
                names_rule,
            }
        },
    )
}

fn same<'a>(state: &'a SessionState, of: &HonoredFactor) -> Option<&'a HonoredFactor> {
    state.factors.iter().find(|f| (&f.name, f.origin) == (&of.name, of.origin))
}

/// What is certain by looks, and not so by the exact history.
fn wrong(looked: &SessionState, exact: &SessionState) -> Option<String> {
    for factor in &looked.factors {
        let name = &factor.name;
        let truly = same(exact, factor);
        let (by_record, by_rules) =
            truly.map_or((false, false), |truly| (truly.by_record, truly.by_rules));
        if by_record && !factor.by_record || by_rules && !factor.by_rules {
            return Some(format!("{name} counts"));
        }
        if factor.certainty == Certainty::Certain {
            if (factor.by_record, factor.by_rules) != (by_record, by_rules) {
                return Some(format!("{name} does not count so"));
            }
            if truly.is_some_and(|truly| {
                truly.characteristics != factor.characteristics || truly.pool != factor.pool
            }) {
                return Some(format!("{name} has other characteristics"));
            }
        }
    }
    for factor in &exact.factors {
        if same(looked, factor).is_none() {
            return Some(format!("{} is not seen", factor.name));
        }
    }
    for ignored in looked.ignored.iter().filter(|i| i.certainty == Certainty::Certain) {
        if !exact.ignored.iter().any(|i| i.name == ignored.name) {
            return Some(format!("{} is not ignored", ignored.name));
        }
    }
    for (decision, truly) in looked.decisions.iter().zip(&exact.decisions) {
        // It names a rule that was not active: nobody decides by it.
        if truly.made.missing.contains(&"rule") {
            continue;
        }
        if decision.made.implied == Implied::Undetermined {
            if decision.differs.is_some() {
                return Some("undetermined differs".to_owned());
            }
            continue;
        }
        if decision.made.implied != truly.made.implied {
            return Some(format!("{:?} is implied", truly.made.implied));
        }
        if decision.made.first_unmet.is_some()
            && decision.made.first_unmet != truly.made.first_unmet
        {
            return Some(format!("first unmet is {:?}", truly.made.first_unmet));
        }
        if decision.differs.is_some() != truly.differs.is_some() {
            return Some("the decision differs otherwise".to_owned());
        }
        for relied in decision.relied_on.iter().filter(|r| r.certainty == Certainty::Certain) {
            let factor = &looked.factors[relied.factor];
            let names =
                |r: &claimledger_domain::model::Relied| exact.factors[r.factor].name == factor.name;
            if !truly.relied_on.iter().any(names) {
                return Some(format!("the decision did not rest on {}", factor.name));
            }
        }
    }
    let (life, truly) = (&looked.life, &exact.life);
    if life.lifetime_ends_at.is_some() && life.lifetime_ends_at != truly.lifetime_ends_at {
        return Some(format!("its lifetime ends at {:?}", truly.lifetime_ends_at));
    }
    if life.certainty == Certainty::Certain && life.phase != truly.phase {
        return Some(format!("it is {:?}", truly.phase));
    }
    None
}

pub(crate) fn verdict(given: &Given, at: &str) -> Verdict {
    let (mut history, _) = apart(given);
    // There always is a global session policy.
    let global = fact(
        "00:00:01",
        "policy.configured",
        json!({"policy": "global", "version": "1", "kind": "global_session",
            "rules": [{"rule": "g1", "priority": 1, "access": "allow", "factor_mode": "1fa"}]}),
    );
    history.insert(super::given::given([global.id("global")]).0.remove(0));
    let change = GuardedChange::Deactivate("x".into());
    guard(history.at(LogPosition(u64::MAX)), &change, time(at), &BTreeSet::new()).verdict
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// Every certain answer equals the answer on the exact history.
    #[test]
    fn what_is_certain_is_so_whatever_happened_between_two_looks_6(
        day in days(), at in 30..59_u64,
    ) {
        let (looked, exact) = (day.as_looked_at(), day.exactly());
        for at in [minute(at, 50), "23:59:59".to_owned()] {
            let states = (looked.known_at(&at, u64::MAX), exact.known_at(&at, u64::MAX));
            if let (Some(looked), Some(exact)) = states {
                let wrong = wrong(&looked, &exact);
                prop_assert_eq!(wrong, None, "at {}: {:#?}\n{:#?}", at, looked, exact);
            }
        }
        let at = minute(day.claim_at, 15);
        let (by_looks, truly) = (verdict(&looked, &at), verdict(&exact, &at));
        prop_assert!(by_looks == Verdict::Undetermined || by_looks == truly,
            "{:?} by looks, {:?} in truth", by_looks, truly);
    }
}
