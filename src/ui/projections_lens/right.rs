use egui::{Align, Layout, ProgressBar, RichText, Ui, UiBuilder, vec2};

use super::super::list::{List, Look, list_row};
use super::super::parts::{Led, caption, cut, filter_field, hairline, led_from, link, shortened};
use super::super::people::for_people;
use super::super::{Scene, grouped};
use super::wish;
use crate::command::Action;
use crate::engine::{FaultAt, OwnRun, PartitionRow};
use crate::event::{Explain, StreamId, Version};
use crate::projection::SourcePlace;
use crate::script::Remembered;
use crate::theme::palette;
use crate::view::{Brief, OpenStore, OwnFile, OwnResults, ProjectionWish};
use serde_json::Value;

/// What the projection makes of the whole store, partition by partition.
pub(super) fn right_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, wants_focus: &mut bool) {
    let dim = palette(ui).dim;
    if store.own.chosen().is_none() {
        return;
    }
    let count = store.own.results.run().map(|run| run.partitions.rows.len() as u64);
    ui.horizontal(|ui| {
        cut(ui, RichText::new(scene.text("projection-results")).strong());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(count) = count {
                let values = [("count", count.into()), ("grouped", grouped(count).into())];
                cut(ui, RichText::new(scene.locale.with("projection-partitions", values)).color(dim));
            }
        });
    });
    ui.add_space(4.0);
    if store.own.chosen().and_then(OwnFile::script).is_none() {
        ui.label(RichText::new(scene.text("projection-not-run")).color(dim));
        return;
    }
    running_ui(ui, scene, &mut store.own.results);
    if store.own.results.run().is_none() {
        return;
    }
    ui.add_space(6.0);
    let led = narrow_ui(ui, scene, &mut store.own.results, wants_focus);
    ui.add_space(6.0);
    if store.own.results.is_empty() {
        let name = if store.own.results.filter.trim().is_empty() {
            "projection-no-partitions"
        } else {
            "projection-none-like"
        };
        ui.label(RichText::new(scene.text(name)).color(dim));
        return;
    }
    let seen = rows_ui(ui, scene, store, led);
    store.see_partitions();
    if store.has_streams_of_own() {
        store.want_labels(seen.iter());
    }
}

/// How far it is, or how long it took; what it failed on and what it logged.
fn running_ui(ui: &mut Ui, scene: &mut Scene<'_>, results: &mut OwnResults) {
    const LONG_ENOUGH: std::time::Duration = std::time::Duration::from_millis(200);
    let colours = palette(ui);
    let progress = results.running().progress();
    if let Some(progress) = progress.filter(|progress| progress.running >= LONG_ENOUGH) {
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(100));
        let seconds = progress.running.as_secs_f64().max(0.001);
        speed_ui(ui, scene, (progress.done as f64 / seconds) as u64, progress.done, progress.total);
        let share = if progress.total > 0 { progress.done as f32 / progress.total as f32 } else { 0.0 };
        bar_ui(ui, share);
        if ui.button(scene.text("cancel")).clicked() {
            wish(scene, ProjectionWish::Cancel);
        }
        return;
    }
    if let Some(error) = results.running().error() {
        let said = scene.sentence(&error.message);
        ui.add(egui::Label::new(RichText::new(said).color(colours.danger)).wrap());
        if link(ui, &scene.text("retry")).clicked() {
            wish(scene, ProjectionWish::Retry);
        }
    } else if results.is_stopped() {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(scene.text("projection-stopped")).color(colours.dim));
            if link(ui, &scene.text("projection-run")).clicked() {
                wish(scene, ProjectionWish::Retry);
            }
        });
    }
    let Some(run) = results.run() else { return };
    let seconds = run.took.as_secs_f64().max(0.001);
    speed_ui(ui, scene, (run.read as f64 / seconds) as u64, run.read, run.read);
    bar_ui(ui, 1.0);
    let took = format!("{:.1} s  ·  {}", run.took.as_secs_f64(), size(run.bytes));
    ui.label(RichText::new(took).color(colours.dim));
    besides_ui(ui, scene, run);
    if run.partitions.is_given_up() && link(ui, &scene.text("projection-run-again")).clicked() {
        wish(scene, ProjectionWish::RunAgain);
    }
    if !run.failed.is_empty() {
        let said = [("projection-with-error", run.failed_count()), ("projection-count-not-run", run.not_run)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| scene.locale.with(name, [("count", count.into()), ("grouped", grouped(count).into())]))
            .collect::<Vec<String>>();
        let said = RichText::new(said.join(", ")).color(colours.danger);
        let mut only_failed = results.only_failed;
        if ui.toggle_value(&mut only_failed, said).changed() {
            results.only_failed = only_failed;
            wish(scene, ProjectionWish::Narrow);
        }
    } else if results.only_failed {
        results.only_failed = false;
        wish(scene, ProjectionWish::Narrow);
    }
}

