//! What a rule of an app sign-in policy asks for.
//!
//! `constraints` are alternatives, and inside one every class is asked for. A class that is not
//! required (as one with excluded methods is) only limits factors that are used. What a fact cannot
//! express is never left out, because the rule would then seem to ask for less: it becomes
//! `other_verification`, and what the rule implies is undetermined.

use super::{methods, rule::seconds};
use claimledger_facts::{
    types::policy::{Alternative, Possession, Rule},
    vocabulary::{FactorMode, Method, is_code},
};
use serde_json::Value;

/// Maximum number of chains that one rule may branch into.
const MAX_CHAINS: usize = 64;

/// Why a rule cannot be expressed: a code.
type Unread = &'static str;

pub(super) fn read(method: Option<&Value>, rule: &mut Rule) {
    let Some(method) = method else { return };
    let kind = method.get("type").and_then(Value::as_str).unwrap_or("ASSURANCE");
    let read = match kind {
        "ASSURANCE" => assurance(method, rule),
        "AUTH_METHOD_CHAIN" => chains(method, rule),
        other => {
            let code = other.to_ascii_lowercase();
            rule.other_verification =
                Some(if is_code(&code) { code } else { "unknown".to_owned() });
            Ok(())
        }
    };
    if let Err(code) = read {
        rule.other_verification = Some(code.to_owned());
    }
}

fn assurance(method: &Value, rule: &mut Rule) -> Result<(), Unread> {
    rule.factor_mode = match method.get("factorMode").and_then(Value::as_str) {
        Some("1FA") => FactorMode::OneFactor,
        Some("2FA") => FactorMode::TwoFactor,
        _ => return Err("unknown_factor_mode"),
    };
    rule.reauthenticate_in_secs = seconds(method, "reauthenticateIn")?;
    let one;
    let constraints: &[Value] = match method.get("constraints") {
        Some(Value::Array(list)) => list,
        // One alternative without the list around it, as an example of the documentation has it.
        Some(alone @ Value::Object(_)) => {
            one = [alone.clone()];
            &one
        }
        _ => &[],
    };
    let mut alternatives = Vec::new();
    for constraint in constraints {
        alternatives.extend(alternative(constraint, rule.factor_mode)?);
    }
    // One that asks for nothing leaves the rule without a constraint.
    if !alternatives.contains(&Alternative::default()) {
        rule.alternatives = alternatives;
    }
    Ok(())
}

/// What one class of a constraint says.
struct Class {
    required: bool,
    /// Only these; none: any of the class.
    allowed: Option<Vec<Method>>,
    /// `types` asks for a password, which is the form of a rule and no list of methods.
    only_password: bool,
    excluded: Vec<Method>,
    reauthenticate_in_secs: Option<u64>,
}

fn alternative(constraint: &Value, mode: FactorMode) -> Result<Vec<Alternative>, Unread> {
    let classes = constraint.as_object().ok_or("unknown_constraint")?;
    if classes.iter().any(|(name, value)| {
        !value.is_null() && !matches!(name.as_str(), "knowledge" | "possession")
    }) {
        return Err("unknown_constraint");
    }
    let class = |name: &str| constraint.get(name).map(|value| class(value)).transpose();
    let (knowledge, possession) = (class("knowledge")?, class("possession")?);
    let mut result = Alternative::default();
    if let Some(knowledge) = knowledge.as_ref().filter(|class| class.required) {
        result.knowledge = Some(true);
        result.knowledge_reauthenticate_in_secs = knowledge.reauthenticate_in_secs;
    }
    (result.allow_methods, result.exclude_methods) = lists(knowledge.as_ref(), possession.as_ref());
    // A list of methods says it itself.
    if knowledge.as_ref().is_some_and(|class| class.only_password)
        && result.allow_methods.is_empty()
    {
        result.knowledge_methods = vec![Method::Password];
    }
    let (Some(class), Some(value)) = (possession, constraint.get("possession")) else {
        return Ok(vec![result]);
    };
    let asked = Possession {
        reauthenticate_in_secs: class.reauthenticate_in_secs,
        ..characteristics(value)?
    };
    let limits = asked.device_bound.or(asked.hardware_protected).or(asked.phishing_resistant);
    let limits = limits.or(asked.user_verification).is_some();
    if class.required {
        result.possession = Some(asked);
    } else if limits && mode == FactorMode::TwoFactor {
        // Two types under a constraint are knowledge and possession (inherence does not count), so
        // a possession factor is used, and the limits are its.
        result.possession = Some(asked);
    } else if limits && result.knowledge != Some(true) {
        // One factor: a knowledge factor, or a possession factor within the limits.
        let with_knowledge = Alternative { knowledge: Some(true), ..result.clone() };
        result.possession = Some(asked);
        return Ok(vec![with_knowledge, result]);
    }
    Ok(vec![result])
}

fn class(value: &Value) -> Result<Class, Unread> {
    let entries = |name: &str| value.get(name).and_then(Value::as_array);
    let mut allowed: Option<Vec<Method>> = None;
    let mut narrow = |methods: Vec<Method>| {
        let before = allowed.take();
        let stays = |method: &Method| before.as_ref().is_none_or(|list| list.contains(method));
        allowed = Some(methods.into_iter().filter(stays).collect());
    };
    let types = value.get("types");
    let only_password = types.is_some_and(only_password);
    if let Some(list) = types.filter(|_| !only_password) {
        narrow(methods::of_words(list, methods::of_type).ok_or("unknown_method")?);
    }
    if let Some(list) = value.get("methods") {
        narrow(methods::of_words(list, methods::of_method).ok_or("unknown_method")?);
    }
    if let Some(list) = entries("authenticationMethods").filter(|list| !list.is_empty()) {
        narrow(step(list)?);
    }
    if let Some(allowed) = allowed.as_mut().filter(|_| only_password) {
        allowed.retain(|method| *method == Method::Password);
    }
    let excluded = entries("excludedAuthenticationMethods").filter(|list| !list.is_empty());
    let required = value.get("required").and_then(Value::as_bool);
    if allowed.as_ref().is_some_and(Vec::is_empty) {
        return Err("unknown_method");
    }
    Ok(Class {
        required: required.unwrap_or(excluded.is_none()),
        allowed,
        only_password,
        excluded: excluded.map(|list| step(list)).transpose()?.unwrap_or_default(),
        reauthenticate_in_secs: seconds(value, "reauthenticateIn")?,
    })
}

