//! The rows in view of a table that is in an order, while the cursor is dragged: their values follow it at once, each stream
//! read by itself; the order is of before until the cursor rests and all of it is made anew.

use std::collections::HashMap;

use super::StoreLens;
use super::rows::{Cells, LensRow};
use crate::engine::{
    ArrangeWanted, AsOfWanted, Asked, Engine, Question, StoodRow, StoodRows, StoodWanted, StoreChronicle, Ticket, stood,
};
use crate::event::{StreamId, Version};
use crate::index::Chronicle;
use crate::store::Store;
use crate::view::UserError;

/// At once, no more are read than a few screens show.
const AT_ONCE: usize = 80;

/// How the streams in view stand at the cursor, as far as that was read.
#[derive(Debug, Default)]
pub(super) struct FollowedRows {
    /// Behind so many events, and under which projection.
    read_so: ReadSo,
    /// `None` where it had not begun.
    of_stream: HashMap<StreamId, Option<StoodRow>>,
    pub(super) reading: Asked<ReadFollowed>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ReadSo {
    count: usize,
    projection: Option<String>,
    paths: Vec<String>,
}

impl FollowedRows {
    pub(super) fn has(&self, stream: &StreamId) -> bool {
        self.of_stream.contains_key(stream)
    }

    /// The row as it stands behind so many events; while that is on its way, as it was read last.
    fn row<'a>(&'a self, row: LensRow<'a>, count: usize) -> LensRow<'a> {
        match self.of_stream.get(&row.stream) {
            None => row,
            Some(None) => LensRow { recorded_at: None, failed: None, cells: Cells::NotBegun, ..row },
            Some(Some(read)) => LensRow {
                stream: row.stream,
                version: read.version,
                recorded_at: read.recorded_at,
                failed: read.failed.as_ref(),
                cells: Cells::Read { row: read, is_exact: self.read_so.count == count },
            },
        }
    }

    /// These are seen. What is on its way is waited for, so that dragging shows rows all the while.
    fn want(&mut self, engine: &Engine, chronicle: &StoreChronicle, seen: Vec<StreamId>, so: ReadSo) {
        if self.reading.is_loading() {
            return;
        }
        let is_same = self.read_so == so;
        let streams: Vec<StreamId> = seen.into_iter().filter(|stream| !is_same || !self.has(stream)).collect();
        // What could not be read is not asked for again by itself.
        let is_asked = self.reading.question().is_some_and(|asked| asked.so == so && asked.streams == streams);
        if !streams.is_empty() && !is_asked {
            self.reading.ask(engine, ReadFollowed { chronicle: chronicle.clone(), so, streams });
        }
    }

    /// Takes in what was read. Says whether there is something new to show.
    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        if !self.reading.poll(engine) {
            return false;
        }
        if let (Some(rows), Some(asked)) = (self.reading.take(), self.reading.question()) {
            if self.read_so != asked.so {
                self.read_so = asked.so.clone();
                self.of_stream.clear();
            }
            self.of_stream.extend(asked.streams.iter().map(|stream| (stream.clone(), None)));
            self.of_stream.extend(rows.rows.into_iter().map(|row| (row.stream.clone(), Some(row))));
        }
        true
    }

    /// What was read is not so any more.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl StoreLens {
    /// What the rows that are shown are of.
    fn shown_of(&self) -> Option<&AsOfWanted> {
        let of_arranged = self.arranged.as_ref().map(|shown| {
            let (ArrangeWanted { of, .. }, _) = &**shown;
            of
        });
        of_arranged.or(self.picture.as_ref().map(super::rows::Picture::of)).filter(|_| self.rows_need_all())
    }

    /// The rows are those of another moment, in the order that they had then, and those of the cursor's are on their way.
    pub(super) fn follows_cursor(&self) -> bool {
        let at = self.moment.unwrap_or_default().at;
        let is_moved =
            |of: &AsOfWanted| of.at != at && of.category == self.category && of.projection == self.projection;
        self.is_on_its_way() && self.shown_of().is_some_and(is_moved)
    }

    /// The values follow the cursor, and their order comes when it rests.
    pub fn is_order_behind(&self) -> bool {
        self.follows_cursor() && self.progress().is_none()
    }

    /// Whether this row's values are those of the cursor, though its place is of before.
    pub fn is_followed(&self, row: &LensRow<'_>) -> bool {
        self.follows && self.followed.has(&row.stream)
    }

    pub(super) fn followed_row<'a>(&'a self, row: LensRow<'a>) -> LensRow<'a> {
        if self.follows { self.followed.row(row, self.moment.unwrap_or_default().count) } else { row }
    }

    /// These are in view: how they stand at the cursor is asked for.
    pub(in crate::view) fn follow_rows(&mut self, engine: &Engine, chronicle: &StoreChronicle) {
        if !self.follows {
            return;
        }
        let seen: Vec<StreamId> =
            self.seen.clone().take(AT_ONCE).filter_map(|place| Some(self.row(place)?.stream)).collect();
        let count = self.moment.unwrap_or_default().count;
        let so = ReadSo { count, projection: self.projection.clone(), paths: self.deep_paths() };
        self.followed.want(engine, chronicle, seen, so);
    }
}

/// Reads a few streams as they stood behind so many events of the store.
#[derive(Clone, Debug)]
pub struct ReadFollowed {
    chronicle: StoreChronicle,
    so: ReadSo,
    streams: Vec<StreamId>,
}

