//! An open store at work. It is opened once; its questions run on a few threads, each with a connection of its own that
//! is kept between questions. Who asks is answered later and woken then; whoever asks anew interrupts what has become
//! pointless, in the database itself.

mod arranged;
mod as_of;
mod asked;
mod by_name;
mod causes;
mod census;
mod check;
mod chronicle;
mod columns;
mod compare_projections;
mod counting;
mod differing;
mod differing_export;
mod division;
mod doubts;
mod drift;
mod elsewhere;
mod evidence;
mod explain;
mod failures;
mod feed;
mod find;
mod findings;
mod folded_stores;
mod gaps;
mod giving_way;
mod guess;
mod kept_counts;
mod load;
mod loading;
mod make_so;
mod materialise;
mod mirror_work;
mod model_columns;
mod moment;
mod moved_fields;
mod names;
mod own_run;
mod partitions;
mod pool;
mod process;
mod reasons;
mod reduced;
mod row_export;
mod row_parquet;
mod row_reading;
mod sample_store;
mod sealing;
mod search;
mod shapes;
mod share;
mod side;
mod signing;
mod small_file;
#[cfg(test)]
mod small_store;
mod smallest;
mod snapshots;
mod spill;
mod sql;
mod standing_model;
mod stood;
mod survey;
mod test_source;
mod ticket;
mod told;
mod touched;
mod trace;
mod trail;
mod what_if;
mod when;
mod whole;

use std::path::PathBuf;
use std::sync::Arc;

pub use crate::event::grouped;
pub use arranged::{ArrangeWanted, Arranged, ArrangedFor, CountAmong, RowFilter, arrange, sorted_at_once};
pub use as_of::{AsOfCondition, AsOfWanted, Chosen, Untold, as_of, as_of_since, choose};
pub use asked::{Asked, Cause, Passing, Question, Tool};
pub use causes::{Around, CAUSES_KEPT, Causes, LinkedEvent, causes, event_meant, light};
pub use census::census;
pub use check::{check, export_findings};
pub use chronicle::{ChronicleSo, StoreChronicle};
pub use compare_projections::{
    CompareSide, CompareWish, Differs, ExplainingEvent, PartitionDifference, ProjectionsCompared, compare_projections,
};
pub use counting::{AsOfAnswer, CountIndex, CountStore, CountWanted, CountedSo};
pub use differing::{DIFFERING_KEPT, DifferBy, DifferOrder, DifferWanted, Differing, DifferingStream, differing};
pub use differing_export::{DifferencesWish, write_differences};
pub use division::{Away, Division, Partitioned, Spot};
pub use doubts::{DoubtsWanted, doubts};
pub use drift::{Difference, Drift, DriftError, DriftWish, SettingEvent, TableMap, drift};
pub use elsewhere::{Elsewhere, LedElsewhere, led_by_withdrawn, led_elsewhere};
pub use evidence::{
    EvidenceOf, EvidenceWish, ProofError, Written, check_evidence, gather_evidence, write_evidence, write_seal,
};
pub use failures::Failures;
pub use feed::StoreChange;
pub use find::{Needle, Snippet, Words, as_one_word};
pub use findings::{all_findings, broken_rules, missing_causes};
pub use folded_stores::FoldedStores;
pub use guess::guess_projection;
pub use kept_counts::KeptCounts;
pub use load::{
    Continued, Described, FoldOf, Shown, continue_stream, describe, each_batch, fold_each, load_story, load_story_to,
    load_timeline, load_timeline_within, show, stream_or_store,
};
pub use loading::Loading;
pub use make_so::{ProjectionPreview, Proposed, came_since, propose_branch};
pub use materialise::{MaterialiseError, Materialised, ModelWish, WhyMade, materialise, model_table};
pub use mirror_work::{Bell, Following, MirrorState, MirrorWork, Stop, follow_mirror};
pub use moment::{Moment, resolve};
pub use moved_fields::moved_fields;
pub use own_run::{LineFault, Logged, OwnRun, partitions_like, run_own, shown_state};
pub use partitions::{FaultAt, GoneOn, PartitionRow, Partitions, StateText, TakeOutput, partitions, partitions_within};
pub use pool::{Answer, Lost, begin};
pub use process::{keep_little_of_what_is_freed, meter};
pub use reasons::{ask_why_not, check_field, values_like};
pub use reduced::{EXCERPT_ENDINGS, Excerpt, ExcerptError, ExcerptForm, ExcerptTarget, write_excerpt};
pub use row_export::{RowsFormat, RowsWish, write_rows};
pub use row_parquet::write_parquet;
pub use row_reading::read_rows;
pub use sample_store::{
    MakeSampleError, SampleDomain, bundled_projection, fill_sample, sample_domain_at, sample_store, sample_store_in,
    write_sample,
};
pub use sealing::{Check, SealError, check_since, read_seal};
pub use search::{
    Aids, Calendar, Condition, Days, FoundEvent, Glob, Misread, MisreadKind, PayloadValue, Search, Term, Wanted,
    search, search_with,
};
pub use shapes::{ShapesSo, StoreShapes};
pub use share::{
    ShareError, ShareInto, ShareStep, ShareWish, ShareWorker, SharedLook, SharedRow, SharedTableStanding, SharedWork,
    SharedWorker, Together, fold_together, shared_looks, shared_rows, shared_values, shared_work, values_to_work_with,
    work_until, worker_name,
};
pub use side::{SideError, SideIndex, SidePlace, SideSize, Unusable};
pub use signing::KeyError;
pub use small_file::Unreadable;
#[cfg(test)]
pub(crate) use small_store::{five_leads, five_leads_and_a_contact, leads_called, patience};
pub use smallest::{Smallest, Sought, smallest};
pub use snapshots::{SNAPSHOT_SPACING, check_snapshots, keep_long_streams, keep_snapshots};
pub use spill::unless_unreadable;
pub use sql::{
    SqlAnswer, SqlError, SqlFlaw, SqlHint, SqlQuery, SqlRefusal, SqlRows, SqlTable, sql, sql_tables, write_sql,
};
pub use standing_model::{ModelStanding, model_choices, model_standing};
pub use stood::{StoodRow, StoodRows, StoodWanted, stood};
pub use survey::{
    DayOfStore, Digest, FoundStream, ListedStream, Matching, StreamGroup, Survey, folded, name_of_stream, short_id,
};
pub use test_source::{Language, Shows, TestCase, test_source};
pub use ticket::{Progress, Ticket};
pub use told::{FIELDS_TOLD, ToldEvent, readable, tell, words_of_type};
pub use trace::{TraceWanted, TracedEvent, trace};
pub use trail::{TrailForm, TrailWish, write_trail};
pub use what_if::BranchBase;
pub use when::{
    FoundSoFar, FoundWhen, SpokenWords, WhenInStore, projection_of_category, stopped, when_in_store, when_stream,
};
pub use whole::fold_whole;

