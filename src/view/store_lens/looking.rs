//! Each frame: the moment as the cursor says it is, and what of the store is in view then.

use std::ops::Range;

use super::columns::fields_at_first;
use super::rows::Newest;
use super::{AROUND, COUNTED_BY, LensMoment, SelectedAbout, StoreLens};
use crate::engine::{Engine, StoreChronicle};
use crate::event::StreamId;
use crate::index::{Chronicle, Facet, StoreMoment};

impl StoreLens {
    /// The moment as the cursor says it is, with what the chronicle knows of it. Costs what is in view.
    pub(in crate::view) fn prepare(
        &mut self,
        engine: &Engine,
        chronicle: &StoreChronicle,
        moment: LensMoment,
        pins: [Option<StoreMoment>; 2],
    ) {
        let was_end = self.moment.replace(moment).is_some_and(|before| before.is_end);
        // Where it is being added to just then, what is shown stays for a frame.
        chronicle.look_now(|chronicle| self.look_at(chronicle, moment));
        // Rows that were read under another projection tell nothing of this one's fields.
        let paths = self.deep_paths();
        self.newest.read_so(self.projection.as_ref(), &paths);
        self.choose_columns();
        self.note_kinds();
        if let Some(field) = self.counted_field() {
            self.counts.want(engine, &field, self.category.as_ref(), self.projection.as_ref());
        }
        self.arrange(engine, was_end && moment.is_end);
        self.follows = self.follows_cursor();
        // Without two moments there is nothing to compare.
        if let ([Some(from), Some(to)], true) = (pins, self.compared.is_shown) {
            self.compared.want(engine, [from, to], self.category.as_ref(), self.projection.as_ref());
        }
    }

    fn look_at(&mut self, chronicle: &Chronicle, moment: LensMoment) {
        self.look_at_selected(chronicle, moment);
        let made_for = (moment.count, self.category.clone(), chronicle.edition());
        let is_same = self.has_category && self.refreshed.as_ref() == Some(&made_for);
        if is_same && self.newest.covers(&self.seen) {
            return;
        }
        if !is_same {
            let kinds = 0..chronicle.kinds(Facet::Category) as u32;
            let count = |number| chronicle.streams_begun(moment.count, Some(number)) as u64;
            let all = kinds.map(|number| (chronicle.kind(Facet::Category, number).to_owned(), count(number)));
            self.categories = all.collect();
            self.categories.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
            self.begun = chronicle.streams_begun(moment.count, None) as u64;
            if !self.has_category && !chronicle.is_empty() {
                self.category = self.categories.first().map(|(name, _)| name.clone());
                self.has_category = true;
            }
            self.refreshed = Some((moment.count, self.category.clone(), chronicle.edition()));
        }
        let number = self.category.as_ref().map(|name| chronicle.find_kind(Facet::Category, name));
        let Ok(number) = number.map_or(Ok(None), |number| number.map(Some).ok_or(())) else {
            return self.newest.show(0, Vec::new(), 0);
        };
        let total = chronicle.streams_begun(moment.count, number);
        let first = self.seen.start.min(total).saturating_sub(AROUND);
        let most = self.seen.len() + 2 * AROUND;
        let entries = chronicle.recent(moment.count, number, first, most);
        let newest = entries.into_iter().map(|entry| Newest {
            stream: StreamId::from(chronicle.stream(entry.stream)),
            version: entry.version,
            recorded_at: entry.recorded_at,
        });
        self.newest.show(first, newest.collect(), total);
    }

    fn look_at_selected(&mut self, chronicle: &Chronicle, moment: LensMoment) {
        let of = (moment.count, chronicle.edition());
        let Some(selected) = &self.selected else { return self.about = None };
        if self.about.as_ref().is_some_and(|about| about.stream == *selected && about.of == of) {
            return;
        }
        let entries = chronicle.find_stream(selected.as_str()).and_then(|number| {
            Some((chronicle.last_of(number, moment.count)?, chronicle.last_of(number, usize::MAX)?))
        });
        self.about = entries.map(|(entry, last)| SelectedAbout {
            stream: selected.clone(),
            version: entry.version,
            event_type: chronicle.kind(Facet::Type, entry.event_type).to_owned(),
            actor: chronicle.kind(Facet::Actor, entry.actor).to_owned(),
            last: last.version,
            of,
        });
    }

    fn choose_columns(&mut self) {
        let shown = self.shown();
        if self.columns.contains_key(&shown) {
            return;
        }
        if let Some(row) = self.newest.any_read() {
            let fields = fields_at_first(&row.cells, &row.bookkeeping, row.stream.as_str());
            self.columns.insert(shown, fields);
            self.kinds.look_again();
        }
    }

    /// Columns that are no field of the state, but lie in one.
    pub(super) fn deep_paths(&self) -> Vec<String> {
        self.fields().iter().filter(|path| path.contains(['.', '['])).cloned().collect()
    }

    fn note_kinds(&mut self) {
        let Self { newest, away, kinds, arranged, columns, category, projection, seen, .. } = self;
        let fields = columns.get(&(category.clone(), projection.clone())).map_or(&[][..], Vec::as_slice);
        for place in seen.clone() {
            let row = match &arranged {
                Some(shown) => away.row(&shown.1, place),
                None => newest.get(place),
            };
            if let Some(row) = row {
                kinds.note(&row, fields);
            }
        }
    }

    /// The field that the bars are of: the one that was chosen, or one that is called like something to count by.
    pub(super) fn counted_field(&self) -> Option<String> {
        if let Some(field) = self.count_by.get(&self.shown()) {
            return Some(field.clone());
        }
        let is_called_so = |field: &&String| {
            let name = field.to_lowercase();
            COUNTED_BY.iter().any(|known| name == *known || name.ends_with(known))
        };
        self.fields().iter().find(is_called_so).cloned()
    }

    /// These places are in view: what of them is not read yet is asked for.
    pub(in crate::view) fn see(&mut self, engine: &Engine, places: Range<usize>) {
        let is_there = self.newest.covers(&places);
        self.seen = places;
        if self.shows_newest() && is_there {
            self.newest.want(engine, self.seen.clone());
        }
        if let Some(shown) = self.arranged.clone().filter(|_| self.rows_need_all()) {
            let fields = self.fields().to_vec();
            self.away.want(engine, &shown, self.seen.clone(), &fields);
        }
    }

    /// Whether the places in view are still to be looked up.
    pub fn lacks_rows(&self) -> bool {
        self.shows_newest() && !self.newest.covers(&self.seen)
    }
}
