use chrono::{DateTime, Datelike, NaiveDate};
use egui::{Color32, FontId, Margin, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::ends::ends_ui;
use super::greeting::survey_state_ui;
use super::parts::{card_head, link};
use super::{Scene, grouped};
use crate::command::Action;
use crate::engine::DayOfStore;
use crate::event::Timestamp;
use crate::theme::{Palette, palette};
use crate::view::OpenStore;

const CELL: f32 = 13.0;
const STEP: f32 = 16.0;

/// Left of the weeks: the names of some days.
const GUTTER: f32 = 34.0;

/// Above them: the months.
const MONTHS: f32 = 18.0;

/// Shares of the accent in a day's cell, from few events to many.
const HEAT: [f32; 4] = [0.21, 0.42, 0.63, 0.84];

/// Events by day, a column a week. As many weeks as there is room for; the others are behind two buttons.
pub(super) fn calendar_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore) {
    card_head(ui, &scene.text("greeting-days"), &scene.zone_name());
    egui::Frame::new().inner_margin(Margin::symmetric(16, 10)).show(ui, |ui| {
        let (first, last) = match (store.greeting.days().first(), store.greeting.days().last()) {
            (Some(first), Some(last)) => (first.number, last.number),
            _ => {
                ui.horizontal(|ui| {
                    let name = if store.survey_is_whole() { "greeting-no-days" } else { "greeting-days-coming" };
                    ui.label(RichText::new(scene.text(name)).color(palette(ui).dim));
                    survey_state_ui(ui, scene, store);
                });
                ui.add_space(MONTHS + 7.0 * STEP);
                return;
            }
        };
        let weeks = (((ui.available_width() - GUTTER) / STEP).floor() as i32).max(4);
        let earliest = (week(last) - week(first) + 1 - weeks).max(0);
        store.greeting.weeks_back = store.greeting.weeks_back.clamp(0, earliest);
        if let Some(at) = store.greeting.came_from.take() {
            store.greeting.day = Some(day_of(scene, at).clamp(first, last));
        }
        // The day that was picked is in sight until somebody turns away from it.
        if let Some(day) = store.greeting.day
            && store.greeting.in_view.replace((day, weeks)) != Some((day, weeks))
        {
            bring_into_view(store, day, weeks, earliest);
        }
        let from = week(last) - store.greeting.weeks_back - weeks + 1;
        // What lies before the first event is not shown as if nothing had happened in it.
        let from = if earliest == 0 { week(first) } else { from };
        let pressed = weeks_ui(ui, scene, store.greeting.days(), (from, weeks), store.greeting.day);
        if let Some(day) = pressed {
            store.greeting.day = Some(day.number);
            scene.ask(Action::SearchDay(scene.zone.wall_day(day.number)));
        }
        ui.add_space(6.0);
        foot_ui(ui, scene, store, weeks, earliest);
    });
}

/// Turns the calendar so that this day is in it.
fn bring_into_view(store: &mut OpenStore, day: i32, weeks: i32, earliest: i32) {
    let last = store.greeting.days().last().map_or(0, |day| day.number);
    let back = week(last) - week(day);
    let in_view = store.greeting.weeks_back..store.greeting.weeks_back + weeks;
    if !in_view.contains(&back) {
        store.greeting.weeks_back = (back - weeks / 2).clamp(0, earliest);
    }
}

fn day_of(scene: &Scene<'_>, at: Timestamp) -> i32 {
    let seconds = at.micros().div_euclid(1_000_000) + scene.zone.offset(at);
    i32::try_from(seconds.div_euclid(86_400)).unwrap_or_default()
}

fn week(day: i32) -> i32 {
    // The first of 1970 was a Thursday.
    (day + 3).div_euclid(7)
}

fn monday(week: i32) -> i32 {
    week * 7 - 3
}

fn date(day: i32) -> Option<NaiveDate> {
    DateTime::from_timestamp(i64::from(day) * 86_400, 0).map(|at| at.date_naive())
}

fn day_name(day: i32) -> String {
    date(day).map_or_else(|| day.to_string(), |date| date.to_string())
}

