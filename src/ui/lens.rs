use egui::{Button, Frame, Margin, RichText, Role, Ui, WidgetInfo, vec2};

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
    let frame = Frame::new().fill(colours.background).stroke((1.0, colours.line)).corner_radius(CONTROL_RADIUS);
    frame.inner_margin(Margin::same(1)).show(ui, |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for one in Lens::ALL {
            let is_chosen = one == lens;
            let name = scene.text(one.name());
            let ink = if is_chosen { colours.accent } else { colours.dim };
            let button = Button::selectable(is_chosen, RichText::new(&name).color(ink)).min_size(vec2(0.0, 26.0));
            let button = ui.add(button);
            button.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &name));
            let command = Command::Lens(one);
            let keys = command.shortcut().map(|keys| keys.label()).unwrap_or_default();
            if button.on_hover_text(format!("{}  ·  {keys}", scene.text(command.title()))).clicked() {
                scene.run(command);
            }
        }
    });
}
