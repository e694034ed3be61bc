//! What was found, told event by event into a file: for a spreadsheet, for another program, or to be printed.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

use serde_json::{Value, json};

use super::{EngineError, Search, Survey, Ticket, ToldEvent, name_of_stream, search, tell};
use crate::event::visible::visible;
use crate::event::{StreamId, Timestamp, Version};
use crate::evidence::{html_begin, html_text};
use crate::locale::Locale;
use crate::replay::Change;
use crate::store::files::{CsvWriter, ExportTarget, TargetError};
use crate::store::{Flow, Store, StoreError};

/// What such a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrailForm {
    /// A row for each field that an event changed.
    #[default]
    Csv,
    /// An event a line.
    JsonLines,
    /// A page that needs nothing else, to be read or printed.
    Html,
}

impl TrailForm {
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Csv, "CSV"), (Self::JsonLines, "JSON Lines"), (Self::Html, "HTML")];

    /// What a file's name promises.
    pub fn from_extension(path: &std::path::Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "html" | "htm" => Some(Self::Html),
            _ => None,
        }
    }

    /// How the name of such a file ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Html => "html",
        }
    }
}

/// What is to be told, and how.
#[derive(Clone, Debug)]
pub struct TrailWish {
    pub search: Search,
    /// The same as it was typed.
    pub text: String,
    pub form: TrailForm,
    /// In CSV, no cell begins like a formula.
    pub is_csv_safe: bool,
    pub language: crate::locale::Language,
    /// How many seconds a clock on the reader's wall is ahead of UTC.
    pub offset: fn(Timestamp) -> i64,
    pub zone: String,
    /// The store's name as it is to stand there.
    pub store: String,
    /// Knows what streams are called.
    pub survey: Survey,
}

/// By what spreadsheets know that a file is UTF-8.
const UTF8_MARK: &str = "\u{feff}";

/// Events that are told together.
const AT_ONCE: usize = 400;

/// Longer streams are not read for the sake of a name.
const SHORT: u64 = 1_000;

/// Tells everything that the search finds, the newest first. The file is there when it is whole. Answers with how many
/// events there are.
pub fn write_trail<E: From<EngineError> + From<TargetError> + From<StoreError>>(
    reader: &dyn Store,
    target: ExportTarget,
    wish: &TrailWish,
    ticket: &Ticket,
) -> Result<u64, E> {
    let mut places: Vec<(StreamId, Version)> = Vec::new();
    search(reader, &wish.search, &mut |_| ticket.flow(), &mut |found| {
        places.push((found.stream, found.version));
        ticket.flow()
    })?;
    if ticket.is_cancelled() {
        return Err(StoreError::Cancelled.into());
    }
    ticket.set_total(places.len() as u64);
    let path = target.name().to_owned();
    let failed = |error: io::Error| E::from(StoreError::from_io(&path, error));
    target.write(
        |file| {
            let mut out = BufWriter::with_capacity(1 << 16, file);
            let count = match wish.form {
                TrailForm::Csv => {
                    if wish.is_csv_safe {
                        out.write_all(UTF8_MARK.as_bytes()).map_err(failed)?;
                    }
                    let mut table = CsvWriter::new(&mut out, wish.is_csv_safe);
                    table.headings(COLUMNS).map_err(failed)?;
                    let mut write = |told: &Told<'_>| csv_rows(told).iter().try_for_each(|row| table.row(row));
                    let count = each_told(reader, &places, wish, ticket, &mut write, &failed)?;
                    table.finish().map_err(failed)?;
                    count
                }
                TrailForm::JsonLines => {
                    let mut write = |told: &Told<'_>| writeln!(out, "{}", json_line(told));
                    each_told(reader, &places, wish, ticket, &mut write, &failed)?
                }
                TrailForm::Html => {
                    let mut page = Page::new(wish, places.len() as u64);
                    out.write_all(page.take().as_bytes()).map_err(failed)?;
                    let mut write = |told: &Told<'_>| {
                        page.row(told);
                        out.write_all(page.take().as_bytes())
                    };
                    let count = each_told(reader, &places, wish, ticket, &mut write, &failed)?;
                    page.end();
                    out.write_all(page.take().as_bytes()).map_err(failed)?;
                    count
                }
            };
            out.flush().map_err(failed)?;
            Ok(count)
        },
        failed,
    )
}

