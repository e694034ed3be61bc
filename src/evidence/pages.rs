//! What the pages say, before they are drawn: the same in every form.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::document::{About, Document};
use super::visible::{LONGEST, cut, value_text, visible};
use crate::event::{Explain, Message, Metadata, RecordedEvent, Timestamp, Version};
use crate::locale::Locale;
use crate::projection::leaves;
use crate::proof::Checkpoint;
use crate::replay::{Change, Timeline};

/// Pages on their way to a form.
pub(super) struct Pages {
    pub(super) title: String,
    pub(super) blocks: Vec<Block>,
    /// Above the data, where the form shows it.
    pub(super) data: String,
}

pub(super) enum Block {
    Heading(String),
    Text(String),
    /// A name and a value on each line.
    Pairs(Vec<(String, String)>),
    Table {
        columns: Vec<Column>,
        rows: Vec<Vec<String>>,
    },
}

pub(super) struct Column {
    pub(super) head: String,
    /// Of all columns' widths together.
    pub(super) width: u16,
}

/// A time that was not recorded, and whatever else there is none of.
const NONE: &str = "–";

/// The column says that it is in UTC.
fn time_text(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix('Z').map_or_else(|| text.clone(), |plain| plain.replacen('T', " ", 1))
}

struct Writer<'d> {
    document: &'d Document,
    events: &'d [RecordedEvent],
    about: Vec<Metadata>,
    locale: Locale,
    blocks: Vec<Block>,
    has_cut: bool,
}

pub(super) fn pages(document: &Document) -> Pages {
    let events = document.recorded();
    let mut writer = Writer {
        document,
        events: &events,
        about: events.iter().map(RecordedEvent::metadata).collect(),
        locale: Locale::new(document.language),
        blocks: Vec::new(),
        has_cut: false,
    };
    let title = writer.title();
    writer.facts();
    let story = document.story(&events);
    if let Some(story) = &story {
        writer.state(story.timeline());
        writer.findings(story.timeline());
        writer.history(story.timeline());
    } else {
        writer.found();
    }
    writer.notes();
    writer.left_out();
    writer.hashes();
    writer.how_to_check();
    let data = writer.text("evidence-data");
    Pages { title, blocks: writer.blocks, data }
}

