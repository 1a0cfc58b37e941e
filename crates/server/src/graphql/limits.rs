//! Limits that hold before a query runs: a refusal names what it cost and what the limit is, and
//! nothing of the query has run by then.
//!
//! The library's own limits say neither, and its walk through fragments takes exponential time on
//! fragments that name each other twice a level. So a request is measured here first, each fragment
//! once; what passes is small enough for the library's rules.

use super::errors::refused;
use async_graphql::{Positioned, Response};
use async_graphql::{
    ServerError, ValidationResult, Value, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextRequest, NextValidation},
    parser::types::{
        Directive, ExecutableDocument, Field, Selection, SelectionSet, VariableDefinition,
    },
    value,
};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Maximum depth: fields inside of fields.
pub(crate) const MAX_DEPTH: u64 = 12;
/// The same for questions about the schema itself, which every tool asks about 13 deep.
const MAX_SCHEMA_DEPTH: u64 = 20;
/// How often a question about the schema may go from a type to its fields and on: each step
/// multiplies the answer by the schema's width.
const MAX_SCHEMA_STEPS: u64 = 3;
/// Maximum selection sets inside of one another, fragments included.
pub(crate) const MAX_NESTING: usize = 32;
/// Maximum levels that are walked into. What one operation holds in brackets is bounded before the
/// parser; a chain of fragments is not.
const MAX_LEVELS: usize = 64;
/// Maximum fields, fragments and inline fragments of a document, each counted wherever it is named:
/// the library's rules walk into every one of them, and a fragment without any field in it costs
/// nothing otherwise.
pub(crate) const MAX_SELECTIONS: u64 = 20_000;
/// Maximum fields with another name in the answer.
pub(crate) const MAX_ALIASES: u64 = 50;
/// Maximum directives.
pub(crate) const MAX_DIRECTIVES: u64 = 50;
/// Maximum rows of one page.
pub(crate) const MAX_FIRST: u64 = 500;
/// Maximum bytes of a request.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// What differs from server to server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The most a request may cost.
    pub max_cost: u64,
    /// Whether the schema can be asked for.
    pub introspection: bool,
}

/// What a document holds once its fragments stand where they are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Measure {
    depth: u64,
    schema_steps: u64,
    nesting: u64,
    selections: u64,
    fields: u64,
    aliases: u64,
    directives: u64,
}

impl Measure {
    fn and(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.schema_steps = self.schema_steps.max(other.schema_steps);
        self.nesting = self.nesting.max(other.nesting);
        self.selections = self.selections.saturating_add(other.selections);
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
    }
}

/// Refuses what is too deep, too wide or turns in circles.
///
/// # Errors
/// The refusal, with `code`, `cost` and `limit`.
pub(crate) fn check(
    document: &ExecutableDocument,
    variables: &Variables,
    limits: Limits,
) -> Result<(), ServerError> {
    let mut selections = 0_u64;
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let mut walk = Measurer::new(document, variables, &operation.variable_definitions, limits);
        let mut all = Measure { directives: count(&operation.directives), ..Measure::default() };
        for definition in &operation.variable_definitions {
            all.directives = all.directives.saturating_add(count(&definition.node.directives));
        }
        // Questions about the schema may go deeper than questions about the ledger.
        for selection in &operation.selection_set.node.items {
            let measure = walk.selection(&selection.node)?;
            let about_schema = matches!(&selection.node,
                Selection::Field(field) if field.node.name.node.starts_with("__"));
            let limit = if about_schema { MAX_SCHEMA_DEPTH } else { MAX_DEPTH };
            over("TOO_DEEP", "depth", measure.depth, limit)?;
            all.and(measure);
        }
        over("TOO_DEEP", "nesting", all.nesting + 1, MAX_NESTING as u64)?;
        over("TOO_DEEP", "steps through the schema", all.schema_steps, MAX_SCHEMA_STEPS)?;
        over("TOO_MANY_ALIASES", "aliases", all.aliases, MAX_ALIASES)?;
        over("TOO_MANY_DIRECTIVES", "directives", all.directives, MAX_DIRECTIVES)?;
        // Every field costs at least one.
        over("TOO_COSTLY", "cost", all.fields, limits.max_cost)?;
        selections = selections.saturating_add(all.selections);
        over("TOO_COSTLY", "selections", selections, MAX_SELECTIONS)?;
    }
    // Fragments that no operation names are still walked by the library's rules.
    let mut walk = Measurer::new(document, variables, &[], limits);
    for name in document.fragments.keys() {
        let measure = walk.fragment(name.as_str())?;
        over("TOO_COSTLY", "cost", measure.fields, limits.max_cost)?;
        over("TOO_COSTLY", "selections", measure.selections, MAX_SELECTIONS)?;
        over("TOO_DEEP", "nesting", measure.nesting, MAX_NESTING as u64)?;
        over("TOO_MANY_DIRECTIVES", "directives", measure.directives, MAX_DIRECTIVES)?;
    }
    Ok(())
}

