//! Rows of an export: from the ledger of a directory, or from a server.

use crate::{
    exit_status::{Damaged, Refused, usage},
    ledger_client::{LedgerClient, Remote},
};
use anyhow::{Context, Result, anyhow};
use claimledger_app::export::Export;
use claimledger_export::{manifest::Read, page::ExportPage};
use claimledger_server::export::ExportRequest;
use serde_json::Value;
use std::io::BufRead;

/// Parameters, as the address of an export spells them.
pub(super) type Parameters = Vec<(String, String)>;

/// Pages of rows, one after the other.
pub(super) enum Pages {
    Embedded(Box<Export>),
    Remote(Box<RemotePages>),
}

/// Pages that a server sends.
pub(super) struct RemotePages {
    lines: Box<dyn BufRead + Send>,
    first: Option<Read>,
    ended: bool,
}

impl Pages {
    /// Asks for the rows of a list.
    pub(super) async fn open(
        ledger: &LedgerClient,
        list: &str,
        parameters: Parameters,
    ) -> Result<Self> {
        // A server reads them too; a mistake is refused alike, and before anything is sent.
        let request = ExportRequest::read(list, parameters.clone()).map_err(usage)?;
        match ledger {
            LedgerClient::Embedded(owner) => {
                let ExportRequest { query, asking, after, .. } = request;
                let export =
                    owner.app.export(&owner.caller, query, &asking, after.as_deref()).await?;
                Ok(Self::Embedded(Box::new(export)))
            }
            LedgerClient::Remote(remote) => {
                let pages = RemotePages::open(remote, list, &parameters)?;
                Ok(Self::Remote(Box::new(pages)))
            }
        }
    }

    /// The next page; none: the end.
    pub(super) async fn next(&mut self) -> Result<Option<ExportPage>> {
        match self {
            Self::Embedded(export) => Ok(export.next().await?),
            Self::Remote(pages) => pages.next(),
        }
    }
}

impl RemotePages {
    fn open(remote: &Remote, list: &str, parameters: &[(String, String)]) -> Result<Self> {
        let path = format!("/v1/export/{list}");
        let (status, mut body) = remote.stream(&path, parameters)?;
        if status == 200 {
            let lines = Box::new(std::io::BufReader::new(body.into_reader()));
            return Ok(Self { lines, first: None, ended: false });
        }
        let text = body.read_to_string().context(path.clone())?;
        let body: Value = serde_json::from_str(&text)
            .with_context(|| format!("{path} answered status {status} without JSON"))?;
        let error = &body["error"];
        let message = error["message"].as_str().unwrap_or_default();
        Err(match error["code"].as_str() {
            Some("corrupt") => Damaged(message.to_owned()).into(),
            Some("unavailable" | "lagging" | "rate_limited" | "internal") | None => {
                anyhow!("{message}")
            }
            Some(code) => Refused(format!("{message} ({code})")).into(),
        })
    }

    fn next(&mut self) -> Result<Option<ExportPage>> {
        if self.ended {
            return Ok(None);
        }
        let mut line = Vec::new();
        let cut = || anyhow!("the server cut the export off: go on with --resume");
        self.lines.read_until(b'\n', &mut line).map_err(|_| cut())?;
        if !line.ends_with(b"\n") {
            return Err(cut());
        }
        let page = ExportPage::from_line(&line, self.first.as_ref())
            .context("the server sent no page of rows")?;
        self.first.get_or_insert_with(|| page.read.clone());
        self.ended = !page.has_next;
        Ok(Some(page))
    }
}
