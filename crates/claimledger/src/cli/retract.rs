//! The arguments of `retract`.

use clap::{ArgGroup, Args};

/// `retract`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("retracted").required(true)))]
pub(crate) struct RetractArgs {
    /// The IdP
    #[arg(long)]
    pub(crate) idp: String,
    /// The key of which trust is retracted
    #[arg(long, group = "retracted")]
    pub(crate) key: Option<String>,
    /// Retract trust in every assertion of the IdP, whatever signed it
    #[arg(long, group = "retracted")]
    pub(crate) whole_idp: bool,
    /// Assertions received at or after this time are no longer believed (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) from: String,
    /// Why: a code such as key_leaked, or a text, which is sealed
    #[arg(long, value_name = "CODE|TEXT", required_unless_present = "rehearse")]
    pub(crate) reason: Option<String>,
    /// Under which ticket; stands in the clear
    #[arg(long)]
    pub(crate) ticket: Option<String>,
    /// Your own id of this retraction: with the same id it is recorded once [default: a new one]
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// Only say what it would change, of decisions from --from until T. Writes nothing, and needs
    /// the role read instead of govern
    #[arg(long, conflicts_with_all = ["reason", "ticket", "id"])]
    pub(crate) rehearse: bool,
}
