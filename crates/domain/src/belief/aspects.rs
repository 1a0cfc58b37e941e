//! What a state says, aspect by aspect: texts that are equal where two states say the same.
//!
//! Not said, and so never a difference: which records a state rests on, how it is explained, that a
//! source said something else too, and what is known but lies after T.

use super::Beliefs;
use crate::{
    model::{Bounds, Certainty, Decision, HonoredFactor, Phase, RecordRef, SessionState},
    words,
};
use claimledger_facts::{
    ids::{LogPosition, RecordId},
    time::Time,
};
use std::collections::BTreeMap;

/// What something is said of.
#[derive(Clone, Debug)]
pub struct Aspect {
    /// The kind.
    pub kind: AspectKind,
    /// Of which factor, claim, decision or application.
    pub of: Option<String>,
    /// The record that carries it, where it is about one.
    pub record: Option<RecordRef>,
    /// One record can carry the same twice.
    nth: usize,
}

/// What makes two aspects the same. A state says each once.
type Key<'a> = (AspectKind, Option<&'a str>, Option<RecordId>, usize);

impl Aspect {
    fn key(&self) -> Key<'_> {
        (self.kind, self.of.as_deref(), self.record.as_ref().map(|record| record.id), self.nth)
    }
}

impl PartialEq for Aspect {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Aspect {}

/// Kinds of aspects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AspectKind {
    /// Its ids, whose it is, and what lies behind it.
    Identity,
    /// When it began.
    Start,
    /// Where it stands at T.
    Phase,
    /// When and why it ended, or between which instants.
    End,
    /// A factor that counted.
    Factor,
    /// A claimed value that did not count.
    Ignored,
    /// A decision, recorded and implied.
    Decision,
    /// An application that was opened.
    Access,
}

/// What is said of each aspect. A session can have thousands of them.
pub(super) struct Texts<'a>(BTreeMap<Key<'a>, &'a String>);

impl<'a> Texts<'a> {
    pub(super) fn of(said: &'a [(Aspect, String)]) -> Self {
        Self(said.iter().map(|(aspect, text)| (aspect.key(), text)).collect())
    }

    pub(super) fn get(&self, aspect: &Aspect) -> Option<&'a String> {
        self.0.get(&aspect.key()).copied()
    }
}

/// Everything that a state says, in its order.
pub(super) fn says(state: Option<&SessionState>) -> Vec<(Aspect, String)> {
    let mut says = Says::default();
    let Some(state) = state else { return says.said };
    let text = |what: Option<&dyn std::fmt::Display>| {
        what.map_or_else(|| "none".to_owned(), ToString::to_string)
    };
    let mut identity = vec![state.id.to_string()];
    identity.extend(state.aliases.iter().map(|alias| format!("also {alias}")));
    identity.extend(state.origin.subject.as_ref().map(|subject| format!("of {subject}")));
    identity.extend(state.origin.idp.as_ref().map(|idp| format!("through {idp}")));
    identity
        .extend(state.origin.idp_session.as_ref().map(|session| format!("IdP session {session}")));
    identity.extend(state.origin.root_session.as_ref().map(|root| format!("root session {root}")));
    says.add(AspectKind::Identity, None, None, identity.join(", "));
    says.add(
        AspectKind::Start,
        None,
        None,
        text(state.life.started_at.as_ref().map(|time| time as _)),
    );
    says.add(
        AspectKind::Phase,
        None,
        None,
        format!("{}, {}", phase(state.life.phase), state.life.certainty.as_str()),
    );
    says.add(AspectKind::End, None, None, end(state));
    for factor in &state.factors {
        // The first of its evidence is the claim or verification that carries it.
        says.add(AspectKind::Factor, Some(&factor.name), factor.evidence.first(), counts(factor));
    }
    for claim in &state.ignored {
        says.add(
            AspectKind::Ignored,
            Some(&claim.name),
            Some(&claim.record),
            format!("did not count: {}", words::fates(&claim.reasons)),
        );
    }
    for decision in &state.decisions {
        says.add(
            AspectKind::Decision,
            Some(decision.recorded.app.as_str()),
            Some(&decision.recorded.record),
            reading(state, decision),
        );
    }
    for access in &state.activity.accesses {
        says.add(
            AspectKind::Access,
            Some(access.app.as_str()),
            Some(&access.record),
            format!("opened {}", access.at),
        );
    }
    says.said
}