use crate::event::{StreamId, Timestamp, Version};
use crate::index::{Memory, OverBudget};
use crate::replay::Offers;
use crate::store::{Source, Store, StoreError, Writer};
use feed::{Feed, WatchedPlace};
use pool::{Lane, Pool};

/// Called from a working thread when there is something to see.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A store that is open. Clones are of the same; with the last one its threads end.
#[derive(Clone)]
pub struct Engine(Arc<Room>);

struct Room {
    source: Source,
    pool: Pool,
    feed: Feed,
    offers: Offers,
    memory: Memory,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("source", &self.0.source).finish_non_exhaustive()
    }
}

impl Engine {
    /// Takes over a store that was opened.
    pub fn new(source: Source, first: Box<dyn Store>, wake: Wake) -> Self {
        let memory = Memory::default();
        // Before anything is answered, so that whatever is recorded later is new to whoever asks.
        let place = WatchedPlace::of(&source, first.as_ref());
        let offers = Offers::default();
        let pool = Pool::new(first, memory.clone(), offers.clone(), wake.clone());
        let feed = Feed::begin(place, &pool, wake);
        Self(Arc::new(Room { source, pool, feed, offers, memory }))
    }

    /// The same store with other streams: the partitions of a projection. It is told of nothing that is recorded; whoever
    /// divided the store follows it.
    #[must_use]
    pub fn over_partitions(&self, first: Partitioned) -> Self {
        // Of the same store, which has one budget.
        let (memory, offers) = (self.0.memory.clone(), Offers::default());
        let pool = Pool::new(Box::new(first), memory.clone(), offers.clone(), self.0.pool.wake());
        let source = self.0.source.clone();
        Self(Arc::new(Room { source, pool, feed: Feed::idle(), offers, memory }))
    }

    /// Goes on with the partitions into which another source divides the events.
    pub fn take_partitions(&self, first: Partitioned) {
        self.0.pool.adopt(Box::new(first));
    }

    /// Makes a mirror of this store, which then follows it.
    pub fn mirror_into(&self, path: PathBuf) -> MirrorWork {
        MirrorWork::begin(self.0.source.clone(), path, &self.0.pool.wake())
    }

    /// Lets this store, which is a mirror, follow its origin.
    pub fn keep_up_with(&self, origin: Source) -> Option<MirrorWork> {
        let path = self.0.source.path()?.to_owned();
        Some(MirrorWork::begin(origin, path, &self.0.pool.wake()))
    }

    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// The projections that this store's questions know: Foldline's, and what is offered here.
    pub fn offers(&self) -> &Offers {
        &self.0.offers
    }

    /// What all that is kept of this store takes.
    pub fn memory(&self) -> &Memory {
        &self.0.memory
    }

