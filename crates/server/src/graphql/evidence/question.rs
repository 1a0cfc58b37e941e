//! A question at an exact T and K, of which nothing changes from call to call: the
//! argument `asking` of every field of the query is set, and `status`, which is no part of answers,
//! is left out. Aliases are refused, so that a signed answer calls each value what the schema calls
//! it.

use super::super::errors;
use crate::cut_names::{AT, KNOWN_AT, KNOWN_AT_POSITION};
use async_graphql::{
    Name, Pos, Positioned, ServerError, Value, Variables,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, OperationType, Selection, SelectionSet,
    },
};
use claimledger_app::model::question::Asking;
use claimledger_domain::model::Cut;
use claimledger_facts::{canonical, ids::LogPosition, time::Time};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;

const ASKING: &str = "asking";
/// The field of answers that changes from call to call.
const STATUS: &str = "status";

/// A GraphQL operation.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// Its document, with one operation.
    #[serde(alias = "query")]
    pub(crate) document: String,
    /// Its variables.
    #[serde(default)]
    pub(crate) variables: serde_json::Value,
}

impl Question {
    /// Its one spelling, which receipts have the digest of.
    pub(crate) fn to_text(&self) -> String {
        let question = json!({"document": self.document, "variables": self.variables});
        // Canonical JSON of text is text.
        String::from_utf8(canonical::to_vec(&question)).unwrap_or_default()
    }
}

/// The T and K that a document asks for.
///
/// # Errors
/// If it is not one query, or its fields ask at different ones.
pub(super) fn asking_of(
    document: &ExecutableDocument,
    variables: &Variables,
) -> Result<Asking, ServerError> {
    let mut found: Option<Value> = None;
    for field in root_fields(document)? {
        let given = field.arguments.iter().find(|(name, _)| name.node == ASKING);
        let asked = match given.map(|(_, value)| &value.node) {
            None => Value::Null,
            Some(value) => match variable(&value.to_string()) {
                Some(name) => variables.get(&name).cloned().unwrap_or_default(),
                None => value.clone().into_const().ok_or_else(|| {
                    refused("`asking` of a question with a receipt is one variable, or has none")
                })?,
            },
        };
        if found.get_or_insert_with(|| asked.clone()) != &asked {
            return Err(refused("all fields of a question with a receipt ask at one T and K"));
        }
    }
    let Some(Value::Object(members)) = found else { return Ok(Asking::default()) };
    let mut asking = Asking::default();
    for (name, value) in members {
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            (AT, Value::String(text)) => asking.at = Some(time(&text)?),
            (KNOWN_AT, Value::String(text)) => asking.known_at = Some(time(&text)?),
            (KNOWN_AT_POSITION, Value::Number(number)) => {
                let position = number.as_u64().ok_or_else(|| refused("a position is expected"))?;
                asking.known_at_position = Some(LogPosition(position));
            }
            _ => return Err(refused("`asking` has at, knownAt and knownAtPosition")),
        }
    }
    Ok(asking)
}

/// Sets T and K of every field of the query, and leaves `status` out.
///
/// # Errors
/// As [`asking_of`].
pub(super) fn pin(
    document: &mut ExecutableDocument,
    variables: &mut Variables,
    cut: Cut,
) -> Result<(), ServerError> {
    root_fields(document)?;
    refuse_aliases(document)?;
    let pinned = Value::from_json(json!({
        AT: cut.at.to_string(), KNOWN_AT_POSITION: cut.known_at.0
    }))
    .map_err(|error| refused(&error.to_string()))?;
    let operation = match &mut document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => operations.values_mut().next(),
    };
    let items = operation.map(|operation| &mut operation.node.selection_set.node.items);
    for item in items.into_iter().flatten() {
        let Selection::Field(field) = &mut item.node else { continue };
        set_asking(&mut field.node, variables, &pinned);
        drop_status(&mut field.node.selection_set.node);
    }
    for fragment in document.fragments.values_mut() {
        drop_status(&mut fragment.node.selection_set.node);
    }
    drop_unused_fragments(document);
    Ok(())
}

