//! `bench pages`: how long the server takes for each page, and how large the page is.

use super::{
    load::{millis, some_session},
    report::{Measure, print},
};
use crate::{
    bench::{
        fixture::{Corpus, Fixture, caller},
        process::{Client, Server},
        quantile,
        sessions::{HOT, HOT_IDP, Sessions},
    },
    cli::BenchSizesArgs,
    settings::Settings,
    terminal::print_note,
};
use anyhow::{Context, Result};
use claimledger_domain::RULES;
use std::time::{Duration, Instant};

const ABOUT: &str = "From the request to the last byte, over loopback, one request at a time, of \
                     pages pinned to the head. The targets are for 1,000,000 sessions.";
/// How often each page is asked for, at most.
const LOOKS: usize = 200;
/// Maximum time spent on one page.
const MAX_TIME: Duration = Duration::from_secs(20);
/// Maximum size of a page, in bytes.
const MAX_BYTES: f64 = 250_000.0;

/// A page, as an address with the session of this look; the cut is added where it ends with `?` or
/// `&`.
type Page = (&'static str, fn(&str) -> String);

const PAGES: &[Page] = &[
    ("overview", |_| "/?".to_owned()),
    ("sessions", |_| "/sessions?".to_owned()),
    ("sessions of a key", |_| format!("/sessions?idp={HOT_IDP}&key={HOT}&")),
    ("sessions that differ", |_| "/sessions?differs=yes&".to_owned()),
    ("session", |session| format!("/session?id={session}&")),
    ("factor", |session| format!("/why?session={session}&factor=hwk&")),
    ("chain", |session| format!("/chain?id={session}&")),
    ("trust", |_| "/trust?".to_owned()),
    ("policy", |_| "/policy?".to_owned()),
    ("blast radius of a key", |_| format!("/blast?kind=key&idp={HOT_IDP}&key={HOT}&")),
    ("blast radius of an IdP", |_| format!("/blast?kind=idp&idp={HOT_IDP}&")),
    ("sources", |_| "/sources?".to_owned()),
    ("access", |_| "/access".to_owned()),
    ("evidence", |_| "/evidence".to_owned()),
    ("query", |_| "/query".to_owned()),
];

/// Asks for each page of ledgers of these sizes.
pub(crate) async fn pages(settings: &Settings, args: &BenchSizesArgs) -> Result<()> {
    let mut sizes: Vec<(String, Vec<Measure>)> = Vec::new();
    for events in &args.events {
        let sessions = Sessions { count: (events / args.each).max(1), each: args.each.max(4) };
        let fixture = Fixture::make(&args.root(), Corpus::Sessions(sessions)).await?;
        let app = fixture.open().await?;
        let head = app.status(&caller()).await?.head;
        fixture.close(app).await?;
        let server = Server::start(&fixture.ledger(), &fixture.token()?)?;
        let client = server.client_of(&fixture.reader()?);
        let pin = format!("at=2026-10-01T00:00:00Z&knownAtPosition={}&rules={RULES}", head - 1);
        let mut measures = Vec::new();
        for page in PAGES {
            measures.extend(one(&client, page, sessions, &pin)?);
        }
        sizes.push((format!("{} events, {} sessions", sessions.facts(), sessions.count), measures));
        if !args.keep {
            std::fs::remove_dir_all(&fixture.dir)?;
        }
    }
    print(settings.format, ABOUT, &sizes);
    Ok(())
}

fn one(client: &Client, page: &Page, sessions: Sessions, pin: &str) -> Result<[Measure; 3]> {
    let (name, address) = page;
    let (mut took, mut bytes) = (Vec::new(), 0);
    let all = Instant::now();
    for n in 0..LOOKS + LOOKS / 10 {
        if all.elapsed() > MAX_TIME && n > LOOKS / 10 {
            print_note(&format!("{name}: {n} looks in {} s; no more", MAX_TIME.as_secs()));
            break;
        }
        let session = Sessions::id(some_session(sessions, n));
        let mut path = address(&session);
        if path.ends_with(['?', '&']) {
            path.push_str(pin);
        }
        let began = Instant::now();
        let html = client.page(&path).with_context(|| (*name).to_owned())?;
        // The first tenth warms up.
        if n >= LOOKS / 10 {
            took.push(millis(began.elapsed()));
        }
        bytes = bytes.max(html.len());
    }
    Ok([
        Measure::new("pages", format!("{name}, p50"), quantile(&took, 0.5), "ms"),
        Measure::new("pages", format!("{name}, p99"), quantile(&took, 0.99), "ms").at_most(200.0),
        Measure::new("pages", format!("{name}, largest"), bytes as f64, "bytes").at_most(MAX_BYTES),
    ])
}
