use egui::{Align, ComboBox, Layout, RichText, Role, TextEdit, Ui, WidgetInfo, vec2};

use super::dialog::{Dialog, select_at_first};
use super::ends::ends_ui;
use super::list::{List, row_room};
use super::parts::{body_width, cut, is_entered, named_field, progress_ui, shortened};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::Action;
use crate::engine::{FoundSoFar, Tool};
use crate::replay::Watched;
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{OpenStore, ToolName, WhenSearch, WhenWhich};

/// The streams for which a condition was ever true, is true now, or was at a time. They are listed as they are found; a
/// click leads to the version at which it first was.
pub(super) fn when_search_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let title = scene.text("when-search");
    let categories = categories(store);
    let here = store.view.as_ref().and_then(|view| view.category()).map(str::to_owned);
    let mut seen = Vec::new();
    let OpenStore { tools, labels, .. } = &mut *store;
    let search = &mut tools.when;
    if !categories.contains(&search.category) {
        search.category = here.or_else(|| categories.first().cloned()).unwrap_or_default();
    }
    Dialog::new("when", &title, 720.0).show(ui, scene, is_open, |ui, scene| {
        let start = Action::StartTool(ToolName::WhenSearch);
        let WhenSearch { text, category, .. } = &mut *search;
        let type_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
            let field = TextEdit::singleline(text)
                .hint_text(scene.text("add-lane-hint"))
                .font(egui::FontId::monospace(12.0))
                .align(egui::Align2::LEFT_CENTER)
                .desired_width(f32::INFINITY);
            let field = named_field(ui, field, &scene.text("when-text"));
            select_at_first(ui, &field, text);
            if is_entered(ui, &field) {
                scene.ask(start.clone());
            }
        };
        let choose_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
            let name = scene.text("when-category");
            let chooser =
                ComboBox::from_id_salt("category").width(100.0).selected_text(shortened(category).into_owned());
            let shown = chooser.show_ui(ui, |ui| {
                for known in &categories {
                    ui.selectable_value(category, known.clone(), shortened(known));
                }
            });
            shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
            if ui.button(scene.text("when-start")).clicked() {
                scene.ask(start.clone());
            }
        };
        ui.horizontal(|ui| ends_ui(ui, scene, "when", type_ui, choose_ui));
        ui.horizontal_wrapped(|ui| {
            for which in WhenWhich::ALL {
                let name = match which {
                    WhenWhich::Ever => "when-ever",
                    WhenWhich::Now => "when-now",
                    WhenWhich::Then => "when-then",
                };
                ui.radio_value(&mut search.which, which, scene.text(name));
            }
            if search.which == WhenWhich::Then {
                let name = scene.text("when-then-time");
                let field = TextEdit::singleline(&mut search.then).hint_text("2025-01-01").desired_width(170.0);
                let field = ui.add(field);
                field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, &name));
                if is_entered(ui, &field) {
                    scene.ask(start.clone());
                }
                if !search.then.trim().is_empty() && search.moment().is_none() {
                    ui.label(RichText::new(scene.text("when-no-time")).color(palette(ui).danger));
                }
            }
        });
        if let Some(flaw) = search.flaw().filter(|_| !search.text.trim().is_empty()) {
            let said = scene.sentence(&crate::event::Explain::message(&flaw));
            ui.label(RichText::new(said).color(palette(ui).danger));
        }
        ui.add_space(4.0);
        if search.asked.is_loading() {
            if let Some(progress) = Tool::progress(&search.asked)
                && progress_ui(ui, scene, &progress)
            {
                search.asked.cancel();
            }
        } else if !tool_ui(ui, scene, &mut search.asked, &start) || search.found().is_none() {
            return;
        }
        let so_far = search.so_far();
        let then = search.found().and_then(|found| found.then);
        summary_ui(ui, scene, &so_far, then.map(|then| scene.zone.long(then)));
        let which = search.which;
        let rows: Vec<&Watched> = so_far.rows.iter().filter(|row| is_wanted(which, row)).collect();
        let height = (rows.len() as f32 * ROW_HEIGHT).min(380.0);
        List::new("streams in which", rows.len()).rows_of(ROW_HEIGHT).no_higher_than(height).show(ui, |ui, place| {
            let Some(row) = rows.get(place) else { return };
            seen.push(row.stream.clone());
            row_ui(ui, scene, row, labels.of(&row.stream));
        });
    });
    store.want_labels(seen.iter());
}

fn is_wanted(which: WhenWhich, row: &Watched) -> bool {
    match which {
        WhenWhich::Ever => true,
        WhenWhich::Now => row.is_true_now,
        WhenWhich::Then => row.was_true_then,
    }
}

fn categories(store: &OpenStore) -> Vec<String> {
    let info = store.info.value();
    info.map(|overview| overview.info.categories.iter().map(|(name, _)| name.clone()).collect()).unwrap_or_default()
}

fn summary_ui(ui: &mut Ui, scene: &Scene<'_>, so_far: &FoundSoFar, then: Option<String>) {
    let dim = palette(ui).dim;
    let counted = so_far.counted;
    let values =
        [("count", counted.ever.into()), ("ever", grouped(counted.ever).into()), ("now", grouped(counted.now).into())];
    let mut said = scene.locale.with("when-found", values);
    if let Some(then) = then {
        let values = [("count", grouped(counted.then).into()), ("time", then.into())];
        said = format!("{said} {}", scene.locale.with("when-found-then", values));
    }
    if counted.unknown > 0 {
        let unknown = scene.locale.with("when-unknown", [("count", counted.unknown.into())]);
        said = format!("{said} {unknown}");
    }
    if counted.ever > so_far.rows.len() as u64 {
        let more = scene.locale.with("when-more", [("count", grouped(so_far.rows.len() as u64).into())]);
        said = format!("{said} {more}");
    }
    ui.add(egui::Label::new(RichText::new(said).color(dim)).wrap());
}

/// In which stream, since when and at how many events. A press leads to where it first was true.
fn row_ui(ui: &mut Ui, scene: &mut Scene<'_>, row: &Watched, label: Option<&str>) {
    let colours = palette(ui);
    let (rect, response) = row_room(ui, ROW_HEIGHT);
    let values = [
        ("events", row.events_true.into()),
        ("events-grouped", grouped(row.events_true).into()),
        ("version", row.first.to_string().into()),
    ];
    let said = scene.locale.with("when-row", values);
    let label = label.map(|label| shortened(label).into_owned()).unwrap_or_default();
    let stream = shortened(row.stream.as_str()).into_owned();
    let now = scene.text("when-true-now");
    let spoken_now = if row.is_true_now { now.as_str() } else { "" };
    let spoken = [stream.as_str(), &label, &said, spoken_now];
    let spoken = spoken.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ·  ");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 6.0, colours.selection);
    }
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 2.0))));
    ui.horizontal_centered(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            // A column of its own, also where nothing stands in it.
            let room = vec2(body_width(ui, &now).ceil(), ui.available_height());
            ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_size(room);
                if row.is_true_now {
                    ui.label(RichText::new(&now).color(colours.accent));
                }
            });
            ui.label(RichText::new(&said).color(colours.dim));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 10.0;
                cut(ui, RichText::new(&stream).color(colours.text));
                cut(ui, RichText::new(&label).size(11.5).color(colours.dim));
            });
        });
    });
    if response.clicked() {
        scene.ask(Action::GoToPlace(row.stream.clone(), row.first));
        scene.ask(Action::CloseDialog);
    }
}
