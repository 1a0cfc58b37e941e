//! Proofs of a tenant's log: its Merkle tree, the tiles that store it, signed checkpoints, and
//! files that show without the ledger that a record is in it.
//!
//! Everything is a published format, so that tools that are not ours verify it: the tree of RFC
//! 9162 ([`tree`]), C2SP tlog-tiles ([`tiles`]), signed-note ([`note`]), tlog-checkpoint
//! ([`checkpoint`]) and tlog-proof ([`tlog_proof`]). A leaf is
//! [`leaf_hash`](claimledger_facts::record::leaf_hash) of a record's header. Ours are [`receipt`],
//! a signed note about an answer, and [`evidence`], one file with an answer and its records.
//!
//! What it is **not**: it reads and writes no file, table or socket, knows no time, makes no key
//! and waits for nothing. The host stores tiles and checkpoints, and decides when to sign. It must
//! never sign a head that is inconsistent with an earlier one; this crate cannot know earlier ones.
//!
//! # To keep the tree of a log
//! 1. [`tiles::TreeBuilder::append`] takes the leaf hashes of new records, in the order of the log,
//!    and returns the tiles that became full. Store them, and
//!    [`tiles::TreeBuilder::partial_tiles`]. A store may keep the widest of each tile: a narrower
//!    one is its beginning.
//! 2. Only then sign [`checkpoint::Checkpoint`] of [`tiles::TreeBuilder::head`]. If the process
//!    stops in between, the tiles are ahead of the checkpoint, which is harmless.
//! 3. At a start, load the tiles of [`tiles::TreeQuery::Root`] for the last checkpoint's size and
//!    [`tiles::TreeBuilder::resume`]: it refuses tiles of another tree.
//!
//! # To prove and to verify
//! ```
//! use claimledger_facts::{ids::LogPosition, record::leaf_hash};
//! use claimledger_proof::{
//!     checkpoint::{Checkpoint, TrustedLog},
//!     note::SigningKey,
//!     tiles::{TileSet, TreeBuilder, TreeQuery},
//!     tlog_proof::TlogProof,
//! };
//!
//! // The log's side: append, store the tiles, sign.
//! let headers = [b"header 0", b"header 1", b"header 2"];
//! let leaves = headers.map(|header| leaf_hash(header));
//! let mut tree = TreeBuilder::new();
//! let mut stored = tree.append(&leaves)?;
//! stored.extend(tree.partial_tiles());
//! let key = SigningKey::from_seed("log.example/t/1", [7; 32].into())?;
//! let checkpoint = Checkpoint::new("log.example/t/1", tree.head())?;
//! let signed = checkpoint.sign(&[&key])?;
//!
//! // Load the tiles that a proof needs, in whatever way the host stores them.
//! let position = LogPosition(1);
//! let mut tiles = TileSet::default();
//! for tile in (TreeQuery::Inclusion { position, size: tree.size() }).tiles()? {
//!     let found = stored.iter().find(|stored| stored.tile == tile);
//!     tiles.insert(tile, &found.ok_or("not stored")?.bytes)?;
//! }
//! let log = TrustedLog::new("log.example/t/1", vec![key.verifier().clone()])?;
//! let file = TlogProof::make(&tiles, &leaves[1], position, signed, &log)?.to_string();
//!
//! // The verifier's side, which has the file, the header and the log's vkey.
//! let log = TrustedLog::new("log.example/t/1", vec![key.verifier().to_string().parse()?])?;
//! let proof = TlogProof::parse(file.as_bytes())?;
//! let head = *proof.verify(&leaf_hash(b"header 1"), &log)?.head();
//! assert_eq!(head, tree.head());
//! assert!(proof.verify(&leaf_hash(b"header 2"), &log).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # To add a signature type
//! A type of C2SP signed-note has a number and says what is signed. Extend `note/key.rs`, which
//! parses the vkey and verifies; a type that signs more than the text, such as a timestamped
//! cosignature, builds its message there.

pub mod checkpoint;
pub mod evidence;
pub mod note;
pub mod receipt;
mod text;
pub mod tiles;
pub mod tlog_proof;
pub mod tree;
