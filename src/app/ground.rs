use egui::layers::ShapeIdx;
use egui::{Color32, Painter, Rect, Shape, Ui, pos2};

use crate::theme::CARD_RADIUS;

/// The ground of a part of the window. It is painted below everything, once it is known what covers it.
pub(super) struct Ground {
    painter: Painter,
    place: ShapeIdx,
}

impl Ground {
    pub(super) fn begin(ui: &Ui) -> Self {
        let painter = ui.painter().clone();
        Self { place: painter.add(Shape::Noop), painter }
    }

    /// Paints it, but not below cards that lie one below the other: these would be painted over it, pixel by pixel.
    pub(super) fn paint_round(self, fill: Color32, cards: &[Rect]) {
        let shapes = left_of(self.painter.clip_rect(), cards);
        let shapes = shapes.into_iter().map(|rect| Shape::rect_filled(rect, 0.0, fill)).collect();
        self.painter.set(self.place, Shape::Vec(shapes));
    }
}

/// What is seen of a space around cards with round corners.
fn left_of(space: Rect, cards: &[Rect]) -> Vec<Rect> {
    let mut seen = Vec::new();
    let mut top = space.top();
    for card in cards {
        let hidden = card.shrink(f32::from(CARD_RADIUS)).intersect(space);
        if !hidden.is_positive() || hidden.top() < top {
            continue;
        }
        let (left, right, bottom) = (hidden.left(), hidden.right(), hidden.bottom());
        seen.push(Rect::from_min_max(pos2(space.left(), top), pos2(space.right(), hidden.top())));
        seen.push(Rect::from_min_max(pos2(space.left(), hidden.top()), pos2(left, bottom)));
        seen.push(Rect::from_min_max(pos2(right, hidden.top()), pos2(space.right(), bottom)));
        top = bottom;
    }
    seen.push(Rect::from_min_max(pos2(space.left(), top), space.max));
    seen.retain(Rect::is_positive);
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(left: f32, top: f32, right: f32, bottom: f32) -> Rect {
        Rect::from_min_max(pos2(left, top), pos2(right, bottom))
    }

    #[test]
    fn every_point_is_either_covered_or_painted_once() {
        let space = rect(0.0, 0.0, 200.0, 300.0);
        let cards = [rect(16.0, 40.0, 184.0, 120.0), rect(16.0, 128.0, 184.0, 140.0), rect(16.0, 150.0, 184.0, 320.0)];
        let painted = left_of(space, &cards);
        for x in 0..200 {
            for y in 0..300 {
                let point = pos2(x as f32 + 0.5, y as f32 + 0.5);
                let times = painted.iter().filter(|rect| rect.contains(point)).count();
                let is_inside = cards.iter().any(|card| card.shrink(8.0).contains(point));
                assert_eq!(times, usize::from(!is_inside), "{point:?}");
            }
        }
        assert_eq!(left_of(space, &[]), [space]);
    }
}