/// "Password" and "Password + another factor" are written like this. It is the form of these rules
/// and no list of methods, which would keep claims of third-party IdPs out. A security question is
/// another type (`SECURITY_QUESTION`), and does not meet it.
fn only_password(types: &Value) -> bool {
    types.as_array().is_some_and(|list| {
        list.len() == 1
            && list[0].as_str().is_some_and(|word| word.eq_ignore_ascii_case("password"))
    })
}

/// The lists of both classes in one. A list of one class leaves the other free.
fn lists(knowledge: Option<&Class>, possession: Option<&Class>) -> (Vec<Method>, Vec<Method>) {
    let allowed = |class: Option<&Class>| class.and_then(|class| class.allowed.clone());
    let (of_knowledge, of_possession) = (allowed(knowledge), allowed(possession));
    let mut allow = Vec::new();
    if of_knowledge.is_some() || of_possession.is_some() {
        let password = knowledge.is_some_and(|class| class.only_password);
        let known = if password { &[Method::Password][..] } else { methods::KNOWLEDGE };
        allow = of_knowledge.unwrap_or_else(|| known.to_vec());
        allow.extend(of_possession.unwrap_or_else(|| methods::possession().collect()));
    }
    let classes = [knowledge, possession].into_iter().flatten();
    let exclude = classes.flat_map(|class| class.excluded.clone()).collect();
    (unique(allow), unique(exclude))
}

fn unique(mut methods: Vec<Method>) -> Vec<Method> {
    methods.sort_unstable();
    methods.dedup();
    methods
}

fn characteristics(value: &Value) -> Result<Possession, Unread> {
    let word = |name: &str| value.get(name).and_then(Value::as_str);
    let fields = [
        "deviceBound",
        "hardwareProtection",
        "phishingResistant",
        "userPresence",
        "userVerification",
    ];
    for field in fields.iter().filter_map(|name| value.get(*name)).filter(|field| !field.is_null())
    {
        if !matches!(field.as_str(), Some("REQUIRED" | "OPTIONAL")) {
            return Err("unknown_characteristic");
        }
    }
    let required = |name: &str| (word(name) == Some("REQUIRED")).then_some(true);
    // `BIOMETRICS` or `PIN` alone is more than user verification.
    let ways = value.get("userVerificationMethods").and_then(Value::as_array);
    if ways.is_some_and(|ways| ways.len() == 1) && required("userVerification").is_some() {
        return Err("user_verification_methods");
    }
    Ok(Possession {
        device_bound: required("deviceBound"),
        hardware_protected: required("hardwareProtection"),
        phishing_resistant: required("phishingResistant"),
        // The only one that is required unless the rule says otherwise.
        user_presence: (word("userPresence") != Some("OPTIONAL")).then_some(true),
        user_verification: required("userVerification"),
        reauthenticate_in_secs: None,
    })
}

/// The methods of a list of entries, of which one suffices.
fn step(entries: &[Value]) -> Result<Vec<Method>, Unread> {
    const LIMITS: &[&str] =
        &["deviceBound", "hardwareProtection", "phishingResistant", "userVerification"];
    let mut found = Vec::new();
    for entry in entries {
        let word = |name: &str| entry.get(name).and_then(Value::as_str);
        if LIMITS.iter().any(|limit| word(limit) == Some("REQUIRED")) {
            return Err("method_characteristics");
        }
        let key = word("key").ok_or("unknown_method")?;
        found.extend(methods::of_entry(key, word("method")).ok_or("unknown_method")?);
    }
    Ok(unique(found))
}

/// The chains of a rule. How many factors they ask for is in the chains themselves.
fn chains(method: &Value, rule: &mut Rule) -> Result<(), Unread> {
    let mut found = Vec::new();
    let mut times = vec![seconds(method, "reauthenticateIn")?];
    for chain in method.get("chains").and_then(Value::as_array).into_iter().flatten() {
        steps(chain, &mut Vec::new(), &mut found, &mut times)?;
    }
    if found.is_empty() {
        return Err("empty_chain");
    }
    rule.chains = found;
    // Recordings have it on the method or on its chains, never on both: the strictest one holds.
    rule.reauthenticate_in_secs = times.into_iter().flatten().min();
    Ok(())
}

fn steps(
    chain: &Value,
    before: &mut Vec<Vec<Method>>,
    found: &mut Vec<Vec<Vec<Method>>>,
    times: &mut Vec<Option<u64>>,
) -> Result<(), Unread> {
    let entries = chain.get("authenticationMethods").and_then(Value::as_array);
    times.push(seconds(chain, "reauthenticateIn")?);
    before.push(step(entries.ok_or("empty_chain")?)?);
    match chain.get("next").and_then(Value::as_array).filter(|next| !next.is_empty()) {
        Some(next) => next.iter().try_for_each(|next| steps(next, before, found, times))?,
        None if found.len() >= MAX_CHAINS => return Err("too_many_chains"),
        None => found.push(before.clone()),
    }
    before.pop();
    Ok(())
}
