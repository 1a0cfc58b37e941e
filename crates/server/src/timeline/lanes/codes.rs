//! Codes, grades and types in words.

use claimledger_domain::{
    codes,
    model::{FactorType, Grade},
};

/// A code in words.
pub(crate) fn words(code: &str) -> String {
    codes::words(code)
}

/// The grade's letter in the gutter.
pub(crate) const fn grade_letter(grade: Grade) -> &'static str {
    match grade {
        Grade::Stated => "S",
        Grade::Joined => "J",
        Grade::Replayed => "R",
        Grade::Assumed => "A",
    }
}

/// The factor type in a word.
pub(crate) const fn type_word(factor_type: FactorType) -> &'static str {
    match factor_type {
        FactorType::Knowledge => "knowledge",
        FactorType::Possession => "possession",
        FactorType::Inherence => "inherence",
        FactorType::Unspecified => "multi-factor, types not named",
    }
}
