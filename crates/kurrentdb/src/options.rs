//! Where KurrentDB is, and under which name: the connection string and files beside it.

use eventstore::{ClientSettings, Credentials};
use std::{fmt, net::IpAddr, path::PathBuf, time::Duration};

/// Default of [`KurrentOptions::deadline`].
const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);
/// Default of [`KurrentOptions::attempt_timeout`]: longer than the server's own write timeout, 2 s.
const DEFAULT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);
/// Default of [`KurrentOptions::poll_interval`].
const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Milliseconds between two attempts of the client to find a node. Its first connection waits once.
const DISCOVERY_INTERVAL_MILLIS: u32 = 50;
/// Timeout of the client for a node's answer about the cluster and about itself, in milliseconds.
const GOSSIP_TIMEOUT_MILLIS: u32 = 2000;

/// How to reach KurrentDB.
///
/// The connection string is `kurrentdb://user:password@host:port,host:port?…`; `esdb://` and
/// `kurrentdb+discover://` are accepted too. Parameters: `tls`, `tlsVerifyCert`, `tlsCaFile`,
/// `userCertFile`, `userKeyFile`, `connectionName`, `keepAliveInterval`, `keepAliveTimeout` and
/// `nodePreference=leader`. Another parameter is refused.
///
/// TLS is on by default. Without it, or without checks of certificates, every host must be a
/// loopback address.
#[derive(Clone)]
pub struct KurrentOptions {
    /// The connection string.
    pub url: String,
    /// The prefix of the streams' names: `ledger` for records, `access` for the access log.
    pub prefix: String,
    /// A file with the user name, in place of the one in the connection string.
    pub username_file: Option<PathBuf>,
    /// A file with the password, in place of the one in the connection string.
    pub password_file: Option<PathBuf>,
    /// A file with the certificates of the authority that signed the server's, in PEM.
    pub ca_file: Option<PathBuf>,
    /// Maximum duration of one call of the log, repeated attempts included. Default: 10 s.
    pub deadline: Duration,
    /// Maximum duration of one request to the server. Default: 3 s.
    pub attempt_timeout: Duration,
    /// Interval at which appends of other nodes are looked for. Default: 1 s.
    pub poll_interval: Duration,
}

impl KurrentOptions {
    /// Options with the defaults.
    #[must_use]
    pub fn new(url: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: prefix.into(),
            username_file: None,
            password_file: None,
            ca_file: None,
            deadline: DEFAULT_DEADLINE,
            attempt_timeout: DEFAULT_ATTEMPT_TIMEOUT,
            poll_interval: DEFAULT_POLL_INTERVAL,
        }
    }
}

impl KurrentOptions {
    /// The hosts of the connection string, for messages: without credentials.
    #[must_use]
    pub fn server(&self) -> String {
        Parts::of(&self.url).map_or_else(|error| error.to_string(), |parts| parts.hosts.join(","))
    }

    /// Whether TLS is on; with TLS off, every host is a loopback address.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        Parts::of(&self.url).is_ok_and(|parts| !matches!(parts.flag("tls"), Ok(Some(false))))
    }
}

/// Without the connection string, which may hold a password.
impl fmt::Debug for KurrentOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KurrentOptions").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Options that cannot be used. No message contains a password, or the connection string.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The connection string does not read.
    #[error("the connection string of KurrentDB: {0}")]
    Url(String),
    /// The prefix gives no usable names of streams.
    #[error("the prefix of streams has other characters than letters, digits and underscores")]
    Prefix,
    /// A password would be sent in the clear, or to an unchecked server.
    #[error(
        "KurrentDB at {host} is reached without TLS or without a check of its certificate: only a \
         loopback address may be"
    )]
    Insecure {
        /// The host.
        host: String,
    },
    /// A file cannot be read.
    #[error("{} cannot be read", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

/// What a connection is made from.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) settings: ClientSettings,
    pub(crate) credentials: Option<Credentials>,
    /// Passwords are not encrypted: only loopback addresses may be called.
    pub(crate) plain: bool,
}

impl KurrentOptions {
    /// Reads the connection string and the files.
    pub(crate) fn target(&self) -> Result<Target, OptionsError> {
        let is_usable = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if self.prefix.is_empty() || !self.prefix.bytes().all(is_usable) {
            return Err(OptionsError::Prefix);
        }
        let parts = Parts::of(&self.url)?;
        let credentials = self.credentials(&parts)?;
        let plain = parts.flag("tls")? == Some(false);
        if (plain || parts.flag("tlsverifycert")? == Some(false))
            && let Some(host) = parts.hosts.iter().find(|host| !is_loopback(host_of(host)))
        {
            return Err(OptionsError::Insecure { host: (*host).to_owned() });
        }
        let url = self.client_url(&parts, credentials.as_ref());
        // The client's error contains the whole string.
        let settings = url.parse::<ClientSettings>().map_err(|_| {
            OptionsError::Url("a host, a port or the value of a parameter is not valid".to_owned())
        })?;
        let credentials = credentials.map(|(name, password)| Credentials::new(name, password));
        Ok(Target { settings, credentials, plain })
    }

