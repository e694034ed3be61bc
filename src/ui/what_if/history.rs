use egui::{Align, Layout, RichText, Ui};

use super::{BranchWish, badge, how_name, slot_menu_ui};
use crate::event::Explain;
use crate::replay::{How, START, SlotEvent};
use crate::theme::palette;
use crate::ui::card::{CardHead, card_head_ui};
use crate::ui::history::{MARGIN, mark, names_ui, nothing_ui};
use crate::ui::list::{Cells, Look, list_row, list_ui};
use crate::ui::parts::{card, cut, filter_field, shortened};
use crate::ui::when::TimeColumn;
use crate::ui::{Scene, grouped};
use crate::view::{Folded, OpenBranch, Pane, StreamView};

/// So many fields are named of those that an event changes.
const FIELDS_NAMED: usize = 12;

/// Every event of history and of the branch, in the branch's order: what is left out is struck.
pub fn branch_history_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    view: &StreamView,
    open: &mut OpenBranch,
    reveal: &mut bool,
    is_folded: bool,
) {
    let is_looking = open.filter_history(view);
    if is_looking {
        ui.ctx().request_repaint();
    }
    let mut filter = std::mem::take(&mut open.filter.text);
    rows_ui(ui, scene, view, open, &mut filter, reveal, (is_folded, is_looking));
    open.filter.text = filter;
}

#[allow(clippy::too_many_arguments, reason = "a list and all that it is drawn from")]
fn rows_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    view: &StreamView,
    open: &OpenBranch,
    filter: &mut String,
    reveal: &mut bool,
    (is_folded, is_looking): (bool, bool),
) {
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        head_ui(ui, scene, open, filter, is_folded);
        let (Some(folded), false) = (open.folded(), is_folded) else { return };
        let found = open.filter.found();
        let count = found.map_or(folded.slots().len(), <[usize]>::len);
        if count == 0 && !is_looking {
            return nothing_ui(ui, &scene.text("history-none"));
        }
        let slot = open.slot(view.cursor());
        let (first, last) = view.ends();
        let columns = Columns::new(ui.available_width(), folded, scene.zone.spans_years(first, last));
        let Columns { version, when, event, who, changed, badge: _ } = columns;
        let names = [
            ("col-version", version),
            ("col-when", when.width),
            ("col-event", event),
            ("col-who", who),
            ("col-changed", changed),
        ];
        names_ui(ui, scene, &names);
        let row_of = |slot: usize| found.map_or(Some(slot), |found| found.binary_search(&slot).ok());
        list_ui(ui, "branch history", count, slot.and_then(row_of), *reveal, |ui, row| {
            if let Some(row) = found.map_or(Some(row), |found| found.get(row).copied()) {
                row_ui(ui, scene, view, folded, row, slot, columns);
            }
        });
        // The row may be found yet.
        *reveal &= is_looking;
    });
}

fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, open: &OpenBranch, filter: &mut String, is_folded: bool) {
    let dim = palette(ui).dim;
    let title = scene.text("history");
    let head = CardHead { pane: Pane::History, title: &title, is_folded };
    let names = [scene.text("history-filter"), scene.text("history-filter-clear")];
    card_head_ui(
        ui,
        scene,
        head,
        |ui, _| {
            let width = (ui.available_width() - 20.0).min(260.0);
            if width >= 60.0 {
                filter_field(ui, filter, &names, width);
            }
        },
        |ui, scene| {
            let Some(folded) = open.folded() else { return };
            if let Some(found) = open.filter.found() {
                let total = grouped(folded.slots().len() as u64);
                let values = [("found", grouped(found.len() as u64).into()), ("total", total.into())];
                if ui.available_width() > 160.0 {
                    cut(ui, RichText::new(scene.locale.with("history-found", values)).color(dim));
                }
                return;
            }
            let total = folded.history().heads().len() as u64;
            let events =
                scene.locale.with("history-events", [("count", total.into()), ("grouped", grouped(total).into())]);
            let inserted = folded.what_if.layout.inserted_count();
            let aside = if inserted == 0 {
                events
            } else {
                scene.locale.with("branch-events", [("events", events.into()), ("inserted", inserted.into())])
            };
            if ui.available_width() > 160.0 {
                cut(ui, RichText::new(format!("{aside}  ·  {}", scene.zone_name())).color(dim));
            }
        },
    );
}

#[derive(Clone, Copy, Debug)]
struct Columns {
    version: f32,
    when: TimeColumn,
    event: f32,
    who: f32,
    changed: f32,
    badge: f32,
}

