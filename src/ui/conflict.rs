//! What others recorded while a correction was being written, and what becomes of it there.

use egui::{Grid, Label, RichText, ScrollArea, Ui};

use super::Scene;
use super::parts::{LONGEST_DRAWN, caption, cut, cut_at, link, shortened};
use super::state::caption_ui;
use crate::command::Action;
use crate::compensate::{Plan, Since};
use crate::engine::{Elsewhere, LedElsewhere};
use crate::event::{Explain, Message, Version};
use crate::replay::Change;
use crate::theme::palette;
use crate::view::Effect;

/// More events than these are not laid out; the history shows them all.
const EVENTS_SHOWN: usize = 100;

/// What came first, each event with what it changed. What concerns the correction is marked.
pub(super) fn since_ui(ui: &mut Ui, scene: &Scene<'_>, since: &[Since]) {
    if since.is_empty() {
        return;
    }
    let colours = palette(ui);
    egui::Frame::new().fill(colours.warning_soft).corner_radius(6).inner_margin(10).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.add(Label::new(RichText::new(scene.text("conflict")).color(colours.warning)).wrap());
        ScrollArea::vertical().id_salt("since").max_height(150.0).show(ui, |ui| {
            ui.set_width(ui.available_width());
            let mut told: Vec<&Message> = Vec::new();
            for since in since.iter().take(EVENTS_SHOWN) {
                event_ui(ui, scene, since, &told);
                told.extend(&since.against);
            }
            let more = since.len().saturating_sub(EVENTS_SHOWN);
            if more > 0 {
                let text = scene.locale.with("conflict-more", [("count", more.into())]);
                ui.label(RichText::new(text).color(colours.dim));
            }
        });
    });
    ui.add_space(8.0);
}

/// What stands against the correction is said once, at the first event from which on it does.
fn event_ui(ui: &mut Ui, scene: &Scene<'_>, since: &Since, told: &[&Message]) {
    let colours = palette(ui);
    let Since { event, changes, more, shared, against } = since;
    let small = |text: String| RichText::new(text).size(11.5);
    let when = event.recorded_at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
    let who = event.metadata().actor.unwrap_or_default();
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("v{}", event.version)).monospace().color(colours.dim));
        ui.label(RichText::new(shortened(event.event_type.as_str())).monospace());
        if !who.is_empty() {
            ui.label(small(shortened(&who).into_owned()));
        }
        ui.label(small(when).color(colours.dim));
        if !shared.is_empty() {
            ui.label(small(scene.text("same-fields")).strong().color(colours.warning));
        }
    });
    ui.indent(event.version.0, |ui| {
        Grid::new(("since", event.version.0)).num_columns(2).spacing([16.0, 2.0]).show(ui, |ui| {
            for Change { field, before, after } in changes {
                let is_shared = shared.contains(field);
                let ink = if is_shared { colours.warning } else { colours.accent };
                ui.label(RichText::new(shortened(field)).color(ink));
                ui.add(Label::new(RichText::new(from_to(before, after)).monospace()).wrap());
                ui.end_row();
            }
        });
        if *more > 0 {
            ui.label(small(scene.locale.with("conflict-more-fields", [("count", (*more).into())])).color(colours.dim));
        }
        if changes.is_empty() {
            ui.label(small(scene.text("preview-nothing")).color(colours.dim));
        }
        for message in against.iter().filter(|message| !told.contains(message)) {
            let values = [("why", scene.clause(message).into())];
            ui.add(Label::new(small(scene.locale.with("conflict-against", values)).color(colours.warning)).wrap());
        }
    });
}

/// What is to be changed, and as which version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned<'p> {
    pub(super) changes: &'p [Change],
    pub(super) version: Version,
}

impl<'p> Planned<'p> {
    pub(super) fn of(plan: &'p Plan) -> Self {
        Self { changes: &plan.changes, version: plan.version }
    }
}

