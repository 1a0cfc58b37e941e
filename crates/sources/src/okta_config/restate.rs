//! What has to be stated beside what was stated, so that the same is in force as if everything had
//! been stated in the order of time. A statement cannot be revoked; one that comes later in the
//! total order takes its place.

use claimledger_facts::time::{Occurred, Time, in_force};
use std::collections::BTreeSet;

/// A statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Statement<'d> {
    occurred: Occurred,
    /// The digest of what it says, with what was saved in its interval.
    whole: &'d str,
    /// The digest of what is in force once the interval is over: what was saved in it says nothing
    /// of the time since.
    content: &'d str,
}

impl<'d> Statement<'d> {
    pub(super) fn of(occurred: Occurred, whole: &'d str, content: &'d Option<String>) -> Self {
        Self { occurred, whole, content: content.as_deref().unwrap_or(whole) }
    }
}

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
        insert(all, Statement { occurred, ..wanted[which] });
        (occurred, which)
    };
    let times = || said.iter().chain(wanted).map(|statement| statement.occurred);
    let starts = times().map(|occurred| occurred.from).chain(kept_from);
    let starts: BTreeSet<Time> = starts.filter(|at| kept_from.is_none_or(|k| *at >= k)).collect();
    let ends: BTreeSet<Time> = times().map(Occurred::latest).collect();
    for &start in &starts {
        let next = starts.range(start..).nth(1).copied();
        let inside = ends.range(start..).filter(|end| next.is_none_or(|next| **end < next));
        let times: Vec<Time> = [start].into_iter().chain(inside.copied()).collect();
        let fits = |all: &[Statement<'_>]| times.iter().all(|at| is_same(all, wanted, *at));
        if fits(&all) {
            continue;
        }
        let lacking: Vec<usize> = (0..wanted.len())
            .filter(|which| wanted[*which].occurred.from == start && !all.contains(&wanted[*which]))
            .collect();
        let mut tried = all.clone();
        let new: Vec<_> =
            lacking.iter().map(|which| put(&mut tried, wanted[*which].occurred, *which)).collect();
        if fits(&tried) {
            all = tried;
            added.extend(new);
            continue;
        }
        // Everything that can be in force at this time is stated again, after what was wrong.
        let latest_first = wanted.iter().enumerate().rev().map(|(which, w)| (w.occurred, which));
        let options = in_force(latest_first, Occurred::at(start));
        for which in options.into_iter().rev().flatten() {
            let to = wanted[which].occurred.latest();
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
    let index = all.partition_point(|old| old.occurred.from <= new.occurred.from);
    all.insert(index, new);
}

fn is_same(all: &[Statement<'_>], wanted: &[Statement<'_>], at: Time) -> bool {
    options(all, at) == options(wanted, at)
}

/// What can be in force, each once in a row.
fn options<'d>(statements: &[Statement<'d>], at: Time) -> Vec<Option<&'d str>> {
    let latest_first = statements.iter().rev().map(|statement| (statement.occurred, statement));
    let options = in_force(latest_first, Occurred::at(at));
    // The last of them certainly was so.
    let certain = options.len() - 1;
    let said = |(n, option): (usize, Option<&Statement<'d>>)| {
        option.map(|option| if n == certain { option.content } else { option.whole })
    };
    let mut options: Vec<_> = options.into_iter().enumerate().map(said).collect();
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
        let wanted =
            [Statement::of(Occurred::at(at(5)), "a", &None), Statement::of(between, "b", &None)];
        let wrong = [wanted[0], wanted[1], Statement::of(Occurred::at(at(20)), "c", &None)];
        assert_eq!(additions(&wanted, &wanted, None), []);
        assert_eq!(additions(&wrong, &wanted, None), [(Occurred::at(at(20)), 1)]);
        assert_eq!(additions(&wrong, &wanted, Some(at(21))), [(Occurred::at(at(21)), 1)]);
    }

    /// Of what was saved again it is open what it was, though it is as it was.
    #[test]
    fn what_was_saved_again_is_no_repeat_of_what_was_saved_before() {
        let content = Some("a".to_owned());
        let saved = |from, to| {
            let occurred = Occurred { from: at(from), to: Some(at(to)) };
            Statement::of(occurred, "a, saved", &content)
        };
        let wanted = [Statement::of(Occurred::at(at(0)), "a", &None), saved(5, 8), saved(10, 20)];
        let said = [wanted[0], wanted[1]];
        assert_eq!(additions(&said, &wanted, None), [(wanted[2].occurred, 2)]);
        assert_eq!(additions(&wanted, &wanted, None), []);
    }
}
