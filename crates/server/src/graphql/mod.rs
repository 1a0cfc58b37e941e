//! GraphQL: the schema, and what is refused before it runs.
//!
//! A request is read (`body`), its document parsed within a bound on nesting (`document`), measured
//! (`limits`), then validated and costed by the library, and only then run. What failed makes null
//! of what may be null around it (`nulls`). No answer is ever trimmed.

pub(crate) mod answers;
pub(crate) mod batch;
pub(crate) mod document;
pub(crate) mod errors;
pub(crate) mod evidence;
pub(crate) mod limits;
pub(crate) mod loaders;
mod mirror;
mod nulls;
pub(crate) mod query;
mod recorded;
pub(crate) mod scalars;
mod sdl;
pub(crate) mod subscription;
pub(crate) mod types;

use crate::options::ServerOptions;
use async_graphql::{
    EmptyMutation, Request, Response, Schema, ServerError, Variables,
    futures_util::{
        StreamExt,
        stream::{self, BoxStream},
    },
    parser::types::ExecutableDocument,
};
use claimledger_app::{
    Opened,
    app::App,
    model::{
        access,
        question::{AskError, Asking, Caller},
    },
};
use claimledger_facts::{
    ids::{LogPosition, SessionId, TenantId},
    vocabulary::Surface,
};
use evidence::{Evidence, NotMade, question::Question};
use limits::Limits;
pub(crate) use sdl::sdl;
use std::sync::Arc;
use subscription::Subscription;

/// The schema.
pub(crate) type LedgerSchema = Schema<query::Query, EmptyMutation, Subscription>;

/// Who asks, and of which ledger: one a request.
pub(crate) struct Asker {
    /// The ledger.
    pub app: App,
    /// The holder of the credential.
    pub caller: Caller,
    /// Wait until this position is in the read models.
    pub after: Option<LogPosition>,
}

/// Builds the schema with its limits on.
pub(crate) fn schema(options: &ServerOptions) -> LedgerSchema {
    let builder = sdl::builder()
        .limit_recursive_depth(limits::MAX_NESTING)
        .disable_suggestions()
        .extension(nulls::Propagated)
        .extension(limits::Costed { limit: options.max_cost });
    let builder = if options.introspection { builder } else { builder.disable_introspection() };
    builder.finish()
}

/// Measures a request, and runs it if it is within the limits.
pub(crate) async fn run(
    schema: &LedgerSchema,
    asker: Asker,
    request: Request,
    limits: Limits,
) -> Response {
    run_prepared(schema, asker, request, limits, |_, _| Ok(())).await
}

/// The same, with the document changed after it was measured.
pub(crate) async fn run_prepared(
    schema: &LedgerSchema,
    asker: Asker,
    request: Request,
    limits: Limits,
    prepare: impl FnOnce(&mut ExecutableDocument, &mut Variables) -> Result<(), ServerError>,
) -> Response {
    let (app, tenant) = (asker.app.clone(), asker.caller.tenant.clone());
    let response = match measured(asker, request, limits, prepare) {
        Ok(request) => errors::coded(schema.execute(request).await),
        Err(error) => errors::coded(Response::from_errors(vec![error])),
    };
    notice(&app, &tenant, &response).await;
    response
}

/// Has the ledger take note of damage that an answer met.
async fn notice(app: &App, tenant: &TenantId, response: &Response) {
    for damage in response.errors.iter().filter_map(errors::damage) {
        app.damage_seen(tenant, &damage).await;
    }
}

/// Measures a subscription, and begins it if it is within the limits. The cost is that of one
/// change.
///
/// # Errors
/// The refusal, before anything of it has run.
pub(crate) fn subscribe(
    schema: &LedgerSchema,
    asker: Asker,
    request: Request,
    limits: Limits,
) -> Result<BoxStream<'static, Response>, Box<ServerError>> {
    let (app, tenant) = (asker.app.clone(), asker.caller.tenant.clone());
    let measured = measured(asker, request, limits, |document, _| subscription::check(document))
        .map_err(|error| Box::new(errors::with_code(error)))?;
    let noticed = move |response: Response| {
        let (app, tenant) = (app.clone(), tenant.clone());
        async move {
            notice(&app, &tenant, &response).await;
            response
        }
    };
    Ok(schema.execute_stream(measured).map(errors::coded).then(noticed).boxed())
}

fn measured(
    asker: Asker,
    mut request: Request,
    limits: Limits,
    prepare: impl FnOnce(&mut ExecutableDocument, &mut Variables) -> Result<(), ServerError>,
) -> Result<Request, ServerError> {
    let mut document = document::read(&request.query)?;
    limits::check(&document, &request.variables, limits)?;
    prepare(&mut document, &mut request.variables)?;
    if let Some(asked) = asker.caller.request() {
        asked.state_parameters(recorded::parameters(&document, &request.variables));
    }
    request.set_parsed_query(document);
    let labels = loaders::Labels::of(asker.app.clone(), asker.caller.clone());
    Ok(request.data(asker).data(labels).data(limits))
}

