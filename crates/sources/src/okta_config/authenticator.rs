//! Local authenticators: what the service provider itself can ask for.

use super::{
    look::{Body, Config},
    methods,
    shape::Shape,
};
use claimledger_facts::vocabulary::{Method, Status};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn read(shape: &Shape<'_>) -> Option<Body> {
    let status = super::idp::status(shape.text("status")?)?;
    Some(Body::Authenticator { key: shape.text("key")?.to_owned(), status })
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

/// What is known of each method. An authenticator of several methods that is active says nothing of
/// any one of them: only their own objects do.
pub(super) fn stated(config: &Config) -> BTreeMap<Method, Status> {
    let mut found = BTreeMap::new();
    let mut add = |method: Method, status: Status| {
        let known = found.entry(method).or_insert(status);
        // Several authenticators may give one method: it can be used where one is active.
        if status == Status::Active {
            *known = Status::Active;
        }
    };
    for (id, seen) in config.present() {
        let Body::Authenticator { key, status } = &seen.body else { continue };
        let Some(all) = methods::of_entry(key, None) else { continue };
        if let [only] = all[..] {
            add(only, *status);
        } else if *status != Status::Active {
            all.iter().for_each(|method| add(*method, *status));
        } else {
            let own = id.split_once(':').map_or(id, |(_, id)| id);
            for (method, status) in methods_of(config, own) {
                for method in methods::of_entry(key, Some(method)).unwrap_or_default() {
                    add(method, status);
                }
            }
        }
    }
    found
}

fn methods_of<'c>(config: &'c Config, id: &str) -> impl Iterator<Item = (&'c str, Status)> {
    config.present().filter_map(move |(_, seen)| match &seen.body {
        Body::Method { authenticator, method, status } if authenticator == id => {
            Some((method.as_str(), *status))
        }
        _ => None,
    })
}
