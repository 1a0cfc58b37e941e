//! The program: the command line, the configuration, and the one place that picks engines.
//!
//! Add a command: a variant in `cli.rs`, a file in `commands/`, an arm in `dispatch` below. A
//! question is a GraphQL document in `queries/` and a rendering, so that it gets the same answer
//! from a directory and from a server.

// The futures of all GraphQL resolvers nest in one another: an optimised build computes the layout
// of the outermost through all of them.
#![recursion_limit = "256"]

mod anchors;
mod bench;
mod cli;
mod commands;
mod engine;
mod exit_status;
mod ledger_client;
mod ledger_clock;
mod output;
mod settings;
mod table;
mod terminal;

use cli::{
    BenchCommand, Cli, Command, DatabaseCommand, ExportCommand, ReceiptCommand, ViewsCommand,
};
use settings::Settings;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Records are many small allocations on several threads, where the system's allocator stood high
/// in the profile.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::read();
    let filter =
        EnvFilter::try_from_env("CLAIMLEDGER_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // A log file gets no colour codes, and a closed standard error ends nothing.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(console::colors_enabled_stderr())
        .log_internal_errors(false)
        .init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::print_error(&format!("no runtime: {error}"));
            return ExitCode::from(4);
        }
    };
    match runtime.block_on(dispatch(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain is printed once, here; each cause says only what its own level knows.
            let mut causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            causes.dedup();
            terminal::print_error(&causes.join(": "));
            ExitCode::from(exit_status::of(&error))
        }
    }
}

async fn dispatch(cli: Cli) -> anyhow::Result<()> {
    match &cli.command {
        // These are about the program, and need no ledger and no config file.
        Command::Completions { shell } => {
            commands::shell::completions(*shell);
            return Ok(());
        }
        Command::Man { command } => return commands::shell::man(command.as_deref()),
        Command::Export { what: ExportCommand::Verify(args) } => {
            let format = cli.common.format.unwrap_or_default();
            return commands::export::verify::verify(format, args);
        }
        _ => {}
    }
    let settings = Settings::load(cli.common)?;
    match &cli.command {
        Command::Completions { .. } | Command::Man { .. } => Ok(()),
        Command::Init(args) => commands::init::init(&settings, args).await,
        Command::Token(args) => commands::token::token(&settings, args).await,
        Command::Ingest(args) => commands::ingest::ingest(&settings, args).await,
        Command::Why(args) => commands::why::why(&settings, args).await,
        Command::Trust { idp } => commands::configuration::trust(&settings, idp.as_deref()).await,
        Command::Policies { policy } => {
            commands::configuration::policies(&settings, policy.as_deref()).await
        }
        Command::Completeness => commands::completeness::completeness(&settings).await,
        Command::Timeline(args) => commands::timeline::timeline(&settings, args).await,
        Command::Find { text } => commands::find::find(&settings, text).await,
        Command::Chain { id } => commands::chain::chain(&settings, id).await,
        Command::Record { record } => commands::record::record(&settings, record).await,
        Command::Session { session } => commands::session::session(&settings, session).await,
        Command::Sessions(args) => commands::sessions::sessions(&settings, args).await,
        Command::BeliefDiff(args) => commands::belief_diff::belief_diff(&settings, args).await,
        Command::FirstSeen(args) => commands::first_seen::first_seen(&settings, args).await,
        Command::Outlived => commands::outlived::outlived(&settings).await,
        Command::HeldUnder { policy, version } => {
            commands::held_under::held_under(&settings, policy, version).await
        }
        Command::Dependants(args) => commands::dependants::dependants(&settings, args).await,
        Command::Reused => commands::reused::reused(&settings).await,
        Command::Watch(args) => commands::watch::watch(&settings, args).await,
        Command::Decisions(args) => commands::decisions::decisions(&settings, args).await,
        Command::Rehearse(args) => commands::rehearse::rehearse(&settings, args).await,
        Command::Retract(args) => commands::retract::retract(&settings, args).await,
        Command::Guard(args) => commands::guard::guard(&settings, args).await,
        Command::Source { what } => commands::source::source(&settings, what).await,
        Command::Export { what } => commands::export::export(&settings, what).await,
        Command::Serve(args) => commands::serve::serve(&settings, args).await,
        Command::Copy(args) => commands::copy::copy(&settings, args).await,
        Command::Views { what: ViewsCommand::Save { file } } => {
            commands::views::save(&settings, file).await
        }
        Command::Views { what: ViewsCommand::Load { file } } => {
            commands::views::load(&settings, file).await
        }
        Command::Database { what: DatabaseCommand::Migrate } => {
            commands::database::migrate(&settings).await
        }
        Command::Conformance => commands::conformance::conformance(&settings).await,
        Command::Doctor => commands::doctor::doctor(&settings).await,
        Command::Rebuild(args) => commands::maintenance::rebuild(&settings, args).await,
        Command::Verify => commands::proof::verify(&settings).await,
        Command::Checkpoint(args) => commands::proof::checkpoint(&settings, args).await,
        Command::Pack(args) => commands::evidence::pack(&settings, args).await,
        Command::Receipt { what: ReceiptCommand::Check { file } } => {
            commands::evidence::check(&settings, file).await
        }
        Command::Access(args) => commands::access::access(&settings, args).await,
        Command::Prove(args) => commands::proof::prove(&settings, args).await,
        Command::Status { rows } => commands::maintenance::status(&settings, *rows).await,
        Command::Demo(args) => commands::demo::demo(&settings, args).await,
        Command::Bench { what: BenchCommand::Append(args) } => {
            commands::bench::append(&settings, args).await
        }
        Command::Bench { what: BenchCommand::Rebuild(args) } => {
            commands::bench::rebuild(&settings, args).await
        }
        Command::Bench { what: BenchCommand::Query(args) } => {
            commands::bench::query(&settings, args).await
        }
        Command::Bench { what: BenchCommand::Pages(args) } => {
            commands::bench::pages(&settings, args).await
        }
        Command::Bench { what: BenchCommand::Export(args) } => {
            commands::bench::export(&settings, args).await
        }
        Command::Bench { what: BenchCommand::Prove(args) } => {
            commands::bench::prove(&settings, args).await
        }
        Command::Bench { what: BenchCommand::Verify(args) } => {
            commands::bench::verify(&settings, args).await
        }
        Command::Bench { what: BenchCommand::Postgres(args) } => {
            commands::bench::postgres(&settings, args).await
        }
        Command::Bench { what: BenchCommand::Copy(args) } => {
            commands::bench::copy(&settings, args).await
        }
        Command::Bench { what: BenchCommand::Size(args) } => {
            commands::bench::size(&settings, args).await
        }
        Command::Bench { what: BenchCommand::Translate(args) } => {
            commands::bench::translate(&settings, args)
        }
    }
}
