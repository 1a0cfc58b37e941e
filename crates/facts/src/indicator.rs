//! Indicators of a client: from where and with what something was done. They are personal and
//! sealed; a record is found by keyed digests of them (`docs/decisions/0029`).

use crate::statement::{ADDRESS, CLIENT};
use serde_json::{Map, Value};
use std::{fmt, net::IpAddr};

/// What an indicator says of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndicatorKind {
    /// Its IP address.
    Ip,
    /// The number of the autonomous system that the address belongs to.
    Asn,
    /// Its user agent.
    UserAgent,
    /// The id of the device.
    Device,
    /// The country that the source derived from the address.
    Country,
    /// The city that the source derived from the address.
    City,
}

/// An indicator in one spelling. `Debug` does not show it, so that no log does.
#[derive(Clone, PartialEq, Eq)]
pub struct Indicator {
    kind: IndicatorKind,
    value: IndicatorValue,
}

#[derive(Clone, PartialEq, Eq)]
enum IndicatorValue {
    Text(String),
    Address(IpAddr),
    Network(Network),
}

/// The addresses that share their first bits.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Network {
    base: IpAddr,
    bits: u8,
}

/// What a digest is taken of: its name in [`crate::statement::Statement::correlation`], and the
/// text.
#[derive(Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// The name.
    pub name: &'static str,
    pub(crate) text: String,
}

/// Maximum bytes of an indicator that is found. Longer ones are sealed only.
const MAX_INDICATOR_BYTES: usize = 1024;
/// The name of the digest of the network of an address.
const NETWORK: &str = "client_network";

impl IndicatorKind {
    /// Every kind.
    pub const ALL: &'static [Self] =
        &[Self::Ip, Self::Asn, Self::UserAgent, Self::Device, Self::Country, Self::City];

    /// Its word in questions.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Asn => "asn",
            Self::UserAgent => "user_agent",
            Self::Device => "device",
            Self::Country => "country",
            Self::City => "city",
        }
    }

    /// Its name in the sealed object `client` of a record.
    #[must_use]
    pub const fn member(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Asn => "as_number",
            Self::UserAgent => "user_agent",
            Self::Device => "device_id",
            Self::Country => "country",
            Self::City => "city",
        }
    }

    /// What it is, as part of a sentence.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ip => "address of the client",
            Self::Asn => "autonomous system of the client",
            Self::UserAgent => "user agent of the client",
            Self::Device => "device of the client",
            Self::Country => "country of the client",
            Self::City => "city of the client",
        }
    }

    const fn index(self) -> &'static str {
        match self {
            Self::Ip => ADDRESS,
            Self::Asn => "client_asn",
            Self::UserAgent => "client_user_agent",
            Self::Device => "client_device",
            Self::Country => "client_country",
            Self::City => "client_city",
        }
    }
}

impl Indicator {
    /// What a source says of a client; none: it is not of this kind's form, or too long to be found
    /// by.
    #[must_use]
    pub fn new(kind: IndicatorKind, text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_INDICATOR_BYTES {
            return None;
        }
        let value = match kind {
            IndicatorKind::Ip => IndicatorValue::Address(address(text)?.to_canonical()),
            IndicatorKind::Asn => IndicatorValue::Text(autonomous_system(text)?),
            _ => IndicatorValue::Text(text.to_lowercase()),
        };
        Some(Self { kind, value })
    }

    /// The indicators in the sealed object `client` of a record.
    #[must_use]
    pub fn of_client(client: &Map<String, Value>) -> Vec<Self> {
        let of = |kind: &IndicatorKind| match client.get(kind.member())? {
            Value::String(text) => Self::new(*kind, text),
            Value::Number(number) => Self::new(*kind, &number.to_string()),
            _ => None,
        };
        IndicatorKind::ALL.iter().filter_map(of).collect()
    }

