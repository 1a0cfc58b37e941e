//! Old versions of facts, read as the current one: one step at a time, when read. What is stored never changes.
//!
//! A step takes the data of version `from` and gives that of `from + 1`. It must be total: stored data cannot be asked to be otherwise.

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
    pub const CONTRACT: Self = Self { current: |name| FactType::named(name).map(|t| t.version), steps: &[] };

    /// Whether data of this version is to be read as it is; else it goes through [`Self::apply`].
    ///
    /// # Errors
    /// If the type is unknown or the version is newer than this program.
    pub fn is_current(&self, fact: &str, version: u32) -> Result<bool, CorruptRecord> {
        match (self.current)(fact) {
            None => Err(CorruptRecord::new(format!("`{fact}` is no fact type that this version knows"))),
            Some(current) if version > current => {
                Err(CorruptRecord::new(format!("`{fact}` has version {version}; this version reads it up to {current}")))
            }
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
            let step = step.ok_or_else(|| CorruptRecord::new(format!("`{fact}` version {version} cannot be read: there is no step to the next")))?;
            data = (step.step)(data);
            version += 1;
        }
        Ok(data)
    }
}
