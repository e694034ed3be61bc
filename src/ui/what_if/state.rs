use egui::{Align, Layout, RichText, Ui};

use super::BranchWish;
use crate::command::Action;
use crate::replay::START;
use crate::theme::palette;
use crate::ui::Scene;
use crate::ui::card::{CardHead, card_head_ui};
use crate::ui::history::{names_ui, nothing_ui};
use crate::ui::list::{Cells, Look, list_row, list_ui};
use crate::ui::parts::{card, cut, shortened};
use crate::ui::people::for_people;
use crate::ui::state::{caption_ui, group_ui};
use crate::view::{Beside, BesideLine, BesideRow, Folded, OpenBranch, Pane, StreamView};

const MARGIN: f32 = 16.0;

/// The state of the branch beside that of history. Rows that differ are amber.
pub fn beside_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, open: &mut OpenBranch, is_folded: bool) {
    let slot = open.slot(view.cursor());
    let hides_equal = open.hides_equal;
    if open.prepare(view.cursor()).is_some_and(Beside::is_searching) {
        ui.ctx().request_repaint();
    }
    card(ui, |ui| {
        ui.set_width(ui.available_width());
        let (Some(folded), Some(slot), Some(beside)) = (open.folded(), slot, open.beside()) else {
            head_ui(ui, scene, "", None, hides_equal, is_folded);
            if !is_folded {
                ui.centered_and_justified(|ui| ui.spinner());
            }
            return;
        };
        head_ui(ui, scene, &folded.label(slot), Some(beside.differing()), hides_equal, is_folded);
        if is_folded {
            return;
        }
        let rows = beside.len(hides_equal);
        if rows == 0 && !beside.is_searching() {
            return nothing_ui(ui, &scene.text("branch-no-difference"));
        }
        let columns = Columns::new(ui.available_width());
        let Columns { name, value, version } = columns;
        names_ui(ui, scene, &[("col-field", name), ("col-history", value + version), ("col-what-if", value + version)]);
        let mut toggled = None;
        list_ui(ui, "state beside", rows, None, false, |ui, line| match beside.line(folded, line, hides_equal) {
            Some(BesideLine::Field(row)) => row_ui(ui, scene, folded, &row, columns),
            Some(BesideLine::Group { path, values, differing, is_open }) => {
                let differ = scene.locale.with("fields-differ", [("count", differing.into())]);
                let aside = (differing > 0).then_some((differ, palette(ui).warning));
                if group_ui(ui, scene, &path, values, aside, is_open) {
                    toggled = Some(path);
                }
            }
            None => {}
        });
        if let Some(path) = toggled {
            open.toggle_group(&path);
        }
    });
}

fn head_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    label: &str,
    differing: Option<usize>,
    hides_equal: bool,
    is_folded: bool,
) {
    let dim = palette(ui).dim;
    let title = if label.starts_with(START) {
        scene.locale.with("branch-state-first", [("place", scene.version(label).into())])
    } else {
        scene.locale.with("state-at", [("version", label.to_owned().into())])
    };
    let head = CardHead { pane: Pane::State, title: &title, is_folded };
    card_head_ui(
        ui,
        scene,
        head,
        |_, _| {},
        |ui, scene| {
            if let (Some(count), true) = (differing, ui.available_width() > 260.0) {
                cut(ui, RichText::new(scene.locale.with("fields-differ", [("count", count.into())])).color(dim));
            }
            let mut hides = hides_equal;
            if ui.checkbox(&mut hides, scene.text("branch-hide-equal")).changed() {
                scene.wish(BranchWish::HideEqual(hides));
            }
        },
    );
}

#[derive(Clone, Copy, Debug)]
struct Columns {
    name: f32,
    value: f32,
    version: f32,
}

impl Columns {
    fn new(width: f32) -> Self {
        let room = (width - 2.0 * MARGIN).max(0.0);
        let name = (room * 0.22).clamp(84.0, 230.0).min(room / 3.0);
        let version = if room > 460.0 { 64.0 } else { 0.0 };
        Self { name, value: (room - name) / 2.0 - version, version }
    }
}

fn row_ui(ui: &mut Ui, scene: &mut Scene<'_>, folded: &Folded, row: &BesideRow, columns: Columns) {
    let colours = palette(ui);
    let [old, new] = [&row.old, &row.new].map(|value| for_people(scene, &row.field, value).into_owned());
    let fill = row.differs.then_some(colours.warning_soft);
    let name = if row.differs {
        let values =
            [("field", shortened(&row.field).into()), ("old", shortened(&old).into()), ("new", shortened(&new).into())];
        scene.locale.with("branch-field-differs", values)
    } else {
        format!("{}: {}", shortened(&row.field), shortened(&old))
    };
    list_row(ui, &name, Look::Plain(fill), |ui, rect| {
        let mut cells = Cells::new(rect, MARGIN);
        let (ink, other) =
            if row.differs { (colours.warning, colours.what_if_dim) } else { (colours.dim, colours.dim) };
        cells.cell(ui, columns.name, |ui| {
            cut(ui, RichText::new(shortened(&row.field)).color(ink)).on_hover_text(shortened(&row.field));
            caption_ui(ui, scene, &row.field);
        });
        let value = |ui: &mut Ui, text: &str, ink| {
            cut(ui, RichText::new(shortened(text)).monospace().color(ink)).on_hover_text(shortened(text));
        };
        cells.cell(ui, columns.value, |ui| value(ui, &old, if row.differs { colours.text } else { colours.dim }));
        cells.cell(ui, columns.version, |ui| {
            let head = row.old_set_by.and_then(|index| folded.history().heads().get(index));
            if let Some(head) = head {
                let version = head.version;
                set_by_ui(ui, &format!("v{version}"), other, || scene.ask(Action::GoToVersion(version)));
            }
        });
        cells.cell(ui, columns.value, |ui| value(ui, &new, if row.differs { colours.warning } else { colours.dim }));
        cells.cell(ui, columns.version, |ui| {
            if let Some((slot, label)) = &row.new_set_by {
                set_by_ui(ui, &format!("{} ↗", scene.version(label)), ink, || scene.wish(BranchWish::GoTo(*slot)));
            }
        });
    });
}

fn set_by_ui(ui: &mut Ui, text: &str, ink: egui::Color32, go: impl FnOnce()) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let button = egui::Button::new(RichText::new(text).color(ink)).frame(false).sense(egui::Sense::CLICK);
        if ui.add(button).clicked() {
            go();
        }
    });
}
