use std::ops::Range;

use egui::{Align, Color32, Key, Layout, Rect, Response, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::super::Scene;
use super::super::focus::{Shape, Stops};
use super::super::history::{HEADER_HEIGHT, nothing_ui};
use super::super::list::{Cells, List, Look, list_row};
use super::super::parts::{OF_BEFORE, card, cut, shortened};
use super::super::people::for_people;
use super::super::value_menu::menu_at;
use super::super::when::TimeColumn;
use super::wish;
use crate::command::Action;
use crate::event::Explain;
use crate::theme::palette;
use crate::view::{FittedColumn, LensColumn, LensOrder, LensRow, LensWish, OpenStore, StoreLens, TABLE_MARGIN};

/// Right of a row's last column: what opens it.
const OPENS: f32 = 22.0;

/// A row a stream; a key led to the `entered`. Answers with the places that were drawn, and with the columns that had no room.
pub(super) fn table_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    store: &OpenStore,
    entered: Option<usize>,
) -> (Range<usize>, Vec<LensColumn>) {
    let table = &store.table;
    let mut seen: Option<Range<usize>> = None;
    let mut left_out = Vec::new();
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        if table.is_empty() {
            return nothing_ui(ui, &nothing_text(scene, store));
        }
        let first = store.info.value().and_then(|overview| overview.info.first_at);
        let last = table.moment().and_then(|moment| moment.time);
        let has_years = scene.zone.spans_years(first, last);
        let columns = table.fit(ui.available_width() - OPENS, has_years);
        left_out = columns.iter().filter(|fitted| fitted.width <= 0.0).map(|fitted| fitted.column.clone()).collect();
        header_ui(ui, scene, table, &columns, &left_out);
        let selected = table.selected_place();
        let is_behind = table.is_behind();
        List::new("table of streams", table.len()).keep(selected, false).entered(entered).show(ui, |ui, place| {
            seen = Some(seen.take().map_or(place..place + 1, |seen| seen.start.min(place)..seen.end.max(place + 1)));
            let row = table.row(place);
            if is_behind && !row.as_ref().is_some_and(|row| table.is_followed(row)) {
                ui.multiply_opacity(OF_BEFORE);
            }
            match row {
                Some(row) => row_ui(ui, scene, table, (place, &row), &columns, has_years),
                // It is looked up for the next frame.
                None => {
                    list_row(ui, &scene.text("table-row-coming"), Look::Plain(None), |_, _| {});
                }
            }
        });
    });
    (seen.unwrap_or_default(), left_out)
}

/// Why there is no row.
fn nothing_text(scene: &Scene<'_>, store: &OpenStore) -> String {
    let table = &store.table;
    let is_reading = !store.time.is_whole();
    scene.text(match () {
        () if !table.chips().is_empty() && !table.is_behind() => "table-none-found",
        () if is_reading || table.is_behind() => "table-coming",
        () => "table-none-begun",
    })
}

fn name_of(scene: &Scene<'_>, column: &LensColumn) -> String {
    match column {
        LensColumn::Stream => scene.text("col-stream"),
        LensColumn::Field(path) => shortened(path).into_owned(),
        LensColumn::Changed => format!("{}, {}", scene.text("table-col-changed"), scene.zone_name()),
        LensColumn::Version => scene.text("col-version"),
    }
}

