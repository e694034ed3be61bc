use egui::{
    Color32, CursorIcon, FontId, Id, Key, Mesh, Modifiers, Painter, Rect, Response, Sense, Shape, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};

use super::brush::{brush_ui, held_end};
use super::legend::{hues, legend_ui};
use super::overview::overview_ui;
use super::shapes::shapes_ui;
use crate::command::{Action, Command, TimeAction};
use crate::theme::{Palette, palette};
use crate::ui::{Scene, grouped};
use crate::view::{Bars, MatchTimes, OpenStore, StoreAxis, StoreSpan, place_ticks, span_ticks};

/// How high the scale below the bars is.
pub(super) const SCALE: f32 = 22.0;

/// What lies between two ticks at least.
const BETWEEN: f32 = 84.0;

/// How much nearer one comes by a point that the wheel turns.
const WHEEL: f64 = 1.0 / 200.0;

/// Room above the highest bar, for the knob of the cursor.
const ABOVE: f32 = 8.0;

/// Where the bars are on the screen.
#[derive(Clone, Copy)]
pub(super) struct Chart {
    pub(super) rect: Rect,
    pub(super) span: StoreSpan,
    pub(super) axis: StoreAxis,
    pub(super) colours: &'static Palette,
}

impl Chart {
    pub(super) fn x(&self, value: i64) -> f32 {
        self.rect.left() + self.rect.width() * self.span.share(value) as f32
    }

    pub(super) fn value_at(&self, x: f32) -> i64 {
        let share = f64::from((x - self.rect.left()) / self.rect.width().max(1.0));
        self.span.value(share.clamp(0.0, 1.0))
    }

    /// Where an end of a span is put that is dragged here: at a tick of the scale that is near, and else at a time that
    /// can be said in few words and differs by less than can be seen.
    pub(super) fn end_at(&self, scene: &Scene<'_>, x: f32) -> i64 {
        const NEAR: f32 = 4.0;
        let value = self.value_at(x);
        if self.axis == StoreAxis::Place {
            return value;
        }
        let least = f64::from(BETWEEN / self.rect.width().max(1.0));
        let ticks = span_ticks(self.span, least, scene.zone.clock());
        let near = ticks.iter().map(|tick| self.span.value(tick.share)).find(|tick| (self.x(*tick) - x).abs() <= NEAR);
        self.rounded(near.unwrap_or(value))
    }

    /// To what can be said in few words, by less than can be seen.
    pub(super) fn rounded(&self, value: i64) -> i64 {
        const UNITS: [i64; 4] = [900_000_000, 60_000_000, 1_000_000, 1_000];
        let point = (self.span.len() as f64 / f64::from(self.rect.width().max(1.0))) as i64;
        match UNITS.into_iter().find(|unit| *unit <= point) {
            Some(unit) if self.axis == StoreAxis::Time => value.saturating_add(unit / 2).div_euclid(unit) * unit,
            _ => value,
        }
    }

    pub(super) fn in_sight(&self, x: f32) -> bool {
        (self.rect.left() - 0.5..=self.rect.right() + 0.5).contains(&x)
    }
}

/// What a drag that began on the bars moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Cursor,
    /// Marks a span from here.
    Span(i64),
    /// The other end of the span stays.
    End(i64),
}

/// Between the legend, the line behind it, and the bars.
const BESIDE_LINE: f32 = 14.0;

