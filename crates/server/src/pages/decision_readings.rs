//! Three readings of a decision, always side by side: as recorded, and by the rules as known when
//! it fell and as known at K. They may differ; none is called right or wrong but by the facts.

use super::{
    address::Address,
    decision::Shown,
    text::{count, inert, sentence},
};
use crate::timeline::lanes::type_word;
use claimledger_app::model::answer::DecisionFound;
use claimledger_domain::{
    codes::{Supplier, missing_words, supplier, unmet_words},
    explain::{called, characteristic},
    model::{Agreement, Decision, Implied, MetAtDecision, RecordRef, SessionState},
};
use claimledger_facts::{ids::RuleId, vocabulary::FactorMode};
use maud::{Markup, html};

/// One line that says how it stands, when made and as known at K.
pub(super) fn status(shown: &Shown<'_>, decision: &Decision) -> Markup {
    let (made, now) = (
        Agreement::of(decision.recorded.outcome, decision.made.implied),
        Agreement::of(decision.recorded.outcome, decision.at_k.implied),
    );
    let odd = |words: &str| html! { strong class="attention" { (words) } };
    let k = shown.answer.answered.position;
    let line = match (made, now) {
        (Agreement::Same | Agreement::Alike, Agreement::Differs) => {
            html! { "RIGHT WHEN MADE · " (odd("✕ FALSIFIED LATER")) }
        }
        (Agreement::Undetermined, Agreement::Differs) => {
            html! { "UNDETERMINED WHEN MADE · " (odd("✕ FALSIFIED LATER")) }
        }
        (Agreement::Differs, Agreement::Differs) => odd("≠ DIFFERS"),
        (Agreement::Differs, Agreement::Same | Agreement::Alike) => {
            html! { (odd("≠ DIFFERS WHEN MADE")) " · AS THE RULES SAY AT " (k) }
        }
        (Agreement::Differs, Agreement::Undetermined) => {
            html! { (odd("≠ DIFFERS WHEN MADE")) " · UNDETERMINED AT " (k) }
        }
        (Agreement::Undetermined, Agreement::Undetermined) => html! { "UNDETERMINED" },
        (Agreement::Undetermined, Agreement::Same | Agreement::Alike) => {
            html! { "UNDETERMINED WHEN MADE · AS THE RULES SAY AT " (k) }
        }
        (Agreement::Same | Agreement::Alike, Agreement::Undetermined) => {
            html! { "RIGHT WHEN MADE · UNDETERMINED AT " (k) }
        }
        (Agreement::Same, _) => html! { "AS THE RULES SAY" },
        (Agreement::Alike, _) => html! { "NOT LET IN, AS THE RULES SAY" },
    };
    let elsewhere = |name, words: &str| {
        html! {
        " · " a href=(shown.pinned(Address::new("/sessions").with(name, "true"))) { (words) } }
    };
    html! {
        p class="status" {
            (line)
            @if let Some(differs) = &decision.differs { ": " (differs.words) (elsewhere("differs",
                "others that differ")) }
            @if let Some(later) = &decision.falsified_later {
                ": " (inert(&later.words)) (elsewhere("falsifiedLater", "others falsified later")) }
        }
    }
}

/// What the recorded outcome, or one of the two readings by the rules, says in each row.
struct Column {
    head: Markup,
    outcome: Markup,
    rule: Markup,
    unmet: Markup,
    rested: Markup,
}

/// The three columns.
pub(super) fn columns(shown: &Shown<'_>, found: &DecisionFound) -> Markup {
    let decision = found.decision();
    let at_k = &decision.at_k;
    let position = shown.answer.answered.position;
    let by_rules = |head, implied, first_unmet, missing, met| Column {
        head,
        outcome: outcome(decision, implied),
        rule: rule(shown, found),
        unmet: unmet(decision.under.factor_mode, first_unmet, missing),
        rested: counted(met),
    };
    let columns = [
        as_recorded(found),
        by_rules(
            html! { "rules, as known when decided (" (decision.recorded.record.position) ")" },
            decision.made.implied,
            decision.made.first_unmet,
            &decision.made.missing,
            &decision.made.met,
        ),
        by_rules(
            html! { "rules, as known at K (" (position) ")" },
            at_k.implied,
            at_k.first_unmet,
            &at_k.missing,
            &at_k.met,
        ),
    ];
    let row = |name: &str, of: &dyn Fn(&Column) -> Markup| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { (name) }
                @for column in &columns { td role="cell" { (of(column)) } }
            }
        }
    };
    html! {
        // The rows are laid out as a grid, so that the columns are equally wide on every screen;
        // the roles say that it is a table all the same.
        table class="readings" role="table" aria-label="Three readings of this decision" {
            thead role="rowgroup" {
                tr role="row" {
                    td role="cell" {}
                    @for column in &columns { th scope="col" role="columnheader" { (column.head) } }
                }
            }
            tbody role="rowgroup" {
                (row("outcome", &|column| column.outcome.clone()))
                (row("rule", &|column| column.rule.clone()))
                (row("first unmet", &|column| column.unmet.clone()))
                (row("RESTED ON", &|column| column.rested.clone()))
            }
        }
    }
}

