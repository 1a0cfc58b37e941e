//! Sealing and opening, through the public interface of the crate.

use crate::common::*;
use claimledger_facts::{
    draft::{DraftFact, DraftPerson},
    fact::FactData,
    ids::{LogPosition, RecordId, SourceId},
    random::{Random, SystemRandom},
    record::{Entry, Header, MAX_PLAIN_BYTES, MAX_RECORD_BYTES, SealedBody, StoredHeader},
    refusal::{Refusal, RefusalCode},
    seal::{
        self, BlindKind, KeyError, MasterKey, OpenError, PersonKey, SealError, SealInput,
        TenantKeys, new_pseudonym, open_original, open_personal, seal,
    },
    time::Time,
    vocabulary::Channel,
};
use serde_json::{Map, json};

const AT: Time = Time::from_micros(1_773_144_000_000_000);

fn many() -> claimledger_facts::draft::Draft {
    special_drafts().pop().unwrap().1
}

fn finished(draft: &claimledger_facts::draft::Draft, variant: bool) -> (Entry, Header) {
    let entry = seal_with(draft, &SystemRandom).finish(LogPosition(7), AT, false, variant);
    let header = entry.header.decode().unwrap();
    (entry, header)
}

fn try_seal(draft: &claimledger_facts::draft::Draft) -> Result<(), SealError> {
    let persons = persons(draft.persons.len());
    let (tenant, source, keys) = (tenant(), SourceId::from("acme-sp"), tenant_keys());
    let input = SealInput {
        tenant: &tenant,
        source: &source,
        channel: Channel::Http,
        draft,
        persons: &persons,
        keys: &keys,
        random: &SystemRandom,
    };
    seal(input).map(drop)
}

#[test]
fn what_was_sealed_is_opened() {
    let draft = many();
    let (entry, header) = finished(&draft, false);
    let (keys, persons) = (tenant_keys(), persons(3));
    assert_eq!(open_original(&entry, &header, &keys, &persons).unwrap(), draft.original);
    let opened = open_personal(&entry, &header, &keys, &persons).unwrap();
    let expect = [
        (Some(persons[0].0.clone()), &draft.persons[0].personal),
        (Some(persons[2].0.clone()), &draft.persons[2].personal),
        // the second person has nothing to seal, and so no block
        (None, &draft.unowned),
    ];
    assert_eq!(opened.len(), 3);
    for (block, (pseudonym, data)) in opened.iter().zip(expect) {
        assert_eq!(block.pseudonym, pseudonym);
        assert_eq!(block.data.as_ref().unwrap(), &json!(data.to_map()));
    }
    let mut names: Vec<_> = persons.iter().map(|person| person.0.clone()).collect();
    names.sort();
    assert_eq!(entry.persons().unwrap(), names);
}

#[test]
fn the_statement_names_people_by_pseudonym_only() {
    let draft = draft_of("subject.linked");
    let (entry, header) = finished(&draft, false);
    let record = entry.decode().unwrap();
    assert_eq!(record.header, header);
    let fact = &record.statement.facts[0];
    assert_eq!(fact.subject.as_ref(), Some(&person(0).0));
    match &fact.data {
        FactData::SubjectLinked(linked) => assert_eq!(linked.other, person(1).0),
        other => panic!("{other:?}"),
    }
    let clear = String::from_utf8(record.statement.encode(header.occurred).unwrap()).unwrap();
    for secret in ["u-alice", "u-bob", "alice@", "Alice", "203.0.113.7"] {
        assert!(!clear.contains(secret), "{secret} stands in the clear: {clear}");
    }
}

#[test]
fn nothing_sealed_stands_in_the_clear() {
    let (entry, _) = finished(&many(), false);
    for part in parts(&entry) {
        for secret in
            ["u-alice", "u-bob", "Alice", "203.0.113.7", "Mozilla", "phone", "2001:db8", "pulled"]
        {
            assert!(
                !part.windows(secret.len()).any(|window| window == secret.as_bytes()),
                "{secret}"
            );
        }
    }
}

