//! What a projection's source says of itself.

use serde_json::Value;

/// Which events it takes, and how it divides them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Definition {
    pub all_streams: bool,
    pub categories: Vec<String>,
    pub streams: Vec<String>,
    /// Whether every type of event is taken, and not only those in `events`.
    pub all_events: bool,
    pub events: Vec<String>,
    pub partition: Partition,
    /// Whether all partitions have one more state between them.
    pub is_bi_state: bool,
    /// Whether there are any handlers. Without, the last body is the state.
    pub has_handlers: bool,
    /// Whether the result is something else than the state.
    pub transforms: bool,
    pub produces_results: bool,
    pub handles_deleted: bool,
    /// Whether a partition's first event has a handler of its own besides.
    pub has_created: bool,
    pub includes_links: bool,
    pub result_stream: Option<String>,
    pub partition_result_stream: Option<String>,
}

/// How events are divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partition {
    /// All of them fold into one state.
    #[default]
    One,
    /// A state a stream.
    Stream,
    /// A state for each answer of a function.
    Function,
}

impl Definition {
    pub(super) fn read(told: &str) -> Option<Self> {
        let told: Value = serde_json::from_str(told).ok()?;
        let flag = |name: &str| told.get(name).and_then(Value::as_bool).unwrap_or_default();
        let text = |name: &str| told.get(name).and_then(Value::as_str).map(str::to_owned);
        let list = |name: &str| -> Vec<String> {
            let items = told.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        let partition = match (flag("byFunction"), flag("byStream")) {
            (true, _) => Partition::Function,
            (false, true) => Partition::Stream,
            (false, false) => Partition::One,
        };
        Some(Self {
            all_streams: flag("allStreams"),
            categories: list("categories"),
            streams: list("streams"),
            all_events: flag("allEvents"),
            events: list("events"),
            partition,
            is_bi_state: flag("biState"),
            has_handlers: flag("handlers"),
            transforms: flag("transforms"),
            produces_results: flag("producesResults"),
            handles_deleted: flag("handlesDeleted"),
            has_created: flag("hasCreated"),
            includes_links: flag("includeLinks"),
            result_stream: text("resultStream"),
            partition_result_stream: text("partitionResultStream"),
        })
    }

    /// Whether events of this stream and type are meant for it.
    pub fn takes(&self, stream: &str, category: &str, event_type: &str) -> bool {
        self.takes_stream(stream, category, event_type) && self.takes_type(event_type)
    }

    pub fn takes_type(&self, event_type: &str) -> bool {
        self.all_events || self.events.iter().any(|taken| taken == event_type)
    }

    /// Whether streams of this category are among those that it reads.
    pub fn takes_category(&self, category: &str) -> bool {
        self.all_streams
            || (self.categories.is_empty() && self.streams.is_empty())
            || self.categories.iter().any(|taken| taken == category)
            // Of a stream that it names, or of any with some event, the category alone does not tell.
            || self.streams.iter().any(|taken| taken.strip_prefix("$ce-").is_none_or(|taken| taken == category))
    }

    /// Whether this stream is among those that it reads; one of event types (`$et-…`) reads any that has such an event.
    pub fn takes_stream(&self, stream: &str, category: &str, event_type: &str) -> bool {
        if self.all_streams || (self.categories.is_empty() && self.streams.is_empty()) {
            return true;
        }
        self.categories.iter().any(|taken| taken == category)
            || self.streams.iter().any(|taken| {
                taken == stream
                    || taken.strip_prefix("$ce-").is_some_and(|taken| taken == category)
                    || taken.strip_prefix("$et-").is_some_and(|taken| taken == event_type)
            })
    }
}