fn as_recorded(found: &DecisionFound) -> Column {
    let (decision, recorded) = (found.decision(), &found.recorded);
    let names: Vec<&str> = decision
        .relied_on
        .iter()
        .filter_map(|relied| found.session.state.factors.get(relied.factor))
        .map(|f| f.name.as_str())
        .collect();
    Column {
        head: html! { "as recorded (" (inert(decision.recorded.record.source.as_str())) ")" },
        outcome: html! { (recorded.outcome.as_str()) },
        rule: html! {
            @match &recorded.rule { Some(rule) => (inert(rule.as_str())), None => { "no rule \
                named, policy " (inert(recorded.policy.as_str())) } }
            @if let Some(version) = &recorded.version { " (label " (inert(version.as_str())) ")" }
        },
        unmet: html! { "–" },
        rested: html! {
            @if names.is_empty() { "nothing" } @else { (list(&names)) }
            @if recorded.relied_on.is_some() { ", as it says" }
        },
    }
}

fn outcome(decision: &Decision, implied: Implied) -> Markup {
    let differs = Agreement::of(decision.recorded.outcome, implied) == Agreement::Differs;
    html! { (implied.as_str()) @if differs {
    " " strong class="attention" { "≠ differs" } } }
}

/// The configuration is the one that occurred, however late it was recorded: the same in both
/// readings (`semantics.md` 4).
fn rule(shown: &Shown<'_>, found: &DecisionFound) -> Markup {
    let decision = found.decision();
    let under = &decision.under;
    let policy = called(under.policy.as_str(), under.policy_name.as_deref());
    let named = |rule: &RuleId| called(rule.as_str(), under.rule_name.as_deref());
    let Some(version) = &decision.under.version_in_force else {
        return html! { "nothing is stated about policy " (inert(&policy)) };
    };
    let in_force = found.session.context.policies.iter().find(|of| {
        of.of == decision.under.policy.as_str()
            && of.label == *version
            && of.span.holds_at(decision.recorded.at.from).is_some()
    });
    html! {
        (inert(&policy)) " " (inert(version.as_str()))
        @for other in &under.other_versions { " or " (inert(other.as_str())) }
        ", "
        @match (&decision.under.rule, decision.under.factor_mode) {
            (Some(rule), Some(_)) => (inert(&named(rule))),
            (Some(rule), None) => { "which has no " (inert(&named(rule))) },
            (None, _) => "and the decision names no rule",
        }
        @if let Some(version) = in_force { " " (shown.link(&version.record)) }
    }
}

