use egui::{Label, RichText, Ui};

use super::super::history::nothing_ui;
use super::super::list::{Cells, List, Look, list_row};
use super::super::parts::{card, cut, link, progress_ui, shortened};
use super::super::people::for_people;
use super::super::{Scene, grouped};
use super::wish;
use crate::command::Action;
use crate::engine::{DIFFERING_KEPT, DifferingStream};
use crate::index::StoreMoment;
use crate::theme::palette;
use crate::view::{LensWish, MomentsCompared, OpenStore};

/// So many fields are named over the table.
const FIELDS: usize = 8;

/// Two moments held against each other: which streams differ, in which fields.
pub(super) fn differ_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
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
        List::new("differing streams", compared.len()).show(ui, |ui, place| {
            if let Some(row) = compared.row(place) {
                row_ui(ui, scene, row);
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

fn row_ui(ui: &mut Ui, scene: &mut Scene<'_>, row: &DifferingStream) {
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
    let name = format!("{}, {versions}, {told}", shortened(row.stream.as_str()));
    let response = list_row(ui, &name, Look::Plain(None), |ui, rect| {
        let mut cells = Cells::new(rect, 16.0);
        let width = rect.width() - 32.0;
        cells.cell(ui, (width * 0.25).min(190.0), |ui| {
            cut(ui, RichText::new(shortened(row.stream.as_str())).color(colours.text));
        });
        cells.cell(ui, 110.0, |ui| {
            cut(ui, RichText::new(&versions).monospace().color(colours.dim));
        });
        cells.cell(ui, (width - 110.0 - (width * 0.25).min(190.0)).max(0.0), |ui| {
            cut(ui, RichText::new(&told).color(colours.text));
        });
    });
    if response.clicked()
        && let Some(version) = row.after.or(row.before)
    {
        scene.ask(Action::GoToPlace(row.stream.clone(), version));
    }
}
