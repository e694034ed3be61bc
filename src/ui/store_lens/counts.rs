use egui::{Align, ComboBox, Layout, Rect, RichText, Ui, pos2};

use super::super::list::{Look, few_rows_ui, list_row};
use super::super::parts::{caption, cut, hairline, link, progress_ui, shortened};
use super::super::people::exact;
use super::super::{Scene, grouped};
use super::chart::chart_ui;
use super::table::dot;
use super::wish;
use crate::theme::palette;
use crate::view::{LensWish, StoreLens, ValueCount};

/// So many values have a bar; the others are told together.
const BARS: usize = 8;

/// How many streams have each value of a field at the moment, how that was over time, and what numbers come to.
pub(super) fn counts_ui(ui: &mut Ui, scene: &mut Scene<'_>, table: &mut StoreLens) {
    choice_ui(ui, scene, table);
    ui.add_space(4.0);
    let at = table.moment().unwrap_or_default().at;
    let Some(field) = table.counts.field().map(str::to_owned) else {
        ui.label(RichText::new(scene.text("table-count-none")).color(palette(ui).dim));
        return numbers_ui(ui, scene, table);
    };
    if let Some(progress) = table.counts.asked.progress() {
        if progress_ui(ui, scene, &progress) {
            wish(scene, LensWish::Cancel);
        }
    } else if let Some(error) = table.counts.asked.error() {
        let said = scene.sentence(&error.message);
        ui.add(egui::Label::new(RichText::new(said).color(palette(ui).danger)).wrap());
        if link(ui, &scene.text("retry")).clicked() {
            wish(scene, LensWish::Retry);
        }
    } else if table.counts.has_too_many_values() {
        let said = scene.locale.with("table-count-too-many", [("field", shortened(&field).into_owned().into())]);
        ui.add(egui::Label::new(RichText::new(said).color(palette(ui).dim)).wrap());
    }
    if table.counts.is_there() {
        match table.bars(at) {
            Some(bars) => bars_ui(ui, scene, table, &field, &bars),
            // Why the rows cannot be had is said over them.
            None if table.error().is_some() => {}
            None => drop(ui.label(RichText::new(scene.text("table-count-coming")).color(palette(ui).dim))),
        }
        ui.add_space(8.0);
        let all = table.counts.at(at).to_vec();
        chart_ui(ui, scene, table, &field, &all);
        ui.add_space(8.0);
    }
    numbers_ui(ui, scene, table);
}

/// Which field is counted by, and of how many streams.
fn choice_ui(ui: &mut Ui, scene: &mut Scene<'_>, table: &StoreLens) {
    ui.horizontal(|ui| {
        let name = scene.text("table-count-title");
        caption(ui, &name);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let chosen = table
                .counts
                .field()
                .map_or_else(|| scene.text("table-count-choose"), |field| shortened(field).into_owned());
            // In a narrow pane its caption has the room that it needs.
            let width = ui.available_width().clamp(72.0, 140.0);
            let fields = ComboBox::from_id_salt("counted field").selected_text(chosen).width(width).truncate();
            let shown = fields.show_ui(ui, |ui| {
                for field in table.known_fields() {
                    let is_chosen = table.counts.field() == Some(&field);
                    if ui.selectable_label(is_chosen, shortened(&field)).clicked() {
                        wish(scene, LensWish::CountBy(field));
                    }
                }
            });
            shown.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
        });
    });
}

