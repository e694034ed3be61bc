use egui::{Label, Rect, RichText, Sense, Ui, pos2, vec2};

use super::super::ends::ends_ui;
use super::super::focus::{Shape, Stops};
use super::super::history::{HEADER_HEIGHT, MARGIN, nothing_ui};
use super::super::list::{Cells, List, Look, list_row};
use super::super::parts::{card, cut, hairline, link, progress_ui, shortened};
use super::super::people::for_people;
use super::super::streams::in_order;
use super::super::{Scene, grouped};
use super::table::heading_ui;
use super::wish;
use crate::command::{Action, Command};
use crate::engine::{DIFFERING_KEPT, DifferBy, Differing, DifferingStream};
use crate::event::StreamId;
use crate::index::StoreMoment;
use crate::theme::palette;
use crate::view::{LensWish, MomentsCompared, OpenStore, ToolName};

/// So many fields are named over the table.
const FIELDS: usize = 8;

/// Two moments held against each other: which streams differ, in which fields.
pub(super) fn differ_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    let mut seen = Vec::new();
    moments_ui(ui, scene, store, &mut seen);
    store.want_labels(seen.iter());
}

/// Answers with the streams in view.
fn moments_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, seen: &mut Vec<StreamId>) {
    let compared = &store.table.compared;
    let colours = palette(ui);
    if store.time.pins.iter().any(Option::is_none) {
        ui.label(RichText::new(scene.text("table-needs-pins")).color(colours.dim));
        return;
    }
    if let Some(moments) = compared.moments() {
        let [from, to] = moments.map(|at| moment_name(scene, store, at));
        let said = scene.locale.with("table-moments", [("from", from.into()), ("to", to.into())]);
        ui.add(Label::new(RichText::new(said).color(colours.dim)).wrap());
    }
    if let Some(progress) = compared.asked.progress() {
        if progress_ui(ui, scene, &progress) {
            wish(scene, LensWish::Cancel);
        }
    } else if let Some(error) = compared.asked.error() {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(scene.sentence(&error.message)).color(colours.danger));
            if link(ui, &scene.text("retry")).clicked() {
                wish(scene, LensWish::Retry);
            }
        });
    }
    let Some(differing) = compared.differing() else { return };
    let values = [
        ("count", differing.differ.into()),
        ("grouped", grouped(differing.differ).into()),
        ("begun", grouped(differing.begun).into()),
        ("alike", grouped(differing.alike).into()),
    ];
    ui.add(Label::new(scene.locale.with("table-differ", values)).wrap());
    fields_ui(ui, scene, compared);
    // What is not there is in no order, and nothing of it can be written.
    if !compared.is_empty() {
        order_ui(ui, scene, compared, differing);
    }
    ui.add_space(6.0);
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        if compared.is_empty() {
            return nothing_ui(ui, &scene.text("table-differ-none"));
        }
        let columns = Columns::new(ui.available_width());
        headings_ui(ui, scene, compared, columns);
        hairline(ui);
        List::new("differing streams", compared.len()).show(ui, |ui, place| {
            if let Some(row) = compared.row(place) {
                row_ui(ui, scene, row, store.labels.of(&row.stream), columns);
                seen.push(row.stream.clone());
            }
        });
    });
}

/// In which order the streams are listed, how many of them, and the way into a file.
fn order_ui(ui: &mut Ui, scene: &mut Scene<'_>, compared: &MomentsCompared, differing: &Differing) {
    let mut said = scene.text(order_text(compared));
    if differing.differ > DIFFERING_KEPT as u64 {
        let values = [("shown", grouped(DIFFERING_KEPT as u64).into()), ("total", grouped(differing.differ).into())];
        said = format!("{}  ·  {said}", scene.locale.with("table-differ-more", values));
    }
    let said_ui = |ui: &mut Ui, _: &mut Scene<'_>| {
        cut(ui, RichText::new(said).color(palette(ui).dim));
    };
    ui.horizontal(|ui| {
        ends_ui(ui, scene, "order of differences", said_ui, |ui, scene| {
            if ui.button(scene.text("table-export")).clicked() {
                scene.run(Command::Tool(ToolName::ExportingRows));
            }
        });
    });
}

/// What the streams are in the order of.
fn order_text(compared: &MomentsCompared) -> &'static str {
    let order = compared.order();
    match (order.by, order.is_descending) {
        (DifferBy::Change, false) => "table-differ-by-change",
        (DifferBy::Change, true) => "table-differ-by-change-down",
        (DifferBy::Stream, _) => "table-differ-by-stream",
        (DifferBy::Field, _) => "table-differ-by-field",
    }
}

