//! Bare SQLite through the same driver: one table, one index, plain JSON text, no hashing, no sealing; durable all the same.

use super::corpus;
use anyhow::Result;
use sqlx::{
    Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

const INSERT_ONE: &str = "insert into event(session, body) values (?, ?)";
/// The quickest way found to hand this driver many rows: one statement, one bound document.
const INSERT_MANY: &str = "insert into event(session, body) select value ->> 0, value ->> 1 from json_each(?)";

async fn open(dir: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(dir.join("yardstick"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::raw_sql(
        "create table event(position integer primary key, session text not null, body text not null); create index event_session on event(session)",
    )
    .execute(&mut connection)
    .await?;
    Ok(connection)
}

fn row(n: usize) -> Result<(String, String)> {
    Ok((corpus::session(n), String::from_utf8(corpus::line(n))?))
}

/// One client, one event a transaction: events a second.
pub(crate) async fn one_at_a_time(dir: &Path, events: usize) -> Result<f64> {
    let mut connection = open(dir).await?;
    let rows = (0..events).map(row).collect::<Result<Vec<_>>>()?;
    let began = Instant::now();
    for (session, body) in &rows {
        sqlx::query(INSERT_ONE).bind(session).bind(body).execute(&mut connection).await?;
    }
    let rate = events as f64 / began.elapsed().as_secs_f64();
    connection.close().await?;
    Ok(rate)
}

/// Requests of many events, each one transaction: events a second.
pub(crate) async fn batches(dir: &Path, events: usize, size: usize) -> Result<f64> {
    let mut connection = open(dir).await?;
    let mut spent = Duration::ZERO;
    for first in (0..events).step_by(size) {
        let rows = (first..events.min(first + size)).map(row).collect::<Result<Vec<_>>>()?;
        let began = Instant::now();
        write(&mut connection, &rows).await?;
        spent += began.elapsed();
    }
    connection.close().await?;
    Ok(events as f64 / spent.as_secs_f64())
}

/// The same as most would write it: a loop over one prepared statement inside a transaction.
pub(crate) async fn batches_in_a_loop(dir: &Path, events: usize, size: usize) -> Result<f64> {
    let mut connection = open(dir).await?;
    let mut spent = Duration::ZERO;
    for first in (0..events).step_by(size) {
        let rows = (first..events.min(first + size)).map(row).collect::<Result<Vec<_>>>()?;
        let began = Instant::now();
        let mut transaction = connection.begin().await?;
        for (session, body) in &rows {
            sqlx::query(INSERT_ONE).bind(session).bind(body).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        spent += began.elapsed();
    }
    connection.close().await?;
    Ok(events as f64 / spent.as_secs_f64())
}

/// Many clients, one event a request, one writer that commits whatever waits: events a second.
pub(crate) async fn clients(dir: &Path, events: usize, clients: usize) -> Result<f64> {
    let mut connection = open(dir).await?;
    let (sender, mut receiver) = mpsc::channel::<((String, String), oneshot::Sender<()>)>(clients * 2);
    let writer = tokio::spawn(async move {
        while let Some(first) = receiver.recv().await {
            let mut waiting = vec![first];
            while waiting.len() < 500 {
                let Ok(more) = receiver.try_recv() else { break };
                waiting.push(more);
            }
            let (rows, answers): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
            write(&mut connection, &rows).await?;
            for answer in answers {
                let _ = answer.send(());
            }
        }
        connection.close().await?;
        anyhow::Ok(())
    });
    let mut rows: Vec<Vec<(String, String)>> = vec![Vec::new(); clients];
    for n in 0..events {
        rows[n % clients].push(row(n)?);
    }
    let began = Instant::now();
    let tasks: Vec<_> = rows
        .into_iter()
        .map(|rows| {
            let sender = sender.clone();
            tokio::spawn(async move {
                for row in rows {
                    let (answer, done) = oneshot::channel();
                    if sender.send((row, answer)).await.is_err() || done.await.is_err() {
                        break;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await?;
    }
    let rate = events as f64 / began.elapsed().as_secs_f64();
    drop(sender);
    writer.await??;
    Ok(rate)
}

async fn write(connection: &mut SqliteConnection, rows: &[(String, String)]) -> Result<()> {
    let document = serde_json::to_string(rows)?;
    sqlx::query(INSERT_MANY).bind(document).execute(connection).await?;
    Ok(())
}