/// The bars of the store with its cursor, and their legend before them.
pub(super) fn chart_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, gutter: f32, height: f32) {
    let marked = store.time.brushed_events();
    let store: &OpenStore = store;
    let colours = palette(ui);
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), height + SCALE), Sense::hover());
    let rect = Rect::from_min_max(pos2(row.left() + gutter, row.top()), pos2(row.right(), row.top() + height));
    let Some(bars) = store.time.bars() else {
        let name = if store.time.is_whole() { "store-empty" } else { "store-time-coming" };
        let text = scene.text(name);
        ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, text, FontId::proportional(13.0), colours.dim);
        return;
    };
    let chart = Chart { rect, span: bars.span, axis: bars.axis(), colours };
    let hues = hues(colours, bars);
    if gutter > 0.0 {
        // A line between them, or the counts read as the scale of the bars.
        let room = Rect::from_min_max(row.min, pos2(rect.left() - 2.0 * BESIDE_LINE, row.bottom()));
        let x = rect.left() - BESIDE_LINE;
        ui.painter().vline(x, row.top()..=rect.bottom(), Stroke::new(1.0, colours.line));
        let found = store.matches().map(|matches| matches.between(chart.axis, chart.span.from, chart.span.to));
        legend_ui(ui, scene, room, bars, (&hues, found));
    }
    let outer = Rect::from_min_max(rect.min, pos2(rect.right(), row.bottom()));
    let response = ui.interact(outer, ui.scope_id().with("store line"), Sense::click_and_drag());
    let cursor = store.time.cursor();
    let name = scene.text("store-timeline");
    response.widget_info(|| WidgetInfo::slider(true, cursor.count as f64, &name));
    drag_ui(ui, scene, &chart, store, &response);
    wheel_ui(ui, scene, &chart, &response);
    keys_ui(ui, scene, &response);
    let painter = ui.painter_at(outer.expand2(vec2(6.0, 4.0)));
    let here = store.time.cursor_value().map_or(rect.left(), |value| chart.x(value));
    bars_ui(&painter, &chart, bars, &hues, here);
    if let Some(matches) = store.matches() {
        found_ui(&painter, &chart, bars, matches);
    }
    painter.hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, colours.line));
    scale_ui(&painter, scene, &chart);
    brush_ui(ui, scene, &chart, store, marked);
    pins_ui(&painter, &chart, store);
    if chart.in_sight(here) {
        painter.vline(here, rect.top() - 2.0..=rect.bottom(), Stroke::new(2.0, colours.text));
        painter.circle_filled(pos2(here, rect.top()), 4.0, colours.text);
    }
    menu_ui(scene, &response);
    // The pointer is over the bars below a mark, too, which would be told in its place.
    if !shapes_ui(ui, scene, &chart, store) {
        hover_ui(scene, &chart, (bars, store.matches()), response);
    }
    overview_ui(ui, scene, store, &chart);
}

/// Scrubs; from the scale below, or with Shift, it marks a span.
fn drag_ui(ui: &Ui, scene: &mut Scene<'_>, chart: &Chart, store: &OpenStore, response: &Response) {
    let held_id = Id::unique("what is held of the store's timeline");
    if response.drag_started() {
        let origin = ui.input(|input| input.pointer.press_origin()).unwrap_or(chart.rect.center());
        let marks = origin.y > chart.rect.bottom() || ui.input(|input| input.modifiers.shift);
        let held = match held_end(chart, store.time.brush(), origin) {
            Some(other) => Held::End(other),
            None if marks => Held::Span(chart.end_at(scene, origin.x)),
            None => Held::Cursor,
        };
        ui.data_mut(|data| data.insert_temp(held_id, held));
    }
    let Some(pointer) = response.interact_pointer_pos() else { return };
    let value = chart.value_at(pointer.x);
    let held = response.dragged().then(|| ui.data(|data| data.get_temp(held_id))).flatten();
    match held {
        Some(Held::Cursor) => scene.ask(Action::Time(TimeAction::GoToValue(value))),
        Some(Held::Span(from) | Held::End(from)) => {
            ui.set_cursor_icon(CursorIcon::ResizeHorizontal);
            scene.ask(Action::Time(TimeAction::Brush(Some(StoreSpan::new(from, chart.end_at(scene, pointer.x))))));
        }
        None if response.clicked() => scene.ask(Action::Time(TimeAction::GoToValue(value))),
        None => {}
    }
}

/// The wheel and two fingers go nearer to what is under the pointer; sideways they move along.
fn wheel_ui(ui: &Ui, scene: &mut Scene<'_>, chart: &Chart, response: &Response) {
    let Some(pointer) = response.hover_pos().filter(|_| response.contains_pointer()) else { return };
    let (turned, pinched) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
    let factor = f64::from(pinched) * (f64::from(turned.y) * WHEEL).exp();
    let along = -f64::from(turned.x / chart.rect.width().max(1.0)) * chart.span.len() as f64;
    if (factor - 1.0).abs() < 1e-6 && along == 0.0 {
        return;
    }
    let nearer = chart.span.zoomed(chart.value_at(pointer.x), factor).moved(along as i64);
    scene.ask(Action::Time(TimeAction::Show(Some(nearer))));
}

/// A bar at once, for who has it under the keys. All else is done by the window's own keys.
fn keys_ui(ui: &Ui, scene: &mut Scene<'_>, response: &Response) {
    if !response.has_focus() {
        return;
    }
    for (key, by) in [(Key::PageUp, -1), (Key::PageDown, 1)] {
        if ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
            scene.ask(Action::Time(TimeAction::StepBars(by)));
        }
    }
}

