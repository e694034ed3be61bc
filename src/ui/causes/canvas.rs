//! The lanes: one a stream, on one axis of time. What is drawn costs what there is room for, however much was found.

use std::collections::HashSet;
use std::ops::Range;

use egui::text::{LayoutJob, TextFormat};
use egui::{
    Align2, Color32, FontFamily, FontId, Id, Painter, Pos2, Rect, Response, Role, ScrollArea, Sense, Stroke,
    StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::AXIS;
use super::arrows::{HALF, arrow, missing};
use super::words::{Room, Written};
use crate::command::Action;
use crate::engine::Causes;
use crate::theme::{FAINT, Palette, SEMIBOLD, palette};
use crate::ui::icons::{Icon, icon_button, paint_sign};
use crate::ui::parts::{cut, hairline, shortened};
use crate::ui::streams::in_order;
use crate::ui::timeline::short_length;
use crate::ui::{Scene, grouped};
use crate::view::{Labels, Lane, Lanes, Mark, Shown, StreamView, time_ticks};

/// How high a lane is, and where in it the marks and their words stand.
pub(super) const LANE: f32 = 70.0;
const MARK_Y: f32 = 24.0;
const WORDS_Y: [f32; 2] = [42.0, 57.0];

/// How wide the names of the streams are, and how far the axis keeps from its ends.
const GUTTER: f32 = 146.0;
const EDGE: f32 = 22.0;

/// What lies between two ticks of the axis at least.
const BETWEEN_TICKS: f32 = 84.0;

/// Marks nearer than this share a place.
const CELL: f32 = 3.0;

/// More arrows that are not lit, and more words in one lane, nobody tells apart.
const FAINT_ARROWS: usize = 600;
const WORDS_TRIED: usize = 160;

/// So many marks are told to whoever hears the window, and pressed one by one; the table has them all.
const MARKS_TOLD: usize = 400;

/// How near to the narrowest part one can go.
const NARROWEST: f64 = 1e-6;

pub(super) struct Drawn<'a> {
    pub(super) found: &'a Causes,
    pub(super) lanes: &'a Lanes,
    pub(super) labels: &'a Labels,
    pub(super) view: &'a StreamView,
}

/// The axis, in points.
#[derive(Clone, Copy)]
struct Axis {
    left: f32,
    width: f32,
    shown: Shown,
}

impl Axis {
    fn x(self, share: f64) -> f32 {
        self.left + self.width * self.shown.place_of(share) as f32
    }

    fn share(self, x: f32) -> f64 {
        self.shown.share_at(f64::from((x - self.left) / self.width.max(1.0)))
    }

    fn ends(self) -> Range<f32> {
        self.left - EDGE + 2.0..self.left + self.width + EDGE - 2.0
    }
}

