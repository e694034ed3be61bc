use super::UserError;
use crate::engine::{Loading, Wake, begin};
use crate::event::{Message, RecordedEvent, Said};
use crate::store::Source;
use crate::store::frameworks::{
    Column, Mapping, Reason, Sample, Table, Unmapped, look_into, preview, save_mapping, saved_mapping,
};

/// How many events are shown of what a mapping reads.
const PREVIEWED: u64 = 10;

/// What the columns of a table mean, in the making: guessed first, corrected by whoever knows, and seen in ten events
/// before it is taken.
pub struct MappingDraft {
    pub source: Source,
    pub mapping: Mapping,
    found: Loading<(Unmapped, Option<Mapping>), UserError>,
    /// What was guessed, and why.
    pub reasons: Vec<Reason>,
    /// The mapping as it was offered.
    offered: Mapping,
    read: Loading<Vec<RecordedEvent>, UserError>,
    /// The mapping that the events are read by.
    previewed: Option<Mapping>,
    kept: Loading<(), UserError>,
    wake: Wake,
}

impl std::fmt::Debug for MappingDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MappingDraft").field("mapping", &self.mapping).finish_non_exhaustive()
    }
}

impl MappingDraft {
    pub fn new(source: Source, wake: Wake) -> Self {
        let mut found = Loading::default();
        let at = source.clone();
        found.request(begin("looking at the tables", &wake, move |_| Ok((look_into(&at)?, saved_mapping(&at)))));
        Self {
            source,
            mapping: Mapping::default(),
            found,
            reasons: Vec::new(),
            offered: Mapping::default(),
            read: Loading::default(),
            previewed: None,
            kept: Loading::default(),
            wake,
        }
    }

    fn unmapped(&self) -> Option<&Unmapped> {
        self.found.value().map(|(found, _)| found)
    }

    pub fn tables(&self) -> &[Table] {
        self.unmapped().map_or(&[], |found| &found.catalogue.tables)
    }

    /// The columns of the table that is chosen.
    pub fn columns(&self) -> &[Column] {
        let table = self.unmapped().and_then(|found| found.catalogue.table(&self.mapping.table));
        table.map_or(&[], |table| &table.columns)
    }

    /// What the columns of that table hold.
    pub fn samples(&self) -> &[Sample] {
        self.unmapped().map_or(&[], |found| found.samples(&self.mapping.table))
    }

    /// Something was chosen by hand.
    pub fn is_touched(&self) -> bool {
        self.mapping != self.offered
    }

    /// It is not said yet whose events these are, and no framework says it.
    pub fn lacks_stream(&self) -> bool {
        fn is_said(message: &Message) -> bool {
            let inside =
                message.values.iter().any(|(_, value)| matches!(value, Said::Message(inner) if is_said(inner)));
            message.id == "mapping-no-stream" || inside
        }
        self.mapping.stream.is_empty() && self.read.error().is_some_and(|error| is_said(&error.message))
    }

    /// Takes another table, with what is guessed of it.
    pub fn choose_table(&mut self, name: &str) {
        let guess = self.unmapped().and_then(|found| found.guesses.iter().find(|guess| guess.mapping.table == name));
        let guessed = guess.map(|guess| (guess.mapping.clone(), guess.reasons.clone()));
        (self.mapping, self.reasons) =
            guessed.unwrap_or_else(|| (Mapping { table: name.to_owned(), ..blank() }, Vec::new()));
        self.offered = self.mapping.clone();
    }

    /// Reads the first events anew where the mapping has changed.
    pub fn preview(&mut self) {
        if self.mapping.table.is_empty() || self.previewed.as_ref() == Some(&self.mapping) {
            return;
        }
        self.previewed = Some(self.mapping.clone());
        let (source, mapping) = (self.source.clone(), self.mapping.clone());
        self.read.request(begin("reading events", &self.wake, move |_| Ok(preview(&source, &mapping, PREVIEWED)?)));
    }

    /// The events as the mapping reads them, or why it cannot.
    pub fn events(&self) -> Result<&[RecordedEvent], &UserError> {
        match self.read.error() {
            Some(error) => Err(error),
            None => Ok(self.read.value().map_or(&[], Vec::as_slice)),
        }
    }

    pub fn error(&self) -> Option<&UserError> {
        self.found.error().or(self.kept.error())
    }

    pub fn is_busy(&self) -> bool {
        self.found.is_loading() || self.read.is_loading() || self.kept.is_loading()
    }

    /// Whether the mapping reads at least one event.
    pub fn is_ready(&self) -> bool {
        !self.is_busy() && self.events().is_ok_and(|events| !events.is_empty())
    }

    /// Keeps the mapping for this store.
    pub fn keep(&mut self) {
        let (source, mapping) = (self.source.clone(), self.mapping.clone());
        self.kept.request(begin("keeping the mapping", &self.wake, move |_| {
            let failed = |error| UserError::new(Message::new("error-mapping-not-kept").text("detail", error));
            save_mapping(&source, &mapping).map_err(failed)?;
            Ok(())
        }));
    }

    /// Takes what has come. Says whether the mapping has been kept, once.
    pub fn poll(&mut self) -> bool {
        if self.found.poll() {
            let kept = self.found.value().and_then(|(_, kept)| kept.clone());
            let best = self.unmapped().and_then(|found| found.guesses.first());
            let best = best.map(|guess| guess.mapping.table.clone());
            let first = self.tables().first().map(Table::full_name);
            if let Some(kept) = kept {
                self.offered = kept.clone();
                self.mapping = kept;
            } else if let Some(name) = best.or(first) {
                self.choose_table(&name);
            }
        }
        self.read.poll();
        self.kept.poll() && self.kept.take().is_some()
    }
}

/// Nothing said of any column.
fn blank() -> Mapping {
    Mapping { version_base: 1, version_step: 1, ..Mapping::default() }
}
