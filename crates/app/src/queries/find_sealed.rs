//! Finds sealed data by keyed digests: display names of applications, policies and IdPs, and
//! indicators of clients. Requires the role investigate, which the caller has checked.

use super::find::Search;
use crate::model::{
    reached::{Found, FoundKind},
    terms::{LABEL_TERM, pair, term},
};
use claimledger_facts::{
    ids::LogPosition,
    indicator::{Indicator, IndicatorKind},
    record::Digest32,
    seal::{BlindKind, index_text, open_personal},
};
use claimledger_ledger::{
    log::LogError,
    views::{Term, TermKind},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Maximum number of records opened to see what carries a display name.
const MAX_OPENED: usize = 100;

impl Search<'_> {
    /// Applications, policies and IdPs with this display name, with every record that names them.
    pub(super) async fn labelled(&self) -> Result<Vec<Found>, LogError> {
        const MATCHED: &str = "display name";
        let of = index_term(
            LABEL_TERM,
            self.view.tenant.identity.keys.blind_index(BlindKind::Label, self.text),
        );
        let views = &self.inner().views;
        let carrying = views
            .positions_of(&self.view.tenant.id, &of, LogPosition(0), self.known_at(), MAX_OPENED)
            .await?;
        let mut found = Vec::new();
        for ((kind, id), labelled) in self.labelled_ids(&carrying).await? {
            let (kind, of_kind) = match kind.as_str() {
                "app" => (FoundKind::App, TermKind::App),
                "idp" => (FoundKind::Idp, TermKind::Idp),
                "policy" => (FoundKind::Policy, TermKind::Policy),
                _ => continue,
            };
            let by_id = self.terms(kind, &id, &[term(of_kind, id.as_str())], MATCHED).await?;
            // If no fact names it, the records that give it this display name.
            found.extend(match by_id {
                Some(by_id) => Some(by_id),
                None => {
                    let all_opened = carrying.len() < MAX_OPENED;
                    Some(self.found(kind, &id, MATCHED, &labelled, !all_opened).await?)
                }
            });
        }
        Ok(found)
    }

    /// Kind and id of what has this display name, and which of these records give it.
    async fn labelled_ids(
        &self,
        positions: &[LogPosition],
    ) -> Result<BTreeMap<(String, String), Vec<LogPosition>>, LogError> {
        let tenant = self.view.tenant.clone();
        let wanted = self.text.trim().to_lowercase();
        let mut called: BTreeMap<_, Vec<LogPosition>> = BTreeMap::new();
        for (entry, position) in
            self.inner().log.read_at(&tenant.id, positions).await?.iter().zip(positions)
        {
            let corrupt = |what| LogError::Corrupt { position: *position, what };
            let header = entry.header.decode().map_err(|error| corrupt(error.what))?;
            let blocks = open_personal(entry, &header, &tenant.identity.keys, &[])
                .map_err(|error| corrupt(error.what))?;
            let labels = blocks
                .iter()
                .filter_map(|block| block.data.as_ref()?.get("labels")?.as_array())
                .flatten();
            let text = |label: &Value, name: &str| {
                label.get(name).and_then(Value::as_str).map(str::to_owned)
            };
            let named = labels.filter(|label| {
                text(label, "name").is_some_and(|name| name.trim().to_lowercase() == wanted)
            });
            let named: BTreeSet<_> = named
                .filter_map(|label| Some((text(label, "kind")?, text(label, "id")?)))
                .collect();
            for key in named {
                called.entry(key).or_default().push(*position);
            }
        }
        Ok(called)
    }

    /// The records of clients with an indicator, and whether the keys of all people were tried.
    pub(super) async fn client(
        &self,
        indicator: &Indicator,
    ) -> Result<(Option<Found>, bool), LogError> {
        let found = self.view.with_indicator(indicator, None).await?;
        if found.positions.is_empty() {
            return Ok((None, found.all_people));
        }
        let kind = match indicator.kind() {
            IndicatorKind::Ip => FoundKind::Address,
            _ => FoundKind::Client,
        };
        let matched = indicator.kind().words();
        let at_least = found.truncated || !found.all_people;
        let found_as =
            self.found(kind, self.text.trim(), matched, &found.positions, at_least).await?;
        Ok((Some(found_as), found.all_people))
    }
}

/// The term of a keyed digest.
pub(super) fn index_term(name: &str, digest: Digest32) -> Term {
    pair(TermKind::Correlation, name, &index_text(digest))
}
