//! The guard on deactivating, deleting and no longer trusting an IdP, and rehearsals of any change,
//! by command line and in GraphQL.

use crate::support::{Scratch, text};
use serde_json::{Value, json};

/// In the fixture idp-x and idp-y are trusted by then, and payroll asks for a phishing-resistant
/// factor that no local authenticator gives.
const AT: &str = "2026-03-10T15:00:00Z";
const DAY: [&str; 2] = ["--from", "2026-03-10T00:00:00Z"];

/// Exit status, and what was printed.
fn run(scratch: &Scratch, args: &[&str]) -> (Option<i32>, String) {
    let out = scratch.run(&[&["--tenant", "acme", "--at", AT], args].concat());
    (out.status.code(), format!("{}{}", text(&out.stdout), text(&out.stderr)))
}

fn guard(scratch: &Scratch, args: &[&str]) -> (Option<i32>, String) {
    run(scratch, &[&["guard"], args, &DAY].concat())
}

#[test]
fn the_exit_status_says_whether_it_is_allowed() {
    let scratch = Scratch::fixture();
    for (args, status, words) in [
        (&["idp-x", "--deactivate"][..], 0, "It is allowed to deactivate idp-x: another active"),
        (&["idp-x", "--delete"], 0, "It is allowed to delete idp-x: another active IdP"),
        (&["idp-x", "--untrust"], 0, "for the trust switch the same conditions are evaluated"),
        (&["idp-z", "--deactivate"], 0, "it takes away no claims that are trusted"),
        (&["idp-9", "--deactivate"], 1, "undetermined; what was configured for the IdP"),
        (&["no\nidp\u{1b}[31m", "--deactivate"], 1, "to deactivate no\\u{000A}idp\\u{001B}[31m"),
        (&["--feature-off", "third-party-claims-sharing"], 1, "It is not allowed to switch"),
        (&["--feature-off", "claims-sharing"], 0, "it takes away no claims that are trusted"),
        (&["idp-x"], 2, "required"),
        (&["idp-x", "--feature-off", "claims-sharing"], 2, "cannot be used with"),
        (&["--deactivate"], 2, "required"),
    ] {
        let (code, said) = guard(&scratch, args);
        assert_eq!(code, Some(status), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
    }
}

#[test]
fn it_names_the_rules_and_who_would_be_locked_out() {
    let scratch = Scratch::fixture();
    let (_, said) = guard(&scratch, &["--feature-off", "third-party-claims-sharing"]);
    for words in [
        "rule payroll-2: local authenticators: no phishing-resistant factor",
        "Locked out: 2",
        "Double prompts: 1",
        "payroll v2 can then be met by nobody: no such IdP is trusted in the window.",
    ] {
        assert!(said.contains(words), "{words}\nin\n{said}");
    }
    // The command line and GraphQL give one answer.
    let token = scratch.token("acme", "read");
    let cli = scratch.json(&[
        "--tenant",
        "acme",
        "--at",
        AT,
        "--known-at",
        "81",
        "guard",
        "idp-x",
        "--deactivate",
        DAY[0],
        DAY[1],
    ]);
    let server = scratch.serve();
    let answer = server.graphql(
        &token,
        "query ($asking: Asking) { guard(change: {kind: DEACTIVATE, idp: \"idp-x\"}, from: \
         \"2026-03-10T00:00:00Z\", asking: $asking) { verdict condition trusted { idp } requiring \
         { policy rule unmet } from to rehearsal { lockedOut { session app implied } \
         doublePrompts { session } } } }",
        json!({"asking": {"at": AT, "knownAtPosition": 81}}),
    );
    let answer = &answer["guard"];
    assert_eq!(
        (&answer["verdict"], &answer["condition"]),
        (&json!("ALLOWED"), &json!("ANOTHER_TRUSTED_IDP")),
        "{answer}"
    );
    assert_eq!(answer["trusted"], json!([{"idp": "idp-y"}]));
    assert_eq!(answer["to"], AT, "the window ends at T where nothing is said");
    for field in ["verdict", "condition", "from", "to"] {
        assert_eq!(answer[field], cli[field], "{field}");
    }
    let of = |value: &Value| -> Vec<Value> {
        let list = value["rehearsal"]["lockedOut"].as_array().expect("a list").iter();
        list.map(|out| json!([out["session"], out["app"], out["implied"]])).collect()
    };
    assert_eq!(of(answer), of(&cli));
    assert_eq!(of(answer).len(), 4);
}

#[test]
fn any_change_can_be_rehearsed() {
    let scratch = Scratch::fixture();
    let window = [DAY[0], DAY[1], "--to", AT];
    let rehearse = |args: &[&str]| run(&scratch, &[&["rehearse"], args, &window].concat());
    let policy = json!({"policy": "payroll", "version": "v3", "kind": "app_sign_in",
        "rules": [{"rule": "payroll-1", "priority": 1, "access": "allow", "factor_mode": "2fa",
            "alternatives": [{"possession": {"hardware_protected": true}}]}]});
    let file = scratch.file("policy.json", policy.to_string());
    let misspelled = policy.to_string().replace("alternatives", "alternative");
    let misspelled = scratch.file("misspelled.json", misspelled);
    let marked = scratch.file("marked.json", format!("\u{feff}{policy}"));
    let changed = |name: &str, value: Value| {
        let mut policy = policy.clone();
        policy[name] = value;
        scratch.file(&format!("{name}.json"), policy.to_string())
    };
    let twice = json!([policy["rules"][0], policy["rules"][0]]);
    let long = json!(vec![policy["rules"][0].clone(); 5_000]);
    let long = scratch.file(
        "long.json",
        json!({"rules": long, "policy": "payroll",
        "version": "v3", "kind": "app_sign_in"})
        .to_string(),
    );
    for (args, status, words) in [
        (&["policy", "--policy-file", &marked][..], 0, "no hardware-protected factor"),
        (
            &["policy", "--policy-file", &changed("kind", json!("global_session"))],
            3,
            "data.kind: payroll is of the kind app_sign_in, and not global_session",
        ),
        (
            &["policy", "--policy-file", &changed("apps", json!(["wiki"]))],
            3,
            "data.apps: payroll is the policy of payroll, and not of wiki",
        ),
        (
            &["policy", "--policy-file", &changed("rules", twice)],
            3,
            "data.rules[0] has the id payroll-1 too",
        ),
        (&["policy", "--policy-file", &long], 3, "is the most"),
        (
            &["retraction", "--idp", "idp-x", "--since", "2026-03-10T08:00:00Z"],
            0,
            "deny, then deny: not enough factors",
        ),
        (&["trust-off", "--idp", "no\nidp"], 1, "No identity provider no\\u{000A}idp is known"),
        (&["deactivated", "--idp", "idp-x"], 0, "Flips: 5"),
        (&["trust-on", "--idp", "idp-z"], 0, "Flips:"),
        (&["feature-off", "--feature", "third-party-claims-sharing"], 0, "Locked out: 2"),
        (&["policy", "--policy-file", &file], 0, "no hardware-protected factor"),
        (&["policy", "--policy-file", &misspelled], 3, "data.rules[0].alternative"),
        (&["policy", "--policy-file", "/nowhere"], 2, "/nowhere"),
        (&["policy"], 2, "policy needs --policy-file"),
        (&["trust-off"], 2, "trust-off needs --idp"),
        (&["trust-off", "--idp", "idp-x", "--key", "X1"], 2, "takes no --key"),
        (&["feature-off", "--idp", "idp-x"], 2, "takes no --idp"),
    ] {
        let (code, said) = rehearse(args);
        assert_eq!(code, Some(status), "{args:?}: {said}");
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(words), "{args:?}: {said}");
    }
}