/// The plan as it was before others came first, beside what it is now. Where they differ, that is lit.
pub(super) fn both_ui(ui: &mut Ui, scene: &Scene<'_>, before: Planned<'_>, now: Option<Planned<'_>>) {
    let colours = palette(ui);
    let mut fields: Vec<&str> = before.changes.iter().map(|change| change.field.as_str()).collect();
    let new = now.into_iter().flat_map(|now| now.changes).map(|change| change.field.as_str());
    for field in new {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    let of = |plan: Planned<'_>, field: &str| {
        let found = plan.changes.iter().find(|change| change.field == field);
        found.map_or_else(|| "—".to_owned(), |change| from_to(&change.before, &change.after))
    };
    ScrollArea::both().id_salt("both previews").max_height(180.0).show(ui, |ui| {
        Grid::new("both previews").num_columns(3).spacing([24.0, 6.0]).show(ui, |ui| {
            let version = |plan: Planned<'_>| [("version", plan.version.to_string().into())];
            caption(ui, &scene.text("col-field"));
            caption(ui, &scene.locale.with("preview-before", version(before)));
            match now {
                Some(now) => caption(ui, &scene.locale.with("preview-anew", version(now))),
                None => caption(ui, &scene.text("preview-not-anew")),
            }
            ui.end_row();
            for field in fields {
                let (was, is) = (of(before, field), now.map_or_else(|| "—".to_owned(), |now| of(now, field)));
                let ink = if was == is { colours.text } else { colours.warning };
                ui.horizontal(|ui| {
                    ui.label(RichText::new(shortened(field)).color(colours.accent));
                    caption_ui(ui, scene, field);
                });
                ui.label(RichText::new(was).monospace().color(colours.dim));
                ui.label(RichText::new(is).monospace().color(ink));
                ui.end_row();
            }
        });
    });
}

/// What else the event changes: each other projection of the stream, with its fields.
pub(super) fn effects_ui(ui: &mut Ui, scene: &Scene<'_>, effects: &[Effect], shows_faults: bool) {
    if effects.is_empty() {
        return;
    }
    let colours = palette(ui);
    ui.add_space(6.0);
    caption(ui, &scene.text("effects"));
    let width = ui.available_width() - 3.0 * 24.0;
    ScrollArea::vertical().id_salt("effects").max_height(120.0).show(ui, |ui| {
        Grid::new("effects rows").num_columns(4).spacing([24.0, 4.0]).show(ui, |ui| {
            for Effect { projection, changes, .. } in effects {
                for (nth, Change { field, before, after }) in changes.iter().enumerate() {
                    let name = if nth == 0 { scene.projection(projection) } else { String::new() };
                    cut_at(ui, width * 0.2, RichText::new(name).color(colours.dim));
                    field_ui(ui, scene, width * 0.3, field);
                    cut_at(ui, width * 0.5, RichText::new(from_to(before, after)).monospace());
                    ui.end_row();
                }
            }
        });
        for problem in effects.iter().flat_map(|effect| &effect.problems) {
            let ink = if shows_faults { colours.warning } else { colours.dim };
            ui.add(Label::new(RichText::new(scene.sentence(&problem.message())).color(ink)).wrap());
        }
    });
}

/// What other streams went on to from what is withdrawn: a correction here leaves that as it is.
pub(super) fn elsewhere_ui(ui: &mut Ui, scene: &mut Scene<'_>, led: &LedElsewhere, caption: &str) {
    let colours = palette(ui);
    if led.events.is_empty() {
        return;
    }
    ui.add_space(6.0);
    ui.add(Label::new(RichText::new(scene.text(caption)).size(11.5).color(colours.warning)).wrap());
    ScrollArea::vertical().id_salt("elsewhere").max_height(100.0).show(ui, |ui| {
        ui.set_width(ui.available_width());
        for event in led.events.iter().take(EVENTS_SHOWN) {
            let Elsewhere { stream, version, event_type, recorded_at, actor } = event;
            ui.horizontal_wrapped(|ui| {
                let place = format!("{} v{version}", shortened(stream.as_str()));
                if link(ui, &place).clicked() {
                    scene.ask(Action::GoToPlace(stream.clone(), *version));
                }
                ui.label(RichText::new(shortened(event_type.as_str())).monospace());
                let when = recorded_at.map(|at| scene.zone.long(at));
                for aside in [actor.as_deref().map(|actor| shortened(actor).into_owned()), when].into_iter().flatten() {
                    ui.label(RichText::new(aside).size(11.5).color(colours.dim));
                }
            });
        }
        let more = led.events.len().saturating_sub(EVENTS_SHOWN);
        if more > 0 {
            let text = scene.locale.with("conflict-more", [("count", more.into())]);
            ui.label(RichText::new(text).color(colours.dim));
        }
        if led.is_part {
            ui.label(RichText::new(scene.text("elsewhere-part")).size(11.5).color(colours.dim));
        }
    });
}

/// A field that is changed, and what people call it, within this width.
pub(super) fn field_ui(ui: &mut Ui, scene: &Scene<'_>, width: f32, field: &str) {
    ui.horizontal(|ui| {
        ui.set_max_width(width);
        cut(ui, RichText::new(shortened(field)).color(palette(ui).accent));
        caption_ui(ui, scene, field);
    });
}

fn from_to(before: &serde_json::Value, after: &serde_json::Value) -> String {
    format!("{} → {}", shown(before), shown(after))
}

/// A value in a row of few letters.
pub(super) fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "—".to_owned(),
        serde_json::Value::String(text) => shortened(text).into_owned(),
        other => shortened(&crate::view::beginning(other, LONGEST_DRAWN)).into_owned(),
    }
}
