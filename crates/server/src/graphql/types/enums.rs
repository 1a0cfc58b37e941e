//! Enums of the vocabulary: certainty, state, factor type, outcome and so on.

use async_graphql::Enum;
use claimledger_domain::model;
use claimledger_facts::vocabulary;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident of $remote:literal as $graphql:literal {
        $($(#[$vdoc:meta])* $variant:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Enum, Copy, Clone, Debug, Eq, PartialEq)]
        #[graphql(name = $graphql, remote = $remote)]
        pub(crate) enum $name { $($(#[$vdoc])* $variant,)* }
    )*};
}

words! {
    /// How sure an answer is.
    Certainty of "model::Certainty" as "Certainty" {
        /// By what is known.
        Certain,
        /// Something that would settle it is missing.
        Possible,
    }
    /// The state of a session at T.
    Phase of "model::Phase" as "SessionState" {
        /// It begins after T.
        NotStarted,
        /// It has begun and has not ended.
        Active,
        /// It has ended.
        Ended,
    }
    /// The type of a factor.
    FactorType of "model::FactorType" as "FactorType" {
        /// Something known.
        Knowledge,
        /// Something had.
        Possession,
        /// Something one is.
        Inherence,
        /// Two types where no constraint is asked, and none by itself.
        Unspecified,
    }
    /// Who verified a factor.
    Origin of "model::Origin" as "Origin" {
        /// The identity provider, by its claim.
        Claimed,
        /// The service provider itself.
        Local,
    }
    /// How good the evidence is that a factor was honored.
    Grade of "model::Grade" as "Grade" {
        /// The service provider says so.
        Stated,
        /// An allow followed, and no local factor came before it.
        Joined,
        /// The rules honor it; nothing recorded says that it was.
        Replayed,
        /// Nothing is known of the identity provider.
        Assumed,
    }
    /// What the rules imply.
    Implied of "model::Implied" as "Implied" {
        /// The rule holds for these factors.
        Allow,
        /// It does not, but local authenticators could fill the gap.
        Challenge,
        /// It does not.
        Deny,
        /// Something is missing.
        Undetermined,
    }
    /// How a requirement stands.
    Mark of "model::Mark" as "Mark" {
        /// Met.
        Met,
        /// Not met.
        NotMet,
        /// Possible.
        Possible,
        /// Undetermined.
        Undetermined,
    }
    /// What the service provider recorded.
    Outcome of "vocabulary::Outcome" as "Outcome" {
        /// Let in.
        Allow,
        /// Asked for more.
        Challenge,
        /// Refused.
        Deny,
    }
}
