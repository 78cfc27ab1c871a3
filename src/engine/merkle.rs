//! One digest over the ends of many chains: a Merkle tree in the form of RFC 6962, whose leaves and nodes cannot be
//! taken for each other.

use sha2::{Digest, Sha256};

/// The end of a chain: `SHA-256(0x00 ‖ id, 16 bytes ‖ length, 8 bytes big-endian ‖ its last hash)`.
#[must_use]
pub fn leaf(chain: &[u8; 16], seq: u64, head: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update([0]);
    digest.update(chain);
    digest.update(seq.to_be_bytes());
    digest.update(head);
    digest.finalize().into()
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update([1]);
    digest.update(left);
    digest.update(right);
    digest.finalize().into()
}

/// A tree to which leaves are added in their order. It keeps no more than one digest a level.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Whole subtrees from the largest to the smallest, with how many leaves each has.
    whole: Vec<(u64, [u8; 32])>,
    pub leaves: u64,
}

impl Tree {
    /// Adds the next leaf.
    pub fn add(&mut self, leaf: [u8; 32]) {
        let (mut size, mut digest) = (1, leaf);
        while let Some((_, left)) = self.whole.pop_if(|(of, _)| *of == size) {
            digest = node(&left, &digest);
            size *= 2;
        }
        self.whole.push((size, digest));
        self.leaves += 1;
    }

    /// The digest over all leaves; over none it is that of nothing.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        let mut from_the_right = self.whole.iter().rev().map(|(_, digest)| *digest);
        let Some(last) = from_the_right.next() else { return Sha256::digest([]).into() };
        from_the_right.fold(last, |right, left| node(&left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
        let mut tree = Tree::default();
        leaves.iter().for_each(|leaf| tree.add(*leaf));
        tree.root()
    }

    /// As RFC 6962 words it: split at the largest power of two below the number of leaves.
    fn by_the_book(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => *one,
            more => {
                let mut half = 1;
                while half * 2 < more.len() {
                    half *= 2;
                }
                let (left, right) = more.split_at(half);
                node(&by_the_book(left), &by_the_book(right))
            }
        }
    }

    #[test]
    fn the_tree_is_the_one_of_the_book_and_depends_on_every_leaf() {
        let leaves: Vec<[u8; 32]> = (0..40).map(|n| leaf(&[n; 16], n.into(), &[n; 32])).collect();
        for count in 0..leaves.len() {
            let some = &leaves[..count];
            assert_eq!(root(some), by_the_book(some), "{count}");
            for changed in 0..count {
                let mut others = some.to_vec();
                others[changed] = leaf(&[99; 16], 1, &[0; 32]);
                assert_ne!(root(&others), root(some), "{changed} of {count}");
            }
            if count > 0 {
                assert_ne!(root(&some[1..]), root(some), "{count}");
            }
        }
    }
}
