//! Old versions of facts, read as the current one: one step at a time, when read. What is stored
//! never changes.
//!
//! A step takes the data of version `from` and gives that of `from + 1`. It must be total: stored
//! data cannot be asked to be otherwise.

use crate::{fact::FactType, record::CorruptRecord};
use serde_json::Value;

/// One step.
#[derive(Clone, Copy, Debug)]
pub struct Upcast {
    /// The fact type.
    pub fact: &'static str,
    /// The version it reads; it writes the next one.
    pub from: u32,
    /// The step.
    pub step: fn(Value) -> Value,
}

/// The versions and the steps between them.
#[derive(Clone, Copy, Debug)]
pub struct Upcasts {
    /// The current version of a fact type; none: no such type.
    pub current: fn(&str) -> Option<u32>,
    /// Every step of every fact type.
    pub steps: &'static [Upcast],
}

impl Upcasts {
    /// Those of the contract. All types are at version 1, so there is no step yet.
    pub const CONTRACT: Self =
        Self { current: |name| FactType::named(name).map(|t| t.version), steps: &[] };

    /// Whether data of this version is to be read as it is; else it goes through [`Self::apply`].
    ///
    /// # Errors
    /// If the type is unknown or the version is newer than this program.
    pub fn is_current(&self, fact: &str, version: u32) -> Result<bool, CorruptRecord> {
        match (self.current)(fact) {
            None => {
                Err(CorruptRecord::new(format!("`{fact}` is no fact type that this version knows")))
            }
            Some(current) if version > current => Err(CorruptRecord::new(format!(
                "`{fact}` has version {version}; this version reads it up to {current}"
            ))),
            Some(current) => Ok(version == current),
        }
    }

    /// The data at the current version.
    ///
    /// # Errors
    /// Like [`Self::is_current`], and if a step is missing.
    pub fn apply(&self, fact: &str, version: u32, mut data: Value) -> Result<Value, CorruptRecord> {
        let mut version = version;
        while !self.is_current(fact, version)? {
            let step = self.steps.iter().find(|step| step.fact == fact && step.from == version);
            let step = step.ok_or_else(|| {
                CorruptRecord::new(format!(
                    "`{fact}` version {version} cannot be read: there is no step to the next"
                ))
            })?;
            data = (step.step)(data);
            version += 1;
        }
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fact::FACT_TYPES, fact::FactData, statement::Statement, time::Occurred, time::Time,
        vocabulary::EndReason,
    };
    use serde_json::json;

    /// A made-up history of `session.ended`: version 1 had the reason as a number, version 2 called
    /// it `why`, version 3 is what is now version 1.
    const MADE_UP: Upcasts = Upcasts {
        current: |name| {
            if name == "session.ended" { Some(3) } else { (Upcasts::CONTRACT.current)(name) }
        },
        steps: &[
            Upcast { fact: "session.ended", from: 2, step: |data| json!({"reason": data["why"]}) },
            Upcast { fact: "session.started", from: 1, step: |_| json!("of another type") },
            Upcast {
                fact: "session.ended",
                from: 1,
                step: |data| {
                    json!({"why": if data["why_number"] == 4 { "expired" } else {
                    "other" }})
                },
            },
        ],
    };

    fn read(data: &Value, version: u32) -> Result<FactData, CorruptRecord> {
        let text =
            json!({"kind": "k", "facts": [{"data": data, "type": "session.ended", "v": version}]})
                .to_string();
        let statement =
            Statement::decode_with(text.as_bytes(), Occurred::at(Time::EPOCH), &MADE_UP)?;
        Ok(statement.facts[0].data.clone())
    }

    #[test]
    fn every_old_version_is_read_step_by_step() {
        for (version, data) in [
            (1, json!({"why_number": 4})),
            (2, json!({"why": "expired"})),
            (3, json!({"reason": "expired"})),
        ] {
            match read(&data, version).unwrap() {
                FactData::SessionEnded(ended) => {
                    assert_eq!(ended.reason, EndReason::Expired, "version {version}")
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_cannot_be_read_says_so() {
        assert_eq!(
            read(&json!({}), 4).unwrap_err().what,
            "`session.ended` has version 4; this version reads it up to 3"
        );
        assert_eq!(
            read(&json!({}), 0).unwrap_err().what,
            "`session.ended` version 0 cannot be read: there is no step to the next"
        );
        assert!(
            read(&json!({"why": "no such word"}), 2)
                .unwrap_err()
                .what
                .starts_with("`session.ended` version 2 does not read: reason: unknown variant")
        );
    }

    #[test]
    fn the_contract_has_every_step() {
        for fact in FACT_TYPES {
            for version in 1..fact.version {
                let steps = Upcasts::CONTRACT
                    .steps
                    .iter()
                    .filter(|step| step.fact == fact.name && step.from == version)
                    .count();
                assert_eq!(steps, 1, "{} version {version}", fact.name);
            }
        }
        for step in Upcasts::CONTRACT.steps {
            assert!(
                FactType::named(step.fact)
                    .is_some_and(|fact| (1..fact.version).contains(&step.from)),
                "{step:?} is never taken"
            );
        }
    }
}
