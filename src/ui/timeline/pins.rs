use egui::{CursorIcon, Key, Rect, Role, Sense, Stroke, Ui, pos2, vec2};

use super::track::{FLAGS, Track, named};
use crate::command::Action;
use crate::ui::Scene;
use crate::view::OpenStore;

/// The flags of the pins that stand in sight: pressed they lead there, dragged they are set elsewhere.
pub(super) fn pins_ui(ui: &mut Ui, scene: &mut Scene<'_>, track: &Track<'_>, store: &OpenStore) {
    let colours = track.colours;
    let [a, b] = store.pins_here();
    let mut flags = [(0, 'A', colours.pin_a, a), (1, 'B', colours.pin_b, b)];
    // As Tab comes to them.
    flags.sort_by_key(|(_, _, _, place)| *place);
    for (pin, letter, colour, place) in flags {
        let Some((index, head)) = place.and_then(|index| Some((index, track.line.heads().get(index)?))) else {
            continue;
        };
        let x = track.x_of(index);
        if !track.outer.x_range().contains(x) {
            continue;
        }
        // A's flag flies to the left and B's to the right: two on one event are both within reach.
        let left = if pin == 0 { x - FLAGS + 1.0 } else { x - 1.0 };
        let rect = Rect::from_min_size(pos2(left, track.rect.top()), vec2(FLAGS, FLAGS));
        let response = ui.interact(rect, ui.scope_id().with(("pin", pin)), Sense::click_and_drag());
        let values = [("pin", letter.to_string().into()), ("version", head.version.to_string().into())];
        let name = scene.locale.with("pin-at", values);
        named(&response, Role::Button, &name);
        let painter = ui.painter();
        let cloth_left = if pin == 0 { x - 19.0 } else { x };
        let cloth = Rect::from_min_size(pos2(cloth_left, rect.top() + 2.0), vec2(19.0, 15.0));
        let is_lit = response.hovered() || response.has_focus() || response.dragged();
        painter.line_segment([pos2(x, cloth.top()), pos2(x, track.y() + 8.0)], Stroke::new(1.5, colour));
        painter.rect_filled(cloth, 2.0, if is_lit { colour } else { colours.raised });
        painter.rect_stroke(cloth, 2.0, Stroke::new(1.0, colour), egui::StrokeKind::Inside);
        let ink = if is_lit { colours.panel } else { colour };
        let font = egui::FontId::proportional(11.0);
        painter.text(cloth.center(), egui::Align2::CENTER_CENTER, letter, font, ink);
        if response.clicked() {
            scene.ask(Action::GoTo(index));
        }
        if response.dragged()
            && let Some(pointer) = response.interact_pointer_pos()
        {
            let to = track.index_at(pointer.x.clamp(track.rect.left(), track.rect.right()));
            if to != index {
                scene.ask(Action::MovePin(pin, to));
            }
        }
        let is_deleted = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
        if response.has_focus() && [Key::Delete, Key::Backspace].into_iter().any(is_deleted) {
            scene.ask(Action::RemovePin(pin));
        }
        response.context_menu(|ui| {
            if ui.button(scene.text("pin-go")).clicked() {
                scene.ask(Action::GoTo(index));
                ui.close();
            }
            if ui.button(scene.locale.with("pin-remove", [("pin", letter.to_string().into())])).clicked() {
                scene.ask(Action::RemovePin(pin));
                ui.close();
            }
        });
        let about = format!("{name}\n{}", scene.text("pin-about"));
        response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(about);
    }
}
