use egui::{Align, Label, Layout, RichText, Ui};
use serde_json::{Map, Value};

use super::super::Scene;
use super::super::parts::{cut, hairline, shortened};
use super::super::people::for_people;
use super::primary;
use crate::command::Action;
use crate::event::Version;
use crate::theme::palette;
use crate::view::{LensRow, OpenStore, StoreLens};

/// The stream that is selected: what of it is known at the moment, and the way into it.
pub(super) fn selected_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let shown = &store.table;
    let Some(stream) = shown.selected() else { return };
    let colours = palette(ui);
    hairline(ui);
    ui.add_space(8.0);
    let row = shown.selected_row();
    let about = shown.about();
    let version = about.map(|about| about.version).or(row.as_ref().map(|row| row.version));
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let (Some(Version(version)), Some(about)) = (version, about) {
                let values = [("version", version.to_string().into()), ("last", about.last.to_string().into())];
                ui.label(RichText::new(scene.locale.with("table-version-of", values)).color(colours.dim));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                cut(ui, RichText::new(shortened(stream.as_str())).strong());
                if let Some(label) = store.labels.of(stream).filter(|_| ui.available_width() > 40.0) {
                    cut(ui, RichText::new(shortened(label)).color(colours.dim));
                }
            });
        });
    });
    let Some(version) = version else {
        ui.label(RichText::new(scene.text("table-not-begun")).color(colours.dim));
        return;
    };
    if let Some(about) = about {
        let values = [
            ("type", shortened(&about.event_type).into_owned().into()),
            ("actor", shortened(&about.actor).into_owned().into()),
        ];
        let name = if about.actor.is_empty() { "table-last-event" } else { "table-last-event-by" };
        cut(ui, RichText::new(scene.locale.with(name, values)).color(colours.dim));
    }
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        if ui.add(primary(ui, scene.text("table-open"))).clicked() {
            scene.ask(Action::GoToPlace(stream.clone(), version));
        }
        if let Some(row) = &row
            && ui.button(scene.text("table-copy-row")).clicked()
        {
            scene.ask(Action::Copy(as_json(shown, row)));
        }
    });
    ui.add_space(6.0);
    if let Some(row) = &row {
        fields_ui(ui, scene, shown, row);
    } else if !shown.chips().is_empty() {
        ui.add(Label::new(RichText::new(scene.text("table-selected-filtered")).color(colours.dim)).wrap());
    }
}

/// Every field of it, those too whose columns have given way.
fn fields_ui(ui: &mut Ui, scene: &Scene<'_>, shown: &StoreLens, row: &LensRow<'_>) {
    let dim = palette(ui).dim;
    let width = ui.available_width();
    egui::Grid::new("fields of selected").num_columns(2).spacing([12.0, 3.0]).show(ui, |ui| {
        for (field, value) in shown.cells_of(row).into_iter().filter(|(_, value)| !value.is_null()) {
            ui.scope(|ui| {
                ui.set_max_width(width * 0.4);
                cut(ui, RichText::new(shortened(&field)).size(11.5).color(dim));
            });
            ui.scope(|ui| {
                ui.set_max_width(width * 0.55);
                cut(ui, RichText::new(for_people(scene, &field, &value)).monospace());
            });
            ui.end_row();
        }
    });
}

/// A row as JSON, with what its columns show.
pub(super) fn as_json(shown: &StoreLens, row: &LensRow<'_>) -> String {
    let mut fields = Map::new();
    fields.insert("stream".to_owned(), row.stream.as_str().into());
    fields.insert("version".to_owned(), row.version.0.into());
    fields.insert("recorded_at".to_owned(), row.recorded_at.map_or(Value::Null, |at| at.to_string().into()));
    let state = shown.fields().iter().map(|field| (field.clone(), row.value(field).into_owned()));
    fields.insert("state".to_owned(), Value::Object(state.collect()));
    Value::Object(fields).to_string()
}
