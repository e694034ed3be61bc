use egui::{CursorIcon, Id, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::handler_lines::{HandlerLines, LEAD};
use super::lanes::{LANE, events_head_ui, foot_ui, gutter, lanes_in_sight, lanes_ui};
use super::marks::marks_ui;
use super::overview::overview_ui;
use super::pins::pins_ui;
use super::scale::{Written, pause_at, pauses_ui, plain_length, scale_ui};
use crate::command::{Action, Command};
use crate::theme::{Palette, palette};
use crate::ui::Scene;
use crate::ui::parts::shortened;
use crate::view::{Lens, Line, OTHERS, OpenStore, ProjectionWish, Shown, StreamView};

/// What is drawn where, from the top: flags, marks, scale, and the whole while a part is shown.
pub(super) const FLAGS: f32 = 24.0;
pub(super) const MARKS: f32 = 34.0;
pub(super) const SCALE: f32 = 47.0;
pub(super) const HEIGHT: f32 = 62.0;
pub(super) const OVERVIEW: f32 = 10.0;

/// With lanes: the events alone, without their scale, which then stands below the lanes.
const EVENTS: f32 = 48.0;
const FOOT: f32 = 22.0;

/// How high all of it is but the overview.
pub(super) fn height(lanes: usize, window_height: f32) -> f32 {
    match lanes {
        0 => HEIGHT,
        _ => EVENTS + lanes_in_sight(lanes, window_height) as f32 * LANE + FOOT,
    }
}

/// So much of a mark may lie beyond the ends of the line.
pub(super) const EDGE: f32 = 10.0;

/// How near to the cursor one takes hold of it, where dragging elsewhere moves what is shown.
const GRIP: f32 = 12.0;

/// How much nearer one comes by a point that the wheel turns.
const WHEEL: f64 = 1.0 / 200.0;

/// The line on the screen.
pub(super) struct Track<'a> {
    /// All of it, and the part from its left to its right end.
    pub(super) outer: Rect,
    pub(super) rect: Rect,
    pub(super) line: Line<'a>,
    pub(super) shown: Shown,
    pub(super) cursor: usize,
    /// Where the scale is.
    pub(super) scale: f32,
    pub(super) colours: &'static Palette,
    /// The lines that the handler of the event at the cursor ran.
    pub(super) lines: Option<HandlerLines>,
}

/// What a drag that began on the line moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Cursor,
    Part,
}

impl Track<'_> {
    pub(super) fn x(&self, share: f64) -> f32 {
        self.rect.left() + self.rect.width() * self.shown.place_of(share) as f32
    }

    pub(super) fn x_of(&self, index: usize) -> f32 {
        self.x(self.line.share_of(index))
    }

    pub(super) fn share_at(&self, x: f32) -> f64 {
        self.shown.share_at(f64::from((x - self.rect.left()) / self.rect.width().max(1.0)))
    }

    pub(super) fn index_at(&self, x: f32) -> usize {
        self.line.nearest(self.share_at(x))
    }

    /// Where the middle of the marks is.
    pub(super) fn y(&self) -> f32 {
        self.rect.top() + MARKS
    }
}

