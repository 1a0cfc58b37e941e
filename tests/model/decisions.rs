//! Decisions: what the rules imply (18, 36–40), as known when decided and as known at K (4), and
//! whether that differs (19).

use crate::model::claims::{Claim, void};
use crate::model::factors::{Factor, all, claims};
use crate::model::facts::{Fact, Sure, Time, View, words};
use crate::model::lists::heard;
use crate::model::sessions::{Limit, Session, limits};
use crate::model::tables;
use serde_json::Value;
use std::collections::BTreeSet;

/// What the rules imply.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Verdict {
    pub(crate) implied: &'static str,
    pub(crate) unmet: Option<String>,
}

fn verdict(implied: &'static str, unmet: Option<&str>) -> Verdict {
    Verdict { implied, unmet: unmet.map(str::to_owned) }
}

/// The policy's version in force, and the rule: the one named, or the only one (18).
pub(crate) fn rule(view: &View, decision: &Fact, at: Time) -> Option<(Fact, Value)> {
    let version = view.in_force(
        "policy.configured",
        "policy",
        decision.text("policy").unwrap_or_default(),
        at,
    )?;
    rule_of(version, decision.text("rule")).map(|rule| (version.clone(), rule))
}

pub(crate) fn rule_of(version: &Fact, named: Option<&str>) -> Option<Value> {
    // 19: an inactive or deleted policy: undetermined.
    if version.text("status").is_some_and(|status| status != "active") {
        return None;
    }
    let rules = version.data["rules"].as_array()?;
    match named {
        Some(name) => rules.iter().find(|rule| rule["rule"] == name).cloned(),
        None if rules.len() == 1 => rules.first().cloned(),
        None => None,
    }
}

/// What a rule is judged on at an instant.
struct Situation<'a> {
    factors: Vec<&'a Factor>,
    locals: Vec<Factor>,
    federated: bool,
    /// A claim whose content is unknown may have held anything (13); whether it is a third party's.
    anything: Option<bool>,
}

/// As known when decided: falsifiers recorded by the decision (4). As known at K: all.
pub(crate) fn implied(
    view: &View,
    session: &Session,
    decision: &Fact,
    falsifiers_to: i64,
) -> Verdict {
    let judge = |at: Time| match rule(view, decision, at) {
        None => verdict("UNDETERMINED", None),
        Some((_, rule)) => judge(view, session, decision, &rule, at, falsifiers_to),
    };
    // 37: where the exact instant decides, it is undetermined.
    let mut instants = vec![decision.from];
    if decision.from != decision.to {
        let borders = view
            .facts
            .iter()
            .flat_map(|fact| [fact.from, fact.effect()])
            .filter(|at| decision.from < *at && *at <= decision.to);
        instants.extend(borders.chain([decision.to]));
    }
    one_of(instants.into_iter().map(judge).collect())
}

/// The one verdict that all agree on. Challenge and deny are alike (19): which of them it is, where
/// only that is open, is not said.
pub(crate) const REFUSED: &str = "CHALLENGE|DENY";

fn one_of(verdicts: Vec<Verdict>) -> Verdict {
    let first = verdicts[0].clone();
    let refused = |verdict: &Verdict| REFUSED.contains(verdict.implied);
    if verdicts.iter().any(|verdict| verdict.implied != first.implied) {
        return verdict(if verdicts.iter().all(refused) { REFUSED } else { "UNDETERMINED" }, None);
    }
    let same = verdicts.iter().all(|verdict| *verdict == first);
    Verdict { unmet: first.unmet.filter(|_| same), ..first }
}

/// One rule at one instant, in every reading of what is only possible.
pub(crate) fn judge(
    view: &View,
    session: &Session,
    decision: &Fact,
    rule: &Value,
    at: Time,
    falsifiers_to: i64,
) -> Verdict {
    if rule["access"] == "deny" {
        return verdict("DENY", Some("rule_denies"));
    }
    let factors = all(view, session, falsifiers_to);
    let claims = claims(view, session, falsifiers_to);
    let sure = |factor: &Factor| match factor.claim.as_ref() {
        // 42: what key-less claims imply stays as it is.
        Some(claim) if claim.version.is_some() && !claim.perhaps_void => factor.fact.by(at),
        Some(_) => factor.fact.by(at).min(Sure::Possible),
        None => factor.fact.by(at),
    };
    let usable = |factor: &&Factor| {
        factor.by_rules && factor.runs(at) && fresh(session, decision, rule, factor, at)
    };
    let locals = locals(view, at);
    let mut verdicts = Vec::new();
    let unknown = claims.iter().find(|claim| {
        (claim.unreadable || claim.unseen)
            && claim.void.is_empty()
            && claim.refused.is_empty()
            && claim.fact.from <= at
    });
    // 13: what was accepted of a claim that nobody saw could be any factor, and of any IdP.
    let of_claim = |said: &Fact, claim: &Claim| {
        let of = said.text("assertion");
        claim.fact.from <= said.from && of.is_none_or(|of| claim.fact.text("assertion") == Some(of))
    };
    let of_none = session
        .of("claim.accepted")
        .any(|said| said.from <= at && !claims.iter().any(|claim| of_claim(said, claim)));
    // 48: so could what a silent source did not send.
    let of_gap = in_gap(view, session, at).then_some(false);
    for possible in [false, true] {
        for anything in [None, unknown.map(Claim::third_party), of_none.then_some(false), of_gap] {
            let counts = |factor: &&Factor| sure(factor) == Sure::Certain || possible;
            let factors = factors.iter().filter(usable).filter(counts).collect();
            let federated = federated(view, session, &claims, at, possible, falsifiers_to);
            let situation = Situation { factors, locals: locals.clone(), federated, anything };
            verdicts.push(decide(rule, &situation));
        }
    }
    one_of(verdicts)
}

