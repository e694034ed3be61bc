//! The events that were found, by day. Only those in view are laid out, and told.

use std::ops::Range;

use egui::{
    Align, Key, Layout, Modifiers, Rect, RichText, Role, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::super::changes::{beside_new, old_and_new, room_for_name, text_of};
use super::super::focus::{Shape, Stops};
use super::super::history::{mark, nothing_ui};
use super::super::list::{place_ui, row_room};
use super::super::parts::{OF_BEFORE, body_width, card, cut, cut_at, shortened};
use super::super::when::date_of;
use super::super::{Scene, grouped};
use super::place::place_job;
use super::wish;
use crate::command::Action;
use crate::engine::{FoundEvent, readable};
use crate::theme::palette;
use crate::view::{ActivityWish, DayOfRows, OpenStore, PART, SearchText, ToldRow, says_when};

const HEAD: f32 = 30.0;
const ROW: f32 = 50.0;
const MARGIN: f32 = 16.0;

/// So many rows before the end, more are looked for.
const NEAR_END: usize = 60;

/// Where the days and rows stand below each other.
struct Heights<'d> {
    days: &'d [DayOfRows],
    rows: usize,
}

impl Heights<'_> {
    fn total(&self) -> f32 {
        self.days.len() as f32 * HEAD + self.rows as f32 * ROW
    }

    /// Where the n-th day is headed.
    fn of_day(&self, number: usize) -> f32 {
        number as f32 * HEAD + self.days.get(number).map_or(self.rows, |day| day.first) as f32 * ROW
    }

    /// Where a row begins.
    fn of_row(&self, place: usize) -> f32 {
        let headed = self.days.partition_point(|day| day.first <= place);
        headed as f32 * HEAD + place as f32 * ROW
    }

    /// The first day of which something lies at or below a height.
    fn day_at(&self, height: f32) -> usize {
        let (mut low, mut high) = (0, self.days.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.of_day(middle + 1) <= height { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// How far the list was scrolled, and how much of it can be seen.
#[derive(Clone, Copy, Debug)]
struct Seen {
    offset: f32,
    height: f32,
}

pub(super) fn rows_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    let reveal = std::mem::take(&mut store.activity.reveal);
    let enters = store.activity.selected_row().is_some() && std::mem::take(&mut store.activity.wants_row);
    let mut seen = 0..0;
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.set_height(ui.available_height());
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        if store.activity.found().is_empty() {
            if !store.activity.asked().is_loading() && store.activity.end().is_some() {
                nothing_ui(ui, &scene.text("activity-none"));
            }
            return;
        }
        if store.activity.is_of_before() {
            ui.multiply_opacity(OF_BEFORE);
        }
        seen = list_ui(ui, scene, store, reveal, enters);
    });
    if !seen.is_empty() {
        let found = store.activity.found().len();
        let has_more = store.activity.end().is_some_and(|end| end.has_more);
        if has_more && found < PART && seen.end + NEAR_END >= found {
            wish(scene, ActivityWish::More);
        }
        store.want_told(seen);
    }
}

