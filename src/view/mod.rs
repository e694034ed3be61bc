//! What the window shows of an open store: which stream, at which moment, beside what. It asks the engine and keeps the
//! last answer; it opens nothing, reads no clock and draws nothing, so that it is tested without a window.

#![deny(clippy::indexing_slicing, reason = "what is shown may have become shorter between two facts")]

mod activity;
mod activity_wishes;
mod arriving;
mod beside;
mod both;
mod branch_filter;
mod branch_wishes;
mod branching;
mod causes;
mod changes;
mod checking;
mod columns;
mod compare_rows;
mod comparing;
mod correcting;
mod divided;
mod draft;
mod draft_ground;
mod edit_draft;
mod event_detail;
mod evidencing;
mod exporting;
mod file_name;
mod folded_branch;
mod greeting;
mod history_filter;
mod labels;
mod lane_wishes;
mod lanes;
mod lens;
mod line;
mod listing;
mod loaded;
mod making_so;
mod mapping_draft;
mod mirroring;
mod noting;
mod open_store;
mod overview;
mod panes;
mod payload_draft;
mod pins;
mod projections_compared;
mod projections_lens;
mod read_models;
mod reasons;
mod rows;
mod sealing;
mod sharing;
mod signs;
mod smallest;
mod sought;
mod sql_console;
mod store_lens;
mod store_time;
mod stream_choice;
mod stream_lanes;
mod stream_view;
mod surveying;
mod table_wishes;
mod tally;
mod ticks;
mod time_order;
mod time_scale;
mod tools;
mod trail;
mod typed_moment;
mod user_error;
mod when_search;

pub use crate::engine::SampleDomain;
pub use activity::{
    Activity, ChangeSearches, Chip, ChipKind, CountDays, CountFields, CountKept, DayOfRows, FOUND_AT_FIRST,
    FieldCounts, FindActivity, FindMatches, FoundAll, FoundRows, KeptSearches, LOOKED_AT, MOST_COUNTED, MatchTimes,
    Month, MonthOfPeople, NamedEvent, PART, PEOPLE_SHOWN, Place, SearchCount, SearchText, TellRows, Telling, ToldRow,
    says_nothing, says_when, says_who, term_text,
};
pub use activity_wishes::ActivityWish;
pub use beside::{Beside, BesideLine, BesideRow};
pub use both::Both;
pub use branch_filter::BranchFilter;
pub use branch_wishes::BranchWish;
pub use branching::{Branches, Branching, OpenBranch};
pub use causes::{CausesView, FindCauses, LANE_EVENTS, ReadLane};
pub use changes::{FieldHistory, FieldValue, RowChanges};
pub use checking::{CheckStore, Checked, Checking, FINDINGS_KEPT, FindingStep};
pub use columns::{Column, columns};
pub use compare_rows::{CompareCell, CompareRow, CompareRows};
pub use comparing::{CompareMode, Compared, Comparing, Pin, SetBy, Side};
pub use correcting::Writing;
pub use divided::{DivideStore, Divided, FindHome, FindStand, GoOn, LookUp, Stand};
pub use draft::{Draft, Effect, KeptDraft, Signature};
pub use edit_draft::{EditDraft, EditFault, EditKind};
pub use event_detail::{EventDetail, LinkedTo, ReadEvent};
pub use evidencing::{EvidenceChoice, Evidencing, Made, MakeEvidence};
pub use exporting::{ExportEvents, ExportWhat, Exported, Exporting};
pub use folded_branch::Folded;
pub use greeting::{Clock, Destination, GREETED, Greeting, GreetingRow, counted};
pub use history_filter::{HistoryFilter, Matches};
pub use labels::Labels;
pub use lanes::{Arrow, Lane, Lanes, Mark};
pub use lens::Lens;
pub use line::{Line, Shown, Span};
pub use listing::{FindStreams, FoundStreams, ListStreams, Listed, ReadSurvey, STREAMS_LISTED};
pub use loaded::Loaded;
pub use making_so::MakingSo;
pub use mapping_draft::MappingDraft;
pub use mirroring::MirrorStore;
pub use noting::{ChangeNotes, NoteDraft, Noting};
pub use open_store::{OnScreen, OpenStore, SurveyAge};
pub use overview::{LookAtStore, Overview};
pub use panes::{CARD_GAP, CARD_HEAD, Fit, Middle, Pane, Panes, Split};
pub use payload_draft::{FieldDraft, FieldKind, MOST_TYPED, PayloadDraft, PayloadFault, beginning};
pub use projections_compared::{BothCompared, CompareBoth, ComparingOwn, DifferenceGroup};
pub use projections_lens::{
    Brief, Did, DoubtHere, FilterPartitions, HandlerRow, HandlerTrace, KeepSource, LineMark, MarkSource, OwnFile,
    OwnResults, ProjectionWish, ProjectionsLens, ReadBriefs, ReadFiles, ReadWhole, Replacing, RunProjection, ToldValue,
    TraceHere, TracedHandler, WholeState, doubt_message,
};
pub use read_models::{DIFFERENCES_KEPT, LookAtModel, ModelDone, ModelLook, ModelWork, ReadModels, WorkOnModel};
pub use reasons::{AskReasons, Because, GivenReasons, ReasonEvent, ReasonPlace, Reasons};
pub use rows::{StateCounts, StateFilter, StateLine, StateRow};
pub use sealing::{SealStore, Sealed, Sealing};
pub use sharing::{LookAtShared, Sharing, WorkTogether};
pub use signs::Signs;
pub use smallest::{FindSmallest, FoundSmallest, Showing, SmallestHistory};
pub use sought::{Sought, WallDay};
pub use sql_console::{AskSql, SQL_ROWS, SqlAsked, SqlConsole, SqlFound, SqlWants, WriteSql, WrittenSql};
pub use store_lens::{
    ArrangeRows, CHANGED_WITHIN, ChartLayer, CompareMoments, CountChart, CountField, ExportRows, ExportedRows,
    ExportingRows, FittedColumn, Fitting, KeptView, Kind, LAYERS, LensColumn, LensMoment, LensOrder, LensRow, LensWish,
    MomentsCompared, Newest, ReadAway, ReadFollowed, ReadRows, RowChip, SelectedAbout, StoreLens, TABLE_MARGIN,
    ValueCount, ValueCounts,
};
pub use store_time::{
    BarLane, Bars, ReadChronicle, ReadShapes, ShapeMark, ShapeMarks, StoreAxis, StoreCursor, StoreSpan, StoreTime,
    TypedStoreMoment, place_ticks, span_ticks,
};
pub use stream_choice::{STREAMS_OFFERED, StreamChoice};
pub use stream_lanes::{
    Choice, ChoiceGroup, Gist, LaneData, LaneKind, LaneTyping, LanesOf, MOST_LANES, Piece, ReadStreamLanes,
    StreamLanes, Told, pieces, run_ticks,
};
pub use stream_view::StreamView;
pub use tally::{Counts, EventTypes, LANES, OTHERS, Tally};
pub use ticks::{BarLength, Tick, time_ticks, version_ticks};
pub use time_scale::{Pause, TimeScale};
pub use tools::{FileFor, ToolName, Tools, WindowTool};
pub use trail::{Stay, Trail};
pub use typed_moment::TypedMoment;
pub use user_error::UserError;
pub use when_search::{FindWhen, FoundStreamsWhen, STREAMS_KEPT, WhenSearch, WhenWhich};
