//! `timeline`, `find`, `chain`.

use super::{history::answer, questions::rows};
use crate::{
    cli::TimelineArgs,
    door::asking,
    settings::Settings,
    show::{field, footing, inert, no_more, none, nothing, table, word, words},
};
use anyhow::Result;
use serde_json::{Value, json};

const TIMELINE: &str = concat!(
    include_str!("../queries/timeline.graphql"),
    include_str!("../queries/record_fields.graphql")
);
const FIND: &str = concat!(
    include_str!("../queries/find.graphql"),
    include_str!("../queries/record_fields.graphql")
);
const CHAIN: &str = concat!(
    include_str!("../queries/chain.graphql"),
    include_str!("../queries/record_fields.graphql")
);

/// Prints everything around a session, in one order; status 1 if nothing by this id is known.
pub(crate) async fn timeline(settings: &Settings, args: &TimelineArgs) -> Result<()> {
    let order = if args.recorded { "RECORDED" } else { "OCCURRED" };
    let asking = asking(&settings.asking);
    let variables = json!({"session": args.session, "order": order, "asking": asking,
        "first": args.first, "after": args.after});
    answer(settings, TIMELINE, ("timeline", "edges"), variables, timeline_text).await.map(drop)
}

/// Prints where a text appears; status 1 if nowhere.
pub(crate) async fn find(settings: &Settings, text: &str) -> Result<()> {
    let answer = answer(
        settings,
        FIND,
        ("find", "items"),
        json!({"text": text, "asking": asking(&settings.asking)}),
        find_text,
    )
    .await?;
    if answer["items"].as_array().is_some_and(Vec::is_empty) {
        let words = format!(
            "Nothing is known as {} at #{}.",
            inert(text),
            field(&answer["answered"], "position")
        );
        return Err(nothing(&answer, words));
    }
    Ok(())
}

/// Prints what hangs together with an id; status 1 if nothing by it is known.
pub(crate) async fn chain(settings: &Settings, id: &str) -> Result<()> {
    answer(
        settings,
        CHAIN,
        ("chain", "kinds"),
        json!({"id": id, "asking": asking(&settings.asking)}),
        chain_text,
    )
    .await
    .map(drop)
}

fn timeline_text(answer: &Value) -> String {
    let list = rows(&answer["edges"], |edge| {
        let row = &edge["node"];
        let occurred = match &row["occurredTo"] {
            Value::Null => field(row, "occurredAt"),
            _ => format!(
                "some time from {} to {}",
                field(row, "occurredAt"),
                field(row, "occurredTo")
            ),
        };
        let flags = [
            ("late", row["late"] == true),
            ("possible", row["certainty"] == "POSSIBLE"),
            ("variant", row["variant"] == true),
        ];
        vec![
            occurred,
            field(row, "recordedAt"),
            format!("#{}", field(&row["record"], "position")),
            field(&row["record"], "source"),
            word(row, "category"),
            field(row, "words"),
            flags
                .iter()
                .filter(|(_, set)| *set)
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", "),
        ]
    });
    let count = list.len();
    let mut text = if count == 0 {
        none(answer)
    } else {
        table(&["occurred", "recorded", "record", "source", "of", "what", ""], list)
    };
    if answer["pageInfo"]["hasNextPage"] == true {
        text.push_str(&format!(
            "\n{count} shown, more with --after {}",
            field(&answer["pageInfo"], "endCursor")
        ));
    }
    format!("{text}\n\n{}", footing(answer))
}

fn find_text(answer: &Value) -> String {
    let list = rows(&answer["items"], |hit| {
        let records: Vec<String> = hit["records"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|r| format!("#{} {}", field(r, "position"), field(r, "type")))
            .collect();
        let more = if records.len() > 5 { ", …" } else { "" };
        let least = if hit["atLeast"] == true { "at least " } else { "" };
        vec![
            word(hit, "kind").replace('_', " "),
            field(hit, "name"),
            field(hit, "matched"),
            format!("{least}{}", field(hit, "count")),
            format!("{}{more}", records.into_iter().take(5).collect::<Vec<_>>().join(", ")),
            words(&hit["sessions"]),
        ]
    });
    let found = if list.is_empty() {
        none(answer)
    } else {
        table(&["kind", "name", "matched", "records", "first", "sessions"], list)
    };
    let lines = |name: &str| {
        answer[name]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(inert)
            .collect::<Vec<_>>()
            .join("; ")
    };
    format!(
        "{found}\n\nsearched: {}\nnot searched: {}\n\n{}",
        lines("searched"),
        lines("notSearched"),
        footing(answer)
    )
}

fn chain_text(answer: &Value) -> String {
    let mut parts: Vec<String> = Vec::new();
    for link in answer["items"].as_array().into_iter().flatten() {
        let mut list = rows(&link["appSessions"], |app| {
            step(&format!("application {}", field(app, "app")), app)
        });
        list.push(step("session", &link["session"]));
        if link["aliases"].as_array().is_some_and(|aliases| !aliases.is_empty()) {
            list.push(vec!["  other ids".to_owned(), words(&link["aliases"]), String::new()]);
        }
        list.push(step("identity provider", &link["idp"]));
        list.push(step("IdP session", &link["idpSession"]));
        list.push(vec![
            "  other sessions".to_owned(),
            or_none(&link["siblings"], answer),
            String::new(),
        ]);
        list.push(step("root session", &link["rootSession"]));
        list.push(vec![
            "  other sessions".to_owned(),
            or_none(&link["rootSiblings"], answer),
            String::new(),
        ]);
        parts.push(table(&["hop", "id", "records"], list));
    }
    if !parts.is_empty() {
        parts.push(format!("reached: {}", or_none(&answer["apps"], answer)));
    }
    parts.push(footing(answer));
    parts.join("\n\n")
}

fn or_none(list: &Value, answer: &Value) -> String {
    let words = words(list);
    if words == "–" { no_more(answer).to_owned() } else { words }
}

fn step(name: &str, hop: &Value) -> Vec<String> {
    let id = if hop["id"].is_null() {
        format!("unknown: {}", word(hop, "reason").replace('_', " "))
    } else {
        field(hop, "id")
    };
    let records: Vec<String> = hop["records"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|r| format!("#{}", field(r, "position")))
        .collect();
    vec![name.to_owned(), id, records.join(" ")]
}
