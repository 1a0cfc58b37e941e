//! `retract`: from the directory, or from the server that owns it.

use super::{
    question::ask_open,
    rehearse::{self, REHEARSE},
    token::taken,
};
use crate::{
    cli::{Format, RetractArgs},
    exit_status::{self, usage},
    ledger_client::{LedgerClient, asking},
    output::{field, items, print_answer},
    settings::{Settings, time},
    terminal::{escape, print_json, print_note, print_text},
};
use anyhow::{Context, Result};
use claimledger_app::model::{
    question::Asking,
    retraction::{Retracts, WantedRetraction, new_id},
};
use claimledger_facts::{
    ids::{IdpId, KeyId, LogPosition, TicketId},
    random::SystemRandom,
    time::Time,
};
use serde_json::{Value, json};

const PATH: &str = "/v1/retractions";
const SESSIONS: &str = include_str!("../queries/retracted.graphql");
const NOW: &str = "query Now($idp: ID!, $asking: Asking) {
    trust(idp: $idp, asking: $asking) { answered { at } } }";

/// Records a retraction, and says what rested on what it takes away.
pub(crate) async fn retract(settings: &Settings, args: &RetractArgs) -> Result<()> {
    let from = time("--from", &args.from)?;
    let is_asking = settings.asking != Asking::default() || settings.receipt.is_some();
    if is_asking && !args.rehearse {
        return Err(usage(
            "a retraction is recorded at the end of the log: --at, --known-at and --receipt are \
             for questions, and for --rehearse",
        ));
    }
    let ledger = LedgerClient::open(settings).await?;
    let done = if args.rehearse {
        rehearsed(settings, &ledger, args, from).await
    } else {
        recorded(settings, &ledger, args, from).await
    };
    ledger.close().await;
    done
}

/// What would be otherwise. Nothing is written.
async fn rehearsed(
    settings: &Settings,
    ledger: &LedgerClient,
    args: &RetractArgs,
    from: Time,
) -> Result<()> {
    let fact = json!({"idp": args.idp, "key": args.key, "from": from.to_string()});
    let variables = supposing(ledger, &fact, &settings.asking).await?;
    let answer = ask_open(ledger, settings, REHEARSE, "rehearse", variables).await?;
    print_answer(settings.format, &answer, rehearse::changes_nothing(&answer), rehearse::text)
}

/// The variables of a rehearsal of a retraction: of the decisions from its start until T.
async fn supposing(ledger: &LedgerClient, fact: &Value, at: &Asking) -> Result<Value> {
    let known = json!({"idp": fact["idp"], "asking": asking(at)});
    let now = ledger.ask(NOW, "trust", known).await?;
    let change = json!({"kind": "RETRACTION", "idp": fact["idp"], "key": fact["key"],
        "from": fact["from"]});
    Ok(json!({"change": change, "from": fact["from"], "to": now["answered"]["at"],
        "asking": asking(at)}))
}

async fn recorded(
    settings: &Settings,
    ledger: &LedgerClient,
    args: &RetractArgs,
    from: Time,
) -> Result<()> {
    let wanted = wanted(args, from)?;
    let mut answer = written(ledger, &wanted).await.map_err(|error| {
        // The answer may be lost and the record be there: the id finds out.
        match exit_status::of(&error) {
            4 => error.context(format!(
                "to repeat it, give --id {}: it is recorded once",
                escape(&wanted.id)
            )),
            _ => error,
        }
    })?;
    match rested(ledger, &answer).await {
        Ok(rested) => answer["rested"] = rested,
        // It is recorded, whatever a question about it says.
        Err(error) => print_note(&format!("Could not count what rested on it: {error}.")),
    }
    match settings.format {
        Format::Json => print_json(&answer),
        Format::Text => print_text(&text(settings, &answer)),
    }
    Ok(())
}

async fn written(ledger: &LedgerClient, wanted: &WantedRetraction) -> Result<Value> {
    match ledger {
        LedgerClient::Embedded(owner) => {
            ledger.settle().await;
            Ok(owner.app.retract(&owner.caller, wanted).await?.to_value(&wanted.id))
        }
        LedgerClient::Remote(remote) => {
            let body = sent(wanted).to_string();
            let (status, answer) = remote.send(PATH, "application/json", body.as_bytes())?;
            taken((status, answer), if status == 200 { 200 } else { 201 })
        }
    }
}

