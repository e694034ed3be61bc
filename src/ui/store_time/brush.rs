use egui::{
    Button, CursorIcon, Key, Modifiers, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};

use super::chart::{Chart, marked_words};
use crate::command::{Action, TimeAction};
use crate::ui::Scene;
use crate::ui::icons::{Icon, small_icon_button};
use crate::view::{OpenStore, StoreSpan};

/// How near to an end one takes hold of it.
const GRIP: f32 = 6.0;

/// The other end of the marked span, where this is one of its ends.
pub(super) fn held_end(chart: &Chart, brush: Option<StoreSpan>, origin: Pos2) -> Option<i64> {
    let brush = brush?;
    let is_near = |value: i64| (chart.x(value) - origin.x).abs() <= GRIP;
    match (is_near(brush.from), is_near(brush.to)) {
        (_, true) => Some(brush.from),
        (true, false) => Some(brush.to),
        (false, false) => None,
    }
}

/// The marked span: its ends, what it is, and what can be done with it.
pub(super) fn brush_ui(ui: &mut Ui, scene: &mut Scene<'_>, chart: &Chart, store: &OpenStore, events: u64) {
    let Some(brush) = store.time.brush() else { return };
    let colours = chart.colours;
    let (left, right) = (chart.x(brush.from), chart.x(brush.to));
    let track = chart.rect;
    if right < track.left() || left > track.right() {
        return;
    }
    let shown = Rect::from_x_y_ranges(left.max(track.left())..=right.min(track.right()), track.y_range());
    let painter = ui.painter_at(track.expand2(vec2(8.0, 1.0)));
    painter.rect_filled(shown, 0.0, colours.accent.gamma_multiply(0.12));
    painter.rect_stroke(shown, 0.0, Stroke::new(1.0, colours.accent), StrokeKind::Inside);
    for (value, other, name) in [(brush.from, brush.to, "store-brush-from"), (brush.to, brush.from, "store-brush-to")] {
        end_ui(ui, scene, chart, store, (value, other), name);
    }
    let words = marked_words(scene, chart.axis, brush);
    let words = scene.locale.with("store-brushed", [("span", words.into()), ("events", scene.events(events).into())]);
    words_ui(ui, scene, chart, shown, brush, &words);
}

/// An end that is dragged, or moved with the arrows by what lies between two bars.
fn end_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    chart: &Chart,
    store: &OpenStore,
    (value, other): (i64, i64),
    name: &'static str,
) {
    let x = chart.x(value);
    if x < chart.rect.left() - 1.0 || x > chart.rect.right() + 1.0 {
        return;
    }
    let colours = chart.colours;
    let grip = Rect::from_center_size(pos2(x, chart.rect.center().y), vec2(7.0, 20.0));
    let response = ui.interact(grip.expand2(vec2(2.0, 4.0)), ui.scope_id().with(name), Sense::click_and_drag());
    let text = scene.text(name);
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, &text));
    let is_lit = response.hovered() || response.has_focus() || response.dragged();
    ui.painter().rect_filled(grip, 3.0, colours.panel);
    let ink = if is_lit { colours.text } else { colours.accent };
    ui.painter().rect_stroke(grip, 3.0, Stroke::new(1.5, ink), StrokeKind::Inside);
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged()) {
        let to = chart.end_at(scene, pointer.x);
        scene.ask(Action::Time(TimeAction::Brush(Some(StoreSpan::new(other, to)))));
    }
    if response.has_focus() {
        let length = store.time.bars().map_or(1, |bars| bars.span.len() / bars.edges.len().max(2) as i64).max(1);
        for (key, by) in [(Key::ArrowLeft, -length), (Key::ArrowRight, length)] {
            if ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
                let to = chart.rounded(value.saturating_add(by)).clamp(chart.span.from, chart.span.to);
                scene.ask(Action::Time(TimeAction::Brush(Some(StoreSpan::new(other, to)))));
            }
        }
        let is_deleted = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if [Key::Delete, Key::Backspace].into_iter().any(is_deleted) {
            scene.ask(Action::Time(TimeAction::Brush(None)));
        }
    }
    response.on_hover_cursor(CursorIcon::ResizeHorizontal).on_hover_text(text);
}

/// Beside the span where there is room, and else over it.
fn words_ui(ui: &mut Ui, scene: &mut Scene<'_>, chart: &Chart, shown: Rect, brush: StoreSpan, words: &str) {
    let colours = chart.colours;
    let font = egui::FontId::proportional(11.5);
    let galley = ui.painter().layout_no_wrap(words.to_owned(), font, colours.text);
    let zoom = scene.text("store-zoom-in");
    let button = ui.painter().layout_no_wrap(zoom.clone(), egui::FontId::proportional(13.0), colours.text).size().x;
    let width = galley.size().x + button + 20.0 + 20.0 + 36.0;
    let track = chart.rect;
    let left = match () {
        () if shown.right() + 8.0 + width <= track.right() => shown.right() + 8.0,
        () if shown.left() - 8.0 - width >= track.left() => shown.left() - 8.0 - width,
        () => (track.right() - width).max(track.left()),
    };
    let room = Rect::from_min_size(pos2(left, track.top() - 2.0), vec2(width, 26.0));
    ui.painter().rect_filled(room, 6.0, colours.panel.gamma_multiply(0.92));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let mut inside = ui.new_child(UiBuilder::new().max_rect(room.shrink2(vec2(6.0, 0.0))).layout(layout));
    inside.label(egui::RichText::new(words).size(11.5));
    if inside.add(Button::new(zoom)).clicked() {
        scene.ask(Action::Time(TimeAction::Show(Some(brush))));
        scene.ask(Action::Time(TimeAction::Brush(None)));
    }
    if small_icon_button(&mut inside, Icon::Cross, &scene.text("store-brush-remove"), true).clicked() {
        scene.ask(Action::Time(TimeAction::Brush(None)));
    }
}