    fn credentials(&self, parts: &Parts<'_>) -> Result<Option<(String, String)>, OptionsError> {
        let file = |path: &Option<PathBuf>| match path {
            Some(path) => std::fs::read_to_string(path)
                .map(|text| Some(text.trim_end_matches(['\r', '\n']).to_owned()))
                .map_err(|source| OptionsError::File { path: path.clone(), source }),
            None => Ok(None),
        };
        let name = file(&self.username_file)?;
        let password = file(&self.password_file)?;
        let (url_name, url_password) = parts.credentials.clone().unzip();
        match (name.or(url_name), password.or(url_password.flatten())) {
            (Some(name), Some(password)) => Ok(Some((name, password))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(OptionsError::Url("a user name without a password".to_owned())),
            (None, Some(_)) => Err(OptionsError::Url("a password without a user name".to_owned())),
        }
    }

    /// The connection string for the client: ours in its values, without what it would ignore.
    fn client_url(&self, parts: &Parts<'_>, credentials: Option<&(String, String)>) -> String {
        let mut url = format!("{}://", parts.scheme);
        // The client sends these as they are spelled here, without decoding them. Only its calls to
        // find the leader use them, which a server answers without credentials by default.
        if let Some((name, password)) = credentials.filter(|(n, p)| is_plain(n) && is_plain(p)) {
            url.push_str(&format!("{name}:{password}@"));
        }
        url.push_str(&parts.hosts.join(","));
        url.push_str(&format!(
            "?nodePreference=leader&maxDiscoverAttempts=3\
             &discoveryInterval={DISCOVERY_INTERVAL_MILLIS}&gossipTimeout={GOSSIP_TIMEOUT_MILLIS}"
        ));
        if let Some(path) = &self.ca_file {
            url.push_str(&format!("&tlsCaFile={}", encoded(&path.to_string_lossy())));
        }
        for (name, value) in &parts.parameters {
            let replaced = name == "tlscafile" && self.ca_file.is_some();
            if !replaced && name != "nodepreference" {
                url.push_str(&format!("&{name}={}", encoded(value)));
            }
        }
        url
    }
}

/// A connection string, split.
struct Parts<'u> {
    scheme: &'u str,
    credentials: Option<(String, Option<String>)>,
    hosts: Vec<&'u str>,
    /// Names in lower case.
    parameters: Vec<(String, String)>,
}

/// The parameters that are passed on to the client.
const PARAMETERS: [&str; 9] = [
    "tls",
    "tlsverifycert",
    "tlscafile",
    "usercertfile",
    "userkeyfile",
    "connectionname",
    "keepaliveinterval",
    "keepalivetimeout",
    "nodepreference",
];

impl<'u> Parts<'u> {
    fn of(url: &'u str) -> Result<Self, OptionsError> {
        let error = |why: &str| OptionsError::Url(why.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(|| error("no scheme"))?;
        if !["kurrentdb", "kurrent", "kdb", "esdb"]
            .contains(&scheme.strip_suffix("+discover").unwrap_or(scheme))
        {
            return Err(error("the scheme is not kurrentdb or esdb"));
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, hosts) = match rest.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, rest),
        };
        let hosts = hosts.strip_suffix('/').unwrap_or(hosts);
        if hosts.is_empty() || hosts.contains('/') || hosts.split(',').any(str::is_empty) {
            return Err(error("a host is missing, or there is a path"));
        }
        let decode = |text: &str| decoded(text).ok_or_else(|| error("a percent sign is not valid"));
        let credentials = match user.map(|user| user.split_once(':').unwrap_or((user, ""))) {
            Some((name, "")) => Some((decode(name)?, None)),
            Some((name, password)) => Some((decode(name)?, Some(decode(password)?))),
            None => None,
        };
        let mut parameters = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (name.to_lowercase(), decode(value)?);
            if !PARAMETERS.contains(&name.as_str()) {
                return Err(OptionsError::Url(format!("the parameter `{name}` is not known")));
            }
            if name == "nodepreference" && !value.eq_ignore_ascii_case("leader") {
                return Err(error("nodePreference must be leader: others may lag behind"));
            }
            parameters.push((name, value));
        }
        Ok(Self { scheme, credentials, hosts: hosts.split(',').collect(), parameters })
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, OptionsError> {
        let Some((_, value)) = self.parameters.iter().find(|(other, _)| other == name) else {
            return Ok(None);
        };
        value.parse().map(Some).map_err(|_| {
            OptionsError::Url(format!("the parameter `{name}` is neither true nor false"))
        })
    }
}

