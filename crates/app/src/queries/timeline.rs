//! The timeline of a session.

use super::{View, barrier::not_known, sessions::at_most_a_page};
use crate::{
    app::App,
    model::{
        answer::{Answer, Page},
        cursor::Question,
        query::Query,
        question::{AskError, Asking, Caller},
        reached::TimelinePage,
        terms::{VARIANT, term, variant_term},
    },
    read::load_session,
};
use claimledger_domain::{
    model::{Known, Phase, RecordRef},
    timeline::{ClockOrder, Material, Row, is_about_person, timeline},
};
use claimledger_facts::{
    ids::{LogPosition, Pseudonym, SessionId},
    statement::Statement,
};
use claimledger_ledger::{
    log::LogError,
    views::{SortKey, TermKind},
};
use std::collections::BTreeSet;

/// The name of this list in its cursors.
const LIST: &str = "timeline";

impl App {
    /// A session's records, and other facts that concern it, ordered by either time.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn timeline(
        &self,
        caller: &Caller,
        session: &SessionId,
        order: ClockOrder,
        asking: &Asking,
        first: u32,
        after: Option<&str>,
    ) -> Result<Answer<TimelinePage>, AskError> {
        at_most_a_page(first)?;
        let question = Question::of(LIST, &(session, order));
        let (view, cursor) =
            self.ask_page(caller, Query::Timeline, asking, question, after).await?;
        let mut page = Page { items: Vec::new(), cursors: Vec::new(), has_next: false };
        let Some(assessed) = view.session(session, None).await? else {
            let barrier = Some(not_known("session", session));
            return view.answer_with(TimelinePage { session: None, page }, barrier).await;
        };
        let state = &assessed.state;
        let records = |wanted: &dyn Fn(&Statement) -> bool| -> Vec<RecordRef> {
            let records =
                assessed.gathered.records.iter().filter(|record| wanted(&record.statement));
            records.map(|record| record.reference.clone()).collect()
        };
        let not_understood = records(&|statement| !statement.is_understood());
        let silent = records(&|statement| statement.is_understood() && statement.facts.is_empty());
        let about = match &state.origin.subject {
            Some(subject) if state.life.phase != Phase::NotStarted => view.about(subject).await?,
            Some(_) | None => Vec::new(),
        };
        let history = &view.history;
        let facts = &assessed.gathered.facts;
        let rows = timeline(
            Material {
                state,
                facts,
                not_understood: &not_understood,
                silent: &silent,
                about: &about,
                history,
            },
            view.cut,
            order,
        );
        // The cut is that of the cursor, so the rows are the same as for the previous page.
        let shown = cursor
            .and_then(|cursor| cursor.decision)
            .and_then(|position| rows.iter().position(|row| row.record.position == position));
        let rest = rows.into_iter().skip(shown.map_or(0, |shown| shown + 1));
        for row in rest {
            if page.items.len() == first as usize {
                page.has_next = true;
                break;
            }
            let position = Some(row.record.position);
            page.cursors.push(view.cursor_after(question, key(&state.id, &row), position));
            page.items.push(row);
        }
        let session = Some(assessed.state.id);
        view.answer(TimelinePage { session, page }).await
    }
}

fn key(session: &SessionId, row: &Row) -> SortKey {
    SortKey {
        first_occurred: row.occurred.from,
        first_source: row.record.source.as_str().to_owned(),
        first_source_id: row.record.source_id.as_str().to_owned(),
        session: session.as_str().to_owned(),
    }
}

impl View<'_> {
    /// Facts about a person without a session, under any of their identities (`semantics.md` 11).
    async fn about(&self, person: &Pseudonym) -> Result<Vec<Known>, LogError> {
        let reader = self.tenant.reader(&*self.inner.log, &*self.inner.views);
        let known_at = self.cut.known_at;
        let variants = reader.any(&term(TermKind::Note, VARIANT), known_at).await?;
        let mut positions = BTreeSet::new();
        for person in self.history.at(known_at).people().same_as(person) {
            positions
                .extend(reader.positions(&term(TermKind::About, person.as_str()), known_at).await?);
        }
        let positions: Vec<LogPosition> = positions.into_iter().collect();
        let mut about = Vec::new();
        for record in reader.records(&positions).await? {
            let others = variant_term(&record.reference.source, &record.reference.source_id);
            let variant = record.variant || (variants && reader.any(&others, known_at).await?);
            about.extend(load_session::known(&record, variant, |fact| is_about_person(&fact.data)));
        }
        Ok(about)
    }
}
