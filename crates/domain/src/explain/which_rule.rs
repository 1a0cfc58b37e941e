//! Which rule a decision fell under, and what it asked for.

use super::{decision::DecisionExplainer, rule};
use crate::{
    assess::asked_rule::PolicyState,
    codes,
    history::Stated,
    model::{Implied, Mark, Reason},
    words,
};
use claimledger_facts::{
    ids::RuleId,
    types::policy::{PolicyConfigured, Rule},
    vocabulary::Outcome,
};

impl DecisionExplainer<'_, '_> {
    pub(super) fn which_rule(&self) -> Reason {
        let judged = self.judged;
        let data = judged.data;
        let question = "Which rule?";
        let history = self.trace.history;
        let Some(policy) = judged.policy else {
            let policy = words::policy(history, &data.policy);
            return Reason::new(format!("Nothing is stated about policy {policy} by then."))
                .asked(question)
                .marked(Mark::Undetermined)
                .coded(Some(codes::MISSING_POLICY))
                .reading(13);
        };
        let version =
            format!("{} {}", words::policy(history, &policy.data.policy), policy.data.version);
        let Some(rule) = judged.rule else {
            let named =
                data.rule.as_ref().map_or("The decision names no rule, and".to_owned(), |r| {
                    format!("The decision names {}, and", words::rule(history, r))
                });
            return Reason::new(format!("{named} {version} has {}.", rules(&policy.data.rules)))
                .asked(question)
                .marked(Mark::Undetermined)
                .coded(Some(codes::MISSING_RULE))
                .on([&policy.record])
                .reading(18);
        };
        let named = words::rule(history, &rule.rule);
        let since = words::in_force_since(policy.occurred, self.today);
        let (actor, ticket) = (policy.data.actor.as_ref(), policy.data.ticket.as_ref());
        let asks = rule::asks(rule);
        let label = data.version.as_ref().filter(|v| **v != policy.data.version);
        let label = label.map(|v| format!(" The decision names version {v}.")).unwrap_or_default();
        let says = if data.outcome == Outcome::Allow {
            format!(
                "{named} of {version}, in force since {since}{}. It asks for {asks}.{label}",
                words::by(actor, ticket)
            )
        } else {
            let mut inside = vec![since];
            inside.extend(Some(words::inside(actor, ticket)).filter(|w| !w.is_empty()));
            format!("{named} of {version} ({}): {asks}.{label}", inside.join(", "))
        };
        let reason = Reason::new(says).asked(question).on([&policy.record]);
        self.rule_open(reason, &rule.rule)
    }

    /// Says that an interval leaves open what the rule asked for.
    fn rule_open(&self, reason: Reason, rule: &RuleId) -> Reason {
        let policies = self.trace.history.policies();
        let in_force = policies.at(&self.judged.data.policy, self.judged.seen.occurred());
        let state =
            |policy: Option<&Stated<PolicyConfigured>>| policy.map(|p| PolicyState::of(p, rule));
        if in_force.is_rule_unseen(rule) || in_force.is_policy_unseen() {
            let what = if in_force.is_rule_unseen(rule) {
                format!("Rule {}", words::rule(self.trace.history, rule))
            } else {
                format!("Policy {}", words::policy(self.trace.history, &self.judged.data.policy))
            };
            let when = words::open_between(&in_force, self.today);
            let conclusion = format!(
                "{} {what} was saved {when}, perhaps more than once: what it said meanwhile no \
                 look saw.",
                reason.conclusion
            );
            return Reason { conclusion, ..reason }.marked(Mark::Undetermined).on(in_force
                .options
                .iter()
                .flatten()
                .map(|policy| &policy.record));
        }
        let others: Vec<&str> =
            self.judged.other_policies.iter().map(|other| other.data.version.as_str()).collect();
        let others = words::join(&others, "or");
        let first = state(in_force.options[0]);
        if in_force.options.iter().all(|option| state(*option) == first) {
            if others.is_empty() {
                return reason;
            }
            let conclusion =
                format!("{} By then it may still have been {others}, the same.", reason.conclusion);
            return Reason { conclusion, ..reason }.on(self
                .judged
                .other_policies
                .iter()
                .map(|other| &other.record));
        }
        let before =
            if others.is_empty() { others } else { format!(" Before that it was {others}.") };
        let when = words::open_between(&in_force, self.today);
        let is_mixed = in_force.mixtures(state).map_or(true, |mixed| !mixed.is_empty());
        let one_by_one = if is_mixed { ", and its parts perhaps one after the other" } else { "" };
        let conclusion = format!(
            "{} An interval leaves open whether that came before the decision: it changed \
             {when}{one_by_one}.{before}",
            reason.conclusion
        );
        let undetermined = self.judged.implied == Implied::Undetermined;
        let mark = if undetermined { Mark::Undetermined } else { Mark::Possible };
        Reason { conclusion, ..reason }.marked(mark).on(in_force
            .options
            .iter()
            .flatten()
            .map(|policy| &policy.record))
    }
}

fn rules(rules: &[Rule]) -> String {
    match rules {
        [] => "no rules".to_owned(),
        [only] => format!("the rule {}", only.rule),
        some => format!(
            "the rules {}",
            words::list(&some.iter().map(|r| r.rule.to_string()).collect::<Vec<_>>())
        ),
    }
}
