//! What is asked of the table of the whole store.

use std::ops::Range;

use super::{LensMoment, LensWish, OpenStore};
use crate::index::StoreMoment;

impl OpenStore {
    /// The table is on screen: it goes along with the cursor.
    pub fn prepare_table(&mut self) {
        let cursor = self.time.cursor();
        let moment = LensMoment {
            count: cursor.count,
            at: cursor.moment,
            time: cursor.recorded_at,
            position: cursor.position,
            is_end: cursor.moment == StoreMoment::Latest,
        };
        let Self { engine, time, table, view, .. } = self;
        if let Some((category, view)) = view.as_ref().and_then(|view| Some((view.category()?, view))) {
            table.begin_at(category, &view.stream);
        }
        table.prepare(engine, &time.chronicle, moment, time.pins);
        let selected = table.selected().cloned();
        self.labels.want(&self.engine, selected.iter());
    }

    pub fn wish_of_table(&mut self, wish: LensWish) {
        self.table.run(&self.engine, wish);
    }

    /// These places of the table are in view.
    pub fn see_rows(&mut self, places: Range<usize>) {
        let Self { engine, time, table, .. } = self;
        table.see(engine, places);
        table.follow_rows(engine, &time.chronicle);
    }
}
