use egui::containers::menu::MenuButton;
use egui::{Button, RichText, TextStyle, Ui};

use super::ends::ends_ui;
use super::icons::{Icon, icon, icon_button, icon_toggle};
use super::lens::lens_control_ui;
use super::memory::memory_ui;
use super::mirror::mirror_line_ui;
use super::parts::{caption, chip, cut, progress_ui, shortened, text_width};
use super::refusal::refusal;
use super::store_lens::table_status;
use super::streams::in_order;
use super::{Scene, grouped};
use crate::command::{Action, Command, Menu};
use crate::engine::Progress;
use crate::event::{Explain, StreamId, Version};
use crate::store::{Notice, Source};
use crate::theme::palette;
use crate::view::{Fit, KeptDraft, Lens, OpenStore, Overview, Pane, ProjectionWish};

/// Narrower than this, the bar has only what stands nowhere else.
const NARROW: f32 = 640.0;

/// From here on the lenses stand side by side.
const ROOM_FOR_LENSES: f32 = 780.0;

/// Less room than this has only whether the store may be written to.
const ROOM_FOR_FOLLOW: f32 = 176.0;

/// The bar on top: which store this is and how it is open; zone, language and theme. What the store holds is told as far
/// as there is room.
pub fn top_bar_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: Option<&OpenStore>, recent: &[String]) {
    let colours = palette(ui);
    let width = ui.available_width();
    ui.horizontal_centered(|ui| {
        let name = store.map(|store| store.source.name());
        let name = name.unwrap_or_else(|| scene.text("app-name"));
        let name = Button::new(RichText::new(name).strong()).truncate();
        ui.scope(|ui| {
            ui.set_max_width(width * 0.25);
            let (menu, _) = MenuButton::from_button(name).ui(ui, |ui| menu_ui(ui, scene, store, recent));
            menu.on_hover_text(scene.text("store-menu"));
        });
        if width >= NARROW {
            icon(ui, Icon::Down, colours.dim);
        }
        // The menu has it, too.
        if let Some(store) = store.filter(|_| width >= ROOM_FOR_LENSES) {
            lens_control_ui(ui, scene, store.lens());
        }
        let of_store = |ui: &mut Ui, scene: &mut Scene<'_>| store_ui(ui, scene, store);
        ends_ui(ui, scene, "top bar", of_store, |ui, scene| right_ui(ui, scene, width));
    });
}

/// The finder, and zone, language and theme, which the menu has, too.
fn right_ui(ui: &mut Ui, scene: &mut Scene<'_>, width: f32) {
    let colours = palette(ui);
    let text = RichText::new(scene.text("palette")).color(colours.dim);
    let size = egui::vec2((width * 0.22).clamp(90.0, 280.0), 28.0);
    let mut finder = Button::new(text).truncate().fill(colours.background).min_size(size);
    if size.x > 230.0 {
        finder = finder.shortcut_text(Command::Palette.shortcut().map(|keys| keys.label()).unwrap_or_default());
    }
    if ui.add_sized(size, finder).clicked() {
        scene.run(Command::Palette);
    }
    if width < NARROW {
        return;
    }
    ui.add_space(8.0);
    for (command, title) in
        [(Command::ToggleZone, scene.zone_name()), (Command::ToggleLanguage, scene.text("toggle-language"))]
    {
        let button = ui.add(Button::new(RichText::new(title).color(colours.dim)).frame(false));
        if button.on_hover_text(scene.text(command.title())).clicked() {
            scene.run(command);
        }
    }
    if icon_button(ui, Icon::HalfMoon, &scene.text("toggle-theme")).clicked() {
        scene.run(Command::ToggleTheme);
    }
}

/// How the store is open, and what it holds.
fn store_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: Option<&OpenStore>) {
    let Some(store) = store else { return };
    let Some(overview @ Overview { info, read_only, notice, .. }) = store.info.value() else { return };
    let colours = palette(ui);
    if let Some(name) = store.divided_by().filter(|_| store.lens() != Lens::Projections) {
        let text = scene.locale.with("partitions-of", [("name", shortened(name).into_owned().into())]);
        if chip(ui, &text, &scene.text("partitions-leave")) {
            scene.ask(Action::Projections(ProjectionWish::Undivide));
        }
    }
    access_ui(ui, scene, store, read_only.map(|reason| scene.sentence(&reason.message())).as_deref());
    match notice {
        // Whoever reads in a mirror has to know how far it is; the counts have room beside it.
        Some(notice @ Notice::Mirror(_)) => {
            mirror_line_ui(ui, scene, store, notice);
        }
        Some(notice) => {
            ui.label(RichText::new(scene.text("notice")).color(colours.warning))
                .on_hover_text(scene.sentence(&notice.message()));
        }
        None => {}
    }
    if store.is_cut_off() {
        ui.label(RichText::new(scene.text("cut-off")).color(colours.warning))
            .on_hover_text(scene.text("cut-off-about"));
    }
    if ui.available_width() > 60.0 {
        // Before they were counted, only their names are known.
        let said = |(name, count): (&str, Option<u64>)| match count {
            Some(count) => format!("{} {}", grouped(count), shortened(name)),
            None => shortened(name).into_owned(),
        };
        let categories = overview.categories().take(4).map(said);
        let all: Vec<String> = std::iter::once(info.framework.to_string()).chain(categories).collect();
        ui.add_space(8.0);
        // As many as there is room for, each of them whole.
        let joined = |count: usize| all.get(..count).unwrap_or_default().join("  ·  ");
        let (room, size) = (ui.available_width(), TextStyle::Body.resolve(ui.style()).size);
        let fitting = (1..=all.len()).rev().map(joined).find(|text| text_width(ui, text, size) <= room);
        cut(ui, RichText::new(fitting.unwrap_or_else(|| joined(1))).color(colours.dim));
    }
}