pub(super) fn canvas_ui(ui: &mut Ui, scene: &mut Scene<'_>, drawn: &Drawn<'_>, part: &mut Shown) {
    let whole = ui.available_rect_before_wrap();
    let axis = Axis {
        left: whole.left() + GUTTER + EDGE,
        width: (whole.width() - GUTTER - 2.0 * EDGE - 6.0).max(40.0),
        shown: *part,
    };
    let (head, _) = ui.allocate_exact_size(vec2(whole.width(), AXIS), Sense::hover());
    let ticks = axis_ui(ui, scene, drawn.lanes, axis, head);
    hairline(ui);
    let area = ui.available_rect_before_wrap();
    let mut lines = ScrollArea::vertical().id_salt("lanes").auto_shrink(false).max_height(area.height() - 2.0);
    // A stream that was just laid beside stands last, and is brought into view.
    let beside = drawn.lanes.lanes.iter().filter(|lane| lane.is_beside).count();
    let known_id = Id::unique("lanes laid beside");
    if ui.data_mut(|data| std::mem::replace(data.get_temp_mut_or(known_id, beside), beside)) < beside {
        lines = lines.vertical_scroll_offset(drawn.lanes.lanes.len() as f32 * LANE);
    }
    let mut told = MARKS_TOLD;
    lines.show_rows(ui, LANE, drawn.lanes.lanes.len(), |ui, range| {
        let top = ui.max_rect().top() - range.start as f32 * LANE;
        let lanes = Rect::from_min_size(pos2(whole.left(), top), vec2(whole.width(), 0.0));
        ui.allocate_space(vec2(whole.width(), LANE * range.len() as f32));
        let visible = ui.clip_rect().intersect(area);
        let painter = ui.painter_at(Rect::from_min_max(
            pos2(whole.left() + GUTTER, visible.top()),
            pos2(whole.right(), visible.bottom()),
        ));
        ground_ui(ui, &painter, drawn, axis, lanes, &range, &ticks);
        arrows_ui(ui, &painter, drawn, axis, lanes, visible);
        for number in range {
            let Some(lane) = drawn.lanes.lane(number) else { continue };
            let rect = Rect::from_min_size(pos2(whole.left(), top + number as f32 * LANE), vec2(whole.width(), LANE));
            name_ui(ui, scene, drawn, lane, rect);
            lane_ui(ui, scene, &painter, drawn, lane, axis, rect, &mut told);
        }
    });
    move_ui(ui, axis, area, part);
}

fn mark_y(lanes: Rect, number: usize) -> f32 {
    lanes.top() + number as f32 * LANE + MARK_Y
}

/// Goes nearer with Ctrl and the wheel or two fingers, moves along with Shift, and shows all again with a double click.
fn move_ui(ui: &Ui, axis: Axis, area: Rect, part: &mut Shown) {
    let Some(pointer) = ui.input(|input| input.pointer.hover_pos()).filter(|at| area.contains(*at)) else { return };
    if pointer.x < axis.left - EDGE || !ui.rect_contains_pointer(area) {
        return;
    }
    let (zoom, along) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta().x));
    if (zoom - 1.0).abs() > f32::EPSILON {
        *part = part.zoomed(axis.share(pointer.x), f64::from(zoom), NARROWEST);
    }
    if along != 0.0 {
        *part = part.moved(-f64::from(along / axis.width) * part.width());
    }
    if ui.input(|input| input.pointer.button_double_clicked(egui::PointerButton::Primary)) {
        *part = Shown::WHOLE;
    }
}

/// Round times and the lengths of pauses; answers with the places of the times.
fn axis_ui(ui: &Ui, scene: &Scene<'_>, lanes: &Lanes, axis: Axis, head: Rect) -> Vec<f32> {
    let colours = palette(ui);
    let painter = ui.painter_at(head);
    let font = FontId::monospace(11.0);
    let mut written = Written::default();
    let y = head.center().y;
    let Some(scale) = &lanes.scale else {
        let mut times = lanes.lanes.iter().flat_map(|lane| &lane.marks).map(|mark| mark.at);
        // One moment makes no scale, and is told all the same.
        let only = times.next().flatten().filter(|only| times.all(|at| at == Some(*only)));
        let text = only.map_or_else(|| scene.text("causes-no-times"), |at| scene.zone.long(at));
        painter.text(pos2(axis.left, y), Align2::LEFT_CENTER, text, FontId::proportional(11.5), colours.dim);
        return Vec::new();
    };
    for pause in scale.pauses() {
        let text = short_length(scene, pause.to.micros_since(pause.from));
        let words = painter.layout_no_wrap(text, font.clone(), colours.dim);
        let (x, half) = (axis.x(pause.middle), words.size().x / 2.0 + 5.0);
        if axis.ends().contains(&x) && written.take(x - half, x + half) {
            let chip = Rect::from_center_size(pos2(x, y), vec2(2.0 * half, 17.0));
            painter.rect_filled(chip, 4.0, colours.background);
            painter.galley(chip.center() - words.size() / 2.0, words, colours.dim);
        }
    }
    let least = f64::from(BETWEEN_TICKS / axis.width);
    let mut places = Vec::new();
    let mut before = None;
    for tick in time_ticks(scale, axis.shown, least, |at| scene.zone.offset(at)) {
        let x = axis.x(tick.share);
        if !axis.ends().contains(&x) {
            continue;
        }
        places.push(x);
        let words = painter.layout_no_wrap(tick.text(before.as_ref()), font.clone(), colours.dim);
        let left = (x - words.size().x / 2.0)
            .clamp(axis.ends().start, (axis.ends().end - words.size().x).max(axis.ends().start));
        if written.take(left, left + words.size().x) {
            painter.galley(pos2(left.round(), y - words.size().y / 2.0), words, colours.dim);
            before = Some(tick);
        }
    }
    places
}

