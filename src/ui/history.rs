use egui::{Button, Frame, Margin, RichText, Sense, Ui};

use super::Scene;
use super::card::{CardHead, card_head_ui};
use super::changes::changes_ui;
use super::icons::paint_sign;
use super::list::{Cells, List, Look, list_row};
use super::parts::{Led, card, cut, filter_field, led_from, shortened};
use super::when::TimeColumn;
use crate::command::{Action, Command};
use crate::event::Explain;
use crate::event::visible::visible;
use crate::theme::{Sign, palette};
use crate::view::{Pane, StreamView};

pub(super) const HEADER_HEIGHT: f32 = 24.0;

/// Left of a row's first column.
pub(super) const MARGIN: f32 = 16.0;

/// Every event of the stream, of which only the rows in view are laid out. What lies after the cursor is faint: one
/// sees what is to come.
pub fn history_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut StreamView, reveal: &mut bool, is_folded: bool) {
    if view.field_history().is_some() && !is_folded {
        return super::field_history::field_history_ui(ui, scene, view, reveal);
    }
    let zone = scene.zone;
    let is_looking = view.filter_history(zone.name(), &|at| zone.offset(at));
    if is_looking {
        ui.ctx().request_repaint();
    }
    let mut filter = std::mem::take(&mut view.history_filter.text);
    let first = view.history_filter.found().and_then(|found| found.first()).copied();
    let first = first.filter(|_| view.history_filter.wants_first);
    view.history_filter.wants_first &= is_looking && first.is_none();
    let mut led = None;
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        led = head_ui(ui, scene, view, &mut filter, is_folded);
        if !is_folded {
            if let Some(first) = first {
                scene.ask(Action::GoTo(first));
            }
            let enters = (first.is_some(), led == Some(Led::Down));
            rows_ui(ui, scene, view, *reveal, enters);
            // The row may be found yet.
            *reveal &= is_looking;
        }
    });
    view.history_filter.wants_first |= led == Some(Led::ToFirst) && !filter.trim().is_empty();
    view.history_filter.text = filter;
}

/// How wide each column is. As room runs out they give way: who did it first, then when; what changed goes last.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Columns {
    version: f32,
    when: TimeColumn,
    event: f32,
    who: f32,
    changed: f32,
}

impl Columns {
    fn new(width: f32, digits: usize, has_years: bool) -> Self {
        const EVENT: f32 = 140.0;
        const CHANGED: f32 = 190.0;
        let mut who = 84.0;
        let version = 24.0 + 7.5 * digits.max(2) as f32;
        let room = width - 2.0 * MARGIN - version;
        let column = TimeColumn::fitting(has_years, room - EVENT - CHANGED);
        let when = column.width;
        if when == 0.0 || room < EVENT + CHANGED + when + who {
            who = 0.0;
        }
        if room < EVENT + 75.0 {
            return Self { version, when: TimeColumn::NONE, event: room.max(0.0), who: 0.0, changed: 0.0 };
        }
        let spare = (room - EVENT - CHANGED - when - who).max(0.0);
        if who > 0.0 {
            who += (spare * 0.15).min(50.0);
        }
        let event = EVENT + (spare * 0.2).min(80.0);
        let event = event.min(room / 1.8);
        Self { version, when: column, event, who, changed: room - when - who - event }
    }
}

/// `enters`: a key led from the filter to what it found first, or down to where the list stands.
fn rows_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, is_to_reveal: bool, enters: (bool, bool)) {
    let (Some(loaded), Some(cursor)) = (view.base(), view.cursor()) else { return };
    let heads = loaded.timeline.heads();
    let found = view.history_filter.found();
    let count = found.map_or(heads.len(), <[usize]>::len);
    if count == 0 {
        return nothing_ui(ui, &scene.text("history-none"));
    }
    let digits = heads.last().map_or(1, |head| head.version.to_string().len());
    let (first, last) = view.ends();
    let columns = Columns::new(ui.available_width(), digits, scene.zone.spans_years(first, last));
    header_ui(ui, scene, columns);
    let index_of = |row: usize| found.map_or(Some(row), |found| found.get(row).copied());
    let row_of_cursor = found.map_or(cursor, |found| found.partition_point(|index| *index < cursor)).min(count - 1);
    let entered = match enters {
        (true, _) => Some(0),
        (false, true) => Some(if found.is_some() { 0 } else { row_of_cursor }),
        (false, false) => None,
    };
    let list = List::new("history", count).keep(Some(row_of_cursor), is_to_reveal).stands_there().entered(entered);
    list.show(ui, |ui, row| {
        if let Some(index) = index_of(row) {
            row_ui(ui, scene, view, index, cursor, columns);
        }
    });
}

