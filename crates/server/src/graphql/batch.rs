//! Loads what several rows of an answer need with one question for all of them.

use async_graphql::Error;
use parking_lot::Mutex;
use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// How long keys are collected. Rows of one answer are resolved together, so most ask in the same
/// moment.
const COLLECTED_FOR: Duration = Duration::from_millis(1);

/// What can be loaded for many keys at once.
#[async_trait::async_trait]
pub(crate) trait Load: Send + Sync + 'static {
    /// What it is loaded by.
    type Key: Clone + Eq + Hash + Send + Sync;
    /// What is loaded.
    type Value: Clone + Send;

    /// Loads the values of these keys; one that has none is left out.
    async fn load(&self, keys: &[Self::Key]) -> Result<HashMap<Self::Key, Self::Value>, Error>;
}

type Loaded<L> = Result<Option<<L as Load>::Value>, Error>;
type Waiting<L> = HashMap<<L as Load>::Key, Vec<oneshot::Sender<Loaded<L>>>>;

/// A loader that collects keys. Nothing is cached.
pub(crate) struct Batched<L: Load>(Arc<Inner<L>>);

struct Inner<L: Load> {
    loader: L,
    waiting: Mutex<Waiting<L>>,
}

impl<L: Load> Batched<L> {
    /// Around a loader.
    pub(crate) fn new(loader: L) -> Self {
        Self(Arc::new(Inner { loader, waiting: Mutex::new(HashMap::new()) }))
    }

    /// The value of a key.
    ///
    /// # Errors
    /// What the loader said, to everyone who waited for it.
    pub(crate) async fn load_one(&self, key: L::Key) -> Loaded<L> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut waiting = self.0.waiting.lock();
            let is_first = waiting.is_empty();
            waiting.entry(key).or_default().push(sender);
            if is_first {
                tokio::spawn(load(Arc::clone(&self.0)));
            }
        }
        receiver
            .await
            .unwrap_or_else(|_| Err(Error::new("what several rows need could not be loaded")))
    }
}

async fn load<L: Load>(inner: Arc<Inner<L>>) {
    tokio::time::sleep(COLLECTED_FOR).await;
    let waiting = std::mem::take(&mut *inner.waiting.lock());
    let keys: Vec<L::Key> = waiting.keys().cloned().collect();
    let found = inner.loader.load(&keys).await;
    for (key, senders) in waiting {
        let value = match &found {
            Ok(found) => Ok(found.get(&key).cloned()),
            Err(error) => Err(error.clone()),
        };
        for sender in senders {
            // A caller that has gone needs no answer.
            let _ = sender.send(value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::futures_util::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    struct Squares {
        questions: Arc<AtomicUsize>,
    }

    #[async_trait::async_trait]
    impl Load for Squares {
        type Key = u32;
        type Value = u32;

        async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, u32>, Error> {
            self.questions.fetch_add(1, Ordering::Relaxed);
            if keys.contains(&13) {
                return Err(Error::new("unlucky"));
            }
            Ok(keys.iter().filter(|key| **key < 100).map(|key| (*key, key * key)).collect())
        }
    }

    #[tokio::test]
    async fn keys_are_loaded_together_and_each_caller_gets_its_own() {
        let squares = Squares::default();
        let questions = squares.questions.clone();
        let batched = Batched::new(squares);
        let found = join_all([3, 4, 3, 100].map(|key| batched.load_one(key))).await;
        assert_eq!(
            found.into_iter().map(Result::unwrap).collect::<Vec<_>>(),
            [Some(9), Some(16), Some(9), None]
        );
        assert_eq!(questions.load(Ordering::Relaxed), 1);
        assert_eq!(batched.load_one(5).await.unwrap(), Some(25));
        assert_eq!(questions.load(Ordering::Relaxed), 2);
        let failed = join_all([13, 4].map(|key| batched.load_one(key))).await;
        assert!(
            failed
                .iter()
                .all(|found| found.as_ref().is_err_and(|error| error.message == "unlucky"))
        );
    }
}
