//! The answers of a ledger as text, to compare two ledgers.

use crate::{
    common::{owner, time},
    permutation::days::{Day, Line, minute, session},
};
use claimledger_app::{
    app::App,
    model::question::{Asking, DecisionFilter, RecordBy, SessionFilter, WhyFilter},
};
use claimledger_domain::model::{Decision, Explained, Implied, Reason, RecordedDecision};
use claimledger_facts::{
    ids::{ActorId, IdpId, KeyId, LogPosition, RecordId, SessionId, SourceEventId, SourceId},
    vocabulary::Outcome,
};
use std::fmt::Write as _;

/// All pinned answers at (T, K), byte for byte.
pub(crate) async fn pinned(app: &App, day: &Day, at: usize, known_at: LogPosition) -> String {
    let asking = Asking {
        at: Some(time(&minute(at))),
        known_at_position: Some(known_at),
        ..Asking::default()
    };
    let owner = owner("acme");
    let mut text = String::new();
    let mut after = None;
    loop {
        let page = app
            .sessions(&owner, &SessionFilter::default(), &asking, 7, after.as_deref())
            .await
            .unwrap();
        writeln!(text, "{:#?} {:#?} {:#?}", page.value.items, page.answered, page.completeness)
            .unwrap();
        after = page.value.cursors.last().cloned();
        if !page.value.has_next {
            break;
        }
    }
    for filter in filters() {
        writeln!(
            text,
            "{filter:?} {:#?}",
            app.sessions(&owner, &filter, &asking, 500, None).await.unwrap().value.items
        )
        .unwrap();
    }
    writeln!(
        text,
        "{:#?}",
        app.decisions(&owner, &DecisionFilter::default(), &asking, 500, None)
            .await
            .unwrap()
            .value
            .items
    )
    .unwrap();
    for n in 0..day.sessions {
        let id = SessionId::new(session(n));
        writeln!(text, "{:#?}", app.session(&owner, &id, &asking).await.unwrap().value).unwrap();
        writeln!(
            text,
            "{:#?}",
            app.why(&owner, &id, &WhyFilter::default(), &asking).await.unwrap().value
        )
        .unwrap();
    }
    text
}

/// The answers at the head, without what depends on the order of recording.
pub(crate) async fn at_the_head(app: &App, day: &Day, at: usize) -> String {
    let asking = Asking { at: Some(time(&minute(at))), ..Asking::default() };
    let owner = owner("acme");
    let mut text = String::new();
    let traits = Traits {
        falsifier_variants: has_falsifier_variants(day),
        people_linked: has(day, "subject.linked"),
    };
    let list = app.sessions(&owner, &SessionFilter::default(), &asking, 500, None).await.unwrap();
    writeln!(text, "{:#?}", list.completeness).unwrap();
    for hit in list.value.items {
        writeln!(text, "{:?} {}", hit.certainty, state(hit.session, traits)).unwrap();
    }
    for actor in ["admin", "help"] {
        let changes =
            app.dependants(&owner, Some(&ActorId::new(actor)), None, &asking).await.unwrap().value;
        writeln!(text, "{actor} {changes:#?}").unwrap();
    }
    let by_key = DecisionFilter { key: Some(KeyId::new("K1")), ..DecisionFilter::default() };
    for hit in app.decisions(&owner, &by_key, &asking, 500, None).await.unwrap().value.items {
        writeln!(text, "{} {:?}", hit.decision.recorded.record.source_id, hit.certainty).unwrap();
    }
    for (n, filter) in filters().into_iter().enumerate() {
        let hits = app.sessions(&owner, &filter, &asking, 500, None).await.unwrap().value.items;
        for mut hit in hits {
            falsifiers_last(&mut hit.because);
            writeln!(
                text,
                "filter {n}: {} {:?} {:#?}",
                hit.session.state.id, hit.certainty, hit.because
            )
            .unwrap();
        }
    }
    writeln!(
        text,
        "{:#?}",
        app.outlived(&owner, &asking)
            .await
            .unwrap()
            .value
            .iter()
            .map(|o| (&o.session.id, &o.outlived))
            .collect::<Vec<_>>()
    )
    .unwrap();
    writeln!(text, "{:#?}", app.reused(&owner, &asking).await.unwrap().value).unwrap();
    for n in 0..day.sessions {
        let id = SessionId::new(session(n));
        let found = app.session(&owner, &id, &asking).await.unwrap().value;
        writeln!(text, "{id}: {:?}", found.map(|found| (found.state.id, found.state.aliases)))
            .unwrap();
    }
    without_arrival(&without_pseudonyms(app, day, text).await)
}