/// Why a list is empty.
pub(super) fn nothing_ui(ui: &mut Ui, text: &str) {
    let dim = palette(ui).dim;
    Frame::new().inner_margin(Margin::symmetric(16, 10)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(text).color(dim));
    });
}

fn header_ui(ui: &mut Ui, scene: &Scene<'_>, columns: Columns) {
    let Columns { version, when, event, who, changed } = columns;
    let names = [
        ("col-version", version),
        ("col-when", when.width),
        ("col-event", event),
        ("col-who", who),
        ("col-changed", changed),
    ];
    names_ui(ui, scene, &names);
}

/// The names of the columns over a list.
pub(super) fn names_ui(ui: &mut Ui, scene: &Scene<'_>, names: &[(&str, f32)]) {
    let dim = palette(ui).dim;
    let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), HEADER_HEIGHT), Sense::hover());
    let mut cells = Cells::new(rect, MARGIN);
    let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(rect));
    for (name, width) in names {
        cells.cell(&mut inside, *width, |ui| {
            cut(ui, RichText::new(scene.text(name)).size(11.5).color(dim));
        });
    }
}

fn row_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, index: usize, cursor: usize, columns: Columns) {
    let Some(loaded) = view.base() else { return };
    let Some(head) = loaded.timeline.heads().get(index) else { return };
    let colours = palette(ui);
    let is_to_come = index > cursor;
    let (ink, dim) = if is_to_come { (colours.faint, colours.faint) } else { (colours.text, colours.dim) };
    let name = head.event_type.as_str();
    let label = format!("v{} {}", head.version, shortened(name));
    let response = list_row(ui, &label, Look::Choice(index == cursor), |ui, rect| {
        let mut cells = Cells::new(rect, MARGIN);
        cells.cell(ui, columns.version, |ui| {
            cut(ui, RichText::new(head.version.to_string()).monospace().color(dim));
        });
        cells.cell(ui, columns.when.width, |ui| {
            let when = head.recorded_at.map_or_else(|| "—".to_owned(), |at| columns.when.text(scene.zone, at));
            let cell = cut(ui, RichText::new(when).monospace().color(dim));
            if let Some(at) = head.recorded_at {
                cell.on_hover_ui(|ui| {
                    ui.label(scene.zone.long(at));
                });
            }
        });
        cells.cell(ui, columns.event, |ui| {
            mark(ui, colours.sign(view.sign_of(name)).faint_if(is_to_come));
            ui.add_space(8.0);
            if let Some(finding) = view.finding_at(index) {
                ui.label(RichText::new("!").strong().color(colours.warning))
                    .on_hover_text(scene.sentence(&finding.problem.message()));
                ui.add_space(4.0);
            }
            if let Some(note) = view.note_on(head) {
                let (rect, cell) = ui.allocate_exact_size(egui::vec2(8.0, 12.0), Sense::hover());
                paint_note(ui.painter(), rect, if is_to_come { colours.faint } else { colours.accent });
                let text =
                    if note.text.is_empty() { scene.text("note-bookmark") } else { visible(&note.text).into_owned() };
                let spoken = format!("{}: {}", scene.text("note-text"), shortened(&text));
                cell.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
                cell.on_hover_text(shortened(&text));
                ui.add_space(4.0);
            }
            let short = telling_part(name);
            let cell = cut(ui, RichText::new(shortened(short)).color(ink));
            if short.len() < name.len() {
                cell.on_hover_text(shortened(name));
            }
        });
        cells.cell(ui, columns.who, |ui| {
            cut(ui, RichText::new(shortened(view.actor(index))).color(dim));
        });
        cells.cell(ui, columns.changed, |ui| {
            changes_ui(ui, scene, &view.changes_at(index), is_to_come);
        });
    });
    if response.clicked() {
        scene.ask(Action::GoTo(index));
    }
    response.context_menu(|ui| {
        for command in [Command::WhatIf, Command::Compensate] {
            let is_refused = command == Command::Compensate && loaded.described.is_partition;
            let button = ui.add_enabled(!is_refused, Button::new(scene.text(command.title())));
            if button.on_disabled_hover_text(scene.text("partitions-read-only")).clicked() {
                // What is meant is the event under the pointer.
                scene.ask(Action::GoTo(index));
                scene.run(command);
                ui.close();
            }
        }
    });
    if columns.who == 0.0 {
        // What gave way is still said.
        response.on_hover_ui(|ui| {
            let when = head.recorded_at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
            for text in [&when, view.actor(index), view.reason(index)].into_iter().filter(|text| !text.is_empty()) {
                ui.label(shortened(text));
            }
        });
    }
}

