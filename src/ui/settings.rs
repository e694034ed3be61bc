use egui::{Grid, RichText, TextEdit, Ui};

use super::dialog::Dialog;
use super::memory::{MIB, least_ui, size_words};
use super::parts::named_field;
use super::{Scene, Zone};
use crate::command::{Action, Command};
use crate::index::Memory;
use crate::locale::Language;
use crate::theme::palette;

/// What can be set. Everything acts at once, and is kept.
#[derive(Debug)]
pub struct Choices<'a> {
    pub is_light: bool,
    pub language: Language,
    pub is_by_time: bool,
    pub actor: &'a mut String,
    pub memory_mib: &'a mut u64,
    /// What is kept of the open store.
    pub memory: Option<&'a Memory>,
    pub has_recent: bool,
}

pub fn settings_ui(ui: &mut Ui, scene: &mut Scene<'_>, choices: &mut Choices<'_>, is_open: &mut bool) {
    let dim = palette(ui).dim;
    let title = scene.text("settings");
    Dialog::new("settings", &title, 440.0).show(ui, scene, is_open, |ui, scene| {
        Grid::new("settings").num_columns(2).spacing([24.0, 10.0]).show(ui, |ui| {
            ui.label(RichText::new(scene.text("settings-theme")).color(dim));
            let themes = [(false, scene.text("dark")), (true, scene.text("light"))];
            if pick(ui, &themes, choices.is_light) {
                scene.run(Command::ToggleTheme);
            }
            ui.end_row();
            ui.label(RichText::new(scene.text("settings-language")).color(dim));
            let languages = [(Language::English, "English".to_owned()), (Language::Korean, "한국어".to_owned())];
            if pick(ui, &languages, choices.language) {
                scene.run(Command::ToggleLanguage);
            }
            ui.end_row();
            ui.label(RichText::new(scene.text("settings-zone")).color(dim));
            let zones = [(Zone::Utc, "UTC".to_owned()), (Zone::Local, scene.text("settings-local"))];
            if pick(ui, &zones, scene.zone) {
                scene.run(Command::ToggleZone);
            }
            ui.end_row();
            ui.label(RichText::new(scene.text("settings-timeline")).color(dim));
            let ways = [(false, scene.text("by-version")), (true, scene.text("by-time"))];
            if pick(ui, &ways, choices.is_by_time) {
                scene.ask(Action::ByTime(!choices.is_by_time));
            }
            ui.end_row();
            ui.label(RichText::new(scene.text("compensate-actor")).color(dim));
            let name = scene.text("settings-actor");
            named_field(ui, TextEdit::singleline(choices.actor).hint_text(&name).desired_width(220.0), &name);
            ui.end_row();
            let about = scene.text("settings-memory-about");
            ui.label(RichText::new(scene.text("settings-memory")).color(dim)).on_hover_text(&about);
            pick_memory(ui, choices.memory_mib, &about);
            ui.end_row();
        });
        if let Some(memory) = choices.memory {
            least_ui(ui, scene, memory, *choices.memory_mib);
        }
        ui.add_space(10.0);
        if ui.add_enabled(choices.has_recent, egui::Button::new(scene.text("settings-forget"))).clicked() {
            scene.ask(Action::ForgetRecent);
        }
        ui.label(RichText::new(scene.text("settings-kept")).size(11.5).color(dim));
    });
}

/// In MiB.
const MEMORY: [u64; 5] = [256, 512, 1024, 2048, 4096];

/// One of some round sizes; another one, that stands in the file, is offered as well.
fn pick_memory(ui: &mut Ui, mebibytes: &mut u64, about: &str) {
    let mut offered = MEMORY.to_vec();
    if !offered.contains(mebibytes) {
        offered.push(*mebibytes);
        offered.sort_unstable();
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        for size in offered {
            let name = size_words(size.saturating_mul(MIB));
            ui.selectable_value(mebibytes, size, name).on_hover_text(about);
        }
    });
}

/// One of two. Answers whether the other one was chosen.
fn pick<T: PartialEq + Copy>(ui: &mut Ui, offered: &[(T, String)], now: T) -> bool {
    let mut is_changed = false;
    ui.horizontal(|ui| {
        for (value, name) in offered {
            is_changed |= ui.selectable_label(*value == now, name).clicked() && *value != now;
        }
    });
    is_changed
}