/// Answers with the rows in view.
fn list_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, reveal: bool, enters: bool) -> Range<usize> {
    let activity = &store.activity;
    let found = activity.found();
    let heights = Heights { days: found.days(), rows: found.len() };
    let seen_id = egui::Id::unique("seen of activity");
    let before: Seen =
        ui.data(|data| data.get_temp(seen_id)).unwrap_or(Seen { offset: 0.0, height: ui.available_height() });
    let kept = activity.selected_row();
    let mut stops = Stops::new(ui, "activity", Shape::rows(found.len(), ROW, before.height), kept);
    kept.filter(|_| enters).into_iter().for_each(|place| stops.enter(place));
    let to_reveal = stops.moved_to().or(kept.filter(|_| reveal));
    let mut area =
        ScrollArea::vertical().id_salt("activity").auto_shrink(false).animated(false).min_scrolled_height(0.0);
    if let Some(place) = to_reveal {
        // Or it would be taken for scrolling beyond the end of a shorter list that stood here before, and spring back.
        let kinetic = &mut ui.spacing_mut().scroll.kinetic;
        (kinetic.rubber_band, kinetic.decay_time) = (false, 0.0);
        let (top, bottom) = (heights.of_row(place), heights.of_row(place) + ROW);
        // The head of its day stands over it.
        let top = top - HEAD;
        if top < before.offset {
            area = area.vertical_scroll_offset(top);
        } else if bottom > before.offset + before.height {
            area = area.vertical_scroll_offset(bottom - before.height);
        }
    }
    let mut seen = 0..0;
    let output = area.show_viewport(ui, |ui, view| {
        let width = ui.available_width();
        ui.set_width(width);
        let earlier = if found.len() < PART { 0.0 } else { ROW };
        ui.set_height(heights.total() + earlier);
        let origin = ui.max_rect().min;
        let at = |height: f32, of: f32| Rect::from_min_size(pos2(origin.x, origin.y + height), vec2(width, of));
        let first_day = heights.day_at(view.min.y);
        let mut drawn: Option<Range<usize>> = None;
        let mut heads: Vec<(&DayOfRows, f32)> = Vec::new();
        for number in first_day..found.days().len() {
            let Some(day) = found.days().get(number) else { break };
            let top = heights.of_day(number);
            if top > view.max.y {
                break;
            }
            // The day of the rows at the top stays there, until the next one pushes it away.
            heads.push((day, view.min.y.clamp(top, (heights.of_day(number + 1) - HEAD).max(top))));
            let skipped = ((view.min.y - top - HEAD) / ROW).floor().max(0.0) as usize;
            let rows = day.first + skipped.min(day.count)..day.first + day.count;
            for place in rows {
                let top = heights.of_row(place);
                if top > view.max.y {
                    break;
                }
                drawn = Some(drawn.map_or(place..place + 1, |drawn| drawn.start..place + 1));
            }
        }
        seen = drawn.unwrap_or(0..0);
        stops.drawn(seen.clone());
        for place in seen.clone() {
            let Some(row) = found.row(place) else { break };
            let rect = at(heights.of_row(place), ROW);
            ui.scope_builder(UiBuilder::new().max_rect(rect).id_salt("rows"), |ui| {
                let is_selected = kept == Some(place);
                let drawn = place_ui(ui, &mut stops, place, &mut |ui, _| row_ui(ui, scene, store, row, is_selected));
                // The keys choose as they go.
                if !is_selected && drawn.is_some_and(|drawn| drawn.gained_focus()) {
                    wish(scene, ActivityWish::Select(row.stream.clone(), row.version));
                }
            });
        }
        let has_more = activity.end().is_some_and(|end| end.has_more);
        for (day, top) in heads {
            let may_have_more = has_more && day.first + day.count == found.len();
            day_ui(ui, scene, activity.read(), day, at(top, HEAD), may_have_more);
        }
        if has_more && earlier > 0.0 && view.max.y >= heights.total() {
            let rect = at(heights.total(), earlier).shrink2(vec2(MARGIN, 8.0));
            let builder = UiBuilder::new().max_rect(rect).id_salt("earlier");
            ui.scope_builder(builder.layout(Layout::left_to_right(Align::Center)), |ui| {
                if ui.button(scene.text("activity-earlier")).clicked() {
                    wish(scene, ActivityWish::More);
                }
            });
        }
    });
    stops.end(ui);
    let now = Seen { offset: output.state.clamped_offset().y, height: output.inner_rect.height() };
    ui.data_mut(|data| data.insert_temp(seen_id, now));
    seen
}

/// `Friday, 2025-03-14`, and how many there are. A press leaves nothing but that day.
fn day_ui(ui: &mut Ui, scene: &mut Scene<'_>, read: &SearchText, day: &DayOfRows, rect: Rect, may_have_more: bool) {
    let colours = palette(ui);
    let name = day.number.map_or_else(|| scene.text("activity-no-time"), |number| day_text(scene, number));
    if let Some(number) = day.number {
        let response = ui.interact(rect, ui.scope_id().with(("head of day", day.first)), Sense::CLICK);
        let said = scene.locale.with("activity-only-day", [("day", name.clone().into())]);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &said));
        if response.on_hover_text(said).clicked() {
            let text = read.toggled(&format!("on:{}", date_of(number)), says_when);
            wish(scene, ActivityWish::LookFor(text));
        }
    }
    ui.painter().rect_filled(rect, 0.0, colours.raised);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, egui::Stroke::new(1.0, colours.line));
    let builder =
        UiBuilder::new().max_rect(rect.shrink2(vec2(MARGIN, 0.0))).layout(Layout::left_to_right(Align::Center));
    let mut inside = ui.new_child(builder.id_salt(("day", day.first)));
    inside.spacing_mut().item_spacing.x = 10.0;
    cut(&mut inside, RichText::new(name).strong());
    let count = day.count as u64;
    let text = if may_have_more { "activity-day-more" } else { "activity-day-count" };
    let values = [("count", count.into()), ("grouped", grouped(count).into())];
    cut(&mut inside, RichText::new(scene.locale.with(text, values)).color(colours.dim));
}