#[test]
fn facts_take_the_session_and_time_of_the_event_where_they_have_none() {
    let draft = many();
    let (entry, header) = finished(&draft, false);
    let statement = entry.decode().unwrap().statement;
    let sessions: Vec<_> =
        statement.facts.iter().map(|fact| fact.session.as_ref().unwrap().as_str()).collect();
    assert_eq!(sessions, ["S1", "S2", "S1", "S1"]);
    assert_eq!(statement.facts[1].occurred, header.occurred);
    assert_eq!(Some(statement.facts[0].occurred), draft.facts[0].occurred);
    assert_eq!(
        seal_fixed(&draft).sessions.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
        ["S1", "S2"]
    );
}

#[test]
fn a_variant_has_an_id_of_its_own_and_opens_with_the_same_keys() {
    let draft = many();
    let ((first, _), (variant, header)) = (finished(&draft, false), finished(&draft, true));
    assert!(header.variant && first.header.id != variant.header.id);
    assert_eq!(
        header.id,
        RecordId::derive_variant(
            &tenant(),
            &"acme-sp".into(),
            &draft.source_id,
            &header.content_digest.0
        )
    );
    assert_eq!(
        open_original(&variant, &header, &tenant_keys(), &persons(3)).unwrap(),
        draft.original
    );
    assert_eq!(open_personal(&variant, &header, &tenant_keys(), &persons(3)).unwrap().len(), 3);
}

#[test]
fn without_a_key_the_rest_still_opens() {
    let draft = many();
    let (entry, header) = finished(&draft, false);
    let (keys, mut persons) = (tenant_keys(), persons(3));
    let (erased, _) = persons.remove(0);
    let opened = open_personal(&entry, &header, &keys, &persons).unwrap();
    assert_eq!(opened[0].pseudonym.as_ref(), Some(&erased));
    assert_eq!(opened[0].data, None);
    assert!(opened[1].data.is_some() && opened[2].data.is_some());
    assert_eq!(
        open_original(&entry, &header, &keys, &persons),
        Err(OpenError::Erased { pseudonym: erased })
    );
    entry.decode().unwrap();
}

/// The original needs the keys of all persons, also of one about whom nothing else is sealed.
#[test]
fn an_original_dies_with_any_key() {
    let (entry, header) = finished(&many(), false);
    for missing in 0..3 {
        let mut persons = persons(3);
        let (pseudonym, _) = persons.remove(missing);
        assert_eq!(
            open_original(&entry, &header, &tenant_keys(), &persons),
            Err(OpenError::Erased { pseudonym: pseudonym.clone() })
        );
        // Another key in its place does not help.
        persons.push((pseudonym, PersonKey::generate(&SystemRandom)));
        assert!(matches!(
            open_original(&entry, &header, &tenant_keys(), &persons),
            Err(OpenError::Corrupt(_))
        ));
    }
}

#[test]
fn one_person_named_twice_is_one_key() {
    let mut draft = draft_of("session.ended");
    draft.persons.push(DraftPerson { personal: bob().personal, ..alice() });
    let persons = vec![person(0), person(0)];
    let (tenant, source, keys) = (tenant(), SourceId::from("acme-sp"), tenant_keys());
    let input = SealInput {
        tenant: &tenant,
        source: &source,
        channel: Channel::Http,
        draft: &draft,
        persons: &persons,
        keys: &keys,
        random: &SystemRandom,
    };
    let entry = seal(input).unwrap().finish(LogPosition(0), AT, false, false);
    let header = entry.header.decode().unwrap();
    assert_eq!(entry.persons().unwrap(), [person(0).0]);
    assert_eq!(open_original(&entry, &header, &keys, &[person(0)]).unwrap(), draft.original);
    assert_eq!(open_personal(&entry, &header, &keys, &[person(0)]).unwrap().len(), 2);
}

