//! A stream on screen.

mod moving;
mod state_lines;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::changes::{FieldHistory, FieldValue, KeptChanges, RowChanges};
use super::loaded::{ContinueStream, LoadStream, Loaded};
use super::rows::{StateFilter, StateRows};
use super::{HistoryFilter, Noting, ReadEvent, Signs, Span, UserError};
use crate::engine::{Asked, Cause, Continued, Engine, Moment, StoreChange, Tool};
use crate::event::{Head, StreamId, Timestamp, Version};
use crate::replay::{Finding, Index, ProjectionRef};
use crate::workspace::Note;

/// A stream that is looked at: its history under one projection, and the one cursor that everything follows.
pub struct StreamView {
    pub stream: StreamId,
    /// Under which projections it was loaded so far; the first is the one that knows its rules.
    timelines: BTreeMap<usize, Asked<LoadStream>>,
    /// What came behind it since.
    news: Asked<ContinueStream>,
    /// Something came while it was being read, which that reading need not have seen.
    is_behind: bool,
    wanted: usize,
    cursor: Option<Index>,
    /// Where to stand once the stream has come.
    start: Option<Moment>,
    /// Where to go once it has been appended.
    awaited: Option<Version>,
    event: Asked<ReadEvent>,
    /// Which event is to be read, as soon as the store can be asked.
    wants_event: bool,
    shown: Option<Shown>,
    changes: KeptChanges,
    field_history: Option<FieldHistory>,
    pub history_filter: HistoryFilter,
    /// The part that the timeline shows, where that is not the whole.
    span: Option<Span>,
    pub state_filter: StateFilter,
    /// What of the state is unfolded.
    open_groups: BTreeSet<String>,
    most_lines: usize,
    /// What was noted about its events, by the notes of this revision.
    notes: (u64, Rc<BTreeMap<Version, Note>>),
    /// How its events are told apart by their types.
    pub(super) signs: Signs,
    /// How often the stream was read from its beginning; what was found in it before is out of date.
    readings: u64,
    /// Raised whenever anything of it has come.
    pub(super) revision: u64,
}

/// What the state panel draws, made once for each place of the cursor.
#[derive(Debug)]
struct Shown {
    projection: usize,
    index: Index,
    rows: StateRows,
}

impl std::fmt::Debug for StreamView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamView").field("stream", &self.stream).field("cursor", &self.cursor).finish_non_exhaustive()
    }
}

impl StreamView {
    pub(super) fn new(engine: &Engine, stream: StreamId) -> Self {
        let mut view = Self {
            stream,
            timelines: BTreeMap::new(),
            news: Asked::default(),
            is_behind: false,
            wanted: 0,
            cursor: None,
            start: None,
            awaited: None,
            event: Asked::default(),
            wants_event: false,
            shown: None,
            changes: KeptChanges::default(),
            field_history: None,
            history_filter: HistoryFilter::default(),
            span: None,
            state_filter: StateFilter::default(),
            open_groups: BTreeSet::new(),
            most_lines: 0,
            notes: (0, Rc::default()),
            signs: Signs::default(),
            readings: 0,
            revision: 0,
        };
        view.load(engine, 0);
        view
    }

    /// The event at the cursor.
    pub fn head(&self) -> Option<&Head> {
        self.base()?.timeline.heads().get(self.cursor()?)
    }

    pub(super) fn take_notes(&mut self, noting: &Noting) {
        if self.notes.0 != noting.revision() {
            self.notes = (noting.revision(), Rc::new(noting.of_stream(&self.stream)));
        }
    }

    /// What was noted about this event; what was noted about another that stood in its place is not.
    pub fn note_on(&self, head: &Head) -> Option<&Note> {
        self.notes.1.get(&head.version).filter(|note| note.id == head.id)
    }

    /// Every version with a note.
    pub fn noted(&self) -> impl Iterator<Item = Version> {
        self.notes.1.keys().copied()
    }

    /// What somebody looks for in one stream, they look for in the next, until they clear it.
    pub(super) fn keep_filters_of(&mut self, before: &Self) {
        self.history_filter = HistoryFilter::of(before.history_filter.text.clone());
        self.state_filter = before.state_filter.clone();
        self.open_groups.clone_from(&before.open_groups);
    }

