//! `source.heard`, `source.silent`, `source.backfilled`, `source.delivery_changed`.

use super::prelude::*;

/// `source.heard`: everything of the source up to a time has been heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"until": "2026-03-10T10:00:00Z", "basis": "polled"}]))]
pub struct SourceHeard {
    /// Up to when.
    pub until: Time,
    /// On what that rests.
    pub basis: HeardBasis,
}

/// `source.silent`: nothing was heard in this time, and something may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "from": "2026-03-10T08:00:00Z", "until": "2026-03-10T09:00:00Z"
}]))]
pub struct SourceSilent {
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive.
    pub until: Time,
}

/// `source.backfilled`: what was missing in this time has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "from": "2026-03-10T08:00:00Z", "until": "2026-03-10T08:30:00Z"
}]))]
pub struct SourceBackfilled {
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive.
    pub until: Time,
}

/// `source.delivery_changed`: what sends the events of the source was started or stopped, or could
/// not deliver one.
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{
    "kind": "log_stream", "object": "0oaStream", "change": "stopped"
}]))]
pub struct SourceDeliveryChanged {
    /// What sends them, as configuration names it: a log stream or an event hook.
    pub kind: ObjectKind,
    /// Its id.
    pub object: Option<String>,
    /// What happened to it.
    pub change: DeliveryChange,
}
