//! Result and progress of a rebuild of the read models.

use crate::model::question::Caller;
use claimledger_facts::vocabulary::Role;
use claimledger_ledger::{
    generations::{Difference, Differences, Generation, MadeBy, Place, VIEWS_NAME},
    log::LogError,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The result of a rebuild.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RebuildReport {
    /// Both generations were compared at this number of records.
    pub at: u64,
    /// The generation that was live before.
    pub old: GenerationNamed,
    /// The generation that was built.
    pub new: GenerationNamed,
    /// Whether all rows are the same.
    pub equal: bool,
    /// Damage found in the old rows, if that explains the differences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healed: Option<String>,
    /// Whether the new generation is live now.
    pub switched: bool,
    /// Number of rows, by kind.
    pub rows: Vec<RowsCounted>,
    /// The first differences.
    pub first: Vec<RowDiffers>,
}

/// A generation, as named in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerationNamed {
    /// Its number.
    pub generation: u64,
    /// Name and version of the read models.
    pub views: String,
    /// The rules that assessed the rows.
    pub rules: String,
}

/// Number of rows of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowsCounted {
    /// The kind.
    pub kind: String,
    /// Rows of the old generation.
    pub old: u64,
    /// Rows of the new one.
    pub new: u64,
    /// Rows that only the old one has.
    pub only_old: u64,
    /// Rows that only the new one has.
    pub only_new: u64,
}

/// A row that only one generation has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowDiffers {
    /// `old` or `new`.
    pub only_in: String,
    /// The kind.
    pub kind: String,
    /// The row; absent if the caller may not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
}

/// Why the new generation did not become live.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The caller lacks a role.
    #[error("this needs the role {needs}, which your credential does not have")]
    Forbidden {
        /// The required role.
        needs: Role,
    },
    /// Another rebuild is running.
    #[error("the read models of this tenant are being rebuilt already")]
    UnderWay,
    /// The same code made different rows from the same log, so one of the two generations is
    /// damaged. The old one stays live.
    #[error("refused: the live rows differ from those built from the log; they stay live")]
    Differs(Box<RebuildReport>),
    /// See [`LogError`].
    #[error(transparent)]
    Log(#[from] LogError),
}

/// The state of a rebuild that runs in the background.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RebuildState {
    /// No rebuild was started since the process started.
    #[default]
    Idle,
    /// The new generation is being built or compared.
    Running {
        /// Number of records in the new generation.
        done: u64,
        /// Total number of records.
        of: u64,
    },
    /// Finished: the new generation is live.
    Done {
        /// The result.
        report: RebuildReport,
    },
    /// Finished: the rows differ, and the old generation stays live.
    Refused {
        /// The result.
        report: RebuildReport,
    },
    /// Failed.
    Failed {
        /// The error.
        message: String,
    },
}

impl RebuildState {
    pub(crate) fn after(done: &Result<RebuildReport, RebuildError>) -> Self {
        match done {
            Ok(report) => Self::Done { report: report.clone() },
            Err(RebuildError::Differs(report)) => Self::Refused { report: (**report).clone() },
            Err(error) => Self::Failed { message: error.to_string() },
        }
    }

    pub(crate) fn for_caller(self, caller: &Caller) -> Self {
        match self {
            Self::Done { report } => Self::Done { report: report.for_caller(caller) },
            Self::Refused { report } => Self::Refused { report: report.for_caller(caller) },
            other @ (Self::Idle | Self::Running { .. } | Self::Failed { .. }) => other,
        }
    }
}

impl fmt::Display for GenerationNamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "generation {} ({}, rules {})", self.generation, self.views, self.rules)
    }
}

impl fmt::Display for RebuildReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = if self.switched { "is live now" } else { "was dropped" };
        write!(
            f,
            "{} was built and compared with {} at {} records: ",
            self.new, self.old, self.at
        )?;
        if self.equal {
            return write!(
                f,
                "equal, {} rows; it {outcome}",
                self.rows.iter().map(|rows| rows.new).sum::<u64>()
            );
        }
        match &self.healed {
            Some(what) => write!(
                f,
                "the old rows were damaged ({what}) and are dropped; the new generation {outcome}"
            )?,
            None => write!(f, "they differ; it {outcome}")?,
        }
        for rows in self.rows.iter().filter(|rows| rows.only_old > 0 || rows.only_new > 0) {
            write!(
                f,
                "\n  {}: {} old rows, {} new rows; {} only in the old generation, {} only in \
                 the new one",
                rows.kind, rows.old, rows.new, rows.only_old, rows.only_new
            )?;
        }
        for differs in &self.first {
            if let Some(row) = &differs.row {
                write!(f, "\n  only in the {} generation: {row}", differs.only_in)?;
            }
        }
        Ok(())
    }
}

impl RebuildReport {
    pub(crate) fn of(differences: Differences, old: &Generation, new: &Generation) -> Self {
        let side = |place| match place {
            Place::Live => "old",
            Place::Shadow => "new",
        };
        Self {
            at: differences.at.0,
            old: named(old),
            new: named(new),
            equal: differences.is_empty(),
            healed: None,
            switched: false,
            rows: differences
                .counts
                .iter()
                .map(|counted| RowsCounted {
                    kind: counted.kind.as_str().to_owned(),
                    old: counted.live,
                    new: counted.shadow,
                    only_old: counted.only_live,
                    only_new: counted.only_shadow,
                })
                .collect(),
            first: differences
                .first
                .into_iter()
                .map(|Difference { only_in, kind, row }| RowDiffers {
                    only_in: side(only_in).to_owned(),
                    kind: kind.as_str().to_owned(),
                    row: Some(row),
                })
                .collect(),
        }
    }

    /// Removes what the caller may not see: rows contain sessions and people, for which the role
    /// operate does not suffice.
    pub(crate) fn for_caller(mut self, caller: &Caller) -> Self {
        if !caller.has(Role::Read) && !caller.has(Role::Investigate) {
            self.first.iter_mut().for_each(|differs| differs.row = None);
        }
        self
    }
}

fn named(generation: &Generation) -> GenerationNamed {
    let MadeBy { views, rules } = &generation.made_by;
    GenerationNamed {
        generation: generation.number,
        views: format!("{VIEWS_NAME} {views}"),
        rules: rules.clone(),
    }
}
