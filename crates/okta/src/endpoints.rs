//! What is asked of an org, and which permission that needs.

/// The System Log.
pub(crate) const LOG: Endpoint =
    Endpoint { path: "/api/v1/logs", kind: "", limit: 1, permission: "okta.logs.read", list: true };

/// An endpoint of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) path: &'static str,
    /// What is asked for of several kinds, such as `type=ACCESS_POLICY`.
    pub(crate) kind: &'static str,
    /// Objects a page; 0: what Okta gives.
    pub(crate) limit: u16,
    /// The OAuth scope whose permission the administrator of the token must have.
    pub(crate) permission: &'static str,
    /// Whether the answer is a list, on several pages.
    pub(crate) list: bool,
}

impl Endpoint {
    /// How it is named in envelopes and reports: without the number of objects a page.
    pub(crate) fn address(&self) -> String {
        match self.kind {
            "" => self.path.to_owned(),
            kind => format!("{}?{kind}", self.path),
        }
    }

    /// Whether the answer says which org it is.
    pub(crate) fn is_of_org(&self) -> bool {
        self.path == WELL_KNOWN
    }

    /// What is asked: an address, with the number of objects a page.
    pub(crate) fn request(&self, address: &str, limit: u16) -> String {
        match (limit, address.contains('?')) {
            (0, _) => address.to_owned(),
            (limit, false) => format!("{address}?limit={limit}"),
            (limit, true) => format!("{address}&limit={limit}"),
        }
    }
}

const fn list(
    path: &'static str,
    kind: &'static str,
    limit: u16,
    permission: &'static str,
) -> Endpoint {
    Endpoint { path, kind, limit, permission, list: true }
}

/// What an org publishes of itself.
const WELL_KNOWN: &str = "/.well-known/okta-organization";
/// The permission of policies.
const POLICIES: &str = "okta.policies.read";
/// The permission of authenticators.
const AUTHENTICATORS: &str = "okta.authenticators.read";

/// What is asked of each object of a list: its id takes the place of `{id}`.
pub(crate) const OF_EACH: &[(&str, Endpoint)] = &[
    ("/api/v1/policies", list("/api/v1/policies/{id}/rules", "", 0, POLICIES)),
    ("/api/v1/authenticators", list("/api/v1/authenticators/{id}/methods", "", 0, AUTHENTICATORS)),
];

/// The configuration, in the order in which it is asked. What decisions hang on comes before the
/// long list of applications, and what others refer to before those. Which org it is comes first:
/// of another org than the tenant's nothing is taken.
pub(crate) const CONFIGURATION: &[Endpoint] = &[
    Endpoint {
        path: WELL_KNOWN,
        kind: "",
        limit: 0,
        permission: "none: it is public",
        list: false,
    },
    list("/api/v1/features", "", 0, "okta.features.read"),
    list("/api/v1/idps", "", 200, "okta.idps.read"),
    list("/api/v1/idps/credentials/keys", "", 200, "okta.idps.read"),
    list("/api/v1/authenticators", "", 0, AUTHENTICATORS),
    list("/api/v1/policies", "type=OKTA_SIGN_ON", 0, POLICIES),
    list("/api/v1/policies", "type=ACCESS_POLICY", 0, POLICIES),
    list("/api/v1/policies", "type=IDP_DISCOVERY", 0, POLICIES),
    list("/api/v1/policies", "type=IDENTITY_CLAIM_SOURCING", 0, POLICIES),
    list("/api/v1/apps", "", 200, "okta.apps.read"),
];

/// Whether a System Log event says that configuration may have changed: it triggers a look, since
/// the log carries no bodies of policies and no trust switch.
pub(crate) fn triggers_a_look(event_type: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "system.idp.",
        "system.feature.",
        "policy.lifecycle.",
        "policy.rule.",
        "policy.branch.",
        "policy.mapping.",
        "security.authenticator.",
        "application.lifecycle.",
        "application.policy.sign_on.",
    ];
    // Refusals of access are no changes of policies.
    PREFIXES.iter().any(|prefix| event_type.starts_with(prefix))
        && event_type != "application.policy.sign_on.deny_access"
        && event_type != "system.idp.lifecycle.read_client_secret"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_configuration_trigger_a_look_and_sign_ins_do_not() {
        for changed in [
            "system.idp.lifecycle.update",
            "policy.rule.update",
            "policy.branch.lifecycle.promote",
            "system.feature.enable",
            "security.authenticator.lifecycle.deactivate",
            "application.policy.sign_on.update",
        ] {
            assert!(triggers_a_look(changed), "{changed}");
        }
        for other in [
            "policy.evaluate_sign_on",
            "policy.auth_reevaluate.fail",
            "application.policy.sign_on.deny_access",
            "system.idp.lifecycle.read_client_secret",
            "user.session.start",
        ] {
            assert!(!triggers_a_look(other), "{other}");
        }
    }
}
