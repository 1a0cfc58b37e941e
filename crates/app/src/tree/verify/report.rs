//! What a verification found.

use crate::model::proof::LogKind;
use claimledger_facts::{ids::LogPosition, record::Digest32};

/// Maximum findings of one kind that are listed.
const MAX_LISTED: usize = 20;

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// What was read of the log of the records.
    pub log: VerifiedLog,
    /// The same of the access log.
    pub access: VerifiedLog,
    /// What does not hold, at most 20 of a kind.
    pub findings: Vec<Finding>,
    /// How many more of them there are.
    pub unlisted: u64,
}

/// What was read of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifiedLog {
    /// The number of its records that were read.
    pub records: u64,
    /// The root hash over them.
    pub root: Option<Digest32>,
    /// The size of the last signed checkpoint; none: nothing was signed yet.
    pub checkpoint: Option<u64>,
    /// The size of the largest checkpoint in each anchor that has some.
    pub anchored: Vec<u64>,
    /// How many anchored checkpoints were compared, without repeated ones.
    pub compared: u64,
    /// How many sealed bodies are removed without a record that says why.
    pub removed: u64,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The log that it is found in.
    pub log: LogKind,
    /// What it is about.
    pub kind: FindingKind,
    /// The record; none: it is not about one record.
    pub position: Option<LogPosition>,
    /// What was found.
    pub what: String,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// A record, or its leaf in the tree.
    Record,
    /// A sealed body that is removed.
    Removal,
    /// A signed checkpoint, of the directory or of an anchor.
    Checkpoint,
    /// A credential.
    Credential,
    /// Another file.
    File,
}

impl FindingKind {
    /// The word that JSON uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Removal => "removal",
            Self::Checkpoint => "checkpoint",
            Self::Credential => "credential",
            Self::File => "file",
        }
    }
}

impl VerifyReport {
    /// Whether everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn of(&mut self, log: LogKind) -> &mut VerifiedLog {
        match log {
            LogKind::Records => &mut self.log,
            LogKind::Access => &mut self.access,
        }
    }

    pub(super) fn found(
        &mut self,
        log: LogKind,
        kind: FindingKind,
        position: Option<LogPosition>,
        what: impl Into<String>,
    ) {
        // Many of one kind do not hide the others.
        if self.findings.iter().filter(|finding| finding.kind == kind).count() < MAX_LISTED {
            self.findings.push(Finding { log, kind, position, what: what.into() });
        } else {
            self.unlisted += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_findings_of_one_kind_do_not_hide_another() {
        let mut report = VerifyReport::default();
        for n in 0..30 {
            let at = Some(LogPosition(n));
            report.found(LogKind::Records, FindingKind::Removal, at, "it was removed");
        }
        report.found(LogKind::Access, FindingKind::File, None, "it is damaged");
        assert_eq!((report.findings.len(), report.unlisted), (MAX_LISTED + 1, 10));
        assert_eq!(report.findings[MAX_LISTED].kind, FindingKind::File);
    }
}
