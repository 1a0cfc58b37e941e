//! One check of a suite, with a name.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::Poll,
    time::{Duration, Instant},
};

/// One check. It begins when it is run.
pub struct Check<'a> {
    name: &'static str,
    run: Pin<Box<dyn Future<Output = ()> + 'a>>,
}

/// How a check ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The name of the check.
    pub name: &'static str,
    /// How long it ran.
    pub elapsed: Duration,
    /// What was violated, as the panic says it; none: the engine conforms.
    pub failure: Option<String>,
}

impl<'a> Check<'a> {
    /// A check, which fails by a panic.
    #[must_use]
    pub(super) fn new(name: &'static str, run: impl Future<Output = ()> + 'a) -> Self {
        Self { name, run: Box::pin(run) }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs it, and catches its panic. One that takes longer than `limit` has failed.
    pub async fn outcome(mut self, limit: Duration) -> Outcome {
        let began = Instant::now();
        // Nothing that was borrowed is looked at after a panic: the engine of the check is dropped.
        let caught = std::future::poll_fn(|cx| {
            match catch_unwind(AssertUnwindSafe(|| self.run.as_mut().poll(cx))) {
                Ok(poll) => poll.map(|()| None),
                Err(panic) => Poll::Ready(Some(message(panic.as_ref()))),
            }
        });
        let failure = tokio::time::timeout(limit, caught)
            .await
            .unwrap_or_else(|_| Some(format!("it did not end within {} s", limit.as_secs())));
        Outcome { name: self.name, elapsed: began.elapsed(), failure }
    }
}

/// Runs checks in order, and panics at the first violation.
pub(super) async fn run_all(checks: Vec<Check<'_>>) {
    for check in checks {
        check.run.await;
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "it panicked without a message".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_panic_is_the_outcome_of_its_check() {
        let check = Check::new("counts", async {
            tokio::task::yield_now().await;
            assert_eq!(1 + 1, 3, "two and {}", "one");
        });
        assert_eq!(check.name(), "counts");
        let outcome = check.outcome(LIMIT).await;
        assert!(outcome.failure.is_some_and(|what| what.contains("two and one")));
        let outcome = Check::new("fails", async { panic!("plain") }).outcome(LIMIT).await;
        assert_eq!(outcome.failure.as_deref(), Some("plain"));
        let outcome = Check::new("succeeds", async {}).outcome(LIMIT).await;
        assert_eq!((outcome.name, outcome.failure), ("succeeds", None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_does_not_end_has_failed() {
        let check = Check::new("waits", std::future::pending());
        let outcome = check.outcome(LIMIT).await;
        assert_eq!(outcome.failure.as_deref(), Some("it did not end within 60 s"));
    }

    #[tokio::test]
    #[should_panic(expected = "second")]
    async fn a_suite_stops_at_its_first_violation() {
        let check =
            |name, panics: bool| Check::new(name, async move { assert!(!panics, "{name}") });
        run_all(vec![check("first", false), check("second", true), check("third", true)]).await;
    }
}
