//! The whole store as a table, at the moment of the cursor.

mod categories;
mod chart;
mod chips;
mod counts;
mod differ;
mod export;
mod selected;
mod table;

use egui::{Label, RichText, Ui};

use super::ends::ends_ui;
use super::focus::keep_in_sight;
use super::parts::{body_width, cut_at, link, primary, progress_ui};
use super::projection_choice::projection_choice_ui;
use super::{LensPart, Scene, grouped};
use crate::command::{Action, Command, LaneAction, TimeAction};
use crate::engine::Untold;
use crate::index::StoreMoment;
use crate::theme::palette;
use crate::view::{LensWish, OpenStore, RowChip, StoreLens, ToolName};

pub(super) use export::rows_export_ui;

/// A part of the lens: which streams, the table of them, and what the chosen one is among all.
pub fn store_lens_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    store: &mut OpenStore,
    part: LensPart,
    wants_focus: &mut bool,
) {
    match part {
        LensPart::Left => categories::left_ui(ui, scene, store),
        LensPart::Middle => middle_ui(ui, scene, store, wants_focus),
        LensPart::Right => right_ui(ui, scene, store),
    }
}

fn wish(scene: &mut Scene<'_>, wish: LensWish) {
    scene.ask(Action::Table(wish));
}

fn middle_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, wants_focus: &mut bool) {
    head_ui(ui, scene, store);
    ui.add_space(6.0);
    if store.table.compared.is_shown {
        return differ::differ_ui(ui, scene, store);
    }
    chips::chips_ui(ui, scene, &mut store.table, wants_focus);
    state_ui(ui, scene, &store.table);
    ui.add_space(8.0);
    let entered = store.table.selected_place().filter(|_| std::mem::take(&mut store.table.wants_row));
    let (seen, left_out) = table::table_ui(ui, scene, store, entered);
    store.table.see_columns(left_out);
    store.see_rows(seen);
    if store.table.lacks_rows() {
        ui.ctx().request_repaint();
    }
}

/// What the moment is called: its time, or that it is the newest.
fn moment_text(scene: &Scene<'_>, table: &StoreLens) -> String {
    let moment = table.moment().unwrap_or_default();
    match (moment.is_end, moment.time) {
        (true, _) => scene.text("table-now"),
        (false, Some(time)) => scene.locale.with("table-as-of", [("moment", scene.zone.long(time).into())]),
        (false, None) => {
            let position = moment.position.map_or_else(|| "—".to_owned(), |position| position.to_string());
            scene.locale.with("table-as-of", [("moment", position.into())])
        }
    }
}

/// Between what stands beside each other.
const GAP: f32 = 8.0;

/// Which streams these are, and when; under which projection, and what else can be done with the whole.
fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let table = &store.table;
    let dim = palette(ui).dim;
    let title = table.category().map_or_else(|| scene.text("table-all"), str::to_owned);
    let mut said = moment_text(scene, table);
    if table.is_order_behind() {
        // Here, where the moment changes all the while: another line would move the rows under the hand.
        said = format!("{said}  ·  {}", scene.text("table-order-behind"));
    }
    let has_moments = store.time.pins.iter().all(Option::is_some);
    ui.horizontal(|ui| {
        let is_before_end = table.moment().is_some_and(|moment| !moment.is_end);
        let left = |ui: &mut Ui, scene: &mut Scene<'_>| {
            let heading = RichText::new(super::parts::shortened(&title)).heading();
            // Whoever came from an old event sees a store that was small then: the way back is there however narrow it
            // is, and what stands before it gives way.
            let back = is_before_end.then(|| scene.text("table-to-now"));
            let room_of_back = back.as_ref().map_or(0.0, |back| body_width(ui, back) + 2.0 * GAP);
            let room = |ui: &Ui| (ui.available_width() - room_of_back).max(0.0);
            cut_at(ui, room(ui), heading);
            ui.add_space(4.0);
            if room(ui) > 40.0 {
                cut_at(ui, room(ui), RichText::new(said).color(dim));
            }
            if back.is_some_and(|back| link(ui, &back).clicked()) {
                scene.run(Command::Last);
            }
        };
        ends_ui(ui, scene, "head of table", left, |ui, scene| {
            let projections = table.projections();
            if projections.len() > 1 && !table.compared.is_shown {
                let first = projections.first().map(String::as_str);
                let chosen = table.projection().or(first);
                let names: Vec<&str> = projections.iter().map(String::as_str).collect();
                if let Some(name) = projection_choice_ui(ui, scene, &names, chosen) {
                    wish(
                        scene,
                        LensWish::Projection(Some(name.to_owned()).filter(|name| Some(name.as_str()) != first)),
                    );
                }
                ui.add_space(4.0);
            }
            if table.compared.is_shown {
                if ui.button(scene.text("table-back")).clicked() {
                    wish(scene, LensWish::ToggleCompared);
                }
            } else if has_moments && ui.button(scene.text("table-compare")).clicked() {
                wish(scene, LensWish::ToggleCompared);
            }
        });
    });
}

