//! `rehearse`.

use super::{
    question::ask,
    rendering::{decided, is_empty, marks, possible, rows},
};
use crate::{
    cli::{ChangeKind, Feature, RehearseArgs},
    exit_status::usage,
    ledger_client::asking,
    output::{absence, field, items, joined, lowercase, none_word, print_answer},
    settings::{Settings, time},
    table::table,
};
use anyhow::Result;
use clap::ValueEnum;
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path};

pub(super) const REHEARSE: &str = concat!(
    include_str!("../queries/rehearse.graphql"),
    include_str!("../queries/rehearse_fields.graphql")
);

/// Prints what would change. Nothing is written.
pub(crate) async fn rehearse(settings: &Settings, args: &RehearseArgs) -> Result<()> {
    let (from, to) = (time("--from", &args.from)?, time("--to", &args.to)?);
    let since = args.since.as_deref().map(|text| time("--since", text)).transpose()?;
    check_options(args)?;
    let policy = args.policy_file.as_deref().map(read_policy).transpose()?;
    let change = json!({"kind": kind(args.change), "idp": args.idp, "key": args.key,
        "feature": args.feature.map(feature), "policy": policy,
        "from": since.map(|since| since.to_string())});
    let variables = json!({"change": change, "from": from.to_string(), "to": to.to_string(),
        "asking": asking(&settings.asking)});
    let answer = ask(settings, REHEARSE, "rehearse", variables).await?;
    print_answer(settings.format, &answer, changes_nothing(&answer), text)
}

/// Whether a rehearsal found nothing.
pub(super) fn changes_nothing(answer: &Value) -> bool {
    ["flips", "falls", "live", "lockedOut"].iter().all(|list| is_empty(&answer[*list]))
}

/// Refuses options that a kind of change does not take, and asks for the one that it needs.
fn check_options(args: &RehearseArgs) -> Result<()> {
    use ChangeKind::{
        Deactivated, Deleted, FeatureOff, FeatureOn, Policy, Retraction, TrustOff, TrustOn,
    };
    let (needs, takes): (&str, &[&str]) = match args.change {
        TrustOff | TrustOn | Deactivated | Deleted => ("--idp", &[]),
        FeatureOff | FeatureOn => ("--feature", &[]),
        Policy => ("--policy-file", &[]),
        Retraction => ("--idp", &["--key", "--since"]),
    };
    let change = args
        .change
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned());
    for (option, is_given) in [
        ("--idp", args.idp.is_some()),
        ("--feature", args.feature.is_some()),
        ("--policy-file", args.policy_file.is_some()),
        ("--key", args.key.is_some()),
        ("--since", args.since.is_some()),
    ] {
        if is_given && option != needs && !takes.contains(&option) {
            return Err(usage(format!("{change} takes no {option}")));
        }
        if !is_given && option == needs {
            return Err(usage(format!("{change} needs {option}")));
        }
    }
    Ok(())
}

const fn kind(change: ChangeKind) -> &'static str {
    match change {
        ChangeKind::TrustOff => "TRUST_OFF",
        ChangeKind::TrustOn => "TRUST_ON",
        ChangeKind::Deactivated => "DEACTIVATED",
        ChangeKind::Deleted => "DELETED",
        ChangeKind::FeatureOff => "FEATURE_OFF",
        ChangeKind::FeatureOn => "FEATURE_ON",
        ChangeKind::Policy => "POLICY",
        ChangeKind::Retraction => "RETRACTION",
    }
}

/// The word of a feature in GraphQL.
pub(super) const fn feature(feature: Feature) -> &'static str {
    match feature {
        Feature::ClaimsSharing => "CLAIMS_SHARING",
        Feature::ThirdPartyClaimsSharing => "THIRD_PARTY_CLAIMS_SHARING",
    }
}

fn read_policy(file: &Path) -> Result<String> {
    std::fs::read_to_string(file)
        .map_err(|error| usage(format!("--policy-file {}: {error}", file.display())))
}

pub(super) fn text(answer: &Value) -> String {
    let mut parts = vec![rehearsed(answer)];
    if answer["absence"]["code"] != "NONE" {
        parts.push(format!("Where nothing is listed: {}\n", absence(answer)));
    }
    parts.join("\n")
}

