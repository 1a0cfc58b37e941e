//! The acceptance questions of `tests/fixture/questions.md`: which are built, and which were asked.

use super::fixture;
use std::{collections::BTreeSet, io::Write, sync::Mutex};

const TEXT: &str = include_str!("../fixture/questions.md");

/// The ids of the questions, in the order of the file, each with whether it is built.
pub(crate) fn all() -> Vec<(&'static str, bool)> {
    let sections = TEXT.split("\n### ").skip(1);
    sections
        .map(|section| {
            let id = section.split_whitespace().next().expect("an id");
            (id, !section.contains("\nNot built"))
        })
        .collect()
}

/// Held by a test for as long as it asks its questions.
pub(crate) struct Question(&'static [&'static str]);

pub(crate) fn asks(ids: &'static [&'static str]) -> Question {
    for id in ids {
        assert!(all().contains(&(*id, true)), "{id} is no question that is built");
    }
    Question(ids)
}

impl Drop for Question {
    /// The test that asks the last question reports all of them, past the test runner,
    /// which captures what passing tests print.
    fn drop(&mut self) {
        static ASKED: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
        if std::thread::panicking() {
            return;
        }
        let mut asked = ASKED.lock().expect("no test panics here");
        let before = asked.len();
        asked.extend(self.0);
        let ids = |built: bool| {
            all().into_iter().filter(move |one| one.1 == built).map(|(id, _)| id).collect()
        };
        let (built, not_built): (Vec<&str>, Vec<&str>) = (ids(true), ids(false));
        if before < asked.len() && asked.len() == built.len() {
            let dir = fixture::dir().canonicalize().expect("the fixture");
            let _ = writeln!(
                std::io::stderr(),
                "asked {} questions over {}: {}; {} are not built: {}",
                built.len(),
                dir.display(),
                built.join(" "),
                not_built.len(),
                not_built.join(" ")
            );
        }
    }
}
