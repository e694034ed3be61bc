use std::collections::BTreeMap;

use serde_json::Value;

use super::open_store::{Opener, Trouble};
use super::{Described, Moment, describe, load_timeline};
use crate::domain::as_read;
use crate::event::{EventRow, Metadata, RecordedEvent, StreamId, Version};
use crate::jobs::{Job, Loading, Wake};
use crate::projection::{Builtin, leaves};
use crate::replay::{Index, Timeline};
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
    pub pins: [Option<Index>; 2],
    event: Loading<EventDetail, Trouble>,
    shown: Option<Shown>,
    compared: Option<Compared>,
}

#[derive(Debug)]
pub struct Loaded {
    pub described: Described,
    pub builtin: Builtin,
    pub timeline: Box<dyn Timeline>,
    /// Who recorded each event: an index into the names.
    actors: Vec<u32>,
    actor_names: Vec<String>,
}

/// An event with all that is shown of it.
#[derive(Clone, Debug)]
pub struct EventDetail {
    pub event: RecordedEvent,
    pub metadata: Metadata,
    /// Today's name and shape.
    pub read_type: String,
    pub read_schema: u32,
    pub read_payload: String,
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
    rows: Vec<StateRow>,
}

/// What comparing the pins draws, made once for each pair of places.
#[derive(Debug)]
struct Compared {
    projection: usize,
    pins: [Index; 2],
    rows: Vec<DiffRow>,
}

/// One field at the two pinned moments.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffRow {
    pub field: String,
    pub before: String,
    pub after: String,
    pub differs: bool,
    /// The event that made the difference.
    pub set_by: Option<Version>,
}

/// One field of the state at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct StateRow {
    pub field: String,
    /// Empty where there is none.
    pub value: String,
    /// The value before the event at the cursor, if that event changed it.
    pub was: Option<String>,
    /// The event removed the field; it is shown for this one step.
    pub is_removed: bool,
    /// The version of the event that gave the field this value.
    pub set_by: Option<Version>,
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
            pins: [None; 2],
            event: Loading::default(),
            shown: None,
            compared: None,
        };
        view.load(0);
        view
    }

    /// Begins to load the stream under its n-th projection, unless that was asked for before.
    fn load(&mut self, number: usize) {
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
    }

    fn request(&mut self, number: usize) {
        let (stream, opener) = (self.stream.clone(), self.opener.clone());
        let job = Job::start("reading events", &self.wake, move |ticket| -> Result<Loaded, Trouble> {
            let reader = opener()?;
            let described = describe(reader.as_ref(), &stream)?;
            let builtin = Builtin::for_aggregate(described.aggregate)[number];
            ticket.set_total(described.row.events);
            let go_on = || if ticket.is_cancelled() { Flow::Break(()) } else { Flow::Continue(()) };
            let timeline = load_timeline(reader.as_ref(), &described, builtin, &mut |count| {
                ticket.set_done(count);
                go_on()
            })?;
            let (mut actors, mut actor_names) = (Vec::with_capacity(timeline.heads().len()), vec![String::new()]);
            let only_metadata = Query::stream(stream).columns(Columns { payload: false, metadata: true });
            reader.visit_events(&only_metadata, &mut |row: &EventRow<'_>| {
                let name = Metadata::parse(row.metadata).actor.unwrap_or_default();
                let known = actor_names.iter().position(|known| *known == name).unwrap_or_else(|| {
                    actor_names.push(name);
                    actor_names.len() - 1
                });
                actors.push(known as u32);
                go_on()
            })?;
            Ok(Loaded { described, builtin, timeline, actors, actor_names })
        });
        self.timelines.entry(number).or_default().request(job);
    }

    /// Stands at this moment as soon as the stream has come.
    pub fn start_at(&mut self, moment: Moment) {
        self.start = Some(moment);
    }

    /// The projections that this stream offers.
    pub fn projections(&self) -> &'static [Builtin] {
        self.base().map_or(&[], |loaded| Builtin::for_aggregate(loaded.described.aggregate))
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
        let name = self.base().and_then(|loaded| loaded.actor_names.get(*loaded.actors.get(index)? as usize));
        name.map_or("", String::as_str)
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
            let gone = || Trouble(format!("version {version} of {stream} is not there any more; open the store again"));
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
                read_payload: serde_json::to_string_pretty(&read.payload).unwrap_or_default(),
                stored_payload: text(&event.payload),
                stored_metadata: text(&event.metadata),
                metadata,
                caused_by,
                led_to,
                event,
            })
        }));
    }

    /// The state at the cursor, field by field. Made anew only when the cursor or the projection has moved.
    pub fn state_rows(&mut self) -> &[StateRow] {
        let Some((number, loaded)) = self.current() else { return &[] };
        let Some(index) = self.cursor else { return &[] };
        let is_made = self.shown.as_ref().is_some_and(|shown| shown.projection == number && shown.index == index);
        if !is_made {
            let rows = state_rows(loaded.timeline.as_ref(), index);
            self.shown = Some(Shown { projection: number, index, rows });
        }
        self.shown.as_ref().map_or(&[], |shown| &shown.rows)
    }

    /// The versions of the two pins.
    pub fn pinned_versions(&self) -> [Option<Version>; 2] {
        let version = |index: Index| Some(self.base()?.timeline.heads().get(index)?.version);
        self.pins.map(|pin| pin.and_then(version))
    }

    /// Every field at both pins, in the order of the state. Made anew only when a pin or the projection has moved.
    pub fn diff_rows(&mut self) -> &[DiffRow] {
        let [Some(a), Some(b)] = self.pins else { return &[] };
        let Some((number, loaded)) = self.current() else { return &[] };
        let is_made = self.compared.as_ref().is_some_and(|made| made.projection == number && made.pins == [a, b]);
        if !is_made {
            let rows = diff_rows(loaded.timeline.as_ref(), a, b);
            self.compared = Some(Compared { projection: number, pins: [a, b], rows });
        }
        self.compared.as_ref().map_or(&[], |made| &made.rows)
    }

    pub(super) fn poll(&mut self) -> bool {
        let mut is_new = self.event.poll();
        for loading in self.timelines.values_mut() {
            is_new |= loading.poll();
        }
        if is_new {
            // What was made from the history as it stood before.
            self.shown = None;
            self.compared = None;
        }
        if self.cursor.is_none() && !self.is_empty() {
            let start = self.start.take().and_then(|moment| moment.index_in(self.base()?.timeline.as_ref()));
            self.go_to(start.unwrap_or(usize::MAX));
        }
        is_new
    }
}

