use egui::{Button, ComboBox, Grid, Label, RichText, ScrollArea, Ui};

use super::Scene;
use super::parts::{cut, dialog, shortened};
use crate::command::Action;
use crate::store::frameworks::{Table, TimeUnit};
use crate::theme::palette;
use crate::view::MappingDraft;

const UNITS: [(TimeUnit, &str); 5] = [
    (TimeUnit::Auto, "unit-auto"),
    (TimeUnit::Seconds, "unit-seconds"),
    (TimeUnit::Millis, "unit-millis"),
    (TimeUnit::Micros, "unit-micros"),
    (TimeUnit::Nanos, "unit-nanos"),
];

/// Which columns are these? A guess to be corrected, and under it the first events as they then read.
pub fn mapping_ui(ui: &mut Ui, scene: &mut Scene<'_>, draft: &mut MappingDraft) {
    draft.preview();
    let mut is_open = true;
    let title = scene.locale.with("mapping-title", [("store", draft.source.name().into())]);
    dialog(ui, &title, 820.0, &mut is_open, |ui| {
        let colours = palette(ui);
        ui.label(RichText::new(scene.text("mapping-about")).color(colours.dim));
        ui.add_space(8.0);
        if let Some(error) = draft.error() {
            ui.label(RichText::new(scene.sentence(&error.message)).color(colours.danger));
        }
        columns_ui(ui, scene, draft);
        if !draft.reasons.is_empty() {
            let guessed = shortened(&draft.reasons.join("; ")).into_owned();
            let text = scene.locale.with("mapping-guessed", [("reasons", guessed.into())]);
            ui.add(Label::new(RichText::new(text).size(11.5).color(colours.dim)).wrap());
        }
        ui.add_space(8.0);
        preview_ui(ui, scene, draft);
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            let text = RichText::new(scene.text("mapping-take")).strong().color(colours.on_accent);
            if ui.add_enabled(draft.is_ready(), Button::new(text).fill(colours.accent)).clicked() {
                scene.ask(Action::KeepMapping);
            }
            if ui.button(scene.text("cancel")).clicked() {
                scene.ask(Action::DropMapping);
            }
            if draft.is_busy() {
                ui.spinner();
            }
        });
    });
    if !is_open {
        scene.ask(Action::DropMapping);
    }
}

fn columns_ui(ui: &mut Ui, scene: &Scene<'_>, draft: &mut MappingDraft) {
    let tables: Vec<String> = draft.tables().iter().map(Table::full_name).collect();
    let columns: Vec<String> = draft.columns().iter().map(|column| column.name.clone()).collect();
    Grid::new("mapping").num_columns(4).spacing([16.0, 6.0]).show(ui, |ui| {
        let mut table = Some(draft.mapping.table.clone());
        choice_ui(ui, scene, "mapping-table", &tables, &mut table, false);
        if let Some(chosen) = table.filter(|chosen| *chosen != draft.mapping.table) {
            draft.choose_table(&chosen);
        }
        let mapping = &mut draft.mapping;
        first_ui(ui, scene, "mapping-stream", &columns, &mut mapping.stream);
        ui.end_row();
        choice_ui(ui, scene, "mapping-version", &columns, &mut mapping.version, true);
        choice_ui(ui, scene, "mapping-type", &columns, &mut mapping.event_type, true);
        ui.end_row();
        choice_ui(ui, scene, "mapping-payload", &columns, &mut mapping.payload, true);
        first_ui(ui, scene, "mapping-metadata", &columns, &mut mapping.metadata);
        ui.end_row();
        choice_ui(ui, scene, "mapping-time", &columns, &mut mapping.time, true);
        let name = ui.label(RichText::new(scene.text("mapping-unit")).color(palette(ui).dim)).id;
        let now = UNITS.iter().find(|(unit, _)| *unit == mapping.time_unit).map_or("unit-auto", |(_, name)| name);
        let shown =
            ComboBox::from_id_salt("mapping-unit").width(200.0).selected_text(scene.text(now)).show_ui(ui, |ui| {
                for (unit, name) in UNITS {
                    ui.selectable_value(&mut mapping.time_unit, unit, scene.text(name));
                }
            });
        shown.response.labelled_by(name);
        ui.end_row();
        choice_ui(ui, scene, "mapping-id", &columns, &mut mapping.id, true);
        choice_ui(ui, scene, "mapping-position", &columns, &mut mapping.position, true);
        ui.end_row();
        choice_ui(ui, scene, "mapping-category", &columns, &mut mapping.category, true);
        let name = ui.label(RichText::new(scene.text("mapping-base")).color(palette(ui).dim)).id;
        ui.add(egui::DragValue::new(&mut mapping.version_base).range(0..=1_000_000)).labelled_by(name);
        ui.end_row();
    });
}

/// A role and the column that has it.
fn choice_ui(ui: &mut Ui, scene: &Scene<'_>, role: &str, offered: &[String], now: &mut Option<String>, can_lack: bool) {
    let dim = palette(ui).dim;
    let name = ui.label(RichText::new(scene.text(role)).color(dim)).id;
    let none = scene.text("mapping-none");
    let selected = now.as_deref().filter(|now| !now.is_empty()).map_or(none.clone(), |now| shortened(now).into_owned());
    let shown = ComboBox::from_id_salt(role).width(200.0).truncate().selected_text(selected).show_ui(ui, |ui| {
        if can_lack {
            ui.selectable_value(now, None, none);
        }
        for column in offered {
            ui.selectable_value(now, Some(column.clone()), shortened(column));
        }
    });
    shown.response.labelled_by(name);
}

/// The same where more than one column may share a role: the window offers one, a mapping file as many as there are.
fn first_ui(ui: &mut Ui, scene: &Scene<'_>, role: &str, offered: &[String], now: &mut Vec<String>) {
    let mut first = now.first().cloned();
    choice_ui(ui, scene, role, offered, &mut first, true);
    if first.as_ref() != now.first() {
        *now = first.into_iter().collect();
    }
}

fn preview_ui(ui: &mut Ui, scene: &Scene<'_>, draft: &MappingDraft) {
    let colours = palette(ui);
    let events = match draft.events() {
        Ok(events) => events,
        Err(error) => {
            ui.add(Label::new(RichText::new(scene.sentence(&error.message)).color(colours.danger)).wrap());
            return;
        }
    };
    if events.is_empty() && !draft.is_busy() {
        ui.label(RichText::new(scene.text("mapping-empty")).color(colours.warning));
    }
    ScrollArea::both().id_salt("mapping preview").max_height(240.0).show(ui, |ui| {
        Grid::new("mapping rows").num_columns(5).spacing([16.0, 4.0]).striped(true).show(ui, |ui| {
            for name in ["mapping-stream", "col-version", "col-event", "col-when", "mapping-payload"] {
                ui.label(RichText::new(scene.text(name)).size(11.5).color(colours.dim));
            }
            ui.end_row();
            for event in events {
                let when = event.recorded_at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
                let payload = String::from_utf8_lossy(event.payload.get(..300).unwrap_or(&event.payload)).into_owned();
                for text in [
                    shortened(event.stream.as_str()).into_owned(),
                    event.version.to_string(),
                    shortened(event.event_type.as_str()).into_owned(),
                    when,
                ] {
                    ui.label(RichText::new(text).monospace());
                }
                cut(ui, RichText::new(payload).monospace().color(colours.dim));
                ui.end_row();
            }
        });
    });
}
