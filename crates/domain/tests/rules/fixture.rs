//! The day of the fixture: verdicts, and the worked examples word for word.

use crate::{files, support::lines::Lines};
use claimledger_domain::{
    completeness::completeness,
    explain,
    history::Supposed,
    model::{Certainty, FactorType, Implied, Phase, Reasons, SessionState},
    outlived::outlived,
    session_list::active_at,
};
use claimledger_facts::{fact::FactData, ids::LogPosition, vocabulary::Property};
use serde_json::json;

const EXAMPLE_A: &str = include_str!("../expected/fixture_1.txt");

const EXAMPLE_B: &str = include_str!("../expected/fixture_2.txt");

const EXAMPLE_C: &str = include_str!("../expected/fixture_3.txt");

fn fixture() -> Lines {
    Lines::read(&files::facts("acme"))
}

fn at_the_end(lines: &Lines, session: &str) -> SessionState {
    lines.assess(session, "2026-03-10T23:00:00Z", 82)
}

fn why(lines: &Lines, session: &str) -> Reasons {
    lines.explain(session, "2026-03-10T23:00:00Z", 82)
}

#[test]
fn worked_example_a_word_for_word() {
    let lines = fixture();
    assert_eq!(explain::text(&why(&lines, "S3").decisions[0]), EXAMPLE_A);
}

#[test]
fn worked_example_b_word_for_word() {
    let lines = fixture();
    assert_eq!(explain::text(&why(&lines, "S4").decisions[1]), EXAMPLE_B);
}

#[test]
fn every_decision_of_the_day() {
    let lines = fixture();
    let mut seen = Vec::new();
    for session in ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"] {
        for d in at_the_end(&lines, session).decisions {
            let differs = d.differs.map(|d| d.words).unwrap_or_default();
            seen.push(format!(
                "{session} {} {} {:?} {}",
                d.recorded.app, d.recorded.outcome, d.made.implied, differs
            ));
        }
    }
    let expected = [
        "S1 payroll allow Allow ",
        "S2 payroll allow Allow ",
        "S2 payroll allow Allow ",
        "S3 payroll allow Allow ",
        "S4 wiki allow Allow ",
        "S4 payroll deny Deny ",
        "S5 payroll allow Deny retired key accepted",
        "S6 wiki allow Allow ",
        "S7 wiki allow Allow ",
        "S8 payroll allow Deny not enough factors",
    ];
    assert_eq!(seen, expected);
    let s5 = &at_the_end(&lines, "S5").decisions[0];
    assert_eq!(s5.differs.as_ref().map(|d| d.code), Some("key_retired"));
    let s8 = &at_the_end(&lines, "S8").decisions[0];
    assert_eq!(
        (s8.made.first_unmet, s8.differs.as_ref().map(|d| d.code)),
        (Some("not_enough_factors"), Some("not_enough_factors"))
    );
}

#[test]
fn worked_example_c_word_for_word() {
    let lines = fixture();
    assert_eq!(explain::text(&why(&lines, "S2").decisions[1]), EXAMPLE_C);
    // As known before the loss was recorded, nothing came later.
    let before = lines.assess("S2", "2026-03-10T23:00:00Z", 63);
    assert_eq!((before.decisions[1].falsified_later.as_ref(), before.falsifiers.len()), (None, 0));
    assert!(
        explain::text(&lines.explain("S2", "2026-03-10T23:00:00Z", 63).decisions[1]).starts_with(
            "S2 was let into payroll at 12:30:00Z. The rules then in force say the same"
        )
    );
}

