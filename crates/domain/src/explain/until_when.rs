//! Until when the factors of a decision counted.

use super::{decision::DecisionExplainer, word::grouped};
use crate::{
    assess::{claims::Tri, decision::Judged, factors::AssessedFactor, until, until_session_end},
    codes,
    model::{Implied, Reason, RecordRef},
    words,
};
use claimledger_facts::vocabulary::Outcome;

impl<'a> DecisionExplainer<'a, '_> {
    pub(crate) fn until_when(&self) -> Reason {
        let short = self.short();
        let life = &self.trace.life;
        let at = self.judged.seen.occurred();
        // Ends are shown as known at K.
        let counted: Vec<&AssessedFactor<'a>> = self
            .known
            .factors
            .iter()
            .filter(|f| f.counts() && f.occurred().from <= at.latest())
            .collect();
        let ends = |f: &AssessedFactor<'a>| {
            let until = until::of(life, f);
            (until.until, until.bounds, until.reason)
        };
        let mut sentences = Vec::new();
        let mut records: Vec<&RecordRef> = Vec::new();
        for (names, first) in
            grouped(&counted, |f| (f.occurred(), f.by_record, f.by_rules, ends(f)))
        {
            let reading = match (first.by_record, first.by_rules) {
                (true, Tri::No) => "By record only: ",
                (true, Tri::Maybe) => "By record, and possibly by the rules: ",
                (false, Tri::Maybe) => "Possibly, by the rules only: ",
                (false, _) => "By the rules only: ",
                (true, _) => "",
            };
            let from = words::moment(first.occurred(), self.today);
            records.extend(until::of(life, first).record);
            sentences.push(format!(
                "{reading}{} {}",
                words::list(&names),
                self.span(first, &from, short, names.len() == 1)
            ));
        }
        if sentences.is_empty() {
            return Reason::new("No factor counted.")
                .asked("Until when?")
                .by_rule(until_session_end::ID);
        }
        let met = if short { self.also_met(&counted) } else { vec![] };
        if !met.is_empty() {
            let each: Vec<String> = met
                .iter()
                .filter_map(|d| {
                    Some(format!(
                        "{} {} ({})",
                        d.rule?.rule,
                        words::at(d.seen.occurred(), self.today),
                        d.seen.record().position
                    ))
                })
                .collect();
            let it = if counted.len() == 1 { "It" } else { "They" };
            sentences.push(format!("{it} met {}.", words::list(&each)));
        }
        let reason = Reason::new(sentences.join(" "))
            .asked("Until when?")
            .on(records)
            .on(met.iter().map(|d| d.seen.record()));
        if short { reason } else { reason.by_rule(until_session_end::ID) }
    }

    fn span(&self, factor: &AssessedFactor<'a>, from: &str, short: bool, one: bool) -> String {
        let until = until::of(&self.trace.life, factor);
        let count = if one { "counts" } else { "count" };
        match (until.until, until.reason, until.bounds) {
            (Some(end), Some(reason), _) => {
                let end = words::clock(end, self.today);
                let why = if short { words::plain(reason) } else { words::when_ended(reason) };
                format!("counted from {from} until {end}, {why}.")
            }
            (_, reason, Some(bounds)) => {
                let earliest = words::clock(bounds.from, self.today);
                match (reason, bounds.to) {
                    (Some(codes::EXPIRED_BY_LIMIT), Some(to)) => {
                        let to = words::clock(to, self.today);
                        format!(
                            "counted from {from}; the session ended by its limit, between \
                             {earliest} (last sign of life) and {to}."
                        )
                    }
                    (Some(reason), Some(to)) => {
                        let to = words::clock(to, self.today);
                        format!(
                            "counted from {from} until some time between {earliest} and {to}, {}.",
                            words::when_ended(reason)
                        )
                    }
                    (_, Some(to)) => {
                        format!(
                            "{count} from {from}; {}, and the limit is {}.",
                            words::no_end(self.trace.cut, self.today),
                            words::clock(to, self.today)
                        )
                    }
                    (_, None) => format!(
                        "{count} from {from}; {}.",
                        words::no_end(self.trace.cut, self.today)
                    ),
                }
            }
            _ => format!("{count} from {from}."),
        }
    }

    /// Other rules that the same factors met: the first decision of each, three at most.
    pub(super) fn also_met(&self, counted: &[&AssessedFactor<'_>]) -> Vec<&Judged<'a>> {
        let mut met: Vec<&Judged<'a>> = Vec::new();
        for other in self.trace.decisions.iter().map(|d| &d.then) {
            let let_in = other.data.outcome == Outcome::Allow
                && other.implied == Implied::Allow
                && other.rule.is_some();
            let with_these =
                counted.iter().all(|f| f.occurred().from <= other.seen.occurred().from);
            let new = !met.iter().any(|d| d.rule.map(|r| &r.rule) == other.rule.map(|r| &r.rule));
            if let_in && with_these && new && met.len() < 3 {
                met.push(other);
            }
        }
        met
    }
}
