use std::collections::BTreeMap;

use super::loaded::{Loaded, load_job};
use super::open_store::Opener;
use super::rows::{StateRow, StateRows};
use super::trouble::Trouble;
use serde_json::Value;

use super::{HistoryFilter, Moment};
use crate::domain::as_read;
use crate::event::{Metadata, RecordedEvent, StreamId, Timestamp, Version};
use crate::jobs::{Job, Loading, Wake};
use crate::replay::{Index, ProjectionRef, registry};
use crate::store::{Columns, Flow, Query};

/// A stream that is looked at: its history under one projection, and the one cursor that everything follows.
pub struct StreamView {
    pub stream: StreamId,
    opener: Opener,
    wake: Wake,
    /// Under which projections it was loaded so far; the first is the one that knows its rules.
    timelines: BTreeMap<usize, Loading<Loaded, Trouble>>,
    wanted: usize,
    cursor: Option<Index>,
    /// Where to stand once the stream has come.
    start: Option<Moment>,
    event: Loading<EventDetail, Trouble>,
    shown: Option<Shown>,
    pub history_filter: HistoryFilter,
    /// How often something of the stream has come; what was made before is out of date.
    pub(super) readings: u64,
}

/// An event with all that is shown of it.
#[derive(Clone, Debug)]
pub struct EventDetail {
    pub event: RecordedEvent,
    pub metadata: Metadata,
    /// Today's name and shape.
    pub read_type: String,
    pub read_schema: u32,
    pub read_payload: Value,
    pub stored_payload: String,
    pub stored_metadata: String,
    /// The events before and after it in the chain of causes, where they lie in this stream.
    pub caused_by: Option<Version>,
    pub led_to: Vec<Version>,
}

/// Effects lie close behind their cause: a look at the next few events finds what a person would follow.
const LOOKED_AT: u64 = 200;

/// What the state panel draws, made once for each place of the cursor.
#[derive(Debug)]
struct Shown {
    projection: usize,
    index: Index,
    rows: StateRows,
    /// How many of them are lit.
    changed: usize,
}

impl std::fmt::Debug for StreamView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamView").field("stream", &self.stream).field("cursor", &self.cursor).finish_non_exhaustive()
    }
}

impl StreamView {
    pub(super) fn new(stream: StreamId, opener: Opener, wake: Wake) -> Self {
        let mut view = Self {
            stream,
            opener,
            wake,
            timelines: BTreeMap::new(),
            wanted: 0,
            cursor: None,
            start: None,
            event: Loading::default(),
            shown: None,
            history_filter: HistoryFilter::default(),
            readings: 0,
        };
        view.load(0);
        view
    }

    /// Begins to load the stream under its n-th projection, unless that was asked for before.
    pub(super) fn load(&mut self, number: usize) {
        if self.timelines.contains_key(&number) {
            return;
        }
        self.request(number);
    }

    /// Reads everything anew that was read so far; the cursor stays, since events are only ever added behind it.
    pub(super) fn reload(&mut self) {
        let numbers: Vec<usize> = self.timelines.keys().copied().collect();
        for number in numbers {
            self.request(number);
        }
        self.load_event();
    }

    fn request(&mut self, number: usize) {
        let job = load_job(self.stream.clone(), number, self.opener.clone(), &self.wake);
        self.timelines.entry(number).or_default().request(job);
    }

    /// Stands at this moment, or as soon as the stream has come.
    pub fn start_at(&mut self, moment: Moment) {
        match self.base().map(|loaded| moment.index_in(loaded.timeline.as_ref())) {
            None => self.start = Some(moment),
            Some(index) => index.into_iter().for_each(|index| self.go_to(index)),
        }
    }

