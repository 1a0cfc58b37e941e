//! What a failed field makes null, as the specification of GraphQL has it (6.4.4, handling
//! execution errors): the field itself where its type allows null, else the nearest field or list
//! item around it that does, else all of `data`.
//!
//! The library leaves a failed field out of its object instead. This extension stands around every
//! field and list item; where nothing fails it costs one look at an empty set. Of a list's items
//! the library always says that they may not be null; a test holds that no list of the schema has
//! others.

use async_graphql::{
    QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo,
    },
};
use parking_lot::Mutex;
use std::{collections::HashSet, sync::Arc};

/// Makes one for each request.
pub(crate) struct Propagated;

impl ExtensionFactory for Propagated {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Nulls::default())
    }
}

/// Where fields failed, in one request.
#[derive(Default)]
struct Nulls(Mutex<Failed>);

#[derive(Default)]
struct Failed {
    /// Objects and lists in which something failed that may not be null. The root is the empty
    /// path.
    within: HashSet<Vec<Step>>,
    /// Errors of fields that are null instead.
    errors: Vec<ServerError>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Step {
    Field(String),
    Index(usize),
}

impl Nulls {}

fn path(node: Option<&QueryPathNode<'_>>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut next = node;
    while let Some(node) = next {
        steps.push(match node.segment {
            QueryPathSegment::Index(index) => Step::Index(index),
            QueryPathSegment::Name(name) => Step::Field(name.to_owned()),
        });
        next = node.parent;
    }
    steps.reverse();
    steps
}

#[async_trait::async_trait]
impl Extension for Nulls {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let (here, may_be_null) = (*info.path_node, !info.return_type.ends_with('!'));
        let result = next.run(ctx, info).await;
        let mut failed = self.0.lock();
        match result {
            Ok(value) => {
                if failed.within.is_empty() || !failed.within.remove(&path(Some(&here))) {
                    return Ok(value);
                }
                if !may_be_null {
                    failed.within.insert(path(here.parent));
                }
                Ok(Some(Value::Null))
            }
            Err(error) if may_be_null => {
                failed.errors.push(error);
                Ok(Some(Value::Null))
            }
            Err(error) => {
                failed.within.insert(path(here.parent));
                Err(error)
            }
        }
    }

    /// One execution: a whole query, or one event of a subscription.
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut response = next.run(ctx, operation_name).await;
        let failed = std::mem::take(&mut *self.0.lock());
        response.errors.extend(failed.errors);
        if !failed.within.is_empty() {
            response.data = Value::Null;
        } else if response.data == Value::Null && response.errors.is_empty() {
            // Every field was skipped: an object without members, not a failure.
            response.data = Value::Object(Default::default());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::Propagated;
    use async_graphql::{EmptyMutation, EmptySubscription, Error, Object, Result, Schema};

    struct Query;

    struct Row;

    #[Object]
    impl Query {
        async fn good(&self) -> i32 {
            1
        }
        async fn bad(&self) -> Result<i32> {
            Err(Error::new("bad"))
        }
        async fn maybe(&self) -> Result<Option<i32>> {
            Err(Error::new("maybe"))
        }
        async fn row(&self) -> Row {
            Row
        }
        async fn maybe_row(&self) -> Option<Row> {
            Some(Row)
        }
        async fn rows(&self) -> Vec<Row> {
            vec![Row, Row]
        }
        async fn strict_rows(&self) -> Option<Vec<Row>> {
            Some(vec![Row, Row])
        }
    }

    #[Object]
    impl Row {
        async fn good(&self) -> i32 {
            1
        }
        async fn bad(&self) -> Result<i32> {
            Err(Error::new("bad"))
        }
        async fn maybe(&self) -> Result<Option<i32>> {
            Err(Error::new("maybe"))
        }
        async fn row(&self) -> Row {
            Row
        }
    }

    async fn check(query: &str, data: &str, errors: usize) {
        let schema =
            Schema::build(Query, EmptyMutation, EmptySubscription).extension(Propagated).finish();
        let response = schema.execute(query).await;
        assert_eq!(
            (response.data.to_string().as_str(), response.errors.len()),
            (data, errors),
            "{query}: {:?}",
            response.errors
        );
    }

    #[tokio::test]
    async fn what_failed_makes_null_of_the_nearest_that_may_be() {
        check("{ good }", "{good: 1}", 0).await;
        check("{ good bad }", "null", 1).await;
        check("{ good maybe }", "{good: 1, maybe: null}", 1).await;
        check("{ good row { good row { bad } } }", "null", 1).await;
        check(
            "{ good maybeRow { good row { good row { bad } } } }",
            "{good: 1, maybeRow: null}",
            1,
        )
        .await;
        check(
            "{ good maybeRow { good row { good maybe } } }",
            "{good: 1, maybeRow: {good: 1, row: {good: 1, maybe: null}}}",
            1,
        )
        .await;
        check("{ good rows { good row { bad } } }", "null", 2).await;
        check("{ good strictRows { good bad } }", "{good: 1, strictRows: null}", 2).await;
        check("{ good @skip(if: true) }", "{}", 0).await;
        check("{ __schema { queryType { name } } bad }", "null", 1).await;
    }

    #[test]
    fn no_list_has_items_that_may_be_null() {
        let sdl = crate::sdl();
        let items = sdl.split('[').skip(1).filter_map(|rest| rest.split_once(']'));
        for (item, _) in
            items.filter(|(item, _)| item.chars().all(|c| c.is_ascii_alphanumeric() || c == '!'))
        {
            assert!(item.ends_with('!'), "[{item}]");
        }
    }
}
