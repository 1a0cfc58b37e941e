//! The shapes of secrets: by which name a member holds one, and what in a text is one. One table
//! for all vendors; [`crate::bearer`] puts digests in their place.
//!
//! What is public is not among them, since it is evidence: ids of keys, tokens and sessions, public
//! keys, certificates, fingerprints.

use memchr::memchr_iter;

/// Members that hold a secret; compared without regard to case, `_`, `-` and spaces. Ids of tokens
/// (`tokenId`, `jti`) are not among them.
const MEMBERS: &[&str] = &[
    "accesstoken",
    "activationtoken",
    "adminpassword",
    "apikey",
    "apitoken",
    "assertion",
    "authorization",
    "authorizationcode",
    "bearertoken",
    "clientassertion",
    "clientsecret",
    "currentpassword",
    "devicesecret",
    "hashedpassword",
    "hmackey",
    "idtoken",
    "integrationkey",
    "interactionhandle",
    "newpassword",
    "oldpassword",
    "onetimetoken",
    "passcode",
    "passphrase",
    "password",
    "passwordhash",
    "privatekey",
    "recoverytoken",
    "refreshtoken",
    "samlresponse",
    "secret",
    "secretaccesskey",
    "secretkey",
    "sessiontoken",
    "setcookie",
    "sharedpassword",
    "sharedsecret",
    "statehandle",
    "statetoken",
    "temporarypassword",
    "token",
    "tokens",
    "webhooksecret",
];

/// Further parameters of URLs and forms that hold bearer material.
const PARAMETERS: &[&str] = &["code", "codeverifier", "devicecode", "oktakey", "otp", "sidtoken"];

/// Parts of the names of members of a configuration that hold a secret.
const PARTS: &[&str] = &[
    "accesskey",
    "adminpassword",
    "apikey",
    "apitoken",
    "bearertoken",
    "hashedpassword",
    "hmackey",
    "integrationkey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "setcookie",
];

/// How the name of a member ends that says something of a secret, and is none.
const ABOUT: &[&str] = &[
    "age",
    "algorithm",
    "attempts",
    "changed",
    "count",
    "created",
    "enabled",
    "expiration",
    "expiresat",
    "expiresin",
    "id",
    "ids",
    "length",
    "location",
    "minutes",
    "mode",
    "name",
    "policy",
    "required",
    "rotation",
    "status",
    "type",
    "updated",
    "uri",
    "url",
];

/// Members of a configuration whose text is a secret as a whole; an object of such a name holds
/// settings.
const TEXTS: &[&str] = &["authorization", "cookie", "credential", "pin", "pwd"];

/// Parts of the names of headers whose value is a secret, beside [`PARTS`].
const HEADERS: &[&str] = &["authorization", "cookie", "token", "password", "auth", "key"];

/// Headers of which nothing that lets its holder act is known; any other that begins with `X-` may
/// hold it.
const HARMLESS: &[&str] = &[
    "x-correlation-id",
    "x-environment",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-region",
    "x-request-id",
    "x-requested-with",
    "x-tenant-id",
];

/// Members of a JSON Web Key that are private.
const PRIVATE_JWK: &[&str] = &["d", "dp", "dq", "k", "oth", "p", "q", "qi"];

/// Words before a credential in a text: `Authorization: SSWS …`. White space follows, or what
/// stands for it in an address.
const SCHEMES: &[&str] = &["ssws", "bearer", "basic"];
const SPACES: &[&str] = &[" ", "\t", "\u{a0}", "%20", "+"];

/// Prose such as "bearer tokens" is none: a credential is long.
const LEAST_CREDENTIAL: usize = 16;

/// Whether a member of any vendor holds a secret.
pub(crate) fn is_member(name: &str) -> bool {
    may_be_member(name) && MEMBERS.iter().any(|known| is_same(name, known))
        || is_secret_header(name)
}

/// Whether one of [`MEMBERS`] begins as a name does and is as long. Every member of every event is
/// asked for, and this is nearly always the whole answer.
fn may_be_member(name: &str) -> bool {
    let (mut first, mut length) = (None, 0_u32);
    for byte in name.bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b' ')) {
        // What `is_same` ends at.
        if byte == b'(' {
            break;
        }
        first.get_or_insert(byte.to_ascii_lowercase());
        length += 1;
    }
    let letter = first.map_or(0, |first| usize::from(first.wrapping_sub(b'a')));
    LENGTHS.get(letter).is_some_and(|lengths| lengths.checked_shr(length).unwrap_or(0) & 1 == 1)
}

/// The lengths of [`MEMBERS`], as bits, by their first letter.
const LENGTHS: [u32; 26] = {
    let (mut lengths, mut n) = ([0; 26], 0);
    while n < MEMBERS.len() {
        lengths[(MEMBERS[n].as_bytes()[0] - b'a') as usize] |= 1 << MEMBERS[n].len();
        n += 1;
    }
    lengths
};

/// Whether a parameter of a URL or a form does.
pub(crate) fn is_parameter(name: &str) -> bool {
    is_member(name) || PARAMETERS.iter().any(|known| is_same(name, known))
}

