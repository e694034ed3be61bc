//! The border between two panes, which can be moved.

use egui::accesskit::{Action as Wish, ActionData};
use egui::{CursorIcon, Id, Key, Modifiers, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo};

use super::Scene;
use crate::command::Action;
use crate::theme::palette;
use crate::view::Pane;

/// On either side of the border.
const REACH: f32 = 4.0;

/// How far a key moves it.
const STEP: f32 = 16.0;

/// Where a border is and what a place of it means there.
#[derive(Clone, Copy, Debug)]
pub struct Splitter {
    pub pane: Pane,
    /// What it is called.
    pub name: &'static str,
    pub border: Rect,
    /// The size at the left or upper end, and at the other.
    pub sizes: (f32, f32),
    /// The space that these sizes lie in.
    pub space: Rect,
}

impl Splitter {
    /// Dragging resizes, and so do the arrows; a double click or Home makes it as it was at first.
    pub fn show(&self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let reach = if self.is_upright() { egui::vec2(REACH, 0.0) } else { egui::vec2(0.0, REACH) };
        let response = ui.interact(self.border.expand2(reach), self.id(), Sense::click_and_drag());
        self.say(scene, &response);
        if response.hovered() || response.dragged() {
            let icon = if self.is_upright() { CursorIcon::ResizeHorizontal } else { CursorIcon::ResizeVertical };
            ui.set_cursor_icon(icon);
        }
        let resets = || response.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Home));
        if response.double_clicked() || resets() {
            scene.ask(Action::Resize(self.pane, None));
        } else if let Some(share) = self.wanted(ui, &response) {
            let (first, last) = self.sizes;
            scene.ask(Action::Resize(self.pane, Some(first + (last - first) * share.clamp(0.0, 1.0))));
        }
    }

    /// Over what lies on both of its sides.
    pub fn paint(&self, ui: &Ui) {
        let Some(response) = ui.ctx().read_response(self.id()) else { return };
        if !(response.hovered() || response.dragged() || response.has_focus()) {
            return;
        }
        let (stroke, middle) = (Stroke::new(2.0, palette(ui).accent), self.border.center());
        if self.is_upright() {
            ui.painter().vline(middle.x, self.border.y_range(), stroke);
        } else {
            ui.painter().hline(self.border.x_range(), middle.y, stroke);
        }
    }

    fn is_upright(&self) -> bool {
        self.border.height() > self.border.width()
    }

    fn id(&self) -> Id {
        Id::unique(("splitter", self.name))
    }

    /// Of the space, so much lies before this place.
    fn share_at(&self, place: egui::Pos2) -> f32 {
        let Self { space, .. } = self;
        if self.is_upright() {
            (place.x - space.left()) / space.width().max(1.0)
        } else {
            (place.y - space.top()) / space.height().max(1.0)
        }
    }

    /// How much of the space the pane takes.
    fn percent(&self) -> f64 {
        let share = self.share_at(self.border.center());
        let share = if self.sizes.0 > self.sizes.1 { 1.0 - share } else { share };
        f64::from((share * 100.0).round())
    }

    fn say(&self, scene: &Scene<'_>, response: &Response) {
        let (name, percent) = (scene.text(self.name), self.percent());
        response
            .widget_info(|| WidgetInfo { value: Some(percent), ..WidgetInfo::labeled(Role::Splitter, true, &name) });
        response.ctx.accesskit_node_builder(response.id, |node| {
            node.set_min_numeric_value(0.0);
            node.set_max_numeric_value(100.0);
            for wish in [Wish::Increment, Wish::Decrement, Wish::SetValue] {
                node.add_action(wish);
            }
        });
    }

    /// Where it is to be: under the pointer, or as far away as keys or a screen reader say.
    fn wanted(&self, ui: &Ui, response: &Response) -> Option<f32> {
        if let (true, Some(pointer)) = (response.dragged(), response.interact_pointer_pos()) {
            return Some(self.share_at(pointer));
        }
        let here = self.share_at(self.border.center());
        let (back, on) =
            if self.is_upright() { (Key::ArrowLeft, Key::ArrowRight) } else { (Key::ArrowUp, Key::ArrowDown) };
        let grows = if self.sizes.0 > self.sizes.1 { -1.0 } else { 1.0 };
        let (mut steps, has_focus) = (0.0, response.has_focus());
        ui.input_mut(|input| {
            if has_focus {
                steps += input.count_and_consume_key(Modifiers::NONE, on) as f32;
                steps -= input.count_and_consume_key(Modifiers::NONE, back) as f32;
            }
            steps += grows * input.num_accesskit_action_requests(response.id, Wish::Increment) as f32;
            steps -= grows * input.num_accesskit_action_requests(response.id, Wish::Decrement) as f32;
        });
        let set = ui.input(|input| {
            let mut wishes = input.accesskit_action_requests(response.id, Wish::SetValue);
            wishes.find_map(|wish| match wish.data {
                Some(ActionData::NumericValue(percent)) => Some(percent as f32 / 100.0),
                _ => None,
            })
        });
        if let Some(share) = set {
            return Some(if grows < 0.0 { 1.0 - share } else { share });
        }
        let length = if self.is_upright() { self.space.width() } else { self.space.height() };
        (steps != 0.0).then_some(here + steps * STEP / length.max(1.0))
    }
}