    /// Runs work on a connection that only reads.
    pub fn ask<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&dyn Store, &Ticket) -> Result<T, E> + Send + 'static,
    ) -> Answer<Result<T, E>> {
        self.0.pool.ask(what, Lane::Short, work)
    }

    /// The same for what goes over the whole store: it never takes the last thread.
    pub fn ask_long<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&dyn Store, &Ticket) -> Result<T, E> + Send + 'static,
    ) -> Answer<Result<T, E>> {
        self.0.pool.ask(what, Lane::Long, work)
    }

    /// Runs work on a connection that may append, opened for it alone.
    pub fn write<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut dyn Writer) -> Result<T, E> + Send + 'static,
    ) -> Answer<Result<T, E>> {
        let (source, room) = (self.0.source.clone(), Arc::downgrade(&self.0));
        self.0.pool.run(what, Lane::Short, move |_| {
            let mut store = crate::store::open_for_writing(&source)?;
            let answer = work(store.as_mut());
            drop(store);
            if let Some(room) = room.upgrade() {
                room.feed.look_soon();
            }
            answer
        })
    }

    /// Runs work on a thread of its own, because it waits for something else than the store.
    pub fn beside<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Ticket) -> T + Send + 'static,
    ) -> Answer<T> {
        self.0.pool.beside(what, work)
    }

    /// What happened to the store since this was last asked; `None` where nothing was noticed.
    pub fn take_change(&self) -> Option<StoreChange> {
        self.0.feed.take()
    }

    /// Whether the store's server has not answered since it was last looked for something new.
    pub fn is_cut_off(&self) -> bool {
        self.0.feed.is_cut_off()
    }
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("there is no stream {stream}{}", hint(near))]
    NoStream { stream: StreamId, near: Vec<StreamId> },
    #[error("{stream} has versions {first} to {last}; there is no version {asked}")]
    NoVersion { stream: StreamId, asked: Version, first: Version, last: Version },
    #[error("{stream} begins at {first}; nothing of it was recorded by {asked}")]
    BeforeItBegan { stream: StreamId, asked: Timestamp, first: String },
    #[error("{stream} has no projection {asked}; it has {}", known.join(", "))]
    NoProjection { stream: StreamId, asked: String, known: Vec<String> },
    #[error("there is no event {asked}{}", named_by(names.as_deref()))]
    NoEvent { asked: String, names: Option<String> },
    #[error("{stream} has no field “{asked}”{}", field_hint(near))]
    NoField { stream: StreamId, asked: String, near: Vec<String> },
    #[error("nothing is wrong at version {version} of {stream}")]
    NothingWrong { stream: StreamId, version: Version },
    #[error("no event of {0} breaks a rule")]
    NoRuleBroken(StreamId),
    #[error("the condition never holds in {0}")]
    NeverTrue(StreamId),
    #[error("“{0}” is neither a version nor a time; write a version (5), a time (2025-01-01T01:00:05Z) or latest")]
    NotAMoment(String),
    /// A projection of the user's own that can't be set to work.
    #[error(transparent)]
    Fault(#[from] crate::projection::Fault),
    /// An expression with a wrong word in it.
    #[error(transparent)]
    Condition(#[from] crate::expr::Flaw),
    #[error(
        "this store keeps no order across its streams, so it cannot be sealed; bring its events into a store of Foldline's own (export, then import) and seal that"
    )]
    NoOrder,
    #[error("this store keeps no order across its streams, so it has no positions; name a time")]
    NoPositions,
    #[error(
        "this store keeps no order across its streams, so events of several cannot be put together; bring its events into a store of Foldline's own (export, then import)"
    )]
    NoOrderToDivide,
    /// By the projection's name.
    #[error(
        "the partitions of {0} share a state, so that none can be told by its own events; ask with `foldline project`"
    )]
    SharedState(String),
    #[error("no stream here has a projection {asked}; there are {}", known.join(", "))]
    NoSuchProjection { asked: String, known: Vec<String> },
    /// Asked of streams as they stood.
    #[error(
        "this condition asks for what an event says or changes; of streams as they stood ask for fields of the state, or event.type, event.version, event.recorded_at and event.id of the last event"
    )]
    NotOfStates,
    #[error(
        "with this, {} MiB and more would be taken, and {} MiB are allowed; name a category or an earlier moment, or allow more memory, in the settings or with --memory",
        .0.mebibytes().0, .0.mebibytes().1
    )]
    OverBudget(OverBudget),
    /// It panicked, or no thread could be started.
    #[error("the work ended without an answer; try again")]
    Lost,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<OverBudget> for EngineError {
    fn from(over: OverBudget) -> Self {
        Self::OverBudget(over)
    }
}

fn named_by(names: Option<&str>) -> String {
    match names {
        Some(id) => format!(", but {id} names it; ask for that one"),
        None => "; write an id as `foldline events --format json` prints it, or STREAM@VERSION".to_owned(),
    }
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

fn field_hint(near: &[String]) -> String {
    match near {
        [] => "; choose one that its state shows".to_owned(),
        names => format!("; did you mean {}?", names.join(" or ")),
    }
}