#[test]
fn sealing_twice_gives_other_bytes_and_the_same_digests() {
    let ((a, ha), (b, hb)) = (finished(&many(), false), finished(&many(), false));
    assert_eq!(
        (ha.content_digest, ha.byte_digest, ha.id),
        (hb.content_digest, hb.byte_digest, hb.id)
    );
    assert_ne!(a.facts, b.facts);
    assert_ne!(ha.facts, hb.facts);
    assert_ne!(ha.original, hb.original);
    assert_ne!(a.personal, b.personal);
}

#[test]
fn bodies_of_another_record_are_refused() {
    let (a, header) = finished(&many(), false);
    let mut other = many();
    other.source_id = "another".into();
    let (b, _) = finished(&other, false);
    for (mixed, expect) in [
        (
            Entry { facts: b.facts.clone(), ..a.clone() },
            "the facts are not those that the header commits to",
        ),
        (
            Entry { personal: b.personal.clone(), ..a.clone() },
            "personal block 0 is not the one that the header commits to",
        ),
        (
            Entry { personal: SealedBody::Present(vec![0x80]), ..a.clone() },
            "there are 0 personal blocks; the header commits to 3",
        ),
        (
            Entry { original: b.original.clone(), ..a.clone() },
            "the original is not the one that the header commits to",
        ),
        (Entry { facts: Vec::new(), ..a.clone() }, "the facts are not there"),
        (
            Entry { header: StoredHeader { id: b.header.id, ..a.header.clone() }, ..a.clone() },
            "the id beside the header is another than the one in it",
        ),
        (
            Entry { header: StoredHeader { leaf: b.header.leaf, ..a.header.clone() }, ..a.clone() },
            "the header's hash is not the leaf that was stored with it",
        ),
    ] {
        assert_eq!(mixed.decode().unwrap_err().what, expect);
    }
    let forged = Header { source_id: "forged".into(), ..header };
    assert_eq!(
        Entry { header: StoredHeader::new(a.header.id, forged.encode()), ..a }
            .decode()
            .unwrap_err()
            .what,
        "the id does not follow from tenant, source and source id"
    );
}

#[test]
fn a_body_has_one_spelling() {
    let (entry, _) = finished(&many(), false);
    let longer_head = [&[0x98, 3], &bytes(&entry.personal)[1..]].concat();
    let more = |body: &SealedBody| SealedBody::Present([bytes(body), &[0]].concat());
    // A map's head, codec, the list's key and head: then the pseudonyms, each with a head of its
    // own.
    let mut swapped = bytes(&entry.original).to_vec();
    swapped[5..43].rotate_left(19);
    assert!(
        swapped[5..].starts_with(b"\x72p-")
            && swapped[24..].starts_with(b"\x72p-")
            && swapped != bytes(&entry.original)
    );
    for (entry, expect) in [
        (
            Entry { original: SealedBody::Present(swapped), ..entry.clone() },
            "the original is not in its one deterministic form",
        ),
        (
            Entry { personal: SealedBody::Present(longer_head), ..entry.clone() },
            "the personal blocks are not in their one deterministic form",
        ),
        (
            Entry { personal: more(&entry.personal), ..entry.clone() },
            "the personal blocks are not in their one deterministic form",
        ),
        (
            Entry { original: more(&entry.original), ..entry.clone() },
            "the original is not in its one deterministic form",
        ),
    ] {
        assert_eq!(entry.persons().unwrap_err().what, expect);
        entry.decode().unwrap_err();
    }
}

