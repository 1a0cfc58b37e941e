//! `timeline`.

use super::{
    question::{ask_of_session, with_erased},
    rendering::{is_empty, occurred, page, rows},
};
use crate::{
    cli::TimelineArgs,
    ledger_client::asking,
    output::{field, lowercase, print_answer},
    settings::Settings,
};
use anyhow::Result;
use serde_json::{Value, json};

const TIMELINE: &str = concat!(
    include_str!("../queries/timeline.graphql"),
    include_str!("../queries/record_fields.graphql")
);

/// Prints everything around a session, in one order; status 1 if nothing by this id is known.
pub(crate) async fn timeline(settings: &Settings, args: &TimelineArgs) -> Result<()> {
    let order = if args.recorded { "RECORDED" } else { "OCCURRED" };
    let asking = asking(&settings.asking);
    let variables = json!({"session": args.session, "order": order, "asking": asking,
        "first": args.first, "after": args.after});
    let answer = ask_of_session(settings, TIMELINE, "timeline", variables, &args.session).await?;
    let text = |answer: &Value| with_erased(answer, timeline_text(answer));
    print_answer(settings.format, &answer, is_empty(&answer["edges"]), text)
}

fn timeline_text(answer: &Value) -> String {
    let list = rows(&answer["edges"], |edge| {
        let row = &edge["node"];
        let flags = [
            ("late", row["late"] == true),
            ("possible", row["certainty"] == "POSSIBLE"),
            ("variant", row["variant"] == true),
        ];
        vec![
            occurred(row),
            field(row, "recordedAt"),
            format!("#{}", field(&row["record"], "position")),
            field(&row["record"], "source"),
            lowercase(row, "category"),
            field(row, "words"),
            flags
                .iter()
                .filter(|(_, set)| *set)
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", "),
        ]
    });
    page(answer, &["occurred", "recorded", "record", "source", "of", "what", ""], list)
}
