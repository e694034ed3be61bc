use egui::{Button, Label, RichText, ScrollArea, Ui};

use super::Scene;
use super::dialog::Dialog;
use crate::command::Action;
use crate::store::{Address, Source};

/// A server holds several streams, and the address names none: one of them is chosen.
pub fn stream_of_server_ui(ui: &mut Ui, scene: &mut Scene<'_>, address: &Address, streams: &[String]) {
    let mut is_open = true;
    let title = scene.text("server-stream-title");
    Dialog::new("server-stream", &title, 460.0).show(ui, scene, &mut is_open, |ui, scene| {
        ui.add(Label::new(scene.text("server-stream-about")).wrap());
        ui.add_space(8.0);
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for stream in streams {
                let button = Button::new(RichText::new(stream)).min_size(egui::vec2(ui.available_width(), 28.0));
                if ui.add(button).clicked() {
                    scene.ask(Action::CloseDialog);
                    scene.ask(Action::Open(Source::Server(address.with_stream(stream))));
                }
            }
        });
        ui.add_space(8.0);
        if ui.button(scene.text("cancel")).clicked() {
            scene.ask(Action::CloseDialog);
        }
    });
    if !is_open {
        scene.ask(Action::CloseDialog);
    }
}
