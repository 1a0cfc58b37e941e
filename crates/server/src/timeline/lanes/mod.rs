//! What a session's timeline shows: its lanes from top to bottom, and in each lane items in the
//! order they began.
//!
//! Here is what a figure is made of; `figure` builds it, `configured` makes the lanes of trust,
//! policies and keys, `session` those of the session itself and its factors, `marks` those of what
//! happened in it.

mod codes;
mod configured;
mod figure;
mod marks;
mod session;

pub(crate) use self::{
    codes::{grade_letter, type_word, words},
    figure::figure,
};

use super::geometry::Window;
use claimledger_domain::{
    completeness::GapCause,
    model::{Certainty, Grade, RecordRef},
};
use claimledger_facts::{
    ids::{IdpId, KeyId, LogPosition, SourceId},
    time::{Occurred, Time},
};

/// Everything a figure shows.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// The session's name.
    pub session: String,
    /// The interval that is looked through.
    pub window: Window,
    /// The interval of everything.
    pub whole: Window,
    /// When the session began.
    pub start: Time,
    /// By which clock.
    pub order: Order,
    /// The lanes, top down.
    pub lanes: Vec<Lane>,
    /// T.
    pub at: Time,
    /// When K was recorded.
    pub known_at: Time,
    /// Instants at which trust, policy or keys changed: the tint behind the lanes alternates there.
    pub changes: Vec<Time>,
    /// Gaps of a source, each over the lanes that rest on it.
    pub gaps: Vec<Silence>,
    /// Facts that are known, and later than T.
    pub after_t: usize,
    /// What a limit left out, in words.
    pub left_out: Vec<String>,
}

/// By which clock the axis goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// When things occurred, as their sources claim.
    Occurred,
    /// When they were recorded.
    Recorded,
}

impl Order {
    /// The word in addresses and captions.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Occurred => "occurred",
            Self::Recorded => "recorded",
        }
    }
}

/// A source was silent.
#[derive(Clone, Debug)]
pub(crate) struct Silence {
    /// Which source.
    pub source: SourceId,
    /// From, inclusive.
    pub from: Time,
    /// Until, exclusive; none: nothing that is known ends it.
    pub until: Option<Time>,
    /// Whether what was missing has come.
    pub backfilled: bool,
    /// Why something may be missing.
    pub cause: GapCause,
}

/// One lane.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    /// Its kind.
    pub kind: LaneKind,
    /// Its name in the gutter.
    pub name: String,
    /// Of a key: which.
    pub of: Option<(IdpId, KeyId)>,
    /// Its grade letter, of a factor.
    pub grade: Option<Grade>,
    /// What a screen reader says.
    pub aria: String,
    /// The sources that its items rest on.
    pub sources: Vec<SourceId>,
    /// Its items.
    pub items: Vec<Item>,
    /// How many lie before the window, and how many after it.
    pub outside: (usize, usize),
    /// How many factors it stands for; 0: nothing is folded into it.
    pub folded: usize,
}

/// Which lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LaneKind {
    /// Versions of an IdP.
    Trust,
    /// Versions of a policy.
    Policy,
    /// A key.
    Key,
    /// The IdP's session.
    IdpSession,
    /// The session itself.
    Session,
    /// A factor.
    Factor,
    /// Claims that did not count.
    Ignored,
    /// Decisions.
    Decisions,
    /// Application accesses.
    Access,
    /// Retractions of IdPs and losses that hit something of it. A retraction of a key stands on its
    /// key.
    Falsifiers,
}

impl LaneKind {
    /// The class in the drawing: never made from text of outside.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Trust => "trust",
            Self::Policy => "policy",
            Self::Key => "key",
            Self::IdpSession => "idp-session",
            Self::Session => "session",
            Self::Factor => "factor",
            Self::Ignored => "ignored",
            Self::Decisions => "decisions",
            Self::Access => "access",
            Self::Falsifiers => "falsifiers",
        }
    }
}

/// One thing to see: one link in the drawing, one row in the table.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// How it is drawn.
    pub shape: ItemShape,
    /// Its colour.
    pub hue: Hue,
    /// Its pattern.
    pub fill: Fill,
    /// Its outline.
    pub grade: Option<Grade>,
    /// What it is.
    pub what: String,
    /// When it began, or happened; the earliest, where that is not exact.
    pub from: Time,
    /// The latest it can have begun; none: it began at `from`.
    pub begun_by: Option<Time>,
    /// When it ended.
    pub end: End,
    /// How sure.
    pub certainty: Certainty,
    /// Why it ended, or what is odd.
    pub reason: String,
    /// What stands beside it.
    pub label: String,
    /// The record it comes from.
    pub record: Option<RecordRef>,
    /// The record that ended it.
    pub ended_by: Option<RecordRef>,
    /// Of what came late: when it speaks of, and when it was recorded. Of a bar it may be its end
    /// that did.
    pub late: Option<(Time, Time)>,
}

