//! Lists of sessions.

use super::{
    Assessed, MAX_PAGE, View,
    indicators::{MAX_PEOPLE, MAX_RECORDS},
    listed_sessions::ListedSessions,
    narrowed::Narrowed,
    session_scan::SessionScan,
};
use crate::{
    app::{App, Inner},
    model::{
        answer::{Answer, Page, SessionHit},
        cursor::Question,
        query::{Discloses, Query},
        question::{AskError, Asking, Caller, SessionFilter},
        terms::{claim_key_term, term},
    },
    projection::session_rows::Summary,
    tenant::Tenant,
};
use claimledger_domain::{
    history::HistoryCut,
    model::{Explained, RecordRef, SessionState},
    session_list::{SessionCandidate, Sought},
};
use claimledger_facts::{
    ids::{LogPosition, Pseudonym},
    time::Time,
    vocabulary::Role,
};
use claimledger_ledger::{
    log::LogError,
    session_flags::{SessionFlag, SessionFlags},
    views::{SortKey, Term, TermKind},
};
use std::collections::BTreeSet;

/// The name of this list in its cursors.
const LIST: &str = "sessions";
/// Maximum sets of terms that narrow a list.
const MOST_SETS: usize = 32;

impl App {
    /// Sessions that have begun by T, in the order they began. A page whose cursor pins K neither
    /// repeats nor misses a session, whatever is appended.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn sessions(
        &self,
        caller: &Caller,
        filter: &SessionFilter,
        asking: &Asking,
        first: u32,
        after: Option<&str>,
    ) -> Result<Answer<Page<SessionHit<Explained>>>, AskError> {
        let explained = |view: &View<'_>, assessed: Assessed| view.explain(&assessed.gathered);
        self.list_sessions(caller, filter, asking, (first, after), explained).await
    }

    /// The same without trees of reasons in the sessions, and without the configuration around
    /// them: for lists that show neither.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn sessions_state_only(
        &self,
        caller: &Caller,
        filter: &SessionFilter,
        asking: &Asking,
        first: u32,
        after: Option<&str>,
    ) -> Result<Answer<Page<SessionHit<SessionState>>>, AskError> {
        let state = |_: &View<'_>, assessed: Assessed| Some(assessed.state);
        self.list_sessions(caller, filter, asking, (first, after), state).await
    }

    async fn list_sessions<S: Discloses>(
        &self,
        caller: &Caller,
        filter: &SessionFilter,
        asking: &Asking,
        (first, after): (u32, Option<&str>),
        shown: impl Fn(&View<'_>, Assessed) -> Option<S>,
    ) -> Result<Answer<Page<SessionHit<S>>>, AskError> {
        at_most_a_page(first)?;
        let question = self.question_of(caller, filter).await?;
        let (view, cursor) =
            self.ask_page(caller, Query::Sessions, asking, question, after).await?;
        let people = self
            .0
            .people(
                caller,
                &view.tenant,
                filter.subject.as_deref(),
                view.history.at(view.cut.known_at),
            )
            .await?;
        let people = people.as_deref();
        view.is_about_people(people.unwrap_or_default()).await?;
        let after = cursor.map(|cursor| cursor.session);
        let with_indicator = self.with_indicator(&view, caller, filter, people).await?;
        let mut scan = match &with_indicator {
            Some(positions) => {
                Candidates::Listed(ListedSessions::of_records(&view, positions, after).await?)
            }
            None => {
                let any_of = any_of(&view, filter, people);
                let narrowed =
                    Narrowed { active_at: filter.active_at, flags: flags(filter), last_from: None };
                Candidates::Scan(SessionScan::new(&view, any_of, narrowed, after, false).await?)
            }
        };
        let mut page = Page { items: Vec::new(), cursors: Vec::new(), has_next: false };
        while let Some((key, assessed)) = scan.next(filter, view.cut.at).await? {
            let candidate = SessionCandidate {
                state: &assessed.state,
                facts: &assessed.gathered.facts,
                history: &view.history,
                cut: view.cut,
            };
            let records = &assessed.gathered.records;
            let with_indicator: Vec<RecordRef> = records
                .iter()
                .map(|record| &record.reference)
                .filter(|record| {
                    with_indicator.as_ref().is_some_and(|with| with.contains(&record.position))
                })
                .cloned()
                .collect();
            let sought = Sought { people, with_indicator: &with_indicator };
            if candidate.belongs(filter, sought).is_none() {
                continue;
            }
            if page.items.len() == first as usize {
                page.has_next = true;
                break;
            }
            let Some((certainty, because)) = candidate.why_it_belongs(filter, sought) else {
                continue;
            };
            let Some(session) = shown(&view, assessed) else { continue };
            page.cursors.push(view.cursor_after(question, key, None));
            page.items.push(SessionHit { session, certainty, because });
        }
        let barrier = view.barrier_of_sessions(caller, filter, people).await?;
        view.answer_with(page, barrier).await
    }

    /// What cursors of the list belong to. Of an indicator they hold a keyed digest, because
    /// cursors may be seen by others than answers, and there are few addresses to try.
    async fn question_of(
        &self,
        caller: &Caller,
        filter: &SessionFilter,
    ) -> Result<Question, AskError> {
        let Some(indicator) = &filter.indicator else { return Ok(Question::of(LIST, filter)) };
        self.disclose(caller, Query::Sessions).await?;
        let tenant = self.0.tenant(&caller.tenant).await?;
        let digest = tenant.identity.keys.client_index(&[indicator.question()]);
        Ok(Question::of(LIST, &(filter, digest)))
    }

    /// The records with the filter's indicator; none: the filter has none.
    async fn with_indicator(
        &self,
        view: &View<'_>,
        caller: &Caller,
        filter: &SessionFilter,
        people: Option<&[Pseudonym]>,
    ) -> Result<Option<BTreeSet<LogPosition>>, AskError> {
        let Some(indicator) = &filter.indicator else { return Ok(None) };
        if !caller.has(Role::Investigate) {
            return Ok(Some(BTreeSet::new()));
        }
        self.disclose(caller, Query::Sealed).await?;
        let found = view.with_indicator(indicator, people).await?;
        let too_many = |what, limit: usize| {
            let limit = limit as u64;
            Err(AskError::TooMany { what, found: limit + 1, limit })
        };
        if found.truncated {
            return too_many("records or more with this indicator", MAX_RECORDS);
        }
        if !found.all_people {
            return too_many("people or more, whose keys have to be tried", MAX_PEOPLE);
        }
        Ok(Some(found.positions.into_iter().collect()))
    }
}

