//! A second, independent model of the rules. Each answer of the shipped binary is compared with the
//! model's, over generated days with several (T, K) each.
//!
//! The model is written from the settled readings and the tables only, does not use the product's
//! crates, and is as simple as possible: a list of facts, and one function per reading, with its
//! number. The generator leaves out what the model cannot judge: engine mixes, chains, claim
//! sourcing, the legacy AMR mapping.

pub(crate) mod ask;
mod change_questions;
mod changes;
mod claims;
mod day;
mod day_ends;
mod day_falsifiers;
mod day_policies;
mod day_sessions;
mod decisions;
mod factors;
mod facts;
pub(crate) mod fixture;
mod list_questions;
mod lists;
mod question;
pub(crate) mod rng;
mod session_question;
mod sessions;
mod tables;
mod verdicts;

use crate::support::Scratch;

/// Compares the days of these seeds. Returns the number of questions and the differing answers.
fn run(seeds: std::ops::Range<u64>) -> (usize, Vec<String>) {
    let (mut count, mut wrong) = (0, Vec::new());
    let scratch = Scratch::new();
    let days: Vec<ask::Asked> = seeds.map(|seed| ask::lived(&scratch, seed)).collect();
    let tokens: Vec<String> =
        days.iter().map(|day| scratch.token(&day.tenant, "read,investigate")).collect();
    let server = scratch.serve();
    for (day, token) in days.iter().zip(&tokens) {
        let questions = ask::questions(day);
        count += questions.len();
        let found =
            ask::ask_all(&server, token, &format!("day {} ({})", day.seed, day::DAY), &questions);
        if !found.is_empty()
            && let Some(dir) = std::env::var_os("MODEL_FACTS")
        {
            let text: String = day.lines.iter().map(|line| format!("{line}\n")).collect();
            std::fs::write(std::path::Path::new(&dir).join(format!("{}.jsonl", day.tenant)), text)
                .expect("written");
        }
        wrong.extend(found);
    }
    (count, wrong)
}

#[test]
fn every_answer_equals_the_models() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (from, days) = (number("MODEL_SEED", 1), number("MODEL_DAYS", 24));
    let (mut count, mut wrong) = (0, Vec::new());
    for start in (from..from + days).step_by(8) {
        let (asked, found) = run(start..(start + 8).min(from + days));
        count += asked;
        wrong.extend(found);
    }
    eprintln!("{count} questions on {days} days");
    assert!(
        wrong.is_empty(),
        "{} of {count} answers are not what the model says:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(count >= days as usize * 40);
}
