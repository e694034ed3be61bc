use egui::{Align, Button, Layout, RichText, TextEdit, Ui, vec2};

use super::Scene;
use super::dialog::{Dialog, take_first_focus};
use super::parts::{caption, card, link, progress_ui};
use crate::command::{Action, Command};
use crate::engine::Progress;
use crate::store::Source;
use crate::theme::palette;

/// Nothing is open: what can be opened, and one click to something worth looking at.
pub fn welcome_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    typed_path: &mut String,
    recent: &[String],
    progress: Option<&Progress>,
) {
    let colours = palette(ui);
    let width = 480.0_f32.min(ui.available_width() - 32.0);
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.16).max(24.0));
        ui.label(RichText::new(scene.text("app-name")).heading().size(28.0));
        ui.label(RichText::new(scene.text("tagline")).color(colours.dim));
        ui.add_space(24.0);
        ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.set_width(width);
            card(ui, |ui| {
                egui::Frame::new().inner_margin(20).show(ui, |ui| {
                    sample_ui(ui, scene, progress);
                    ui.add_space(20.0);
                    open_ui(ui, scene, typed_path);
                    if !recent.is_empty() {
                        ui.add_space(20.0);
                        caption(ui, &scene.text("welcome-recent"));
                        for name in recent {
                            if link(ui, name).clicked() {
                                scene.ask(Action::Open(Source::parse(name)));
                            }
                        }
                    }
                });
            });
        });
    });
}

/// The same field, while a store is open.
pub fn open_dialog_ui(ui: &mut Ui, scene: &mut Scene<'_>, typed_path: &mut String, is_open: &mut bool) {
    let title = scene.text("open-address");
    let actions = scene.actions.len();
    Dialog::new("open", &title, 520.0).show(ui, scene, is_open, |ui, scene| open_ui(ui, scene, typed_path));
    if scene.actions.len() > actions {
        *is_open = false;
    }
}

fn sample_ui(ui: &mut Ui, scene: &mut Scene<'_>, progress: Option<&Progress>) {
    let colours = palette(ui);
    ui.horizontal(|ui| {
        let text = RichText::new(scene.text("explore-sample")).color(colours.on_accent).strong();
        let button = Button::new(text).fill(colours.accent).min_size(vec2(0.0, 32.0));
        if ui.add_enabled(progress.is_none(), button).clicked() {
            scene.run(Command::ExploreSample);
        }
        if progress.is_some_and(|progress| progress_ui(ui, scene, progress)) {
            scene.ask(Action::CancelLoading);
        }
    });
    ui.label(RichText::new(scene.text("welcome-sample-about")).color(colours.dim));
}

fn open_ui(ui: &mut Ui, scene: &mut Scene<'_>, typed_path: &mut String) {
    let name = caption_of(ui, &scene.text("welcome-path"));
    ui.horizontal(|ui| {
        let hint = scene.text("welcome-path-hint");
        let field = ui.add(TextEdit::singleline(typed_path).hint_text(hint).desired_width(ui.available_width() - 90.0));
        let field = field.labelled_by(name);
        take_first_focus(ui, &field);
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let is_clicked = ui.button(scene.text("welcome-go")).clicked();
        if (is_entered || is_clicked) && !typed_path.trim().is_empty() {
            scene.ask(Action::Open(Source::parse(typed_path.trim())));
        }
    });
    ui.horizontal(|ui| {
        if ui.button(scene.text("open-file")).clicked() {
            scene.run(Command::OpenFile);
        }
        let dim = palette(ui).dim;
        ui.label(RichText::new(scene.text("welcome-drop")).color(dim));
    });
}

/// A caption that names the field below it for whoever cannot see the two together.
fn caption_of(ui: &mut Ui, text: &str) -> egui::Id {
    let dim = palette(ui).dim;
    ui.label(RichText::new(text).size(11.5).color(dim)).id
}
