//! What a session's timeline shows: its lanes from top to bottom, and in each lane items in the order they began.

use super::geometry::Window;
use crate::pages::{text::plain, when};
use claimledger_app::answer::SourceCompleteness;
use claimledger_domain::model::{Bounds, Certainty, Decision, FactorType, Grade, HonoredFactor, Origin, Phase, RecordRef, SessionState, Version};
use claimledger_facts::{
    ids::{LogPosition, SourceId},
    time::Time,
    vocabulary::Outcome,
};

/// Everything a figure shows.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// The session's name.
    pub session: String,
    /// The interval.
    pub window: Window,
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
    /// Until, exclusive.
    pub until: Time,
    /// Whether what was missing has come.
    pub backfilled: bool,
}

/// One lane.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    /// Its kind.
    pub kind: LaneKind,
    /// Its name in the gutter.
    pub name: String,
    /// Its grade letter, of a factor.
    pub grade: Option<Grade>,
    /// What a screen reader says.
    pub aria: String,
    /// The sources that its items rest on.
    pub sources: Vec<SourceId>,
    /// Its items.
    pub items: Vec<Item>,
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
    /// Facts that these rules do not weigh.
    NotWeighed,
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
            Self::NotWeighed => "not-weighed",
        }
    }
}

/// One thing to see: one link in the drawing, one row in the table.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// How it is drawn.
    pub shape: Shape,
    /// Its colour.
    pub hue: Hue,
    /// Its pattern.
    pub fill: Fill,
    /// Its outline.
    pub grade: Option<Grade>,
    /// What it is.
    pub what: String,
    /// When it began, or happened.
    pub from: Time,
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
    /// Of what came late: when it speaks of, and when it was recorded.
    pub late: Option<(Time, Time)>,
}

impl Item {
    /// What is never put into a bucket: a refusal, a difference, what is void, what came late.
    pub(crate) fn is_exception(&self) -> bool {
        self.hue == Hue::Attention || self.fill == Fill::Void || self.late.is_some() || self.shape == Shape::Mark(Mark::Deny)
    }

    /// The position to open.
    pub(crate) fn position(&self) -> Option<LogPosition> {
        self.record.as_ref().map(|record| record.position)
    }
}

/// How an item is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A strip with its name: a version.
    Band,
    /// A bar.
    Bar,
    /// A mark.
    Mark(Mark),
    /// A column of so many items, as high as the logarithm of the count.
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
    /// A claim that did not count, or a fact that is not weighed.
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

/// Builds the figure.
pub(crate) fn figure(session: &SessionState, at: Time, known_at: Time, completeness: &[SourceCompleteness], order: Order) -> Figure {
    let mut lanes = Vec::new();
    versions(&session.context.trust, LaneKind::Trust, "trust of", &mut lanes);
    versions(&session.context.policies, LaneKind::Policy, "policy", &mut lanes);
    keys(session, &mut lanes);
    idp_session(session, &mut lanes);
    lanes.push(session_lane(session));
    lanes.extend(session.factors.iter().map(|factor| factor_lane(session, factor)));
    ignored(session, &mut lanes);
    decisions(session, &mut lanes);
    accesses(session, &mut lanes);
    not_weighed(session, &mut lanes);
    for lane in &mut lanes {
        lane.items.sort_by(|a, b| (a.from, &a.what).cmp(&(b.from, &b.what)));
        lane.sources = sources(&lane.items);
    }
    if order == Order::Recorded {
        lanes.iter_mut().flat_map(|lane| &mut lane.items).for_each(by_recorded);
    }
    let changes = changes(&lanes);
    let window = window(session, &lanes, at, known_at);
    for lane in lanes.iter_mut().filter(|lane| matches!(lane.kind, LaneKind::Trust | LaneKind::Policy)) {
        // Versions that were replaced before the session, or came after it, had no part in it.
        lane.items.retain(|item| item.from < window.until && !matches!(item.end, End::At(end) if end <= window.from));
    }
    lanes.retain(|lane| !lane.items.is_empty());
    for item in lanes.iter_mut().flat_map(|lane| &mut lane.items) {
        if item.end == End::Moment && !window.holds(item.from) && !item.label.is_empty() {
            let clock = when::clock(item.from);
            item.label = if item.from < window.from { format!("← {clock} {}", item.label) } else { format!("{} {clock} →", item.label) };
        }
    }
    let changes = changes.into_iter().filter(|change| window.holds(*change)).collect();
    Figure {
        session: plain(session.id.as_str()),
        window,
        order,
        changes,
        at,
        known_at,
        gaps: silences(completeness, &window),
        after_t: session.context.after_t,
        left_out: Vec::new(),
        lanes,
    }
}

