//! The splitter: forms of input, what a broken value costs, and limits.

use claimledger_facts::refusal::RefusalCode;
use claimledger_sources::{Limits, MAX_VALUE_BYTES, Splitter};

/// Pieces as `line:text`, refusals as `line!code`.
fn split(input: impl AsRef<[u8]>) -> Vec<String> {
    split_in(&[input.as_ref()], MAX_VALUE_BYTES)
}

fn split_in(chunks: &[&[u8]], max_value_bytes: usize) -> Vec<String> {
    let mut splitter = Splitter::new(Limits { max_value_bytes });
    let mut found = Vec::new();
    for chunk in chunks {
        splitter.push(chunk);
        found.extend(splitter.by_ref());
    }
    splitter.finish();
    found.extend(splitter.by_ref());
    let shown = |item: Result<claimledger_sources::Piece, _>| match item {
        Ok(piece) => format!("{}:{}", piece.line, String::from_utf8_lossy(&piece.bytes)),
        Err(refusal) => {
            let refusal: claimledger_facts::refusal::Refusal = refusal;
            let code = match refusal.code {
                RefusalCode::Malformed => "malformed",
                RefusalCode::TooLarge => "too_large",
                other => panic!("{other:?}"),
            };
            format!("{}!{code}", refusal.line.expect("a line"))
        }
    };
    found.into_iter().map(shown).collect()
}

#[test]
fn json_lines_one_value_and_arrays() {
    assert_eq!(split("{\"a\":1}\n{\"a\":2}\n"), ["1:{\"a\":1}", "2:{\"a\":2}"]);
    assert_eq!(split("{\"a\":1}\r\n\r\n \t\n{\"a\":2}"), ["1:{\"a\":1}", "4:{\"a\":2}"]);
    assert_eq!(split("\n{\n  \"a\": [1,\n  2]\n}\n"), ["2:{\n  \"a\": [1,\n  2]\n}"]);
    assert_eq!(split("[{\"a\":1},{\"a\":[2]}]"), ["1:{\"a\":1}", "1:{\"a\":[2]}"]);
    assert_eq!(split("[\n  {\n    \"a\": 1\n  },\n  {}\n]\n"), ["2:{\n    \"a\": 1\n  }", "5:{}"]);
    assert_eq!(split("[{}]\n[{},{}]\n{}"), ["1:{}", "2:{}", "2:{}", "3:{}"]);
    assert_eq!(split("[]"), [""; 0]);
    assert_eq!(split(" \n\n"), [""; 0]);
    assert_eq!(split(""), [""; 0]);
    assert_eq!(split("{\"a\":\"}\\\"]\"}{}"), ["1:{\"a\":\"}\\\"]\"}", "1:{}"]);
}

#[test]
fn what_is_no_object_is_a_piece_of_its_line() {
    assert_eq!(split("login of alice\n{}\n"), ["1:login of alice", "2:{}"]);
    assert_eq!(split("say \"hi\"\n{}"), ["1:say \"hi\"", "2:{}"]);
    assert_eq!(split("[1, \"x\", true]"), ["1:1", "1:\"x\"", "1:true"]);
    assert_eq!(split("7"), ["1:7"]);
}

#[test]
fn a_byte_order_mark_is_tolerated_at_the_beginning_only() {
    assert_eq!(split("\u{feff}{}\n"), ["1:{}"]);
    assert_eq!(split_in(&[b"\xEF", b"\xBB", b"\xBF{}"], 100), ["1:{}"]);
    assert_eq!(split("\u{feff}"), [""; 0]);
    assert_eq!(split("{}\n\u{feff}{}\n{}"), ["1:{}", "2!malformed", "3:{}"]);
}

#[test]
fn a_cut_line_costs_itself_and_no_other() {
    for cut in [
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":",
        "{\"a\"",
        "{\"a",
        "{",
        "{\"a\":\"x",
        "{\"a\":{\"b\":1}",
        "{\"a\":[1,2",
        "{\"a\":tr",
        "{\"a\":[{},",
    ] {
        assert_eq!(
            split(format!("{{\"x\":0}}\n{cut}\n{{\"b\":2}}\n{{\"c\":3}}\n")),
            ["1:{\"x\":0}", "2!malformed", "3:{\"b\":2}", "4:{\"c\":3}"],
            "{cut}"
        );
        assert_eq!(split(format!("{cut}\n{{\"b\":2}}\n")), ["1!malformed", "2:{\"b\":2}"], "{cut}");
        assert_eq!(split(format!("{{\"x\":0}}\n{cut}")), ["1:{\"x\":0}", "2!malformed"], "{cut}");
    }
}