/// Kinds above each other, from the one of which there is most; behind the cursor they are faint.
fn bars_ui(painter: &Painter, chart: &Chart, bars: &Bars, hues: &[Color32], here: f32) {
    let Chart { rect, colours, .. } = *chart;
    let highest = bars.highest.max(1) as f32;
    let room = rect.height() - ABOVE;
    let mut mesh = Mesh::default();
    for (from, to, counts) in bars.bars() {
        let (left, right) = (chart.x(from).max(rect.left()), chart.x(to).min(rect.right()));
        let right = if right - left > 3.0 { right - 1.0 } else { right.max(left + 1.0) };
        let all: u32 = counts.iter().sum();
        if all == 0 {
            continue;
        }
        // However few there are, they are seen.
        let height = (room * all as f32 / highest).max(1.0);
        let mut bottom = rect.bottom();
        for (lane, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let top = bottom - height * (*count as f32 / all as f32);
            let hue = hues.get(lane).copied().unwrap_or(colours.rest);
            let turn = here.clamp(left, right);
            for (from, to, ink) in [(left, turn, hue), (turn, right, colours.behind(hue))] {
                if to > from {
                    mesh.add_colored_rect(Rect::from_min_max(pos2(from, top), pos2(to, bottom)), ink);
                }
            }
            bottom = top;
        }
    }
    painter.add(Shape::mesh(mesh));
}

/// How many of the events that are looked for lie in a bar, as far as it is shown.
fn found_in(matches: &MatchTimes, chart: &Chart, from: i64, to: i64) -> u64 {
    matches.between(chart.axis, from.max(chart.span.from), to.min(chart.span.to))
}

/// What of each bar is looked for, as a narrow one within it.
fn found_ui(painter: &Painter, chart: &Chart, bars: &Bars, matches: &MatchTimes) {
    const LEAST: f32 = 4.0;
    let Chart { rect, colours, .. } = *chart;
    let highest = bars.highest.max(1) as f32;
    let mut mesh = Mesh::default();
    for (from, to, _) in bars.bars() {
        let found = found_in(matches, chart, from, to);
        if found == 0 {
            continue;
        }
        let (left, right) = (chart.x(from).max(rect.left()), chart.x(to).min(rect.right()));
        let height = ((rect.height() - ABOVE) * found as f32 / highest).max(LEAST);
        let half = ((right - left) / 5.0).max(1.0);
        let middle = f32::midpoint(left, right);
        let bar = |half: f32, top: f32| {
            Rect::from_min_max(pos2(middle - half, rect.bottom() - top), pos2(middle + half, rect.bottom()))
        };
        // Told from any hue behind it.
        mesh.add_colored_rect(bar(half + 1.0, height + 1.0), colours.panel);
        mesh.add_colored_rect(bar(half, height), colours.accent);
    }
    painter.add(Shape::mesh(mesh));
}

fn scale_ui(painter: &Painter, scene: &Scene<'_>, chart: &Chart) {
    let Chart { rect, colours, .. } = *chart;
    let least = f64::from(BETWEEN / rect.width().max(1.0));
    let mut free = rect.left();
    let mut tick = |share: f64, text: String| {
        let x = rect.left() + rect.width() * share as f32;
        painter.vline(x, rect.bottom()..=rect.bottom() + 4.0, Stroke::new(1.0, colours.dim));
        let words = painter.layout_no_wrap(text, FontId::monospace(11.0), colours.dim);
        let left = x + 3.0;
        if left >= free && left + words.size().x <= rect.right() {
            free = left + words.size().x + 10.0;
            painter.galley(pos2(left.round(), rect.bottom() + 4.0), words, colours.dim);
            return true;
        }
        false
    };
    match chart.axis {
        StoreAxis::Place => {
            for (share, place) in place_ticks(chart.span, least) {
                tick(share, grouped(place));
            }
        }
        StoreAxis::Time => {
            let mut before = None;
            for round in span_ticks(chart.span, least, scene.zone.clock()) {
                if tick(round.share, round.text(before.as_ref())) {
                    before = Some(round);
                }
            }
        }
    }
}

