//! What holds for every input.

use crate::common::*;
use claimledger_facts::{
    canonical,
    draft::{Draft, DraftFact, DraftPerson},
    ids::{LogPosition, SessionId, SourceEventId},
    personal::Personal,
    random::SystemRandom,
    record::{Digest32, Entry, Header, Removal, SealedBody, SealedCommitment},
    seal::{open_original, open_personal},
    statement::Statement,
    time::{Occurred, Time},
    vocabulary::{Channel, Note},
};
use proptest::{collection, option, prelude::*, sample::select};
use serde_json::{Map, Value};

fn times() -> impl Strategy<Value = Time> {
    any::<i64>().prop_map(Time::from_micros)
}

fn occurred() -> impl Strategy<Value = Occurred> {
    (times(), option::of(times())).prop_map(|(from, to)| Occurred { from, to })
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            collection::btree_map(".{0,8}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn objects() -> impl Strategy<Value = Map<String, Value>> {
    collection::btree_map(".{0,8}", json(), 0..4).prop_map(|map| map.into_iter().collect())
}

fn drafts() -> impl Strategy<Value = Draft> {
    let persons = collection::vec((".{0,12}", objects()), 0..4).prop_map(|persons| {
        let person = |(id, personal)| DraftPerson {
            id,
            personal: Personal::from(personal),
            ..DraftPerson::default()
        };
        persons.into_iter().map(person).collect::<Vec<_>>()
    });
    let fact = (
        select(samples()),
        option::of(".{0,8}"),
        option::of(any::<prop::sample::Index>()),
        option::of(occurred()),
        any::<prop::sample::Index>(),
    );
    let bytes = prop_oneof![
        collection::vec(any::<u8>(), 0..600),
        "(ab|c){0,400}".prop_map(String::into_bytes)
    ];
    let texts = (
        ".{0,12}",
        ".{0,30}",
        option::of(".{0,12}"),
        collection::btree_map(".{0,5}", ".{0,5}", 0..3),
    );
    let notes = collection::vec(select(Note::ALL), 0..3);
    (texts, occurred(), notes, persons, collection::vec(fact, 0..4), objects(), bytes).prop_map(
        |(texts, occurred, notes, persons, facts, unowned, original)| {
            let (source_id, kind, session, correlation) = texts;
            let facts = facts
                .into_iter()
                .filter(|((name, _), ..)| *name != "subject.linked" || !persons.is_empty())
                .map(|((name, _), session, subject, occurred, other)| DraftFact {
                    session: session.map(SessionId::new),
                    subject: subject
                        .filter(|_| !persons.is_empty())
                        .map(|index| index.index(persons.len())),
                    occurred,
                    data: sample(name),
                    other: (name == "subject.linked").then(|| other.index(persons.len())),
                })
                .collect();
            Draft {
                source_id: SourceEventId::new(source_id),
                kind,
                session: session.map(SessionId::new),
                correlation,
                occurred,
                notes,
                facts,
                persons,
                unowned: unowned.into(),
                canonical: original.iter().rev().copied().collect(),
                original,
                ..empty_draft("x")
            }
        },
    )
}

fn headers() -> impl Strategy<Value = Header> {
    let digest = || any::<[u8; 32]>().prop_map(Digest32);
    let sealed =
        move || (digest(), digest()).prop_map(|(plain, stored)| SealedCommitment { plain, stored });
    let texts = (".{0,30}", ".{0,30}", ".{0,300}", ".{0,30}");
    (
        texts,
        any::<u64>(),
        "(file|copy|[a-z_]{0,12}|.{0,9})".prop_map(|word| Channel::parse(&word)),
        occurred(),
        times(),
        any::<[bool; 2]>(),
        [digest(), digest(), digest()],
        collection::vec(sealed(), 0..30),
        sealed(),
    )
        .prop_map(
            |(
                texts,
                position,
                channel,
                occurred,
                recorded_at,
                [recorded_asserted, variant],
                digests,
                personal,
                original,
            )| {
                let mut header = empty_header();
                header.tenant = texts.0.as_str().into();
                header.source = texts.1.as_str().into();
                header.source_id = texts.2.as_str().into();
                header.translator = texts.3;
                header.position = LogPosition(position);
                [header.content_digest, header.byte_digest, header.facts] = digests;
                Header {
                    channel,
                    occurred,
                    recorded_at,
                    recorded_asserted,
                    variant,
                    personal,
                    original,
                    ..header
                }
            },
        )
}

fn empty_header() -> Header {
    seal_fixed(&empty_draft("x")).header
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None,
        ..ProptestConfig::default() })]

    #[test]
    fn a_header_comes_back(header in headers()) {
        let bytes = header.encode();
        prop_assert_eq!(Header::decode(&bytes).unwrap(), header);
    }

    #[test]
    fn no_other_bytes_read_as_a_header(header in headers(), at in any::<prop::sample::Index>(),
        byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = header.encode();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Ok(read) = Header::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }

    #[test]
    fn noise_is_refused(bytes in collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Header::decode(&bytes).is_err());
        prop_assert!(Statement::decode(&bytes, Occurred::at(Time::EPOCH)).is_err());
        prop_assert!(Removal::decode(&bytes).is_err());
        let noise = SealedBody::Present(bytes);
        let entry = Entry { personal: noise.clone(), original: noise,
            ..seal_fixed(&empty_draft("x")).finish(LogPosition(0), Time::EPOCH, false, false) };
        prop_assert!(entry.decode().is_err());
        _ = entry.persons();
    }

    #[test]
    fn canonical_json_is_one_spelling(value in json()) {
        let bytes = canonical::to_vec(&value);
        let read: Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(&read, &value);
        prop_assert_eq!(canonical::to_vec(&read), bytes);
    }

    #[test]
    fn a_draft_comes_back(draft in drafts(), position in any::<u64>(), recorded in times(),
        flags in any::<[bool; 2]>()) {
        let sealed = seal_with(&draft, &SystemRandom);
        let entry = sealed.finish(LogPosition(position), recorded, flags[0], flags[1]);
        prop_assert!(entry.size() <= sealed.size());
        let record = entry.decode().unwrap();
        prop_assert_eq!(record.header.encode(), &entry.header.bytes[..]);
        prop_assert_eq!((record.header.position.0, record.header.recorded_at),
            (position, recorded));
        prop_assert_eq!([record.header.recorded_asserted, record.header.variant], flags);

        let (keys, persons) = (tenant_keys(), persons(draft.persons.len()));
        let pseudonym = |index: usize| persons[index].0.clone();
        let statement = &record.statement;
        prop_assert_eq!((&statement.kind, &statement.session, &statement.correlation),
            (&draft.kind, &draft.session, &draft.correlation));
        prop_assert_eq!((&statement.notes, statement.facts.len()),
            (&draft.notes, draft.facts.len()));
        for (fact, drafted) in statement.facts.iter().zip(&draft.facts) {
            prop_assert_eq!(&fact.session, drafted.session.as_ref().map_or(&draft.session, |_|
                &drafted.session));
            prop_assert_eq!(&fact.subject, &drafted.subject.map(pseudonym));
            prop_assert_eq!(fact.occurred, drafted.occurred.unwrap_or(draft.occurred));
            if drafted.other.is_none() {
                prop_assert_eq!(&fact.data, &drafted.data);
            }
        }

        prop_assert_eq!(&open_original(&entry, &record.header, &keys, &persons).unwrap(),
            &draft.original);
        let opened = open_personal(&entry, &record.header, &keys, &persons).unwrap();
        let owned = draft.persons.iter().enumerate().map(|(n, person)|
            (Some(pseudonym(n)), &person.personal));
        let expected: Vec<_> = owned.chain([(None, &draft.unowned)]).filter(|(_, data)|
            !data.is_empty()).collect();
        prop_assert_eq!(opened.len(), expected.len());
        for (block, (whose, data)) in opened.into_iter().zip(expected) {
            prop_assert_eq!(block.pseudonym, whose);
            prop_assert_eq!(block.data, Some(Value::Object(data.to_map())));
        }
    }

    #[test]
    fn one_flipped_bit_is_caught_or_says_nothing_else(draft in drafts(), part in 0..3_usize,
        at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut entry = seal_with(&draft, &SystemRandom).finish(LogPosition(3), Time::EPOCH, false,
            false);
        let written = entry.decode().unwrap();
        let [_, facts, personal, original] = parts_mut(&mut entry);
        let bytes = [facts, personal, original].into_iter().nth(part).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(read) = entry.decode() {
            // A zstd frame can say the same in two ways; the header commits to what it says.
            prop_assert!(part == 0 && entry.facts[0] != 0, "only a packed statement has more than \
                one spelling");
            prop_assert_eq!((read.statement, read.leaf), (written.statement, written.leaf));
        }
    }
}
