use egui::{Button, Grid, Id, Key, Label, Modifiers, Response, RichText, ScrollArea, TextEdit, Ui};

use super::conflict::{Planned, both_ui, effects_ui, elsewhere_ui, field_ui, shown, since_ui};
use super::dialog::{Dialog, take_first_focus};
use super::parts::{cut_at, is_entered, link, shortened};
use super::what_if::json_field_ui;
use super::{Scene, grouped};
use crate::command::{Action, Command};
use crate::compensate::Plan;
use crate::event::{Explain, Message};
use crate::theme::palette;
use crate::view::{Draft, Writing};

/// The correction in the making. Nothing is written before its last button is pressed, and everything that would
/// change is seen before.
pub fn compensate_ui(ui: &mut Ui, scene: &mut Scene<'_>, draft: &mut Draft, writing: Writing) {
    let mut is_open = true;
    let title = scene.locale.with("compensate-title", [("version", draft.target.to_string().into())]);
    Dialog::new("compensate", &title, 592.0).show(ui, scene, &mut is_open, |ui, scene| {
        // Nothing is asked for and shown that could not be appended.
        if let Some(closed) = draft.closed() {
            draft.make_plan();
            closed_ui(ui, scene, draft, &closed.message);
            buttons_ui(ui, scene, draft, writing);
            return;
        }
        kind_ui(ui, scene, draft);
        let is_signed = signature_ui(ui, scene, draft);
        let is_signed = is_signed | ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        // Whatever has no field of its own leaves the focus where it is.
        draft.leads_to_fault = false;
        // What others recorded meanwhile is to be looked at first: there the button alone appends.
        if is_signed && can_append(draft, writing) && draft.since.is_empty() {
            scene.ask(Action::AppendDraft);
        }
        ui.add_space(8.0);
        since_ui(ui, scene, &draft.since);
        let shows_faults = draft.shows_faults();
        draft.make_plan();
        match draft.made_plan() {
            None if draft.error().is_some() => {}
            None => {
                ui.spinner();
            }
            Some(Ok(plan)) => {
                preview_ui(ui, scene, plan, draft.planned_before(), shows_faults);
                effects_ui(ui, scene, draft.effects(), shows_faults);
                draft.elsewhere().into_iter().for_each(|elsewhere| elsewhere_ui(ui, scene, elsewhere, "elsewhere"));
            }
            // What is wrong with a field stands at the field.
            Some(Err(error)) if OF_FIELDS.contains(&error.message.id) => {}
            Some(Err(error)) => {
                draft.planned_before().into_iter().for_each(|before| both_ui(ui, scene, Planned::of(before), None));
                // What forbids it may stand beside its kind already, or at the event that came first.
                let is_told = draft.refusal().is_some_and(|refusal| refusal.message == error.message);
                if !is_told && !is_told_with_event(draft, &error.message) {
                    remark(ui, &scene.sentence(&error.message), shows_faults || !draft.since.is_empty());
                }
            }
        }
        if let Some(error) = draft.error() {
            warning(ui, &scene.sentence(&error.message));
        }
        if draft.can_retry() && ui.button(scene.text("retry")).clicked() {
            scene.run(Command::Retry);
        }
        if draft.error().is_some() && !draft.has_ground() {
            kept_ui(ui, scene, draft);
        }
        ui.add_space(8.0);
        // Under a name of their own: what comes and goes above them must not take the focus from them.
        let place = egui::UiBuilder::new().scope_id(Id::unique(("buttons of a correction", draft.since.is_empty())));
        ui.scope_builder(place, |ui| buttons_ui(ui, scene, draft, writing));
    });
    if !is_open {
        scene.ask(Action::LeaveDraft);
    }
}

fn closed_ui(ui: &mut Ui, scene: &mut Scene<'_>, draft: &Draft, why: &Message) {
    warning(ui, &scene.sentence(why));
    kept_ui(ui, scene, draft);
    ui.add_space(8.0);
}

