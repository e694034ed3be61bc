use egui::{
    Color32, FontId, Galley, Rect, RichText, Role, Sense, TextWrapMode, Ui, WidgetInfo, WidgetText, pos2, vec2,
};

use crate::index::Facet;
use crate::theme::{Palette, palette};
use crate::ui::parts::shortened;
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

/// What each hue means, with how many events there are of it in what is shown. The bars are made so that a line of it has
/// room for its words.
pub(super) fn legend_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    room: Rect,
    bars: &Bars,
    (hues, found): (&[Color32], Option<u64>),
) {
    const HIGHEST: f32 = 17.0;
    let colours = palette(ui);
    let lines = bars.lanes.len() + usize::from(bars.other_kinds > 0) + usize::from(found.is_some());
    let height = (room.height() / lines.max(1) as f32).min(HIGHEST);
    let mut top = room.top();
    let mut line = |hue: Color32, name: &str, events: u64, whole: &str| {
        let rect = Rect::from_min_size(pos2(room.left(), top), vec2(room.width(), height));
        top += height;
        let response = ui.interact(rect, ui.scope_id().with(("legend", name)), Sense::hover());
        let count = grouped(events);
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}, {count}")));
        let font = FontId::proportional(11.5);
        let mark = Rect::from_center_size(pos2(rect.left() + 4.5, rect.center().y), vec2(9.0, 9.0));
        ui.painter().rect_filled(mark, 2.0, hue);
        let count = ui.painter().layout_no_wrap(count, font.clone(), colours.dim);
        let width = rect.width() - 16.0 - count.size().x - 8.0;
        let text = WidgetText::from(RichText::new(name).color(colours.text));
        let text = text.into_galley(ui, Some(TextWrapMode::Truncate), width.max(0.0), font);
        let at = |x: f32, galley: &Galley| pos2(x, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(at(rect.left() + 16.0, &text), text, colours.text);
        ui.painter().galley(at(rect.right() - count.size().x, &count), count, colours.dim);
        response.on_hover_text(whole);
    };
    for (lane, hue) in bars.lanes.iter().zip(hues) {
        line(*hue, &lane_name(scene, bars.facet(), &lane.name), lane.events, &lane.name);
    }
    if bars.other_kinds > 0 {
        let name = others(scene, bars);
        line(colours.rest, &name, bars.others, &name);
    }
    if let Some(found) = found {
        let name = scene.text("store-found");
        line(colours.accent, &name, found, &name);
    }
}
