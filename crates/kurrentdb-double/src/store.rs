//! Streams, and the server's rules for appends and reads.

use bytes::Bytes;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// Maximum bytes of one append of servers up to 25.0: data, metadata, and twice the characters of
/// the type of each event.
pub(crate) const MAX_APPEND_BYTES: usize = 1024 * 1024;
/// `$tb` of a stream that was soft-deleted.
const DELETED: u64 = i64::MAX as u64;

/// An event as it is proposed and stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    /// `type` and `content-type`.
    pub(crate) system: HashMap<String, String>,
    pub(crate) metadata: Bytes,
    pub(crate) data: Bytes,
}

#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) event: Event,
    pub(crate) revision: u64,
    pub(crate) position: u64,
}

/// What the client expects of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Any,
    NoStream,
    Exists,
    Revision(u64),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Appended {
    /// The last revision of the append, and its position.
    Done(u64, u64),
    /// The last revision of the stream.
    WrongExpectedVersion(Option<u64>),
    Deleted,
    TooLarge,
}

#[derive(Debug)]
pub(crate) enum Read {
    Events(Vec<Stored>),
    NoStream,
    Deleted,
}

/// All streams of a database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    streams: BTreeMap<String, Vec<Stored>>,
    tombstones: HashSet<String>,
    /// The revisions of recent events, by id: all that appends without a revision are compared
    /// with. Empty after a restart.
    recent: HashMap<(String, Uuid), u64>,
    end: u64,
}

impl Store {
    pub(crate) fn last(&self, stream: &str) -> Option<u64> {
        self.streams.get(stream).and_then(|events| events.last()).map(|event| event.revision)
    }

    pub(crate) fn events(&self, stream: &str) -> &[Stored] {
        self.streams.get(stream).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.streams.keys()
    }

    pub(crate) fn restarted(&mut self) {
        self.recent.clear();
    }

    pub(crate) fn bury(&mut self, stream: &str) {
        self.tombstones.insert(stream.to_owned());
    }

    fn setting(&self, stream: &str, key: &str) -> Option<u64> {
        let last = self.events(&format!("$${stream}")).last()?;
        let metadata: serde_json::Value = serde_json::from_slice(&last.event.data).ok()?;
        metadata.get(key)?.as_u64()
    }

    fn is_soft_deleted(&self, stream: &str) -> bool {
        self.setting(stream, "$tb") == Some(DELETED)
    }

    /// The first revision that is not removed by the stream's metadata.
    fn first(&self, stream: &str) -> u64 {
        let before = self.setting(stream, "$tb").unwrap_or(0);
        let size = self.last(stream).map_or(0, |last| last + 1);
        let newest = self.setting(stream, "$maxCount").map_or(0, |max| size.saturating_sub(max));
        before.max(newest)
    }

    /// The revision of an event at its place in the vector.
    fn at(&self, stream: &str, revision: u64) -> Option<&Stored> {
        let events = self.events(stream);
        let index = events.binary_search_by_key(&revision, |event| event.revision).ok()?;
        events.get(index)
    }

    pub(crate) fn append(
        &mut self,
        stream: &str,
        expected: Expected,
        events: Vec<Event>,
    ) -> Appended {
        if self.tombstones.contains(stream) {
            return Appended::Deleted;
        }
        let size = |event: &Event| {
            let kind = event.system.get("type").map_or(0, |kind| kind.chars().count());
            event.data.len() + event.metadata.len() + 2 * kind
        };
        if events.iter().map(size).sum::<usize>() > MAX_APPEND_BYTES {
            return Appended::TooLarge;
        }
        let last = self.last(stream);
        let deleted = self.is_soft_deleted(stream);
        // The revision that the first event would have, had the client's expectation held.
        let first = match expected {
            Expected::Revision(revision) if Some(revision) == last => None,
            Expected::Revision(revision) if last.is_some_and(|last| revision < last) => {
                Some(revision + 1)
            }
            Expected::Revision(_) => return Appended::WrongExpectedVersion(last),
            Expected::NoStream if last.is_none() || deleted => None,
            Expected::NoStream => Some(0),
            Expected::Exists if deleted => return Appended::Deleted,
            Expected::Exists if last.is_none() => return Appended::WrongExpectedVersion(None),
            Expected::Exists | Expected::Any => events
                .first()
                .and_then(|event| self.recent.get(&(stream.to_owned(), event.id)).copied()),
        };
        if let Some(first) = first {
            return self.repeated(stream, first, &events);
        }
        let mut revision = last.map_or(0, |last| last + 1);
        if deleted {
            let metadata = format!("{{\"$tb\":{revision}}}");
            self.set_metadata(stream, &metadata);
        }
        for event in events {
            self.end += 100;
            self.recent.insert((stream.to_owned(), event.id), revision);
            let stored = Stored { event, revision, position: self.end };
            self.streams.entry(stream.to_owned()).or_default().push(stored);
            revision += 1;
        }
        Appended::Done(revision.wrapping_sub(1), self.end)
    }

    /// An append at revisions that exist: a repeated one if the ids are the same. The contents are
    /// not compared.
    fn repeated(&self, stream: &str, first: u64, events: &[Event]) -> Appended {
        let mut end = 0;
        for (revision, event) in (first..).zip(events) {
            match self.at(stream, revision) {
                Some(stored) if stored.event.id == event.id => end = stored.position,
                _ => return Appended::WrongExpectedVersion(self.last(stream)),
            }
        }
        Appended::Done(first + events.len() as u64 - 1, end)
    }

