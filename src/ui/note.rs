use egui::{Key, Modifiers, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::Scene;
use super::dialog::Dialog;
use super::parts::{cut, link, named_field, shortened};
use super::tool::tool_ui;
use crate::command::Action;
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{BranchWish, OpenStore, ToolName};
use crate::workspace::Note;

/// The branches of the stream on screen that have a note: each by its id, its name and what is noted.
fn annotated(store: &OpenStore) -> Vec<(String, String, String)> {
    let Some(view) = &store.view else { return Vec::new() };
    let of_stream = store.branching.of_stream(&view.stream).filter(|branch| !branch.note.trim().is_empty());
    of_stream.map(|branch| (branch.id.clone(), branch.name.clone(), branch.note.clone())).collect()
}

/// The note on the event at the cursor, and all that were made in this store.
pub(super) fn note_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    store.begin_note();
    let branches = annotated(store);
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
        if noting.notes().is_empty() && branches.is_empty() {
            return;
        }
        ui.add_space(8.0);
        let name = scene.text("note-filter");
        let filter = TextEdit::singleline(&mut noting.filter).hint_text(&name).desired_width(260.0);
        named_field(ui, filter, &name);
        let notes: Vec<&Note> = noting.notes().with(&noting.filter).collect();
        let sought = noting.filter.trim().to_lowercase();
        let is_sought = |branch: &&(String, String, String)| {
            let (_, name, note) = branch;
            [name, note].iter().any(|text| text.to_lowercase().contains(&sought))
        };
        let found: Vec<_> = branches.iter().filter(is_sought).collect();
        if notes.is_empty() && found.is_empty() {
            ui.label(RichText::new(scene.text("note-none")).color(colours.dim));
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let rows = ScrollArea::vertical().id_salt("notes").max_height(260.0);
        rows.show_rows(ui, 2.0 * ROW_HEIGHT, notes.len(), |ui, range| {
            for note in notes.get(range).unwrap_or_default() {
                kept_note_ui(ui, scene, note);
            }
        });
        let rows = ScrollArea::vertical().id_salt("notes on branches").max_height(120.0);
        rows.show_rows(ui, 2.0 * ROW_HEIGHT, found.len(), |ui, range| {
            for (id, name, note) in found.get(range).unwrap_or_default() {
                branch_note_ui(ui, scene, id, name, note);
            }
        });
    });
}

/// A note on a branch of the stream on screen leads into it.
fn branch_note_ui(ui: &mut Ui, scene: &mut Scene<'_>, id: &str, name: &str, note: &str) {
    ui.allocate_ui(vec2(ui.available_width(), 2.0 * ROW_HEIGHT), |ui| {
        ui.set_min_size(vec2(ui.available_width(), 2.0 * ROW_HEIGHT));
        ui.horizontal(|ui| {
            if link(ui, &format!("{}: {}", scene.text("what-if-short"), shortened(name))).clicked() {
                scene.wish(BranchWish::Enter(id.to_owned()));
                scene.ask(Action::CloseDialog);
            }
        });
        cut(ui, RichText::new(shortened(note)).color(palette(ui).dim));
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
