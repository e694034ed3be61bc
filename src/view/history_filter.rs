use super::loaded::Loaded;
use crate::replay::Index;

/// How many events one look goes over, so that a frame stays a frame however long the stream is: some two
/// milliseconds' worth.
const LOOKED_AT: usize = 2_048;

/// The events of a stream that have a text in their type, author or changed fields, found a little in each frame.
#[derive(Debug, Default)]
pub struct HistoryFilter {
    pub text: String,
    wanted: String,
    found: Vec<Index>,
    looked_at: Index,
    readings: u64,
}

impl HistoryFilter {
    /// The places that have been found, or `None` where nothing is filtered.
    pub fn found(&self) -> Option<&[Index]> {
        (!self.wanted.is_empty()).then_some(self.found.as_slice())
    }

    /// Looks on. Says whether there is more to look at.
    pub(super) fn advance(&mut self, loaded: &Loaded, readings: u64) -> bool {
        let wanted = self.text.trim().to_lowercase();
        if wanted != self.wanted || readings != self.readings {
            *self = Self { text: std::mem::take(&mut self.text), wanted, readings, ..Self::default() };
        }
        if self.wanted.is_empty() {
            return false;
        }
        let count = loaded.timeline.heads().len();
        let end = (self.looked_at + LOOKED_AT).min(count);
        let wanted = &self.wanted;
        self.found.extend((self.looked_at..end).filter(|index| has(loaded, *index, wanted)));
        self.looked_at = end;
        self.looked_at < count
    }
}

fn has(loaded: &Loaded, index: Index, wanted: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(wanted);
    let timeline = loaded.timeline.as_ref();
    timeline.heads().get(index).is_some_and(|head| has(head.event_type.as_str()))
        || has(loaded.actor(index))
        || timeline.changed_fields(index).into_iter().any(has)
}