fn unmet(
    mode: Option<FactorMode>,
    first_unmet: Option<&'static str>,
    missing: &[&'static str],
) -> Markup {
    let two = mode == Some(FactorMode::TwoFactor);
    html! {
        @match first_unmet {
            Some(code) => { (unmet_words(code, two)) " " (code_of(code)) },
            None if missing.is_empty() => "–",
            None => {},
        }
        @if !missing.is_empty() {
            a href="#missing" { "missing" } ": "
            @for (i, code) in missing.iter().enumerate() { @if i > 0 {
                "; " } (missing_words(code)) }
        }
    }
}

fn counted(met: &MetAtDecision) -> Markup {
    let types: Vec<&str> = met.factor_types.iter().map(|of| type_word(*of)).collect();
    let has: Vec<&str> =
        met.characteristics.iter().map(|property| characteristic(*property)).collect();
    html! {
        @if met.counted.is_empty() { "nothing counts" } @else { (list(&met.counted)) }
        @if !types.is_empty() { ": " (types.join(" and ")) }
        @if !has.is_empty() { " (" (has.join(", ")) ")" }
        @if !met.perhaps.is_empty() { "; possibly " (list(&met.perhaps)) }
    }
}

/// A code, which may be broken behind each of its words where a column is narrow.
fn code_of(code: &str) -> Markup {
    html! { code { @for (i, word) in code.split('_').enumerate() {
    @if i > 0 { "_" wbr; } (word) } } }
}

fn list<T: AsRef<str>>(names: &[T]) -> Markup {
    html! { @for (i, name) in names.iter().enumerate() { @if i > 0 {
    ", " } (inert(name.as_ref())) } }
}

/// What is missing where the rules say nothing yet, and who could supply it.
pub(super) fn missing(shown: &Shown<'_>, found: &DecisionFound) -> Markup {
    let decision = found.decision();
    let mut missing = decision.made.missing.clone();
    missing
        .extend(decision.at_k.missing.iter().filter(|code| !decision.made.missing.contains(code)));
    html! {
        @if !missing.is_empty() {
            section id="missing" class="missing" aria-labelledby="missing-h" {
                h2 id="missing-h" { "What is missing" }
                dl {
                    @for code in missing {
                        dt { (missing_words(code)) " " (code_of(code)) }
                        dd { (who(shown, found, code)) }
                    }
                }
            }
        }
    }
}

fn who(shown: &Shown<'_>, found: &DecisionFound, code: &str) -> Markup {
    let decision = found.decision();
    let provider = || inert(decision.recorded.record.source.as_str());
    match supplier(code) {
        Supplier::ServiceProvider(kind) => {
            html! { (provider()) " could supply it, with " code { (kind) } "." }
        }
        Supplier::EitherProvider(kind) => {
            let idps = idps(&found.session.state);
            html! {
                (provider()) " could supply it, with " code { (kind) } ", or "
                @if idps.is_empty() { "the identity provider" } @else {
                    (list(&idps)) } ", which made the assertion."
            }
        }
        Supplier::WhoToldAnInterval => {
            let told = told_an_interval(found);
            html! {
                @if told.is_empty() { "The source of the interval could supply the exact time." }
                @for record in told.iter().take(10) { (inert(record.source.as_str())) " gave an \
                    interval in " (shown.link(record)) " and could supply the exact time. " }
                @if told.len() > 10 {
                    "So could the sources of " (count(told.len() - 10, "other record")) "."
                }
            }
        }
        Supplier::Rules => {
            html! { "No source: it is described nowhere, or these rules (" (sentence(
            shown.answer.answered.rules, &|_| None)) ") do not read it." }
        }
    }
}

/// The identity providers whose word the session had.
fn idps(session: &SessionState) -> Vec<&str> {
    let claimed = session
        .factors
        .iter()
        .filter_map(|factor| factor.idp.as_ref())
        .chain(session.ignored.iter().map(|claim| &claim.idp));
    let mut idps: Vec<&str> = claimed.chain(&session.origin.idp).map(|idp| idp.as_str()).collect();
    idps.sort_unstable();
    idps.dedup();
    idps
}

fn told_an_interval(found: &DecisionFound) -> Vec<&RecordRef> {
    let context = &found.session.context;
    let versions = context.trust.iter().chain(&context.policies).map(|version| &version.record);
    let keys = context.keys.iter().flat_map(|key| std::iter::once(&key.added).chain(&key.retired));
    let falsifiers = found.session.state.falsifiers.iter().map(|falsifier| &falsifier.record);
    let mut told: Vec<&RecordRef> =
        found.session.state.records.iter().chain(versions).chain(keys).chain(falsifiers).collect();
    told.retain(|record| record.occurred.to.is_some());
    told.sort_by_key(|record| record.position);
    told.dedup_by_key(|record| record.position);
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use claimledger_domain::codes;

    #[test]
    fn first_unmet_is_in_words_and_what_is_missing_beside_it() {
        let shown =
            |mode, first, missing: &[&'static str]| unmet(mode, first, missing).into_string();
        assert!(
            shown(Some(FactorMode::TwoFactor), Some(codes::NOT_ENOUGH_FACTORS), &[])
                .starts_with("two factor types")
        );
        assert!(
            shown(Some(FactorMode::OneFactor), Some(codes::NOT_ENOUGH_FACTORS), &[])
                .starts_with("one factor")
        );
        assert_eq!(shown(None, None, &[]), "–");
        assert!(shown(None, None, &[codes::MISSING_POLICY]).contains("the policy in force"));
    }
}