fn bar_ui(ui: &mut Ui, share: f32) {
    let accent = palette(ui).accent;
    let bar = ProgressBar::new(share).desired_height(4.0).fill(accent).corner_radius(2);
    let bar = ui.add(bar);
    bar.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, format!("{:.0} %", share * 100.0))
    });
}

fn speed_ui(ui: &mut Ui, scene: &Scene<'_>, speed: u64, done: u64, total: u64) {
    let dim = palette(ui).dim;
    ui.horizontal(|ui| {
        ui.label(RichText::new(grouped(speed)).heading());
        cut(ui, RichText::new(scene.text("projection-events-a-second")).color(dim));
    });
    let values = [("done", grouped(done).into()), ("total", grouped(total.max(done)).into())];
    cut(ui, RichText::new(scene.locale.with("projection-of-events", values)).color(dim));
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// What is only told: nothing of it is written anywhere.
fn besides_ui(ui: &mut Ui, scene: &Scene<'_>, run: &OwnRun) {
    let dim = palette(ui).dim;
    for (count, name) in [(run.emitted, "projection-emitted"), (run.logs, "projection-logged")] {
        if count > 0 {
            let values = [("count", count.into()), ("grouped", grouped(count).into())];
            ui.add(egui::Label::new(RichText::new(scene.locale.with(name, values)).color(dim)).wrap());
        }
    }
    if let Some(Remembered { name, place }) = run.partitions.script().remembers() {
        let what = shortened(name).into_owned();
        let values = [("what", what.into()), ("line", place.line.into()), ("column", place.column.into())];
        let said = scene.locale.with("projection-remembers", values);
        ui.add(egui::Label::new(RichText::new(said).color(palette(ui).warning)).wrap());
    }
    if let Some(asked) = &run.partitions.impure {
        let said = scene.locale.with("projection-impure", [("what", shortened(asked).into_owned().into())]);
        ui.add(egui::Label::new(RichText::new(said).color(palette(ui).warning)).wrap());
    }
}

fn narrow_ui(ui: &mut Ui, scene: &mut Scene<'_>, results: &mut OwnResults, wants_focus: &mut bool) -> Option<Led> {
    let names = [scene.text("projection-filter"), scene.text("projection-filter-clear")];
    let mut text = results.filter.clone();
    let width = ui.available_width() - 8.0;
    let (field, is_changed) = filter_field(ui, &mut text, &names, width);
    if std::mem::take(wants_focus) {
        field.request_focus();
    }
    let led = led_from(ui, &field);
    if is_changed {
        results.filter = text;
        wish(scene, ProjectionWish::Narrow);
    }
    led
}

/// How wide the number of events is.
const EVENTS: f32 = 44.0;

/// What stands at the right of a place that is so wide at least and at most.
fn cell_ui(ui: &mut Ui, (least, width): (f32, f32), contents: impl FnOnce(&mut Ui)) {
    let size = vec2(width, ui.available_height());
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_width(least);
        contents(ui);
    });
}

/// The partitions in view. Answers with them, to learn what they are called.
fn rows_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, led: Option<Led>) -> Vec<StreamId> {
    let results = &store.own.results;
    let dim = palette(ui).dim;
    ui.horizontal(|ui| {
        ui.add_space(8.0);
        caption(ui, &scene.text("projection-partition"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(8.0);
            cell_ui(ui, (EVENTS, EVENTS), |ui| {
                let head = ui.label(RichText::new(scene.text("projection-events")).size(11.5).color(dim));
                head.on_hover_text(scene.text("projection-events-about"));
            });
            if let Some(field) = results.field() {
                cut(ui, RichText::new(shortened(field)).size(11.5).color(dim));
            }
        });
    });
    hairline(ui);
    let is_of_streams = store.has_streams_of_own();
    let here = if is_of_streams {
        store.view.as_ref().map(|view| view.stream.as_str())
    } else {
        store.own.partition.as_deref()
    };
    let mut seen = Vec::new();
    let entered = led.map(|_| 0);
    List::new("partitions", results.len()).entered(entered).show(ui, |ui, nth| {
        let Some(row) = results.row(nth) else { return };
        let brief = results.brief(nth);
        let Some(name) = brief.name.clone() else {
            // It is read for the next frame.
            list_row(ui, &scene.text("table-row-coming"), Look::Plain(None), |_, _| {});
            return;
        };
        let stream = StreamId::from(&*name);
        let label = store.labels.of(&stream).filter(|_| is_of_streams).map(str::to_owned);
        let fault = row.failed.as_deref().map(|fault| Failed { fault, at: store.place_of_fault(fault) });
        row_ui(ui, scene, results, (row, &brief, &name, fault), label.as_deref(), here == Some(&*name));
        seen.push(stream);
    });
    if led == Some(Led::ToFirst)
        && let Some(name) = results.brief(0).name
    {
        wish(scene, ProjectionWish::Partition(name.to_string()));
    }
    seen
}