/// The fold line: one mark an event, the cursor on it, and the two pins. Answers with where the scale has words, where it
/// stands below the marks.
pub(super) fn track_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    store: &OpenStore,
    view: &StreamView,
    is_by_time: bool,
) -> Option<Written> {
    let (loaded, cursor) = (view.base()?, view.cursor()?);
    let lanes = store.lane_texts().len();
    let gutter = gutter(ui.available_width(), lanes);
    let room = if lanes == 0 { HEIGHT } else { EVENTS };
    if lanes > 0 {
        ui.spacing_mut().item_spacing.y = 0.0;
    }
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), room), Sense::hover());
    let outer = Rect::from_min_max(pos2(row.left() + gutter, row.top()), row.max);
    let response = ui.interact(outer, ui.scope_id().with("line"), Sense::click_and_drag());
    let line = Line::new(loaded, is_by_time);
    let shown = view.shown_part(is_by_time);
    let lead = if store.lens() == Lens::Projections { LEAD } else { 0.0 };
    let rect = Rect::from_min_max(pos2(outer.left() + EDGE + lead, outer.top()), outer.max - vec2(EDGE, 0.0));
    let all = height(lanes, ui.ctx().content_rect().height());
    let scale = if lanes == 0 { rect.top() + SCALE } else { rect.top() + all - FOOT + 3.0 };
    let mut track = Track { outer, rect, line, shown, cursor, scale, colours: palette(ui), lines: None };
    track.lines = HandlerLines::of(&track, store);
    let version = line.heads().get(cursor).map_or(0.0, |head| head.version.0 as f64);
    let name = scene.text("timeline");
    response.widget_info(|| WidgetInfo::slider(true, version, &name));
    drag_ui(ui, scene, &track, &response);
    wheel_ui(ui, scene, &track, &response);
    let below = Rect::from_min_max(outer.min, pos2(outer.right(), outer.top() + all));
    let painter = ui.painter_at(below.expand2(vec2(EDGE, 4.0)));
    let here = track.lines.as_ref().map_or_else(|| track.x_of(cursor), HandlerLines::here);
    let y = track.y();
    let (start, end) = if shown.is_whole() { (rect.left(), rect.right()) } else { (outer.left(), outer.right()) };
    let turn = here.clamp(start, end);
    painter.line_segment([pos2(start, y), pos2(turn, y)], Stroke::new(2.0, track.colours.accent));
    painter.line_segment([pos2(turn, y), pos2(end, y)], Stroke::new(2.0, track.colours.line));
    let written = pauses_ui(&painter, scene, &track);
    if let Some(lines) = &track.lines {
        lines.paint(&painter, &track);
    }
    marks_ui(ui, &painter, &track, view);
    let written = scale_ui(&painter, scene, &track, written);
    if lanes > 0 {
        let head = Rect::from_min_max(row.min, pos2(outer.left() - 8.0, row.bottom()));
        events_head_ui(ui, scene, head, view);
        lanes_ui(ui, scene, &track, store, view);
        let (foot, _) = ui.allocate_exact_size(vec2(ui.available_width(), FOOT), Sense::hover());
        let line = [foot.left_top(), foot.right_top()];
        ui.painter().line_segment(line, Stroke::new(1.0, track.colours.line));
        foot_ui(ui, scene, Rect::from_min_max(foot.min, pos2(outer.left() - 12.0, foot.bottom())), store);
    }
    if (outer.left()..=outer.right()).contains(&here) {
        let end = if lanes == 0 { y + 13.0 } else { outer.top() + all - FOOT };
        painter.line_segment([pos2(here, y - 15.0), pos2(here, end)], Stroke::new(2.0, track.colours.text));
        painter.circle_filled(pos2(here, y - 15.0), 4.0, track.colours.text);
    }
    pins_ui(ui, scene, &track, store);
    menu_ui(scene, &response);
    hover_ui(scene, &track, response, here);
    overview_ui(ui, scene, &track, view, store.pins_here());
    (lanes == 0).then_some(written)
}

/// Scrubs; where only a part is shown, that is what is moved, unless the cursor itself is taken hold of.
pub(super) fn drag_ui(ui: &Ui, scene: &mut Scene<'_>, track: &Track<'_>, response: &Response) {
    let held_id = Id::unique("what is held of the timeline");
    if response.drag_started() {
        let from = ui.input(|input| input.pointer.press_origin()).map_or(f32::INFINITY, |origin| origin.x);
        let is_cursor = track.shown.is_whole() || (from - track.x_of(track.cursor)).abs() <= GRIP;
        let held = if is_cursor { Held::Cursor } else { Held::Part };
        ui.data_mut(|data| data.insert_temp(held_id, held));
    }
    let held = response.dragged().then(|| ui.data(|data| data.get_temp(held_id))).flatten();
    if held == Some(Held::Part) {
        ui.set_cursor_icon(CursorIcon::Grabbing);
        let by = -f64::from(response.drag_delta().x / track.rect.width().max(1.0)) * track.shown.width();
        if by != 0.0 {
            scene.ask(Action::ShowPart(track.line.span(track.shown.moved(by))));
        }
        return;
    }
    if (held == Some(Held::Cursor) || response.clicked())
        && let Some(pointer) = response.interact_pointer_pos()
    {
        if let Some(lines) = &track.lines
            && let Some(nth) = lines.at(pointer.x)
        {
            if nth != lines.nth {
                scene.ask(Action::Projections(ProjectionWish::Stand(nth)));
            }
            return;
        }
        let index = track.index_at(pointer.x);
        if index != track.cursor {
            scene.ask(Action::GoTo(index));
            // Beyond the edge what is shown moves on, also under a hand that rests.
            ui.ctx().request_repaint();
        }
    }
}

