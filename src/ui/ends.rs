//! A line with something at each of its ends, drawn as it is read.

use std::fmt::Debug;
use std::hash::Hash;

use egui::{Align, Id, Layout, Rect, Ui, UiBuilder, pos2};

/// What stands at the right has the room that it needs, what stands at the left has the rest. Both are drawn from left to
/// right, so that Tab and a screen reader go as the eye does. Where the right begins is known by how wide it was: a frame
/// in which that changes by much is drawn anew before anybody sees it, and one in which a number became a little wider is
/// followed by the next. No two lines of a frame may be called the same.
pub(super) fn ends_ui<S>(
    ui: &mut Ui,
    scene: &mut S,
    line: impl Hash + Debug,
    left: impl FnOnce(&mut Ui, &mut S),
    right: impl FnOnce(&mut Ui, &mut S),
) {
    let id = Id::unique(("right end of line", &line));
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
    let by = kept.map_or(f32::INFINITY, |kept| (kept - wanted.width()).abs());
    if by > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, wanted.width()));
        if by > A_LITTLE && may_draw_anew(ui) {
            ui.ctx().request_discard(format!("what stands at the right of {line:?} has another width"));
        } else {
            ui.ctx().request_repaint();
        }
    }
    let (top, bottom) = (taken.top().min(wanted.top()), taken.bottom().max(wanted.bottom()));
    ui.advance_cursor_after_rect(Rect::from_min_max(pos2(space.left(), top), pos2(space.right(), bottom)));
}

/// Nobody sees for one frame that a right end begins so few points beside where it should.
const A_LITTLE: f32 = 16.0;

/// What changes in every frame, as while somebody drags, is not to cost two: no frame is drawn anew behind one that was.
fn may_draw_anew(ui: &Ui) -> bool {
    let id = Id::unique("a line was drawn anew in this frame");
    let now = ui.ctx().cumulative_frame_nr();
    let before: Option<u64> = ui.data(|data| data.get_temp(id));
    let may = before.is_none_or(|before| before == now || before + 1 < now);
    if may {
        ui.data_mut(|data| data.insert_temp(id, now));
    }
    may
}

#[cfg(test)]
mod tests {
    use egui::{Context, RawInput, vec2};

    use super::*;

    /// Draws a frame, and says how often; the lines have right ends of these widths.
    fn passes(context: &Context, lines: &[(&str, f32)]) -> usize {
        let output = context.run_ui(RawInput::default(), |ui| {
            for (line, width) in lines {
                ui.horizontal(|ui| {
                    ends_ui(
                        ui,
                        &mut (),
                        line,
                        |ui, ()| {
                            ui.label("left");
                        },
                        |ui, ()| {
                            ui.allocate_exact_size(vec2(*width, 10.0), egui::Sense::hover());
                        },
                    );
                });
            }
        });
        let passes = output.platform_output.num_completed_passes;
        output.drop_without_applying_deltas();
        passes
    }

    #[test]
    fn a_line_is_drawn_anew_when_its_right_end_changes_by_much_and_never_frame_after_frame() {
        let context = Context::default();
        assert_eq!(passes(&context, &[("one", 100.0), ("other", 50.0)]), 2, "nobody knew how wide they are");
        for _ in 0..3 {
            assert_eq!(passes(&context, &[("one", 100.0), ("other", 50.0)]), 1);
        }
        // A counter.
        let counting = (0..20_u8).map(|step| passes(&context, &[("one", 100.0 + f32::from(step)), ("other", 50.0)]));
        assert_eq!(counting.max(), Some(1));
        assert_eq!(passes(&context, &[("one", 300.0), ("other", 50.0)]), 2);
        assert_eq!(passes(&context, &[("one", 300.0), ("other", 50.0)]), 1);
        let wild: Vec<usize> =
            (0..9_u8).map(|step| passes(&context, &[("one", 40.0 * f32::from(step % 3)), ("other", 50.0)])).collect();
        assert!(wild.windows(2).all(|two| two != [2, 2]) && wild.contains(&2), "{wild:?}");
    }
}
