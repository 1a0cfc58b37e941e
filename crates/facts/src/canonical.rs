//! Canonical JSON: one spelling of a value, so that equal values have equal bytes, digests and
//! commitments.
//!
//! Object keys sorted bytewise (UTF-8), no white space, strings and numbers as `serde_json` writes
//! them (`"` `\` and control characters escaped, all else as it is). Frozen: facts are committed to
//! in this form.

use serde_json::{Map, Number, Value};
use std::sync::LazyLock;

/// The canonical bytes of a value.
#[must_use]
pub fn to_vec(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write(&mut out, value);
    out
}

/// The canonical bytes of an object.
#[must_use]
pub fn object_to_vec(object: &Map<String, Value>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write_object(&mut out, object);
    out
}

/// Appends the canonical bytes of a value.
pub fn write(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_str(out, text),
        Value::Array(items) => {
            out.push(b'[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write(out, item);
            }
            out.push(b']');
        }
        Value::Object(object) => write_object(out, object),
    }
}

/// Appends a JSON number.
pub fn write_number(out: &mut Vec<u8>, number: &Number) {
    leaf(out, number);
}

/// Appends a JSON string.
pub fn write_str(out: &mut Vec<u8>, text: &str) {
    // Nearly every string is written as it is, and to find that out costs less than to write piece
    // by piece. Without a way out of the loop it looks at many bytes at once.
    if text.bytes().fold(false, |any, byte| any | (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
    {
        leaf(out, text);
    } else {
        out.reserve(text.len() + 2);
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}

/// Whether the library's maps are sorted as it was built: found out once.
static MAPS_ARE_SORTED: LazyLock<bool> = LazyLock::new(|| {
    Map::from_iter([("b".to_owned(), Value::Null), ("a".to_owned(), Value::Null)])
        .keys()
        .is_sorted()
});

/// Sorts for itself: a feature of `serde_json` that another crate turns on must not change the
/// format.
fn write_object(out: &mut Vec<u8>, object: &Map<String, Value>) {
    if *MAPS_ARE_SORTED {
        write_members(out, object.iter());
    } else {
        write_members(out, sorted(object.iter().collect()).into_iter());
    }
}

fn sorted<'a>(mut members: Vec<(&'a String, &'a Value)>) -> Vec<(&'a String, &'a Value)> {
    members.sort_unstable_by_key(|(key, _)| *key);
    members
}

fn write_members<'a>(out: &mut Vec<u8>, members: impl Iterator<Item = (&'a String, &'a Value)>) {
    out.push(b'{');
    for (n, (key, value)) in members.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write_str(out, key);
        out.push(b':');
        write(out, value);
    }
    out.push(b'}');
}

/// Members of an object that is being written, in the order of their keys.
pub struct Members<'o> {
    out: &'o mut Vec<u8>,
    /// The key before.
    last: Option<&'static str>,
}

/// Appends an object, member by member.
pub(crate) fn write_members_of(out: &mut Vec<u8>, write: impl FnOnce(&mut Members<'_>)) {
    out.push(b'{');
    write(&mut Members { out, last: None });
    out.push(b'}');
}

impl Members<'_> {
    /// A member that is a text.
    pub fn text(&mut self, key: &'static str, text: &str) {
        self.key(key);
        write_str(self.out, text);
    }

    /// A member that is a number.
    pub fn number(&mut self, key: &'static str, number: &Number) {
        self.key(key);
        write_number(self.out, number);
    }

    /// A member that is an object.
    pub fn object(&mut self, key: &'static str, write: impl FnOnce(&mut Members<'_>)) {
        self.key(key);
        write_members_of(self.out, write);
    }

    /// A member that is a list of objects.
    pub fn objects<T>(
        &mut self,
        key: &'static str,
        items: &[T],
        write: impl Fn(&T, &mut Members<'_>),
    ) {
        self.key(key);
        self.out.push(b'[');
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                self.out.push(b',');
            }
            write_members_of(self.out, |members| write(item, members));
        }
        self.out.push(b']');
    }

    fn key(&mut self, key: &'static str) {
        debug_assert!(
            self.last < Some(key),
            "`{key}` does not come behind `{}`",
            self.last.unwrap_or_default()
        );
        if self.last.replace(key).is_some() {
            self.out.push(b',');
        }
        write_str(self.out, key);
        self.out.push(b':');
    }
}

fn leaf<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    if serde_json::to_writer(out, value).is_err() {
        unreachable!("a string or a number, written to memory");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expect: &str) {
        let value: Value = serde_json::from_str(input).unwrap();
        assert_eq!(String::from_utf8(to_vec(&value)).unwrap(), expect);
    }

    #[test]
    fn keys_are_sorted_bytewise_at_every_depth() {
        check(
            r#"{"b": 1, "a": {"é": 1, "z": 2, "Z": 3, "": 4}}"#,
            r#"{"a":{"":4,"Z":3,"z":2,"é":1},"b":1}"#,
        );
    }

    #[test]
    fn members_are_sorted_whatever_the_map_does() {
        let (keys, value) = (["é", "z", "", "Z"].map(String::from), Value::Null);
        let order: Vec<_> = sorted(keys.iter().map(|key| (key, &value)).collect())
            .into_iter()
            .map(|(key, _)| key.as_str())
            .collect();
        assert_eq!(order, ["", "Z", "z", "é"]);
    }

    #[test]
    fn white_space_goes_and_order_of_arrays_stays() {
        check("[ 2,\n 1, [ ], { } ,null,true , false]", "[2,1,[],{},null,true,false]");
    }

    #[test]
    fn numbers_are_as_serde_json_writes_them() {
        check(
            "[-0, 1.50, 1e3, 18446744073709551615, -9223372036854775808]",
            "[-0.0,1.5,1000.0,18446744073709551615,-9223372036854775808]",
        );
    }

    #[test]
    fn every_character_is_written_as_serde_json_writes_it() {
        for c in (0..=0x2ff_u32).filter_map(char::from_u32) {
            let (text, mut out) = (format!("a{c}b"), Vec::new());
            write_str(&mut out, &text);
            assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
        }
    }

    #[test]
    fn only_what_must_be_escaped_is() {
        check(r#""\u00e9\u0022\u005c\/\u0007\n\u007f""#, "\"é\\\"\\\\/\\u0007\\n\u{7f}\"");
    }
}
