//! Where the security question is a factor of the organisation, claims of a third-party IdP meet
//! knowledge and nothing else.
//!
//! Source: Okta, Configure claims sharing, third-party IdPs. A question that is kept
//! for recovery is not asked for at a sign-in ([`authenticators::serves_sign_in`]).

use super::{authenticators, requirement::Bar, value::Value};
use crate::{history::HistoryCut, model::FactorType};
use claimledger_facts::{time::Occurred, vocabulary::Method};

pub(crate) const ID: &str = "security_question";

/// Whether it keeps out a value of a third-party IdP at a time.
pub(crate) fn bar(
    history: HistoryCut<'_>,
    when: Occurred,
    third_party: bool,
    value: &Value,
) -> Option<Bar> {
    let other = third_party && value.factor_type != FactorType::Knowledge;
    (other && is_asked(history, when)).then_some(Bar::SecurityQuestion)
}

/// Whether the organisation asks for the security question.
fn is_asked(history: HistoryCut<'_>, when: Occurred) -> bool {
    let mut authenticators = history.settings().authenticators(when).into_iter();
    let question = authenticators.find(|a| a.data.method == Method::SecurityQuestion);
    question.is_some_and(|a| authenticators::serves_sign_in(&a.data))
}
