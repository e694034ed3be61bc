use crate::replay::Index;
use crate::view::{Line, Shown};

/// A stretch of a lane on the screen, in points from the left end of the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    pub from: f32,
    pub to: f32,
    /// Which of the steps begins it, and before which one it ends: more than one share a place where they lie closer
    /// together than can be drawn.
    pub first: usize,
    pub end: usize,
}

impl Piece {
    pub fn is_crowd(&self) -> bool {
        self.end > self.first + 1
    }
}

/// The steps that are in sight; those that begin nearer to each other than this are drawn as one, but for the last of
/// them, which lasts. Costs what there is room for, however many steps there are, unless clocks ran backward: there a lane
/// goes on from version to version, and never back.
pub fn pieces(
    line: &Line<'_>,
    shown: Shown,
    width: f32,
    count: usize,
    begin: &dyn Fn(usize) -> Option<Index>,
    least: f32,
) -> Vec<Piece> {
    let x = |share: f64| (f64::from(width) * shown.place_of(share)) as f32;
    if line.is_in_order() {
        let end = x(line.share_at(line.len().saturating_sub(1)));
        let at = |place: usize| begin(place).map_or(end, |begin| x(line.share_at(begin)));
        return merged(count, &at, end, width, least);
    }
    let mut reached = f32::NEG_INFINITY;
    let places = (0..count).filter_map(begin).map(|begin| {
        reached = reached.max(x(line.share_of(begin)));
        reached
    });
    let places: Vec<f32> = places.collect();
    let end = x(1.0);
    merged(count, &|place| places.get(place).copied().unwrap_or(end), end, width, least)
}

/// `at` says where each step begins, from left to right.
fn merged(count: usize, at: &dyn Fn(usize) -> f32, end: f32, width: f32, least: f32) -> Vec<Piece> {
    // The first step from this one on that begins there or farther right.
    let first_from = |from: usize, there: f32| {
        let (mut low, mut high) = (from, count);
        while low < high {
            let middle = low + (high - low) / 2;
            if at(middle) < there { low = middle + 1 } else { high = middle }
        }
        low
    };
    let mut pieces = Vec::new();
    // What began left of what is shown reaches into it.
    let mut place = first_from(0, 0.0).saturating_sub(1);
    while place < count {
        let from = at(place);
        if from > width {
            break;
        }
        let behind = first_from(place + 1, from + least);
        let next = if behind > place + 1 { behind - 1 } else { place + 1 };
        let to = if next < count { at(next) } else { end };
        pieces.push(Piece { from, to: to.max(from), first: place, end: next });
        place = next;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged_at(places: &[f32], width: f32, least: f32) -> Vec<(f32, f32, usize, usize)> {
        let at = |place: usize| places.get(place).copied().unwrap_or(width);
        let pieces = merged(places.len(), &at, width, width, least);
        pieces.into_iter().map(|piece| (piece.from, piece.to, piece.first, piece.end)).collect()
    }

    #[test]
    fn steps_that_share_a_place_are_one_and_the_last_of_them_lasts() {
        assert_eq!(
            merged_at(&[0.0, 10.0, 10.5, 11.0, 50.0], 100.0, 2.0),
            [(0.0, 10.0, 0, 1), (10.0, 11.0, 1, 3), (11.0, 50.0, 3, 4), (50.0, 100.0, 4, 5)]
        );
        assert_eq!(
            merged_at(&[0.0, 0.5, 60.0], 100.0, 2.0),
            [(0.0, 0.5, 0, 1), (0.5, 60.0, 1, 2), (60.0, 100.0, 2, 3)]
        );
        assert_eq!(merged_at(&[], 100.0, 2.0), []);
    }

    #[test]
    fn what_began_before_what_is_shown_reaches_into_it_and_what_lies_behind_is_left_out() {
        assert_eq!(
            merged_at(&[-300.0, -20.0, 40.0, 130.0, 150.0], 100.0, 2.0),
            [(-20.0, 40.0, 1, 2), (40.0, 130.0, 2, 3)]
        );
    }

    #[test]
    fn any_number_of_steps_are_no_more_pieces_than_there_is_room_for() {
        let places: Vec<f32> = (0..200_000_u32).map(|place| place as f32 / 200.0).collect();
        let pieces = merged_at(&places, 1_000.0, 2.0);
        assert!(pieces.len() <= 1_001, "{}", pieces.len());
        let follow = pieces.iter().zip(pieces.iter().skip(1));
        assert!(follow.into_iter().all(|(one, next)| one.3 == next.2), "no step is left out");
    }
}