/// The lines of the lanes, cut where a pause is, and faint ones down from the ticks.
fn ground_ui(
    ui: &Ui,
    painter: &Painter,
    drawn: &Drawn<'_>,
    axis: Axis,
    lanes: Rect,
    range: &Range<usize>,
    ticks: &[f32],
) {
    let colours = palette(ui);
    let bottom = lanes.top() + drawn.lanes.lanes.len() as f32 * LANE;
    let thin = Stroke::new(1.0, colours.line);
    for x in ticks {
        painter.extend(egui::Shape::dashed_line(&[pos2(*x, lanes.top()), pos2(*x, bottom)], thin, 1.5, 4.0));
    }
    let gutter = lanes.left() + GUTTER;
    ui.painter().vline(gutter, lanes.top()..=bottom, thin);
    let pauses: Vec<f32> =
        drawn.lanes.scale.iter().flat_map(|scale| scale.pauses()).map(|pause| axis.x(pause.middle)).collect();
    for number in range.clone() {
        let y = mark_y(lanes, number);
        painter.hline(axis.ends().start..=axis.ends().end, y, Stroke::new(1.5, colours.line));
        for x in pauses.iter().filter(|x| axis.ends().contains(x)) {
            painter.rect_filled(Rect::from_center_size(pos2(*x, y), vec2(16.0, 4.0)), 0.0, colours.panel);
            let turns = [(-8.0, 0.0), (-3.0, -5.0), (3.0, 5.0), (8.0, 0.0)];
            let points = turns.map(|(dx, dy)| pos2(x + dx, y + dy)).to_vec();
            painter.line(points, Stroke::new(1.2, colours.faint));
        }
        let line = lanes.top() + (number + 1) as f32 * LANE;
        if number + 1 < drawn.lanes.lanes.len() {
            ui.painter().hline(lanes.x_range(), line, thin);
        }
    }
}

fn arrows_ui(ui: &Ui, painter: &Painter, drawn: &Drawn<'_>, axis: Axis, lanes: Rect, visible: Rect) {
    let colours = palette(ui);
    let end = |place: usize| {
        let (number, share) = drawn.lanes.places.get(place).copied().unwrap_or_default();
        pos2(axis.x(share), mark_y(lanes, number))
    };
    let mut drawn_already = HashSet::new();
    let mut faint = 0;
    for one in &drawn.lanes.arrows {
        let (from, to) = (end(one.from), end(one.to));
        let spans = Rect::from_two_pos(from, to).expand(LANE / 2.0);
        if !spans.intersects(visible) || (!one.is_lit && faint >= FAINT_ARROWS) {
            continue;
        }
        let cell = |at: Pos2| ((at.x / CELL) as i32, at.y as i32);
        if !drawn_already.insert((cell(from), cell(to), one.is_lit)) {
            continue;
        }
        faint += usize::from(!one.is_lit);
        let stroke = if one.is_lit {
            Stroke::new(1.6, colours.accent)
        } else {
            Stroke::new(1.2, colours.faint.gamma_multiply(FAINT))
        };
        arrow(painter, from, to, stroke);
    }
}