pub(crate) const UNLIMITED: Limits = Limits { max_cost: u64::MAX, introspection: true };

/// Answers questions of the process that owns the ledger: the same schema, without a limit on cost.
pub struct Executor {
    app: App,
    schema: LedgerSchema,
}

impl Executor {
    /// Over a ledger.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self {
            app,
            schema: schema(&ServerOptions { max_cost: u64::MAX, ..ServerOptions::default() }),
        }
    }

    /// Runs one operation as this caller. The answer is a GraphQL response as JSON: `data`, and
    /// `errors` if there are some.
    pub async fn execute(
        &self,
        caller: &Caller,
        document: &str,
        variables: serde_json::Value,
    ) -> serde_json::Value {
        let (asked, caller) = gathering(caller);
        let (asker, request) = self.request(&caller, document, variables);
        let mut response = run(&self.schema, asker, request, UNLIMITED).await;
        // Written before anything is given out.
        if let Err(error) = self.app.record_request(&asked).await {
            let refused = errors::refused("UNAVAILABLE", errors::log(&error), &[]);
            response = Response::from_errors(vec![refused]);
        }
        // A response is JSON by construction.
        serde_json::to_value(response).unwrap_or_default()
    }

    /// Begins a subscription as this caller.
    #[must_use]
    pub fn subscribe(
        &self,
        caller: &Caller,
        document: &str,
        variables: serde_json::Value,
    ) -> ChangeStream {
        let (asker, request) = self.request(caller, document, variables);
        ChangeStream(subscribe(&self.schema, asker, request, UNLIMITED).unwrap_or_else(|error| {
            let refused = Response::from_errors(vec![*error]);
            stream::once(async { refused }).boxed()
        }))
    }

    /// The same with a receipt: what the answer was, at which T and K. Fails like
    /// [`Self::execute`], with `errors`.
    pub async fn receipt(
        &self,
        caller: &Caller,
        document: &str,
        variables: serde_json::Value,
    ) -> serde_json::Value {
        let question = Question { document: document.to_owned(), variables };
        let (asked, caller) = gathering(caller);
        let made = self.evidence(&caller).receipt(&question).await;
        self.recorded(&asked, made).await
    }

    /// Whether a receipt is this ledger's, and its question still gets the same answer.
    pub async fn check_receipt(&self, caller: &Caller, file: &[u8]) -> serde_json::Value {
        let (asked, caller) = gathering(caller);
        let made = self.evidence(&caller).check(file).await;
        self.recorded(&asked, made).await
    }

    /// The evidence pack of a session.
    pub async fn evidence_pack(
        &self,
        caller: &Caller,
        session: &SessionId,
        asking: &Asking,
        opened: Opened,
    ) -> serde_json::Value {
        let (asked, caller) = gathering(caller);
        let made = self.evidence(&caller).pack(session, asking, opened).await;
        self.recorded(&asked, made).await
    }

    /// What was made, once what it discloses is recorded; or `errors`.
    async fn recorded(
        &self,
        asked: &access::Request,
        made: Result<impl serde::Serialize, NotMade>,
    ) -> serde_json::Value {
        let made = match self.app.record_request(asked).await {
            Ok(()) => made,
            Err(error) => Err(NotMade::from(AskError::from(error))),
        };
        json(made)
    }

    fn evidence<'e>(&'e self, caller: &'e Caller) -> Evidence<'e> {
        Evidence { app: &self.app, schema: &self.schema, caller, limits: UNLIMITED }
    }

    fn request(
        &self,
        caller: &Caller,
        document: &str,
        variables: serde_json::Value,
    ) -> (Asker, Request) {
        let asker = Asker { app: self.app.clone(), caller: caller.clone(), after: None };
        (asker, Request::new(document).variables(async_graphql::Variables::from_json(variables)))
    }
}

/// A request of its own of this caller, and the caller with it.
fn gathering(caller: &Caller) -> (Arc<access::Request>, Caller) {
    let asked = match caller.request() {
        Some(request) => request.beside(),
        None => access::Request::gathering(Surface::Cli, access::Reason::default()),
    };
    let caller = caller.clone().with_request(Arc::clone(&asked));
    (asked, caller)
}

/// What was made, or `errors`.
fn json(made: Result<impl serde::Serialize, NotMade>) -> serde_json::Value {
    match made {
        // What was made is JSON by construction.
        Ok(made) => serde_json::to_value(made).unwrap_or_default(),
        Err(NotMade(errors)) => serde_json::json!({"errors": errors}),
    }
}

/// The changes that a subscription of the owner tells.
pub struct ChangeStream(BoxStream<'static, Response>);

impl ChangeStream {
    /// The next one, as a GraphQL response in JSON; none: there will be no more.
    pub async fn next(&mut self) -> Option<serde_json::Value> {
        let response = self.0.next().await?;
        // A response is JSON by construction.
        Some(serde_json::to_value(response).unwrap_or_default())
    }
}
