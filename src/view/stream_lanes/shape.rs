use std::ops::Range;

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

/// Marks reach a little over the ends of the line.
const BEYOND: f32 = 10.0;

/// A tick for each event of a run that is in sight, and no two of them nearer to each other than `least`: where it stands,
/// in points from the left end of the line, and of which event it is, but where several share it. Costs what there is
/// room for, however long the run is, unless clocks ran backward.
pub fn run_ticks(
    line: &Line<'_>,
    shown: Shown,
    width: f32,
    run: Range<Index>,
    least: f32,
) -> Vec<(f32, Option<Index>)> {
    let x = |index: Index| (f64::from(width) * shown.place_of(line.share_of(index))) as f32;
    let in_sight = -BEYOND..=width + BEYOND;
    if !line.is_in_order() {
        let places = run.map(|index| (x(index), Some(index)));
        return places.filter(|(at, _)| in_sight.contains(at)).collect();
    }
    let first_from = |at: f32| line.marks_before(shown.share_at(f64::from(at / width.max(1.0))));
    let mut ticks = Vec::new();
    let mut index = run.start;
    if x(index) < *in_sight.start() {
        index = index.max(first_from(*in_sight.start()));
    }
    while index < run.end {
        let at = x(index);
        if at > *in_sight.end() {
            break;
        }
        let mut next = index + 1;
        if next < run.end && x(next) < at + least {
            next = first_from(at + least).clamp(next, run.end);
        }
        ticks.push((at, (next == index + 1).then_some(index)));
        index = next;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::line::tests::with_line;

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

    #[test]
    fn a_run_is_a_tick_for_each_event_in_sight_and_one_for_those_that_share_a_place() {
        with_line(&[0, 1, 2, 3, 4].map(Some), false, |line, _| {
            let all = run_ticks(line, Shown::WHOLE, 100.0, 1..4, 2.0);
            assert_eq!(all, [(25.0, Some(1)), (50.0, Some(2)), (75.0, Some(3))]);
            let half = run_ticks(line, Shown { from: 0.5, to: 1.0 }, 100.0, 0..5, 2.0);
            assert_eq!(half, [(0.0, Some(2)), (50.0, Some(3)), (100.0, Some(4))]);
            let crowded = run_ticks(line, Shown::WHOLE, 100.0, 0..5, 50.0);
            assert_eq!(crowded, [(0.0, None), (50.0, None), (100.0, Some(4))]);
        });
    }

    #[test]
    fn however_near_one_looks_a_run_is_no_more_ticks_than_there_is_room_for() {
        let seconds: Vec<_> = (0..200_000).map(|second| Some(second * second)).collect();
        for is_by_time in [false, true] {
            with_line(&seconds, is_by_time, |line, _| {
                for shown in [Shown::WHOLE, Shown { from: 0.4, to: 0.4005 }, Shown { from: 0.0, to: 0.01 }] {
                    let ticks = run_ticks(line, shown, 1_000.0, 0..line.len(), 2.0);
                    assert!((2..=512).contains(&ticks.len()), "{} in {shown:?}", ticks.len());
                    assert!(ticks.iter().all(|(at, _)| (-10.0..=1_010.0).contains(at)));
                }
            });
        }
    }
}