/// Whose lane it is: its name, and what people call it.
fn name_ui(ui: &mut Ui, scene: &mut Scene<'_>, drawn: &Drawn<'_>, lane: &Lane, rect: Rect) {
    let colours = palette(ui);
    let place = Rect::from_min_max(rect.min + vec2(14.0, 9.0), pos2(rect.left() + GUTTER - 6.0, rect.bottom() - 6.0));
    let builder = egui::UiBuilder::new().max_rect(place).id_salt(("lane", &lane.stream));
    ui.scope_builder(builder, |ui| {
        ui.shrink_clip_rect(place.expand(2.0));
        ui.spacing_mut().item_spacing.y = 1.0;
        let (first, second) = in_order(lane.stream.as_str(), drawn.labels.of(&lane.stream));
        let is_here = lane.stream == drawn.view.stream;
        let mut text = egui::RichText::new(shortened(first)).color(colours.text);
        if is_here {
            text = text.family(FontFamily::Name(SEMIBOLD.into()));
        }
        ui.horizontal(|ui| {
            if lane.is_beside {
                let room = (ui.available_width() - 28.0).max(20.0);
                ui.scope(|ui| {
                    ui.set_max_width(room);
                    stream_ui(ui, scene, lane, text, is_here);
                });
                let name = scene.locale.with("causes-remove", [("stream", shortened(first).into_owned().into())]);
                if icon_button(ui, Icon::Cross, &name).clicked() {
                    scene.ask(Action::RemoveLane(lane.stream.clone()));
                }
            } else {
                stream_ui(ui, scene, lane, text, is_here);
            }
        });
        let mut below = second.map(|second| shortened(second).into_owned()).unwrap_or_default();
        if lane.is_cut {
            below = scene.locale.with("causes-lane-cut", [("count", grouped(lane.marks.len() as u64).into())]);
        }
        if !below.is_empty() {
            cut(ui, egui::RichText::new(below).size(11.5).color(colours.dim));
        }
    });
}

fn stream_ui(ui: &mut Ui, scene: &mut Scene<'_>, lane: &Lane, text: egui::RichText, is_here: bool) {
    let button = ui.add(egui::Button::new(text).frame(false).truncate());
    if button.clicked() && !is_here {
        scene.ask(Action::Select(lane.stream.clone()));
    }
}

#[allow(clippy::too_many_arguments, reason = "one lane of one canvas")]
fn lane_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    painter: &Painter,
    drawn: &Drawn<'_>,
    lane: &Lane,
    axis: Axis,
    rect: Rect,
    told: &mut usize,
) {
    let colours = palette(ui);
    let y = rect.top() + MARK_Y;
    let ends = axis.ends();
    let field = Rect::from_min_max(pos2(ends.start, rect.top() + 4.0), pos2(ends.end, y + 14.0));
    let under = ui.interact(field, Id::unique(("lane marks", &lane.stream)), Sense::CLICK);
    // One mark a place, and of those the one that says the most.
    let mut shown: Vec<(&Mark, f32)> = Vec::new();
    let mut place = axis.share(ends.start);
    while let Some(first) = lane.marks_from(place).first() {
        let x = axis.x(first.share);
        if x > ends.end {
            break;
        }
        let next = axis.share((x / CELL).floor() * CELL + CELL).max(first.share.next_up());
        let here = lane.marks_from(first.share);
        let count = here.partition_point(|mark| mark.share < next).min(64);
        let best = here.iter().take(count.max(1)).max_by_key(|mark| weight(drawn, mark));
        shown.extend(best.map(|mark| (mark, axis.x(mark.share))));
        place = next;
    }
    for (mark, x) in &shown {
        mark_ui(painter, drawn, lane, mark, pos2(*x, y), colours);
    }
    words_ui(painter, drawn, &shown, &ends, rect, colours);
    missing_ui(painter, scene, drawn, &shown, &ends, y, colours);
    let here = |(mark, x): &(&Mark, f32)| (mark.found.is_some() && *told > 0).then_some(*x);
    let places: Vec<(usize, f32)> = shown.iter().enumerate().filter_map(|(at, one)| Some((at, here(one)?))).collect();
    for (at, x) in places.into_iter().take(*told) {
        let Some((mark, _)) = shown.get(at) else { continue };
        *told = told.saturating_sub(1);
        let spot = Rect::from_center_size(pos2(x, y), HALF * 2.0 + vec2(4.0, 4.0));
        let response = ui.interact(spot, Id::unique(("mark", &lane.stream, mark.version.0)), Sense::CLICK);
        let name = mark_name(scene, lane, mark);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        touched_ui(scene, drawn, lane, mark, response);
    }
    // What stands too close, or only beside, is found by where the pointer is.
    if let Some(pointer) = under.hover_pos() {
        let near = shown.iter().min_by(|a, b| (a.1 - pointer.x).abs().total_cmp(&(b.1 - pointer.x).abs()));
        if let Some((mark, _)) = near.filter(|(_, x)| (x - pointer.x).abs() <= 7.0) {
            touched_ui(scene, drawn, lane, mark, under);
        }
    }
}

