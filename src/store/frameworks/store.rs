use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::cell::{Cells, Value};
use super::content::Kind;
use super::decode::Decoder;
use super::held::held_as;
use super::key::CipherKey;
use super::layout::{Layout, Time};
use super::mapping::MappingError;
use super::numbering::Numbering;
use super::scan::{ForeignScan, Wanted};
use super::sql::Sql;
use super::within::within;
use crate::event::{EventId, EventRow, RecordedEvent, StreamId, StreamKey, Timestamp};
use crate::store::{
    Alarm, Capabilities, Closed, Columns, Finding, Flow, Framework, Interrupter, KeptState, Notice, Opener, Query,
    ReadOnlyReason, Ring, Scan, Scope, Steady, Store, StoreError, StoreInfo, StreamQuery, StreamRow, linked_scan,
};

/// What reading foreign tables asks of a database.
pub trait Database: Send + 'static {
    /// Begins to run a statement.
    fn query<'d>(&'d self, sql: &Sql) -> Result<Box<dyn Rows + 'd>, StoreError>;

    /// What makes further connections to the same.
    fn opener(&self) -> Arc<dyn Fn() -> Result<Self, StoreError> + Send + Sync>
    where
        Self: Sized;

    /// See [`Store::is_current`].
    fn is_current(&self) -> bool {
        true
    }

    /// See [`Store::interrupter`].
    fn interrupter(&self) -> Option<Interrupter> {
        None
    }

    /// See [`Store::may_be_kept`].
    fn may_be_kept(&self) -> bool {
        true
    }

    /// See [`Store::steady`].
    fn steady(&self) -> Result<Steady<'_>, StoreError> {
        Ok(Steady::default())
    }

    /// The rows of a statement one by one, until `visit` breaks.
    fn rows(&self, sql: &Sql, visit: &mut dyn FnMut(&dyn Cells) -> Flow) -> Result<(), StoreError> {
        self.query(sql)?.some(visit).map(drop)
    }

    /// Another program changed what is being read.
    fn changed(&self) -> StoreError;

    /// See [`Store::may_record_late`].
    fn may_record_late(&self) -> bool {
        false
    }

    /// Something about the whole database that whoever looks at it should know first.
    fn notice(&self) -> Option<Notice>;

    /// See [`Store::alarm`].
    fn alarm(&self, _layout: &Layout, _ring: Ring) -> Option<Alarm> {
        None
    }

    /// See [`Store::fingerprint`].
    fn fingerprint(&self, _layout: &Layout) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// What the database itself finds wrong with its files.
    fn verify(&self, _report: &mut dyn FnMut(Finding)) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Rows of a statement that is running. Dropping them ends it.
pub trait Rows {
    /// Hands over the next rows until `visit` breaks. Says whether there may be more.
    fn some(&mut self, visit: &mut dyn FnMut(&dyn Cells) -> Flow) -> Result<bool, StoreError>;
}

/// A store in some framework's tables, or in mapped ones.
#[derive(Debug)]
pub struct ForeignStore<D> {
    pub(in crate::store) database: D,
    pub(super) numbering: Numbering,
    pub(in crate::store) decoder: Decoder,
}

/// How long a view may take to its first event when it is opened. Whatever is asked of it later takes as long.
const LONGEST_OPENING: Duration = Duration::from_secs(10);

impl<D: Database> ForeignStore<D> {
    /// `place` is what the store is called in an error.
    pub fn new(database: D, layout: Layout, key: Option<CipherKey>, place: &str) -> Result<Self, StoreError> {
        Self::within(LONGEST_OPENING, database, layout, key, place)
    }

    /// A table comes to an end, however long it is; what a view computes before its first event may have none.
    pub(in crate::store) fn within(
        limit: Duration,
        database: D,
        layout: Layout,
        key: Option<CipherKey>,
        place: &str,
    ) -> Result<Self, StoreError> {
        let (is_view, table) = (layout.is_view, layout.table.clone());
        let numbering = within(limit, database.interrupter().filter(|_| is_view), || {
            let numbering = Numbering::at_opening(&database, layout)?;
            let first = Query::store().limit(1).columns(Columns::HEADS);
            if let Some(sql) = numbering.layout().events_sql(&first, None).filter(|_| is_view) {
                database.rows(&sql, &mut |_| Flow::Break(()))?;
            }
            Ok(numbering)
        })?;
        let too_slow = || StoreError::Mapping {
            place: place.to_owned(),
            source: MappingError::TooSlow { table, seconds: limit.as_secs() },
        };
        let numbering = numbering.ok_or_else(too_slow)?;
        let decoder = Decoder::new(numbering.layout().clone(), key);
        Ok(Self { database, numbering, decoder })
    }

