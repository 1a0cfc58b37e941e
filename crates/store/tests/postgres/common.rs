//! Databases with the tables of a ledger.

use super::server::{self, ADMIN, PASSWORD, Server};
use claimledger_facts::ids::TenantId;
use claimledger_store::postgres::{PostgresOptions, PostgresStore, Tls, migrate};
use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering},
};

/// The login of the nodes: it may write, and owns nothing.
pub(crate) const NODE: &str = "node";
/// The database that the others are copies of.
const TEMPLATE: &str = "ledger_template";

pub(crate) fn acme() -> TenantId {
    TenantId::from("acme")
}

/// Options of a login over the Unix socket.
pub(crate) fn options(server: &Server, login: &str, database: &str) -> PostgresOptions {
    PostgresOptions::new(&server.socket_url(login, database), None, &Tls::Disabled).unwrap()
}

/// Makes the tables and the login of the nodes.
pub(crate) async fn prepare(server: &Server, database: &str) {
    server.psql("postgres", &format!("CREATE DATABASE {database}"));
    migrate(&options(server, ADMIN, database)).await.unwrap();
    let login =
        format!("CREATE ROLE {NODE} LOGIN PASSWORD '{PASSWORD}' IN ROLE claimledger_writer");
    server.psql("postgres", &login);
}

/// The name of a new database of the shared server.
pub(crate) async fn database(server: &Server) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    static TEMPLATE_MADE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    // Copies of one template follow one another.
    static COPYING: Mutex<()> = Mutex::new(());
    TEMPLATE_MADE.get_or_init(|| prepare(server, TEMPLATE)).await;
    let name = format!("ledger_{}", COUNT.fetch_add(1, Ordering::SeqCst));
    let copying = COPYING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    server.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"));
    drop(copying);
    name
}

/// A node on a database.
pub(crate) async fn node(server: &Server, database: &str) -> PostgresStore {
    PostgresStore::connect(&options(server, NODE, database)).await.unwrap()
}

/// A node on a new database.
pub(crate) async fn fresh() -> PostgresStore {
    let server = server::shared();
    let database = database(server).await;
    node(server, &database).await
}
