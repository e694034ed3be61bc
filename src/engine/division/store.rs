//! A store whose streams are the partitions of a projection. It is only read.

use super::Division;
use super::index::StreamPart;
use super::rows::{OnePartition, PartitionRows};
use crate::engine::columns::file_stem;
use crate::event::{EventId, RecordedEvent, StreamId};
use crate::store::{
    Capabilities, Finding, Flow, Framework, Interrupter, Notice, Opener, Query, ReadOnlyReason, Scan, Scope, Steady,
    Store, StoreError, StoreInfo, StreamQuery, StreamRow,
};

/// See [`Division`].
pub struct Partitioned {
    inner: Box<dyn Store>,
    division: Division,
    category: String,
}

impl std::fmt::Debug for Partitioned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Partitioned").field("division", &self.division).finish_non_exhaustive()
    }
}

impl Partitioned {
    pub(super) fn new(inner: Box<dyn Store>, division: Division) -> Self {
        // The partitions of one projection are all of one kind, which is called as its file is.
        let category = file_stem(division.script().name()).to_owned();
        Self { inner, division, category }
    }

    pub fn division(&self) -> &Division {
        &self.division
    }

    fn row(&self, part: StreamPart) -> StreamRow {
        part.into_row(&self.category)
    }

    /// What was asked of the partitions could be read.
    fn unless_torn(&self) -> Result<(), StoreError> {
        self.division.read().unless_torn()
    }
}

/// So many partitions are listed before others may note events again.
const PAGE: usize = 1_024;

impl Store for Partitioned {
    fn framework(&self) -> Framework {
        self.inner.framework()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            appends: false,
            has_kept_counts: true,
            // Ranges of places hold events of no partition, too.
            has_dense_positions: false,
            names_tell_categories: false,
            ..self.inner.capabilities()
        }
    }

    fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        Some(ReadOnlyReason::Partitions)
    }

    fn notice(&self) -> Option<Notice> {
        self.inner.notice()
    }

    fn has_aggregates(&self) -> bool {
        false
    }

    fn fingerprint(&self) -> Result<Option<String>, StoreError> {
        self.inner.fingerprint()
    }

    fn info(&self) -> Result<StoreInfo, StoreError> {
        let index = self.division.read();
        let longest = index.longest().map(|part| self.row(part));
        let mut types: Vec<(String, u64)> =
            index.types().iter().map(|(event_type, count)| (event_type.to_string(), *count)).collect();
        types.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        let (first_at, last_at) = index.span();
        let streams = index.len() as u64;
        index.unless_torn()?;
        Ok(StoreInfo {
            framework: self.inner.framework(),
            events: index.events(),
            streams,
            event_types: types,
            categories: if streams == 0 { Vec::new() } else { vec![(self.category.clone(), streams)] },
            first_at,
            last_at,
            longest_stream: longest,
            is_writable: false,
        })
    }

    fn kept_events(&self) -> Result<Option<u64>, StoreError> {
        Ok(Some(self.division.read().events()))
    }

    fn scan<'s>(&'s self, query: &Query) -> Result<Box<dyn Scan + 's>, StoreError> {
        let mut rows = PartitionRows::new(self.inner.as_ref(), &self.division, query.limit);
        let all = Query { limit: None, ..query.clone() };
        match &query.scope {
            Scope::Store { .. } | Scope::Linked { .. } => rows.scan = Some(self.inner.scan(&all)?),
            Scope::Category { name, from, to } if *name == self.category => {
                let scope = Scope::Store { from: *from, to: *to };
                rows.scan = Some(self.inner.scan(&Query { scope, ..all })?);
            }
            Scope::Category { .. } => rows.left = 0,
            Scope::Stream { id, from, to } => {
                let index = self.division.read();
                let number = index.number(id);
                let last = number.and_then(|number| index.part(number)?.events.checked_sub(1));
                index.unless_torn()?;
                match (number, last) {
                    (Some(number), Some(last)) => {
                        rows.of = Some(OnePartition {
                            number,
                            from: from.map_or(0, |from| from.0),
                            to: to.map_or(last, |to| to.0.min(last)),
                            query: all,
                            finds: self.inner.capabilities().finds_by_position,
                            is_over: false,
                        });
                    }
                    _ => rows.left = 0,
                }
            }
        }
        Ok(Box::new(rows))
    }

    fn visit_streams(&self, query: &StreamQuery, visit: &mut dyn FnMut(StreamRow) -> Flow) -> Result<(), StoreError> {
        if query.category.as_ref().is_some_and(|category| *category != self.category) {
            return Ok(());
        }
        let wanted = query.filter.as_deref().map(str::to_lowercase);
        let is_wanted = |row: &StreamRow| {
            wanted.as_ref().is_none_or(|wanted| row.stream.as_str().to_lowercase().contains(wanted.as_str()))
        };
        let mut left = query.limit.unwrap_or(u64::MAX);
        let most = query.limit.filter(|_| wanted.is_none());
        let Some(listed) = self.division.read().in_order(query.order, most) else { return self.unless_torn() };
        let mut behind = 0;
        while left > 0 {
            let page = self.division.read().page(&listed, behind, PAGE);
            behind += page.len();
            let is_last = page.len() < PAGE;
            for row in page.into_iter().map(|part| self.row(part)).filter(is_wanted) {
                left = left.saturating_sub(1);
                if visit(row).is_break() {
                    left = 0;
                }
                if left == 0 {
                    break;
                }
            }
            if is_last {
                break;
            }
        }
        self.division.read().is_over(listed);
        self.unless_torn()
    }

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamRow>, StoreError> {
        let index = self.division.read();
        let part = index.number(stream).and_then(|number| index.part(number));
        index.unless_torn()?;
        Ok(part.map(|part| self.row(part)))
    }

    fn event_by_id(&self, id: &EventId) -> Result<Option<RecordedEvent>, StoreError> {
        let Some(event) = self.inner.event_by_id(id)? else { return Ok(None) };
        let place = event.position.and_then(|position| self.division.place_of(position));
        self.unless_torn()?;
        Ok(place.map(|(stream, version)| RecordedEvent { stream, version, ..event }))
    }

    fn verify(&self, report: &mut dyn FnMut(Finding), progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), StoreError> {
        self.inner.verify(report, progress)
    }

    fn opener(&self) -> Opener {
        let (inner, division) = (self.inner.opener(), self.division.clone());
        std::sync::Arc::new(move || Ok(Box::new(Self::new(inner()?, division.clone()))))
    }

    fn is_current(&self) -> bool {
        !self.division.is_superseded() && self.inner.is_current()
    }

    fn interrupter(&self) -> Option<Interrupter> {
        self.inner.interrupter()
    }

    fn may_be_kept(&self) -> bool {
        self.inner.may_be_kept()
    }

    fn steady(&self) -> Result<Steady<'_>, StoreError> {
        self.inner.steady()
    }
}
