//! What the timeline draws around a session: versions and keys, each up to T.

use super::rule;
use crate::{
    assess::Trace,
    history::Stated,
    model::{Context, KeyInterval, Version},
    words,
};
use claimledger_facts::{
    ids::{IdpId, KeyId, PolicyId},
    time::Time,
    vocabulary::ObjectKind,
};

/// Cuts the configuration to what concerns the session.
pub(crate) fn context(trace: &Trace<'_>) -> Context {
    let at = trace.cut.at;
    let mut idps: Vec<&IdpId> =
        trace.idp.iter().chain(trace.claims.iter().map(|c| &c.data.idp)).collect();
    sort(&mut idps);
    let mut policies: Vec<&PolicyId> =
        trace.decisions.iter().map(|d| d.then.policy_id(trace.history)).collect();
    sort(&mut policies);
    let mut keys: Vec<(&IdpId, &KeyId)> =
        trace.claims.iter().filter_map(|c| Some((&c.data.idp, c.data.key.as_ref()?))).collect();
    sort(&mut keys);

    let mut after_t = trace.all.iter().filter(|s| s.occurred().from > at).count();
    let mut context = Context::default();
    let name = |kind, id: &str| trace.history.name_of(kind, id).map(str::to_owned);
    for idp in &idps {
        let versions: Vec<_> = trace.history.trust().idp_versions(idp).collect();
        after_t += versions.iter().filter(|v| v.occurred.from > at).count();
        context.trust.extend(intervals(&versions, at).map(|(v, until)| Version {
            of: idp.to_string(),
            of_name: name(ObjectKind::Idp, idp.as_str()),
            label: v.data.version.clone(),
            from: v.occurred.from,
            until,
            actor: v.data.actor.clone(),
            ticket: v.data.ticket.clone(),
            gist: words::trust_gist(&v.data).to_owned(),
            record: v.record.clone(),
        }));
    }
    for policy in &policies {
        let versions: Vec<_> = trace.history.policies().versions(policy).collect();
        after_t += versions.iter().filter(|v| v.occurred.from > at).count();
        context.policies.extend(intervals(&versions, at).map(|(v, until)| Version {
            of: policy.to_string(),
            of_name: name(ObjectKind::Policy, policy.as_str()),
            label: v.data.version.clone(),
            from: v.occurred.from,
            until,
            actor: v.data.actor.clone(),
            ticket: v.data.ticket.clone(),
            gist: rule::policy_gist(&v.data),
            record: v.record.clone(),
        }));
    }
    for (idp, key) in keys {
        let changes: Vec<_> =
            trace.history.trust().key_changes(idp).filter(|c| c.data.key == *key).collect();
        after_t += changes.iter().filter(|c| c.occurred.from > at).count();
        let mut open: Option<KeyInterval> = None;
        for change in changes.into_iter().filter(|c| c.occurred.from <= at) {
            match (change.data.added, open.take()) {
                (true, None) => {
                    let (from, added) = (change.occurred.from, change.record.clone());
                    open = Some(KeyInterval {
                        idp: idp.clone(),
                        key: key.clone(),
                        from,
                        until: None,
                        added,
                        retired: None,
                    });
                }
                (false, Some(interval)) => {
                    let (until, retired) =
                        (Some(change.occurred.from), Some(change.record.clone()));
                    context.keys.push(KeyInterval { until, retired, ..interval });
                }
                (_, unchanged) => open = unchanged,
            }
        }
        context.keys.extend(open);
    }
    context.after_t = after_t;
    context
}

/// Each version up to T with when the next began, where that is by T.
fn intervals<'a, 'b, T>(
    versions: &'b [&'a Stated<T>],
    at: Time,
) -> impl Iterator<Item = (&'a Stated<T>, Option<Time>)> + use<'a, 'b, T> {
    let upto = versions.iter().filter(move |v| v.occurred.from <= at).count();
    versions[..upto]
        .iter()
        .enumerate()
        .map(move |(i, v)| (*v, versions[..upto].get(i + 1).map(|next| next.occurred.from)))
}

fn sort<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}
