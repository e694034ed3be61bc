//! Bringing a mirror up to its origin.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::ahead::{Chunk, Coming, TOGETHER};
use super::taken::{Taken, second_id, taken};
use super::{Mirrored, Mirroring, check, now};
use crate::event::{Cursor, EventRow, NewEvent, Position, StreamId, Timestamp, Version};
use crate::store::native::{Bulk, Gap, MirrorStanding, Recorded};
use crate::store::{AppendError, Changes, Columns, Flow, Query, Store, StoreError, StreamQuery};

/// How long somebody may take to record an event at a place that was passed over.
const UNSETTLED: i64 = 10 * 60 * 1_000_000;

/// So long another program that follows too waits at most for those that are recorded together.
const LONGEST: Duration = Duration::from_secs(1);

/// More places than these are not asked for again.
const GAPS_KEPT: usize = 64;

pub(super) fn catch_up(
    mirroring: &mut Mirroring,
    origin: &dyn Store,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Mirrored, StoreError> {
    let (new, as_text) = match follow(Following { mirroring, origin, progress, new: 0, as_text: 0 }) {
        // Most of it may be there by then.
        Err(StoreError::Full(path)) => {
            let events = check::held_events(mirroring)?;
            return Err(StoreError::MirrorFull { path, events });
        }
        followed => followed?,
    };
    let standing = mirroring.standing()?.unwrap_or_default();
    Ok(Mirrored { events: check::held_events(mirroring)?, new, as_text, standing })
}

fn follow(mut following: Following<'_>) -> Result<(u64, u64), StoreError> {
    following.late()?;
    while !following.once()? {}
    following.note_moment()?;
    Ok((following.new, following.as_text))
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
        let Some(cursor) = self.mirroring.cursor(origin)? else { return self.by_streams() };
        // Between the two looks, another may have brought in more.
        if self.head()? != head {
            return Ok(false);
        }
        let scan = match origin.changes(&cursor, Columns::ALL)? {
            Changes::Grew(scan) => scan,
            Changes::Replaced => return Err(self.mirroring.differs(check::missing(self.mirroring, origin)?)),
            Changes::Unknown => return self.by_streams(),
        };
        // One that goes on has little to read, and its origin is not asked once more for that.
        let end = if head == Position::default() { origin.end()?.position() } else { None };
        let mut coming = Coming::begin(origin, scan, cursor, end.map_or(0, |end| end.0));
        loop {
            let before = coming.cursor().position();
            // The next look says what became of the origin.
            let Some(chunk) = coming.next()? else { return Ok(false) };
            if chunk.batches.is_empty() {
                return Ok(true);
            }
            match self.keep(head, chunk, before, Some(&mut coming))? {
                Some((now_at, is_last)) if !is_last => head = now_at,
                kept => return Ok(kept.is_some()),
            }
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
                match self.keep(head, Chunk::read(scan.as_mut(), TOGETHER)?, None, None)? {
                    Some((_, true)) => break,
                    Some((now_at, false)) => head = now_at,
                    None => return Ok(false),
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
        self.record(head, chunk, None, None, |_| gaps).map(drop)
    }

    /// Records a chunk, and what comes soon behind it, and the places that were passed over.
    fn keep(
        &mut self,
        head: Position,
        chunk: Chunk,
        before: Option<Position>,
        coming: Option<&mut Coming<'_>>,
    ) -> Result<Option<(Position, bool)>, StoreError> {
        let old = now().micros() - UNSETTLED;
        self.record(head, chunk, before, coming, |gaps| gaps.into_iter().filter(|gap| gap.since > old).collect())
    }

    /// Records what was read where the mirror still ends at this place, and says where it ends then and whether that was
    /// all; `None` where it does not. `still` are the gaps of before that are still gaps.
    fn record(
        &mut self,
        head: Position,
        mut chunk: Chunk,
        mut passed: Option<Position>,
        mut coming: Option<&mut Coming<'_>>,
        still: impl FnOnce(Vec<Gap>) -> Vec<Gap>,
    ) -> Result<Option<(Position, bool)>, StoreError> {
        let before = self.mirroring.standing()?.unwrap_or_default();
        // Asked before others have to wait for this transaction.
        let (held, whole) = if chunk.is_last {
            (0, Whole::Events(0))
        } else {
            (check::held_events(self.mirroring)?, Whole::of(self.origin, coming.is_some())?)
        };
        let most = coming.as_mut().map_or(0, |coming| coming.together());
        let Self { mirroring, origin, progress, new, as_text, .. } = self;
        let has_gaps = coming.is_some() && origin.may_record_late();
        let path = mirroring.path.clone();
        let mut bulk = mirroring.store.bulk()?;
        if bulk.head() != head {
            return Ok(None);
        }
        let (began, mut count, mut gaps) = (Instant::now(), 0, Vec::new());
        let mut texts = 0;
        let (mut failed, mut is_cut_short) = (None, false);
        loop {
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
                count += 1;
                *new += u64::from(is_new);
                *as_text += u64::from(is_new && is_text);
                if progress(*new).is_break() {
                    // What was brought in before this transaction stays.
                    return Err(StoreError::Cancelled);
                }
            }
            texts += chunk.texts();
            if has_gaps {
                gaps_in(&chunk, &mut passed, &mut gaps);
            }
            let Some(coming) = coming.as_mut().filter(|_| !chunk.is_last && count < most && began.elapsed() < LONGEST)
            else {
                break;
            };
            if coming.has_time() {
                bulk.use_time()?;
            }
            match coming.next_soon() {
                Some(Ok(Some(next))) => chunk = next,
                // What was read is kept.
                Some(Ok(None)) => {
                    is_cut_short = true;
                    break;
                }
                Some(Err(error)) => {
                    failed = Some(error);
                    break;
                }
                None => break,
            }
        }
        let is_last = chunk.is_last;
        let cursor = coming.map(|coming| coming.cursor().clone());
        let at = cursor.as_ref().and_then(Cursor::position);
        let behind = if is_last { 0 } else { whole.left_behind(held + count, at).max(1) };
        gaps.reverse();
        gaps.extend(still(before.gaps.clone()));
        gaps.truncate(GAPS_KEPT);
        let standing = MirrorStanding { behind, appends: origin.is_writable(), gaps, ..before }.at(now());
        let standing = match &cursor {
            Some(cursor) => standing.behind_place(cursor),
            None => standing,
        };
        bulk.keep_standing(&standing)?;
        let head = bulk.head();
        bulk.commit()?;
        self.mirroring.has_recorded(texts as u64 + count * BESIDE_TEXTS);
        failed.map_or(Ok((!is_cut_short).then_some((head, is_last))), Err)
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

/// About what an event takes in a log besides its texts.
const BESIDE_TEXTS: u64 = 250;

/// A mirror that follows without anything new is written to no more often than this, in microseconds.
const BETWEEN_NOTES: i64 = 1_000_000;

/// Records an event as its origin has it. Says whether it was new, and whether some of it is kept as a text.
fn take(bulk: &mut Bulk<'_>, row: &EventRow<'_>) -> Result<(bool, bool), AppendError> {
    // Nearly every one is new, and JSON. What is refused is looked at.
    if bulk.record_row(row).is_ok() {
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

/// The places between the events of a chunk that stands behind this one.
fn gaps_in(chunk: &Chunk, last: &mut Option<Position>, gaps: &mut Vec<Gap>) {
    let since: Timestamp = now();
    for at in chunk.rows().filter_map(|row| row.position) {
        if let Some(last) = last.filter(|last| last.0 + 1 < at.0) {
            gaps.push(Gap { from: last.0 + 1, to: at.0 - 1, since: since.micros() });
        }
        *last = Some(at);
    }
    gaps.drain(..gaps.len().saturating_sub(GAPS_KEPT));
}

/// How much an origin holds.
enum Whole {
    Events(u64),
    /// Its last place.
    End(u64),
}

impl Whole {
    fn of(origin: &dyn Store, has_order: bool) -> Result<Self, StoreError> {
        if has_order {
            return Ok(Self::End(origin.end()?.position().map_or(0, |end| end.0)));
        }
        Ok(Self::Events(match origin.kept_events()? {
            Some(events) => events,
            None => origin.info()?.events,
        }))
    }

    /// How many of its events come behind so many, the last of them at this place; about so many where its places have
    /// gaps.
    fn left_behind(&self, held: u64, at: Option<Position>) -> u64 {
        match self {
            Self::Events(events) => events.saturating_sub(held),
            Self::End(end) => {
                let at = at.map_or(0, |at| at.0);
                let left = end.saturating_sub(at);
                // As many to a place as so far.
                let about = u128::from(left) * u128::from(held) / u128::from(at.max(1));
                u64::try_from(about).unwrap_or(u64::MAX).min(left)
            }
        }
    }
}