fn state_rows(timeline: &dyn Timeline, index: Index) -> Vec<StateRow> {
    let changes = timeline.changes(index);
    let mut rows = Vec::new();
    leaves(&timeline.show(Some(index)), &mut |path, value| {
        // A value is lit where it changed itself, or came with what contains it.
        let change = changes.iter().find(|change| is_within(path, &change.field));
        let was = change.map(|change| if change.field == path { text(&change.before) } else { String::new() });
        let is_bookkeeping = timeline.bookkeeping().contains(&path);
        let set_by = if is_bookkeeping { Some(index) } else { timeline.set_by(index, path) };
        let set_by = set_by.map(|index| timeline.heads()[index].version);
        rows.push(StateRow { field: path.to_owned(), value: text(value), was, is_removed: false, set_by });
    });
    for change in changes.iter().filter(|change| change.after.is_null()) {
        match rows.iter_mut().find(|row| row.field == change.field) {
            Some(row) => row.is_removed = true,
            None => rows.push(StateRow {
                field: change.field.clone(),
                value: String::new(),
                was: Some(text(&change.before)),
                is_removed: true,
                set_by: Some(timeline.heads()[index].version),
            }),
        }
    }
    rows
}

fn diff_rows(timeline: &dyn Timeline, a: Index, b: Index) -> Vec<DiffRow> {
    let changes = timeline.diff(Some(a), Some(b));
    let mut rows: Vec<DiffRow> = changes
        .iter()
        .map(|(change, set_by)| DiffRow {
            field: change.field.clone(),
            before: text(&change.before),
            after: text(&change.after),
            differs: true,
            set_by: set_by.map(|index| timeline.heads()[index].version),
        })
        .collect();
    leaves(&timeline.show(Some(b)), &mut |path, value| {
        if !changes.iter().any(|(change, _)| is_within(path, &change.field)) {
            let value = text(value);
            let field = path.to_owned();
            // Bookkeeping differs with every event, and says nothing; it stands as it is at B.
            rows.push(DiffRow { field, before: value.clone(), after: value, differs: false, set_by: None });
        }
    });
    rows
}

fn is_within(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