/// 48: whether a source that tells how the session was signed in to has an open gap in which a
/// factor may have been verified by an instant: from a minute before its first fact; without a
/// start, from as long before that as it may have lived.
fn in_gap(view: &View, session: &Session, at: Time) -> bool {
    const TELLS: [&str; 5] = [
        "policy.decided",
        "session.started",
        "claims.received",
        "claim.accepted",
        "factor.verified",
    ];
    let tells = |fact: &&Fact| TELLS.contains(&fact.kind.as_str());
    let sources: BTreeSet<&String> =
        session.facts.iter().filter(tells).map(|fact| &fact.source).collect();
    let first = session.facts[0].from;
    let began = match limits(view, session, view.t).0 {
        _ if session.of("session.started").next().is_some() => first - 60,
        Limit::Some(ends) => first - (ends - first),
        Limit::None | Limit::Unknown => Time::MIN,
    };
    heard(view).iter().filter(|heard| sources.contains(&heard.source)).any(|heard| {
        heard.gaps.iter().any(|(from, until, filled)| !filled && *from <= at && *until > began)
    })
}

/// 36: bounds local factors, half-open; 0: verified since the session's previous decision. 9:
/// claimed ones run on.
fn fresh(session: &Session, decision: &Fact, rule: &Value, factor: &Factor, at: Time) -> bool {
    match rule["reauthenticate_in_secs"].as_i64() {
        _ if factor.claim.is_some() => true,
        None => true,
        Some(0) => {
            let previous =
                session.of("policy.decided").filter(|fact| fact.order() < decision.order()).last();
            previous.is_none_or(|previous| factor.fact.order() > previous.order())
        }
        Some(secs) => at < factor.fact.from + secs,
    }
}

/// 38: the federation itself.
fn federated(
    view: &View,
    session: &Session,
    claims: &[Claim],
    at: Time,
    possible: bool,
    falsifiers_to: i64,
) -> bool {
    let by = |claim: &&Claim| claim.fact.by(at) != Sure::No;
    if claims.iter().any(|claim| by(&claim)) {
        let stands = |claim: &Claim| {
            claim.void.is_empty()
                && (possible || (claim.fact.by(at) == Sure::Certain && !claim.perhaps_void))
        };
        return claims.iter().filter(by).any(stands);
    }
    let Some(start) = session.start(at) else { return false };
    start.text("idp").is_some_and(|idp| void(view, idp, start, falsifiers_to).0.is_empty())
}

/// 18: active, enrolable local authenticators, with the characteristics of `domain.md` 1.5.
fn locals(view: &View, at: Time) -> Vec<Factor> {
    let mut methods: Vec<&str> =
        view.of("authenticator.configured").filter_map(|fact| fact.text("method")).collect();
    methods.sort_unstable();
    methods.dedup();
    let mut locals = Vec::new();
    for method in methods {
        let Some(fact) = view.in_force("authenticator.configured", "method", method, at) else {
            continue;
        };
        if fact.text("status") == Some("active") && fact.text("enrollment") == Some("allowed") {
            let own =
                tables::method_characteristics(method).iter().map(|&own| own.to_owned()).collect();
            let of_type = tables::method_type(method);
            let (method, amr, authenticator) = (Some(method.to_owned()), None, None);
            let value = crate::model::claims::Asserted {
                method,
                amr,
                authenticator,
                of_type,
                own,
                pools: false,
                ignored: Vec::new(),
            };
            locals.push(crate::model::factors::Factor {
                value,
                claim: None,
                subject: None,
                fact: fact.clone(),
                by_record: true,
                by_rules: true,
                accepted: true,
                sure: Sure::Certain,
                lost: None,
                until: None,
                reason: None,
                bounds: None,
                grade: None,
            });
        }
    }
    locals
}

