use std::collections::BTreeSet;

use egui::{Align, Id, Layout, Rect, Response, RichText, Role, Ui, UiBuilder, WidgetInfo, vec2};

use super::icons::{Icon, paint};
use super::list::{List, row_room};
use super::parts::{Led, caption, cut, filter_field, led_from, link, shortened};
use super::{Scene, grouped};
use crate::command::Action;
use crate::engine::{ListedStream, StreamGroup, short_id};
use crate::event::StreamId;
use crate::store::StreamOrder;
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{Listed, OpenStore, SurveyAge};

const ORDERS: [(StreamOrder, &str); 4] = [
    (StreamOrder::Began, "sort-began"),
    (StreamOrder::Recent, "sort-recent"),
    (StreamOrder::Name, "sort-name"),
    (StreamOrder::Longest, "sort-longest"),
];

/// The streams of the store, grouped by category. Only the rows in view are laid out, however many there are.
pub fn streams_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, wants_focus: &mut bool) {
    let seen = list_ui(ui, scene, store, wants_focus);
    store.want_labels(seen.iter());
}

/// Answers with the streams whose names are to be read by themselves: the one on screen, those of the pins, and those that
/// were drawn and have none in the list.
fn list_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, wants_focus: &mut bool) -> Vec<StreamId> {
    let pinned = store.pins.iter().flatten().map(|pin| &pin.stream);
    let mut seen: Vec<StreamId> = store.view.iter().map(|view| &view.stream).chain(pinned).cloned().collect();
    head_ui(ui, scene, store);
    let wants_first = wants_first(ui, store);
    let led = filter_ui(ui, scene, store, wants_focus);
    survey_ui(ui, scene, store);
    ui.add_space(6.0);
    let Some(Listed { groups, is_partial, is_begun, .. }) = store.groups.value() else { return seen };
    let closed_id = Id::unique("closed categories");
    let mut closed: BTreeSet<String> = ui.data(|data| data.get_temp(closed_id)).unwrap_or_default();
    let is_filtered = !store.filter.trim().is_empty();
    if is_filtered && groups.iter().all(|group| group.rows.is_empty()) {
        let none = if *is_partial { "streams-none-yet" } else { "streams-none" };
        ui.label(RichText::new(scene.text(none)).color(palette(ui).dim));
        return seen;
    }
    let selected = store.view.as_ref().map(|view| view.stream.clone());
    let mut begins = Vec::with_capacity(groups.len());
    let mut total = 0;
    for group in groups {
        begins.push(total);
        total += 1 + if closed.contains(&group.category) { 0 } else { shown_rows(group) };
    }
    let now_closed = closed.clone();
    let order = Order { groups, begins: &begins, closed: &now_closed, is_begun: *is_begun };
    let (keep, is_new) = order.place_of(ui, store.lists_made(), selected.as_ref());
    let found = wants_first.then(|| order.first(&store.filter)).flatten();
    if let Some((_, row)) = found {
        scene.ask(Action::Select(row.stream.clone()));
    }
    let below = || keep.or_else(|| order.first("").map(|(place, _)| place)).unwrap_or(0);
    let entered = found.map(|(place, _)| place).or_else(|| (led == Some(Led::Down)).then(below));
    List::new("streams", total).keep(keep, is_new).entered(entered).show(ui, |ui, place| {
        let Some((group, row)) = order.at(place) else { return };
        match row.map(|row| group.rows.get(row)) {
            None => {
                let is_closed = closed.contains(&group.category);
                if category_ui(ui, group, is_closed, is_filtered).clicked() && !closed.remove(&group.category) {
                    closed.insert(group.category.clone());
                }
            }
            Some(Some(row)) => {
                if row.name.is_none() {
                    seen.push(row.stream.clone());
                }
                let name = store.labels.newest(&row.stream, row.name.as_deref());
                let is_selected = selected.as_ref() == Some(&row.stream);
                if row_ui(ui, row, &group.category, name, is_selected).clicked() {
                    scene.ask(Action::Select(row.stream.clone()));
                }
            }
            Some(None) => more_ui(ui, scene, group),
        }
    });
    ui.data_mut(|data| data.insert_temp(closed_id, closed));
    seen
}

