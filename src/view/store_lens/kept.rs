use std::collections::{HashMap, HashSet};

use crate::engine::StoodRow;
use crate::event::{StreamId, Version};

/// Rows as they were read, by stream: what one was at a version, it stays.
#[derive(Debug)]
pub(super) struct KeptRows {
    of_stream: HashMap<StreamId, Vec<StoodRow>>,
    count: usize,
    /// So many are kept.
    most: usize,
}

impl KeptRows {
    pub(super) fn new(most: usize) -> Self {
        Self { of_stream: HashMap::new(), count: 0, most }
    }

    /// All that was read of a stream.
    pub(super) fn of(&self, stream: &str) -> &[StoodRow] {
        self.of_stream.get(stream).map_or(&[], Vec::as_slice)
    }

    pub(super) fn at(&self, stream: &str, version: Version) -> Option<&StoodRow> {
        self.of(stream).iter().find(|row| row.version == version)
    }

    /// The row of this version, or else of the nearest that was read.
    pub(super) fn nearest(&self, stream: &str, version: Version) -> Option<&StoodRow> {
        self.of(stream).iter().min_by_key(|row| row.version.0.abs_diff(version.0))
    }

    pub(super) fn keep(&mut self, row: StoodRow) {
        let kept = self.of_stream.entry(row.stream.clone()).or_default();
        match kept.iter_mut().find(|known| known.version == row.version) {
            Some(known) => *known = row,
            None => {
                kept.push(row);
                self.count += 1;
            }
        }
    }

    /// Where there are too many, the latest that were read of each stream in view stay.
    pub(super) fn make_room<'s>(&mut self, in_view: impl Iterator<Item = &'s StreamId>) {
        if self.count <= self.most {
            return;
        }
        let in_view: HashSet<&StreamId> = in_view.collect();
        self.of_stream.retain(|stream, _| in_view.contains(stream));
        for kept in self.of_stream.values_mut() {
            let surplus = kept.len().saturating_sub(2);
            kept.drain(..surplus);
        }
        self.count = self.of_stream.values().map(Vec::len).sum();
    }

    pub(super) fn clear(&mut self) {
        self.of_stream.clear();
        self.count = 0;
    }
}