    /// Reads an indicator that is looked for, such as `ip=203.0.113.7`, `ip=203.0.113.0/24` or
    /// `country=Germany`.
    ///
    /// # Errors
    /// What was expected. The words do not repeat the value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || {
            let words: Vec<_> = IndicatorKind::ALL.iter().map(|kind| kind.as_str()).collect();
            format!("an indicator is KIND=VALUE, and KIND one of {}", words.join(", "))
        };
        let (word, value) = text.split_once('=').ok_or_else(expected)?;
        let kind = *IndicatorKind::ALL
            .iter()
            .find(|kind| kind.as_str() == word.trim())
            .ok_or_else(expected)?;
        match (kind, value.split_once('/')) {
            (IndicatorKind::Ip, Some((base, bits))) => Network::parse(base, bits)
                .map(|network| Self { kind, value: IndicatorValue::Network(network) }),
            _ => Self::new(kind, value).ok_or_else(|| match kind {
                IndicatorKind::Ip => {
                    "ip= takes an IP address, or a network such as 203.0.113.0/24".to_owned()
                }
                IndicatorKind::Asn => "asn= takes a number, such as 64496 or AS64496".to_owned(),
                _ => format!("{word}= takes a text of 1 to {MAX_INDICATOR_BYTES} bytes"),
            }),
        }
    }

    /// Reads a text that may be anything as an indicator: `KIND=VALUE`, or an address or a network
    /// alone. None: it looks like none of these.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Result<Self, String>> {
        let is_kind = |word: &str| IndicatorKind::ALL.iter().any(|kind| kind.as_str() == word);
        if text.split_once('=').is_some_and(|(word, _)| is_kind(word.trim())) {
            return Some(Self::parse(text));
        }
        let is_of = match text.split_once('/') {
            Some((base, bits)) => {
                looks_like_address(base.trim()) && bits.trim().parse::<u32>().is_ok()
            }
            None => address(text.trim()).is_some(),
        };
        is_of.then(|| Self::parse(&format!("{}={text}", IndicatorKind::Ip.as_str())))
    }

    /// What it says of the client.
    #[must_use]
    pub fn kind(&self) -> IndicatorKind {
        self.kind
    }

    /// What a record with this indicator is found by.
    pub(crate) fn entries(&self) -> impl Iterator<Item = IndexEntry> {
        let network = match self.value {
            IndicatorValue::Address(address) => Some(Network::indexed(address)),
            IndicatorValue::Text(_) | IndicatorValue::Network(_) => None,
        };
        let network =
            network.map(|network| IndexEntry { name: NETWORK, text: network.to_string() });
        std::iter::once(self.entry()).chain(network)
    }

    /// The digest that every record with this indicator has.
    #[must_use]
    pub fn entry(&self) -> IndexEntry {
        match &self.value {
            IndicatorValue::Text(text) => {
                IndexEntry { name: self.kind.index(), text: text.clone() }
            }
            IndicatorValue::Address(address) => {
                IndexEntry { name: self.kind.index(), text: address.to_string() }
            }
            IndicatorValue::Network(network) => {
                IndexEntry { name: NETWORK, text: Network::indexed(network.base).to_string() }
            }
        }
    }

    /// What a cursor of a list of it holds a digest of.
    #[must_use]
    pub fn question(&self) -> IndexEntry {
        match &self.value {
            IndicatorValue::Network(network) => {
                IndexEntry { name: NETWORK, text: network.to_string() }
            }
            IndicatorValue::Text(_) | IndicatorValue::Address(_) => self.entry(),
        }
    }

    /// Whether every record with the digest of [`Self::entry`] has this indicator. If not, the
    /// sealed object `client` says so ([`Self::is_of`]).
    #[must_use]
    pub fn is_told_by_digest(&self) -> bool {
        match &self.value {
            IndicatorValue::Network(network) => network.bits == indexed_bits(network.base),
            IndicatorValue::Text(_) | IndicatorValue::Address(_) => true,
        }
    }

    /// Whether a client has it.
    #[must_use]
    pub fn is_of(&self, client: &Map<String, Value>) -> bool {
        Self::of_client(client).iter().any(|other| match (&self.value, &other.value) {
            (IndicatorValue::Network(network), IndicatorValue::Address(address)) => {
                network.contains(*address)
            }
            _ => self == other,
        })
    }
}

impl fmt::Debug for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Indicator({}=hidden)", self.kind.as_str())
    }
}

impl fmt::Debug for IndexEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IndexEntry({}=hidden)", self.name)
    }
}

/// Bits that addresses of one digest share: what one site or provider usually announces at least.
const fn indexed_bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 24,
        IpAddr::V6(_) => 48,
    }
}

