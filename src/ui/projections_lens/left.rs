use std::path::PathBuf;

use egui::containers::menu::MenuButton;
use egui::{Align, Button, Key, Layout, RichText, ScrollArea, TextEdit, Ui, UiBuilder, vec2};
use serde_json::Value;

use super::super::dialog::{focus_selecting, select_at_first};
use super::super::focus::keep_in_sight;
use super::super::icons::{Icon, small_icon_button};
use super::super::list::{Look, few_rows_ui, list_row};
use super::super::parts::{caption, cut, hairline, is_entered, link, named_field, progress_ui, shortened};
use super::super::{Scene, grouped};
use super::wish;
use crate::command::Command;
use crate::domain::Aggregate;
use crate::script::{HANDLER_TIME, MEMORY, STATE_BYTES};
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{OpenStore, Overview, OwnFile, ProjectionWish};

/// The projections that there are, and what one of the user's own may take.
pub(super) fn left_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    ScrollArea::vertical().id_salt("projections").auto_shrink(false).show(ui, |ui| {
        built_in_ui(ui, scene, store);
        line_ui(ui);
        mine_ui(ui, scene, store);
        line_ui(ui);
        examples_ui(ui, scene, store);
        line_ui(ui);
        limits_ui(ui, scene);
        keep_in_sight(ui);
    });
}

fn line_ui(ui: &mut Ui) {
    ui.add_space(8.0);
    hairline(ui);
    ui.add_space(6.0);
}

/// A name, and something about it at the right.
fn said_ui(ui: &mut Ui, name: &str, aside: &str) {
    let dim = palette(ui).dim;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT - 2.0), egui::Sense::hover());
    let inside = UiBuilder::new().max_rect(rect.shrink2(vec2(10.0, 0.0)));
    ui.scope_builder(inside.layout(Layout::right_to_left(Align::Center)), |ui| {
        ui.label(RichText::new(aside).color(dim));
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| cut(ui, name));
    });
}

/// Those that Foldline brings, with how many streams each can show.
fn built_in_ui(ui: &mut Ui, scene: &Scene<'_>, store: &OpenStore) {
    caption(ui, &scene.text("projections-built-in"));
    ui.add_space(2.0);
    let registry = store.engine().offers().registry();
    let categories = || store.info.value().into_iter().flat_map(Overview::categories);
    for aggregate in Aggregate::ALL {
        let count = categories().find(|(name, _)| *name == aggregate.name()).map(|(_, count)| count);
        let Some(count) = count else { continue };
        let own = registry.of_aggregate(Some(aggregate)).iter().filter(|known| known.aggregate() == Some(aggregate));
        for projection in own {
            let name = format!("{} · {}", aggregate.name(), scene.projection(projection.name()));
            said_ui(ui, &name, &count.map(grouped).unwrap_or_default());
        }
    }
    said_ui(ui, &scene.projection("fields"), &scene.text("projections-any-stream"));
}

/// The user's own, and how one more is begun.
fn mine_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    let dim = palette(ui).dim;
    let mut begins = false;
    // In a narrow pane what can be done stands below.
    ui.horizontal_wrapped(|ui| {
        caption(ui, &scene.text("projections-mine"));
        ui.add_space(8.0);
        let new = Button::new(RichText::new(scene.text("projection-new")).size(11.5));
        begins = ui.add_enabled(store.own.new_name.is_none(), new).clicked();
        if link(ui, &scene.text("projection-open")).clicked() {
            scene.run(Command::OpenProjection);
        }
    });
    if begins {
        wish(scene, ProjectionWish::Name(Some(category_of(store).unwrap_or_else(|| "all".to_owned()))));
    }
    from_category_ui(ui, scene, store);
    new_ui(ui, scene, store);
    if let Some(error) = store.own.error() {
        let said = scene.sentence(&error.message);
        ui.add(egui::Label::new(RichText::new(said).color(palette(ui).danger)).wrap());
    }
    let files = store.own.files();
    if files.is_empty() {
        ui.add(egui::Label::new(RichText::new(scene.text("projections-mine-none")).color(dim)).wrap());
    }
    let chosen = store.own.chosen().map(OwnFile::path);
    few_rows_ui(ui, "own projections", files.len(), |ui, place| {
        let Some(file) = files.get(place) else { return };
        file_ui(ui, scene, store, file, chosen == Some(file.path()));
    });
}

fn file_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, file: &OwnFile, is_chosen: bool) {
    let colours = palette(ui);
    let faults = store.projection_faults(file);
    let (aside, ink) = match (file.error(), faults) {
        (Some(_), _) => (scene.text("projection-unreadable"), colours.danger),
        (None, 0) => (String::new(), colours.dim),
        (None, count) => {
            let values = [("count", count.into()), ("grouped", grouped(count).into())];
            (scene.locale.with("projection-errors", values), colours.danger)
        }
    };
    let name = shortened(file.name()).into_owned();
    let said = if aside.is_empty() { name.clone() } else { format!("{name}, {aside}") };
    let row = list_row(ui, &said, Look::Choice(is_chosen), |ui, rect| {
        let inside = UiBuilder::new().max_rect(rect.shrink2(vec2(10.0, 0.0)));
        ui.scope_builder(inside.layout(Layout::right_to_left(Align::Center)), |ui| {
            if store.own.is_from_elsewhere(file.path()) {
                let forget = scene.locale.with("projection-forget", [("name", name.clone().into())]);
                if small_icon_button(ui, Icon::Cross, &forget, true).clicked() {
                    wish(scene, ProjectionWish::Forget(file.path().to_owned()));
                }
            }
            ui.label(RichText::new(&aside).size(11.5).color(ink));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| cut(ui, &name));
        });
    });
    let row = row.on_hover_text(shortened(&file.path().display().to_string()));
    if row.clicked() {
        let path: PathBuf = file.path().to_owned();
        wish(scene, ProjectionWish::Choose(path));
    }
}

