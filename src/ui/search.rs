use std::ops::Range;

use egui::text::{LayoutJob, TextFormat};
use egui::{Align, Key, Layout, Modifiers, RichText, Role, TextEdit, Ui, WidgetInfo, vec2};

use super::dialog::{Dialog, select_at_first};
use super::ends::ends_ui;
use super::list::{List, row_room};
use super::parts::{OF_BEFORE, chip, cut, is_entered, link, named_field, shortened};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::Action;
use crate::engine::Snippet;
use crate::event::StreamId;
use crate::event::visible::visible;
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{EventSearch, ExportWhat, Found, Hit, OpenStore, Sought, ToolName};

/// Two lines.
const HIT_HEIGHT: f32 = 2.0 * ROW_HEIGHT;

/// Events by any part of them, or all of a day. Whoever chooses one is led there, and finds the others again when this is
/// opened again.
pub(super) fn search_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let here = store.view.as_ref().map(|view| view.stream.clone());
    let OpenStore { tools, labels, .. } = store;
    let search = &mut tools.search;
    let title = scene.text("search-events");
    let mut seen: Vec<StreamId> = Vec::new();
    Dialog::new("search", &title, 720.0).show(ui, scene, is_open, |ui, scene| {
        let (mut goes_down, mut is_entered_now, mut is_clicked) = (false, false, false);
        let type_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
            let field = TextEdit::singleline(&mut search.text).hint_text(scene.text("search-hint"));
            let field = named_field(ui, field.desired_width(f32::INFINITY), &scene.text("search-text"));
            select_at_first(ui, &field, &search.text);
            goes_down = field.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::ArrowDown));
            is_entered_now = is_entered(ui, &field);
        };
        let go_ui = |ui: &mut Ui, scene: &mut Scene<'_>| is_clicked = ui.button(scene.text("search-start")).clicked();
        ui.horizontal(|ui| ends_ui(ui, scene, "search", type_ui, go_ui));
        if is_entered_now || is_clicked {
            scene.ask(Action::StartTool(ToolName::EventSearch));
        }
        where_ui(ui, scene, search, here.as_ref());
        ui.add_space(4.0);
        let is_there = tool_ui(ui, scene, &mut search.asked, &Action::StartTool(ToolName::EventSearch));
        let Some(found) = search.asked.value() else { return };
        // What was found before stays, dimmed, until the new is there.
        ui.scope(|ui| {
            if search.asked.is_loading() || !is_there {
                ui.multiply_opacity(OF_BEFORE);
            }
            found_ui(ui, scene, found);
        });
        let height = (found.hits.len() as f32 * HIT_HEIGHT).min(380.0);
        let list = List::new("found", found.hits.len())
            .rows_of(HIT_HEIGHT)
            .no_higher_than(height)
            .entered(goes_down.then_some(0));
        list.show(ui, |ui, place| {
            let Some(hit) = found.hits.get(place) else { return };
            seen.push(hit.stream.clone());
            hit_ui(ui, scene, hit, labels.of(&hit.stream));
        });
    });
    store.want_labels(seen.iter());
}

/// In which stream, and on which day, where it is not everywhere.
fn where_ui(ui: &mut Ui, scene: &mut Scene<'_>, search: &mut EventSearch, here: Option<&StreamId>) {
    if let Some(here) = here {
        let name = scene.locale.with("only-stream", [("stream", shortened(here.as_str()).into_owned().into())]);
        ui.checkbox(&mut search.is_here_only, name);
    }
    let Some(day) = search.day.as_ref().map(|day| day.name.clone()) else { return };
    let text = scene.locale.with("search-day", [("day", day.into()), ("zone", scene.zone_name().into())]);
    if chip(ui, &text, &scene.text("search-day-clear")) {
        search.day = None;
        scene.ask(Action::StartTool(ToolName::EventSearch));
    }
}

/// How much was found, and what can be done with it.
fn found_ui(ui: &mut Ui, scene: &mut Scene<'_>, found: &Found) {
    let Sought { text, day, .. } = &found.sought;
    let values = [
        ("count", found.count.into()),
        ("grouped", grouped(found.count).into()),
        ("shown", grouped(found.hits.len() as u64).into()),
        ("events", grouped(found.looked_at).into()),
        ("text", shortened(text).into_owned().into()),
        ("day", day.as_ref().map_or(String::new(), |day| day.name.clone()).into()),
    ];
    let name = match (day.is_some(), text.is_empty(), found.has_more) {
        (false, _, false) => "search-found",
        (false, _, true) => "search-more",
        (true, true, false) => "search-day-found",
        (true, true, true) => "search-day-more",
        (true, false, false) => "search-day-found-text",
        (true, false, true) => "search-day-more-text",
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(scene.locale.with(name, values)).color(palette(ui).dim));
        if found.has_more && link(ui, &scene.text("search-show-more")).clicked() {
            scene.ask(Action::MoreHits);
        }
        if !found.hits.is_empty() && link(ui, &scene.text("export-these")).clicked() {
            scene.ask(Action::Export(ExportWhat::Found(found.sought.clone())));
        }
    });
}

/// The line with its words told from what stands around them.
fn snippet_job(ui: &Ui, snippet: &Snippet) -> LayoutJob {
    let colours = palette(ui);
    let font_id = egui::TextStyle::Monospace.resolve(ui.style());
    let around = TextFormat { font_id, color: colours.dim, ..TextFormat::default() };
    let word = TextFormat { color: colours.text, underline: egui::Stroke::new(1.5, colours.accent), ..around.clone() };
    let Snippet { text, words } = snippet;
    let mut job = LayoutJob::default();
    let mut add = |part: Range<usize>, format: &TextFormat| {
        if let Some(part) = text.get(part).filter(|part| !part.is_empty()) {
            job.append(&visible(part), 0.0, format.clone());
        }
    };
    let mut end = 0;
    for at in words {
        add(end..at.start, &around);
        add(at.clone(), &word);
        end = at.end;
    }
    add(end..text.len(), &around);
    job
}

/// Where it is, what happened there and when; below it what stands around the place. A press leads there.
fn hit_ui(ui: &mut Ui, scene: &mut Scene<'_>, hit: &Hit, label: Option<&str>) {
    let colours = palette(ui);
    let (rect, response) = row_room(ui, HIT_HEIGHT);
    let name = format!("{} v{} {}", shortened(hit.stream.as_str()), hit.version, shortened(hit.event_type.as_str()));
    let said = label.map_or(name.clone(), |label| format!("{name}, {}", shortened(label)));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &said));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 6.0, colours.selection);
    }
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 6.0))));
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let when = hit.recorded_at.map_or_else(String::new, |at| scene.zone.long(at));
            ui.label(RichText::new(when).monospace().color(colours.dim));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 10.0;
                cut(ui, RichText::new(&name).color(colours.text));
                if let Some(label) = label.filter(|_| ui.available_width() > 24.0) {
                    cut(ui, RichText::new(shortened(label)).size(11.5).color(colours.dim));
                }
            });
        });
    });
    let line = snippet_job(&ui, &hit.snippet);
    cut(&mut ui, line);
    if response.clicked() {
        scene.ask(Action::GoToPlace(hit.stream.clone(), hit.version));
        scene.ask(Action::CloseDialog);
    }
}
