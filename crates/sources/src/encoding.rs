//! UTF-16 into UTF-8, a piece at a time: exports of some tools come that way. JSON begins with two
//! ASCII characters, so two bytes tell the encoding whether or not there is a byte order mark.

/// How the bytes of a stream are encoded.
#[derive(Debug)]
pub(crate) enum Encoding {
    /// Fewer than two bytes were seen.
    Unknown(Vec<u8>),
    /// Or anything else that is no UTF-16: it is passed on as it is.
    Utf8,
    /// With the bytes of a character that is not whole yet.
    Utf16 { little: bool, rest: Vec<u8> },
}

/// Stands for what is no character: no UTF-8 has this byte, so the value is refused with its field.
const BROKEN: u8 = 0xff;

impl Encoding {
    /// Appends the next bytes of the stream in UTF-8.
    pub(crate) fn decode(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Utf8 => out.extend_from_slice(chunk),
            Self::Utf16 { little, rest } => {
                rest.extend_from_slice(chunk);
                let used = utf16(rest, *little, out);
                rest.drain(..used);
            }
            Self::Unknown(seen) => {
                seen.extend_from_slice(chunk);
                let seen = std::mem::take(seen);
                *self = match seen[..] {
                    [] | [_] => {
                        *self = Self::Unknown(seen);
                        return;
                    }
                    [0xff, 0xfe, ..] => Self::Utf16 { little: true, rest: Vec::new() },
                    [0xfe, 0xff, ..] => Self::Utf16 { little: false, rest: Vec::new() },
                    [first, 0, ..] if first != 0 => Self::Utf16 { little: true, rest: Vec::new() },
                    [0, second, ..] if second != 0 => {
                        Self::Utf16 { little: false, rest: Vec::new() }
                    }
                    _ => Self::Utf8,
                };
                let marked = matches!(seen[..], [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
                self.decode(&seen[if marked { 2 } else { 0 }..], out);
            }
        }
    }

    /// Appends what is left at the end of the stream.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::Unknown(seen) => out.append(seen),
            Self::Utf16 { rest, .. } if !rest.is_empty() => {
                rest.clear();
                out.push(BROKEN);
            }
            Self::Utf8 | Self::Utf16 { .. } => {}
        }
    }
}

/// Decodes whole characters; how many bytes they took.
fn utf16(bytes: &[u8], little: bool, out: &mut Vec<u8>) -> usize {
    let unit =
        |pair: &[u8; 2]| if little { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) };
    let (units, _) = bytes.as_chunks::<2>();
    let mut whole = units.len();
    // The second half of the last character may be in the next piece.
    if units.last().is_some_and(|last| (0xd800..0xdc00).contains(&unit(last))) {
        whole -= 1;
    }
    for character in char::decode_utf16(units[..whole].iter().map(unit)) {
        match character {
            Ok(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(_) => out.push(BROKEN),
        }
    }
    whole * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], piece: usize) -> Vec<u8> {
        let (mut encoding, mut out) = (Encoding::Unknown(Vec::new()), Vec::new());
        bytes.chunks(piece).for_each(|chunk| encoding.decode(chunk, &mut out));
        encoding.finish(&mut out);
        out
    }

    #[test]
    fn both_orders_with_and_without_a_mark_in_pieces_of_any_size() {
        let text = r#"{"a": "é😀"}"#;
        for (mark, little) in [(true, true), (true, false), (false, true), (false, false)] {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            let bytes: Vec<u8> = units
                .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
                .collect();
            for piece in 1..9 {
                assert_eq!(decoded(&bytes, piece), text.as_bytes(), "{mark} {little} {piece}");
            }
        }
    }

    #[test]
    fn utf8_passes_and_broken_utf16_is_no_text() {
        for text in ["", "{", "{}", "é", "\u{feff}{}"] {
            assert_eq!(decoded(text.as_bytes(), 1), text.as_bytes());
        }
        assert_eq!(decoded(b"\xff\xfe{\0\x00\xd8}\0", 3), b"{\xff}");
        assert_eq!(decoded(b"\xff\xfe{\0\"", 2), b"{\xff");
    }
}
