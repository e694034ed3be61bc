//! What can be done with one value: copied, followed, or the whole state with it.

use egui::{Event, Key, Popup, Response, SetOpenCommand, Ui};
use serde_json::Value;

use super::Scene;
use super::parts::shortened;
use super::people::exact;
use crate::command::Action;
use crate::event::Version;
use crate::view::StreamView;

/// Opened by the other button of the mouse and, on the row that has the focus, by the menu key or Shift+F10. There,
/// Ctrl+C copies the value.
pub(super) fn value_menu(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    row: &Response,
    view: &StreamView,
    field: &str,
    value: &Value,
    set_by: Option<Version>,
) {
    if row.has_focus() && asks_for_copy(ui) {
        scene.ask(Action::Copy(exact(&view.whole_value(field, value))));
    }
    menu_at(ui, row, |ui| {
        if ui.button(scene.text("copy-value")).clicked() {
            scene.ask(Action::Copy(exact(&view.whole_value(field, value))));
        }
        if ui.button(scene.text("copy-state")).clicked() {
            scene.ask(Action::Copy(view.state_as_json().unwrap_or_default()));
        }
        if ui.button(scene.locale.with("field-open", [("field", shortened(field).into())])).clicked() {
            scene.ask(Action::OpenField(view.shown_number(), field.to_owned()));
        }
        if ui.button(scene.locale.with("why-ask-of", [("field", shortened(field).into())])).clicked() {
            scene.ask(Action::AskWhy(view.shown_number(), field.to_owned()));
        }
        if let Some(version) = set_by
            && ui.button(scene.locale.with("go-to-version", [("version", version.to_string().into())])).clicked()
        {
            scene.ask(Action::GoToVersion(version));
        }
    });
}

/// A menu that the other button of the mouse opens and, where this has the focus, the menu key, Shift+F10, or Enter or
/// Space with Shift. Answers whether a key has just asked for it.
pub(super) fn menu_at(ui: &Ui, of: &Response, contents: impl FnOnce(&mut Ui)) -> bool {
    let is_asked = of.has_focus() && asks_for_menu(ui);
    let by_key = of.id.with("by key");
    if of.secondary_clicked() || is_asked {
        ui.data_mut(|data| data.insert_temp(by_key, is_asked));
    }
    let mut popup = Popup::context_menu(of);
    if ui.data(|data| data.get_temp(by_key)).unwrap_or(false) {
        popup = popup.at_position(of.rect.left_bottom() + egui::vec2(16.0, 0.0));
    }
    if is_asked {
        popup = popup.open_memory(Some(SetOpenCommand::Bool(true)));
    }
    let is_open = popup.show(contents).is_some();
    // Who opened it by a key is where it was once it is closed.
    let was_open = of.id.with("was open by key");
    let is_by_key = ui.data(|data| data.get_temp(by_key)).unwrap_or(false);
    if ui.data_mut(|data| data.remove_temp(was_open)).unwrap_or(false) && !is_open {
        of.request_focus();
    }
    if is_open && is_by_key {
        ui.data_mut(|data| data.insert_temp(was_open, true));
    }
    is_asked
}

pub(super) fn asks_for_menu(ui: &Ui) -> bool {
    let with_shift = |input: &egui::InputState| {
        input.modifiers.shift && [Key::F10, Key::Enter, Key::Space].into_iter().any(|key| input.key_pressed(key))
    };
    ui.input(|input| input.key_pressed(Key::Menu) || with_shift(input))
}

fn asks_for_copy(ui: &Ui) -> bool {
    ui.input(|input| input.events.contains(&Event::Copy))
}
