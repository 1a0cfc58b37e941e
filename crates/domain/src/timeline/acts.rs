//! Changes of accounts and configuration, and what a source flagged, in one line each.

use crate::words::{by, list, plain};
use claimledger_facts::{
    types::{
        account::PrivilegeChanged, activity::ActivityFlagged, authenticator::AuthenticatorChanged,
        configuration::ConfigurationChanged, session::SessionContextChanged,
    },
    vocabulary::FREE_TEXT,
};

/// `rule payroll-1 of payroll updated: conditions (admin-2)`.
pub(super) fn configuration(d: &ConfigurationChanged) -> String {
    let of = d.of.as_ref().map_or_else(String::new, |of| format!(" of {of}"));
    let fields = if d.fields.is_empty() { String::new() } else { format!(": {}", list(&d.fields)) };
    let kind = plain(d.kind.as_str());
    let token = d.token.as_ref().map_or_else(String::new, |t| format!(" with API token {t}"));
    let change = plain(d.change.as_str());
    format!("{kind} {}{of} {change}{token}{fields}{}", d.object, by(d.actor.as_ref(), None))
}

/// `push authenticator auth-2 enrolled`.
pub(super) fn authenticator(d: &AuthenticatorChanged) -> String {
    let method = d.method.map_or_else(String::new, |method| format!("{} ", method.as_str()));
    let id = d.authenticator.as_ref().map_or_else(String::new, |id| format!(" {id}"));
    let change = plain(d.change.as_str());
    format!("{method}authenticator{id} {change}{}", by(d.actor.as_ref(), None))
}

/// `administrator roles granted: SuperOrgAdmin`.
pub(super) fn privilege(d: &PrivilegeChanged) -> String {
    let roles = if d.roles.is_empty() { String::new() } else { format!(": {}", list(&d.roles)) };
    let group = d.group.as_ref().map_or_else(String::new, |group| format!(" to group {group}"));
    format!("administrator roles {}{group}{roles}{}", d.change.as_str(), by(d.actor.as_ref(), None))
}

/// `flagged: risk changed, low to high: session hijacking`.
pub(super) fn flagged(d: &ActivityFlagged) -> String {
    let level = match (d.previous_level, d.level) {
        (Some(before), Some(level)) => format!(", {} to {}", before.as_str(), level.as_str()),
        (None, Some(level)) => format!(", {}", level.as_str()),
        (_, None) => String::new(),
    };
    let why = match d.reason.as_deref() {
        None => String::new(),
        Some(FREE_TEXT) => ": a reason in words, which is sealed".to_owned(),
        Some(reason) => format!(": {}", plain(reason)),
    };
    let flag = plain(d.flag.as_str());
    format!("flagged: {flag}{level}{why}{}", by(d.actor.as_ref(), None))
}

/// `used with another address and device; policies were evaluated again`.
pub(super) fn context(d: &SessionContextChanged) -> String {
    let causes: Vec<&str> = d.causes.iter().map(|cause| cause.as_str()).collect();
    let what = if causes.is_empty() { "context".to_owned() } else { list(&causes) };
    let again = match d.reevaluated {
        Some(true) => "; policies were evaluated again",
        Some(false) => "; policies were not evaluated again",
        None => "",
    };
    format!("used with another {what}{again}")
}
