use egui::{Pos2, Rect, Sense, Shape, Stroke, StrokeKind, Ui, pos2, vec2};

use super::lanes::gutter;
use super::scale::Written;
use super::track::{EDGE, HEIGHT as TRACK, MARKS, OVERVIEW, SCALE, Track};
use crate::replay::How;
use crate::theme::palette;
use crate::ui::Scene;
use crate::ui::icons::paint_sign;
use crate::view::{BranchWish, Folded, Line, OpenBranch, StreamView};

/// How high the branch's line is, with its labels.
pub(super) const HEIGHT: f32 = 56.0;

/// Up to so many events in sight each have a mark.
const MARKED: usize = 200;

/// Below the marks of history the branch's: its line leaves history at the first edit. What is edited is always marked,
/// all else as long as there is room for it.
pub(super) fn branch_line_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    (view, open): (&StreamView, &OpenBranch),
    is_by_time: bool,
    lanes: usize,
    written: Option<&Written>,
) {
    let gutter = gutter(ui.available_width(), lanes);
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
    let outer = Rect::from_min_max(pos2(row.left() + gutter, row.top()), row.max);
    let (Some(loaded), Some(cursor), Some(folded)) = (view.base(), view.cursor(), open.folded()) else { return };
    let track = Track {
        outer,
        rect: outer.shrink2(vec2(EDGE, 0.0)),
        line: Line::new(loaded, is_by_time),
        shown: view.shown_part(is_by_time),
        cursor,
        scale: outer.bottom(),
        colours: palette(ui),
        lines: None,
    };
    let name = scene.text("branch-line");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    // It leaves the line of history where that is drawn, or below the lanes that stand between.
    let above = 2.0 * ui.spacing().item_spacing.y + OVERVIEW + TRACK - MARKS;
    let history = outer.top() - if lanes == 0 { above } else { 0.0 };
    let room = Rect::from_min_max(pos2(outer.left() - EDGE, history - 8.0), outer.max + vec2(EDGE, 4.0));
    let painter = ui.painter_at(room);
    let y = outer.top() + 24.0;
    let colours = track.colours;
    let Some((first, _)) = folded.what_if.layout.edited() else {
        let text = scene.text(if open.is_untold() { "branch-line-untold" } else { "branch-line-same" });
        painter.text(
            pos2(track.rect.left(), y),
            egui::Align2::LEFT_CENTER,
            text,
            egui::FontId::proportional(11.5),
            colours.dim,
        );
        return;
    };
    let slot = open.slot(view.cursor()).unwrap_or(0);
    let begin = slot_x(&track, folded, first);
    let before = folded.slots().get(first).and_then(|slot| slot.history()).and_then(|index| index.checked_sub(1));
    let leaves = before.map_or(track.rect.left(), |index| track.x_of(index));
    let turn = leaves + ((begin - leaves) * 0.25).clamp(0.0, 16.0);
    let stroke = Stroke::new(2.0, colours.warning);
    let end = track.rect.right();
    let here = slot_x(&track, folded, slot).clamp(outer.left(), outer.right());
    let down = turn + ((begin - turn) * 0.6).clamp(4.0, y - history);
    if leaves >= outer.left() {
        leaving_ui(&painter, [pos2(turn, history), pos2(down, y)], stroke, written);
        painter.circle(pos2(turn, history), 4.0, colours.panel, stroke);
    }
    let start = down.max(outer.left());
    painter.line_segment([pos2(start, y), pos2(here.max(start), y)], stroke);
    // What is to come is told by a broken line.
    let rest = [pos2(here.max(start), y), pos2(end.max(start), y)];
    painter.extend(Shape::dashed_line(&rest, Stroke::new(1.5, colours.warning.gamma_multiply(0.5)), 4.0, 4.0));
    let label = scene.locale.with(
        "branch-diverges",
        [("version", scene.version(&folded.diverges_at().unwrap_or_else(|| folded.label(first))).into())],
    );
    let font = egui::FontId::proportional(11.5);
    let label = painter.layout_no_wrap(label, font.clone(), colours.warning);
    let place = pos2(turn - label.size().x - 12.0, y - label.size().y / 2.0);
    if place.x > outer.left() {
        painter.galley(place, label, colours.warning);
    }
    let mut free_from = f32::MIN;
    for slot in marked(&track, folded) {
        let Some((x, caption)) = mark_ui(&painter, scene, view, folded, &track, slot, y) else { continue };
        let galley = painter.layout_no_wrap(caption, font.clone(), colours.warning);
        let last = (outer.right() - galley.size().x).max(outer.left());
        let left = (x - galley.size().x / 2.0).clamp(outer.left(), last);
        // Captions over one another would say nothing.
        if left > free_from {
            free_from = left + galley.size().x + 8.0;
            painter.galley(pos2(left, y + 14.0), galley, colours.warning);
        }
    }
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.clicked()) {
        let nearest = marked(&track, folded)
            .into_iter()
            .min_by_key(|slot| (slot_x(&track, folded, *slot) - pointer.x).abs() as u32);
        if let Some(slot) = nearest {
            scene.wish(BranchWish::GoTo(slot));
        }
    }
    if (outer.left()..=outer.right()).contains(&here) {
        painter.vline(here, outer.top()..=y + 12.0, Stroke::new(1.0, colours.text));
    }
}

