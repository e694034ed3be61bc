use egui::{Color32, CursorIcon, Mesh, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, pos2, vec2};

use super::marks::kept_columns;
use super::track::{OVERVIEW, Track, named};
use crate::command::{Action, Command};
use crate::ui::Scene;
use crate::view::{Shown, StreamView};

/// The whole line, small, with what is shown of it. Its room is kept while all is shown, so that nothing jumps.
pub(super) fn overview_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    track: &Track<'_>,
    view: &StreamView,
    pins: [Option<usize>; 2],
) {
    if track.shown.is_whole() {
        ui.allocate_exact_size(vec2(ui.available_width(), OVERVIEW), Sense::hover());
        return;
    }
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), OVERVIEW), Sense::click_and_drag());
    let colours = track.colours;
    let whole = Track { outer: rect, rect: rect.shrink2(vec2(2.0, 0.0)), shown: Shown::WHOLE, ..*track };
    let line = track.line;
    let version =
        |share: f64| line.heads().get(line.nearest(share)).map_or_else(String::new, |head| head.version.to_string());
    let values = [("first", version(track.shown.from).into()), ("last", version(track.shown.to).into())];
    named(&response, Role::ScrollBar, &scene.locale.with("timeline-shown", values));
    if let Some(pointer) = response.interact_pointer_pos() {
        let window = Rect::from_x_y_ranges(whole.x(track.shown.from)..=whole.x(track.shown.to), rect.y_range());
        let origin = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
        let middle = f64::midpoint(track.shown.from, track.shown.to);
        let is_elsewhere = !window.expand2(vec2(6.0, 6.0)).contains(origin);
        let wanted = if response.double_clicked() {
            Some(Shown::WHOLE)
        } else if (response.drag_started() || response.clicked()) && is_elsewhere {
            Some(track.shown.moved(whole.share_at(pointer.x) - middle))
        } else if response.dragged() {
            Some(track.shown.moved(f64::from(response.drag_delta().x / whole.rect.width().max(1.0))))
        } else {
            None
        };
        match wanted.filter(|wanted| *wanted != track.shown) {
            Some(wanted) if wanted.is_whole() => scene.run(Command::ZoomAll),
            Some(wanted) => scene.ask(Action::ShowPart(line.span(wanted))),
            None => {}
        }
    }
    let painter = ui.painter_at(rect.expand(1.0));
    painter.rect_filled(rect, 2.0, colours.background);
    let window = Rect::from_x_y_ranges(whole.x(track.shown.from)..=whole.x(track.shown.to), rect.y_range());
    // A part of a long stream may be less than a point wide.
    let window = Rect::from_center_size(window.center(), vec2(window.width().max(6.0), window.height()));
    painter.rect_filled(window, 2.0, colours.selection);
    let mut bars = Mesh::default();
    for column in kept_columns(ui, "columns of the overview", &whole, view).iter() {
        let x = whole.rect.left() + column.x;
        let half = (column.width / 2.0).min(1.5);
        let bar = Rect::from_min_max(pos2(x - half, rect.top() + 3.0), pos2(x + half, rect.bottom() - 3.0));
        bars.add_colored_rect(bar, if column.is_left_out { colours.line } else { colours.faint });
    }
    painter.add(Shape::mesh(bars));
    let place = |index: usize, colour: Color32| {
        let x = whole.x_of(index);
        painter.line_segment([pos2(x, rect.top()), pos2(x, rect.bottom())], Stroke::new(1.5, colour));
    };
    for (pin, colour) in pins.into_iter().zip([colours.pin_a, colours.pin_b]) {
        if let Some(index) = pin {
            place(index, colour);
        }
    }
    place(track.cursor, colours.text);
    let edge =
        if response.hovered() || response.has_focus() || response.dragged() { colours.text } else { colours.accent };
    painter.rect_stroke(window, 2.0, Stroke::new(1.0, edge), StrokeKind::Inside);
    let icon = if response.dragged() { CursorIcon::Grabbing } else { CursorIcon::Grab };
    response.on_hover_cursor(icon).on_hover_text(scene.text("timeline-shown-about"));
}
