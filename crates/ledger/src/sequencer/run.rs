//! The sequencer's task: one append in progress while the next group fills.

use super::{Job, decide::Group, state::State, turns::Turns};
use crate::{
    append::{Receipt, SequencerError},
    log::{AppendFailure, LogError, MAX_APPEND_ENTRIES},
    unknown_outcome::append,
};
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId, SessionId},
    record::Digest32,
};
use std::{
    collections::VecDeque, error::Error, fmt, future::Future, pin::Pin, sync::Arc, time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// Maximum decisions of a request that lost to other writers, before it fails.
const MAX_LOST: u32 = 100;

type Written = Result<(), AppendFailure>;

/// An append in progress, and the answers that depend on it.
struct Flight {
    outcome: Pin<Box<dyn Future<Output = Written> + Send>>,
    rows: Vec<(RecordId, Vec<SessionId>)>,
    answers: Vec<(Job, Result<Vec<Receipt>, SequencerError>)>,
    /// The leaf of the last record, if there is one.
    last: Option<Digest32>,
    /// When the append begins, after a pause.
    begins: Instant,
}

pub(crate) async fn run(mut state: State, mut waiting: mpsc::Receiver<Job>) {
    let mut queue = VecDeque::new();
    let mut gathering = Group::default();
    let mut flight: Option<Flight> = None;
    let mut turns = Turns::new(state.config.nodes);
    loop {
        if queue.is_empty() && gathering.is_empty() && flight.is_none() {
            turns.is_idle();
            match waiting.recv().await {
                Some(job) => queue.push_back(job),
                None => return,
            }
        }
        while queue.len() < MAX_APPEND_ENTRIES
            && let Ok(job) = waiting.try_recv()
        {
            queue.push_back(job);
        }
        if !state.caught_up && flight.is_none() {
            let pause = turns.pause_before_retry(queue.front().and_then(first_id));
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            if let Err(error) = state.catch_up().await {
                let error = Shared::of(error);
                queue.drain(..).for_each(|job| reply(job, Err(error.to_log_error().into())));
                continue;
            }
        }
        while state.caught_up
            && let Some(job) = queue.pop_front()
        {
            if !gathering.has_room_for(&job) {
                queue.push_front(job);
                break;
            }
            if let Some(job) = state.decide(job, &mut gathering).await {
                queue.push_front(job);
                break;
            }
        }
        if flight.is_none() && !gathering.is_empty() {
            flight = Some(launch(&state, &mut turns, std::mem::take(&mut gathering)));
        }
        let Some(Flight { outcome, .. }) = &mut flight else { continue };
        tokio::select! {
            biased;
            written = outcome => {
                if let Some(flight) = flight.take() {
                    match &written {
                        Ok(()) if flight.rows.is_empty() => {}
                        Ok(()) => turns.has_won(flight.begins.elapsed()),
                        Err(AppendFailure::Conflict { .. }) => turns.has_lost(Instant::now()),
                        Err(AppendFailure::Log(_)) => {}
                    }
                    land(&mut state, flight, written, &mut gathering, &mut queue);
                }
            }
            Some(job) = waiting.recv(), if queue.is_empty() => queue.push_back(job),
        }
    }
}

/// Starts the append of a group. A group that writes nothing waits its turn too, because its
/// answers may name records that are not durable yet.
fn launch(state: &State, turns: &mut Turns, group: Group) -> Flight {
    let Group { entries, rows, answers, rests_on_head, .. } = group;
    let (log, tenant) = (Arc::clone(&state.config.log), state.config.tenant.clone());
    let expected = LogSize(state.durable());
    let seed = entries.first().map(|entry| entry.header.id);
    let last = entries.last().map(|entry| entry.header.leaf);
    let pause = match entries.is_empty() {
        true => Duration::ZERO,
        false => turns.pause_before_append(Instant::now(), seed),
    };
    let outcome: Pin<Box<dyn Future<Output = Written> + Send>> = if !entries.is_empty() {
        Box::pin(async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
                // Another writer took its turn: the entries need not be sent to learn that.
                let size = log.head(&tenant).await?;
                if size != expected {
                    return Err(AppendFailure::Conflict { size });
                }
            }
            append(&*log, &tenant, expected, &entries).await
        })
    } else if rests_on_head {
        Box::pin(async move {
            let size = log.head(&tenant).await?;
            if size == expected { Ok(()) } else { Err(AppendFailure::Conflict { size }) }
        })
    } else {
        Box::pin(std::future::ready(Ok(())))
    };
    Flight { outcome, rows, answers, last, begins: Instant::now() + pause }
}

