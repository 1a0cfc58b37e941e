//! What fell short of a requirement: what was asserted or verified, and does not count for the
//! rule.

use super::{
    decision::DecisionExplainer,
    word::{self, grouped},
};
use crate::{
    assess::{
        authenticator_lost,
        claims::Tri,
        engine_mix,
        factors::AssessedFactor,
        method_chain, reauthenticate,
        requirement::{self, Bar, Candidate},
        security_question,
    },
    codes,
    model::Reason,
    words,
};

impl<'a> DecisionExplainer<'a, '_> {
    /// What does not count for this rule at all: void, ignored, lost, stale, only possible, or
    /// barred by a list.
    pub(super) fn fell_short(&self) -> Vec<Reason> {
        let at = self.judged.seen.occurred();
        let earlier: Vec<&AssessedFactor<'a>> =
            self.trace.factors.iter().filter(|f| f.occurred().from <= at.latest()).collect();
        let mut reasons = self.void(&earlier);
        reasons.extend(self.ignored(&earlier));
        reasons.extend(self.lost(&earlier));
        reasons.extend(self.verified_too_early());
        reasons.extend(self.only_possible());
        reasons.extend(self.barred());
        reasons
    }

    fn void(&self, earlier: &[&AssessedFactor<'a>]) -> Vec<Reason> {
        let void = those(earlier, |f| f.by_rules == Tri::No && !f.void.is_empty());
        let assertion = |f: &AssessedFactor<'a>| {
            f.claim.and_then(|c| self.trace.claims[c].data.assertion.clone())
        };
        let groups = grouped(&void, |f| (f.claim, f.void.clone())).into_iter();
        let reasons = groups.map(|(names, first)| {
            let place = assertion(first)
                .map_or("in an assertion that was not seen".to_owned(), |a| format!("in {a}"));
            Reason::new(format!(
                "{} {} asserted {place}, which is void: {}.",
                words::list(&names),
                were(&names),
                words::fates(&first.void)
            ))
            .coded(first.void.first().copied())
            .on([first.seen.record()])
            .reading(7)
        });
        reasons.collect()
    }

    fn ignored(&self, earlier: &[&AssessedFactor<'a>]) -> Vec<Reason> {
        let ignored =
            those(earlier, |f| f.by_rules == Tri::No && f.void.is_empty() && !f.ignored.is_empty());
        let groups = grouped(&ignored, |f| (f.claim, f.ignored.clone())).into_iter();
        let reasons = groups.map(|(names, first)| {
            Reason::new(format!(
                "{} {} asserted and ignored: {}.",
                words::list(&names),
                were(&names),
                words::fates(&first.ignored)
            ))
            .coded(first.ignored.first().copied())
            .on([first.seen.record()])
            .reading(7)
        });
        reasons.collect()
    }

    /// Given by an authenticator that was lost by then.
    fn lost(&self, earlier: &[&AssessedFactor<'a>]) -> Vec<Reason> {
        let by = self.judged.seen.occurred().latest();
        let lost = those(earlier, |f| {
            f.by_rules != Tri::No && f.losses.ends.iter().any(|end| end.when.from <= by)
        });
        let loss = |f: &AssessedFactor<'a>| {
            f.losses.ends.iter().map(|end| end.loss.record.id).collect::<Vec<_>>()
        };
        let reasons = grouped(&lost, loss).into_iter().filter_map(|(names, first)| {
            let end = first.losses.ends.first()?;
            let when = words::moment(end.when, self.today);
            let may = if end.running == Tri::Yes {
                "no longer counted"
            } else {
                "perhaps no longer counted"
            };
            let says = format!(
                "{} {may}: what gave {} was lost {when}.",
                words::list(&names),
                if names.len() == 1 { "it" } else { "them" }
            );
            let reason = Reason::new(says)
                .coded(Some(codes::AUTHENTICATOR_LOST))
                .on([first.seen.record(), &end.loss.record]);
            Some(reason.by_rule(authenticator_lost::ID).reading(11))
        });
        reasons.collect()
    }

    fn verified_too_early(&self) -> Vec<Reason> {
        let stale: Vec<&AssessedFactor<'a>> =
            self.stale().into_iter().map(|i| &self.trace.factors[i]).collect();
        // 0 seconds: again for each decision, however recent the last one is.
        let each_time = self.judged.rule.and_then(|r| r.reauthenticate_in_secs) == Some(0);
        let when = if each_time {
            "before the session's previous decision"
        } else {
            "too long before this decision"
        };
        let groups = grouped(&stale, |f| f.seen.record().id).into_iter();
        let reasons = groups.map(|(names, first)| {
            let verified = words::at(first.occurred(), self.today);
            Reason::new(format!("{} was verified {verified}, {when}.", words::list(&names)))
                .on([first.seen.record()])
                .by_rule(reauthenticate::ID)
                .reading(36)
        });
        reasons.collect()
    }

    fn only_possible(&self) -> Vec<Reason> {
        let unsure: Vec<&Candidate> = self.judged.candidates.iter().filter(|c| !c.sure).collect();
        let mut told: Vec<&[&'static str]> = Vec::new();
        let mut reasons = Vec::new();
        for candidate in &unsure {
            if told.contains(&candidate.missing.as_slice()) {
                continue;
            }
            told.push(&candidate.missing);
            let alike: Vec<&Candidate> =
                unsure.iter().copied().filter(|c| c.missing == candidate.missing).collect();
            let names: Vec<&str> =
                alike.iter().map(|c| c.value.name.as_str()).filter(|n| !n.is_empty()).collect();
            let what = if candidate.missing.contains(&codes::MISSING_SOURCE_SILENT) {
                "What a source did not send".to_owned()
            } else if names.is_empty() && candidate.claim.is_none() {
                "What is not understood".to_owned()
            } else if names.is_empty() {
                "What a claim carried".to_owned()
            } else {
                words::list(&names)
            };
            let says = format!("{what} would count only possibly. ");
            reasons.push(word::missing(&says, &candidate.missing).on(self.records(&alike)));
        }
        reasons
    }

    /// Kept out of this rule by what it lists, or by what the organisation asks for.
    fn barred(&self) -> Vec<Reason> {
        let barred = self
            .judged
            .certain
            .iter()
            .flat_map(|r| &r.best.barred)
            .map(|(at, bar)| (&self.judged.candidates[*at], *bar));
        let barred: Vec<(&Candidate, Bar)> = barred.collect();
        let reasons = Bar::ALL.iter().filter_map(|bar| {
            let kept: Vec<&Candidate> =
                barred.iter().filter(|(_, by)| by == bar).map(|(c, _)| *c).collect();
            if kept.is_empty() {
                return None;
            }
            let names: Vec<&str> = kept.iter().map(|c| c.value.name.as_str()).collect();
            let (why, rule) = kept_out(*bar);
            let says = format!("{} counted, but not for this rule: {why}.", words::list(&names));
            Some(Reason::new(says).on(self.records(&kept)).by_rule(rule))
        });
        reasons.collect()
    }

    /// Factors that were verified too long ago, for every alternative or for the one that is shown.
    pub(super) fn stale(&self) -> Vec<usize> {
        let here = self.judged.certain.iter().flat_map(|r| &r.best.stale);
        let here = here.filter_map(|at| self.judged.candidates[*at].factor);
        self.judged.stale.iter().copied().chain(here).collect()
    }
}

fn those<'a, 'b>(
    factors: &[&'b AssessedFactor<'a>],
    are_so: impl Fn(&AssessedFactor<'a>) -> bool,
) -> Vec<&'b AssessedFactor<'a>> {
    factors.iter().copied().filter(|factor| are_so(factor)).collect()
}

fn were(names: &[String]) -> &'static str {
    if names.len() == 1 { "was" } else { "were" }
}

/// Why a bar keeps a factor out of a rule, and by which rule of ours.
const fn kept_out(bar: Bar) -> (&'static str, &'static str) {
    match bar {
        Bar::ThirdPartyLists => {
            ("values of a third-party IdP can't meet a rule that lists methods", requirement::ID)
        }
        Bar::Listed => ("its methods keep it out", requirement::ID),
        Bar::ThirdPartyChain => {
            ("values of a third-party IdP can't meet a chain of methods", method_chain::ID)
        }
        Bar::FromClassic => ("claims of a Classic org can't meet its constraints", engine_mix::ID),
        Bar::ToClassic => ("claims to a Classic org can't meet its constraints", engine_mix::ID),
        Bar::SecurityQuestion => (
            "the organisation asks for the security question, so values of a third-party IdP meet \
             knowledge only",
            security_question::ID,
        ),
        Bar::OtherKnowledge => ("it asks for other knowledge", requirement::ID),
    }
}
