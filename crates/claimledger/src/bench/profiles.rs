//! Users to events a second and bytes a year: the tables of `docs/sizing.md`.

/// Seconds of a day, days of a year.
const DAY_SECS: f64 = 86_400.0;
const YEAR_DAYS: f64 = 365.0;
/// The busiest minute against the mean. An assumption: 15 % of a day in its busiest hour is 3.6
/// times the mean, and a minute of that hour has up to 3 times its mean.
const PEAK: f64 = 10.0;
const USERS: [u64; 3] = [10_000, 100_000, 1_000_000];
/// Events a user and day, and what they are. `docs/sizing.md` names the sources.
const PROFILES: [(u64, &str); 3] =
    [(10, "interactive only"), (50, "federated"), (165, "everything that an IdP logs")];

/// Bytes on disk an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BytesPerEvent {
    /// SQLite: the whole directory.
    pub(crate) sqlite: f64,
    /// PostgreSQL, where it was measured: the database, and the files of each node.
    pub(crate) postgres: Option<(f64, f64)>,
}

/// The rows of the table, in Markdown.
pub(crate) fn rows(bytes: BytesPerEvent) -> Vec<String> {
    let all = USERS.iter().flat_map(|users| PROFILES.iter().map(move |profile| (users, profile)));
    all.map(|(users, (each, what))| {
        let day = (users * each) as f64;
        let year = |bytes: f64| rounded(day * YEAR_DAYS * bytes / 1e9);
        let (database, node) = bytes.postgres.map_or_else(
            || (NOT_MEASURED.to_owned(), NOT_MEASURED.to_owned()),
            |(database, node)| (year(database), year(node)),
        );
        format!(
            "| {} | {what} ({each}) | {} | {} | {} | {} | {database} | {node} |",
            grouped(*users),
            rounded(day / DAY_SECS),
            rounded(PEAK * day / DAY_SECS),
            rounded(day * YEAR_DAYS / 1e6),
            year(bytes.sqlite),
        )
    })
    .collect()
}

const NOT_MEASURED: &str = "not measured";

/// Two significant digits: the profiles are no more exact than that.
fn rounded(value: f64) -> String {
    if value <= 0.0 {
        return "0".to_owned();
    }
    let unit = 10_f64.powi(value.log10().floor() as i32 - 1);
    let value = (value / unit).round() * unit;
    if value < 10.0 { format!("{value:.1}") } else { grouped(value.round() as u64) }
}

/// With commas between thousands.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{BytesPerEvent, grouped, rounded, rows};

    #[test]
    fn a_row_is_computed_from_users_and_bytes() {
        let bytes = BytesPerEvent { sqlite: 1_500.0, postgres: Some((2_000.0, 1_000.0)) };
        let rows = rows(bytes);
        assert_eq!(rows.len(), 9);
        // 100,000 users, 5 million events a day: 58 a second, 1,825 million a year, 2,737 GB.
        assert_eq!(
            rows[4],
            "| 100,000 | federated (50) | 58 | 580 | 1,800 | 2,700 | 3,700 | 1,800 |"
        );
    }

    #[test]
    fn what_was_not_measured_is_called_so() {
        let rows = rows(BytesPerEvent { sqlite: 1_500.0, postgres: None });
        assert!(rows[0].ends_with("| 55 | not measured | not measured |"), "{}", rows[0]);
    }

    #[test]
    fn numbers_have_two_digits_that_count() {
        let shown = [0.0, 1.157, 19.09, 99.6, 1_909.7, 602_250.0].map(rounded);
        assert_eq!(shown, ["0", "1.2", "19", "100", "1,900", "600,000"]);
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