/// S2 at 12:30 was right when made; S5 differed when made, and its key was retracted later (4, 19).
#[test]
fn falsifiers_of_the_day() {
    let lines = fixture();
    let all = ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"];
    let mut later = Vec::new();
    for session in all {
        for d in at_the_end(&lines, session).decisions {
            for falsifier in &d.later {
                later.push(format!(
                    "{session} {} {} {}",
                    d.recorded.at.from, falsifier.record.position, falsifier.words
                ));
            }
            assert_eq!(
                d.falsified_later.is_some(),
                session == "S2" && d.recorded.at.from.to_string() == "2026-03-10T12:30:00Z",
                "{session}"
            );
        }
    }
    let expected = [
        "S2 2026-03-10T12:30:00Z #64 authenticator lost 12:10:00Z, recorded 14:40:00Z",
        "S5 2026-03-10T13:45:04Z #67 key X1 retracted from 13:40:00Z, recorded 15:10:00Z",
    ];
    assert_eq!(later, expected);
    let s2 = &at_the_end(&lines, "S2").decisions[1];
    assert_eq!(
        (s2.made.implied, s2.at_k.implied, s2.at_k.first_unmet),
        (Implied::Allow, Implied::Deny, Some("not_enough_factors"))
    );
    assert_eq!(
        s2.falsified_later.as_ref().map(|d| (d.code, d.implied)),
        Some(("authenticator_lost", Implied::Deny))
    );
    let s5 = at_the_end(&lines, "S5");
    assert_eq!(s5.factors[0].void, ["key_retired", "key_retracted"]);
    let tree = explain::text(&why(&lines, "S5").decisions[0]);
    for part in [
        "The rules then in force differ: deny, retired key accepted.",
        "What came later: key X1 of idp-x was retracted from 13:40:00Z, recorded 15:10:00Z (+1 h \
         30 min), by admin-1, T-3.",
    ] {
        assert!(tree.contains(part), "{part}\n{tree}");
    }
    assert_eq!(lines.assess("S5", "2026-03-10T23:00:00Z", 66).factors[0].void, ["key_retired"]);
}

/// hwk of S2 runs on as known at 13:00, and ends 12:10 as known at the end (11).
#[test]
fn factors_of_a_lost_key() {
    let lines = fixture();
    let ends = |known_at| -> Vec<String> {
        let state = lines.assess("S2", "2026-03-10T23:00:00Z", known_at);
        let end = |f: &claimledger_domain::model::HonoredFactor| {
            let until = f.until.map(|t| t.to_string()).unwrap_or_default();
            let record = f.end_record.as_ref().map(|r| r.position.to_string()).unwrap_or_default();
            format!("{} {until} {} {record}", f.name, f.end_reason.unwrap_or_default())
        };
        state.factors.iter().map(end).collect()
    };
    assert_eq!(
        ends(31),
        ["pwd  expired_by_limit ", "hwk  expired_by_limit ", "phr  expired_by_limit "]
    );
    let lost = "2026-03-10T12:10:00Z authenticator_lost #64";
    assert_eq!(
        ends(82),
        [
            "pwd 2026-03-10T19:30:00Z expired #77".to_owned(),
            format!("hwk {lost}"),
            format!("phr {lost}")
        ]
    );
    let tree = explain::text(&why(&lines, "S2").factors[1]);
    assert!(
        tree.contains("from 11:30:00Z until 12:10:00Z, when the authenticator was lost."),
        "{tree}"
    );
}

/// What falls under X1 distrusted, as known at 15:05 (20, 21).
#[test]
fn falls_of_a_retraction() {
    let lines = fixture();
    let fallen = |from: &str| -> Vec<String> {
        let retraction = json!({"idp": "idp-x", "key": "X1", "from": from, "reason": "supposed"});
        let FactData::TrustRetracted(data) =
            FactData::from_value("trust.retracted", retraction).unwrap().unwrap()
        else {
            unreachable!()
        };
        let supposed = Supposed::default().retraction(data);
        let mut fallen = Vec::new();
        for session in ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"] {
            let Some(of_it) = lines.falls(session, "2026-03-10T15:05:00Z", 66, &supposed) else {
                continue;
            };
            let falls = of_it.decisions.iter().filter(|d| d.falls);
            fallen.extend(falls.map(|d| {
                format!(
                    "{session} {} {:?} {:?}",
                    d.record.position, d.before.implied, d.after.implied
                )
            }));
        }
        fallen
    };
    assert_eq!(fallen("2026-03-10T13:40:00Z"), ["S5 #49 Deny Deny"]);
    let all = [
        "S1 #22 Allow Challenge",
        "S2 #27 Allow Challenge",
        "S2 #30 Deny Deny",
        "S5 #49 Deny Deny",
        "S7 #17 Allow Challenge",
    ];
    assert_eq!(fallen("2026-03-10T09:00:00Z"), all);
}

