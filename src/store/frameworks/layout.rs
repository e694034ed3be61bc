use super::catalogue::{Dialect, Expr, Table};
use crate::store::{Framework, Notice, ReadOnlyReason};

/// What a database's tables mean: everything that reading them needs, as data. One is declared for each framework,
/// and one is made from a mapping of one's own.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Layout {
    pub framework: Framework,
    pub dialect: Dialect,
    /// The table that holds the events, for whoever has to choose or is told.
    pub table: String,
    /// It is a mapped view, which may compute without end.
    pub is_view: bool,
    /// What follows `FROM`: one row for each event of each stream.
    pub from: String,
    /// What follows `WHERE`, where some rows are no events.
    pub filter: Option<String>,
    /// True for the row under which an event counts; a row of another stream that shows the same event is a link.
    pub counts: Option<String>,
    /// The columns that name a stream. Several are written `TYPE:ID`.
    pub stream: Vec<Expr>,
    pub category: Category,
    pub version: Expr,
    /// The number of a stream's first event.
    pub version_base: u64,
    /// How far apart versions stand.
    pub version_step: u64,
    pub event_type: Expr,
    pub schema: Option<Expr>,
    pub payload: Expr,
    /// Where in it the payload itself stands, where an application wrapped it; empty for all of it.
    pub payload_path: Vec<String>,
    /// Whether payloads that are no JSON are worth a word.
    pub expects_json: bool,
    /// Whether each of the framework's events is a JSON object.
    pub expects_objects: bool,
    /// Bytes that are no text are then taken for encrypted ones.
    pub may_be_encrypted: bool,
    pub metadata: Vec<MetadataPart>,
    /// What a text in the metadata's column is, where it is no JSON.
    pub metadata_text: MetadataText,
    /// What is said around an event in a place of its own.
    pub said: Vec<SaidAt>,
    /// The framework has no place for metadata; what an application says of it stands among an event's own fields.
    pub metadata_in_payload: bool,
    pub time: Time,
    /// Without one, an event is known by its place: `STREAM@VERSION`.
    pub id: Option<Expr>,
    /// Without one, the store has no order across its streams, and is read stream by stream.
    pub position: Option<Expr>,
    /// An index leads to the event at or behind a position.
    pub is_position_indexed: bool,
    /// An index leads to the events of a stream.
    pub is_stream_indexed: bool,
    /// What orders events of one stream that have the same version; `None` for their position.
    pub tie_breakers: Option<Vec<Expr>>,
    /// Rows to be marked.
    pub archived: Option<String>,
    pub deleted: Option<String>,
    pub snapshots: Option<Snapshots>,
    /// Where the framework keeps how far each stream has come.
    pub heads: Option<Snapshots>,
    pub unnumbered: Option<Box<Unnumbered>>,
    /// Why Foldline appends nothing here; `None` where it can.
    pub read_only: Option<ReadOnlyReason>,
    /// What whoever looks should know of these tables first.
    pub notice: Option<Notice>,
}

/// What kind of thing a stream is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Category {
    Column(Expr),
    /// What stands before the mark in the stream's name; `otherwise` where there is none, or else the name itself.
    Before {
        mark: char,
        otherwise: Option<&'static str>,
    },
    /// The class in a topic `module:Class.Event`; events of the library's own classes name it only where there are no
    /// others.
    Topic {
        library: &'static str,
    },
    None,
}

/// Tables in which some events have no number: where there is one, the other layout counts them.
#[derive(Clone, Debug)]
pub struct Unnumbered {
    /// What is true of such a row, in the words of the layout that takes every event for numbered.
    pub row: String,
    /// A statement that answers with a row where there is such an event.
    pub probe: String,
    /// An index leads to the first and the last rows by their position.
    pub is_position_indexed: bool,
    /// An event outside of any stream is such a row too.
    pub is_outside_counted: bool,
    pub layout: Layout,
}

/// Where an event's time comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Time {
    Column {
        expr: Expr,
        unit: TimeUnit,
    },
    /// A field of the payload.
    Payload {
        path: Vec<String>,
    },
    None,
}

