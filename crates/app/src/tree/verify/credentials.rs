//! Credentials, compared with their MACs and with what the log says of them.

use super::report::{FindingKind, VerifyReport};
use crate::{access::credential_mac, app::Inner, model::proof::LogKind, tenant::Tenant};
use claimledger_facts::{fact::FactData, ids::LogPosition};
use claimledger_ledger::{keys::CredentialRow, log::LogError};
use std::collections::BTreeMap;

/// What the credential of `init` begins with: the first record of the log grants it all roles, and
/// does not name it.
const OPERATOR: &str = "operator-";

/// What a record says of a credential.
pub(super) enum Recorded {
    Granted { credential: String, roles: Vec<String>, source: Option<String> },
    Revoked { credential: String },
}

/// What the log says of each credential.
#[derive(Default)]
pub(super) struct StatedCredentials(BTreeMap<String, Stated>);

#[derive(Default)]
struct Stated {
    granted: Option<(LogPosition, Vec<String>, Option<String>)>,
    revoked: Option<LogPosition>,
}

impl Recorded {
    pub(super) fn of(fact: &FactData) -> Option<Self> {
        match fact {
            FactData::RoleGranted(granted) => Some(Self::Granted {
                credential: granted.credential.clone(),
                roles: granted.roles.iter().map(|role| role.as_str().to_owned()).collect(),
                source: granted.source.as_ref().map(|source| source.as_str().to_owned()),
            }),
            FactData::RoleRevoked(revoked) => {
                Some(Self::Revoked { credential: revoked.credential.clone() })
            }
            _ => None,
        }
    }
}

impl StatedCredentials {
    pub(super) fn note(&mut self, position: LogPosition, recorded: Recorded) {
        match recorded {
            Recorded::Granted { credential, roles, source } => {
                let stated = self.0.entry(credential).or_default();
                stated.granted = Some((position, roles, source));
            }
            Recorded::Revoked { credential } => {
                self.0.entry(credential).or_default().revoked = Some(position);
            }
        }
    }

    /// Compares them with the rows of the key store.
    ///
    /// # Errors
    /// If the key store cannot be read.
    pub(super) async fn compare(
        mut self,
        app: &Inner,
        tenant: &Tenant,
        report: &mut VerifyReport,
    ) -> Result<(), LogError> {
        let mut found = |position: Option<LogPosition>, what: String| {
            report.found(LogKind::Records, FindingKind::Credential, position, what);
        };
        let rows = match app.keys.credentials(&tenant.id).await {
            Ok(rows) => rows,
            Err(error) if error.is_damage() => {
                found(None, error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for row in rows {
            if let Err(error) = credential_mac::check(&tenant.identity.keys, &row) {
                found(None, error.to_string());
            }
            let stated = self.0.remove(&row.credential).unwrap_or_default();
            if let Some((position, what)) = stated.differs(&row) {
                found(position, what);
            }
        }
        for (credential, stated) in self.0 {
            if let Stated { granted: Some((position, ..)), revoked: None } = stated {
                let what = format!(
                    "the credential {credential} was granted here and never revoked, and the file \
                     `keys` does not have it: its row was removed, or the process stopped before \
                     it was written"
                );
                found(Some(position), what);
            }
        }
        Ok(())
    }
}

impl Stated {
    /// What does not fit a row, and the record that says otherwise.
    fn differs(&self, row: &CredentialRow) -> Option<(Option<LogPosition>, String)> {
        let credential = &row.credential;
        if let (Some(position), None) = (self.revoked, row.revoked_at) {
            let what = format!(
                "the credential {credential} was revoked here, and the file `keys` has it in \
                 force: an older row was restored"
            );
            return Some((Some(position), what));
        }
        match &self.granted {
            None if credential.starts_with(OPERATOR) => None,
            None => {
                Some((None, format!("no record of the log grants the credential {credential}")))
            }
            Some((position, roles, source)) => {
                let is_same = *roles == row.roles && *source == row.source;
                let what = || {
                    format!(
                        "the credential {credential} was granted other roles or another source \
                         here than the file `keys` has"
                    )
                };
                (!is_same).then(|| (Some(*position), what()))
            }
        }
    }
}
