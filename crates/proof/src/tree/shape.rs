//! Which subtrees a proof consists of. Numbers only, no hashes.

use std::ops::Range;

/// A complete subtree: `2^height` leaves from `index * 2^height` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) height: u8,
    pub(crate) index: u64,
}

/// The largest power of two below `leaves`, of which there are two or more: where RFC 9162 splits.
pub(super) fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// The complete subtrees that a range of leaves consists of, from the left, each as large as fits.
/// A range that comes from splitting a tree begins where its largest subtree may begin.
pub(crate) fn nodes(range: Range<u64>) -> impl Iterator<Item = Node> {
    let Range { start: mut from, end } = range;
    std::iter::from_fn(move || {
        let left = end.checked_sub(from).filter(|left| *left > 0)?;
        let height = left.ilog2();
        let node = Node { height: height as u8, index: from >> height };
        from += 1 << height;
        Some(node)
    })
}

/// `PATH(position, D[size])` of RFC 9162, 2.1.3.1, as ranges of leaves; the leaf's sibling first.
pub(crate) fn inclusion_ranges(position: u64, size: u64) -> Vec<Range<u64>> {
    let mut path = Vec::new();
    let (mut from, mut to) = (0, size);
    while to - from > 1 {
        let middle = from + split(to - from);
        if position < middle {
            path.push(middle..to);
            to = middle;
        } else {
            path.push(from..middle);
            from = middle;
        }
    }
    path.reverse();
    path
}

/// `PROOF(old, D[new])` of RFC 9162, 2.1.4.1, as ranges of leaves. Nothing is proved of an empty
/// tree.
pub(crate) fn consistency_ranges(old: u64, new: u64) -> Vec<Range<u64>> {
    let mut path = Vec::new();
    let (mut from, mut to) = (0, new);
    while old > 0 && old != to {
        let middle = from + split(to - from);
        if old <= middle {
            path.push(middle..to);
            to = middle;
        } else {
            path.push(from..middle);
            from = middle;
        }
    }
    // The verifier knows the old root: the last subtree is left out where it is the old tree.
    if from > 0 {
        path.push(from..to);
    }
    path.reverse();
    path
}

/// The way of a verification from a node up to the root (RFC 9162, 2.1.3.2 and 2.1.4.2).
pub(super) struct Climb {
    /// The index of the node in its level.
    node: u64,
    /// The index of the last node of that level.
    last: u64,
}

impl Climb {
    /// From a leaf of a tree with this last leaf.
    pub(super) fn from_leaf(leaf: u64, last: u64) -> Self {
        Self { node: leaf, last }
    }

    /// From the largest complete subtree that ends with this leaf.
    pub(super) fn from_subtree_of(leaf: u64, last: u64) -> Self {
        let rise = leaf.trailing_ones();
        Self { node: leaf >> rise, last: last >> rise }
    }

    pub(super) fn is_at_root(&self) -> bool {
        self.last == 0
    }

    /// Goes up to where the node has a sibling, and to their parent; whether the sibling is the
    /// left one. `None` at the root.
    pub(super) fn step(&mut self) -> Option<bool> {
        if self.is_at_root() {
            return None;
        }
        let is_left = self.node & 1 == 1 || self.node == self.last;
        // A last node without a sibling stands for its parent, too.
        while is_left && self.node & 1 == 0 && self.node != 0 {
            self.node >>= 1;
            self.last >>= 1;
        }
        self.node >>= 1;
        self.last >>= 1;
        Some(is_left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 9162, 2.1.5: a tree of the leaves d0 to d6.
    #[test]
    fn the_paths_are_those_of_the_rfc() {
        assert_eq!(inclusion_ranges(0, 7), [1..2, 2..4, 4..7]); // b, h, l
        assert_eq!(inclusion_ranges(3, 7), [2..3, 0..2, 4..7]); // c, g, l
        assert_eq!(inclusion_ranges(4, 7), [5..6, 6..7, 0..4]); // f, j, k
        assert_eq!(inclusion_ranges(6, 7), [4..6, 0..4]); // i, k
        assert_eq!(consistency_ranges(3, 7), [2..3, 3..4, 0..2, 4..7]); // c, d, g, l
        assert_eq!(consistency_ranges(4, 7), std::iter::once(4..7).collect::<Vec<_>>()); // l
        assert_eq!(consistency_ranges(6, 7), [4..6, 6..7, 0..4]); // i, j, k
    }

    #[test]
    fn nothing_is_proved_of_the_same_tree_and_of_the_empty_one() {
        for (old, new) in [(0, 0), (0, 7), (7, 7), (1, 1)] {
            assert_eq!(consistency_ranges(old, new), []);
        }
    }

    #[test]
    fn a_range_is_the_subtrees_of_its_binary_digits() {
        let found: Vec<_> = nodes(0..70_000).map(|node| (node.height, node.index)).collect();
        assert_eq!(found, [(16, 0), (12, 16), (8, 272), (6, 1092), (5, 2186), (4, 4374)]);
        assert_eq!(nodes(5..5).count(), 0);
        let top = i64::MAX as u64;
        assert_eq!(nodes(0..top).map(|node| 1 << node.height).sum::<u64>(), top);
    }
}
