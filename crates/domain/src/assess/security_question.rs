//! Where the security question is a factor of the organisation, claims of a third-party IdP meet
//! knowledge and nothing else.
//!
//! Source: Okta, Configure claims sharing, third-party IdPs. A question that is kept
//! for recovery is not asked for at a sign-in ([`challenge::serves_sign_in`]).

use super::{challenge, claims::Tri, value::Value};
use crate::{history::HistoryCut, model::FactorType};
use claimledger_facts::{time::Occurred, vocabulary::Method};

pub(crate) const ID: &str = "security_question";

/// Whether it keeps out a value of a third-party IdP at a time.
pub(crate) fn bars(
    history: HistoryCut<'_>,
    when: Occurred,
    third_party: bool,
    value: &Value,
) -> Tri {
    let other = third_party && value.factor_type != FactorType::Knowledge;
    if other { is_asked(history, when) } else { Tri::No }
}

/// Whether the organisation asks for the security question.
fn is_asked(history: HistoryCut<'_>, when: Occurred) -> Tri {
    challenge::serves_sign_in(&history.settings().authenticator(Method::SecurityQuestion, when))
}
