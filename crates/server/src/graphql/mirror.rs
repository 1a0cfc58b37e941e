//! Types of the schema that show types of the domain, field by field.
//!
//! A type of the schema spells out what it shows, since its names and descriptions are the
//! contract; how a value is brought into it is said once a kind of value, here.

use super::{
    answers::{AbsenceCode, HeardBasis, Part},
    query::BeliefAspect,
    scalars::{DateTime, Position},
    types,
};
use async_graphql::ID;
use claimledger_app::model::{answer, health, reached};
use claimledger_domain::{belief, changes, model, timeline};
use claimledger_facts::{ids::LogPosition, time::Time, vocabulary};
use std::{collections::BTreeSet, fmt::Display};

/// Declares an object of the schema, and how it is made of what it shows: a field is that of the
/// same name, or the expression after its type.
macro_rules! mirror {
    (
        $(#[$meta:meta])*
        pub(crate) struct $name:ident of $source:ty as $from:ident;
        $($(#[$field_meta:meta])* $field:ident: $shown:ty $(= $value:expr)?,)*
    ) => {
        $(#[$meta])*
        pub(crate) struct $name {
            $($(#[$field_meta])* $field: $shown,)*
        }

        impl From<&$source> for $name {
            fn from($from: &$source) -> Self {
                Self {
                    $($field: $crate::graphql::mirror::Show::show(
                        &$crate::graphql::mirror::mirror!(@ $from $field $($value)?),
                    ),)*
                }
            }
        }

        impl $crate::graphql::mirror::Show<$name> for $source {
            fn show(&self) -> $name {
                self.into()
            }
        }
    };
    (@ $from:ident $field:ident) => { $from.$field };
    (@ $from:ident $field:ident $value:expr) => { $value };
}

pub(crate) use mirror;

/// How the schema shows a value.
pub(crate) trait Show<T> {
    /// As it is shown.
    fn show(&self) -> T;
}

/// Ids are shown as text.
impl<S: Display> Show<ID> for S {
    fn show(&self) -> ID {
        ID(self.to_string())
    }
}

impl<S: Display> Show<String> for S {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl<S: Show<T>, T> Show<Option<T>> for Option<S> {
    fn show(&self) -> Option<T> {
        self.as_ref().map(S::show)
    }
}

impl<S: Show<T>, T> Show<Vec<T>> for Vec<S> {
    fn show(&self) -> Vec<T> {
        self.iter().map(S::show).collect()
    }
}

impl<S: Show<T>, T> Show<Vec<T>> for BTreeSet<S> {
    fn show(&self) -> Vec<T> {
        self.iter().map(S::show).collect()
    }
}

macro_rules! show {
    ($($source:ty => $shown:ty: $how:expr;)*) => {$(
        impl Show<$shown> for $source {
            fn show(&self) -> $shown {
                ($how)(*self)
            }
        }
    )*};
}

show! {
    bool => bool: Self::from;
    i64 => i64: Self::from;
    usize => usize: Self::from;
    &'static str => &'static str: Self::from;
    Time => DateTime: DateTime;
    LogPosition => Position: Position;
    model::Bounds => types::Bounds: Into::into;
    model::Span => types::Span: Into::into;
    vocabulary::Access => &'static str: Self::as_str;
    vocabulary::FactorMode => &'static str: Self::as_str;
    vocabulary::Method => &'static str: Self::as_str;
    vocabulary::Property => &'static str: Self::as_str;
    vocabulary::SignInResult => &'static str: Self::as_str;
    vocabulary::Status => &'static str: Self::as_str;
    answer::AbsenceCode => AbsenceCode: Into::into;
    health::Part => Part: Into::into;
    belief::AspectKind => BeliefAspect: Into::into;
    changes::ChangeKind => types::ChangeKind: Into::into;
    model::Certainty => types::Certainty: Into::into;
    model::FactorType => types::FactorType: Into::into;
    model::Implied => types::Implied: Into::into;
    model::Phase => types::Phase: Into::into;
    reached::FoundKind => types::FoundKind: Into::into;
    timeline::Category => types::Category: Into::into;
    vocabulary::HeardBasis => HeardBasis: Into::into;
    vocabulary::Outcome => types::Outcome: Into::into;
}
