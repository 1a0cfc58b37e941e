//! Durations as Okta writes them: ISO 8601, such as `PT2H10M` and `PT43800H`.

/// The seconds of a duration; none: it is no duration of weeks, days, hours, minutes and seconds.
/// Years and months have no fixed length, and Okta writes hours in place of them.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let rest = text.strip_prefix('P')?;
    let (days, time) = rest.split_once('T').unwrap_or((rest, ""));
    if days.is_empty() && time.is_empty() {
        return None;
    }
    let days = parts(days, &[('W', 604_800), ('D', 86_400)])?;
    days.checked_add(parts(time, &[('H', 3_600), ('M', 60), ('S', 1)])?)
}

/// Sums numbers with their units, which come in order and once each.
fn parts(mut text: &str, mut units: &[(char, u64)]) -> Option<u64> {
    let mut sum: u64 = 0;
    while !text.is_empty() {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = text[..digits].parse().ok()?;
        let unit = text[digits..].chars().next()?;
        let at = units.iter().position(|(name, _)| *name == unit)?;
        sum = sum.checked_add(number.checked_mul(units[at].1)?)?;
        units = &units[at + 1..];
        text = &text[digits + 1..];
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_seconds_and_other_texts_are_not() {
        for (text, expected) in [
            ("PT0S", 0),
            ("PT2H", 7_200),
            ("PT2H10M", 7_800),
            ("PT43800H", 157_680_000),
            ("P1DT12H", 129_600),
            ("P2W", 1_209_600),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in
            ["", "P", "PT", "2H", "PT2", "P1Y", "P1M", "PT1M2H", "PT1H1H", "PT-1H", "PT1,5H"]
        {
            assert_eq!(seconds(text), None, "{text}");
        }
        assert_eq!(seconds("PT99999999999999999999H"), None);
        assert_eq!(seconds("PT9999999999999999999H"), None, "it does not overflow");
    }
}