/// What a partition failed on first, and where that is looked at, once that is known.
struct Failed<'r> {
    fault: &'r FaultAt,
    at: Option<(StreamId, Version)>,
}

impl Failed<'_> {
    /// The event, and the line where one is known.
    fn text(&self, scene: &Scene<'_>) -> String {
        let version = self.at.as_ref().map_or_else(|| "…".to_owned(), |(_, version)| format!("v{version}"));
        let place = match self.fault.fault.place {
            Some(SourcePlace { line, .. }) => {
                format!("{version} · {}", scene.locale.with("projection-handler-line", [("line", line.into())]))
            }
            None => version,
        };
        let is_not_run = self.fault.is_not_run();
        format!("{} {place}", scene.text(if is_not_run { "projection-not-run-here" } else { "projection-failed" }))
    }
}

fn failed_ui(ui: &mut Ui, scene: &mut Scene<'_>, failed: &Failed<'_>, text: &str) {
    let shown = RichText::new(format!("{text} ↗")).size(11.5).color(palette(ui).danger);
    // Its row is the stop of Tab.
    let button = ui.add(egui::Button::new(shown).frame(false).sense(egui::Sense::CLICK));
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Link, true, text));
    let button = button.on_hover_ui(|ui| {
        ui.label(shortened(&scene.sentence(&failed.fault.fault.message())));
    });
    if button.clicked()
        && let Some((stream, version)) = failed.at.clone()
    {
        scene.ask(Action::GoToPlace(stream, version));
    }
}

fn row_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    results: &OwnResults,
    (row, brief, partition, failed): (&PartitionRow, &Brief, &str, Option<Failed<'_>>),
    label: Option<&str>,
    is_here: bool,
) {
    let colours = palette(ui);
    let name =
        if partition.is_empty() { scene.text("projection-one-state") } else { shortened(partition).into_owned() };
    let value = match (&brief.value, brief.is_large) {
        (_, true) => "{…}".to_owned(),
        (Value::Null, false) => "—".to_owned(),
        (value, false) => for_people(scene, results.field().unwrap_or_default(), value).into_owned(),
    };
    let failed = failed.map(|failed| (failed.text(scene), failed));
    let told = failed.as_ref().map(|(text, _)| text.clone());
    let said = [Some(name.clone()), label.map(str::to_owned), Some(value.clone()), told];
    let said: Vec<String> = said.into_iter().flatten().collect();
    let drawn = list_row(ui, &said.join(", "), Look::Choice(is_here), |ui, rect| {
        let inside = UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 0.0)));
        let width = rect.width();
        ui.scope_builder(inside.layout(Layout::right_to_left(Align::Center)), |ui| {
            // A list has none between its rows.
            ui.spacing_mut().item_spacing.x = 8.0;
            cell_ui(ui, (EVENTS, EVENTS), |ui| {
                ui.label(RichText::new(grouped(row.events)).monospace().size(11.0).color(colours.dim));
            });
            if let Some((text, failed)) = &failed {
                failed_ui(ui, scene, failed, text);
            } else {
                cell_ui(ui, (0.0, width * 0.4), |ui| {
                    let ink =
                        if value.starts_with('-') && brief.value.is_number() { colours.warning } else { colours.text };
                    cut(ui, RichText::new(&value).monospace().color(ink));
                });
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                cut(ui, &name);
                if let Some(label) = label.filter(|_| ui.available_width() > 30.0) {
                    cut(ui, RichText::new(shortened(label)).color(colours.dim));
                }
            });
        });
    });
    if drawn.clicked() {
        wish(scene, ProjectionWish::Partition(partition.to_owned()));
    }
}