/// What a number means as a time. Text is read by its own form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeUnit {
    /// By its size: seconds, milliseconds, microseconds or nanoseconds, whichever gives a year near ours.
    #[default]
    Auto,
    Seconds,
    Millis,
    Micros,
    Nanos,
}

/// A column that says something around the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataPart {
    /// The field it becomes; `None` where the column holds a whole object.
    pub field: Option<String>,
    pub expr: Expr,
    pub part: ColumnPart,
}

/// How much of a column is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ColumnPart {
    #[default]
    Whole,
    /// What stands at this place inside of it.
    At(Vec<String>),
    /// All but that.
    Around(Vec<String>),
}

impl MetadataPart {
    pub fn whole(expr: Option<Expr>) -> Option<Self> {
        Some(Self { field: None, expr: expr?, part: ColumnPart::Whole })
    }

    pub fn field(name: &str, expr: Option<Expr>) -> Option<Self> {
        Some(Self { field: Some(name.to_owned()), expr: expr?, part: ColumnPart::Whole })
    }
}

/// What a metadata column holds besides JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataText {
    AsStored,
    /// One line that says who recorded the event.
    Author,
    /// Names and values as Ruby prints them.
    Yaml,
}

/// A field of the metadata whose value stands elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidAt {
    pub field: &'static str,
    pub part: SaidIn,
    pub path: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidIn {
    Payload,
    Metadata,
}

impl SaidAt {
    pub fn in_metadata(field: &'static str, name: &str) -> Self {
        Self { field, part: SaidIn::Metadata, path: vec![name.to_owned()] }
    }
}

/// A table of what the framework keeps at some version of each stream.
#[derive(Clone, Debug)]
pub struct Snapshots {
    pub from: String,
    /// As the stream's own key columns.
    pub stream: Vec<Expr>,
    pub version: Expr,
    /// The aggregate's own state as JSON, where its fields can be held against those of the events.
    pub state: Option<Expr>,
}

impl Layout {
    /// What is said around an event may stand in its payload.
    pub(super) fn reads_metadata_in_payload(&self) -> bool {
        self.metadata_in_payload || self.said.iter().any(|said| said.part == SaidIn::Payload)
    }

    /// The bare minimum; what a framework has beyond it is set by its declaration.
    pub fn new(framework: Framework, dialect: Dialect, table: String, from: String, event_type: Expr) -> Self {
        Self {
            framework,
            dialect,
            table,
            is_view: false,
            from,
            filter: None,
            counts: None,
            stream: Vec::new(),
            category: Category::None,
            version: Expr::number("0"),
            version_base: 1,
            version_step: 1,
            event_type,
            schema: None,
            payload: Expr::text("NULL"),
            payload_path: Vec::new(),
            expects_json: true,
            expects_objects: false,
            may_be_encrypted: false,
            metadata: Vec::new(),
            metadata_text: MetadataText::AsStored,
            said: Vec::new(),
            metadata_in_payload: false,
            time: Time::None,
            id: None,
            position: None,
            is_position_indexed: false,
            is_stream_indexed: false,
            tie_breakers: None,
            archived: None,
            deleted: None,
            snapshots: None,
            heads: None,
            unnumbered: None,
            read_only: Some(ReadOnlyReason::Framework),
            notice: None,
        }
    }
}

impl Layout {
    /// Takes from the keys of its table how a stream's events are found, and given in their order, without sorting.
    pub(super) fn heed_keys(&mut self, table: &Table) {
        let Some((_, alias)) = self.from.rsplit_once(' ').filter(|(from, _)| *from == table.quoted()) else { return };
        let is_led =
            |key: &[Expr], by: &[&Expr]| key.len() >= by.len() && by.iter().zip(key).all(|(led, by)| *led == by);
        let stream: Vec<&Expr> = self.stream.iter().collect();
        let place: Vec<&Expr> = self.stream.iter().chain([&self.version]).collect();
        self.is_position_indexed |= self.position.is_some() && self.position == table.rowid(alias);
        for key in &table.unique_keys {
            let columns: Vec<Expr> = key.iter().map(|name| table.expr(alias, name)).collect();
            self.is_position_indexed |=
                self.position.as_ref().is_some_and(|position| columns.first() == Some(position));
            self.is_stream_indexed |= is_led(&columns, &stream);
            // A version may come again with another value in the rest of the key. Where some may be missing, the key
            // says nothing of the rows without it.
            let is_required = |name: &String| table.column(name).is_some_and(|column| column.is_required);
            if is_led(&columns, &place) && key.iter().all(is_required) && self.tie_breakers.is_none() {
                self.tie_breakers = Some(columns.into_iter().skip(place.len()).collect());
            }
        }
    }
}

