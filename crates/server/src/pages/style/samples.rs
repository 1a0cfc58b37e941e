//! Made-up values for `/style`: nothing of a tenant, and nothing that happened.

use claimledger_app::model::{
    answer::{Absence, AbsenceCode, Answered, Gap, SourceCompleteness, Status},
    source_report::{Counted, SourceReport},
};
use claimledger_domain::{
    RULES,
    completeness::{self, GapCause, GapStatement, HeardStatement, Statements},
    model::{Mark, Reason, RecordRef},
};
use claimledger_facts::{
    ids::{LogPosition, RecordId, SourceEventId, SourceId, TenantId},
    record::Digest32,
    time::{Occurred, Time},
    vocabulary::HeardBasis,
};

/// Hours of a made-up day, as a time.
pub(super) fn hour(hours: i64) -> Time {
    /// 2026-03-10T00:00:00Z.
    const MIDNIGHT: i64 = 1_773_100_800;
    Time::from_micros((MIDNIGHT + hours * 3_600) * 1_000_000)
}

pub(super) fn record(position: u64, hours: i64) -> RecordRef {
    let (source, source_id) =
        (SourceId::new("sp.example"), SourceEventId::new(format!("e{position}")));
    RecordRef {
        id: RecordId::derive(&TenantId::new("sample"), &source, &source_id),
        source,
        source_id,
        kind: "sample".into(),
        position: LogPosition(position),
        occurred: Occurred::at(hour(hours)),
        recorded_at: hour(hours),
    }
}

/// For which cut the samples hold. Another position for each strip, so that ids are used once.
pub(super) fn answered(position: u64, provisional: bool, rehearsal: bool) -> Answered {
    Answered {
        at: hour(23),
        position: LogPosition(position),
        recorded_at: hour(23),
        rules: RULES,
        provisional,
        rehearsal,
        completeness: completeness::summary(&[], hour(23)),
    }
}

/// Read models that have reached the head, or lag behind it.
pub(super) fn status(lags: bool) -> Status {
    Status {
        assessed_to: if lags { 80 } else { 83 },
        head: 83,
        views: "sample".to_owned(),
        problems: Vec::new(),
        signed: Some((83, Digest32([0x5a; 32]))),
    }
}

/// A source that was heard to the end of the day, or one with a gap.
pub(super) fn source(name: &str, gap: Option<bool>) -> SourceCompleteness {
    let gap = gap.map(|backfilled| Gap {
        from: hour(14),
        until: backfilled.then(|| hour(15)),
        backfilled,
        cause: GapCause::Silent,
        position: LogPosition(63),
    });
    SourceCompleteness {
        source: SourceId::new(name),
        heard_until: Some(hour(23)),
        basis: Some(HeardBasis::Stated),
        gaps: gap.into_iter().collect(),
    }
}

/// A sentence of absence for each of its reasons.
pub(super) fn absences() -> [Absence; 3] {
    let of = |code, words: &str| Absence { code, words: words.to_owned() };
    [
        of(AbsenceCode::None, "None. All four sources are complete to 23:00:00Z."),
        of(
            AbsenceCode::NoneSeen,
            "None seen: idp.example was silent from 14:00:00Z, and what was missing has not come.",
        ),
        of(
            AbsenceCode::NotForRole,
            "Not for your role: opening originals needs the role investigate.",
        ),
    ]
}

/// A tree with every mark.
pub(super) fn tree() -> Reason {
    let of = |mark, question, conclusion: &str, because| Reason {
        mark,
        question,
        conclusion: conclusion.to_owned(),
        code: None,
        rule: None,
        source: None,
        semantics: Some(14),
        facts: vec![record(40, 13)],
        show_delay: true,
        because,
    };
    let leaf = |mark, words| of(Some(mark), None, words, Vec::new());
    of(
        None,
        None,
        "S3 was let into payroll at 13:20:04Z. The rules then in force say the same: allow.",
        vec![
            of(
                None,
                Some("Which rule?"),
                "payroll-2 of payroll v2: two factor types.",
                vec![
                    leaf(Mark::Met, "Knowledge: pwd."),
                    leaf(Mark::NotMet, "Possession, phishing-resistant: nothing has it."),
                    leaf(Mark::Possible, "Hardware-protected: possible; the claim names no key."),
                    leaf(Mark::Undetermined, "User verification: no record says."),
                ],
            ),
            of(None, Some("How sure?"), "Certain.", Vec::new()),
        ],
    )
}

/// What was heard of sources: all of it, as far as is assumed, with a gap that was filled, and with
/// one that is open.
pub(super) fn heard() -> [SourceReport; 4] {
    let of = |name: &str, basis, gap: Option<bool>| SourceReport {
        source: SourceId::new(name),
        first: Some(record(1, 8)),
        said: Statements {
            heard: vec![HeardStatement { until: hour(22), basis, record: record(79, 22) }],
            gaps: source(name, gap)
                .gaps
                .into_iter()
                .map(|gap| GapStatement {
                    backfilled: gap.backfilled.then(|| record(73, 16)).into_iter().collect(),
                    gap,
                    silent: record(63, 14),
                })
                .collect(),
        },
        late: none(),
        ahead: none(),
        not_understood: none(),
        variants: none(),
        conflicts: none(),
    };
    [
        of("sp.example", HeardBasis::Stated, None),
        of("idp-a.example", HeardBasis::Assumed, None),
        of("idp-b.example", HeardBasis::Stated, Some(true)),
        of("idp-c.example", HeardBasis::Stated, Some(false)),
    ]
}

const fn none<T>() -> Counted<T> {
    Counted { count: 0, at_least: false, read: 0, items: Vec::new() }
}
