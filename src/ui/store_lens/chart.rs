use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Align, Align2, Color32, FontId, Layout, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::super::parts::cut;
use super::super::people::exact;
use super::super::{Scene, grouped};
use super::go_to_time;
use crate::event::Timestamp;
use crate::theme::palette;
use crate::view::{ChartLayer, CountChart, StoreLens, ValueCount};

const HEIGHT: f32 = 170.0;

/// Room for what stands below and at the right.
const BELOW: f32 = 18.0;
const BESIDE: f32 = 40.0;

/// So many values are read aloud one by one.
const SAID: usize = 8;

/// Lines across the chart.
const LINES: u64 = 4;

/// How the values of a field were spread over time, one layer a value. A press goes there.
pub(super) fn chart_ui(ui: &mut Ui, scene: &mut Scene<'_>, table: &StoreLens, field: &str, bars: &[ValueCount]) {
    let chart = table.counts.chart();
    let (Some(first), Some(last)) = (chart.times.first().copied(), chart.times.last().copied()) else { return };
    if chart.most == 0 || first >= last {
        return;
    }
    let share_id = egui::Id::unique("chart of counts shows shares");
    let mut is_share: bool = ui.data(|data| data.get_temp(share_id)).unwrap_or(false);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.selectable_value(&mut is_share, true, RichText::new(scene.text("table-chart-share")).size(11.5));
            ui.selectable_value(&mut is_share, false, RichText::new(scene.text("table-chart-count")).size(11.5));
            let is_of_all = table.counts_are_narrowed();
            let name = scene.text(if is_of_all { "table-over-time-of-all" } else { "table-over-time" });
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                cut(ui, RichText::new(name).size(11.5).color(palette(ui).dim));
            });
        });
    });
    ui.data_mut(|data| data.insert_temp(share_id, is_share));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::CLICK);
    let now = table.moment().and_then(|moment| moment.time);
    let drawing = Drawing { chart, rect, is_share, first, last };
    let said = drawing.said(scene, field, now, bars);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &said));
    drawing.paint(ui, scene, now);
    if let Some(pointer) = response.hover_pos() {
        let at = drawing.time_at(pointer.x);
        response.clone().on_hover_text(drawing.told_at(scene, at));
        if response.clicked() {
            go_to_time(scene, at);
        }
    }
}

struct Drawing<'a> {
    chart: &'a CountChart,
    rect: Rect,
    is_share: bool,
    first: Timestamp,
    last: Timestamp,
}