#[derive(Default)]
struct Says {
    said: Vec<(Aspect, String)>,
    /// How often each was said.
    times: BTreeMap<(AspectKind, Option<String>, Option<RecordId>), usize>,
}

impl Says {
    fn add(
        &mut self,
        kind: AspectKind,
        of: Option<&str>,
        record: Option<&RecordRef>,
        text: String,
    ) {
        let times = self
            .times
            .entry((kind, of.map(str::to_owned), record.map(|record| record.id)))
            .or_default();
        let nth = *times;
        *times += 1;
        self.said
            .push((Aspect { kind, of: of.map(str::to_owned), record: record.cloned(), nth }, text));
    }
}

const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::NotStarted => "not started",
        Phase::Active => "active",
        Phase::Ended => "ended",
    }
}

/// When and why it ended; while it runs, when it will at the latest.
fn end(state: &SessionState) -> String {
    let reason = state
        .life
        .end
        .reason
        .map(|reason| format!(", {}", words::plain(reason)))
        .unwrap_or_default();
    let limit = state
        .life
        .lifetime_ends_at
        .map(|limit| format!(", lifetime limit {limit}"))
        .unwrap_or_default();
    match (state.life.end.at, state.life.end.bounds) {
        (Some(end), _) => format!("{end}{reason}"),
        (None, Some(bounds)) => format!("no end stated{reason}: {}", between(bounds)),
        (None, None) => format!("none{limit}"),
    }
}

fn between(bounds: Bounds) -> String {
    match bounds.to {
        Some(to) => format!("between {} and {to}", bounds.from),
        None => format!("after {}", bounds.from),
    }
}

