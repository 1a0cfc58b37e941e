//! The arguments of `export`.

use super::{DecisionFilterArgs, DependantsArgs, FirstSeenArgs, SessionFilterArgs};
use claimledger_export::Format;
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use std::path::PathBuf;

/// `export`
#[derive(Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// Sessions, one a row
    Sessions {
        #[command(flatten)]
        filter: SessionFilterArgs,
        #[command(flatten)]
        export: ExportArgs,
    },
    /// Decisions, one a row, with what each rested on
    Decisions {
        #[command(flatten)]
        filter: DecisionFilterArgs,
        #[command(flatten)]
        export: ExportArgs,
    },
    /// Everything around one session, one record a row
    Timeline {
        /// Session id, any alias
        session: String,
        /// In the order in which it was recorded, instead of in which it occurred
        #[arg(long)]
        recorded: bool,
        #[command(flatten)]
        export: ExportArgs,
    },
    /// Who changed what is trusted, one change a row
    Trust {
        /// Only this IdP
        #[arg(long)]
        idp: Option<String>,
        #[command(flatten)]
        export: ExportArgs,
    },
    /// Who changed what is asked for, one change a row
    Policies {
        /// Only this policy
        #[arg(long)]
        policy: Option<String>,
        #[command(flatten)]
        export: ExportArgs,
    },
    /// Sessions that outlived their IdP session, one a row
    Outlived {
        #[command(flatten)]
        export: ExportArgs,
    },
    /// Assertions and IdP sessions that were used more than once, one use a row
    Reused {
        #[command(flatten)]
        export: ExportArgs,
    },
    /// Access that continued under replaced versions of a policy, one allow a row
    HeldUnder {
        /// The policy
        policy: String,
        /// The label of the version that was replaced
        version: String,
        #[command(flatten)]
        export: ExportArgs,
    },
    /// The changes of an actor, or of one record, with one dependant session a row
    Dependants {
        #[command(flatten)]
        of: DependantsArgs,
        #[command(flatten)]
        export: ExportArgs,
    },
    /// What appeared for the first time, one value a row
    FirstSeen {
        #[command(flatten)]
        what: FirstSeenArgs,
        #[command(flatten)]
        export: ExportArgs,
    },
    /// How complete each source is, one gap a row
    Completeness {
        #[command(flatten)]
        export: ExportArgs,
    },
    /// Check a file with its manifest, without a ledger; exit status 1 where it differs, with the
    /// rows that do
    Verify(VerifyArgs),
}

/// How a list is written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Export")]
pub(crate) struct ExportArgs {
    /// The format
    #[arg(
        long = "as",
        value_name = "FORMAT",
        value_parser = PossibleValuesParser::new(Format::ALL.iter().map(|of| of.as_str())),
    )]
    pub(crate) written_as: String,
    /// The file; its manifest is FILE.manifest.json
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Write times in this zone: UTC or an offset, such as +01:00
    #[arg(long, value_name = "ZONE", default_value = "UTC", allow_hyphen_values = true)]
    pub(crate) time_zone: String,
    /// With logins and names of people as they were at the time; needs the role investigate
    #[arg(long)]
    pub(crate) labels: bool,
    /// Fail where there are more rows than this
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Stop at the limit instead, and say so in the last row and in the manifest
    #[arg(long, requires = "limit")]
    pub(crate) limit_marked: bool,
    /// Only a sample of this number of rows
    #[arg(long, value_name = "N", requires = "seed")]
    pub(crate) sample: Option<u64>,
    /// What the sample is drawn by: the same seed at the same cut draws the same rows
    #[arg(long, requires = "sample")]
    pub(crate) seed: Option<String>,
    /// Go on with a file that was cut off, at its T and K
    #[arg(long)]
    pub(crate) resume: bool,
}

/// `export verify`
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The file
    pub(crate) file: PathBuf,
    /// Its manifest [default: FILE.manifest.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
    /// The public key of the log, as `checkpoint` prints it [default: the one in the manifest]
    #[arg(long)]
    pub(crate) key: Option<String>,
}
