//! Lists of sessions.

use super::{Assessed, MAX_PAGE, View, claims, session_scan::SessionScan};
use crate::{
    app::{App, Inner},
    model::{
        answer::{Answer, Page, SessionHit},
        cursor::{Cursor, Question},
        query::{Discloses, Query},
        question::{AskError, Asking, Caller, SessionFilter},
        terms::{claim_key_term, term},
    },
    projection::session_rows::{Summary, is_retraction},
    tenant::Tenant,
};
use claimledger_domain::{
    RULES,
    assess::assess,
    explain::explain_life,
    history::HistoryCut,
    model::{Bounds, Certainty, Cut, Explained, Phase, Reason, RecordRef, SessionState},
    outlived::outlived,
    session_list::{active_at, open_words},
};
use claimledger_facts::{ids::Pseudonym, time::Time, vocabulary::Role};
use claimledger_ledger::{
    generations::VIEWS_VERSION,
    views::{Term, TermKind},
};
use std::collections::BTreeSet;

/// The name of this list in its cursors.
const LIST: &str = "sessions";
/// So many sets of terms narrow a list at most.
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
        let question = Question::of(LIST, filter);
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

        let mut scan = SessionScan::new(
            &view,
            any_of(&view, filter, people.as_deref()),
            filter.active_at,
            cursor.map(|cursor| cursor.session),
            false,
        )
        .await?;
        let mut page = Page { items: Vec::new(), cursors: Vec::new(), has_next: false };
        while let Some((key, assessed)) =
            scan.next(|row| cannot_match(row, filter, view.cut.at)).await?
        {
            if matches(&view, &assessed, filter, people.as_deref(), Told::InBrief).is_none() {
                continue;
            }
            if page.items.len() == first as usize {
                page.has_next = true;
                break;
            }
            let Some((certainty, because)) =
                matches(&view, &assessed, filter, people.as_deref(), Told::WithReasons)
            else {
                continue;
            };
            let Some(session) = shown(&view, assessed) else { continue };
            page.cursors.push(view.tenant.identity.cursor_key.seal(&Cursor {
                question,
                at: view.cut.at,
                known_at: view.cut.known_at,
                known_at_time: view.pinned.known_at_time,
                rules: RULES.to_owned(),
                views: VIEWS_VERSION.to_owned(),
                session: key,
                decision: None,
            }));
            page.items.push(SessionHit { session, certainty, because });
        }
        let barrier = view.barrier_of_sessions(caller, filter, people.as_deref()).await?;
        view.answer_with(page, barrier).await
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

pub(super) fn with_one_of(sets: &[Vec<Term>], terms: &[Term]) -> Vec<Vec<Term>> {
    sets.iter()
        .flat_map(|set| terms.iter().map(move |term| set.iter().chain([term]).cloned().collect()))
        .collect()
}

/// Whether a row, true at the end of time, says that its session does not match at T.
fn cannot_match(row: &Summary, filter: &SessionFilter, at: Time) -> bool {
    let Summary::State {
        begins,
        certainty,
        differs,
        ended_at,
        falsified,
        last,
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
            // One that may have ended by the end of time may have by T.
            Some(true) => phase == "active" && certainty == "certain",
            Some(false) => ended_at.is_some_and(|ended| ended <= at),
            None => false,
        }
        || match filter.differs {
            Some(true) => *differs == 0,
            Some(false) => *differs > 0 && *last <= at.micros(),
            None => false,
        }
        // What does not hold at the end of time held at no T.
        || (filter.falsified_later == Some(true) && *falsified == 0)
        || (filter.outlived == Some(true) && !*outlived)
        || (filter.retracted == Some(true) && !*retracted)
}

/// What is to be told of how a session stood: in brief is enough to see whether it belongs to a
/// set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    InBrief,
    WithReasons,
}

/// Whether a session belongs to the set, how surely, and why.
fn matches(
    view: &View<'_>,
    assessed: &Assessed,
    filter: &SessionFilter,
    people: Option<&[Pseudonym]>,
    told: Told,
) -> Option<(Certainty, Vec<Reason>)> {
    let state = &assessed.state;
    if state.life.phase == Phase::NotStarted {
        return None;
    }
    let mut found = Found { certainty: Certainty::Certain, because: Vec::new() };
    if let Some(people) = people
        && !state.origin.subject.as_ref().is_some_and(|subject| people.contains(subject))
    {
        return None;
    }
    if let Some(time) = filter.active_at {
        let (facts, cut) = (&assessed.gathered.facts, Cut { at: time, ..view.cut });
        let (then, because) = match told {
            // How it stands at T is known already.
            Told::InBrief if cut == view.cut => (None, None),
            Told::InBrief => (Some(assess(facts, &view.history, cut)?), None),
            Told::WithReasons => {
                let (then, because) = explain_life(facts, &view.history, cut)?;
                (Some(then), Some(because))
            }
        };
        let then = then.as_ref().unwrap_or(state);
        let certainty = active_at(then)?;
        found.add(
            certainty,
            format!("active at {time}{}", open_words(then)),
            Vec::new(),
            because.into_iter().collect(),
        );
    }
    if filter.idp.is_some()
        || filter.key.is_some()
        || filter.relied_from.is_some()
        || filter.relied_to.is_some()
    {
        let (certainty, record) =
            claims::matching(assessed, filter, view.history.at(view.cut.known_at), view.cut.at)?;
        found.add(certainty, claim_words(filter, certainty, &record), vec![record], Vec::new());
    }
    if let Some(amr) = &filter.amr {
        let factor = state
            .factors
            .iter()
            .filter(|f| f.amr.as_ref().is_some_and(|a| a.as_str() == amr))
            .min_by_key(|f| f.certainty)?;
        found.add(
            factor.certainty,
            format!("{amr} is among its factors"),
            factor.evidence.first().cloned().into_iter().collect(),
            Vec::new(),
        );
    }
    if let Some(app) = &filter.app {
        let decision = state.decisions.iter().find(|d| d.app == *app).map(|d| &d.record);
        let record = decision.or_else(|| {
            state.activity.accesses.iter().find(|a| a.app == *app).map(|a| &a.record)
        })?;
        found.add(
            Certainty::Certain,
            format!("{app} was asked for or opened"),
            vec![record.clone()],
            Vec::new(),
        );
    }
    if let Some(ended) = filter.ended {
        // Where that is only possible, so is the opposite: a filter and its negation together list
        // every session.
        if (state.life.phase == Phase::Ended) != ended && state.life.certainty == Certainty::Certain
        {
            return None;
        }
        if state.life.certainty == Certainty::Possible {
            let stands = if ended { "ended" } else { "not ended" };
            found.add(
                Certainty::Possible,
                format!("{stands} at T{}", open_words(state)),
                Vec::new(),
                Vec::new(),
            );
        }
    }
    if let Some(differs) = filter.differs {
        let differing: Vec<_> = state.decisions.iter().filter(|d| d.differs.is_some()).collect();
        if differing.is_empty() == differs {
            return None;
        }
        for decision in differing {
            let words = decision.differs.as_ref().map(|d| d.words.clone()).unwrap_or_default();
            found.add(Certainty::Certain, words, vec![decision.record.clone()], Vec::new());
        }
    }
    falsified(state, filter, &mut found)?;
    Some((found.certainty, found.because))
}

