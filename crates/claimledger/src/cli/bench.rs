//! The arguments of `bench`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Durable appends with sealing, commitments and views running, as a ratio to bare SQLite in
    /// the same run
    Append(BenchAppendArgs),
    /// Read models made from the log, memory, and the start after a kill, as ratios to bare SQLite
    /// in the same run
    Rebuild(BenchSizesArgs),
    /// One session explained, sets of sessions, and what the retraction of a key reaches
    Query(BenchSizesArgs),
    /// Each page: how long the server takes, and how large it is
    Pages(BenchSizesArgs),
    /// Sessions exported as JSON lines and Parquet, as ratios to DuckDB's COPY of the same rows
    Export(BenchExportArgs),
    /// Inclusion proofs, and how far the signed checkpoint is behind the head
    Prove(BenchSizesArgs),
    /// A whole ledger verified
    Verify(BenchSizesArgs),
    /// Durable appends on PostgreSQL by 64 clients, as a ratio to single INSERTs in the same run
    /// (in databases that it creates on the server of --database-url-file and drops)
    Postgres(BenchPostgresArgs),
    /// Ledgers copied from SQLite to PostgreSQL and back, as ratios to appends of the slower one
    /// in the same run (in databases that it creates and drops)
    Copy(BenchPostgresArgs),
    /// Bytes on disk an event; with --database-url-file on PostgreSQL too
    Size(BenchSizeArgs),
    /// Okta System Log events translated and sealed by one thread
    Translate(BenchTranslateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BenchTranslateArgs {
    /// Events a run
    #[arg(long, default_value_t = 100_000)]
    pub(crate) events: usize,
    /// Runs; medians are reported
    #[arg(long, default_value_t = 5)]
    pub(crate) runs: usize,
    /// Read the events of this file instead of made ones
    #[arg(long, value_name = "FILE", conflicts_with = "events")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchExportArgs {
    #[command(flatten)]
    pub(crate) sizes: BenchSizesArgs,
    /// A Python that has the package duckdb
    #[arg(long, value_name = "PYTHON", default_value = "target/test-tools/readers/bin/python")]
    pub(crate) duckdb: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct BenchSizesArgs {
    /// Events of the ledger; several sizes with commas are shown side by side
    #[arg(long, value_delimiter = ',', default_value = "1000000", value_name = "N")]
    pub(crate) events: Vec<usize>,
    /// Facts a session, at least 4 (not `rebuild`)
    #[arg(long, default_value_t = 10,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(4..=1_000))]
    pub(crate) each: usize,
    /// Ask once more with and without the access log, in turns (`query` only)
    #[arg(long)]
    pub(crate) compare_access_log: bool,
    /// Runs; medians are reported (not `query`, `prove`)
    #[arg(long, default_value_t = 3)]
    pub(crate) runs: usize,
    /// Keep the ledger for the next run (not `query`)
    #[arg(long)]
    pub(crate) keep: bool,
    /// Where to put the ledgers [default: the system's temporary directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

impl BenchSizesArgs {
    /// The directory of the ledgers.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(std::env::temp_dir).join("claimledger-bench")
    }
}

#[derive(Debug, Args)]
pub(crate) struct BenchPostgresArgs {
    /// Events a run
    #[arg(long, default_value_t = 100_000,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) events: usize,
    /// Runs; medians are reported
    #[arg(long, default_value_t = 5)]
    pub(crate) runs: usize,
    /// Where to put the directories of nodes [default: the system's temporary directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchSizeArgs {
    /// Events of the ledger; several sizes with commas are shown side by side
    #[arg(long, value_delimiter = ',', default_value = "1000000", value_name = "N",
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) events: Vec<usize>,
    /// Print the rows of the tables of docs/sizing.md instead
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Where to put the ledgers [default: the system's temporary directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchAppendArgs {
    /// Events a run and line
    #[arg(long, default_value_t = 200_000)]
    pub(crate) events: usize,
    /// Runs; medians are reported
    #[arg(long, default_value_t = 5)]
    pub(crate) runs: usize,
    /// Only these lines: A1, A2, A3
    #[arg(long, value_delimiter = ',', value_name = "LINE")]
    pub(crate) only: Vec<String>,
    /// Where to put the scratch ledgers [default: the system's temporary directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