impl Network {
    /// # Errors
    /// What was expected.
    fn parse(base: &str, bits: &str) -> Result<Self, String> {
        const EXPECTED: &str = "ip= takes networks of /24 to /32, and of /48 to /128 where the \
                                addresses are IPv6: addresses are sealed, and found by a digest \
                                of themselves and of their /24 or /48";
        let base: IpAddr = base.trim().parse().map_err(|_| EXPECTED.to_owned())?;
        let bits: u8 = bits.trim().parse().map_err(|_| EXPECTED.to_owned())?;
        // Addresses have one spelling, so networks of IPv4 addresses in IPv6 have it too.
        let (base, bits) = match (base.to_canonical(), base) {
            (IpAddr::V4(v4), IpAddr::V6(_)) => {
                (IpAddr::V4(v4), bits.checked_sub(96).ok_or_else(|| EXPECTED.to_owned())?)
            }
            _ => (base, bits),
        };
        let size = if base.is_ipv4() { 32 } else { 128 };
        if !(indexed_bits(base)..=size).contains(&bits) {
            return Err(EXPECTED.to_owned());
        }
        Ok(Self::of(base, bits))
    }

    fn of(address: IpAddr, bits: u8) -> Self {
        let base = match address {
            IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & mask(32, bits) as u32).into()),
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & mask(128, bits)).into()),
        };
        Self { base, bits }
    }

    /// The network of an address that has a digest.
    fn indexed(address: IpAddr) -> Self {
        Self::of(address, indexed_bits(address))
    }

    fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.base.is_ipv4() && Self::of(address, self.bits) == self
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

/// The first `bits` of the last `size` bits.
const fn mask(size: u32, bits: u8) -> u128 {
    match u128::MAX.checked_shl(size - bits as u32) {
        Some(mask) => mask,
        None => 0,
    }
}

/// An address as sources write it: alone, in brackets, with a port or with a zone, which is of the
/// machine that wrote it. One with leading zeros is none: readers differ on what it means.
fn address(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address);
    }
    let host = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            let is_port = port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
            (port.is_empty() || is_port).then_some(host)?
        }
        None => match text.split_once(':') {
            // Of IPv4 alone: an IPv6 address has more of them.
            Some((host, port)) if host.contains('.') && port.parse::<u16>().is_ok() => host,
            _ => text,
        },
    };
    host.split_once('%').map_or(host, |(address, _)| address).parse().ok()
}

/// Whether a text is the beginning of a network, however many of its parts are left out.
fn looks_like_address(text: &str) -> bool {
    let is = |part: fn(&char) -> bool| text.chars().all(|c| part(&c) || matches!(c, '.' | ':'));
    let is_v4 = text.contains('.') && is(char::is_ascii_digit);
    is_v4 || text.contains(':') && is(char::is_ascii_hexdigit)
}

/// The number of an autonomous system, without the letters that it may begin with.
fn autonomous_system(text: &str) -> Option<String> {
    let digits = text.get(..2).filter(|prefix| prefix.eq_ignore_ascii_case("as"));
    let number: u32 = digits.map_or(text, |prefix| &text[prefix.len()..]).trim().parse().ok()?;
    Some(number.to_string())
}

