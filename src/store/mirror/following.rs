//! Bringing a mirror up to its origin.

use std::collections::BTreeMap;

use super::ahead::{Ahead, Chunk, FIRST, TOGETHER};
use super::taken::{Taken, second_id, taken};
use super::{Mirrored, Mirroring, check, now};
use crate::event::{Cursor, EventRow, NewEvent, Position, StreamId, Timestamp, Version};
use crate::store::native::{Bulk, Gap, MirrorStanding, Recorded};
use crate::store::{AppendError, Changes, Columns, Flow, Query, Store, StoreError, StreamQuery, as_new};

/// How long somebody may take to record an event at a place that was passed over.
const UNSETTLED: i64 = 10 * 60 * 1_000_000;

/// More places than these are not asked for again.
const GAPS_KEPT: usize = 64;

pub(super) fn catch_up(
    mirroring: &mut Mirroring,
    origin: &dyn Store,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Mirrored, StoreError> {
    let (new, as_text) = {
        let mut following = Following { mirroring, origin, progress, new: 0, as_text: 0 };
        following.late()?;
        while !following.once()? {}
        following.note_moment()?;
        (following.new, following.as_text)
    };
    let standing = mirroring.standing()?.unwrap_or_default();
    Ok(Mirrored { events: check::held_events(mirroring)?, new, as_text, standing })
}

struct Following<'a> {
    mirroring: &'a mut Mirroring,
    origin: &'a dyn Store,
    progress: &'a mut dyn FnMut(u64) -> Flow,
    new: u64,
    as_text: u64,
}