fn over(code: &'static str, what: &str, cost: u64, limit: u64) -> Result<(), ServerError> {
    if cost <= limit {
        return Ok(());
    }
    Err(refused(
        code,
        format!("refused before it ran: {what} {cost} exceeds the limit {limit}"),
        &[("cost", cost), ("limit", limit)],
    ))
}

struct Measurer<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    definitions: &'a [Positioned<VariableDefinition>],
    introspection: bool,
    /// Selection sets that are being walked, one inside of another.
    level: usize,
    /// None: its walk has begun and not ended, so naming it again turns in a circle.
    fragments: HashMap<&'a str, Option<Measure>>,
}

impl<'a> Measurer<'a> {
    fn new(
        document: &'a ExecutableDocument,
        variables: &'a Variables,
        definitions: &'a [Positioned<VariableDefinition>],
        limits: Limits,
    ) -> Self {
        Self {
            document,
            variables,
            definitions,
            introspection: limits.introspection,
            level: 0,
            fragments: HashMap::new(),
        }
    }

    fn set(&mut self, set: &'a Positioned<SelectionSet>) -> Result<Measure, ServerError> {
        self.level += 1;
        if self.level > MAX_LEVELS {
            over("TOO_DEEP", "nesting", self.level as u64, MAX_NESTING as u64)?;
        }
        let mut all = Measure::default();
        for selection in &set.node.items {
            all.and(self.selection(&selection.node)?);
            all.selections = all.selections.saturating_add(1);
        }
        self.level -= 1;
        Ok(all)
    }

    fn selection(&mut self, selection: &'a Selection) -> Result<Measure, ServerError> {
        match selection {
            Selection::Field(field) => self.field(&field.node),
            Selection::InlineFragment(inline) => {
                let mut inner = self.set(&inline.node.selection_set)?;
                inner.nesting += 1;
                inner.directives = inner.directives.saturating_add(count(&inline.node.directives));
                Ok(inner)
            }
            Selection::FragmentSpread(spread) => {
                let mut inner = self.fragment(spread.node.fragment_name.node.as_str())?;
                inner.nesting += 1;
                inner.directives = inner.directives.saturating_add(count(&spread.node.directives));
                Ok(inner)
            }
        }
    }

    fn field(&mut self, field: &'a Field) -> Result<Measure, ServerError> {
        self.page(field)?;
        if !self.introspection && matches!(field.name.node.as_str(), "__schema" | "__type") {
            return Err(refused(
                "INTROSPECTION_OFF",
                "refused before it ran: introspection is off".to_owned(),
                &[],
            ));
        }
        let mut inner = self.set(&field.selection_set)?;
        inner.depth += 1;
        inner.nesting += 1;
        inner.fields = inner.fields.saturating_add(1);
        inner.aliases = inner.aliases.saturating_add(u64::from(field.alias.is_some()));
        inner.directives = inner.directives.saturating_add(count(&field.directives));
        if matches!(
            field.name.node.as_str(),
            "fields" | "inputFields" | "interfaces" | "possibleTypes" | "types"
        ) {
            inner.schema_steps += 1;
        }
        Ok(inner)
    }