/// The sessions that may belong to a list, in its order.
enum Candidates<'v> {
    Scan(SessionScan<'v>),
    Listed(ListedSessions<'v>),
}

impl Candidates<'_> {
    async fn next(
        &mut self,
        filter: &SessionFilter,
        at: Time,
    ) -> Result<Option<(SortKey, Assessed)>, LogError> {
        match self {
            Self::Scan(scan) => scan.next(|row, last| cannot_match(row, last, filter, at)).await,
            Self::Listed(listed) => listed.next().await,
        }
    }
}

impl Inner {
    /// Resolves a filter's `subject` to pseudonyms: the pseudonym itself and, for the role
    /// investigate, the people with this id or login; each with every identity that is known at K
    /// to be the same person (`semantics.md` 11).
    pub(crate) async fn people(
        &self,
        caller: &Caller,
        tenant: &Tenant,
        subject: Option<&str>,
        history: HistoryCut<'_>,
    ) -> Result<Option<Vec<Pseudonym>>, AskError> {
        let Some(subject) = subject else { return Ok(None) };
        let mut people = vec![Pseudonym::new(subject)];
        if caller.has(Role::Investigate) {
            people.extend(tenant.identity.keyring.find(subject).await?);
        }
        let people: BTreeSet<Pseudonym> =
            people.iter().flat_map(|person| history.people().same_as(person)).collect();
        Ok(Some(people.into_iter().collect()))
    }
}