impl Item {
    /// What is never put into a bucket: a refusal, a difference, what is void, what came late.
    pub(crate) fn is_exception(&self) -> bool {
        self.hue == Hue::Attention
            || self.fill == Fill::Void
            || self.late.is_some()
            || self.shape == ItemShape::Mark(Mark::Deny)
    }

    /// When it began: between both bounds, where that is not exact.
    pub(crate) const fn began(&self) -> Occurred {
        Occurred { from: self.from, to: self.begun_by }
    }

    /// Whether it is the end of it that came late.
    pub(crate) fn end_is_late(&self) -> bool {
        let ended = self.ended_by.as_ref().map(|record| record.recorded_at);
        let began = self.record.as_ref().map(|record| record.recorded_at);
        self.late.is_some_and(|(_, recorded)| ended == Some(recorded) && began != Some(recorded))
    }

    /// Up to when it can be seen; `running`: where what runs on is drawn to.
    pub(crate) const fn latest(&self, running: Time) -> Time {
        match self.end {
            End::Moment => self.from,
            End::At(end) | End::Lost(end) | End::Bounded(_, end) => end,
            End::Running => running,
            End::Unknown(_) => Time::MAX,
        }
    }

    /// The position of its record.
    pub(crate) fn position(&self) -> Option<LogPosition> {
        self.record.as_ref().map(|record| record.position)
    }

    /// What it opens. A decision opens its own page, a column the part of the timeline that it
    /// stands for.
    pub(crate) fn target(&self) -> Target {
        match (self.shape, self.position()) {
            (ItemShape::Column(_), _) => {
                Target::Window(Window::of_column(self.from, self.latest(self.from)))
            }
            (ItemShape::Mark(Mark::Allow | Mark::Challenge | Mark::Deny), Some(position)) => {
                Target::Decision(position)
            }
            (_, Some(position)) => Target::Record(position),
            (_, None) => Target::Session,
        }
    }
}

/// What a link of the timeline opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The session itself, nothing of it opened.
    Session,
    /// A record.
    Record(LogPosition),
    /// A record, by one of the items that rest on it.
    Bar(Bar),
    /// A decision, by its record.
    Decision(LogPosition),
    /// A part of the timeline.
    Window(Window),
}

/// One item of the figure: a record, and which of the items that rest on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    /// The record.
    pub record: LogPosition,
    /// Which of its items; the first is 0.
    pub nth: usize,
}

impl Bar {
    /// Its id in the page.
    pub(crate) fn id(&self, prefix: &str) -> String {
        match self.nth {
            0 => format!("{prefix}-{}", self.record.0),
            nth => format!("{prefix}-{}-{nth}", self.record.0),
        }
    }
}

/// How an item is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemShape {
    /// A strip with its name: a version.
    Band,
    /// A bar.
    Bar,
    /// A mark.
    Mark(Mark),
    /// A column for a number of items, as high as the logarithm of the count.
    Column(usize),
}

/// Which mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Let in.
    Allow,
    /// Asked for more.
    Challenge,
    /// Refused.
    Deny,
    /// An application was opened.
    Access,
    /// A claim that did not count, or a retraction or loss that hits something.
    Hollow,
}

/// Where the colour comes from. Never the only cue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hue {
    /// Sessions, outcomes, configuration.
    Ink,
    /// A factor that an IdP claimed.
    Claimed,
    /// A factor that the service provider verified.
    Local,
    /// What is odd; words stand beside it.
    Attention,
}

impl Hue {
    /// The class in the drawing.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Ink => "ink",
            Self::Claimed => "claimed",
            Self::Local => "local",
            Self::Attention => "attention",
        }
    }
}

/// The pattern of a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    /// Certain.
    Solid,
    /// Possible.
    Possible,
    /// Void by the rules, though counted by record.
    Void,
    /// Did not count.
    Hollow,
}

/// How an item ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is a moment.
    Moment,
    /// Exclusive, known.
    At(Time),
    /// Ended by a loss.
    Lost(Time),
    /// It runs on at T.
    Running,
    /// Between two instants.
    Bounded(Time, Time),
    /// After an instant; how late is not known.
    Unknown(Time),
}