/// A header can be made whose stored hashes fit and whose commitments do not: then what opens is
/// not what was committed to.
#[test]
fn what_opens_must_be_what_was_committed_to() {
    let (entry, header) = finished(&many(), false);
    let (keys, persons) = (tenant_keys(), persons(3));
    let mut forged = header.clone();
    forged.original.plain = header.facts;
    forged.personal[2].plain = header.facts;
    let expect = "a sealed block is not the one that the header commits to";
    assert_eq!(open_personal(&entry, &forged, &keys, &persons).unwrap_err().what, expect);
    match open_original(&entry, &forged, &keys, &persons).unwrap_err() {
        OpenError::Corrupt(error) => assert_eq!(error.what, expect),
        other => panic!("{other}"),
    }
    // The same content, sealed again, is not the record either.
    let (again, _) = finished(&many(), false);
    let mut mixed = again.clone();
    mixed.personal = entry.personal.clone();
    assert!(matches!(open_original(&mixed, &header, &keys, &persons),
            Err(OpenError::Corrupt(error))
                if error.what.starts_with("the original is not the one")));
    assert!(
        open_personal(&again, &header, &keys, &persons)
            .unwrap_err()
            .what
            .starts_with("personal block 0 is not the one")
    );
}

#[test]
fn a_block_does_not_open_elsewhere() {
    // A writer of headers could commit to a block of another record: the associated data still
    // reveals it.
    let (a, header) = finished(&many(), false);
    let mut other = many();
    other.source_id = "another".into();
    let (mut b, mut forged) = finished(&other, false);
    b.personal = a.personal.clone();
    forged.personal = header.personal.clone();
    let error = open_personal(&b, &forged, &tenant_keys(), &persons(3)).unwrap_err();
    assert_eq!(error.what, "a sealed block does not open with its key");
    let foreign = Header { tenant: "globex".into(), ..header.clone() };
    open_personal(&a, &foreign, &tenant_keys(), &persons(3)).unwrap_err();
    open_original(&a, &foreign, &tenant_keys(), &persons(3)).unwrap_err();
}

#[test]
fn the_promised_size_is_the_most_it_can_be() {
    for draft in [many(), draft_of("session.ended")] {
        let sealed = seal_with(&draft, &SystemRandom);
        let most = sealed.clone().finish(LogPosition(u64::MAX), Time::MAX, true, true).size();
        assert_eq!(sealed.size(), most);
        assert!(sealed.clone().finish(LogPosition(0), Time::EPOCH, false, false).size() <= most);
    }
}

#[test]
fn a_record_that_is_too_large_is_refused() {
    let noise = |len: usize| {
        let mut bytes = vec![0; len];
        Fixed::new("noise").fill(&mut bytes);
        bytes
    };
    let mut draft = draft_of("session.ended");
    draft.original = noise(MAX_RECORD_BYTES - 1200);
    try_seal(&draft).unwrap();
    draft.original = noise(MAX_RECORD_BYTES);
    let error = try_seal(&draft).unwrap_err();
    assert!(matches!(error, SealError::TooLarge { bytes,
            max: MAX_RECORD_BYTES } if bytes > MAX_RECORD_BYTES));
    assert_eq!(Refusal::from(error).code, RefusalCode::TooLarge);
    // What packs well is bounded too, or it could be sealed and never be read.
    draft.original = vec![b' '; MAX_PLAIN_BYTES];
    try_seal(&draft).unwrap();
    draft.original.push(b' ');
    assert_eq!(
        try_seal(&draft),
        Err(SealError::TooLarge { bytes: MAX_PLAIN_BYTES + 1, max: MAX_PLAIN_BYTES })
    );
}

#[test]
fn free_text_is_not_sealed_in_the_clear() {
    for name in [
        "trust.retracted",
        "idp_session.ended",
        "claim.accepted",
        "claim.ignored",
        "hold.placed",
        "hold.released",
        "erasure.requested",
    ] {
        let mut draft = draft_of(name);
        assert_eq!(draft.facts[0].data.take_free_text(), None, "{name}");
        let mut value = draft.facts[0].data.to_value().unwrap();
        value["reason"] = json!("Alice rang");
        draft.facts[0].data = FactData::from_value(name, value).unwrap().unwrap();
        assert_eq!(
            try_seal(&draft),
            Err(SealError::FreeText { fact: FactData::type_name(&draft.facts[0].data) })
        );
        assert_eq!(draft.facts[0].data.take_free_text().as_deref(), Some("Alice rang"), "{name}");
        assert_eq!(draft.facts[0].data.to_value().unwrap()["reason"], "free_text");
        try_seal(&draft).unwrap();
    }
}

