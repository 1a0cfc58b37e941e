//! What Okta says of a sign-in that did not succeed: `outcome.result` is a word, `outcome.reason` a
//! code or prose.

use claimledger_facts::vocabulary::{FREE_TEXT, SignInResult, is_code};

/// The user said no on their device.
pub(super) const PUSH_REJECTED: &str = "push_rejected";

/// Fixed sentences of Okta, and the code for each. Any other text may name a person, and is
/// sealed.
const PROSE: &[(&str, &str)] = &[
    ("user rejected okta push verify", PUSH_REJECTED),
    ("fastpass declined phishing attempt", "phishing_declined"),
    ("sign-on policy evaluation resulted in deny", "policy_denied"),
    ("sign-on policy evaluation resulted in enroll", "enrollment_needed"),
    ("sign-on policy evaluation resulted in challenge", "challenged"),
];

/// The outcome.
pub(super) fn result(word: &str) -> SignInResult {
    match word {
        "FAILURE" => SignInResult::Failure,
        "DENY" => SignInResult::Deny,
        "CHALLENGE" => SignInResult::Challenge,
        "ABANDONED" => SignInResult::Abandoned,
        "UNANSWERED" => SignInResult::Unanswered,
        "RATE_LIMIT" => SignInResult::RateLimit,
        "SKIPPED" => SignInResult::Skipped,
        _ => SignInResult::Other,
    }
}

/// The code of a reason; of prose [`FREE_TEXT`]: the prose itself is sealed.
pub(super) fn reason(text: &str) -> String {
    let lowered = text.trim().to_ascii_lowercase();
    if let Some((_, code)) = PROSE.iter().find(|(prose, _)| *prose == lowered) {
        return (*code).to_owned();
    }
    // Codes of the source are spelled in capitals; a word in lower case may be anybody's name.
    let is_spelled = text.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
    if is_spelled && is_code(&lowered) { lowered } else { FREE_TEXT.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_known_prose_are_codes_and_other_prose_is_sealed() {
        assert_eq!(reason("INVALID_CREDENTIALS"), "invalid_credentials");
        assert_eq!(reason("User rejected Okta push verify"), PUSH_REJECTED);
        for prose in ["Bob said no", "bob", "bob_smith", "Bob", "\u{c9}"] {
            assert_eq!(reason(prose), FREE_TEXT, "{prose}");
        }
    }
}