    fn fragment(&mut self, name: &'a str) -> Result<Measure, ServerError> {
        match self.fragments.get(name) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => {
                return Err(refused(
                    "FRAGMENT_CYCLE",
                    "refused before it ran: a fragment names itself".to_owned(),
                    &[],
                ));
            }
            None => {}
        }
        // An unknown fragment is the library's to refuse.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Measure::default());
        };
        self.fragments.insert(name, None);
        let mut inner = self.set(&fragment.node.selection_set)?;
        inner.directives = inner.directives.saturating_add(count(&fragment.node.directives));
        self.fragments.insert(name, Some(inner));
        Ok(inner)
    }

    /// A page above the limit is refused with its number, and never trimmed.
    fn page(&self, field: &Field) -> Result<(), ServerError> {
        let Some(first) = field.get_argument("first") else { return Ok(()) };
        // A variable that nothing gives is null, and null asks for no number.
        let given = |name: async_graphql::Name| {
            Ok::<_, ()>(
                self.variables
                    .get(&name)
                    .cloned()
                    .or_else(|| self.default_of(&name))
                    .unwrap_or_default(),
            )
        };
        let value = first.node.clone().into_const_with(given).ok();
        let Some(Value::Number(asked)) = value else { return Ok(()) };
        let limit = MAX_FIRST;
        match (asked.as_u64(), asked.as_i64()) {
            (Some(asked), _) if asked > limit => Err(refused(
                "PAGE_TOO_LARGE",
                format!(
                    "{asked} rows requested, the limit is {limit}: use a filter or smaller pages"
                ),
                &[("asked", asked), ("cost", asked), ("limit", limit)],
            )),
            (None, Some(asked)) => Err(refused(
                "BAD_INPUT",
                format!("first is {asked}; it must be 0 to {limit}"),
                &[("limit", limit)],
            )),
            _ => Ok(()),
        }
    }

    fn default_of(&self, name: &str) -> Option<Value> {
        let definition = self
            .definitions
            .iter()
            .find(|definition| definition.node.name.node.as_str() == name)?;
        definition.node.default_value.as_ref().map(|value| value.node.clone())
    }
}

fn count(directives: &[Positioned<Directive>]) -> u64 {
    directives.len() as u64
}

/// Refuses by cost, and tells the cost of what ran.
pub(crate) struct Costed {
    /// The most a request may cost that comes without [`Limits`].
    pub limit: u64,
}

impl ExtensionFactory for Costed {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Costing { limit: self.limit, cost: AtomicU64::new(0), depth: AtomicU64::new(0) })
    }
}

struct Costing {
    limit: u64,
    cost: AtomicU64,
    depth: AtomicU64,
}

#[async_trait::async_trait]
impl Extension for Costing {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(ctx).await;
        let (cost, depth) = (self.cost.load(Ordering::Relaxed), self.depth.load(Ordering::Relaxed));
        response.extension(
            "cost",
            value!({ "cost": cost, "limit": self.limit, "depth": depth, "depthLimit": MAX_DEPTH }),
        )
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        let cost = result.complexity as u64;
        self.cost.store(cost, Ordering::Relaxed);
        self.depth.store(result.depth as u64, Ordering::Relaxed);
        let limit = ctx.data_opt::<Limits>().map_or(self.limit, |limits| limits.max_cost);
        over("TOO_COSTLY", "cost", cost, limit).map_err(|error| vec![error])?;
        Ok(result)
    }
}

/// What a connection costs: a row of it times the rows asked.
pub(crate) fn connection_cost(first: Option<i32>, row: usize) -> usize {
    let first = usize::try_from(first.unwrap_or(DEFAULT_FIRST).max(1)).unwrap_or(1);
    first.saturating_mul(row).saturating_add(1)
}

/// What a list inside of a row costs: its row twice. What a session holds is not known before it is
/// read, but it is seldom one.
pub(crate) const fn list_cost(row: usize) -> usize {
    row.saturating_mul(2).saturating_add(1)
}

