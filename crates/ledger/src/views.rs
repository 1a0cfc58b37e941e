//! The interface of the read models: an inverted index over facts, and one row per session. Rows
//! and checkpoint change in one transaction.

use crate::{
    generations::{Comparison, Generations, MadeBy, Place},
    index::RecordIndex,
    log::LogError,
    record_summaries::RecordSummaries,
    session_flags::SessionFlags,
};
use async_trait::async_trait;
use claimledger_facts::{
    ids::{LogPosition, LogSize, RecordId, SessionId, TenantId},
    record::Digest32,
    time::Time,
};
use std::sync::Arc;

/// Kinds of index terms of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TermKind {
    /// A session id that the record names. The number of records of this term is the id's revision.
    Session = 1,
    /// A person's pseudonym.
    Subject = 2,
    /// `config`: configuration of the tenant, falsifiers and completeness: what every assessment
    /// may need.
    Config = 3,
    /// An IdP's session, as `idp/idp_session`.
    IdpSession = 4,
    /// An IdP that a claim, a session or a configuration names.
    Idp = 5,
    /// A signing key, as `idp/key`.
    Key = 6,
    /// An application that a decision or an access names.
    App = 7,
    /// An `amr` value of a claim.
    Amr = 8,
    /// A policy.
    Policy = 9,
    /// An application's session.
    AppSession = 10,
    /// An assertion, as `idp/assertion`.
    Assertion = 11,
    /// A root session.
    RootSession = 12,
    /// The source's name for the kind of event; on the ledger's own records.
    Kind = 13,
    /// `not_understood`, `variant`; and with the source after it what its records are counted as:
    /// `late/idp-x`.
    Note = 14,
    /// An id that joins events inside a vendor's log, as `name/value`.
    Correlation = 15,
    /// `source`, on the first record of each source.
    Source = 16,
    /// A person's pseudonym, on facts about the person beside every session: holds, erasures,
    /// losses, links of identities.
    About = 17,
}

impl TermKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Session,
        Self::Subject,
        Self::Config,
        Self::IdpSession,
        Self::Idp,
        Self::Key,
        Self::App,
        Self::Amr,
        Self::Policy,
        Self::AppSession,
        Self::Assertion,
        Self::RootSession,
        Self::Kind,
        Self::Note,
        Self::Correlation,
        Self::Source,
        Self::About,
    ];

    /// The number that engines store.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with this number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// Whether [`Views::sessions_with`] finds sessions by it. The other kinds are on nearly every
    /// record, or join records below the session: keeping their sessions would cost more rows than
    /// it saves.
    #[must_use]
    pub const fn lists_sessions(self) -> bool {
        match self {
            Self::Session
            | Self::Subject
            | Self::IdpSession
            | Self::Idp
            | Self::Key
            | Self::App
            | Self::Amr
            | Self::Policy
            | Self::AppSession
            | Self::Assertion
            | Self::RootSession => true,
            Self::Config
            | Self::Kind
            | Self::Note
            | Self::Correlation
            | Self::Source
            | Self::About => false,
        }
    }
}

/// The minimum number of records or sessions that carry a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// By a record.
    Once,
    /// By two records.
    ByTwoRecords,
    /// By records of two session ids. Never true for kinds that list no sessions
    /// ([`TermKind::lists_sessions`]).
    ByTwoSessions,
}

/// One entry of the inverted index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    /// The kind.
    pub kind: TermKind,
    /// The value.
    pub value: String,
}

/// The index entries of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRow {
    /// Its position.
    pub position: LogPosition,
    /// Its id.
    pub id: RecordId,
    /// Its leaf: that of the last row shows later whether the log is still the one that was folded.
    pub leaf: Digest32,
    /// Its terms, once each.
    pub terms: Vec<Term>,
    /// Its summary, stored for each session that it names ([`Views::summaries_of_each`]): opaque
    /// bytes. Empty: none.
    pub summary: Vec<u8>,
}

/// A session as last assessed at the head: a cache of the assessment that also serves every other
/// cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// The session's name.
    pub session: SessionId,
    /// When its first fact occurred; lists are ordered by it and the two fields below.
    pub first_occurred: Time,
    /// The source of its first fact.
    pub first_source: String,
    /// The source's id of its first fact.
    pub first_source_id: String,
    /// The size of the log at which it was assessed.
    pub assessed_to: LogSize,
    /// When the session is over at the latest, according to the row; none: no known end.
    pub over_at: Option<Time>,
    /// When its last fact occurred, at the latest.
    pub last_occurred: Time,
    /// What is odd about it, according to the row.
    pub flags: SessionFlags,
    /// Summary of the state, canonical JSON.
    pub state: Vec<u8>,
}

