//! The border between two panes, which can be dragged.

use egui::{CursorIcon, Rect, Role, Sense, Stroke, Ui, WidgetInfo};

use super::Scene;
use crate::command::Action;
use crate::theme::palette;
use crate::view::Pane;

/// On either side of the border.
const REACH: f32 = 4.0;

/// Where a border is and what a place of the pointer means there.
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

/// Dragging resizes, a double click makes it as it was at first.
pub fn splitter_ui(ui: &mut Ui, scene: &mut Scene<'_>, splitter: &Splitter) {
    let Splitter { pane, name, border, sizes, space } = *splitter;
    let is_upright = border.height() > border.width();
    let reach = if is_upright { egui::vec2(REACH, 0.0) } else { egui::vec2(0.0, REACH) };
    let id = egui::Id::unique(("splitter", name));
    // No stop for Tab: whoever has no mouse folds panes by their commands.
    let response = ui.interact(border.expand2(reach), id, Sense::DRAG | Sense::CLICK);
    let name = scene.text(name);
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, &name));
    if response.hovered() || response.dragged() {
        ui.set_cursor_icon(if is_upright { CursorIcon::ResizeHorizontal } else { CursorIcon::ResizeVertical });
        let stroke = Stroke::new(2.0, palette(ui).accent);
        let middle = border.center();
        if is_upright {
            ui.painter().vline(middle.x, border.y_range(), stroke);
        } else {
            ui.painter().hline(border.x_range(), middle.y, stroke);
        }
    }
    if response.double_clicked() {
        scene.ask(Action::Resize(pane, None));
    } else if let (true, Some(pointer)) = (response.dragged(), response.interact_pointer_pos()) {
        let share = if is_upright {
            (pointer.x - space.left()) / space.width().max(1.0)
        } else {
            (pointer.y - space.top()) / space.height().max(1.0)
        };
        let size = sizes.0 + (sizes.1 - sizes.0) * share.clamp(0.0, 1.0);
        scene.ask(Action::Resize(pane, Some(size)));
    }
}