/// Filters that do not depend on what was known when a decision was recorded.
fn filters() -> Vec<SessionFilter> {
    let none = SessionFilter::default;
    vec![
        SessionFilter { idp: Some(IdpId::new("idp-a")), ..none() },
        SessionFilter { idp: Some(IdpId::new("idp-a")), key: Some(KeyId::new("K1")), ..none() },
        SessionFilter { amr: Some("otp".to_owned()), ..none() },
        SessionFilter { active_at: Some(time(&minute(420))), ..none() },
        SessionFilter { ended: Some(true), ..none() },
        SessionFilter { retracted: Some(true), ..none() },
        SessionFilter { outlived: Some(true), ..none() },
        SessionFilter { subject: Some("u-1".to_owned()), ..none() },
    ]
}

/// Whether a falsifier has two variants: a decision recorded between them was judged by the variant
/// that no longer counts (`semantics.md` 4, 32).
fn has_falsifier_variants(day: &Day) -> bool {
    let falsifies = |line: &Line| {
        matches!(line.json["type"].as_str(), Some("trust.retracted" | "authenticator.lost"))
    };
    day.lines().iter().any(|line| line.has_variant && falsifies(line))
}

/// Properties of a day that make decisions depend on when they were recorded (`semantics.md` 4).
#[derive(Clone, Copy)]
struct Traits {
    falsifier_variants: bool,
    /// A decision was judged by the links between people known at the time.
    people_linked: bool,
}

fn has(day: &Day, kind: &str) -> bool {
    day.lines().iter().any(|line| line.json["type"] == kind)
}

fn state(mut session: Explained, traits: Traits) -> String {
    // Their order is that of recording.
    session.state.falsifiers.sort_by(|a, b| {
        (&a.record.source, &a.record.source_id).cmp(&(&b.record.source, &b.record.source_id))
    });
    falsifiers_last(std::slice::from_mut(&mut session.reasons.session));
    // A loss before a factor removes nothing; its text states from when it was known.
    let untouched = session.state.falsifiers.is_empty()
        && session.state.factors.iter().all(|factor| factor.lost_before.is_empty())
        && !traits.falsifier_variants
        && !traits.people_linked;
    let mut text = String::new();
    let reasons = std::mem::take(&mut session.reasons.decisions);
    for (decision, because) in std::mem::take(&mut session.state.decisions).iter().zip(reasons) {
        if untouched {
            writeln!(text, "{decision:#?} {because:#?}").unwrap();
        } else {
            writeln!(text, "{}", as_known(decision, traits)).unwrap();
        }
    }
    format!("{session:#?}\n{text}")
}

/// The same for reasons about falsifiers.
fn falsifiers_last(reasons: &mut [Reason]) {
    let of = |reason: &Reason| {
        let record = reason
            .facts
            .first()
            .filter(|record| matches!(&*record.kind, "trust.retracted" | "authenticator.lost"))?;
        Some((record.source.clone(), record.source_id.clone()))
    };
    reasons.sort_by_key(of);
    reasons.iter_mut().for_each(|reason| falsifiers_last(&mut reason.because));
}

/// A decision without the judgement at the time of its recording, which depends on the order.
fn as_known(decision: &Decision, traits: Traits) -> String {
    let Decision { recorded, under, at_k, .. } = decision;
    let relied: Vec<usize> = decision.relied_on.iter().map(|relied| relied.factor).collect();
    // A link between people can be removed, and then the effect of a loss remains.
    if recorded.outcome == Outcome::Allow && !traits.people_linked {
        let differs = matches!(at_k.implied, Implied::Challenge | Implied::Deny);
        assert_eq!(
            decision.differs.is_some() || decision.falsified_later.is_some(),
            differs,
            "both are possible: {decision:#?}"
        );
    }
    let RecordedDecision { record, session, app, at, outcome, .. } = recorded;
    let under = (&under.policy, &under.version_label, &under.version_in_force, &under.rule);
    format!("{:#?}", (record, session, app, at, outcome, under, at_k, relied))
}

/// Pseudonyms are random in each ledger.
async fn without_pseudonyms(app: &App, day: &Day, mut text: String) -> String {
    for line in day.lines() {
        let Some(id) = line.json["subject"]["id"].as_str() else { continue };
        let event = SourceEventId::new(line.json["id"].as_str().unwrap());
        let source = SourceId::new(line.json["source"].as_str().unwrap());
        let record = RecordId::derive(&owner("acme").tenant, &source, &event);
        let record =
            app.record(&owner("acme"), RecordBy::Id(record), false).await.unwrap().unwrap();
        let pseudonym = record.statement.facts[0].subject.clone().unwrap();
        text = text.replace(pseudonym.as_str(), id);
    }
    text
}

/// Removes positions, as numbers and in text, and the ids of records: of two variants, the first
/// recorded has the plain id.
fn without_arrival(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let word = line.trim();
        if word == "position: LogPosition(" || word == "id: RecordId(" {
            lines.next();
            lines.next();
            continue;
        }
        let mut parts = line.split('#');
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            out.push('#');
            out.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
        }
        out.push('\n');
    }
    out
}
