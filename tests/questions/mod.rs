//! The acceptance questions of `tests/fixture/questions.md`, against the shipped program.

mod access;
mod change;
mod clocks;
mod exports;
mod falsifiers;
mod history;
mod integrators;
mod sets;
mod subscription;

use crate::support::{questions, text};
use std::{collections::BTreeSet, process::Command};

/// The ids that a test's name begins with: `g9_r10_the_whole_chain` asks G9 and R10.
fn ids(test: &str) -> impl Iterator<Item = String> {
    let is_id = |word: &&str| {
        word.strip_prefix(['g', 'c', 'r'])
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    };
    test.split('_').take_while(is_id).map(str::to_uppercase)
}

#[test]
fn each_question_that_is_built_has_a_test_and_no_test_is_ignored() {
    let list = |only: &[&str]| {
        let this = std::env::current_exe().expect("this program");
        let out = Command::new(this).args(["--list", "--format=terse"]).args(only).output();
        text(&out.expect("the list of tests").stdout)
    };
    assert_eq!(list(&["--ignored"]), "");
    let tests = list(&[]);
    let tested: BTreeSet<String> = tests
        .lines()
        .filter_map(|line| line.strip_suffix(": test")?.rsplit("::").next())
        .flat_map(ids)
        .collect();
    let built: BTreeSet<String> = questions::all()
        .into_iter()
        .filter(|(_, built)| *built)
        .map(|(id, _)| id.to_owned())
        .collect();
    assert_eq!(tested, built, "tests, and the questions of tests/fixture/questions.md");
    assert_eq!(questions::all().len(), 36);
}
