//! A line with something at each of its ends, drawn as it is read.

use egui::{Align, Id, Layout, Rect, Ui, UiBuilder, pos2};

use super::Scene;

/// What stands at the right has the room that it needs, what stands at the left has the rest. Both are drawn from left to
/// right, so that Tab and a screen reader go as the eye does. Where the right begins is known by how wide it was: a frame
/// in which that changes is drawn anew before anybody sees it.
pub(super) fn ends_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    line: &'static str,
    left: impl FnOnce(&mut Ui, &mut Scene<'_>),
    right: impl FnOnce(&mut Ui, &mut Scene<'_>),
) {
    let id = Id::unique(("right end of line", line));
    let kept: Option<f32> = ui.data(|data| data.get_temp(id));
    let width = kept.unwrap_or(0.0);
    let space = ui.available_rect_before_wrap();
    let gap = if width > 0.0 { ui.spacing().item_spacing.x } else { 0.0 };
    let begin = (space.right() - width).max(space.left());
    let layout = Layout::left_to_right(Align::Center);
    let builder = |rect: Rect| UiBuilder::new().max_rect(rect).layout(layout);
    let before = Rect::from_min_max(space.min, pos2((begin - gap).max(space.left()), space.bottom()));
    let mut inside = ui.new_child(builder(before).id_salt("left end"));
    left(&mut inside, scene);
    let taken = inside.min_rect();
    // It is asked how much room it wants, whatever it had.
    let behind = builder(Rect::from_min_size(pos2(begin, space.top()), space.size())).id_salt("right end");
    let mut inside = ui.new_child(if kept.is_some() { behind } else { behind.invisible() });
    right(&mut inside, scene);
    let wanted = inside.min_rect();
    if kept.is_none_or(|kept| (kept - wanted.width()).abs() > 0.5) {
        ui.data_mut(|data| data.insert_temp(id, wanted.width()));
        ui.ctx().request_discard(format!("what stands at the right of {line} has another width"));
    }
    let (top, bottom) = (taken.top().min(wanted.top()), taken.bottom().max(wanted.bottom()));
    ui.advance_cursor_after_rect(Rect::from_min_max(pos2(space.left(), top), pos2(space.right(), bottom)));
}