/// Whether a member of a configuration does, by a part of its name.
pub(crate) fn is_configured(name: &str) -> bool {
    let name = plain(name);
    PARTS.iter().any(|part| name.contains(part)) && !ABOUT.iter().any(|end| name.ends_with(end))
}

/// Whether a text of a configuration does, as a whole.
pub(crate) fn is_configured_text(name: &str) -> bool {
    TEXTS.iter().any(|known| is_same(name, known))
}

/// Whether a header's value may be a secret: `Authorization`, `Cookie`, `X-Api-Key`, `X-Any`.
pub(crate) fn is_header(name: &str) -> bool {
    let is_named = |known: &&&str| name.eq_ignore_ascii_case(known);
    if HARMLESS.iter().any(|known| is_named(&known)) {
        return false;
    }
    is_extension(name) || has_secret_part(name)
}

/// Whether the value beside the name of an event's member is a secret: `{"key": …, "value": …}`.
pub(crate) fn is_named_value(name: &str) -> bool {
    is_member(name) || is_cookie(name)
}

fn is_cookie(name: &str) -> bool {
    ["cookie", "setcookie"].iter().any(|known| is_same(name, known))
}

/// A name that only a header has.
fn is_extension(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() > 2 && bytes[..2].eq_ignore_ascii_case(b"x-")
}

fn has_secret_part(name: &str) -> bool {
    let name = plain(name);
    HEADERS.iter().chain(PARTS).any(|part| name.contains(part))
}

/// Whether a member of a JSON Web Key is private.
pub(crate) fn is_private_of_key(name: &str) -> bool {
    PRIVATE_JWK.contains(&name)
}

/// Whether the text is a private key.
pub(crate) fn is_private_key(text: &str) -> bool {
    find(text.as_bytes(), 0, b"PRIVATE KEY-----", 3).is_some()
}

/// A name that only a header has, of one that holds a secret: `X-Vendor-Key`.
fn is_secret_header(name: &str) -> bool {
    is_extension(name) && has_secret_part(&name[2..])
}

/// Where the next credential in a text is, from a position on: after the word of its scheme, after
/// the name of its header, or before the host of an address.
pub(crate) fn credential(text: &str, from: usize) -> Option<(usize, usize)> {
    let found = [after_scheme(text, from), after_header(text, from), before_host(text, from)];
    found.into_iter().flatten().min()
}

fn after_scheme(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let last = bytes.len().checked_sub(LEAST_CREDENTIAL)?;
    if from == 0 && !may_hold_scheme(bytes) {
        return None;
    }
    (from..last).find_map(|at| {
        let is_first = matches!(bytes[at], b's' | b'S' | b'b' | b'B');
        if !is_first || at > 0 && bytes[at - 1].is_ascii_alphanumeric() {
            return None;
        }
        let scheme = SCHEMES.iter().find(|scheme| {
            let word = bytes.get(at..at + scheme.len());
            word.is_some_and(|word| word.eq_ignore_ascii_case(scheme.as_bytes()))
        })?;
        let start = at + scheme.len();
        let mut rest = &text[start..];
        while let Some(after) = SPACES.iter().find_map(|space| rest.strip_prefix(space)) {
            rest = after;
        }
        let begin = text.len() - rest.len();
        let end = begin + end_of_value(rest);
        let found = begin > start && end - begin >= LEAST_CREDENTIAL;
        (found && !is_digest(&text[begin..end])).then_some((begin, end))
    })
}

/// Whether a scheme may be in a text, by its first three letters. Without a way out of the loop it
/// looks at many bytes at once, and most texts have none.
fn may_hold_scheme(text: &[u8]) -> bool {
    let [second, third] = [1, 2].map(|from| text.get(from..).unwrap_or_default());
    text.iter().zip(second).zip(third).fold(false, |any, ((first, second), third)| {
        let [first, second, third] = [first, second, third].map(|letter| letter | 0x20);
        any | ((first == b's') & (second == b's') & (third == b'w'))
            | ((first == b'b') & (second == b'e') & (third == b'a'))
            | ((first == b'b') & (second == b'a') & (third == b's'))
    })
}

fn after_header(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        let colon = at + memchr::memchr2(b':', b'=', bytes.get(at..)?)?;
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        let length = bytes[..colon].iter().rev().take_while(|byte| is_name(byte)).count();
        let rest = text[colon + 1..].trim_start_matches([' ', '"', '\'']);
        let begin = text.len() - rest.len();
        let name = &text[colon - length..colon];
        // Of cookies each may be one: all of the line.
        let of_cookie = bytes[colon] == b':' && is_cookie(name);
        let length = if of_cookie {
            rest.find(['\r', '\n', '"', '\'']).unwrap_or(rest.len())
        } else {
            end_of_value(rest)
        };
        let end = begin + length;
        if (of_cookie || is_secret_header(name))
            && begin < end
            && !is_digest(&text[begin..end])
            && !SCHEMES.iter().any(|scheme| text[begin..end].eq_ignore_ascii_case(scheme))
        {
            return Some((begin, end));
        }
        at = colon + 1;
    }
}

