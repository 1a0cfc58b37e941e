//! The arguments of `source`.

use claimledger_okta::Span;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `source …`
#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Set up a source that is polled, and show what its token may read
    Add {
        #[command(subcommand)]
        vendor: AddCommand,
    },
    /// List the sources that are polled
    List,
    /// What was last heard of each source, and what is wrong; exit status 1 if something is
    Status {
        /// Only this source
        id: Option<String>,
    },
    /// Poll a source in this process, without `serve`
    Poll {
        /// Source
        id: String,
        /// Read what there is now, and end: for cron
        #[arg(long)]
        once: bool,
    },
    /// End the polling of a source. What it has recorded stays
    Remove {
        /// Source
        id: String,
    },
}

/// `source add …`
#[derive(Debug, Subcommand)]
pub(crate) enum AddCommand {
    /// An Okta org: its System Log and its configuration
    Okta(AddOktaArgs),
}

#[derive(Debug, Args)]
pub(crate) struct AddOktaArgs {
    /// Name of the source in the ledger
    #[arg(long, default_value = "okta", value_name = "SOURCE")]
    pub(crate) id: String,
    /// Address of the org.
    #[arg(long, value_name = "URL", help = "Address of the org, such as https://acme.okta.com")]
    pub(crate) org: String,
    /// File with the org's API token. Its path is stored, the token never
    // Takes the place of the global option of this name, which is the token of --url.
    #[arg(long, value_name = "FILE", conflicts_with = "token_env")]
    pub(crate) token_file: Option<PathBuf>,
    /// Environment variable of the polling process that holds the org's API token
    #[arg(long, value_name = "NAME")]
    pub(crate) token_env: Option<String>,
    /// How far back the log is read at first: at most 180d, and Okta keeps 90d
    #[arg(long, default_value = "7d", value_name = "SPAN")]
    pub(crate) since: Span,
    /// Pause between two requests for the log
    #[arg(long, default_value = "30s", value_name = "SPAN")]
    pub(crate) interval: Span,
    /// Pause between two looks at the configuration, where no event says that it changed
    #[arg(long, default_value = "10m", value_name = "SPAN")]
    pub(crate) look_interval: Span,
    /// How late an event may appear in the log: less far is the source said to be heard
    #[arg(long, default_value = "5m", value_name = "SPAN")]
    pub(crate) lag: Span,
    /// How often it is recorded how far the source is heard, at most
    #[arg(long, default_value = "5m", value_name = "SPAN")]
    pub(crate) heard_every: Span,
    /// Events asked for at once, at most 1000
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    pub(crate) page: u16,
    /// What the API does not say of an IdP: `ID` is an Okta org with a domain of its own,
    /// `ID=classic`, `ID=third-party`, `ID=factor-only`; may be repeated
    #[arg(long, value_name = "IDP")]
    pub(crate) okta_idp: Vec<String>,
}