fn bars_ui(ui: &mut Ui, scene: &mut Scene<'_>, table: &StoreLens, field: &str, bars: &[ValueCount]) {
    let most = bars.first().map_or(1, |bar| bar.count.max(1));
    let told = bars.len().min(BARS);
    few_rows_ui(ui, "values of field", told, |ui, place| {
        let Some(bar) = bars.get(place) else { return };
        let is_asked = table.asks_for(field, &bar.value);
        let text = if bar.value.is_null() { scene.text("table-none") } else { exact(&bar.value) };
        let (text, count) = (shortened(&text).into_owned(), grouped(bar.count));
        let row = list_row(ui, &format!("{text}, {count}"), Look::Choice(is_asked), |ui, rect| {
            let colours = palette(ui);
            let hue = colours.value_hue(bar.number);
            let name = Rect::from_min_max(rect.min, pos2(rect.left() + rect.width() * 0.5, rect.bottom()));
            let mut left =
                ui.new_child(egui::UiBuilder::new().max_rect(name).layout(Layout::left_to_right(Align::Center)));
            left.shrink_clip_rect(name);
            left.add_space(6.0);
            dot(&mut left, hue);
            cut(&mut left, RichText::new(&text).monospace().color(colours.text));
            let right = Rect::from_min_max(pos2(rect.right() - 62.0, rect.top()), rect.max);
            let room = Rect::from_min_max(
                pos2(name.right() + 6.0, rect.center().y - 6.0),
                pos2(right.left(), rect.center().y + 6.0),
            );
            let share = bar.count as f32 / most as f32;
            let drawn = Rect::from_min_size(room.min, egui::vec2((room.width() * share).max(2.0), room.height()));
            if room.width() > 8.0 {
                ui.painter().rect_filled(drawn, 2.0, hue);
            }
            let mut right =
                ui.new_child(egui::UiBuilder::new().max_rect(right).layout(Layout::right_to_left(Align::Center)));
            right.add_space(4.0);
            right.label(RichText::new(&count).monospace().color(colours.text));
        });
        if row.on_hover_text(scene.text("table-bar-about")).clicked() {
            wish(scene, LensWish::ToggleValue(field.to_owned(), bar.value.clone()));
        }
    });
    let others: u64 = bars.iter().skip(told).map(|bar| bar.count).sum();
    if others > 0 {
        let values = bars.len() - told;
        let values =
            [("others", values.into()), ("values", grouped(values as u64).into()), ("count", grouped(others).into())];
        ui.label(RichText::new(scene.locale.with("table-count-others", values)).color(palette(ui).dim));
    }
}

/// What the numbers of a column come to.
fn numbers_ui(ui: &mut Ui, scene: &mut Scene<'_>, table: &StoreLens) {
    let Some((field, numbers)) = table.numbers() else { return };
    hairline(ui);
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        let title = scene.locale.with("table-numbers", [("field", shortened(field).into_owned().into())]);
        cut(ui, title);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if link(ui, &scene.text("dismiss")).clicked() {
                wish(scene, LensWish::NumbersOf(None));
            }
        });
    });
    let Some(numbers) = numbers else {
        let name = if table.progress().is_some() { "table-numbers-coming" } else { "table-numbers-none" };
        ui.label(RichText::new(scene.text(name)).color(palette(ui).dim));
        return;
    };
    let lines = [
        ("table-numbers-count", numbers.count as f64),
        ("table-numbers-sum", numbers.sum),
        ("table-numbers-mean", numbers.mean()),
        ("table-numbers-least", numbers.least),
        ("table-numbers-median", numbers.median),
        ("table-numbers-p90", numbers.p90),
        ("table-numbers-p99", numbers.p99),
        ("table-numbers-most", numbers.most),
    ];
    egui::Grid::new("numbers of column").num_columns(2).spacing([16.0, 4.0]).show(ui, |ui| {
        for (name, number) in lines {
            ui.label(RichText::new(scene.text(name)).color(palette(ui).dim));
            ui.label(RichText::new(figure(number)).monospace());
            ui.end_row();
        }
    });
    ui.add_space(8.0);
}

/// A number in groups, with two decimals where it has some.
fn figure(number: f64) -> String {
    let sign = if number < 0.0 { "-" } else { "" };
    let size = number.abs();
    if size >= 1e15 {
        return format!("{number:e}");
    }
    let cents = (size * 100.0).round() as u64;
    let whole = grouped(cents / 100);
    if cents.is_multiple_of(100) { format!("{sign}{whole}") } else { format!("{sign}{whole}.{:02}", cents % 100) }
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn numbers_stand_in_groups_with_as_much_behind_the_point_as_matters() {
        for (number, text) in
            [(0.0, "0"), (1_234_567.0, "1,234,567"), (-2.5, "-2.50"), (0.999, "1"), (1.0 / 3.0, "0.33"), (1e18, "1e18")]
        {
            assert_eq!(figure(number), text);
        }
    }
}