    pub(crate) fn set_metadata(&mut self, stream: &str, json: &str) {
        let system = HashMap::from([
            ("type".to_owned(), "$metadata".to_owned()),
            ("content-type".to_owned(), "application/json".to_owned()),
        ]);
        self.end += 100;
        let stream = format!("$${stream}");
        let revision = self.last(&stream).map_or(0, |last| last + 1);
        let id = Uuid::from_u64_pair(self.end, revision);
        let event = Event { id, system, metadata: Bytes::new(), data: json.to_owned().into() };
        let stored = Stored { event, revision, position: self.end };
        self.streams.entry(stream).or_default().push(stored);
    }

    /// `from`: none is the end, backwards.
    pub(crate) fn read(
        &self,
        stream: &str,
        from: Option<u64>,
        backwards: bool,
        count: u64,
    ) -> Read {
        if self.tombstones.contains(stream) {
            return Read::Deleted;
        }
        if self.last(stream).is_none() || self.is_soft_deleted(stream) {
            return Read::NoStream;
        }
        let first = self.first(stream);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let events = self.events(stream).iter().filter(|event| event.revision >= first);
        let events: Vec<_> = if backwards {
            let from = from.unwrap_or(u64::MAX);
            events.rev().filter(|event| event.revision <= from).take(count).cloned().collect()
        } else {
            let from = from.unwrap_or(0);
            events.filter(|event| event.revision >= from).take(count).cloned().collect()
        };
        Read::Events(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: u128, data: &'static str) -> Event {
        Event {
            id: Uuid::from_u128(id),
            system: HashMap::new(),
            metadata: Bytes::new(),
            data: data.into(),
        }
    }

    fn done(appended: Appended) -> u64 {
        match appended {
            Appended::Done(revision, _) => revision,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_repeated_append_is_recognised_by_its_ids_alone() {
        let mut store = Store::default();
        let first = vec![event(1, "a"), event(2, "b")];
        assert_eq!(done(store.append("s", Expected::NoStream, first.clone())), 1);
        assert_eq!(done(store.append("s", Expected::Revision(1), vec![event(3, "c")])), 2);
        store.restarted();
        assert_eq!(done(store.append("s", Expected::NoStream, first)), 1);
        let other_data = vec![event(1, "z")];
        assert_eq!(done(store.append("s", Expected::NoStream, other_data)), 0);
        assert_eq!(done(store.append("s", Expected::Revision(0), vec![event(2, "z")])), 1);
        let wrong = Appended::WrongExpectedVersion(Some(2));
        let (partly, past) = (vec![event(2, ""), event(9, "")], vec![event(3, ""), event(4, "")]);
        assert_eq!(store.append("s", Expected::Revision(0), partly), wrong);
        assert_eq!(store.append("s", Expected::Revision(1), past), wrong);
        assert_eq!(store.append("s", Expected::Revision(3), vec![event(4, "")]), wrong);
        assert_eq!(store.events("s").len(), 3);
    }

    #[test]
    fn an_append_at_the_end_is_written_even_with_a_used_id() {
        let mut store = Store::default();
        done(store.append("s", Expected::NoStream, vec![event(1, "")]));
        assert_eq!(done(store.append("s", Expected::Revision(0), vec![event(1, "")])), 1);
        assert_eq!(done(store.append("s", Expected::Any, vec![event(1, "")])), 1, "from memory");
        store.restarted();
        assert_eq!(done(store.append("s", Expected::Any, vec![event(1, "")])), 2, "forgotten");
    }

    #[test]
    fn a_soft_deleted_stream_is_not_read_and_goes_on_at_its_number() {
        let mut store = Store::default();
        done(store.append("s", Expected::NoStream, vec![event(1, ""), event(2, "")]));
        store.set_metadata("s", &format!("{{\"$tb\":{DELETED}}}"));
        assert!(matches!(store.read("s", None, false, 9), Read::NoStream));
        assert_eq!(store.append("s", Expected::Exists, vec![event(3, "")]), Appended::Deleted);
        assert_eq!(done(store.append("s", Expected::NoStream, vec![event(3, "")])), 2);
        let Read::Events(events) = store.read("s", None, false, 9) else { panic!("none") };
        assert_eq!(events.iter().map(|event| event.revision).collect::<Vec<_>>(), [2]);
        store.bury("s");
        assert!(matches!(store.read("s", None, false, 9), Read::Deleted));
    }

    #[test]
    fn metadata_removes_events_from_what_is_read() {
        let mut store = Store::default();
        let events = (0..5).map(|n| event(n, "")).collect();
        done(store.append("s", Expected::NoStream, events));
        let read = |store: &Store, from, backwards, count| match store
            .read("s", from, backwards, count)
        {
            Read::Events(events) => events.iter().map(|event| event.revision).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(read(&store, Some(1), false, 2), [1, 2]);
        assert_eq!(read(&store, None, true, 2), [4, 3]);
        assert_eq!(read(&store, Some(9), false, 2), [] as [u64; 0]);
        store.set_metadata("s", "{\"$maxCount\":2}");
        assert_eq!(read(&store, Some(0), false, 9), [3, 4]);
        store.set_metadata("s", "{\"$tb\":4}");
        assert_eq!(read(&store, Some(0), false, 9), [4]);
    }
}