/// Of `module:Class.Event` and `App\Events\Event`, what comes last says what happened.
fn telling_part(event_type: &str) -> &str {
    let after = event_type.rfind([':', '\\']).map_or(0, |at| at + 1);
    event_type.get(after..).filter(|rest| !rest.is_empty()).unwrap_or(event_type)
}

fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, filter: &mut String, is_folded: bool) -> Option<Led> {
    let mut led = None;
    let dim = palette(ui).dim;
    let total = view.len() as u64;
    let aside = match view.history_filter.found() {
        Some(found) => {
            let values =
                [("found", super::grouped(found.len() as u64).into()), ("total", super::grouped(total).into())];
            scene.locale.with("history-found", values)
        }
        None => {
            scene.locale.with("history-events", [("count", total.into()), ("grouped", super::grouped(total).into())])
        }
    };
    let title = scene.text("history");
    let names = [scene.text("history-filter"), scene.text("history-filter-clear")];
    let narrows = |ui: &mut Ui, scene: &mut Scene<'_>| {
        let width = (ui.available_width() - 20.0).min(260.0);
        if width >= 60.0 {
            let (field, _) = filter_field(ui, filter, &names, width);
            let field = field.on_hover_text(scene.text("history-filter-about"));
            led = led_from(ui, &field);
            if led.is_some() {
                ui.ctx().request_repaint();
            }
        }
    };
    card_head_ui(ui, scene, CardHead { pane: Pane::History, title: &title, is_folded }, narrows, |ui, scene| {
        if ui.available_width() > 200.0 {
            cut(ui, RichText::new(format!("{aside}  ·  {}", scene.zone_name())).color(dim));
        }
    });
    led
}

/// The ribbon of an event with a note.
pub(super) fn paint_note(painter: &egui::Painter, rect: egui::Rect, colour: egui::Color32) {
    let egui::Rect { min, max } = rect;
    let notch = egui::pos2(rect.center().x, max.y - 3.0);
    let corners = [min, egui::pos2(max.x, min.y), max, notch, egui::pos2(min.x, max.y)];
    // Two halves: a shape with a notch is not convex.
    let [left_top, right_top, right_low, notch, left_low] = corners;
    let top = egui::pos2(notch.x, min.y);
    painter.add(egui::Shape::convex_polygon(vec![left_top, top, notch, left_low], colour, egui::Stroke::NONE));
    painter.add(egui::Shape::convex_polygon(vec![top, right_top, right_low, notch], colour, egui::Stroke::NONE));
}

/// The little sign that stands for an event type, beside its name.
pub(super) fn mark(ui: &mut Ui, sign: Sign) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(8.0, 8.0), Sense::hover());
    paint_sign(ui.painter(), rect, sign);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_give_way_in_the_order_of_their_importance_and_never_take_more_than_there_is() {
        for has_years in [false, true] {
            let mut gone = (false, false, false);
            for width in (120..=2_000).rev() {
                let columns = Columns::new(width as f32, 3, has_years);
                let Columns { version, when, event, who, changed } = columns;
                let sum = version + when.width + event + who + changed + 2.0 * MARGIN;
                assert!(sum <= width as f32 + 0.01, "{width}: {columns:?}");
                let now = (who == 0.0, when.width == 0.0, changed == 0.0);
                assert!(now >= gone || now == gone, "{width}: one came back: {columns:?}");
                assert!(now.0 || !now.1, "{width}: when went before who");
                assert!(now.1 || !now.2, "{width}: what changed went before when");
                assert!(changed == 0.0 || changed >= 70.0, "{width}: {columns:?}");
                gone = now;
            }
            assert_eq!(gone, (true, true, true));
        }
    }
}