#[test]
fn a_person_whose_key_is_not_there_is_refused() {
    let mut draft = draft_of("session.ended");
    draft.facts[0].subject = Some(1);
    assert_eq!(try_seal(&draft), Err(SealError::Person { fact: "session.ended" }));
    let mut draft = draft_of("subject.linked");
    draft.facts[0] = DraftFact { other: None, ..draft.facts[0].clone() };
    assert_eq!(try_seal(&draft), Err(SealError::Person { fact: "subject.linked" }));
}

#[test]
fn nobody_is_sealed_for_nobody() {
    let (entry, header) = finished(&empty_draft("k"), false);
    assert_eq!(bytes(&entry.personal), [0x80]);
    assert_eq!(header.personal, []);
    assert_eq!(entry.persons().unwrap(), []);
    assert_eq!(open_original(&entry, &header, &tenant_keys(), &[]).unwrap(), b"original line of k");
    let stranger = TenantKeys::generate(&SystemRandom);
    assert!(matches!(open_original(&entry, &header, &stranger, &[]), Err(OpenError::Corrupt(_))));
}

#[test]
fn keys_unwrap_for_their_tenant_and_person_only() {
    let (master, keys, tenant) = (master(), tenant_keys(), tenant());
    let wrapped = keys.wrap(&master, &tenant, &SystemRandom);
    let again = TenantKeys::unwrap(&master, &tenant, &wrapped).unwrap();
    assert_eq!(again.content_digest(b"x"), keys.content_digest(b"x"));
    assert_eq!(again.blind_index(BlindKind::Id, "x"), keys.blind_index(BlindKind::Id, "x"));
    let same = MasterKey::from_bytes(*master.expose());
    TenantKeys::unwrap(&same, &tenant, &wrapped).unwrap();
    assert_eq!(
        TenantKeys::unwrap(&master, &"globex".into(), &wrapped).unwrap_err(),
        KeyError::Wrapped
    );
    assert_eq!(
        TenantKeys::unwrap(&MasterKey::generate(&SystemRandom), &tenant, &wrapped).unwrap_err(),
        KeyError::Wrapped
    );

    let (pseudonym, key) = person(0);
    let wrapped_person = key.wrap(&keys, &tenant, &pseudonym, &SystemRandom);
    PersonKey::unwrap(&again, &tenant, &pseudonym, &wrapped_person).unwrap();
    assert_eq!(
        PersonKey::unwrap(&keys, &tenant, &person(1).0, &wrapped_person).unwrap_err(),
        KeyError::Wrapped
    );
    assert_eq!(
        PersonKey::unwrap(&keys, &"globex".into(), &pseudonym, &wrapped_person).unwrap_err(),
        KeyError::Wrapped
    );
    assert_eq!(
        PersonKey::unwrap(
            &TenantKeys::generate(&SystemRandom),
            &tenant,
            &pseudonym,
            &wrapped_person
        )
        .unwrap_err(),
        KeyError::Wrapped
    );

    for wrapped in [wrapped, wrapped_person] {
        for bit in 0..wrapped.len() * 8 {
            let mut flipped = wrapped.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                TenantKeys::unwrap(&master, &tenant, &flipped).is_err()
                    && PersonKey::unwrap(&keys, &tenant, &pseudonym, &flipped).is_err()
            );
        }
        for length in 0..wrapped.len() {
            assert!(TenantKeys::unwrap(&master, &tenant, &wrapped[..length]).is_err());
            assert!(PersonKey::unwrap(&keys, &tenant, &pseudonym, &wrapped[..length]).is_err());
        }
    }
}

