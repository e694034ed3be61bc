use egui::{CentralPanel, Color32, Frame, Margin, Panel, Rect, RichText, Ui};

use super::ground::Ground;
use super::lens_layout::{LensLook, lens_layout};
use super::panes::{SideBorders, cards_ui};
use super::regions::{Place, Regions};
use super::{App, Dialog};
use crate::command::{Action, Command};
use crate::event::Message;
use crate::theme::palette;
use crate::ui::{
    Choices, STRIP_HEIGHT, Scene, TypedPath, branch_edit_ui, compensate_ui, edits_ui, error_bar_ui, event_ui, frame_ui,
    greeting_ui, keys_ui, make_so_ui, mapping_ui, notice_ui, open_dialog_ui, palette_ui, password_ui, settings_ui,
    status_bar_ui, stream_of_server_ui, streams_ui, strip_ui, timeline_height, timeline_ui, title_ui, tool_dialog_ui,
    top_bar_ui, welcome_ui, writing_ui,
};
use crate::view::{Fit, Lens, Middle, OpenStore, Panes, Split, UserError};

impl App {
    /// Lays the panels out. Runs every frame and changes nothing but what fields hold.
    pub(super) fn layout(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        self.play(ui);
        let fit = self.fit(ui.ctx());
        let banner = self.banner();
        let colours = palette(ui);
        let is_cleared = self.cleared.get() == Some(colours.panel);
        // What the window was cleared with already is not painted once more: each time costs a pass over every pixel.
        let panel = if is_cleared { Color32::TRANSPARENT } else { colours.panel };
        let bar = |margin| Frame::new().fill(panel).inner_margin(Margin::symmetric(16, margin));
        let scene = &mut Scene { locale: &self.locale, zone: self.settings.zone, actions };
        let regions = &mut self.regions;
        regions.begin();
        Panel::top("top bar").exact_size(44.0).frame(bar(0)).show(ui, |ui| {
            regions.show(ui, |ui| top_bar_ui(ui, scene, self.store.as_ref(), &self.settings.recent));
        });
        if let Some((error, can_retry)) = banner {
            Panel::top("error").frame(Frame::new()).show(ui, |ui| error_bar_ui(ui, scene, &error, can_retry));
        }
        notice_ui(ui, scene, &mut self.notice);
        let coming = self.opening.progress().or_else(|| self.coming.as_ref()?.progress());
        self.typed.progress = coming;
        for dialog in self.dialogs.iter_mut() {
            dialog_ui(ui, scene, dialog, &mut self.settings, &mut self.typed, self.store.as_mut());
        }
        let Some(store) = &mut self.store else {
            let progress = self.sample.progress().or(coming);
            CentralPanel::default().frame(Frame::new().fill(colours.background)).show(ui, |ui| {
                let gone = self.gone.value().map_or(&[][..], Vec::as_slice);
                let recent = self.settings.recent_stores(gone);
                welcome_ui(ui, scene, &mut self.typed, &recent, progress.as_ref());
            });
            return;
        };
        let progress = coming.or(self.sample.progress()).or(store.progress());
        let (on_screen, is_leaving) = store.on_screen();
        let (has_stream, has_events) = (on_screen.is_some(), on_screen.is_some_and(|view| !view.is_empty()));
        if store.lens() != Lens::Stream {
            let wants_focus = &mut take_focus(ui, &mut self.wants_filter_focus);
            let (is_playing, is_by_time) = (self.is_playing, self.settings.is_by_time);
            let (progress, typed) = (progress.as_ref(), &mut self.typed_moment);
            let look = LensLook { progress, fit, panel, is_playing, is_by_time, typed, wants_focus };
            return lens_layout(ui, scene, store, regions, look);
        }
        let in_branch = store.has_branch();
        if in_branch {
            strip_panel_ui(ui, scene, store, regions);
        }
        // What is drawn first is where Tab comes first: the room below is taken, and filled at the end.
        let status = Place::take(ui, Panel::bottom("status").exact_size(26.0).frame(bar(0)));
        let framed = ui.available_rect_before_wrap();
        let height = timeline_height(store, ui.ctx().content_rect().size());
        let timeline = (has_events && fit.has_timeline)
            .then(|| Place::take(ui, Panel::bottom("timeline").exact_size(height).frame(bar(8))));
        let side = Frame::new().fill(panel).inner_margin(12);
        let space = ui.available_rect_before_wrap();
        let borders = SideBorders::new(space, fit);
        if fit.streams > 0.0 {
            Panel::left("streams").resizable(false).exact_size(fit.streams).frame(side).show(ui, |ui| {
                let mut wants_focus = take_focus(ui, &mut self.wants_filter_focus);
                regions.show(ui, |ui| streams_ui(ui, scene, store, &mut wants_focus));
            });
        }
        borders.streams_ui(ui, scene);
        let event = (fit.event > 0.0)
            .then(|| Place::take(ui, Panel::right("event").resizable(false).exact_size(fit.event).frame(side)));
        if fit.has_middle {
            let frame = Frame::new().inner_margin(if space.width() < 700.0 { 8 } else { 16 });
            CentralPanel::default().frame(frame).show(ui, |ui| {
                let ground = Ground::begin(ui);
                dim_if(ui, is_leaving);
                let panes = (&self.settings.panes, fit);
                let mut covered = Vec::new();
                regions.show(ui, |ui| {
                    if let Some((split, cards)) = middle_ui(ui, scene, store, panes, self.middle, &mut self.reveal) {
                        self.split = split;
                        covered = cards;
                    }
                });
                ground.paint_round(colours.background, &covered);
            });
        }
        borders.event_ui(ui, scene);
        if let Some(event) = event {
            regions.fill(ui, event, |ui| {
                dim_if(ui, is_leaving);
                if in_branch {
                    edits_ui(ui, scene, store);
                } else {
                    event_ui(ui, scene, store);
                }
            });
        }
        if let Some(timeline) = timeline {
            regions.fill(ui, timeline, |ui| {
                dim_if(ui, is_leaving);
                timeline_ui(ui, scene, store, self.settings.is_by_time, &mut self.typed_moment, self.is_playing);
            });
        }
        regions.fill(ui, status, |ui| status_bar_ui(ui, scene, store, progress.as_ref(), fit, has_stream));
        borders.paint(ui);
        if in_branch {
            frame_ui(ui, framed);
        }
    }
}