/// A day with its name.
pub(super) fn day_text(scene: &Scene<'_>, number: i32) -> String {
    let date = date_of(number);
    let weekday = scene.text(&format!("day-{}", date.format("%A").to_string().to_lowercase()));
    let values = [
        ("weekday", weekday.into()),
        ("year", date.format("%Y").to_string().into()),
        ("month", date.format("%m").to_string().into()),
        ("month-short", date.format("%-m").to_string().into()),
        ("day", date.format("%d").to_string().into()),
        ("day-short", date.format("%-d").to_string().into()),
    ];
    scene.locale.with("activity-day", values)
}

/// What a row says in words.
struct Said {
    words: String,
    event_type: String,
    who: String,
    when: String,
    stream: String,
    label: String,
    changes: Vec<(String, String, String)>,
    more: usize,
    reason: String,
}

impl Said {
    fn of(scene: &Scene<'_>, row: &FoundEvent, told: Option<&ToldRow>, label: Option<&str>) -> Self {
        let time = row.recorded_at.and_then(|at| scene.zone.in_form(at, "%H:%M:%S"));
        let told = told.map(|row| &row.told);
        let changes = told.map_or(&[][..], |told| &told.changes).iter().map(|change| {
            let new = if change.after.is_null() && !change.before.is_null() {
                scene.text("removed")
            } else {
                text_of(scene, &change.field, &change.after)
            };
            (shortened(&change.field).into_owned(), text_of(scene, &change.field, &change.before), new)
        });
        Self {
            words: told.map_or_else(|| readable(row.event_type.as_str()), |told| told.words(scene.locale)),
            event_type: shortened(row.event_type.as_str()).into_owned(),
            who: shortened(row.actor.as_deref().unwrap_or("—")).into_owned(),
            when: time.unwrap_or_else(|| "—".to_owned()),
            stream: shortened(row.stream.as_str()).into_owned(),
            label: shortened(label.unwrap_or_default()).into_owned(),
            changes: changes.collect(),
            more: told.map_or(0, |told| told.more),
            reason: shortened(told.and_then(|told| told.reason.as_deref()).unwrap_or_default()).into_owned(),
        }
    }

    /// What a reason has of this width. What something changed to is told in full before why it was.
    fn room_for_reason(&self, width: f32) -> f32 {
        /// What a letter takes, on average.
        const LETTER: f32 = 7.3;
        const LEAST: f32 = 70.0;
        let letters = |(field, old, new): &(String, String, String)| {
            field.chars().count() + old.chars().count() + new.chars().count() + 7
        };
        let of_change = self.changes.first().map_or(0, letters) as f32 * LETTER;
        let room = (width - of_change).min(width * 0.45).min(320.0);
        if self.reason.is_empty() || room < LEAST { 0.0 } else { room }
    }

    /// As it is read aloud.
    fn aloud(&self) -> String {
        let mut parts = vec![self.when.clone(), self.who.clone(), self.words.clone()];
        parts.push(if self.label.is_empty() { self.stream.clone() } else { format!("{} {}", self.stream, self.label) });
        parts.extend(self.changes.iter().map(|(field, old, new)| {
            if old.is_empty() { format!("{field} {new}") } else { format!("{field} {old} → {new}") }
        }));
        parts.extend(Some(self.reason.clone()).filter(|reason| !reason.is_empty()));
        parts.join(", ")
    }
}