impl Following<'_> {
    /// One reading of what is new, to its end or until another brought in the same. Says whether it came to the end.
    fn once(&mut self) -> Result<bool, StoreError> {
        let origin = self.origin;
        let mut head = self.head()?;
        let Some(mut cursor) = self.mirroring.cursor(origin)? else { return self.by_streams() };
        // Between the two looks, another may have brought in more.
        if self.head()? != head {
            return Ok(false);
        }
        let mut scan = match origin.changes(&cursor, Columns::ALL)? {
            Changes::Grew(scan) => scan,
            Changes::Replaced => return Err(self.mirroring.differs(check::missing(self.mirroring, origin)?)),
            Changes::Unknown => return self.by_streams(),
        };
        let mut chunk = Chunk::read(scan.as_mut(), FIRST)?;
        let mut ahead = None;
        loop {
            let before = cursor.position();
            chunk.batches.iter().for_each(|batch| cursor.advance(batch));
            if chunk.batches.is_empty() {
                return Ok(true);
            }
            if !chunk.is_last && ahead.is_none() {
                ahead = Ahead::begin(origin, cursor.clone());
            }
            let gaps = if origin.may_record_late() { gaps_in(&chunk, before) } else { Vec::new() };
            match self.keep(head, &chunk, Some(&cursor), gaps)? {
                Some(now_at) => head = now_at,
                None => return Ok(false),
            }
            if chunk.is_last {
                return Ok(true);
            }
            chunk = match &mut ahead {
                Some(ahead) => match ahead.next()? {
                    Some(chunk) => chunk,
                    // The next look says what became of the origin.
                    None => return Ok(false),
                },
                None => Chunk::read(scan.as_mut(), TOGETHER)?,
            };
        }
    }

    /// The origin has no order of its own: stream after stream, behind the last version that is mirrored.
    fn by_streams(&mut self) -> Result<bool, StoreError> {
        let mut ends: BTreeMap<StreamId, Version> = BTreeMap::new();
        self.origin.visit_streams(&StreamQuery::default(), &mut |row| {
            ends.insert(row.stream, row.last_version);
            Flow::Continue(())
        })?;
        for (stream, end) in ends {
            let mut head = self.head()?;
            let held = self.mirroring.store.stream(&stream)?.map(|row| row.last_version);
            if held.is_some_and(|held| held > end) {
                let version = Version(end.0 + 1);
                return Err(self.mirroring.differs(super::OriginFault::Cut { stream, version }));
            }
            if held == Some(end) {
                continue;
            }
            let from = held.map(|held| Version(held.0 + 1));
            let origin = self.origin;
            let mut scan = origin.scan(&Query::stream(stream).between(from, None))?;
            loop {
                let chunk = Chunk::read(scan.as_mut(), TOGETHER)?;
                match self.keep(head, &chunk, None, Vec::new())? {
                    Some(now_at) => head = now_at,
                    None => return Ok(false),
                }
                if chunk.is_last {
                    break;
                }
            }
        }
        Ok(true)
    }

    /// What was recorded by now at places that were passed over: a transaction that took its numbers first may end last.
    fn late(&mut self) -> Result<(), StoreError> {
        let head = self.head()?;
        let Some(standing) = self.mirroring.standing()?.filter(|standing| !standing.gaps.is_empty()) else {
            return Ok(());
        };
        let mut batches = Vec::new();
        for Gap { from, to, .. } in &standing.gaps {
            let mut scan = self.origin.scan(&Query::positions(Some(Position(*from)), Some(Position(*to))))?;
            batches.append(&mut Chunk::read(scan.as_mut(), TOGETHER)?.batches);
        }
        let chunk = Chunk { batches, is_last: true };
        if chunk.batches.is_empty() {
            return Ok(());
        }
        let mut gaps = Vec::new();
        for gap in standing.gaps {
            let mut from = gap.from;
            for there in chunk.rows().filter_map(|row| row.position).filter(|at| (gap.from..=gap.to).contains(&at.0)) {
                gaps.extend((from < there.0).then(|| Gap { from, to: there.0 - 1, ..gap }));
                from = there.0 + 1;
            }
            gaps.extend((from <= gap.to).then_some(Gap { from, ..gap }));
        }
        self.record(head, &chunk, None, Some(gaps)).map(drop)
    }

    fn keep(
        &mut self,
        head: Position,
        chunk: &Chunk,
        cursor: Option<&Cursor>,
        mut met: Vec<Gap>,
    ) -> Result<Option<Position>, StoreError> {
        let gaps = self.mirroring.standing()?.map(|standing| standing.gaps).unwrap_or_default();
        let old = now().micros() - UNSETTLED;
        met.extend(gaps.into_iter().filter(|gap| gap.since > old));
        met.truncate(GAPS_KEPT);
        self.record(head, chunk, cursor, Some(met))
    }

    /// Records what was read where the mirror still ends at this place; `None` where it does not.
    fn record(
        &mut self,
        head: Position,
        chunk: &Chunk,
        cursor: Option<&Cursor>,
        gaps: Option<Vec<Gap>>,
    ) -> Result<Option<Position>, StoreError> {
        let behind = if chunk.is_last { 0 } else { self.left_behind(chunk, cursor)? };
        let Self { mirroring, origin, progress, new, as_text, .. } = self;
        let before = mirroring.standing()?.unwrap_or_default();
        let path = mirroring.path.clone();
        let mut bulk = mirroring.store.bulk()?;
        if bulk.head() != head {
            return Ok(None);
        }
        for row in chunk.rows() {
            let (is_new, is_text) = take(&mut bulk, &row).map_err(|error| match error {
                AppendError::Store(error) => error,
                error => StoreError::NotMirrored {
                    path: path.clone(),
                    stream: row.stream.clone(),
                    version: row.version,
                    error: Box::new(error),
                },
            })?;
            *new += u64::from(is_new);
            *as_text += u64::from(is_new && is_text);
            if progress(*new).is_break() {
                // What was brought in before this transaction stays.
                return Err(StoreError::Cancelled);
            }
        }
        let standing = MirrorStanding { behind, appends: origin.is_writable(), ..before.clone() }.at(now());
        let standing = match cursor {
            Some(cursor) => standing.behind_place(cursor),
            None => standing,
        };
        let standing = MirrorStanding { gaps: gaps.unwrap_or(before.gaps), ..standing };
        bulk.keep_standing(&standing)?;
        let head = bulk.head();
        bulk.commit()?;
        Ok(Some(head))
    }

    /// Events of the origin that come behind this chunk; about so many where its places have gaps.
    fn left_behind(&mut self, chunk: &Chunk, cursor: Option<&Cursor>) -> Result<u64, StoreError> {
        let held = check::held_events(self.mirroring)? + chunk.rows().count() as u64;
        let Some(at) = cursor.and_then(Cursor::position) else {
            return Ok(match self.origin.kept_events()? {
                Some(events) => events.saturating_sub(held),
                None => self.origin.info()?.events.saturating_sub(held),
            });
        };
        let left = self.origin.end()?.position().map_or(0, |end| end.0.saturating_sub(at.0));
        // As many to a place as so far.
        let about = u128::from(left) * u128::from(held) / u128::from(at.0.max(1));
        Ok(u64::try_from(about).unwrap_or(u64::MAX).min(left))
    }

    /// That nothing more is there is known as of now.
    fn note_moment(&mut self) -> Result<(), StoreError> {
        let head = self.head()?;
        let appends = self.origin.is_writable();
        let now = now();
        let Some(before) = self.mirroring.standing()? else { return Ok(()) };
        let is_fresh = now.micros_since(before.as_of()) < BETWEEN_NOTES && before.behind == 0;
        if is_fresh && before.appends == appends {
            return Ok(());
        }
        let mut bulk = self.mirroring.store.bulk()?;
        if bulk.head() == head {
            bulk.keep_standing(&MirrorStanding { behind: 0, appends, ..before }.at(now))?;
            bulk.commit()?;
        }
        Ok(())
    }

    fn head(&self) -> Result<Position, StoreError> {
        Ok(self.mirroring.store.end()?.position().unwrap_or_default())
    }
}

