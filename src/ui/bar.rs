use egui::{Align, Button, Layout, RichText, Ui};

use super::icons::{Icon, icon, icon_button};
use super::parts::{caption, cut, progress_ui, shortened};
use super::streams::in_order;
use super::{Scene, grouped};
use crate::command::{Action, Command, Menu};
use crate::engine::Progress;
use crate::event::{Explain, StreamId, Version};
use crate::store::Source;
use crate::theme::palette;
use crate::view::{KeptDraft, OpenStore, Overview};

/// The bar on top: which store this is and how it is open; zone, language and theme.
pub fn top_bar_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: Option<&OpenStore>, recent: &[String]) {
    let colours = palette(ui);
    ui.horizontal_centered(|ui| {
        let name = store.map(|store| store.source.name());
        let name = name.unwrap_or_else(|| scene.text("app-name"));
        let menu = ui.menu_button(RichText::new(name).strong(), |ui| menu_ui(ui, scene, store.is_some(), recent));
        menu.response.on_hover_text(scene.text("store-menu"));
        icon(ui, Icon::Down, colours.dim);
        if let Some(Overview { info, read_only, notice }) = store.and_then(|store| store.info.value()) {
            let counts: Vec<String> =
                info.categories.iter().take(4).map(|(name, count)| format!("{} {name}", grouped(*count))).collect();
            ui.label(RichText::new(format!("{}  ·  {}", info.framework, counts.join("  ·  "))).color(colours.dim));
            if let Some(notice) = notice {
                ui.label(RichText::new(scene.text("notice")).color(colours.warning))
                    .on_hover_text(scene.sentence(&notice.message()));
            }
            if let Some(store) = store {
                access_ui(ui, scene, store, read_only.map(|reason| scene.sentence(&reason.message())).as_deref());
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, Icon::HalfMoon, &scene.text("toggle-theme")).clicked() {
                scene.run(Command::ToggleTheme);
            }
            for (command, title) in [
                (Command::ToggleLanguage, scene.text("toggle-language")),
                (Command::ToggleZone, scene.zone.name().to_owned()),
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
fn access_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, never: Option<&str>) {
    let colours = palette(ui);
    let (ink, name) = if store.is_writing_on { (colours.warning, "writing-on") } else { (colours.dim, "read-only") };
    if ui.selectable_label(store.follows, scene.text("follow")).on_hover_text(scene.text("follow-about")).clicked() {
        scene.run(Command::Follow);
    }
    if !store.is_writing_on {
        icon(ui, Icon::Lock, colours.dim);
    }
    let button = ui.add_enabled(never.is_none(), Button::new(RichText::new(scene.text(name)).color(ink)));
    let button = button.on_disabled_hover_text(never.unwrap_or_default());
    if button.on_hover_text(scene.text("toggle-writing")).clicked() {
        scene.run(Command::ToggleWriting);
    }
}

/// Every command, menu by menu. The store's own come first, with the stores that were open lately.
fn menu_ui(ui: &mut Ui, scene: &mut Scene<'_>, is_open: bool, recent: &[String]) {
    for menu in Menu::ALL {
        ui.menu_button(scene.text(menu.title()), |ui| {
            for command in Command::all().filter(|command| command.menu() == menu) {
                command_ui(ui, scene, command, is_open);
            }
        });
    }
    if !recent.is_empty() {
        ui.separator();
        caption(ui, &scene.text("welcome-recent"));
    }
    for name in recent {
        if ui.button(name).clicked() {
            scene.ask(Action::Open(Source::parse(name)));
            ui.close();
        }
    }
}

fn command_ui(ui: &mut Ui, scene: &mut Scene<'_>, command: Command, is_open: bool) {
    let mut button = Button::new(scene.text(command.title()));
    if let Some(shortcut) = command.shortcut() {
        button = button.shortcut_text(shortcut.label());
    }
    if ui.add_enabled(is_open || !command.needs_store(), button).clicked() {
        scene.run(command);
        ui.close();
    }
}

/// The line at the foot: the store as a whole, and what is being waited for.
pub fn status_bar_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, progress: Option<&Progress>) {
    let dim = palette(ui).dim;
    ui.horizontal_centered(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if progress.is_some_and(|progress| progress_ui(ui, scene, progress)) {
                scene.ask(Action::CancelLoading);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let small = |text: String| RichText::new(text).size(11.5).color(dim);
                if let Some(Overview { info, .. }) = store.info.value() {
                    let counts = [("status-streams", info.streams), ("status-events", info.events)];
                    for (name, count) in counts {
                        ui.label(small(scene.locale.with(name, [("count", grouped(count).into())])));
                        ui.add_space(12.0);
                    }
                }
                drafts_ui(ui, scene, store);
                cut(ui, small(store.source.to_string()));
            });
        });
    });
}

/// Corrections that were left half done: said quietly, and one press away.
fn drafts_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let drafts = store.kept_drafts();
    if drafts.is_empty() {
        return;
    }
    let text = scene.locale.with("drafts-kept", [("count", drafts.len().into())]);
    ui.menu_button(RichText::new(text).size(11.5), |ui| {
        for KeptDraft { stream, version, .. } in drafts {
            let id = StreamId::from(stream.as_str());
            let called = in_order(stream, store.labels.of(&id)).0;
            if ui.button(format!("{} v{version}", shortened(called))).clicked() {
                scene.ask(Action::ResumeDraft(id, Version(*version)));
                ui.close();
            }
        }
    });
    ui.add_space(12.0);
}
