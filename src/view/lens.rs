use serde::{Deserialize, Serialize};

use super::OpenStore;
use crate::engine::Moment;
use crate::event::{StreamId, Version};
use crate::index::StoreMoment;

/// Through what a store is looked at. All of them at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lens {
    /// One stream at one version.
    #[default]
    Stream,
    /// Every stream as it stood.
    Store,
    /// What happened, and who did it.
    Activity,
    /// One of the user's own projections, and what it makes of one stream and of the store.
    Projections,
}

impl Lens {
    pub const ALL: [Self; 4] = [Self::Stream, Self::Store, Self::Activity, Self::Projections];

    /// The timeline below it is that of the whole store.
    pub fn is_of_store(self) -> bool {
        matches!(self, Self::Store | Self::Activity)
    }

    /// Under which name it stands in the language files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream => "lens-stream",
            Self::Store => "lens-store",
            Self::Activity => "lens-activity",
            Self::Projections => "lens-projections",
        }
    }
}

/// Where the stream's cursor stood when the moment of the store was carried over to it: for as long as it stands there,
/// the way back leads to that very moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CarriedOver {
    stream: StreamId,
    version: Version,
    moment: StoreMoment,
}

impl OpenStore {
    /// Looks at the store through this one, at the same moment.
    pub fn set_lens(&mut self, lens: Lens) {
        if lens == Lens::Activity {
            // All that happened is told of the streams in which it was recorded.
            self.undivide();
        }
        match (self.lens.is_of_store(), lens.is_of_store()) {
            (false, true) => self.carry_to_store(),
            (true, false) => self.carry_to_stream(),
            _ => {}
        }
        if self.lens == Lens::Projections && lens != self.lens && self.divided.is_none() {
            self.leave_own();
        }
        if lens == Lens::Projections {
            self.leave_branch();
        }
        self.lens = lens;
        if lens.is_of_store() {
            self.time.want();
        }
    }

    /// Looks at a stream, whatever was looked at before.
    pub fn open_stream(&mut self, stream: StreamId) {
        let is_of_store = self.lens.is_of_store();
        self.select(stream);
        if is_of_store {
            self.set_lens(Lens::Stream);
        }
    }

    /// Shows an event of a stream, whatever was looked at. The moment of the store is kept for the way back.
    pub(super) fn show_stream(&mut self, at: Option<(&StreamId, Version)>) {
        if self.lens.is_of_store() {
            let moment = self.time.moment();
            self.carried = at.map(|(stream, version)| CarriedOver { stream: stream.clone(), version, moment });
            self.lens = Lens::Stream;
        }
    }

    /// The event at the stream's cursor becomes the moment of the store.
    fn carry_to_store(&mut self) {
        let Some(view) = &self.view else { return };
        let here = view.version().map(|version| (&view.stream, version));
        if let (Some(carried), Some((stream, version))) = (&self.carried, here)
            && carried.stream == *stream
            && carried.version == version
        {
            return self.time.go_to(carried.moment);
        }
        let has_order = self.time.has_order();
        let moment = view.head().and_then(|head| {
            let by_time = || head.recorded_at.map(StoreMoment::Time);
            head.position.filter(|_| has_order).map(StoreMoment::Position).or_else(by_time)
        });
        if let Some(moment) = moment {
            self.time.go_to(moment);
        }
    }

    /// The moment of the store becomes the version that the stream had then; its first, where it began later.
    fn carry_to_stream(&mut self) {
        let cursor = self.time.cursor();
        let Some(view) = &mut self.view else { return };
        let index = match (view.base(), cursor.moment) {
            (None, StoreMoment::Time(at)) => return view.start_at(Moment::Time(at)),
            (None, _) => {
                let at = cursor.recorded_at.map_or(Moment::Latest, Moment::Time);
                return view.start_at(at);
            }
            (Some(_), StoreMoment::Latest) => view.len().checked_sub(1),
            (Some(loaded), StoreMoment::Position(position)) => {
                let heads = loaded.timeline.heads();
                heads.partition_point(|head| head.position.is_none_or(|own| own <= position)).checked_sub(1)
            }
            (Some(loaded), StoreMoment::Time(at)) => Moment::Time(at).index_in(loaded.timeline.as_ref()),
        };
        if index != view.cursor() {
            view.go_to(index.unwrap_or(0));
        }
        self.carried =
            view.version().map(|version| CarriedOver { stream: view.stream.clone(), version, moment: cursor.moment });
    }
}
