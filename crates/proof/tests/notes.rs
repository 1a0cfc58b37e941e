//! What is a note, who has signed it, and what keys show of themselves.

use claimledger_proof::note::{
    KeyError, MAX_NOTE_BYTES, MAX_SIGNATURES, NoteError, SignedNote, SigningKey, SigningKeyError,
    VerifierKey,
};
use std::collections::HashMap;

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, [seed; 32].into()).unwrap()
}

fn known(keys: &[&SigningKey]) -> Vec<VerifierKey> {
    keys.iter().map(|key| key.verifier().clone()).collect()
}

fn parse(note: impl AsRef<[u8]>) -> Result<SignedNote, NoteError> {
    SignedNote::parse(note.as_ref())
}

#[test]
fn several_keys_sign_and_unknown_ones_are_ignored() {
    let (old, new, witness) = (key("a.example", 1), key("a.example", 2), key("w.example", 3));
    let note = SignedNote::sign("text\n", &[&old, &new, &witness]).unwrap();
    let read = parse(note.to_string()).unwrap();
    assert_eq!(read, note);
    for keys in [vec![&old], vec![&new], vec![&witness], vec![&witness, &old]] {
        let keys = known(&keys);
        let verified = read.verify(&keys).unwrap();
        assert_eq!((verified.text, verified.signers.len()), ("text\n", keys.len()));
        assert!(verified.signers.iter().all(|signer| keys.contains(signer)));
    }
    for stranger in [key("a.example", 4), key("b.example", 1)] {
        assert_eq!(read.verify(&known(&[&stranger])), Err(NoteError::NoKnownSignature));
    }
    assert_eq!(read.verify(&[]), Err(NoteError::NoKnownSignature));
}

#[test]
fn a_known_key_that_fails_rejects_the_note_whatever_others_say() {
    let (one, other) = (key("a.example", 1), key("b.example", 2));
    let note = SignedNote::sign("text\n", &[&one, &other]).unwrap().to_string();
    let of_another_text = SignedNote::sign("other\n", &[&other]).unwrap().to_string();
    let last = |note: &str| note.lines().last().unwrap().to_owned();
    let forged = note.replace(&last(&note), &last(&of_another_text));
    assert_ne!(forged, note);
    let read = parse(&forged).unwrap();
    let bad = Err(NoteError::BadSignature { name: "b.example".to_owned() });
    assert_eq!(read.verify(&known(&[&one, &other])), bad);
    assert_eq!(read.verify(&known(&[&other, &one])), bad);
    // To a verifier that does not know the second key, its signature says nothing.
    assert!(read.verify(&known(&[&one])).is_ok());
}

#[test]
fn a_second_signature_of_one_key_must_verify_too() {
    let one = key("a.example", 1);
    let note = SignedNote::sign("text\n", &[&one, &one]).unwrap();
    assert_eq!(note.verify(&known(&[&one])).unwrap().signers.len(), 1);
    let other = SignedNote::sign("other\n", &[&one]).unwrap().to_string();
    let twice = format!("{}{}\n", note, other.lines().last().unwrap());
    let bad = Err(NoteError::BadSignature { name: "a.example".to_owned() });
    assert_eq!(parse(twice).unwrap().verify(&known(&[&one])), bad);
}

#[test]
fn a_key_that_is_configured_twice_is_one_key() {
    let one = key("a.example", 1);
    let note = SignedNote::sign("text\n", &[&one]).unwrap();
    assert_eq!(note.verify(&known(&[&one, &one])).unwrap().signers.len(), 1);
}

/// An id has 32 bits: two keys of one name that share it are found among some 100,000.
#[test]
fn two_known_keys_of_one_name_and_id_are_refused() {
    let mut found: HashMap<_, VerifierKey> = HashMap::new();
    let (one, other) = (0_u64..)
        .find_map(|number| {
            let public = [number.to_be_bytes(); 4].concat().try_into().unwrap();
            let key = VerifierKey::new("a.example", public).unwrap();
            found.insert(key.id(), key.clone()).map(|before| (before, key))
        })
        .unwrap();
    assert_ne!(one, other);
    let signature = [&one.id().0.to_be_bytes()[..], &[7; 64]].concat();
    let signature = data_encoding::BASE64.encode(&signature);
    let note = parse(format!("text\n\n\u{2014} a.example {signature}\n")).unwrap();
    let ambiguous = NoteError::AmbiguousKey { name: "a.example".to_owned(), id: one.id() };
    assert_eq!(note.verify(&[one.clone(), other]), Err(ambiguous));
    let bad = NoteError::BadSignature { name: "a.example".to_owned() };
    assert_eq!(note.verify(&[one]), Err(bad));
}