/// What is being done for the rows, why they could not be had, and of how many nothing can be told.
fn state_ui(ui: &mut Ui, scene: &mut Scene<'_>, table: &StoreLens) {
    let colours = palette(ui);
    if let Some(progress) = table.progress() {
        if progress_ui(ui, scene, &progress) {
            wish(scene, LensWish::Cancel);
        }
        return;
    }
    if table.is_on_its_way() {
        return;
    }
    if let Some(error) = table.error() {
        let said = scene.sentence(&error.message);
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(said).color(colours.danger));
            if error.asks_for_events() {
                // What events tell is looked for there.
                let is_condition =
                    |chip: &RowChip| if let RowChip::Condition(text) = chip { Some(text.clone()) } else { None };
                let condition = table.chips().iter().rev().find_map(is_condition);
                if let (true, Some(text)) = (link(ui, &scene.text("when-search")).clicked(), condition) {
                    scene.ask(Action::Lanes(LaneAction::Everywhere(text)));
                }
            } else if !error.is_of_condition() && link(ui, &scene.text("retry")).clicked() {
                wish(scene, LensWish::Retry);
            }
        });
    } else if table.is_behind() {
        // It was stopped.
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(scene.text("table-stopped")).color(colours.dim));
            if link(ui, &scene.text("table-go-on")).clicked() {
                wish(scene, LensWish::Retry);
            }
        });
    }
    let Untold { unknown, not_run } = table.untold();
    for (name, count, ink) in [("table-unknown", unknown, colours.dim), ("table-not-run", not_run, colours.danger)] {
        if count > 0 {
            let values = [("count", count.into()), ("grouped", grouped(count).into())];
            ui.add(Label::new(RichText::new(scene.locale.with(name, values)).color(ink)).wrap());
        }
    }
}

/// How many rows there are, of how many, and what they can be written to.
fn rows_ui(ui: &mut Ui, scene: &mut Scene<'_>, table: &StoreLens) {
    let dim = palette(ui).dim;
    let all = match table.category() {
        Some(category) => table.categories().iter().find(|(name, _)| name == category).map_or(0, |(_, count)| *count),
        None => table.begun(),
    };
    let shown = table.len() as u64;
    let values = [("shown", grouped(shown).into()), ("all", grouped(all).into()), ("count", all.into())];
    let name = if table.chips().is_empty() { "table-rows" } else { "table-rows-of" };
    ui.label(RichText::new(scene.locale.with(name, values)).color(dim));
    if ui.button(scene.text("table-export")).clicked() {
        scene.run(Command::Tool(ToolName::ExportingRows));
    }
}

fn right_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    egui::ScrollArea::vertical().id_salt("right of table").auto_shrink(false).show(ui, |ui| {
        counts::counts_ui(ui, scene, &mut store.table);
        selected::selected_ui(ui, scene, store);
        keep_in_sight(ui);
    });
}

/// The one button that a view is for.
/// To a time of the whole store.
fn go_to_time(scene: &mut Scene<'_>, at: crate::event::Timestamp) {
    scene.ask(Action::Time(TimeAction::GoTo(StoreMoment::Time(at))));
}

/// What belongs to one answer, for the line at the foot: as of when, how many rows, and how long they took.
pub(super) fn table_status(scene: &Scene<'_>, table: &StoreLens) -> String {
    let mut said = vec![moment_text(scene, table)];
    if let Some(position) = table.moment().and_then(|moment| moment.position) {
        said.push(scene.locale.with("position", [("position", grouped(position.0).into())]));
    }
    let rows = table.len() as u64;
    said.push(scene.locale.with("table-rows", [("count", rows.into()), ("shown", grouped(rows).into())]));
    if let Some(took) = table.took() {
        said.push(format!("{} ms", took.as_millis().max(1)));
    }
    said.join("  ·  ")
}