    /// The projections that this stream offers.
    pub fn projections(&self) -> &'static [ProjectionRef] {
        self.base().map_or(&[], |loaded| registry().of_aggregate(loaded.described.aggregate))
    }

    pub fn projection_number(&self) -> usize {
        self.wanted
    }

    pub fn set_projection(&mut self, number: usize) {
        if number < self.projections().len() {
            self.wanted = number;
            self.load(number);
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
        let wanted = self.timelines.get(&self.wanted).and_then(Loading::value).map(|loaded| (self.wanted, loaded));
        wanted.or_else(|| self.base().map(|loaded| (0, loaded)))
    }

    pub fn trouble(&self) -> Option<&Trouble> {
        self.timelines.values().find_map(Loading::error).or(self.event.error())
    }

    pub fn progress(&self) -> Option<crate::jobs::Progress> {
        self.timelines.values().find_map(Loading::progress)
    }

    pub fn cancel(&mut self) {
        self.timelines.values_mut().for_each(Loading::cancel);
    }

    pub fn is_loading(&self) -> bool {
        self.timelines.values().any(Loading::is_loading) || self.event.is_loading()
    }

    pub fn len(&self) -> usize {
        self.base().map_or(0, |loaded| loaded.timeline.heads().len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The version that the cursor stands at.
    pub fn version(&self) -> Option<Version> {
        Some(self.base()?.timeline.heads().get(self.cursor?)?.version)
    }

    /// When the event at the cursor was recorded.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.base()?.timeline.heads().get(self.cursor?)?.recorded_at
    }

    pub fn cursor(&self) -> Option<Index> {
        self.cursor
    }

    /// Moves the cursor, to the nearest event where there is none at this place.
    pub fn go_to(&mut self, index: Index) {
        let Some(last) = self.len().checked_sub(1) else { return };
        let index = index.min(last);
        if self.cursor != Some(index) {
            self.cursor = Some(index);
            self.load_event();
        }
    }

    pub fn step(&mut self, by: isize) {
        if let Some(cursor) = self.cursor {
            self.go_to(cursor.saturating_add_signed(by));
        }
    }

    pub fn actor(&self, index: Index) -> &str {
        self.base().map_or("", |loaded| loaded.actor(index))
    }

    pub fn event(&self) -> &Loading<EventDetail, Trouble> {
        &self.event
    }

    fn load_event(&mut self) {
        let Some((index, loaded)) = self.cursor.zip(self.base()) else { return };
        let Some(head) = loaded.timeline.heads().get(index) else { return };
        let (stream, version, aggregate) = (self.stream.clone(), head.version, loaded.described.aggregate);
        let opener = self.opener.clone();
        self.event.request(Job::start("reading the event", &self.wake, move |_| -> Result<EventDetail, Trouble> {
            let reader = opener()?;
            let gone =
                || Trouble::new(format!("version {version} of {stream} is not there any more; open the store again"));
            let event = reader.event_at(&stream, version)?.ok_or_else(gone)?;
            let metadata = event.metadata();
            let read = as_read(aggregate, event.event_type.as_str(), event.schema, &event.payload);
            let cause = metadata.causation_id.as_deref().map(crate::event::EventId::new);
            let cause = cause.map(|id| reader.event_by_id(&id)).transpose()?.flatten();
            let caused_by = cause.filter(|cause| cause.stream == stream).map(|cause| cause.version);
            let mut led_to = Vec::new();
            let own_id = event.id.to_string();
            let behind = Query::stream(stream.clone()).between(Some(Version(version.0 + 1)), None).limit(LOOKED_AT);
            reader.visit_events(&behind.columns(Columns { payload: false, metadata: true }), &mut |row| {
                if Metadata::parse(row.metadata).causation_id.as_deref() == Some(&own_id) {
                    led_to.push(row.version);
                }
                Flow::Continue(())
            })?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Ok(EventDetail {
                read_type: read.event_type,
                read_schema: read.schema,
                read_payload: read.payload,
                stored_payload: text(&event.payload),
                stored_metadata: text(&event.metadata),
                metadata,
                caused_by,
                led_to,
                event,
            })
        }));
    }

    /// Looks on for the events that the history's filter wants. Says whether there is more to look at.
    pub fn filter_history(&mut self) -> bool {
        let Some(loaded) = self.timelines.get(&0).and_then(Loading::value) else { return false };
        self.history_filter.advance(loaded, self.readings)
    }

    /// Makes the state at the cursor ready to be shown, field by field. Made anew only when the cursor or the
    /// projection has moved. Answers how many rows there are, and how many of them are lit.
    pub fn prepare_state(&mut self) -> (usize, usize) {
        let Some((number, loaded)) = self.current() else { return (0, 0) };
        let Some(index) = self.cursor else { return (0, 0) };
        let is_made = self.shown.as_ref().is_some_and(|shown| shown.projection == number && shown.index == index);
        if !is_made {
            let rows = StateRows::new(loaded.timeline.as_ref(), index);
            let changed = rows.changed();
            self.shown = Some(Shown { projection: number, index, rows, changed });
        }
        self.shown.as_ref().map_or((0, 0), |shown| (shown.rows.len(), shown.changed))
    }

    /// One row of what was prepared.
    pub fn state_row(&self, place: usize) -> Option<StateRow> {
        let (_, loaded) = self.current()?;
        self.shown.as_ref()?.rows.row(loaded, place)
    }

    pub(super) fn poll(&mut self) -> bool {
        let mut is_read_anew = false;
        for loading in self.timelines.values_mut() {
            is_read_anew |= loading.poll();
        }
        if is_read_anew {
            // What was made from the history as it stood before.
            self.shown = None;
            self.readings += 1;
        }
        if self.cursor.is_none() && !self.is_empty() {
            let start = self.start.take().and_then(|moment| moment.index_in(self.base()?.timeline.as_ref()));
            self.go_to(start.unwrap_or(usize::MAX));
        }
        self.event.poll() | is_read_anew
    }
}
