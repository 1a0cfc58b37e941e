//! Numbers and hashes as text, each in one spelling only.

use claimledger_facts::record::Digest32;
use data_encoding::BASE64;

/// A number in decimal digits, without leading zeroes, of at most 63 bits.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = canonical && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?.filter(|number| *number <= i64::MAX as u64)
}

/// A hash in base64.
pub(crate) fn hash(text: &str) -> Option<Digest32> {
    Some(Digest32(BASE64.decode(text.as_bytes()).ok()?.try_into().ok()?))
}

/// The text of a hash.
pub(crate) fn of_hash(hash: &Digest32) -> String {
    BASE64.encode(&hash.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_spelling() {
        for (text, expect) in
            [("0", 0), ("7", 7), ("10", 10), ("9223372036854775807", i64::MAX as u64)]
        {
            assert_eq!(decimal(text), Some(expect));
        }
        for text in ["", "00", "07", "+7", "-7", " 7", "7 ", "0x7", "7.0", "9223372036854775808"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let text = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        assert_eq!(of_hash(&hash(text).unwrap()), text);
        for other in [
            "",
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I", // no padding
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=", // bits behind the last byte
            "CsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=", // the alphabet for addresses
            "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==", // 31 bytes
            " CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        ] {
            assert_eq!(hash(other), None, "{other}");
        }
    }
}