    /// By what is known so far of its events' numbers.
    pub fn layout(&self) -> &Layout {
        self.numbering.layout()
    }

    /// The layout for whoever reads every event.
    fn layout_of_all(&self) -> Result<&Layout, StoreError> {
        self.numbering.for_all(&self.database)
    }

    /// The statement for a query, by the layout that its events need.
    pub(in crate::store) fn events_sql(&self, query: &Query) -> Result<Option<Sql>, StoreError> {
        let layout = self.numbering.for_query(&self.database, query)?;
        let held = match &query.scope {
            Scope::Stream { id, .. } => held_as(&self.database, layout, id)?,
            Scope::Store { .. } | Scope::Category { .. } | Scope::Linked { .. } => None,
        };
        Ok(layout.events_sql(query, held.as_deref()))
    }

    /// Runs a statement over events. One that has no number where all should have one, ends it: the next reading counts.
    fn rows_of_events(&self, sql: &Sql, visit: &mut dyn FnMut(&dyn Cells) -> Flow) -> Result<(), StoreError> {
        let mut is_counted_anew = false;
        self.database.rows(sql, &mut |cells| {
            is_counted_anew = self.numbering.is_unnumbered(cells);
            if is_counted_anew { Flow::Break(()) } else { visit(cells) }
        })?;
        if is_counted_anew { Err(self.database.changed()) } else { Ok(()) }
    }

    pub(super) fn visit_contents(
        &self,
        query: &Query,
        visit: &mut dyn FnMut(&EventRow<'_>, Kind) -> Flow,
    ) -> Result<(), StoreError> {
        let Some(sql) = self.events_sql(query)? else { return Ok(()) };
        let wanted = Wanted::of(self, query)?;
        let mut left = query.limit.unwrap_or(u64::MAX);
        if left == 0 {
            return Ok(());
        }
        self.rows_of_events(&sql, &mut |cells| {
            self.decoder.event(cells, |row, kind| {
                if wanted.as_ref().is_some_and(|wanted| !wanted.has(row)) {
                    return Flow::Continue(());
                }
                left -= 1;
                let flow = visit(row, kind);
                if left == 0 { Flow::Break(()) } else { flow }
            })
        })
    }

    pub(super) fn streams_of(&self, category: &str) -> Result<HashSet<StreamKey>, StoreError> {
        let mut keys = HashSet::new();
        let query = StreamQuery { category: Some(category.to_owned()), ..StreamQuery::default() };
        self.visit_groups(&query, &mut |row| {
            keys.insert(row.key);
            Flow::Continue(())
        })?;
        Ok(keys)
    }

    /// The streams of a query, with their times where those are columns.
    fn visit_groups(&self, query: &StreamQuery, visit: &mut dyn FnMut(StreamRow) -> Flow) -> Result<(), StoreError> {
        self.visit_groups_of(&self.layout_of_all()?.streams_sql(query), query, visit)
    }

    fn visit_groups_of(
        &self,
        sql: &Sql,
        query: &StreamQuery,
        visit: &mut dyn FnMut(StreamRow) -> Flow,
    ) -> Result<(), StoreError> {
        let StreamQuery { category, filter, order: _, limit } = query;
        let filter = filter.as_ref().map(|filter| filter.to_lowercase());
        let mut left = limit.unwrap_or(u64::MAX);
        if left == 0 {
            return Ok(());
        }
        self.database.rows(sql, &mut |cells| {
            let row = self.decoder.stream_row(cells);
            let is_wanted = category.as_ref().is_none_or(|category| row.category == *category)
                && filter.as_ref().is_none_or(|filter| row.stream.as_str().to_lowercase().contains(filter));
            if !is_wanted {
                return Flow::Continue(());
            }
            left -= 1;
            let flow = visit(row);
            if left == 0 { Flow::Break(()) } else { flow }
        })
    }

    /// The times of a stream whose events carry them inside.
    fn with_times(&self, mut row: StreamRow) -> Result<StreamRow, StoreError> {
        let stream = Query::stream(row.stream.clone()).limit(1).columns(Columns::HEADS);
        row.first_at = self.time_of_first(&stream)?;
        row.last_at = self.time_of_first(&stream.backward())?;
        Ok(row)
    }

    fn time_of_first(&self, query: &Query) -> Result<Option<Timestamp>, StoreError> {
        let mut at = None;
        self.visit_contents(query, &mut |row, _| {
            at = row.recorded_at;
            Flow::Break(())
        })?;
        Ok(at)
    }

    fn has_times_inside(&self) -> bool {
        matches!(self.layout().time, Time::Payload { .. })
    }
}

impl<D: Database> Store for ForeignStore<D> {
    fn framework(&self) -> Framework {
        self.layout().framework
    }

