//! Sessions that are one because their links name one authentication request of their source
//! (`semantics.md` 25, `docs/decisions/0027`).

use super::session_links;
use crate::{
    model::{record_summary::RecordSummary, terms::link_term},
    read::reader::Reader,
};
use claimledger_domain::links;
use claimledger_facts::ids::{LogPosition, SessionId, SourceId};
use claimledger_ledger::log::LogError;
use std::collections::BTreeSet;

/// The requests that were followed: most records of a session name the same one.
#[derive(Default)]
pub(super) struct Requests(BTreeSet<(SourceId, String)>);

impl Requests {
    /// The sessions that a record of a session joins with it by its request, as far as they were
    /// not reached by another.
    pub(super) async fn joined(
        &mut self,
        reader: &Reader<'_>,
        record: &RecordSummary,
        session: &SessionId,
        known_at: LogPosition,
    ) -> Result<Vec<SessionId>, LogError> {
        let mut joined = Vec::new();
        for (_, link) in session_links(record).filter(|(of, _)| *of == session) {
            let Some(request) = links::request(&record.reference.source, link) else { continue };
            if !self.0.insert((request.0.clone(), request.1.to_owned())) {
                continue;
            }
            let positions = reader.positions(&link_term(request.1), known_at).await?;
            for other in reader.records(&positions).await? {
                let same = session_links(&other).filter(|(_, link)| {
                    links::request(&other.reference.source, link) == Some(request)
                });
                joined.extend(same.map(|(of, _)| of.clone()));
            }
        }
        Ok(joined)
    }
}