fn land(
    state: &mut State,
    flight: Flight,
    written: Written,
    gathering: &mut Group,
    queue: &mut VecDeque<Job>,
) {
    let Flight { rows, answers, last, .. } = flight;
    let error = match written {
        Ok(()) => {
            state.settle(rows, last);
            answers.into_iter().for_each(|(job, answer)| reply(job, answer));
            return;
        }
        Err(error) => error,
    };
    // The next group was decided on top of the failed append. Its requests wait again, behind those
    // of the failed one.
    let gathered = std::mem::take(gathering);
    gathered.answers.into_iter().rev().for_each(|(job, _)| queue.push_front(job));
    state.forget_pending();
    state.caught_up = false;
    match error {
        AppendFailure::Conflict { size } => {
            for (mut job, _) in answers.into_iter().rev() {
                job.lost += 1;
                if job.lost < MAX_LOST {
                    queue.push_front(job);
                } else {
                    let reason = format!(
                        "other writers were first {MAX_LOST} times; the log has {} records",
                        size.0
                    );
                    reply(job, Err(LogError::unavailable(reason).into()));
                }
            }
        }
        AppendFailure::Log(error) => {
            let error = Shared::of(error);
            answers.into_iter().for_each(|(job, _)| reply(job, Err(error.to_log_error().into())));
        }
    }
}

fn first_id(job: &Job) -> Option<RecordId> {
    job.request.records.first().map(|record| record.header.id)
}

fn reply(job: Job, answer: Result<Vec<Receipt>, SequencerError>) {
    // The caller may have stopped waiting; the records are written nevertheless.
    let _ = job.reply.send(answer);
}

/// One error for all requests that wait for the same append.
enum Shared {
    Unavailable { reason: String, source: Option<SharedSource> },
    Stopped { why: String, source: Option<SharedSource> },
    Corrupt { position: LogPosition, what: String },
    Damaged { file: String, place: String, what: String },
    TooLarge,
}

impl Shared {
    fn of(error: LogError) -> Self {
        match error {
            LogError::Unavailable { reason, source } => Self::Unavailable {
                reason,
                source: source.map(|source| SharedSource(source.into())),
            },
            LogError::Stopped { why, source } => {
                Self::Stopped { why, source: source.map(|source| SharedSource(source.into())) }
            }
            LogError::Corrupt { position, what } => Self::Corrupt { position, what },
            LogError::Damaged { file, place, what } => Self::Damaged { file, place, what },
            LogError::TooLarge => Self::TooLarge,
        }
    }

    fn to_log_error(&self) -> LogError {
        match self {
            Self::Unavailable { reason, source } => LogError::Unavailable {
                reason: reason.clone(),
                source: source.clone().map(|source| Box::new(source) as _),
            },
            Self::Stopped { why, source } => LogError::Stopped {
                why: why.clone(),
                source: source.clone().map(|source| Box::new(source) as _),
            },
            Self::Corrupt { position, what } => {
                LogError::Corrupt { position: *position, what: what.clone() }
            }
            Self::Damaged { file, place, what } => LogError::damaged(file, place, what),
            Self::TooLarge => LogError::TooLarge,
        }
    }
}

#[derive(Clone, Debug)]
struct SharedSource(Arc<dyn Error + Send + Sync>);

impl fmt::Display for SharedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for SharedSource {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
