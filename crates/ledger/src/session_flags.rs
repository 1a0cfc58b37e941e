//! What is odd about a session, as flags of its row: so that lists of the few that are odd need not
//! read the many that are not.

/// One flag. It says what holds at the end of time. A later fact of the session may have settled
/// what was odd at an earlier T, so that it says nothing of a T before the session's last fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum SessionFlag {
    /// A decision differs from what the rules said when it was made.
    Differs = 1,
    /// A decision was falsified by what was learnt later.
    FalsifiedLater = 2,
    /// It continued after its IdP session had ended, certainly or possibly.
    Outlived = 4,
    /// A claim rests on trust that was retracted, certainly or possibly.
    Retracted = 8,
}

impl SessionFlag {
    /// Every flag.
    pub const ALL: [Self; 4] =
        [Self::Differs, Self::FalsifiedLater, Self::Outlived, Self::Retracted];

    /// Its bit, which engines store.
    #[must_use]
    pub const fn bit(self) -> u8 {
        self as u8
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Differs => "differs",
            Self::FalsifiedLater => "falsified_later",
            Self::Outlived => "outlived",
            Self::Retracted => "retracted",
        }
    }
}

/// A set of flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SessionFlags(u8);

impl SessionFlags {
    /// The flags that hold.
    #[must_use]
    pub fn of(flags: impl IntoIterator<Item = (SessionFlag, bool)>) -> Self {
        let held = flags.into_iter().filter(|(_, holds)| *holds);
        Self(held.fold(0, |bits, (flag, _)| bits | flag.bit()))
    }

    /// The set with these bits; none: there is no such flag.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        let all = Self::of(SessionFlag::ALL.map(|flag| (flag, true)));
        (bits & !all.0 == 0).then_some(Self(bits))
    }

    /// The bits of its flags.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether it has no flag.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it has every flag of another set.
    #[must_use]
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Its flags.
    pub fn iter(self) -> impl Iterator<Item = SessionFlag> {
        SessionFlag::ALL.into_iter().filter(move |flag| self.0 & flag.bit() != 0)
    }

    /// Its flags as text: `differs+retracted`, or `-` for none.
    #[must_use]
    pub fn to_text(self) -> String {
        if self.is_empty() {
            return "-".to_owned();
        }
        self.iter().map(SessionFlag::as_str).collect::<Vec<_>>().join("+")
    }
}

#[cfg(test)]
mod tests {
    use super::{SessionFlag, SessionFlags};

    #[test]
    fn a_set_has_the_flags_that_hold_and_comes_back_from_its_bits() {
        let set = SessionFlags::of([
            (SessionFlag::Differs, true),
            (SessionFlag::Outlived, false),
            (SessionFlag::Retracted, true),
        ]);
        assert_eq!(set.to_text(), "differs+retracted");
        assert_eq!(SessionFlags::default().to_text(), "-");
        assert_eq!(SessionFlags::from_bits(set.bits()), Some(set));
        assert_eq!(SessionFlags::from_bits(16), None, "no flag has this bit");
        let retracted = SessionFlags::of([(SessionFlag::Retracted, true)]);
        assert!(set.contains(retracted) && !retracted.contains(set));
        assert!(retracted.contains(SessionFlags::default()));
    }
}
