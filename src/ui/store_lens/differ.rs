use egui::{Label, RichText, Ui};

use super::super::history::{MARGIN, names_ui, nothing_ui};
use super::super::list::{Cells, List, Look, list_row};
use super::super::parts::{card, cut, hairline, link, progress_ui, shortened};
use super::super::people::for_people;
use super::super::streams::in_order;
use super::super::{Scene, grouped};
use super::wish;
use crate::command::Action;
use crate::engine::{DIFFERING_KEPT, DifferingStream};
use crate::event::StreamId;
use crate::index::StoreMoment;
use crate::theme::palette;
use crate::view::{LensWish, MomentsCompared, OpenStore};

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
    if differing.differ > DIFFERING_KEPT as u64 {
        let values = [("shown", grouped(DIFFERING_KEPT as u64).into()), ("total", grouped(differing.differ).into())];
        ui.label(RichText::new(scene.locale.with("table-differ-more", values)).color(colours.dim));
    }
    ui.add_space(6.0);
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        if compared.is_empty() {
            return nothing_ui(ui, &scene.text("table-differ-none"));
        }
        let columns = Columns::new(ui.available_width());
        let Columns { stream, versions, changes } = columns;
        let heads = [("col-stream", stream), ("table-col-versions", versions), ("table-col-differs", changes)];
        names_ui(ui, scene, &heads);
        hairline(ui);
        List::new("differing streams", compared.len()).show(ui, |ui, place| {
            if let Some(row) = compared.row(place) {
                row_ui(ui, scene, row, store.labels.of(&row.stream), columns);
                seen.push(row.stream.clone());
            }
        });
    });
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
