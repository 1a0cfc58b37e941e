//! What a page draws and lists of a session beside what is said of the session itself: versions of
//! trust and of policies, keys, falsifiers, records, reasons. Which of it is shown, and in which
//! words, is the page's own; here two of them are compared.

use crate::model::{Cut, Explained};
use std::collections::{BTreeMap, BTreeSet};

/// One thing of many that a page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// What it is part of, in the words of the page: `key K1`.
    pub thing: String,
    /// All that is shown of it.
    pub shows: String,
}

/// What a page shows of a session at a cut. Two of them are compared that are known at different
/// positions: that K itself is named must not make a difference.
pub type Draw = fn(&Explained, Cut) -> Vec<Drawn>;

/// The things of which something else is shown, in the order of the page; what is gone comes last.
#[must_use]
pub fn redrawn(before: &[Drawn], after: &[Drawn]) -> Vec<String> {
    let (was, is) = (things(before), things(after));
    let mut named = BTreeSet::new();
    let all = after.iter().chain(before).map(|drawn| drawn.thing.as_str());
    all.filter(|thing| was.get(thing) != is.get(thing) && named.insert(*thing))
        .map(str::to_owned)
        .collect()
}

fn things(drawn: &[Drawn]) -> BTreeMap<&str, Vec<&str>> {
    let mut things: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Drawn { thing, shows } in drawn {
        things.entry(thing).or_default().push(shows);
    }
    things
}
