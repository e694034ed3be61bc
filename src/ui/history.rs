use egui::{Align, Frame, Layout, Margin, RichText, Role, Sense, Ui, WidgetInfo};
use egui_extras::{Column, TableBuilder};

use super::Scene;
use super::icons::paint_sign;
use super::parts::{card, cut, hairline, named_field, shortened};
use crate::command::Action;
use crate::event::Explain;
use crate::theme::{ROW_HEIGHT, Sign, palette};
use crate::view::StreamView;

const HEADER_HEIGHT: f32 = 24.0;

/// Of those that an event changed; more do not fit.
const FIELDS_SHOWN: usize = 20;

/// Every event of the stream, of which only the rows in view are laid out. What lies after the cursor is faint: one
/// sees what is to come.
pub fn history_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut StreamView, reveal: &mut bool) {
    if view.filter_history() {
        ui.ctx().request_repaint();
    }
    let mut filter = std::mem::take(&mut view.history_filter.text);
    table_ui(ui, scene, view, &mut filter, reveal);
    view.history_filter.text = filter;
}

fn table_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, filter: &mut String, reveal: &mut bool) {
    let (Some(loaded), Some(cursor)) = (view.base(), view.cursor()) else { return };
    let colours = palette(ui);
    let heads = loaded.timeline.heads();
    card(ui, |ui| {
        let found = view.history_filter.found();
        let count = found.map_or(heads.len(), <[usize]>::len);
        head_ui(ui, scene, filter, count);
        if count == 0 {
            Frame::new().inner_margin(Margin::symmetric(16, 10)).show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.label(RichText::new(scene.text("history-none")).color(colours.dim));
            });
            return;
        }
        let index_of = |row: usize| found.map_or(Some(row), |found| found.get(row).copied()).unwrap_or_default();
        let row_of_cursor = found.map_or(cursor, |found| found.partition_point(|index| *index < cursor));
        let height = ui.available_height() - HEADER_HEIGHT - 8.0;
        // A chosen row is painted a little wider than it is; this keeps it inside the card.
        ui.spacing_mut().item_spacing = egui::vec2(0.0, 0.0);
        let mut table = TableBuilder::new(ui)
            .min_scrolled_height(0.0)
            .max_scroll_height(height)
            .id_salt("history")
            .animate_scrolling(false)
            .sense(Sense::click())
            .auto_shrink(false)
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(Column::exact(20.0))
            .column(Column::exact(64.0))
            .column(Column::exact(132.0))
            .column(Column::initial(198.0).clip(true))
            .column(Column::initial(98.0).clip(true))
            .column(Column::remainder().clip(true));
        if std::mem::take(reveal) {
            table = table.scroll_to_row(row_of_cursor.min(count - 1), None);
        }
        let header = |ui: &mut Ui, scene: &Scene<'_>, name: &str| {
            ui.label(RichText::new(scene.text(name)).size(11.5).color(colours.dim));
        };
        table
            .header(HEADER_HEIGHT, |mut row| {
                row.col(|_| {});
                for name in ["col-version", "col-when", "col-event", "col-who", "col-changed"] {
                    row.col(|ui| header(ui, scene, name));
                }
            })
            .body(|body| {
                body.rows(ROW_HEIGHT, count, |mut row| {
                    let index = index_of(row.index());
                    let Some(head) = heads.get(index) else { return };
                    row.set_selected(index == cursor);
                    let (ink, dim) =
                        if index > cursor { (colours.faint, colours.faint) } else { (colours.text, colours.dim) };
                    let problem = loaded.timeline.finding_at(index).map(|finding| &finding.problem);
                    row.col(|ui| {
                        if index == cursor {
                            let edge = egui::Rect::from_min_size(ui.max_rect().min, egui::vec2(2.0, ROW_HEIGHT));
                            ui.painter().rect_filled(edge, 0.0, colours.accent);
                        }
                    });
                    row.col(|ui| {
                        cut(ui, RichText::new(head.version.to_string()).monospace().color(dim));
                    });
                    row.col(|ui| {
                        let when = head.recorded_at.map_or_else(|| "—".to_owned(), |at| scene.zone.short(at));
                        let cell = cut(ui, RichText::new(when).monospace().color(dim));
                        if let Some(at) = head.recorded_at {
                            cell.on_hover_text(scene.zone.long(at));
                        }
                    });
                    row.col(|ui| {
                        let name = head.event_type.as_str();
                        mark(ui, colours.sign(view.sign_of(name)).faint_if(index > cursor));
                        ui.add_space(8.0);
                        let short = telling_part(name);
                        let cell = cut(ui, RichText::new(shortened(short)).color(ink));
                        if short.len() < name.len() {
                            cell.on_hover_text(shortened(name));
                        }
                        if let Some(problem) = problem {
                            ui.label(RichText::new("!").strong().color(colours.warning))
                                .on_hover_text(scene.sentence(&problem.message()));
                        }
                    });
                    row.col(|ui| {
                        cut(ui, RichText::new(shortened(view.actor(index))).color(dim));
                    });
                    row.col(|ui| {
                        let fields = loaded.timeline.changed_fields(index);
                        let shown = fields.get(..FIELDS_SHOWN).unwrap_or(&fields).join(", ");
                        cut(ui, RichText::new(shortened(&shown)).color(dim));
                    });
                    let response = row.response();
                    let label = format!("v{} {}", head.version, shortened(head.event_type.as_str()));
                    response.widget_info(|| WidgetInfo::selected(Role::Row, true, index == cursor, &label));
                    if response.clicked() {
                        scene.ask(Action::GoTo(index));
                    }
                });
            });
    });
}

/// Of `module:Class.Event` and `App\Events\Event`, what comes last says what happened.
fn telling_part(event_type: &str) -> &str {
    let after = event_type.rfind([':', '\\']).map_or(0, |at| at + 1);
    event_type.get(after..).filter(|rest| !rest.is_empty()).unwrap_or(event_type)
}

fn head_ui(ui: &mut Ui, scene: &Scene<'_>, filter: &mut String, count: usize) {
    let dim = palette(ui).dim;
    Frame::new().inner_margin(Margin::symmetric(16, 5)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(scene.text("history"));
            let name = scene.text("history-filter");
            named_field(ui, egui::TextEdit::singleline(filter).hint_text(&name).desired_width(160.0), &name);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let values = [("count", count.into()), ("grouped", super::grouped(count as u64).into())];
                let aside = scene.locale.with("history-events", values);
                ui.label(RichText::new(format!("{aside}  ·  {}", scene.zone.name())).color(dim));
            });
        });
    });
    hairline(ui);
}

/// The little sign that stands for an event type, beside its name.
pub(super) fn mark(ui: &mut Ui, sign: Sign) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(8.0, 8.0), Sense::hover());
    paint_sign(ui.painter(), rect, sign);
}
