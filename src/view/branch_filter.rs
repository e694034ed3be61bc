use super::rows::text;
use super::{Folded, StreamView};
use crate::replay::SlotEvent;

/// How many slots one look goes over, so that a frame stays a frame however long the stream is.
const LOOKED_AT: usize = 2_048;

/// The slots of a branch that have a text in their event's type, author, reason, changed fields or the values these got;
/// found a little in each frame.
#[derive(Debug, Default)]
pub struct BranchFilter {
    pub text: String,
    wanted: String,
    /// Of the answer that it looked through.
    revision: u64,
    found: Vec<usize>,
    looked_at: usize,
}

impl BranchFilter {
    /// The slots that have been found, ascending, or `None` where nothing is filtered.
    pub fn found(&self) -> Option<&[usize]> {
        (!self.wanted.is_empty()).then_some(self.found.as_slice())
    }

    /// Looks on. Says whether there is more to look at.
    pub(super) fn advance(&mut self, folded: &Folded, revision: u64, view: &StreamView) -> bool {
        let wanted = self.text.trim().to_lowercase();
        if wanted != self.wanted || revision != self.revision {
            *self = Self { text: std::mem::take(&mut self.text), wanted, revision, ..Self::default() };
        }
        if self.wanted.is_empty() {
            return false;
        }
        let count = folded.slots().len();
        let range = self.looked_at..(self.looked_at + LOOKED_AT).min(count);
        let mut found: Vec<usize> = range.clone().filter(|slot| has(folded, *slot, view, &self.wanted)).collect();
        let by_words = found.len();
        let in_branch = folded.slots().get(range.clone()).unwrap_or_default().iter().filter_map(|slot| slot.branch());
        let (first, last) = (in_branch.clone().min(), in_branch.max());
        if let (Some(first), Some(last)) = (first, last) {
            folded.what_if.timeline.visit_values(first..last + 1, &mut |index, value| {
                if let Some(slot) = folded.what_if.layout.slot_of_branch(index)
                    && range.contains(&slot)
                    && found.get(..by_words).is_some_and(|known| known.binary_search(&slot).is_err())
                    && found.last().is_none_or(|last| *last != slot)
                    && text(value).to_lowercase().contains(&self.wanted)
                {
                    found.push(slot);
                }
            });
        }
        found.sort_unstable();
        found.dedup();
        self.found.extend(found);
        self.looked_at = range.end;
        self.looked_at < count
    }
}

fn has(folded: &Folded, slot: usize, view: &StreamView, wanted: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(wanted);
    let of_recorded = |index| has(view.actor(index)) || has(view.reason(index));
    folded.head(slot).is_some_and(|head| has(head.event_type.as_str()))
        || folded.slots().get(slot).is_some_and(|slot| match slot.event {
            SlotEvent::Recorded(index) => of_recorded(index),
            SlotEvent::Inserted(_) => false,
        })
        || folded.changed_fields(slot).into_iter().any(has)
}