/// What was typed, where it leads to nothing here.
fn kept_ui(ui: &mut Ui, scene: &mut Scene<'_>, draft: &Draft) {
    if !draft.is_touched() {
        return;
    }
    remark(ui, &scene.text("draft-kept"), false);
    if link(ui, &scene.text("draft-copy")).clicked() {
        scene.ask(Action::Copy(draft.typed()));
    }
}

/// Faults of the plan that are told at the field that has them.
const OF_FIELDS: [&str; 3] = ["plan-payload-not-json", "plan-payload-twice", "plan-no-type"];

fn kind_ui(ui: &mut Ui, scene: &mut Scene<'_>, draft: &mut Draft) {
    let refusal = draft.refusal().map(|error| scene.sentence(&error.message));
    ui.horizontal(|ui| {
        for (is_free, name) in [(false, "compensate-natural"), (true, "compensate-free")] {
            let choice = Button::selectable(draft.is_free == is_free, scene.text(name));
            if ui.add_enabled(is_free || refusal.is_none(), choice).clicked() {
                draft.choose_kind(is_free);
            }
        }
    });
    let stands_below = draft.refusal().is_some_and(|refusal| is_told_with_event(draft, &refusal.message));
    if let Some(refusal) = refusal.filter(|_| !stands_below) {
        let text = scene.locale.with("compensate-no-natural", [("why", refusal.into())]);
        remark(ui, &text, false);
    }
    if draft.is_free {
        let fault = |id: &str, draft: &mut Draft| {
            let shows = draft.shows_faults();
            let found = draft.plan().and_then(|plan| plan.as_ref().err()).filter(|error| error.message.id == id);
            found.filter(|_| shows).map(|error| scene.sentence(&error.message))
        };
        let no_type = fault("plan-no-type", draft);
        let no_json = fault("plan-payload-not-json", draft).or_else(|| fault("plan-payload-twice", draft));
        let leads = &mut draft.leads_to_fault;
        let name = scene.text("compensate-type");
        let event_type = field(ui, &name, &mut draft.free_type, no_type.as_deref(), leads);
        let name = scene.text("compensate-payload");
        if draft.is_payload_long() {
            long_payload_ui(ui, scene, &name, draft, no_json.as_deref());
            if event_type.changed() {
                draft.has_changed_freely();
            }
            return;
        }
        let (text, leads) = (&mut draft.free_payload, &mut draft.leads_to_fault);
        let payload = payload_field(ui, scene, &name, text, no_json.as_deref(), leads);
        if std::mem::take(&mut draft.leads_to_payload) {
            payload.request_focus();
        }
        if event_type.changed() || payload.changed() {
            draft.has_changed_freely();
        }
    }
}

/// Who and why. Answers whether Enter was pressed there, which asks for the primary button.
fn signature_ui(ui: &mut Ui, scene: &mut Scene<'_>, draft: &mut Draft) -> bool {
    let missing = |text: &str, name: &str| (draft.is_tried && text.trim().is_empty()).then(|| scene.text(name));
    let (no_actor, no_reason) = (missing(&draft.actor, "actor-missing"), missing(&draft.reason, "reason-missing"));
    let leads = &mut draft.leads_to_fault;
    let actor = field(ui, &scene.text("compensate-actor"), &mut draft.actor, no_actor.as_deref(), leads);
    let reason = field(ui, &scene.text("compensate-reason"), &mut draft.reason, no_reason.as_deref(), leads);
    if actor.changed() || reason.changed() {
        draft.has_signed();
    }
    is_entered(ui, &actor) || is_entered(ui, &reason)
}

/// A named field, and below it what is wrong with it. The first that has a fault gets the focus that `leads` there.
fn field(ui: &mut Ui, name: &str, text: &mut String, fault: Option<&str>, leads: &mut bool) -> Response {
    field_of(ui, name, fault, leads, |ui, id| ui.add(TextEdit::singleline(text).id(id).desired_width(f32::INFINITY)))
}