impl Drawing<'_> {
    fn plot(&self) -> Rect {
        Rect::from_min_max(self.rect.min, self.rect.max - vec2(BESIDE, BELOW))
    }

    fn x_of(&self, at: Timestamp) -> f32 {
        let plot = self.plot();
        let span = self.last.micros_since(self.first).max(1) as f64;
        let share = (at.micros_since(self.first) as f64 / span).clamp(0.0, 1.0) as f32;
        plot.left() + plot.width() * share
    }

    fn time_at(&self, x: f32) -> Timestamp {
        let plot = self.plot();
        let share = f64::from(((x - plot.left()) / plot.width().max(1.0)).clamp(0.0, 1.0));
        self.first.plus_micros((self.last.micros_since(self.first) as f64 * share) as i64)
    }

    /// The largest number of the scale.
    fn top(&self) -> u64 {
        if self.is_share { 100 } else { round_up(self.chart.most) }
    }

    fn heights(&self, step: usize) -> Vec<f32> {
        let counts = self.chart.layers.iter().map(|layer| layer.counts.get(step).copied().unwrap_or(0));
        let all: u64 = counts.clone().map(u64::from).sum();
        let whole = if self.is_share { all.max(1) } else { self.top().max(1) } as f32;
        counts.map(|count| count as f32 / whole).collect()
    }

    fn paint(&self, ui: &Ui, scene: &Scene<'_>, now: Option<Timestamp>) {
        let colours = palette(ui);
        let plot = self.plot();
        let painter = ui.painter_at(self.rect);
        let level = |line: u64| plot.bottom() - plot.height() * line as f32 / LINES as f32;
        // Below the areas, which would look striped otherwise.
        for line in 0..=LINES {
            painter.hline(plot.x_range(), level(line), Stroke::new(1.0, colours.line.gamma_multiply(0.7)));
        }
        let mut below = vec![0.0_f32; self.chart.times.len()];
        let stacks: Vec<Vec<f32>> = (0..self.chart.times.len()).map(|step| self.heights(step)).collect();
        for (number, layer) in self.chart.layers.iter().enumerate() {
            let hue = layer_hue(ui, layer);
            let mut mesh = Mesh::default();
            for ((at, below), stack) in self.chart.times.iter().zip(&mut below).zip(&stacks) {
                let x = self.x_of(*at);
                let y = |height: f32| plot.bottom() - plot.height() * height.min(1.0);
                let bottom = y(*below);
                *below += stack.get(number).copied().unwrap_or(0.0);
                // What is still to come stands behind the cursor, fainter.
                let colour = if now.is_some_and(|now| *at > now) { colours.behind(hue) } else { colours.layer(hue) };
                for y in [bottom, y(*below)] {
                    mesh.vertices.push(Vertex { pos: pos2(x, y), uv: WHITE_UV, color: colour });
                }
                if let Some(last) = (mesh.vertices.len() as u32).checked_sub(4) {
                    mesh.add_triangle(last, last + 1, last + 2);
                    mesh.add_triangle(last + 1, last + 2, last + 3);
                }
            }
            painter.add(mesh);
        }
        let small = FontId::proportional(11.0);
        for line in 0..=LINES {
            let text = scale_text(self.top() * line / LINES, self.is_share);
            let align = if line == LINES { Align2::LEFT_TOP } else { Align2::LEFT_CENTER };
            painter.text(pos2(plot.right() + 6.0, level(line)), align, text, small.clone(), colours.dim);
        }
        let days = [(self.first, Align2::LEFT_BOTTOM), (self.last, Align2::RIGHT_BOTTOM)];
        for (at, align) in days {
            painter.text(
                pos2(self.x_of(at), self.rect.bottom()),
                align,
                scene.zone.day(at),
                small.clone(),
                colours.dim,
            );
        }
        if let Some(now) = now {
            painter.vline(self.x_of(now), plot.y_range(), Stroke::new(1.5, colours.text));
        }
    }

    fn step_at(&self, at: Timestamp) -> usize {
        self.chart.times.partition_point(|time| *time <= at).saturating_sub(1)
    }

    /// What was so at a time.
    fn told_at(&self, scene: &Scene<'_>, at: Timestamp) -> String {
        let step = self.step_at(at);
        let mut lines = vec![scene.zone.day(at)];
        for layer in &self.chart.layers {
            let count = layer.counts.get(step).copied().unwrap_or(0);
            if count > 0 {
                lines.push(format!("{}  {}", layer_name(scene, layer), grouped(u64::from(count))));
            }
        }
        lines.join("\n")
    }

    /// As it is read aloud. The chart is drawn at some times only: what is so at the cursor is what the bars say.
    fn said(&self, scene: &Scene<'_>, field: &str, now: Option<Timestamp>, bars: &[ValueCount]) -> String {
        let mut told = vec![scene.zone.day(now.unwrap_or(self.last))];
        told.extend(
            bars.iter().take(SAID).map(|bar| format!("{}  {}", value_name(scene, &bar.value), grouped(bar.count))),
        );
        let others: u64 = bars.iter().skip(SAID).map(|bar| bar.count).sum();
        if others > 0 {
            told.push(format!("{}  {}", scene.text("table-chart-others"), grouped(others)));
        }
        let values = [
            ("field", field.to_owned().into()),
            ("from", scene.zone.day(self.first).into()),
            ("to", scene.zone.day(self.last).into()),
            ("now", told.join(", ").into()),
        ];
        scene.locale.with("table-chart-said", values)
    }
}

fn layer_hue(ui: &Ui, layer: &ChartLayer) -> Color32 {
    let colours = palette(ui);
    layer.value.as_ref().map_or(colours.rest, |(_, number)| colours.value_hue(*number))
}

fn layer_name(scene: &Scene<'_>, layer: &ChartLayer) -> String {
    match &layer.value {
        None => scene.text("table-chart-others"),
        Some((value, _)) => value_name(scene, value),
    }
}

fn value_name(scene: &Scene<'_>, value: &serde_json::Value) -> String {
    if value.is_null() { scene.text("table-none") } else { exact(value) }
}

/// The next number that is easily read in quarters.
fn round_up(most: u64) -> u64 {
    let mut unit = 1_u64;
    while unit.saturating_mul(10) < most {
        unit = unit.saturating_mul(10);
    }
    // Of those whose quarters are whole.
    let steps: &[u64] = match unit {
        1 => &[4, 8, 12],
        10 => &[2, 4, 6, 8, 10],
        _ => &[1, 2, 3, 4, 5, 6, 8, 10],
    };
    let fits = steps.iter().find(|step| unit.saturating_mul(**step) >= most.max(4));
    unit.saturating_mul(*fits.unwrap_or(&12))
}

fn scale_text(number: u64, is_share: bool) -> String {
    match number {
        _ if is_share => format!("{number} %"),
        0..10_000 => grouped(number),
        10_000..10_000_000 => format!("{}k", grouped(number / 1_000)),
        _ => format!("{}M", grouped(number / 1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::round_up;

    #[test]
    fn a_scale_ends_above_what_it_shows_and_divides_into_quarters() {
        for most in [1, 3, 4, 5, 9, 10, 11, 77, 100, 101, 161, 561_872, 812_406, 1_000_000] {
            let top = round_up(most);
            assert!(top >= most && top.is_multiple_of(4), "{most}: {top}");
            assert!(top <= most.max(4) * 2 + 4, "{most}: {top}");
        }
    }
}
