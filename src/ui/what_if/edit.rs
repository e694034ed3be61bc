use egui::{Button, Key, Label, Modifiers, Response, RichText, TextEdit, Ui};

use super::BranchWish;
use super::payload::payload_ui;
use super::type_field::type_field_ui;
use crate::theme::palette;
use crate::ui::Scene;
use crate::ui::dialog::{Dialog, take_first_focus};
use crate::ui::parts::{caption, is_entered, shortened};
use crate::view::{EditDraft, EditFault, EditKind};

/// An edit of the branch: the payload of an event, an event that is inserted, or where one is to stand. What is wrong with
/// it stands at its field.
pub fn branch_edit_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    draft: &mut EditDraft,
    fault: Option<&EditFault>,
    is_open: &mut bool,
) {
    let name = match draft.kind {
        EditKind::Change => "branch-dialog-change",
        EditKind::Insert => "branch-dialog-insert",
        EditKind::Move => "branch-dialog-move",
    };
    let version = draft.event.as_ref().map_or_else(String::new, |event| event.version.to_string());
    let title = scene.locale.with(name, [("version", version.into())]);
    Dialog::new("branch edit", &title, 560.0).show(ui, scene, is_open, |ui, scene| {
        // Where Enter ends a line, this is what the button does.
        let mut is_done = ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        let mut leads = std::mem::take(&mut draft.leads_to_fault);
        if draft.kind == EditKind::Insert {
            let fault = said(scene, draft, fault, |fault| match fault {
                EditFault::Type(message) => Some(message),
                _ => None,
            });
            let field = type_field_ui(ui, scene, draft, fault.as_deref(), &mut leads);
            is_done |= is_entered(ui, &field);
        } else {
            caption(ui, &shortened(&draft.event_type));
        }
        if draft.kind != EditKind::Move {
            ui.add_space(4.0);
            // A payload is judged as it is typed: it begins sound. Only a field without a name is still to get one.
            let fault = match fault {
                Some(EditFault::Payload(fault)) if draft.is_tried || fault.message.id != "payload-no-name" => {
                    Some(fault)
                }
                _ => None,
            };
            payload_ui(ui, scene, &mut draft.payload, fault, &mut leads);
        }
        if draft.kind != EditKind::Change {
            let fault = said(scene, draft, fault, |fault| match fault {
                EditFault::After(message) => Some(message),
                _ => None,
            });
            let name = scene.text("branch-stands-after");
            let field = field(ui, &name, &mut draft.after, fault.as_deref(), &mut leads);
            is_done |= is_entered(ui, &field);
        }
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            let colours = palette(ui);
            let text = RichText::new(scene.text("branch-done")).strong().color(colours.on_accent);
            is_done |= ui.add(Button::new(text).fill(colours.warning)).clicked();
            if ui.button(scene.text("cancel")).clicked() {
                scene.ask(crate::command::Action::CloseDialog);
            }
            ui.add(Label::new(RichText::new(scene.text("branch-never-written")).size(11.5).color(colours.dim)).wrap());
        });
        if is_done {
            scene.wish(BranchWish::Done);
        }
    });
}

/// What is wrong with a field, once it is known to be meant so.
fn said(
    scene: &Scene<'_>,
    draft: &EditDraft,
    fault: Option<&EditFault>,
    of_field: impl Fn(&EditFault) -> Option<&crate::event::Message>,
) -> Option<String> {
    fault.filter(|_| draft.is_tried).and_then(of_field).map(|message| scene.sentence(message))
}

/// The first that has a fault gets the focus that `leads` there.
fn field(ui: &mut Ui, name: &str, text: &mut String, fault: Option<&str>, leads: &mut bool) -> Response {
    let colours = palette(ui);
    let ink = if fault.is_some() { colours.danger } else { colours.dim };
    let label = ui.add(Label::new(RichText::new(name).size(11.5).color(ink)).sense(egui::Sense::CLICK));
    // What is said above it comes and goes, and must not take the focus from it.
    let id = egui::Id::unique(("field of an edit", name));
    let response = ui.add(TextEdit::singleline(text).id(id).desired_width(f32::INFINITY)).labelled_by(label.id);
    take_first_focus(ui, &response);
    if label.clicked() || fault.is_some() && std::mem::take(leads) {
        response.request_focus();
    }
    if let Some(fault) = fault {
        ui.add(Label::new(RichText::new(fault).size(11.5).color(colours.danger)).wrap());
    }
    response
}
