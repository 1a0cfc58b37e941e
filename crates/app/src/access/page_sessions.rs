//! Signing in to the pages: one-time codes, and the sessions they open. In memory: a restart signs
//! everybody out, and nothing of it can leak from disk.

use crate::{access::tokens, model::question::Caller};
use claimledger_facts::record::Digest32;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How long a code can be redeemed.
pub const CODE_LIFETIME: Duration = Duration::from_secs(5 * 60);
/// How long a page session lasts.
pub const PAGE_SESSION_LIFETIME: Duration = Duration::from_secs(8 * 60 * 60);

/// More than this many at once, and the one that ends first gives way.
const MOST: usize = 10_000;

/// Codes and sessions, by the SHA-256 of what the browser holds.
#[derive(Default)]
pub(crate) struct PageSessions {
    codes: Mutex<Lapsing>,
    sessions: Mutex<Lapsing>,
}

impl PageSessions {
    /// Keeps a code for one use.
    pub(crate) fn add_code(&self, code: &str, caller: Caller) {
        lock(&self.codes).insert(code, caller, CODE_LIFETIME);
    }

    /// Takes a code: the second time there is none.
    pub(crate) fn redeem(&self, code: &str) -> Option<Caller> {
        lock(&self.codes).take(code)
    }

    /// Keeps a session.
    pub(crate) fn add_session(&self, value: &str, caller: Caller) {
        lock(&self.sessions).insert(value, caller, PAGE_SESSION_LIFETIME);
    }

    /// Whose session this is.
    pub(crate) fn caller(&self, value: &str) -> Option<Caller> {
        lock(&self.sessions).get(value)
    }

    /// Ends a session.
    pub(crate) fn end(&self, value: &str) {
        lock(&self.sessions).take(value);
    }

    /// Ends whatever rests on a credential that was taken back.
    pub(crate) fn forget(&self, caller_is: impl Fn(&Caller) -> bool) {
        lock(&self.codes).0.retain(|_, kept| !caller_is(&kept.caller));
        lock(&self.sessions).0.retain(|_, kept| !caller_is(&kept.caller));
    }
}

#[derive(Default)]
struct Lapsing(HashMap<Digest32, Kept>);

struct Kept {
    caller: Caller,
    until: Instant,
}

impl Lapsing {
    fn insert(&mut self, secret: &str, caller: Caller, lifetime: Duration) {
        let now = Instant::now();
        if self.0.len() >= MOST {
            self.0.retain(|_, kept| kept.until > now);
        }
        if self.0.len() >= MOST
            && let Some(first) =
                self.0.iter().min_by_key(|(_, kept)| kept.until).map(|(key, _)| *key)
        {
            self.0.remove(&first);
        }
        self.0.insert(tokens::sha256(secret.as_bytes()), Kept { caller, until: now + lifetime });
    }

    fn get(&self, secret: &str) -> Option<Caller> {
        let kept = self.0.get(&tokens::sha256(secret.as_bytes()))?;
        (kept.until > Instant::now()).then(|| kept.caller.clone())
    }

    fn take(&mut self, secret: &str) -> Option<Caller> {
        let kept = self.0.remove(&tokens::sha256(secret.as_bytes()))?;
        (kept.until > Instant::now()).then_some(kept.caller)
    }
}

/// A panic elsewhere leaves these maps whole: every change is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use claimledger_facts::{ids::TenantId, vocabulary::Role};

    fn caller(credential: &str) -> Caller {
        Caller {
            tenant: TenantId::new("acme"),
            credential: credential.to_owned(),
            roles: vec![Role::Read],
            source: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_works_once_and_not_after_five_minutes() {
        let pages = PageSessions::default();
        pages.add_code("a", caller("c1"));
        assert_eq!(pages.redeem("b"), None);
        assert_eq!(pages.redeem("a"), Some(caller("c1")));
        assert_eq!(pages.redeem("a"), None);
        pages.add_code("a", caller("c1"));
        tokio::time::advance(CODE_LIFETIME).await;
        assert_eq!(pages.redeem("a"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_lasts_eight_hours_or_until_its_credential_goes() {
        let pages = PageSessions::default();
        pages.add_session("x", caller("c1"));
        pages.add_session("y", caller("c2"));
        tokio::time::advance(PAGE_SESSION_LIFETIME - Duration::from_secs(1)).await;
        assert_eq!(pages.caller("x"), Some(caller("c1")));
        pages.forget(|c| c.credential == "c1");
        assert_eq!(pages.caller("x"), None);
        assert_eq!(pages.caller("y"), Some(caller("c2")));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(pages.caller("y"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_to_end_gives_way() {
        let pages = PageSessions::default();
        pages.add_session("first", caller("c"));
        tokio::time::advance(Duration::from_secs(1)).await;
        for n in 0..MOST {
            pages.add_session(&n.to_string(), caller("c"));
        }
        assert_eq!(pages.caller("first"), None);
        assert!(pages.caller("0").is_some());
    }
}