/// The names of the columns. A press sorts by one; more is in the menu of each.
fn header_ui(ui: &mut Ui, scene: &mut Scene<'_>, table: &StoreLens, columns: &[FittedColumn], left_out: &[LensColumn]) {
    let shown: Vec<&FittedColumn> = columns.iter().filter(|column| column.width > 0.0).collect();
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEADER_HEIGHT + 4.0), Sense::hover());
    let stop_count = shown.len() + usize::from(!left_out.is_empty());
    let mut stops = Stops::new(ui, "columns of table", Shape { rows: 1, columns: stop_count, page: 1 }, None);
    let mut x = rect.left() + TABLE_MARGIN;
    for (place, column) in shown.into_iter().enumerate() {
        let cell = Rect::from_min_max(pos2(x, rect.top()), pos2(x + column.width, rect.bottom()));
        x += column.width;
        let response = ui.interact(cell, ui.scope_id().with(("heading", place)), stops.sense(place));
        let name = name_of(scene, &column.column);
        let sorted = (table.order().by == column.column).then_some(table.order().is_descending);
        heading_ui(ui, scene, &name, (sorted, column.is_numeric), cell, &response);
        stops.row(ui, place, &response);
        let is_asked = menu_at(ui, &response, |ui| heading_menu(ui, scene, table, column));
        if response.clicked() && !is_asked {
            wish(scene, LensWish::Sort(column.column.clone()));
        }
    }
    if !left_out.is_empty() {
        let (place, begin) = (stop_count - 1, rect.right() - OPENS - TABLE_MARGIN);
        let cell = Rect::from_min_max(pos2(begin, rect.top()), pos2(rect.right() - 4.0, rect.bottom()));
        let response = ui.interact(cell, ui.scope_id().with("columns without room"), stops.sense(place));
        left_out_ui(ui, scene, left_out, cell, &response);
        stops.row(ui, place, &response);
    }
    stops.end(ui);
    let line = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 1.0), rect.max);
    ui.painter().rect_filled(line, 0.0, palette(ui).line);
}

/// The name of a column that rows can be sorted by; whether they are, with the largest first, and whether it has numbers.
pub(super) fn heading_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    name: &str,
    (sorted, is_numeric): (Option<bool>, bool),
    cell: Rect,
    response: &Response,
) {
    let colours = palette(ui);
    let said = match sorted {
        None => "table-sort-by",
        Some(true) => "table-sorted-down",
        Some(false) => "table-sorted-up",
    };
    let said = scene.locale.with(said, [("column", name.to_owned().into())]);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &said));
    let is_lit = response.hovered() || response.has_focus();
    let ink = if is_lit || sorted.is_some() { colours.text } else { colours.dim };
    let layout = if is_numeric { Layout::right_to_left(Align::Center) } else { Layout::left_to_right(Align::Center) };
    let inside = Rect::from_min_max(cell.min, pos2(cell.right() - 12.0, cell.bottom()));
    let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(inside).layout(layout));
    inside.shrink_clip_rect(cell);
    inside.spacing_mut().item_spacing.x = 4.0;
    if let Some(is_descending) = sorted.filter(|_| is_numeric) {
        mark_ui(&mut inside, is_descending, ink);
    }
    cut(&mut inside, RichText::new(name).size(11.5).color(ink));
    if let Some(is_descending) = sorted.filter(|_| !is_numeric) {
        mark_ui(&mut inside, is_descending, ink);
    }
}

/// How many columns have no room, and how to see one of them.
fn left_out_ui(ui: &mut Ui, scene: &mut Scene<'_>, left_out: &[LensColumn], cell: Rect, response: &Response) {
    let colours = palette(ui);
    let names: Vec<String> = left_out.iter().map(|column| name_of(scene, column)).collect();
    let said = [("count", left_out.len().into()), ("columns", names.join(", ").into())];
    let said = scene.locale.with("table-columns-more", said);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &said));
    let ink = if response.hovered() || response.has_focus() { colours.text } else { colours.accent };
    let mut inside = ui.new_child(
        egui::UiBuilder::new().max_rect(cell.shrink2(vec2(4.0, 0.0))).layout(Layout::right_to_left(Align::Center)),
    );
    cut(&mut inside, RichText::new(format!("+{}", left_out.len())).size(11.5).color(ink));
    egui::Popup::menu(response).show(|ui| {
        for (column, name) in left_out.iter().zip(names) {
            let (title, brings) = match column {
                LensColumn::Field(path) => ("table-column-first", LensWish::ColumnFirst(path.clone())),
                // What rows are sorted by goes last.
                column => ("table-sort-by", LensWish::Sort(column.clone())),
            };
            if ui.button(scene.locale.with(title, [("column", name.into())])).clicked() {
                wish(scene, brings);
                ui.close();
            }
        }
    });
    response.clone().on_hover_text(said);
}