/// What is looked at comes before what is lit, and that before the rest.
fn weight(drawn: &Drawn<'_>, mark: &Mark) -> u8 {
    match mark.found {
        Some(found) if found == drawn.found.asked => 3,
        Some(_) if mark.is_lit => 2,
        Some(_) => 1,
        None => 0,
    }
}

fn mark_ui(painter: &Painter, drawn: &Drawn<'_>, lane: &Lane, mark: &Mark, at: Pos2, colours: &Palette) {
    // The stream on screen has the signs that it has everywhere else.
    let is_here = lane.stream == drawn.view.stream;
    let kind = mark.event_type.as_str();
    let number = if is_here { drawn.view.sign_of(kind) } else { lane.signs.of(kind) };
    let sign = colours.sign(number).faint_if(!mark.is_lit);
    let spot = Rect::from_center_size(at, HALF * 2.0);
    painter.rect_filled(spot.expand(1.0), 2.0, colours.panel);
    if mark.found.is_some() {
        paint_sign(painter, spot, sign);
    } else {
        paint_sign(painter, Rect::from_center_size(at, vec2(3.0, 9.0)), sign);
    }
    if mark.found == Some(drawn.found.asked) {
        painter.rect_stroke(spot.expand(3.0), 4.0, Stroke::new(2.0, colours.text), StrokeKind::Middle);
    }
}

/// What the marks are, as far as there is room: what is looked at first, then what is lit.
fn words_ui(
    painter: &Painter,
    drawn: &Drawn<'_>,
    shown: &[(&Mark, f32)],
    ends: &Range<f32>,
    rect: Rect,
    colours: &Palette,
) {
    let mut room = Room::default();
    let mut order: Vec<&(&Mark, f32)> = shown.iter().filter(|(mark, _)| mark.found.is_some()).collect();
    order.sort_by_key(|(mark, _)| std::cmp::Reverse(weight(drawn, mark)));
    for (mark, x) in order.into_iter().take(WORDS_TRIED) {
        let is_asked = mark.found == Some(drawn.found.asked);
        let (ink, dim) = if mark.is_lit { (colours.text, colours.dim) } else { (colours.dim, colours.dim) };
        let font =
            FontId::new(12.0, if is_asked { FontFamily::Name(SEMIBOLD.into()) } else { FontFamily::Proportional });
        let mut job = LayoutJob::default();
        job.append(&shortened(telling(mark.event_type.as_str())), 0.0, TextFormat::simple(font, ink));
        job.append(&format!(" v{}", mark.version), 0.0, TextFormat::simple(FontId::proportional(12.0), dim));
        let words = painter.layout_job(job);
        if let Some((line, left)) = room.place(*x, words.size().x, ends.clone()) {
            let top = rect.top() + WORDS_Y.get(line).copied().unwrap_or_default() - words.size().y / 2.0;
            let ground = Rect::from_min_size(pos2(left, top), words.size());
            painter.rect_filled(ground.expand2(vec2(1.0, 0.0)), 2.0, colours.panel.gamma_multiply(0.85));
            painter.galley(ground.min, words, ink);
        }
    }
}

