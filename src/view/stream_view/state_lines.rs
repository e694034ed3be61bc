//! The state at the cursor, line by line.

use serde_json::Value;

use super::{Shown, StreamView};
use crate::event::{Explain, Message, Version};
use crate::projection::LONGEST_LEAF;
use crate::view::rows::{StateCounts, StateLine, StateRows};

impl StreamView {
    /// Makes the state at the cursor ready to be shown, line by line, and looks on for what its filter wants. Made anew
    /// only when the cursor, the projection or the filter has moved.
    pub fn prepare_state(&mut self) -> StateCounts {
        let Some((number, loaded)) = self.current() else { return StateCounts::default() };
        let Some(index) = self.cursor else { return StateCounts::default() };
        let timeline = loaded.timeline.as_ref();
        let made = self.shown.as_ref().filter(|shown| shown.projection == number && shown.index == index);
        if made.is_none() {
            let rows = StateRows::new(timeline, index, self.state_filter.clone(), self.open_groups.clone());
            self.shown = Some(Shown { projection: number, index, rows });
        } else if let Some(mut shown) = self.shown.take() {
            // Taken out, for what is looked at belongs to the same view.
            let Some((_, loaded)) = self.current() else { return StateCounts::default() };
            shown.rows.set(loaded.timeline.as_ref(), &self.state_filter, &self.open_groups);
            shown.rows.advance(loaded.timeline.as_ref());
            self.shown = Some(shown);
        }
        self.shown.as_ref().map_or_else(StateCounts::default, |shown| shown.rows.counts())
    }

    /// How many lines the state had at most since this stream was opened: so it does not change its height with every
    /// step.
    pub fn most_state_lines(&mut self) -> usize {
        let lines = self.prepare_state().lines;
        self.most_lines = self.most_lines.max(lines);
        self.most_lines
    }

    /// One line of what was prepared.
    pub fn state_line(&self, line: usize) -> Option<StateLine> {
        let (_, loaded) = self.current()?;
        self.shown.as_ref()?.rows.line(loaded, line)
    }

    /// From which version on the projection that is shown was not run, and why, where the cursor stands behind that.
    pub fn not_run(&self) -> Option<(Version, Message)> {
        let (_, loaded) = self.current()?;
        let timeline = loaded.timeline.as_ref();
        let from = timeline.not_run_from().filter(|from| self.cursor.is_some_and(|cursor| *from <= cursor))?;
        let finding = timeline.findings_at(from).into_iter().find(|finding| finding.problem.is_not_run())?;
        Some((finding.version, finding.problem.message()))
    }

    /// Opens what is folded, or folds it.
    pub fn toggle_group(&mut self, path: &str) {
        if !self.open_groups.remove(path) {
            self.open_groups.insert(path.to_owned());
        }
    }

    /// Under which of its projections the state is shown: the wanted one, as soon as it has come.
    pub fn shown_number(&self) -> usize {
        self.current().map_or(0, |(number, _)| number)
    }

    /// The first so many values of the state at the cursor, by their names.
    pub fn field_names(&self, most: usize) -> Vec<String> {
        let look = self.current().zip(self.cursor).and_then(|((_, loaded), cursor)| loaded.timeline.look(cursor));
        let Some(look) = look else { return Vec::new() };
        (0..look.leaf_count().min(most)).filter_map(|place| Some(look.leaf(place)?.0)).collect()
    }

    /// A value of a line as it is, where the line has only its beginning.
    pub fn whole_value(&self, field: &str, shown: &Value) -> Value {
        let is_cut = shown.as_str().is_some_and(|text| text.len() > LONGEST_LEAF);
        let whole = is_cut.then(|| Some(self.current()?.1.timeline.value_at(self.cursor?, field))).flatten();
        whole.filter(|whole| !whole.is_null()).unwrap_or_else(|| shown.clone())
    }

    /// The whole state at the cursor, as JSON to be read.
    pub fn state_as_json(&self) -> Option<String> {
        let (_, loaded) = self.current()?;
        serde_json::to_string_pretty(&loaded.timeline.show(Some(self.cursor?))).ok()
    }
}
