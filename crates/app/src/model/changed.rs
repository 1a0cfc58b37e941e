//! What a record changed about a session, as codes.

/// What a record changed about a session. Codes are returned in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Changed {
    /// The session was unknown before.
    Started,
    /// The state at the time of the record.
    State,
    /// The end: time or reason.
    End,
    /// The limits, or the bounds of an end that no record states.
    Bounds,
    /// The name or the aliases; two sessions may have been joined into one.
    Ids,
    /// The person, or the IdP session.
    Origin,
    /// The IdP session that it came from.
    IdpSession,
    /// The factors: which, their validity, or whether they count.
    Factors,
    /// Ignored claims.
    Ignored,
    /// The decisions: recorded or implied outcome, or a later falsification.
    Decisions,
    /// The accesses to applications.
    Accesses,
    /// The refused sign-ins.
    Refused,
    /// Only the list of records.
    Records,
}

impl Changed {
    /// The code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::State => "state",
            Self::End => "end",
            Self::Bounds => "bounds",
            Self::Ids => "ids",
            Self::Origin => "origin",
            Self::IdpSession => "idp_session",
            Self::Factors => "factors",
            Self::Ignored => "ignored",
            Self::Decisions => "decisions",
            Self::Accesses => "accesses",
            Self::Refused => "refused",
            Self::Records => "records",
        }
    }
}