/// The names of the columns. A press sorts by one.
fn headings_ui(ui: &mut Ui, scene: &mut Scene<'_>, compared: &MomentsCompared, columns: Columns) {
    let Columns { stream, versions, changes } = columns;
    let heads = [
        ("col-stream", stream, DifferBy::Stream),
        ("table-col-versions", versions, DifferBy::Change),
        ("table-col-differs", changes, DifferBy::Field),
    ];
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEADER_HEIGHT), Sense::hover());
    let mut stops = Stops::new(ui, "columns of differences", Shape { rows: 1, columns: heads.len(), page: 1 }, None);
    let mut x = rect.left() + MARGIN;
    for (place, (name, width, by)) in heads.into_iter().enumerate() {
        let cell = Rect::from_min_max(pos2(x, rect.top()), pos2(x + width, rect.bottom()));
        x += width;
        let response = ui.interact(cell, ui.scope_id().with(("heading", place)), stops.sense(place));
        let sorted = (compared.order().by == by).then_some(compared.order().is_descending);
        heading_ui(ui, scene, &scene.text(name), (sorted, false), cell, &response);
        stops.row(ui, place, &response);
        if response.clicked() {
            wish(scene, LensWish::SortCompared(by));
        }
    }
    stops.end(ui);
}

/// A place in the store's order is told by its time, too, which is what a person thinks of.
fn moment_name(scene: &Scene<'_>, store: &OpenStore, at: StoreMoment) -> String {
    match at {
        StoreMoment::Latest => scene.text("table-latest"),
        StoreMoment::Time(at) => scene.zone.long(at),
        StoreMoment::Position(position) => {
            let place = scene.locale.with("position", [("position", grouped(position.0).into())]);
            match store.time.time_of(at) {
                Some(time) => format!("{}, {place}", scene.zone.long(time)),
                None => place,
            }
        }
    }
}

/// In how many streams each field differs; a press shows those alone.
fn fields_ui(ui: &mut Ui, scene: &mut Scene<'_>, compared: &MomentsCompared) {
    let Some(differing) = compared.differing() else { return };
    ui.horizontal_wrapped(|ui| {
        for (field, count) in differing.fields.iter().take(FIELDS) {
            let text = format!("{} {}", shortened(field), grouped(*count));
            if ui.selectable_label(compared.field() == Some(field), text).clicked() {
                wish(scene, LensWish::ComparedField(field.clone()));
            }
        }
    });
}

/// How wide each column is.
#[derive(Clone, Copy, Debug)]
struct Columns {
    stream: f32,
    versions: f32,
    changes: f32,
}

impl Columns {
    fn new(width: f32) -> Self {
        let room = (width - 2.0 * MARGIN).max(0.0);
        let (stream, versions) = ((room * 0.28).min(220.0), 110.0_f32.min(room * 0.3));
        Self { stream, versions, changes: (room - stream - versions).max(0.0) }
    }
}

fn row_ui(ui: &mut Ui, scene: &mut Scene<'_>, row: &DifferingStream, label: Option<&str>, columns: Columns) {
    let colours = palette(ui);
    let version = |version: Option<crate::event::Version>| {
        version.map_or_else(|| "—".to_owned(), |version| format!("v{version}"))
    };
    let versions = format!("{} → {}", version(row.before), version(row.after));
    let changes: Vec<String> = row
        .changes
        .iter()
        .take(12)
        .map(|change| {
            let value = |value| {
                let text = for_people(scene, &change.field, value);
                if text.is_empty() { scene.text("no-value") } else { text.into_owned() }
            };
            format!("{} {} → {}", shortened(&change.field), value(&change.before), value(&change.after))
        })
        .collect();
    let told = match (row.before, row.after) {
        (None, _) => scene.text("table-began-between"),
        (_, None) => scene.text("table-not-yet"),
        _ => changes.join("  ·  "),
    };
    let (first, second) = in_order(row.stream.as_str(), label);
    let called = second.map_or_else(String::new, |second| format!("{}, ", shortened(second)));
    let name = format!("{}, {called}{versions}, {told}", shortened(first));
    let response = list_row(ui, &name, Look::Plain(None), |ui, rect| {
        let mut cells = Cells::new(rect, MARGIN);
        cells.cell(ui, columns.stream, |ui| {
            cut(ui, RichText::new(shortened(first)).color(colours.text));
            if let Some(second) = second.filter(|_| ui.available_width() > 24.0) {
                ui.add_space(6.0);
                cut(ui, RichText::new(shortened(second)).size(11.5).color(colours.dim));
            }
        });
        cells.cell(ui, columns.versions, |ui| {
            cut(ui, RichText::new(&versions).monospace().color(colours.dim));
        });
        cells.cell(ui, columns.changes, |ui| {
            cut(ui, RichText::new(&told).color(colours.text));
        });
    });
    if response.clicked()
        && let Some(version) = row.after.or(row.before)
    {
        scene.ask(Action::GoToPlace(row.stream.clone(), version));
    }
}