    fn capabilities(&self) -> Capabilities {
        let layout = self.layout();
        Capabilities {
            appends: layout.read_only.is_none(),
            has_kept_counts: false,
            has_feed: layout.position.is_some(),
            has_dense_positions: false,
            names_tell_categories: false,
            finds_by_position: layout.is_position_indexed,
            finds_by_id: true,
            finds_by_link: false,
        }
    }

    fn opener(&self) -> Opener {
        let (database, decoder, numbering) = (self.database.opener(), self.decoder.opener(), self.numbering.clone());
        Arc::new(move || Ok(Box::new(Self { database: database()?, numbering: numbering.clone(), decoder: decoder() })))
    }

    fn is_current(&self) -> bool {
        self.database.is_current()
    }

    fn interrupter(&self) -> Option<Interrupter> {
        self.database.interrupter()
    }

    fn may_be_kept(&self) -> bool {
        self.database.may_be_kept()
    }

    fn steady(&self) -> Result<Steady<'_>, StoreError> {
        self.database.steady()
    }

    fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        self.layout().read_only
    }

    fn may_record_late(&self) -> bool {
        self.database.may_record_late()
    }

    fn notice(&self) -> Option<Notice> {
        self.database.notice().or_else(|| self.layout().notice.clone())
    }

    fn fingerprint(&self) -> Result<Option<String>, StoreError> {
        self.database.fingerprint(self.layout())
    }

    fn alarm(&self, ring: Ring) -> Option<Alarm> {
        self.database.alarm(self.layout(), ring)
    }

    fn categories(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let mut categories: HashMap<String, u64> = HashMap::new();
        // Which number an event has says nothing of its category.
        if let Some(sql) = self.layout().categories_sql() {
            self.database.rows(&sql, &mut |cells| {
                *categories.entry(self.decoder.category(cells)).or_default() += 1;
                Flow::Continue(())
            })?;
        } else {
            self.visit_groups(&StreamQuery::default(), &mut |row| {
                *categories.entry(row.category).or_default() += 1;
                Flow::Continue(())
            })?;
        }
        Ok(largest_first(categories))
    }

    fn info(&self) -> Result<StoreInfo, StoreError> {
        let mut event_types: Vec<(String, u64)> = Vec::new();
        self.database.rows(&Sql::plain(self.layout_of_all()?.types_sql()), &mut |cells| {
            let count = cells.cell(1).number().and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
            event_types.push((cells.cell(0).name().into_owned(), count));
            Flow::Continue(())
        })?;
        event_types.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut categories: HashMap<String, u64> = HashMap::new();
        let (mut streams, mut longest_stream) = (0, None::<StreamRow>);
        let (mut first_at, mut last_at) = (None, None);
        self.visit_groups(&StreamQuery::default(), &mut |row| {
            streams += 1;
            *categories.entry(row.category.clone()).or_default() += 1;
            first_at = [first_at, row.first_at].into_iter().flatten().min();
            last_at = last_at.max(row.last_at);
            if longest_stream.as_ref().is_none_or(|longest| row.events > longest.events) {
                longest_stream = Some(row);
            }
            Flow::Continue(())
        })?;
        if self.has_times_inside() {
            longest_stream = longest_stream.map(|row| self.with_times(row)).transpose()?;
            // Whoever writes the time inside an event appends as it passes.
            let ends = Query::store().limit(1).columns(Columns::HEADS);
            (first_at, last_at) = (self.time_of_first(&ends)?, self.time_of_first(&ends.backward())?);
        }
        let categories = largest_first(categories);
        Ok(StoreInfo {
            framework: self.framework(),
            events: event_types.iter().map(|(_, count)| count).sum(),
            streams,
            event_types,
            categories,
            first_at,
            last_at,
            longest_stream,
            is_writable: self.is_writable(),
        })
    }

    fn scan<'s>(&'s self, query: &Query) -> Result<Box<dyn Scan + 's>, StoreError> {
        if matches!(query.scope, Scope::Linked { .. }) {
            return linked_scan(self, query);
        }
        Ok(Box::new(ForeignScan::begin(self, query)?))
    }

    fn visit_streams(&self, query: &StreamQuery, visit: &mut dyn FnMut(StreamRow) -> Flow) -> Result<(), StoreError> {
        if !self.has_times_inside() {
            return self.visit_groups(query, visit);
        }
        if let Some(sql) = self.layout_of_all()?.timed_streams_sql(query) {
            return self.visit_groups_of(&sql, query, visit);
        }
        let mut rows = Vec::new();
        self.visit_groups(query, &mut |row| {
            rows.push(row);
            Flow::Continue(())
        })?;
        for row in rows {
            if visit(self.with_times(row)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The stream of its first event, where an index leads to that: the list of streams is grouped out of all events.
    fn first_of_category(&self, category: &str) -> Result<Option<StreamId>, StoreError> {
        let mut first = None;
        if self.layout().position.is_some() && self.layout().is_position_indexed {
            let scope = Scope::Category { name: category.to_owned(), from: None, to: None };
            let query = Query { scope, ..Query::store() }.limit(1).columns(Columns::HEADS);
            self.visit_events(&query, &mut |row| {
                first = Some(row.stream.clone());
                Flow::Break(())
            })?;
        }
        if first.is_none() {
            // One whose events count for nothing is listed all the same.
            let query = StreamQuery { category: Some(category.to_owned()), limit: Some(1), ..StreamQuery::default() };
            self.visit_streams(&query, &mut |row| {
                first = Some(row.stream);
                Flow::Break(())
            })?;
        }
        Ok(first)
    }

    fn closed(&self, stream: &StreamId) -> Result<Option<Closed>, StoreError> {
        if self.layout().archived.is_none() && !self.layout().may_be_encrypted {
            return Ok(None);
        }
        let Some(sql) = self.events_sql(&Query::stream(stream.clone()).backward().limit(1))? else { return Ok(None) };
        let mut closed = None;
        self.rows_of_events(&sql, &mut |cells| {
            closed = self.decoder.closed(cells);
            Flow::Break(())
        })?;
        Ok(closed)
    }

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamRow>, StoreError> {
        let layout = self.numbering.for_query(&self.database, &Query::stream(stream.clone()))?;
        let Some(sql) = layout.stream_sql(stream) else { return Ok(None) };
        let mut found = None;
        self.database.rows(&sql, &mut |cells| {
            let row = self.decoder.stream_row(cells);
            // A database may take another spelling for the same.
            if row.stream == *stream {
                found = Some(row);
            }
            Flow::Continue(())
        })?;
        match found {
            Some(row) if self.has_times_inside() => self.with_times(row).map(Some),
            found => Ok(found),
        }
    }

    fn event_by_id(&self, id: &EventId) -> Result<Option<RecordedEvent>, StoreError> {
        loop {
            let Some(sql) = self.layout().by_id_sql(id) else { return Ok(None) };
            let (mut found, mut is_counted_anew) = (None, false);
            self.database.rows(&sql, &mut |cells| {
                is_counted_anew = self.numbering.is_unnumbered(cells);
                found = self.decoder.event(cells, |row, _| (row.id == *id).then(|| row.to_recorded()));
                if found.is_some() || is_counted_anew { Flow::Break(()) } else { Flow::Continue(()) }
            })?;
            // It has no number of its own, and is asked for once more where the rows are counted.
            if !is_counted_anew {
                return Ok(found);
            }
        }
    }

    fn verify(&self, report: &mut dyn FnMut(Finding), progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), StoreError> {
        super::verify::run(self, report, progress)
    }

    fn visit_kept_states(&self, visit: &mut dyn FnMut(KeptState) -> Flow) -> Result<(), StoreError> {
        super::verify::kept_states(self, visit)
    }
}

fn largest_first(counts: HashMap<String, u64>) -> Vec<(String, u64)> {
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts
}

impl Sql {
    pub(super) fn plain(text: String) -> Self {
        Self { text, values: Vec::<Value>::new() }
    }
}