fn counts(factor: &HonoredFactor) -> String {
    let mut parts = vec![
        match (factor.by_record, factor.by_rules) {
            (true, true) => "counted by record and by the rules",
            (true, false) => "counted by record, not by the rules",
            (false, true) => "counted by the rules, not by record",
            (false, false) => "did not count",
        }
        .to_owned(),
    ];
    if factor.certainty == Certainty::Possible {
        parts.push(format!("possible: {} missing", words::missing(&factor.missing)));
    }
    if !factor.void.is_empty() {
        parts.push(format!("void: {}", words::fates(&factor.void)));
    }
    let reason =
        factor.end_reason.map(|reason| format!(", {}", words::plain(reason))).unwrap_or_default();
    parts.push(match (factor.until, factor.until_bounds) {
        (Some(until), _) => format!("from {} until {until}{reason}", factor.from),
        (None, Some(bounds)) => format!("from {}, end {}{reason}", factor.from, between(bounds)),
        (None, None) => format!("from {}", factor.from),
    });
    parts.push(words::described(factor.factor_type, &factor.characteristics));
    if !factor.pool.is_empty() {
        parts.push(format!(
            "pooled: {}",
            factor
                .pool
                .iter()
                .map(|property| words::property(*property))
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    parts.extend((!factor.lost_before.is_empty()).then(|| "lost before it came".to_owned()));
    parts.extend(factor.came_under.as_ref().map(|under| match under.trusted {
        Some(Certainty::Possible) => format!("possibly under {}", under.labels()),
        Some(Certainty::Certain) | None => format!("under {}", under.labels()),
    }));
    parts.push(factor.grade.as_str().to_owned());
    parts.join("; ")
}

fn reading(state: &SessionState, decision: &Decision) -> String {
    let mut parts = vec![format!(
        "{} recorded, {} implied",
        decision.recorded.outcome,
        decision.made.implied.as_str()
    )];
    if decision.at_k.implied != decision.made.implied {
        parts.push(format!("{} implied as known later", decision.at_k.implied.as_str()));
    }
    parts.extend(decision.later.iter().map(|falsifier| format!("hit later: {}", falsifier.words)));
    parts.extend(
        decision.made.first_unmet.map(|code| format!("first unmet {}", words::plain(code))),
    );
    if !decision.made.missing.is_empty() {
        parts.push(format!("missing {}", words::missing(&decision.made.missing)));
    }
    parts.extend(decision.differs.as_ref().map(|differs| format!("differs: {}", differs.words)));
    parts.extend(
        decision
            .falsified_later
            .as_ref()
            .map(|falsified| format!("falsified later: {}", falsified.words)),
    );
    let versions: Vec<&str> = decision.under.versions().map(|version| version.as_str()).collect();
    let space = if versions.is_empty() { "" } else { " " };
    let versions = words::join(&versions, "or");
    let rule = decision.under.rule.as_ref().map(|rule| format!(", {rule}")).unwrap_or_default();
    parts.push(format!("under {}{space}{versions}{rule}", decision.under.policy));
    let relied = decision
        .relied_on
        .iter()
        .filter_map(|relied| Some((state.factors.get(relied.factor)?, relied.needed)));
    let relied: Vec<String> = relied
        .map(
            |(factor, needed)| {
                if needed { format!("{} (needed)", factor.name) } else { factor.name.clone() }
            },
        )
        .collect();
    if !relied.is_empty() {
        parts.push(format!("rested on {}", words::list(&relied)));
    }
    parts.join("; ")
}

/// A state in a sentence: `At 2026-03-10T14:45:00Z, as known at #63, S5 was active; pwd, hwk and
/// phr counted.`
pub(super) fn sentence(
    state: Option<&SessionState>,
    asked: Beliefs<'_>,
    known_at: LogPosition,
) -> String {
    let clock = |time: Time| words::clock(time, asked.at);
    let at = asked.at;
    let Some(state) = state else {
        return format!("At {at}, as known at {known_at}, nothing was known of {}.", asked.session);
    };
    let stands = match (state.life.phase, state.life.end.at) {
        (Phase::NotStarted, _) => "had not started".to_owned(),
        (Phase::Active, _) if state.life.certainty == Certainty::Possible => {
            "was possibly active".to_owned()
        }
        (Phase::Active, _) => "was active".to_owned(),
        (Phase::Ended, Some(end)) => {
            let reason = state
                .life
                .end
                .reason
                .map(|reason| format!(", {}", words::plain(reason)))
                .unwrap_or_default();
            format!("had ended at {}{reason}", clock(end))
        }
        (Phase::Ended, None) => format!(
            "had ended{}",
            state
                .life
                .end
                .reason
                .map(|reason| format!(", {}", words::plain(reason)))
                .unwrap_or_default()
        ),
    };
    let names = |counting: &dyn Fn(&&HonoredFactor) -> bool| {
        let mut names: Vec<&str> =
            state.factors.iter().filter(counting).map(|factor| factor.name.as_str()).collect();
        names.dedup();
        words::list(&names)
    };
    let (by_rules, by_record) =
        (names(&|factor| factor.by_rules), names(&|factor| factor.by_record && !factor.by_rules));
    let mut clauses = vec![format!("At {at}, as known at {known_at}, {} {stands}", state.id)];
    if !by_rules.is_empty() {
        clauses.push(format!("{by_rules} counted"));
    }
    if !by_record.is_empty() {
        let mut void: Vec<&'static str> =
            state.factors.iter().flat_map(|factor| factor.void.iter().copied()).collect();
        void.sort_unstable();
        void.dedup();
        let why =
            if void.is_empty() { String::new() } else { format!(" ({})", words::fates(&void)) };
        clauses.push(format!("{by_record} counted by record only{why}"));
    }
    let differing = state.decisions.iter().filter_map(|decision| {
        let says = |what: &str, words: &str| {
            format!(
                "{} {} {what}: {words}",
                decision.recorded.app,
                words::at(decision.recorded.at, at)
            )
        };
        let falsified = decision
            .falsified_later
            .as_ref()
            .map(|falsified| says("is falsified later", &falsified.words));
        decision.differs.as_ref().map(|differs| says("differs", &differs.words)).or(falsified)
    });
    clauses.extend(differing);
    format!("{}.", clauses.join("; "))
}
