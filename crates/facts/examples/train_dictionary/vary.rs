//! Values that are never twice the same: what is random in a sample does not end up in a dictionary
//! as if it were common.

use claimledger_facts::canonical;
use serde_json::Value;

/// SplitMix64: the same values in every run.
pub(crate) struct Vary(u64);

impl Vary {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as usize % end
    }

    /// True once in this number of calls, on average.
    pub(crate) fn once_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub(crate) fn letters(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(self.pick(alphabet))).collect()
    }

    /// An opaque id, as Okta spells them: a prefix and letters of both cases.
    pub(crate) fn opaque(&mut self, prefix: &str, length: usize) -> String {
        format!(
            "{prefix}{}",
            self.letters(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length)
        )
    }

    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.letters(b"0123456789abcdef", length)
    }

    pub(crate) fn uuid(&mut self) -> String {
        [8, 4, 4, 4, 12].map(|length| self.hex(length)).join("-")
    }

    /// A made-up word of lower case letters.
    pub(crate) fn word(&mut self) -> String {
        let length = 3 + self.below(7);
        self.letters(b"etaoinshrdlucmfwypvbgkjqxz", length)
    }

    pub(crate) fn name(&mut self) -> String {
        let mut word = self.word();
        word[..1].make_ascii_uppercase();
        word
    }

    /// An id as an operator would make one up.
    pub(crate) fn made_up(&mut self) -> String {
        match self.below(4) {
            0 => self.uuid(),
            1 => format!("{}-{}", self.word(), self.below(10_000)),
            2 => format!("{}-{}", self.word(), self.word()),
            _ => self.opaque("", 20),
        }
    }

    /// An instant; a source keeps to one precision, so the digits after the point are given.
    pub(crate) fn time(&mut self, digits: usize) -> String {
        let mut text = format!(
            "20{}-{:02}-{:02}T{:02}:{:02}:{:02}",
            26 + self.below(8),
            1 + self.below(12),
            1 + self.below(28),
            self.below(24),
            self.below(60),
            self.below(60)
        );
        if digits > 0 {
            text.push('.');
            text.push_str(&self.letters(b"0123456789", digits));
        }
        text + "Z"
    }

    pub(crate) fn address(&mut self) -> String {
        if self.once_in(6) {
            return (0..8).map(|_| self.hex(4)).collect::<Vec<_>>().join(":");
        }
        (0..4).map(|_| self.below(256).to_string()).collect::<Vec<_>>().join(".")
    }

    pub(crate) fn login(&mut self) -> String {
        let (user, domain) = (self.word(), self.word());
        format!("{user}@{domain}.{}", self.pick(&["com", "example", "org", "net"]))
    }

    /// Platform, browser, and the string that says both.
    pub(crate) fn user_agent(&mut self) -> (&'static str, &'static str, String) {
        let version = self.below(160);
        let (os, platform) = self.pick(&[
            ("Windows 10", "Windows NT 10.0; Win64; x64"),
            ("Windows 11", "Windows NT 10.0; Win64; x64"),
            ("Mac OS X", "Macintosh; Intel Mac OS X 10_15_7"),
            ("Linux", "X11; Linux x86_64"),
            ("iOS (iPhone)", "iPhone; CPU iPhone OS 18_5 like Mac OS X"),
            ("Android", "Linux; Android 10; K"),
        ]);
        let (browser, rest) = match self.below(4) {
            0 => (
                "SAFARI",
                format!(
                    "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{version}.0 Safari/605.1.15"
                ),
            ),
            1 => ("FIREFOX", format!("Gecko/20100101 Firefox/{version}.0")),
            2 => (
                "EDGE",
                format!(
                    "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36 \
                     Edg/{version}.0.0.0"
                ),
            ),
            _ => (
                "CHROME",
                format!(
                    "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
                ),
            ),
        };
        (os, browser, format!("Mozilla/5.0 ({platform}) {rest}"))
    }
}

/// JSON with the members of objects in this order, what is not named last.
pub(crate) fn in_order(value: &Value, order: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out, value, order);
    out
}

fn write(out: &mut Vec<u8>, value: &Value, order: &[&str]) {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_by_key(|(key, _)| {
                order.iter().position(|named| named == key).unwrap_or(order.len())
            });
            out.push(b'{');
            for (n, (key, value)) in members.into_iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                canonical::write_str(out, key);
                out.push(b':');
                write(out, value, order);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write(out, item, order);
            }
            out.push(b']');
        }
        scalar => canonical::write(out, scalar),
    }
}