/// What falsifiers and the IdP session's end make of a session. None: it does not belong to the
/// set.
fn falsified(state: &SessionState, filter: &SessionFilter, found: &mut Found) -> Option<()> {
    if let Some(retracted) = filter.retracted {
        let hits: Vec<_> = state.falsifiers.iter().filter(|f| is_retraction(f)).collect();
        belongs(retracted, hits.iter().map(|hit| hit.certainty).min(), found)?;
        for hit in hits.into_iter().filter(|_| retracted) {
            found.add(found.certainty, hit.words.clone(), vec![hit.record.clone()], Vec::new());
        }
    }
    if let Some(wanted) = filter.outlived {
        let outlived = outlived(state);
        belongs(wanted, outlived.as_ref().map(|o| o.certainty), found)?;
        if let Some(outlived) = outlived.filter(|_| wanted) {
            let later = outlived.sign_of_life.iter().chain(&outlived.stated_end).next_back();
            let then = match (later, outlived.end_bounds) {
                (Some(record), _) => format!("{} at {}", record.kind, record.occurred.from),
                (None, Some(Bounds { to: Some(to), .. })) => {
                    format!("no end is stated, and its limit is {to}")
                }
                (None, _) => "no end is stated".to_owned(),
            };
            let records = std::iter::once(outlived.idp_session_end.clone())
                .chain(outlived.sign_of_life)
                .chain(outlived.stated_end)
                .collect();
            let conclusion = format!(
                "its IdP session ended at {}; {then}",
                outlived.idp_session_end.occurred.from
            );
            found.add(found.certainty, conclusion, records, Vec::new());
        }
    }
    if let Some(wanted) = filter.falsified_later {
        let decisions: Vec<_> =
            state.decisions.iter().filter_map(|d| Some((d, d.falsified_later.as_ref()?))).collect();
        if decisions.is_empty() == wanted {
            return None;
        }
        for (decision, difference) in decisions {
            let records = std::iter::once(&decision.record)
                .chain(decision.later.iter().map(|f| &f.record))
                .cloned()
                .collect();
            found.add(Certainty::Certain, difference.words.clone(), records, Vec::new());
        }
    }
    Some(())
}

/// Whether something that holds so surely, or not at all, makes a session belong to those that it
/// should hold of, or not hold of.
fn belongs(wanted: bool, holds: Option<Certainty>, found: &mut Found) -> Option<()> {
    let certainty = match (wanted, holds) {
        (true, holds) => holds?,
        (false, None) => Certainty::Certain,
        (false, Some(Certainty::Possible)) => Certainty::Possible,
        (false, Some(Certainty::Certain)) => return None,
    };
    found.certainty = found.certainty.max(certainty);
    Some(())
}

struct Found {
    certainty: Certainty,
    because: Vec<Reason>,
}

impl Found {
    fn add(
        &mut self,
        certainty: Certainty,
        conclusion: String,
        facts: Vec<RecordRef>,
        because: Vec<Reason>,
    ) {
        self.certainty = self.certainty.max(certainty);
        self.because.push(Reason {
            mark: None,
            question: None,
            conclusion,
            code: None,
            rule: None,
            source: None,
            semantics: None,
            facts,
            show_delay: false,
            because,
        });
    }
}

fn claim_words(filter: &SessionFilter, certainty: Certainty, record: &RecordRef) -> String {
    let of = filter.idp.as_ref().map(|idp| format!(" of {idp}")).unwrap_or_default();
    let at = record.occurred.from;
    match (&filter.key, certainty) {
        (Some(key), Certainty::Certain) => {
            format!("a claim{of} signed by {key} was received at {at}")
        }
        (Some(key), Certainty::Possible) => {
            format!("a claim{of} was received at {at}; that {key} signed it is possible")
        }
        (None, Certainty::Certain) => format!("a claim{of} was received at {at}"),
        (None, Certainty::Possible) => {
            format!("a claim{of} was received; whether in the time asked for is not known")
        }
    }
}
