//! Questions about a day: the answers of the shipped binary, compared with the model's.

use crate::model::change_questions as changes;
use crate::model::day::{Day, at};
use crate::model::facts::{Fact, Time, View, show};
use crate::model::list_questions as lists;
use crate::model::lists::Filter;
use crate::model::question::{Question, unlike};
use crate::model::rng::Rng;
use crate::model::session_question;
use crate::model::sessions::sessions;
use crate::support::{Scratch, Server};
use serde_json::{Value, json};

/// A tenant with the facts of a day.
pub(crate) struct Asked {
    pub(crate) seed: u64,
    pub(crate) tenant: String,
    pub(crate) lines: Vec<Value>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) day: Day,
}

pub(crate) fn read(lines: &[Value], source: &str) -> Vec<Fact> {
    lines.iter().zip(1..).map(|(line, pos)| Fact::read(line, pos, source)).collect()
}

/// The day of a seed.
pub(crate) fn generated(seed: u64) -> Asked {
    let mut day = Day::new(seed);
    let lines = day.file();
    let tenant = format!("day-{seed}");
    let facts = read(&lines, &tenant);
    Asked { seed, tenant, lines, facts, day }
}

/// Creates the tenant, and ingests the day through the command line.
pub(crate) fn lived(scratch: &Scratch, seed: u64) -> Asked {
    let asked = generated(seed);
    let Asked { tenant, lines, .. } = &asked;
    scratch.ok(&["init", "--tenant", tenant, "--rehearsal"]);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let file = scratch.file(&format!("{tenant}.jsonl"), text);
    scratch.ok(&["--tenant", tenant, "ingest", &file]);
    asked
}

/// The cuts of the questions: T at odd seconds of the day, sometimes at the instant of a fact; K at
/// the head, at positions and at recorded times.
fn cut(rng: &mut Rng, facts: &[Fact], n: usize) -> (Time, i64, String) {
    let head = facts.len() as i64;
    let t = match n {
        0 => at(23, 30) + 1,
        _ if rng.percent(25) => rng.pick(facts).from.max(at(0, 0)),
        _ => at(10, 0) + 2 * rng.between(0, 9 * 1800) + 1,
    };
    let k = if n == 0 || rng.percent(50) { head } else { rng.between(head / 3, head) };
    // The same as a time: the last position recorded by then.
    let by_time = rng.percent(40);
    let recorded = facts[k as usize - 1].rec;
    let k = if by_time {
        facts.iter().filter(|fact| fact.rec <= recorded).map(|fact| fact.pos).max().unwrap_or(k)
    } else {
        k
    };
    let known = if by_time {
        format!("knownAt: \"{}\"", show(recorded))
    } else {
        format!("knownAtPosition: {k}")
    };
    (t, k, format!("asking: {{at: \"{}\", {known}}}", show(t)))
}

fn filters(rng: &mut Rng, asked: &Asked, view: &View) -> Vec<Filter> {
    let none = Filter::default;
    let claims: Vec<&Fact> = view.of("claims.received").collect();
    let mut filters = vec![Filter { active_at: Some(view.t), ..none() }];
    let flag = Some(rng.percent(65));
    filters.push(match rng.between(0, 4) {
        0 => Filter { retracted: flag, ..none() },
        1 => Filter { outlived: flag, ..none() },
        2 => Filter { differs: flag, ..none() },
        3 => Filter { falsified: flag, ..none() },
        _ => Filter { ended: flag, ..none() },
    });
    if let Some(claim) = (!claims.is_empty()).then(|| rng.pick::<&_>(&claims)) {
        let idp = claim.text("idp").map(str::to_owned);
        let key = claim.text("key").map(str::to_owned);
        let from = at(8, 0) + 2 * rng.between(0, 9 * 1800) + 1;
        let amr = crate::model::facts::words(&claim.data["amr"]).first().cloned();
        filters.push(match rng.between(0, 4) {
            0 => Filter { idp, ..none() },
            1 => Filter { idp, key, ..none() },
            2 => Filter { idp, key, relied_from: Some(from), ..none() },
            3 => Filter {
                idp,
                key,
                active_at: Some(from.min(view.t)),
                relied_to: Some(from),
                ..none()
            },
            _ => Filter { amr, ..none() },
        });
    }
    let subject = Some(asked.day.people[rng.between(0, 1) as usize].clone());
    filters.push(if rng.percent(50) {
        Filter { subject, ..none() }
    } else {
        Filter { app: Some("app-0".to_owned()), ..none() }
    });
    filters
}

