use std::path::PathBuf;
use std::time::Duration;

use super::branching::Branching;
use super::lens::CarriedOver;
use super::listing::{BETWEEN_LETTERS, STREAMS_LISTED, STREAMS_LISTED_FIRST};
use super::signs::SignBook;
use super::{
    Activity, Bars, CausesView, Clock, Comparing, DivideStore, Divided, Draft, FileFor, FindHome, FindStreams,
    Greeting, KeptDraft, Labels, Lens, ListStreams, LookAtStore, MakingSo, MatchTimes, OpenBranch, Pin, ProjectionWish,
    ProjectionsLens, ReadSurvey, Stay, StoreLens, StoreTime, StreamLanes, StreamView, ToolName, Tools, Trail,
};
use crate::engine::{Asked, Engine, KeptCounts, MirrorWork, Moment, Survey};
use crate::event::{StreamId, Version};
use crate::store::{Link, Source, StreamOrder};
use crate::workspace::Workspace;

/// One store on screen: what is known of it, its list of streams, and the stream that is looked at.
#[allow(clippy::struct_excessive_bools, reason = "each is a state of its own; none excludes another")]
pub struct OpenStore {
    pub source: Source,
    pub(super) engine: Engine,
    pub info: Asked<LookAtStore>,
    /// What both of it and its list are asked for.
    counts: KeptCounts,
    /// What is left out of it is asked for when the list has come, which is waited for.
    pub(super) wants_whole: bool,
    /// For how many looks what is looked at first has been there.
    pub(super) rested: u8,
    /// The projection under which streams are shown first, where they offer it.
    begins_under: Option<String>,
    pub filter: String,
    pub order: StreamOrder,
    pub labels: Labels,
    pub groups: Asked<ListStreams>,
    /// The first streams of each category were listed, and the others are asked for when all that is looked at first has
    /// come.
    pub(super) wants_list: bool,
    /// How often the list has come.
    pub(super) lists_made: u64,
    /// What is looked for by a part of its name, beside the list.
    pub found: Asked<FindStreams>,
    /// What every event was read for.
    pub(super) survey: Survey,
    pub surveying: Asked<ReadSurvey>,
    /// It begins when the list has come, or takes long: it would take its share of the machine from it.
    pub(super) wants_survey: bool,
    /// The survey is of what was here before the store was replaced.
    pub(super) is_survey_of_before: bool,
    /// What is shown before a stream is chosen.
    pub greeting: Greeting,
    /// Counts up with what the survey comes to know.
    pub(super) survey_news: u64,
    /// How far the survey was when the list was last made from it.
    pub(super) survey_step: u64,
    /// How many streams had come when the list was last made of those.
    pub(super) survey_listed: u64,
    /// Changed by [`OpenStore::set_lens`] alone, which carries the moment over.
    pub(super) lens: Lens,
    pub(super) carried: Option<CarriedOver>,
    /// The cursor over the whole store.
    pub time: StoreTime,
    pub view: Option<StreamView>,
    /// The stream that was looked at before, for as long as the next one is on its way.
    pub(super) leaving: Option<StreamView>,
    /// Off until it is switched on, for this store and session.
    pub is_writing_on: bool,
    /// Whoever switches it on is told first what that means.
    pub asks_before_writing: bool,
    pub draft: Option<Draft>,
    pub trail: Trail,
    /// Drafts that were left, the latest first.
    pub(super) kept_drafts: Vec<KeptDraft>,
    pub branching: Branching,
    pub making_so: MakingSo,
    pub pins: [Option<Pin>; 2],
    pub comparing: Comparing,
    pub causes: CausesView,
    pub lanes: StreamLanes,
    /// All that happened, whatever stream it was in.
    pub activity: Activity,
    /// Every stream as it stood at the moment of the whole store.
    pub table: StoreLens,
    /// The projections of the user's own.
    pub own: ProjectionsLens,
    pub(super) dividing: Asked<DivideStore>,
    /// Where the event stands that was looked at in a partition.
    pub(super) going_home: Asked<FindHome>,
    /// Its streams are the partitions of a projection.
    pub(super) divided: Option<Divided>,
    pub(super) signs: SignBook,
    pub tools: Tools,
    /// It is a mirror that the window lets follow its origin.
    pub kept_up: Option<MirrorWork>,
    /// Its server did not answer when it was last looked.
    pub(super) was_cut_off: bool,
    /// The store was cut, restored or replaced since it was opened, and nobody was told yet.
    pub was_replaced: bool,
    /// Keep to the newest event of the stream while others append.
    pub follows: bool,
}

