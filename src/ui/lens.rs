use egui::epaint::RectShape;
use egui::{Button, Rect, RichText, Role, Shape, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use super::Scene;
use crate::command::Command;
use crate::theme::{CONTROL_RADIUS, palette};
use crate::view::Lens;

/// Where in the window a part of a lens is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LensPart {
    /// What one picks from.
    Left,
    /// The answer.
    Middle,
    /// The one thing that is chosen.
    Right,
}

/// Through what the store is looked at.
pub(super) fn lens_control_ui(ui: &mut Ui, scene: &mut Scene<'_>, lens: Lens) {
    let colours = palette(ui);
    // Behind the buttons, once it is known how much room they take.
    let ground = ui.painter().add(Shape::Noop);
    let mut room = Rect::NOTHING;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for one in Lens::ALL {
            let is_chosen = one == lens;
            let name = scene.text(one.name());
            let ink = if is_chosen { colours.accent } else { colours.dim };
            let button = Button::selectable(is_chosen, RichText::new(&name).color(ink)).min_size(vec2(0.0, 26.0));
            let button = ui.add(button);
            room = room.union(button.rect);
            button.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &name));
            let command = Command::Lens(one);
            let keys = command.shortcut().map(|keys| keys.label()).unwrap_or_default();
            if button.on_hover_text(format!("{}  ·  {keys}", scene.text(command.title()))).clicked() {
                scene.run(command);
            }
        }
    });
    let edge = Stroke::new(1.0, colours.line);
    let shape = RectShape::new(room.expand(1.0), CONTROL_RADIUS, colours.background, edge, StrokeKind::Outside);
    ui.painter().set(ground, shape);
}