/// All questions of one day.
pub(crate) fn questions(asked: &Asked) -> Vec<Question> {
    let mut rng = Rng::new(asked.seed ^ 0x5eed);
    let mut questions = Vec::new();
    for n in 0..3 {
        let (t, k, asking) = cut(&mut rng, &asked.facts, n);
        let view = View::new(&asked.facts, t, k);
        let rng = &mut rng;
        let known = sessions(&view);
        questions.extend(
            known.iter().map(|session| session_question::question(&view, &session.name, &asking)),
        );
        questions.extend(
            filters(rng, asked, &view)
                .iter()
                .map(|filter| lists::by_filter(&view, filter, &asking)),
        );
        questions.push(lists::decisions(&view, rng, &asking));
        questions.push(lists::outliving(&view, &asking));
        questions.push(lists::completeness(&view, &asking));
        questions.push(if rng.percent(50) {
            lists::reuse(&view, &asking)
        } else {
            lists::first(&view, rng.pick::<&str>(&["ISSUER", "KEY", "AMR_SET"]), &asking)
        });
        let changed = |fact: &&Fact| {
            ["trust.retracted", "authenticator.lost", "idp.configured"]
                .contains(&fact.kind.as_str())
                && fact.effect() <= t
        };
        let policies = |fact: &&Fact| fact.is("policy.configured") && fact.from <= t;
        let changes: Vec<&Fact> = view.facts.iter().filter(changed).collect();
        if !changes.is_empty() {
            questions.push(changes::rested(&view, rng.pick::<&_>(&changes), &asking));
        }
        let policies: Vec<&Fact> = view.facts.iter().filter(policies).collect();
        if !policies.is_empty() {
            questions.push(changes::rested(&view, rng.pick::<&_>(&policies), &asking));
        }
        let (policy, versions) = rng.pick(&asked.day.policies).clone();
        let version = rng.pick(&versions).1.clone();
        questions.push(changes::kept(&view, &policy, &version, &asking));
        questions.push(changes::rehearsed(&view, &rng.pick(&asked.day.idps).name, &asking));
        let claims: Vec<&Fact> =
            view.of("claims.received").filter(|fact| fact.from == fact.to).collect();
        if !claims.is_empty() {
            let by_key = rng.percent(70);
            questions.push(changes::would_fall(&view, rng.pick::<&_>(&claims), by_key, &asking));
        }
        if !known.is_empty() {
            let session = rng.pick(&known);
            let begun: Vec<_> = known.iter().filter(|session| session.first(t).is_some()).collect();
            if !begun.is_empty() {
                questions.push(lists::hops(&view, rng.pick::<&_>(&begun), &asking));
            }
            if n > 0 {
                questions.push(changes::believed(
                    &asked.facts,
                    session,
                    t,
                    (rng.between(k / 2, k), k),
                ));
            }
        }
    }
    questions
}

/// Sends the questions in batches, and reports each question whose answers differ, with both.
pub(crate) fn ask_all(
    server: &Server,
    token: &str,
    of: &str,
    questions: &[Question],
) -> Vec<String> {
    let mut wrong = Vec::new();
    for batch in questions.chunks(6) {
        let answers = answers(
            server,
            token,
            &batch.iter().map(|question| question.field.as_str()).collect::<Vec<_>>(),
        );
        for (question, answer) in batch.iter().zip(answers) {
            let got = match &answer {
                Ok(answer) => (question.shape)(answer),
                Err(error) => json!(error),
            };
            let mut found = Vec::new();
            unlike(&question.expect, &got, "", &mut found);
            if !found.is_empty() {
                let found = found.join("\n    ");
                wrong.push(format!(
                    "{of}, readings {}: {}\n    {found}",
                    question.cite,
                    question.field.replace('\n', " ")
                ));
            }
        }
    }
    wrong
}

fn answers(server: &Server, token: &str, fields: &[&str]) -> Vec<Result<Value, String>> {
    let query: String =
        fields.iter().enumerate().map(|(n, field)| format!("q{n}: {field}\n")).collect();
    let (mut status, mut body) = server.graphql_raw(token, &format!("{{ {query} }}"), json!({}));
    for _ in 0..60 {
        if status != 429 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
        (status, body) = server.graphql_raw(token, &format!("{{ {query} }}"), json!({}));
    }
    let parsed: Value = serde_json::from_str(&body).unwrap_or_default();
    if parsed["errors"].is_array() || !parsed["data"].is_object() {
        if fields.len() > 1 {
            return fields.iter().flat_map(|field| answers(server, token, &[field])).collect();
        }
        return vec![Err(format!("{status}: {body}"))];
    }
    (0..fields.len()).map(|n| Ok(parsed["data"][format!("q{n}")].clone())).collect()
}
