//! What is looked for, and what comes of it.

use std::time::Duration;

use super::found::{Coming, next_part};
use super::{
    Activity, Asked, BETWEEN_LETTERS, Calendar, Cause, Engine, FOUND_AT_FIRST, FindActivity, FindMatches, FoundRows,
    Place, Search, SearchText, Stage, UTC,
};

impl Activity {
    /// Something else stands in the field than before.
    pub(in crate::view) fn typed(&mut self, engine: &Engine, calendar: &Calendar<'_>) {
        self.read = SearchText::new(self.text.clone(), calendar);
        self.find(engine, BETWEEN_LETTERS);
    }

    /// Looks for this, and keeps it among the last searches.
    pub(in crate::view) fn look_for(&mut self, engine: &Engine, text: String, calendar: &Calendar<'_>) {
        self.text = text;
        self.read = SearchText::new(self.text.clone(), calendar);
        if self.read.misread().is_none() {
            self.kept.remember(engine, &self.text);
        }
        self.month = None;
        self.find(engine, Duration::ZERO);
    }

    pub(super) fn find(&mut self, engine: &Engine, pause: Duration) {
        let Ok(search) = self.read.search().cloned() else { return };
        self.telling.name(search.named_fields());
        self.find_named(engine);
        let is_same = |asked: &FindActivity| asked.search.terms == search.terms;
        if self.asked.question().is_some_and(is_same) && self.asked.error().is_none() && !self.is_stopped {
            return;
        }
        self.most = FOUND_AT_FIRST;
        self.stage = Stage::Replacing { is_other: true };
        self.ask(engine, search, None, pause);
    }

    /// Looks for as many as are wanted: all anew, or what is behind the last one.
    pub(super) fn ask(&mut self, engine: &Engine, search: Search, behind: Option<Place>, pause: Duration) {
        self.coming = Coming::default();
        self.is_stopped = false;
        (self.begun, self.pending) = (0, Vec::new());
        self.before = if behind.is_some() { self.found.len() } else { 0 };
        let (most, coming, chronicle) = (self.most, self.coming.clone(), self.chronicle.clone());
        self.asked.ask(engine, FindActivity { search, behind, most, pause, coming, chronicle });
    }

    /// Somebody has come to the end of what was found.
    pub(in crate::view) fn want_more(&mut self, engine: &Engine) {
        if self.asked.is_loading() || !self.end().is_some_and(|end| end.has_more) {
            return;
        }
        let Some(search) = self.asked.question().map(|asked| asked.search.clone()) else { return };
        let last = self.found.len().checked_sub(1).and_then(|last| self.found.row(last));
        let Some(behind) = last.map(|row| (row.stream.clone(), row.version)) else { return };
        self.most = next_part(self.found.len());
        self.stage = Stage::Going;
        self.ask(engine, search, Some(behind), Duration::ZERO);
    }

    /// Looks for where all that is found lies, which of few is known by now.
    pub(super) fn find_matches(&mut self, engine: &Engine) {
        self.matches.cancel();
        let Ok(search) = self.read.search().cloned() else { return };
        if search.terms.is_empty() {
            self.matches_of = None;
            return;
        }
        if self.matches_of.as_ref() != Some(&self.read.text) {
            self.matches = Asked::default();
            self.matches_of = Some(self.read.text.clone());
        }
        let is_all = self.end().is_some_and(|end| !end.has_more);
        let known = is_all.then(|| self.found.rows().iter().map(|row| (row.position, row.recorded_at)).collect());
        let chronicle = self.chronicle.clone();
        self.matches.ask_because(engine, FindMatches { search, chronicle, known }, Cause::Store);
    }

    /// Takes in what was found meanwhile.
    pub(super) fn take_rows(&mut self, has_ended: bool) -> bool {
        let (begun, rows) = self.coming.take();
        if begun != self.begun {
            let is_again = std::mem::replace(&mut self.begun, begun) != 0;
            self.pending.clear();
            if self.before > 0 {
                // What came of this part before comes once more.
                self.found.truncate(self.before);
            } else if is_again && self.stage == Stage::Going {
                self.stage = Stage::Replacing { is_other: false };
            }
        }
        let clock = self.clock.unwrap_or(UTC);
        if self.stage == Stage::Going {
            let is_new = !rows.is_empty();
            self.found.extend(rows, clock);
            return is_new;
        }
        self.pending.extend(rows);
        let is_whole = has_ended && self.asked.error().is_none();
        let is_enough = match self.stage {
            Stage::Replacing { is_other: true } => !self.pending.is_empty(),
            _ => self.pending.len() > self.found.len(),
        };
        if !is_enough && !is_whole {
            return false;
        }
        if self.stage == (Stage::Replacing { is_other: true }) {
            self.selected = None;
            self.reveal = true;
        }
        self.wants_fields = true;
        self.stage = Stage::Going;
        self.found = FoundRows::default();
        self.found.extend(std::mem::take(&mut self.pending), clock);
        self.find_selected();
        true
    }
}