/// The groups as they follow each other in the list.
struct Order<'a> {
    groups: &'a [StreamGroup],
    /// The places at which each begins, so that any row is found without walking.
    begins: &'a [usize],
    closed: &'a BTreeSet<String>,
    /// More rows are on their way.
    is_begun: bool,
}

/// Where the stream on screen was found, for as long as nothing moves it.
#[derive(Clone, Debug, PartialEq)]
struct Found {
    stream: Option<StreamId>,
    /// How often the list was made by then, and how many of its groups were closed.
    made: (u64, usize),
    place: Option<usize>,
    /// It may be among the rows that were on their way.
    may_come: bool,
}

impl Order<'_> {
    /// The stream that is called exactly so, or the first that is listed, and where it is.
    fn first(&self, name: &str) -> Option<(usize, &ListedStream)> {
        let name = name.trim();
        let open = self.groups.iter().zip(self.begins).filter(|(group, _)| !self.closed.contains(&group.category));
        let mut rows =
            open.flat_map(|(group, begin)| group.rows.iter().zip(begin + 1..)).map(|(row, place)| (place, row));
        let first = rows.next()?;
        let is_called_so =
            |row: &ListedStream| row.stream.as_str() == name || row.name.as_deref().is_some_and(|other| other == name);
        let is_it = is_called_so(first.1) || name.is_empty();
        let other = if is_it { None } else { rows.find(|(_, row)| is_called_so(row)) };
        Some(other.unwrap_or(first))
    }

    /// The group that a row is of, and which row of it; its heading has none.
    fn at(&self, place: usize) -> Option<(&StreamGroup, Option<usize>)> {
        let number = self.begins.partition_point(|begin| *begin <= place).saturating_sub(1);
        let (group, begin) = self.groups.get(number).zip(self.begins.get(number))?;
        Some((group, place.checked_sub(begin + 1)))
    }

    /// Where the stream on screen stands, and whether another one has just come there. Looked for when something moved.
    fn place_of(&self, ui: &Ui, made: u64, selected: Option<&StreamId>) -> (Option<usize>, bool) {
        let id = Id::unique("stream that the list stands at");
        let before: Option<Found> = ui.data(|data| data.get_temp(id));
        let made = (made, self.closed.len());
        let is_new = before.as_ref().is_none_or(|before| before.stream.as_ref() != selected);
        if let Some(before) = before.as_ref().filter(|before| !is_new && before.made == made) {
            return (before.place, false);
        }
        let open = self.groups.iter().zip(self.begins).filter(|(group, _)| !self.closed.contains(&group.category));
        let mut places = open.filter_map(|(group, begin)| {
            let row = group.rows.iter().position(|row| Some(&row.stream) == selected)?;
            Some(begin + 1 + row)
        });
        let place = places.next();
        let has_come = before.is_some_and(|before| before.may_come && place.is_some());
        let may_come = place.is_none() && self.is_begun;
        ui.data_mut(|data| data.insert_temp(id, Found { stream: selected.cloned(), made, place, may_come }));
        (place, is_new || has_come)
    }
}

/// The group's rows, and a line where not all are listed.
fn shown_rows(group: &StreamGroup) -> usize {
    let rows = group.rows.len() as u64;
    let has_more = |found: u64| rows >= crate::view::STREAMS_LISTED || rows < found;
    group.rows.len() + usize::from(group.found.is_some_and(has_more))
}

/// How much of the store is read for names, once that takes long enough to wonder why one is not found.
fn survey_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    const LONG_ENOUGH: std::time::Duration = std::time::Duration::from_millis(300);
    let share = |done: u64, total: u64| (done.min(total) * 100).checked_div(total).unwrap_or(0);
    let progress = store.surveying.progress();
    let (text, action, name) = match progress {
        Some(progress) if progress.running < LONG_ENOUGH => {
            ui.ctx().request_repaint_after(LONG_ENOUGH);
            return;
        }
        Some(progress) => {
            ui.ctx().request_repaint_after(LONG_ENOUGH);
            let percent = share(progress.done, progress.total);
            (scene.locale.with("names-read", [("percent", percent.into())]), Action::StopSurvey, "names-stop")
        }
        None if store.survey_age() != SurveyAge::Current => {
            (survey_age_text(scene, store), Action::BeginSurvey, "names-again")
        }
        None if store.survey().is_too_large() => {
            cut(ui, RichText::new(scene.text("names-too-many")).size(11.5).color(palette(ui).dim));
            return;
        }
        None if store.survey().is_whole() || store.surveying.value().is_some() => return,
        None if store.survey().is_listed() || store.surveying.error().is_some() => {
            let (done, total) = store.survey().extent();
            let text = scene.locale.with("names-partly", [("percent", share(done, total).into())]);
            (text, Action::BeginSurvey, "names-go-on")
        }
        None => return,
    };
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if link(ui, &scene.text(name)).clicked() {
                scene.ask(action);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                cut(ui, RichText::new(text).size(11.5).color(palette(ui).dim));
            });
        });
    });
}