#[test]
fn a_broken_line_is_one_refusal() {
    for broken in [
        "{\"a\":1}}",
        "{\"a\" 1}",
        "{]",
        "}",
        "{\"a\":1},",
        "abc {\"a\":1}",
        "{'a':1}",
        ",",
        "[{\"a\":}]",
    ] {
        let found = split(format!("{{}}\n{broken}\n{{}}\n"));
        let refused = found.iter().filter(|item| item.contains('!')).count();
        assert!(
            found.first().unwrap() == "1:{}" && found.last().unwrap() == "3:{}" && refused <= 1,
            "{broken}: {found:?}"
        );
    }
    assert_eq!(
        split("{\"a\":\"x\n{}\n\"}\n{}"),
        ["1!malformed", "2:{}", "3!malformed", "4:{}"],
        "no text goes on over lines"
    );
    assert_eq!(split("{]\n{]\n{}"), ["1!malformed", "2!malformed", "3:{}"]);
}

#[test]
fn a_broken_value_over_many_lines_is_one_refusal() {
    assert_eq!(split("{\n  \"a\": 1\n  \"b\": {\n  }\n}\n{\n}\n"), ["1!malformed", "6:{\n}"]);
    assert_eq!(
        split("[\n  {\n    \"a\": 1\n    \"b\": 2\n  },\n  {}\n]\n"),
        ["2!malformed", "6:{}"]
    );
    assert_eq!(split("[\n{\"a\":},\n{\"b\":1}\n]"), ["2!malformed", "3:{\"b\":1}"]);
    assert_eq!(split("[{\"a\":}]\n[{}]\n{}\n{}"), ["1!malformed", "2:{}", "3:{}", "4:{}"]);
    assert_eq!(split("[\n{\"a\" 1},\n{\"b\":1}\n]"), ["2!malformed", "3:{\"b\":1}"]);
}

#[test]
fn arrays_that_break_or_end_early_say_so() {
    assert_eq!(split("\n[{}"), ["2:{}", "2!malformed"]);
    assert_eq!(split("[{},]\n{}"), ["1:{}", "1!malformed", "2:{}"].map(str::to_owned).to_vec());
    assert_eq!(split("[{} {}]"), ["1:{}", "1!malformed", "1:{}"]);
    assert_eq!(split("[,{}]\n{}"), ["1!malformed", "2:{}"].map(str::to_owned).to_vec());
}

#[test]
fn a_value_may_have_exactly_the_limit() {
    let value = |n: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(n - 8));
    assert_eq!(split_in(&[value(64).as_bytes()], 64).len(), 1);
    assert_eq!(split_in(&[value(64).as_bytes()], 64)[0].len(), 66);
    let input = format!("{}\n{{}}\n", value(65));
    assert_eq!(split_in(&[input.as_bytes()], 64), ["1!too_large", "2:{}"]);
    assert_eq!(split_in(&[b"[", value(65).as_bytes(), b",{}]\n"], 64)[0], "1!too_large");
    assert_eq!(split_in(&["x".repeat(65).as_bytes(), b"\n{}"], 64), ["1!too_large", "2:{}"]);
    assert_eq!(
        split_in(&[b"{\n", "\n".repeat(100).as_bytes(), b"}\n{}"], 64),
        ["1!too_large", "103:{}"]
    );
}

/// A value that never ends is not kept: the splitter holds one value's limit and the last chunk.
#[test]
fn memory_is_bounded() {
    let mut splitter = Splitter::new(Limits { max_value_bytes: 1024 });
    splitter.push(b"{\"a\":\"");
    let chunk = [b'x'; 512];
    let mut refusals = 0;
    for _ in 0..100_000 {
        splitter.push(&chunk);
        refusals += splitter.by_ref().count();
        assert!(splitter.buffered() <= 1024 + 2 * chunk.len(), "{}", splitter.buffered());
    }
    assert_eq!(refusals, 1);
}
