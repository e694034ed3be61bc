use super::Hash;
use super::tree::largest_below;

/// A tree that grows, and the shortest proof that some of its leaves are in it. For one leaf the proof holds the hashes of
/// RFC 6962's audit path, for many it holds each only once and none that the leaves themselves give; all from left to
/// right.
#[derive(Clone, Debug, Default)]
pub struct Selected {
    size: u64,
    nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
struct Node {
    size: u64,
    hash: Hash,
    /// What a reader must be told of this subtree; `None` where no leaf of it was chosen.
    told: Option<Vec<Hash>>,
}

impl Node {
    fn over(left: Self, right: Self) -> Self {
        let hash = Hash::of_nodes(left.hash, right.hash);
        let size = left.size + right.size;
        let told = match (left.told, right.told) {
            (None, None) => None,
            (left_told, right_told) => {
                let mut told = left_told.unwrap_or_else(|| vec![left.hash]);
                told.append(&mut right_told.unwrap_or_else(|| vec![right.hash]));
                Some(told)
            }
        };
        Self { size, hash, told }
    }
}

impl Selected {
    /// Answers with the leaf's place.
    pub fn push(&mut self, leaf: Hash, is_chosen: bool) -> u64 {
        let place = self.size;
        self.size += 1;
        let mut node = Node { size: 1, hash: leaf, told: is_chosen.then(Vec::new) };
        while let Some(left) = self.nodes.pop_if(|left| left.size == node.size) {
            node = Node::over(left, node);
        }
        self.nodes.push(node);
        place
    }

    /// The tree's size and root, and the proof.
    pub fn finish(self) -> (u64, Hash, Vec<Hash>) {
        let whole = self.nodes.into_iter().rev().reduce(|right, left| Node::over(left, right));
        whole.map_or_else(
            || (0, Hash::of(&[]), Vec::new()),
            |whole| (self.size, whole.hash, whole.told.unwrap_or_default()),
        )
    }
}

/// The root to which leaves at these places lead, in a tree of this size, by a proof; `None` where it does not fit them.
/// The places ascend.
pub fn root_of_selected(size: u64, leaves: &[(u64, Hash)], proof: &[Hash]) -> Option<Hash> {
    let is_ascending = leaves.is_sorted_by(|(one, _), (next, _)| one < next);
    if leaves.is_empty() || !is_ascending || leaves.last().is_some_and(|(last, _)| *last >= size) {
        return None;
    }
    let mut hashes = proof.iter().copied();
    let root = root_of(0, size, leaves, &mut hashes)?;
    hashes.next().is_none().then_some(root)
}

/// As deep as the tree, and only where a leaf was chosen.
fn root_of(begin: u64, end: u64, leaves: &[(u64, Hash)], proof: &mut impl Iterator<Item = Hash>) -> Option<Hash> {
    let [(_, first), ..] = leaves else { return proof.next() };
    if end - begin == 1 {
        return Some(*first);
    }
    let middle = begin + largest_below(end - begin);
    let (left, right) = leaves.split_at(leaves.partition_point(|(place, _)| *place < middle));
    let left = root_of(begin, middle, left, proof)?;
    Some(Hash::of_nodes(left, root_of(middle, end, right, proof)?))
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::{leaves, root_by_definition};
    use super::*;

    fn prove(all: &[Hash], is_chosen: impl Fn(u64) -> bool) -> (Vec<(u64, Hash)>, Hash, Vec<Hash>) {
        let mut tree = Selected::default();
        let mut chosen = Vec::new();
        for leaf in all {
            let place = tree.size;
            assert_eq!(tree.push(*leaf, is_chosen(place)), place);
            if is_chosen(place) {
                chosen.push((place, *leaf));
            }
        }
        let (size, root, proof) = tree.finish();
        assert_eq!(size, all.len() as u64);
        (chosen, root, proof)
    }

    #[test]
    fn chosen_leaves_lead_to_the_root_and_others_do_not() {
        for size in 1..70 {
            let all = leaves(size);
            let root = root_by_definition(&all);
            for (name, is_chosen) in [
                ("first", (|place| place == 0) as fn(u64) -> bool),
                ("some", |place| place % 5 == 0),
                ("a run", |place| (3..9).contains(&place) || place == 0),
                ("all", |_| true),
            ] {
                let (chosen, made, proof) = prove(&all, is_chosen);
                assert_eq!(made, root);
                assert_eq!(root_of_selected(size, &chosen, &proof), Some(root), "{name} of {size}");
                let mut other = chosen.clone();
                other[0].1 = Hash::of(b"other");
                assert_ne!(root_of_selected(size, &other, &proof), Some(root), "{name} of {size}");
                let longer = [&*proof, &[root]].concat();
                assert_eq!(root_of_selected(size, &chosen, &longer), None, "{name} of {size}");
            }
            for one in 0..size {
                let (chosen, _, proof) = prove(&all, |place| place == one);
                assert!(proof.len() <= 7, "an audit path");
                assert_eq!(root_of_selected(size, &chosen, &proof), Some(root), "{one} of {size}");
                if size > 1 {
                    let moved = [((one + 1) % size, chosen[0].1)];
                    assert_ne!(root_of_selected(size, &moved, &proof), Some(root), "{one} of {size}");
                }
            }
        }
    }

    #[test]
    fn sizes_and_places_that_nobody_can_have_are_no_way_to_a_root() {
        let leaf = leaves(1)[0];
        assert_eq!(root_of_selected(u64::MAX, &[(7, leaf)], &[]), None);
        assert_eq!(root_of_selected(1, &[(1, leaf)], &[]), None);
        assert_eq!(root_of_selected(2, &[(1, leaf), (0, leaf)], &[]), None);
        assert_eq!(root_of_selected(0, &[], &[]), None);
    }
}
