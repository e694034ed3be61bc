//! A month, day by day and person by person: a press shows what somebody did on that day.

use egui::epaint::TextShape;
use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align, Align2, Color32, FontId, Layout, Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::super::calendar::heat;
use super::super::focus::{Shape, Stops};
use super::super::icons::{Icon, small_icon_button};
use super::super::parts::{cut, shortened};
use super::super::when::date_of;
use super::super::{Scene, grouped};
use super::wish;
use crate::theme::palette;
use crate::view::{ActivityWish, MonthOfPeople, OpenStore, PEOPLE_SHOWN, says_when, says_who, term_text};

/// Left of the cells: the days.
const GUTTER: f32 = 24.0;

/// Above them: the people.
const NAMES: f32 = 18.0;

/// An upright name is cut where it is longer.
const LONGEST_NAME: f32 = 60.0;

const GAP: f32 = 2.0;

/// How faint others than the person who is looked for are.
const OTHERS: f32 = 0.45;

pub(super) fn strip_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let colours = palette(ui);
    let activity = &store.activity;
    ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
    let Some(month) = activity.month_shown() else { return };
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            for (icon, name, by) in [(Icon::Forward, "strip-later", 1), (Icon::Back, "strip-earlier", -1)] {
                if small_icon_button(ui, icon, &scene.text(name), true).clicked()
                    && let Some(month) = month.later(by)
                {
                    wish(scene, ActivityWish::Month(month));
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                // The month is one more thing that can be asked for.
                let text = RichText::new(month.name()).strong();
                let button = ui.add(super::quiet_button(text));
                let said = scene.locale.with("strip-month", [("month", month.name().into())]);
                button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &said));
                let button = button.on_hover_text(said);
                if button.clicked() {
                    let text = activity.read().toggled(&month.name(), says_when);
                    wish(scene, ActivityWish::LookFor(text));
                }
            });
        });
    });
    let Some(strip) = activity.strip().filter(|strip| strip.month == Some(month)) else {
        ui.label(RichText::new(scene.text("strip-coming")).size(11.5).color(colours.dim));
        return;
    };
    if strip.people.is_empty() {
        ui.add(egui::Label::new(RichText::new(scene.text("strip-none")).size(11.5).color(colours.dim)).wrap());
        return;
    }
    cells_ui(ui, scene, store, strip);
    let more = strip.people.len().saturating_sub(PEOPLE_SHOWN);
    if more > 0 {
        let text = scene.locale.with("strip-more", [("count", more.into())]);
        cut(ui, RichText::new(text).size(11.5).color(colours.dim));
    }
}

/// Who has a column: who is looked for before all others, and who did the most.
fn shown(strip: &MonthOfPeople, person: Option<&str>) -> Vec<usize> {
    let is_it = |name: &str| person.is_some_and(|person| person.eq_ignore_ascii_case(name));
    let wanted = strip.people.iter().position(|(name, _)| is_it(name));
    let others = (0..strip.people.len()).filter(|place| Some(*place) != wanted);
    wanted.into_iter().chain(others).take(PEOPLE_SHOWN).collect()
}

/// Between two names side by side, so that they are read as two.
const BETWEEN_NAMES: f32 = 6.0;

/// The names over the columns: upright where one of them has no room.
#[derive(Clone, Copy, Debug)]
struct Heads {
    is_upright: bool,
    height: f32,
}

impl Heads {
    fn new(ui: &Ui, strip: &MonthOfPeople, people: &[usize], width: f32, font: &FontId) -> Self {
        let names = people.iter().filter_map(|place| strip.people.get(*place));
        let longest = names.map(|(name, _)| name_line(ui, name, font, Color32::WHITE).size().x).fold(0.0, f32::max);
        if longest + BETWEEN_NAMES <= width {
            return Self { is_upright: false, height: NAMES };
        }
        Self { is_upright: true, height: longest.max(NAMES) + 6.0 }
    }

    fn name_ui(self, ui: &Ui, head: Rect, name: &str, font: &FontId, ink: Color32) {
        let line = name_line(ui, name, font, ink);
        if self.is_upright {
            let begin = pos2(head.center().x - line.size().y / 2.0, head.bottom() - 3.0);
            let turned = TextShape::new(begin, line, ink).with_angle(-std::f32::consts::FRAC_PI_2);
            ui.painter().add(turned);
        } else {
            let begin = pos2(head.left() + 1.0, head.center().y - line.size().y / 2.0);
            ui.painter().galley(begin, line, ink);
        }
    }
}

/// As much of a name as there is room for over a column.
fn name_line(ui: &Ui, name: &str, font: &FontId, ink: Color32) -> std::sync::Arc<egui::Galley> {
    let mut job = LayoutJob::simple_singleline(shortened(name).into_owned(), font.clone(), ink);
    job.wrap = TextWrapping::truncate_at_width(LONGEST_NAME);
    ui.painter().layout_job(job)
}