fn decide(rule: &Value, situation: &Situation<'_>) -> Verdict {
    let mode = if rule["factor_mode"] == "2fa" { 2 } else { 1 };
    let mut alternatives: Vec<Value> = rule["alternatives"].as_array().cloned().unwrap_or_default();
    // 40: absent, empty, or one empty alternative: no constraint.
    if alternatives.is_empty() {
        alternatives.push(Value::Object(serde_json::Map::new()));
    }
    let lacks: Vec<Vec<String>> =
        alternatives.iter().map(|one| lacking(one, mode, situation, false)).collect();
    if lacks.iter().any(Vec::is_empty) {
        return verdict("ALLOW", None);
    }
    // 40: the one that lacks least, the first on a tie.
    let least = lacks.iter().min_by_key(|lacks| lacks.len()).expect("one");
    let filled = alternatives.iter().any(|one| lacking(one, mode, situation, true).is_empty());
    verdict(if filled { "CHALLENGE" } else { "DENY" }, least.first().map(String::as_str))
}

/// 38: whether "any one factor or IdP" is asked for, which a sign-in meets by itself.
pub(crate) fn by_sign_in(rule: &Value) -> bool {
    let free = |alternative: &Value| {
        words(&alternative["allow_methods"]).is_empty()
            && words(&alternative["exclude_methods"]).is_empty()
            && alternative["possession"].is_null()
            && alternative["knowledge"] != true
    };
    let alternatives = rule["alternatives"].as_array();
    rule["factor_mode"] != "2fa"
        && alternatives.is_none_or(|all| all.is_empty() || all.iter().any(free))
}

/// What an alternative lacks, in the order of 18.
fn lacking(
    alternative: &Value,
    mode: usize,
    situation: &Situation<'_>,
    with_locals: bool,
) -> Vec<String> {
    let (allow, exclude) =
        (words(&alternative["allow_methods"]), words(&alternative["exclude_methods"]));
    let listed = !allow.is_empty() || !exclude.is_empty();
    let free = !listed && alternative["possession"].is_null() && alternative["knowledge"] != true;
    let method_counts = |factor: &Factor| {
        let word = factor.value.word();
        (allow.is_empty() || allow.iter().any(|of| of == word))
            && !exclude.iter().any(|of| of == word)
    };
    // 1.7: a third party's claims can't be used where methods are listed.
    let usable = |factor: &&Factor| !listed || (!factor.third_party() && method_counts(factor));
    let locals = situation.locals.iter().filter(|_| with_locals);
    let factors: Vec<&Factor> =
        situation.factors.iter().copied().chain(locals).filter(usable).collect();
    let anything = situation.anything.is_some_and(|third_party| !listed || !third_party);
    let has = |of_type: &str| factors.iter().any(|factor| factor.value.of_type == of_type);
    let mut types = [tables::KNOWLEDGE, tables::POSSESSION].iter().filter(|of| has(of)).count();
    // `domain.md` 1.6: inherence can count as a second type only where there is no other
    // constraint.
    types += usize::from(free && has(tables::INHERENCE));
    // 14: bare `mfa` counts as two only where no constraint is asked. 38: the federation itself is
    // any one factor.
    if free && has(tables::UNSPECIFIED) {
        types = types.max(2);
    }
    if free && mode == 1 && situation.federated {
        types = types.max(1);
    }
    let mut lacks = Vec::new();
    if anything {
        return lacks;
    }
    if types < mode {
        lacks.push("not_enough_factors".to_owned());
    }
    if alternative["knowledge"] == true && !has(tables::KNOWLEDGE) {
        lacks.push("knowledge".to_owned());
    }
    if let Some(asked) = alternative["possession"].as_object() {
        let keys = [
            "device_bound",
            "hardware_protected",
            "phishing_resistant",
            "user_presence",
            "user_verification",
        ];
        let asked: Vec<&str> = keys
            .into_iter()
            .filter(|key| asked.get(*key).is_some_and(|value| value == true))
            .collect();
        let missing = |factor: &&Factor| -> Vec<String> {
            let has = characteristics(factor, &factors);
            let lacks = asked.iter().filter(|key| {
                !has.iter().any(|has| has == &key.replace("verification", "verifying"))
            });
            lacks.map(|key| (*key).to_owned()).collect()
        };
        let possessions =
            factors.iter().filter(|factor| factor.value.of_type == tables::POSSESSION);
        match possessions.map(missing).min_by_key(Vec::len) {
            None => {
                lacks.push("possession".to_owned());
                lacks.extend(asked.iter().map(|key| (*key).to_owned()));
            }
            Some(missing) => lacks.extend(missing),
        }
    }
    lacks
}

/// 14: its own, and those of the values of its assertion that describe a key, while they count.
fn characteristics(factor: &Factor, among: &[&Factor]) -> Vec<String> {
    let mut own = factor.value.own.clone();
    if factor.value.pools {
        let same = |other: &&&Factor| other.value.pools && other.fact.pos == factor.fact.pos;
        own.extend(among.iter().filter(same).flat_map(|other| other.value.own.clone()));
    }
    own
}
