use std::sync::Arc;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params_from_iter};

use super::chain::seal;
use super::counts::{categories, counts, has_very_many, is_common, named_categories};
use super::names::{Names, lossy};
use super::scan::NativeScan;
use super::schema::Format;
use super::{Access, NativeStore, keep_going};
use crate::event::{EventId, EventRow, Position, RecordedEvent, StreamId, StreamKey, Timestamp, Version};
use crate::store::frameworks::is_label_of_encrypted;
use crate::store::opening::ReadOnlyFile;
use crate::store::{
    Capabilities, Closed, Fault, Finding, Flow, Framework, InfoAtOnce, Interrupter, Notice, Opener, Query,
    ReadOnlyReason, Scan, Scope, Snapshot, Steady, Store, StoreError, StoreInfo, StreamOrder, StreamQuery, StreamRow,
    linked_scan,
};

impl Store for NativeStore {
    fn framework(&self) -> Framework {
        Framework::FOLDLINE
    }

    fn capabilities(&self) -> Capabilities {
        let may_be_written = match &self.access {
            Access::Writing(_) => true,
            Access::Looking(_) => std::fs::metadata(&self.path).is_ok_and(|file| !file.permissions().readonly()),
        };
        // What is appended to a mirror is appended to its origin.
        let appends = may_be_written && self.mirror().ok().flatten().is_none_or(|mirror| mirror.appends());
        Capabilities {
            appends,
            has_kept_counts: true,
            has_feed: true,
            has_dense_positions: true,
            names_tell_categories: true,
            finds_by_position: true,
            finds_by_id: true,
            finds_by_link: self.keeps_links(),
        }
    }

    fn names_bytes(&self) -> u64 {
        self.names.bytes()
    }

    fn keep_names_within(&self, bytes: u64) {
        self.names.keep_within(bytes);
    }

    fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        let mirror = self.mirror().ok().flatten()?;
        (!mirror.appends()).then_some(ReadOnlyReason::Mirror)
    }

    /// A mirror holds what its origin says of its events, and what is appended goes there.
    fn closed(&self, stream: &StreamId) -> Result<Option<Closed>, StoreError> {
        if self.mirror()?.is_none() {
            return Ok(None);
        }
        let mut closed = None;
        self.visit_events(&Query::stream(stream.clone()).backward().limit(1), &mut |row| {
            if row.to_recorded().metadata().all.contains_key("archived") {
                closed = Some(Closed::Archived);
            } else if is_label_of_encrypted(row.payload) {
                closed = Some(Closed::Encrypted);
            }
            Flow::Break(())
        })?;
        Ok(closed)
    }

    fn notice(&self) -> Option<Notice> {
        self.access.notice(&self.path).or_else(|| Some(Notice::Mirror(self.mirror().ok().flatten()?)))
    }

    fn info(&self) -> Result<StoreInfo, StoreError> {
        self.reading(|connection| {
            let (streams, events, first_at, last_at) = connection.query_row(
                "SELECT count(*), coalesce(sum(events), 0), min(first_at), max(last_at) FROM streams",
                [],
                |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?, moment(row, 2)?, moment(row, 3)?)),
            )?;
            let longest_stream = connection
                .query_row(&format!("{STREAM_COLUMNS} ORDER BY events DESC, id LIMIT 1"), [], stream_row)
                .optional()?;
            Ok(StoreInfo {
                events,
                streams,
                first_at,
                last_at,
                longest_stream,
                ..self.info_of_few(connection, categories(connection)?)?
            })
        })
    }

    fn info_at_once(&self) -> Result<Option<InfoAtOnce>, StoreError> {
        self.reading(|connection| {
            let named = if has_very_many(connection)? { named_categories(connection)? } else { None };
            Ok(Some(match named {
                Some(names) => {
                    let uncounted = names.into_iter().map(|name| (name, None)).collect();
                    self.info_of_few(connection, Vec::new())?.with_streams(None, uncounted)
                }
                None => self.info_of_few(connection, categories(connection)?)?.into(),
            }))
        })
    }

    fn kept_events(&self) -> Result<Option<u64>, StoreError> {
        self.reading(|connection| {
            let mut sum = connection.prepare_cached("SELECT coalesce(sum(events), 0) FROM types WHERE events > 0")?;
            sum.query_row([], |row| unsigned(row, 0)).map(Some)
        })
    }

    fn scan<'s>(&'s self, query: &Query) -> Result<Box<dyn Scan + 's>, StoreError> {
        if matches!(query.scope, Scope::Linked { .. }) && !self.keeps_links() {
            return linked_scan(self, query);
        }
        Ok(Box::new(NativeScan::begin(self, query)?))
    }

    fn opener(&self) -> Opener {
        let (path, format, names) = (self.path.clone(), self.format, self.names.shared());
        let file = ReadOnlyFile::opener_at(&path);
        Arc::new(move || {
            let access = Access::Looking(file()?);
            Ok(Box::new(Self {
                path: path.clone(),
                named: path.clone(),
                access,
                names: Names::sharing(names.clone()),
                format,
            }))
        })
    }

    fn is_current(&self) -> bool {
        self.access.is_current()
    }

    fn interrupter(&self) -> Option<Interrupter> {
        Some(self.access.interrupter())
    }

    fn may_be_kept(&self) -> bool {
        self.access.may_be_kept()
    }

    fn categories(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.reading(categories)
    }

    fn visit_streams(&self, query: &StreamQuery, visit: &mut dyn FnMut(StreamRow) -> Flow) -> Result<(), StoreError> {
        let StreamQuery { category, filter, order, limit } = query;
        let mut conditions: Vec<&str> = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        if let Some(category) = category {
            // The index leads to one row after the other; where every name is looked at anyway, the table is walked. So it
            // is for the first of a category that has enough of them near the table's beginning, where they lie in their
            // order: those of the index had to be sorted.
            let first = limit.filter(|_| *order == StreamOrder::Began);
            let has_first = |first| self.reading(|found| is_common(found, category, first));
            let walks = filter.is_some() || first.map(has_first).transpose()?.unwrap_or(false);
            conditions.push(if walks { "+category = ?" } else { "category = ?" });
            values.push(category.clone().into());
        }
        if let Some(filter) = filter {
            conditions.push("name LIKE ? ESCAPE '\\'");
            let escaped = filter.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            values.push(format!("%{escaped}%").into());
        }
        let conditions =
            if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
        let order = match order {
            StreamOrder::Began => "id",
            StreamOrder::Recent => "last_position DESC, id",
            StreamOrder::Name => "name",
            StreamOrder::Longest => "events DESC, id",
        };
        let limit = limit.map_or(-1, bound);
        let sql = format!("{STREAM_COLUMNS}{conditions} ORDER BY {order} LIMIT {limit}");
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            while let Some(row) = rows.next()? {
                if !keep_going(visit(stream_row(row)?)) {
                    break;
                }
            }
            Ok(())
        })
    }

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamRow>, StoreError> {
        self.reading(|connection| {
            connection
                .prepare_cached(&format!("{STREAM_COLUMNS} WHERE name = ?1"))?
                .query_row([stream.as_str()], stream_row)
                .optional()
        })
    }

    fn event_by_id(&self, id: &EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.reading(|connection| recorded_by_id(connection, &self.names, id))
    }

    fn steady(&self) -> Result<Steady<'_>, StoreError> {
        self.access.steady(&self.path)
    }

    fn verify(&self, report: &mut dyn FnMut(Finding), progress: &mut dyn FnMut(u64) -> Flow) -> Result<(), StoreError> {
        // The counts that are kept are those of the events that are read.
        let _steady = self.steady()?;
        if self.access.is_damaged() {
            report(Finding::of_store(Fault::FileDamaged { path: self.path.display().to_string() }));
        }
        match self.reading(|connection| super::verify::run(connection, &self.names, self.format, report, progress)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::Cancelled),
            // All that could be read was looked at; the rest is itself a finding.
            Err(StoreError::Damaged { detail, .. }) => {
                report(Finding::of_store(Fault::ReadingEnded { detail }));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn snapshot(
        &self,
        stream: &StreamId,
        projection: &str,
        revision: u32,
        at_most: Version,
    ) -> Result<Option<Snapshot>, StoreError> {
        if self.format < Format::SEALED {
            return Ok(None);
        }
        self.reading(|connection| {
            let mut find = connection.prepare_cached(&format!(
                "{SNAPSHOT_COLUMNS} WHERE s.name = ?1 AND n.projection = ?2 AND n.revision = ?3 AND n.version <= ?4"
            ))?;
            let found =
                find.query_row((stream.as_str(), projection, revision, bound(at_most.0)), kept_snapshot).optional()?;
            Ok(found.filter(|kept| kept.fits).map(|kept| kept.snapshot))
        })
    }

    fn visit_snapshots(&self, visit: &mut dyn FnMut(&StreamId, &Snapshot) -> Flow) -> Result<(), StoreError> {
        if self.format < Format::SEALED {
            return Ok(());
        }
        self.reading(|connection| {
            visit_kept(connection, &mut |kept| {
                if kept.fits { visit(&kept.stream, &kept.snapshot) } else { Flow::Continue(()) }
            })
        })
    }
}

impl NativeStore {
    /// By the counts of types and categories, of which there are few.
    fn info_of_few(&self, connection: &Connection, categories: Vec<(String, u64)>) -> rusqlite::Result<StoreInfo> {
        let of_types = "SELECT name, events FROM types WHERE events > 0 ORDER BY events DESC, name";
        let event_types = counts(connection, of_types)?;
        Ok(StoreInfo {
            framework: self.framework(),
            events: event_types.iter().map(|(_, events)| events).sum(),
            streams: categories.iter().map(|(_, streams)| streams).sum(),
            event_types,
            categories,
            first_at: None,
            last_at: None,
            longest_stream: None,
            is_writable: self.is_writable(),
        })
    }

    /// A store that an older Foldline wrote has them only once it is written again.
    fn keeps_links(&self) -> bool {
        self.format >= Format::LINKED && super::links::are_kept(self.connection()).unwrap_or(false)
    }
}

const SNAPSHOT_COLUMNS: &str =
    "SELECT n.projection, n.revision, n.version, n.event_id, n.state, s.name, n.seal, e.chain
     FROM snapshots n JOIN streams s ON s.id = n.stream
     LEFT JOIN events e ON e.stream = n.stream AND e.version = n.version AND e.id = n.event_id";

/// A row of the snapshots.
pub(super) struct KeptSnapshot {
    pub stream: StreamId,
    pub snapshot: Snapshot,
    /// It is as it was kept, and of an event that is as it was then.
    pub fits: bool,
}

fn kept_snapshot(row: &Row<'_>) -> rusqlite::Result<KeptSnapshot> {
    let snapshot = Snapshot {
        projection: lossy(row.get_ref(0)?),
        // Only another tool writes a number that is none; no projection has that revision.
        revision: row.get::<_, i64>(1)?.try_into().unwrap_or(u32::MAX),
        version: Version(unsigned(row, 2)?),
        event_id: event_id(row.get_ref(3)?),
        state: lossy(row.get_ref(4)?),
    };
    let sealed = row.get_ref(6)?;
    let fits = row.get_ref(7)?.as_blob().is_ok_and(|link| bytes(sealed) == seal(link, &snapshot));
    Ok(KeptSnapshot { stream: StreamId::new(lossy(row.get_ref(5)?)), snapshot, fits })
}

pub(super) fn visit_kept(connection: &Connection, visit: &mut dyn FnMut(KeptSnapshot) -> Flow) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("{SNAPSHOT_COLUMNS} ORDER BY n.stream, n.projection"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if !keep_going(visit(kept_snapshot(row)?)) {
            break;
        }
    }
    Ok(())
}

