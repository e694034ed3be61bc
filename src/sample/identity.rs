//! Identities for made-up events, laid out like a UUID of version 7: the event's time first, then a count that
//! rises within the millisecond, then chance. So they sort as the events do.

use super::random::Random;
use crate::event::{EventId, Timestamp};

/// How many bits count within a millisecond. A millisecond begins low in the range and rises in small steps, so
/// thousands of events fit before the range ends.
const COUNT_BITS: u32 = 24;

#[derive(Debug)]
pub(super) struct Identities {
    random: Random,
    milli: i64,
    count: u64,
}

impl Identities {
    pub(super) fn new(random: Random) -> Self {
        Self { random, milli: i64::MIN, count: 0 }
    }

    /// The next identity. Times must not run backward from call to call.
    pub(super) fn next_at(&mut self, at: Timestamp) -> EventId {
        let milli = at.micros().div_euclid(1_000);
        if milli == self.milli {
            self.count += 1 + self.random.below(64);
        } else {
            self.milli = milli;
            self.count = self.random.below(1 << (COUNT_BITS - 1));
        }
        let count = u128::from(self.count & ((1 << COUNT_BITS) - 1));
        let (high, low) = (count >> 12, count & 0xfff);
        let chance = u128::from(self.random.draw() >> 14);
        let bits =
            ((milli as u128 & 0xffff_ffff_ffff) << 80) | (7 << 76) | (high << 64) | (0b10 << 62) | (low << 50) | chance;
        EventId::Uuid(bits.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_rise_within_and_across_milliseconds() {
        let mut identities = Identities::new(Random::new(1));
        let ids: Vec<EventId> = (0..10_000)
            .map(|n| identities.next_at(Timestamp::from_micros(1_735_693_201_010_000 + n / 500 * 1_000)))
            .collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        let text = ids[0].to_string();
        assert_eq!((&text[..13], &text[14..15], &text[19..20] >= "8"), ("01941f60-6e72", "7", true), "{text}");
    }
}