fn wanted(args: &RetractArgs, from: Time) -> Result<WantedRetraction> {
    let reason = args.reason.clone().context("--reason is missing")?;
    Ok(WantedRetraction {
        id: args.id.clone().unwrap_or_else(|| new_id(&SystemRandom)),
        idp: IdpId::new(args.idp.as_str()),
        retracts: match &args.key {
            Some(key) => Retracts::Key(KeyId::new(key.as_str())),
            None => Retracts::WholeIdp,
        },
        from,
        reason,
        ticket: args.ticket.as_deref().map(TicketId::new),
        shown: None,
    })
}

/// The body of a request to a server.
fn sent(wanted: &WantedRetraction) -> Value {
    json!({"id": wanted.id, "idp": wanted.idp, "key": wanted.retracts.key(),
        "wholeIdp": wanted.retracts == Retracts::WholeIdp, "from": wanted.from.to_string(),
        "reason": wanted.reason, "ticket": wanted.ticket})
}

/// How many sessions rested on what is retracted, as known at the record, and how many decisions
/// it lets fall: those that a rehearsal before it names.
async fn rested(ledger: &LedgerClient, answer: &Value) -> Result<Value> {
    let position = answer["position"].as_u64().context("a record without its position")?;
    let known_at = |position: u64| Asking {
        known_at_position: Some(LogPosition(position)),
        ..Asking::default()
    };
    let of = json!({"record": position.to_string(), "asking": asking(&known_at(position))});
    let hit = ledger.ask(SESSIONS, "dependants", of).await?;
    let sessions: Vec<&Value> =
        items(&hit["items"]).flat_map(|item| items(&item["sessions"])).collect();
    let before = known_at(position.saturating_sub(1));
    let variables = supposing(ledger, &answer["fact"], &before).await?;
    let supposed = ledger.ask(REHEARSE, "rehearse", variables).await?;
    let falls: Vec<&Value> = items(&supposed["falls"]).collect();
    Ok(json!({"sessions": counts(&sessions), "falls": counts(&falls)}))
}

/// Certain and possible ones.
fn counts(list: &[&Value]) -> Value {
    let certain = list.iter().filter(|it| it["certainty"] == "CERTAIN").count();
    json!({"certain": certain, "possible": list.len() - certain})
}

/// What was retracted of the same before, and what the new one adds to it.
fn already(answer: &Value) -> Vec<String> {
    let known = &answer["already"];
    let mut lines: Vec<String> = items(known)
        .map(|of| {
            let fact = &of["fact"];
            let what = match &fact["key"] {
                Value::Null => "the whole IdP".to_owned(),
                _ => format!("key {}", field(fact, "key")),
            };
            format!(
                "Retracted already: {what}, at {} by {}, from {} on, #{}.",
                field(of, "recordedAt"),
                field(fact, "actor"),
                field(fact, "from"),
                field(of, "position")
            )
        })
        .collect();
    let starts = items(known).filter_map(|of| of["fact"]["from"].as_str());
    let earliest = starts.filter_map(|from| Time::parse(from).ok()).min();
    let from = answer["fact"]["from"].as_str().and_then(|from| Time::parse(from).ok());
    if let (Some(earliest), Some(from)) = (earliest, from) {
        lines.push(if from < earliest {
            format!("This one adds what was received from {from} up to {earliest}.")
        } else {
            "This one adds nothing: what it hits was hit already.".to_owned()
        });
    }
    lines
}

fn text(settings: &Settings, answer: &Value) -> String {
    let fact = &answer["fact"];
    let what = match &fact["key"] {
        Value::Null => format!("all of {}", field(fact, "idp")),
        _ => format!("key {} of {}", field(fact, "key"), field(fact, "idp")),
    };
    let position = field(answer, "position");
    let is_new = answer["outcome"] == "stored";
    let mut lines = vec![format!(
        "{} as #{position} at {}: trust in {what} is retracted from {} on.",
        if is_new { "Recorded" } else { "Already recorded" },
        field(answer, "recordedAt"),
        field(fact, "from")
    )];
    lines.push(format!(
        "Reason {}, ticket {}, by {}, id {}.",
        field(fact, "reason"),
        field(fact, "ticket"),
        field(fact, "actor"),
        field(answer, "id")
    ));
    lines.extend(already(answer));
    let rested = &answer["rested"];
    if !rested.is_null() {
        let counted = |name: &str| {
            let of = &rested[name];
            format!("{} certain + {} possible", of["certain"], of["possible"])
        };
        lines.push(format!(
            "Rested on it: {} sessions. Decisions that fall: {}.",
            counted("sessions"),
            counted("falls")
        ));
    }
    let tenant = settings
        .tenant
        .as_deref()
        .map_or(String::new(), |tenant| format!(" --tenant {}", escape(tenant)));
    lines.push(format!("Next: claimledger{tenant} dependants --record {position}"));
    lines.join("\n")
}
