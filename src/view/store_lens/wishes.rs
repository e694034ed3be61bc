//! What is asked of the table, carried out.

use serde_json::Value;

use super::rows::Kinds;
use super::{LensColumn, LensOrder, LensWish, RowChip, StoreLens};
use crate::engine::{Asked, Engine};

impl StoreLens {
    /// Carries out what was asked for. The moment and what depends on it come with the next look.
    pub(in crate::view) fn run(&mut self, engine: &Engine, wish: LensWish) {
        match wish {
            LensWish::Category(category) => self.show_category(category),
            LensWish::Projection(projection) => {
                self.projection = projection;
                self.look_anew();
            }
            LensWish::Sort(by) => self.sort(by),
            LensWish::SortSo(order) => self.order = order,
            LensWish::AddChip(chip) => {
                if !self.chips.contains(&chip) {
                    self.chips.push(chip);
                }
            }
            LensWish::RemoveChip(place) if place < self.chips.len() => {
                self.chips.remove(place);
            }
            LensWish::RemoveChip(_) => {}
            LensWish::ClearChips => self.chips.clear(),
            LensWish::ToggleValue(field, value) => self.toggle_value(field, value),
            LensWish::ToggleColumn(path) => self.toggle_column(path),
            LensWish::ColumnFirst(path) => {
                let others = self.fields().iter().filter(|known| **known != path).cloned();
                let fields = std::iter::once(path.clone()).chain(others).collect();
                self.columns.insert(self.shown(), fields);
            }
            LensWish::ResetColumns => {
                self.columns.remove(&self.shown());
            }
            LensWish::CountBy(field) => {
                self.count_by.insert(self.shown(), field);
            }
            LensWish::NumbersOf(field) => self.numbers_of = field,
            LensWish::Select(stream) => self.select(stream),
            LensWish::ToggleCompared => self.compared.is_shown = !self.compared.is_shown,
            LensWish::SortCompared(by) => self.compared.sort(by),
            LensWish::ComparedField(field) => self.compared.show_field(Some(field)),
            LensWish::Show(text) => {
                if let Ok(view) = serde_json::from_str(&text) {
                    self.show_view(view);
                }
            }
            LensWish::SaveView => {
                let text = self.view_text();
                self.kept.save(engine, &text);
            }
            LensWish::LeaveSaving => self.kept.name = None,
            LensWish::ForgetView(name) => self.kept.forget(engine, &name),
            LensWish::Cancel => self.cancel(),
            LensWish::Retry => self.retry(engine),
        }
    }

    /// Shows streams under this projection until another is chosen.
    pub fn begin_under(&mut self, projection: &str) {
        self.begins_under = Some(projection.to_owned());
        self.projection.clone_from(&self.begins_under);
    }

    pub(super) fn show_category(&mut self, category: Option<String>) {
        if self.category == category {
            return;
        }
        // What they have in common stays; conditions on fields are of the streams that have them.
        self.chips.retain(|chip| matches!(chip, RowChip::Text(_) | RowChip::Changed(_)));
        (self.category, self.has_category) = (category, true);
        self.projection.clone_from(&self.begins_under);
        self.order = LensOrder::default();
        self.selected = None;
        self.look_anew();
    }

    /// Other streams, or the same under something else.
    pub(super) fn look_anew(&mut self) {
        self.numbers_of = None;
        (self.arranged, self.picture) = (None, None);
        self.arranging = Asked::default();
        self.away.forget();
        self.kinds = Kinds::default();
        self.counts.clear();
    }

    pub(super) fn sort(&mut self, by: LensColumn) {
        // Times, versions and numbers are looked through from the largest.
        let begins_large = match &by {
            LensColumn::Changed | LensColumn::Version => true,
            LensColumn::Field(path) => self.kinds.of(path).is_numeric(),
            LensColumn::Stream => false,
        };
        let is_descending = if self.order.by == by { !self.order.is_descending } else { begins_large };
        self.order = LensOrder { by, is_descending };
    }

    pub(super) fn toggle_value(&mut self, field: String, value: Value) {
        let known = self.chips.iter().position(|chip| matches!(chip, RowChip::OneOf { field: of, .. } if *of == field));
        let Some(place) = known else {
            return self.chips.push(RowChip::OneOf { field, values: vec![value] });
        };
        if let Some(RowChip::OneOf { values, .. }) = self.chips.get_mut(place) {
            match values.iter().position(|known| *known == value) {
                Some(at) => {
                    values.remove(at);
                }
                None => values.push(value),
            }
            if values.is_empty() {
                self.chips.remove(place);
            }
        }
    }

    pub(super) fn toggle_column(&mut self, path: String) {
        let mut fields = self.fields().to_vec();
        match fields.iter().position(|known| *known == path) {
            Some(at) => {
                fields.remove(at);
                if self.order.by == LensColumn::Field(path) {
                    self.order = LensOrder::default();
                }
            }
            None => fields.push(path),
        }
        self.columns.insert(self.shown(), fields);
        self.kinds.look_again();
    }
}
