//! What a record changed of a session, as codes.

/// What changed of a session. Codes, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Changed {
    /// It was not known before.
    Started,
    /// It stands otherwise at the moment of the record.
    State,
    /// Its end: when, why.
    End,
    /// Its limits, or the bounds of an end that nobody stated.
    Bounds,
    /// What it is called: its name, its aliases; two sessions may have turned out to be one.
    Ids,
    /// Whose it is, or what lies behind it.
    Origin,
    /// The IdP's session behind it.
    IdpSession,
    /// Its factors: which, from when until when, whether they count.
    Factors,
    /// Claims that did not count.
    Ignored,
    /// Its decisions, recorded, implied, differing or falsified later.
    Decisions,
    /// The applications it opened.
    Accesses,
    /// Sign-ins that were refused.
    Refused,
    /// The records that it rests on.
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
