//! Numbers that no 64-bit form holds: distinguished by their exact value, so that two numbers which
//! differ only past an IEEE double's precision are other content (`semantics.md` 31).

use std::borrow::Cow;

/// The text with each such number as a string that begins with `mark`; none: there is no such
/// number, and the text can be read as it is.
///
/// What is no JSON stays as it is: the parser says what is wrong with it.
pub(crate) fn marked(text: &str, mark: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = after_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let end = at
                    + bytes[at..]
                        .iter()
                        .take_while(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
                        .count();
                if let Some(exact) = exact(&text[at..end]) {
                    out.push_str(&text[copied..at]);
                    out.push('"');
                    out.push_str(mark);
                    out.push_str(&exact);
                    out.push('"');
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
}

fn after_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The one spelling of a number that 64 bits do not hold; none: they do, or it is no JSON number.
fn exact(text: &str) -> Option<String> {
    // Fifteen digits always survive a double.
    if text.len() <= 15 && !text.contains(['e', 'E']) {
        return None;
    }
    if text.parse::<u64>().is_ok() || text.parse::<i64>().is_ok() {
        return None;
    }
    let decimal = Decimal::read(text)?;
    let double: f64 = text.parse().ok()?;
    if double.is_finite()
        && Decimal::read(&format!("{double:e}")).is_some_and(|held| held == decimal)
    {
        return None;
    }
    Some(decimal.written())
}

/// Sign, digits without zeros at either end, and the exponent of the last digit.
#[derive(PartialEq, Eq)]
struct Decimal<'t> {
    negative: bool,
    digits: Cow<'t, str>,
    exponent: i64,
}

impl<'t> Decimal<'t> {
    /// Reads a JSON number. An exponent past 18 digits is kept as text elsewhere: such a number is
    /// refused by the parser as out of range.
    fn read(text: &'t str) -> Option<Self> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let leads_zero = whole.len() > 1 && whole.starts_with('0');
        if !is_digits(whole) || leads_zero || mantissa.contains('.') && !is_digits(fraction) {
            return None;
        }
        let exponent: i64 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
        let digits = format!("{whole}{fraction}");
        let kept = digits.trim_end_matches('0');
        let zeros = (digits.len() - kept.len()) as i64;
        let exponent = exponent.checked_sub(fraction.len() as i64)?.checked_add(zeros)?;
        let digits = kept.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { negative, digits: Cow::Borrowed("0"), exponent: 0 });
        }
        Some(Self { negative, digits: Cow::Owned(digits), exponent })
    }

    fn written(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{}e{}", self.digits, self.exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_64_bits_hold_is_left_alone() {
        for held in [
            "0",
            "-0",
            "1.5",
            "18446744073709551615",
            "-9223372036854775808",
            "52.520008",
            "1e3",
            "1e300",
            "0.1",
            "1.7976931348623157e308",
        ] {
            assert_eq!(marked(&format!("[{held}]"), "m:"), None, "{held}");
        }
        assert_eq!(
            marked(r#"{"12345678901234567890123": "12345678901234567890123 \" 1e999"}"#, "m:"),
            None
        );
    }

    #[test]
    fn equal_values_have_one_spelling_and_others_another() {
        let of = |text: &str| exact(text).unwrap();
        assert_eq!(of("123456789012345678901234567890"), of("12345678901234567890123456789e1"));
        assert_eq!(of("123456789012345678901234567890"), of("123456789012345678901234567890.000"));
        assert_ne!(of("123456789012345678901234567890"), of("123456789012345678901234567891"));
        assert_eq!(of("1e400"), "1e400");
        assert_eq!(of("-10e399"), "-1e400");
        assert_eq!(of("18446744073709551616"), "18446744073709551616e0");
        assert_eq!(exact("1e99999999999999999999"), None);
        assert_eq!(exact("012345678901234567890123"), None);
    }

    #[test]
    fn a_number_is_marked_where_it_stands() {
        let text = r#"{"a": [1e400, 1], "b": "1e400"}"#;
        assert_eq!(marked(text, "m:").unwrap(), r#"{"a": ["m:1e400", 1], "b": "1e400"}"#);
    }
}
