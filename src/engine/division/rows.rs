//! Events as they stand in their partitions, read from where they are.

use super::Division;
use crate::event::{EventBatch, EventRow, Position, StreamId, StreamKey, Version};
use crate::store::{Direction, Query, Scan, Store, StoreError};

/// Between two events of a partition that lie so far apart, the store is asked anew instead of being read through.
const FAR: u64 = 256;

/// So many events are asked for at once.
const AT_ONCE: u64 = 4096;

pub(super) struct PartitionRows<'s> {
    pub(super) store: &'s dyn Store,
    pub(super) division: &'s Division,
    /// What is read of the store now, and behind it the next range of the partition, if it is one that is read.
    pub(super) scan: Option<Box<dyn Scan + 's>>,
    pub(super) of: Option<OnePartition>,
    pub(super) read: EventBatch,
    pub(super) left: u64,
    /// The partition of the last row, and what it is called.
    name: Option<(u32, StreamId)>,
}

/// Which events of one partition are still to be read.
pub(super) struct OnePartition {
    pub(super) number: u32,
    /// Both are included.
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) query: Query,
    /// An event can be found by its position.
    pub(super) finds: bool,
    pub(super) is_over: bool,
}

impl OnePartition {
    /// The next events of the partition that lie near each other, as a range of the store.
    fn next(&mut self, division: &Division) -> Option<Query> {
        if self.is_over || self.from > self.to {
            return None;
        }
        let index = division.read();
        let is_backward = self.query.direction == Direction::Backward;
        let step = |at: u64| if is_backward { at.checked_sub(1) } else { at.checked_add(1) };
        let begin = if is_backward { self.to } else { self.from };
        let (mut end, mut last) = (begin, index.position(self.number, begin)?);
        let first = last;
        let mut count = 1;
        if !self.finds {
            end = if is_backward { self.from } else { self.to };
            last = index.position(self.number, end)?;
        }
        while let Some(next) = step(end).filter(|next| (self.from..=self.to).contains(next)) {
            let position = index.position(self.number, next)?;
            if position.0.abs_diff(last.0) > FAR || count == AT_ONCE {
                break;
            }
            (end, last, count) = (next, position, count + 1);
        }
        match (step(end), is_backward) {
            (Some(next), false) => self.from = next,
            (Some(next), true) => self.to = next,
            (None, _) => self.is_over = true,
        }
        let (low, high): (Position, Position) = if is_backward { (last, first) } else { (first, last) };
        let range = Query::positions(Some(low), Some(high));
        Some(Query { scope: range.scope, limit: None, ..self.query.clone() })
    }
}

impl Scan for PartitionRows<'_> {
    fn next_batch(&mut self, batch: &mut EventBatch) -> Result<(), StoreError> {
        batch.clear();
        while batch.is_empty() && self.left > 0 {
            let Some(scan) = &mut self.scan else {
                let Some(query) = self.of.as_mut().and_then(|of| of.next(self.division)) else {
                    return self.division.read().unless_torn();
                };
                self.scan = Some(self.store.scan(&query)?);
                continue;
            };
            scan.next_batch(&mut self.read)?;
            if self.read.is_empty() {
                self.scan = None;
                if self.of.is_none() {
                    self.left = 0;
                }
                continue;
            }
            let index = self.division.read();
            let wanted = self.of.as_ref().map(|of| of.number);
            for row in self.read.rows() {
                let Some((part, ordinal)) = row.position.and_then(|position| index.place_of(position)) else {
                    continue;
                };
                if wanted.is_some_and(|wanted| wanted != part) {
                    continue;
                }
                if self.name.as_ref().is_none_or(|(of, _)| *of != part) {
                    self.name = index.name(part).map(|name| (part, name));
                }
                let Some((_, name)) = &self.name else { continue };
                batch.push(&EventRow { stream: name, stream_key: StreamKey(part), version: Version(ordinal), ..row });
                self.left -= 1;
                if self.left == 0 {
                    break;
                }
            }
        }
        self.division.read().unless_torn()
    }
}

impl<'s> PartitionRows<'s> {
    pub(super) fn new(store: &'s dyn Store, division: &'s Division, limit: Option<u64>) -> Self {
        let left = limit.unwrap_or(u64::MAX);
        Self { store, division, scan: None, of: None, read: EventBatch::default(), left, name: None }
    }
}