/// Which store it is that the survey tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SurveyAge {
    /// As far as it was read, the one that is open.
    Current,
    /// The one that was here before another was put in its place.
    BeforeReplaced,
    /// The one that could be read last; now it cannot.
    LastReadable,
}

impl std::fmt::Debug for OpenStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenStore").field("source", &self.source).finish_non_exhaustive()
    }
}

impl OpenStore {
    pub fn new(engine: Engine) -> Self {
        let workspace = Workspace::of(engine.source());
        Self::with_workspace(engine, workspace)
    }

    /// `workspace` is where what a user keeps for this store lies.
    pub fn with_workspace(engine: Engine, workspace: Workspace) -> Self {
        let own = ProjectionsLens::new(&engine, workspace.clone());
        let mut store = Self::of(engine, workspace.clone(), own);
        store.greeting.glance(&store.engine);
        store.tools.noting.workspace = Some(workspace);
        store.tools.noting.read(&store.engine);
        store
    }

    pub(super) fn of(engine: Engine, workspace: Workspace, own: ProjectionsLens) -> Self {
        let survey = Survey::default();
        let branching = Branching::new(&engine, workspace.clone());
        let time = StoreTime::new(&engine);
        let table = StoreLens::new(&engine, workspace.clone());
        let activity = Activity::new(&engine, workspace, time.chronicle.clone());
        let mut store = Self {
            source: engine.source().clone(),
            engine,
            info: Asked::default(),
            counts: KeptCounts::default(),
            wants_whole: false,
            rested: 0,
            begins_under: None,
            filter: String::new(),
            order: StreamOrder::Began,
            labels: Labels::new(survey.clone()),
            groups: Asked::default(),
            wants_list: false,
            lists_made: 0,
            found: Asked::default(),
            survey,
            surveying: Asked::default(),
            wants_survey: false,
            is_survey_of_before: false,
            greeting: Greeting::default(),
            survey_news: 0,
            survey_step: 0,
            survey_listed: 0,
            lens: Lens::Stream,
            carried: None,
            time,
            view: None,
            leaving: None,
            is_writing_on: false,
            asks_before_writing: true,
            draft: None,
            trail: Trail::default(),
            kept_drafts: Vec::new(),
            branching,
            making_so: MakingSo::default(),
            pins: [None, None],
            comparing: Comparing::new(),
            causes: CausesView::new(),
            lanes: StreamLanes::default(),
            activity,
            table,
            own,
            dividing: Asked::default(),
            going_home: Asked::default(),
            divided: None,
            signs: SignBook::default(),
            tools: Tools::default(),
            kept_up: None,
            was_cut_off: false,
            was_replaced: false,
            follows: false,
        };
        store.info.ask(&store.engine, LookAtStore::AtOnce(store.counts.clone()));
        store.list_streams();
        // A server may hold more than anybody wants to be sent: there, names are read when somebody looks for one.
        store.wants_survey = store.source.path().is_some();
        store
    }

    /// Streams are shown under this projection until another is chosen.
    pub fn begin_under(&mut self, projection: &str) {
        self.begins_under = Some(projection.to_owned());
        self.table.begin_under(projection);
    }

