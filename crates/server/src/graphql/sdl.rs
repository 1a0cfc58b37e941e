//! The schema as text, and what it says of the cost of a request.

use super::{
    LedgerSchema,
    limits::{
        DEFAULT_FIRST, MAX_ALIASES, MAX_BODY, MAX_DEPTH, MAX_DIRECTIVES, MAX_FIRST, MAX_NESTING,
        MAX_SELECTIONS,
    },
    query::Query,
    subscription::Subscription,
};
use crate::options::DEFAULT_MAX_COST;
use async_graphql::{EmptyMutation, SDLExportOptions, Schema, SchemaBuilder};
use std::sync::LazyLock;

/// The description of `Query`: the library has none for the schema itself.
static QUERY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "Questions to the ledger of the credential's tenant.

Cost: a field costs 1 plus the cost of its selection. A connection (`sessions`, `decisions`,
`timeline`) costs 1 plus `first` times the cost of its selection; an absent `first` is
{DEFAULT_FIRST}, and 0 counts as 1. Any other list of objects costs 1 plus twice the cost of its
selection, because its length is not known in advance. `edges`, `completeness`, `problems` and
`gaps` cost as much as a single object. `extensions.cost` of a response names cost, depth and their
limits.

Limits: cost {DEFAULT_MAX_COST} unless the server sets another, `first` {MAX_FIRST},
depth {MAX_DEPTH}, nesting with fragments {MAX_NESTING}, aliases {MAX_ALIASES},
directives {MAX_DIRECTIVES}, selections {MAX_SELECTIONS}, body {} KiB. A request that exceeds one
is refused before it runs. No answer is shortened.",
        MAX_BODY / 1024
    )
});

/// Builds the schema, without limits.
pub(super) fn builder() -> SchemaBuilder<Query, EmptyMutation, Subscription> {
    Schema::build(Query::default(), EmptyMutation, Subscription)
        .override_output_type_description::<Query>(&QUERY)
}

/// The schema as text.
pub(crate) fn sdl() -> String {
    let schema: LedgerSchema = builder().finish();
    let mut sdl = schema.sdl_with_options(SDLExportOptions::new().use_space_ident());
    sdl.truncate(sdl.trim_end().len());
    sdl.push('\n');
    sdl
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{graphql::schema, options::ServerOptions};
    use async_graphql::parser::{
        parse_schema,
        types::{InputValueDefinition, TypeKind, TypeSystemDefinition},
    };

    /// `UPDATE_SCHEMA=1` writes it.
    #[test]
    fn the_committed_schema_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/graphql/schema.graphql");
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, sdl()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == sdl(),
            "schema/graphql/schema.graphql is stale: UPDATE_SCHEMA=1 cargo test -p \
             claimledger-server"
        );
    }

    #[test]
    fn no_line_of_the_schema_is_too_long() {
        for line in sdl().lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    /// The names in a schema that nothing describes.
    fn undescribed(sdl: &str) -> Vec<String> {
        let mut missing = Vec::new();
        let mut note = |name: String, is_described: bool| {
            if !is_described {
                missing.push(name);
            }
        };
        let value = |value: &InputValueDefinition| value.description.is_some();
        for definition in parse_schema(sdl).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let of = definition.node;
            let name = of.name.node.as_str();
            note(name.to_owned(), of.description.is_some());
            match of.kind {
                TypeKind::Object(object) => {
                    for field in object.fields.iter().map(|field| &field.node) {
                        let field_name = format!("{name}.{}", field.name.node);
                        for argument in field.arguments.iter().map(|argument| &argument.node) {
                            note(format!("{field_name}({})", argument.name.node), value(argument));
                        }
                        note(field_name, field.description.is_some());
                    }
                }
                TypeKind::InputObject(input) => {
                    for field in input.fields.iter().map(|field| &field.node) {
                        note(format!("{name}.{}", field.name.node), value(field));
                    }
                }
                TypeKind::Enum(values) => {
                    for value in values.values.iter().map(|value| &value.node) {
                        let name = format!("{name}.{}", value.value.node);
                        note(name, value.description.is_some());
                    }
                }
                TypeKind::Scalar | TypeKind::Interface(_) | TypeKind::Union(_) => {}
            }
        }
        missing
    }

    #[test]
    fn everything_in_the_schema_is_described() {
        assert_eq!(undescribed(&sdl()), [""; 0]);
        let bare = "type T { a(b: Int): Int } enum E { X } input I { f: Int }";
        assert_eq!(undescribed(bare), ["T", "T.a(b)", "T.a", "E", "E.X", "I", "I.f"]);
    }

    /// Costs as the description says, worked out by hand.
    async fn check_cost(query: &str, expected: u64) {
        // Without a caller every field fails; what is costed was costed before.
        let response = schema(&ServerOptions::default()).execute(query).await;
        let response = serde_json::to_value(response).unwrap();
        assert_eq!(response["extensions"]["cost"]["cost"], expected, "{query}: {response}");
    }

    #[tokio::test]
    async fn a_request_costs_what_the_schema_says() {
        check_cost("{ status { head } }", 2).await;
        check_cost("{ session(id: 1) { completeness { gaps { from } } absence { code } } }", 6)
            .await;
        let list = |first: &str| {
            format!(
                "{{ sessions{first} {{ pageInfo {{ hasNextPage }} \
                 edges {{ cursor because {{ code }} node {{ id factors {{ method }} }} }} }} }}"
            )
        };
        check_cost(&list("(first: 3)"), 1 + 3 * 12).await;
        check_cost(&list("(first: 0)"), 1 + 12).await;
        check_cost(&list(""), 1 + 50 * 12).await;
        check_cost("{ timeline(session: 1, first: 2) { edges { cursor } } }", 1 + 2 * 2).await;
        check_cost("{ completeness { items { source } } }", 1 + 1 + 2).await;
    }
}
