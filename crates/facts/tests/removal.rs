//! Records whose sealed bodies were removed.

use crate::common::*;
use claimledger_facts::{
    draft::Draft,
    ids::LogPosition,
    random::SystemRandom,
    record::{BodyKind, Entry, Removal, SealedBody},
    seal::{OpenError, open_original, open_personal},
    time::Time,
    vocabulary::RemovalReason,
};

fn draft() -> Draft {
    special_drafts().pop().unwrap().1
}

fn many() -> Entry {
    seal_with(&draft(), &SystemRandom).finish(LogPosition(7), Time::EPOCH, false, false)
}

#[test]
fn a_record_holds_without_its_sealed_bodies() {
    let whole = many();
    let header = whole.header.decode().unwrap();
    let written = whole.decode().unwrap();
    let (keys, people) = (tenant_keys(), persons(3));
    let removal = Removal { reason: RemovalReason::Retention, at: Time::EPOCH };
    let later = Removal { reason: RemovalReason::Erasure, at: Time::MAX };
    for bodies in [&[BodyKind::Personal][..], &[BodyKind::Original], &BodyKind::ALL] {
        let mut entry = whole.clone();
        entry.remove(bodies, &removal);
        entry.remove(bodies, &later);
        assert_eq!(entry.decode().unwrap(), written, "leaf, header and facts are the same");
        assert!(entry.size() < whole.size());
        for body in BodyKind::ALL {
            let gone = bodies.contains(&body).then_some(&removal);
            assert_eq!(entry.sealed(body).removal(), gone, "the first reason stays");
        }
        let opened = open_personal(&entry, &header, &keys, &people).unwrap();
        assert_eq!(opened.is_empty(), bodies.contains(&BodyKind::Personal));
        match open_original(&entry, &header, &keys, &people) {
            Err(OpenError::Removed(said)) => {
                assert_eq!((bodies.contains(&BodyKind::Original), said), (true, removal.clone()));
            }
            original => {
                assert!(!bodies.contains(&BodyKind::Original));
                assert_eq!(original.unwrap(), draft().original);
            }
        }
        // The second person has no block: only the original needs their key.
        let needed = match bodies {
            [BodyKind::Personal] => 3,
            [BodyKind::Original] => 2,
            _ => 0,
        };
        assert_eq!(entry.persons().unwrap().len(), needed, "{bodies:?}");
        // What comes back is compared with the header again.
        entry.original = whole.personal.clone();
        entry.decode().unwrap_err();
    }
}

#[test]
fn a_body_that_is_missing_without_a_reason_is_damage() {
    let whole = many();
    let missing = SealedBody::Present(Vec::new());
    for entry in
        [Entry { personal: missing.clone(), ..whole.clone() }, Entry { original: missing, ..whole }]
    {
        entry.decode().unwrap_err();
    }
}
