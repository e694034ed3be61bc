use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A hash in the tree, SHA-256; written in base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(hash)
    }

    pub(super) fn hex(self) -> String {
        blake3::Hash::from_bytes(self.0).to_string()
    }

    pub fn parse(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// An inner node never hashes like a leaf: RFC 6962 puts a 1 ahead of the one and a 0 ahead of the other.
    pub(super) fn of_nodes(left: Self, right: Self) -> Self {
        let mut bytes = [1; 65];
        bytes[1..33].copy_from_slice(&left.0);
        bytes[33..].copy_from_slice(&right.0);
        Self::of(&bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no hash in base64"))
    }
}

/// A tree that grows leaf by leaf, or the part of one behind a place. It keeps the roots of its whole subtrees alone: one
/// for each binary digit of its size.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    begin: u64,
    end: u64,
    /// From the left; of a whole tree, each smaller than the one before it.
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    size: u64,
    hash: Hash,
}

impl Tree {
    /// The part of a tree behind its first leaves.
    fn behind(leaves: u64) -> Self {
        Self { begin: leaves, end: leaves, nodes: Vec::new() }
    }

    pub fn push(&mut self, leaf: Hash) {
        let mut node = Node { size: 1, hash: leaf };
        let mut start = self.end;
        self.end += 1;
        // Two of one size make the next larger one, where the left begins at a place for it.
        while let Some(left) =
            self.nodes.pop_if(|left| left.size == node.size && (start - left.size).is_multiple_of(2 * left.size))
        {
            start -= left.size;
            node = Node { size: 2 * node.size, hash: Hash::of_nodes(left.hash, node.hash) };
        }
        self.nodes.push(node);
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.end - self.begin
    }

    /// Of no leaves, the hash of nothing.
    pub fn root(&self) -> Hash {
        let hashes = self.nodes.iter().rev().map(|node| node.hash);
        hashes.reduce(|right, left| Hash::of_nodes(left, right)).unwrap_or_else(|| Hash::of(&[]))
    }

    /// What stands in `begin..end`, put together from whole subtrees; `None` where they do not lie so.
    fn within(&self, begin: u64, end: u64) -> Option<Hash> {
        let mut at = self.begin;
        let mut hashes = Vec::new();
        for node in &self.nodes {
            if at >= begin && at + node.size <= end {
                hashes.push(node.hash);
            }
            at += node.size;
        }
        hashes.into_iter().rev().reduce(|right, left| Hash::of_nodes(left, right))
    }
}

/// Shows that a tree is an earlier one with leaves behind it, as RFC 6962 has it. Made while the tree grows: begun when it
/// has the earlier size, fed with what comes behind.
#[derive(Clone, Debug)]
pub struct Consistency {
    earlier: Tree,
    behind: Tree,
}

impl Consistency {
    pub fn begin(earlier: &Tree) -> Self {
        Self { earlier: earlier.clone(), behind: Tree::behind(earlier.end) }
    }

    pub fn push(&mut self, leaf: Hash) {
        self.behind.push(leaf);
    }

    /// The hashes from which both roots can be made.
    pub fn proof(&self) -> Vec<Hash> {
        let (old, new) = (self.earlier.end, self.behind.end);
        let mut proof = Vec::new();
        if old > 0 && old < new {
            self.collect(0, new, true, &mut proof);
        }
        proof
    }

    /// The proof for `begin..end`; what both sides know already is left out at the left edge.
    fn collect(&self, begin: u64, end: u64, is_known: bool, proof: &mut Vec<Hash>) {
        let old = self.earlier.end;
        if old == end {
            if !is_known {
                proof.extend(self.earlier.within(begin, end));
            }
            return;
        }
        let middle = begin + largest_below(end - begin);
        if old <= middle {
            self.collect(begin, middle, is_known, proof);
            proof.extend(self.behind.within(middle, end));
        } else {
            self.collect(middle, end, false, proof);
            proof.extend(self.earlier.within(begin, middle));
        }
    }
}