    /// These streams are seen: what they are called is read.
    pub fn want_labels<'s>(&mut self, seen: impl Iterator<Item = &'s StreamId>) {
        self.labels.want(&self.engine, seen);
    }

    /// The greeting is on screen: what it says is asked for.
    pub fn greet(&mut self, clock: Clock) {
        self.greeting.want(&self.engine, &self.survey, self.survey_news, clock);
    }

    pub fn lens(&self) -> Lens {
        self.lens
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The events of the store in bars, for a line so wide.
    pub fn prepare_bars(&mut self, width: f32, clock: Clock) -> Option<&Bars> {
        let is_low = self.lens == Lens::Activity;
        self.time.prepare_bars(&mut self.signs, (width, is_low), clock)
    }

    /// Where what is looked for lies in the store's time, while that is shown.
    pub fn matches(&self) -> Option<&MatchTimes> {
        self.activity.matches().filter(|_| self.lens == Lens::Activity)
    }

    /// Another number for each list of streams.
    pub fn lists_made(&self) -> u64 {
        self.lists_made
    }

    /// The list depends on what streams are called.
    pub(super) fn lists_by_name(&self) -> bool {
        self.order == StreamOrder::Name || !self.filter.trim().is_empty()
    }

    /// Goes to an event of any stream.
    pub fn go_to(&mut self, stream: StreamId, version: Version) {
        self.show_stream(Some((&stream, version)));
        self.select(stream);
        if let Some(view) = &mut self.view {
            view.start_at(Moment::Version(version));
        }
    }

    /// Where it is looked at now.
    pub fn stay(&self) -> Option<Stay> {
        let in_store = Some((self.lens, self.time.moment()));
        let row = match self.lens {
            Lens::Store => self.table.selected().map(|stream| (stream.clone(), None)),
            Lens::Activity => self.activity.selected().map(|(stream, version)| (stream.clone(), Some(*version))),
            Lens::Stream | Lens::Projections => None,
        };
        if let Some((stream, version)) = row {
            return Some(Stay { stream, version, projection: 0, in_store });
        }
        let view = self.view.as_ref()?;
        let (stream, version) = (view.stream.clone(), view.version());
        Some(Stay { stream, version, projection: view.projection_number(), in_store: None })
    }

    /// Looks at it there again.
    pub fn return_to(&mut self, stay: Stay) {
        if let Some((lens, moment)) = stay.in_store {
            self.set_lens(lens);
            self.time.go_to(moment);
            match stay.version {
                Some(version) => self.activity.select(&self.engine, stay.stream, version),
                None => self.table.select(stay.stream),
            }
            return self.enter_row();
        }
        self.show_stream(stay.version.map(|version| (&stay.stream, version)));
        self.select(stay.stream);
        if let Some(view) = &mut self.view {
            stay.version.into_iter().for_each(|version| view.start_at(Moment::Version(version)));
            view.show_under(&self.engine, stay.projection);
        }
    }

    /// The keyboard goes to the row that was chosen in the lens on screen.
    pub fn enter_row(&mut self) {
        match self.lens {
            Lens::Store => self.table.wants_row = self.table.selected().is_some(),
            Lens::Activity => self.activity.wants_row = self.activity.selected().is_some(),
            Lens::Stream | Lens::Projections => {}
        }
    }

    /// Shows the stream under its n-th projection.
    pub fn set_projection(&mut self, number: usize) {
        self.view.iter_mut().for_each(|view| view.set_projection(&self.engine, number));
        self.branching.show_under(&self.engine, number);
    }

    /// Begins what a tool's dialog says.
    pub fn start_tool(&mut self, name: ToolName) {
        match name {
            ToolName::Evidencing => self.tools.evidencing.take_notes(self.tools.noting.notes()),
            ToolName::Exporting => self.tools.exporting.survey = self.survey.clone(),
            ToolName::SqlConsole => self.tools.sql.stand_at(self.moment_here()),
            _ => {}
        }
        if name == ToolName::ExportingRows {
            self.tools.exporting_rows.take(self.table.rows_wish());
        }
        // A table is made of what is looked at; all else is of the store as it is.
        let of_partitions = name == ToolName::ReadModels;
        let engine = if of_partitions { self.engine.clone() } else { self.store_engine().clone() };
        // A partition is no stream of the store's own.
        let here = self.view.as_ref().filter(|_| self.divided.is_none()).map(|view| &view.stream);
        self.tools.get_mut(name).start(&engine, here);
    }

    /// What a new file is called at first; `None` where one that is there is chosen.
    pub fn new_name(&self, file_for: FileFor) -> Option<String> {
        match file_for {
            FileFor::Export => Some(self.tools.exporting.new_name()),
            FileFor::Rows => Some(self.tools.exporting_rows.new_name()),
            other => other.new_name().map(str::to_owned),
        }
    }

    /// A file was chosen in the system's dialog.
    pub fn choose_file(&mut self, file_for: FileFor, path: String) {
        match file_for {
            FileFor::Export => self.tools.exporting.choose(path),
            FileFor::Rows => self.tools.exporting_rows.choose(path),
            FileFor::SqlRows => self.tools.sql.choose(path),
            FileFor::ReadModel => self.tools.read_models.into = path,
            FileFor::Mirror => self.tools.mirroring.to = path,
            FileFor::Seal => self.tools.sealing.to = path,
            FileFor::CheckSince => self.tools.checking.since = path,
            FileFor::Evidence => self.tools.evidencing.to = path,
            FileFor::EvidenceSince => self.tools.evidencing.since = path,
            FileFor::Projection => self.add_projections(vec![path.into()]),
        }
    }

    /// Opens projections from elsewhere, and looks at the first.
    pub fn add_projections(&mut self, paths: Vec<PathBuf>) {
        self.set_lens(Lens::Projections);
        let engine = self.store_engine().clone();
        self.own.wish(&engine, ProjectionWish::Add(paths));
    }

    /// A note on the event at the cursor is wanted.
    pub fn begin_note(&mut self) {
        let Some(view) = &self.view else { return };
        if let Some(head) = view.head()
            && let Some((stream, version)) = self.home_of(&view.stream, head.version)
        {
            self.tools.noting.write_on(&stream, version, &head.id);
        }
    }

    pub fn remove_note(&mut self, stream: &StreamId, version: Version) {
        let engine = self.store_engine().clone();
        self.tools.noting.remove(&engine, stream, version);
    }

    /// Asks for the list anew, with the filter and order as they are. Where every letter of a filter costs a walk over
    /// the whole store, it waits for the next letter first.
    pub fn list_streams(&mut self) {
        if self.lists_by_name() {
            self.survey_for_names();
        }
        let is_dear = self.groups.value().is_some_and(|listed| !listed.is_cheap) && !self.survey.is_listed();
        let question = self.list_question(if is_dear { BETWEEN_LETTERS } else { Duration::ZERO });
        self.groups.ask(&self.engine, question);
    }

    pub(super) fn list_question(&self, pause: Duration) -> ListStreams {
        let filter = Some(self.filter.trim().to_owned()).filter(|filter| !filter.is_empty());
        let totals = self.groups.value().map(|listed| listed.totals.clone()).unwrap_or_default();
        let most = if self.groups.value().is_some() { STREAMS_LISTED } else { STREAMS_LISTED_FIRST };
        let (counts, survey) = (self.counts.clone(), self.survey.clone());
        ListStreams { filter, order: self.order, most, pause, totals, counts, survey }
    }

    /// Looks at a stream; the one before it stays on screen until this one has come.
    pub fn select(&mut self, stream: StreamId) {
        if self.view.as_ref().is_some_and(|view| view.stream == stream) {
            return;
        }
        if self.draft.as_ref().is_some_and(|draft| draft.stream != stream) {
            self.leave_draft();
        }
        self.leave_branch();
        let mut next = StreamView::new(&self.engine, stream);
        if let Some(view) = &self.view {
            next.keep_filters_of(view);
        }
        if let Some(projection) = &self.begins_under {
            next.begin_under(&self.engine, projection);
        }
        let before = self.view.replace(next);
        self.leaving = before.filter(|view| !view.is_empty()).or(self.leaving.take());
    }

    /// Back to what the whole store holds.
    pub fn unselect(&mut self) {
        self.leave_draft();
        self.leave_branch();
        if let Some(view) = &self.view {
            self.greeting.came_from = view.recorded_at();
        }
        self.view = None;
        self.leaving = None;
    }

    /// What there is to draw of a stream, and whether another one is on its way in its place.
    pub fn on_screen(&self) -> (Option<&StreamView>, bool) {
        match (&self.view, &self.leaving) {
            (Some(view), Some(leaving)) if view.is_empty() => (Some(leaving), true),
            (view, _) => (view.as_ref(), false),
        }
    }

    /// The same with what is compared beside it.
    pub fn on_screen_mut(&mut self) -> OnScreen<'_> {
        let view = match (&mut self.view, &mut self.leaving) {
            (Some(view), Some(leaving)) if view.is_empty() => Some(leaving),
            (view, _) => view.as_mut(),
        };
        let Self { comparing, causes, pins, labels, branching, .. } = self;
        let open = branching.open_mut().filter(|open| view.as_ref().is_some_and(|view| view.stream == open.stream));
        OnScreen { view, open, comparing, causes, pins, labels }
    }

    /// Makes ready what a comparison shows, and asks for what it lacks.
    pub fn compare(&mut self) {
        let Self { engine, labels, view, leaving, comparing, pins, .. } = self;
        let is_leaving = leaving.is_some() && view.as_ref().is_some_and(StreamView::is_empty);
        let shown = if is_leaving { leaving } else { view };
        labels.want(engine, comparing.streams(pins).iter());
        if let Some(view) = shown {
            comparing.prepare(engine, view, pins);
        }
    }

    /// Makes ready what led to the event at the cursor and what it led to, and asks for what that lacks.
    pub fn trace(&mut self) {
        let Self { engine, labels, view, causes, signs, .. } = self;
        if let Some(view) = view.as_ref().filter(|view| !view.is_empty()) {
            causes.prepare(engine, view, signs);
        }
        let lanes = causes.lanes().map(|lanes| lanes.lanes.as_slice()).unwrap_or_default();
        labels.want(engine, lanes.iter().map(|lane| &lane.stream).chain(causes.choice.offered()));
    }

    /// Lays a stream beside those that belong together.
    pub fn add_lane(&mut self, stream: StreamId) {
        self.causes.lay_beside(&self.engine, stream);
    }

    /// What is shown of a stream is not any more what the store has.
    pub fn has_lost_stream(&self) -> bool {
        self.view.as_ref().is_some_and(StreamView::is_lost)
    }

    /// The address of what is looked at, to be sent to somebody.
    pub fn link(&self) -> Option<Link> {
        let view = self.view.as_ref()?;
        if self.divided.is_some() {
            let (stream, at) = self.home_of(&view.stream, view.version()?)?;
            return Some(Link { source: self.source.clone(), stream: Some(stream), at: Some(at) });
        }
        Some(Link { source: self.source.clone(), stream: Some(view.stream.clone()), at: view.version() })
    }
}

/// The stream that there is to draw, with what is compared beside it.
#[derive(Debug)]
pub struct OnScreen<'a> {
    pub view: Option<&'a mut StreamView>,
    /// The branch that is looked at in place of its history.
    pub open: Option<&'a mut OpenBranch>,
    pub comparing: &'a mut Comparing,
    pub causes: &'a mut CausesView,
    pub pins: &'a [Option<Pin>; 2],
    pub labels: &'a Labels,
}
