//! What is refused of stored tiles, and how a stored tree is continued.

use crate::support::{Rng, StoredLog, leaf};
use claimledger_facts::ids::{LogPosition, LogSize};
use claimledger_proof::{
    tiles::{ReadError, Tile, TileError, TileSet, TreeBuilder, TreeQuery},
    tree::{MAX_SIZE, SizeError, TreeHead},
};

const TILE: Tile = Tile { level: 0, index: 0, width: 3 };

fn root_of(log: &StoredLog) -> TileSet {
    TileSet::load(log, &[TreeQuery::Root { size: log.size() }]).unwrap()
}

#[test]
fn a_stored_tree_is_continued_wherever_it_stopped() {
    let whole = StoredLog::of_size(66_000);
    for stop in [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, 66_000] {
        let mut log = StoredLog::of_size(stop);
        let tree = TreeBuilder::resume(&log.tree.head(), &root_of(&log)).unwrap();
        assert_eq!(tree, log.tree, "at {stop}");
        log.tree = tree;
        log.grow_to(66_000);
        assert_eq!(log.tree, whole.tree, "from {stop}");
        assert!(Tile::all(log.size()).all(|tile| log.tiles[&tile] == whole.tiles[&tile]));
    }
}

#[test]
fn the_tiles_do_not_depend_on_how_many_leaves_came_at_once() {
    let (whole, mut rng) = (StoredLog::of_size(3_000), Rng(2));
    let mut log = StoredLog::default();
    while log.size().0 < 3_000 {
        log.grow_to((log.size().0 + rng.number() % 700).min(3_000));
    }
    assert_eq!(log.tree, whole.tree);
    assert!(whole.tiles.iter().all(|(tile, bytes)| &log.tiles[tile] == bytes));
}

#[test]
fn tiles_of_another_tree_are_not_continued() {
    let log = StoredLog::of_size(70_000);
    let TreeHead { size, root } = log.tree.head();
    for tile in (TreeQuery::Root { size }).tiles().unwrap() {
        let mut damaged = log.tiles[&tile].clone();
        damaged[5] ^= 1;
        let mut tiles = TileSet::default();
        tiles.insert(tile, &damaged).unwrap();
        for other in (TreeQuery::Root { size }).tiles().unwrap() {
            tiles.insert(other, &log.tiles[&other]).unwrap(); // The damaged one is there already.
        }
        let resumed = TreeBuilder::resume(&TreeHead { size, root }, &tiles);
        assert_eq!(resumed, Err(TileError::Root { size }), "{tile}");
    }
    let older = StoredLog::of_size(69_999);
    let missing = Tile { level: 0, index: 273, width: 112 };
    let resumed = TreeBuilder::resume(&log.tree.head(), &root_of(&older));
    assert_eq!(resumed, Err(TileError::Missing(missing)));
}

#[test]
fn a_tile_may_have_become_wider_since() {
    let mut log = StoredLog::of_size(300);
    let head = log.tree.head();
    log.grow_to(1_000);
    // A store with one row for each tile has the newest only.
    let mut newest = TileSet::default();
    for tile in Tile::all(log.size()) {
        newest.insert(tile, &log.tiles[&tile]).unwrap();
    }
    assert_eq!(newest.head(LogSize(300)), Ok(head));
    let proof = newest.inclusion_proof(LogPosition(299), head.size).unwrap();
    assert_eq!(proof.verify(&leaf(299), LogPosition(299), &head), Ok(()));
    assert_eq!(TreeBuilder::resume(&head, &newest).unwrap().head(), head);
    // A narrower tile does not replace a wider one.
    newest.insert(TILE, &log.tiles[&Tile { width: 256, ..TILE }][..96]).unwrap();
    assert_eq!(newest.head(log.size()), Ok(log.tree.head()));
}

