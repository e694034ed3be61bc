//! Words that lie on one another nowhere.

use std::ops::Range;

/// Between two words.
const GAP: f32 = 8.0;

/// Where something is written on a line.
#[derive(Debug, Default)]
pub(super) struct Written(Vec<Range<f32>>);

impl Written {
    pub(super) fn is_free(&self, left: f32, right: f32) -> bool {
        self.0.iter().all(|taken| right + GAP <= taken.start || taken.end + GAP <= left)
    }

    /// Something else stands there.
    pub(super) fn put(&mut self, left: f32, right: f32) {
        self.0.push(left..right);
    }

    /// Takes the place, if nothing is written there.
    pub(super) fn take(&mut self, left: f32, right: f32) -> bool {
        let is_free = self.is_free(left, right);
        if is_free {
            self.0.push(left..right);
        }
        is_free
    }
}

/// The lines of words below the marks of a lane.
#[derive(Debug, Default)]
pub(super) struct Room([Written; 2]);

impl Room {
    /// Where words this wide stand for a mark at `x`: to its right, else to its left, else on the second line. Answers
    /// with the line and the left end; `None` where there is no room at all.
    pub(super) fn place(&mut self, x: f32, width: f32, ends: Range<f32>) -> Option<(usize, f32)> {
        for (number, line) in self.0.iter_mut().enumerate() {
            for left in [x - 4.0, x + 4.0 - width] {
                if left >= ends.start && left + width <= ends.end && line.take(left, left + width) {
                    return Some((number, left));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_right_of_their_mark_else_left_else_below_and_never_on_one_another() {
        let mut room = Room::default();
        let ends = 0.0..400.0;
        assert_eq!(room.place(100.0, 80.0, ends.clone()), Some((0, 96.0)));
        assert_eq!(room.place(90.0, 60.0, ends.clone()), Some((1, 86.0)), "its left end would lie beyond the first's");
        assert_eq!(room.place(80.0, 60.0, ends.clone()), Some((0, 24.0)), "to its left there is room");
        assert_eq!(room.place(110.0, 60.0, ends.clone()), None);
        assert_eq!(room.place(390.0, 60.0, ends), Some((0, 334.0)), "at the end only to the left");
    }
}