/// Rows of a page where `first` is absent.
pub(crate) const DEFAULT_FIRST: i32 = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;
    use std::fmt::Write;

    fn code(query: &str, variables: serde_json::Value) -> Option<String> {
        let document = parse_query(query).unwrap();
        let error = check(
            &document,
            &Variables::from_json(variables),
            Limits { max_cost: 10_000, introspection: true },
        )
        .err()?;
        let extensions = serde_json::to_value(&error).unwrap()["extensions"].clone();
        Some(extensions["code"].as_str().unwrap().to_owned())
    }

    fn check_query(query: &str, expected: Option<&str>) {
        assert_eq!(
            code(query, serde_json::json!({})).as_deref(),
            expected,
            "{}",
            &query[..query.len().min(200)]
        );
    }

    fn nested(depth: usize) -> String {
        format!("{}{}", "{a".repeat(depth), "}".repeat(depth))
    }

    #[test]
    fn a_query_is_at_most_twelve_levels_deep() {
        check_query(&nested(12), None);
        check_query(&nested(13), Some("TOO_DEEP"));
        let inline = format!("{{ a {} {{ x }} {} }}", "{ ... on A ".repeat(33), "}".repeat(33));
        check_query(&inline, Some("TOO_DEEP"));
    }

    #[test]
    fn aliases_directives_and_fields_are_bounded() {
        let aliases = |n: usize| {
            let mut query = "{".to_owned();
            for i in 0..n {
                write!(query, " x{i}: a").unwrap();
            }
            query + " }"
        };
        check_query(&aliases(50), None);
        check_query(&aliases(51), Some("TOO_MANY_ALIASES"));
        check_query(
            &format!("{{ a {} }}", "@include(if: true) ".repeat(51)),
            Some("TOO_MANY_DIRECTIVES"),
        );
        check_query(&format!("{{ {} }}", "a ".repeat(10_001)), Some("TOO_COSTLY"));
    }

    #[test]
    fn fragments_that_grow_or_turn_are_measured_in_linear_time() {
        let mut query = "{ ...f0 }".to_owned();
        for i in 0..25 {
            write!(query, " fragment f{i} on Query {{ ...f{0} ...f{0} }}", i + 1).unwrap();
        }
        query.push_str(" fragment f25 on Query { a }");
        // Work on the query itself is slow each time; a busy machine is not.
        let fastest = (0..5).map(|_| {
            let started = std::time::Instant::now();
            check_query(&query, Some("TOO_COSTLY"));
            started.elapsed()
        });
        assert!(fastest.min().is_some_and(|fastest| fastest.as_millis() < 50));
        check_query(
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
            Some("FRAGMENT_CYCLE"),
        );
        check_query("{ x } fragment a on Query { ...a }", Some("FRAGMENT_CYCLE"));
    }

    #[test]
    fn fragments_without_fields_are_counted_too() {
        let mut query = "{ ...f0 }".to_owned();
        for i in 0..25 {
            write!(query, " fragment f{i} on Query {{ ...f{0} ...f{0} }}", i + 1).unwrap();
        }
        check_query(&query, Some("TOO_COSTLY"));
        check_query(&query.replace("{ ...f0 }", "{ a }"), Some("TOO_COSTLY"));
        let many = format!(
            "{} fragment f on Query {{ {} }}",
            (0..100).map(|i| format!("query q{i} {{ ...f }}")).collect::<String>(),
            "a ".repeat(300)
        );
        check_query(&many, Some("TOO_COSTLY"));
    }

    #[test]
    fn a_long_chain_of_fragments_is_refused_without_walking_to_its_end() {
        let mut query = "{ ...f0 } fragment f3000 on Query { a }".to_owned();
        for i in 0..3_000 {
            write!(query, " fragment f{i} on Query {{ ...f{} }}", i + 1).unwrap();
        }
        check_query(&query, Some("TOO_DEEP"));
        check_query(&query.replace("{ ...f0 }", "{ a }"), Some("TOO_DEEP"));
    }

    #[test]
    fn pages_are_refused_not_trimmed() {
        check_query("{ sessions(first: 500) { x } }", None);
        check_query("{ sessions(first: 501) { x } }", Some("PAGE_TOO_LARGE"));
        check_query("{ sessions(first: -1) { x } }", Some("BAD_INPUT"));
        let by_variable = "query($n: Int = 501) { sessions(first: $n) { x } }";
        assert_eq!(code(by_variable, serde_json::json!({})).as_deref(), Some("PAGE_TOO_LARGE"));
        assert_eq!(
            code(by_variable, serde_json::json!({"n": 1000})).as_deref(),
            Some("PAGE_TOO_LARGE")
        );
        assert_eq!(code(by_variable, serde_json::json!({"n": 5})), None);
        check_query(
            "{ ...p } fragment p on Query { sessions(first: 99999) { x } }",
            Some("PAGE_TOO_LARGE"),
        );
    }

    #[test]
    fn questions_about_the_schema_go_deeper_but_not_wider() {
        let tool = format!(
            "{{ __schema {{ types {{ fields {{ type {{ {} name {} }} }} }} }} }}",
            "ofType {".repeat(7),
            "}".repeat(7)
        );
        check_query(&tool, None);
        let wide =
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
        check_query(wide, Some("TOO_DEEP"));
    }

    #[test]
    fn a_connection_costs_its_rows() {
        assert_eq!(connection_cost(None, 3), 151);
        assert_eq!(connection_cost(Some(500), 20), 10_001);
        assert_eq!(connection_cost(Some(-5), 20), 21);
        assert_eq!(connection_cost(Some(i32::MAX), usize::MAX), usize::MAX);
    }
}
