use egui::{Button, ComboBox, Label, RichText, Role, TextEdit, Ui, WidgetInfo};

use super::dialog::Dialog;
use super::ends::ends_ui;
use super::list::{List, row_room, two_lines_ui};
use super::parts::{is_entered, link, named_field, primary, shortened};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::Action;
use crate::engine::{Difference, Drift, Failures, Materialised, ModelStanding, WhyMade};
use crate::event::{Explain, StreamId, Version};
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{FileFor, ModelDone, ModelWork, OpenStore, ReadModels, ToolName};

/// Two lines.
const DIFFERENCE_HEIGHT: f32 = 2.0 * ROW_HEIGHT;

/// A projection as a table that any SQL tool reads: made, caught up, and held against the events.
pub(super) fn read_models_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    let title = scene.text("read-model");
    let models = &mut store.tools.read_models;
    models.choose_what_is_there();
    Dialog::new("read model", &title, 760.0).show(ui, scene, is_open, |ui, scene| {
        let dim = palette(ui).dim;
        ui.add(Label::new(RichText::new(scene.text("read-model-about")).color(dim)).wrap());
        ui.add_space(6.0);
        let mut is_changed = choices_ui(ui, scene, models);
        ui.label(RichText::new(scene.text("read-model-into")).size(11.5).color(dim));
        let type_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
            let field = TextEdit::singleline(&mut models.into).hint_text("/path/to/reports.db");
            let field = named_field(ui, field.desired_width(f32::INFINITY), &scene.text("read-model-into"));
            is_changed |= field.lost_focus() || is_entered(ui, &field);
        };
        let choose_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
            if ui.button(scene.text("choose-file")).clicked() {
                scene.ask(Action::ChooseFile(FileFor::ReadModel));
            }
        };
        ui.horizontal(|ui| ends_ui(ui, scene, "read model", type_ui, choose_ui));
        // A press on a button leaves the field, too: what is pressed is done, and a look comes behind it anyway.
        let mut work = is_changed.then_some(ModelWork::Look);
        ui.add_space(6.0);
        if let Some(standing) = models.standing() {
            standing_ui(ui, scene, *standing);
        }
        ui.horizontal(|ui| {
            // Leaving the field looks where its table stands, which must not take the press that left it.
            let can_start =
                !models.into.trim().is_empty() && !models.projection.is_empty() && !models.asked.second.is_loading();
            let name = if models.standing().is_some() { "read-model-catch-up" } else { "read-model-make" };
            if ui.add_enabled(can_start, primary(ui, scene.text(name))).clicked() {
                work = Some(ModelWork::Write);
            }
            let is_there = models.standing().is_some();
            if ui.add_enabled(can_start && is_there, Button::new(scene.text("read-model-check"))).clicked() {
                work = Some(ModelWork::Check);
            }
        });
        if let Some(work) = work {
            start(scene, models, work);
        }
        ui.add_space(4.0);
        if tool_ui(ui, scene, &mut models.asked, &Action::StartTool(ToolName::ReadModels)) {
            match models.done() {
                Some(ModelDone::Written(made)) => written_ui(ui, scene, made),
                Some(ModelDone::Checked(drift, count)) => drift_ui(ui, scene, drift, *count),
                None => {}
            }
        }
    });
}

fn start(scene: &mut Scene<'_>, models: &mut ReadModels, work: ModelWork) {
    models.work = work;
    scene.ask(Action::StartTool(ToolName::ReadModels));
}

/// Of which streams, under which projection. Answers whether something else was chosen.
fn choices_ui(ui: &mut Ui, scene: &Scene<'_>, models: &mut ReadModels) -> bool {
    let (category, projection) = (models.category.clone(), models.projection.clone());
    let choices = models.choices().to_vec();
    ui.horizontal(|ui| {
        let name = ui.label(scene.text("read-model-category")).id;
        let chooser =
            ComboBox::from_id_salt("category of a read model").selected_text(shortened(&category).into_owned());
        let shown = chooser.show_ui(ui, |ui| {
            for (category, _) in &choices {
                ui.selectable_value(&mut models.category, category.clone(), shortened(category));
            }
        });
        shown.response.labelled_by(name);
        ui.add_space(12.0);
        let name = ui.label(scene.text("read-model-projection")).id;
        let chooser = ComboBox::from_id_salt("projection of a read model").selected_text(scene.projection(&projection));
        let offered = models.projections().to_vec();
        let shown = chooser.show_ui(ui, |ui| {
            for offered in offered {
                let said = scene.projection(&offered);
                ui.selectable_value(&mut models.projection, offered, said);
            }
        });
        shown.response.labelled_by(name);
    });
    models.choose_what_is_there();
    category != models.category || projection != models.projection
}

/// Where the table stands, and how far it is behind.
fn standing_ui(ui: &mut Ui, scene: &Scene<'_>, standing: ModelStanding) {
    let colours = palette(ui);
    let ModelStanding { position, behind, is_replaced } = standing;
    let position = position.map(|position| grouped(position.0)).unwrap_or_default();
    let values = [("position", position.into()), ("count", behind.into()), ("grouped", grouped(behind).into())];
    let (name, ink) = match (is_replaced, behind) {
        (true, _) => ("read-model-replaced", colours.warning),
        (false, 0) => ("read-model-up-to-date", colours.accent),
        (false, _) => ("read-model-behind", colours.warning),
    };
    ui.label(RichText::new(scene.locale.with(name, values)).color(ink));
    ui.add_space(4.0);
}