#[test]
fn a_signature_made_elsewhere_is_verified_before_it_is_added() {
    let (one, other) = (key("a.example", 1), key("b.example", 2));
    let note = SignedNote::sign("text\n", &[&one]).unwrap();
    let both = SignedNote::sign("text\n", &[&one, &other]).unwrap();
    let theirs = both.signatures()[1].bytes.clone();
    assert_eq!(note.clone().with_signature(other.verifier(), theirs.clone()), Ok(both));
    let bad = Err(NoteError::BadSignature { name: "a.example".to_owned() });
    assert_eq!(note.clone().with_signature(one.verifier(), theirs.clone()), bad);

    let ours = note.signatures()[0].bytes.clone();
    assert_eq!(SignedNote::new("text\n", one.verifier(), ours.clone()), Ok(note));
    assert_eq!(SignedNote::new("text\n", one.verifier(), theirs), bad);
    assert_eq!(SignedNote::new("text", one.verifier(), ours), Err(NoteError::Newline));
}

#[test]
fn what_is_no_note_is_refused() {
    let one = key("a.example", 1);
    let note = SignedNote::sign("a\n\nb\n", &[&one]).unwrap().to_string();
    assert!(parse(&note).unwrap().verify(&known(&[&one])).is_ok());
    let line = note.lines().last().unwrap();
    let signature = line.rsplit(' ').next().unwrap();
    let with_line = |line: &str| format!("text\n\n{line}\n");
    let unsigned = [
        "\n\n".to_owned(),
        "text\n".to_owned(),
        "text\n\n".to_owned(),
        format!("text\n{line}\n"),
        format!("{note}\n"),
    ];
    for unsigned in unsigned {
        assert_eq!(parse(&unsigned), Err(NoteError::Unsigned), "{unsigned}");
    }
    for endless in ["", "text", note.trim_end()] {
        assert_eq!(parse(endless), Err(NoteError::Newline));
    }
    for character in ['\0', '\t', '\r', '\u{1f}'] {
        let note = note.replacen('a', &character.to_string(), 1);
        assert_eq!(parse(note), Err(NoteError::Characters));
    }
    assert_eq!(parse(b"text\xff\n\n\n"), Err(NoteError::Characters));
    for line in [
        "",
        "text",
        line.trim_start_matches('\u{2014}'),
        &line.replace('\u{2014}', "-"),
        &line.replacen(' ', "", 1),
        &format!(" {line}"),
        &format!("{line} "),
        &format!("{line}="),
        &line.replace("a.example", ""),
        &line.replace("a.example", "a+example"),
        &line.replace("a.example", "a\u{a0}example"),
        &line.replace("a.example ", "a example "),
        &line.replace(signature, ""),
        &line.replace(signature, "AAAA"),
        &line.replace(signature, "AAAAAA=="),
        &line.replace(signature, &signature.replace('=', "")),
    ] {
        let refused = parse(with_line(line));
        let expect = [NoteError::Line { line: 1 }, NoteError::Unsigned];
        assert!(refused.as_ref().is_err_and(|error| expect.contains(error)), "{line}: {refused:?}");
    }
    assert!(parse(with_line(line)).is_ok());
    assert_eq!(
        parse(format!("{note}{}\n", line.replace("a.example", ""))),
        Err(NoteError::Line { line: 2 })
    );
}

