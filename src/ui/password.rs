use egui::{Button, Label, RichText, TextEdit, Ui};

use super::Scene;
use super::dialog::Dialog;
use super::parts::{caption, named_field};
use crate::command::Action;
use crate::event::Message;
use crate::theme::palette;

/// A server wants to know who asks. What is typed is used for this one connection, and kept nowhere.
pub fn password_ui(ui: &mut Ui, scene: &mut Scene<'_>, message: &Message, typed: &mut String) {
    let mut is_open = true;
    let title = scene.text("password-title");
    Dialog::new("password", &title, 460.0).show(ui, scene, &mut is_open, |ui, scene| {
        let colours = palette(ui);
        ui.add(Label::new(scene.sentence(message)).wrap());
        ui.add_space(8.0);
        let name = scene.text("password");
        caption(ui, &name);
        let field = TextEdit::singleline(typed).password(true).desired_width(f32::INFINITY);
        let field = named_field(ui, field, &name);
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        ui.label(RichText::new(scene.text("password-about")).size(11.5).color(colours.dim));
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            let text = RichText::new(scene.text("connect")).strong().color(colours.on_accent);
            let is_clicked = ui.add_enabled(!typed.is_empty(), Button::new(text).fill(colours.accent)).clicked();
            if (is_clicked || is_entered) && !typed.is_empty() {
                scene.ask(Action::Connect);
            }
            if ui.button(scene.text("cancel")).clicked() {
                scene.ask(Action::CloseDialog);
            }
        });
    });
    if !is_open {
        scene.ask(Action::CloseDialog);
    }
}