impl SessionRow {
    /// The session's sort key in lists.
    #[must_use]
    pub fn key(&self) -> SortKey {
        SortKey {
            first_occurred: self.first_occurred,
            first_source: self.first_source.clone(),
            first_source_id: self.first_source_id.clone(),
            session: self.session.as_str().to_owned(),
        }
    }

    /// The row as text, as [`Views::dump`] gives it on every engine.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self {
            session,
            first_occurred,
            first_source,
            first_source_id,
            assessed_to,
            over_at,
            last_occurred,
            flags,
            state,
        } = self;
        let state = String::from_utf8_lossy(state);
        let over_at = over_at.map_or_else(|| "never".to_owned(), |time| time.to_string());
        format!(
            "session_row {session} {first_occurred} {first_source} {first_source_id} {over_at} \
             {last_occurred} {} {} {state}",
            flags.to_text(),
            assessed_to.0
        )
    }
}

/// A filter: sessions that may match at a size of the log, according to their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowFilter {
    /// Sessions that may have been active at this instant.
    pub active_at: Option<Time>,
    /// Sessions that may have had all of these flags at `flags_at`.
    pub flags: SessionFlags,
    /// T of the query. A row says what is odd at the end of time, and a later fact of the session
    /// may have settled what was odd before: the flags of a row with a fact after T are not
    /// compared.
    pub flags_at: Time,
    /// Sessions that may have a fact at or after this instant.
    pub last_from: Option<Time>,
    /// The size of the log of the query. Rows that were assessed at a later one may contain what
    /// was not known then: neither their end, nor their flags, nor their last fact are compared.
    pub size: LogSize,
}

impl RowFilter {
    /// The filter of a question at a size of the log that every row matches.
    #[must_use]
    pub fn at(size: LogSize) -> Self {
        let flags = SessionFlags::default();
        Self { active_at: None, flags, flags_at: Time::MAX, last_from: None, size }
    }

    /// Whether a row may be of a session that matches.
    #[must_use]
    pub fn may_match(&self, row: &SessionRow) -> bool {
        let is_later = row.assessed_to > self.size;
        // At an earlier log size the first fact of a session is never an earlier fact.
        let active = |at| row.first_occurred <= at && row.over_at.is_none_or(|over| over > at);
        let began = self.active_at.is_none_or(|at| row.first_occurred <= at);
        let reaches = self.last_from.is_none_or(|from| row.last_occurred >= from);
        let flagged = row.flags.contains(self.flags) || row.last_occurred > self.flags_at;
        let matches = self.active_at.is_none_or(active) && flagged;
        began && (is_later || (matches && reaches))
    }
}

/// The sort key of sessions, for pagination.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    /// When the first fact occurred.
    pub first_occurred: Time,
    /// The source of the first fact.
    pub first_source: String,
    /// The source's id of the first fact.
    pub first_source_id: String,
    /// The session's name.
    pub session: String,
}

/// The read models of one engine: each tenant's live generation, or through [`Views::shadow`] the
/// one that is being built beside it.
///
/// Each call reads one generation, even during a switch.
#[async_trait]
pub trait Views: RecordIndex {
    /// Writes the rows of records `from..from + rows.len()` and the session rows, and advances the
    /// checkpoint, in one transaction. Refused as `Unavailable` if the checkpoint is not at `from`.
    /// Idempotent: rows that are delivered twice change nothing. A tenant without a live generation
    /// gets one, of unknown rules; a shadow must have been begun.
    async fn apply(
        &self,
        tenant: &TenantId,
        from: LogSize,
        rows: &[IndexRow],
        session_rows: &[SessionRow],
    ) -> Result<(), LogError>;

    /// Positions of records with this term, at or after `from`, up to `known_at` inclusive,
    /// ascending, at most `max`.
    async fn positions_of(
        &self,
        tenant: &TenantId,
        term: &Term,
        from: LogPosition,
        known_at: LogPosition,
        max: usize,
    ) -> Result<Vec<LogPosition>, LogError>;

