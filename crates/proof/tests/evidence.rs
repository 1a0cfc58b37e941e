//! Evidence packs and receipts: what holds, and that every alteration is named.

use claimledger_facts::{
    ids::{LogPosition, RecordId, SourceEventId, SourceId, TenantId},
    record::{Digest32, FORMAT, Header, Opening, SealedCommitment, leaf_hash},
    time::{Occurred, Time},
    vocabulary::Channel,
};
use claimledger_proof::{
    checkpoint::{Checkpoint, TrustedLog},
    evidence::{
        Closed, EvidenceError, EvidencePack, OpenedBytes, OpenedText, OriginalPart, PACK_DOCUMENT,
        PACK_FORMAT, PackRecord, PersonalPart, RECEIPT_FORMAT, ReceiptFile, SignedManifest,
        pack_question, to_html, to_json, verify_manifest,
    },
    note::{SignedNote, SigningKey},
    receipt::{Receipt, ReceiptError, ReceiptKind, digest},
    tiles::{TileSet, TreeBuilder, TreeQuery},
};
use data_encoding::BASE64;

const ORIGIN: &str = "claimledger/t/1";
const QUERY: &str = r#"{"document":"{ session }","variables":null}"#;

fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, [7; 32].into()).unwrap()
}

fn log() -> TrustedLog {
    TrustedLog::new(ORIGIN, vec![key().verifier().clone()]).unwrap()
}

fn opening(salt: u8, text: &str) -> Opening {
    Opening { salt: [salt; 16], bytes: text.as_bytes().to_vec() }
}