/// The line from history down to the branch. It goes behind the words of the scale.
fn leaving_ui(painter: &egui::Painter, [from, to]: [Pos2; 2], stroke: Stroke, written: Option<&Written>) {
    const WORDS: f32 = 13.0;
    let top = from.y + SCALE - MARKS + 2.0;
    let at = |y: f32| pos2(from.x + (to.x - from.x) * (y - from.y) / (to.y - from.y), y);
    let (above, below) = (at(top), at(top + WORDS));
    if below.y < to.y && written.is_some_and(|written| written.stands_between(above.x, below.x)) {
        painter.line_segment([from, above], stroke);
        painter.line_segment([below, to], stroke);
    } else {
        painter.line_segment([from, to], stroke);
    }
}

/// The slots that have a mark: those that differ, and the others in sight while these are few.
fn marked(track: &Track<'_>, folded: &Folded) -> Vec<usize> {
    let (from, to) = (track.line.marks_before(track.shown.from), track.line.marks_before(track.shown.to) + 1);
    let mut slots: Vec<usize> = folded.edited().to_vec();
    if to - from <= MARKED && track.line.is_in_order() {
        let first = folded.what_if.layout.edited().map_or(0, |(first, _)| first);
        let in_sight =
            (from..to.min(track.line.len())).filter_map(|index| folded.what_if.layout.slot_of_history(index));
        slots.extend(in_sight.filter(|slot| *slot > first));
        slots.sort_unstable();
        slots.dedup();
    }
    slots
}

/// Where a slot lies: a recorded event where it lies in history, one that stands elsewhere behind the one before it.
fn slot_x(track: &Track<'_>, folded: &Folded, slot: usize) -> f32 {
    let Some(place) = folded.slots().get(slot) else { return track.rect.right() };
    let Some(index) = place.history() else { return track.rect.left() - EDGE / 2.0 };
    let x = track.x_of(index);
    if place.is_in_history() {
        return x;
    }
    // Those between two events of history share the room between these.
    let (before, behind) = folded.between(slot);
    let next = if index + 1 < track.line.len() { track.x_of(index + 1) } else { x + 2.0 * EDGE };
    x + (next - x) * (before + 1) as f32 / (before + behind + 2) as f32
}

/// Answers with where it is and what is said of it.
fn mark_ui(
    painter: &egui::Painter,
    scene: &Scene<'_>,
    view: &StreamView,
    folded: &Folded,
    track: &Track<'_>,
    slot: usize,
    y: f32,
) -> Option<(f32, String)> {
    let (place, head) = (folded.slots().get(slot)?, folded.head(slot)?);
    let x = slot_x(track, folded, slot);
    if !(track.outer.left()..=track.outer.right()).contains(&x) {
        return None;
    }
    let colours = track.colours;
    let rect = Rect::from_center_size(pos2(x, y), vec2(8.0, 14.0));
    painter.rect_filled(rect, 2.0, colours.panel);
    let ring = Rect::from_center_size(pos2(x, y), vec2(14.0, 20.0));
    let amber = Stroke::new(1.5, colours.warning);
    let caption = match place.how {
        How::Skipped | How::MovedAway => {
            painter.rect_stroke(rect, 2.0, Stroke::new(1.0, colours.warning), StrokeKind::Inside);
            painter.line_segment([rect.left_bottom() + vec2(-3.0, 2.0), rect.right_top() + vec2(3.0, -2.0)], amber);
            let name = if place.how == How::Skipped { "branch-skipped" } else { "branch-moved-away" };
            Some(format!("{} {}", scene.version(&folded.label(slot)), scene.text(name)))
        }
        how => {
            let sign = colours.sign(view.sign_of(head.event_type.as_str()));
            paint_sign(painter, rect, sign);
            let name = super::super::what_if::how_name(how);
            if name.is_some() {
                painter.rect_stroke(ring, 4.0, amber, StrokeKind::Inside);
            }
            name.map(|name| format!("{} {}", scene.version(&folded.label(slot)), scene.text(name)))
        }
    };
    if folded.broken_at(slot).is_some() {
        let font = egui::FontId::proportional(11.5);
        painter.text(pos2(x, y - 16.0), egui::Align2::CENTER_CENTER, "!", font, colours.warning);
    }
    caption.map(|caption| (x, caption))
}
