use egui::{Button, Label, RichText, Ui};

use super::Scene;
use super::dialog::{Dialog, take_first_focus};
use crate::command::Action;
use crate::theme::palette;

/// What switching writing on means, for whoever is about to.
pub fn writing_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &str, is_open: &mut bool) {
    let title = scene.text("writing-title");
    let mut leaves = false;
    Dialog::new("writing", &title, 460.0).show(ui, scene, is_open, |ui, scene| {
        let colours = palette(ui);
        let [about, lasts] =
            ["writing-about", "writing-lasts"].map(|id| scene.locale.with(id, [("store", store.to_owned().into())]));
        ui.add(Label::new(about).wrap());
        ui.add_space(4.0);
        ui.add(Label::new(RichText::new(lasts).color(colours.dim)).wrap());
        ui.add_space(10.0);
        ui.horizontal(|ui| {
            let text = RichText::new(scene.text("writing-allow")).strong().color(colours.on_accent);
            if ui.add(Button::new(text).fill(colours.accent)).clicked() {
                scene.ask(Action::AllowWriting);
            }
            let leave = ui.button(scene.text("writing-leave"));
            take_first_focus(ui, &leave);
            leaves = leave.clicked();
        });
    });
    *is_open &= !leaves;
}
