//! Addresses: a view is a URL with its whole state. Ids stand in the query, never in the path.

pub(crate) use crate::parameters::encode;
use crate::{
    cut_names::{AT, KNOWN_AT, KNOWN_AT_POSITION, RULES},
    known_at::KnownAt,
};
use claimledger_facts::time::Time;

/// A path and its query, in the order the parameters are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    path: &'static str,
    query: Vec<(&'static str, String)>,
}

impl Address {
    /// Without parameters.
    pub(crate) const fn new(path: &'static str) -> Self {
        Self { path, query: Vec::new() }
    }

    /// With a parameter more.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// With a parameter more, if there is a value.
    pub(crate) fn with_some(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) if !value.is_empty() => self.with(name, value),
            Some(_) | None => self,
        }
    }

    /// Pinned to T, K and R.
    pub(crate) fn pinned(self, at: Time, known: KnownAt, rules: &str) -> Self {
        let this = self.with(AT, at.to_string());
        match known {
            KnownAt::Position(position) => this.with(KNOWN_AT_POSITION, position.0.to_string()),
            KnownAt::Time(time) => this.with(KNOWN_AT, time.to_string()),
        }
        .with(RULES, rules)
    }

    /// The path.
    pub(crate) const fn path(&self) -> &'static str {
        self.path
    }

    /// The parameters, for the hidden fields of a form.
    pub(crate) fn fields(&self) -> &[(&'static str, String)] {
        &self.query
    }

    /// As it stands in a link; not yet escaped for HTML.
    pub(crate) fn href(&self) -> String {
        let mut out = self.path.to_owned();
        for (i, (name, value)) in self.query.iter().enumerate() {
            out.push(if i == 0 { '?' } else { '&' });
            out.push_str(name);
            out.push('=');
            encode(value, &mut out);
        }
        out
    }
}

/// Whether this may follow a sign-in: a path on this server and nothing else. A browser reads
/// `//host` and `/\host` as another server.
pub(crate) fn is_local(next: &str) -> bool {
    let mut bytes = next.bytes();
    bytes.next() == Some(b'/')
        && !matches!(next.as_bytes().get(1), Some(b'/' | b'\\'))
        && next.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use claimledger_facts::ids::LogPosition;

    #[test]
    fn values_cannot_leave_their_place() {
        let address = Address::new("/session").with("id", "a&b=c#d/..\u{e9}");
        assert_eq!(address.href(), "/session?id=a%26b%3Dc%23d%2F..%C3%A9");
    }

    #[test]
    fn pinned_addresses_carry_all_three() {
        let at = Time::parse("2026-03-10T14:05:00Z").unwrap();
        let address = Address::new("/session").with("id", "S2").pinned(
            at,
            KnownAt::Position(LogPosition(82)),
            "r1",
        );
        assert_eq!(
            address.href(),
            "/session?id=S2&at=2026-03-10T14:05:00Z&knownAtPosition=82&rules=r1"
        );
    }

    #[test]
    fn next_stays_here() {
        for next in ["/", "/sessions", "/session?id=S2&at=2026-03-10T14:05:00Z"] {
            assert!(is_local(next), "{next}");
        }
        for next in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "sessions",
            "/a\r\nb",
            "/a b",
            "\\/evil",
            "/a\\b",
        ] {
            assert!(!is_local(next), "{next}");
        }
    }
}