/// Whether this store may be written to; a press changes it.
fn access_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, never: Option<&str>) {
    let colours = palette(ui);
    let (ink, name) = if store.is_writing_on { (colours.warning, "writing-on") } else { (colours.dim, "read-only") };
    // Whether it may be written to goes before what the menu has, too.
    if ui.available_width() > ROOM_FOR_FOLLOW {
        let follow = ui.selectable_label(store.follows, scene.text("follow"));
        if follow.on_hover_text(scene.text("follow-about")).clicked() {
            scene.run(Command::Follow);
        }
        if !store.is_writing_on {
            icon(ui, Icon::Lock, colours.dim);
        }
    }
    let in_branch = refusal(store, Command::ToggleWriting).map(|why| scene.text(why));
    let never = never.or(in_branch.as_deref());
    let button = ui.add_enabled(never.is_none(), Button::new(RichText::new(scene.text(name)).color(ink)));
    let button = button.on_disabled_hover_text(never.unwrap_or_default());
    if button.on_hover_text(scene.text("toggle-writing")).clicked() {
        scene.run(Command::ToggleWriting);
    }
}

/// Every command, menu by menu. The store's own come first, with the stores that were open lately.
fn menu_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: Option<&OpenStore>, recent: &[String]) {
    for menu in Menu::ALL {
        ui.menu_button(scene.text(menu.title()), |ui| {
            for command in Command::all().filter(|command| command.menu() == menu) {
                command_ui(ui, scene, command, store);
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

fn command_ui(ui: &mut Ui, scene: &mut Scene<'_>, command: Command, store: Option<&OpenStore>) {
    let mut button = Button::new(scene.text(command.title()));
    if let Some(shortcut) = command.shortcut() {
        button = button.shortcut_text(shortcut.label());
    }
    let refusal = store.and_then(|store| refusal(store, command));
    let is_possible = refusal.is_none() && (store.is_some() || !command.needs_store());
    let mut button = ui.add_enabled(is_possible, button);
    if let Some(why) = refusal {
        button = button.on_disabled_hover_text(scene.text(why));
    }
    if button.clicked() {
        scene.run(command);
        ui.close();
    }
}

/// The line at the foot: the store as a whole, what is being waited for, and which panes are there.
pub fn status_bar_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    store: &OpenStore,
    progress: Option<&Progress>,
    fit: Fit,
    has_stream: bool,
) {
    let dim = palette(ui).dim;
    let of_store = |ui: &mut Ui, scene: &mut Scene<'_>| {
        let small = |text: String| RichText::new(text).size(11.5).color(dim);
        if store.lens() == Lens::Store {
            cut(ui, small(table_status(scene, &store.table)));
            ui.add_space(12.0);
        } else if let Some(overview) = store.info.value() {
            let counts = [("status-streams", overview.streams()), ("status-events", Some(overview.info.events))];
            for (name, count) in counts.into_iter().filter_map(|(name, count)| Some((name, count?))) {
                let values = [("count", count.into()), ("grouped", grouped(count).into())];
                ui.label(small(scene.locale.with(name, values)));
                ui.add_space(12.0);
            }
        }
        drafts_ui(ui, scene, store);
        cut(ui, small(store.source.to_string()));
    };
    ui.horizontal_centered(|ui| {
        ends_ui(ui, scene, "status", of_store, |ui, scene| {
            if progress.is_some_and(|progress| progress_ui(ui, scene, progress)) {
                scene.ask(Action::CancelLoading);
            }
            memory_ui(ui, scene, store);
            panes_ui(ui, scene, fit, has_stream);
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
    let button = Button::new(RichText::new(text).size(11.5)).frame(false);
    MenuButton::from_button(button).ui(ui, |ui| {
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

/// What is shown beside the middle and below it; a press folds it or brings it back.
fn panes_ui(ui: &mut Ui, scene: &mut Scene<'_>, fit: Fit, has_stream: bool) {
    let panes = [
        (Pane::Streams, Icon::PaneLeft, fit.streams > 0.0, true),
        (Pane::Timeline, Icon::PaneBelow, fit.has_timeline, has_stream),
        (Pane::Event, Icon::PaneRight, fit.event > 0.0, has_stream),
    ];
    for (pane, icon, is_shown, is_possible) in panes {
        let command = Command::Fold(pane);
        if is_possible && icon_toggle(ui, icon, &scene.text(command.title()), is_shown).clicked() {
            scene.run(command);
        }
    }
}
