//! An answer of the System Log, cut into its events by structure alone: brackets, strings and
//! commas. So an event that is damaged, or that no strict reader takes, keeps no other out.

/// The events of an answer, each as its bytes; none: it is no list, or is cut off.
pub(crate) fn events(answer: &[u8]) -> Option<Vec<&[u8]>> {
    let list = answer.trim_ascii();
    let inner = list.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let mut events = Vec::new();
    let (mut begin, mut walk) = (0, Walk::default());
    for (at, byte) in inner.iter().enumerate() {
        let is_between = walk.is_outside();
        walk.step(*byte)?;
        if *byte == b',' && is_between {
            events.push(inner[begin..at].trim_ascii());
            begin = at + 1;
        }
    }
    if !walk.is_outside() {
        return None;
    }
    let last = inner[begin..].trim_ascii();
    if !(events.is_empty() && last.is_empty()) {
        events.push(last);
    }
    events.iter().all(|event| !event.is_empty()).then_some(events)
}

/// The text of a member of an object, however damaged the rest of it is, or cut off behind it;
/// none: there is no such text. Of a name that stands twice it is the first.
pub(crate) fn text_of(object: &[u8], name: &str) -> Option<String> {
    from_members(object, name).find_map(|value| {
        let mut texts = serde_json::Deserializer::from_slice(value).into_iter::<String>();
        texts.next()?.ok()
    })
}

/// The value of a member of an object, as it is spelled, however damaged it is inside.
pub(crate) fn value_of<'b>(object: &'b [u8], name: &str) -> Option<&'b [u8]> {
    let value = from_members(object, name).next()?;
    let mut walk = Walk::default();
    for (at, byte) in value.iter().enumerate() {
        if walk.is_outside() && matches!(byte, b',' | b'}') {
            return Some(value[..at].trim_ascii_end());
        }
        walk.step(*byte)?;
    }
    None
}

/// Bytes with others in place of a part of them.
pub(crate) fn with_part(bytes: &[u8], part: &[u8], by: &[u8]) -> Vec<u8> {
    let from = part.as_ptr().addr() - bytes.as_ptr().addr();
    [&bytes[..from], by, &bytes[from + part.len()..]].concat()
}

/// The object from the value of each of its members of a name on.
fn from_members<'b>(object: &'b [u8], name: &str) -> impl Iterator<Item = &'b [u8]> {
    let key = format!("\"{name}\"").into_bytes();
    let mut walk = Walk::default();
    let walked = object.iter().enumerate().map_while(move |(at, byte)| {
        let is_member = walk.depth == 1 && !walk.in_string;
        walk.step(*byte).map(|()| is_member.then_some(at))
    });
    walked.flatten().filter_map(move |at| {
        let value = object[at..].strip_prefix(&key[..])?.trim_ascii_start();
        value.strip_prefix(b":").map(<[u8]>::trim_ascii_start)
    })
}

/// Where a walk over JSON is.
#[derive(Default)]
struct Walk {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Walk {
    fn is_outside(&self) -> bool {
        self.depth == 0 && !self.in_string
    }

    /// None: there is a closing bracket too many.
    fn step(&mut self, byte: u8) -> Option<()> {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.in_string => self.is_escaped = true,
            b'"' => self.in_string = !self.in_string,
            b'{' | b'[' if !self.in_string => self.depth += 1,
            b'}' | b']' if !self.in_string => self.depth = self.depth.checked_sub(1)?,
            _ => {}
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_between_its_events_only() {
        let cut = |text: &'static [u8]| events(text);
        assert_eq!(cut(b" [] ").unwrap(), [b""; 0]);
        assert_eq!(
            cut(b"[{\"a\": \"],[\\\"\"}, {\"b\": [1,2]},7 ]").unwrap(),
            [&b"{\"a\": \"],[\\\"\"}"[..], b"{\"b\": [1,2]}", b"7"]
        );
        // A byte that is no character, one that no string has, and a bad escape.
        assert_eq!(cut(b"[{\"a\":\"\xff\"},{\"b\":\"\x01\"},{\"c\":\"\\x\"}]").unwrap().len(), 3);
        for broken in [
            &b"[{\"a\":1},{\"b\":"[..],
            b"[{\"a\":1}",
            b"[{\"a\":\"x]",
            b"{}",
            b"",
            b"[1,]",
            b"[}]",
        ] {
            assert_eq!(cut(broken), None, "{}", String::from_utf8_lossy(broken));
        }
    }

    #[test]
    fn a_text_is_found_in_what_is_damaged_or_cut_off() {
        let of = |text: &'static [u8]| text_of(text, "uuid");
        let one = Some("e-1".to_owned());
        assert_eq!(of(b"{\"x\":{\"uuid\":\"no\"},\"uuid\" : \"e-1\",\"uuid\":\"e-2\"}"), one);
        assert_eq!(of(b"{\"a\":\"\xff\",\"b\":\"\\ud800\",\"uuid\":\"e-1\",\"c\":\"cut o"), one);
        assert_eq!(of(b"{\"a\":\"uuid\",\"uuid\":7}"), None);
        assert_eq!(of(b"[\"uuid\"]"), None);
        assert_eq!(of(b"{\"uuid\""), None);
    }

    #[test]
    fn a_value_is_cut_out_as_it_is_spelled() {
        let of = |text: &'static [u8]| value_of(text, "a");
        assert_eq!(
            of(b"{\"b\":{\"a\":1},\"a\" : [\"\xff,}\", {}] ,\"c\":1}").unwrap(),
            b"[\"\xff,}\", {}]"
        );
        assert_eq!(of(b"{\"a\":7}").unwrap(), b"7");
        assert_eq!(of(b"{\"a\":[1,2"), None, "cut off");
        assert_eq!(of(b"{\"b\":\"a\"}"), None);
    }
}