/// Which way the rows are sorted.
fn mark_ui(ui: &mut Ui, is_descending: bool, ink: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(8.0, 6.0), Sense::hover());
    let (near, far) = if is_descending { (rect.top(), rect.bottom()) } else { (rect.bottom(), rect.top()) };
    let corners = vec![pos2(rect.left(), near), pos2(rect.right(), near), pos2(rect.center().x, far)];
    ui.painter().add(egui::Shape::convex_polygon(corners, ink, Stroke::NONE));
}

fn heading_menu(ui: &mut Ui, scene: &mut Scene<'_>, table: &StoreLens, column: &FittedColumn) {
    for (is_descending, name) in [(false, "table-sort-up"), (true, "table-sort-down")] {
        if ui.button(scene.text(name)).clicked() {
            wish(scene, LensWish::SortSo(LensOrder { by: column.column.clone(), is_descending }));
            ui.close();
        }
    }
    let LensColumn::Field(path) = &column.column else { return };
    ui.separator();
    let said = [("field", shortened(path).into_owned().into())];
    if ui.button(scene.locale.with("table-count-by", said.clone())).clicked() {
        wish(scene, LensWish::CountBy(path.clone()));
        ui.close();
    }
    if table.kind(path).is_numeric() && ui.button(scene.locale.with("table-numbers-of", said)).clicked() {
        wish(scene, LensWish::NumbersOf(Some(path.clone())));
        ui.close();
    }
    if ui.button(scene.text("table-column-hide")).clicked() {
        wish(scene, LensWish::ToggleColumn(path.clone()));
        ui.close();
    }
}

/// A row as it is read aloud: which stream, and what of it stands in the columns.
fn row_name(scene: &Scene<'_>, row: &LensRow<'_>, columns: &[FittedColumn]) -> String {
    let mut said = vec![shortened(row.stream.as_str()).into_owned()];
    for column in columns {
        if let LensColumn::Field(path) = &column.column {
            let value = row.value(path);
            if !value.is_null() {
                said.push(format!("{} {}", shortened(path), for_people(scene, path, &value)));
            }
        }
    }
    said.push(if row.has_begun() { format!("v{}", row.version) } else { scene.text("table-row-not-begun") });
    said.join(", ")
}

fn row_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    table: &StoreLens,
    (place, row): (usize, &LensRow<'_>),
    columns: &[FittedColumn],
    has_years: bool,
) {
    let colours = palette(ui);
    let is_selected = table.selected() == Some(&row.stream);
    let name = row_name(scene, row, columns);
    let mut opened = false;
    let response = list_row(ui, &name, Look::Choice(is_selected), |ui, rect| {
        let ink = if row.is_exact() { colours.text } else { colours.dim };
        let mut cells = Cells::new(rect, TABLE_MARGIN);
        for column in columns {
            cells.cell(ui, column.width, |ui| {
                if column.is_numeric {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        cell_ui(ui, scene, table, row, column, (ink, has_years));
                    });
                } else {
                    cell_ui(ui, scene, table, row, column, (ink, has_years));
                }
            });
        }
        if ui.rect_contains_pointer(rect) && ui.is_enabled() {
            opened = opener_ui(ui, scene, row, rect);
        }
    });
    let is_asked = menu_at(ui, &response, |ui| {
        if ui.button(scene.text("table-open")).clicked() {
            open(scene, row);
            ui.close();
        }
        if ui.button(scene.text("table-copy-row")).clicked() {
            wish(scene, LensWish::Select(row.stream.clone()));
            scene.ask(Action::Copy(super::selected::as_json(table, row)));
            ui.close();
        }
    });
    let by_key = response.has_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if is_asked {
        wish(scene, LensWish::Select(row.stream.clone()));
    } else if opened || response.double_clicked() || (response.clicked() && by_key) {
        open(scene, row);
    } else if response.clicked() || is_led_to(ui, place, &response) {
        wish(scene, LensWish::Select(row.stream.clone()));
    }
}

