//! Sessions of an organisation that trusts four IdPs, as native facts: what questions are measured
//! on.
//!
//! As in a real log, sessions run beside each other (a thousand at a time), forty facts a second.
//! One session in ten rests on the key [`HOT`] of [`HOT_IDP`], the others on eight other keys; one
//! person in ten sessions.
//!
//! Where it is asked for, about one session in a thousand is odd in each of four ways: it outlived
//! its IdP session, a decision differs from what the rules say, one was falsified by a loss that
//! was stated later, or its claim was signed by a key that is retracted at the end of the log.

use serde_json::{Value, json};

/// The IdP of [`HOT`].
pub(crate) const HOT_IDP: &str = "idp-0";
/// The key that signed the claims of one session in ten.
pub(crate) const HOT: &str = "k-hot";
/// The IdP and the key that are retracted: the key signed the claims of one session in twenty.
pub(crate) const RETRACTED: (&str, &str) = ("idp-1", "k-3");
/// The retraction is of claims in the last of this number of parts of the log, and at least of
/// those in the last block of concurrent sessions.
const PARTS: usize = 50;
/// One session in this number outlives its IdP session, and one has a decision that differs.
const ODD: usize = 1_000;
/// One session in this number is that of a person who loses an authenticator: most of the person's
/// ten sessions are open then.
const LOST: usize = 10_000;
/// Sessions that are open at the same time.
const CONCURRENT_SESSIONS: usize = 1_000;
/// Which of a session's facts its decision is.
const DECISION: usize = 2;
/// Facts a second.
const FACTS_PER_SECOND: usize = 40;

/// A number of sessions with a number of facts each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sessions {
    pub(crate) count: usize,
    /// At least 4: start, claim, decision, end; what is more are accesses.
    pub(crate) each: usize,
}

impl Sessions {
    /// What stands before the sessions.
    pub(crate) fn configuration() -> Vec<Value> {
        let at = "2026-01-01T00:00:00Z";
        let fact = |id: String, kind: &str, data: Value| {
            json!({"id": id, "type": kind,
            "occurred_at": at, "data": data})
        };
        let mut all = vec![fact(
            "org".into(),
            "org.configured",
            json!({"engine": "identity_engine", "claims_sharing": true,
                "third_party_claims_sharing": true}),
        )];
        for idp in 0..4 {
            let name = format!("idp-{idp}");
            all.push(fact(
                format!("{name}-v1"),
                "idp.configured",
                json!({"idp": name, "version": "v1", "kind": "third_party", "status": "active",
                    "trust_claims": true, "map_amr_claims": false,
                       "protocol": "oidc", "app": "oidc", "usage": "sso", "actor": "admin-1"}),
            ));
            let keys = if idp == 0 {
                vec![HOT.to_owned()]
            } else {
                (0..8).map(|key| format!("k-{key}")).collect()
            };
            for key in keys {
                all.push(fact(
                    format!("{name}-{key}"),
                    "idp.key_added",
                    json!({"idp": name, "key": key, "actor": "admin-1"}),
                ));
            }
        }
        let rule = json!({"rule": "payroll-1", "priority": 1, "access": "allow",
            "factor_mode": "2fa", "alternatives": [{"possession": {"phishing_resistant": true}}]});
        all.push(fact(
            "payroll-v1".into(),
            "policy.configured",
            json!({"policy": "payroll", "version": "v1", "kind": "app_sign_in", "apps": ["payroll"],
                "rules": [rule], "actor": "admin-1"}),
        ));
        all
    }

    /// How many facts they have.
    pub(crate) fn facts(self) -> usize {
        self.count * self.each
    }

    /// The number of a fact, when there were more sessions, from which on all facts are of others
    /// than these.
    pub(crate) fn past_the_end(self) -> usize {
        self.count.next_multiple_of(CONCURRENT_SESSIONS) * self.each
    }

    /// The session of a fact, and which of its facts it is.
    fn place(self, n: usize) -> (usize, usize) {
        let (block, within) =
            (n / (CONCURRENT_SESSIONS * self.each), n % (CONCURRENT_SESSIONS * self.each));
        let abreast = self.abreast(block);
        (block * CONCURRENT_SESSIONS + within % abreast, within / abreast)
    }

    /// Sessions beside each other in a block; the last block may have fewer.
    fn abreast(self, block: usize) -> usize {
        CONCURRENT_SESSIONS.min(self.count - block * CONCURRENT_SESSIONS)
    }