/// A mirror that follows without anything new is written to no more often than this, in microseconds.
const BETWEEN_NOTES: i64 = 1_000_000;

/// Records an event as its origin has it. Says whether it was new, and whether some of it is kept as a text.
fn take(bulk: &mut Bulk<'_>, row: &EventRow<'_>) -> Result<(bool, bool), AppendError> {
    // Nearly every one is new, and JSON. What is refused is looked at.
    if as_new(row).is_ok_and(|event| bulk.record_new(row.stream, row.version, &event).is_ok()) {
        return Ok((true, false));
    }
    let Taken { event, is_text } = taken(row);
    let is_new = match bulk.record(row.stream, Some(row.version), &event) {
        Ok(Recorded::New(_)) => true,
        Ok(Recorded::AlreadyThere(version)) if version == row.version => false,
        // Another event has this id in the origin too.
        Ok(Recorded::AlreadyThere(_)) | Err(AppendError::IdTaken(_)) => {
            let event = NewEvent { id: second_id(row), ..event };
            matches!(bulk.record(row.stream, Some(row.version), &event)?, Recorded::New(_))
        }
        Err(error) => return Err(error),
    };
    Ok((is_new, is_text))
}

/// The places between the events of a chunk, the newest first.
fn gaps_in(chunk: &Chunk, before: Option<Position>) -> Vec<Gap> {
    let since: Timestamp = now();
    let (mut gaps, mut last) = (Vec::new(), before);
    for at in chunk.rows().filter_map(|row| row.position) {
        if let Some(last) = last.filter(|last| last.0 + 1 < at.0) {
            gaps.push(Gap { from: last.0 + 1, to: at.0 - 1, since: since.micros() });
        }
        last = Some(at);
    }
    gaps.reverse();
    gaps.truncate(GAPS_KEPT);
    gaps
}
