//! One open store and the questions asked of it: which stream, at which moment, under which projection. What the
//! command line answers and what the window draws comes from here.

mod checking;
mod chunk;
mod comparing;
mod draft;
mod exporting;
mod history_filter;
mod labels;
mod load;
mod loaded;
mod mapping_draft;
mod moment;
mod numbers;
mod open_store;
mod rows;
mod sample_store;
mod search;
mod snapshots;
mod stream_view;
mod time_scale;
mod trouble;
mod watch;
mod whole;

use crate::event::{StreamId, Timestamp, Version};
use crate::store::StoreError;

pub use checking::{Checked, Checking, FINDINGS_KEPT, check};
pub use comparing::{CompareCell, CompareMode, CompareRow, Compared, Comparing, Pin, Side};
pub use draft::Draft;
pub use exporting::Exporting;
pub use history_filter::HistoryFilter;
pub use labels::Labels;
pub use load::{Described, Shown, describe, load_story, load_timeline, show};
pub use loaded::Loaded;
pub use mapping_draft::MappingDraft;
pub use moment::{Moment, resolve};
pub use numbers::grouped;
pub use open_store::{OpenStore, Opener, Overview, STREAMS_LISTED, StreamGroup};
pub use rows::StateRow;
pub use sample_store::{MakeSampleError, sample_store, write_sample};
pub use search::{EventSearch, Found, HITS_KEPT, Hit};
pub use snapshots::{SNAPSHOT_SPACING, check_snapshots, keep_long_streams, keep_snapshots};
pub use stream_view::{EventDetail, StreamView};
pub use time_scale::{Pause, TimeScale};
pub use trouble::Trouble;
pub use whole::fold_whole;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("there is no stream {stream}{}", hint(near))]
    NoStream { stream: StreamId, near: Vec<StreamId> },
    #[error("{stream} has versions {first} to {last}; there is no version {asked}")]
    NoVersion { stream: StreamId, asked: Version, first: Version, last: Version },
    #[error("{stream} begins at {first}; nothing of it was recorded by {asked}")]
    BeforeItBegan { stream: StreamId, asked: Timestamp, first: String },
    #[error("{stream} has no projection {asked}; it has {}", known.join(", "))]
    NoProjection { stream: StreamId, asked: String, known: Vec<String> },
    #[error("“{0}” is no moment; write a version (5), a time (2025-01-01T01:00:05Z) or latest")]
    NotAMoment(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn hint(near: &[StreamId]) -> String {
    match near {
        [] => "; list them with `foldline streams`".to_owned(),
        names => {
            let names: Vec<&str> = names.iter().map(StreamId::as_str).collect();
            format!("; did you mean {}?", names.join(" or "))
        }
    }
}