/// Whether a key has just led the focus to this row. That another stream comes to stand where it is, leads nowhere.
fn is_led_to(ui: &Ui, place: usize, response: &Response) -> bool {
    let id = egui::Id::unique("row of the table with the focus");
    let before: Option<usize> = ui.data(|data| data.get_temp(id));
    if !response.has_focus() {
        if before == Some(place) {
            ui.data_mut(|data| data.remove::<usize>(id));
        }
        return false;
    }
    ui.data_mut(|data| data.insert_temp(id, place));
    before != Some(place)
}

/// Into the stream, at the version that it had.
pub(super) fn open(scene: &mut Scene<'_>, row: &LensRow<'_>) {
    // The way back leads to this row.
    wish(scene, LensWish::Select(row.stream.clone()));
    scene.ask(Action::GoToPlace(row.stream.clone(), row.version));
}

/// The arrow at the end of the row under the pointer.
fn opener_ui(ui: &mut Ui, scene: &Scene<'_>, row: &LensRow<'_>, rect: Rect) -> bool {
    let place =
        Rect::from_min_max(pos2(rect.right() - OPENS - 8.0, rect.top()), pos2(rect.right() - 8.0, rect.bottom()));
    // Reached by the pointer alone: Enter does the same on the row.
    let response = ui.interact(place, ui.scope_id().with("open the row"), Sense::CLICK);
    let values =
        [("stream", shortened(row.stream.as_str()).into_owned().into()), ("version", row.version.to_string().into())];
    let name = scene.locale.with("table-open-at", values);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let ink = if response.hovered() { palette(ui).text } else { palette(ui).accent };
    let sign = Rect::from_center_size(place.center(), vec2(8.0, 8.0));
    let stroke = Stroke::new(1.5, ink);
    ui.painter().line_segment([sign.left_bottom(), sign.right_top()], stroke);
    ui.painter().line_segment([sign.right_top(), pos2(sign.left() + 2.0, sign.top())], stroke);
    ui.painter().line_segment([sign.right_top(), pos2(sign.right(), sign.bottom() - 2.0)], stroke);
    response.on_hover_text(name).clicked()
}

fn cell_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    table: &StoreLens,
    row: &LensRow<'_>,
    FittedColumn { column, width, .. }: &FittedColumn,
    (ink, has_years): (Color32, bool),
) {
    let colours = palette(ui);
    match column {
        LensColumn::Stream => {
            let cell = cut(ui, RichText::new(shortened(row.stream.as_str())).color(colours.text));
            if let Some(failed) = row.failed() {
                ui.label(RichText::new("!").strong().color(colours.warning));
                cell.on_hover_text(scene.sentence(&failed.problem.message()));
            }
        }
        LensColumn::Changed => {
            let time = TimeColumn::fitting(has_years, *width);
            let when = row.recorded_at.map_or_else(|| "—".to_owned(), |at| time.text(scene.zone, at));
            cut(ui, RichText::new(when).monospace().color(colours.dim));
        }
        LensColumn::Version => {
            let version = if row.has_begun() { format!("v{}", row.version) } else { "—".to_owned() };
            cut(ui, RichText::new(version).monospace().color(colours.dim));
        }
        LensColumn::Field(path) => {
            let value = row.value(path);
            let number = if table.counts.field() == Some(path) { table.counts.number_of(&value) } else { None };
            if let Some(number) = number {
                dot(ui, colours.value_hue(number));
                ui.add_space(8.0);
            }
            let text = for_people(scene, path, &value);
            let text = RichText::new(text).color(ink);
            let is_data = number.is_some() || value.is_number();
            cut(ui, if is_data { text.monospace() } else { text });
        }
    }
}

/// The mark of a value, before its name.
pub(super) fn dot(ui: &mut Ui, hue: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
    ui.painter().rect_filled(rect, 2.0, hue);
}