/// Said where the survey is not of the store as it is.
pub(super) fn survey_age_text(scene: &Scene<'_>, store: &OpenStore) -> String {
    match store.survey_age() {
        SurveyAge::Current => String::new(),
        SurveyAge::BeforeReplaced => scene.text("survey-before-replaced"),
        SurveyAge::LastReadable => scene.text("survey-last-readable"),
    }
}

fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    ui.horizontal(|ui| {
        caption(ui, &scene.text("streams"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let now = ORDERS.iter().find(|(order, _)| *order == store.order).map_or("sort", |(_, name)| name);
            let text = RichText::new(scene.text(now)).size(11.5);
            ui.menu_button(text, |ui| {
                for (order, name) in ORDERS {
                    if ui.selectable_label(order == store.order, scene.text(name)).clicked() {
                        scene.ask(Action::Order(order));
                        ui.close();
                    }
                }
            });
        });
    });
}

/// Enter was pressed in the filter, and what it lets through is known by now.
fn wants_first(ui: &Ui, store: &OpenStore) -> bool {
    let is_waiting = ui.data(|data| data.get_temp(wants_first_id())).unwrap_or(false);
    let is_known = is_waiting && !store.groups.is_on_its_way();
    if is_known {
        ui.data_mut(|data| data.remove::<bool>(wants_first_id()));
    }
    is_known
}

fn wants_first_id() -> Id {
    Id::unique("the first stream that the filter finds is to be opened")
}

fn filter_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, wants_focus: &mut bool) -> Option<Led> {
    let mut filter = store.filter.clone();
    let names = [scene.text("streams-filter"), scene.text("streams-filter-clear")];
    let row = ui.horizontal(|ui| {
        let width = ui.available_width();
        let (field, is_changed) = filter_field(ui, &mut filter, &names, width);
        if std::mem::take(wants_focus) {
            field.request_focus();
        }
        let led = led_from(ui, &field);
        if is_changed || led == Some(Led::ToFirst) {
            // What is found first is opened once it is known: the list of what was typed last is still to come.
            let wants_first = led == Some(Led::ToFirst) && !filter.trim().is_empty();
            ui.data_mut(|data| data.insert_temp(wants_first_id(), wants_first));
            ui.ctx().request_repaint();
        }
        if is_changed {
            scene.ask(Action::Filter(filter));
        }
        led
    });
    row.inner
}

fn category_ui(ui: &mut Ui, group: &StreamGroup, is_closed: bool, is_filtered: bool) -> Response {
    let colours = palette(ui);
    let count = if is_filtered { group.found } else { group.total };
    let (rect, response) = row_room(ui, ROW_HEIGHT);
    let category = shortened(&group.category);
    // Before they were counted, nothing stands there.
    let count = count.map(grouped).unwrap_or_default();
    let name = if count.is_empty() { category.to_string() } else { format!("{category}, {count}") };
    response.widget_info(|| WidgetInfo::selected(Role::DisclosureTriangle, true, !is_closed, &name));
    let painter = ui.painter();
    let mark = Rect::from_center_size(rect.left_center() + vec2(10.0, 0.0), vec2(10.0, 10.0));
    paint(painter, if is_closed { Icon::Right } else { Icon::Down }, mark, colours.dim);
    let font = egui::TextStyle::Body.resolve(ui.style());
    let right = rect.right_center() - vec2(8.0, 0.0);
    let count = painter.text(right, egui::Align2::RIGHT_CENTER, count, font.clone(), colours.dim);
    let begin = rect.left() + 22.0;
    let mut job = egui::text::LayoutJob::simple_singleline(category.to_string(), font, colours.text);
    job.wrap = egui::text::TextWrapping::truncate_at_width((count.left() - begin - 8.0).max(0.0));
    let galley = painter.layout_job(job);
    let is_cut = galley.elided;
    painter.galley(egui::pos2(begin, rect.center().y - galley.size().y / 2.0), galley, colours.text);
    if is_cut { response.on_hover_text(category) } else { response }
}

