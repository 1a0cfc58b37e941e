//! What one snapshot says otherwise than the one before: field by field, in the contract's
//! spelling.

use crate::explain::asks;
use claimledger_facts::{
    fact::FactData,
    types::policy::{PolicyConfigured, Rule},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// One field that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Its path, in the contract's spelling: `trust_claims`, `rules.payroll-1.factor_mode`.
    pub field: String,
    /// What it said; none: nothing.
    pub before: Option<String>,
    /// What it says; none: nothing.
    pub after: Option<String>,
}

/// What changed, and how many fields did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// The fields that changed, bytewise by path.
    pub changes: Vec<FieldChange>,
    /// How many fields say what they said.
    pub unchanged: usize,
}

/// What identifies a snapshot and who set it: shown beside, and no change of what it says.
const BESIDE: &[&str] = &["actor", "ticket", "version"];

/// Between two snapshots of one thing. `names` are the fields that name the thing.
pub(crate) fn diff(before: Option<FactData>, after: FactData, names: &[&str]) -> Diff {
    let mut found = Diff::default();
    values(
        "",
        before.map(value).as_ref(),
        Some(&value(after)),
        &[names, BESIDE].concat(),
        &mut found,
    );
    found
}

/// Between two versions of a policy: a rule that came or went is one change, in words.
pub(crate) fn policies(before: Option<&PolicyConfigured>, after: &PolicyConfigured) -> Diff {
    let mut found = Diff::default();
    let beside = [BESIDE, &["policy", "rules"]].concat();
    let (old, new) = (
        before.map(|before| value(FactData::PolicyConfigured(before.clone()))),
        value(FactData::PolicyConfigured(after.clone())),
    );
    values("", old.as_ref(), Some(&new), &beside, &mut found);
    let before = before.map_or(&[][..], |policy| policy.rules.as_slice());
    let ids: BTreeSet<_> = before.iter().chain(&after.rules).map(|rule| &rule.rule).collect();
    for id in ids {
        let of = |rules: &'_ [Rule]| rules.iter().position(|rule| rule.rule == *id);
        let path = format!("rules.{id}");
        match (of(before), of(&after.rules)) {
            (Some(was), Some(is)) => {
                let was = old.as_ref().map(|old| &old["rules"][was]);
                values(&format!("{path}."), was, Some(&new["rules"][is]), &["rule"], &mut found);
            }
            (was, is) => found.changes.push(FieldChange {
                field: path,
                before: was.map(|at| asks(&before[at])),
                after: is.map(|at| asks(&after.rules[at])),
            }),
        }
    }
    found.changes.sort_by(|a, b| a.field.cmp(&b.field));
    found
}

fn value(data: FactData) -> Value {
    data.to_value().unwrap_or_default()
}

fn values(
    prefix: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    beside: &[&str],
    found: &mut Diff,
) {
    let fields =
        |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (fields(before), fields(after));
    let names: BTreeSet<&String> =
        before.keys().chain(after.keys()).filter(|name| !beside.contains(&name.as_str())).collect();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        if old == new {
            found.unchanged += 1;
        } else {
            found.changes.push(FieldChange {
                field: format!("{prefix}{name}"),
                before: old.map(text),
                after: new.map(text),
            });
        }
    }
}

/// A word as it is spelled, a list of words with commas, anything else as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Array(list) if list.iter().all(Value::is_string) => {
            list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}