/// What record n says in the clear.
fn facts(n: u64) -> Opening {
    opening(n as u8, &format!(r#"{{"facts":[],"kind":"kind <{n}>","session":"S\u202e{n}"}}"#))
}

fn header(n: u64) -> Header {
    let digest = Digest32([n as u8; 32]);
    let (tenant, source) = (TenantId::new("acme"), SourceId::new("okta"));
    let source_id = SourceEventId::new(format!("e{n}"));
    let sealed =
        |opening: Opening| SealedCommitment { plain: opening.commitment(), stored: digest };
    Header {
        format: FORMAT,
        id: RecordId::derive(&tenant, &source, &source_id),
        tenant,
        position: LogPosition(n),
        source,
        source_id,
        channel: Channel::File,
        occurred: Occurred::at(Time::EPOCH),
        recorded_at: Time::EPOCH.plus_secs(n),
        recorded_asserted: false,
        variant: false,
        translator: "native/1".to_owned(),
        content_digest: digest,
        byte_digest: digest,
        facts: facts(n).commitment(),
        personal: vec![sealed(personal(n))],
        original: sealed(original(n)),
    }
}

fn personal(n: u64) -> Opening {
    opening(100 + n as u8, r#"{"login":"</script><b>alice"}"#)
}

fn original(n: u64) -> Opening {
    opening(200 + n as u8, "as received")
}

/// A log of eight records; the receipt at K = 5, the checkpoint at the head.
fn pack() -> EvidencePack {
    let headers: Vec<Vec<u8>> = (0..8).map(|n| header(n).encode()).collect();
    let leaves: Vec<_> = headers.iter().map(|bytes| leaf_hash(bytes)).collect();
    let mut tree = TreeBuilder::new();
    let mut stored = tree.append(&leaves[..6]).unwrap();
    let known = tree.head();
    stored.extend(tree.append(&leaves[6..]).unwrap());
    stored.extend(tree.partial_tiles());
    let positions = [1, 2, 5].map(LogPosition);
    let mut tiles = TileSet::default();
    let queries = positions
        .map(|position| TreeQuery::Inclusion { position, size: tree.size() })
        .into_iter()
        .chain([TreeQuery::Consistency { old: known.size, new: tree.size() }]);
    for tile in queries.flat_map(|query| query.tiles().unwrap()) {
        let found = stored.iter().find(|stored| stored.tile == tile).unwrap();
        tiles.insert(tile, &found.bytes).unwrap();
    }
    let reference = |n: u64| format!(r#"{{"id":"{}","position":{n}}}"#, header(n).id);
    let timeline = [1, 2, 5].map(reference).join(",");
    let answer = format!(
        r#"{{"session":{{"answered":{{"position":5}},"session":{{"id":"S2","factors":[]}}}},{}}}"#,
        format_args!(r#""timeline":[{timeline}],"why":{{"text":"S2 <b>was</b> honored"}}"#)
    );
    let receipt = Receipt {
        kind: ReceiptKind::Pack,
        origin: ORIGIN.to_owned(),
        at: Time::EPOCH.plus_secs(60),
        known_at: LogPosition(5),
        rules: "r6".to_owned(),
        query: digest(&pack_question("S2")),
        answer: digest(&answer),
        tree: known,
        records: positions.to_vec(),
    };
    let texts = |hashes: Vec<Digest32>| hashes.iter().map(|hash| BASE64.encode(&hash.0)).collect();
    let consistency = tiles.consistency_proof(known.size, tree.size()).unwrap();
    let records = positions.map(|position| {
        let n = position.0;
        PackRecord {
            position: n,
            header: BASE64.encode(&headers[n as usize]),
            proof: texts(tiles.inclusion_proof(position, tree.size()).unwrap().0),
            facts: OpenedText::new(&facts(n)).unwrap(),
            personal: vec![match n {
                1 => PersonalPart::Opened(OpenedText::new(&personal(n)).unwrap()),
                2 => PersonalPart::Closed(Closed::Erased),
                _ => PersonalPart::Closed(Closed::NotAsked),
            }],
            original: match n {
                1 => OriginalPart::Opened(OpenedBytes::new(&original(n))),
                _ => OriginalPart::Closed(Closed::NotAsked),
            },
        }
    });
    EvidencePack {
        format: PACK_FORMAT.to_owned(),
        verifier_key: key().verifier().to_string(),
        receipt: receipt.sign(&[&key()]).unwrap().to_string(),
        query: pack_question("S2"),
        answer,
        checkpoint: Checkpoint::new(ORIGIN, tree.head())
            .unwrap()
            .sign(&[&key()])
            .unwrap()
            .to_string(),
        consistency: texts(consistency.0),
        records: records.to_vec(),
    }
}

/// What someone does to a pack.
type Alter = Box<dyn FnOnce(&mut EvidencePack)>;

fn refused(change: impl FnOnce(&mut EvidencePack)) -> String {
    let mut pack = pack();
    change(&mut pack);
    let json = to_json(&pack).unwrap();
    EvidencePack::verify_file(json.as_bytes(), &log()).unwrap_err().to_string()
}

#[test]
fn a_pack_holds_as_json_and_as_a_page() {
    let pack = pack();
    let json = to_json(&pack).unwrap();
    let page = to_html(&pack).unwrap();
    for file in [&json, &page] {
        let report = EvidencePack::verify_file(file.as_bytes(), &log()).unwrap();
        assert_eq!((report.receipt.known_at, report.session.as_str()), (LogPosition(5), "S2"));
        assert_eq!(report.head.size.0, 8);
        let positions: Vec<u64> = report.headers.iter().map(|it| it.position.0).collect();
        assert_eq!(positions, [1, 2, 5]);
        assert_eq!((report.opened, report.closed), (2, 4));
        assert_eq!(EvidencePack::parse(file.as_bytes()).unwrap(), pack);
    }
    // What records say is text, and shows what turns its direction.
    assert!(page.contains("&lt;b&gt;was&lt;/b&gt; honored"), "{page}");
    assert!(page.contains("&lt;/script&gt;&lt;b&gt;alice"), "{page}");
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(page.contains(r"\u{202e}") && !page.contains('\u{202e}'), "{page}");
    for words in ["kind &lt;5&gt;", "erased: the key is destroyed", "not opened", "as received"] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[test]
fn every_alteration_is_named() {
    let cases: [(&str, Alter, &str); 17] = [
        (
            "a fact",
            Box::new(|it| it.records[1].facts.text.push(' ')),
            "record #2: what it says was",
        ),
        (
            "a salt",
            Box::new(|it| it.records[1].facts.salt = BASE64.encode(&[9; 16])),
            "record #2: what",
        ),
        ("a missing row", Box::new(|it| drop(it.records.remove(1))), "record #2 is missing"),
        ("the last row", Box::new(|it| drop(it.records.pop())), "record #5 is missing"),
        ("swapped rows", Box::new(|it| it.records.swap(0, 1)), "record #1 is missing"),
        (
            "a row twice",
            Box::new(|it| it.records.push(it.records[2].clone())),
            "record #5 is not one",
        ),
        (
            "another row's header",
            Box::new(|it| it.records[0].header = it.records[1].header.clone()),
            "record #1: the header is that of record #2",
        ),
        (
            "another row's facts",
            Box::new(|it| it.records[0].facts = it.records[1].facts.clone()),
            "record #1: what it says was altered",
        ),
        ("a proof", Box::new(|it| it.records[2].proof.swap(0, 1)), "record #5: it was altered"),
        (
            "a personal block",
            Box::new(|it| {
                it.records[0].personal =
                    vec![PersonalPart::Opened(OpenedText::new(&personal(2)).unwrap())];
            }),
            "record #1: a personal block was altered",
        ),
        ("no block", Box::new(|it| it.records[0].personal.clear()), "record #1: it has 0 personal"),
        (
            "an original",
            Box::new(|it| {
                it.records[0].original = OriginalPart::Opened(OpenedBytes::new(&original(2)));
            }),
            "record #1: the original was altered",
        ),
        ("the answer", Box::new(|it| it.answer = it.answer.replace("S2", "S3")), "the answer was"),
        ("the question", Box::new(|it| it.query = "{}".to_owned()), "the question was altered"),
        ("the receipt", Box::new(|it| it.receipt = it.checkpoint.clone()), "the receipt is not"),
        (
            "the checkpoint",
            Box::new(|it| it.checkpoint = it.receipt.clone()),
            "the checkpoint is not to be believed",
        ),
        ("no consistency", Box::new(|it| it.consistency.clear()), "is not the beginning"),
    ];
    for (what, change, expected) in cases {
        let error = refused(change);
        assert!(error.contains(expected), "{what}: {error}");
    }
    let other = SigningKey::from_seed(ORIGIN, [8; 32].into()).unwrap();
    let error = refused(|it| it.verifier_key = other.verifier().to_string());
    assert!(error.contains("the key in it is not the log's"), "{error}");
    let other = TrustedLog::new(ORIGIN, vec![other.verifier().clone()]).unwrap();
    assert!(pack().verify(&other).is_err());
}

/// A receipt can name fewer records than its answer refers to, if the holder of the key signs that.
#[test]
fn an_answer_refers_to_records_of_the_pack_alone() {
    for (from, to, expected) in [
        (r#""position":2"#, r#""position":3"#, "record #3, which is not in the pack"),
        (r#"{"id":""#, r#"{"id":"0"#, "and states another id"),
    ] {
        let mut pack = pack();
        pack.answer = pack.answer.replace(from, to);
        pack.receipt = signed(Receipt { answer: digest(&pack.answer), ..receipt_of(&pack) });
        let error = pack.verify(&log()).unwrap_err();
        assert!(matches!(error, EvidenceError::Reference { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

fn signed(receipt: Receipt) -> String {
    receipt.sign(&[&key()]).unwrap().to_string()
}

fn receipt_of(pack: &EvidencePack) -> Receipt {
    let note = SignedNote::parse(pack.receipt.as_bytes()).unwrap();
    Receipt::open(&note, &log(), ReceiptKind::Pack).unwrap()
}

/// A receipt of an answer to any question, whose answer looks like that of a pack.
fn receipt_file() -> ReceiptFile {
    let pack = pack();
    let kind = ReceiptKind::Answer;
    let receipt = Receipt { kind, query: digest(QUERY), records: Vec::new(), ..receipt_of(&pack) };
    ReceiptFile {
        format: RECEIPT_FORMAT.to_owned(),
        verifier_key: pack.verifier_key,
        receipt: signed(receipt),
        query: QUERY.to_owned(),
        answer: pack.answer,
    }
}

/// The owner signs an answer to a question that a caller composed: with aliases it looks like that
/// of a pack. That a pack was signed takes the kind, the question of packs, and records.
#[test]
fn no_other_receipt_is_a_pack() {
    type Change = fn(&mut Receipt, &mut EvidencePack);
    let question = |query: &str, receipt: &mut Receipt, pack: &mut EvidencePack| {
        (receipt.query, pack.query) = (digest(query), query.to_owned());
    };
    let cases: [(Change, &str); 4] = [
        (
            |receipt, pack| {
                (receipt.kind, receipt.records) = (ReceiptKind::Answer, Vec::new());
                pack.records.clear();
            },
            "it is signed as kind answer, and not as kind pack",
        ),
        (
            |receipt, pack| {
                (receipt.kind, receipt.records) = (ReceiptKind::Manifest, Vec::new());
                pack.records.clear();
            },
            "it is signed as kind manifest, and not as kind pack",
        ),
        (
            |receipt, pack| {
                receipt.records.clear();
                pack.records.clear();
            },
            "a receipt of kind pack names at least one record",
        ),
        (
            |receipt, _| receipt.kind = ReceiptKind::Answer,
            "a receipt of kind answer names no record",
        ),
    ];
    for (change, expected) in cases {
        let mut pack = pack();
        let mut receipt = receipt_of(&pack);
        change(&mut receipt, &mut pack);
        pack.receipt = signed(receipt);
        match pack.verify(&log()).unwrap_err() {
            EvidenceError::Receipt(error) => assert_eq!(error.to_string(), expected),
            other => panic!("{expected}: {other}"),
        }
    }
    // Signed as a pack, and another question than that of packs.
    let of_s2 = pack_question("S2");
    for query in [
        QUERY.to_owned(),
        of_s2.replace("text", "text: id"),
        of_s2.replace(r#""first":500"#, r#""first":0"#),
        of_s2.replace(r#"{"first""#, r#"{"asking":null,"first""#),
        of_s2.clone() + " ",
    ] {
        assert_ne!(query, of_s2);
        let mut pack = pack();
        let mut receipt = receipt_of(&pack);
        question(&query, &mut receipt, &mut pack);
        pack.receipt = signed(receipt);
        assert_eq!(pack.verify(&log()), Err(EvidenceError::Question), "{query}");
    }
}

/// Each is signed by one key, and read as what it was signed as alone.
#[test]
fn a_receipt_is_of_one_kind() {
    let kinds = [ReceiptKind::Answer, ReceiptKind::Pack, ReceiptKind::Manifest];
    let of_pack = receipt_of(&pack());
    for found in kinds {
        let records = if found == ReceiptKind::Pack { of_pack.records.clone() } else { Vec::new() };
        let receipt = Receipt { kind: found, records, ..of_pack.clone() };
        let note = receipt.sign(&[&key()]).unwrap();
        for expected in kinds {
            let read = Receipt::open(&note, &log(), expected);
            match found == expected {
                true => assert_eq!(read.unwrap().kind, expected),
                false => assert_eq!(read, Err(ReceiptError::Kind { found, expected })),
            }
        }
        // Without its kind it is no receipt.
        let without = receipt.to_string().replace(&format!("kind {found}\n"), "");
        let without = SignedNote::sign(without, &[&key()]).unwrap();
        let read = Receipt::open(&without, &log(), found);
        assert!(matches!(read, Err(ReceiptError::Line { line: 2, .. })), "{read:?}");
    }
}

/// Another verifier compares the document by the digest in the documentation.
#[test]
fn the_documentation_has_the_digest_of_the_document_of_packs() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/evidence.md");
    let text = std::fs::read_to_string(path).unwrap();
    let digest = digest(PACK_DOCUMENT).to_string();
    assert!(text.contains(&digest), "{digest}");
}

#[test]
fn a_page_shows_what_is_signed() {
    let page = to_html(&pack()).unwrap();
    for (from, to) in [
        ("was&lt;/b&gt; honored", "was&lt;/b&gt; refused"),
        ("kind &lt;5&gt;", "kind &lt;6&gt;"),
        ("</body>", "<p>And more.</p></body>"),
        ("<!doctype html>", "<!DOCTYPE html>"),
        ("erased: the key is destroyed", "not opened"),
    ] {
        assert!(page.contains(from), "{from}");
        let altered = page.replacen(from, to, 1);
        let error = EvidencePack::verify_file(altered.as_bytes(), &log()).unwrap_err();
        assert!(matches!(error, EvidenceError::Page { .. }), "{from}: {error}");
    }
}

/// Every single flipped bit of a page is found; of the JSON every one that changes what it says.
#[test]
fn no_flipped_bit_is_believed() {
    let pack = pack();
    let page = to_html(&pack).unwrap().into_bytes();
    let json = to_json(&pack).unwrap().into_bytes();
    let mut harmless = 0;
    for (file, is_page) in [(page, true), (json, false)] {
        for at in (0..file.len()).step_by(7) {
            let mut altered = file.clone();
            altered[at] ^= 1 << (at % 8);
            if EvidencePack::verify_file(&altered, &log()).is_ok() {
                assert!(!is_page, "byte {at} of the page");
                assert_eq!(EvidencePack::parse(&altered).unwrap(), pack, "byte {at}");
                harmless += 1;
            }
        }
    }
    assert!(harmless < 200, "{harmless}");
}

#[test]
fn a_receipt_is_of_one_question_and_answer() {
    let file = receipt_file();
    let json = to_json(&file).unwrap();
    let receipt = ReceiptFile::parse(json.as_bytes()).unwrap().verify(&log()).unwrap();
    assert_eq!((receipt.known_at, receipt.rules.as_str()), (LogPosition(5), "r6"));
    for (from, to, expected) in [
        ("S2", "S3", "the answer was altered"),
        ("{ session }", "{ sessions }", "the question was altered"),
        ("known-at 5", "known-at 6", "the receipt is not to be believed"),
        ("receipt file v1", "receipt file v2", "its format is"),
    ] {
        let altered = json.replacen(from, to, 1);
        assert_ne!(altered, json, "{from}");
        let error = ReceiptFile::parse(altered.as_bytes())
            .and_then(|file| file.verify(&log()))
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{from}: {error}");
    }
    // Neither is taken for the other.
    let note = SignedNote::parse(file.receipt.as_bytes()).unwrap();
    assert!(log().open(&note).is_err());
    let note = SignedNote::parse(pack().checkpoint.as_bytes()).unwrap();
    assert!(Receipt::open(&note, &log(), ReceiptKind::Answer).is_err());
    // Nor is the receipt of a pack one of an answer.
    let pack = pack();
    let file =
        ReceiptFile { receipt: pack.receipt, query: pack.query, answer: pack.answer, ..file };
    let error = file.verify(&log()).unwrap_err();
    assert!(matches!(error, EvidenceError::Receipt(ReceiptError::Kind { .. })), "{error}");
}

#[test]
fn a_manifest_is_signed_without_its_names() {
    let manifest = r#"{"file":{"name":"a.csv","sha256":"00ff","bytes":7},
        "query":{"list":"sessions"},"cut":{"knownAt":5},"rows":3,"program":"claimledger 0.1.0",
        "verify":["…"]}"#;
    let mut manifest: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(manifest).unwrap();
    let SignedManifest { query, answer } = SignedManifest::of(&manifest);
    assert_eq!(query, r#"{"list":"sessions"}"#);
    assert_eq!(
        answer,
        concat!(
            r#"{"cut":{"knownAt":5},"file":{"bytes":7,"sha256":"00ff"},"#,
            r#""query":{"list":"sessions"},"rows":3}"#
        )
    );
    let unsigned = serde_json::to_vec(&manifest).unwrap();
    let error = verify_manifest(&unsigned, &log()).unwrap_err().to_string();
    assert!(error.contains("not signed"), "{error}");
    let receipt = |kind| {
        signed(Receipt {
            kind,
            query: digest(&query),
            answer: digest(&answer),
            records: Vec::new(),
            ..receipt_of(&pack())
        })
    };
    manifest.insert("verifierKey".into(), key().verifier().to_string().into());
    manifest.insert("receipt".into(), receipt(ReceiptKind::Answer).into());
    let error = verify_manifest(&serde_json::to_vec(&manifest).unwrap(), &log()).unwrap_err();
    assert!(matches!(error, EvidenceError::Receipt(ReceiptError::Kind { .. })), "{error}");
    manifest.insert("receipt".into(), receipt(ReceiptKind::Manifest).into());
    manifest["file"]["name"] = "b.csv".into();
    let report = verify_manifest(&serde_json::to_vec(&manifest).unwrap(), &log()).unwrap();
    assert_eq!((report.file.as_str(), report.sha256.as_str(), report.rows), ("b.csv", "00ff", 3));
    manifest["rows"] = 4.into();
    let error = verify_manifest(&serde_json::to_vec(&manifest).unwrap(), &log()).unwrap_err();
    assert_eq!(error, EvidenceError::Altered { what: "answer" });
}
