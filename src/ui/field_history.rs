use egui::{Align, Frame, Layout, Margin, RichText, Ui};

use super::Scene;
use super::changes::text_of;
use super::history::{MARGIN, names_ui, nothing_ui};
use super::icons::{Icon, icon_button};
use super::list::{Cells, Look, list_row, list_ui};
use super::parts::{LONGEST_DRAWN, card, cut, hairline, shortened};
use super::when::TimeColumn;
use crate::command::Action;
use crate::theme::palette;
use crate::view::{FieldValue, StreamView, beginning};

/// One field through the whole stream, in the history's place: each value, from when to when, by whom and why.
pub(super) fn field_history_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut StreamView, reveal: &mut bool) {
    let cursor = view.cursor().unwrap_or_default();
    let Some(field) = view.field_history() else { return };
    let (path, number) = (field.path.clone(), field.number);
    let (count, here) = (field.len(), field.place_at(cursor));
    let view = &*view;
    card(ui, |ui| {
        head_ui(ui, scene, &path, number, count);
        if count == 0 {
            return nothing_ui(ui, &scene.text("field-never-set"));
        }
        let digits = view.base().and_then(|loaded| loaded.timeline.heads().last());
        let digits = digits.map_or(2, |head| head.version.to_string().len());
        let (first, last) = view.ends();
        let columns = Columns::new(ui.available_width(), digits, scene.zone.spans_years(first, last));
        columns.names_ui(ui, scene);
        list_ui(ui, "field history", count, here.or(Some(0)), std::mem::take(reveal), |ui, place| {
            if let Some(value) = view.field_value(place) {
                row_ui(ui, scene, view, &path, &value, columns, here.cmp(&Some(place)));
            }
        });
    });
}

fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, path: &str, number: usize, count: usize) {
    let dim = palette(ui).dim;
    Frame::new().inner_margin(Margin::symmetric(16, 5)).show(ui, |ui| {
        ui.horizontal(|ui| {
            if icon_button(ui, Icon::Back, &scene.text("field-close")).clicked() {
                scene.ask(Action::CloseField);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.button(scene.text("why-button")).clicked() {
                    scene.ask(Action::AskWhy(number, path.to_owned()));
                }
                let values = [("count", count.into()), ("grouped", super::grouped(count as u64).into())];
                cut(ui, RichText::new(scene.locale.with("field-values", values)).color(dim));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    cut(ui, scene.locale.with("field-history", [("field", shortened(path).into())]));
                });
            });
        });
    });
    hairline(ui);
}

#[derive(Clone, Copy, Debug)]
struct Columns {
    version: f32,
    value: f32,
    from: TimeColumn,
    until: TimeColumn,
    who: f32,
    why: f32,
}

impl Columns {
    /// The reason gives way first, then who, then the end of a value, then its beginning.
    fn new(width: f32, digits: usize, has_years: bool) -> Self {
        const VALUE: f32 = 130.0;
        let version = 24.0 + 7.5 * digits.max(2) as f32;
        let room = (width - 2.0 * MARGIN - version).max(0.0);
        let mut spare = room - VALUE;
        let mut take = |least: f32| {
            let taken = if spare >= least { least } else { 0.0 };
            spare = if taken > 0.0 { spare - taken } else { 0.0 };
            taken
        };
        let column = TimeColumn::fitting(has_years, (room - VALUE) / 2.0);
        let column = if column == TimeColumn::NONE { TimeColumn::fitting(has_years, room - VALUE) } else { column };
        let mut take_time = || if take(column.width) > 0.0 { column } else { TimeColumn::NONE };
        let (from, until) = (take_time(), take_time());
        let who = take(84.0);
        let why = if who > 0.0 { take(120.0) } else { 0.0 };
        let rest = room - from.width - until.width - who - why;
        let more_why = if why > 0.0 { (rest - VALUE) * 0.5 } else { 0.0 };
        Self { version, value: rest - more_why, from, until, who, why: why + more_why }
    }

    fn names_ui(self, ui: &mut Ui, scene: &Scene<'_>) {
        let Self { version, value, from, until, who, why } = self;
        let names = [
            ("col-version", version),
            ("col-value", value),
            ("col-from", from.width),
            ("col-until", until.width),
            ("col-who", who),
            ("why", why),
        ];
        names_ui(ui, scene, &names);
    }
}

/// `side` says whether the cursor is behind, at or before this value.
fn row_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    view: &StreamView,
    path: &str,
    value: &FieldValue,
    columns: Columns,
    side: std::cmp::Ordering,
) {
    let Some(heads) = view.base().map(|loaded| loaded.timeline.heads()) else { return };
    let FieldValue { value, from, until } = value;
    let Some(head) = heads.get(*from) else { return };
    let colours = palette(ui);
    let is_to_come = side.is_lt();
    let (ink, dim) = if is_to_come { (colours.faint, colours.faint) } else { (colours.text, colours.dim) };
    let shown = if value.is_null() { scene.text("no-value") } else { text_of(scene, path, value) };
    let label = format!("v{} {}", head.version, shortened(&shown));
    let time = |scene: &Scene<'_>, index: usize| {
        let at = heads.get(index).and_then(|head| head.recorded_at);
        at.map_or_else(
            || ("—".to_owned(), scene.text("no-time")),
            |at| (columns.from.text(scene.zone, at), scene.zone.long(at)),
        )
    };
    let response = list_row(ui, &label, Look::Choice(side.is_eq()), |ui, rect| {
        let mut cells = Cells::new(rect, MARGIN);
        cells.cell(ui, columns.version, |ui| {
            cut(ui, RichText::new(head.version.to_string()).monospace().color(dim));
        });
        cells.cell(ui, columns.value, |ui| {
            let ink = if value.is_null() { dim } else { ink };
            let cell = cut(ui, RichText::new(shortened(&shown)).monospace().color(ink));
            let exact = if value.is_null() { String::new() } else { beginning(value, LONGEST_DRAWN) };
            if exact != shown {
                cell.on_hover_text(shortened(&exact));
            }
        });
        cells.cell(ui, columns.from.width, |ui| {
            let (short, long) = time(scene, *from);
            cut(ui, RichText::new(short).monospace().color(dim)).on_hover_text(long);
        });
        cells.cell(ui, columns.until.width, |ui| match until {
            Some(until) => {
                let (short, long) = time(scene, *until);
                cut(ui, RichText::new(short).monospace().color(dim)).on_hover_text(long);
            }
            None => {
                cut(ui, RichText::new(scene.text("field-still")).color(dim));
            }
        });
        cells.cell(ui, columns.who, |ui| {
            cut(ui, RichText::new(shortened(view.actor(*from))).color(dim));
        });
        cells.cell(ui, columns.why, |ui| {
            cut(ui, RichText::new(shortened(view.reason(*from))).color(dim));
        });
    });
    if response.clicked() {
        scene.ask(Action::GoTo(*from));
    }
    if columns.why == 0.0 {
        // What gave way is still said.
        response.on_hover_ui(|ui| {
            for text in [view.actor(*from), view.reason(*from)].into_iter().filter(|text| !text.is_empty()) {
                ui.label(shortened(text));
            }
        });
    }
}
