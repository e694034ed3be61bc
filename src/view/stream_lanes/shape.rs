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

/// The steps that are in sight, those narrower than this drawn as one. Costs what there is room for, however many there
/// are, unless clocks ran backward.
pub fn pieces(
    line: &Line<'_>,
    shown: Shown,
    width: f32,
    count: usize,
    begin: &dyn Fn(usize) -> Option<Index>,
    least: f32,
) -> Vec<Piece> {
    let x = |share: f64| (f64::from(width) * shown.place_of(share)) as f32;
    if !line.is_in_order() {
        return in_order_of_versions(line, &x, width, count, begin, least);
    }
    let mut pieces = Vec::new();
    // An event a little left of what is shown may begin what is seen.
    let before = line.marks_before(shown.from);
    // The first step that begins behind a place among the events.
    let first_behind = |from: usize, is_before: &dyn Fn(Index) -> bool| {
        let (mut low, mut high) = (from, count);
        while low < high {
            let middle = low + (high - low) / 2;
            if begin(middle).is_some_and(is_before) { low = middle + 1 } else { high = middle }
        }
        low
    };
    let mut place = first_behind(0, &|begin| begin <= before).saturating_sub(1);
    let end_of_line = x(line.share_at(line.len().saturating_sub(1)));
    while let Some(here) = begin(place) {
        let from = x(line.share_at(here));
        if from > width {
            break;
        }
        let mut next = place + 1;
        let mut to = begin(next).map_or(end_of_line, |next| x(line.share_at(next)));
        if to - from < least && next < count {
            let there = line.marks_before(shown.share_at(f64::from((from + least) / width.max(1.0))));
            next = first_behind(next, &|begin| begin < there);
            to = begin(next).map_or(end_of_line, |next| x(line.share_at(next))).max(from + least);
        }
        pieces.push(Piece { from, to, first: place, end: next });
        place = next;
    }
    pieces
}

/// Where clocks ran backward, a lane goes on from version to version, and never back.
fn in_order_of_versions(
    line: &Line<'_>,
    x: &dyn Fn(f64) -> f32,
    width: f32,
    count: usize,
    begin: &dyn Fn(usize) -> Option<Index>,
    least: f32,
) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut reached = f32::NEG_INFINITY;
    for (place, here) in (0..count).filter_map(|place| Some((place, begin(place)?))) {
        let from = x(line.share_of(here)).max(reached);
        match pieces.last_mut() {
            Some(last) if from - last.from < least => last.end = place + 1,
            last => {
                if let Some(last) = last {
                    last.to = from;
                }
                pieces.push(Piece { from, to: from, first: place, end: place + 1 });
            }
        }
        reached = from;
    }
    if let Some(last) = pieces.last_mut() {
        last.to = x(1.0).max(last.from + least);
    }
    pieces.retain(|piece| piece.to >= 0.0 && piece.from <= width);
    pieces
}
