use egui::{Align, Frame, Label, Layout, Margin, RichText, Ui};
use serde_json::Value;

use super::Scene;
use super::card::{CardHead, card_head_ui};
use super::changes::field_name;
use super::icons::{Icon, icon_button, paint};
use super::list::{Cells, Look, list_row, list_ui};
use super::parts::{LONGEST_DRAWN, card, cut, filter_field, fitting_name, shortened, shortened_name};
use super::people::for_people;
use super::value_menu::{asks_for_menu, value_menu};
use crate::command::Action;
use crate::theme::palette;
use crate::view::{Pane, StateCounts, StateFilter, StateLine, StateRow, StreamView, beginning};

/// Left and right of a row.
const MARGIN: f32 = 16.0;

/// Every field of the state at the cursor: what the event there changed is lit, with what it was before.
pub fn state_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut StreamView, is_folded: bool) {
    let counts = view.prepare_state();
    if counts.is_searching {
        ui.ctx().request_repaint();
    }
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        head_ui(ui, scene, view, counts, is_folded);
        if is_folded {
            return;
        }
        not_run_ui(ui, scene, view);
        if counts.lines == 0 && !counts.is_searching && counts.values > 0 {
            return super::history::nothing_ui(ui, &scene.text("state-none"));
        }
        state_rows_ui(ui, scene, view, counts);
    });
}

/// The lines of the state, as they were prepared.
pub(super) fn state_rows_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut StreamView, counts: StateCounts) {
    state_rows_as_ui(ui, scene, view, counts, &|_| {});
}

/// The same, each row as it is to be told.
pub(super) fn state_rows_as_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    view: &mut StreamView,
    counts: StateCounts,
    change: &dyn Fn(&mut StateRow),
) {
    let digits = view.version().map_or(1, |version| version.to_string().len());
    let columns = Columns::new(ui.available_width(), digits);
    let mut toggled = None;
    list_ui(ui, "state", counts.lines, None, false, |ui, line| match view.state_line(line) {
        Some(StateLine::Field(mut row)) => {
            change(&mut row);
            row_ui(ui, scene, view, &row, columns);
        }
        Some(StateLine::Group { path, values, changed, is_open }) => {
            let aside = scene.locale.with("fields-changed", [("count", changed.into())]);
            let aside = (changed > 0).then_some((aside, palette(ui).accent));
            if group_ui(ui, scene, &path, values, aside, is_open) {
                toggled = Some(path);
            }
        }
        None => {}
    });
    if let Some(path) = toggled {
        view.toggle_group(&path);
    }
}

/// Where the projection was not run any more, the state is not that of the cursor.
pub(super) fn not_run_ui(ui: &mut Ui, scene: &Scene<'_>, view: &StreamView) {
    let Some((version, fault)) = view.not_run() else { return };
    let fault = scene.clause(&fault);
    let values = [("version", version.to_string().into()), ("fault", shortened(&fault).into_owned().into())];
    let said = scene.locale.with("state-not-run", values);
    Frame::new().inner_margin(Margin::symmetric(16, 6)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.add(Label::new(RichText::new(said).color(palette(ui).warning)).wrap());
    });
}

fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut StreamView, counts: StateCounts, is_folded: bool) {
    let dim = palette(ui).dim;
    let version = view.version().map_or_else(String::new, |version| version.to_string());
    let title = scene.locale.with("state-at", [("version", version.into())]);
    let mut filter = view.state_filter.clone();
    let narrows = |ui: &mut Ui, scene: &mut Scene<'_>| filter_ui(ui, scene, &mut filter);
    card_head_ui(ui, scene, CardHead { pane: Pane::State, title: &title, is_folded }, narrows, |ui, scene| {
        if ui.available_width() > 390.0 {
            let changed = scene.locale.with("fields-changed", [("count", counts.changed.into())]);
            cut(ui, RichText::new(changed).color(dim));
        }
        let menu = icon_button(ui, Icon::More, &scene.text("state-menu"));
        egui::Popup::menu(&menu).show(|ui| {
            if ui.button(scene.text("copy-state")).clicked() {
                scene.ask(Action::Copy(view.state_as_json().unwrap_or_default()));
            }
        });
    });
    view.state_filter = filter;
}

