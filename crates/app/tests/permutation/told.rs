//! What a ledger answers, as text that two ledgers can be compared by.

use crate::{
    common::{owner, time},
    days::{Day, Line, minute, session},
};
use claimledger_app::{
    app::App,
    model::question::{Asking, DecisionFilter, RecordBy, SessionFilter, WhyFilter},
};
use claimledger_domain::model::{Decision, Explained, Implied, Reason};
use claimledger_facts::{
    ids::{ActorId, IdpId, KeyId, LogPosition, RecordId, SessionId, SourceEventId, SourceId},
    vocabulary::Outcome,
};
use std::fmt::Write as _;

/// Everything that is pinned to (T, K), to the byte.
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

/// What is known at the head, without what is about arrival.
pub(crate) async fn at_the_head(app: &App, day: &Day, at: usize) -> String {
    let asking = Asking { at: Some(time(&minute(at))), ..Asking::default() };
    let owner = owner("acme");
    let mut text = String::new();
    let said = Said {
        twofold_falsifier: has_twofold_falsifier(day),
        people_linked: has(day, "subject.linked"),
    };
    let list = app.sessions(&owner, &SessionFilter::default(), &asking, 500, None).await.unwrap();
    writeln!(text, "{:#?}", list.completeness).unwrap();
    for hit in list.value.items {
        writeln!(text, "{:?} {}", hit.certainty, state(hit.session, said)).unwrap();
    }
    for actor in ["admin", "help"] {
        let changes =
            app.dependants(&owner, Some(&ActorId::new(actor)), None, &asking).await.unwrap().value;
        writeln!(text, "{actor} {changes:#?}").unwrap();
    }
    let by_key = DecisionFilter { key: Some(KeyId::new("K1")), ..DecisionFilter::default() };
    for hit in app.decisions(&owner, &by_key, &asking, 500, None).await.unwrap().value.items {
        writeln!(text, "{} {:?}", hit.decision.record.source_id, hit.certainty).unwrap();
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

/// Lists that do not ask what was thought when a decision fell.
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

/// Whether a falsifier has two variants: a decision that fell between them was judged on the one
/// that does not count any more (`semantics.md` 4, 32).
fn has_twofold_falsifier(day: &Day) -> bool {
    let falsifies = |line: &Line| {
        matches!(line.json["type"].as_str(), Some("trust.retracted" | "authenticator.lost"))
    };
    day.lines().iter().any(|line| line.twofold && falsifies(line))
}

/// What a day says that makes decisions depend on when it was recorded (`semantics.md` 4).
#[derive(Clone, Copy)]
struct Said {
    twofold_falsifier: bool,
    /// A decision was judged on the links between people that were known then.
    people_linked: bool,
}

fn has(day: &Day, kind: &str) -> bool {
    day.lines().iter().any(|line| line.json["type"] == kind)
}

fn state(mut session: Explained, said: Said) -> String {
    // They are told as they were recorded.
    session.state.falsifiers.sort_by(|a, b| {
        (&a.record.source, &a.record.source_id).cmp(&(&b.record.source, &b.record.source_id))
    });
    falsifiers_last(std::slice::from_mut(&mut session.reasons.session));
    // A loss that came before a factor takes nothing away, and is told of it: from when it was
    // known on.
    let untouched = session.state.falsifiers.is_empty()
        && session.state.factors.iter().all(|factor| factor.lost_before.is_empty())
        && !said.twofold_falsifier
        && !said.people_linked;
    let mut text = String::new();
    let reasons = std::mem::take(&mut session.reasons.decisions);
    for (decision, because) in std::mem::take(&mut session.state.decisions).iter().zip(reasons) {
        if untouched {
            writeln!(text, "{decision:#?} {because:#?}").unwrap();
        } else {
            writeln!(text, "{}", as_known(decision, said)).unwrap();
        }
    }
    format!("{session:#?}\n{text}")
}

/// The same of the reasons that tell them.
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

/// A decision as known now: what was thought when it fell depends on what had come in by then.
fn as_known(decision: &Decision, said: Said) -> String {
    let Decision {
        record,
        session,
        app,
        at,
        outcome,
        policy,
        version_label,
        version_in_force,
        rule,
        at_k,
        ..
    } = decision;
    let relied: Vec<usize> = decision.relied_on.iter().map(|relied| relied.factor).collect();
    // People can be parted again, and what a loss took away then stands.
    if *outcome == Outcome::Allow && !said.people_linked {
        let differs = matches!(at_k.implied, Implied::Challenge | Implied::Deny);
        assert_eq!(
            decision.differs.is_some() || decision.falsified_later.is_some(),
            differs,
            "one or the other tells it: {decision:#?}"
        );
    }
    format!(
        "{:#?}",
        (
            record,
            session,
            app,
            at,
            outcome,
            (policy, version_label, version_in_force, rule),
            at_k,
            relied
        )
    )
}

/// Each ledger has its own pseudonyms.
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

/// Leaves out positions, as numbers and in words, and the ids of records: of two that one event
/// has, the first to come has the plain one.
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
