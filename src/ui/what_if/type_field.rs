use egui::{
    Button, Key, Label, Modifiers, Popup, PopupCloseBehavior, Response, RichText, ScrollArea, TextEdit, Ui, vec2,
};

use crate::theme::palette;
use crate::ui::Scene;
use crate::ui::dialog::take_first_focus;
use crate::ui::icons::{Icon, icon_button};
use crate::ui::parts::{link, shortened};
use crate::view::EditDraft;

/// So many types are seen at once; the letters that are typed lead to the others.
const SHOWN: usize = 8;

/// The type of an event: typed, completed from those that are known here, or chosen from all of them.
pub(super) fn type_field_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    draft: &mut EditDraft,
    fault: Option<&str>,
    leads: &mut bool,
) -> Response {
    let colours = palette(ui);
    let name = scene.text("compensate-type");
    let ink = if fault.is_some() { colours.danger } else { colours.dim };
    let label = ui.add(Label::new(RichText::new(name).size(11.5).color(ink)).sense(egui::Sense::CLICK));
    let id = egui::Id::unique("type of an event");
    let completions: Vec<String> = draft.completions().into_iter().take(SHOWN).map(str::to_owned).collect();
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    if has_focus && !completions.is_empty() {
        take_keys(ui, draft, &completions);
    }
    let mut chosen = None;
    let response = ui
        .horizontal(|ui| {
            let room = if draft.types.is_empty() { 0.0 } else { 34.0 };
            let edit =
                TextEdit::singleline(&mut draft.event_type).id(id).desired_width(ui.available_width() - room - 8.0);
            let response = ui.add(edit).labelled_by(label.id);
            if !draft.types.is_empty() {
                let all = icon_button(ui, Icon::Down, &scene.text("branch-types"));
                Popup::menu(&all).show(|ui| {
                    ScrollArea::vertical().max_height(260.0).show(ui, |ui| {
                        for known in &draft.types {
                            if ui.button(shortened(known)).clicked() {
                                chosen = Some(known.clone());
                            }
                        }
                    });
                });
            }
            response
        })
        .inner;
    take_first_focus(ui, &response);
    if label.clicked() || fault.is_some() && std::mem::take(leads) {
        response.request_focus();
    }
    if response.changed() {
        (draft.offers_types, draft.marked_type) = (!draft.event_type.trim().is_empty(), None);
    }
    // A click takes the focus away before it is known where it went.
    let is_open = draft.offers_types && (response.has_focus() || response.lost_focus()) && !completions.is_empty();
    let popup = Popup::from_response(&response).open(is_open).close_behavior(PopupCloseBehavior::IgnoreClicks);
    popup.width(response.rect.width()).accessible_name(scene.text("branch-types")).show(|ui| {
        for (place, known) in completions.iter().enumerate() {
            let is_marked = draft.marked_type == Some(place);
            let line = Button::selectable(is_marked, shortened(known)).truncate();
            if ui.add(line.min_size(vec2(response.rect.width() - 12.0, 0.0))).clicked() {
                chosen = Some(known.clone());
            }
        }
    });
    near_ui(ui, scene, draft, is_open, &mut chosen);
    if let Some(chosen) = chosen {
        draft.take_type(chosen);
        response.request_focus();
    }
    if let Some(fault) = fault {
        ui.add(Label::new(RichText::new(fault).size(11.5).color(colours.danger)).wrap());
    }
    response
}

/// The arrows mark one of those that are offered, and Enter or Tab takes it.
fn take_keys(ui: &Ui, draft: &mut EditDraft, completions: &[String]) {
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(Key::ArrowDown) {
        draft.offers_types = true;
        draft.marked_type = Some(draft.marked_type.map_or(0, |at| (at + 1).min(completions.len() - 1)));
    }
    if pressed(Key::ArrowUp) {
        draft.marked_type = draft.marked_type.and_then(|at| at.checked_sub(1));
    }
    let marked = draft.marked_type.filter(|_| draft.offers_types).and_then(|at| completions.get(at));
    if let Some(marked) = marked
        && (pressed(Key::Enter) || pressed(Key::Tab))
    {
        draft.take_type(marked.clone());
    }
}

/// A type that is not known here is allowed, but said, with what was probably meant.
fn near_ui(ui: &mut Ui, scene: &Scene<'_>, draft: &EditDraft, is_open: bool, chosen: &mut Option<String>) {
    let Some(near) = draft.near_types().filter(|_| !is_open) else { return };
    let colours = palette(ui);
    ui.horizontal_wrapped(|ui| {
        let name = if near.is_empty() { "branch-type-unknown" } else { "branch-type-near" };
        ui.label(RichText::new(scene.text(name)).size(11.5).color(colours.warning));
        for name in near {
            if link(ui, &shortened(name)).clicked() {
                *chosen = Some(name.to_owned());
            }
        }
    });
}
