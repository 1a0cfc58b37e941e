//! What others have published: trees, notes, keys and checkpoints.

use claimledger_facts::{
    ids::{LogPosition, LogSize},
    record::{Digest32, leaf_hash},
};
use claimledger_proof::{
    checkpoint::TrustedLog,
    note::{SignedNote, SigningKey, VerifierKey},
    tiles::{StoredTile, Tile, TileSet, TreeBuilder},
    tree::{ConsistencyProof, InclusionProof, TreeHead},
};
use data_encoding::{BASE64, HEXLOWER};

fn digest(hex: &str) -> Digest32 {
    Digest32(HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap())
}

fn digests(hex: &[&str]) -> Vec<Digest32> {
    hex.iter().copied().map(digest).collect()
}

/// The eight entries that Certificate Transparency's implementations test with, in hex.
const ENTRIES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// The roots of their first 1 to 8.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn head(size: usize) -> TreeHead {
    TreeHead { size: LogSize(size as u64), root: digest(ROOTS[size - 1]) }
}

fn leaves() -> Vec<Digest32> {
    ENTRIES.iter().map(|hex| leaf_hash(&HEXLOWER.decode(hex.as_bytes()).unwrap())).collect()
}

#[test]
fn the_roots_of_certificate_transparency() {
    let mut tree = TreeBuilder::new();
    for (leaf, size) in leaves().iter().zip(1..) {
        tree.append(&[*leaf]).unwrap();
        assert_eq!(tree.head(), head(size));
    }
}

#[test]
fn the_proofs_of_certificate_transparency() {
    let mut tiles = TileSet::default();
    let mut tree = TreeBuilder::new();
    tree.append(&leaves()).unwrap();
    for StoredTile { tile, bytes } in tree.partial_tiles() {
        tiles.insert(tile, &bytes).unwrap();
    }
    let inclusion: [(usize, usize, &[&str]); 3] = [
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    ];
    for (index, size, expect) in inclusion {
        let (position, head) = (LogPosition(index as u64), head(size));
        let proof = tiles.inclusion_proof(position, head.size).unwrap();
        assert_eq!(proof, InclusionProof(digests(expect)));
        assert_eq!(proof.verify(&leaves()[index], position, &head), Ok(()));
    }
    let consistency: [(usize, usize, &[&str]); 3] = [
        (
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            &[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    for (old, new, expect) in consistency {
        let (old, new) = (head(old), head(new));
        let proof = tiles.consistency_proof(old.size, new.size).unwrap();
        assert_eq!(proof, ConsistencyProof(digests(expect)));
        assert_eq!(proof.verify(&old, &new), Ok(()));
    }
    assert_eq!(Tile::all(LogSize(8)).count(), 1);
}

/// The example of C2SP signed-note.
#[test]
fn the_note_of_the_specification() {
    let note = "This is an example message.\n\n\u{2014} example.com/foo \
                Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu7\
                2IneyaQM=\n";
    let text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let keys = [text.parse::<VerifierKey>().unwrap()];
    let read = SignedNote::parse(note.as_bytes()).unwrap();
    let verified = read.verify(&keys).unwrap();
    assert_eq!(verified.text, "This is an example message.\n");
    assert_eq!(verified.signers, [&keys[0]]);
    assert_eq!(read.to_string(), note);
    assert_eq!(keys[0].to_string(), text);
}

/// Its first example, whose text has an empty line; the key was not published.
#[test]
fn the_poem_of_the_specification() {
    let note = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n\
                ed \u{e8} subito sera.\n\n\u{2014} quasimodo.example/salvatore \
                NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3Z\
                ekRwNtIc=\n";
    let read = SignedNote::parse(note.as_bytes()).unwrap();
    assert_eq!(read.to_string(), note);
    let signature = &read.signatures()[0];
    assert_eq!(signature.id.to_string(), "367ba04b");
    assert_eq!(
        (signature.name.as_str(), signature.bytes.len()),
        ("quasimodo.example/salvatore", 64)
    );
}

/// The example of Go's package `note`, with its private key.
#[test]
fn the_note_of_go_is_signed_alike() {
    let text = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n";
    let private = BASE64.decode(b"AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").unwrap();
    let seed: [u8; 32] = private[1..].try_into().unwrap();
    let key = SigningKey::from_seed("PeterNeumann", seed.into()).unwrap();
    assert_eq!(
        key.verifier().to_string(),
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    );
    let signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb\
                     6KE6RyyBwJnAM=";
    let note = SignedNote::sign(text, &[&key]).unwrap();
    assert_eq!(note.to_string(), format!("{text}\n\u{2014} PeterNeumann {signature}\n"));
}

/// Go's checksum database: the checkpoint that C2SP tlog-checkpoint shows under another name.
#[test]
fn a_checkpoint_of_the_go_checksum_database() {
    let note = "go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
                \u{2014} sum.golang.org \
                Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xe\
                McTOAYQ8=\n";
    let key = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    let log = TrustedLog::new("go.sum database tree", vec![key.parse().unwrap()]).unwrap();
    let checkpoint = log.open(&SignedNote::parse(note.as_bytes()).unwrap()).unwrap();
    assert_eq!(checkpoint.head().size, LogSize(20_852_163));
    assert_eq!(
        checkpoint.head().root.to_string(),
        "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    );
}

/// RFC 8410, 10.3: one key in PKCS#8, without and with its public key.
#[test]
fn keys_in_pkcs8() {
    let public = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
    for der in [
        "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC",
        "MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhCoB8wHQYKKoZIhvcNAQkJFDEPDA\
         1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
    ] {
        let der = BASE64.decode(der.as_bytes()).unwrap();
        let key = SigningKey::from_pkcs8("example.com/chairs", der.into()).unwrap();
        assert_eq!(HEXLOWER.encode(key.verifier().public()), public);
    }
}