impl App {
    /// What went wrong or happened, and whether it can be tried again.
    fn banner(&self) -> Option<(UserError, bool)> {
        if let Some(error) = &self.error {
            return Some((error.clone(), self.asked.is_some()));
        }
        let of_store = self.store.as_ref().and_then(OpenStore::error);
        let of_store = of_store.filter(|error| self.dismissed.as_ref() != Some(*error));
        // That it is another store says why something of the one before is not there any more.
        let is_replaced = self.told.as_ref().is_some_and(|told| told.message.id == "store-replaced");
        match (of_store, &self.told) {
            (Some(error), _) if is_replaced => {
                let message = Message::new("store-replaced-lost").inner("why", error.message.clone());
                Some((UserError::new(message), false))
            }
            (Some(error), _) => Some((error.clone(), true)),
            // What was only told is not to be tried again.
            (None, told) => told.clone().map(|told| (told, false)),
        }
    }
}

/// Whether the focus is wanted here now. As long as a dialog is above it, nothing here may have it.
fn take_focus(ui: &Ui, wanted: &mut bool) -> bool {
    let is_free = ui.memory(|memory| memory.top_modal_layer().is_none());
    is_free && std::mem::take(wanted)
}

/// Over the panels while a branch is looked at.
fn strip_panel_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, regions: &mut Regions) {
    let frame = Frame::new().fill(palette(ui).warning_soft).inner_margin(Margin::symmetric(16, 0));
    Panel::top("what if").exact_size(STRIP_HEIGHT).frame(frame).show(ui, |ui| {
        regions.show(ui, |ui| strip_ui(ui, scene, store));
    });
}

