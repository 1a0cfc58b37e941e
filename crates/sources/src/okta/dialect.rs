//! One spelling for the dialects of one event: the poller, hooks, files and log streams carry the
//! same event in slightly other forms, and some collectors write every key in lower case. Nothing
//! else is changed: other content stays other content.

use crate::json::{Json, Object};
use chrono::{DateTime, NaiveDateTime, Utc};

/// The members of a `LogEvent`.
pub(super) const FIELDS: &[&str] = &[
    "actor",
    "authenticationContext",
    "client",
    "debugContext",
    "device",
    "displayMessage",
    "eventType",
    "legacyEventType",
    "outcome",
    "published",
    "request",
    "securityContext",
    "severity",
    "target",
    "transaction",
    "uuid",
    "version",
];

/// Those with capitals, as some collectors write them.
const LOWERED: &[&str] = &[
    "authenticationcontext",
    "debugcontext",
    "displaymessage",
    "eventtype",
    "legacyeventtype",
    "securitycontext",
];

/// Keys with capitals inside of those members, which a collector may have written without.
const INNER: &[&str] = &[
    "aaguid",
    "acrValues",
    "alternateId",
    "amrList",
    "asNumber",
    "asOrg",
    "assertionId",
    "authenticationClassRef",
    "authenticationProvider",
    "authenticationStep",
    "authenticatorKey",
    "authnRequestId",
    "authTime",
    "botProtection",
    "changeDetails",
    "credentialProvider",
    "credentialType",
    "debugData",
    "detailEntry",
    "detectionName",
    "displayName",
    "dtHash",
    "endedSessionId",
    "externalSessionId",
    "factorIntent",
    "factorVerifiedByIdp",
    "geographicalContext",
    "ipAddress",
    "ipChain",
    "ipDetails",
    "isProxy",
    "issuedAt",
    "logOnlySecurityData",
    "methodTypeUsed",
    "methodUsedVerifiedProperties",
    "mfaVerified",
    "policyId",
    "policyName",
    "policyRuleFactorMode",
    "policyRulePriority",
    "policyType",
    "postalCode",
    "previousLevel",
    "rawUserAgent",
    "requestApiTokenId",
    "requestId",
    "requestUri",
    "responseId",
    "rootSessionId",
    "signOnMode",
    "signOnModeEvaluationResult",
    "signOnModeType",
    "terminationReason",
    "threatSuspected",
    "tokenId",
    "userAgent",
    "userBehaviors",
];

/// Keys of `device`, which one transport writes in camel case.
const DEVICE: &[(&str, &str)] = &[
    ("deviceIntegrator", "device_integrator"),
    ("diskEncryptionType", "disk_encryption_type"),
    ("osPlatform", "os_platform"),
    ("osVersion", "os_version"),
    ("screenLockType", "screen_lock_type"),
    ("secureHardwarePresent", "secure_hardware_present"),
];

/// A time, and whether its zone was stated.
pub(super) enum Zoned {
    Yes(DateTime<Utc>),
    No(DateTime<Utc>),
    Unreadable,
}

/// Reads a time in the forms that were seen.
pub(super) fn time(text: &str) -> Zoned {
    let zoned = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    if let Ok(time) = zoned {
        return Zoned::Yes(time.with_timezone(&Utc));
    }
    let bare = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    bare.map_or(Zoned::Unreadable, |time| Zoned::No(time.and_utc()))
}

/// Brings the keys, and the version, to the spelling of the API.
pub(super) fn one_spelling(event: &mut Object<'_>) {
    if LOWERED.iter().any(|field| event.contains_key(field)) {
        rename(event, FIELDS);
        // A collector that lowers the keys of the event may have lowered those inside as well.
        for (_, member) in event.iter_mut().filter(|(key, _)| FIELDS.contains(key)) {
            rename_inside(member);
        }
    }
    if let Some(Json::Object(device)) = event.get_mut("device") {
        for (camel, snake) in DEVICE {
            if !device.contains_key(snake)
                && let Some(value) = device.remove(camel)
            {
                device.insert(*snake, value);
            }
        }
    }
    if let Some(version) = event.get_mut("version")
        && let Json::Number(number) = version
    {
        *version = Json::Text(number.to_string().into());
    }
}

fn rename_inside(value: &mut Json<'_>) {
    match value {
        Json::Object(members) => {
            rename(members, INNER);
            members.iter_mut().for_each(|(_, member)| rename_inside(member));
        }
        Json::List(items) => items.iter_mut().for_each(rename_inside),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Exact(_) | Json::Text(_) => {}
    }
}

/// Gives keys in lower case the spelling of the API, unless the object has that key too.
fn rename(members: &mut Object<'_>, spellings: &'static [&'static str]) {
    let lowered = |key: &str| !key.bytes().any(|b| b.is_ascii_uppercase());
    let spelled = |key: &str| {
        spellings.iter().copied().find(|known| *known != key && known.eq_ignore_ascii_case(key))
    };
    let renamed: Vec<(String, &'static str)> = members
        .keys()
        .filter(|key| lowered(key))
        .filter_map(|key| Some((key.to_owned(), spelled(key)?)))
        .collect();
    for (key, known) in renamed {
        if !members.contains_key(known)
            && let Some(value) = members.remove(&key)
        {
            members.insert(known, value);
        }
    }
}
