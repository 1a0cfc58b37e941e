//! What a claim says, and its fate: void, ignored or counted (7, 10, 12, 13, 15, 39).

use crate::model::facts::{Fact, Sure, Time, View, words};
use crate::model::tables;

/// One value of a claim.
#[derive(Clone, Debug)]
pub(crate) struct Asserted {
    pub(crate) method: Option<String>,
    pub(crate) amr: Option<String>,
    pub(crate) authenticator: Option<String>,
    pub(crate) of_type: &'static str,
    pub(crate) own: Vec<String>,
    pub(crate) pools: bool,
    /// Why the rules do not count it: all reasons.
    pub(crate) ignored: Vec<&'static str>,
}

impl Asserted {
    pub(crate) fn word(&self) -> &str {
        self.method.as_deref().or(self.amr.as_deref()).unwrap_or_default()
    }
}

/// One `claims.received`.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) fact: Fact,
    pub(crate) idp: String,
    /// The version of the provider in force when it arrived (9); none: nothing is stated (13).
    pub(crate) version: Option<Fact>,
    pub(crate) void: Vec<&'static str>,
    /// A retraction that may or may not reach it (3).
    pub(crate) perhaps_void: bool,
    pub(crate) values: Vec<Asserted>,
    /// Seen, and not readable (13).
    pub(crate) unreadable: bool,
    /// Nothing was seen of what it says.
    pub(crate) unseen: bool,
    /// Trust or feature off: what it may have said does not count either.
    pub(crate) refused: Vec<&'static str>,
}

impl Claim {
    pub(crate) fn third_party(&self) -> bool {
        self.version.as_ref().is_some_and(|version| version.text("kind") == Some("third_party"))
    }

    pub(crate) fn classic(&self) -> bool {
        self.version.as_ref().is_some_and(|version| version.text("kind") == Some("okta_classic"))
    }
}

/// 12: keys stated of a provider by an instant.
pub(crate) fn key_stated(view: &View, idp: &str, key: &str, by: Time) -> bool {
    let of = |fact: &&Fact| {
        (fact.is("idp.key_added") || fact.is("idp.key_retired"))
            && fact.text("idp") == Some(idp)
            && fact.from <= by
    };
    view.facts.iter().filter(of).any(|fact| key.is_empty() || fact.text("key") == Some(key))
}

/// 42: keys that anything stated by K speaks of: what adds or retires them, and retractions.
pub(crate) fn key_known(view: &View, idp: &str, key: &str) -> bool {
    let retracted = |fact: &Fact| fact.text("idp") == Some(idp) && fact.text("key") == Some(key);
    key_stated(view, idp, key, Time::MAX) || view.of("trust.retracted").any(retracted)
}

/// 10: how sure a retraction reaches an assertion. A key-less one is reached by no key's retraction
/// for certain (42).
pub(crate) fn retracted(retraction: &Fact, idp: &str, key: Option<&str>, received: &Fact) -> Sure {
    if retraction.text("idp") != Some(idp) {
        return Sure::No;
    }
    let at = match retraction.effect() {
        from if received.from >= from => Sure::Certain,
        from if received.to >= from => Sure::Possible,
        _ => Sure::No,
    };
    match (retraction.text("key"), key) {
        (Some(hit), Some(key)) if hit != key => Sure::No,
        (Some(_), None) => at.min(Sure::Possible),
        _ => at,
    }
}

/// A provider as it was when something arrived (9, 17), with what is supposed of its trust.
fn trusted(view: &View, version: &Fact, at: Time) -> bool {
    let off = view
        .trust_off
        .as_ref()
        .is_some_and(|(idp, from, to)| version.text("idp") == Some(idp) && *from <= at && at < *to);
    version.flag("trust_claims") && !off
}

/// 38: an organisation never stated has its features on.
fn feature(view: &View, third_party: bool, at: Time) -> bool {
    let field = if third_party { "third_party_claims_sharing" } else { "claims_sharing" };
    view.in_force("org.configured", "", "", at).is_none_or(|org| org.flag(field))
}