impl Columns {
    /// As room runs out, who did it gives way first, then when, then what changed.
    fn new(width: f32, folded: &Folded, has_years: bool) -> Self {
        const EVENT: f32 = 170.0;
        const CHANGED: f32 = 110.0;
        let digits = folded.history().heads().last().map_or(1, |head| head.version.to_string().len()) + 2;
        let version = 16.0 + 7.5 * digits as f32;
        let badge = 104.0;
        let room = (width - 2.0 * MARGIN - version - badge).max(0.0);
        let when = TimeColumn::fitting(has_years, room - EVENT - CHANGED);
        let who = if when.width > 0.0 && room > EVENT + CHANGED + when.width + 84.0 { 84.0 } else { 0.0 };
        let event = EVENT.min(room);
        Self { version, when, event, who, changed: (room - when.width - who - event).max(0.0), badge }
    }
}

#[allow(clippy::too_many_arguments, reason = "a row and all that it is drawn from")]
fn row_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    view: &StreamView,
    folded: &Folded,
    row: usize,
    cursor: Option<usize>,
    columns: Columns,
) {
    let (Some(slot), Some(head)) = (folded.slots().get(row), folded.head(row)) else { return };
    let colours = palette(ui);
    let is_to_come = cursor.is_some_and(|cursor| row > cursor);
    let is_out = !slot.is_in_branch();
    let (ink, dim) = match (is_to_come || is_out, slot.how) {
        (true, _) => (colours.faint, colours.faint),
        (false, How::Inserted | How::MovedHere) => (colours.text, colours.text),
        (false, _) => (colours.text, colours.dim),
    };
    let is_new = matches!(slot.how, How::Inserted | How::MovedHere);
    let version_ink = if is_new { colours.warning } else { dim };
    let text = |text: &str, ink| {
        let text = RichText::new(shortened(text)).color(ink);
        if is_out { text.strikethrough() } else { text }
    };
    let name = head.event_type.as_str();
    let label = folded.label(row);
    let how = how_name(slot.how).map(|how| scene.text(how));
    let spoken = format!(
        "{} {}{}",
        scene.version(&label),
        shortened(name),
        how.as_ref().map(|how| format!(", {how}")).unwrap_or_default()
    );
    let is_here = cursor == Some(row);
    let look = if is_new && !is_here { Look::Plain(Some(colours.warning_soft)) } else { Look::Choice(is_here) };
    let response = list_row(ui, &spoken, look, |ui, rect| {
        let mut cells = Cells::new(rect, MARGIN);
        cells.cell(ui, columns.version, |ui| {
            // What stands before the first event has no version to be behind.
            let short = label.strip_prefix(START).unwrap_or(&label);
            let cell = cut(ui, text(short, version_ink).monospace());
            if short.len() < label.len() {
                cell.on_hover_text(scene.version(&label));
            }
        });
        cells.cell(ui, columns.when.width, |ui| {
            let when = head.recorded_at.map_or_else(|| "—".to_owned(), |at| columns.when.text(scene.zone, at));
            cut(ui, text(&when, dim).monospace());
        });
        cells.cell(ui, columns.event, |ui| {
            mark(ui, colours.sign(view.sign_of(name)).faint_if(is_to_come || is_out));
            ui.add_space(8.0);
            cut(ui, text(name, ink)).on_hover_text(shortened(name));
        });
        cells.cell(ui, columns.who, |ui| match slot.event {
            SlotEvent::Recorded(index) => drop(cut(ui, text(view.actor(index), dim))),
            SlotEvent::Inserted(_) => drop(cut(ui, text(&scene.text("branch-you"), dim))),
        });
        cells.cell(ui, columns.changed, |ui| {
            let fields = folded.changed_fields(row);
            let named: Vec<_> = fields.iter().take(FIELDS_NAMED).map(|field| shortened(field)).collect();
            cut(ui, text(&named.join(", "), dim));
        });
        cells.cell(ui, columns.badge, |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(how) = &how {
                    badge(ui, how);
                }
                if let Some(broken) = folded.broken_at(row) {
                    ui.label(RichText::new("!").strong().color(colours.warning))
                        .on_hover_text(scene.sentence(&broken.problem.message()));
                }
            });
        });
    });
    if response.clicked() {
        scene.wish(BranchWish::GoTo(row));
    }
    response.context_menu(|ui| slot_menu_ui(ui, scene, row, slot.how));
}