/// The largest power of two below a number greater than one.
pub(super) fn largest_below(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// Whether a proof leads from one tree to the other.
pub fn is_consistent(old: (u64, Hash), new: (u64, Hash), proof: &[Hash]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size == 0 || old_size == new_size {
        return proof.is_empty() && old_size <= new_size && (old_size < new_size || old_root == new_root);
    }
    if old_size > new_size {
        return false;
    }
    let mut hashes = proof.iter().copied();
    let made = both_roots(0, new_size, old_size, Some(old_root), &mut hashes);
    made == Some((old_root, new_root)) && hashes.next().is_none()
}

/// The roots of `begin..old` and of `begin..end`.
fn both_roots(
    begin: u64,
    end: u64,
    old: u64,
    known: Option<Hash>,
    proof: &mut impl Iterator<Item = Hash>,
) -> Option<(Hash, Hash)> {
    if old == end {
        let hash = known.or_else(|| proof.next())?;
        return Some((hash, hash));
    }
    let middle = begin + largest_below(end - begin);
    if old <= middle {
        let (old_root, left) = both_roots(begin, middle, old, known, proof)?;
        Some((old_root, Hash::of_nodes(left, proof.next()?)))
    } else {
        let (old_right, right) = both_roots(middle, end, old, None, proof)?;
        let left = proof.next()?;
        Some((Hash::of_nodes(left, old_right), Hash::of_nodes(left, right)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::proof) fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|n| Hash::of(&[&[0], n.to_string().as_bytes()].concat())).collect()
    }

    /// RFC 6962, section 2.1, word for word.
    pub(in crate::proof) fn root_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::of(&[]),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(largest_below(leaves.len() as u64) as usize);
                Hash::of_nodes(root_by_definition(left), root_by_definition(right))
            }
        }
    }

    /// RFC 6962, section 2.1.2, word for word.
    fn consistency_by_definition(old: usize, leaves: &[Hash], is_whole: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if is_whole { Vec::new() } else { vec![root_by_definition(leaves)] };
        }
        let middle = largest_below(leaves.len() as u64) as usize;
        let (left, right) = leaves.split_at(middle);
        let (mut proof, last) = if old <= middle {
            (consistency_by_definition(old, left, is_whole), root_by_definition(right))
        } else {
            (consistency_by_definition(old - middle, right, false), root_by_definition(left))
        };
        proof.push(last);
        proof
    }

    fn tree(leaves: &[Hash]) -> Tree {
        let mut tree = Tree::default();
        for leaf in leaves {
            tree.push(*leaf);
        }
        tree
    }

    #[test]
    fn known_roots_come_out() {
        // The vectors of Certificate Transparency's own tests.
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let leaves: Vec<Hash> = inputs.iter().map(|input| Hash::of(&[b"\0", *input].concat())).collect();
        let none = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Tree::default().root().hex(), none);
        assert_eq!(leaves[0].hex(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        let eight = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
        assert_eq!(tree(&leaves).root().hex(), eight);
    }

    #[test]
    fn a_tree_of_any_size_has_the_root_of_the_definition() {
        for size in 0..130 {
            let leaves = leaves(size);
            assert_eq!(tree(&leaves).root(), root_by_definition(&leaves), "{size}");
            assert!(tree(&leaves).nodes.len() <= 8);
        }
    }

    #[test]
    fn a_proof_of_growth_is_that_of_the_definition_and_leads_to_no_other_tree() {
        let all = leaves(70);
        for new in 1..=70_usize {
            for old in 1..=new {
                let earlier = tree(&all[..old]);
                let mut made = Consistency::begin(&earlier);
                all[old..new].iter().for_each(|leaf| made.push(*leaf));
                let proof = made.proof();
                assert_eq!(proof, consistency_by_definition(old, &all[..new], true), "{old} in {new}");
                let (old_end, new_end) = ((old as u64, earlier.root()), (new as u64, tree(&all[..new]).root()));
                assert!(is_consistent(old_end, new_end, &proof), "{old} in {new}");
                let other = Hash::of(b"other");
                assert!(!is_consistent((old_end.0, other), new_end, &proof), "{old} in {new}");
                assert!(!is_consistent(old_end, (new_end.0, other), &proof), "{old} in {new}");
                let longer = [&*proof, &[other]].concat();
                assert!(!is_consistent(old_end, new_end, &longer), "{old} in {new}");
            }
        }
    }
}