/// Those that come with the program, to be looked at and begun from.
fn examples_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    caption(ui, &scene.text("projections-examples"));
    ui.spacing_mut().item_spacing.y = 0.0;
    let examples = store.own.examples();
    let chosen = store.own.chosen().map(OwnFile::path);
    few_rows_ui(ui, "examples of projections", examples.len(), |ui, place| {
        let Some(file) = examples.get(place) else { return };
        let name = scene.projection(file.name());
        let row = list_row(ui, &name, Look::Choice(chosen == Some(file.path())), |ui, rect| {
            let inside = UiBuilder::new().max_rect(rect.shrink2(vec2(10.0, 0.0)));
            ui.scope_builder(inside.layout(Layout::left_to_right(Align::Center)), |ui| cut(ui, &name));
        });
        if row.clicked() {
            wish(scene, ProjectionWish::Choose(file.path().to_owned()));
        }
    });
}

/// A category of which one is begun.
fn from_category_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let categories = store.whole().info.value().map_or(&[][..], |overview| overview.info.categories.as_slice());
    if categories.is_empty() || store.own.new_name.is_some() {
        return;
    }
    let text = begin_text(scene, store);
    let button = Button::new(RichText::new(scene.text("projection-from-category")).size(11.5));
    let (menu, _) = MenuButton::from_button(button).ui(ui, |ui| {
        for (category, _) in categories.iter().take(MOST_CATEGORIES) {
            if ui.button(shortened(category).into_owned()).clicked() {
                wish(scene, ProjectionWish::DraftOf(category.clone(), text.clone()));
                ui.close();
            }
        }
    });
    menu.on_hover_text(scene.text("projection-draft-why"));
}

/// More categories than these are no menu.
const MOST_CATEGORIES: usize = 40;

/// Where the name of a new one is typed.
fn new_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    let text = begin_text(scene, store);
    let category = category_of(store);
    let progress = store.own.progress();
    let named_id = egui::Id::unique("a new projection is named");
    let Some(name) = &mut store.own.new_name else {
        ui.data_mut(|data| data.remove::<bool>(named_id));
        return;
    };
    let said = scene.text("projection-new-name");
    let field = named_field(ui, TextEdit::singleline(name).hint_text(&said).desired_width(f32::INFINITY), &said);
    // What is proposed is typed over.
    if ui.data_mut(|data| !std::mem::replace(data.get_temp_mut_or(named_id, false), true)) {
        focus_selecting(ui, &field);
    }
    select_at_first(ui, &field, name);
    let why_not = scene.text("projection-new-name-first");
    let is_left = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape));
    let mut begins = is_entered(ui, &field);
    ui.horizontal(|ui| {
        let begin = Button::new(scene.text("projection-begin"));
        let begin = ui.add_enabled(!name.trim().is_empty(), begin).on_disabled_hover_text(&why_not);
        begins |= begin.clicked();
        if ui.button(scene.text("cancel")).clicked() || is_left {
            wish(scene, ProjectionWish::Name(None));
        }
    });
    if let Some(category) = category {
        let said = scene.locale.with("projection-draft", [("category", shortened(&category).into_owned().into())]);
        let draft = ui.add_enabled(!name.trim().is_empty(), Button::new(said).truncate());
        let draft = draft.on_disabled_hover_text(&why_not);
        if draft.on_hover_text(scene.text("projection-draft-why")).clicked() {
            wish(scene, ProjectionWish::Draft(category, text.clone()));
        }
    }
    if progress.is_some_and(|progress| progress_ui(ui, scene, &progress)) {
        wish(scene, ProjectionWish::StopDraft);
    }
    if begins {
        wish(scene, ProjectionWish::Begin(text));
    }
}

/// Of the stream on screen, or else the first of the store.
fn category_of(store: &OpenStore) -> Option<String> {
    let here = store.view.as_ref().and_then(|view| view.category()).map(str::to_owned);
    here.or_else(|| Some(store.info.value()?.info.categories.first()?.0.clone()))
}

/// A small beginning, of the streams that are like the one on screen.
fn begin_text(scene: &Scene<'_>, store: &OpenStore) -> String {
    let source = match category_of(store) {
        Some(category) => format!("fromCategory({})", Value::from(category)),
        None => "fromAll()".to_owned(),
    };
    let comment = scene.text("projection-begin-comment");
    let comment: Vec<String> = comment.lines().map(|line| format!("// {line}\n")).collect();
    format!(
        "{}{source}\n  .foreachStream()\n  .when({{\n    $init() {{\n      return {{ events: 0, last: null }};\n    }},\n    \
         $any(state, event) {{\n      state.events += 1;\n      state.last = event.eventType;\n    }},\n  }});\n",
        comment.concat()
    )
}

/// What one of the user's own may take, whatever it says.
fn limits_ui(ui: &mut Ui, scene: &Scene<'_>) {
    caption(ui, &scene.text("projections-limits"));
    ui.add_space(2.0);
    said_ui(ui, &scene.text("projections-limit-time"), &format!("{} ms", HANDLER_TIME.as_millis()));
    said_ui(ui, &scene.text("projections-limit-memory"), &format!("{} MiB", MEMORY >> 20));
    said_ui(ui, &scene.text("projections-limit-state"), &format!("{} MiB", STATE_BYTES >> 20));
    said_ui(ui, &scene.text("projections-limit-outside"), &scene.text("projections-limit-none"));
}