/// Who did what on which stream; below it which field went from what to what, and why.
fn row_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, row: &FoundEvent, is_selected: bool) {
    let colours = palette(ui);
    let told = store.activity.told(&row.stream, row.version);
    let said = Said::of(scene, row, told.as_deref(), store.labels.of(&row.stream));
    let (rect, response) = row_room(ui, ROW);
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, is_selected, said.aloud()));
    if is_selected {
        ui.painter().rect_filled(rect, 0.0, colours.selection);
        ui.painter().rect_filled(Rect::from_min_size(rect.min, vec2(2.0, ROW)), 0.0, colours.accent);
    } else if response.contains_pointer() && ui.is_enabled() {
        ui.painter().rect_filled(rect, 0.0, colours.raised);
    }
    let (upper, lower) = rect.shrink2(vec2(MARGIN, 3.0)).split_top_bottom_at_fraction(0.5);
    let width = rect.width();
    let (of_time, of_who) = (66.0, if width < 520.0 { 58.0 } else { 84.0 });
    let begin = upper.left() + of_time + of_who;
    let line = |rect: Rect| UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center));
    let cell = |ui: &mut Ui, from: f32, to: f32, rect: Rect, contents: &mut dyn FnMut(&mut Ui)| {
        let place = Rect::from_min_max(pos2(from, rect.top()), pos2(to.max(from), rect.bottom()));
        ui.scope_builder(line(place), |ui| {
            ui.shrink_clip_rect(place);
            ui.spacing_mut().item_spacing.x = 8.0;
            contents(ui);
        });
    };
    let ink = colours.text;
    cell(ui, upper.left(), upper.left() + of_time - 6.0, upper, &mut |ui| {
        cut(ui, RichText::new(&said.when).monospace().color(colours.dim));
    });
    cell(ui, upper.left() + of_time, begin - 8.0, upper, &mut |ui| {
        cut(ui, RichText::new(&said.who).color(ink));
    });
    // What happened goes before where, and the type's own name after both.
    let of_stream = (width * 0.3).clamp(90.0, 260.0);
    let stream_from = upper.right() - of_stream;
    let of_type = if width < 620.0 { 0.0 } else { ((stream_from - begin) * 0.48).min(220.0) };
    let type_from = (stream_from - of_type).max(begin + of_words(ui, &said.words));
    let words_to = if stream_from - type_from < LEAST_TYPE { stream_from } else { type_from };
    cell(ui, begin, words_to - 10.0, upper, &mut |ui| {
        mark(ui, colours.sign(told.as_ref().map_or(0, |row| row.sign)));
        cut(ui, RichText::new(&said.words).color(ink));
    });
    if words_to < stream_from {
        cell(ui, type_from, stream_from - 10.0, upper, &mut |ui| {
            cut(ui, RichText::new(&said.event_type).monospace().color(colours.dim));
        });
    }
    cell(ui, stream_from, upper.right(), upper, &mut |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let has_label = !said.label.is_empty();
            if has_label {
                cut_at(ui, of_stream * 0.6, RichText::new(&said.label).color(ink));
            }
            cut(ui, RichText::new(&said.stream).color(colours.accent));
        });
    });
    let of_reason = said.room_for_reason(lower.right() - begin);
    let reason_from = lower.right() - of_reason;
    cell(ui, begin, reason_from - 10.0, lower, &mut |ui| {
        if store.activity.shows_place() || said.changes.is_empty() {
            let place = place_job(ui, &row.place, &store.activity.words());
            cut(ui, place);
        } else {
            changes_ui(ui, &said);
        }
    });
    if of_reason > 0.0 {
        cell(ui, reason_from, lower.right(), lower, &mut |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                cut(ui, RichText::new(&said.reason).color(colours.dim));
            });
        });
    }
    let is_entered = response.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
    if response.double_clicked() || is_entered {
        scene.ask(Action::GoToPlace(row.stream.clone(), row.version));
    } else if response.clicked() && !is_selected {
        wish(scene, ActivityWish::Select(row.stream.clone(), row.version));
    }
}

/// Less of a type's name says nothing.
const LEAST_TYPE: f32 = 60.0;

/// What words take with the mark before them and the gap behind.
fn of_words(ui: &Ui, words: &str) -> f32 {
    const BESIDE: f32 = 34.0;
    body_width(ui, words) + BESIDE
}

/// Each field with its old and its new value, as far as there is room.
fn changes_ui(ui: &mut Ui, said: &Said) {
    let colours = palette(ui);
    let mut left_out = said.more;
    for (number, (field, old, new)) in said.changes.iter().enumerate() {
        let room = ui.available_width();
        if number > 0 && room < 120.0 {
            left_out += said.changes.len() - number;
            break;
        }
        cut_at(ui, room_for_name(room), RichText::new(field).color(colours.dim));
        let old = beside_new(ui.available_width(), old.clone(), new);
        cut(ui, old_and_new(ui, &old, new, false));
        ui.add_space(4.0);
    }
    if left_out > 0 && ui.available_width() > 20.0 {
        cut(ui, RichText::new(format!("+{left_out}")).color(colours.dim));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_at_a_height_is_found_whatever_the_days_hold() {
        let day = |first, count| DayOfRows { number: None, first, count };
        let days = [day(0, 3), day(3, 1), day(4, 10)];
        let heights = Heights { days: &days, rows: 14 };
        let is = |height: f32, wanted: f32| (height - wanted).abs() < 0.01;
        assert!(is(heights.total(), 3.0 * HEAD + 14.0 * ROW));
        assert!(is(heights.of_row(0), HEAD) && is(heights.of_row(3), 2.0 * HEAD + 3.0 * ROW));
        for (height, number) in [(0.0, 0), (HEAD + 2.9 * ROW, 0), (heights.of_day(1), 1), (heights.of_day(2) - 1.0, 1)]
        {
            assert_eq!(heights.day_at(height), number, "{height}");
        }
        assert_eq!(heights.day_at(heights.total() - 1.0), 2);
    }
}
