use egui::{CursorIcon, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::chart::{Chart, span_words};
use crate::command::{Action, Command, TimeAction};
use crate::ui::Scene;
use crate::view::OpenStore;

pub(super) const HEIGHT: f32 = 10.0;

/// The whole of the store's time, small, with what is shown of it. Its room is kept while all is shown, so that nothing jumps.
pub(super) fn overview_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, chart: &Chart) {
    let size = vec2(ui.available_width(), HEIGHT);
    let (Some(shown), Some(whole)) = (store.time.shown(), store.time.whole()) else {
        ui.allocate_exact_size(size, Sense::hover());
        return;
    };
    let (row, _) = ui.allocate_exact_size(size, Sense::hover());
    let rect = Rect::from_x_y_ranges(chart.rect.x_range(), row.y_range());
    let response = ui.interact(rect, ui.scope_id().with("store overview"), Sense::click_and_drag());
    let colours = chart.colours;
    let words = scene.locale.with("store-shown", [("span", span_words(scene, chart.axis, shown).into())]);
    response.widget_info(|| WidgetInfo::labeled(Role::ScrollBar, true, &words));
    let all = Chart { rect, span: whole, ..*chart };
    let window = Rect::from_x_y_ranges(all.x(shown.from)..=all.x(shown.to), rect.y_range());
    let window = Rect::from_center_size(window.center(), vec2(window.width().max(6.0), window.height()));
    if response.double_clicked() {
        scene.run(Command::ZoomAll);
    } else if let Some(pointer) = response.interact_pointer_pos() {
        let origin = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
        let is_elsewhere = !window.expand2(vec2(6.0, 6.0)).contains(origin);
        let by = if (response.drag_started() || response.clicked()) && is_elsewhere {
            all.value_at(pointer.x).saturating_sub(shown.middle())
        } else if response.dragged() {
            (f64::from(response.drag_delta().x / rect.width().max(1.0)) * whole.len() as f64) as i64
        } else {
            0
        };
        if by != 0 {
            scene.ask(Action::Time(TimeAction::Show(Some(shown.moved(by)))));
        }
    }
    let painter = ui.painter_at(rect.expand(1.0));
    painter.rect_filled(rect, 2.0, colours.background);
    painter.rect_filled(window, 2.0, colours.selection);
    if let Some(x) = store.time.cursor_value().map(|value| all.x(value)) {
        painter.line_segment([pos2(x, rect.top()), pos2(x, rect.bottom())], Stroke::new(1.5, colours.text));
    }
    let is_lit = response.hovered() || response.has_focus() || response.dragged();
    let edge = if is_lit { colours.text } else { colours.accent };
    painter.rect_stroke(window, 2.0, Stroke::new(1.0, edge), StrokeKind::Inside);
    let icon = if response.dragged() { CursorIcon::Grabbing } else { CursorIcon::Grab };
    response.on_hover_cursor(icon).on_hover_text(format!("{words}\n{}", scene.text("timeline-shown-about")));
}
