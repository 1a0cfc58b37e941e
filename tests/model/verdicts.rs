//! Decisions of a session at (T, K): recorded and implied side by side, and what they rested on
//! (19, 20).

use crate::model::decisions::{REFUSED, Verdict, by_sign_in, implied, rule};
use crate::model::factors::{Factor, all};
use crate::model::facts::{Fact, View, words};
use crate::model::sessions::Session;

#[derive(Clone, Debug)]
pub(crate) struct Decided {
    pub(crate) fact: Fact,
    pub(crate) version: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) then: Verdict,
    pub(crate) at_k: Verdict,
    pub(crate) differs: bool,
    pub(crate) falsified: bool,
    pub(crate) relied: Vec<Factor>,
    /// 38: what carried the sign-in that it rested on: claims, or the start that names a provider.
    pub(crate) signed_in: Vec<Fact>,
}

pub(crate) fn decided(view: &View, session: &Session) -> Vec<Decided> {
    let by_t = |fact: &&Fact| fact.from <= view.t;
    session.of("policy.decided").filter(by_t).map(|fact| one(view, session, fact)).collect()
}

pub(crate) fn one(view: &View, session: &Session, fact: &Fact) -> Decided {
    let (then, at_k) =
        (implied(view, session, fact, fact.pos), implied(view, session, fact, view.k));
    let allowed = fact.text("outcome") == Some("allow");
    // 19: challenge and deny are alike; undetermined never differs.
    let differs = then.implied != "UNDETERMINED" && allowed != (then.implied == "ALLOW");
    // 4, 19 and decision page 14: a refusal is never falsified.
    let falsified = allowed && !differs && REFUSED.contains(at_k.implied);
    let found = rule(view, fact, fact.from);
    let version = view.in_force(
        "policy.configured",
        "policy",
        fact.text("policy").unwrap_or_default(),
        fact.from,
    );
    let signed_in = match &found {
        Some((_, rule)) if by_sign_in(rule) => signed_in(view, session, fact),
        _ => Vec::new(),
    };
    Decided {
        fact: fact.clone(),
        version: version.and_then(|version| version.text("version")).map(str::to_owned),
        rule: found.map(|(_, rule)| rule["rule"].as_str().unwrap_or_default().to_owned()),
        then,
        at_k,
        differs,
        falsified,
        relied: relied(view, session, fact),
        signed_in,
    }
}

/// 38: the assertions before it, of those that `relied_on` names. With none seen by then, the start
/// before it, where `relied_on` names that, or names what nobody has seen: it may be the assertion.
fn signed_in(view: &View, session: &Session, decision: &Fact) -> Vec<Fact> {
    let named = decision.data["relied_on"].is_array().then(|| words(&decision.data["relied_on"]));
    let names = |fact: &&Fact| named.as_ref().is_none_or(|named| named.contains(&fact.id));
    let before = |fact: &&Fact| fact.from <= view.t && fact.from <= decision.to;
    let seen: Vec<&Fact> = session.of("claims.received").filter(before).collect();
    if seen.is_empty() {
        let unknown = |id: &String| !session.facts.iter().any(|fact| fact.id == *id);
        let may_name = || named.iter().flatten().any(unknown);
        let start = session.start(view.t).filter(|start| start.text("idp").is_some());
        let start = start.filter(before).filter(|start| names(start) || may_name());
        return start.into_iter().cloned().collect();
    }
    seen.into_iter().filter(names).cloned().collect()
}

/// 20 and 41: what `relied_on` names, else all earlier; of it, what counts by record.
fn relied(view: &View, session: &Session, decision: &Fact) -> Vec<Factor> {
    let named = decision.data["relied_on"].is_array().then(|| words(&decision.data["relied_on"]));
    let rested = |factor: &Factor| match &named {
        Some(named) => named.contains(&factor.fact.id),
        None => factor.fact.order() < decision.order(),
    };
    all(view, session, view.k)
        .into_iter()
        .filter(|factor| factor.by_record && rested(factor))
        .collect()
}
