//! From a cause to its effect.

use egui::epaint::CubicBezierShape;
use egui::{Color32, Painter, Pos2, Shape, Stroke, Vec2, pos2, vec2};

/// How high above its lane an arrow within it rises at most, and how long the head is.
const RISE: f32 = 13.0;
const HEAD: f32 = 6.0;

/// Half of a mark.
pub(super) const HALF: Vec2 = vec2(4.5, 7.5);

/// Within a lane above the marks; from lane to lane it leaves and comes in at the side that faces the other.
pub(super) fn arrow(painter: &Painter, from: Pos2, to: Pos2, stroke: Stroke) {
    let is_level = (from.y - to.y).abs() < 1.0;
    let (start, out, into, end) = if is_level {
        let rise = ((to.x - from.x).abs() / 3.0).clamp(5.0, RISE);
        let (start, end) = (from - vec2(-2.0, HALF.y), to - vec2(2.0, HALF.y));
        (start, start - vec2(-3.0, rise), end - vec2(9.0, rise), end)
    } else {
        let down = (to.y - from.y).signum();
        let bend = ((to.y - from.y).abs() * 0.55).min(46.0) * down;
        let (start, end) = (from + vec2(1.5, HALF.y * down), to - vec2(1.5, (HALF.y + 1.0) * down));
        (start, start + vec2(0.0, bend), end - vec2(0.0, bend), end)
    };
    let towards = (end - into).normalized();
    let neck = end - towards * HEAD;
    painter.add(CubicBezierShape::from_points_stroke([start, out, into, neck], false, Color32::TRANSPARENT, stroke));
    let side = towards.rot90() * (HEAD * 0.42);
    let head = vec![end, neck + side, neck - side];
    painter.add(Shape::convex_polygon(head, stroke.color, Stroke::NONE));
}

/// A cause that is not in the store: a dashed mark before its effect, with its arrow.
pub(super) fn missing(painter: &Painter, effect: Pos2, is_left: bool, ink: Color32) -> Pos2 {
    let away = if is_left { -30.0 } else { 34.0 };
    let mark = pos2(effect.x + away, effect.y - 8.0);
    let stroke = Stroke::new(1.2, ink);
    let (min, max) = (mark - HALF * 0.85, mark + HALF * 0.85);
    let outline = [min, pos2(max.x, min.y), max, pos2(min.x, max.y), min];
    painter.extend(Shape::dashed_line(&outline, stroke, 2.5, 2.0));
    let (from, to) = if is_left {
        (pos2(max.x + 1.0, mark.y), effect - vec2(HALF.x + 1.0, 0.0))
    } else {
        (pos2(min.x - 1.0, mark.y), effect + vec2(HALF.x + 1.0, -2.0))
    };
    let middle = pos2(f32::midpoint(from.x, to.x), from.y.min(to.y) - 1.0);
    painter.extend(Shape::dashed_line(&[from, middle, to], stroke, 3.0, 2.0));
    mark
}
