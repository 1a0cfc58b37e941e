//! What the looks so far found: the whole configuration of one org, as far as facts need it. It is
//! kept between two looks as JSON, so it holds no text that is only shown, and no secrets.

use super::change::State;
use chrono::SecondsFormat;
use claimledger_facts::{
    ids::{IdpId, KeyId, PolicyId},
    time::{Occurred, Time},
    types::{claims::ClaimSourcingConfigured, idp::IdpConfigured, policy::Rule},
    vocabulary::{Engine, Method, ObjectKind, PolicyKind, Status},
};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The configuration of an org.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Config {
    /// By kind and id, such as `idp:0oa1`.
    pub(super) objects: BTreeMap<String, Seen>,
    /// What was last stated of things that several objects make up together.
    pub(super) stated: BTreeMap<String, Stated>,
    /// The states before, by object, for looks that come after a later one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) past: BTreeMap<String, Past>,
    /// The statements so far, by what is stated, in the total order of facts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) said: BTreeMap<String, Vec<Said>>,
    /// What was stated longer ago than is kept, by what is stated.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) forgotten: BTreeMap<String, Forgotten>,
    /// When each whole list was seen, by its address: an object that it lacked was gone then.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) lists: BTreeMap<String, Vec<Occurred>>,
    /// The latest request of a look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) newest: Option<Time>,
}

/// The states of an object before the one that is known as the last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Past {
    /// In the order of time.
    pub(super) states: Vec<Seen>,
    /// States before these are no longer kept.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) shortened: bool,
}

/// A statement of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) occurred: Occurred,
    /// The source's id of the record.
    pub(super) id: String,
    /// Of what is stated, with what of it was saved in its interval.
    pub(super) digest: String,
    /// Of what is in force once the interval is over; none: it says of nothing that it was saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
}

/// Statements that are no longer kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Forgotten {
    /// What was in force before is no longer known.
    pub(super) before: Time,
    pub(super) count: usize,
}

/// An object as it was last seen. The times at which it was seen are those of whole requests: it
/// was like this at some time between the request and the end of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// The time that dates this state: `lastUpdated`, else the look that first found it.
    pub(super) stamp: Time,
    /// When it was first seen like this, or found missing; none: at its stamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first: Option<Occurred>,
    /// When it was last seen like this, or found missing; no earlier than its own time.
    pub(super) seen: Occurred,
    /// Times between the two at which it was seen like this, of an object without a time of its
    /// own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) between: Vec<Occurred>,
    /// The stamp is of the look, not of the object.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) undated: bool,
    /// What it changed of its policy was stated together with later changes
    /// ([`super::steps`]).
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) joint: bool,
    /// It was first seen in the answer to the call that made it so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) answered: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<Time>,
    /// What its name is the name of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) named: Option<ObjectKind>,
    /// How many states of the same stamp came before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) earlier: u32,
    /// A whole list lacked it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) gone: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) body: Body,
}

/// What facts need of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Body {
    Idp {
        fact: Box<IdpConfigured>,
        keys: Vec<KeyId>,
    },
    Policy {
        /// `type`, as Okta spells it.
        kind: String,
        status: Status,
    },
    Rule {
        policy: Option<PolicyId>,
        content: RuleContent,
    },
    Authenticator {
        key: String,
        status: Status,
        /// `settings.allowedFor`, in small letters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        allowed_for: Option<String>,
    },
    /// One method of an authenticator.
    Method {
        authenticator: String,
        method: String,
        status: Status,
    },
    Feature {
        which: Feature,
        on: bool,
    },
    App {
        policy: Option<PolicyId>,
    },
    Org {
        engine: Engine,
    },
    /// Read, and no fact needs anything of it.
    Nothing,
    /// Not read.
    Unread,
}

/// What a rule of a policy does, by the kind of its policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RuleContent {
    Policy { kind: PolicyKind, rule: Box<Rule> },
    Sourcing(ClaimSourcingConfigured),
    Routing { idps: Vec<IdpId>, status: Status, priority: Option<i64> },
    Unread,
}

/// A feature that facts need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Feature {
    ClaimsSharing,
    ThirdPartyClaimsSharing,
}

/// What was last stated of a thing that several objects make up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Stated {
    pub(super) occurred: Occurred,
    /// How many statements there were: their order where two occurred at one time.
    pub(super) count: u32,
    /// Of the statement.
    pub(super) digest: String,
}

impl Config {
    /// The look before; none was made, or an older version made it: an empty one.
    pub(super) fn read(content: &[u8]) -> Self {
        serde_json::from_slice(content).unwrap_or_default()
    }

    pub(super) fn write(&self) -> Vec<u8> {
        // Maps with text keys, and no floats: this always succeeds.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The objects that exist.
    pub(super) fn present(&self) -> impl Iterator<Item = (&str, &Seen)> {
        self.objects.iter().filter(|(_, seen)| !seen.gone).map(|(key, seen)| (key.as_str(), seen))
    }
}

impl Seen {
    /// Whether a look that finds a state finds this one, but for its time.
    pub(super) fn is_like(&self, state: &State) -> bool {
        self.body == state.body && self.name == state.name
    }

    /// The same object, missing from a whole list.
    pub(super) fn gone_at(&self, at: Occurred) -> Self {
        let (between, gone) = (Vec::new(), true);
        let of_look = Self { first: Some(at), seen: at, answered: false, ..self.clone() };
        Self { gone, between, joint: false, ..of_look }
    }

    /// When it was first seen like this.
    pub(super) fn first(&self) -> Occurred {
        self.first.unwrap_or(Occurred::at(self.stamp))
    }

    /// The source's id of the record of this state.
    pub(super) fn source_id(&self, key: &str) -> String {
        numbered(&format!("{key}@{}", stamp(self.stamp)), self.earlier)
    }
}

/// The id of an object, of its key.
pub(super) fn id_of(key: &str) -> &str {
    key.split_once(':').map_or(key, |(_, id)| id)
}

/// An id with the number of those before it: in their order, bytewise.
pub(super) fn numbered(id: &str, earlier: u32) -> String {
    if earlier == 0 { id.to_owned() } else { format!("{id}#{earlier:06}") }
}

/// A time as ids and labels spell it: all of one length, so that they sort by time.
pub(super) fn stamp(time: Time) -> String {
    time.to_chrono().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A short digest, to compare with later ones.
pub(super) fn digest(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes)[..16])
}

/// The name of a method, as it is used in keys of what was stated.
pub(super) fn method_key(method: Method) -> String {
    format!("authenticator/{method}")
}

/// The id of an authenticator, as it is used in keys of what was stated.
pub(super) fn listed_key(authenticator: &str) -> String {
    format!("authenticator/id:{authenticator}")
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}
