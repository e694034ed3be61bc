use egui::{Align, Button, Layout, RichText, Ui};

use super::icons::{Icon, icon};
use super::{Scene, grouped};
use crate::command::{Action, Command};
use crate::session::OpenStore;
use crate::store::Source;
use crate::theme::palette;

/// The bar on top: which store this is and how it is open; zone, language and theme.
pub fn top_bar_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: Option<&OpenStore>, recent: &[String]) {
    let colours = palette(ui);
    ui.horizontal_centered(|ui| {
        let name = store.map(|store| store.source.name());
        let name = name.unwrap_or_else(|| scene.text("app-name"));
        let menu = ui.menu_button(RichText::new(name).strong(), |ui| store_menu_ui(ui, scene, store.is_some(), recent));
        menu.response.on_hover_text(scene.text("store-menu"));
        icon(ui, Icon::Down, colours.dim);
        if let Some(info) = store.and_then(|store| store.info.value()) {
            let counts: Vec<String> =
                info.categories.iter().take(4).map(|(name, count)| format!("{} {name}", grouped(*count))).collect();
            ui.label(RichText::new(format!("{}  ·  {}", info.framework, counts.join("  ·  "))).color(colours.dim));
            if let Some(store) = store {
                access_ui(ui, scene, store);
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let theme = if ui.visuals().dark_mode { "light" } else { "dark" };
            for (command, title) in [
                (Command::ToggleTheme, scene.text(theme)),
                (Command::ToggleLanguage, scene.text("toggle-language")),
                (Command::ToggleZone, scene.zone.name().to_owned()),
                (Command::ShowKeys, scene.text("show-keys")),
            ] {
                let button = ui.add(Button::new(RichText::new(title).color(colours.dim)).frame(false));
                if button.on_hover_text(scene.text(command.title())).clicked() {
                    scene.run(command);
                }
            }
            ui.add_space(8.0);
            let keys = Command::Palette.shortcut().map(|shortcut| shortcut.label()).unwrap_or_default();
            let text = RichText::new(scene.text("palette")).color(colours.dim);
            let finder =
                Button::new(text).shortcut_text(keys).fill(colours.background).min_size(egui::vec2(280.0, 28.0));
            if ui.add(finder).clicked() {
                scene.run(Command::Palette);
            }
        });
    });
}

/// Whether this store may be written to; a press changes it.
fn access_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let colours = palette(ui);
    let (ink, name) = if store.is_writing_on { (colours.warning, "writing-on") } else { (colours.dim, "read-only") };
    if ui.selectable_label(store.follows, scene.text("follow")).on_hover_text(scene.text("follow-about")).clicked() {
        scene.run(Command::Follow);
    }
    if !store.is_writing_on {
        icon(ui, Icon::Lock, colours.dim);
    }
    let button = ui.add(Button::new(RichText::new(scene.text(name)).color(ink)));
    if button.on_hover_text(scene.text("toggle-writing")).clicked() {
        scene.run(Command::ToggleWriting);
    }
}

fn store_menu_ui(ui: &mut Ui, scene: &mut Scene<'_>, is_open: bool, recent: &[String]) {
    for command in [Command::OpenFile, Command::ExploreSample, Command::CloseStore] {
        let is_possible = is_open || command != Command::CloseStore;
        let mut button = Button::new(scene.text(command.title()));
        if let Some(shortcut) = command.shortcut() {
            button = button.shortcut_text(shortcut.label());
        }
        if ui.add_enabled(is_possible, button).clicked() {
            scene.run(command);
            ui.close();
        }
    }
    if !recent.is_empty() {
        ui.separator();
    }
    for name in recent {
        if ui.button(name).clicked() {
            scene.ask(Action::Open(Source::parse(name)));
            ui.close();
        }
    }
}

/// The line at the foot: the store as a whole.
pub fn status_bar_ui(ui: &mut Ui, scene: &Scene<'_>, store: &OpenStore) {
    let dim = palette(ui).dim;
    let Some(info) = store.info.value() else { return };
    ui.horizontal_centered(|ui| {
        let texts = [
            scene.locale.with("status-streams", [("count", grouped(info.streams).into())]),
            scene.locale.with("status-events", [("count", grouped(info.events).into())]),
            store.source.to_string(),
        ];
        for text in texts {
            ui.label(RichText::new(text).size(11.5).color(dim));
            ui.add_space(12.0);
        }
    });
}
