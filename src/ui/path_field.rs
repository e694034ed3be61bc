use egui::{Response, RichText, TextEdit, Ui};

use super::Scene;
use super::ends::ends_ui;
use super::parts::named_field;
use crate::command::Action;
use crate::theme::palette;
use crate::view::FileFor;

/// Where the path of a file is typed or chosen: its name above it, and the button behind it, in all the width that there is.
pub(super) struct PathField {
    /// Tells it from others in the same dialog.
    pub(super) id: &'static str,
    /// Under which names it and its button stand in the language files.
    pub(super) name: &'static str,
    pub(super) choose: &'static str,
    pub(super) hint: &'static str,
    pub(super) file_for: FileFor,
}

impl PathField {
    pub(super) fn show(self, ui: &mut Ui, scene: &mut Scene<'_>, text: &mut String) -> Option<Response> {
        let Self { id, name, choose, hint, file_for } = self;
        let name = scene.text(name);
        ui.label(RichText::new(&name).size(11.5).color(palette(ui).dim));
        let mut field = None;
        let type_ui = |ui: &mut Ui, _: &mut Scene<'_>| {
            let edit = TextEdit::singleline(text).hint_text(hint).desired_width(f32::INFINITY);
            field = Some(named_field(ui, edit, &name));
        };
        let choose_ui = |ui: &mut Ui, scene: &mut Scene<'_>| {
            if ui.button(scene.text(choose)).clicked() {
                scene.ask(Action::ChooseFile(file_for));
            }
        };
        ui.horizontal(|ui| ends_ui(ui, scene, id, type_ui, choose_ui));
        field
    }
}