/// What was there stays while the next is on its way, but cannot be acted upon.
fn dim_if(ui: &mut Ui, is_leaving: bool) {
    if is_leaving {
        ui.disable();
    }
}

/// The stream on screen: its name, its state or a comparison, and its history. Answers how these were shared out, and
/// which of it the cards cover.
fn middle_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    store: &mut OpenStore,
    (panes, fit): (&Panes, Fit),
    middle: Middle,
    reveal: &mut bool,
) -> Option<(Split, Vec<Rect>)> {
    let label = store.on_screen().0.and_then(|view| store.labels.of(&view.stream)).map(str::to_owned);
    let mut shown = store.on_screen_mut();
    let Some(view) = shown.view.take() else {
        greeting_ui(ui, scene, store, fit.streams > 0.0);
        return None;
    };
    if view.is_empty() {
        let dim = palette(ui).dim;
        ui.vertical_centered(|ui| {
            ui.add_space(ui.available_height() * 0.4);
            if view.is_loading() {
                ui.label(RichText::new(scene.text("stream-coming")).color(dim));
            } else {
                let name = if view.error().is_none() { "stream-stopped" } else { "stream-failed" };
                ui.label(RichText::new(scene.text(name)).color(dim));
                if ui.button(scene.text("retry")).clicked() {
                    scene.run(Command::Retry);
                }
            }
        });
        return None;
    }
    title_ui(ui, scene, view, label.as_deref(), middle);
    ui.add_space(8.0);
    Some(cards_ui(ui, scene, shown, view, panes, middle, reveal))
}

/// What lies over the panels.
fn dialog_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    dialog: &mut Dialog,
    settings: &mut super::Settings,
    typed: &mut TypedPath,
    store: Option<&mut OpenStore>,
) {
    let mut is_open = true;
    match (dialog, store) {
        (Dialog::Open, _) => open_dialog_ui(ui, scene, typed, &mut is_open),
        (Dialog::Keys, _) => keys_ui(ui, scene, &mut is_open),
        (Dialog::Settings, store) => {
            let mut choices = Choices {
                is_light: settings.is_light,
                language: settings.language,
                is_by_time: settings.is_by_time,
                actor: &mut settings.actor,
                memory_mib: &mut settings.memory_mib.0,
                memory: store.as_deref().map(|store| store.engine().memory()),
                has_recent: !settings.recent.is_empty(),
            };
            settings_ui(ui, scene, &mut choices, &mut is_open);
        }
        (Dialog::Palette(state), store) => palette_ui(ui, scene, state, store.as_deref()),
        (Dialog::Mapping(draft), _) => mapping_ui(ui, scene, draft),
        (Dialog::Password(wanted), _) => password_ui(ui, scene, &wanted.message, &mut wanted.typed),
        (Dialog::StreamOfServer(address, streams), _) => stream_of_server_ui(ui, scene, address, streams),
        (Dialog::Writing { .. }, Some(store)) => writing_ui(ui, scene, &store.source.name(), &mut is_open),
        (Dialog::Tool(name), Some(store)) => tool_dialog_ui(*name)(ui, scene, store, &mut is_open),
        (Dialog::Compensate, Some(store)) => {
            let writing = store.writing();
            match &mut store.draft {
                Some(draft) => compensate_ui(ui, scene, draft, writing),
                None => is_open = false,
            }
        }
        (Dialog::BranchEdit, Some(store)) => {
            let fault = store.edit_fault();
            match store.branching.open_mut().and_then(|open| open.draft.as_mut()) {
                Some(draft) => branch_edit_ui(ui, scene, draft, fault.as_ref(), &mut is_open),
                None => is_open = false,
            }
        }
        (Dialog::MakeSo, Some(store)) => {
            let writing = store.writing();
            make_so_ui(ui, scene, &mut store.making_so, writing, &mut is_open);
        }
        (Dialog::Tool(_) | Dialog::Compensate | Dialog::Writing { .. } | Dialog::BranchEdit | Dialog::MakeSo, None) => {
            is_open = false;
        }
    }
    if !is_open {
        scene.ask(Action::CloseDialog);
    }
}