/// The stream's name with its id small beside, or its id alone; both without what the heading over it says already.
fn row_ui(ui: &mut Ui, row: &ListedStream, category: &str, name: Option<&str>, is_selected: bool) -> Response {
    let colours = palette(ui);
    let (rect, response) = row_room(ui, ROW_HEIGHT);
    let id = row.stream.as_str();
    response.widget_info(|| WidgetInfo::selected(Role::TreeItem, true, is_selected, whole(id, name)));
    if is_selected || response.hovered() {
        ui.painter().rect_filled(rect, 4.0, if is_selected { colours.selection } else { colours.raised });
    }
    if is_selected {
        let edge = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
        ui.painter().rect_filled(edge, 0.0, colours.accent);
    }
    let font = egui::TextStyle::Body.resolve(ui.style());
    let small = egui::FontId::new(11.5, font.family.clone());
    let text = |text: &str, font: egui::FontId, ink, space: f32| {
        let mut job = egui::text::LayoutJob::simple_singleline(shortened(text).into_owned(), font, ink);
        job.wrap = egui::text::TextWrapping::truncate_at_width(space.max(0.0));
        ui.painter().layout_job(job)
    };
    let right = rect.right_center() - vec2(8.0, 0.0);
    let count = ui.painter().text(right, egui::Align2::RIGHT_CENTER, grouped(row.events), font.clone(), colours.dim);
    let begin = rect.left() + 22.0;
    let space = count.left() - begin - 8.0;
    let id = short_id(id, category);
    // A name may have thousands of letters: what does not fit is not laid out. The name has the better right to space.
    let first = text(name.unwrap_or(id), font, colours.text, space);
    let at = |x: f32, galley: &egui::Galley| egui::pos2(x, rect.center().y - galley.size().y / 2.0);
    let mut is_cut = first.elided || name.unwrap_or(id).len() > shortened(name.unwrap_or(id)).len();
    let end = begin + first.size().x + 8.0;
    ui.painter().galley(at(begin, &first), first, colours.text);
    if name.is_some() {
        let space = count.left() - end - 8.0;
        let second = text(id, small, colours.dim, space);
        // An ellipsis alone tells nothing; and one letter is laid out even where there is no room for it.
        let is_told = second.size().x <= space && (!second.elided || second.size().x > 24.0);
        is_cut |= second.elided || !is_told;
        if is_told {
            ui.painter().galley(at(end, &second), second, colours.dim);
        }
    }
    if is_cut { response.on_hover_text(whole(row.stream.as_str(), name)) } else { response }
}

/// A stream's id and what its people call it. Where the id is a long number that tells nobody anything, the other comes
/// first.
pub(super) fn in_order<'t>(name: &'t str, label: Option<&'t str>) -> (&'t str, Option<&'t str>) {
    match label {
        Some(label) if name.len() > LONG_NAME => (label, Some(name)),
        label => (name, label),
    }
}

/// Longer than what a person remembers.
const LONG_NAME: usize = 20;

/// As it is read aloud, and shown where it was cut.
pub(super) fn whole(id: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{}, {}", shortened(name), shortened(id)),
        None => shortened(id).into_owned(),
    }
}

fn more_ui(ui: &mut Ui, scene: &Scene<'_>, group: &StreamGroup) {
    let values = [
        ("shown", grouped(group.rows.len() as u64).into()),
        ("total", group.found.map(grouped).unwrap_or_default().into()),
    ];
    let text = scene.locale.with("streams-more", values);
    let (rect, response) = row_room(ui, ROW_HEIGHT);
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, &text));
    let mut inside = ui.new_child(UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center)));
    cut(&mut inside, RichText::new(&text).size(11.5).color(palette(ui).dim));
}
