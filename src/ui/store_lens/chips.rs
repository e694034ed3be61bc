use egui::{Id, RichText, TextEdit, Ui};
use serde_json::Value;

use super::super::Scene;
use super::super::ends::ends_ui;
use super::super::parts::{chip, is_entered, named_field, shortened};
use super::super::people::exact;
use super::{rows_ui, wish};
use crate::theme::palette;
use crate::view::{CHANGED_WITHIN, LensColumn, LensWish, RowChip, StoreLens};

/// What a chip says.
fn chip_text(scene: &Scene<'_>, chip: &RowChip) -> String {
    match chip {
        RowChip::Condition(text) => shortened(text).into_owned(),
        RowChip::OneOf { field, values } => {
            let value = |value: &Value| if value.is_null() { scene.text("table-none") } else { exact(value) };
            let values: Vec<String> = values.iter().map(value).collect();
            shortened(&format!("{field}: {}", values.join(", "))).into_owned()
        }
        RowChip::Text(text) => format!("“{}”", shortened(text)),
        RowChip::Changed(seconds) => changed_text(scene, *seconds),
    }
}

fn changed_text(scene: &Scene<'_>, seconds: i64) -> String {
    const DAY: i64 = 86_400;
    let (name, count) = if seconds % DAY == 0 {
        ("table-changed-days", seconds / DAY)
    } else {
        ("table-changed-hours", seconds / 3_600)
    };
    scene.locale.with(name, [("count", count.into())])
}

/// What narrows the rows, each a chip; a field for one more; which columns are shown.
pub(super) fn chips_ui(ui: &mut Ui, scene: &mut Scene<'_>, table: &mut StoreLens, wants_focus: &mut bool) {
    let mut typed = std::mem::take(&mut table.typed);
    let shown: &StoreLens = table;
    let narrow = |ui: &mut Ui, scene: &mut Scene<'_>| {
        ui.horizontal_wrapped(|ui| {
            for (place, one) in shown.chips().iter().enumerate() {
                let text = chip_text(scene, one);
                let clear = scene.locale.with("table-chip-remove", [("filter", text.clone().into())]);
                if chip(ui, &text, &clear) {
                    wish(scene, LensWish::RemoveChip(place));
                }
            }
            field_ui(ui, scene, &mut typed, wants_focus);
            changed_ui(ui, scene);
            columns_ui(ui, scene, shown);
        });
    };
    ui.horizontal(|ui| ends_ui(ui, scene, "filters of table", narrow, |ui, scene| rows_ui(ui, scene, shown)));
    table.typed = typed;
}

fn field_ui(ui: &mut Ui, scene: &mut Scene<'_>, typed: &mut String, wants_focus: &mut bool) {
    let name = scene.text("table-add-filter");
    let width = ui.available_width().clamp(90.0, 170.0);
    // The chips come before it: numbered by its place, it would be another field after each, without the focus.
    let field = TextEdit::singleline(typed).id(Id::unique("filter of the table"));
    let field = named_field(ui, field.hint_text(&name).desired_width(width), &name);
    let field = field.on_hover_text(scene.text("table-add-filter-about"));
    if std::mem::take(wants_focus) {
        field.request_focus();
    }
    if is_entered(ui, &field)
        && let Some(chip) = RowChip::read(typed)
    {
        typed.clear();
        wish(scene, LensWish::AddChip(chip));
    }
}

fn changed_ui(ui: &mut Ui, scene: &mut Scene<'_>) {
    ui.menu_button(scene.text("table-changed"), |ui| {
        for seconds in CHANGED_WITHIN {
            if ui.button(changed_text(scene, seconds)).clicked() {
                wish(scene, LensWish::AddChip(RowChip::Changed(seconds)));
                ui.close();
            }
        }
    });
}

/// Which fields stand in columns of their own. The menu stays open: mostly more than one is chosen.
fn columns_ui(ui: &mut Ui, scene: &mut Scene<'_>, table: &StoreLens) {
    let button = egui::containers::menu::MenuButton::new(scene.text("table-columns"));
    let config =
        egui::containers::menu::MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
    button.config(config).ui(ui, |ui| {
        egui::ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
            for field in table.known_fields() {
                let mut is_shown = table.fields().contains(&field);
                let mut name = shortened(&field).into_owned();
                if table.left_out().iter().any(|column| matches!(column, LensColumn::Field(path) if *path == field)) {
                    name = scene.locale.with("table-column-no-room", [("column", name.into())]);
                }
                if ui.checkbox(&mut is_shown, name).changed() {
                    wish(scene, LensWish::ToggleColumn(field));
                }
            }
        });
        ui.separator();
        if ui.button(RichText::new(scene.text("table-columns-reset")).color(palette(ui).text)).clicked() {
            wish(scene, LensWish::ResetColumns);
            ui.close();
        }
    });
}