fn host_of(host: &str) -> &str {
    if let Some((inside, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return inside;
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

/// Whether packets to this host never leave the machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether no spelling of a URL changes it.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' | b'/' => (byte as char).to_string(),
        byte if byte.is_ascii_alphanumeric() => (byte as char).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first == b'%' {
            let digits = std::str::from_utf8(more.get(..2)?).ok()?;
            out.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &more[2..];
        } else {
            out.push(*first);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, OptionsError> {
        KurrentOptions::new(url, "ledger").target()
    }

    #[test]
    fn a_connection_string_is_read() {
        let target = target(
            "kurrentdb://led%40ger:p%3Ass@n1.example:2111,n2.example:2112?tlsCaFile=/etc/my%20ca",
        )
        .unwrap();
        assert_eq!(target.credentials, Some(Credentials::new("led@ger", "p:ss")));
        assert!(!target.plain && target.settings.is_secure_mode_enabled());
        assert_eq!(target.settings.hosts().len(), 2);
        assert_eq!(target.settings.tls_ca_file().unwrap(), "/etc/my ca");
        assert_eq!(target.settings.max_discover_attempts(), 3);
    }

    #[test]
    fn the_server_is_named_without_credentials() {
        let options = KurrentOptions::new("esdb://u:s3cret@n1:2113,n2:2113?tls=TRUE", "ledger");
        assert_eq!(options.server(), "n1:2113,n2:2113");
        let encrypted = |url: &str| KurrentOptions::new(url, "ledger").is_encrypted();
        assert!(encrypted("kurrentdb://n1") && encrypted("kurrentdb://n1?tls=true"));
        assert!(!encrypted("kurrentdb://127.0.0.1?TLS=false") && !encrypted("nothing"));
        let refused = KurrentOptions::new("http://u:s3cret@h", "ledger").server();
        assert!(!refused.contains("s3cret"), "{refused}");
    }

    #[test]
    fn files_take_precedence() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            Some(path)
        };
        let options = KurrentOptions {
            username_file: write("name", "ledger\n"),
            password_file: write("password", "s ecret\r\n"),
            ca_file: write("ca", ""),
            ..KurrentOptions::new("esdb://a:b@db.example?tlsCaFile=/other", "ledger")
        };
        let target = options.target().unwrap();
        assert_eq!(target.credentials, Some(Credentials::new("ledger", "s ecret")));
        assert_eq!(
            target.settings.tls_ca_file().unwrap(),
            options.ca_file.unwrap().to_str().unwrap()
        );
    }

    #[test]
    fn plain_text_is_for_loopback_alone() {
        for url in ["127.0.0.1", "localhost:2113", "[::1]:2113", "127.0.0.1:1,127.0.0.2:2"] {
            assert!(target(&format!("kurrentdb://{url}?tls=false")).is_ok(), "{url}");
            assert!(target(&format!("kurrentdb://{url}?tlsVerifyCert=false")).is_ok(), "{url}");
        }
        for url in ["db.example", "127.0.0.1:1,db.example:2", "10.0.0.1", "localhost.example"] {
            for parameter in ["tls=false", "TLS=false", "tlsVerifyCert=false"] {
                let refused = target(&format!("kurrentdb://{url}?{parameter}"));
                assert!(matches!(refused, Err(OptionsError::Insecure { .. })), "{url}");
            }
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_and_no_message_has_the_password() {
        for url in [
            "http://u:s3cret@h",
            "u:s3cret@h",
            "kurrentdb://u:s3cret@",
            "kurrentdb://u:s3cret@h/path",
            "kurrentdb://u:s3cret@h:port",
            "kurrentdb://u:s3cret%zz@h",
            "kurrentdb://u:s3cret@h?tls=maybe",
            "kurrentdb://u:s3cret@h?maxAge=1",
            "kurrentdb://u:s3cret@h?nodePreference=follower",
            "kurrentdb://u:s3cret@h?userCertFile=x",
            "kurrentdb://u@h?connectionName=s3cret",
            "kurrentdb://u:s3cret@h?tls=false",
        ] {
            let Err(error) = target(url) else { panic!("{url} is accepted") };
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
        }
        for prefix in ["", "$ledger", "led-ger", "led ger"] {
            let options = KurrentOptions::new("kurrentdb://h", prefix);
            assert!(matches!(options.target(), Err(OptionsError::Prefix)), "{prefix:?}");
        }
        let options = KurrentOptions::new("kurrentdb://u:s3cret@h", "ledger");
        assert!(!format!("{options:?}").contains("s3cret"));
    }
}
