//! Finds sealed data by keyed digests: display names of applications, policies and IdPs, and
//! addresses of clients. Requires the role investigate, which the caller has checked.
//!
//! Records contain keyed digests of both (`docs/decisions/0029`): of a display name under the
//! tenant's index key, of an address under the key of its person. So the keys of all people are
//! tried, and when a key is destroyed, the digest is meaningless.

use super::find::{MAX_COUNTED, Search};
use crate::model::{
    reached::{Found, FoundKind},
    terms::{LABEL_TERM, pair, term},
};
use claimledger_facts::{
    ids::{LogPosition, Pseudonym},
    record::Digest32,
    seal::{BlindKind, open_personal},
    statement::ADDRESS,
};
use claimledger_ledger::{
    log::LogError,
    views::{Term, TermKind},
};
use data_encoding::HEXLOWER;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Maximum number of records opened to see what carries a display name.
const MAX_OPENED: usize = 100;
/// Maximum number of people whose addresses are searched.
const MAX_PEOPLE: usize = 100_000;
/// Maximum keys read per query.
const KEYS_PER_QUERY: usize = 500;

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

    /// The records with the address of a client, and whether the keys of all people were tried.
    pub(super) async fn address(&self) -> Result<(Option<Found>, bool), LogError> {
        if self.text.trim().parse::<std::net::IpAddr>().is_err() {
            return Ok((None, true));
        }
        let tenant = self.view.tenant.clone();
        let nobodys =
            index_term(ADDRESS, tenant.identity.keys.blind_index(BlindKind::Address, self.text));
        let mut positions = self.positions(&[nobodys]).await?;
        let mut last: Option<Pseudonym> = None;
        let (mut searched, mut all) = (0, false);
        while !all && searched < MAX_PEOPLE && positions.len() <= MAX_COUNTED {
            let people = tenant.identity.keyring.keys_after(last.as_ref(), KEYS_PER_QUERY).await?;
            all = people.len() < KEYS_PER_QUERY;
            searched += people.len();
            let terms: Vec<Term> = people
                .iter()
                .map(|(_, key)| index_term(ADDRESS, key.address_index(self.text)))
                .collect();
            positions.extend(self.positions(&terms).await?);
            last = people.into_iter().next_back().map(|(pseudonym, _)| pseudonym);
        }
        let at_least = !all || positions.len() > MAX_COUNTED;
        let positions: Vec<LogPosition> = positions.into_iter().take(MAX_COUNTED).collect();
        if positions.is_empty() {
            return Ok((None, all));
        }
        Ok((
            Some(
                self.found(
                    FoundKind::Address,
                    self.text.trim(),
                    "address of the client",
                    &positions,
                    at_least,
                )
                .await?,
            ),
            all,
        ))
    }

    async fn positions(&self, terms: &[Term]) -> Result<BTreeSet<LogPosition>, LogError> {
        let found = self
            .inner()
            .views
            .positions_of_each(&self.view.tenant.id, terms, self.known_at())
            .await?;
        Ok(found.into_iter().flatten().collect())
    }
}

/// The term of a keyed digest; records contain its first half.
fn index_term(name: &str, digest: Digest32) -> Term {
    pair(TermKind::Correlation, name, &HEXLOWER.encode(&digest.0[..16]))
}
