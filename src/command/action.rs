use super::Command;
use crate::event::{StreamId, Version};
use crate::index::{Facet, StoreMoment};
use crate::store::{Link, Source, StreamOrder};
use crate::view::{
    ActivityWish, BranchWish, ExportWhat, FileFor, LensWish, Pane, ProjectionWish, SampleDomain, Sought, Span,
    StoreAxis, StoreSpan, ToolName, WallDay,
};

/// What a panel asks for. Panels only send; `logic` carries out.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Run(Command),
    Open(Source),
    /// Makes the sample of a domain, if it is not there yet, and opens it.
    Explore(SampleDomain),
    Select(StreamId),
    /// To a place in this store, or in another one.
    Follow(Link),
    /// To the n-th event of the stream.
    GoTo(usize),
    GoToVersion(Version),
    /// To an event of any stream.
    GoToPlace(StreamId, Version),
    /// What was typed into the timeline's field: a version or a time.
    GoToTyped,
    Projection(usize),
    /// Lays a stream beside the others, or takes it away again.
    AddLane(StreamId),
    RemoveLane(StreamId),
    /// One field through the whole stream, under the n-th projection.
    OpenField(usize, String),
    CloseField,
    /// Folds a pane, or shows it.
    Fold(Pane),
    /// A pane gets this size; `None` is as at first.
    Resize(Pane, Option<f32>),
    Filter(String),
    /// Looks for streams by a part of their id or name.
    FindStreams(String),
    /// Reads every event for the names of streams, where that was stopped.
    BeginSurvey,
    StopSurvey,
    /// Looks for this among all that happened.
    SearchEvents(String),
    /// The same for all events of a day.
    SearchDay(WallDay),
    Order(StreamOrder),
    ByTime(bool),
    /// Shows this part of the timeline, or all of it.
    ShowPart(Option<Span>),
    /// A pin, by its number, to the n-th event of the stream.
    MovePin(usize, usize),
    RemovePin(usize),
    Lanes(LaneAction),
    Activity(ActivityWish),
    /// Of the cursor over the whole store, and what is shown of its time.
    Time(TimeAction),
    /// Of the table of the whole store.
    Table(LensWish),
    /// Of the user's own projections.
    Projections(ProjectionWish),
    Copy(String),
    CancelLoading,
    /// Begins what the tool's dialog says.
    StartTool(ToolName),
    /// Lets the mirror that is open follow its origin, or stops it.
    KeepUp(bool),
    ChooseFile(FileFor),
    RemoveNote(StreamId, Version),
    /// Asks why a field is as it is, under the n-th projection.
    AskWhy(usize, String),
    /// Opens the dialog that exports, for this.
    Export(ExportWhat),
    /// The same, to tell what was found on a page.
    Print(Sought),
    ForgetRecent,
    /// Takes one store off the list of recent ones, by its name there.
    ForgetStore(String),
    /// Reads the store by the mapping as it was seen, from now on.
    KeepMapping,
    /// With the password as typed.
    Connect,
    /// The one on top, with what was said in it.
    CloseDialog,
    DismissError,
    /// Appends the correction as it was previewed.
    AppendDraft,
    /// Puts the correction away; what was typed is kept with its event.
    LeaveDraft,
    /// The same for good.
    DiscardDraft,
    /// Goes on with the draft of this event.
    ResumeDraft(StreamId, Version),
    /// Of the branch that is looked at.
    Branch(BranchAction),
    /// Writing is switched on by whoever was told what it means, and what waited for it goes on.
    AllowWriting,
}

/// What is asked of the lanes of the timeline, each of them by what was typed.
#[derive(Clone, Debug, PartialEq)]
pub enum LaneAction {
    Add(String),
    Remove(String),
    /// The one that the keys go along.
    Choose(String),
    /// Shows these and no others.
    Set(Vec<String>),
    /// Keeps those that are shown under a name.
    Save(String),
    Forget(String),
    /// Looks for a condition in all streams like this one.
    Everywhere(String),
}

/// What is asked of the store's time.
#[derive(Clone, Debug, PartialEq)]
pub enum TimeAction {
    GoTo(StoreMoment),
    /// To a place of the axis that is shown.
    GoToValue(i64),
    /// So many bars on.
    StepBars(isize),
    GoToTyped,
    By(Facet),
    Along(StoreAxis),
    /// Shows this span, or all.
    Show(Option<StoreSpan>),
    /// Marks this span, or none.
    Brush(Option<StoreSpan>),
    RemovePin(usize),
    /// Marks where payloads changed their shape, or does not.
    Shapes(bool),
}

/// What is asked of branches. Some of it only the window can do: it knows dialogs, and names in its language.
#[derive(Clone, Debug, PartialEq)]
pub enum BranchAction {
    Wish(BranchWish),
    New,
    /// To a file that is chosen, and from one.
    Export,
    Import,
    /// Appends all that would make the branch so.
    Append,
}