fn set_asking(field: &mut Field, variables: &mut Variables, pinned: &Value) {
    let given = field.arguments.iter_mut().find(|(name, _)| name.node == ASKING);
    match given {
        Some((_, value)) => match variable(&value.node.to_string()) {
            // Replaced in the variables, so that the variable is still used.
            Some(name) => {
                variables.insert(name, pinned.clone());
            }
            None => value.node = pinned.clone().into_value(),
        },
        None => field.arguments.push((
            Positioned::new(Name::new(ASKING), Pos::default()),
            Positioned::new(pinned.clone().into_value(), Pos::default()),
        )),
    }
}

/// Leaves out what is no part of answers, at any depth. `status` without a selection is text, such
/// as that of a policy.
fn drop_status(set: &mut SelectionSet) {
    set.items.retain_mut(|item| match &mut item.node {
        Selection::Field(field) => {
            let field = &mut field.node;
            let selects = !field.selection_set.node.items.is_empty();
            if field.name.node == STATUS && selects {
                return false;
            }
            drop_status(&mut field.selection_set.node);
            true
        }
        Selection::InlineFragment(inline) => {
            drop_status(&mut inline.node.selection_set.node);
            true
        }
        Selection::FragmentSpread(_) => true,
    });
}

/// Those that only `status` used: a document with an unused one is refused.
fn drop_unused_fragments(document: &mut ExecutableDocument) {
    let mut used = BTreeSet::new();
    let mut next = Vec::new();
    for (_, operation) in document.operations.iter() {
        spreads(&operation.node.selection_set.node, &mut next);
    }
    while let Some(name) = next.pop() {
        if used.insert(name.clone())
            && let Some(fragment) = document.fragments.get(name.as_str())
        {
            spreads(&fragment.node.selection_set.node, &mut next);
        }
    }
    document.fragments.retain(|name, _| used.contains(name.as_str()));
}

fn spreads(set: &SelectionSet, found: &mut Vec<String>) {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => spreads(&field.node.selection_set.node, found),
            Selection::InlineFragment(inline) => {
                spreads(&inline.node.selection_set.node, found);
            }
            Selection::FragmentSpread(spread) => {
                found.push(spread.node.fragment_name.node.to_string());
            }
        }
    }
}

/// The fields of the one query of a document.
fn root_fields(document: &ExecutableDocument) -> Result<Vec<&Field>, ServerError> {
    let mut operations = document.operations.iter();
    let (Some((_, operation)), None) = (operations.next(), operations.next()) else {
        return Err(refused("a question with a receipt is a document with one operation"));
    };
    if operation.node.ty != OperationType::Query {
        return Err(refused("only a query has a receipt"));
    }
    let items = &operation.node.selection_set.node.items;
    let field = |item: &'_ Positioned<Selection>| matches!(item.node, Selection::Field(_));
    if !items.iter().all(field) {
        return Err(refused("a query with a receipt has its fields outside of fragments"));
    }
    Ok(items
        .iter()
        .filter_map(|item| match &item.node {
            Selection::Field(field) => Some(&field.node),
            _ => None,
        })
        .collect())
}

/// An alias lets a question name one value as another: an id that it chose itself as a state, or a
/// position so that it does not show as a reference to a record. The signature would stand under
/// both. To ask one field twice takes two receipts.
fn refuse_aliases(document: &ExecutableDocument) -> Result<(), ServerError> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set);
    operations.chain(fragments).try_for_each(|set| refuse_aliases_in(&set.node))
}

fn refuse_aliases_in(set: &SelectionSet) -> Result<(), ServerError> {
    set.items.iter().try_for_each(|item| match &item.node {
        Selection::Field(field) => {
            let field = &field.node;
            if field.alias.is_some() {
                return Err(refused("a question with a receipt has no aliases"));
            }
            refuse_aliases_in(&field.selection_set.node)
        }
        Selection::InlineFragment(inline) => refuse_aliases_in(&inline.node.selection_set.node),
        // Every fragment is walked by itself.
        Selection::FragmentSpread(_) => Ok(()),
    })
}

/// The name of a value that is one variable.
fn variable(value: &str) -> Option<Name> {
    value.strip_prefix('$').map(Name::new)
}

fn time(text: &str) -> Result<Time, ServerError> {
    Time::parse(text).map_err(|error| refused(&format!("`asking`: {text}: {error}")))
}

fn refused(message: &str) -> ServerError {
    errors::refused("NO_RECEIPT", message.to_owned(), &[])
}
