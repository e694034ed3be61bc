use egui::{Key, Modifiers, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::Scene;
use super::dialog::Dialog;
use super::parts::{cut, link, named_field, shortened};
use super::tool::tool_ui;
use crate::command::Action;
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{OpenStore, ToolName};
use crate::workspace::Note;

/// The note on the event at the cursor, and all that were made in this store.
pub(super) fn note_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    store.begin_note();
    let noting = &mut store.tools.noting;
    let colours = palette(ui);
    let title = scene.text("note");
    Dialog::new("note", &title, 560.0).show(ui, scene, is_open, |ui, scene| {
        if let Some(draft) = &mut noting.draft {
            let stream = shortened(draft.stream.as_str()).into_owned();
            let values = [("stream", stream.into()), ("version", draft.version.to_string().into())];
            ui.label(RichText::new(scene.locale.with("note-on", values)).strong());
            let field = TextEdit::multiline(&mut draft.text).hint_text(scene.text("note-hint")).desired_rows(3);
            named_field(ui, field.desired_width(f32::INFINITY), &scene.text("note-text"));
        } else {
            ui.label(RichText::new(scene.text("note-nowhere")).color(colours.dim));
        }
        ui.label(RichText::new(scene.text("note-where")).size(11.5).color(colours.dim));
        ui.add_space(4.0);
        tool_ui(ui, scene, &mut noting.asked, &Action::StartTool(ToolName::Noting));
        let is_idle = !noting.asked.is_loading();
        // Enter alone ends a line.
        let is_asked = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        let on = noting.draft.as_ref().map(|draft| (draft.stream.clone(), draft.version));
        ui.horizontal(|ui| {
            let text = RichText::new(scene.text("note-keep")).strong().color(colours.on_accent);
            let keep = egui::Button::new(text).fill(colours.accent);
            let can_keep = is_idle && on.is_some();
            if ui.add_enabled(can_keep, keep).clicked() || is_asked && can_keep {
                scene.ask(Action::StartTool(ToolName::Noting));
            }
            let is_there = on.as_ref().is_some_and(|(stream, version)| noting.notes().at(stream, *version).is_some());
            if is_there
                && ui.add_enabled(is_idle, egui::Button::new(scene.text("note-remove"))).clicked()
                && let Some((stream, version)) = on
            {
                scene.ask(Action::RemoveNote(stream, version));
            }
        });
        if noting.notes().is_empty() {
            return;
        }
        ui.add_space(8.0);
        let name = scene.text("note-filter");
        let filter = TextEdit::singleline(&mut noting.filter).hint_text(&name).desired_width(260.0);
        named_field(ui, filter, &name);
        let notes: Vec<&Note> = noting.notes().with(&noting.filter).collect();
        if notes.is_empty() {
            ui.label(RichText::new(scene.text("note-none")).color(colours.dim));
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let rows = ScrollArea::vertical().id_salt("notes").max_height(260.0);
        rows.show_rows(ui, 2.0 * ROW_HEIGHT, notes.len(), |ui, range| {
            for note in notes.get(range).unwrap_or_default() {
                kept_note_ui(ui, scene, note);
            }
        });
    });
}

/// Two lines of one height, so that only those in view are laid out.
fn kept_note_ui(ui: &mut Ui, scene: &mut Scene<'_>, note: &Note) {
    ui.allocate_ui(vec2(ui.available_width(), 2.0 * ROW_HEIGHT), |ui| {
        ui.set_min_size(vec2(ui.available_width(), 2.0 * ROW_HEIGHT));
        let stream = note.stream();
        ui.horizontal(|ui| {
            if link(ui, &format!("{} v{}", shortened(stream.as_str()), note.version)).clicked() {
                scene.ask(Action::GoToPlace(stream, note.version));
                scene.ask(Action::CloseDialog);
            }
            ui.label(RichText::new(scene.zone.long(note.at)).size(11.5).color(palette(ui).dim));
        });
        let text = if note.text.is_empty() { scene.text("note-bookmark") } else { note.text.clone() };
        cut(ui, RichText::new(shortened(&text)).color(palette(ui).dim));
    });
}
