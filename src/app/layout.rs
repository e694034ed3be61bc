use egui::{CentralPanel, Frame, Margin, Panel, RichText, Ui};

use super::App;
use crate::command::Action;
use crate::session::OpenStore;
use crate::theme::palette;
use crate::ui::{
    Scene, compare_ui, compensate_ui, event_ui, history_ui, keys_ui, palette_ui, state_ui, status_bar_ui, streams_ui,
    timeline_ui, title_ui, top_bar_ui, trouble_ui, waiting_ui, welcome_ui,
};

/// How much of the middle the state may take before it scrolls.
const STATE_SHARE: f32 = 0.45;

/// The same of a comparison, with what it is headed by.
const COMPARE_SHARE: f32 = 0.65;

impl App {
    /// Lays the panels out. Runs every frame and changes nothing but what text fields hold.
    pub(super) fn layout(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        self.play(ui);
        let Self {
            settings,
            locale,
            store,
            sample,
            trouble,
            typed_path,
            typed_moment,
            is_playing,
            shows_keys,
            is_comparing,
            wants_filter_focus,
            reveal,
            opening: _,
            wake: _,
            start: _,
            palette: finder,
            file_dialog: _,
            frame_times: _,
        } = self;
        let colours = palette(ui);
        let scene = &mut Scene { locale, zone: settings.zone, actions };
        let bar = |margin| Frame::new().fill(colours.panel).inner_margin(Margin::symmetric(16, margin));
        Panel::top("top bar").exact_size(44.0).frame(bar(0)).show(ui, |ui| {
            top_bar_ui(ui, scene, store.as_ref(), &settings.recent);
        });
        let sentence = trouble.as_ref().map(|trouble| trouble.0.clone());
        let sentence = sentence.or_else(|| {
            let store = store.as_ref()?;
            let of_view = store.view.as_ref().and_then(|view| view.trouble()).or(store.comparing.trouble());
            Some(of_view.or(store.groups.error()).or(store.info.error())?.0.clone())
        });
        if let Some(sentence) = sentence {
            Panel::top("trouble").frame(Frame::new()).show(ui, |ui| trouble_ui(ui, scene, &sentence));
        }
        if finder.is_open {
            palette_ui(ui, scene, finder, store.as_ref());
        }
        if *shows_keys {
            keys_ui(ui, scene);
        }
        let Some(store) = store else {
            CentralPanel::default().frame(Frame::new().fill(colours.background)).show(ui, |ui| {
                welcome_ui(ui, scene, typed_path, &settings.recent, sample.is_loading());
            });
            return;
        };
        let can_write = store.is_writing_on;
        if let Some(draft) = &mut store.draft {
            compensate_ui(ui, scene, draft, can_write);
        }
        Panel::bottom("status").exact_size(24.0).frame(bar(0)).show(ui, |ui| status_bar_ui(ui, scene, store));
        if store.view.as_ref().is_some_and(|view| !view.is_empty()) {
            Panel::bottom("timeline").exact_size(104.0).frame(bar(8)).show(ui, |ui| {
                timeline_ui(ui, scene, store, settings.is_by_time, typed_moment, *is_playing);
            });
        }
        let side = Frame::new().fill(colours.panel).inner_margin(12);
        Panel::left("streams").resizable(true).default_size(250.0).size_range(180.0..=420.0).frame(side).show(
            ui,
            |ui| {
                streams_ui(ui, scene, store, wants_filter_focus);
            },
        );
        Panel::right("event").resizable(true).default_size(330.0).size_range(240.0..=560.0).frame(side).show(
            ui,
            |ui| {
                if let Some(view) = &store.view {
                    event_ui(ui, scene, view);
                }
            },
        );
        CentralPanel::default().frame(Frame::new().fill(colours.background).inner_margin(16)).show(ui, |ui| {
            waiting_ui(ui, scene, store);
            let OpenStore { view, comparing, pins, .. } = store;
            let Some(view) = view else {
                ui.centered_and_justified(|ui| {
                    ui.label(RichText::new(scene.text("pick-stream")).color(colours.dim));
                });
                return;
            };
            title_ui(ui, scene, view, *is_comparing);
            ui.add_space(8.0);
            let height = (ui.available_height() * STATE_SHARE).max(120.0);
            if *is_comparing {
                compare_ui(ui, scene, comparing, view, pins, ui.available_height() * COMPARE_SHARE);
            } else {
                state_ui(ui, scene, view, height);
            }
            ui.add_space(10.0);
            history_ui(ui, scene, view, reveal);
        });
    }
}
