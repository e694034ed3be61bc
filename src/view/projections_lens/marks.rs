//! What is said beside the lines of the chosen projection.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{OwnFile, doubt_message};
use crate::engine::{Division, FaultAt, OwnRun};
use crate::event::{Explain, Message, StreamId, Version};
use crate::projection::{Fault, Problem, ProjectionError};
use crate::script::Doubt;
use crate::view::{OpenStore, StreamView};

/// A line on which something went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineMark {
    /// Counted from one; nought where no line is known.
    pub line: u32,
    pub column: Option<u32>,
    /// Without the place.
    pub message: Message,
    pub source: MarkSource,
    /// What may have been meant by a word of the line.
    pub replacing: Option<Replacing>,
}

/// A word of a source, and the one that may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacing {
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    pub word: Box<str>,
    pub by: Box<str>,
}

impl Replacing {
    /// `None` where nothing like it is known.
    pub fn of(doubt: &Doubt) -> Option<Self> {
        let Doubt { range, field, near, .. } = doubt;
        Some(Self { range: range.clone(), word: field.clone(), by: near.clone()? })
    }

    /// The text with the word replaced; `None` where something else stands there by now.
    pub(super) fn in_text(&self, text: &str) -> Option<String> {
        let Self { range, word, by } = self;
        let before = text.get(..range.start).filter(|_| text.get(range.clone()) == Some(word))?;
        Some(format!("{before}{by}{}", text.get(range.end..)?))
    }
}

/// Where it went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkSource {
    /// The text cannot be compiled as it is typed.
    Text,
    /// A field that no event of its type has.
    Doubt,
    /// An event, and on how many partitions in all.
    Event { stream: StreamId, version: Version, event_type: String, partitions: u64 },
}

impl OpenStore {
    /// What went wrong with the chosen projection, line by line. Of a text that cannot be compiled, where: what ran before
    /// is of other lines.
    pub fn projection_marks(&self) -> Vec<LineMark> {
        let Some(file) = self.own.chosen() else { return Vec::new() };
        if let Some(fault) = file.fault() {
            return vec![mark(fault, MarkSource::Text)];
        }
        if !file.runs_as_typed() {
            return Vec::new();
        }
        let mut marks = BTreeMap::new();
        if let Some(run) = self.own.results.run_of(file.text()) {
            of_store(run, self.division(), &mut marks);
        }
        if let Some(view) = &self.view {
            of_stream(view, file, &mut marks);
        }
        of_doubts(self.own.doubts(), &mut marks);
        marks.into_values().collect()
    }

    /// Where an event that it failed on is looked at: where partitions are, among those of its own. `None` for as long as
    /// that is looked up.
    pub fn place_of_fault(&self, fault: &FaultAt) -> Option<(StreamId, Version)> {
        place_of_fault(fault, self.division())
    }

    /// On how many partitions the projection failed, and on how many events of which it could not tell the partition.
    pub fn projection_faults(&self, file: &OwnFile) -> u64 {
        let of_text = u64::from(file.fault().is_some());
        let run = file.script().and_then(|script| self.own.results.run_of(script.source()));
        let strays = |run: &OwnRun| run.partitions.strays.iter().filter(|stray| !stray.is_not_run()).count() as u64;
        of_text + run.map_or(0, |run| run.failed_count() + strays(run))
    }
}

fn mark(fault: &Fault, source: MarkSource) -> LineMark {
    let without_place = Fault { kind: fault.kind.clone(), place: None };
    LineMark {
        line: fault.place.map_or(0, |place| place.line),
        column: fault.place.map(|place| place.column),
        message: without_place.message(),
        source,
        replacing: None,
    }
}

/// What failed on a line is said first; a word that was spelled wrong there may be why.
fn of_doubts(doubts: &[Doubt], marks: &mut BTreeMap<u32, LineMark>) {
    for doubt in doubts {
        let mark = marks.entry(doubt.place.line).or_insert_with(|| LineMark {
            line: doubt.place.line,
            column: Some(doubt.place.column),
            message: doubt_message(doubt),
            source: MarkSource::Doubt,
            replacing: None,
        });
        if mark.replacing.is_none() {
            mark.replacing = Replacing::of(doubt);
        }
    }
}

fn place_of_fault(fault: &FaultAt, division: Option<&Division>) -> Option<(StreamId, Version)> {
    let own = || (fault.stream.clone(), fault.version);
    let Some((division, position)) = division.zip(fault.position) else { return Some(own()) };
    let place = division.place_at_hand(position).ok()?;
    Some(place.unwrap_or_else(own))
}

fn of_store(run: &OwnRun, division: Option<&Division>, marks: &mut BTreeMap<u32, LineMark>) {
    for (line, fault) in &run.faults {
        let FaultAt { fault: first, event_type, .. } = &fault.first;
        let Some((stream, version)) = place_of_fault(&fault.first, division) else { continue };
        let event_type = event_type.to_string();
        let source = MarkSource::Event { stream, version, event_type, partitions: fault.partitions };
        marks.insert(*line, mark(first, source));
    }
}

/// So many of a stream's faults are looked at.
const MOST_OF_STREAM: usize = 1_000;

/// The one at the cursor says more than any other; else the first of the stream, where the store was not run yet.
fn of_stream(view: &StreamView, file: &OwnFile, marks: &mut BTreeMap<u32, LineMark>) {
    let Some(loaded) = view.shown_loaded().filter(|loaded| loaded.projection.name() == file.name()) else { return };
    if file.script().is_none_or(|script| script.revision() != loaded.projection.revision()) {
        return;
    }
    for (index, finding) in loaded.timeline.all_findings().iter().take(MOST_OF_STREAM) {
        let Problem::Failed(ProjectionError::Fault(fault)) = &finding.problem else { continue };
        let is_here = view.cursor() == Some(*index);
        let line = fault.place.map_or(0, |place| place.line);
        if !is_here && marks.contains_key(&line) {
            continue;
        }
        let event_type = loaded.timeline.heads().get(*index).map(|head| head.event_type.to_string());
        let partitions = match marks.get(&line) {
            Some(LineMark { source: MarkSource::Event { partitions, .. }, .. }) => *partitions,
            _ => 1,
        };
        let source = MarkSource::Event {
            stream: view.stream.clone(),
            version: finding.version,
            event_type: event_type.unwrap_or_default(),
            partitions,
        };
        marks.insert(line, mark(fault, source));
    }
}