/// 7: why an assertion, or a sign-in of which none was seen, is void; and whether it only may be.
pub(crate) fn void(
    view: &View,
    idp: &str,
    fact: &Fact,
    falsifiers_to: i64,
) -> (Vec<&'static str>, bool) {
    let (mut codes, mut perhaps, at) = (Vec::new(), false, fact.from);
    let key = fact.text("key");
    if let Some(key) = key.filter(|_| key_stated(view, idp, "", at)) {
        let of = |kind: &'static str| {
            let named = move |fact: &&Fact| {
                fact.text("idp") == Some(idp) && fact.text("key") == Some(key) && fact.from <= at
            };
            view.of(kind).filter(named).last().map(|fact| fact.from)
        };
        // 12: valid in [added, retired).
        match (of("idp.key_added"), of("idp.key_retired")) {
            (None, _) => codes.push("key_unknown"),
            (Some(added), Some(retired)) if retired >= added => codes.push("key_retired"),
            _ => {}
        }
    }
    for retraction in view.of("trust.retracted").filter(|fact| fact.pos <= falsifiers_to) {
        let code = if retraction.text("key").is_some() { "key_retracted" } else { "idp_retracted" };
        match retracted(retraction, idp, key, fact) {
            Sure::Certain if !codes.contains(&code) => codes.push(code),
            // 42: a key's retraction leaves what key-less claims imply as it is.
            Sure::Possible if key.is_some() || retraction.text("key").is_none() => perhaps = true,
            _ => {}
        }
    }
    if let Some(version) = view.in_force("idp.configured", "idp", idp, at) {
        match version.text("status") {
            Some("inactive") => codes.push("idp_inactive"),
            Some("deleted") => codes.push("idp_deleted"),
            _ => {}
        }
        let third_party = version.text("kind") == Some("third_party");
        let none_sent = fact.data["amr"].as_array().is_some_and(Vec::is_empty);
        if third_party && none_sent && trusted(view, version, at) && feature(view, true, at) {
            codes.push("no_amr");
        }
    }
    (codes, perhaps)
}

pub(crate) fn claim(view: &View, fact: &Fact, falsifiers_to: i64) -> Claim {
    let (idp, at) = (fact.text("idp").unwrap_or_default().to_owned(), fact.from);
    let version = view.in_force("idp.configured", "idp", &idp, at).cloned();
    let third_party =
        version.as_ref().is_none_or(|version| version.text("kind") == Some("third_party"));
    let okta = !third_party;
    let (void, perhaps_void) = void(view, &idp, fact, falsifiers_to);
    let mut refused = Vec::new();
    if version.as_ref().is_some_and(|version| !trusted(view, version, at)) {
        refused.push("trust_off");
    }
    if version.is_some() && !feature(view, third_party, at) {
        refused.push("feature_off");
    }
    let factor_only =
        version.as_ref().is_some_and(|version| version.text("usage") == Some("factor_only"));
    let mut values = values(fact, okta);
    for value in &mut values {
        value.ignored = refused.clone();
        if okta && tables::custom(value.word()) {
            value.ignored.push("custom_authenticator");
        }
        if third_party && value.amr.as_deref().is_some_and(|amr| tables::amr(amr).is_none()) {
            value.ignored.push("unknown_value");
        }
        if third_party && factor_only && ["pwd", "kba"].contains(&value.word()) {
            value.ignored.push("factor_only_idp");
        }
    }
    let unreadable = fact.data["readable"].as_bool() == Some(false);
    // An empty `amr` is nothing that an Okta provider states (decision page 49).
    let unseen = !unreadable && values.is_empty() && (okta || !fact.data["amr"].is_array());
    Claim {
        fact: fact.clone(),
        idp,
        version,
        void,
        perhaps_void,
        values,
        unreadable,
        unseen,
        refused,
    }
}

/// `domain.md` 1.5: the logged set is preferred; the table is for what logs less.
pub(crate) fn properties(method: &str, logged: &serde_json::Value) -> Vec<String> {
    match words(logged) {
        logged if logged.is_empty() => {
            tables::method_characteristics(method).iter().map(|&own| own.to_owned()).collect()
        }
        logged => logged,
    }
}

/// 15: from an Okta provider any `methods[]` outranks `amr`. 39: `amr` alone is read by the table;
/// other values are plain possession.
fn values(fact: &Fact, okta: bool) -> Vec<Asserted> {
    let methods = fact.data["methods"].as_array().filter(|methods| okta && !methods.is_empty());
    if let Some(methods) = methods {
        let one = |entry: &serde_json::Value| {
            let method = entry["method"].as_str().unwrap_or_default();
            Asserted {
                method: Some(method.to_owned()),
                amr: None,
                authenticator: entry["authenticator"].as_str().map(str::to_owned),
                of_type: tables::method_type(method),
                own: properties(method, &entry["properties"]),
                pools: false,
                ignored: Vec::new(),
            }
        };
        return methods.iter().map(one).collect();
    }
    let amr = words(&fact.data["amr"]);
    // What is presented as a custom authenticator is no key here.
    let describes_key = |value: &String| {
        !(okta && tables::custom(value))
            && tables::amr(value)
                .is_some_and(|(of_type, _, pools)| pools && of_type == tables::POSSESSION)
    };
    let key_like = amr.iter().any(describes_key);
    let one = |value: &String| {
        let (of_type, own, pools) = tables::amr(value).unwrap_or((tables::POSSESSION, &[], false));
        // 14: a biometric without a key keeps its type and no characteristics.
        let own = if of_type == tables::INHERENCE && !key_like { &[] } else { own };
        let own = own.iter().map(|&own| own.to_owned()).collect();
        Asserted {
            method: None,
            amr: Some(value.clone()),
            authenticator: None,
            of_type,
            own,
            pools,
            ignored: Vec::new(),
        }
    };
    amr.iter().map(one).collect()
}
