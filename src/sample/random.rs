//! A small generator of random numbers (`SplitMix64`). Its few lines never change, so a seed means the same history
//! on every machine and in every release; it works with integers only, because logarithms and powers of floating
//! numbers differ between machines in their last digit.

#[derive(Clone, Debug)]
pub(super) struct Random(u64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Times are kept to the millisecond, as most systems record them.
const MILLI: i64 = 1_000;

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// A generator of its own for each stream: what one stream draws never shifts what another gets.
    pub(super) fn branch(seed: u64, index: u64) -> Self {
        Self(mix(mix(seed) ^ index.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Evenly from nought up to, but not including, `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(end)) >> 64) as u64
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'t, T: ?Sized>(&mut self, from: &[&'t T]) -> &'t T {
        from[self.below(from.len() as u64) as usize]
    }

    /// A length of time in microseconds between the two, in whole milliseconds.
    pub(super) fn span(&mut self, least: i64, most: i64) -> i64 {
        let steps = (most - least).max(0) / MILLI;
        least + self.below(steps as u64 + 1) as i64 * MILLI
    }
}

fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_in_their_range() {
        let mut random = Random::new(7);
        for _ in 0..1_000 {
            assert!(random.below(3) < 3);
            assert!((5_000..=9_000).contains(&random.span(5_000, 9_000)));
        }
        assert_eq!(random.below(0), 0);
        assert_eq!(random.span(4_000, 4_000), 4_000);
    }

    #[test]
    fn neighbouring_seeds_and_streams_draw_differently() {
        let first = |mut random: Random| random.draw();
        assert_ne!(first(Random::new(1)), first(Random::new(2)));
        assert_ne!(first(Random::branch(1, 1)), first(Random::branch(1, 2)));
        assert_ne!(first(Random::branch(1, 2)), first(Random::branch(2, 1)));
    }
}