pub(super) fn at_most_a_page(first: u32) -> Result<(), AskError> {
    if first > MAX_PAGE {
        Err(AskError::PageTooLarge { asked: first.into(), limit: MAX_PAGE.into() })
    } else {
        Ok(())
    }
}

/// What narrows the candidates: a session carries all terms of one of the sets.
fn any_of(view: &View<'_>, filter: &SessionFilter, people: Option<&[Pseudonym]>) -> Vec<Vec<Term>> {
    let mut all = Vec::new();
    all.extend(filter.idp.as_ref().map(|idp| term(TermKind::Idp, idp.as_str())));
    all.extend(filter.amr.as_ref().map(|amr| term(TermKind::Amr, amr.as_str())));
    all.extend(filter.app.as_ref().map(|app| term(TermKind::App, app.as_str())));
    let mut sets = vec![all];
    if let Some(key) = &filter.key {
        // A claim that names no key may have been signed by it.
        let keys = [
            claim_key_term(filter.idp.as_ref(), Some(key)),
            claim_key_term(filter.idp.as_ref(), None),
        ];
        sets = with_one_of(&sets, &keys);
    }
    if filter.retracted == Some(true) {
        let mut hit: Vec<Term> = Vec::new();
        for retraction in view.history.at(view.cut.known_at).trust().all_retractions() {
            let idp = &retraction.data.idp;
            hit.extend(match &retraction.data.key {
                Some(key) => {
                    vec![claim_key_term(Some(idp), Some(key)), claim_key_term(Some(idp), None)]
                }
                None => vec![term(TermKind::Idp, idp.as_str())],
            });
        }
        hit.sort();
        hit.dedup();
        // With very many retractions every session is looked at instead.
        if hit.len() <= MOST_SETS {
            sets = with_one_of(&sets, &hit);
        }
    }
    if let Some(people) = people {
        let people: Vec<_> =
            people.iter().map(|person| term(TermKind::Subject, person.as_str())).collect();
        sets = with_one_of(&sets, &people);
    }
    sets
}

/// The flags of every session that matches.
fn flags(filter: &SessionFilter) -> SessionFlags {
    SessionFlags::of([
        (SessionFlag::Differs, filter.differs == Some(true)),
        (SessionFlag::FalsifiedLater, filter.falsified_later == Some(true)),
        (SessionFlag::Outlived, filter.outlived == Some(true)),
        (SessionFlag::Retracted, filter.retracted == Some(true)),
    ])
}

pub(super) fn with_one_of(sets: &[Vec<Term>], terms: &[Term]) -> Vec<Vec<Term>> {
    sets.iter()
        .flat_map(|set| terms.iter().map(move |term| set.iter().chain([term]).cloned().collect()))
        .collect()
}

/// Whether a row, true at the end of time, says that its session does not match at T.
fn cannot_match(row: &Summary, last: Time, filter: &SessionFilter, at: Time) -> bool {
    let Summary::State {
        begins,
        certainty,
        differs,
        ended_at,
        falsified,
        outlived,
        phase,
        retracted,
        ..
    } = row
    else {
        return true;
    };
    // At an earlier T a fact before the stated start begins the session (`semantics.md` 22).
    let outside = |time: Time| *begins > time || ended_at.is_some_and(|ended| ended <= time);
    *begins > at
        || filter.active_at.is_some_and(outside)
        || match filter.ended {
            // Of a session whose facts all occurred by T. A later one may prove or state what was
            // open at T, such as that it has no limits.
            Some(true) => phase == "active" && certainty == "certain" && last <= at,
            Some(false) => ended_at.is_some_and(|ended| ended <= at),
            None => false,
        }
        || match filter.differs {
            Some(true) => *differs == 0 && last <= at,
            Some(false) => *differs > 0 && last <= at,
            None => false,
        }
        // A later fact may have settled what was odd at T.
        || (last <= at
            && ((filter.falsified_later == Some(true) && *falsified == 0)
                || (filter.outlived == Some(true) && !*outlived)
                || (filter.retracted == Some(true) && !*retracted)))
}
