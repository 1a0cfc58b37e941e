//! Answers about first appearances.

use claimledger_domain::first_seen::{FirstSeen, Window};
use claimledger_facts::{ids::LogPosition, time::Time};

/// Values that appeared for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstSeenAnswer {
    /// In the order of first appearance.
    pub items: Vec<FirstSeen>,
    /// What they were compared with.
    pub compared: Compared,
    /// The window that is shown.
    pub window: Window,
}

/// How many values of each kind appeared in a window, in the order of
/// [`FirstSeenKind::ALL`](claimledger_domain::first_seen::FirstSeenKind::ALL); none: more sessions
/// would have had to be evaluated than a question may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstSeenCounts(pub [Option<usize>; 3]);

/// The records that a first appearance is compared with: the whole log up to K.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The first position.
    pub from: LogPosition,
    /// The last position: K.
    pub to: LogPosition,
    /// When the first position was recorded.
    pub recorded_from: Time,
    /// When the last position was recorded.
    pub recorded_to: Time,
    /// When the first claim that has a value of this kind was received.
    pub since: Option<Time>,
    /// The number of distinct values, inside and outside the window.
    pub values: usize,
}
