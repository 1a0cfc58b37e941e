//! The model over the fixture, compared with `tests/fixture/questions.md`; then the program,
//! compared with the model.

use crate::model::ask::{ask_all, read};
use crate::model::change_questions as changes;
use crate::model::changes::{dependants, flips, held};
use crate::model::facts::{Fact, Sure, Time, View, time};
use crate::model::list_questions as lists;
use crate::model::lists::{Filter, complete, filtered, first_seen, reused};
use crate::model::question::Question;
use crate::model::session_question;
use crate::model::sessions::{life, outlived, session, sessions};
use crate::model::verdicts::decided;
use crate::support::{Scratch, fixture};

fn facts() -> Vec<Fact> {
    let lines: Vec<serde_json::Value> = fixture::facts("acme")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    read(&lines, "acme")
}

fn at(of_day: &str) -> Time {
    time(&format!("2026-03-10T{of_day}:00Z"))
}

/// The last position recorded by then.
fn known(facts: &[Fact], of_day: &str) -> i64 {
    facts.iter().filter(|fact| fact.rec <= at(of_day)).map(|fact| fact.pos).max().unwrap_or(0)
}

fn names(view: &View, filter: &Filter) -> String {
    let mut names: Vec<String> = filtered(view, filter)
        .into_iter()
        .filter(|(_, sure)| *sure == Sure::Certain)
        .map(|(session, _)| session.name)
        .collect();
    names.sort();
    names.join(" ")
}

