//! What the timeline draws around a session: versions and keys, each up to T.

use super::rule;
use crate::{
    assess::Trace,
    history::Stated,
    model::{Context, KeyInterval, Span, Version},
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
        context.trust.extend(intervals(&versions, at).map(|(v, span)| Version {
            of: idp.to_string(),
            of_name: name(ObjectKind::Idp, idp.as_str()),
            label: v.data.version.clone(),
            span,
            actor: v.data.actor.clone(),
            ticket: v.data.ticket.clone(),
            gist: words::trust_gist(&v.data).to_owned(),
            record: v.record.clone(),
        }));
    }
    for policy in &policies {
        let versions: Vec<_> = trace.history.policies().versions(policy).collect();
        after_t += versions.iter().filter(|v| v.occurred.from > at).count();
        context.policies.extend(intervals(&versions, at).map(|(v, span)| Version {
            of: policy.to_string(),
            of_name: name(ObjectKind::Policy, policy.as_str()),
            label: v.data.version.clone(),
            span,
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
                    open = Some(KeyInterval {
                        idp: idp.clone(),
                        key: key.clone(),
                        span: Span { from: change.occurred, until: None },
                        added: change.record.clone(),
                        retired: None,
                    });
                }
                (false, Some(interval)) => {
                    let span = Span { until: Some(change.occurred), ..interval.span };
                    let retired = Some(change.record.clone());
                    context.keys.push(KeyInterval { span, retired, ..interval });
                }
                (_, unchanged) => open = unchanged,
            }
        }
        context.keys.extend(open);
    }
    context.after_t = after_t;
    context
}

/// Each version up to T with when it held: until the next, where that may have begun by T.
fn intervals<'a, 'b, T>(
    versions: &'b [&'a Stated<T>],
    at: Time,
) -> impl Iterator<Item = (&'a Stated<T>, Span)> + use<'a, 'b, T> {
    let upto = versions.iter().filter(move |v| v.occurred.from <= at).count();
    versions[..upto].iter().enumerate().map(move |(i, v)| {
        let until = versions[..upto].get(i + 1).map(|next| next.occurred);
        (*v, Span { from: v.occurred, until })
    })
}

fn sort<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}