/// The same for a payload, which scrolls inside of itself.
fn payload_field(
    ui: &mut Ui,
    scene: &Scene<'_>,
    name: &str,
    text: &mut String,
    fault: Option<&str>,
    leads: &mut bool,
) -> Response {
    field_of(ui, name, fault, leads, |ui, id| json_field_ui(ui, scene, text, Some(id), 200.0))
}

/// What is too long to be typed is recorded as it stands, unless it is typed anew.
fn long_payload_ui(ui: &mut Ui, scene: &Scene<'_>, name: &str, draft: &mut Draft, fault: Option<&str>) {
    let colours = palette(ui);
    ui.add(Label::new(RichText::new(name).size(11.5).color(colours.dim)));
    ui.add(Label::new(RichText::new(shortened(&draft.free_payload)).monospace().color(colours.dim)).wrap());
    let size = grouped(draft.free_payload.len() as u64);
    let said = scene.locale.with("compensate-payload-long", [("size", size.into())]);
    ui.add(Label::new(RichText::new(said).size(11.5).color(colours.dim)).wrap());
    if ui.add(Button::new(scene.text("payload-anew")).small()).clicked() {
        "{}".clone_into(&mut draft.free_payload);
        draft.has_changed_freely();
    }
    if let Some(fault) = fault {
        ui.add(Label::new(RichText::new(fault).size(11.5).color(colours.danger)).wrap());
    }
}

fn field_of(
    ui: &mut Ui,
    name: &str,
    fault: Option<&str>,
    leads: &mut bool,
    edit: impl FnOnce(&mut Ui, Id) -> Response,
) -> Response {
    let colours = palette(ui);
    let ink = if fault.is_some() { colours.danger } else { colours.dim };
    // Pressed with the pointer it leads to its field, as the focus does by itself.
    let label = ui.add(Label::new(RichText::new(name).size(11.5).color(ink)).sense(egui::Sense::CLICK));
    // What is said above it comes and goes, and must not take the focus from it.
    let id = Id::unique(("field of a correction", name));
    let response = edit(ui, id).labelled_by(label.id);
    take_first_focus(ui, &response);
    if label.clicked() || fault.is_some() && std::mem::take(leads) {
        response.request_focus();
    }
    if let Some(fault) = fault {
        ui.add(Label::new(RichText::new(fault).size(11.5).color(colours.danger)).wrap());
    }
    response
}

fn preview_ui(ui: &mut Ui, scene: &Scene<'_>, plan: &Plan, before: Option<&Plan>, shows_faults: bool) {
    let colours = palette(ui);
    let values =
        [("type", shortened(plan.event.event_type.as_str()).into()), ("version", plan.version.to_string().into())];
    ui.label(RichText::new(scene.locale.with("preview", values)).strong());
    if plan.changes.is_empty() {
        ui.label(RichText::new(scene.text("preview-nothing")).color(colours.dim));
    }
    match before {
        Some(before) => both_ui(ui, scene, Planned::of(before), Some(Planned::of(plan))),
        None => changes_ui(ui, scene, plan),
    }
    for breach in &plan.breaches {
        remark(ui, &scene.sentence(&breach.message()), shows_faults);
    }
}

fn changes_ui(ui: &mut Ui, scene: &Scene<'_>, plan: &Plan) {
    let colours = palette(ui);
    let width = ui.available_width() - 2.0 * 24.0;
    ScrollArea::vertical().id_salt("preview").max_height(180.0).show(ui, |ui| {
        Grid::new("preview rows").num_columns(3).spacing([24.0, 6.0]).show(ui, |ui| {
            if !plan.changes.is_empty() {
                for name in ["col-field", "preview-now", "preview-after"] {
                    ui.label(RichText::new(scene.text(name)).size(11.5).color(colours.dim));
                }
                ui.end_row();
            }
            for change in &plan.changes {
                field_ui(ui, scene, width * 0.3, &change.field);
                cut_at(ui, width * 0.35, RichText::new(shown(&change.before)).monospace().color(colours.dim));
                cut_at(ui, width * 0.35, RichText::new(shown(&change.after)).monospace().color(colours.text));
                ui.end_row();
            }
        });
    });
}

