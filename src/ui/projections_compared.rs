use egui::{ComboBox, Label, RichText, Role, Ui, WidgetInfo};

use super::dialog::Dialog;
use super::list::{List, row_room, two_lines_ui};
use super::parts::{LONGEST_DRAWN, primary, shortened};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::Action;
use crate::engine::{Differs, PartitionDifference};
use crate::event::StreamId;
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{BothCompared, DifferenceGroup, OpenStore, ToolName, beginning};

/// Two lines.
const GROUP_HEIGHT: f32 = 2.0 * ROW_HEIGHT;

/// What the names of the two choosers and the space between them take.
const BESIDE_CHOOSERS: f32 = 140.0;

/// Which partitions two projections show otherwise, in which fields, and since which event.
pub(super) fn projections_compared_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, is_open: &mut bool) {
    store.offer_to_compare();
    let title = scene.text("projections-compared");
    let tool = &mut store.tools.comparing_own;
    Dialog::new("projections compared", &title, 760.0).show(ui, scene, is_open, |ui, scene| {
        let dim = palette(ui).dim;
        ui.add(Label::new(RichText::new(scene.text("projections-compared-about")).color(dim)).wrap());
        ui.add_space(6.0);
        let names: Vec<String> = tool.names().map(str::to_owned).collect();
        let width = (0.5 * (ui.available_width() - BESIDE_CHOOSERS)).clamp(80.0, 180.0);
        ui.horizontal(|ui| {
            for (label, chosen) in
                [("projections-compared-old", &mut tool.old), ("projections-compared-new", &mut tool.new)]
            {
                let name = ui.label(scene.text(label)).id;
                let said = if chosen.is_empty() {
                    scene.text("projections-compared-choose")
                } else {
                    scene.projection(chosen)
                };
                let chooser = ComboBox::from_id_salt(label).selected_text(said).width(width);
                let shown = chooser.show_ui(ui, |ui| {
                    for name in &names {
                        ui.selectable_value(chosen, name.clone(), scene.projection(name));
                    }
                });
                shown.response.labelled_by(name);
                ui.add_space(12.0);
            }
        });
        ui.add_space(6.0);
        let can_start = tool.can_start();
        if ui.add_enabled(can_start, primary(ui, scene.text("projections-compared-start"))).clicked() {
            scene.ask(Action::StartTool(ToolName::ComparingOwn));
        }
        ui.add_space(6.0);
        let is_there = tool_ui(ui, scene, &mut tool.asked, &Action::StartTool(ToolName::ComparingOwn));
        if let Some(found) = tool.asked.value().filter(|_| is_there && !tool.asked.is_loading()) {
            found_ui(ui, scene, found);
        }
    });
}

fn found_ui(ui: &mut Ui, scene: &mut Scene<'_>, found: &BothCompared) {
    let colours = palette(ui);
    let BothCompared { partitions, differing, groups } = found;
    let values = [
        ("count", (*differing).into()),
        ("grouped", grouped(*differing).into()),
        ("all", (*partitions).into()),
        ("partitions", grouped(*partitions).into()),
    ];
    let (name, ink) = match differing {
        0 => ("projections-compared-same", colours.accent),
        _ => ("projections-compared-differ", colours.warning),
    };
    ui.label(RichText::new(scene.locale.with(name, values)).color(ink));
    ui.add_space(4.0);
    let height = (groups.len() as f32 * GROUP_HEIGHT).min(320.0);
    let list = List::new("groups of differences", groups.len()).rows_of(GROUP_HEIGHT).no_higher_than(height);
    list.show(ui, |ui, place| {
        if let Some(group) = groups.get(place) {
            group_ui(ui, scene, group);
        }
    });
}

/// Since which events, in which field and how many partitions; and the first of them. A press leads to its event.
fn group_ui(ui: &mut Ui, scene: &mut Scene<'_>, group: &DifferenceGroup) {
    let colours = palette(ui);
    let DifferenceGroup { first, partitions } = group;
    let PartitionDifference { partition, field, old, new, what, from } = first;
    let since = match from {
        Some(from) => shortened(from.event_type.as_str()).into_owned(),
        None => scene.text("projections-compared-unexplained"),
    };
    let of = match (what, field.as_str()) {
        (Differs::Fault, _) => scene.text("projections-compared-fault"),
        (Differs::Emitted, _) => scene.text("projections-compared-emitted"),
        (Differs::State, "") => scene.text("projections-compared-whole"),
        (Differs::Result, "") => scene.text("projections-compared-result"),
        (Differs::State | Differs::Result, field) => shortened(field).into_owned(),
    };
    let values = [("count", (*partitions).into()), ("grouped", grouped(*partitions).into())];
    let count = scene.locale.with("projection-partitions", values);
    let head = format!("{since}  ·  {of}  ·  {count}");
    let place = match from {
        Some(from) => format!("{} v{}", shortened(from.stream.as_str()), from.version),
        None => shortened(partition).into_owned(),
    };
    let value =
        |value: &serde_json::Value| if value.is_null() { "—".to_owned() } else { beginning(value, LONGEST_DRAWN) };
    let body = format!("{place}: {} → {}", shortened(&value(old)), shortened(&value(new)));
    let (rect, response) = row_room(ui, GROUP_HEIGHT);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, from.is_some(), format!("{head}, {body}")));
    if (response.hovered() || response.has_focus()) && from.is_some() {
        ui.painter().rect_filled(rect, 6.0, colours.selection);
    }
    two_lines_ui(ui, rect, &head, &body);
    if let Some(from) = from.as_ref().filter(|_| response.clicked()) {
        scene.ask(Action::GoToPlace(StreamId::from(from.stream.as_str()), from.version));
        scene.ask(Action::CloseDialog);
    }
}
