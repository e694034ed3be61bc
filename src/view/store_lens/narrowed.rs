//! How many streams have each value of a field, among those that the chips let through.

use std::collections::HashMap;

use serde_json::Value;

use super::filters::filter_of;
use super::{RowChip, StoreLens, ValueCount};
use crate::engine::CountAmong;
use crate::event::Timestamp;
use crate::index::StoreMoment;

impl StoreLens {
    /// The chips that narrow the counts of a field: all but those that choose among its values, or nothing could be chosen
    /// besides.
    fn chips_beside(&self, field: &str) -> Vec<RowChip> {
        let chooses = |chip: &&RowChip| matches!(chip, RowChip::OneOf { field: of, .. } if of == field);
        self.chips.iter().filter(|chip| !chooses(chip)).cloned().collect()
    }

    /// What is to be counted with the rows; `None` where the counts are of all streams.
    pub(super) fn counted_among(&self, time: Option<Timestamp>) -> Option<CountAmong> {
        let field = self.counted_field()?;
        let chips = self.chips_beside(&field);
        (!chips.is_empty()).then(|| CountAmong { filter: filter_of(&chips, self.fields().to_vec(), time), field })
    }

    /// Whether chips narrow the counts of the field that is shown.
    pub fn counts_are_narrowed(&self) -> bool {
        self.counts.field().is_some_and(|field| !self.chips_beside(field).is_empty())
    }

    /// As they came with the rows that are shown.
    fn narrowed(&self) -> Option<&HashMap<String, u64>> {
        let (wanted, arranged) = self.arranged.as_deref()?;
        let counted = wanted.counted.as_ref()?;
        let is_same = self.counts.field() == Some(&counted.field);
        is_same.then_some(arranged.counts.as_ref()).flatten()
    }

    /// How many streams have each value at a moment, the most frequent first; where chips narrow the rows, how many of
    /// those. `None` while that is being counted.
    pub fn bars(&mut self, at: StoreMoment) -> Option<Vec<ValueCount>> {
        let all = self.counts.at(at).to_vec();
        if !self.counts_are_narrowed() {
            return Some(all);
        }
        let field = self.counts.field().unwrap_or_default().to_owned();
        let narrowed = self.narrowed()?;
        let count_of = |value: &Value| narrowed.get(&value.to_string()).copied().unwrap_or(0);
        let bars = all.into_iter().map(|bar| ValueCount { count: count_of(&bar.value), ..bar });
        // One that was chosen can be taken back, however few have it.
        let mut bars: Vec<ValueCount> = bars.filter(|bar| bar.count > 0 || self.asks_for(&field, &bar.value)).collect();
        bars.sort_by(|a, b| b.count.cmp(&a.count).then(a.number.cmp(&b.number)));
        Some(bars)
    }
}