fn warning(ui: &mut Ui, sentence: &str) {
    remark(ui, sentence, true);
}

/// A warning, or something that is only said while nobody has asked for anything yet.
fn remark(ui: &mut Ui, sentence: &str, is_warning: bool) {
    let colours = palette(ui);
    let ink = if is_warning { colours.warning } else { colours.dim };
    ui.add(Label::new(RichText::new(sentence).color(ink)).wrap());
}

/// Gives the focus to what is to be decided next, once there is something to decide.
fn lead_to(ui: &Ui, draft: &mut Draft, next: &Response) {
    if draft.is_busy() {
        return;
    }
    // Whoever types goes on typing.
    draft.leads_to_buttons |= std::mem::take(&mut draft.has_news) && !ui.ctx().text_edit_focused();
    // A key that is still held down must not press what it led to.
    if draft.leads_to_buttons && ui.input(|input| input.keys_down.is_empty()) {
        draft.leads_to_buttons = false;
        // In a dialog that has just opened nothing behind the buttons is to take it from them.
        take_first_focus(ui, next);
        next.request_focus();
    }
}

/// Whether one of the events that came first says so already.
fn is_told_with_event(draft: &Draft, message: &Message) -> bool {
    draft.since.iter().any(|since| since.against.contains(message))
}

fn can_append(draft: &Draft, writing: Writing) -> bool {
    writing != Writing::Never && !draft.is_busy() && draft.has_ground() && !is_impossible(draft)
}

/// There is no such correction, whatever is typed. What is wrong with a field can be mended there, and is led to.
fn is_impossible(draft: &Draft) -> bool {
    let fault = draft.made_plan().and_then(|plan| plan.as_ref().err());
    fault.is_some_and(|error| !OF_FIELDS.contains(&error.message.id))
}

fn buttons_ui(ui: &mut Ui, scene: &mut Scene<'_>, draft: &mut Draft, writing: Writing) {
    let colours = palette(ui);
    ui.horizontal(|ui| {
        let came_first = draft.since.last().map(|since| since.event.version.to_string());
        let append = match came_first {
            Some(version) => scene.locale.with("append-behind", [("version", version.into())]),
            None => scene.text("append"),
        };
        let append = if is_impossible(draft) {
            Button::new(append)
        } else {
            Button::new(RichText::new(append).strong().color(colours.on_accent)).fill(colours.accent)
        };
        let append = ui.add_enabled(can_append(draft, writing), append);
        if append.clicked() {
            scene.ask(Action::AppendDraft);
        }
        let edit =
            (!draft.since.is_empty()).then(|| ui.add_enabled(!draft.is_busy(), Button::new(scene.text("draft-edit"))));
        if edit.as_ref().is_some_and(Response::clicked) {
            draft.edit_by_hand();
        }
        let leave = if draft.is_touched() { "compensate-discard" } else { "cancel" };
        let leave = ui.button(scene.text(leave));
        if leave.clicked() {
            scene.ask(Action::DiscardDraft);
        }
        let is_possible = matches!(draft.made_plan(), Some(Ok(_)));
        let next = [Some(append).filter(|_| is_possible), edit, Some(leave)];
        if let Some(next) = next.into_iter().flatten().find(Response::enabled) {
            lead_to(ui, draft, &next);
        }
        let about = match writing {
            Writing::On => None,
            Writing::Off if draft.closed().is_some() => None,
            Writing::Off => Some("writing-off"),
            Writing::Never => Some("writing-never"),
        };
        if let Some(about) = about {
            ui.add(Label::new(RichText::new(scene.text(about)).size(11.5).color(colours.dim)).wrap());
        }
        if draft.is_appending() {
            ui.spinner();
        }
    });
}