fn written_ui(ui: &mut Ui, scene: &mut Scene<'_>, made: &Materialised) {
    let Materialised { table, rows, events, made, left_out, failed, .. } = made;
    let name = match made {
        None => "read-model-caught-up",
        Some(WhyMade::New) => "read-model-made",
        Some(WhyMade::Definition) => "read-model-made-definition",
        Some(WhyMade::Replaced) => "read-model-made-replaced",
        Some(WhyMade::NoOrder) => "read-model-made-no-order",
        Some(WhyMade::Columns) => "read-model-made-columns",
        Some(WhyMade::MuchNew) => "read-model-made-much-new",
    };
    let values = [
        ("table", table.clone().into()),
        ("rows", grouped(*rows).into()),
        ("count", (*events).into()),
        ("events", grouped(*events).into()),
    ];
    ui.add(Label::new(scene.locale.with(name, values)).wrap());
    if !left_out.is_empty() {
        let said = scene.locale.with("read-model-left-out", [("categories", left_out.join(", ").into())]);
        ui.add(Label::new(RichText::new(said).color(palette(ui).dim)).wrap());
    }
    failures_ui(ui, scene, failed);
}

/// Where a user's own projection failed the rows are those of the other events; a press leads to the first.
fn failures_ui(ui: &mut Ui, scene: &mut Scene<'_>, failed: &Failures) {
    let Some((stream, finding)) = &failed.first else { return };
    let danger = palette(ui).danger;
    ui.horizontal_wrapped(|ui| {
        for (name, count) in [("read-model-not-run", failed.not_run), ("read-model-failed", failed.streams)] {
            if count > 0 {
                let values = [("count", count.into()), ("grouped", grouped(count).into())];
                ui.label(RichText::new(scene.locale.with(name, values)).color(danger));
            }
        }
        if link(ui, &format!("{} v{}", shortened(stream.as_str()), finding.version)).clicked() {
            scene.ask(Action::GoToPlace(stream.clone(), finding.version));
            scene.ask(Action::CloseDialog);
        }
    });
    let said = scene.sentence(&finding.problem.message());
    ui.add(Label::new(RichText::new(shortened(&said)).color(danger)).wrap());
}

/// One row of what was found.
enum Found<'d> {
    Difference(&'d Difference),
    Missing(&'d StreamId),
    Extra(&'d str),
}

fn drift_ui(ui: &mut Ui, scene: &mut Scene<'_>, drift: &Drift, count: u64) {
    let colours = palette(ui);
    let values = [("count", count.into()), ("grouped", grouped(count).into()), ("rows", grouped(drift.rows).into())];
    let (name, ink) = if count == 0 { ("drift-none", colours.accent) } else { ("drift-found", colours.warning) };
    ui.label(RichText::new(scene.locale.with(name, values)).color(ink));
    failures_ui(ui, scene, &drift.failed);
    let listed = drift.differences.len() + drift.missing.len() + drift.extra.len();
    if (listed as u64) < count {
        let values = [("grouped", grouped(listed as u64).into())];
        ui.label(RichText::new(scene.locale.with("drift-listed", values)).color(colours.dim));
    }
    let found = |place: usize| {
        let (differing, missing) = (drift.differences.len(), drift.missing.len());
        let difference = drift.differences.get(place).map(Found::Difference);
        let missing_row = || drift.missing.get(place.checked_sub(differing)?).map(Found::Missing);
        let extra = || drift.extra.get(place.checked_sub(differing + missing)?).map(|key| Found::Extra(key));
        difference.or_else(missing_row).or_else(extra)
    };
    let height = (listed as f32 * DIFFERENCE_HEIGHT).min(320.0);
    let list = List::new("differences of a table", listed).rows_of(DIFFERENCE_HEIGHT).no_higher_than(height);
    list.show(ui, |ui, place| {
        if let Some(found) = found(place) {
            found_ui(ui, scene, &found);
        }
    });
}

/// What the table has, what the events say, and which event says so: a press leads there.
fn found_ui(ui: &mut Ui, scene: &mut Scene<'_>, found: &Found<'_>) {
    let colours = palette(ui);
    let (rect, response) = row_room(ui, DIFFERENCE_HEIGHT);
    let (head, body, place): (String, String, Option<(StreamId, Option<Version>)>) = match found {
        Found::Difference(Difference { stream, field, table, fold, set_by }) => {
            let values = [
                ("table", shortened(&plain(table)).into_owned().into()),
                ("fold", shortened(&plain(fold)).into_owned().into()),
            ];
            let mut body = scene.locale.with("drift-values", values);
            if let Some(event) = set_by {
                let actor = event.actor.as_deref().map(|actor| format!(" · {actor}")).unwrap_or_default();
                body = format!("{body} · v{} {}{actor}", event.version, event.event_type);
            }
            let version = set_by.as_ref().map(|event| event.version);
            (format!("{stream} · {field}"), body, Some((stream.clone(), version)))
        }
        Found::Missing(stream) => (stream.to_string(), scene.text("drift-missing"), Some(((*stream).clone(), None))),
        Found::Extra(key) => ((*key).to_owned(), scene.text("drift-extra"), None),
    };
    let (head, body) = (shortened(&head).into_owned(), shortened(&body).into_owned());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, place.is_some(), format!("{head}, {body}")));
    if (response.hovered() || response.has_focus()) && place.is_some() {
        ui.painter().rect_filled(rect, 6.0, colours.selection);
    }
    two_lines_ui(ui, rect, &head, &body);
    if let Some((stream, version)) = place.filter(|_| response.clicked()) {
        scene.ask(
            version
                .map_or_else(|| Action::Select(stream.clone()), |version| Action::GoToPlace(stream.clone(), version)),
        );
        scene.ask(Action::CloseDialog);
    }
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "–".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
