//! The org: its engine, and the features that share claims.

use super::{
    look::{Body, Config, Feature},
    shape::Shape,
};
use claimledger_facts::{types::org::OrgConfigured, vocabulary::Engine};

/// Reads a feature. Names are compared without regard to case, spaces and punctuation.
pub(super) fn read(shape: &Shape<'_>) -> Option<Body> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let which = match plain(shape.text("name")?).as_str() {
        "oktatooktaclaimssharing" => Feature::ClaimsSharing,
        "thirdpartyidpclaimssharing" | "thirdpartyclaimssharing" => {
            Feature::ThirdPartyClaimsSharing
        }
        // A feature that no rule of claims sharing asks about.
        _ => return Some(Body::Nothing),
    };
    let on = match shape.text("status")? {
        "ENABLED" => true,
        "DISABLED" => false,
        _ => return None,
    };
    Some(Body::Feature { which, on })
}

/// Reads what an org publishes of itself.
pub(super) fn read_org(shape: &Shape<'_>) -> Option<Body> {
    let engine = match shape.text("pipeline")? {
        "idx" => Engine::IdentityEngine,
        "v1" => Engine::Classic,
        _ => return None,
    };
    Some(Body::Org { engine })
}

/// The org as its parts make it up. None while a part was not seen: a fact states all three, and
/// nothing stated is assumed as such in answers (`semantics.md` 38).
pub(super) fn stated(config: &Config) -> Option<OrgConfigured> {
    let feature = |which: Feature| {
        config.present().find_map(|(_, seen)| match seen.body {
            Body::Feature { which: of, on } if of == which => Some(on),
            _ => None,
        })
    };
    let engine = config.present().find_map(|(_, seen)| match seen.body {
        Body::Org { engine } => Some(engine),
        _ => None,
    })?;
    Some(OrgConfigured {
        engine,
        claims_sharing: feature(Feature::ClaimsSharing)?,
        third_party_claims_sharing: feature(Feature::ThirdPartyClaimsSharing)?,
    })
}
