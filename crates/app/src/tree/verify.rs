//! `verify`: reads everything that is stored and compares it with what was committed to, signed and
//! anchored.

mod checkpoints;
mod credentials;
mod log_tree;
mod records;
mod report;

pub use self::report::{Finding, FindingKind, VerifiedLog, VerifyReport};

use self::{credentials::StatedCredentials, records::Pass};
use crate::{
    app::App,
    model::{
        proof::LogKind,
        question::{AskError, Caller},
    },
    tenant::Tenant,
};
use claimledger_ledger::log::LogError;

impl App {
    /// Reads every record, key and row of the caller's tenant, and compares them with the
    /// commitments in the headers, the tree, the last checkpoint and every checkpoint of the
    /// anchors; the credentials with their MACs and with what the log says of them. `progress` gets
    /// the number of records read and of all.
    ///
    /// # Errors
    /// If the engines cannot be read. What does not hold is in the report.
    pub async fn verify(
        &self,
        caller: &Caller,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<VerifyReport, AskError> {
        let tenant = self.0.tenant(&caller.tenant).await?;
        let mut report = VerifyReport::default();
        let mut stated = StatedCredentials::default();
        for kind in LogKind::ALL {
            let verified =
                self.verify_log(&tenant, kind, &mut report, &mut stated, &mut progress).await;
            verified.map_err(|error| tenant.identity.signed(kind).error(error))?;
        }
        stated.compare(&self.0, &tenant, &mut report).await?;
        self.verify_files(&mut report).await?;
        Ok(report)
    }

    async fn verify_log(
        &self,
        tenant: &Tenant,
        kind: LogKind,
        report: &mut VerifyReport,
        stated: &mut StatedCredentials,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), LogError> {
        let app = &*self.0;
        let mut pass = Pass { app, tenant, kind, report, stated };
        let mut tree = pass.read(progress).await?;
        checkpoints::compare_last(app, tenant, &mut tree, kind, report).await?;
        for anchor in &app.options.anchors.0 {
            let log = tenant.identity.signed(kind);
            checkpoints::compare_anchor(anchor, log, &mut tree, report).await;
        }
        Ok(())
    }

    /// Reads what is stored beside the log, of all tenants.
    async fn verify_files(&self, report: &mut VerifyReport) -> Result<(), LogError> {
        let app = &self.0;
        for checked in [
            app.keys.check().await,
            app.proofs.checkpoints.check().await,
            app.proofs.tiles.check().await,
            app.state.check().await,
            app.access.index.check().await,
            app.views.check().await,
        ] {
            match checked {
                Ok(()) => {}
                Err(error) if error.is_damage() => {
                    report.found(LogKind::Records, FindingKind::File, None, error.to_string());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