/// The moments that are pinned, by their letters.
fn pins_ui(painter: &Painter, chart: &Chart, store: &OpenStore) {
    let colours = chart.colours;
    for (pin, (letter, ink)) in store.time.pins.iter().zip([('A', colours.pin_a), ('B', colours.pin_b)]) {
        let Some(x) = pin.and_then(|pin| store.time.value_of(pin)).map(|value| chart.x(value)) else { continue };
        if !chart.in_sight(x) {
            continue;
        }
        painter.vline(x, chart.rect.y_range(), Stroke::new(1.5, ink));
        let cloth = Rect::from_min_size(pos2(x, chart.rect.top()), vec2(13.0, 13.0));
        painter.rect_filled(cloth, 2.0, ink);
        painter.text(cloth.center(), egui::Align2::CENTER_CENTER, letter, FontId::proportional(10.5), colours.panel);
    }
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

/// When the bar under the pointer was, and how many events of which kinds it has.
fn hover_ui(scene: &Scene<'_>, chart: &Chart, (bars, matches): (&Bars, Option<&MatchTimes>), response: Response) {
    let Some(pointer) = response.hover_pos() else { return };
    if pointer.y > chart.rect.bottom() {
        let response = response.on_hover_cursor(CursorIcon::ResizeHorizontal);
        response.on_hover_text_at_pointer(scene.text("store-brush-about"));
        return;
    }
    let value = chart.value_at(pointer.x);
    let Some((from, to, counts)) = bars.bars().find(|(from, to, _)| (*from..*to).contains(&value)) else { return };
    let all: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let mut lines = vec![span_words(scene, chart.axis, StoreSpan { from, to }), scene.events(all)];
    for (lane, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let name = match bars.lanes.get(lane) {
            Some(lane) => super::legend::lane_name(scene, bars.facet(), &lane.name),
            None => super::legend::others(scene, bars),
        };
        lines.push(format!("{}  {name}", grouped((*count).into())));
    }
    if let Some(found) = matches.map(|matches| found_in(matches, chart, from, to)) {
        lines.push(format!("{}  {}", grouped(found), scene.text("store-found")));
    }
    response.on_hover_text_at_pointer(lines.join("\n"));
}

/// The marked span as it was asked for, so that whoever asks elsewhere from the one time until before the other finds as
/// many events. Its days alone where it ends with one.
pub(super) fn marked_words(scene: &Scene<'_>, axis: StoreAxis, span: StoreSpan) -> String {
    if axis == StoreAxis::Place {
        return span_words(scene, axis, span);
    }
    let told = |micros, form| scene.zone.in_form(crate::event::Timestamp::from_micros(micros), form);
    let begins_day = |micros| told(micros, "%H:%M:%S%.6f").is_some_and(|time| time == "00:00:00.000000");
    let is_whole = |unit: i64| span.from % unit == 0 && span.to % unit == 0;
    let (form, last) = match () {
        () if begins_day(span.from) && begins_day(span.to) => ("%Y-%m-%d", span.to.saturating_sub(1)),
        () if is_whole(60_000_000) => ("%Y-%m-%d %H:%M", span.to),
        () if is_whole(1_000_000) => ("%Y-%m-%d %H:%M:%S", span.to),
        () if is_whole(1_000) => ("%Y-%m-%d %H:%M:%S%.3f", span.to),
        () => ("%Y-%m-%d %H:%M:%S%.6f", span.to),
    };
    let [from, to] = [span.from, last].map(|micros| told(micros, form).unwrap_or_default());
    if from == to {
        return from;
    }
    scene.locale.with("store-span", [("from", from.into()), ("to", to.into())])
}

/// From when to when, as short as it can be told.
pub(super) fn span_words(scene: &Scene<'_>, axis: StoreAxis, span: StoreSpan) -> String {
    let values = match axis {
        StoreAxis::Place => [grouped(span.from.max(0).unsigned_abs() + 1), grouped(span.to.max(0).unsigned_abs())],
        StoreAxis::Time => {
            const DAY: i64 = 86_400_000_000;
            let at = crate::event::Timestamp::from_micros;
            let (from, to) = (at(span.from), at(span.to));
            let day = |moment| scene.zone.in_form(moment, "%Y-%m-%d").unwrap_or_default();
            // The last day is one that belongs to it.
            let last = at(span.to.saturating_sub(1));
            if span.len() >= 2 * DAY {
                [day(from), day(last)]
            } else if day(from) == day(last) {
                let form = if span.len() < 60_000_000 { "%H:%M:%S%.3f" } else { "%H:%M:%S" };
                let time = |moment| scene.zone.in_form(moment, form).unwrap_or_default();
                [format!("{} {}", day(from), time(from)), time(to)]
            } else {
                let time = |moment| scene.zone.in_form(moment, "%Y-%m-%d %H:%M").unwrap_or_default();
                [time(from), time(to)]
            }
        }
    };
    let [from, to] = values;
    if from == to {
        return from;
    }
    scene.locale.with("store-span", [("from", from.into()), ("to", to.into())])
}
