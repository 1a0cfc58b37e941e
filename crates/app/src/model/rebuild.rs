//! What a rebuild of the read models found, and how it goes.

use crate::model::question::Caller;
use claimledger_facts::vocabulary::Role;
use claimledger_ledger::{
    generations::{Difference, Differences, Generation, MadeBy, Place, VIEWS_NAME},
    log::LogError,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a rebuild found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RebuildReport {
    /// Both generations were compared here: records below this size.
    pub at: u64,
    /// The generation that was asked.
    pub old: GenerationNamed,
    /// The one that was built.
    pub new: GenerationNamed,
    /// Whether all rows are the same.
    pub equal: bool,
    /// What was damaged of the old rows, where they differ because of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healed: Option<String>,
    /// Whether the new one is asked now.
    pub switched: bool,
    /// Rows, by kind.
    pub rows: Vec<RowsCounted>,
    /// The first differences.
    pub first: Vec<RowDiffers>,
}

/// A generation, as a report names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerationNamed {
    /// Its number.
    pub generation: u64,
    /// Name and version of the rows.
    pub views: String,
    /// The rules that they were assessed by.
    pub rules: String,
}

/// How many rows of a kind there are.
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

/// A row that only one of them has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowDiffers {
    /// `old` or `new`.
    pub only_in: String,
    /// The kind.
    pub kind: String,
    /// The row; absent for whoever may not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<String>,
}

/// Why there was no switch.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The caller's roles do not allow it.
    #[error("this needs the role {needs}, which your credential does not have")]
    Forbidden {
        /// The role.
        needs: Role,
    },
    /// Another one is under way.
    #[error("the read models of this tenant are being rebuilt already")]
    UnderWay,
    /// The same code made other rows of the same log: one of the two is damaged. The old one is
    /// still asked.
    #[error(
        "refused: the rows that are asked are not those that the log gives; they stay in place"
    )]
    Differs(Box<RebuildReport>),
    /// See [`LogError`].
    #[error(transparent)]
    Log(#[from] LogError),
}

/// How a rebuild goes that was started and not waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RebuildState {
    /// None was asked for since the start.
    #[default]
    Idle,
    /// It folds, or compares.
    Running {
        /// Records that are in.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// It is over, and the new generation is asked.
    Done {
        /// What it found.
        report: RebuildReport,
    },
    /// It is over, and the old generation stays: the rows differ.
    Refused {
        /// What it found.
        report: RebuildReport,
    },
    /// It came to nothing.
    Failed {
        /// Why.
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
        let outcome = if self.switched { "is asked now" } else { "was thrown away" };
        write!(
            f,
            "{} was built beside {} and compared with it at {} records: ",
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
                "the old rows were damaged ({what}) and are thrown away; the new one {outcome}"
            )?,
            None => write!(f, "they differ; it {outcome}")?,
        }
        for rows in self.rows.iter().filter(|rows| rows.only_old > 0 || rows.only_new > 0) {
            write!(
                f,
                "\n  {}: {} rows in the old one, {} in the new one; only in the old one {}, only \
                 in the new one {}",
                rows.kind, rows.old, rows.new, rows.only_old, rows.only_new
            )?;
        }
        for differs in &self.first {
            if let Some(row) = &differs.row {
                write!(f, "\n  only in the {} one: {row}", differs.only_in)?;
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

    /// As a caller may see it: rows name sessions and people, which the role operate alone does not
    /// open.
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