/// The window is the session's own: what was configured long before only reaches in from the left.
fn window(session: &SessionState, lanes: &[Lane], at: Time, known_at: Time) -> Window {
    let own = || lanes.iter().filter(|lane| lane.kind >= LaneKind::Session && lane.kind != LaneKind::NotWeighed).flat_map(|lane| &lane.items);
    let first = own().map(|item| item.from).min().or(session.started_at).unwrap_or(at);
    let last = own()
        .map(|item| match item.end {
            End::Moment => item.from,
            End::At(end) | End::Lost(end) | End::Bounded(_, end) => end,
            End::Running => at.max(item.from),
            End::Unknown(earliest) => earliest.max(at.min(known_at.max(earliest))),
        })
        .max()
        .unwrap_or(first)
        .max(first);
    // A tail may make the figure twice as long, not longer: what came a year later would leave nothing to see of the session.
    let longest = last.micros().saturating_add(last.micros().saturating_sub(first.micros()));
    let tail = own().filter_map(|item| item.late).map(|(_, recorded)| recorded).filter(|recorded| recorded.micros() <= longest).max();
    Window::around(first, tail.map_or(last, |tail| tail.max(last)))
}

fn sources(items: &[Item]) -> Vec<SourceId> {
    let mut sources: Vec<SourceId> =
        items.iter().flat_map(|item| item.record.iter().chain(&item.ended_by)).map(|record| record.source.clone()).collect();
    sources.sort();
    sources.dedup();
    sources
}

fn changes(lanes: &[Lane]) -> Vec<Time> {
    let mut changes: Vec<Time> = lanes
        .iter()
        .filter(|lane| matches!(lane.kind, LaneKind::Trust | LaneKind::Policy | LaneKind::Key))
        .flat_map(|lane| &lane.items)
        .flat_map(|item| match item.end {
            End::At(end) => vec![item.from, end],
            End::Moment | End::Lost(_) | End::Running | End::Bounded(..) | End::Unknown(_) => vec![item.from],
        })
        .collect();
    changes.sort();
    changes.dedup();
    changes
}

fn silences(completeness: &[SourceCompleteness], window: &Window) -> Vec<Silence> {
    let gaps = completeness.iter().flat_map(|source| {
        source.gaps.iter().map(|gap| Silence { source: source.source.clone(), from: gap.from, until: gap.until, backfilled: gap.backfilled })
    });
    gaps.filter(|gap| gap.from < window.until && gap.until > window.from).collect()
}

/// Redraws an item at the time it was recorded. What came late keeps the time it speaks of, for a hollow mark.
fn by_recorded(item: &mut Item) {
    let Some(record) = &item.record else { return };
    item.late = item.late.map(|_| (record.recorded_at, item.from));
    item.from = record.recorded_at;
    item.end = match (item.end, &item.ended_by) {
        (End::Moment, _) => End::Moment,
        (End::Lost(_), Some(by)) => End::Lost(by.recorded_at.max(item.from)),
        (_, Some(by)) => End::At(by.recorded_at.max(item.from)),
        (End::At(end) | End::Lost(end), None) => End::At(end.max(item.from)),
        (End::Running | End::Bounded(..) | End::Unknown(_), None) => End::Running,
    };
}

fn lateness(record: &RecordRef, speaks_of: Time) -> Option<(Time, Time)> {
    when::is_late(speaks_of, record.recorded_at).then_some((speaks_of, record.recorded_at))
}