fn cells_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, strip: &MonthOfPeople) {
    let colours = palette(ui);
    let activity = &store.activity;
    let person = activity.person();
    let people = shown(strip, person.as_deref());
    let days: Vec<i32> = strip.days.clone().rev().collect();
    let space = ui.available_rect_before_wrap();
    let width = ((space.width() - GUTTER) / people.len().max(1) as f32).min(30.0);
    let small = FontId::new(11.0, egui::TextStyle::Body.resolve(ui.style()).family);
    let heads = Heads::new(ui, strip, &people, width, &small);
    let height = ((space.height() - heads.height - 26.0) / days.len().max(1) as f32).clamp(8.0, 17.0);
    let size = vec2(space.width(), heads.height + height * days.len() as f32);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let origin = rect.min + vec2(GUTTER, heads.height);
    let read = activity.read();
    for (column, place) in people.iter().enumerate() {
        let Some((name, count)) = strip.people.get(*place) else { continue };
        let head = Rect::from_min_size(pos2(origin.x + column as f32 * width, rect.top()), vec2(width, heads.height));
        let is_wanted = person.as_deref().is_some_and(|person| person.eq_ignore_ascii_case(name));
        let values = [("name", shortened(name).into_owned().into()), ("count", grouped(*count).into())];
        let said = scene.locale.with("strip-person", values);
        let response = ui.interact(head, ui.scope_id().with(("person", *place)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_wanted, &said));
        let ink = if is_wanted || response.hovered() { colours.text } else { colours.dim };
        heads.name_ui(ui, head, name, &small, ink);
        if response.on_hover_text(said).clicked() {
            wish(scene, ActivityWish::LookFor(read.toggled(&term_text("actor", name), says_who)));
        }
        if is_wanted {
            let column =
                Rect::from_min_max(head.left_top(), pos2(head.right(), rect.bottom())).expand2(vec2(-1.0, 1.0));
            ui.painter().rect_stroke(column, 4.0, Stroke::new(1.0, colours.accent), StrokeKind::Outside);
        }
    }
    let mut stops = Stops::new(ui, "strip", Shape { rows: days.len(), columns: people.len(), page: 7 }, None);
    let chosen_day = chosen_day(store);
    for (row, day) in days.iter().enumerate() {
        let top = origin.y + row as f32 * height;
        let is_named = height >= 11.0 || row % 2 == 0;
        if is_named {
            let ink = if chosen_day == Some(*day) { colours.text } else { colours.dim };
            let at = pos2(origin.x - 6.0, top + height / 2.0);
            ui.painter().text(at, Align2::RIGHT_CENTER, date_of(*day).format("%-d"), small.clone(), ink);
        }
        for (column, place) in people.iter().enumerate() {
            let Some((name, _)) = strip.people.get(*place) else { continue };
            let at = pos2(origin.x + column as f32 * width, top);
            let cell = Rect::from_min_size(at, vec2(width, height)).shrink(GAP / 2.0);
            let events = strip.events(*day, *place);
            let stop = row * people.len() + column;
            let response =
                ui.interact(cell.expand(GAP / 2.0), ui.scope_id().with(("cell", *day, *place)), stops.sense(stop));
            let is_other = person.as_deref().is_some_and(|person| !person.eq_ignore_ascii_case(name));
            let fill = if events == 0 { colours.raised } else { heat(colours, events, strip.most) };
            let fill = if is_other && events > 0 { colours.panel.lerp_to_gamma(fill, OTHERS) } else { fill };
            ui.painter().rect_filled(cell, 2.0, fill);
            let said = || {
                let values = [
                    ("name", shortened(name).into_owned().into()),
                    ("day", super::rows::day_text(scene, *day).into()),
                    ("count", events.into()),
                    ("grouped", grouped(events).into()),
                ];
                scene.locale.with("strip-cell", values)
            };
            let is_chosen = chosen_day == Some(*day) && !is_other && person.is_some();
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, said()));
            stops.row(ui, stop, &response);
            if is_chosen || response.hovered() {
                let ink = if is_chosen { colours.focus } else { colours.text };
                ui.painter().rect_stroke(cell, 2.0, Stroke::new(1.5, ink), StrokeKind::Outside);
            }
            let is_clicked = response.clicked();
            if response.hovered() {
                response.on_hover_ui(|ui| drop(ui.label(said())));
            }
            if is_clicked {
                let pieces = [term_text("actor", name), format!("on:{}", date_of(*day))];
                let text = read.with(&pieces, |wanted| says_who(wanted) || says_when(wanted));
                wish(scene, ActivityWish::LookFor(text));
            }
        }
    }
    stops.end(ui);
}

/// The day that is looked for, or that of the event that is looked at.
fn chosen_day(store: &OpenStore) -> Option<i32> {
    let activity = &store.activity;
    activity.found().row(activity.selected_row()?).and_then(|row| activity.day_of(row))
}