/// What of the fields is shown.
fn filter_ui(ui: &mut Ui, scene: &Scene<'_>, filter: &mut StateFilter) {
    if ui.available_width() < 90.0 {
        return;
    }
    ui.toggle_value(&mut filter.only_changed, scene.text("only-changed"));
    let width = (ui.available_width() - 20.0).min(180.0);
    if width >= 60.0 {
        let names = [scene.text("state-filter"), scene.text("state-filter-clear")];
        filter_field(ui, &mut filter.text, &names, width);
    }
}

#[derive(Clone, Copy, Debug)]
struct Columns {
    name: f32,
    values: f32,
    actor: f32,
    version: f32,
}

impl Columns {
    /// Who set it gives way to the values. No version that is shown has more digits.
    fn new(width: f32, digits: usize) -> Self {
        let room = (width - 2.0 * MARGIN).max(0.0);
        let name = (room * 0.22).clamp(84.0, 230.0).min(room / 2.0);
        let actor = if room > 460.0 { (room * 0.14).min(150.0) } else { 0.0 };
        let version = if room > 220.0 { 34.0 + 8.4 * digits.max(4) as f32 } else { 0.0 };
        Self { name, values: room - name - actor - version, actor, version }
    }
}

fn row_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, row: &StateRow, columns: Columns) {
    let colours = palette(ui);
    let is_lit = row.was.is_some();
    let fill = match (row.is_removed, is_lit) {
        (true, _) => Some(colours.danger_soft),
        (false, true) => Some(colours.accent_soft),
        _ => None,
    };
    let value = for_people(scene, &row.field, &row.value).into_owned();
    let label = format!("{}: {}", shortened_name(&row.field), shortened(&value));
    let response = list_row(ui, &label, Look::Plain(fill), |ui, rect| {
        let mut cells = Cells::new(rect, MARGIN);
        cells.cell(ui, columns.name, |ui| {
            let ink = if is_lit { colours.accent } else { colours.dim };
            if field_name(ui, scene, &row.field, ink).clicked() {
                scene.ask(Action::OpenField(view.shown_number(), row.field.clone()));
            }
            caption_ui(ui, scene, &row.field);
        });
        // Where nobody is known to have set it, the value has that room, too.
        let (values, actor) =
            if row.actor.is_empty() { (columns.values + columns.actor, 0.0) } else { (columns.values, columns.actor) };
        values_ui(ui, scene, row, &value, &mut cells, values);
        cells.cell(ui, actor, |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                cut(ui, RichText::new(shortened(&row.actor)).color(colours.dim));
            });
        });
        cells.cell(ui, columns.version, |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| set_by_ui(ui, scene, row));
        });
    });
    if response.clicked() && !(response.has_focus() && asks_for_menu(ui)) {
        scene.ask(Action::OpenField(view.shown_number(), row.field.clone()));
    }
    let shown = if row.is_removed { row.was.as_ref().unwrap_or(&row.value) } else { &row.value };
    value_menu(ui, scene, &response, view, &row.field, shown, row.set_by);
}

/// What people call the field, where its name does not say it.
pub(super) fn caption_ui(ui: &mut Ui, scene: &Scene<'_>, field: &str) {
    let name =
        field.rsplit('.').next().unwrap_or(field).trim_end_matches(|l: char| l.is_ascii_digit() || "[]".contains(l));
    if let Some(caption) = scene.locale.caption(name)
        && ui.available_width() > 40.0
    {
        ui.add_space(6.0);
        cut(ui, RichText::new(caption).size(11.5).color(palette(ui).faint));
    }
}