    /// Begins to load the stream under its n-th projection, unless that was asked for before.
    pub(super) fn load(&mut self, engine: &Engine, number: usize) {
        if !self.timelines.contains_key(&number) {
            self.request(engine, number, Cause::User);
        }
    }

    pub(super) fn request(&mut self, engine: &Engine, number: usize, cause: Cause) {
        let question = LoadStream { stream: self.stream.clone(), number };
        self.timelines.entry(number).or_default().ask_because(engine, question, cause);
    }

    /// What it was read under, by the number of each.
    pub(super) fn loaded_mut(&mut self) -> impl Iterator<Item = (&usize, &mut Asked<LoadStream>)> {
        self.timelines.iter_mut()
    }

    /// The projections have other numbers now; what has none is forgotten.
    pub(super) fn move_projections(&mut self, place: &dyn Fn(usize) -> Option<usize>) {
        let moved = std::mem::take(&mut self.timelines).into_iter();
        self.timelines = moved.filter_map(|(number, asked)| Some((place(number)?, asked))).collect();
        self.wanted = place(self.wanted).unwrap_or(0);
        self.field_history.take_if(|field| place(field.number) != Some(field.number));
        self.shown = None;
    }

    /// Reads everything anew that was read so far.
    fn reload(&mut self, engine: &Engine, cause: Cause) {
        let numbers: Vec<usize> = self.timelines.keys().copied().collect();
        for number in numbers {
            self.request(engine, number, cause);
        }
        self.wants_event = true;
    }

    /// Asks again for what failed or was stopped.
    pub(super) fn retry(&mut self, engine: &Engine) {
        self.timelines.values_mut().for_each(|asked| asked.retry(engine));
        self.news.retry(engine);
        self.wants_event = self.event.error().is_some();
    }

    pub(super) fn try_failed_again(&mut self, engine: &Engine) {
        self.timelines.values_mut().for_each(|asked| asked.again_if_failed(engine));
        self.event.again_if_failed(engine);
        if self.news.error().is_some() {
            self.ask_for_news(engine);
        }
    }

    /// Reads what came behind it, if this change touches it.
    pub(super) fn follow(&mut self, engine: &Engine, change: &StoreChange) {
        if *change == StoreChange::Replaced {
            self.reload(engine, Cause::Store);
        } else if change.touches(&self.stream) {
            self.is_behind |= self.timelines.values().any(Asked::is_loading);
            self.ask_for_news(engine);
        }
    }

    /// From where the shortest of its histories ends.
    fn ask_for_news(&mut self, engine: &Engine) {
        let ends = self.timelines.values().filter_map(Asked::value).map(Loaded::end);
        let Some(after) = ends.min_by_key(|end| end.as_ref().map(|(version, _)| *version)) else { return };
        let question = ContinueStream { stream: self.stream.clone(), after };
        self.news.ask_because(engine, question, Cause::Store);
    }

    /// Stands at this moment, or as soon as the stream has come.
    pub fn start_at(&mut self, moment: Moment) {
        match self.base().map(|loaded| moment.index_in(loaded.timeline.as_ref())) {
            None => self.start = Some(moment),
            Some(index) => index.into_iter().for_each(|index| self.go_to(index)),
        }
    }

    /// Goes to a version that was just appended: now, or as soon as it has come.
    pub(super) fn go_to_when_there(&mut self, version: Version) {
        match self.base().and_then(|loaded| loaded.timeline.index_of(version)) {
            Some(index) => self.go_to(index),
            None => self.awaited = Some(version),
        }
    }

    /// When the event at the cursor was recorded.
    pub fn recorded_at(&self) -> Option<Timestamp> {
        self.base()?.timeline.heads().get(self.cursor?)?.recorded_at
    }

    /// When its first and its last event were recorded, as far as that is known.
    pub fn ends(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let heads = self.base().map_or(&[][..], |loaded| loaded.timeline.heads());
        (heads.first().and_then(|head| head.recorded_at), heads.last().and_then(|head| head.recorded_at))
    }

