//! The form of `/rehearse`: which changes there are, which fields each needs, and what is known
//! that could be changed.

use super::{error_page::PageError, parameters::Parameters, text};
use claimledger_app::model::answer::Rehearsable;
use claimledger_domain::{
    explain::called,
    rehearse::{Feature, IdpSetting, TrustChange},
};
use maud::{Markup, html};

/// The changes, in the order of the form: parameter, label, the fields that it needs.
const CHANGES: [(&str, &str, &[&str]); 9] = [
    ("deactivate", "Deactivate the IdP", &["idp"]),
    ("delete", "Delete the IdP", &["idp"]),
    ("untrust", "Switch trust in its claims off", &["idp"]),
    ("trust", "Switch trust in its claims on", &["idp"]),
    ("feature_off", "Switch the feature off", &["feature"]),
    ("feature_on", "Switch the feature on", &["feature"]),
    ("policy", "Put a version of a policy in force", &["policy", "base"]),
    ("retract", "Retract trust in the IdP", &["idp"]),
    ("retract_key", "Retract trust in the key", &["idp", "key"]),
];

/// The parameters of the form.
pub(super) const NAMES: [&str; 8] =
    ["change", "idp", "key", "feature", "base", "policy", "from", "to"];

pub(super) const FEATURES: [(&str, &str, Feature); 2] = [
    ("claims_sharing", "Okta-to-Okta claims sharing", Feature::ClaimsSharing),
    ("third_party", "Third-party claims sharing", Feature::ThirdPartyClaimsSharing),
];

/// The refusal of a change that is none of these.
pub(super) fn unknown_change(word: &str) -> PageError {
    let words = CHANGES.map(|(word, ..)| word).join(", ");
    PageError::refused(format!("change: unknown change {word}: use one of {words}."))
}

/// A field that a change does not take and that is given all the same; none: there is none.
pub(super) fn surplus(change: &str, is_given: impl Fn(&str) -> bool) -> Option<&'static str> {
    let (.., takes) = CHANGES.iter().find(|(word, ..)| *word == change)?;
    let of_changes = ["idp", "key", "feature", "base", "policy"];
    of_changes.into_iter().find(|name| !takes.contains(name) && is_given(name))
}

