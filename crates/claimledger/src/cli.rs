//! The command line. Flags beat the environment, the environment beats the config file.

mod bench;
mod export;
mod questions;
mod retract;
mod source;

pub(crate) use bench::{
    BenchAppendArgs, BenchCommand, BenchExportArgs, BenchPostgresArgs, BenchSizeArgs,
    BenchSizesArgs, BenchTranslateArgs,
};
pub(crate) use export::{ExportArgs, ExportCommand, VerifyArgs};
pub(crate) use questions::{
    AccessArgs, BeliefDiffArgs, ChangeKind, DecisionFilterArgs, DecisionsArgs, DependantsArgs,
    Feature, FirstSeenArgs, GuardArgs, RehearseArgs, SessionFilterArgs, SessionsArgs, TimelineArgs,
    WatchArgs, WhyArgs,
};
pub(crate) use retract::RetractArgs;
pub(crate) use source::{AddCommand, AddOktaArgs, SourceCommand};

use claimledger_sources::Dialect;
use clap::{
    Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    builder::PossibleValuesParser, parser::ValueSource,
};
use std::path::PathBuf;

/// Why was this factor honored, on whose word, under which rule, and until when?
#[derive(Debug, Parser)]
#[command(name = "claimledger", version, max_term_width = 120)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads the command line.
    pub(crate) fn read() -> Self {
        let matches = Self::command().get_matches();
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        // The token of `--url` may come from the environment. It must not be sent to another
        // server.
        let given = matches.value_source("token_file");
        if given != Some(ValueSource::CommandLine)
            && let Command::Source { what: SourceCommand::Add { vendor: AddCommand::Okta(args) } } =
                &mut cli.command
        {
            args.token_file = None;
        }
        cli
    }
}

/// What every command understands: at the end of its long help, and not in its short one.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Common {
    /// Directory of an embedded ledger: the command becomes its owner
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "CLAIMLEDGER_DATA",
        value_name = "DIR"
    )]
    pub(crate) data: Option<PathBuf>,
    /// File with the URL of the PostgreSQL database of a ledger that several nodes share: --data is
    /// then the directory of this node's read models
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "CLAIMLEDGER_DATABASE_URL_FILE",
        value_name = "FILE"
    )]
    pub(crate) database_url_file: Option<PathBuf>,
    /// File with the URL of KurrentDB, where that has the log of such a ledger
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "CLAIMLEDGER_LOG_URL_FILE",
        value_name = "FILE"
    )]
    pub(crate) log_url_file: Option<PathBuf>,
    /// File with the master key (32 bytes), where that is not in the directory: `init` notes it
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "CLAIMLEDGER_MASTER_KEY_FILE",
        value_name = "FILE"
    )]
    pub(crate) master_key_file: Option<PathBuf>,
    /// Tenant (default: the only one of the directory)
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "CLAIMLEDGER_TENANT",
        value_name = "NAME"
    )]
    pub(crate) tenant: Option<String>,
    /// A running server to ask instead of a directory, such as http://127.0.0.1:7070
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "CLAIMLEDGER_URL",
        value_name = "URL"
    )]
    pub(crate) url: Option<String>,
    /// File with the token for --url
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "CLAIMLEDGER_TOKEN_FILE",
        value_name = "FILE"
    )]
    pub(crate) token_file: Option<PathBuf>,
    /// Config file (TOML) [default: claimledger.toml, if it is there]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "CLAIMLEDGER_CONFIG",
        value_name = "FILE"
    )]
    pub(crate) config: Option<PathBuf>,
    /// T: true at this time (RFC 3339) [default: now; on a rehearsal the last recorded time]
    #[arg(long, global = true, hide_short_help = true, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// K: known at this time (RFC 3339) or position (82 or #82) [default: head]
    #[arg(long, global = true, hide_short_help = true, value_name = "TIME|POSITION")]
    pub(crate) known_at: Option<String>,
    /// Where signed checkpoints are written to, and the log is compared with at a start: a file, an
    /// http(s) URL, syslog:ADDRESS:PORT or syslog:/dev/log; may be repeated
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "CLAIMLEDGER_ANCHOR",
        value_name = "PLACE"
    )]
    pub(crate) anchor: Vec<String>,
    /// Write a signed receipt of the answer to this file: question, T, K, rules, digest
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub(crate) receipt: Option<PathBuf>,
    /// Why records are read; kept in the access log
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "CLAIMLEDGER_PURPOSE",
        value_name = "TEXT"
    )]
    pub(crate) purpose: Option<String>,
    /// Id of the case for which records are read; kept in the access log
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "CLAIMLEDGER_CASE",
        value_name = "ID"
    )]
    pub(crate) case: Option<String>,
    /// Output
    #[arg(long, global = true, hide_short_help = true, env = "CLAIMLEDGER_FORMAT", value_enum)]
    pub(crate) format: Option<Format>,
    /// What is done when the clock of this machine jumped by more than --max-clock-jump, or is that
    /// far behind the last record [default: refuse]
    #[arg(long, global = true, hide_short_help = true, env = "CLAIMLEDGER_CLOCK_JUMP", value_enum)]
    pub(crate) clock_jump: Option<ClockJump>,
    /// Seconds by which the clock may differ from what it should show [default: 900]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "CLAIMLEDGER_MAX_CLOCK_JUMP",
        value_name = "SECS"
    )]
    pub(crate) max_clock_jump: Option<u64>,
}