    /// Positions of the records with each of these terms, up to `known_at` inclusive, ascending;
    /// one list per term, in the order of `terms`. For terms of few records each, such as session
    /// ids: scans of many sessions need one query.
    async fn positions_of_each(
        &self,
        tenant: &TenantId,
        terms: &[Term],
        known_at: LogPosition,
    ) -> Result<Vec<Vec<LogPosition>>, LogError>;

    /// The summaries of the records that name each of these sessions, in the order of `sessions`.
    /// They include records of any position.
    async fn summaries_of_each(
        &self,
        tenant: &TenantId,
        sessions: &[SessionId],
    ) -> Result<Vec<Vec<RecordSummaries>>, LogError>;

    /// Sessions whose records carry all of these terms (not necessarily one record), in the order
    /// of [`SortKey`], after `after`, at most `max`. A term of a kind that lists no sessions
    /// ([`TermKind::lists_sessions`]) is carried by none. A record counts for the session ids that
    /// it names itself: of a session with several linked ids only the name of its row counts. With
    /// a filter, only sessions that may match it.
    async fn sessions_with(
        &self,
        tenant: &TenantId,
        terms: &[Term],
        filter: Option<RowFilter>,
        after: Option<&SortKey>,
        max: usize,
    ) -> Result<Vec<SessionRow>, LogError>;

    /// How many sessions' records carry a term, counted up to `max`: without reading a row.
    async fn count_with(
        &self,
        tenant: &TenantId,
        term: &Term,
        max: usize,
    ) -> Result<usize, LogError>;

    /// Values of terms of this kind with at least this number of carriers, bytewise, after `after`,
    /// at most `max`. These are candidates at the head: the caller must check them at an earlier K.
    async fn values_of(
        &self,
        tenant: &TenantId,
        kind: TermKind,
        carried: Carried,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<String>, LogError>;

    /// The row of the session with this name.
    async fn session_row(
        &self,
        tenant: &TenantId,
        session: &SessionId,
    ) -> Result<Option<SessionRow>, LogError>;

    /// The number of sessions.
    async fn session_count(&self, tenant: &TenantId) -> Result<u64, LogError>;

    /// Deletes all rows of a tenant, of every generation. The next `apply` begins at 0.
    async fn reset(&self, tenant: &TenantId) -> Result<(), LogError>;

    /// Every row of a tenant as text, in a fixed order: for comparing a rebuild.
    async fn dump(&self, tenant: &TenantId) -> Result<Vec<String>, LogError>;

    /// Full scan: compares every row of every generation in use with its checksum, and the row
    /// count of each table with its tally. Altered or missing rows are [`LogError::Damaged`]. An
    /// in-memory engine has nothing to check.
    async fn check(&self) -> Result<(), LogError> {
        Ok(())
    }

    /// Stores that the rows are damaged, for the next process that opens them: it refuses or
    /// deletes them. None: they are not damaged any more.
    fn condemn(&self, _what: Option<&str>) {}

    /// The same interface over the generations that are being built.
    fn shadow(&self) -> Arc<dyn Views>;

    /// A tenant's generations.
    async fn generations(&self, tenant: &TenantId) -> Result<Generations, LogError>;

    /// Begins an empty generation. An existing shadow is retired; of an existing live generation
    /// only `made_by` changes.
    async fn begin(
        &self,
        tenant: &TenantId,
        place: Place,
        made_by: &MadeBy,
    ) -> Result<(), LogError>;

    /// Retires the shadow, if there is one.
    async fn abandon_shadow(&self, tenant: &TenantId) -> Result<(), LogError>;

    /// A snapshot of both generations. Refused as `Unavailable` if there are not two, or they are
    /// not at the same size.
    async fn compare(&self, tenant: &TenantId) -> Result<Box<dyn Comparison>, LogError>;

    /// Makes the shadow live, stores the report with it and retires the live generation, in one
    /// transaction. Refused as `Unavailable`, without any change, if there are not two, or one of
    /// them is not at this size.
    async fn switch(&self, tenant: &TenantId, at: LogSize, report: &str) -> Result<(), LogError>;

    /// Deletes some rows of retired generations, few enough not to delay other writes. True: there
    /// are more.
    async fn sweep(&self, tenant: &TenantId) -> Result<bool, LogError>;
}
