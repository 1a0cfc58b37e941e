//! What is appended: Okta System Log lines of 891 bytes, ten a session, one new person in ten
//! sessions.
//!
//! As in a real log, sessions run beside each other (a thousand at a time), and their ids look
//! random: an index over them is written all over.

use serde_json::{Value, json};

/// Bytes a line.
pub(crate) const LINE_BYTES: usize = 891;

/// Sessions that are open at the same time.
const CONCURRENT_SESSIONS: usize = 1_000;

/// The session of a line, and which of its ten events it is.
fn place(n: usize) -> (usize, usize) {
    let (block, within) = (n / (CONCURRENT_SESSIONS * 10), n % (CONCURRENT_SESSIONS * 10));
    (block * CONCURRENT_SESSIONS + within % CONCURRENT_SESSIONS, within / CONCURRENT_SESSIONS)
}

/// The session id of a line: looks random, and is the same in every run.
pub(crate) fn session(n: usize) -> String {
    let mut x = place(n).0 as u64;
    // The finalizer of MurmurHash3: a bijection, so no two sessions share an id.
    x = (x ^ (x >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    x = (x ^ (x >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    format!("idx{:016x}", x ^ (x >> 33))
}

/// The line of this number, the same in every run.
pub(crate) fn line(n: usize) -> Vec<u8> {
    let (session, step) = place(n);
    let user = format!("00u{:012}", session / 10);
    let app = format!("0oa{:09}", session % 40);
    let person = json!({"id": user, "type": "User", "alternateId": format!("p{}@example.com",
        session / 10), "displayName": format!("Person {}", session / 10)});
    let instance =
        json!({"id": app, "type": "AppInstance", "alternateId": "App", "displayName": "App"});
    let (kind, result, targets, debug) = match step {
        0 => ("user.session.start", "SUCCESS", json!([]), json!({})),
        1 => (
            "user.authentication.auth_via_IDP",
            "SUCCESS",
            json!([instance, person]),
            json!({"amrList": "[pwd, hwk]"}),
        ),
        2 => ("policy.evaluate_sign_on", "CHALLENGE", json!([instance]), json!({})),
        3 => (
            "user.authentication.auth_via_mfa",
            "SUCCESS",
            json!([person, {"id": "opf1", "type": "AuthenticatorEnrollment",
                "detailEntry": {"methodTypeUsed": "Password",
                "methodUsedVerifiedProperties": "[USER_PRESENCE]"}}]),
            json!({"factor": "PASSWORD_AS_FACTOR", "factorIntent": "LOGIN"}),
        ),
        4 => ("policy.evaluate_sign_on", "ALLOW", json!([instance]), json!({})),
        9 => ("user.session.end", "SUCCESS", json!([]), json!({})),
        _ => ("user.authentication.sso", "SUCCESS", json!([instance]), json!({})),
    };
    let seconds = n / 4;
    let published = format!(
        "2026-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        1 + seconds / 2_419_200 % 12,
        1 + seconds / 86_400 % 28,
        seconds / 3_600 % 24,
        seconds / 60 % 60,
        seconds % 60,
        n % 4 * 250
    );
    let mut event = json!({
        "uuid": format!("{n:08x}-7c1d-11f1-8a00-0242ac120002"), "published": published,
            "eventType": kind, "version": "0", "severity": "INFO",
        "actor": person, "outcome": {"result": result}, "target": targets,
        "client": {"ipAddress": format!("10.{}.{}.{}", n / 65_536 % 256, n / 256 % 256, n % 256)},
        "authenticationContext": {"externalSessionId": self::session(n)},
        "transaction": {"type": "WEB", "id": format!("t{session}")},
            "debugContext": {"debugData": debug},
    });
    let bare = event.to_string().len();
    let pad = LINE_BYTES.saturating_sub(bare + r#","displayMessage":"""#.len());
    event["displayMessage"] = Value::String(padding(n, pad));
    event.to_string().into_bytes()
}

/// Text that compresses about as prose does.
fn padding(n: usize, length: usize) -> String {
    const WORDS: [&str; 16] = [
        "evaluation",
        "of",
        "sign-on",
        "policy",
        "user",
        "single",
        "to",
        "application",
        "authentication",
        "via",
        "session",
        "ended",
        "device",
        "known",
        "network",
        "zone",
    ];
    let mut text = String::with_capacity(length + 16);
    let mut x = n as u64;
    while text.len() < length {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(WORDS[(x >> 60) as usize]);
        text.push(' ');
    }
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use super::{LINE_BYTES, line};

    #[test]
    fn every_line_has_its_size_and_is_read_as_an_event() {
        for n in 0..200 {
            let line = line(n);
            assert_eq!(line.len(), LINE_BYTES, "{}", String::from_utf8_lossy(&line));
            let settings = claimledger_sources::Dialect::OktaSystemLog.into();
            let drafts =
                claimledger_sources::translate(&settings, None, &line).expect("an event").drafts;
            assert!(!drafts[0].facts.is_empty(), "{}", drafts[0].kind);
        }
    }
}