impl Writer<'_> {
    fn text(&self, name: &str) -> String {
        self.locale.text(name)
    }

    #[allow(clippy::needless_pass_by_value, reason = "a message is made on the spot")]
    fn say(&self, message: Message) -> String {
        self.locale.sentence(&message)
    }

    fn heading(&mut self, name: &str) {
        let text = self.text(name);
        self.blocks.push(Block::Heading(text));
    }

    fn table(&mut self, columns: &[(&str, u16)], rows: Vec<Vec<String>>) {
        let columns = columns.iter().map(|(name, width)| Column { head: self.text(name), width: *width }).collect();
        self.blocks.push(Block::Table { columns, rows });
    }

    fn cut(&mut self, text: &str) -> String {
        let (text, is_cut) = cut(text);
        self.has_cut |= is_cut;
        text
    }

    fn value(&mut self, value: &Value) -> String {
        let (text, is_cut) = value_text(value);
        self.has_cut |= is_cut;
        text
    }

    fn title(&self) -> String {
        self.say(match &self.document.about {
            About::Stream { stream, version, .. } => {
                Message::new("evidence-title-stream").text("stream", &stream.0).number("version", version.0)
            }
            About::Search { words, .. } => Message::new("evidence-title-search").text("words", words),
        })
    }

    fn facts(&mut self) {
        let document = self.document;
        let checkpoint = document.tree();
        let mut pairs = vec![("evidence-store", visible(&document.store))];
        if let About::Search { stream: Some(stream), .. } = &document.about {
            pairs.push(("evidence-stream", visible(stream.0.as_str())));
        }
        if let About::Search { between: Some((from, to)), .. } = &document.about {
            pairs.push(("evidence-when", format!("{} – {}", time_text(*from), time_text(*to))));
        }
        let count = self.say(Message::new("evidence-count").number("count", self.events.len() as u64));
        pairs.push(("evidence-events", count));
        let made = Message::new("evidence-made-by").text("at", document.made_at).text("version", &document.program);
        pairs.push(("evidence-made", self.say(made)));
        if let Some(Checkpoint { size, root, .. }) = checkpoint {
            let size = self.say(Message::new("evidence-count").number("count", size));
            pairs.extend([("evidence-tree", size), ("evidence-root", root.to_string())]);
        }
        pairs.push(("evidence-key", document.key.to_string()));
        let pairs = pairs.into_iter().map(|(name, value)| (self.text(name), value)).collect();
        self.blocks.push(Block::Pairs(pairs));
    }

    /// Where an event stands, who recorded it and why.
    fn circumstances(&mut self, index: usize) -> [String; 3] {
        let at = self.events.get(index).and_then(|event| event.recorded_at);
        let at = at.map_or_else(|| NONE.to_owned(), time_text);
        let (actor, reason) =
            self.about.get(index).map_or((None, None), |about| (about.actor.clone(), about.reason.clone()));
        let [actor, reason] = [actor, reason].map(|text| text.map_or_else(|| NONE.to_owned(), |text| self.cut(&text)));
        [at, actor, reason]
    }

    fn field(&self, path: &str) -> String {
        match self.locale.caption(path) {
            Some(caption) => format!("{caption} ({})", visible(path)),
            None => visible(path),
        }
    }

    fn state(&mut self, timeline: &dyn Timeline) {
        let Some(last) = timeline.heads().len().checked_sub(1) else { return };
        let mut rows = Vec::new();
        for (path, value, set_by) in timeline.blame(last) {
            let event = set_by.and_then(|index| self.events.get(index));
            let by = event.map_or_else(
                || NONE.to_owned(),
                |event| format!("v{} {}", event.version, visible(event.event_type.as_str())),
            );
            let [at, actor, reason] = match set_by {
                Some(index) => self.circumstances(index),
                None => [NONE, NONE, NONE].map(str::to_owned),
            };
            let value = self.value(&value);
            rows.push(vec![self.field(&path), value, by, at, actor, reason]);
        }
        self.heading("evidence-state");
        self.table(
            &[
                ("evidence-field", 17),
                ("evidence-value", 21),
                ("evidence-set-by", 16),
                ("evidence-when", 24),
                ("evidence-who", 9),
                ("evidence-why", 13),
            ],
            rows,
        );
    }

    fn findings(&mut self, timeline: &dyn Timeline) {
        let Some(last) = timeline.heads().len().checked_sub(1) else { return };
        let rows: Vec<Vec<String>> = timeline
            .findings(last)
            .iter()
            .map(|finding| vec![format!("v{}", finding.version), self.say(finding.problem.message())])
            .collect();
        self.heading("evidence-findings");
        if rows.is_empty() {
            let text = self.text("evidence-no-findings");
            self.blocks.push(Block::Text(text));
        } else {
            self.table(&[("evidence-version", 10), ("evidence-finding", 90)], rows);
        }
    }

    fn history(&mut self, timeline: &dyn Timeline) {
        let mut rows = Vec::new();
        for index in 0..self.events.len() {
            let Some((version, event_type)) =
                self.events.get(index).map(|event| (event.version, event.event_type.clone()))
            else {
                break;
            };
            let [at, actor, reason] = self.circumstances(index);
            let mut changes = Vec::new();
            for change in timeline.changes(index) {
                changes.extend(self.change(&change));
            }
            let changes = if changes.is_empty() { NONE.to_owned() } else { changes.join("\n") };
            rows.push(vec![format!("v{version}"), at, visible(event_type.as_str()), actor, reason, changes]);
        }
        self.heading("evidence-history");
        self.table(
            &[
                ("evidence-version", 7),
                ("evidence-when", 24),
                ("evidence-event", 16),
                ("evidence-who", 9),
                ("evidence-why", 13),
                ("evidence-changes", 31),
            ],
            rows,
        );
    }

    /// What came whole or went whole is told by what is in it, one line each.
    fn change(&mut self, change: &Change) -> Vec<String> {
        let Change { field, before, after } = change;
        let (whole, is_new) = match (before, after) {
            (Value::Null, Value::Object(_) | Value::Array(_)) => (after, true),
            (Value::Object(_) | Value::Array(_), Value::Null) => (before, false),
            _ => {
                let (before, after) = (self.value(before), self.value(after));
                return vec![format!("{}: {before} → {after}", self.field(field))];
            }
        };
        let is_empty = whole.as_object().map_or_else(|| whole.as_array().is_none_or(Vec::is_empty), Map::is_empty);
        if is_empty {
            let (before, after) = (self.value(before), self.value(after));
            return vec![format!("{}: {before} → {after}", self.field(field))];
        }
        let mut parts = Vec::new();
        leaves(whole, &mut |path, value| parts.push((path.to_owned(), value.clone())));
        let mut lines = Vec::with_capacity(parts.len());
        for (path, value) in parts.into_iter().filter(|(_, value)| !value.is_null()) {
            let value = self.value(&value);
            let inside = if path.starts_with('[') { path } else { format!(".{path}") };
            let name = self.field(&format!("{field}{inside}"));
            lines.push(if is_new { format!("{name}: {value}") } else { format!("{name}: {value} → {NONE}") });
        }
        lines
    }

    fn found(&mut self) {
        let mut rows = Vec::new();
        for (index, event) in self.events.iter().enumerate() {
            let [at, actor, reason] = self.circumstances(index);
            let payload = self.cut(&String::from_utf8_lossy(&event.payload));
            rows.push(vec![
                format!("{} v{}", visible(event.stream.as_str()), event.version),
                at,
                visible(event.event_type.as_str()),
                actor,
                reason,
                payload,
            ]);
        }
        self.heading("evidence-history");
        self.table(
            &[
                ("evidence-place", 14),
                ("evidence-when", 24),
                ("evidence-event", 14),
                ("evidence-who", 9),
                ("evidence-why", 12),
                ("evidence-payload", 27),
            ],
            rows,
        );
    }

    fn notes(&mut self) {
        if self.document.notes.is_empty() {
            return;
        }
        let rows = self.document.notes.iter().map(|note| {
            let at = note.at.map_or_else(|| NONE.to_owned(), time_text);
            vec![format!("{} v{}", visible(note.stream.0.as_str()), note.version), at, visible(&note.text)]
        });
        let rows = rows.collect();
        self.heading("evidence-notes");
        self.table(&[("evidence-place", 18), ("evidence-when", 24), ("evidence-note", 58)], rows);
    }

    fn left_out(&mut self) {
        let document = self.document;
        let mut said = Vec::new();
        if let About::Stream { later, .. } = &document.about
            && *later > 0
        {
            said.push(self.say(Message::new("evidence-later").number("count", *later)));
        }
        let size = document.tree().map_or(0, |tree| tree.size);
        let others = size.saturating_sub(document.events.len() as u64);
        if others > 0 {
            said.push(self.say(Message::new("evidence-others").number("count", others)));
        }
        if !document.is_of_store {
            said.push(self.text("evidence-no-order"));
        }
        said.extend(self.gaps());
        if self.has_cut {
            said.push(self.say(Message::new("evidence-cut").number("most", LONGEST as u64)));
        }
        if said.is_empty() {
            said.push(self.text("evidence-nothing"));
        }
        self.heading("evidence-left-out");
        self.blocks.extend(said.into_iter().map(Block::Text));
    }

    /// Versions that the stream does not have: a state is folded from what is there.
    fn gaps(&self) -> Vec<String> {
        if !matches!(self.document.about, About::Stream { .. }) {
            return Vec::new();
        }
        let missing = |from: u64, to: u64| self.say(Message::new("evidence-gap").number("from", from).number("to", to));
        let mut said = Vec::new();
        if let Some(first) = self.events.first().filter(|first| first.version.0 > 1) {
            said.push(missing(1, first.version.0 - 1));
        }
        for pair in self.events.windows(2) {
            if let [before, after] = pair
                && after.version.0 > before.version.0 + 1
            {
                said.push(missing(before.version.0 + 1, after.version.0 - 1));
            }
        }
        said
    }

    fn hashes(&mut self) {
        let mut of_version: BTreeMap<(u64, Version), Vec<String>> = BTreeMap::new();
        for (event, kept) in self.events.iter().zip(&self.document.events) {
            let place = match self.document.about {
                About::Stream { .. } => format!("v{}", event.version),
                About::Search { .. } => format!("{} v{}", visible(event.stream.as_str()), event.version),
            };
            let row = vec![place, kept.index.to_string(), visible(&event.id.to_string()), kept.leaf.to_string()];
            of_version.insert((kept.index, event.version), row);
        }
        self.heading("evidence-hashes");
        let rows = of_version.into_values().collect();
        self.table(&[("evidence-place", 16), ("evidence-index", 10), ("evidence-id", 34), ("evidence-leaf", 40)], rows);
    }

    fn how_to_check(&mut self) {
        self.heading("evidence-check");
        for name in ["evidence-check-how", "evidence-check-key"] {
            let text = self.text(name);
            self.blocks.push(Block::Text(text));
        }
    }
}
