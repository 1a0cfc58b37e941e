//! What is sealed under a key: an object, kept as the bytes that are committed to, so that nothing
//! has to be built and taken apart between translator and seal.

use crate::canonical::{self, Members};
use serde_json::{Map, Value};

/// An object in canonical JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Personal(Vec<u8>);

impl Personal {
    /// Written member by member. `about` is the expected size in bytes.
    pub fn write(about: usize, members: impl FnOnce(&mut Members<'_>)) -> Self {
        let mut out = Vec::with_capacity(about);
        canonical::write_members_of(&mut out, members);
        Self(out)
    }

    /// Whether it has no member: then there is nothing to seal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.0.as_slice(), b"" | b"{}")
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its members again.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        serde_json::from_slice(&self.0).unwrap_or_default()
    }
}

impl From<Map<String, Value>> for Personal {
    fn from(object: Map<String, Value>) -> Self {
        if object.is_empty() { Self::default() } else { Self(canonical::object_to_vec(&object)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_by_members_is_what_the_map_gives() {
        let Value::Object(map) = json!({"client": {"as_number": 7, "ip": "203.0.113.7"},
            "empty": {}, "name": "Ångström \"A\""})
        else {
            panic!()
        };
        let written = Personal::write(0, |members| {
            members.object("client", |client| {
                client.number("as_number", &7.into());
                client.text("ip", "203.0.113.7");
            });
            members.object("empty", |_| {});
            members.text("name", "Ångström \"A\"");
        });
        assert_eq!(written, Personal::from(map.clone()));
        assert_eq!(written.to_map(), map);
    }

    #[test]
    #[should_panic(expected = "`id` does not come behind `name`")]
    fn members_come_in_the_order_of_their_keys() {
        Personal::write(0, |members| {
            members.text("name", "");
            members.text("id", "");
        });
    }

    #[test]
    fn without_members_it_is_empty() {
        for none in [Personal::default(), Personal::from(Map::new()), Personal::write(0, |_| {})] {
            assert!(none.is_empty() && none.to_map().is_empty());
        }
        assert!(!Personal::write(0, |members| members.text("id", "")).is_empty());
    }
}