/// The value, and what it was. A value has all the room that there is; beside what it was, its share.
fn values_ui(ui: &mut Ui, scene: &Scene<'_>, row: &StateRow, value: &str, cells: &mut Cells, width: f32) {
    let colours = palette(ui);
    let mut tell = |ui: &mut Ui, width: f32, shown: &str, of: &Value, text: RichText| {
        cells.cell(ui, width, |ui| {
            let cell = cut(ui, text.monospace());
            let is_as_kept = match of {
                Value::Null => true,
                Value::String(text) => text == shown,
                _ => beginning(of, LONGEST_DRAWN) == shown,
            };
            if !is_as_kept {
                cell.on_hover_ui(|ui| {
                    ui.label(shortened(&beginning(of, LONGEST_DRAWN)));
                });
            }
        });
    };
    let Some(was) = &row.was else {
        return tell(ui, width, value, &row.value, RichText::new(value).color(colours.text));
    };
    let before = for_people(scene, &row.field, was);
    let share = share_of(width, value, &before);
    if row.is_removed {
        tell(ui, share, &before, was, RichText::new(before.as_ref()).strikethrough().color(colours.danger));
        tell(ui, width - share, "", &row.value, RichText::new(scene.text("removed")).color(colours.danger));
        return;
    }
    let said = if was.is_null() {
        scene.text("was-empty")
    } else {
        scene.locale.with("was", [("value", before.as_ref().into())])
    };
    tell(ui, share, value, &row.value, RichText::new(value).color(colours.text));
    tell(ui, width - share, &said, was, RichText::new(said.as_str()).color(colours.dim));
}

/// How much of the room the first of two texts gets: what it needs, as long as the other keeps its share.
fn share_of(width: f32, first: &str, second: &str) -> f32 {
    const LETTER: f32 = 7.3;
    let needs = |text: &str| (text.chars().count() + 3) as f32 * LETTER;
    // With the word before it.
    let left = width - needs(second) - 6.0 * LETTER;
    needs(first).max((width * 0.45).min(left)).min(left.max(width * 0.55))
}

fn set_by_ui(ui: &mut Ui, scene: &mut Scene<'_>, row: &StateRow) {
    let Some(version) = row.set_by else { return };
    let colours = palette(ui);
    let ink = if row.was.is_some() { colours.accent } else { colours.dim };
    let text = RichText::new(format!("v{version} ↗")).color(ink);
    // Its row is the stop of Tab, and has a menu that leads here.
    let button = ui.add(egui::Button::new(text).frame(false).sense(egui::Sense::CLICK));
    let values = [
        ("field", shortened(&row.field).into()),
        ("version", version.to_string().into()),
        ("actor", shortened(&row.actor).into()),
    ];
    let said = if row.actor.is_empty() { "set-in" } else { "set-in-by" };
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Link, true, scene.locale.with(said, values.clone())));
    let button = button.on_hover_ui(|ui| {
        ui.label(scene.locale.with("go-to-version", [("version", version.to_string().into())]));
    });
    if button.clicked() {
        scene.ask(Action::GoToVersion(version));
    }
}

/// A field whose many values are folded, and what is to be said of them. Answers whether it was pressed.
pub(super) fn group_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    path: &str,
    values: usize,
    aside: Option<(String, egui::Color32)>,
    is_open: bool,
) -> bool {
    let colours = palette(ui);
    let count = scene.locale.with("json-inside", [("count", values.into())]);
    let name = format!("{}, {count}", shortened_name(path));
    let response = list_row(ui, &name, Look::Group(is_open), |ui, rect| {
        let mark =
            egui::Rect::from_center_size(rect.left_center() + egui::vec2(MARGIN - 7.0, 0.0), egui::vec2(9.0, 9.0));
        paint(ui.painter(), if is_open { Icon::Down } else { Icon::Right }, mark, colours.dim);
        let mut cells = Cells::new(rect, MARGIN);
        cells.cell(ui, rect.width() - 2.0 * MARGIN, |ui| {
            let name = fitting_name(ui, path, &egui::TextStyle::Body);
            let is_cut = name != *path;
            let cell = cut(ui, RichText::new(name).color(colours.text));
            if is_cut {
                cell.on_hover_text(shortened_name(path));
            }
            ui.add_space(10.0);
            cut(ui, RichText::new(&count).color(colours.dim));
            if let Some((aside, ink)) = aside {
                ui.add_space(10.0);
                cut(ui, RichText::new(aside).color(ink));
            }
        });
    });
    response.clicked()
}
