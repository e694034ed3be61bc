use egui::{Align, Key, Layout, Modifiers, RichText, ScrollArea, Sense, TextEdit, Ui, vec2};

use super::dialog::{Dialog, take_first_focus};
use super::ends::ends_ui;
use super::list::{Cells, List, Look, list_row};
use super::parts::{OF_BEFORE, cut, hairline, link, named_field, primary, shortened};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::Action;
use crate::engine::Tool;
use crate::index::StoreMoment;
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{FileFor, OpenStore, SqlConsole, SqlFound, SqlWants, ToolName, WrittenSql};

const MOST_HEIGHT: f32 = 300.0;

/// What the dialog has around the rows and around itself. Rows scroll, and the rest of the dialog should not have to.
const BESIDE_ROWS: f32 = 352.0;
const MARGIN: f32 = 8.0;
const LETTER: f32 = 7.2;

/// A query, its first rows, and a file for all of them. A row that names a stream leads to it.
pub(super) fn sql_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let title = scene.text("ask-sql");
    let cursor = cursor_text(scene, store);
    let console = &mut store.tools.sql;
    Dialog::new("sql", &title, 860.0).show(ui, scene, is_open, |ui, scene| {
        // Before the field hears it, which would begin a new line.
        let is_asked_by_key = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        let text = TextEdit::multiline(&mut console.text).code_editor().hint_text(scene.text("query-hint"));
        let field = ui.add(text.desired_rows(4).desired_width(f32::INFINITY));
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::MultilineTextInput, true, scene.text("query-text")));
        take_first_focus(ui, &field);
        ui.add_space(2.0);
        let mut is_asked = is_asked_by_key;
        ui.horizontal(|ui| {
            let can_ask = !console.text.trim().is_empty();
            let ask = ui.add_enabled(can_ask, primary(ui, scene.text("query-ask"))).on_hover_text("Ctrl+Enter");
            is_asked |= ask.clicked();
            ui.checkbox(&mut console.is_of_cursor, cursor);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if link(ui, &scene.text("query-tables")).clicked() {
                    console.text.clear();
                    scene.ask(Action::StartTool(ToolName::SqlConsole));
                }
            });
        });
        if is_asked && !console.text.trim().is_empty() {
            console.wants = SqlWants::Rows;
            scene.ask(Action::StartTool(ToolName::SqlConsole));
        }
        ui.add_space(4.0);
        let is_there = tool_ui(ui, scene, &mut console.asked, &Action::StartTool(ToolName::SqlConsole));
        // What was answered before stays, dimmed, until the new is there.
        let opacity = ui.opacity();
        if !is_there {
            ui.multiply_opacity(OF_BEFORE);
        }
        if let Some(found) = console.asked.first.value() {
            let said = said(scene, found);
            ui.label(RichText::new(said).color(palette(ui).dim));
            if let Some(chosen) = rows_ui(ui, scene, found) {
                console.text = format!("select * from {chosen} limit 100");
                scene.ask(Action::StartTool(ToolName::SqlConsole));
            }
        }
        ui.set_opacity(opacity);
        let has_rows =
            console.asked.first.value().is_some_and(|found| !found.is_of_tables && !found.columns.is_empty());
        if has_rows {
            keep_ui(ui, scene, console);
        }
    });
}

/// As of when a question is asked that is of the cursor.
fn cursor_text(scene: &Scene<'_>, store: &OpenStore) -> String {
    let moment = match store.moment_here() {
        StoreMoment::Latest => scene.text("query-end"),
        StoreMoment::Position(position) => {
            scene.locale.with("query-position", [("position", grouped(position.0).into())])
        }
        StoreMoment::Time(at) => scene.zone.long(at),
    };
    scene.locale.with("query-of-cursor", [("moment", moment.into())])
}

fn said(scene: &Scene<'_>, found: &SqlFound) -> String {
    let count = found.rows.len() as u64;
    let values =
        |of: &str| [("count", count.into()), ("grouped", grouped(count).into()), ("position", of.to_owned().into())];
    let position = found.read_to.map(|position| grouped(position.0)).unwrap_or_default();
    let name = match (found.is_of_tables, found.is_cut, found.read_to.is_some()) {
        (true, ..) => "query-tables-there",
        (_, true, _) => "query-rows-cut",
        (_, false, true) => "query-rows-to",
        (_, false, false) => "query-rows",
    };
    scene.locale.with(name, values(&position))
}

