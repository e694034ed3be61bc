//! Marks over the bars where payloads changed their shape.

use egui::{Rect, RichText, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::chart::Chart;
use crate::command::{Action, TimeAction};
use crate::index::{JsonType, ShapeChange, ShapeTurn};
use crate::theme::palette;
use crate::ui::Scene;
use crate::ui::icons::{Icon, bare_icon_toggle, paint};
use crate::view::{OpenStore, ShapeMarks};

const SIZE: f32 = 9.0;

/// So many changes of a mark are told.
const MOST_TOLD: usize = 8;

/// One mark for all that changed about there. A click goes to the first of it. Answers whether one is pointed at.
pub(super) fn shapes_ui(ui: &Ui, scene: &mut Scene<'_>, chart: &Chart, store: &OpenStore) -> bool {
    let shapes = &store.time.shapes;
    let (mut going, mut is_pointed_at) = (None, false);
    for mark in shapes.marks() {
        let x = chart.x(mark.value);
        let Some(first) = shapes.changes(mark).next().filter(|_| chart.in_sight(x)) else { continue };
        let middle = pos2(x, chart.rect.top() + SIZE / 2.0);
        let rect = Rect::from_center_size(middle, vec2(SIZE, SIZE));
        let response = ui.interact(rect.expand(1.5), ui.scope_id().with(("shape", mark.value)), Sense::click());
        let name = change_words(scene, first);
        let rest = shapes.changes(mark).len() - 1;
        let name = if rest == 0 { name } else { format!("{name}, {}", more_words(scene, rest)) };
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        let is_lit = response.hovered() || response.has_focus();
        let around = rect.expand(if is_lit { 2.0 } else { 1.0 });
        let corners = [around.center_top(), around.right_center(), around.center_bottom(), around.left_center()];
        let ink = if is_lit { chart.colours.text } else { chart.colours.panel };
        ui.painter().add(Shape::convex_polygon(corners.to_vec(), ink, Stroke::NONE));
        paint(ui.painter(), Icon::Diamond, rect.shrink(0.5), chart.colours.accent);
        if response.clicked() {
            going = Some(first.seen.moment);
        }
        is_pointed_at |= response.hovered();
        response.on_hover_ui(|ui| {
            for change in shapes.changes(mark).take(MOST_TOLD) {
                ui.label(change_words(scene, change));
            }
            if rest >= MOST_TOLD {
                ui.label(more_words(scene, rest + 1 - MOST_TOLD));
            }
        });
    }
    if let Some(moment) = going {
        scene.ask(Action::Time(TimeAction::GoTo(moment)));
    }
    is_pointed_at
}

/// Whether they are shown, and what is known of them.
pub(super) fn shapes_choice(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let time = &store.time;
    let is_on = time.shapes.is_on(time.cursor().total);
    let name = scene.text("shapes-choice");
    let response = bare_icon_toggle(ui, Icon::Diamond, &name, is_on);
    let clicked = response.clicked();
    response.on_hover_ui(|ui| {
        ui.label(RichText::new(&name).strong());
        ui.label(scene.text("shapes-about"));
        if let Some(known) = is_on.then(|| known_words(scene, &time.shapes)).flatten() {
            ui.label(RichText::new(known).color(palette(ui).dim));
        }
    });
    if clicked {
        scene.ask(Action::Time(TimeAction::Shapes(!is_on)));
    }
}

fn known_words(scene: &Scene<'_>, shapes: &ShapeMarks) -> Option<String> {
    if let Some(error) = shapes.error() {
        return Some(scene.sentence(&error.message));
    }
    if let Some(progress) = shapes.progress() {
        let percent = progress.done.saturating_mul(100).checked_div(progress.total).unwrap_or(0).min(100);
        return Some(scene.locale.with("shapes-coming", [("percent", percent.into())]));
    }
    let known = shapes.known()?;
    Some(match known.changes.len() {
        0 if !known.has_order => scene.text("shapes-no-order"),
        0 => scene.text("shapes-none"),
        count => scene.locale.with("shapes-found", [("count", count.into())]),
    })
}

fn more_words(scene: &Scene<'_>, count: usize) -> String {
    scene.locale.with("shape-more", [("count", count.into())])
}

fn change_words(scene: &Scene<'_>, change: &ShapeChange) -> String {
    let field = if change.path.is_empty() { scene.text("shape-payload") } else { change.path.to_string() };
    let when = change.seen.at.and_then(|at| scene.zone.in_form(at, "%Y-%m-%d %H:%M"));
    let when = when.unwrap_or_else(|| super::moment_words(scene, change.seen.moment));
    let of = [("field", field.into()), ("type", change.event_type.as_str().to_owned().into()), ("when", when.into())];
    match change.turn {
        ShapeTurn::Came => scene.locale.with("shape-came", of),
        ShapeTurn::Gone => scene.locale.with("shape-gone", of),
        ShapeTurn::Became { before, now } => {
            let types = [("before", before), ("now", now)];
            let types = types.map(|(name, json_type)| (name, scene.text(type_name(json_type)).into()));
            scene.locale.with("shape-became", of.into_iter().chain(types))
        }
    }
}

fn type_name(json_type: JsonType) -> &'static str {
    match json_type {
        JsonType::Text => "shape-text",
        JsonType::Number => "shape-number",
        JsonType::Boolean => "shape-truth",
        JsonType::Null => "shape-nothing",
        JsonType::List => "shape-list",
        JsonType::Object => "shape-object",
    }
}
