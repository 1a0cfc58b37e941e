//! `database`.

use crate::{
    cli::Format,
    settings::Settings,
    terminal::{print_json, print_text},
};
use anyhow::Result;
use claimledger_store::postgres;
use serde_json::json;

/// Makes or migrates the roles and tables.
pub(crate) async fn migrate(settings: &Settings) -> Result<()> {
    let database = settings.shared()?.database;
    postgres::migrate(&database).await?;
    let server = database.server();
    match settings.format {
        Format::Json => print_json(&json!({"database": server, "migrated": true})),
        Format::Text => print_text(&format!(
            "The database {server} has the tables of this version. Nodes log in as a member of \
             claimledger_writer: CREATE ROLE node LOGIN PASSWORD '…' IN ROLE claimledger_writer"
        )),
    }
    Ok(())
}
