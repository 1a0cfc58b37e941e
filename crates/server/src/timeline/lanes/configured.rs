//! What was configured: versions of trust and of policies, and keys.

use super::{
    End, Item, ItemShape, Lane, LaneKind, Mark,
    marks::{lane, moment},
};
use crate::{text::plain, times};
use claimledger_domain::{
    explain::called,
    model::{KeyInterval, Version},
};

pub(super) fn versions(versions: &[Version], kind: LaneKind, of: &str, lanes: &mut Vec<Lane>) {
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
                from: version.from,
                end: version.until.map_or(End::Running, End::At),
                ..moment(Mark::Access, String::new(), version.from, &version.record)
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

pub(super) fn keys(keys: &[KeyInterval], lanes: &mut Vec<Lane>) {
    for key in keys {
        let name = plain(key.key.as_str());
        let ended = key.retired.clone();
        let item = Item {
            shape: ItemShape::Bar,
            what: format!("key {name} of {} valid", plain(key.idp.as_str())),
            end: key.until.map_or(End::Running, End::At),
            reason: if key.until.is_some() { "retired".to_owned() } else { String::new() },
            label: key
                .until
                .map(|until| format!("retired {}", times::clock(until)))
                .unwrap_or_default(),
            ended_by: ended,
            ..moment(Mark::Access, String::new(), key.from, &key.added)
        };
        let of = Some((key.idp.clone(), key.key.clone()));
        lanes.push(Lane {
            of,
            ..lane(LaneKind::Key, format!("key {name}"), format!("key {name}"), vec![item])
        });
    }
}
