//! Entries of the access log: what was shown to whom. They are never in the log of records.

use super::prelude::*;
use std::collections::BTreeMap;

/// `records.disclosed`: what one request was shown, or one part of it. Why it was asked is free
/// text, which is sealed beside it.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "request": "q5k3nwd4c7m2a", "part": 1, "credential": "c-1", "roles": ["read", "investigate"],
    "surface": "graphql",
    "questions": [{
        "question": "sessions", "at": "2026-03-10T14:05:00Z", "known_at": 82, "rules": "2026.1"
    }],
    "parameters": {"idp": "idp-x"}, "sessions": ["S1"], "subjects": ["p-2HXA"],
    "records": [{"first": 7, "last": 9}], "whole_log": true, "names": true, "refused": "export"
}]))]
pub struct RecordsDisclosed {
    /// The request: the same in all of its parts.
    pub request: String,
    /// Which part of what the request was shown, from 1.
    pub part: u32,
    /// The public id of the credential.
    pub credential: String,
    /// What the credential may do.
    pub roles: Vec<Role>,
    /// How the request came.
    pub surface: Surface,
    /// What was asked.
    pub questions: Vec<AskedQuestion>,
    /// What was asked for, as far as it names no person.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// The sessions that were shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<SessionId>,
    /// The people whose sessions or records were shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Pseudonym>,
    /// The records that were shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<PositionRange>,
    /// Whether everything that is stored was shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_log: bool,
    /// Whether names of people, or what is sealed, were shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub names: bool,
    /// The role for whose lack it was refused.
    pub refused: Option<Role>,
}

/// One question of a request.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AskedQuestion {
    /// Its word.
    pub question: String,
    /// T.
    pub at: Option<Time>,
    /// K.
    pub known_at: Option<LogPosition>,
    /// R.
    pub rules: Option<String>,
}

/// Records in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PositionRange {
    /// The first.
    pub first: LogPosition,
    /// The last.
    pub last: LogPosition,
}