#[test]
fn what_is_not_the_hashes_of_a_tile_is_refused() {
    for bytes in [0, 1, 31, 32, 95, 97, 257 * 32] {
        let refused = TileSet::default().insert(TILE, &vec![0; bytes]);
        assert_eq!(refused, Err(TileError::Length { tile: TILE, bytes }));
    }
    for bytes in [96, 128, 256 * 32] {
        assert_eq!(TileSet::default().insert(TILE, &vec![0; bytes]), Ok(()));
    }
}

#[test]
fn a_question_outside_of_the_tree_is_refused() {
    let log = StoredLog::of_size(10);
    let (tiles, size) = (log.set(), log.size());
    let outside = TileError::Size(SizeError::Outside { position: LogPosition(10), size });
    assert_eq!(tiles.inclusion_proof(LogPosition(10), size), Err(outside));
    let shrunk = TileError::Size(SizeError::Shrunk { old: LogSize(11), new: size });
    assert_eq!(tiles.consistency_proof(LogSize(11), size), Err(shrunk));
    let missing = TileError::Missing(Tile { level: 0, index: 0, width: 11 });
    assert_eq!(tiles.head(LogSize(11)), Err(missing));
    let size = LogSize(MAX_SIZE.0 + 1);
    let too_large = TileError::Size(SizeError::TooLarge { size });
    assert_eq!(tiles.head(size), Err(too_large));
    let none = TreeHead { size, root: leaf(0) };
    assert_eq!(TreeBuilder::resume(&none, &tiles), Err(too_large));
}

#[test]
fn a_reader_that_fails_is_named() {
    let mut log = StoredLog::of_size(300);
    let tile = Tile { level: 0, index: 1, width: 44 };
    log.tiles.remove(&tile);
    let failed = TileSet::load(&log, &[TreeQuery::Root { size: log.size() }]).unwrap_err();
    let ReadError::Reader { tile: named, source } = failed else { panic!("{failed}") };
    assert_eq!((named, source.as_str()), (tile, "tile/0/001.p/44 is not stored"));
}

/// Of the largest tree, only the right edge: any hashes will do.
#[test]
fn the_largest_tree_takes_no_more_leaves() {
    let mut tiles = TileSet::default();
    let query = TreeQuery::Root { size: LogSize(MAX_SIZE.0 - 1) };
    for tile in query.tiles().unwrap() {
        let hashes: Vec<u8> = (0..u64::from(tile.width)).flat_map(|n| leaf(n).0).collect();
        tiles.insert(tile, &hashes).unwrap();
    }
    let head = tiles.head(query.size()).unwrap();
    let mut tree = TreeBuilder::resume(&head, &tiles).unwrap();
    let too_large = |size| TileError::Size(SizeError::TooLarge { size: LogSize(size) });
    assert_eq!(tree.append(&[leaf(0), leaf(1)]), Err(too_large(MAX_SIZE.0 + 1)));
    assert_eq!(tree.head(), head, "nothing was appended");
    assert_eq!(tree.append(&[leaf(0)]), Ok(Vec::new()));
    assert_eq!(tree.size(), MAX_SIZE);
    assert_eq!(tree.append(&[leaf(1)]), Err(too_large(MAX_SIZE.0 + 1)));
    assert_eq!(tree.partial_tiles().len(), 8);
}

/// The largest tree is never built; its questions must not overflow.
#[test]
fn the_largest_tree_needs_a_few_tiles() {
    let size = MAX_SIZE;
    for position in [0, 1 << 62, MAX_SIZE.0 - 1].map(LogPosition) {
        let tiles = (TreeQuery::Inclusion { position, size }).tiles().unwrap();
        assert!(tiles.len() <= 16, "{}", tiles.len());
        assert!(tiles.iter().all(|tile| tile.level <= 7 && tile.width >= 1));
        let old = LogSize(position.0 + 1);
        assert!((TreeQuery::Consistency { old, new: size }).tiles().unwrap().len() <= 16);
    }
    assert_eq!((TreeQuery::Root { size }).tiles().unwrap().len(), 8);
}
