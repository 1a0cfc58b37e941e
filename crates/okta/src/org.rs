//! The address of an org.

use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The address of an Okta org: `https`, a host, nothing else. Plain HTTP is for loopback only,
/// where tests listen: a token sent in the clear could be read on its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Org(Url);

/// Why a text is no address of an org.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrgError {
    /// It cannot be read.
    #[error("expected an address such as https://acme.okta.com")]
    Malformed,
    /// It is not https.
    #[error("expected https: the token would be sent in the clear")]
    Insecure,
    /// It has more than a host.
    #[error("expected only scheme and host, such as https://acme.okta.com")]
    TooMuch,
    /// It is the address of the admin console.
    #[error("this is the admin console: give the address of the org, {org}")]
    Admin {
        /// The address to use.
        org: String,
    },
}

impl Org {
    /// Reads an address.
    ///
    /// # Errors
    /// See [`OrgError`].
    pub fn parse(text: &str) -> Result<Self, OrgError> {
        let url = Url::parse(text.trim()).map_err(|_| OrgError::Malformed)?;
        let host = url.host_str().ok_or(OrgError::Malformed)?.to_owned();
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(OrgError::Insecure),
            _ => return Err(OrgError::Malformed),
        }
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !bare {
            return Err(OrgError::TooMuch);
        }
        if let Some((name, rest)) = host.split_once('.')
            && let Some(name) = name.strip_suffix("-admin")
            && rest.starts_with("okta")
        {
            return Err(OrgError::Admin { org: format!("https://{name}.{rest}") });
        }
        Ok(Self(url))
    }

    /// The address of a path with its query, such as `/api/v1/idps?limit=200`.
    ///
    /// # Panics
    /// If the path does not begin with a slash: paths are those of this crate.
    pub(crate) fn at(&self, path: &str) -> Url {
        assert!(path.starts_with('/'), "a path of the org begins with a slash");
        self.0.join(path).expect("an absolute path on a base with a host")
    }

    /// Whether an address is one of this org: scheme, host and port are equal.
    pub(crate) fn is_origin_of(&self, url: &Url) -> bool {
        self.0.scheme() == url.scheme()
            && self.0.host() == url.host()
            && self.0.port_or_known_default() == url.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
    }

    /// Whether the host is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    if host == "localhost" {
        return true;
    }
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address.parse().is_ok_and(|ip: std::net::IpAddr| ip.to_canonical().is_loopback())
}

impl fmt::Display for Org {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl TryFrom<String> for Org {
    type Error = OrgError;

    fn try_from(text: String) -> Result<Self, OrgError> {
        Self::parse(&text)
    }
}

impl From<Org> for String {
    fn from(org: Org) -> Self {
        org.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_loopback_are_addresses_of_an_org() {
        let parse = |text: &str| Org::parse(text).map(|org| org.to_string());
        assert_eq!(parse("https://acme.okta.example/").unwrap(), "https://acme.okta.example");
        assert_eq!(parse("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080");
        assert_eq!(parse("http://[::1]:8080").unwrap(), "http://[::1]:8080");
        for insecure in ["http://acme.okta.example", "http://10.0.0.1", "http://localhost.example"]
        {
            assert_eq!(parse(insecure), Err(OrgError::Insecure), "{insecure}");
        }
        for text in ["acme.okta.example", "ftp://acme.okta.example", "", "https://"] {
            assert_eq!(parse(text), Err(OrgError::Malformed), "{text}");
        }
        for text in ["https://a.example/x", "https://a.example/?x", "https://u:p@a.example"] {
            assert_eq!(parse(text), Err(OrgError::TooMuch), "{text}");
        }
        let org = "https://acme.okta.com".to_owned();
        assert_eq!(parse("https://acme-admin.okta.com"), Err(OrgError::Admin { org }));
    }

    #[test]
    fn another_scheme_host_or_port_is_another_origin() {
        let org = Org::parse("https://acme.okta.example").unwrap();
        let same = |text: &str| org.is_origin_of(&Url::parse(text).unwrap());
        assert!(same("https://acme.okta.example/api/v1/logs?after=1"));
        assert!(same("https://ACME.okta.example:443/"));
        for other in [
            "http://acme.okta.example/",
            "https://acme.okta.example:444/",
            "https://acme.okta.example.evil.example/",
            "https://u@acme.okta.example/",
        ] {
            assert!(!same(other), "{other}");
        }
    }
}