fn lane(kind: LaneKind, name: String, aria: String, items: Vec<Item>) -> Lane {
    Lane { kind, name, grade: None, aria, sources: Vec::new(), items }
}

fn moment(shape: Mark, what: String, at: Time, record: &RecordRef) -> Item {
    Item {
        shape: Shape::Mark(shape),
        hue: Hue::Ink,
        fill: Fill::Solid,
        grade: None,
        label: String::new(),
        what,
        from: at,
        end: End::Moment,
        certainty: Certainty::Certain,
        reason: String::new(),
        late: lateness(record, at),
        record: Some(record.clone()),
        ended_by: None,
    }
}

fn versions(versions: &[Version], kind: LaneKind, of: &str, lanes: &mut Vec<Lane>) {
    let mut names: Vec<&str> = Vec::new();
    for version in versions {
        if !names.contains(&version.of.as_str()) {
            names.push(&version.of);
        }
    }
    for name in names {
        let shown = plain(name);
        let items = versions.iter().filter(|version| version.of == name).map(|version| {
            let by = [version.actor.as_ref().map(|a| plain(a.as_str())), version.ticket.as_ref().map(|t| plain(t.as_str()))];
            let by = by.into_iter().flatten().collect::<Vec<_>>().join(", ");
            let label = plain(version.label.as_str());
            Item {
                shape: Shape::Band,
                what: format!("{label} of {shown}: {}", plain(&version.gist)),
                reason: by,
                label,
                from: version.from,
                end: version.until.map_or(End::Running, End::At),
                ..moment(Mark::Access, String::new(), version.from, &version.record)
            }
        });
        lanes.push(lane(kind, format!("{of} {shown}"), format!("versions of {shown}"), items.collect()));
    }
}

fn keys(session: &SessionState, lanes: &mut Vec<Lane>) {
    for key in &session.context.keys {
        let name = plain(key.key.as_str());
        let ended = key.retired.clone();
        let item = Item {
            shape: Shape::Bar,
            what: format!("key {name} of {} valid", plain(key.idp.as_str())),
            end: key.until.map_or(End::Running, End::At),
            reason: if key.until.is_some() { "retired".to_owned() } else { String::new() },
            label: key.until.map(|until| format!("retired {}", when::clock(until))).unwrap_or_default(),
            ended_by: ended,
            ..moment(Mark::Access, String::new(), key.from, &key.added)
        };
        lanes.push(lane(LaneKind::Key, format!("key {name}"), format!("key {name}"), vec![item]));
    }
}

fn idp_session(session: &SessionState, lanes: &mut Vec<Lane>) {
    let Some(idp) = &session.context.idp_session else { return };
    let name = plain(idp.idp_session.as_str());
    let from = idp.from.or(session.started_at).unwrap_or(Time::MIN);
    let end = match idp.until {
        Some(until) => End::At(until),
        None => End::Unknown(from),
    };
    let item = Item {
        shape: Shape::Bar,
        hue: Hue::Ink,
        fill: Fill::Solid,
        grade: None,
        what: format!("IdP session {name}"),
        from,
        end,
        certainty: if idp.until.is_some() { Certainty::Certain } else { Certainty::Possible },
        reason: if idp.until.is_some() { "ended".to_owned() } else { "end not known".to_owned() },
        label: if idp.until.is_some() { "ended".to_owned() } else { "end not known".to_owned() },
        late: idp.records.first().and_then(|record| lateness(record, from)).or(idp.until.and_then(|end| lateness(idp.records.get(1)?, end))),
        record: idp.records.first().cloned(),
        ended_by: idp.until.and(idp.records.get(1)).cloned(),
    };
    lanes.push(lane(LaneKind::IdpSession, format!("IdP session {name}"), format!("IdP session {name}"), vec![item]));
}

