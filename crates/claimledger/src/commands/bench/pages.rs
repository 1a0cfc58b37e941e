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
        sessions::{HOT, HOT_IDP, RETRACTED, Sessions},
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

/// What is looked at, in a ledger of some sessions.
struct Look {
    /// A session.
    session: String,
    /// A session's assertion.
    assertion: String,
    /// When half of the facts had occurred.
    middle: String,
    /// When all but some hundred had.
    late: String,
}

/// How a page is asked for.
enum Asked {
    /// By an address; the cut is added where it ends with `?` or `&`.
    By(fn(&Look) -> String),
    /// By what is typed into the box of `/find`.
    Find(fn(&Look) -> String),
}
use Asked::{By, Find};

const PAGES: &[(&str, Asked)] = &[
    ("overview", By(|_| "/?".to_owned())),
    ("sessions", By(|_| "/sessions?".to_owned())),
    ("sessions of a key", By(|_| format!("/sessions?idp={HOT_IDP}&key={HOT}&"))),
    ("sessions that differ", By(|_| "/sessions?differs=true&".to_owned())),
    ("sessions falsified later", By(|_| "/sessions?falsifiedLater=true&".to_owned())),
    ("sessions that outlived", By(|_| "/sessions?outlived=true&".to_owned())),
    ("sessions on retracted trust", By(|_| "/sessions?retracted=true&".to_owned())),
    ("sessions active at an instant", By(|look| format!("/sessions?activeAt={}&", look.middle))),
    ("session", By(|look| format!("/session?id={}&", look.session))),
    ("timeline", By(|look| format!("/timeline?session={}&", look.session))),
    ("factor", By(|look| format!("/why?session={}&factor=hwk&", look.session))),
    ("chain", By(|look| format!("/chain?id={}&", look.session))),
    ("trust", By(|_| "/trust?".to_owned())),
    ("policy", By(|_| "/policy?".to_owned())),
    ("blast radius of a key", By(|_| format!("/blast?kind=key&idp={HOT_IDP}&key={HOT}&"))),
    (
        "blast radius of a retracted key",
        By(|_| format!("/blast?kind=key&idp={}&key={}&", RETRACTED.0, RETRACTED.1)),
    ),
    ("blast radius of an IdP", By(|_| format!("/blast?kind=idp&idp={HOT_IDP}&"))),
    ("issuers first seen", By(|_| "/first-seen?kind=issuer&".to_owned())),
    ("keys first seen", By(|_| "/first-seen?kind=key&".to_owned())),
    ("amr sets first seen", By(|_| "/first-seen?kind=amr_set&".to_owned())),
    (
        "rehearsal of the last minute",
        By(|look| format!("/rehearse?change=deactivate&idp={HOT_IDP}&from={}&", look.late)),
    ),
    ("find", Find(|look| look.assertion.clone())),
    ("sources", By(|_| "/sources?".to_owned())),
    ("access", By(|_| "/access".to_owned())),
    ("evidence", By(|_| "/evidence".to_owned())),
    ("query", By(|_| "/query".to_owned())),
];

/// Asks for each page of ledgers of these sizes.
pub(crate) async fn pages(settings: &Settings, args: &BenchSizesArgs) -> Result<()> {
    let mut sizes: Vec<(String, Vec<Measure>)> = Vec::new();
    for events in &args.events {
        let sessions = Sessions { count: (events / args.each).max(1), each: args.each.max(4) };
        let fixture = Fixture::make(&args.root(), Corpus::OddSessions(sessions)).await?;
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

fn one(
    client: &Client,
    (name, asked): &(&str, Asked),
    sessions: Sessions,
    pin: &str,
) -> Result<Vec<Measure>> {
    let (mut took, mut bytes) = (Vec::new(), 0);
    let all = Instant::now();
    for n in 0..LOOKS + LOOKS / 10 {
        if all.elapsed() > MAX_TIME && n > LOOKS / 10 {
            print_note(&format!("{name}: {n} looks in {} s; no more", MAX_TIME.as_secs()));
            break;
        }
        let session = some_session(sessions, n);
        let look = Look {
            session: Sessions::id(session),
            assertion: format!("as-{session}"),
            middle: Sessions::time(sessions.facts() / 2),
            late: Sessions::time(sessions.facts().saturating_sub(2_400)),
        };
        let began = Instant::now();
        let html = match asked {
            By(address) => {
                let mut path = address(&look);
                if path.ends_with(['?', '&']) {
                    path.push_str(pin);
                }
                client.page(&path)
            }
            Find(text) => client.find(&text(&look)),
        };
        let html = html.with_context(|| (*name).to_owned())?;
        // The first tenth warms up.
        if n >= LOOKS / 10 {
            took.push(millis(began.elapsed()));
        }
        bytes = bytes.max(html.len());
    }
    Ok(vec![
        Measure::new("pages", format!("{name}, p50"), quantile(&took, 0.5), "ms"),
        Measure::new("pages", format!("{name}, p99"), quantile(&took, 0.99), "ms").at_most(200.0),
        Measure::new("pages", format!("{name}, largest"), bytes as f64, "bytes").at_most(MAX_BYTES),
    ])
}