/// The form as it was sent, for itself and for links.
pub(super) struct Written(Vec<(&'static str, String)>);

impl Written {
    pub(super) fn of(parameters: &Parameters) -> Self {
        let value = |name| Some((name, parameters.get(name)?.to_owned()));
        Self(NAMES.iter().copied().filter_map(value).collect())
    }

    pub(super) fn fields(&self) -> &[(&'static str, String)] {
        &self.0
    }

    /// The first field with something that cannot be seen.
    pub(super) fn unseen(&self) -> Option<&'static str> {
        self.0.iter().find(|(_, value)| text::has_unseen(value)).map(|(name, _)| *name)
    }

    /// What cannot be seen is not repeated.
    fn get(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(written, _)| *written == name);
        field.map_or("", |(_, value)| if text::has_unseen(value) { "" } else { value })
    }
}

/// What is rehearsed, in words that go on with "Rehearsed:".
pub(super) fn words(change: &TrustChange, choices: &Rehearsable) -> String {
    let idp = |id: &claimledger_facts::ids::IdpId| {
        let known = choices.idps.iter().find(|(known, _)| known == id);
        called(id.as_str(), known.and_then(|(_, name)| name.as_deref()))
    };
    match change {
        TrustChange::Idp { idp: id, setting, .. } => match setting {
            IdpSetting::TrustOn => format!("trust in claims of {} had been on", idp(id)),
            IdpSetting::TrustOff => format!("trust in claims of {} had been off", idp(id)),
            IdpSetting::Inactive => format!("{} had been inactive", idp(id)),
            IdpSetting::Deleted => format!("{} had been deleted", idp(id)),
        },
        TrustChange::Feature { feature, on, .. } => {
            format!("{} had been {}", feature.words(), if *on { "on" } else { "off" })
        }
        TrustChange::Policy { policy, .. } => {
            let known = choices.policies.iter().find(|known| known.policy == policy.policy);
            let name = known.and_then(|known| known.name.as_deref());
            let policy_name = called(policy.policy.as_str(), name);
            format!("version {} of policy {policy_name} had been in force", policy.version)
        }
        TrustChange::Retraction(retraction) => {
            let (whose, from) = (idp(&retraction.idp), retraction.from);
            match &retraction.key {
                Some(key) => format!("trust in key {key} of {whose} is retracted from {from} on"),
                None => format!("trust in {whose} is retracted from {from} on"),
            }
        }
    }
}

/// The form, with T, K and R in hidden fields.
pub(super) fn form(
    written: &Written,
    cut: &[(&'static str, String)],
    choices: &Rehearsable,
) -> Markup {
    let idps = choices.idps.iter().map(|(id, name)| (id.as_str(), name.as_deref()));
    let policies =
        choices.policies.iter().map(|known| (known.policy.as_str(), known.name.as_deref()));
    // What is to be changed is there to be changed: the version that is in force.
    let base = choices.policies.iter().find(|known| known.policy.as_str() == written.get("base"));
    let base = base.and_then(|known| serde_json::to_string_pretty(known.in_force.as_ref()?).ok());
    let policy = match written.get("policy") {
        "" => base.unwrap_or_default(),
        policy => policy.to_owned(),
    };
    let is_policy = written.get("change") == "policy" || !policy.is_empty();
    html! {
        form class="rehearsal" method="post" action="/rehearse" {
            @for (name, value) in cut { input type="hidden" name=(name) value=(value); }
            div class="filter" {
                label { "Change " select name="change" {
                    @for (word, label, _) in CHANGES {
                        option value=(word) selected[written.get("change") == word] { (label) }
                    }
                } }
                (choice("IdP", "idp", written, idps))
                label { "Key, to retract one " input name="key" value=(written.get("key"))
                    size="22" autocomplete="off"; }
                label { "Feature, to switch one " select name="feature" {
                    option value="" { "–" }
                    @for (word, label, _) in FEATURES {
                        option value=(word) selected[written.get("feature") == word] { (label) }
                    }
                } }
            }
            details class="rehearsed-policy" open[is_policy] {
                summary { "A version of a policy" }
                div class="filter" {
                    (choice("Begin with the one in force", "base", written, policies))
                    label { "The data of a policy.configured fact " textarea name="policy"
                        rows=(if policy.is_empty() { 3 } else { 16 }) cols="72"
                        spellcheck="false" { (policy) } }
                }
            }
            div class="filter" {
                @for (name, label) in [("from", "Decisions from"), ("to", "Decisions until")] {
                    label { (label) " " input name=(name) value=(written.get(name)) size="22"
                        placeholder="2026-03-10T00:00:00Z" autocomplete="off"; }
                }
                button type="submit" class="main" { "Rehearse" }
            }
        }
        p class="muted" { "Nothing is written. A time has a date and an offset, such as \
            2026-03-10T00:00:00Z. The window ends at T and begins 7 days before its end where it \
            is left out. To rehearse a policy, choose one to begin with, and change the version \
            that is then shown." }
    }
}

/// A choice of what is known, with what was written where that is not known.
fn choice<'c>(
    label: &str,
    name: &str,
    written: &Written,
    known: impl Iterator<Item = (&'c str, Option<&'c str>)>,
) -> Markup {
    let chosen = written.get(name);
    let known: Vec<_> = known.collect();
    let is_other = !chosen.is_empty() && known.iter().all(|(id, _)| *id != chosen);
    html! {
        label { (label) " " select name=(name) {
            option value="" { "–" }
            @if is_other { option value=(chosen) selected { (text::plain(chosen)) } }
            @for (id, called_so) in known {
                option value=(id) selected[id == chosen] { (text::plain(&called(id, called_so))) }
            }
        } }
    }
}
