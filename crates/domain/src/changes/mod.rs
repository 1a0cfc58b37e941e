//! Who changed what is trusted and asked for, and when: versions, keys, retractions and routing,
//! with before and after.
//!
//! Configuration is taken at (T, K): what is known at K, without what occurred after T. A
//! retraction is a falsifier and counts for every T once it is known (`semantics.md` 3). A version
//! holds from its own instant until that of the next in the total order, half-open (`semantics.md`
//! 1, 17); where an instant is only known to lie between two looks, what depends on it is possible
//! (`semantics.md` 6).

mod diff;
mod policies;
mod trust;

pub use self::{
    diff::{Diff, FieldChange},
    policies::{PolicyChanges, PolicyVersion, authenticator_changes, policy_changes},
    trust::{
        KeyAct, KeySpan, Retraction, RoutingRule, TrustChanges, TrustVersion, feature_changes,
        trust_changes,
    },
};

use crate::{
    history::{HistoryCut, Stated},
    model::{Cut, RecordRef, Span},
};
use claimledger_facts::{
    ids::{ActorId, TicketId},
    time::{Occurred, Time},
    vocabulary::ObjectKind,
};

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// A version of an IdP.
    Idp,
    /// A key was added.
    KeyAdded,
    /// A key was retired.
    KeyRetired,
    /// Trust was retracted.
    Retraction,
    /// A version of a routing rule.
    RoutingRule,
    /// A version of the organisation.
    Org,
    /// A version of claim sourcing.
    ClaimSourcing,
    /// A version of a policy.
    Policy,
    /// A version of a local authenticator.
    Authenticator,
}

impl ChangeKind {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idp => "idp",
            Self::KeyAdded => "key_added",
            Self::KeyRetired => "key_retired",
            Self::Retraction => "retraction",
            Self::RoutingRule => "routing_rule",
            Self::Org => "org",
            Self::ClaimSourcing => "claim_sourcing",
            Self::Policy => "policy",
            Self::Authenticator => "authenticator",
        }
    }
}

/// One change of configuration: a row of "who changed it, and when".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigChange {
    /// What kind.
    pub kind: ChangeKind,
    /// What was changed: an IdP, a policy, a rule, a method, or `org`.
    pub of: String,
    /// Its display name, where one is known.
    pub of_name: Option<String>,
    /// The version's label, or the key.
    pub name: Option<String>,
    /// In one line: `idp-x tx0 → tx1: not trusted → trusted`.
    pub words: String,
    /// What changed.
    pub diff: Diff,
    /// Who.
    pub actor: Option<ActorId>,
    /// Under which ticket.
    pub ticket: Option<TicketId>,
    /// When it occurred.
    pub occurred: Occurred,
    /// From when a falsifier has effect, where that is not when it was said.
    pub effective_from: Option<Time>,
    /// Whether it was recorded more than 60 s after it occurred, or after it has effect.
    pub late: bool,
    /// Whether the source said something else under the same id too.
    pub variant: bool,
    /// The record.
    pub record: RecordRef,
}

/// Delay in seconds after which a record counts as late.
const LATE_SECS: i64 = 60;

/// Whether a record came late for something that counts from a time.
pub(crate) fn is_late(recorded_at: Time, counts_from: Time) -> bool {
    recorded_at.micros() - counts_from.micros() > LATE_SECS * 1_000_000
}

/// Who changed something, and under which ticket.
type By<'a> = (Option<&'a ActorId>, Option<&'a TicketId>);

fn change<T>(
    stated: &Stated<T>,
    kind: ChangeKind,
    cut: Cut,
    (of, name, words): (String, Option<String>, String),
    diff: Diff,
    by: By<'_>,
) -> ConfigChange {
    ConfigChange {
        kind,
        of,
        of_name: None,
        name,
        words,
        diff,
        actor: by.0.cloned(),
        ticket: by.1.cloned(),
        occurred: stated.occurred,
        effective_from: None,
        late: is_late(stated.record.recorded_at, stated.occurred.latest()),
        variant: stated.is_variant(cut.known_at),
        record: stated.record.clone(),
    }
}

/// Adds display names, as known at K.
fn name(changes: &mut [ConfigChange], known: HistoryCut<'_>) {
    for change in changes {
        let kind = match change.kind {
            ChangeKind::Idp
            | ChangeKind::KeyAdded
            | ChangeKind::KeyRetired
            | ChangeKind::Retraction => ObjectKind::Idp,
            ChangeKind::RoutingRule => ObjectKind::RoutingRule,
            ChangeKind::Policy => ObjectKind::Policy,
            ChangeKind::Org | ChangeKind::ClaimSourcing | ChangeKind::Authenticator => continue,
        };
        change.of_name = known.name_of(kind, &change.of).map(str::to_owned);
    }
}

/// In the total order (`semantics.md` 2).
fn sort(changes: &mut [ConfigChange]) {
    changes.sort_by(|a, b| place(a).cmp(&place(b)));
}

fn place(
    change: &ConfigChange,
) -> (Time, &str, &str, claimledger_facts::ids::LogPosition, ChangeKind, &str) {
    let record = &change.record;
    (
        change.occurred.from,
        record.source.as_str(),
        record.source_id.as_str(),
        record.position,
        change.kind,
        &change.of,
    )
}

/// The snapshot before, the snapshot, and when it held.
type Snapshot<'a, T> = (Option<&'a Stated<T>>, &'a Stated<T>, Span);

/// Snapshots by T of one thing, each with the one before it and when it held.
fn snapshots<'a, T>(
    versions: impl Iterator<Item = &'a Stated<T>>,
    cut: Cut,
) -> Vec<Snapshot<'a, T>> {
    let upto: Vec<_> = versions.filter(|stated| stated.occurred.from <= cut.at).collect();
    let span = |at: usize| Span {
        from: upto[at].occurred,
        until: upto.get(at + 1).map(|next| next.occurred),
    };
    (0..upto.len())
        .map(|at| (at.checked_sub(1).map(|before| upto[before]), upto[at], span(at)))
        .collect()
}

/// `tx0 → tx1`, or `tx0` for the first.
fn step(before: Option<&str>, after: &str) -> String {
    before.map_or_else(|| after.to_owned(), |before| format!("{before} → {after}"))
}

/// The same, but for what did not change: nothing.
fn shift(before: Option<&str>, after: &str) -> String {
    if before == Some(after) { String::new() } else { format!(": {}", step(before, after)) }
}