/// Whether a name in the correlation of a statement is that of a digest of an indicator.
pub(crate) fn is_index(name: &str) -> bool {
    name == ADDRESS || name.starts_with(CLIENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entries(kind: IndicatorKind, text: &str) -> Vec<(&'static str, String)> {
        let indicator = Indicator::new(kind, text);
        indicator.iter().flat_map(Indicator::entries).map(|e| (e.name, e.text)).collect()
    }

    #[test]
    fn an_indicator_has_one_spelling() {
        let one = |kind, text: &str| entries(kind, text).first().cloned().map(|(_, text)| text);
        for (kind, text, expect) in [
            (IndicatorKind::Ip, " 203.0.113.7 ", "203.0.113.7"),
            (IndicatorKind::Ip, "::ffff:203.0.113.7", "203.0.113.7"),
            (IndicatorKind::Ip, "2001:DB8:0:0::1", "2001:db8::1"),
            (IndicatorKind::Ip, "203.0.113.7:443", "203.0.113.7"),
            (IndicatorKind::Ip, "[2001:db8::1]", "2001:db8::1"),
            (IndicatorKind::Ip, "[2001:db8::1]:443", "2001:db8::1"),
            (IndicatorKind::Ip, "fe80::1%eth0", "fe80::1"),
            (IndicatorKind::Asn, "AS64496", "64496"),
            (IndicatorKind::Asn, "64496", "64496"),
            (IndicatorKind::UserAgent, "Mozilla/5.0 (X11)", "mozilla/5.0 (x11)"),
            (IndicatorKind::Country, " Germany", "germany"),
        ] {
            assert_eq!(one(kind, text).as_deref(), Some(expect), "{text}");
        }
        for (kind, text) in [
            (IndicatorKind::Ip, "masked"),
            (IndicatorKind::Ip, "203.0.113.007"),
            (IndicatorKind::Ip, "203.0.113.7:70000"),
            (IndicatorKind::Ip, "[2001:db8::1]443"),
            (IndicatorKind::Asn, "ASé"),
            (IndicatorKind::Asn, ""),
            (IndicatorKind::City, "  "),
            (IndicatorKind::UserAgent, &"x".repeat(MAX_INDICATOR_BYTES + 1)),
        ] {
            assert_eq!(one(kind, text), None, "{text}");
        }
    }

    #[test]
    fn an_address_is_found_by_itself_and_by_its_network() {
        assert_eq!(
            entries(IndicatorKind::Ip, "203.0.113.7"),
            [(ADDRESS, "203.0.113.7".to_owned()), (NETWORK, "203.0.113.0/24".to_owned())]
        );
        assert_eq!(
            entries(IndicatorKind::Ip, "2001:db8:1:2::3")[1],
            (NETWORK, "2001:db8:1::/48".to_owned())
        );
        assert_eq!(entries(IndicatorKind::City, "Berlin").len(), 1);
    }

    #[test]
    fn a_network_holds_the_addresses_that_share_its_bits() {
        let is_in = |network: &str, address: &str| {
            let Value::Object(client) = json!({"ip": address}) else { panic!() };
            Indicator::parse(&format!("ip={network}")).unwrap().is_of(&client)
        };
        for (network, inside, outside) in [
            ("203.0.113.0/24", "203.0.113.255", "203.0.112.255"),
            ("203.0.113.77/24", "203.0.113.1", "203.0.114.1"),
            ("203.0.113.64/26", "203.0.113.127", "203.0.113.128"),
            ("203.0.113.7/32", "203.0.113.7", "203.0.113.6"),
            ("::ffff:203.0.113.0/120", "203.0.113.255", "203.0.112.255"),
            ("::ffff:203.0.113.7/128", "::ffff:203.0.113.7", "203.0.113.6"),
            ("2001:db8:1::/48", "2001:db8:1:ffff::1", "2001:db8:2::1"),
            ("2001:db8:1:2::/64", "2001:db8:1:2::9", "2001:db8:1:3::9"),
            ("2001:db8::1/128", "2001:db8::1", "203.0.113.7"),
        ] {
            assert!(is_in(network, inside), "{network} {inside}");
            assert!(!is_in(network, outside), "{network} {outside}");
        }
        let told = |text: &str| Indicator::parse(text).unwrap().is_told_by_digest();
        assert!(told("ip=203.0.113.0/24") && told("ip=203.0.113.7") && told("asn=7"));
        assert!(!told("ip=203.0.113.0/25") && !told("ip=2001:db8::/64"));
    }

    #[test]
    fn what_is_no_indicator_is_refused_without_its_value() {
        for text in [
            "198.51.100.66",
            "address=198.51.100.66",
            "ip=198.51.100.66.1",
            "ip=198.51.100.66/8",
            "ip=198.51.100.66/33",
            "ip=2001:db8::66/24",
            "ip=::ffff:198.51.100.66/96",
            "ip=::ffff:198.51.100.66/48",
            "ip=198.51.100.66/",
            "asn=AS66x",
            "city=",
        ] {
            let refused = Indicator::parse(text).unwrap_err();
            assert!(!refused.contains("66"), "{text}: {refused}");
        }
        let hidden = Indicator::parse("user_agent=curl/8").unwrap();
        assert_eq!(format!("{hidden:?}"), "Indicator(user_agent=hidden)");
        assert!(!format!("{:?}", hidden.entry()).contains("curl"));
    }

    #[test]
    fn numbers_and_texts_of_a_client_are_read_alike() {
        for number in [json!(64496), json!("64496"), json!("AS64496")] {
            let Value::Object(client) = json!({"as_number": number, "os": "Linux"}) else {
                panic!()
            };
            assert!(Indicator::parse("asn=64496").unwrap().is_of(&client), "{client:?}");
            assert_eq!(Indicator::of_client(&client).len(), 1, "no other member is found by");
        }
    }
}
