//! The arguments of questions.

use claimledger_domain::first_seen::FirstSeenKind;
use clap::{ArgGroup, Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// Session id, any alias
    pub(crate) session: String,
    /// Decisions of this application only
    #[arg(long)]
    pub(crate) app: Option<String>,
    /// This decision only: record id, source id or position
    #[arg(long)]
    pub(crate) decision: Option<String>,
    /// This factor: an amr value or a method
    #[arg(long)]
    pub(crate) factor: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TimelineArgs {
    /// Session id, any alias
    pub(crate) session: String,
    /// In the order in which it was recorded, instead of in which it occurred
    #[arg(long)]
    pub(crate) recorded: bool,
    /// Rows a page, at most 500
    #[arg(long, default_value_t = 100)]
    pub(crate) first: u32,
    /// Go on after this cursor
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
}

/// Which sessions.
#[derive(Debug, Args)]
pub(crate) struct SessionFilterArgs {
    /// Active at this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) active_at: Option<String>,
    /// Pseudonym; with the role investigate also an id or a login
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// With a claim of this IdP
    #[arg(long)]
    pub(crate) idp: Option<String>,
    /// With a claim signed by this key
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// The key counts as one of its IdP, as its retraction would make it: a claim that names no
    /// key possibly rests on it
    #[arg(long, requires = "key")]
    pub(crate) supposes_key: bool,
    /// With this amr value
    #[arg(long)]
    pub(crate) amr: Option<String>,
    /// With a decision or an access of this application
    #[arg(long)]
    pub(crate) app: Option<String>,
    /// With a claim received at or after this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) relied_from: Option<String>,
    /// With a claim received before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) relied_to: Option<String>,
    /// Ended; with =false: not ended
    #[arg(long, num_args = 0..=1, default_missing_value = "true",
        value_name = "BOOL", hide_possible_values = true)]
    pub(crate) ended: Option<bool>,
    /// With a decision that differs from what the rules imply; with =false: without
    #[arg(long, num_args = 0..=1, default_missing_value = "true",
        value_name = "BOOL", hide_possible_values = true)]
    pub(crate) differs: Option<bool>,
    /// With a claim that a known retraction hits; with =false: without
    #[arg(long, num_args = 0..=1, default_missing_value = "true",
        value_name = "BOOL", hide_possible_values = true)]
    pub(crate) retracted: Option<bool>,
    /// Gone on after the IdP session behind it had ended; with =false: not
    #[arg(long, num_args = 0..=1, default_missing_value = "true",
        value_name = "BOOL", hide_possible_values = true)]
    pub(crate) outlived: Option<bool>,
    /// With a decision that was falsified later; with =false: without
    #[arg(long, num_args = 0..=1, default_missing_value = "true",
        value_name = "BOOL", hide_possible_values = true)]
    pub(crate) falsified_later: Option<bool>,
}

#[derive(Debug, Args)]
pub(crate) struct SessionsArgs {
    #[command(flatten)]
    pub(crate) filter: SessionFilterArgs,
    /// With a record of a client that has this: ip=203.0.113.7, ip=203.0.113.0/24, asn=64496,
    /// user_agent=…, device=…, country=… or city=…; needs the role investigate
    #[arg(long, value_name = "KIND=VALUE")]
    pub(crate) indicator: Option<String>,
    /// Rows a page, at most 500
    #[arg(long, default_value_t = 50)]
    pub(crate) first: u32,
    /// Go on after this cursor
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
}

/// Which decisions.
#[derive(Debug, Args)]
pub(crate) struct DecisionFilterArgs {
    /// Of this session, by any alias
    #[arg(long)]
    pub(crate) session: Option<String>,
    /// Of this application
    #[arg(long)]
    pub(crate) app: Option<String>,
    /// Resting on a claim of this IdP
    #[arg(long)]
    pub(crate) idp: Option<String>,
    /// Resting on a claim signed by this key
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// With this recorded outcome: allow, challenge, deny
    #[arg(long)]
    pub(crate) outcome: Option<String>,
    /// At or after this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// Differing from what the rules imply; with =false: not
    #[arg(long, num_args = 0..=1, default_missing_value = "true",
        value_name = "BOOL", hide_possible_values = true)]
    pub(crate) differs: Option<bool>,
    /// Falsified later; with =false: not
    #[arg(long, num_args = 0..=1, default_missing_value = "true",
        value_name = "BOOL", hide_possible_values = true)]
    pub(crate) falsified_later: Option<bool>,
}

