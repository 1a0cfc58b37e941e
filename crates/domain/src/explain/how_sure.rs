//! How sure the verdict on a decision is: the grades of its factors, and what is missing.

use super::{decision::DecisionExplainer, factor, word::grouped};
use crate::{
    assess::factors::AssessedFactor,
    codes,
    model::{Grade, Implied, Reason, RecordRef},
    words,
};

/// Factors of one grade: their names, and the first of them.
type Graded<'a, 'b> = (Vec<String>, &'b AssessedFactor<'a>);

impl<'a> DecisionExplainer<'a, '_> {
    pub(super) fn how_sure(&self) -> Reason {
        let judged = self.judged;
        let question = "How sure?";
        let at = judged.seen.occurred();
        let source = &judged.seen.record().source;
        let counted: Vec<&AssessedFactor<'a>> = self
            .trace
            .factors
            .iter()
            .filter(|f| f.counts() && f.occurred().from <= at.latest())
            .collect();
        let groups = grouped(&counted, |f| (f.grade, f.claim.is_some()));
        let certainty =
            if judged.implied == Implied::Undetermined { "Undetermined." } else { "Certain." };
        if self.short() {
            let met = !self.also_met(&counted).is_empty();
            let says = self.grades_in_short(&groups, met);
            return Reason::new(format!("{certainty} {says}.")).asked(question);
        }
        let mut says = vec![certainty.to_owned()];
        let mut records: Vec<&RecordRef> = Vec::new();
        for (names, first) in &groups {
            let (grade, facts) = factor::grade(self.trace, first, names);
            let whose = if groups.len() > 1 {
                format!("{}: {}", words::list(names), lower(&grade))
            } else {
                grade
            };
            says.push(format!("{whose}."));
            records.extend(facts);
        }
        if groups.is_empty() {
            says.push(format!("{source} recorded the decision; no factor counted."));
        }
        let missing = self.would_settle();
        Reason::new(format!("{}{missing}", says.join(" "))).asked(question).on(records).reading(16)
    }

    /// Of a refusal in which nothing depends on who asserted a claim.
    fn grades_in_short(&self, groups: &[Graded<'a, '_>], met: bool) -> String {
        if groups.is_empty() {
            return "Nothing counted, and nothing was kept out".to_owned();
        }
        let grades = groups.iter().map(|(names, first)| match first.grade {
            Grade::Joined if met => "Joined, by that allow".to_owned(),
            _ => factor::grade(self.trace, first, names).0,
        });
        let turns = match self.claims().len() {
            0 => "nothing turns on a claim".to_owned(),
            claims => {
                let claims = if claims > 1 { "the claims" } else { "the claim" };
                format!("here nothing turns on it: {claims} counted in full would still fall short")
            }
        };
        grades.chain([turns]).collect::<Vec<_>>().join("; ")
    }

    /// What is missing, as a sentence after others; empty where nothing is.
    fn would_settle(&self) -> String {
        let Some(last) = self.judged.missing.last() else { return String::new() };
        let missing = words::sentence(&words::missing(&self.judged.missing));
        // A clause at its end is closed before the sentence goes on.
        let close = codes::missing_words(last).contains(", ");
        format!(" {missing}{} would settle it.", if close { "," } else { "" })
    }
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