    /// The projections that this stream offers.
    pub fn projections(&self) -> &[ProjectionRef] {
        self.base().map_or(&[], |loaded| &loaded.offered)
    }

    pub fn projection_number(&self) -> usize {
        self.wanted
    }

    pub fn set_projection(&mut self, engine: &Engine, number: usize) {
        if number < self.projections().len() {
            self.wanted = number;
            self.most_lines = 0;
            self.load(engine, number);
        }
    }

    /// The same as soon as the stream has come.
    pub(super) fn show_under(&mut self, engine: &Engine, number: usize) {
        match self.base() {
            Some(_) => self.set_projection(engine, number),
            None => self.wanted = number,
        }
    }

    /// The same by its name, where streams without rules of their own offer it.
    pub(super) fn begin_under(&mut self, engine: &Engine, projection: &str) {
        let known = engine.offers().registry();
        let number = known.of_aggregate(None).iter().position(|offered| offered.name() == projection);
        if let Some(number) = number {
            self.show_under(engine, number);
        }
    }

    /// The history as loaded first; it knows the rules.
    pub fn base(&self) -> Option<&Loaded> {
        self.timelines.get(&0)?.value()
    }

    /// The history under the n-th projection, once it has come.
    pub(super) fn loaded(&self, number: usize) -> Option<&Loaded> {
        self.timelines.get(&number)?.value()
    }

    /// The history under the projection that is shown; the first one until it has come.
    fn current(&self) -> Option<(usize, &Loaded)> {
        let wanted = self.timelines.get(&self.wanted).and_then(Asked::value).map(|loaded| (self.wanted, loaded));
        wanted.or_else(|| self.base().map(|loaded| (0, loaded)))
    }

    /// The history under the projection that is shown.
    pub fn shown_loaded(&self) -> Option<&Loaded> {
        self.current().map(|(_, loaded)| loaded)
    }

    /// The category of its streams, once it has come.
    pub fn category(&self) -> Option<&str> {
        self.base().map(|loaded| loaded.described.row.category.as_str())
    }

    /// Every question that is asked for it.
    pub(super) fn tools(&self) -> impl Iterator<Item = &dyn Tool<Error = UserError>> {
        let timelines = self.timelines.values().map(|asked| asked as &dyn Tool<Error = UserError>);
        timelines.chain([&self.news as &dyn Tool<Error = UserError>, &self.event])
    }

    pub fn error(&self) -> Option<&UserError> {
        self.tools().find_map(Tool::error)
    }

    /// The store has this stream no longer, or it cannot be read: what is shown is what it was.
    pub fn is_lost(&self) -> bool {
        self.timelines.values().any(|asked| asked.error().is_some()) || self.news.error().is_some()
    }

    pub(super) fn cancel(&mut self) {
        self.timelines.values_mut().for_each(Asked::cancel);
        self.news.cancel();
    }

    pub fn is_loading(&self) -> bool {
        self.tools().any(Tool::is_loading)
    }