#[test]
fn a_note_has_bounds() {
    let one = key("a.example", 1);
    let signatures = |count| SignedNote::sign("text\n", &vec![&one; count]);
    let most = signatures(MAX_SIGNATURES).unwrap();
    assert_eq!(parse(most.to_string()), Ok(most.clone()));
    assert_eq!(signatures(MAX_SIGNATURES + 1), Err(NoteError::TooManySignatures));
    let line = most.to_string().lines().last().unwrap().to_owned();
    assert_eq!(parse(format!("{most}{line}\n")), Err(NoteError::TooManySignatures));
    let again = most.clone().with_signature(one.verifier(), most.signatures()[0].bytes.clone());
    assert_eq!(again, Err(NoteError::TooManySignatures));

    let rest = SignedNote::sign("\n", &[&one]).unwrap().to_string().len();
    let text = |more| format!("{}\n", "a".repeat(MAX_NOTE_BYTES - rest + more));
    let longest = SignedNote::sign(text(0), &[&one]).unwrap();
    assert_eq!(longest.to_string().len(), MAX_NOTE_BYTES);
    assert_eq!(parse(longest.to_string()), Ok(longest));
    let too_large = Err(NoteError::TooLarge { bytes: MAX_NOTE_BYTES + 1 });
    assert_eq!(SignedNote::sign(text(1), &[&one]), too_large);
    assert_eq!(parse(vec![b'\n'; MAX_NOTE_BYTES + 1]), too_large);
}

#[test]
fn what_may_not_be_signed_is_refused() {
    let one = key("a.example", 1);
    assert_eq!(SignedNote::sign("text", &[&one]), Err(NoteError::Newline));
    assert_eq!(SignedNote::sign("", &[&one]), Err(NoteError::Newline));
    assert_eq!(SignedNote::sign("te\txt\n", &[&one]), Err(NoteError::Characters));
    assert_eq!(SignedNote::sign("text\n", &[]), Err(NoteError::Unsigned));
}

#[test]
fn a_verifier_key_has_one_spelling() {
    let text = key("log.example/t/1", 7).verifier().to_string();
    let read: VerifierKey = text.parse().unwrap();
    assert_eq!((read.to_string(), read.name()), (text.clone(), "log.example/t/1"));
    let (rest, public) = text.rsplit_once('+').unwrap();
    let (name, id) = rest.rsplit_once('+').unwrap();
    assert_eq!(id, read.id().to_string());
    let form =
        |text: String| assert_eq!(text.parse::<VerifierKey>(), Err(KeyError::Form), "{text}");
    form(String::new());
    form(name.to_owned());
    form(rest.to_owned());
    form(format!("{name}+{}+{public}", &id[1..]));
    form(format!("{name}+{id}0+{public}"));
    form(format!("{name}+ABCDEF01+{public}"));
    form(format!("{name}+{id}+{public}="));
    form(format!("{name}+{id}+{}", &public[1..]));
    form(format!("{name}+{id}+AQ=="));
    form(format!(" {text}\n"));
    let of_type = |byte: u8| data_encoding::BASE64.encode(&[&[byte], &read.public()[..]].concat());
    for other in [0, 2, 4, 6, 0xff] {
        let text = format!("{name}+{id}+{}", of_type(other));
        assert_eq!(text.parse::<VerifierKey>(), Err(KeyError::Type));
    }
    let named =
        |name: &str| VerifierKey::new(name, *read.public()).map(|key| key.name().to_owned());
    for name in ["", "a b", "a+b", "a\u{2003}b", "a\nb", "a\u{1}b"] {
        assert_eq!(named(name), Err(KeyError::Name), "{name:?}");
    }
    assert_eq!(named("\u{e8}.example"), Ok("\u{e8}.example".to_owned()));
    let other = key("log.example/t/2", 7).verifier().to_string();
    let stolen = other.replace("t/2", "t/1");
    assert!(matches!(stolen.parse::<VerifierKey>(), Err(KeyError::Id { .. })));
}

#[test]
fn a_signing_key_does_not_show_itself() {
    let seed = [0xa7; 32];
    let key = SigningKey::from_seed("a.example", seed.into()).unwrap();
    let shown = format!("{key:?} {key:#?}");
    assert!(shown.contains(&key.verifier().to_string()), "{shown}");
    let listed = format!("{:?}", &seed[..4]).replace(['[', ']'], "");
    for secret in [
        data_encoding::HEXLOWER.encode(&seed[..4]),
        data_encoding::BASE64.encode(&seed[..6]),
        listed,
    ] {
        assert!(!shown.contains(&secret), "{shown}");
    }
    for der in [vec![], vec![0xa7; 48], seed.to_vec()] {
        let error = SigningKey::from_pkcs8("a.example", der.into()).unwrap_err();
        assert_eq!(error, SigningKeyError::Key);
        assert!(!format!("{error} {error:?}").contains("a7"), "{error}");
    }
    let unnamed = SigningKey::from_seed("", seed.into()).unwrap_err();
    assert_eq!(unnamed, SigningKeyError::Name(KeyError::Name));
}