/// The password of an address, or its user where that is alone.
fn before_host(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let begin = find(text.as_bytes(), at, b"://", 0)? + 3;
        let ends = |c: char| c.is_whitespace() || "/?#\"'<>".contains(c);
        let end = text[begin..].find(ends).map_or(text.len(), |end| begin + end);
        if let Some((user, _)) = text[begin..end].rsplit_once('@') {
            // A user that was replaced as a whole has a colon too.
            let colon = user.find(':').filter(|_| !is_digest(user)).map_or(0, |colon| colon + 1);
            let (from, to) = (begin + colon, begin + user.len());
            if from < to && !is_digest(&text[from..to]) {
                return Some((from, to));
            }
        }
        at = end;
    }
}

/// Where a word is in a text, from a position on; `rarest` is the place of the letter that is
/// searched for. To make a searcher costs more than to search one of the many short texts.
pub(crate) fn find(text: &[u8], from: usize, word: &[u8], rarest: usize) -> Option<usize> {
    memchr_iter(word[rarest], text.get(from..)?).find_map(|at| {
        let begin = (from + at).checked_sub(rarest).filter(|begin| *begin >= from)?;
        text[begin..].starts_with(word).then_some(begin)
    })
}

/// Where a value of a text ends that nothing encloses.
fn end_of_value(text: &str) -> usize {
    text.find(|c: char| c.is_whitespace() || "\"',;&<>".contains(c)).unwrap_or(text.len())
}

/// Whether the text is what stands in the place of a secret.
pub(crate) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a name is one of the table. Without the number of a key that stood twice
/// (`strict::Duplicates::Numbered`).
fn is_same(name: &str, known: &str) -> bool {
    let (mut name, mut known) = (name.bytes(), known.bytes());
    loop {
        match (name.find(|byte| !matches!(byte, b'_' | b'-' | b' ')), known.next()) {
            (None | Some(b'('), None) => return true,
            (Some(a), Some(b)) if a.eq_ignore_ascii_case(&b) => {}
            _ => return false,
        }
    }
}

fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '-', ' '], "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One row a shape.
    #[test]
    fn a_member_of_a_configuration_is_known_by_any_part_of_its_name() {
        for name in [
            "password",
            "MyPASSWORD",
            "smtp passwd",
            "DB_Passwd",
            "user-password",
            "Client Secret",
            "clientSecrets",
            "API Token",
            "smtpApiToken",
            "Api-Token",
            "sharedSecret",
        ] {
            assert!(is_configured(name), "{name}");
        }
        for name in [
            "passwordChanged",
            "minPasswordLength",
            "passwordPolicy",
            "password_expiration",
            "passwordHistoryCount",
            "clientSecretId",
            "secretExpiresIn",
            "passcode",
        ] {
            assert!(!is_configured(name), "{name}");
        }
    }

    #[test]
    fn the_value_of_a_header_is_kept_only_where_it_is_known_to_be_harmless() {
        for name in ["X-K", "x-any", "Authorization", "Cookie", "Set-Cookie", "Api-Key", "X-Auth"] {
            assert!(is_header(name), "{name}");
        }
        for name in ["X-Region", "x-request-id", "X-Forwarded-For", "Accept", "Content-Type"] {
            assert!(!is_header(name), "{name}");
        }
    }

    #[test]
    fn a_word_is_found_at_its_first_place_from_a_position_on() {
        for rarest in 0..3 {
            let found = |text: &str, from| find(text.as_bytes(), from, b"a:b", rarest);
            assert_eq!((found("a:b", 0), found("a:b", 1), found("a:b", 9)), (Some(0), None, None));
            assert_eq!((found("aa:b a:b", 0), found("aa:b a:b", 2)), (Some(1), Some(5)));
            assert_eq!((found("a:", 0), found("", 0), found("b:a", 0)), (None, None, None));
        }
    }

    #[test]
    fn each_scheme_is_found_in_any_case_and_place() {
        for scheme in SCHEMES {
            for text in [scheme.to_uppercase(), format!("see {scheme}"), (*scheme).to_owned()] {
                let whole = format!("{text} {}", "x".repeat(LEAST_CREDENTIAL));
                assert!(after_scheme(&whole, 0).is_some(), "{whole}");
            }
        }
    }

    proptest! {
        /// What is passed over is no name of the table.
        #[test]
        fn a_name_that_is_one_of_the_table_is_not_passed_over(
            known in prop::sample::select(MEMBERS),
            (at, put) in (0_usize..24, "[-_ (a-zA-Z0-9é]{0,3}"),
            upper in any::<bool>(),
        ) {
            let mut name = if upper { known.to_uppercase() } else { known.to_owned() };
            name.insert_str(at.min(known.len()), &put);
            let by_each = MEMBERS.iter().any(|known| is_same(&name, known));
            prop_assert_eq!(is_member(&name), by_each || is_secret_header(&name), "{}", name);
        }
    }
}