#[test]
fn outlived_of_the_day() {
    let lines = fixture();
    let known_at = |at: &str, known: u64| -> Vec<String> {
        let one = |session: &str| {
            let outlived = outlived(&lines.assess(session, at, known))?;
            let life = outlived.sign_of_life.map(|r| r.position.to_string()).unwrap_or_default();
            Some(format!(
                "{session} {:?} {} {life}",
                outlived.certainty, outlived.idp_session_end.position
            ))
        };
        ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"].into_iter().filter_map(one).collect()
    };
    assert_eq!(known_at("2026-03-10T14:05:00Z", 61), ["S7 Possible #39 "]);
    // The activity at 14:20 proves that it lived at 14:05 (`semantics.md` 22).
    assert_eq!(known_at("2026-03-10T14:05:00Z", 82), ["S7 Certain #39 #62"]);
    assert_eq!(known_at("2026-03-10T23:00:00Z", 82), ["S7 Certain #39 #62"]);
}

#[test]
fn ends_of_the_day() {
    let lines = fixture();
    let s7 = at_the_end(&lines, "S7");
    assert_eq!(
        (s7.life.phase, s7.life.end.at, s7.life.end.reason),
        (Phase::Ended, None, Some("expired_by_limit"))
    );
    let bounds = s7.life.end.bounds.unwrap();
    assert_eq!(
        (bounds.from.to_string(), bounds.to.unwrap().to_string()),
        ("2026-03-10T14:20:00Z".to_owned(), "2026-03-10T21:30:00Z".to_owned())
    );
    // S5's end occurred 14:30 and was recorded 14:52 (#65): at T 14:40 it is active as known at
    // #64, and ended as known at #65.
    assert_eq!(lines.assess("S5", "2026-03-10T14:40:00Z", 64).life.phase, Phase::Active);
    assert_eq!(lines.assess("S5", "2026-03-10T14:40:00Z", 65).life.phase, Phase::Ended);
    let active = ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"].into_iter().filter(|s| {
        active_at(&lines.assess(s, "2026-03-10T14:05:00Z", 82)) == Some(Certainty::Certain)
    });
    assert_eq!(active.count(), 8);
}

#[test]
fn control_report_of_payroll() {
    let lines = fixture();
    use FactorType::{Knowledge, Possession};
    for (session, at, types, phishing_resistant) in [
        ("S1", 0, vec![Knowledge, Possession], false),
        ("S2", 1, vec![Knowledge, Possession], true),
        ("S3", 0, vec![Knowledge, Possession], true),
        ("S5", 0, vec![], false),
        ("S8", 0, vec![Knowledge], false),
    ] {
        let met = &at_the_end(&lines, session).decisions[at].made.met;
        assert_eq!(met.factor_types, types, "{session}");
        assert_eq!(
            met.characteristics.contains(&Property::PhishingResistant),
            phishing_resistant,
            "{session}"
        );
    }
}

#[test]
fn completeness_of_the_day() {
    let lines = fixture();
    let idp_x = |known_at| {
        completeness(lines.history.at(LogPosition(known_at)))
            .into_iter()
            .find(|c| c.source.as_str() == "idp-x")
            .unwrap()
    };
    let (open, filled) = (idp_x(72), idp_x(82));
    assert_eq!((open.gaps.len(), open.gaps[0].backfilled), (1, false));
    assert_eq!(open.heard_until.unwrap().to_string(), "2026-03-10T16:00:00Z");
    assert_eq!((filled.gaps.len(), filled.gaps[0].backfilled), (1, true));
    assert_eq!(filled.heard_until.unwrap().to_string(), "2026-03-10T23:00:00Z");
}
