//! One block of a side index: what is known of some events that stand behind one another.

use super::grams::{Taken, has_plain_escapes};
use super::{short, shortened};
use crate::event::{EventId, EventRow};

/// Events of a block: few enough that a search reads little for nothing, and enough that the runs of bytes they share are
/// kept once.
const EVENTS: u32 = 1_024;

/// How long what stands before a block's bits is.
pub(super) const HEAD: usize = 72;

/// What is known of a block besides its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Block {
    pub(in crate::engine) first: u64,
    pub(in crate::engine) last: u64,
    pub(super) events: u32,
    /// The earliest and the latest time; none where no event has one.
    pub(in crate::engine) times: Option<(i64, i64)>,
    /// Plain letters are written as escapes.
    pub(super) has_escapes: bool,
    pub(super) first_id: [u8; 8],
    pub(super) last_id: [u8; 8],
    /// Of its bits, in bytes.
    pub(super) length: u32,
    /// Of its bits.
    check: [u8; 4],
}

impl Block {
    /// `None` for what was not written so.
    pub(super) fn read(head: &[u8; HEAD]) -> Option<Self> {
        let (told, check) = head.split_at(HEAD - 8);
        if shortened(told) != check {
            return None;
        }
        let eight = |at: usize| -> Option<[u8; 8]> { told.get(at..at + 8)?.try_into().ok() };
        let number = |at: usize| eight(at).map(u64::from_le_bytes);
        let four = |at: usize| -> Option<u32> { Some(u32::from_le_bytes(told.get(at..at + 4)?.try_into().ok()?)) };
        let (flags, length) = (four(20)?, four(56)?);
        let times = (number(24)?.cast_signed(), number(32)?.cast_signed());
        Some(Self {
            first: number(0)?,
            last: number(8)?,
            events: four(16)?,
            times: (flags & 2 != 0).then_some(times),
            has_escapes: flags & 1 != 0,
            first_id: eight(40)?,
            last_id: eight(48)?,
            length,
            check: told.get(60..64)?.try_into().ok()?,
        })
    }

    pub(super) fn written(&self) -> [u8; HEAD] {
        let mut head = Vec::with_capacity(HEAD);
        let (earliest, latest) = self.times.unwrap_or_default();
        let flags = u32::from(self.has_escapes) | u32::from(self.times.is_some()) << 1;
        head.extend(self.first.to_le_bytes());
        head.extend(self.last.to_le_bytes());
        head.extend(self.events.to_le_bytes());
        head.extend(flags.to_le_bytes());
        head.extend(earliest.to_le_bytes());
        head.extend(latest.to_le_bytes());
        head.extend(self.first_id);
        head.extend(self.last_id);
        head.extend(self.length.to_le_bytes());
        head.extend(self.check);
        let check = shortened(&head);
        head.extend(check);
        head.try_into().unwrap_or([0; HEAD])
    }

    /// Whether these are the bits that were written for it.
    pub(super) fn is_of(&self, kept: &[u8]) -> bool {
        check_of(kept) == self.check
    }
}

/// Makes blocks of events as they come.
#[derive(Default)]
pub(super) struct BlockMaker {
    taken: Taken,
    begun: Option<Block>,
}

impl BlockMaker {
    /// Takes the next event. With the last of a block the block is there, and its bits.
    pub(super) fn take(&mut self, row: &EventRow<'_>) -> Option<(Block, Vec<u8>)> {
        let place = row.position?.0;
        let block = self.begun.get_or_insert_with(|| Block::beginning(place, &row.id));
        for text in [row.payload, row.metadata, row.event_type.as_str().as_bytes(), row.stream.as_str().as_bytes()] {
            self.taken.take(text);
        }
        block.has_escapes |= has_plain_escapes(row.payload) || has_plain_escapes(row.metadata);
        block.events += 1;
        block.last = place;
        if let Some(at) = row.recorded_at.map(crate::event::Timestamp::micros) {
            block.times = Some(block.times.map_or((at, at), |(earliest, latest)| (earliest.min(at), latest.max(at))));
        }
        if block.events < EVENTS {
            return None;
        }
        block.last_id = short(&row.id);
        let kept = self.taken.finish();
        let mut block = self.begun.take()?;
        block.length = kept.len() as u32;
        block.check = check_of(&kept);
        Some((block, kept))
    }
}

impl Block {
    fn beginning(place: u64, id: &EventId) -> Self {
        Self {
            first: place,
            last: place,
            events: 0,
            times: None,
            has_escapes: false,
            first_id: short(id),
            last_id: [0; 8],
            length: 0,
            check: [0; 4],
        }
    }
}

fn check_of(kept: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = shortened(kept);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_as_it_was_written_and_no_other_bytes_are_one() {
        for times in [None, Some((-5, 1 << 50))] {
            let kept = [7; 200];
            let check = check_of(&kept);
            let block = Block {
                first: 3,
                last: u64::MAX - 1,
                events: EVENTS,
                times,
                has_escapes: times.is_some(),
                first_id: [1; 8],
                last_id: [2; 8],
                length: 200,
                check,
            };
            let head = block.written();
            assert_eq!(Block::read(&head), Some(block));
            assert!(block.is_of(&kept) && !block.is_of(&[8; 200]));
            for at in 0..HEAD {
                let mut other = head;
                other[at] ^= 0x10;
                assert_eq!(Block::read(&other), None, "{at}");
            }
        }
    }
}