/// Answers with the table that was chosen, where the rows are tables.
fn rows_ui(ui: &mut Ui, scene: &mut Scene<'_>, found: &SqlFound) -> Option<String> {
    let colours = palette(ui);
    let mut widths: Vec<f32> =
        found.widths.iter().map(|letters| (*letters as f32 * LETTER + 20.0).clamp(64.0, 340.0)).collect();
    let room = ui.available_width() - 2.0 * MARGIN;
    let all: f32 = widths.iter().sum();
    // The last takes what is left.
    if let Some(last) = widths.last_mut() {
        *last += (room - all).max(0.0);
    }
    let total = widths.iter().sum::<f32>() + 2.0 * MARGIN;
    let mut chosen = None;
    ScrollArea::horizontal().id_salt("columns of an answer").auto_shrink([false, true]).show(ui, |ui| {
        ui.set_min_width(total);
        let (rect, _) = ui.allocate_exact_size(vec2(total, ROW_HEIGHT), Sense::hover());
        let mut cells = Cells::new(rect, MARGIN);
        for (name, width) in found.columns.iter().zip(&widths) {
            cells.cell(ui, *width, |ui| {
                cut(ui, RichText::new(shortened(name)).size(11.5).color(colours.dim));
            });
        }
        hairline(ui);
        let room = (ui.ctx().content_rect().height() - BESIDE_ROWS).clamp(3.0 * ROW_HEIGHT, MOST_HEIGHT);
        let height = (found.rows.len() as f32 * ROW_HEIGHT).min(room);
        List::new("rows of an answer", found.rows.len()).no_higher_than(height).show(ui, |ui, place| {
            let Some(row) = found.rows.get(place) else { return };
            let told = found.columns.iter().zip(row).map(|(name, cell)| format!("{name} {}", shortened(cell)));
            let spoken = told.collect::<Vec<_>>().join(", ");
            let response = list_row(ui, &spoken, Look::Plain(None), |ui, rect| {
                let mut cells = Cells::new(rect, MARGIN);
                for (cell, width) in row.iter().zip(&widths) {
                    let first_line = cell.lines().next().unwrap_or_default();
                    cells.cell(ui, *width, |ui| {
                        cut(ui, RichText::new(shortened(first_line)).color(colours.text));
                    });
                }
            });
            if !response.clicked() {
                return;
            }
            if found.is_of_tables {
                chosen = row.first().map(ToString::to_string);
            } else if let Some((stream, version)) = found.place(place) {
                scene.ask(version.map_or_else(
                    || Action::Select(stream.clone()),
                    |version| Action::GoToPlace(stream.clone(), version),
                ));
                scene.ask(Action::CloseDialog);
            }
        });
    });
    chosen
}

/// The rows that are shown to the clipboard, or all of them into a file.
fn keep_ui(ui: &mut Ui, scene: &mut Scene<'_>, console: &mut SqlConsole) {
    ui.add_space(6.0);
    let mut copies = false;
    let type_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
        let field = TextEdit::singleline(&mut console.to).hint_text("/path/to/rows.csv").desired_width(f32::INFINITY);
        if named_field(ui, field, &scene.text("query-file")).lost_focus() {
            console.formatted();
        }
    };
    let choose_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
        if ui.button(scene.text("choose-file")).clicked() {
            scene.ask(Action::ChooseFile(FileFor::SqlRows));
        }
    };
    ui.horizontal(|ui| {
        if ui.button(scene.text("query-copy")).clicked() {
            copies = true;
        }
        ui.label(RichText::new(scene.text("query-file")).color(palette(ui).dim));
        ends_ui(ui, scene, "sql rows", type_ui, choose_ui);
    });
    if copies {
        scene.ask(Action::Copy(console.as_text()));
    }
    ui.horizontal_wrapped(|ui| {
        let can_write = !console.to.trim().is_empty() && !console.asked.is_loading();
        if ui.add_enabled(can_write, egui::Button::new(scene.text("query-write"))).clicked() {
            console.wants = SqlWants::File;
            scene.ask(Action::StartTool(ToolName::SqlConsole));
        }
        ui.checkbox(&mut console.replaces, scene.text("export-replace"));
        ui.checkbox(&mut console.is_csv_safe, scene.text("export-csv-safe"));
    });
    if let Some(WrittenSql { path, rows }) = console.asked.second.value().filter(|_| !console.asked.second.is_loading())
    {
        let path = path.display().to_string();
        let values = [("count", (*rows).into()), ("grouped", grouped(*rows).into()), ("path", path.into())];
        ui.label(scene.locale.with("export-rows-done", values));
    }
}
