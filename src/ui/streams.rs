use std::collections::BTreeSet;

use egui::{Align, Id, Layout, Rect, RichText, Role, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, vec2};

use super::icons::{Icon, paint};
use super::parts::{caption, shortened};
use super::{Scene, grouped};
use crate::command::Action;
use crate::event::StreamId;
use crate::store::{StreamOrder, StreamRow};
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{Listed, OpenStore, StreamGroup};

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

/// Answers with the streams that were drawn.
fn list_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, wants_focus: &mut bool) -> Vec<StreamId> {
    let mut seen = Vec::new();
    head_ui(ui, scene, store);
    filter_ui(ui, scene, store, wants_focus);
    ui.add_space(6.0);
    let Some(Listed { groups, .. }) = store.groups.value() else { return seen };
    let closed_id = Id::unique("closed categories");
    let mut closed: BTreeSet<String> = ui.data(|data| data.get_temp(closed_id)).unwrap_or_default();
    let is_filtered = !store.filter.trim().is_empty();
    if is_filtered && groups.iter().all(|group| group.rows.is_empty()) {
        ui.label(RichText::new(scene.text("streams-none")).color(palette(ui).dim));
        return seen;
    }
    let selected = store.view.as_ref().map(|view| view.stream.clone());
    // The places at which each group begins, so that any row is found without walking.
    let mut begins = Vec::with_capacity(groups.len());
    let mut total = 0;
    for group in groups {
        begins.push(total);
        total += 1 + if closed.contains(&group.category) { 0 } else { shown_rows(group) };
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("streams").auto_shrink(false).show_rows(ui, ROW_HEIGHT, total, |ui, range| {
        for place in range {
            let number = begins.partition_point(|begin| *begin <= place).saturating_sub(1);
            let Some((group, begin)) = groups.get(number).zip(begins.get(number)) else { continue };
            let row = place.checked_sub(begin + 1);
            match row.map(|row| group.rows.get(row)) {
                None => {
                    if category_ui(ui, group, closed.contains(&group.category), is_filtered)
                        && !closed.remove(&group.category)
                    {
                        closed.insert(group.category.clone());
                    }
                }
                Some(Some(row)) => {
                    seen.push(row.stream.clone());
                    let label = store.labels.of(&row.stream);
                    if row_ui(ui, row, label, selected.as_ref() == Some(&row.stream)) {
                        scene.ask(Action::Select(row.stream.clone()));
                    }
                }
                Some(None) => more_ui(ui, scene, group),
            }
        }
    });
    ui.data_mut(|data| data.insert_temp(closed_id, closed));
    seen
}

/// The group's rows, and a line where not all are listed.
fn shown_rows(group: &StreamGroup) -> usize {
    group.rows.len() + usize::from(group.rows.len() as u64 >= crate::view::STREAMS_LISTED)
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

fn filter_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, wants_focus: &mut bool) {
    let mut filter = store.filter.clone();
    let name = scene.text("streams-filter");
    let field = ui.add(TextEdit::singleline(&mut filter).hint_text(&name).desired_width(f32::INFINITY));
    field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, &name));
    if std::mem::take(wants_focus) {
        field.request_focus();
    }
    if field.changed() {
        scene.ask(Action::Filter(filter));
    }
}

/// Answers whether it was clicked.
fn category_ui(ui: &mut Ui, group: &StreamGroup, is_closed: bool, is_filtered: bool) -> bool {
    let colours = palette(ui);
    let count = if is_filtered { group.rows.len() as u64 } else { group.total };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    let name = format!("{}, {}", group.category, grouped(count));
    response.widget_info(|| WidgetInfo::selected(Role::DisclosureTriangle, true, !is_closed, &name));
    let painter = ui.painter();
    let mark = Rect::from_center_size(rect.left_center() + vec2(10.0, 0.0), vec2(10.0, 10.0));
    paint(painter, if is_closed { Icon::Right } else { Icon::Down }, mark, colours.dim);
    let font = egui::TextStyle::Body.resolve(ui.style());
    painter.text(
        rect.left_center() + vec2(22.0, 0.0),
        egui::Align2::LEFT_CENTER,
        &group.category,
        font.clone(),
        colours.text,
    );
    painter.text(rect.right_center() - vec2(8.0, 0.0), egui::Align2::RIGHT_CENTER, grouped(count), font, colours.dim);
    response.clicked()
}

fn row_ui(ui: &mut Ui, row: &StreamRow, label: Option<&str>, is_selected: bool) -> bool {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    let name = row.stream.as_str();
    response.widget_info(|| WidgetInfo::selected(Role::TreeItem, true, is_selected, name));
    if is_selected || response.hovered() {
        ui.painter().rect_filled(rect, 4.0, if is_selected { colours.selection } else { colours.raised });
    }
    if is_selected {
        let edge = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
        ui.painter().rect_filled(edge, 0.0, colours.accent);
    }
    let font = egui::TextStyle::Body.resolve(ui.style());
    let count = ui.painter().text(
        rect.right_center() - vec2(8.0, 0.0),
        egui::Align2::RIGHT_CENTER,
        grouped(row.events),
        font.clone(),
        colours.dim,
    );
    // A name may have thousands of letters: what does not fit is not laid out.
    let space = count.left() - rect.left() - 30.0;
    let (first, second) = in_order(name, label);
    let mut job = egui::text::LayoutJob::simple_singleline(shortened(first).into_owned(), font.clone(), colours.text);
    if let Some(second) = second {
        job.append(&shortened(second), 10.0, egui::TextFormat::simple(font, colours.dim));
    }
    job.wrap = egui::text::TextWrapping::truncate_at_width(space);
    let galley = ui.painter().layout_job(job);
    let is_cut = galley.elided || shortened(name).len() != name.len();
    ui.painter().galley(rect.left_center() + vec2(22.0, -galley.size().y / 2.0), galley, colours.text);
    if is_cut { response.on_hover_text(whole(name, label)).clicked() } else { response.clicked() }
}

/// A stream's name and what its people call it. Where the name is a long number that tells nobody anything, the other
/// comes first.
pub(super) fn in_order<'t>(name: &'t str, label: Option<&'t str>) -> (&'t str, Option<&'t str>) {
    match label {
        Some(label) if name.len() > LONG_NAME => (label, Some(name)),
        label => (name, label),
    }
}

/// Longer than what a person remembers.
const LONG_NAME: usize = 20;

fn whole(name: &str, label: Option<&str>) -> String {
    format!("{}  {}", shortened(name), shortened(label.unwrap_or_default())).trim_end().to_owned()
}

fn more_ui(ui: &mut Ui, scene: &Scene<'_>, group: &StreamGroup) {
    let values = [("shown", grouped(group.rows.len() as u64).into()), ("total", grouped(group.total).into())];
    let text = scene.locale.with("streams-more", values);
    super::parts::cut(ui, RichText::new(text).size(11.5).color(palette(ui).dim));
}