#[test]
fn the_model_answers_the_questions_of_the_fixture() {
    let facts = facts();
    let head = View::new(&facts, at("23:00"), known(&facts, "23:00"));
    let none = Filter::default;

    // G2, G3
    assert_eq!(
        names(&head, &Filter { active_at: Some(at("14:05")), ..none() }),
        "S1 S2 S3 S4 S5 S6 S7 S8"
    );
    for (known_at, state) in [("14:45", "ACTIVE"), ("15:00", "ENDED")] {
        let view = View::new(&facts, at("14:40"), known(&facts, known_at));
        assert_eq!(life(&view, &session(&view, "S5").expect("S5"), view.t).state, state);
    }
    // R1: by key and time, and by known retractions
    let x1 = || Filter {
        active_at: Some(at("14:05")),
        key: Some("X1".to_owned()),
        idp: Some("idp-x".to_owned()),
        ..none()
    };
    assert_eq!(names(&head, &x1()), "S1 S2 S5 S7");
    assert_eq!(names(&head, &Filter { relied_from: Some(at("13:40")), ..x1() }), "S5");
    for (known_at, hit) in [("14:10", ""), ("15:10", "S5")] {
        let view = View::new(&facts, at("23:00"), known(&facts, known_at));
        assert_eq!(names(&view, &Filter { retracted: Some(true), ..none() }), hit);
    }
    // R4, R9
    let listed: Vec<String> = sessions(&head)
        .iter()
        .filter(|session| outlived(&head, session) != Sure::No)
        .map(|session| session.name.clone())
        .collect();
    assert_eq!(listed, ["S7"]);
    assert!(reused(&head).is_empty() && complete(&head));
    assert!(!complete(&View::new(&facts, at("16:00"), known(&facts, "16:00"))));
    // R5, R6, C11
    let (mut differ, mut fell) = (Vec::new(), Vec::new());
    for session in sessions(&head) {
        for one in decided(&head, &session) {
            differ.extend(one.differs.then(|| format!("{} {:?}", one.fact.id, one.then.unmet)));
            fell.extend(one.falsified.then(|| one.fact.id.clone()));
        }
    }
    assert_eq!(
        differ,
        ["S5-payroll-1 Some(\"not_enough_factors\")", "S8-payroll-1 Some(\"not_enough_factors\")"]
    );
    assert_eq!(fell, ["S2-payroll-2"]);
    // C5
    let kept: Vec<String> = held(&head, "payroll", "v1")
        .iter()
        .map(|row| format!("{} {} {}", row["session"], row["until"], row["wouldPass"]))
        .collect();
    assert_eq!(
        kept,
        ["\"S1\" \"2026-03-10T15:00:00Z\" false", "\"S2\" \"2026-03-10T12:30:00Z\" true"]
    );
    // G5
    let flips = flips(&head, "idp-x", at("00:00"), at("23:59"));
    assert_eq!(
        flips,
        [
            "S1-payroll-1 ALLOW CHALLENGE",
            "S2-payroll-1 ALLOW CHALLENGE",
            "S2-payroll-2 ALLOW DENY",
            "S3-payroll-1 ALLOW DENY"
        ]
    );
    // R7
    let first = |kind: &str| {
        first_seen(&head, kind)
            .into_iter()
            .map(|(name, fact)| format!("{name} {}", fact.session.unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    assert_eq!(first("KEY"), ["idp-x/X1 S7", "idp-z/Z1 S6", "idp-x/X2 S3", "idp-y/Y1 S4"]);
    assert_eq!(
        first("AMR_SET"),
        ["otp+pwd S7", "hwk+phr+pwd S2", "mfa+pwd S6", "pwd+sms S4", "pwd S8"]
    );
    // R11, and what rested on a retraction, a loss and a version that was replaced
    let rested =
        |id: &str| dependants(&head, facts.iter().find(|fact| fact.id == id).expect(id)).join(" ");
    assert_eq!(rested("idp-tx1"), "S1 S2 S3 S5 S7 S8");
    assert_eq!((rested("retract-X1"), rested("lost-bob-key")), ("S5".to_owned(), "S2".to_owned()));
    assert_eq!(rested("policy-payroll-v1"), "S1-payroll-1 S2-payroll-1");
}

#[test]
fn the_program_answers_like_the_model_over_the_fixture() {
    let scratch = Scratch::fixture();
    let token = scratch.token("acme", "read,investigate");
    let server = scratch.serve();
    let questions = questions();
    let wrong = ask_all(&server, &token, "the fixture", &questions);
    assert!(
        wrong.is_empty(),
        "{} of {} answers are not what the model says:\n{}",
        wrong.len(),
        questions.len(),
        wrong.join("\n")
    );
}

/// Questions about the day of acme.
pub(crate) fn questions() -> Vec<Question> {
    let (facts, mut questions) = (facts(), Vec::new());
    for (of_day, known_at) in [
        ("23:00", "23:00"),
        ("14:05", "23:00"),
        ("14:05", "14:10"),
        ("12:20", "13:00"),
        ("16:00", "16:00"),
    ] {
        let view = View::new(&facts, at(of_day), known(&facts, known_at));
        let asking =
            format!("asking: {{at: \"2026-03-10T{of_day}:00Z\", knownAtPosition: {}}}", view.k);
        questions.extend(
            sessions(&view)
                .iter()
                .map(|session| session_question::question(&view, &session.name, &asking)),
        );
        questions.push(lists::by_filter(
            &view,
            &Filter { active_at: Some(view.t), ..Filter::default() },
            &asking,
        ));
        questions.extend([
            lists::reuse(&view, &asking),
            lists::outliving(&view, &asking),
            lists::completeness(&view, &asking),
        ]);
        questions
            .extend(["payroll", "wiki"].map(|policy| changes::kept(&view, policy, "v1", &asking)));
        let begun: Vec<_> =
            sessions(&view).into_iter().filter(|session| session.first(view.t).is_some()).collect();
        questions.extend(begun.iter().map(|session| lists::hops(&view, session, &asking)));
        let change = |fact: &&Fact| {
            ["trust.retracted", "authenticator.lost", "idp.configured", "policy.configured"]
                .contains(&fact.kind.as_str())
        };
        let by_t = view.facts.iter().filter(change).filter(|fact| fact.effect() <= view.t);
        questions.extend(by_t.map(|fact| changes::rested(&view, fact, &asking)));
    }
    questions
}