#[derive(Debug, Args)]
pub(crate) struct DecisionsArgs {
    #[command(flatten)]
    pub(crate) filter: DecisionFilterArgs,
    /// Rows a page, at most 500
    #[arg(long, default_value_t = 50)]
    pub(crate) first: u32,
    /// Go on after this cursor
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct BeliefDiffArgs {
    /// Session id, any alias
    pub(crate) session: String,
    /// The earlier K: known at this time (RFC 3339) or position. The later one is --known-at, and T
    /// is --at
    #[arg(long, value_name = "TIME|POSITION")]
    pub(crate) from: String,
}

#[derive(Debug, Args)]
pub(crate) struct FirstSeenArgs {
    /// Of what
    #[arg(value_enum)]
    pub(crate) kind: FirstSeenOf,
    /// At or after this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DependantsArgs {
    /// Who made the changes
    #[arg(long)]
    pub(crate) actor: Option<String>,
    /// This record only: record id, source id or position
    #[arg(long)]
    pub(crate) record: Option<String>,
}

/// What can appear for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FirstSeenOf {
    /// Issuers
    Issuer,
    /// Keys of an issuer
    Key,
    /// Sets of amr values
    AmrSet,
}

impl From<FirstSeenOf> for FirstSeenKind {
    fn from(of: FirstSeenOf) -> Self {
        match of {
            FirstSeenOf::Issuer => Self::Issuer,
            FirstSeenOf::Key => Self::Key,
            FirstSeenOf::AmrSet => Self::AmrSet,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Go on after this cursor [default: from now on; with --known-at after that: 0 is everything]
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
    /// Stop after this number of changes
    #[arg(long, value_name = "N")]
    pub(crate) first: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct RehearseArgs {
    /// What had been otherwise over the window
    #[arg(value_enum)]
    pub(crate) change: ChangeKind,
    /// The IdP
    #[arg(long)]
    pub(crate) idp: Option<String>,
    /// The feature. feature-off and feature-on only
    #[arg(long, value_enum)]
    pub(crate) feature: Option<Feature>,
    /// A file with the version of the policy: the data of a policy.configured fact. policy only
    #[arg(long, value_name = "FILE")]
    pub(crate) policy_file: Option<PathBuf>,
    /// The key; without it the whole IdP. retraction only
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// Claims received at or after this time are hit (RFC 3339) [default: --from]. retraction only
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Decisions at or after this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) from: String,
    /// Decisions before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) to: String,
}

/// What is supposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChangeKind {
    /// Trust in the IdP's claims had been off
    TrustOff,
    /// Trust in the IdP's claims had been on
    TrustOn,
    /// The IdP had been inactive
    Deactivated,
    /// The IdP had been deleted
    Deleted,
    /// The feature had been off
    FeatureOff,
    /// The feature had been on
    FeatureOn,
    /// Another version of the policy had been in force
    Policy,
    /// Trust in the IdP, or in one of its keys, is retracted
    Retraction,
}

/// A feature of the service provider's org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Feature {
    /// Okta-to-Okta claims sharing
    ClaimsSharing,
    /// Claims sharing with third-party IdPs
    ThirdPartyClaimsSharing,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("guarded").required(true)))]
pub(crate) struct GuardArgs {
    /// The IdP
    #[arg(required_unless_present = "feature_off", conflicts_with = "feature_off")]
    pub(crate) idp: Option<String>,
    /// The IdP is deactivated
    #[arg(long, group = "guarded")]
    pub(crate) deactivate: bool,
    /// The IdP is deleted
    #[arg(long, group = "guarded")]
    pub(crate) delete: bool,
    /// Trust in the IdP's claims is switched off
    #[arg(long, group = "guarded")]
    pub(crate) untrust: bool,
    /// The feature is switched off
    #[arg(long, value_enum, group = "guarded", value_name = "FEATURE")]
    pub(crate) feature_off: Option<Feature>,
    /// Look for lockouts among decisions at or after this time (RFC 3339) [default: 7 days before
    /// --to]
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Look for lockouts among decisions before this time (RFC 3339) [default: T]
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
}

/// `access`
#[derive(Debug, Args)]
pub(crate) struct AccessArgs {
    /// Only what names this person (a pseudonym), one of their sessions or records
    #[arg(long, value_name = "PSEUDONYM", conflicts_with = "session")]
    pub(crate) subject: Option<String>,
    /// Only what names this session, under any of its ids, or its records
    #[arg(long, value_name = "SESSION")]
    pub(crate) session: Option<String>,
    /// Only entries written at or after this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only entries written before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// How many entries, at most
    #[arg(long, default_value_t = 100, value_name = "NUMBER")]
    pub(crate) first: u32,
    /// Only entries before this one (a position)
    #[arg(long, value_name = "POSITION")]
    pub(crate) after: Option<u64>,
}
