//! Trust is retracted from the directory.

use super::{FROM, day_before_it, head};
use crate::support::text;

#[test]
fn the_command_rehearses_and_records_a_retraction_once() {
    let scratch = day_before_it();
    let before = head(&scratch);
    let retract = ["--tenant", "acme", "retract", "--idp", "idp-x", "--from", FROM];
    let run = |more: &[&str]| {
        let out = scratch.run(&[&retract[..], more].concat());
        (out.status.code().expect("a status"), text(&out.stdout), text(&out.stderr))
    };

    let (status, said, error) = run(&["--key", "X1", "--rehearse"]);
    assert_eq!(status, 0, "{error}");
    assert!(said.contains("Falls: 1") && said.contains("Nothing was written"), "{said}");
    for (more, expected, says) in [
        (&["--reason", "leaked"][..], 2, "--key"),
        (&["--key", "X1", "--whole-idp", "--reason", "leaked"], 2, "cannot be used with"),
        (&["--key", "X1"], 2, "--reason"),
        (&["--key", "X9", "--reason", "leaked"], 3, "no key X9 of idp-x is known; known: X1, X2"),
        (&["--key", "X1", "--reason", " "], 3, "reason"),
        (&["--key", "X1", "--reason", "leaked", "--at", FROM], 2, "at the end of the log"),
    ] {
        let (status, said, error) = run(more);
        assert_eq!(status, expected, "{more:?}: {said}{error}");
        assert!(error.contains(says), "{more:?}: {error}");
    }
    assert_eq!(head(&scratch), before, "nothing was written");

    let args = ["--key", "X1", "--reason", "leaked", "--ticket", "T-3", "--id", "leak-1"];
    let (status, said, error) = run(&args);
    assert_eq!(status, 0, "{error}");
    for words in [
        &format!("Recorded as #{before} at "),
        "trust in key X1 of idp-x is retracted from 2026-03-10T13:40:00Z on",
        "Reason leaked, ticket T-3, by owner, id leak-1.",
        "Rested on it: 1 certain + 0 possible sessions.",
        "Decisions that fall: 1 certain + 0 possible.",
        &format!("Next: claimledger --tenant acme dependants --record {before}"),
    ] {
        assert!(said.contains(words), "{words}\nin\n{said}");
    }
    let (status, again, error) = run(&args);
    assert_eq!(status, 0, "{error}");
    assert_eq!(again, said.replace("Recorded as", "Already recorded as"));
    assert_eq!(head(&scratch), before + 1, "recorded once");
    let (status, _, error) = run(&[&args[..6], &["--id", "leak-1", "--ticket", "T-4"]].concat());
    assert_eq!(status, 2, "--ticket twice: {error}");
    let (status, _, error) = run(&["--key", "X1", "--reason", "lost", "--id", "leak-1"]);
    assert_eq!(status, 3, "{error}");
    let is = format!("other content is stored under claimledger/retract/leak-1 at #{before}");
    assert!(error.contains(&is), "{error}");

    let record = scratch.json(&["--tenant", "acme", "record", &before.to_string()]);
    assert_eq!(record["kind"], "trust.retracted", "{record}");
    // Another of the same: what there is, and what it adds.
    let (status, said, error) = run(&["--key", "X1", "--reason", "leaked", "--id", "leak-2"]);
    assert_eq!(status, 0, "{error}");
    let already = format!("by owner, from 2026-03-10T13:40:00Z on, #{before}.");
    assert!(said.contains("Retracted already: key X1, at ") && said.contains(&already), "{said}");
    assert!(said.contains("This one adds nothing: what it hits was hit already."), "{said}");
    let earlier = [
        "--tenant",
        "acme",
        "retract",
        "--idp",
        "idp-x",
        "--key",
        "X1",
        "--from",
        "2026-03-10T09:00:00Z",
        "--reason",
        "leaked",
        "--id",
        "leak-3",
    ];
    let said = scratch.ok(&earlier);
    let adds = "adds what was received from 2026-03-10T09:00:00Z up to 2026-03-10T13:40:00Z.";
    assert!(said.contains(adds), "{said}");
    assert_eq!(said.matches("Retracted already").count(), 2, "{said}");

    let (status, said, error) =
        run(&["--whole-idp", "--reason", "It was taken over, says Ito.", "--id", "i"]);
    assert_eq!(status, 0, "{error}");
    assert!(
        said.contains("trust in all of idp-x is")
            && said.contains("Reason free_text")
            && !said.contains("Retracted already"),
        "{said}"
    );
    // Free text is sealed, and is part of what is compared.
    let (status, _, error) =
        run(&["--whole-idp", "--reason", "For no reason at all.", "--id", "i"]);
    assert_eq!(status, 3, "{error}");
    let dump = std::fs::read(scratch.data().join("log.sqlite"))
        .or_else(|_| std::fs::read(scratch.data().join("log")));
    let dump = dump.expect("the log");
    assert!(!dump.windows(9).any(|bytes| bytes == b"says Ito."), "sealed");
    scratch.ok(&["--tenant", "acme", "verify"]);
}