/// An event that is told, with what belongs to it.
struct Told<'t> {
    event: &'t ToldEvent,
    words: String,
    name: &'t str,
}

fn each_told<E: From<EngineError> + From<StoreError>>(
    reader: &dyn Store,
    places: &[(StreamId, Version)],
    wish: &TrailWish,
    ticket: &Ticket,
    write: &mut dyn FnMut(&Told<'_>) -> io::Result<()>,
    failed: &dyn Fn(io::Error) -> E,
) -> Result<u64, E> {
    let (locale, named) = (Locale::new(wish.language), wish.search.named_fields());
    let mut names: HashMap<StreamId, String> = HashMap::new();
    let (mut done, mut written) = (0, 0);
    for places in places.chunks(AT_ONCE) {
        for event in tell(reader, places, &named, &mut |_| ticket.flow())? {
            if !names.contains_key(&event.stream) {
                names.insert(event.stream.clone(), called(reader, wish, &event.stream, ticket)?);
            }
            let name = names.get(&event.stream).map_or("", String::as_str);
            let told = Told { words: event.words(&locale), event: &event, name };
            write(&told).map_err(failed)?;
            written += 1;
        }
        done += places.len() as u64;
        if ticket.reached(done) == Flow::Break(()) {
            return Err(StoreError::Cancelled.into());
        }
    }
    Ok(written)
}

fn called(reader: &dyn Store, wish: &TrailWish, stream: &StreamId, ticket: &Ticket) -> Result<String, StoreError> {
    let is_short = || Ok::<_, StoreError>(reader.stream(stream)?.is_some_and(|row| row.events <= SHORT));
    Ok(match wish.survey.name_of(stream) {
        Some(name) => name,
        None if is_short()? => name_of_stream(reader, stream, ticket)?.unwrap_or_default(),
        None => String::new(),
    })
}

const COLUMNS: [&str; 11] =
    ["recorded_at", "actor", "what", "type", "stream", "version", "name", "field", "before", "after", "reason"];

/// A row for each field that changed; one alone for an event that changed none.
fn csv_rows(told: &Told<'_>) -> Vec<Vec<String>> {
    let event = told.event;
    let row = |change: Option<&Change>| {
        let value = |value: Option<&Value>| value.map(plain).unwrap_or_default();
        vec![
            event.recorded_at.map(|at| at.to_string()).unwrap_or_default(),
            event.actor.clone().unwrap_or_default(),
            told.words.clone(),
            event.event_type.to_string(),
            event.stream.to_string(),
            event.version.to_string(),
            told.name.to_owned(),
            change.map(|change| change.field.clone()).unwrap_or_default(),
            value(change.map(|change| &change.before)),
            value(change.map(|change| &change.after)),
            event.reason.clone().unwrap_or_default(),
        ]
    };
    if event.changes.is_empty() {
        vec![row(None)]
    } else {
        event.changes.iter().map(|change| row(Some(change))).collect()
    }
}

fn json_line(told: &Told<'_>) -> Value {
    let event = told.event;
    let change = |change: &Change| json!({"field": change.field, "before": change.before, "after": change.after});
    json!({
        "recorded_at": event.recorded_at.map(|at| at.to_string()),
        "actor": event.actor,
        "what": told.words,
        "type": event.event_type.as_str(),
        "stream": event.stream.as_str(),
        "version": event.version.0,
        "name": (!told.name.is_empty()).then_some(told.name),
        "changes": event.changes.iter().map(change).collect::<Vec<_>>(),
        "more_changes": event.more,
        "reason": event.reason,
    })
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A page that grows by what is told, a table a day.
struct Page<'w> {
    wish: &'w TrailWish,
    locale: Locale,
    out: String,
    /// The day of the table that is open.
    day: Option<String>,
}

impl<'w> Page<'w> {
    fn new(wish: &'w TrailWish, count: u64) -> Self {
        let locale = Locale::new(wish.language);
        let mut out = html_begin(wish.language, &locale.text("trail-title"));
        let search = if wish.text.trim().is_empty() { locale.text("trail-all") } else { wish.text.clone() };
        let made = Timestamp::from_micros(chrono::Utc::now().timestamp_micros());
        let facts = [
            ("trail-store", wish.store.clone()),
            ("trail-search", search),
            ("trail-events", super::grouped(count)),
            ("trail-zone", wish.zone.clone()),
            ("trail-made", on_wall(made, wish.offset, "%Y-%m-%d %H:%M")),
        ];
        out.push_str("<dl>\n");
        for (name, value) in facts {
            let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", text(&locale.text(name)), text(&value));
        }
        out.push_str("</dl>\n");
        Self { wish, locale, out, day: None }
    }

    fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    fn row(&mut self, told: &Told<'_>) {
        let event = told.event;
        let day = event
            .recorded_at
            .map_or_else(|| self.locale.text("activity-no-time"), |at| on_wall(at, self.wish.offset, "%Y-%m-%d"));
        if self.day.as_ref() != Some(&day) {
            self.end_table();
            self.begin_table(&day);
            self.day = Some(day);
        }
        let time = event.recorded_at.map(|at| on_wall(at, self.wish.offset, "%H:%M:%S")).unwrap_or_default();
        let stream = if told.name.is_empty() {
            format!("{} v{}", event.stream, event.version)
        } else {
            format!("{}\n{} v{}", told.name, event.stream, event.version)
        };
        let mut changes: Vec<String> = event.changes.iter().map(|change| self.change(change)).collect();
        if event.more > 0 {
            changes.push(format!("+{}", event.more));
        }
        let what = format!("{}\n{}", told.words, event.event_type);
        self.out.push_str("<tr>");
        let (actor, reason) = (event.actor.as_deref().unwrap_or_default(), event.reason.as_deref().unwrap_or_default());
        for cell in [&time, actor, &what, &stream, &changes.join("\n"), reason] {
            let _ = write!(self.out, "<td>{}</td>", text(cell));
        }
        self.out.push_str("</tr>\n");
    }

    fn change(&self, change: &Change) -> String {
        let new = if change.after.is_null() && !change.before.is_null() {
            self.locale.text("removed")
        } else {
            plain(&change.after)
        };
        match plain(&change.before) {
            old if old.is_empty() => format!("{}: {new}", change.field),
            old => format!("{}: {old} → {new}", change.field),
        }
    }

    fn begin_table(&mut self, day: &str) {
        let heads = [("when", 9), ("who", 9), ("col-event", 22), ("col-stream", 18), ("col-changed", 27), ("why", 15)];
        let _ = write!(self.out, "<h2>{}</h2>\n<table>\n<colgroup>", text(day));
        for (_, width) in heads {
            let _ = write!(self.out, "<col width=\"{width}%\">");
        }
        self.out.push_str("</colgroup>\n<thead><tr>");
        for (name, _) in heads {
            let _ = write!(self.out, "<th scope=\"col\">{}</th>", text(&self.locale.text(name)));
        }
        self.out.push_str("</tr></thead>\n<tbody>\n");
    }

    fn end_table(&mut self) {
        if self.day.is_some() {
            self.out.push_str("</tbody>\n</table>\n");
        }
    }

    fn end(&mut self) {
        self.end_table();
        self.out.push_str("</body>\n</html>\n");
    }
}

/// No letter of it is taken for anything else, and none hides.
fn text(text: &str) -> String {
    html_text(&visible(text))
}

fn on_wall(at: Timestamp, offset: fn(Timestamp) -> i64, form: &str) -> String {
    let there = Timestamp::from_micros(at.micros().saturating_add(offset(at).saturating_mul(1_000_000)));
    there.to_utc().map_or_else(|| at.to_string(), |there| there.format(form).to_string())
}
