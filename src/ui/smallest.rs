use egui::{Align, Label, Layout, RichText, ScrollArea, TextEdit, Ui};

use super::dialog::Dialog;
use super::parts::{cut, is_entered, link, named_field, shortened};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::Action;
use crate::engine::{EXCERPT_ENDINGS, Smallest};
use crate::event::Head;
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{FoundSmallest, OpenStore, ReasonPlace, Showing, ToolName};

/// Room for the button behind the field.
const SAVE: f32 = 80.0;

/// The fewest events of the stream behind which a condition holds, or that still break a rule; and a file of them.
pub(super) fn smallest_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let here = store.view.as_ref().and_then(|view| ReasonPlace::of(view, view.shown_number()));
    let smallest = &mut store.tools.smallest;
    let title = scene.text("smallest-history");
    Dialog::new("smallest", &title, 640.0).show(ui, scene, is_open, |ui, scene| {
        let colours = palette(ui);
        match &here {
            Some(ReasonPlace { stream, .. }) => {
                let about = scene.locale.with("smallest-about", [("stream", shortened(stream.as_str()).into())]);
                ui.add(Label::new(RichText::new(about).color(colours.dim)).wrap());
            }
            None => {
                ui.label(RichText::new(scene.text("why-no-place")).color(colours.dim));
            }
        }
        ui.add_space(4.0);
        let mut starts = false;
        ui.horizontal(|ui| {
            ui.radio_value(&mut smallest.showing, Showing::Condition, scene.text("smallest-condition"));
            let hint = "status == \"CLOSED\" && contacts > 2";
            let field = TextEdit::singleline(&mut smallest.condition)
                .hint_text(hint)
                .desired_width(ui.available_width() - 12.0);
            let field = named_field(ui, field, &scene.text("smallest-condition-text"));
            if field.changed() {
                smallest.showing = Showing::Condition;
            }
            starts |= is_entered(ui, &field);
        });
        ui.radio_value(&mut smallest.showing, Showing::Rule, scene.text("smallest-rule"));
        ui.checkbox(&mut smallest.is_by_the_rules, scene.text("smallest-by-the-rules"));
        let can_start = here.is_some() && smallest.can_start();
        starts |= ui.add_enabled(can_start, egui::Button::new(scene.text("smallest-start"))).clicked();
        if starts && can_start {
            smallest.is_to_save = false;
            smallest.place.clone_from(&here);
            scene.ask(Action::StartTool(ToolName::SmallestHistory));
        }
        ui.add_space(6.0);
        let is_there = tool_ui(ui, scene, &mut smallest.asked, &Action::StartTool(ToolName::SmallestHistory));
        let Some(found) = smallest.asked.value().filter(|_| is_there && !smallest.asked.is_loading()) else { return };
        found_ui(ui, scene, found);
        ui.add_space(8.0);
        let name = scene.locale.with("smallest-to", [("endings", EXCERPT_ENDINGS.into())]);
        ui.label(RichText::new(&name).size(11.5).color(colours.dim));
        ui.horizontal(|ui| {
            let field = TextEdit::singleline(&mut smallest.to).hint_text("/path/to/test.rs");
            let field = field.desired_width((ui.available_width() - SAVE).max(160.0));
            let field = named_field(ui, field, &name);
            let is_entered = is_entered(ui, &field);
            let can_save = !smallest.to.trim().is_empty();
            let is_pressed = ui.add_enabled(can_save, egui::Button::new(scene.text("smallest-save"))).clicked();
            if can_save && (is_entered || is_pressed) {
                smallest.is_to_save = true;
                scene.ask(Action::StartTool(ToolName::SmallestHistory));
            }
        });
        ui.checkbox(&mut smallest.replaces, scene.text("export-replace"));
    });
}

fn found_ui(ui: &mut Ui, scene: &mut Scene<'_>, found: &FoundSmallest) {
    let FoundSmallest { stream, smallest, saved } = found;
    let Smallest { kept, from, until, is_past, is_minimal, .. } = smallest;
    let colours = palette(ui);
    let values = [
        ("events", scene.events(kept.len() as u64).into()),
        ("grouped", grouped(kept.len() as u64).into()),
        ("total", grouped(*from).into()),
        ("version", until.to_string().into()),
    ];
    ui.label(RichText::new(scene.locale.with("smallest-found", values.clone())).strong());
    for (is_so, name) in [(*is_past, "smallest-past"), (!*is_minimal, "smallest-not-minimal")] {
        if is_so {
            let text = RichText::new(scene.locale.with(name, values.clone())).color(colours.dim);
            ui.add(Label::new(text).wrap());
        }
    }
    ui.add_space(4.0);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let height = (kept.len() as f32 * ROW_HEIGHT).min(240.0);
        let rows = ScrollArea::vertical().id_salt("kept events").auto_shrink(false);
        // As low as its rows, or a gap would lie below a few.
        let rows = rows.max_height(height).min_scrolled_height(height);
        rows.show_rows(ui, ROW_HEIGHT, kept.len(), |ui, range| {
            for Head { version, event_type, recorded_at, .. } in kept.get(range).unwrap_or_default() {
                let size = egui::vec2(ui.available_width(), ROW_HEIGHT);
                ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
                    ui.set_min_size(size);
                    let when = recorded_at.map(|at| scene.zone.long(at)).unwrap_or_default();
                    ui.label(RichText::new(when).monospace().color(colours.dim));
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        if link(ui, &format!("v{version} {}", shortened(event_type.as_str()))).clicked() {
                            scene.ask(Action::GoToPlace(stream.clone(), *version));
                            scene.ask(Action::CloseDialog);
                        }
                    });
                });
            }
        });
    });
    if let Some(path) = saved {
        let values = [("events", scene.events(kept.len() as u64).into()), ("path", path.display().to_string().into())];
        cut(ui, RichText::new(scene.locale.with("smallest-saved", values)).color(colours.accent));
    }
}