#[test]
fn blind_indexes_compare_ids_exactly_and_aliases_loosely() {
    let keys = tenant_keys();
    let (id, alias) = (
        |text| keys.blind_index(BlindKind::Id, text),
        |text| keys.blind_index(BlindKind::Alias, text),
    );
    assert_ne!(id("u-alice"), id("U-Alice"));
    assert_ne!(id("u-alice"), id("u-alice "));
    assert_eq!(alias("alice@acme.example"), alias("  Alice@ACME.example\t"));
    assert_ne!(alias("alice"), id("alice"));
    assert_ne!(keys.content_digest(b"alice"), keys.byte_digest(b"alice"));
    assert_ne!(
        TenantKeys::generate(&SystemRandom).blind_index(BlindKind::Id, "u-alice"),
        id("u-alice")
    );
}

#[test]
fn pseudonyms_are_random_and_of_one_form() {
    let drawn: std::collections::BTreeSet<_> =
        (0..1000).map(|_| new_pseudonym(&SystemRandom)).collect();
    assert_eq!(drawn.len(), 1000);
    for pseudonym in &drawn {
        let digits = pseudonym.as_str().strip_prefix("p-").unwrap();
        assert_eq!(digits.len(), 16);
        assert!(
            digits.bytes().all(|b| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(&b)),
            "{pseudonym}"
        );
    }
    struct Ones;
    impl Random for Ones {
        fn fill(&self, out: &mut [u8]) {
            out.fill(0xff);
        }
    }
    assert_eq!(new_pseudonym(&Ones).as_str(), "p-ZZZZZZZZZZZZZZZZ");
}

/// A person's key remembers what it derived under one tenant's keys; that must not be taken for
/// another's.
#[test]
fn what_a_person_key_remembers_is_of_one_tenants_keys() {
    let (tenant, source, draft) = (tenant(), SourceId::from("acme-sp"), draft_of("session.ended"));
    let (first, second) =
        (TenantKeys::generate(&Fixed::new("first")), TenantKeys::generate(&Fixed::new("second")));
    let remembering = persons(1);
    for keys in [&first, &second, &first] {
        let input = SealInput {
            tenant: &tenant,
            source: &source,
            channel: Channel::File,
            draft: &draft,
            persons: &remembering,
            keys,
            random: &Fixed::new("seal"),
        };
        let entry = seal::seal(input).unwrap().finish(LogPosition(0), Time::EPOCH, false, false);
        let header = entry.header.decode().unwrap();
        // A key that was just read remembers nothing.
        assert_eq!(
            seal::open_original(&entry, &header, keys, &persons(1)).unwrap(),
            draft.original
        );
        assert_eq!(
            seal::open_original(&entry, &header, keys, &remembering).unwrap(),
            draft.original
        );
    }
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?} {:?} {:?}", master(), tenant_keys(), person(0).1);
    assert_eq!(shown, "MasterKey(hidden) TenantKeys(hidden) PersonKey(hidden)");
}

/// Everything in a stored entry is under a hash or a commitment, so that no key is needed to find
/// an altered bit. (Some bits of a packed statement carry no information: `properties.rs`.)
#[test]
fn every_flipped_bit_is_caught() {
    let mut draft = draft_of("session.ended");
    draft.unowned = Map::from_iter([("text".to_owned(), json!("x".repeat(300)))]).into();
    let (entry, _) = finished(&draft, false);
    entry.decode().unwrap();
    for part in 0..4 {
        let mut flipped = entry.clone();
        for bit in 0..parts(&entry)[part].len() * 8 {
            parts_mut(&mut flipped)[part][bit / 8] ^= 1 << (bit % 8);
            assert!(flipped.decode().is_err(), "part {part}, bit {bit}");
            parts_mut(&mut flipped)[part][bit / 8] ^= 1 << (bit % 8);
        }
    }
}
