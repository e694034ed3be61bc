use egui::{Color32, Rect, RichText, Sense, Ui, UiBuilder, vec2};

use crate::index::Facet;
use crate::theme::{Palette, palette};
use crate::ui::parts::{cut, shortened};
use crate::ui::{Scene, grouped};
use crate::view::Bars;

/// The hue of each lane. A type has the one that it has everywhere, unless a larger one beside it has that, too.
pub(super) fn hues(colours: &Palette, bars: &Bars) -> Vec<Color32> {
    let mut hues: Vec<Color32> = Vec::new();
    for (number, lane) in bars.lanes.iter().enumerate() {
        let own = match bars.facet() {
            Facet::Type => colours.sign(lane.sign).hue,
            Facet::Category | Facet::Actor => colours.value_hue(number),
        };
        let free = (0..colours.hues.len()).map(|next| colours.value_hue(number + next));
        let hue = std::iter::once(own).chain(free).find(|hue| !hues.contains(hue)).unwrap_or(own);
        hues.push(hue);
    }
    hues
}

/// What a lane is called.
pub(super) fn lane_name(scene: &Scene<'_>, facet: Facet, name: &str) -> String {
    match facet {
        Facet::Actor if name.is_empty() => scene.text("store-nobody"),
        _ => shortened(name).into_owned(),
    }
}

/// What all that has no lane is called.
pub(super) fn others(scene: &Scene<'_>, bars: &Bars) -> String {
    let name = match bars.facet() {
        Facet::Type => "store-other-types",
        Facet::Category => "store-other-categories",
        Facet::Actor => "store-other-actors",
    };
    scene.locale.with(name, [("count", bars.other_kinds.into())])
}

/// What each hue means, with how many events there are of it in what is shown.
pub(super) fn legend_ui(ui: &mut Ui, scene: &Scene<'_>, room: Rect, bars: &Bars, hues: &[Color32]) {
    let colours = palette(ui);
    let mut inside = ui.new_child(UiBuilder::new().max_rect(room));
    inside.set_clip_rect(room);
    inside.spacing_mut().item_spacing.y = 0.0;
    let mut line = |hue: Color32, name: &str, events: u64, about: &str| {
        inside.horizontal(|ui| {
            ui.set_height(16.0);
            let (mark, _) = ui.allocate_exact_size(vec2(9.0, 9.0), Sense::hover());
            ui.painter().rect_filled(mark, 2.0, hue);
            let count = grouped(events);
            let width = (ui.available_width() - 8.0 * count.len() as f32).max(40.0);
            ui.scope(|ui| {
                ui.set_max_width(width);
                cut(ui, RichText::new(name).size(11.5).color(colours.text)).on_hover_text(about);
            });
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.label(RichText::new(count).size(11.5).color(colours.dim));
            });
        });
    };
    for (lane, hue) in bars.lanes.iter().zip(hues) {
        line(*hue, &lane_name(scene, bars.facet(), &lane.name), lane.events, &lane.name);
    }
    if bars.other_kinds > 0 {
        let name = others(scene, bars);
        line(colours.rest, &name, bars.others, &name);
    }
}