/// What is done when the clock jumped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClockJump {
    /// Take no records before it is right again
    Refuse,
    /// Stamp records with it, and show that in status and completeness
    Accept,
}

/// How a command prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: one JSON document
    Json,
}

/// `rebuild`
#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// Switch although the rows differ: the log holds what was seen, and the old rows go
    #[arg(long)]
    pub(crate) replace: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a ledger with a tenant; again: add a tenant. Writes the tenant's operator token to a
    /// file
    Init(InitArgs),
    /// Make a credential and print its token, once; list and revoke credentials
    Token(TokenArgs),
    /// Take in facts or events from a file or from standard input
    Ingest(IngestArgs),
    /// Explain a session's decisions
    Why(WhyArgs),
    /// Who changed what is trusted, and when
    Trust {
        /// Only this IdP
        #[arg(long)]
        idp: Option<String>,
    },
    /// Who changed what is asked for, and when
    Policies {
        /// Only this policy
        #[arg(long)]
        policy: Option<String>,
    },
    /// What has been heard of each source, and what has not
    Completeness,
    /// Everything around one session, in one order
    Timeline(TimelineArgs),
    /// Where a text appears: most ids (not tickets, rules, versions and holds; the answer says what
    /// was searched); with the role investigate also a login, a name, a display name, an address
    /// or another indicator of a client
    Find {
        /// The text, exactly as it is spelled; #82 is a position; an indicator is an address, a
        /// network or KIND=VALUE, as in `sessions --indicator`
        text: String,
    },
    /// One record: what it says, and with the role investigate what was received and what is sealed
    Record {
        /// Record id, source's own id, or position (82 or #82)
        record: String,
    },
    /// What is linked: application sessions, session, IdP session, root session
    Chain {
        /// The id of any of them
        id: String,
    },
    /// Show one session
    Session {
        /// Session id, any alias
        session: String,
    },
    /// List sessions
    Sessions(SessionsArgs),
    /// What was believed of a session, and which facts changed it
    BeliefDiff(BeliefDiffArgs),
    /// List issuers, keys or amr sets that appeared for the first time
    FirstSeen(FirstSeenArgs),
    /// List assertions that came twice, and IdP sessions used for several sessions
    Reused,
    /// Print changes of sessions as they are recorded, one a line
    Watch(WatchArgs),
    /// List decisions: as recorded, as the rules say as known when decided, and as known at K
    Decisions(DecisionsArgs),
    /// List sessions that outlived their IdP session
    Outlived,
    /// Who kept access under a version of a policy that had been replaced, and whether they would
    /// pass the next
    HeldUnder {
        /// Policy
        policy: String,
        /// Label of the version
        version: String,
    },
    /// What an actor changed, or one record did, and what rested on it
    Dependants(DependantsArgs),
    /// What would change if an IdP, a feature, a policy or a key had been otherwise. Writes
    /// nothing
    Rehearse(RehearseArgs),
    /// Record that assertions of an IdP, or of one of its keys, are not to be believed from a time
    /// on. Nothing undoes it. Needs the role govern; --rehearse says first what it would change
    Retract(RetractArgs),
    /// Whether an IdP could be deactivated, deleted or no longer trusted, or claims sharing
    /// switched off, and who would be locked out; exit status 1 where that is not allowed, or not
    /// known
    Guard(GuardArgs),
    /// Write a list to a file with its manifest, or check such a file
    Export {
        #[command(subcommand)]
        what: ExportCommand,
    },
    /// Serve GraphQL, the ingestion endpoint and the pages
    Serve(ServeArgs),
    /// Sources that are polled: add, list, status, poll, remove
    Source {
        #[command(subcommand)]
        what: SourceCommand,
    },
    /// Move a ledger to other engines: equal positions, ids, leaves and roots; run again, it
    /// continues. Nodes of the source must be stopped
    Copy(CopyArgs),
    /// Copies of the read models: a new node starts from one instead of from nothing
    Views {
        #[command(subcommand)]
        what: ViewsCommand,
    },
    /// The database of a ledger that several nodes share
    Database {
        #[command(subcommand)]
        what: DatabaseCommand,
    },
    /// Run the suites that decide which engines are supported against a PostgreSQL server
    /// (--database-url-file) or KurrentDB (--log-url-file), in names of their own; status 1 if a
    /// check fails
    Conformance,
    /// Say what is wrong with a deployment, and what to do: directory, master key, disk, clock,
    /// database, log, checkpoints; with --url whether the server is ready; status 1 if there is a
    /// problem
    Doctor,
    /// Fold the read models from the log again beside those that are asked, compare the two, and
    /// switch
    Rebuild(RebuildArgs),
    /// Read everything that is stored, and compare it with its commitments, the tree, the last
    /// checkpoint and the anchors; status 1 if something does not hold
    Verify,
    /// Who was shown what: entries of the access log, the last first
    Access(AccessArgs),
    /// Print the last signed checkpoint of the log
    Checkpoint(CheckpointArgs),
    /// Print the proof that a record is in the log, as a file that a verifier checks offline
    Prove(ProveArgs),
    /// Write one session's story with the records that it rests on, as a file that can be checked
    /// offline
    Pack(PackArgs),
    /// Answers that were signed
    Receipt {
        #[command(subcommand)]
        what: ReceiptCommand,
    },
    /// Where the log and the read models stand
    Status {
        /// Every row of the read models, for comparing two of them
        #[arg(long)]
        rows: bool,
    },
    /// Try it: a ledger with a day of two organisations, explained and served (in --data, or
    /// deleted at the end)
    Demo(DemoArgs),
    /// Print a completion script for a shell
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of the program or of one command, for `man -l -`
    Man {
        /// Command
        command: Option<String>,
    },
    /// Measure this machine against bare SQLite and bare PostgreSQL
    Bench {
        #[command(subcommand)]
        what: BenchCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DatabaseCommand {
    /// Make the roles and tables, or migrate them to this version: as their owner, before a node of
    /// this version starts
    Migrate,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// Directory of an embedded ledger, or config file (.toml) of a node
    #[arg(long, value_name = "DIR|FILE")]
    pub(crate) from: PathBuf,
    /// The same: empty, or what an earlier run left
    #[arg(long, value_name = "DIR|FILE")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ViewsCommand {
    /// Write the read models of --data to a new file, as they are now; a server may own them
    Save {
        /// File to write
        file: PathBuf,
    },
    /// Start this node from such a file: each row is checked, and the last record of each tenant is
    /// compared with the log
    Load {
        /// File that `views save` wrote
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Check the signature, ask the question again, and compare the bytes; status 1 if they differ
    Check {
        /// File that --receipt wrote
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PackArgs {
    /// Session: any of its ids
    pub(crate) session: String,
    /// File to write: a page that shows it, or JSON if the name ends with .json
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// What to open beside what records say in the clear (role investigate)
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub(crate) open: Vec<Opening>,
}

/// What a pack opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Opening {
    /// Names, logins, addresses
    Personal,
    /// The bytes as they were received
    Originals,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Recorded times are asserted by the input; every answer says so
    #[arg(long)]
    pub(crate) rehearsal: bool,
    /// A rehearsal's clock at its opening (RFC 3339) [default: 1970-01-01T00:00:00Z]
    #[arg(long, requires = "rehearsal", value_name = "TIME")]
    pub(crate) now: Option<String>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    pub(crate) what: Option<TokenCommand>,
    /// What it may do: ingest, read, investigate, export, govern, operate; several with commas
    #[arg(long, required = true, value_delimiter = ',', value_name = "ROLE")]
    pub(crate) role: Vec<String>,
    /// The source it may append as
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Option<String>,
}

/// `token`
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// List credentials: what each may do, when it was made and revoked
    List,
    /// Revoke a credential: at once where the command runs, within 5 s on other nodes. Sessions of
    /// browsers and subscriptions that depend on it end
    Revoke {
        /// Its id, as `token` and `token list` print it
        credential: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct IngestArgs {
    /// File, or - for standard input
    pub(crate) file: PathBuf,
    /// What the file holds
    #[arg(
        long = "as",
        default_value = "native",
        value_name = "DIALECT",
        value_parser = PossibleValuesParser::new(Dialect::ALL.iter().map(|of| of.as_str())),
    )]
    pub(crate) dialect: String,
    /// The source of lines that name none [default: the tenant's name]
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Option<String>,
    /// The file is the log of this identity provider, not of the service provider
    #[arg(long, value_name = "IDP")]
    pub(crate) idp: Option<String>,
    /// What Okta's API does not say of an IdP: ID is an Okta org, ID=classic one with Classic
    /// Engine, ID=third-party none, ID=factor-only is used as a factor only; several times
    #[arg(long, value_name = "ID[=WHAT]")]
    pub(crate) okta_idp: Vec<String>,
    /// Skip and list what is refused, instead of stopping; the exit status is 3 if anything was
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Count what came in by event type
    #[arg(long)]
    pub(crate) report: bool,
    /// Append line by line and print `ACK <position>` as each is durable: for pipes that may not
    /// lose a line
    #[arg(long, conflicts_with_all = ["report", "keep_going"])]
    pub(crate) ack: bool,
    /// Write only if exactly this number of records name the session: S1=7
    #[arg(long, value_name = "SESSION=REVISION")]
    pub(crate) expect: Option<String>,
    /// A rehearsal's clock for lines that do not say when they were recorded (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen [default: 127.0.0.1:7070]
    #[arg(long, env = "CLAIMLEDGER_LISTEN", value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// TLS ends at a proxy in front: needed for any address but loopback
    #[arg(long)]
    pub(crate) behind_proxy: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    /// Record id, source's own id, or position (82 or #82)
    pub(crate) record: String,
    /// The entry of the access log at this position
    #[arg(long)]
    pub(crate) access: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckpointArgs {
    /// That of the access log
    #[arg(long, conflicts_with = "since")]
    pub(crate) access: bool,
    /// A checkpoint that was saved earlier: prove that the log was only appended to since; status 1
    /// if it was not
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Print and exit instead of serving
    #[arg(long)]
    pub(crate) once: bool,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:7070", value_name = "ADDR")]
    pub(crate) listen: String,
}
