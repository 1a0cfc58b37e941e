//! `serve`.

use crate::{
    cli::{Format, ServeArgs},
    commands::source::poll::Pollers,
    engine,
    exit_status::usage,
    settings::{ServeSection, Settings},
    terminal::{print_line, print_note, print_text},
};
use anyhow::{Context, Result};
use claimledger_app::{
    app::{App, Options},
    model::question::Caller,
};
use claimledger_server::{Rate, ServerOptions, may_listen, serve as run_server};
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

const DEFAULT_LISTEN: &str = "127.0.0.1:7070";
const MORE_TOKENS: &str = "Tokens: claimledger token --help";

/// Serves until Ctrl-C or SIGTERM.
pub(crate) async fn serve(settings: &Settings, args: &ServeArgs) -> Result<()> {
    // Damaged read models are folded again; answers say that they lag until that is done.
    let options = Options { scrub: true, ..settings.options() };
    let (app, healed) = engine::open_and_heal(&settings.location()?, options).await?;
    if let Some(what) = healed {
        print_note(&format!(
            "The read models were damaged ({}): they were deleted and are folded again from \
             the log.",
            crate::terminal::escape(&what)
        ));
    }
    let listen =
        args.listen.as_deref().or(settings.serve.listen.as_deref()).unwrap_or(DEFAULT_LISTEN);
    let behind_proxy = args.behind_proxy || settings.serve.behind_proxy.unwrap_or_default();
    let outcome = match Pollers::start(&app).await {
        Ok(pollers) => {
            let outcome =
                on(settings, &app, listen, behind_proxy, |_| MORE_TOKENS.to_owned()).await;
            pollers.stop().await;
            outcome
        }
        Err(error) => Err(error),
    };
    app.close().await;
    outcome
}

/// Listens, prints where (and `hints`, given the address), and serves.
pub(crate) async fn on(
    settings: &Settings,
    app: &App,
    listen: &str,
    behind_proxy: bool,
    hints: impl FnOnce(&str) -> String,
) -> Result<()> {
    let address: SocketAddr = listen.parse().map_err(|_| {
        usage(format!("--listen {listen}: expected ADDRESS:PORT, such as {DEFAULT_LISTEN}"))
    })?;
    // Opening a tenant makes its first credential: a ledger with a tenant has one.
    may_listen(address, !app.tenants().await?.is_empty(), behind_proxy)
        .map_err(|reason| usage(reason.to_string()))?;
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    // The handlers are registered before anything is printed: whatever starts the server may stop
    // it as soon as it has read the addresses.
    let stop = stop_on_signal().context("the signals that stop the server")?;
    print_addresses(settings, app, address, hints).await?;
    run_server(app.clone(), options(&settings.serve, address, behind_proxy), listener, stop)
        .await
        .context("the server stopped")
}

async fn print_addresses(
    settings: &Settings,
    app: &App,
    address: SocketAddr,
    hints: impl FnOnce(&str) -> String,
) -> Result<()> {
    let url = format!("http://{address}");
    let mut links = Map::new();
    if address.ip().is_loopback() {
        for tenant in app.tenants().await? {
            let name = tenant.as_str().to_owned();
            let code = app.sign_in_code(&Caller::owner(tenant));
            links.insert(name, json!(format!("{url}/sign-in?code={code}")));
        }
    }
    match settings.format {
        Format::Json => {
            print_line(&json!({"listening": url, "signIn": Value::Object(links)}).to_string());
        }
        Format::Text => {
            let mut lines = vec![format!("Pages: {url}/  GraphQL: {url}/graphql")];
            for (tenant, link) in &links {
                let link = link.as_str().unwrap_or_default();
                lines.push(format!("  {tenant}: sign in at {link} (once, within 5 minutes)"));
            }
            lines.push(hints(&url));
            lines.push("Stop with Ctrl-C.".to_owned());
            print_text(&lines.join("\n"));
        }
    }
    Ok(())
}

fn options(section: &ServeSection, address: SocketAddr, behind_proxy: bool) -> ServerOptions {
    let defaults = ServerOptions::default();
    // A server behind a proxy is reached from other machines, even where it listens on loopback.
    let is_local = address.ip().to_canonical().is_loopback() && !behind_proxy;
    ServerOptions {
        is_local,
        introspection: section.introspection.unwrap_or(is_local),
        rate: Rate {
            per_second: section.rate_per_second.unwrap_or(defaults.rate.per_second),
            burst: section.rate_burst.unwrap_or(defaults.rate.burst),
        },
        ..defaults
    }
}

/// A token that Ctrl-C or a polite kill cancels.
pub(crate) fn stop_on_signal() -> std::io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        cancelled.cancel();
    });
    Ok(stop)
}