fn running_or_bounded(session: &SessionState, bounds: Option<Bounds>) -> End {
    match (session.phase, session.certainty, bounds) {
        (Phase::Active, Certainty::Certain, _) | (Phase::NotStarted, _, _) | (_, _, None) => End::Running,
        (Phase::Active | Phase::Ended, _, Some(Bounds { from, to: Some(to) })) => End::Bounded(from, to),
        (Phase::Active | Phase::Ended, _, Some(Bounds { from, to: None })) => End::Unknown(from),
    }
}

fn session_lane(session: &SessionState) -> Lane {
    let name = plain(session.id.as_str());
    let aliases: Vec<String> = session.aliases.iter().map(|alias| plain(alias.as_str())).collect();
    let also = if aliases.is_empty() { String::new() } else { format!(", also {}", aliases.join(", ")) };
    let first = session.records.first();
    let from = session.started_at.or(first.map(|record| record.occurred.from)).unwrap_or(Time::MIN);
    let end = session.ended_at.map_or_else(|| running_or_bounded(session, session.end_bounds), End::At);
    let reason = session.end_reason.map(str::to_owned).unwrap_or_default();
    let ended_by =
        session.ended_at.and_then(|end| session.records.iter().find(|record| record.kind == "session.ended" && record.occurred.from == end));
    let item = Item {
        shape: Shape::Bar,
        hue: Hue::Ink,
        fill: Fill::Solid,
        grade: None,
        what: format!("session {name}{also}"),
        from,
        certainty: session.certainty,
        label: [words(&reason).as_str(), end_label(end)].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", "),
        reason,
        end,
        late: first.and_then(|record| lateness(record, from)).or(session.ended_at.and_then(|end| lateness(ended_by?, end))),
        record: first.cloned(),
        ended_by: ended_by.cloned(),
    };
    lane(LaneKind::Session, format!("SP session {name}"), format!("session {name}{also}"), vec![item])
}

const fn end_label(end: End) -> &'static str {
    match end {
        End::Bounded(..) => "end only bounded",
        End::Unknown(_) => "end not known",
        End::Moment | End::At(_) | End::Lost(_) | End::Running => "",
    }
}

fn factor_lane(session: &SessionState, factor: &HonoredFactor) -> Lane {
    let name = plain(&factor.name);
    let who = match (factor.origin, &factor.idp) {
        (Origin::Local, _) => "local".to_owned(),
        (Origin::Claimed, Some(idp)) => plain(idp.as_str()),
        (Origin::Claimed, None) => "IdP not named".to_owned(),
    };
    let void = !factor.void.is_empty();
    let mut reasons: Vec<String> = factor.void.iter().map(|code| format!("void: {code}")).collect();
    reasons.extend(factor.end_reason.map(str::to_owned));
    reasons.extend(factor.missing.iter().map(|code| format!("missing: {code}")));
    if !factor.by_record {
        reasons.push("by the rules only".to_owned());
    }
    if factor.variant {
        reasons.push("variant".to_owned());
    }
    let record = factor.evidence.first();
    let end = match factor.until {
        Some(until) if factor.end_reason == Some("authenticator_lost") => End::Lost(until),
        Some(until) => End::At(until),
        None => running_or_bounded(session, factor.until_bounds),
    };
    let label = reasons.iter().map(|reason| words(reason)).chain([end_label(end).to_owned()]).filter(|words| !words.is_empty());
    let label = label.collect::<Vec<_>>().join("; ");
    let item = Item {
        shape: Shape::Bar,
        hue: match factor.origin {
            Origin::Claimed => Hue::Claimed,
            Origin::Local => Hue::Local,
        },
        fill: match (void, factor.certainty) {
            (true, _) => Fill::Void,
            (false, Certainty::Possible) => Fill::Possible,
            (false, Certainty::Certain) => Fill::Solid,
        },
        grade: Some(factor.grade),
        what: format!("{name} ({}) counted", type_word(factor.factor_type)),
        from: factor.from,
        end,
        certainty: factor.certainty,
        reason: reasons.join("; "),
        label,
        late: record.and_then(|record| lateness(record, factor.from)),
        record: record.cloned(),
        ended_by: None,
    };
    let origin = if factor.origin == Origin::Local { "local".to_owned() } else { format!("claimed from {who}") };
    Lane {
        grade: Some(factor.grade),
        ..lane(LaneKind::Factor, format!("{name}  {who}"), format!("{name}, {origin}, {}", grade_word(factor.grade)), vec![item])
    }
}

