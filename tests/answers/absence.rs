//! "None" and "none seen".

use super::{T, absence, acme, ledger};
use crate::support::text;
use std::collections::BTreeMap;

/// Every command that may have an empty answer, with arguments that match nothing, and the text
/// that replaces the list.
const EMPTY: &[(&[&str], &str)] = &[
    (&["sessions", "--active-at", "2020-01-01T00:00:00Z"], "None"),
    (&["decisions", "--outcome", "deny"], "None"),
    (&["reused"], "None"),
    (&["outlived"], "None"),
    (&["first-seen", "key", "--from", "2030-01-01T00:00:00Z"], "None"),
    (&["held-under", "wiki", "v1"], "None"),
    (&["held-under", "wiki", "v2"], "None"),
    (&["dependants", "--actor", "admin-1"], "nothing "),
    (&["dependants", "--record", "p2"], "nothing "),
    (&["trust", "--idp", "idp-b"], "None"),
    (&["policies", "--policy", "other"], "None"),
    (
        &["rehearse", "trust-off", "--idp", "idp-a", "--from", "2026-03-10T00:00:00Z", "--to", T],
        "Flips: none",
    ),
    (&["chain", "S1"], "none"),
    (&["find", "nobody-knows-this"], "None"),
    (&["why", "S2", "--app", "mail"], "None"),
];

#[test]
fn none_is_said_only_where_every_source_was_heard_up_to_t() {
    for complete in [true, false] {
        let scratch = ledger(complete);
        for (args, says) in EMPTY {
            let (code, words) = absence(&scratch, args);
            let out = scratch.run(&acme(args));
            let printed = format!("{}{}", text(&out.stdout), text(&out.stderr));
            assert!(printed.contains(says), "{args:?}: {printed}");
            if args[0] == "find" {
                // Not every kind of id is searched, so that "none" is never said.
                let why = "None seen, because not everything was searched: not tickets, rules, \
                           versions, holds";
                assert!(code == "NONE_SEEN" && words.starts_with(why), "{words}");
                assert!(!printed.contains("None:"), "{printed}");
            } else if complete {
                assert_eq!(
                    (code.as_str(), words.as_str()),
                    ("NONE", "None: complete, every source has been heard up to T."),
                    "{args:?}"
                );
                assert!(
                    !printed.contains("seen") || args[0] == "first-seen",
                    "{args:?}: {printed}"
                );
            } else {
                let expected = "None seen, because not everything was heard: sp does not say how \
                                complete it is.";
                assert_eq!((code.as_str(), words.as_str()), ("NONE_SEEN", expected), "{args:?}");
                assert!(
                    printed.contains("one seen") || printed.contains("nothing seen"),
                    "{args:?}: {printed}"
                );
                assert!(
                    !printed.contains("None:") && !printed.contains("None."),
                    "{args:?}: {printed}"
                );
            }
        }
    }
}

/// That nothing rests on a decision says nothing of it: it is no change.
#[test]
fn what_is_no_change_is_called_so() {
    let scratch = ledger(true);
    let record = ["dependants", "--record", "d1"];
    let words = "Record d1 is no change of trust, policy, keys or authenticators: nothing can rest \
                 on it as a change.";
    assert_eq!(absence(&scratch, &record), ("NOT_KNOWN".to_owned(), words.to_owned()));
    let out = scratch.run(&acme(&record));
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains(words), "{}", text(&out.stderr));
}

/// Every GraphQL field with the completeness of sources also has `absence`, including new ones.
#[test]
fn every_question_explains_absences_in_its_answer() {
    let path = format!("{}/../../schema/graphql/schema.graphql", env!("CARGO_MANIFEST_DIR"));
    let schema = std::fs::read_to_string(&path).expect("the schema");
    let mut types: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    let (mut of, mut with_arguments, mut in_words) = ("", "", false);
    for line in schema.lines() {
        if line.trim() == "\"\"\"" {
            in_words = !in_words;
        }
        if in_words {
            continue;
        }
        if let Some(name) =
            line.strip_prefix("type ").and_then(|rest| rest.split([' ', '{']).next())
        {
            of = name;
        } else if line == "}" {
            of = "";
        } else if let Some(name) = line.strip_prefix("  ").and_then(|l| l.strip_suffix('(')) {
            // Its arguments follow, a line each, and then its type.
            with_arguments = name;
        } else if let (false, Some((head, kind))) = (of.is_empty(), line.rsplit_once(": ")) {
            let name = match head.strip_prefix("  ").filter(|head| !head.starts_with(' ')) {
                Some(")") => with_arguments,
                Some(name) => name,
                None => continue,
            };
            types.entry(of).or_default().push((name, kind.trim_matches(['!', '[', ']', ' '])));
        }
    }
    let questions = &types["Query"];
    assert!(questions.len() > 15, "{questions:?}");
    for (question, answer) in questions {
        let has = |field: &str| {
            types.get(answer).is_some_and(|fields| {
                fields.iter().any(|(name, kind)| {
                    *name == field && (field != "absence" || *kind == "Absence")
                })
            })
        };
        // A cursor, a status, a checkpoint or a proof is no answer that could be empty; a record is
        // there or null. The access log has the entry of the question itself.
        let no_list =
            ["accesses", "changesCursor", "checkpoint", "consistency", "record", "status"];
        if !no_list.contains(question) {
            assert!(has("absence"), "{question}: {answer}");
            // One record depends on no cut, so nothing says how complete the sources were.
            assert!(has("completeness") || *question == "recordAnswer", "{question}: {answer}");
        }
    }
}
