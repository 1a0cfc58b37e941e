//! Refused records: limits of numbers, times and text.

use super::{ingest, try_ingest};
use crate::support::Scratch;
use crate::support::okta_events::{event, with};
use serde_json::json;

fn native(id: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"claims.received","session":"S1","subject":{{"id":"u"}},{rest}}}"#
    )
}

#[test]
fn keep_going_reports_refused_records() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let good = native("good", r#""occurred_at":"2026-03-10T10:00:00Z","data":{"idp":"x"}"#);
    let bad = native("bad", r#""occurred_at":"2026-03-10T10:00:00Z","data":{}"#);
    let (status, answer, words) =
        try_ingest(&scratch, "f", format!("{bad}\n{good}\n"), &["--keep-going"]);
    assert_eq!(
        (status, answer["stored"].as_u64(), answer["refused"].as_array().map(Vec::len)),
        (Some(3), Some(1), Some(1)),
        "{answer} {words}"
    );
    let (status, ..) = try_ingest(&scratch, "f", format!("{good}\n"), &["--keep-going"]);
    assert_eq!(status, Some(0));
}

#[test]
fn numbers_past_64_bits_under_one_id_are_distinguished() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let line = |number: &str| {
        native(
            "big",
            &format!(
                r#""occurred_at":"2026-03-10T10:00:00Z","data":{{"idp":"x","more":{number}}}"#
            ),
        )
    };
    let (status, ..) = try_ingest(&scratch, "f", line("123456789012345678901234567890"), &[]);
    assert_eq!(status, Some(0));
    for same in [
        "123456789012345678901234567890",
        "123456789012345678901234567890.0",
        "12345678901234567890123456789e1",
    ] {
        let (status, answer, _) = try_ingest(&scratch, "f", line(same), &[]);
        assert_eq!((status, answer["repeated"].as_u64()), (Some(0), Some(1)), "{same}: {answer}");
    }
    for other in [
        "123456789012345678901234567891",
        "123456789012345678901234567890.1",
        "1e30",
        "1e400",
        "-123456789012345678901234567890",
    ] {
        let (status, answer, _) = try_ingest(&scratch, "f", line(other), &[]);
        assert_eq!(
            (status, &answer["error"]["code"]),
            (Some(3), &json!("conflict")),
            "{other}: {answer}"
        );
    }
    // The same for an Okta event: other content is a variant.
    let okta = |number: &str| {
        event("big", "user.session.start", "10:00:00", ("idxBig", "T-1", "T-1"))
            .to_string()
            .replace("\"authenticationStep\":0", &format!("\"authenticationStep\":{number}"))
    };
    let (first, again, other) =
        ("18446744073709551616", "18446744073709551616", "18446744073709551617");
    assert_eq!(ingest(&scratch, "o", okta(first))["stored"], 1);
    assert_eq!(ingest(&scratch, "o", okta(again))["repeated"], 1);
    assert_eq!(ingest(&scratch, "o", okta(other))["variants"], 1);
}

#[test]
fn times_past_the_years_0000_to_9999_in_utc_are_refused() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let token = scratch.json(&["token", "--role", "ingest", "--source", "acme"])["token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let outside =
        ["9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01", "10000-01-01T00:00:00Z"];
    let at = |time: &str, auth: &str| {
        native("t", &format!(r#""occurred_at":"{time}","data":{{"idp":"x","auth_time":"{auth}"}}"#))
    };
    let good = "2026-03-10T10:00:00Z";
    let mut cases: Vec<(String, &str, &str)> = Vec::new();
    for time in outside {
        cases.push((at(time, good), "native", "occurred_at"));
        cases.push((at(good, time), "native", "data.auth_time"));
        let cloud = json!({"specversion": "1.0", "id": "t", "source": "acme",
            "type": "claimledger.claims.received", "time": time, "session": "S1", "subject": "u",
            "data": {"idp": "x"}});
        cases.push((cloud.to_string(), "cloudevents", "time"));
        let okta = with(
            event("t", "user.session.start", "10:00:00", ("idxT", "T", "T")),
            json!({"published": time}),
        );
        // A text that is no time at all is masked by some collectors, and kept; one that is a time
        // outside of what can be written is refused.
        if !time.starts_with("10000") {
            cases.push((okta.to_string(), "okta-system-log", "published"));
        }
    }
    for (line, dialect, field) in &cases {
        let (status, answer, words) = try_ingest(&scratch, "f", line, &["--as", dialect]);
        assert_eq!(status, Some(3), "{line}: {answer} {words}");
        assert_eq!(answer["error"]["field"], *field, "{answer}");
        // It is RFC 3339, so the message must not deny that.
        let message = answer["error"]["message"].as_str().expect("a message");
        let is_written = !line.contains("10000-");
        assert_eq!(message.contains("out of range"), is_written, "{message}");
    }
    for edge in ["9999-12-31T23:59:59.999999Z", "0000-01-01T00:00:00Z"] {
        let (status, answer, words) =
            try_ingest(&scratch, "f", at(edge, good).replace("\"t\"", &format!("\"{edge}\"")), &[]);
        assert_eq!(status, Some(0), "{edge}: {answer} {words}");
    }
    let server = scratch.serve();
    for (line, dialect, _) in &cases {
        let (status, body) = server.post(
            &format!("/v1/facts?as={dialect}"),
            Some(&token),
            "application/json",
            line.as_bytes(),
        );
        assert!((400..500).contains(&status), "{line}: {status} {body}");
    }
}

#[test]
fn every_text_of_the_native_contract_is_bounded() {
    let scratch = Scratch::new();
    scratch.ok(&["init", "--tenant", "acme"]);
    let long = "x".repeat(600);
    let many: Vec<String> = (0..600).map(|n| format!("v{n}")).collect();
    let at = "\"occurred_at\":\"2026-03-10T10:00:00Z\"";
    let cases = [
        ("data.acr", native("a", &format!(r#"{at},"data":{{"idp":"x","acr":"{long}"}}"#))),
        ("data.acr", native("a", &format!(r#"{at},"data":{{"idp":"x","acr":"a\nb"}}"#))),
        ("data.amr[0]", native("b", &format!(r#"{at},"data":{{"idp":"x","amr":["{long}"]}}"#))),
        ("data.amr", native("c", &format!(r#"{at},"data":{{"idp":"x","amr":{}}}"#, json!(many)))),
    ];
    for (field, line) in cases {
        let (status, answer, words) = try_ingest(&scratch, "f", &line, &[]);
        assert_eq!(
            (status, &answer["error"]["field"]),
            (Some(3), &json!(field)),
            "{answer} {words}"
        );
    }
}
