//! What has to be stated beside what was stated, so that the same is in force as if everything had
//! been stated in the order of time. A statement cannot be revoked; one that comes later in the
//! total order takes its place.

use claimledger_facts::time::{Occurred, Time, in_force};
use std::collections::BTreeSet;

/// A statement: when, and the digest of what it says.
pub(super) type Statement<'d> = (Occurred, &'d str);

/// The statements to add to those that were `said`: each its time, and which of `wanted` it states.
/// Both are in the total order, and an added one sorts after all others of its time. What was so
/// before `kept_from` is not known, and stays as it was said.
pub(super) fn additions(
    said: &[Statement<'_>],
    wanted: &[Statement<'_>],
    kept_from: Option<Time>,
) -> Vec<(Occurred, usize)> {
    let (mut all, mut added) = (said.to_vec(), Vec::new());
    let put = |all: &mut Vec<_>, occurred: Occurred, which: usize| {
        insert(all, (occurred, wanted[which].1));
        (occurred, which)
    };
    let starts = said.iter().chain(wanted).map(|(occurred, _)| occurred.from).chain(kept_from);
    let starts: BTreeSet<Time> = starts.filter(|at| kept_from.is_none_or(|k| *at >= k)).collect();
    let ends: BTreeSet<Time> = said.iter().chain(wanted).map(|(o, _)| o.latest()).collect();
    for &start in &starts {
        let next = starts.range(start..).nth(1).copied();
        let inside = ends.range(start..).filter(|end| next.is_none_or(|next| **end < next));
        let times: Vec<Time> = [start].into_iter().chain(inside.copied()).collect();
        let fits = |all: &[Statement<'_>]| times.iter().all(|at| is_same(all, wanted, *at));
        if fits(&all) {
            continue;
        }
        let lacking: Vec<usize> = (0..wanted.len())
            .filter(|which| wanted[*which].0.from == start && !all.contains(&wanted[*which]))
            .collect();
        let mut tried = all.clone();
        let new: Vec<_> =
            lacking.iter().map(|which| put(&mut tried, wanted[*which].0, *which)).collect();
        if fits(&tried) {
            all = tried;
            added.extend(new);
            continue;
        }
        // Everything that can be in force at this time is stated again, after what was wrong.
        let latest_first = wanted.iter().enumerate().rev().map(|(which, (o, _))| (*o, which));
        let options = in_force(latest_first, Occurred::at(start));
        for which in options.into_iter().rev().flatten() {
            let to = wanted[which].0.latest();
            let occurred = if to <= start {
                Occurred::at(start)
            } else {
                Occurred { from: start, to: Some(to) }
            };
            added.push(put(&mut all, occurred, which));
        }
    }
    added
}

fn insert<'d>(all: &mut Vec<Statement<'d>>, new: Statement<'d>) {
    let index = all.partition_point(|(occurred, _)| occurred.from <= new.0.from);
    all.insert(index, new);
}

fn is_same(all: &[Statement<'_>], wanted: &[Statement<'_>], at: Time) -> bool {
    options(all, at) == options(wanted, at)
}

/// What can be in force, each once in a row.
fn options<'d>(statements: &[Statement<'d>], at: Time) -> Vec<Option<&'d str>> {
    let mut options = in_force(statements.iter().rev().copied(), Occurred::at(at));
    options.dedup();
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Time {
        Time::from_micros(minute * 60_000_000)
    }

    #[test]
    fn what_was_in_force_is_stated_again_after_what_was_wrong_at_the_instant() {
        let between = Occurred { from: at(10), to: Some(at(20)) };
        let wanted = [(Occurred::at(at(5)), "a"), (between, "b")];
        let wrong = [wanted[0], wanted[1], (Occurred::at(at(20)), "c")];
        assert_eq!(additions(&wanted, &wanted, None), []);
        assert_eq!(additions(&wrong, &wanted, None), [(Occurred::at(at(20)), 1)]);
        assert_eq!(additions(&wrong, &wanted, Some(at(21))), [(Occurred::at(at(21)), 1)]);
    }
}
