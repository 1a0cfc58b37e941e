//! The end of an export: the manifest is signed, and the file gets its name.
//!
//! What is signed was read from the ledger by who signs it. A file that was written in one go has
//! the digests of the rows as this process read them. After `--resume` a part of the file was read
//! from the disk, where anyone could have edited it with its journal: the rows are read once more,
//! and the file is compared with them. A server reads them once more for every manifest.

use super::{
    given,
    rows::{Pages, Parameters},
    within_limit,
};
use crate::{
    cli::ExportArgs,
    exit_status::Refused,
    ledger_client::{LedgerClient, Remote},
    terminal::print_note,
};
use anyhow::{Context, Result};
use claimledger_app::model::question::AskError;
use claimledger_export::{
    manifest::{Cut, Manifest, Writing},
    manifest_writer::ManifestWriter,
    part::EndedFile,
};
use claimledger_ledger::log::LogError;
use claimledger_server::export::{sign, take_signature};

/// Maximum size of a manifest that is read from a server, in bytes: twelve digits a row.
const MAX_MANIFEST_BYTES: u64 = 1024 * 1024 * 1024;

/// What the rows of a manifest are read by.
pub(super) struct Signing<'a> {
    /// The list.
    pub(super) list: &'a str,
    /// Its conditions and form, as pages of rows are asked for, without T, K and cursor.
    pub(super) asked: Parameters,
    /// T and K.
    pub(super) cut: Cut,
    /// How rows are written down.
    pub(super) writing: Writing,
    /// The limit.
    pub(super) args: &'a ExportArgs,
    /// Whether rows of the file may have been read from the disk.
    pub(super) is_resumed: bool,
}

impl Signing<'_> {
    /// Has the manifest signed, and gives the file its name.
    ///
    /// # Errors
    /// If the ledger has other rows than the file: its parts are left as they are.
    pub(super) async fn finish(
        &self,
        ledger: &LedgerClient,
        mut ended: EndedFile,
    ) -> Result<Manifest> {
        match ledger {
            LedgerClient::Embedded(owner) => {
                if self.is_resumed {
                    let read = self.read_again(ledger).await?;
                    self.compare(&ended, &read)?;
                    ended.manifest = read;
                }
                let signed = sign(&owner.app, &owner.caller, &mut ended.manifest).await;
                match signed {
                    // Nothing can be signed there; what was signed before may not reach as far.
                    Err(AskError::Log(LogError::Unavailable { .. }))
                        if owner.app.read_only().is_some() =>
                    {
                        print_note("the manifest is not signed: the ledger is read-only");
                    }
                    signed => signed?,
                }
            }
            LedgerClient::Remote(remote) => {
                let signed = self.signed_by(remote)?;
                if !take_signature(&mut ended.manifest, &signed) {
                    self.compare(&ended, &signed)?;
                    return Err(Refused(
                        "the server signs another manifest than that of what it has sent: export \
                         again"
                            .to_owned(),
                    )
                    .into());
                }
            }
        }
        Ok(ended.finish()?)
    }

    /// The manifest of the same rows, read from the ledger from the first to the last.
    async fn read_again(&self, ledger: &LedgerClient) -> Result<Manifest> {
        let mut parameters = self.asked.clone();
        parameters.extend(self.pins());
        let mut pages = Pages::open(ledger, self.list, parameters).await?;
        let mut page = pages.next().await?.context("the list has no first page")?;
        let mut writer = ManifestWriter::new(page.read.clone(), self.writing.clone())?;
        loop {
            let (rows, is_more) = within_limit(&page, writer.rows(), self.args.limit);
            writer.add(&page.rows[..rows])?;
            if is_more {
                return Ok(writer.finish(self.args.limit)?);
            }
            match pages.next().await? {
                Some(next) => page = next,
                None => return Ok(writer.finish(None)?),
            }
        }
    }

    /// The manifest that a server makes of the same rows.
    fn signed_by(&self, remote: &Remote) -> Result<Manifest> {
        let mut parameters = self.asked.clone();
        parameters.retain(|(name, _)| !["as", "events"].contains(&name.as_str()));
        parameters.extend(given([
            ("as", Some(self.args.written_as.clone())),
            ("part", Some("manifest".to_owned())),
            ("timeZone", self.writing.format.has_zone().then(|| self.writing.zone.to_string())),
            ("limit", self.args.limit.map(|limit| limit.to_string())),
            ("limitMarked", self.args.limit_marked.then(|| "true".to_owned())),
        ]));
        parameters.extend(self.pins());
        let path = format!("/v1/export/{}", self.list);
        let (status, mut body) = remote.stream(&path, &parameters)?;
        let text = body.with_config().limit(MAX_MANIFEST_BYTES).read_to_string();
        let text = text.with_context(|| path.clone())?;
        serde_json::from_str(&text)
            .with_context(|| format!("{path} answered status {status} without a manifest"))
    }

    fn pins(&self) -> Parameters {
        given([
            ("at", Some(self.cut.at.to_string())),
            ("knownAtPosition", Some(self.cut.known_at.to_string())),
        ])
    }

    /// Refuses a file that has other rows than the ledger.
    fn compare(&self, ended: &EndedFile, read: &Manifest) -> Result<()> {
        let Some(first) = ended.differences(read)?.into_iter().next() else { return Ok(()) };
        let part = format!("{}.part", self.args.output.display());
        Err(Refused(format!(
            "{part} is not what the ledger answers at T {}, K #{}: {first}. Nothing was signed, \
             and {part} is left as it is. Remove it with {part}.journal, and export again",
            self.cut.at, self.cut.known_at,
        ))
        .into())
    }
}
