//! Forms of one event: dialects, wrappers, times, doubled and added fields.

use super::{drafts_of, event, read, with};
use claimledger_facts::vocabulary::Note;
use claimledger_sources::Dialect;
use serde_json::json;

/// Trap 4: other content under one uuid is a variant, and the same event in another dialect is not.
#[test]
fn dialects_of_one_event_have_one_canonical_line() {
    let camel = with(
        "user.session.start",
        json!({"device": {"os_platform": "OSX", "secure_hardware_present": true},
            "securityContext": {"isProxy": false}, "displayMessage": null}),
    );
    let canonical = read(&camel).canonical;
    assert!(read(&camel).variants_allowed);
    let text = camel.to_string();
    let lower = text
        .replace("eventType", "eventtype")
        .replace("authenticationContext", "authenticationcontext")
        .replace("debugContext", "debugcontext")
        .replace("externalSessionId", "externalsessionid")
        .replace("securityContext", "securitycontext")
        .replace("isProxy", "isproxy");
    let same = [
        lower,
        text.replace("os_platform", "osPlatform")
            .replace("secure_hardware_present", "secureHardwarePresent"),
        text.replace("\"version\":\"0\"", "\"version\":0"),
        text.replace("2026-03-10T10:00:00.000Z", "2026-03-10 10:00:00.000"),
        text.replace("2026-03-10T10:00:00.000Z", "2026-03-10T12:00:00+02:00"),
        text.replace("2026-03-10T10:00:00.000Z", "2026-03-10T10:00:00.000+0000"),
        json!({"_raw": text, "_time": 1, "host": "h"}).to_string(),
        json!({"_raw": format!("[{text}]\n")}).to_string(),
    ];
    for other in same {
        assert_eq!(
            String::from_utf8_lossy(
                &drafts_of(Dialect::OktaSystemLog, other.as_bytes()).unwrap()[0].canonical
            ),
            String::from_utf8_lossy(&canonical)
        );
    }
    let both =
        with("user.session.start", json!({"eventtype": "user.session.end", "displaymessage": "x"}));
    assert_eq!(read(&both).kind, "user.session.start", "what is spelled as the API does counts");
    for change in [
        json!({"outcome": {"result": "success"}}),
        json!({"client": {"zone": "null"}}),
        json!({"target": [{}]}),
        json!({"eventtype": "x"}),
        json!({"version": "00"}),
    ] {
        let mut other = camel.clone();
        other.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_ne!(read(&other).canonical, canonical, "{change}");
    }
}

#[test]
fn a_wrapper_gives_its_events_and_is_kept_as_it_came() {
    let (one, two) = (
        event("user.session.start").to_string(),
        with("user.session.end", json!({"uuid": "e-2"})).to_string(),
    );
    let wrapper = json!({"_raw": one, "uuid": "not this", "host": "h"}).to_string();
    let drafts = drafts_of(Dialect::OktaSystemLog, wrapper.as_bytes()).unwrap();
    assert_eq!(
        (drafts.len(), drafts[0].source_id.as_str(), &drafts[0].original[..]),
        (1, "e-1", wrapper.as_bytes())
    );
    let drafts = drafts_of(
        Dialect::OktaSystemLog,
        json!({"_raw": format!("{one}\n{two}")}).to_string().as_bytes(),
    )
    .unwrap();
    assert_eq!(
        drafts.iter().map(|d| (d.source_id.as_str(), d.original.clone())).collect::<Vec<_>>(),
        [("e-1", one.into_bytes()), ("e-2", two.into_bytes())]
    );
}

#[test]
fn a_time_without_a_zone_is_read_as_utc_and_flagged() {
    for (published, flagged) in [
        ("2026-03-10 10:00:00.000", true),
        ("2026-03-10T10:00:00", true),
        ("2026-03-10T10:00:00Z", false),
    ] {
        let draft = read(&with("user.session.start", json!({"published": published})));
        assert_eq!(
            (draft.occurred.from.to_string(), draft.occurred.to),
            ("2026-03-10T10:00:00Z".to_owned(), None)
        );
        assert_eq!(draft.notes, if flagged { vec![Note::TimeZoneAssumedUtc] } else { vec![] });
        assert_eq!(draft.facts.len(), 1);
    }
    let masked = read(&with("user.session.start", json!({"published": "redacted"})));
    assert!(masked.occurred.to.is_some() && masked.facts.is_empty());
    assert_eq!(masked.notes, [Note::TimeZoneAssumedUtc, Note::NotUnderstood]);
}

#[test]
fn keys_that_stand_twice_are_taken_if_they_agree() {
    let text = event("user.session.start").to_string();
    assert!(
        drafts_of(Dialect::OktaSystemLog, text.replacen('{', "{\"uuid\":\"e-1\",", 1).as_bytes())
            .is_ok()
    );
    let refusal =
        drafts_of(Dialect::OktaSystemLog, text.replacen('{', "{\"uuid\":\"e-2\",", 1).as_bytes())
            .unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("uuid"));
}

#[test]
fn fields_that_a_collector_added_are_reported() {
    let mut event = event("user.session.start");
    event["p_row_id"] = json!("x");
    assert_eq!(read(&event).unknown_fields, ["p_row_id"]);
}
