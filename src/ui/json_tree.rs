use egui::{CollapsingHeader, Label, RichText, Ui};
use serde_json::Value;

use super::Scene;
use super::parts::{LONGEST_DRAWN, shortened, shortened_name};
use super::people::as_read;
use crate::theme::palette;
use crate::view::beginning;

/// Of the fields or items of one value; the rest is counted, and stands in the copied text.
const SHOWN: usize = 100;

/// Values nested deeper are shown as text.
const DEEPEST: usize = 24;

/// A value to be read: a line a field, and what is inside another value folds.
pub(super) fn json_ui(ui: &mut Ui, scene: &Scene<'_>, value: &Value) {
    inside_ui(ui, scene, value, 0);
}

fn inside_ui(ui: &mut Ui, scene: &Scene<'_>, value: &Value, depth: usize) {
    let count = match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().take(SHOWN) {
                field_ui(ui, scene, name, value, depth);
            }
            fields.len()
        }
        Value::Array(items) => {
            for (number, value) in items.iter().take(SHOWN).enumerate() {
                field_ui(ui, scene, &number.to_string(), value, depth);
            }
            items.len()
        }
        leaf => {
            leaf_ui(ui, scene, leaf);
            0
        }
    };
    if count > SHOWN {
        let more = scene.locale.with("json-more", [("count", super::grouped((count - SHOWN) as u64).into())]);
        ui.label(RichText::new(more).color(palette(ui).dim));
    }
}

fn field_ui(ui: &mut Ui, scene: &Scene<'_>, name: &str, value: &Value, depth: usize) {
    let dim = palette(ui).dim;
    let shown = RichText::new(shortened_name(name)).monospace().color(dim);
    let inside = match value {
        Value::Object(fields) => fields.len(),
        Value::Array(items) => items.len(),
        _ => 0,
    };
    if inside == 0 || depth >= DEEPEST {
        ui.horizontal_wrapped(|ui| {
            ui.label(shown);
            leaf_ui(ui, scene, value);
        });
        return;
    }
    let count = scene.locale.with("json-inside", [("count", inside.into())]);
    let title = format!("{}  {count}", shortened_name(name));
    CollapsingHeader::new(RichText::new(title).monospace().color(dim))
        .id_salt(name)
        .default_open(depth < 2 && inside <= 20)
        .show(ui, |ui| inside_ui(ui, scene, value, depth + 1));
}

/// Text stands in quotes, so that `"7"` is not taken for 7; a time is also told in the zone of the window.
fn leaf_ui(ui: &mut Ui, scene: &Scene<'_>, value: &Value) {
    let text = match value {
        Value::String(text) => format!("\"{}\"", shortened(text)),
        other => shortened(&beginning(other, LONGEST_DRAWN)).into_owned(),
    };
    let label = ui.add(Label::new(RichText::new(text).monospace()).wrap());
    if let Value::String(text) = value {
        let read = as_read(scene, text);
        if read != text.as_str() {
            label.on_hover_text(read);
        }
    }
}
