//! Reports about sources, at every K: the counts equal those computed from the log.

use crate::common;
use crate::common::*;
use claimledger_app::model::{
    question::{Asking, RecordBy},
    source_report::{Counted, SourceReport},
};
use claimledger_domain::{
    completeness::{Timeliness, completeness},
    history::History,
    model::{Known, RecordRef},
};
use claimledger_facts::ids::{LogPosition, SourceId};
use serde_json::json;

fn positions(counted: &Counted<RecordRef>) -> Vec<u64> {
    assert_eq!((counted.count, counted.at_least), (counted.items.len(), false));
    let mut positions: Vec<u64> = counted.items.iter().map(|record| record.position.0).collect();
    positions.sort_unstable();
    positions
}

#[tokio::test]
async fn at_every_k_the_counts_are_those_of_the_known_records() {
    let (_world, app) = acme().await;
    let head = app.settled_status(&owner("acme")).await.unwrap().head;
    let mut records = Vec::new();
    for position in 0..head {
        records.push(
            app.record(&owner("acme"), RecordBy::Position(LogPosition(position)), false)
                .await
                .unwrap()
                .unwrap(),
        );
    }
    let mut seen = 0;
    for known_at in 0..head {
        let answer = app.sources(&owner("acme"), None, &common::known_at(known_at)).await.unwrap();
        assert_eq!(answer.answered.position.0, known_at);
        let known: Vec<_> = records
            .iter()
            .filter(|record| {
                record.reference.position.0 <= known_at
                    && record.reference.source.as_str() != "claimledger"
            })
            .collect();
        let mut names: Vec<&SourceId> =
            known.iter().map(|record| &record.reference.source).collect();
        names.sort();
        names.dedup();
        assert_eq!(
            answer.value.sources.iter().map(|report| &report.source).collect::<Vec<_>>(),
            names,
            "at {known_at}"
        );
        for report in &answer.value.sources {
            let of = |wanted: &dyn Fn(Timeliness) -> bool| -> Vec<u64> {
                let of_it = known
                    .iter()
                    .map(|record| &record.reference)
                    .filter(|record| record.source == report.source);
                of_it
                    .filter(|record| wanted(Timeliness::of(record.occurred, record.recorded_at)))
                    .map(|record| record.position.0)
                    .collect()
            };
            assert_eq!(
                positions(&report.late),
                of(&|told| matches!(told, Timeliness::Late(_))),
                "{} at {known_at}",
                report.source
            );
            assert_eq!(
                positions(&report.ahead),
                of(&|told| matches!(told, Timeliness::Ahead(_))),
                "{} at {known_at}",
                report.source
            );
            seen += report.late.count;
            let first = known
                .iter()
                .find(|record| record.reference.source == report.source)
                .map(|record| record.reference.position);
            assert_eq!(report.first.as_ref().map(|record| record.position), first);
        }
        // The completeness of each source equals that in every answer.
        let history: History = records
            .iter()
            .flat_map(|record| {
                record.statement.facts.iter().map(|fact| Known {
                    record: record.reference.clone(),
                    variant: false,
                    notes: Vec::new(),
                    root_session: None,
                    fact: fact.clone(),
                })
            })
            .collect();
        for said in completeness(history.at(LogPosition(known_at))) {
            let report: &SourceReport =
                answer.value.sources.iter().find(|report| report.source == said.source).unwrap();
            assert_eq!(report.said.heard.iter().map(|heard| heard.until).max(), said.heard_until);
            assert_eq!(report.said.gaps.iter().map(|gap| gap.gap).collect::<Vec<_>>(), said.gaps);
        }
    }
    assert!(seen > 50, "too few late records: {seen}");
}

#[tokio::test]
async fn a_source_is_found_by_name_or_reported_as_known_later() {
    let (_world, app) = acme().await;
    let ask = |name: &str, asking: Asking| {
        let (app, name) = (app.clone(), SourceId::new(name));
        async move { app.sources(&owner("acme"), Some(&name), &asking).await.unwrap().value }
    };
    let one = ask("idp-x", Asking::default()).await;
    assert_eq!((one.sources.len(), one.left_out, one.known_from), (1, 0, None));
    let early = ask("idp-x", known_at(3)).await;
    let first = one.sources[0].first.as_ref().map(|record| record.position);
    assert!(early.sources.is_empty() && first.is_some() && early.known_from == first, "{early:?}");
    for nobody in ["nobody", "claimledger", "idp"] {
        let none = ask(nobody, Asking::default()).await;
        assert!(none.sources.is_empty() && none.known_from.is_none(), "{nobody}: {none:?}");
    }
}

#[tokio::test]
async fn a_truncated_count_is_marked() {
    let (_world, app) = acme().await;
    let line = |n: usize, secs: usize| {
        json!({"id": format!("l-{n}"), "type": "app.accessed", "source": "feed",
            "occurred_at": "2026-03-10T20:00:00Z", "session": format!("L{}", n % 50),
            "recorded_at": time("2026-03-11T00:00:00Z").plus_secs(secs as u64).to_string(),
                "subject": {"id": "u-alice"}, "data": {"app": "wiki"}})
        .to_string()
    };
    let lines: Vec<String> = (0..5_001).map(|n| line(n, n)).collect();
    for chunk in lines.chunks(500) {
        ingest(&app, "acme", drafts(chunk)).await.unwrap();
    }
    app.settled_status(&owner("acme")).await.unwrap();
    let feed = |value: claimledger_app::model::source_report::Heard| {
        value.sources.into_iter().find(|report| report.source.as_str() == "feed").unwrap()
    };
    let late = feed(
        app.sources(&owner("acme"), Some(&"feed".into()), &Asking::default()).await.unwrap().value,
    )
    .late;
    assert_eq!((late.count, late.at_least, late.read, late.items.len()), (5_000, true, 1_000, 20));
    assert_eq!(late.items[0].source_id.as_str(), "l-999", "the largest delay of the records read");
    // With several sources, fewer records of each are read; at a K before the last record counting
    // does not reach the limit.
    let late =
        feed(app.sources(&owner("acme"), None, &known_at(83 + 4_999)).await.unwrap().value).late;
    assert_eq!((late.count, late.at_least, late.read), (5_000, false, 200));
}
