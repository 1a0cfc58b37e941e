//! Local authenticators: what the service provider itself can ask for.

use super::{
    look::{Body, Config},
    methods,
    shape::Shape,
};
use claimledger_facts::{
    ids::AuthenticatorId,
    types::authenticator::{AuthenticatorConfigured, AuthenticatorListed},
    vocabulary::{AllowedFor, Method, Status},
};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn read(shape: &Shape<'_>) -> Option<Body> {
    let status = super::idp::status(shape.text("status")?)?;
    let settings = shape.members.get("settings");
    let allowed_for = settings.and_then(|settings| settings.get("allowedFor")?.as_str());
    Some(Body::Authenticator {
        key: shape.text("key")?.to_owned(),
        status,
        allowed_for: allowed_for.map(str::to_lowercase),
    })
}

/// Reads one method of an authenticator. `id`: both, with a slash between them.
pub(super) fn read_method(shape: &Shape<'_>, id: &str) -> Option<Body> {
    let (authenticator, method) = id.split_once('/')?;
    Some(Body::Method {
        authenticator: authenticator.to_owned(),
        method: method.to_owned(),
        status: super::idp::status(shape.text("status")?)?,
    })
}

/// The methods that an answer with `expand=methods` embeds in an authenticator.
pub(super) fn embedded<'v>(shape: &Shape<'v>) -> impl Iterator<Item = (&'v str, Status)> {
    let list = shape.members.get("_embedded").and_then(|embedded| embedded.get("methods"));
    list.and_then(Value::as_array).into_iter().flatten().filter_map(|method| {
        let status = super::idp::status(method.get("status")?.as_str()?)?;
        Some((method.get("type")?.as_str()?, status))
    })
}

/// What is known of the authenticators of an org.
#[derive(Default)]
pub(super) struct Known {
    /// Of each method.
    pub(super) methods: BTreeMap<Method, AuthenticatorConfigured>,
    /// Of each authenticator of which not everything is known, by its id.
    pub(super) listed: BTreeMap<String, AuthenticatorListed>,
}

/// What is known. An authenticator of several methods that is active says nothing of any one of
/// them: only their own objects do, and the others it may give. So may one of a kind, or with a
/// use, that is not read.
pub(super) fn stated(config: &Config) -> Known {
    let mut known = Known::default();
    for (object, seen) in config.present() {
        let Body::Authenticator { key, status, allowed_for } = &seen.body else { continue };
        let id = object.split_once(':').map_or(object, |(_, id)| id);
        let all = methods::of_entry(key, None);
        let mut may_give = Some(Vec::new());
        match (use_of(allowed_for.as_deref()), &all) {
            (None, all) if *status == Status::Active => may_give.clone_from(all),
            (Some(allowed_for), None) if *status == Status::Active => {
                if !is_kept(allowed_for) {
                    may_give = None;
                }
            }
            (_, None) => {}
            (allowed_for, Some(all)) => {
                let allowed_for = allowed_for.flatten();
                if all.len() == 1 || *status != Status::Active {
                    all.iter().for_each(|method| known.add(*method, *status, allowed_for));
                } else {
                    let mut others = all.clone();
                    for (method, status) in methods_of(config, id) {
                        for method in methods::of_entry(key, Some(method)).unwrap_or_default() {
                            known.add(method, status, allowed_for);
                            others.retain(|other| *other != method);
                        }
                    }
                    may_give = Some(if is_kept(allowed_for) { Vec::new() } else { others });
                }
            }
        }
        let authenticator = AuthenticatorId::from(id);
        let listed = AuthenticatorListed {
            authenticator,
            key: key.clone(),
            status: *status,
            may_give,
            saved: false,
        };
        known.listed.insert(id.to_owned(), listed);
    }
    known
}

impl Known {
    /// Several authenticators may give one method: the one counts that can best be used.
    fn add(&mut self, method: Method, status: Status, allowed_for: Option<AllowedFor>) {
        let new = AuthenticatorConfigured {
            method,
            status,
            enrollment: None,
            allowed_for,
            saved: Vec::new(),
        };
        let use_of =
            |a: &AuthenticatorConfigured| (a.status == Status::Active, !is_kept(a.allowed_for));
        let known = self.methods.entry(method).or_insert_with(|| new.clone());
        if use_of(&new) > use_of(known) {
            *known = new;
        }
    }
}

/// Whether it is kept for something else than signing in.
const fn is_kept(allowed_for: Option<AllowedFor>) -> bool {
    matches!(allowed_for, Some(AllowedFor::Recovery | AllowedFor::None))
}

/// What an authenticator is allowed for, as a fact states it: nothing of what is allowed for
/// everything. None: the word is not known.
fn use_of(word: Option<&str>) -> Option<Option<AllowedFor>> {
    let Some(word) = word else { return Some(None) };
    let known = AllowedFor::ALL.iter().copied().find(|known| known.as_str() == word)?;
    Some(Some(known).filter(|known| *known != AllowedFor::Any))
}

fn methods_of<'c>(config: &'c Config, id: &str) -> impl Iterator<Item = (&'c str, Status)> {
    config.present().filter_map(move |(_, seen)| match &seen.body {
        Body::Method { authenticator, method, status } if authenticator == id => {
            Some((method.as_str(), *status))
        }
        _ => None,
    })
}
