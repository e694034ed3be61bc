use std::fmt;

use serde::Serialize;

use crate::event::{EventId, EventType, LinkKind, Links, Position, StreamId, StreamKey, Timestamp, Version};

/// Which events to visit, in which order, with which of their columns.
#[derive(Clone, Debug)]
pub struct Query {
    pub scope: Scope,
    pub direction: Direction,
    pub event_type: Option<EventType>,
    pub limit: Option<u64>,
    pub columns: Columns,
}

/// The bounds lie inside the scope, because a version means nothing across streams. Both ends are included.
#[derive(Clone, Debug)]
pub enum Scope {
    Store {
        from: Option<Position>,
        to: Option<Position>,
    },
    Category {
        name: String,
        from: Option<Position>,
        to: Option<Position>,
    },
    Stream {
        id: StreamId,
        from: Option<Version>,
        to: Option<Version>,
    },
    /// The events of any stream that name one of these ids, of which there may be [`LINKS_AT_ONCE`].
    Linked {
        by: LinkKind,
        ids: Vec<EventId>,
    },
}

/// More ids than these are asked for in turns.
pub const LINKS_AT_ONCE: usize = 500;

impl Scope {
    /// Whether an event with this metadata is one of the linked; of any other scope, nothing is.
    pub fn links_to(&self, metadata: &[u8]) -> bool {
        let Self::Linked { by, ids } = self else { return false };
        !ids.is_empty() && Links::of(metadata).get(*by).is_some_and(|id| ids.contains(id))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    #[default]
    Forward,
    Backward,
}

/// What costs something to fetch; the rest of a row always comes.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    pub payload: bool,
    pub metadata: bool,
}

impl Columns {
    pub const ALL: Self = Self { payload: true, metadata: true };
    pub const HEADS: Self = Self { payload: false, metadata: false };
}

impl Query {
    fn over(scope: Scope) -> Self {
        Self { scope, direction: Direction::Forward, event_type: None, limit: None, columns: Columns::ALL }
    }

    pub fn store() -> Self {
        Self::over(Scope::Store { from: None, to: None })
    }

    pub fn positions(from: Option<Position>, to: Option<Position>) -> Self {
        Self::over(Scope::Store { from, to })
    }

    pub fn category(name: impl Into<String>) -> Self {
        Self::over(Scope::Category { name: name.into(), from: None, to: None })
    }

    pub fn stream(id: StreamId) -> Self {
        Self::over(Scope::Stream { id, from: None, to: None })
    }

    /// What names one of these ids; each as [`EventId::meant_by`] gives it.
    pub fn linked(by: LinkKind, ids: Vec<EventId>) -> Self {
        Self::over(Scope::Linked { by, ids })
    }

    /// Bounds for a stream's versions; a query over another scope is left as it is.
    #[must_use]
    pub fn between(mut self, lowest: Option<Version>, highest: Option<Version>) -> Self {
        if let Scope::Stream { from, to, .. } = &mut self.scope {
            (*from, *to) = (lowest, highest);
        }
        self
    }

    #[must_use]
    pub fn backward(self) -> Self {
        Self { direction: Direction::Backward, ..self }
    }

    #[must_use]
    pub fn of_type(self, event_type: EventType) -> Self {
        Self { event_type: Some(event_type), ..self }
    }

    #[must_use]
    pub fn limit(self, limit: u64) -> Self {
        Self { limit: Some(limit), ..self }
    }

    #[must_use]
    pub fn columns(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }
}

/// Which streams to list.
#[derive(Clone, Debug, Default)]
pub struct StreamQuery {
    pub category: Option<String>,
    /// Part of the name, upper and lower case alike.
    pub filter: Option<String>,
    pub order: StreamOrder,
    pub limit: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamOrder {
    /// In the order in which they began.
    #[default]
    Began,
    /// The last changed first.
    Recent,
    Name,
    /// The longest first.
    Longest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StreamRow {
    #[serde(skip)]
    pub key: StreamKey,
    pub stream: StreamId,
    pub category: String,
    pub events: u64,
    pub first_version: Version,
    pub last_version: Version,
    pub first_at: Option<Timestamp>,
    pub last_at: Option<Timestamp>,
}

/// Who wrote a store's tables, or how its file is written. Each framework names itself in its own folder; the spelling
/// on the command line is a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framework(&'static str);

impl Framework {
    pub const FOLDLINE: Self = Self::named("foldline");
    pub const XES: Self = Self::named("xes");
    pub const CLOUD_EVENTS: Self = Self::named("cloudevents");
    pub const JSON: Self = Self::named("json");
    pub const CSV: Self = Self::named("csv");
    pub const MAPPED: Self = Self::named("mapped");

    pub(super) const fn named(name: &'static str) -> Self {
        Self(name)
    }

    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Framework {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A store at a glance. Counts by name come in the order in which they should be shown.
#[derive(Clone, Debug)]
pub struct StoreInfo<Count = u64> {
    pub framework: Framework,
    pub events: u64,
    pub streams: Count,
    pub event_types: Vec<(String, u64)>,
    /// Streams by category.
    pub categories: Vec<(String, Count)>,
    pub first_at: Option<Timestamp>,
    pub last_at: Option<Timestamp>,
    pub longest_stream: Option<StreamRow>,
    pub is_writable: bool,
}

/// What a store knows of itself at once: neither its times nor its longest stream where those take a walk over all streams.
/// Where there are so many streams that counting them is felt, nobody counts them for this, in no category either; and the
/// categories come in an order that is likely to be that of their sizes.
pub type InfoAtOnce = StoreInfo<Option<u64>>;

impl<Count> StoreInfo<Count> {
    /// The same with other counts of streams.
    pub fn with_streams<Other>(self, streams: Other, categories: Vec<(String, Other)>) -> StoreInfo<Other> {
        let Self {
            framework,
            events,
            streams: _,
            event_types,
            categories: _,
            first_at,
            last_at,
            longest_stream,
            is_writable,
        } = self;
        StoreInfo {
            framework,
            events,
            streams,
            event_types,
            categories,
            first_at,
            last_at,
            longest_stream,
            is_writable,
        }
    }
}

impl InfoAtOnce {
    /// With these categories, of which each stream was counted.
    #[must_use]
    pub fn with_counted(self, categories: Vec<(String, u64)>) -> Self {
        let streams = categories.iter().map(|(_, count)| count).sum();
        let categories = categories.into_iter().map(|(name, count)| (name, Some(count))).collect();
        self.with_streams(Some(streams), categories)
    }
}

impl From<StoreInfo> for InfoAtOnce {
    fn from(mut info: StoreInfo) -> Self {
        let categories = std::mem::take(&mut info.categories);
        let (streams, counted) = (info.streams, categories.into_iter().map(|(name, count)| (name, Some(count))));
        let counted = counted.collect();
        info.with_streams(Some(streams), counted)
    }
}