fn ignored(session: &SessionState, lanes: &mut Vec<Lane>) {
    let items: Vec<Item> = session
        .ignored
        .iter()
        .map(|claim| {
            let reasons = claim.reasons.join(", ");
            Item {
                fill: Fill::Hollow,
                label: format!("{}: {}", plain(&claim.name), words(&reasons)),
                reason: reasons,
                ..moment(
                    Mark::Hollow,
                    format!("{} of {} did not count", plain(&claim.name), plain(claim.idp.as_str())),
                    claim.received_at,
                    &claim.record,
                )
            }
        })
        .collect();
    if !items.is_empty() {
        lanes.push(lane(LaneKind::Ignored, "ignored claims".to_owned(), "claims that did not count".to_owned(), items));
    }
}

fn decisions(session: &SessionState, lanes: &mut Vec<Lane>) {
    let items: Vec<Item> = session.decisions.iter().map(decision).collect();
    if !items.is_empty() {
        lanes.push(lane(LaneKind::Decisions, "decisions".to_owned(), "decisions".to_owned(), items));
    }
}

fn decision(decision: &Decision) -> Item {
    let app = plain(decision.app.as_str());
    let (mark, verb) = match decision.outcome {
        Outcome::Allow => (Mark::Allow, "allow"),
        Outcome::Challenge => (Mark::Challenge, "challenge"),
        Outcome::Deny => (Mark::Deny, "deny"),
    };
    let odd = match (&decision.differs, &decision.falsified_later) {
        (Some(difference), _) => Some(format!("differs: {}", difference.code)),
        (None, Some(difference)) => Some(format!("falsified later: {}", difference.code)),
        (None, None) => None,
    };
    let label = match (&decision.differs, &decision.falsified_later) {
        (Some(_), _) => format!("≠ {app}, differs"),
        (None, Some(_)) => format!("✕ {app}, falsified later"),
        (None, None) => app.clone(),
    };
    Item {
        hue: if odd.is_some() { Hue::Attention } else { Hue::Ink },
        reason: odd.or_else(|| decision.first_unmet.map(|code| format!("first unmet: {code}"))).unwrap_or_default(),
        label,
        ..moment(mark, format!("{app}: {verb}"), decision.at.from, &decision.record)
    }
}

fn accesses(session: &SessionState, lanes: &mut Vec<Lane>) {
    let items: Vec<Item> = session
        .accesses
        .iter()
        .map(|access| Item {
            label: plain(access.app.as_str()),
            ..moment(Mark::Access, format!("{} opened", plain(access.app.as_str())), access.at, &access.record)
        })
        .collect();
    if !items.is_empty() {
        lanes.push(lane(LaneKind::Access, "app access".to_owned(), "application accesses".to_owned(), items));
    }
}

fn not_weighed(session: &SessionState, lanes: &mut Vec<Lane>) {
    let items: Vec<Item> = session
        .not_weighed
        .iter()
        .map(|record| Item {
            fill: Fill::Hollow,
            label: plain(&record.kind),
            reason: "not weighed by these rules".to_owned(),
            ..moment(Mark::Hollow, plain(&record.kind), record.occurred.from, record)
        })
        .collect();
    if !items.is_empty() {
        lanes.push(lane(LaneKind::NotWeighed, "not weighed".to_owned(), "facts that these rules do not weigh".to_owned(), items));
    }
}

/// A code in words.
pub(crate) fn words(code: &str) -> String {
    code.replace('_', " ")
}

/// The grade in a word.
pub(crate) const fn grade_word(grade: Grade) -> &'static str {
    match grade {
        Grade::Stated => "stated",
        Grade::Joined => "joined",
        Grade::Replayed => "replayed",
        Grade::Assumed => "assumed",
    }
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