/// The wheel and two fingers go nearer to what is under the pointer; sideways they move along.
pub(super) fn wheel_ui(ui: &Ui, scene: &mut Scene<'_>, track: &Track<'_>, response: &Response) {
    let Some(pointer) = response.hover_pos().filter(|_| response.contains_pointer()) else { return };
    let (turned, pinched) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
    let factor = f64::from(pinched) * (f64::from(turned.y) * WHEEL).exp();
    let along = -f64::from(turned.x / track.rect.width().max(1.0)) * track.shown.width();
    if (factor - 1.0).abs() < 1e-6 && along == 0.0 {
        return;
    }
    let nearer = track.shown.zoomed(track.share_at(pointer.x), factor, track.line.narrowest());
    scene.ask(Action::ShowPart(track.line.span(nearer.moved(along))));
}

fn menu_ui(scene: &mut Scene<'_>, response: &Response) {
    response.context_menu(|ui| {
        for command in [Command::ZoomIn, Command::ZoomOut, Command::ZoomAll, Command::PinA, Command::PinB] {
            if ui.button(scene.text(command.title())).clicked() {
                scene.run(command);
                ui.close();
            }
        }
    });
}

/// What lies under the pointer: a pause, an event, or how many events of which types.
fn hover_ui(scene: &Scene<'_>, track: &Track<'_>, response: Response, here: f32) {
    let Some(pointer) = response.hover_pos() else { return };
    let is_at_cursor = (pointer.x - here).abs() <= GRIP;
    let response =
        if !track.shown.is_whole() && !is_at_cursor { response.on_hover_cursor(CursorIcon::Grab) } else { response };
    if let Some(pause) = pause_at(track, pointer) {
        let length = plain_length(scene, pause.to.micros_since(pause.from));
        response.on_hover_text_at_pointer(scene.locale.with("pause", [("length", length.into())]));
        return;
    }
    let line = track.line;
    let first = line.marks_before(track.share_at(pointer.x - 1.0));
    let end = line.marks_before(track.share_at(pointer.x + 1.0));
    if end > first + 1 {
        response.on_hover_text_at_pointer(crowd(scene, line, first, end));
        return;
    }
    let Some(head) = line.heads().get(track.index_at(pointer.x)) else { return };
    let when = head.recorded_at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
    let name = shortened(head.event_type.as_str());
    response.on_hover_text_at_pointer(format!("v{}  {name}\n{when}", head.version));
}

/// So many types are named of those that share a place.
const NAMED: usize = 6;

fn crowd(scene: &Scene<'_>, line: Line<'_>, first: usize, end: usize) -> String {
    let version =
        |place: usize| line.heads().get(line.event_at(place)).map_or_else(String::new, |head| head.version.to_string());
    let values = [
        ("count", crate::ui::grouped((end - first) as u64).into()),
        ("first", version(first).into()),
        ("last", version(end - 1).into()),
    ];
    let counts = line.tally().between(first, end);
    let mut types: Vec<(u32, usize)> =
        counts.into_iter().zip(0..).filter(|(count, lane)| *count > 0 && *lane < usize::from(OTHERS)).collect();
    types.sort_unstable_by_key(|(count, _)| std::cmp::Reverse(*count));
    let named: u32 = types.iter().take(NAMED).map(|(count, _)| count).sum();
    let mut lines = vec![scene.locale.with("events-here", values)];
    for (count, lane) in types.into_iter().take(NAMED) {
        let name = line.types().names().get(lane).map_or("", |name| name.as_str());
        lines.push(format!("{}  {}", crate::ui::grouped(count.into()), shortened(name)));
    }
    let others = (end - first) as u64 - u64::from(named);
    if others > 0 {
        lines.push(scene.locale.with("events-here-others", [("count", crate::ui::grouped(others).into())]));
    }
    lines.join("\n")
}

/// A thing on the line that can be pressed, by this name.
pub(super) fn named(response: &Response, role: Role, name: &str) {
    response.widget_info(|| WidgetInfo::labeled(role, response.enabled(), name));
}