/// What a rehearsal found.
pub(super) fn rehearsed(answer: &Value) -> String {
    let mut parts = Vec::new();
    let count = |list: &Value| match list.as_array().map_or(0, Vec::len) {
        0 => none_word(answer).to_owned(),
        count => count.to_string(),
    };
    // A decision that flips and falls is one decision, in one row.
    let mut changed: BTreeMap<u64, (&Value, Option<&Value>, Option<&Value>)> = BTreeMap::new();
    let listed = |name: &str| items(&answer[name]);
    for flip in listed("flips") {
        changed.entry(place(flip)).or_insert((flip, None, None)).1 = Some(flip);
    }
    for fall in listed("falls") {
        changed.entry(place(fall)).or_insert((fall, None, None)).2 = Some(fall);
    }
    parts.push(format!(
        "Flips: {} · Falls: {}{}",
        count(&answer["flips"]),
        count(&answer["falls"]),
        of_which_fell(&answer["falls"])
    ));
    if !changed.is_empty() {
        let rows = changed.into_values().map(|(of, flip, fall)| {
            let mut row = decision(of);
            row.push(flip.map_or_else(|| "–".to_owned(), |flip| field(flip, "words")));
            row.push(fall.map_or_else(|| "–".to_owned(), |fall| field(fall, "words")));
            row.push(fall.map(possible).unwrap_or_default());
            row.push(fall.map(|fall| marks(&fall["decision"])).unwrap_or_default());
            row
        });
        parts.push(table(
            &[
                "decision",
                "session",
                "at",
                "app",
                "recorded",
                "flips, as known then",
                "falls, as known now",
                "",
                "odd already",
            ],
            rows.collect(),
        ));
    }
    parts.push(String::new());
    let mut part =
        |title: &str, header: &[&str], list: &Value, row: &dyn Fn(&Value) -> Vec<String>| {
            let list = rows(list, row);
            match list.len() {
                0 => parts.push(format!("{title}: {}.\n", none_word(answer))),
                count => parts.push(format!("{title}: {count}\n{}\n", table(header, list))),
            }
        };
    part(
        "Live sessions that rest on it",
        &["session", "subject", "factors", ""],
        &answer["live"],
        &|live| {
            vec![
                field(live, "session"),
                field(live, "subject"),
                joined(&live["factors"]),
                possible(live),
            ]
        },
    );
    let access =
        |out: &Value| vec![field(out, "session"), field(out, "subject"), field(out, "app")];
    // Whom a local authenticator can let in is asked twice, and not locked out.
    let out: Vec<&Value> =
        items(&answer["lockedOut"]).filter(|out| out["implied"] != "CHALLENGE").collect();
    let header = ["session", "subject", "app"];
    part("Locked out", &header, &json!(out), &access);
    part("Double prompts", &header, &answer["doublePrompts"], &access);
    part(
        "Unchanged",
        &["decision", "session", "at", "app", "recorded", "why"],
        &answer["unchanged"],
        &|unchanged| {
            let mut row = decision(unchanged);
            row.push(field(unchanged, "words"));
            row
        },
    );
    for warning in items(&answer["warnings"]) {
        parts.push(format!("Warning: {}\n", field(warning, "sentence")));
    }
    parts.push(format!(
        "Nothing was written; {} sessions were looked at.",
        field(answer, "sessionsSeen")
    ));
    parts.join("\n")
}

/// How many of the decisions that fall fell already.
fn of_which_fell(falls: &Value) -> String {
    let fell = |word: &str| items(falls).filter(|fall| fall["fellAlready"] == word).count();
    match (fell("CERTAIN"), fell("POSSIBLE")) {
        (0, 0) => String::new(),
        (certain, 0) => format!(", of which {certain} fell already"),
        (certain, possible) => {
            format!(", of which {certain} certain + {possible} possible fell already")
        }
    }
}

/// Where a decision stands in the log.
fn place(of: &Value) -> u64 {
    of["decision"]["record"]["position"].as_u64().unwrap_or_default()
}

fn decision(of: &Value) -> Vec<String> {
    let d = &of["decision"];
    vec![
        format!("#{}", field(&d["record"], "position")),
        field(d, "session"),
        decided(d),
        field(d, "app"),
        lowercase(d, "outcome"),
    ]
}
