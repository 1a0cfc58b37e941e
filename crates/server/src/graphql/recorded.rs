//! What the access log keeps of a request's parameters: those that name no person.

use async_graphql::{
    Value, Variables,
    parser::types::{ExecutableDocument, Field, Selection, SelectionSet},
};

/// The arguments of the questions of a document, by name; of objects, their fields.
pub(super) fn parameters(
    document: &ExecutableDocument,
    variables: &Variables,
) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (_, operation) in document.operations.iter() {
        for field in fields(document, &operation.node.selection_set.node) {
            for (name, value) in &field.arguments {
                let resolved = value.node.clone().into_const_with(|variable| {
                    Ok::<_, ()>(variables.get(&variable).cloned().unwrap_or_default())
                });
                if let Ok(value) = resolved {
                    add(&name.node, &value, &mut pairs);
                }
            }
        }
    }
    crate::parameters::recorded(pairs)
}

/// The fields at the top, and those of fragments there. A question in a fragment of a fragment is
/// recorded without parameters.
fn fields<'d>(document: &'d ExecutableDocument, set: &'d SelectionSet) -> Vec<&'d Field> {
    let inside = |set: &'d SelectionSet| {
        set.items.iter().filter_map(|selection| match &selection.node {
            Selection::Field(field) => Some(&field.node),
            Selection::InlineFragment(_) | Selection::FragmentSpread(_) => None,
        })
    };
    let mut found = Vec::new();
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => found.push(&field.node),
            Selection::InlineFragment(part) => found.extend(inside(&part.node.selection_set.node)),
            Selection::FragmentSpread(spread) => {
                let fragment = document.fragments.get(&spread.node.fragment_name.node);
                found.extend(fragment.into_iter().flat_map(|f| inside(&f.node.selection_set.node)));
            }
        }
    }
    found
}

fn add(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(name, value)| add(name, value, pairs));
        }
        Value::List(values) => {
            let texts: Vec<String> = values.iter().filter_map(scalar).collect();
            pairs.push((name.to_owned(), texts.join(",")));
        }
        scalar_value => pairs.extend(scalar(scalar_value).map(|text| (name.to_owned(), text))),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Enum(word) => Some(word.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}
