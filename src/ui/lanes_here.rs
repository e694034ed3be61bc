use egui::{Align, Layout, RichText, Ui};

use super::Scene;
use super::parts::{caption, cut, hairline};
use super::people::as_read;
use crate::replay::Stretch;
use crate::theme::palette;
use crate::view::{LaneData, LaneKind, OpenStore, StreamView, Told};

/// What each lane is at the event at the cursor.
pub(super) fn lanes_here_ui(ui: &mut Ui, scene: &Scene<'_>, store: &OpenStore, view: &StreamView) {
    let texts = store.lane_texts();
    let Some(cursor) = view.cursor().filter(|_| !texts.is_empty()) else { return };
    let colours = palette(ui);
    ui.add_space(8.0);
    hairline(ui);
    ui.add_space(4.0);
    caption(ui, &scene.text("lanes-here"));
    for text in texts {
        let Some(data) = store.lanes.data(view, text) else { continue };
        let said = lane_at(scene, view, data, cursor);
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                cut_to(ui, 0.55, |ui| {
                    cut(ui, RichText::new(&said).color(colours.text));
                });
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    cut(ui, RichText::new(text).monospace().color(colours.dim)).on_hover_text(text);
                });
            });
        });
    }
}

/// No wider than this share of the row.
fn cut_to(ui: &mut Ui, share: f32, contents: impl FnOnce(&mut Ui)) {
    ui.scope(|ui| {
        ui.set_max_width(ui.available_width() * share);
        contents(ui);
    });
}

/// What a lane is at an event, in words.
pub(super) fn lane_at(scene: &Scene<'_>, view: &StreamView, data: &LaneData, index: usize) -> String {
    if data.flaw.is_some() {
        return "–".to_owned();
    }
    let told = data.told_at(index);
    let version = |index: usize| {
        let head = view.base().and_then(|loaded| loaded.timeline.heads().get(index));
        head.map_or_else(String::new, |head| head.version.to_string())
    };
    match (data.kind, told) {
        (_, Told::Unknown) => scene.text("lane-unknown-here"),
        (LaneKind::Moments, Told::Truth(true)) => {
            let number = data.moments_up_to(index);
            let values = [("number", number.into()), ("count", data.turns.events_true().into())];
            scene.locale.with("lane-moment-here", values)
        }
        (LaneKind::Moments, _) => scene.text("lane-false"),
        (LaneKind::Condition, _) => {
            let Stretch { is_true, number, since } = data.turns.at(index);
            let values = [
                ("number", number.into()),
                ("count", data.turns.ranges().len().into()),
                ("version", version(since).into()),
            ];
            let name = match (is_true, number) {
                (true, _) => "lane-true-here",
                (false, 0) => "lane-false-here",
                (false, _) => "lane-false-since",
            };
            scene.locale.with(name, values)
        }
        _ => told_text(scene, data, told),
    }
}

/// A value of a lane as it is written.
pub(super) fn told_text(scene: &Scene<'_>, data: &LaneData, told: Told) -> String {
    match told {
        Told::Nothing => scene.text("lane-empty"),
        Told::Unknown => scene.text("lane-unknown-here"),
        Told::Truth(is) => scene.text(if is { "lane-true" } else { "lane-false" }),
        Told::Number(number) => number_text(number),
        Told::Label(place) => as_read(scene, data.label_of(place)).into_owned(),
    }
}

/// A number with its thousands told apart, and no more digits behind the point than say something.
pub(super) fn number_text(number: f64) -> String {
    const LARGEST_WHOLE: f64 = 9e15;
    if number.fract() == 0.0 && number.abs() < LARGEST_WHOLE {
        let sign = if number < 0.0 { "-" } else { "" };
        return format!("{sign}{}", super::grouped(number.abs() as u64));
    }
    let text = format!("{number:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.trim_start_matches('-') == "0" { format!("{number:e}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::number_text;

    #[test]
    fn numbers_are_written_as_short_as_they_can_be_told() {
        for (number, text) in
            [(14.0, "14"), (-31_204.0, "-31,204"), (2.5, "2.5"), (1.0 / 3.0, "0.3333"), (1e-9, "1e-9"), (0.0, "0")]
        {
            assert_eq!(number_text(number), text);
        }
    }
}