    pub fn len(&self) -> usize {
        self.base().map_or(0, |loaded| loaded.timeline.heads().len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn actor(&self, index: Index) -> &str {
        self.base().map_or("", |loaded| loaded.actor(index))
    }

    /// The number of the sign that events of this type have here.
    pub fn sign_of(&self, event_type: &str) -> usize {
        self.signs.of(event_type)
    }

    pub fn reason(&self, index: Index) -> &str {
        self.base().map_or("", |loaded| loaded.reason(index))
    }

    /// Another number whenever something of it has come.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn event(&self) -> &Asked<ReadEvent> {
        &self.event
    }

    fn read_event(&mut self, engine: &Engine) {
        let Some((index, loaded)) = self.cursor.zip(self.base()) else { return };
        let Some(head) = loaded.timeline.heads().get(index) else { return };
        let aggregate = loaded.described.aggregate;
        let question = ReadEvent { stream: self.stream.clone(), version: head.version, aggregate };
        self.event.ask(engine, question);
    }

    /// Looks on for the events that the history's filter wants, with times as they are in the zone of this name, where
    /// clocks are so many seconds ahead of UTC. Says whether there is more to look at.
    pub fn filter_history(&mut self, zone: &'static str, offset: &dyn Fn(Timestamp) -> i64) -> bool {
        let Some(loaded) = self.timelines.get(&0).and_then(Asked::value) else { return false };
        self.history_filter.advance(loaded, self.readings, zone, offset)
    }

    /// What the event at `index` changed under the projection that is shown, with the values. Made when a row shows it,
    /// and kept while it may.
    pub fn changes_at(&self, index: Index) -> Rc<RowChanges> {
        self.current().map(|(number, loaded)| self.changes.at(number, loaded, index)).unwrap_or_default()
    }

    /// What is wrong with the event at `index`, or what the projection that is shown could not make of it.
    pub fn finding_at(&self, index: Index) -> Option<&Finding> {
        let both = [self.base(), self.shown_loaded()];
        both.into_iter().flatten().find_map(|loaded| loaded.timeline.finding_at(index))
    }

    /// Looks at one field through the whole stream, under its n-th projection.
    pub fn open_field(&mut self, number: usize, path: String) {
        let Some(loaded) = self.loaded(number) else { return };
        self.field_history = Some(FieldHistory::new(path, number, loaded.timeline.as_ref(), self.revision));
    }

    pub fn close_field(&mut self) {
        self.field_history = None;
    }

    /// The field that is looked at, with what has come since.
    pub fn field_history(&mut self) -> Option<&FieldHistory> {
        let revision = self.revision;
        if let Some(old) = self.field_history.take_if(|field| !field.is_of(revision)) {
            let loaded = self.loaded(old.number)?;
            self.field_history = Some(FieldHistory::new(old.path, old.number, loaded.timeline.as_ref(), revision));
        }
        self.field_history.as_ref()
    }

    /// One value of the field that is looked at.
    pub fn field_value(&self, place: usize) -> Option<FieldValue> {
        let field = self.field_history.as_ref()?;
        field.value(self.loaded(field.number)?.timeline.as_ref(), place)
    }

    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        let mut is_read_anew = false;
        for asked in self.timelines.values_mut() {
            is_read_anew |= asked.poll(engine);
        }
        let has_grown = self.news.poll(engine) && self.grow(engine);
        if is_read_anew {
            self.readings += 1;
        }
        if is_read_anew || has_grown {
            // What was made from the history as it stood before.
            self.shown = None;
            self.changes.clear();
            self.revision += 1;
            self.stay_within();
            if is_read_anew {
                // They may have become others while it was read.
                let registry = engine.offers().registry();
                self.take_projections(engine, &registry);
            }
            if is_read_anew && std::mem::take(&mut self.is_behind) {
                self.ask_for_news(engine);
            }
            if let Some(version) = self.awaited.take() {
                self.go_to_when_there(version);
            }
        }
        if self.cursor.is_none() && !self.is_empty() {
            let start = self.start.take().and_then(|moment| moment.index_in(self.base()?.timeline.as_ref()));
            self.go_to(start.unwrap_or(usize::MAX));
            let wanted = std::mem::take(&mut self.wanted);
            self.set_projection(engine, wanted);
        }
        if std::mem::take(&mut self.wants_event) {
            self.read_event(engine);
        }
        self.event.poll(engine) | is_read_anew | has_grown
    }

    /// Takes in what came behind. Says whether that was anything.
    fn grow(&mut self, engine: &Engine) -> bool {
        match self.news.take() {
            Some(Continued::Grew(batches)) => {
                let loaded = self.timelines.values_mut().filter_map(Asked::value_mut);
                loaded.fold(false, |has_grown, loaded| loaded.grow(&batches) | has_grown)
            }
            Some(Continued::Replaced) => {
                self.reload(engine, Cause::User);
                false
            }
            None => false,
        }
    }

    /// The stream may have become shorter under the cursor.
    fn stay_within(&mut self) {
        let last = self.len().checked_sub(1);
        let cursor = self.cursor.zip(last).map(|(cursor, last)| cursor.min(last));
        self.wants_event |= cursor != self.cursor;
        self.cursor = cursor;
    }
}