/// Draws the cells of the days in view, and answers with the one that was pressed.
fn weeks_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    days: &[DayOfStore],
    (from, weeks): (i32, i32),
    picked: Option<i32>,
) -> Option<DayOfStore> {
    let colours = palette(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), MONTHS + 7.0 * STEP), Sense::hover());
    let small = FontId::new(11.0, egui::TextStyle::Body.resolve(ui.style()).family);
    let origin = rect.min + vec2(GUTTER, MONTHS);
    for (place, name) in [(0.0, "weekday-monday"), (2.0, "weekday-wednesday"), (4.0, "weekday-friday")] {
        let at = pos2(rect.left(), origin.y + place * STEP + CELL / 2.0);
        ui.painter().text(at, egui::Align2::LEFT_CENTER, scene.text(name), small.clone(), colours.dim);
    }
    let (begin, end) = (monday(from), monday(from + weeks));
    let first = days.partition_point(|day| day.number < begin);
    let behind = days.partition_point(|day| day.number < end);
    let shown = days.get(first..behind).unwrap_or_default();
    let most = shown.iter().map(|day| day.events).max().unwrap_or(1);
    let last = days.last().map_or(0, |day| day.number);
    let place = |day: i32| {
        let (column, row) = (week(day) - from, day - monday(week(day)));
        Rect::from_min_size(origin + vec2(column as f32, row as f32) * STEP, vec2(CELL, CELL))
    };
    let mut next = shown.iter().peekable();
    let mut pressed = None;
    let mut month_end = f32::MIN;
    for day in begin..end.min(last + 1) {
        let cell = place(day);
        if let Some(date) = date(day).filter(|date| date.day() <= 7 && day == monday(week(day)))
            && cell.left() > month_end
            && cell.left() + 48.0 < rect.right()
        {
            let text = format!("{}-{:02}", date.year(), date.month());
            let at = pos2(cell.left(), rect.top());
            month_end = ui.painter().text(at, egui::Align2::LEFT_TOP, text, small.clone(), colours.dim).right() + 6.0;
        }
        let Some(found) = next.next_if(|next| next.number == day) else {
            ui.painter().rect_filled(cell, 3.0, colours.raised);
            continue;
        };
        // Pressed by pointer and by a screen reader; whoever has keys alone goes by the buttons below.
        let response = ui.interact(cell.expand((STEP - CELL) / 2.0), ui.scope_id().with(("day", day)), Sense::CLICK);
        let values =
            [("day", day_name(day).into()), ("count", found.events.into()), ("grouped", grouped(found.events).into())];
        let name = || scene.locale.with("greeting-day", values.clone());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name()));
        ui.painter().rect_filled(cell, 3.0, heat(colours, found.events, most));
        if picked == Some(day) {
            ui.painter().rect_stroke(cell, 3.0, egui::Stroke::new(2.0, colours.focus), egui::StrokeKind::Outside);
        }
        if response.hovered() {
            ui.painter().rect_stroke(cell, 3.0, egui::Stroke::new(1.0, colours.text), egui::StrokeKind::Outside);
        }
        if response.clicked() {
            pressed = Some(*found);
        }
        response.on_hover_ui(|ui| drop(ui.label(name())));
    }
    pressed
}

pub(super) fn heat(colours: &Palette, events: u64, most: u64) -> Color32 {
    // By the root, so that one crowded day does not make all others look alike.
    let share = (events as f32 / most.max(1) as f32).sqrt();
    let step = ((share * HEAT.len() as f32).ceil() as usize).clamp(1, HEAT.len()) - 1;
    colours.panel.lerp_to_gamma(colours.accent, HEAT.get(step).copied().unwrap_or(1.0))
}

/// The days one by one, and the weeks that are not in view.
fn foot_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, weeks: i32, earliest: i32) {
    let mut back = store.greeting.weeks_back;
    let turn = |ui: &mut Ui, scene: &mut Scene<'_>| {
        if earliest == 0 {
            return;
        }
        let is_possible = back < earliest;
        if ui.add_enabled(is_possible, egui::Button::new(scene.text("greeting-earlier"))).clicked() {
            back = (back + weeks).min(earliest);
        }
        if ui.add_enabled(back > 0, egui::Button::new(scene.text("greeting-later"))).clicked() {
            back = (back - weeks).max(0);
        }
    };
    let before = store.greeting.weeks_back;
    ui.horizontal(|ui| {
        ends_ui(ui, scene, "calendar", |ui, scene| days_ui(ui, scene, store, weeks, earliest), turn);
    });
    if back != before {
        store.greeting.weeks_back = back;
    }
}

/// One day after the other.
fn days_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, weeks: i32, earliest: i32) {
    let days = store.greeting.days();
    let at = match store.greeting.day {
        Some(day) => days.partition_point(|known| known.number < day).min(days.len().saturating_sub(1)),
        None => days.len().saturating_sub(1),
    };
    let (before, after) = (at.checked_sub(1).and_then(|at| days.get(at)), days.get(at + 1));
    let (before, after) = (before.map(|day| day.number), after.map(|day| day.number));
    let picked = days.get(at).copied();
    let mut step = None;
    if ui.add_enabled(before.is_some(), egui::Button::new(scene.text("greeting-day-before"))).clicked() {
        step = before;
    }
    if let Some(day) = &picked {
        let values = [
            ("day", day_name(day.number).into()),
            ("count", day.events.into()),
            ("grouped", grouped(day.events).into()),
        ];
        if link(ui, &scene.locale.with("greeting-day-open", values)).clicked() {
            scene.ask(Action::SearchDay(scene.zone.wall_day(day.number)));
        }
    }
    if ui.add_enabled(after.is_some(), egui::Button::new(scene.text("greeting-day-after"))).clicked() {
        step = after;
    }
    if let Some(day) = step {
        store.greeting.day = Some(day);
        bring_into_view(store, day, weeks, earliest);
    }
    survey_state_ui(ui, scene, store);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_mondays() {
        for day in [-800, 0, 4, 20_000] {
            let first = monday(week(day));
            assert!((first..first + 7).contains(&day));
            assert_eq!(date(first).map(|date| date.weekday()), Some(chrono::Weekday::Mon));
        }
        assert_eq!(day_name(20_089), "2025-01-01");
    }
}
