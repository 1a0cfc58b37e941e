//! A Bloom filter of record ids, so that appends of new records need no query of the index.

use claimledger_facts::ids::RecordId;

/// A Bloom filter that grows by segments, each twice the one before: 16 bits an id, seven probes,
/// about one false alarm in 1,000 ids and full segment. A false alarm costs one look into the
/// index, never a wrong answer. One million ids take 2 to 4 MiB.
///
/// Why not a set of fingerprints: it takes five times as much for the same ids. Why not the index
/// itself: one statement a group on the read models' file, while the views write there, costs more
/// than the append.
#[derive(Debug)]
pub(crate) struct Filter {
    segments: Vec<Segment>,
}

#[derive(Debug)]
struct Segment {
    words: Vec<u64>,
    room: usize,
}

/// Capacity of the first segment, in ids; each further segment has twice that of the one before.
const FIRST_SEGMENT_IDS: usize = 64 * 1024;
const BITS_PER_ID: usize = 16;
const PROBES: u64 = 7;

impl Filter {
    pub(crate) fn new() -> Self {
        Self { segments: Vec::new() }
    }

    pub(crate) fn insert(&mut self, id: RecordId) {
        if self.segments.last().is_none_or(|segment| segment.room == 0) {
            let ids = FIRST_SEGMENT_IDS << self.segments.len().min(20);
            self.segments.push(Segment { words: vec![0; ids * BITS_PER_ID / 64], room: ids });
        }
        if let Some(segment) = self.segments.last_mut() {
            for bit in probes(id, segment.words.len()) {
                segment.words[bit / 64] |= 1 << (bit % 64);
            }
            segment.room -= 1;
        }
    }

    pub(crate) fn may_contain(&self, id: RecordId) -> bool {
        self.segments.iter().any(|segment| {
            probes(id, segment.words.len())
                .all(|bit| segment.words[bit / 64] & (1 << (bit % 64)) != 0)
        })
    }

    /// Adds the ids of another filter.
    pub(crate) fn merge(&mut self, other: Self) {
        // Full segments first, because inserts go to the last one.
        self.segments.splice(0..0, other.segments);
    }
}

/// The bits of an id. It is a UUIDv5, so its halves are hashes already.
fn probes(id: RecordId, words: usize) -> impl Iterator<Item = usize> {
    let (first, second) = id.0.as_u64_pair();
    let bits = words as u64 * 64;
    (0..PROBES).map(move |i| (first.wrapping_add(i.wrapping_mul(second | 1)) % bits) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(n: u32) -> RecordId {
        RecordId(Uuid::new_v5(&Uuid::NAMESPACE_OID, &n.to_be_bytes()))
    }

    #[test]
    fn what_went_in_is_found_and_little_else_is() {
        let mut filter = Filter::new();
        let mut other = Filter::new();
        for n in 0..150_000 {
            if n % 3 == 0 { other.insert(id(n)) } else { filter.insert(id(n)) }
        }
        filter.merge(other);
        for n in 150_000..200_000 {
            filter.insert(id(n));
        }
        assert!((0..200_000).all(|n| filter.may_contain(id(n))));
        let false_alarms = (200_000..300_000).filter(|n| filter.may_contain(id(*n))).count();
        assert!(false_alarms < 600, "{false_alarms} of 100,000");
    }
}
