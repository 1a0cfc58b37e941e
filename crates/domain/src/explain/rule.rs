//! What a policy's rule asks for, in words.

use crate::{
    assess::{
        decision::is_active,
        global_session,
        method_chain::{self, Chain},
        requirement,
    },
    words::{join, list, property, span},
};
use claimledger_facts::{
    types::policy::{Alternative, PolicyConfigured, Possession, Rule},
    vocabulary::{Access, Method, Property, Status},
};

/// What a rule asks for: `two factor types, one of them possession that is phishing-resistant`.
#[must_use]
pub fn asks(rule: &Rule) -> String {
    let two = requirement::types_asked(rule) == 2;
    if rule.access == Access::Deny {
        return "nothing, and denies".to_owned();
    }
    let chains = method_chain::chains(rule);
    let mut asked = if let Some(form) = &rule.other_verification {
        format!("{form}, a form of verification that these rules do not read")
    } else if !chains.is_empty() {
        let each: Vec<String> = chains.iter().map(chain).collect();
        format!("a chain of methods: {}", each.join("; or "))
    } else if rule.alternatives.is_empty()
        || rule.alternatives.iter().any(|a| !requirement::is_constrained(a))
    {
        if two { "any two factor types" } else { "any one factor or IdP" }.to_owned()
    } else {
        rule.alternatives.iter().map(|a| alternative(a, two)).collect::<Vec<_>>().join("; or ")
    };
    if global_session::wants_password_or_idp(rule) {
        asked.push_str("; the password or an IdP first");
    }
    match rule.reauthenticate_in_secs {
        None => {}
        Some(0) => asked.push_str("; local factors verified again for each decision"),
        Some(secs) => asked.push_str(&format!("; local factors verified within {}", span(secs))),
    }
    asked
}

fn chain(chain: &Chain) -> String {
    let step =
        |methods: &Vec<Method>| join(&methods.iter().map(|m| m.as_str()).collect::<Vec<_>>(), "or");
    chain.iter().map(step).collect::<Vec<_>>().join(", then ")
}

fn alternative(asks: &Alternative, two: bool) -> String {
    let mut kinds: Vec<String> = Vec::new();
    let known_by = known_by(asks);
    if asks.knowledge == Some(true) {
        let within = within(asks.knowledge_reauthenticate_in_secs);
        kinds.push(format!("knowledge{known_by}{within}"));
    }
    if let Some(asked) = &asks.possession {
        kinds.push(format!("possession{}{}", that_is(asked), within(asked.reauthenticate_in_secs)));
    }
    let mut text = match (two, kinds.as_slice()) {
        (true, []) => "two factor types".to_owned(),
        (true, [one]) => format!("two factor types, one of them {one}"),
        (true, both) => format!("two factor types, {}", list(both)),
        (false, []) => "one factor".to_owned(),
        (false, some) => format!("one factor type, {}", list(some)),
    };
    if asks.knowledge != Some(true) && !known_by.is_empty() {
        text.push_str(&format!(", knowledge{known_by} only"));
    }
    if !asks.allow_methods.is_empty() {
        text.push_str(&format!(", by {} only", methods(&asks.allow_methods)));
    }
    if !asks.exclude_methods.is_empty() {
        text.push_str(&format!(", not by {}", methods(&asks.exclude_methods)));
    }
    text
}

/// Which knowledge alone counts: ` by password`; empty: any.
pub(crate) fn known_by(asks: &Alternative) -> String {
    match asks.knowledge_methods.as_slice() {
        [] => String::new(),
        some => format!(" by {}", methods(some)),
    }
}

fn methods(list: &[Method]) -> String {
    join(&list.iter().map(|m| m.as_str()).collect::<Vec<_>>(), "or")
}

/// How old a factor of a class may be, where that is not what the rule says.
fn within(secs: Option<u64>) -> String {
    match secs {
        None => String::new(),
        Some(0) => " (verified again for each decision)".to_owned(),
        Some(secs) => format!(" (verified within {})", span(secs)),
    }
}

fn that_is(asked: &Possession) -> String {
    let asked = requirement::asked(asked);
    let adjectives: Vec<&str> = asked
        .iter()
        .filter(|(p, _)| *p != Property::UserPresence)
        .map(|(p, _)| property(*p))
        .collect();
    let presence = asked.iter().any(|(p, _)| *p == Property::UserPresence);
    match (adjectives.as_slice(), presence) {
        ([], false) => String::new(),
        ([], true) => " with user presence".to_owned(),
        (some, false) => format!(" that is {}", list(some)),
        (some, true) => format!(" that is {}, with user presence", list(some)),
    }
}

/// A policy's version in a few words.
pub(crate) fn policy_gist(policy: &PolicyConfigured) -> String {
    match (policy.status, policy.rules.as_slice()) {
        (Some(Status::Inactive), _) => "inactive".to_owned(),
        (Some(Status::Deleted), _) => "deleted".to_owned(),
        (_, []) => "no rules".to_owned(),
        (_, rules) => {
            rules.iter().filter(|rule| is_active(rule)).map(asks).collect::<Vec<_>>().join(" · ")
        }
    }
}
