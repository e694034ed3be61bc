use egui::{Align, Key, Layout, Modifiers, Response, RichText, Role, ScrollArea, TextEdit, Ui, WidgetInfo, vec2};

use super::dialog::{Dialog, select_at_first};
use super::focus::Stops;
use super::parts::{cut, is_entered, link, named_field, shortened};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::Action;
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{ExportWhat, Hit, OpenStore, ToolName};

/// Events by any part of them. Whoever chooses one is led there, and finds the others again when this is opened again.
pub(super) fn search_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let here = store.view.as_ref().map(|view| view.stream.clone());
    let search = &mut store.tools.search;
    let title = scene.text("search-events");
    Dialog::new("search", &title, 680.0).show(ui, scene, is_open, |ui, scene| {
        let mut goes_down = false;
        ui.horizontal(|ui| {
            let field =
                TextEdit::singleline(&mut search.text).hint_text(scene.text("search-hint")).desired_width(460.0);
            let field = named_field(ui, field, &scene.text("search-text"));
            select_at_first(ui, &field, &search.text);
            goes_down = field.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::ArrowDown));
            let is_entered = is_entered(ui, &field);
            if is_entered || ui.button(scene.text("search-start")).clicked() {
                scene.ask(Action::StartTool(ToolName::EventSearch));
            }
        });
        if let Some(here) = &here {
            let name = scene.locale.with("only-stream", [("stream", shortened(here.as_str()).into_owned().into())]);
            ui.checkbox(&mut search.is_here_only, name);
        }
        ui.add_space(4.0);
        let is_there = tool_ui(ui, scene, &mut search.asked, &Action::StartTool(ToolName::EventSearch));
        let Some(found) = search.asked.value() else { return };
        if is_there {
            let values = [
                ("count", found.hits.len().into()),
                ("events", grouped(found.looked_at).into()),
                ("text", found.text.clone().into()),
            ];
            let name = if found.has_more { "search-more" } else { "search-found" };
            ui.horizontal(|ui| {
                ui.label(RichText::new(scene.locale.with(name, values)).color(palette(ui).dim));
                if !found.hits.is_empty() && link(ui, &scene.text("export-these")).clicked() {
                    let (text, stream) = (found.text.clone(), found.stream.clone());
                    scene.ask(Action::Export(ExportWhat::Found { text, stream }));
                }
            });
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let height = (found.hits.len() as f32 * 2.0 * ROW_HEIGHT).min(380.0);
        let mut stops = Stops::new(ui, "found", found.hits.len(), None);
        if goes_down {
            stops.enter();
        }
        ScrollArea::vertical().id_salt("found").auto_shrink(false).max_height(height).show_rows(
            ui,
            2.0 * ROW_HEIGHT,
            found.hits.len(),
            |ui, range| {
                if let Some(place) = stops.moved_to() {
                    Stops::scroll_to(ui, place, &range, 2.0 * ROW_HEIGHT);
                }
                stops.drawn(range.clone());
                for (place, hit) in range.clone().zip(found.hits.get(range).unwrap_or_default()) {
                    let response = hit_ui(ui, scene, hit, stops.sense(place));
                    stops.row(ui, place, &response);
                }
            },
        );
        stops.end(ui);
    });
}

fn hit_ui(ui: &mut Ui, scene: &mut Scene<'_>, hit: &Hit, sense: egui::Sense) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 2.0 * ROW_HEIGHT), sense);
    let name = format!("{} v{} {}", shortened(hit.stream.as_str()), hit.version, shortened(hit.event_type.as_str()));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 6.0, colours.selection);
    }
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 6.0))));
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let when = hit.recorded_at.map_or_else(String::new, |at| scene.zone.long(at));
            ui.label(RichText::new(when).monospace().color(colours.dim));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                cut(ui, RichText::new(&name).color(colours.text));
            });
        });
    });
    cut(&mut ui, RichText::new(shortened(&hit.excerpt)).monospace().color(colours.dim));
    if response.clicked() {
        scene.ask(Action::GoToPlace(hit.stream.clone(), hit.version));
        scene.ask(Action::CloseDialog);
    }
    response
}