    /// The id of a session: looks random, and is the same in every run.
    pub(crate) fn id(session: usize) -> String {
        let mut x = session as u64;
        // The finalizer of MurmurHash3: a bijection, so no two sessions share an id.
        x = (x ^ (x >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        x = (x ^ (x >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        format!("102{:016x}", x ^ (x >> 33))
    }

    /// When a fact occurred.
    pub(crate) fn time(n: usize) -> String {
        let seconds = n / FACTS_PER_SECOND;
        let (day, rest) = (seconds / 86_400, seconds % 86_400);
        format!(
            "2026-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            2 + day / 28 % 8,
            1 + day % 28,
            rest / 3_600,
            rest / 60 % 60,
            rest % 60,
            n % FACTS_PER_SECOND * 25
        )
    }

    /// The IdP of a session, and the key that signed its claim.
    fn signer(session: usize) -> (String, String) {
        match session % 10 {
            0 => (HOT_IDP.to_owned(), HOT.to_owned()),
            other => (format!("idp-{}", 1 + other % 3), format!("k-{}", session % 8)),
        }
    }

    /// The person of a session.
    fn subject(session: usize) -> Value {
        let person = session / 10;
        json!({"id": format!("u-{person}"), "login": format!("p{person}@example.com"),
            "name": format!("Person {person}")})
    }

    /// What is odd about the session that a fact ends, as a fact that is recorded after it.
    pub(crate) fn odd(self, n: usize) -> Option<Value> {
        let (session, step) = self.place(n);
        if step + 1 != self.each {
            return None;
        }
        let decided = n - (step - DECISION) * self.abreast(session / CONCURRENT_SESSIONS);
        let id = Self::id(session);
        let stated = |kind: &str, occurred: usize, data: Value| {
            json!({"id": format!("{id}-{kind}"), "type": kind,
                "occurred_at": Self::time(occurred), "subject": Self::subject(session),
                "data": data})
        };
        if session % LOST == 202 {
            // Lost before the decision, and stated after the session.
            let lost = json!({"methods": ["hwk", "phr"], "from": Self::time(decided - 1),
                "actor": "admin-1"});
            return Some(stated("authenticator.lost", n, lost));
        }
        match session % ODD {
            101 => {
                let ended = json!({"idp": Self::signer(session).0,
                    "idp_session": format!("is-{session}"), "reason": "logout"});
                Some(stated("idp_session.ended", decided, ended))
            }
            303 => {
                let denied = json!({"app": "payroll", "policy": "payroll", "outcome": "deny",
                    "version": "v1", "rule": "payroll-1"});
                let mut fact = stated("policy.decided", n - 1, denied);
                fact["session"] = id.into();
                Some(fact)
            }
            _ => None,
        }
    }

    /// The retraction at the end of the log.
    pub(crate) fn retraction(self) -> Value {
        let (facts, (idp, key)) = (self.facts(), RETRACTED);
        let hit = (facts / PARTS).max(CONCURRENT_SESSIONS * self.each).min(facts);
        json!({"id": "leaked", "type": "trust.retracted", "occurred_at": Self::time(facts),
            "data": {"idp": idp, "key": key, "reason": "the key leaked",
                "from": Self::time(facts - hit), "actor": "admin-1"}})
    }

    /// The session that a fact is of, and the fact as the native form has it.
    pub(crate) fn fact(self, n: usize) -> (String, Value) {
        let (session, step) = self.place(n);
        let id = Self::id(session);
        let (idp, key) = Self::signer(session);
        let (kind, data) = match step {
            0 => (
                "session.started",
                json!({"root_session": format!("root-{session}"), "idp": idp,
                    "idp_session": format!("is-{session}")}),
            ),
            1 => (
                "claims.received",
                json!({"idp": idp, "assertion": format!("as-{session}"),
                    "amr": ["pwd", "hwk", "phr"], "key": key, "protocol": "oidc"}),
            ),
            DECISION => (
                "policy.decided",
                json!({"app": "payroll", "policy": "payroll", "outcome": "allow", "version": "v1",
                    "rule": "payroll-1"}),
            ),
            last if last + 1 == self.each => ("session.ended", json!({"reason": "logout"})),
            access => (
                "app.accessed",
                json!({"app": "payroll", "app_session": format!("app-{session}-{access}")}),
            ),
        };
        let fact = json!({
            "id": format!("{id}-{step}"), "type": kind, "occurred_at": Self::time(n), "session": id,
            "subject": Self::subject(session),
            "client": {"ip": format!("10.{}.{}.{}", n / 65_536 % 256, n / 256 % 256, n % 256),
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/136.0"},
            "data": data,
        });
        (id, fact)
    }
}

#[cfg(test)]
mod tests {
    use super::Sessions;
    use std::collections::BTreeMap;

    #[test]
    fn every_session_has_its_facts_in_order_and_each_is_read() {
        let sessions = Sessions { count: 2_300, each: 5 };
        let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for n in 0..sessions.facts() {
            let (id, fact) = sessions.fact(n);
            of.entry(id).or_default().push(fact["type"].as_str().unwrap().to_owned());
            if n % 97 == 0 {
                let read = claimledger_sources::translate(
                    &claimledger_sources::Dialect::Native.into(),
                    None,
                    fact.to_string().as_bytes(),
                )
                .expect("a fact");
                assert_eq!(read.drafts[0].facts.len(), 1);
            }
        }
        assert_eq!(of.len(), 2_300);
        let order = [
            "session.started",
            "claims.received",
            "policy.decided",
            "app.accessed",
            "session.ended",
        ];
        assert!(of.values().all(|facts| *facts == order));
    }
}
