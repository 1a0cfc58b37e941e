//! Bare PostgreSQL through the same driver: one table, one index, plain JSON text, no hashing, no
//! sealing; durable as the server is configured.

use super::corpus;
use anyhow::Result;
use claimledger_store::postgres::PostgresOptions;
use sqlx::{Connection, Executor, PgConnection};
use std::time::Instant;

const TABLE: &str = "CREATE TABLE event (position bigint GENERATED ALWAYS AS IDENTITY, \
                     session text NOT NULL, body text NOT NULL); \
                     CREATE INDEX event_session ON event (session)";
const INSERT: &str = "INSERT INTO event (session, body) VALUES ($1, $2)";

/// What one run gave.
pub(crate) struct Run {
    /// Acknowledged events a second.
    pub(crate) rate: f64,
    /// Bytes on disk an event, of the table with its index.
    pub(crate) bytes: f64,
}

/// Many clients, each with a connection of its own, one event an `INSERT`, each `INSERT` a
/// transaction; into an empty database.
pub(crate) async fn clients(
    database: &PostgresOptions,
    events: usize,
    clients: usize,
) -> Result<Run> {
    let options = database.plain_connection().application_name("claimledger bench");
    let mut admin = PgConnection::connect_with(&options).await?;
    admin.execute(TABLE).await?;
    let mut connections = Vec::with_capacity(clients);
    for first in 0..clients {
        let mut connection = PgConnection::connect_with(&options).await?;
        connection.prepare(sqlx::SqlStr::from_static(INSERT)).await?;
        let rows = (first..events)
            .step_by(clients)
            .map(|n| Ok((corpus::session(n), String::from_utf8(corpus::line(n))?)))
            .collect::<Result<Vec<_>>>()?;
        connections.push((connection, rows));
    }
    let began = Instant::now();
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|(mut connection, rows)| {
            tokio::spawn(async move {
                for (session, body) in &rows {
                    sqlx::query(INSERT).bind(session).bind(body).execute(&mut connection).await?;
                }
                Ok::<_, sqlx::Error>(connection)
            })
        })
        .collect();
    let mut connections = Vec::with_capacity(clients);
    for task in tasks {
        connections.push(task.await??);
    }
    let rate = events as f64 / began.elapsed().as_secs_f64();
    let bytes: i64 =
        sqlx::query_scalar("SELECT pg_total_relation_size('event')").fetch_one(&mut admin).await?;
    for connection in connections.into_iter().chain([admin]) {
        connection.close().await?;
    }
    Ok(Run { rate, bytes: bytes as f64 / events as f64 })
}
