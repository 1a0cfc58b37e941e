//! Decisions of a session that were made alike: one tree, and the others beside it by what differs,
//! which is when they fell.

use super::times::{Times, delay, is_late};
use claimledger_domain::model::Decision;
use claimledger_facts::{ids::LogPosition, vocabulary::Outcome};
use maud::{Markup, html};

/// Decisions with the same application, outcome, rule, factors and readings.
pub(super) struct Same<'a, T> {
    /// The first, with what goes with it.
    pub(super) first: (&'a Decision, T),
    /// Those after it, in their order.
    pub(super) others: Vec<&'a Decision>,
}

/// With how many groups a decision is compared, the latest first: a session with thousands of
/// decisions that are all different is still grouped in time.
const COMPARED: usize = 64;

/// Each decision in the group of the first one that is like it.
pub(super) fn groups<'a, T>(
    decisions: impl Iterator<Item = (&'a Decision, T)>,
) -> Vec<Same<'a, T>> {
    let mut groups: Vec<Same<'a, T>> = Vec::new();
    for (decision, with) in decisions {
        let like = groups.iter_mut().rev().take(COMPARED);
        match like.into_iter().find(|same| alike(same.first.0, decision)) {
            Some(same) => same.others.push(decision),
            None => groups.push(Same { first: (decision, with), others: Vec::new() }),
        }
    }
    groups
}

/// Whether all that the rules read of two decisions is the same. A variant is like no other.
fn alike(one: &Decision, other: &Decision) -> bool {
    let recorded = |of: &Decision| {
        let of = &of.recorded;
        (of.app.clone(), of.outcome, of.record.source.clone())
    };
    !one.recorded.variant
        && !other.recorded.variant
        && recorded(one) == recorded(other)
        && (&one.under, &one.made, &one.at_k) == (&other.under, &other.made, &other.at_k)
        && (&one.differs, &one.falsified_later) == (&other.differs, &other.falsified_later)
        && (&one.later, &one.relied_on) == (&other.later, &other.relied_on)
}

/// Whose tree is open on the page of a session: of decisions that are odd; where none is, of those
/// that did not let in; else of the first.
pub(super) fn notable(decisions: &[Decision]) -> impl Fn(&Decision) -> bool + use<> {
    let odd = |of: &Decision| of.differs.is_some() || of.falsified_later.is_some();
    let refused = |of: &Decision| of.recorded.outcome != Outcome::Allow;
    let kind = decisions.iter().find(|of| odd(of)).map(|_| 0);
    let kind = kind.or_else(|| decisions.iter().find(|of| refused(of)).map(|_| 1));
    let first = decisions.first().map(|of| of.recorded.record.position);
    move |of| match kind {
        Some(0) => odd(of),
        Some(_) => refused(of),
        None => Some(of.recorded.record.position) == first,
    }
}

/// Of the others of a group that are listed; the list of records has all.
const LISTED: usize = 50;

/// The others of a group, each as a link to its page, under what differs among them.
pub(super) fn others<T>(same: &Same<'_, T>, href: &dyn Fn(LogPosition) -> String) -> Markup {
    let mut times = Times::default();
    html! {
        @if !same.others.is_empty() {
            details class="equal" {
                summary { (same.others.len() + 1) " decisions, the same reasons; the differences: "
                    (differences(same)) }
                ul {
                    @for decision in same.others.iter().take(LISTED) {
                        @let recorded = &decision.recorded;
                        li id={ "d-" (recorded.record.position.0) } {
                            a href=(href(recorded.record.position)) {
                                (times.occurred(recorded.at)) } " · " (recorded.record.position)
                            @if is_late(recorded.at.from, recorded.record.recorded_at) {
                                ", recorded late "
                                (delay(recorded.at.from, recorded.record.recorded_at)) }
                        }
                    }
                }
                @if same.others.len() > LISTED { p { "and " (same.others.len() - LISTED) " more, \
                    up to " (same.others.last().map(|last| last.recorded.record.position)
                        .unwrap_or_default()) "; the records of the session name each." } }
            }
        }
    }
}

/// Decisions that are alike differ in when they fell, and in how late they were recorded.
fn differences<T>(same: &Same<'_, T>) -> String {
    let all = || std::iter::once(same.first.0).chain(same.others.iter().copied());
    let mut times = Times::default();
    let (first, last) =
        (all().map(|one| one.recorded.at.from).min(), all().map(|one| one.recorded.at.from).max());
    let late = all().filter(|one| is_late(one.recorded.at.from, one.recorded.record.recorded_at));
    let span = [first, last].into_iter().flatten().map(|at| times.show(at)).collect::<Vec<_>>();
    match late.count() {
        0 => format!("when, {}", span.join(" to ")),
        late => format!("when, {}; and {late} recorded late", span.join(" to ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::samples;

    #[test]
    fn the_tree_of_what_is_odd_is_open_then_of_what_was_refused_then_the_first() {
        let of = |position, outcome| samples::decision(position, "2026-03-10T12:30:00Z", outcome);
        let mut all =
            vec![of(30, Outcome::Allow), of(31, Outcome::Allow), of(32, Outcome::Challenge)];
        let open = |all: &[Decision]| {
            let notable = notable(all);
            all.iter().map(notable).collect::<Vec<_>>()
        };
        assert_eq!(open(&all), [false, false, true]);
        assert_eq!(open(&all[..2]), [true, false]);
        all[1].falsified_later = Some(claimledger_domain::model::Difference {
            recorded: Outcome::Allow,
            implied: claimledger_domain::model::Implied::Deny,
            code: "authenticator_lost",
            words: "authenticator lost".to_owned(),
        });
        assert_eq!(open(&all), [false, true, false]);
    }

    #[test]
    fn decisions_alike_are_one_group_and_no_other() {
        let because = samples::thought("S1 was let in.");
        let of = |position, outcome| samples::decision(position, "2026-03-10T12:30:00Z", outcome);
        let mut all = [
            of(30, Outcome::Allow),
            of(31, Outcome::Deny),
            of(32, Outcome::Allow),
            of(33, Outcome::Allow),
            of(34, Outcome::Allow),
        ];
        all[3].under.version_in_force = Some("v3".into());
        all[4].recorded.variant = true;
        let groups = groups(all.iter().map(|decision| (decision, &because)));
        let positions: Vec<Vec<u64>> = groups
            .iter()
            .map(|same| {
                let all = std::iter::once(same.first.0).chain(same.others.iter().copied());
                all.map(|decision| decision.recorded.record.position.0).collect()
            })
            .collect();
        assert_eq!(positions, [vec![30, 32], vec![31], vec![33], vec![34]]);
        let html = others(&groups[0], &|position| format!("/decision?pos={}", position.0));
        let html = html.into_string();
        assert!(
            html.contains(
                "2 decisions, the same reasons; the differences: when, 2026-03-10 12:30:00Z"
            ) && html.contains("pos=32"),
            "{html}"
        );
        assert!(others(&groups[1], &|_| String::new()).into_string().is_empty());
    }
}