impl Question for ReadFollowed {
    type Answer = StoodRows;
    type Error = UserError;
    const WHAT: &'static str = "reading rows";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<StoodRows, UserError> {
        let Self { chronicle, so: ReadSo { count, projection, paths }, streams } = self;
        let last = |chronicle: &Chronicle, stream: &StreamId| -> Option<Version> {
            Some(chronicle.last_of(chronicle.find_stream(stream.as_str())?, count)?.version)
        };
        let mut begun = Vec::with_capacity(streams.len());
        for stream in streams {
            // One by one: whoever reads the store on is held up meanwhile.
            if let Some(version) = chronicle.look(|chronicle| last(chronicle, &stream)) {
                begun.push((stream, version));
            }
        }
        Ok(stood(reader, &StoodWanted { streams: begun, projection, paths }, ticket)?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use serde_json::Value;

    use super::super::{LensColumn, LensMoment, LensOrder, LensWish};
    use super::*;
    use crate::engine::EngineError;
    use crate::event::Position;
    use crate::index::StoreMoment;

    /// Of each row its stream, what it says of contacts, whether it had begun, and whether that is of the cursor.
    fn rows(lens: &StoreLens) -> Vec<(String, Value, bool, bool)> {
        let rows = (0..lens.len()).filter_map(|place| lens.row(place));
        let told = |row: LensRow<'_>| {
            let value = row.value("contacts").into_owned();
            (row.stream.to_string(), value, row.has_begun(), lens.is_followed(&row) && row.is_exact())
        };
        rows.map(told).collect()
    }

    fn go_to(lens: &mut StoreLens, engine: &Engine, chronicle: &StoreChronicle, count: usize) {
        let at = StoreMoment::Position(Position(count as u64));
        lens.prepare(engine, chronicle, LensMoment { count, at, ..LensMoment::default() }, [None, None]);
        lens.see(engine, 0..lens.len());
        lens.follow_rows(engine, chronicle);
    }

    fn wait(lens: &mut StoreLens, engine: &Engine, is_there: impl Fn(&StoreLens) -> bool) {
        let is_over = crate::engine::patience();
        while !is_there(lens) {
            assert!(!is_over(), "it never came: {:?}", rows(lens));
            lens.poll(engine);
            std::thread::yield_now();
        }
    }

    #[test]
    fn values_follow_the_cursor_while_all_of_the_store_waits_and_the_order_is_of_before() {
        let (_folder, engine) = crate::engine::five_leads_and_a_contact();
        let chronicle = StoreChronicle::new(engine.memory());
        let filled = chronicle.clone();
        let read = engine.ask("testing", move |reader, ticket| filled.follow(reader, ticket));
        assert_eq!(read.wait().expect("answered").expect("read").events, 6);

        let mut lens = StoreLens { category: Some("lead".to_owned()), has_category: true, ..StoreLens::default() };
        lens.columns.insert(lens.shown(), vec!["name".to_owned(), "contacts".to_owned()]);
        lens.run(&engine, LensWish::SortSo(LensOrder { by: LensColumn::Stream, is_descending: true }));
        go_to(&mut lens, &engine, &chronicle, 6);
        wait(&mut lens, &engine, |lens| !lens.is_on_its_way() && lens.len() == 5);
        let names = |lens: &StoreLens| rows(lens).into_iter().map(|(stream, ..)| stream).collect::<Vec<_>>();
        let in_order = ["lead-4", "lead-3", "lead-2", "lead-1", "lead-0"];
        assert_eq!(names(&lens), in_order);
        assert!(!lens.follows_cursor() && lens.followed.reading.question().is_none(), "nothing is behind");
        wait(&mut lens, &engine, |lens| !lens.counts.asked.is_loading());

        // Nothing that goes over the whole store comes to its turn.
        let holding: Vec<_> = (0..3)
            .map(|_| {
                let (release, released) = sync_channel::<()>(1);
                let work = move |_: &dyn Store, _: &Ticket| -> Result<(), EngineError> {
                    let _ = released.recv();
                    Ok(())
                };
                (release, engine.ask_long("testing", work))
            })
            .collect();
        go_to(&mut lens, &engine, &chronicle, 3);
        assert_eq!(
            (names(&lens), lens.is_order_behind()),
            (in_order.map(str::to_owned).to_vec(), false),
            "it is asked"
        );
        wait(&mut lens, &engine, |lens| rows(lens).iter().all(|(.., follows)| *follows));
        let stood = |name: &str, contacts: Value, has_begun: bool| (name.to_owned(), contacts, has_begun, true);
        let none = || Value::from(0);
        let expected = [
            stood("lead-4", Value::Null, false),
            stood("lead-3", Value::Null, false),
            stood("lead-2", none(), true),
            stood("lead-1", none(), true),
            stood("lead-0", none(), true),
        ];
        assert_eq!(rows(&lens), expected);
        go_to(&mut lens, &engine, &chronicle, 5);
        assert!(lens.is_order_behind(), "what was asked is overtaken, and waits for the hand to rest");
        assert_eq!(names(&lens), in_order, "what was read last stays until there is more");
        wait(&mut lens, &engine, |lens| rows(lens).iter().all(|(.., follows)| *follows));
        assert_eq!(rows(&lens).first(), Some(&stood("lead-4", none(), true)));
        drop(holding);
        wait(&mut lens, &engine, |lens| !lens.is_on_its_way());
        go_to(&mut lens, &engine, &chronicle, 5);
        assert!(!lens.follows_cursor() && !lens.is_behind(), "all of it is of the cursor now");
        assert_eq!(names(&lens), in_order);
    }
}