/// The last words of a long name say what happened.
fn telling(event_type: &str) -> &str {
    const LONGEST: usize = 36;
    let after = event_type.rfind([':', '\\', '.']).map_or(0, |at| at + 1);
    let short = event_type.get(after..).filter(|rest| !rest.is_empty()).unwrap_or(event_type);
    short.get(..short.floor_char_boundary(LONGEST)).unwrap_or(short)
}

fn missing_ui(
    painter: &Painter,
    scene: &Scene<'_>,
    drawn: &Drawn<'_>,
    shown: &[(&Mark, f32)],
    ends: &Range<f32>,
    y: f32,
    colours: &Palette,
) {
    if drawn.found.missing.is_empty() {
        return;
    }
    let is_missing = |mark: &Mark| {
        let event = mark.found.and_then(|found| drawn.found.events.get(found));
        event.is_some_and(|event| event.cause.is_some() && event.caused_by.is_none())
    };
    let mut written = Written::default();
    for (_, x) in shown {
        written.put(x - HALF.x, x + HALF.x);
    }
    for (mark, x) in shown.iter().filter(|(mark, _)| is_missing(mark)) {
        let words = painter.layout_no_wrap(scene.text("causes-missing"), FontId::proportional(11.0), colours.warning);
        let width = words.size().x;
        let beyond = |is_left: bool| if is_left { (x - 40.0 - width, x - 14.0) } else { (x + 16.0, x + 46.0 + width) };
        let has_room = |is_left: bool, written: &Written| {
            let (left, right) = beyond(is_left);
            left >= ends.start && right <= ends.end && written.is_free(left, right)
        };
        let side = [true, false].into_iter().find(|is_left| has_room(*is_left, &written));
        let is_left = side.unwrap_or(x - 40.0 >= ends.start);
        let ink: Color32 = if mark.is_lit { colours.warning } else { colours.warning.gamma_multiply(0.7) };
        let at = missing(painter, pos2(*x, y), is_left, ink);
        if side.is_some() {
            let (left, right) = beyond(is_left);
            written.put(left, right);
            let left = if is_left { at.x - HALF.x - 4.0 - width } else { at.x + HALF.x + 4.0 };
            painter.galley(pos2(left, at.y - words.size().y / 2.0), words, colours.warning);
        }
    }
}

/// What a mark is called where it cannot be seen.
fn mark_name(scene: &Scene<'_>, lane: &Lane, mark: &Mark) -> String {
    let when = mark.at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
    format!("{}, {} v{}, {when}", shortened(mark.event_type.as_str()), shortened(lane.stream.as_str()), mark.version)
}

/// Under the pointer a mark tells what it is; pressed, it leads there.
fn touched_ui(scene: &mut Scene<'_>, drawn: &Drawn<'_>, lane: &Lane, mark: &Mark, response: Response) {
    if response.clicked() {
        scene.ask(Action::GoToPlace(lane.stream.clone(), mark.version));
    }
    response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_ui(|ui| {
        let colours = palette(ui);
        ui.set_max_width(340.0);
        ui.label(egui::RichText::new(shortened(mark.event_type.as_str())).strong());
        let when = mark.at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
        ui.label(format!("{} v{}", shortened(lane.stream.as_str()), mark.version));
        ui.label(egui::RichText::new(when).monospace().color(colours.dim));
        let event = mark.found.and_then(|found| drawn.found.events.get(found));
        if let Some(actor) = event.and_then(|event| event.actor.as_deref()) {
            ui.label(format!("{}  {}", scene.text("who"), shortened(actor)));
        }
        if let Some(event) = event.filter(|event| event.caused_by.is_none())
            && let Some(cause) = &event.cause
        {
            let said = scene.locale.with("cause-missing", [("cause", cause.to_string().into())]);
            ui.label(egui::RichText::new(said).color(colours.warning));
        }
    });
}
