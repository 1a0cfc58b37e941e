//! Whether a record up to K names an IdP or a key, whatever it says of them.

use super::ask::View;
use crate::model::terms::{claim_key_term, term};
use claimledger_facts::ids::{IdpId, KeyId};
use claimledger_ledger::{log::LogError, views::TermKind};

impl View<'_> {
    /// Whether any record names the IdP.
    pub(crate) async fn knows_idp(&self, idp: &IdpId) -> Result<bool, LogError> {
        let stated = self.history.at(self.cut.known_at).trust().idps().any(|known| known == idp);
        Ok(stated
            || self.reader().any(&term(TermKind::Idp, idp.as_str()), self.cut.known_at).await?)
    }

    /// Whether any record names the key, of this IdP or of any.
    pub(crate) async fn knows_key(
        &self,
        idp: Option<&IdpId>,
        key: &KeyId,
    ) -> Result<bool, LogError> {
        let history = self.history.at(self.cut.known_at);
        let stated = history
            .trust()
            .idps()
            .filter(|of| idp.is_none_or(|idp| idp == *of))
            .any(|of| history.trust().names_key(of, key));
        Ok(stated || self.reader().any(&claim_key_term(idp, Some(key)), self.cut.known_at).await?)
    }
}