const STREAM_COLUMNS: &str =
    "SELECT id, name, category, events, first_version, last_version, first_at, last_at FROM streams";

fn stream_row(row: &Row<'_>) -> rusqlite::Result<StreamRow> {
    Ok(StreamRow {
        key: StreamKey(row.get(0)?),
        stream: StreamId::new(lossy(row.get_ref(1)?)),
        category: lossy(row.get_ref(2)?),
        events: unsigned(row, 3)?,
        first_version: Version(unsigned(row, 4)?),
        last_version: Version(unsigned(row, 5)?),
        first_at: moment(row, 6)?,
        last_at: moment(row, 7)?,
    })
}

/// The columns that [`with_event`] reads, for a statement of one event.
pub(super) const EVENT_COLUMNS: &str = "SELECT e.position, e.stream, e.version, e.type, e.schema, e.recorded_at, e.id, e.payload, e.metadata FROM events e";

/// Hands the current row to `visit` without copying its texts.
pub(super) fn with_event<T>(
    connection: &Connection,
    names: &Names,
    row: &Row<'_>,
    visit: impl FnOnce(&EventRow<'_>) -> T,
) -> rusqlite::Result<T> {
    let stream_key = StreamKey(row.get(1)?);
    let stream = names.stream(connection, stream_key)?;
    let event_type = names.event_type(connection, row.get(3)?)?;
    Ok(visit(&EventRow {
        position: Some(Position(unsigned(row, 0)?)),
        stream_key,
        stream: &stream,
        version: Version(unsigned(row, 2)?),
        event_type: &event_type,
        schema: row.get(4)?,
        recorded_at: moment(row, 5)?,
        id: event_id(row.get_ref(6)?),
        payload: bytes(row.get_ref(7)?),
        metadata: bytes(row.get_ref(8)?),
    }))
}

pub(super) fn recorded_by_id(
    connection: &Connection,
    names: &Names,
    id: &EventId,
) -> rusqlite::Result<Option<RecordedEvent>> {
    let mut statement = connection.prepare_cached(&format!("{EVENT_COLUMNS} WHERE e.id = ?1"))?;
    let mut rows = statement.query([&IdColumn(id) as &dyn ToSql])?;
    rows.next()?.map(|row| with_event(connection, names, row, |event| event.to_recorded())).transpose()
}

/// Sixteen bytes for a UUID, text for the rest.
pub(super) struct IdColumn<'a>(pub(super) &'a EventId);

impl ToSql for IdColumn<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(match self.0 {
            EventId::Uuid(bytes) => bytes.as_slice().into(),
            EventId::Text(text) => (&**text).into(),
        })
    }
}

pub(super) fn event_id(value: ValueRef<'_>) -> EventId {
    match value {
        ValueRef::Blob(blob) => blob.try_into().map_or_else(|_| EventId::Text(lossy(value).into()), EventId::Uuid),
        ValueRef::Text(_) => EventId::Text(lossy(value).into()),
        ValueRef::Integer(number) => EventId::Text(number.to_string().into()),
        ValueRef::Real(number) => EventId::Text(number.to_string().into()),
        ValueRef::Null => EventId::Text("".into()),
    }
}

pub(super) fn bytes(value: ValueRef<'_>) -> &[u8] {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        _ => &[],
    }
}

/// Versions, positions and counts; a negative one, which only another tool can have written, reads as nought.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

pub(super) fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_micros))
}

pub(super) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
