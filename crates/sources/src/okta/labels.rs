//! What applications, policies and identity providers are called: administrators write these names,
//! so they are sealed, under the tenant's key, and found by a keyed digest (`docs/decisions/0029`).
//! They outlive the people of the event.

use super::{
    event::{Event, Target, id},
    facts::policy_of_rule,
};
use crate::text;
use std::borrow::Cow;

/// Maximum number of display names taken from one event.
const MAX: usize = 8;

/// A display name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Label<'e> {
    /// What it names: `app`, `idp` or `policy`.
    pub(super) kind: &'static str,
    /// Its id.
    pub(super) id: Cow<'e, str>,
    /// What it is called.
    pub(super) name: &'e str,
}

/// The display names of an event, once each.
pub(super) fn of<'e>(event: &Event<'e>, kind: &str) -> Vec<Label<'e>> {
    let through_idp =
        matches!(kind, "user.authentication.auth_via_IDP" | "user.authentication.auth_via_social");
    let instance = if through_idp { "idp" } else { "app" };
    let mut labels = Vec::new();
    for app in event.targets("AppInstance") {
        add(&mut labels, instance, app.id(), app.text("displayName"));
        add(&mut labels, instance, app.id(), app.text("alternateId"));
    }
    for idp in event.targets("IdentityProvider") {
        add(&mut labels, "idp", idp.id(), idp.text("displayName"));
    }
    if through_idp {
        let idp = event.target("AppInstance").and_then(Target::id);
        add(&mut labels, "idp", idp, event.debug_text("idpDisplayName"));
    }
    for policy in event.targets("PolicyEntity") {
        add(&mut labels, "policy", policy.id(), policy.text("displayName"));
    }
    for rule in event.targets("Rule") {
        // As the decision names it: by the rule, where the event does not name the policy.
        let policy = match rule.detail("policyId").and_then(id) {
            Some(policy) => Some(Cow::Borrowed(policy)),
            None => rule.id().map(|rule| Cow::Owned(policy_of_rule(rule).as_str().to_owned())),
        };
        if let (Some(id), Some(name)) = (policy, rule.detail_text("policyName")) {
            push(&mut labels, Label { kind: "policy", id, name });
        }
    }
    labels.truncate(MAX);
    labels
}

fn add<'e>(
    labels: &mut Vec<Label<'e>>,
    kind: &'static str,
    id: Option<&'e str>,
    name: Option<&'e str>,
) {
    if let (Some(id), Some(name)) = (id, name) {
        push(labels, Label { kind, id: Cow::Borrowed(id), name });
    }
}

fn push<'e>(labels: &mut Vec<Label<'e>>, label: Label<'e>) {
    if label.name.len() <= text::MAX_ID_BYTES && !labels.contains(&label) {
        labels.push(label);
    }
}
