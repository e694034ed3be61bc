use egui::{Button, Key, Modifiers, Popup, PopupCloseBehavior, Role, TextEdit, Ui, WidgetInfo, vec2};

use super::parts::shortened;
use super::streams::in_order;
use crate::event::StreamId;
use crate::view::{Labels, StreamChoice};

/// What became of a field in which a stream is chosen.
pub(super) enum Picked {
    /// Enter was pressed: what is marked or typed is meant.
    Entered,
    Chosen(StreamId),
}

/// A stream to be chosen: typed, with those that the letters may mean below.
pub(super) fn stream_field_ui(
    ui: &mut Ui,
    choice: &mut StreamChoice,
    labels: &Labels,
    name: &str,
    width: f32,
) -> Option<Picked> {
    let id = ui.make_persistent_id(("stream field", name));
    let is_typing = ui.memory(|memory| memory.has_focus(id));
    if is_typing && !choice.offered().is_empty() {
        for (key, is_next) in [(Key::ArrowDown, true), (Key::ArrowUp, false)] {
            if ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
                choice.mark(is_next);
            }
        }
    }
    let edit = TextEdit::singleline(&mut choice.text).id(id).hint_text(name).desired_width(width);
    let field = ui.add(edit);
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, name));
    if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        return Some(Picked::Entered);
    }
    let offered = choice.offered();
    let mut chosen = None;
    // A click takes the focus away before it is known where it went.
    let is_open = (field.has_focus() || field.lost_focus()) && !offered.is_empty();
    let popup = Popup::from_response(&field).open(is_open).close_behavior(PopupCloseBehavior::IgnoreClicks);
    popup.width(width.max(220.0)).accessible_name(name).show(|ui| {
        for (place, stream) in offered.iter().enumerate() {
            let (first, second) = in_order(stream.as_str(), labels.of(stream));
            let text = match second {
                Some(second) => format!("{}  {}", shortened(first), shortened(second)),
                None => shortened(first).into_owned(),
            };
            let is_marked = choice.marked == Some(place);
            let line = Button::selectable(is_marked, text).truncate().min_size(vec2(width.max(220.0), 0.0));
            if ui.add(line).clicked() {
                chosen = Some(Picked::Chosen(stream.clone()));
            }
        }
    });
    chosen
}