/// A table, or tables joined, with a column `foldline_version` that counts the rows of each stream in their order.
pub(super) fn counted(from: &str, columns: &str, partition: &[&Expr], order: &str, base: u64) -> String {
    let partition: Vec<&str> = partition.iter().map(|expr| expr.sql.as_str()).collect();
    let number = format!("row_number() OVER (PARTITION BY {} ORDER BY {order})", partition.join(", "));
    format!("(SELECT {columns}, {number} - 1 + {base} AS foldline_version FROM {from}) counted")
}

/// The name of streams and categories that have none.
pub(super) const NAMELESS: &str = "(none)";

impl Category {
    /// The category of a stream, from its name, the column if there is one, and the type of one of its events.
    pub fn of(&self, stream: &str, column: Option<&str>, event_type: &str) -> String {
        let found = match self {
            Self::Column(_) => column.unwrap_or_default(),
            Self::Topic { library: _ } => class_of(event_type),
            Self::Before { .. } | Self::None => self.of_name(stream).unwrap_or_default(),
        };
        if found.is_empty() { NAMELESS.to_owned() } else { found.to_owned() }
    }

    /// The category of a stream whose name alone tells it.
    pub(super) fn of_name<'s>(&self, stream: &'s str) -> Option<&'s str> {
        let found = match self {
            Self::Before { mark, otherwise } => match stream.split_once(*mark) {
                Some(_) if is_uuid(stream) => otherwise.unwrap_or_default(),
                Some((category, _)) => category,
                None if is_uuid(stream) => otherwise.unwrap_or_default(),
                None => otherwise.unwrap_or(stream),
            },
            Self::None => "",
            Self::Column(_) | Self::Topic { .. } => return None,
        };
        Some(if found.is_empty() { NAMELESS } else { found })
    }
}

impl Category {
    /// Whether the types of a stream's events say what it is about.
    pub(super) fn is_told_by_events(&self) -> bool {
        matches!(self, Self::Topic { .. })
    }
}

fn is_uuid(text: &str) -> bool {
    matches!(text.len(), 32 | 36) && uuid::Uuid::try_parse(text).is_ok()
}

/// `crm.domain:Lead.Captured` is about a `Lead`; so is `crm.domain:Outer.Lead.Captured`.
fn class_of(topic: &str) -> &str {
    let Some((_, path)) = topic.split_once(':') else { return "" };
    let Some((classes, _event)) = path.rsplit_once('.') else { return "" };
    classes.rsplit('.').next().unwrap_or(classes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_names_the_class_whose_event_it_is() {
        let topic = Category::Topic { library: "library." };
        assert_eq!(topic.of("x", None, "crm.domain:Lead.Captured"), "Lead");
        assert_eq!(topic.of("x", None, "crm:Outer.Lead.Captured"), "Lead");
        assert_eq!(topic.of("x", None, "Captured"), NAMELESS);
    }

    #[test]
    fn a_uuid_is_no_category_for_all_its_dashes() {
        let dash = Category::Before { mark: '-', otherwise: None };
        assert_eq!(dash.of("0190b1de-5a4f-7c8e-9a3b-0123456789ab", None, ""), NAMELESS);
        assert_eq!(dash.of("lead-0190b1de-5a4f-7c8e-9a3b-0123456789ab", None, ""), "lead");
        assert_eq!(dash.of("settings", None, ""), "settings");
    }
}
