//! Answers without what differs from ledger to ledger: pseudonyms, cursors and leaves.

use serde_json::Value;
use std::collections::HashMap;

/// Names that are given in place of pseudonyms, in the order in which they appear.
#[derive(Default)]
struct Names(HashMap<String, String>);

/// The answers, with names in place of pseudonyms.
pub(super) fn answers(answers: &[String]) -> Vec<String> {
    let mut names = Names::default();
    answers.iter().map(|answer| names.renamed(answer)).collect()
}

impl Names {
    /// The text before the first brace of the answer stays: it is the question.
    fn renamed(&mut self, answer: &str) -> String {
        let Some(at) = answer.find("{\"data\"") else { return answer.to_owned() };
        let (question, answer) = answer.split_at(at);
        let mut answer: Value = serde_json::from_str(answer).unwrap();
        self.rename(&mut answer);
        format!("{question}{answer}")
    }

    fn rename(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.rename_text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.rename(value)),
            Value::Object(fields) => {
                for of_ledger in ["cursor", "endCursor", "leafHash"] {
                    if fields.get(of_ledger).is_some_and(Value::is_string) {
                        fields.insert(of_ledger.to_owned(), Value::Bool(true));
                    }
                }
                let renamed = std::mem::take(fields).into_iter().map(|(mut name, mut value)| {
                    self.rename_text(&mut name);
                    self.rename(&mut value);
                    (name, value)
                });
                *fields = renamed.collect();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn rename_text(&mut self, text: &mut String) {
        let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
        let words: Vec<String> = text
            .split_inclusive(is_end)
            .map(|word| {
                let core = word.trim_end_matches(is_end);
                match core.strip_prefix("p-") {
                    Some(rest) if rest.len() > 10 => {
                        let next = format!("person {}", self.0.len());
                        let name = self.0.entry(core.to_owned()).or_insert(next);
                        word.replace(core, name)
                    }
                    _ => word.to_owned(),
                }
            })
            .collect();
        *text = words.concat();
    }
}
