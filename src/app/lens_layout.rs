use egui::{CentralPanel, Color32, Frame, Margin, Panel, Ui};

use super::ground::Ground;
use super::panes::SideBorders;
use super::regions::{Place, Regions};
use crate::engine::Progress;
use crate::theme::palette;
use crate::ui::{
    LensPart, Scene, activity_event_ui, activity_left_ui, activity_ui, projections_lens_ui, status_bar_ui,
    store_lens_ui, store_time_height, store_time_ui, timeline_height, timeline_ui,
};
use crate::view::{Fit, Lens, OpenStore, TypedMoment};

/// What the panels of a lens are laid out by.
pub(super) struct LensLook<'l> {
    pub(super) progress: Option<&'l Progress>,
    pub(super) fit: Fit,
    /// What the panels are filled with.
    pub(super) panel: Color32,
    pub(super) is_playing: bool,
    pub(super) is_by_time: bool,
    /// What is typed to go to, of a stream.
    pub(super) typed: &'l mut TypedMoment,
    /// Where something is looked for is to be typed into.
    pub(super) wants_focus: &'l mut bool,
}

/// Below the bar: what one picks from, the answer, what is chosen, and the time of the store or of the stream.
pub(super) fn lens_layout(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    store: &mut OpenStore,
    regions: &mut Regions,
    look: LensLook<'_>,
) {
    let LensLook { progress, fit, panel, is_playing, is_by_time, typed, wants_focus } = look;
    let colours = palette(ui);
    let bar = |margin| Frame::new().fill(panel).inner_margin(Margin::symmetric(16, margin));
    // What is drawn first is where Tab comes first: the room below is taken, and filled at the end.
    let status = Place::take(ui, Panel::bottom("status").exact_size(26.0).frame(bar(0)));
    let is_of_store = store.lens().is_of_store();
    let height = if is_of_store {
        store_time_height(store, ui.ctx().content_rect().width())
    } else {
        timeline_height(store, ui.ctx().content_rect().size())
    };
    let has_time = is_of_store || store.on_screen().0.is_some_and(|view| !view.is_empty());
    let timeline = (fit.has_timeline && has_time)
        .then(|| Place::take(ui, Panel::bottom("timeline").exact_size(height).frame(bar(8))));
    let side = Frame::new().fill(panel).inner_margin(12);
    let space = ui.available_rect_before_wrap();
    let borders = SideBorders::new(space, fit);
    if fit.streams > 0.0 {
        Panel::left("streams").resizable(false).exact_size(fit.streams).frame(side).show(ui, |ui| {
            regions.show(ui, |ui| part_ui(ui, scene, store, LensPart::Left, wants_focus));
        });
    }
    borders.streams_ui(ui, scene);
    let right = (fit.event > 0.0)
        .then(|| Place::take(ui, Panel::right("event").resizable(false).exact_size(fit.event).frame(side)));
    if fit.has_middle {
        let frame = Frame::new().inner_margin(if space.width() < 700.0 { 8 } else { 16 });
        CentralPanel::default().frame(frame).show(ui, |ui| {
            let ground = Ground::begin(ui);
            regions.show(ui, |ui| part_ui(ui, scene, store, LensPart::Middle, wants_focus));
            ground.paint_round(colours.background, &[]);
        });
    }
    borders.event_ui(ui, scene);
    if let Some(right) = right {
        regions.fill(ui, right, |ui| part_ui(ui, scene, store, LensPart::Right, wants_focus));
    }
    if let Some(timeline) = timeline {
        regions.fill(ui, timeline, |ui| {
            if is_of_store {
                store_time_ui(ui, scene, store, is_playing);
            } else {
                timeline_ui(ui, scene, store, is_by_time, typed, is_playing);
            }
        });
    }
    regions.fill(ui, status, |ui| status_bar_ui(ui, scene, store, progress, fit, true));
    borders.paint(ui);
}

fn part_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, part: LensPart, wants_focus: &mut bool) {
    match (store.lens(), part) {
        (Lens::Store, part) => store_lens_ui(ui, scene, store, part, wants_focus),
        (Lens::Activity, LensPart::Left) => activity_left_ui(ui, scene, store),
        (Lens::Activity, LensPart::Middle) => activity_ui(ui, scene, store, wants_focus),
        (Lens::Activity, LensPart::Right) => activity_event_ui(ui, scene, store),
        (Lens::Projections, part) => projections_lens_ui(ui, scene, store, part, wants_focus),
        (Lens::Stream, _) => {}
    }
}
