use super::EngineError;
use super::load::{Described, load_timeline};
use crate::event::{RecordedEvent, Version};
use crate::replay::{Branch, EventRef, Index, Layout, NewEvents, ProjectionRef, Timeline, WhatIf, event_ref, registry};
use crate::store::{Flow, Store, StoreError};

/// A stream in memory, to make branches of: under the projection that is shown, and under the one that knows the rules.
#[derive(Debug)]
pub struct BranchBase {
    pub described: Described,
    pub projection: ProjectionRef,
    pub timeline: Box<dyn Timeline>,
    /// `None` where the projection that is shown knows them itself.
    judge: Option<Box<dyn Timeline>>,
}

impl BranchBase {
    pub fn load(
        reader: &dyn Store,
        described: Described,
        projection: &ProjectionRef,
        progress: &mut dyn FnMut(u64) -> Flow,
    ) -> Result<Self, EngineError> {
        let judge = registry().judge(described.aggregate);
        let events = usize::try_from(described.row.events).unwrap_or(0);
        let mut judge = (judge != *projection).then(|| judge.timeline(events));
        let timeline = load_timeline(
            reader,
            &described,
            projection,
            &mut |row| judge.iter_mut().for_each(|judge| judge.push_row(row)),
            progress,
        )?;
        Ok(Self { described, projection: projection.clone(), timeline, judge })
    }

    /// Folds a branch of it. Of the store only events are read whose payload the branch changes.
    pub fn what_if(&self, reader: &dyn Store, branch: &Branch) -> Result<WhatIf, EngineError> {
        let mut layout = Layout::new(self.timeline.heads(), branch);
        let (stream, aggregate) = (&self.described.row.stream, self.described.aggregate);
        let recorded = |index| self.recorded(reader, index);
        let events = NewEvents::make(&mut layout, branch, stream, aggregate, recorded)?;
        Ok(WhatIf::new(self.timeline.as_ref(), self.judge.as_deref(), layout, events))
    }

    /// The event as it is recorded; another one in its place means that the store was changed under the reader.
    fn recorded(&self, reader: &dyn Store, index: Index) -> Result<RecordedEvent, EngineError> {
        let stream = &self.described.row.stream;
        let changed = || StoreError::Changed(stream.as_str().into());
        let head = self.timeline.heads().get(index).ok_or_else(changed)?;
        let event = reader.event_at(stream, head.version)?.filter(|event| event.id == head.id);
        Ok(event.ok_or_else(changed)?)
    }

    /// The event at a version, for an edit to name.
    pub fn event(&self, version: Version) -> Result<EventRef, EngineError> {
        event_ref(self.timeline.as_ref(), version).ok_or_else(|| EngineError::NoVersion {
            stream: self.described.row.stream.clone(),
            asked: version,
            first: self.described.row.first_version,
            last: self.described.row.last_version,
        })
    }
}
