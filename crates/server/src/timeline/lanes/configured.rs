//! What was configured: versions of trust and of policies, and keys. Where a change was found
//! between two looks, what it begins or ends is possible in between (`semantics.md` 6).

use super::{
    End, Item, ItemShape, Lane, LaneKind, Mark,
    marks::{lane, lateness, moment},
};
use crate::{text::plain, times};
use claimledger_domain::{
    explain::called,
    model::{Certainty, KeyInterval, RecordRef, Span, Version},
};
use claimledger_facts::time::{Occurred, Time};

pub(super) fn versions(
    versions: &[Version],
    (kind, of): (LaneKind, &str),
    at: Time,
    lanes: &mut Vec<Lane>,
) {
    let mut names: Vec<(&str, Option<&str>)> = Vec::new();
    for version in versions {
        let name = (version.of.as_str(), version.of_name.as_deref());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for (id, name) in names {
        let shown = plain(&called(id, name));
        let items = versions.iter().filter(|version| version.of == id).map(|version| {
            let by = [
                version.actor.as_ref().map(|a| plain(a.as_str())),
                version.ticket.as_ref().map(|t| plain(t.as_str())),
            ];
            let by = by.into_iter().flatten().collect::<Vec<_>>().join(", ");
            let label = plain(version.label.as_str());
            Item {
                shape: ItemShape::Band,
                what: format!("{label} of {shown}: {}", plain(&version.gist)),
                reason: by,
                label,
                ..held(version.span, at, &version.record)
            }
        });
        lanes.push(lane(
            kind,
            format!("{of} {}", plain(name.unwrap_or(id))),
            format!("versions of {shown}"),
            items.collect(),
        ));
    }
}

pub(super) fn keys(keys: &[KeyInterval], at: Time, lanes: &mut Vec<Lane>) {
    for key in keys {
        let name = plain(key.key.as_str());
        let ended = key.retired.clone();
        let item = Item {
            shape: ItemShape::Bar,
            what: format!("key {name} of {} valid", plain(key.idp.as_str())),
            reason: if key.span.until.is_some() { "retired".to_owned() } else { String::new() },
            label: key
                .span
                .until
                .map(|until| format!("retired {}", clocks(until)))
                .unwrap_or_default(),
            ended_by: ended,
            ..held(key.span, at, &key.added)
        };
        let of = Some((key.idp.clone(), key.key.clone()));
        lanes.push(Lane {
            of,
            ..lane(LaneKind::Key, format!("key {name}"), format!("key {name}"), vec![item])
        });
    }
}

/// An item for what held over a span. At T inside of either end it is possible; so is what may have
/// ended before it began.
fn held(span: Span, at: Time, record: &RecordRef) -> Item {
    let overlaps = span.until.is_some_and(|until| until.from < span.from.latest());
    let is_possible = overlaps || span.holds_at(at) == Some(Certainty::Possible);
    let end = span.until.map_or(End::Running, |until| match until.to {
        None => End::At(until.from),
        Some(_) => End::Bounded(until.from, until.latest()),
    });
    Item {
        begun_by: span.from.to.map(|_| span.from.latest()),
        end,
        certainty: if is_possible { Certainty::Possible } else { Certainty::Certain },
        late: lateness(record, span.from.latest()),
        ..moment(Mark::Access, String::new(), span.from.from, record)
    }
}

/// The clock of an instant, or of both bounds.
fn clocks(occurred: Occurred) -> String {
    match occurred.to {
        None => times::clock(occurred.from),
        Some(to) => format!("{}–{}", times::clock(occurred.from), times::clock(to)),
    }
}
