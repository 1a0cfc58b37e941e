//! Facts in a list, and what counts at (T, K): the simplest reading of the contract.

use chrono::DateTime;
use serde_json::Value;

/// Seconds since 1970.
pub(crate) type Time = i64;

/// One line of the input, at its position in the log.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) pos: i64,
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) kind: String,
    /// `occurred_at`; of an instant both are the same.
    pub(crate) from: Time,
    pub(crate) to: Time,
    pub(crate) rec: Time,
    pub(crate) subject: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) data: Value,
}

/// Whether something holds: in every reading, in some, in none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Sure {
    No,
    Possible,
    Certain,
}

impl Fact {
    /// A line of the contract. `pos`: 0 is the ledger's own first record.
    pub(crate) fn read(line: &Value, pos: i64, default_source: &str) -> Self {
        let occurred = &line["occurred_at"];
        let (from, to) = match occurred.as_str() {
            Some(at) => (time(at), time(at)),
            None => (time(word(&occurred["from"])), time(word(&occurred["to"]))),
        };
        Self {
            pos,
            id: word(&line["id"]).to_owned(),
            source: line["source"].as_str().unwrap_or(default_source).to_owned(),
            kind: word(&line["type"]).to_owned(),
            from,
            to,
            rec: time(word(&line["recorded_at"])),
            subject: line["subject"]["id"].as_str().map(str::to_owned),
            session: line["session"].as_str().map(str::to_owned),
            data: line["data"].clone(),
        }
    }

    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// A text of the data.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.data[field].as_str()
    }

    pub(crate) fn flag(&self, field: &str) -> bool {
        self.data[field].as_bool().unwrap_or(false)
    }

    pub(crate) fn time(&self, field: &str) -> Option<Time> {
        self.text(field).map(time)
    }

    /// 1 and 6: it occurred by T; inside its interval it may have.
    pub(crate) fn by(&self, t: Time) -> Sure {
        match t {
            t if t >= self.to => Sure::Certain,
            t if t >= self.from => Sure::Possible,
            _ => Sure::No,
        }
    }

    /// 2: the total order, never the position.
    pub(crate) fn order(&self) -> (Time, &str, &str) {
        (self.from, &self.source, &self.id)
    }

    /// From when a falsifier has effect (3).
    pub(crate) fn effect(&self) -> Time {
        self.time("from").unwrap_or(self.from)
    }
}

/// All facts known at K, in the total order, with T and hypothetical changes.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) facts: Vec<Fact>,
    pub(crate) t: Time,
    pub(crate) k: i64,
    /// Hypothesis: trust in this provider is off for claims that arrive in this interval.
    pub(crate) trust_off: Option<(String, Time, Time)>,
}

impl View {
    pub(crate) fn new(all: &[Fact], t: Time, k: i64) -> Self {
        let mut facts: Vec<Fact> = all.iter().filter(|fact| fact.pos <= k).cloned().collect();
        facts.sort_by(|a, b| a.order().cmp(&b.order()));
        Self { facts, t, k, trust_off: None }
    }

    pub(crate) fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Fact> + 'a {
        self.facts.iter().filter(move |fact| fact.is(kind))
    }

    /// 17: snapshots, the last in the total order wins; in force at an instant, itself included.
    pub(crate) fn in_force<'a>(
        &'a self,
        kind: &'a str,
        key: &str,
        name: &str,
        at: Time,
    ) -> Option<&'a Fact> {
        self.of(kind)
            .filter(|fact| fact.from <= at && (key.is_empty() || fact.text(key) == Some(name)))
            .last()
    }
}

pub(crate) fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The strings of a list; empty if it is absent.
pub(crate) fn words(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|value| word(value).to_owned()).collect()
}

pub(crate) fn time(text: &str) -> Time {
    DateTime::parse_from_rfc3339(text).unwrap_or_else(|error| panic!("{text}: {error}")).timestamp()
}

pub(crate) fn show(time: Time) -> String {
    let time = DateTime::from_timestamp(time, 0).expect("a time");
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
