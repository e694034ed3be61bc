//! What the maps and lists of a state take in memory, which they do not tell themselves: by how they are built.

use crate::event::allocated_shared;

/// What each piece of theirs keeps besides its places: where it begins and ends, or which are taken.
const OF_A_PIECE: usize = 2 * size_of::<usize>();

/// Places of a piece of a list, and what a piece of pieces has for each of them.
const OF_LIST: usize = 64;
const OF_A_WAY: usize = 24;
/// A list of more than one piece has a first and a last one at either end, whatever is in them.
const AT_ENDS: usize = 3;

/// A list of so many values that take so much each.
pub(super) fn list(count: usize, each: usize) -> usize {
    let piece = allocated_shared(OF_LIST * each + OF_A_PIECE);
    if count <= OF_LIST {
        return piece;
    }
    let (pieces, mut ways, mut above) = (count.div_ceil(OF_LIST), 0, count);
    while above > OF_LIST * OF_LIST || ways == 0 {
        above = above.div_ceil(OF_LIST);
        ways += above.div_ceil(OF_LIST);
    }
    (pieces + AT_ENDS) * piece + ways * allocated_shared(OF_LIST * OF_A_WAY + OF_A_PIECE)
}

/// Places of a leaf of an ordered map. One that grows at its end leaves them half full.
const OF_LEAF: usize = 16;
const TAKEN: usize = OF_LEAF / 2;

/// An ordered map of so many entries that take so much each.
pub(super) fn ordered_map(count: usize, each: usize) -> usize {
    let leaf = allocated_shared(OF_LEAF * each + OF_A_PIECE);
    let branch = allocated_shared(OF_LEAF * 3 * size_of::<usize>() + 3 * OF_A_PIECE);
    let leaves = if count <= OF_LEAF { 1 } else { count.div_ceil(TAKEN) };
    leaves * leaf + leaves.div_ceil(TAKEN) * branch
}

/// Where the names of a hash map go apart, at each of its levels.
const WAYS: f64 = 32.0;

/// A hash map of so many entries that take so much each.
pub(super) fn hash_map(count: usize, each: usize) -> usize {
    if count == 0 {
        return 0;
    }
    let each = each + size_of::<usize>();
    let pieces = [16, 32, 32].map(|places| allocated_shared(places * each + OF_A_PIECE + places) as f64);
    (pieces[2] + WAYS * behind_a_way(count as f64 / WAYS, pieces)) as usize
}

/// What lies behind a way that so many entries take on the average: one lies in its place, some in a piece of their own, and
/// many go apart once more.
fn behind_a_way(count: f64, pieces: [f64; 3]) -> f64 {
    let [small, large, ways] = pieces;
    if count < 4.0 {
        (1.0 - (-count).exp() * (1.0 + count)) * small
    } else if count <= 16.0 {
        small
    } else if count <= 26.0 {
        large
    } else {
        ways + WAYS * behind_a_way(count / WAYS, pieces)
    }
}
