//! Sign-in to the pages: one-time codes, and the sessions they open. Kept in memory: a restart
//! signs everyone out, and nothing can leak from disk.

use crate::{
    access::tokens,
    model::{
        access::{Reason, Request},
        question::Caller,
    },
};
use claimledger_facts::{ids::TenantId, record::Digest32, vocabulary::Surface};
use parking_lot::Mutex;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// Lifetime of a sign-in code.
pub const CODE_LIFETIME: Duration = Duration::from_secs(5 * 60);
/// Lifetime of a page session.
pub const PAGE_SESSION_LIFETIME: Duration = Duration::from_secs(8 * 60 * 60);

/// Maximum codes, and maximum sessions. Beyond it the entry that expires first is removed.
const MAX_ENTRIES: usize = 10_000;

/// Codes and sessions, by the SHA-256 of the secret in the browser.
#[derive(Default)]
pub(crate) struct PageSessions {
    codes: Mutex<ExpiringMap>,
    sessions: Mutex<ExpiringMap>,
}

impl PageSessions {
    /// Adds a code.
    pub(crate) fn add_code(&self, code: &str, caller: Caller) {
        self.codes.lock().insert(code, caller, CODE_LIFETIME);
    }

    /// Redeems a code; each works once.
    pub(crate) fn redeem(&self, code: &str) -> Option<Caller> {
        self.codes.lock().take(code)
    }

    /// Adds a session.
    pub(crate) fn add_session(&self, value: &str, caller: Caller) {
        self.sessions.lock().insert(value, caller, PAGE_SESSION_LIFETIME);
    }

    /// The caller of a session.
    pub(crate) fn caller(&self, value: &str) -> Option<Caller> {
        self.sessions.lock().get(value)
    }

    /// States for what reason the reader of a session reads.
    pub(crate) fn state_reason(&self, value: &str, reason: Reason) {
        if let Some(entry) = self.sessions.lock().0.get_mut(&tokens::sha256(value.as_bytes())) {
            let request = Request::in_parts(Surface::Page, reason);
            entry.caller = entry.caller.clone().with_request(request);
        }
    }

    /// Ends a session.
    pub(crate) fn end(&self, value: &str) {
        self.sessions.lock().take(value);
    }

    /// The credentials of sessions and codes, with their tenants.
    pub(crate) fn credentials(&self) -> Vec<(TenantId, String)> {
        let now = Instant::now();
        let mut all = Vec::new();
        for map in [&self.codes, &self.sessions] {
            let map = map.lock();
            let valid = map.0.values().filter(|entry| entry.until > now);
            all.extend(
                valid.map(|Expiring { caller, .. }| {
                    (caller.tenant.clone(), caller.credential.clone())
                }),
            );
        }
        all
    }

    /// Ends the sessions and codes of a revoked credential.
    pub(crate) fn forget(&self, caller_is: impl Fn(&Caller) -> bool) {
        self.codes.lock().0.retain(|_, entry| !caller_is(&entry.caller));
        self.sessions.lock().0.retain(|_, entry| !caller_is(&entry.caller));
    }
}

#[derive(Default)]
struct ExpiringMap(HashMap<Digest32, Expiring>);

struct Expiring {
    caller: Caller,
    until: Instant,
}

impl ExpiringMap {
    fn insert(&mut self, secret: &str, caller: Caller, lifetime: Duration) {
        let now = Instant::now();
        if self.0.len() >= MAX_ENTRIES {
            self.0.retain(|_, entry| entry.until > now);
        }
        if self.0.len() >= MAX_ENTRIES
            && let Some(first) =
                self.0.iter().min_by_key(|(_, entry)| entry.until).map(|(key, _)| *key)
        {
            self.0.remove(&first);
        }
        self.0
            .insert(tokens::sha256(secret.as_bytes()), Expiring { caller, until: now + lifetime });
    }

    fn get(&self, secret: &str) -> Option<Caller> {
        let entry = self.0.get(&tokens::sha256(secret.as_bytes()))?;
        (entry.until > Instant::now()).then(|| entry.caller.clone())
    }

    fn take(&mut self, secret: &str) -> Option<Caller> {
        let entry = self.0.remove(&tokens::sha256(secret.as_bytes()))?;
        (entry.until > Instant::now()).then_some(entry.caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::access::Requested;
    use claimledger_facts::vocabulary::Role;

    fn caller(credential: &str) -> Caller {
        Caller {
            tenant: TenantId::new("acme"),
            credential: credential.to_owned(),
            roles: vec![Role::Read],
            source: None,
            request: Requested::default(),
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
    async fn the_first_to_expire_is_evicted() {
        let pages = PageSessions::default();
        pages.add_session("first", caller("c"));
        tokio::time::advance(Duration::from_secs(1)).await;
        for n in 0..MAX_ENTRIES {
            pages.add_session(&n.to_string(), caller("c"));
        }
        assert_eq!(pages.caller("first"), None);
        assert!(pages.caller("0").is_some());
    }
}
