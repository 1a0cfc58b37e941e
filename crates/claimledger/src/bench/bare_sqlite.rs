//! Bare SQLite through the same driver: one table, one index, plain JSON text, no hashing, no
//! sealing; durable all the same.

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
const INSERT_MANY: &str =
    "insert into event(session, body) select value ->> 0, value ->> 1 from json_each(?)";

async fn open(dir: &Path) -> Result<SqliteConnection> {
    open_file(&dir.join("yardstick")).await
}

async fn open_file(file: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::raw_sql(
        "create table event(position integer primary key, session text not null, body text not \
         null); create index event_session on event(session)",
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
    let (sender, mut receiver) =
        mpsc::channel::<((String, String), oneshot::Sender<()>)>(clients * 2);
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

/// One table that is filled and then asked.
pub(crate) struct Store(SqliteConnection);

/// What of a line is folded.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Folded<'a> {
    #[serde(borrow)]
    event_type: &'a str,
    #[serde(borrow)]
    published: &'a str,
    #[serde(borrow)]
    authentication_context: Session<'a>,
    outcome: Outcome<'a>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session<'a> {
    external_session_id: &'a str,
}

#[derive(serde::Deserialize)]
struct Outcome<'a> {
    result: &'a str,
}

/// A session's state, as far as the yardstick goes.
#[derive(Default)]
struct State {
    events: u64,
    allowed: u64,
    first: String,
    last: String,
    ended: bool,
}

impl Store {
    /// An empty one.
    pub(crate) async fn create(file: &Path) -> Result<Self> {
        Ok(Self(open_file(file).await?))
    }

    /// One that is there.
    pub(crate) async fn open(file: &Path) -> Result<Self> {
        Ok(Self(
            SqliteConnection::connect_with(
                &SqliteConnectOptions::new().filename(file).read_only(true),
            )
            .await?,
        ))
    }

    pub(crate) async fn write(&mut self, rows: &[(String, String)]) -> Result<()> {
        write(&mut self.0, rows).await
    }

    pub(crate) async fn close(self) -> Result<()> {
        Ok(self.0.close().await?)
    }

    /// A session's lines: one point read.
    pub(crate) async fn lines(&mut self, session: &str) -> Result<usize> {
        let rows = sqlx::query_scalar::<_, String>(
            "select body from event where session = ? order by position",
        )
        .bind(session)
        .fetch_all(&mut self.0)
        .await?;
        Ok(rows.len())
    }

    /// Scans System Log lines, parses what is needed of each, and folds them into the state of
    /// their sessions: how many sessions and events there are.
    pub(crate) async fn fold(&mut self) -> Result<(usize, u64)> {
        let mut sessions: std::collections::HashMap<String, State> =
            std::collections::HashMap::new();
        let mut after = 0_i64;
        loop {
            let query = sqlx::query_as::<_, (i64, String)>(
                "select position, body from event where position > ? order by position limit 5000",
            );
            let rows = query.bind(after).fetch_all(&mut self.0).await?;
            let Some((last, _)) = rows.last() else { break };
            after = *last;
            for (_, body) in &rows {
                let event: Folded<'_> = serde_json::from_str(body)?;
                let id = event.authentication_context.external_session_id;
                if !sessions.contains_key(id) {
                    sessions.insert(
                        id.to_owned(),
                        State { first: event.published.to_owned(), ..State::default() },
                    );
                }
                let Some(state) = sessions.get_mut(id) else { continue };
                state.events += 1;
                state.allowed += u64::from(event.outcome.result == "ALLOW");
                event.published.clone_into(&mut state.last);
                state.ended |= event.event_type == "user.session.end";
            }
        }
        let whole = sessions
            .values()
            .filter(|state| state.first <= state.last && (state.ended || state.allowed > 0))
            .map(|state| state.events)
            .sum();
        Ok((sessions.len(), whole))
    }
}

async fn write(connection: &mut SqliteConnection, rows: &[(String, String)]) -> Result<()> {
    let document = serde_json::to_string(rows)?;
    sqlx::query(INSERT_MANY).bind(document).execute(connection).await?;
    Ok(())
}
