use egui::{Frame, Label, RichText, Ui};

use super::Scene;
use super::parts::{link, shortened};
use crate::command::Command;
use crate::event::{Explain, Message};
use crate::projection::Problem;
use crate::store::FindingKind;
use crate::theme::{CONTROL_RADIUS, palette};
use crate::view::{OpenStore, StreamView, ToolName};

/// What is wrong with the event at the cursor: what it is, what that means and what to do, and the way to all of them.
pub(super) fn findings_here_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, view: &StreamView) {
    let found = findings_here(store, view);
    if found.is_empty() {
        return;
    }
    let colours = palette(ui);
    ui.add_space(8.0);
    Frame::new().fill(colours.warning_soft).corner_radius(CONTROL_RADIUS).inner_margin(10).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let mut told = None;
        for (kind, message) in found {
            let sentence = shortened(&scene.sentence(&message)).into_owned();
            ui.add(Label::new(RichText::new(sentence).color(colours.warning)).wrap());
            // Several of one kind mean the same.
            if told.replace(kind) != Some(kind) {
                for message in [kind.meaning(), kind.advice()] {
                    let text = RichText::new(scene.sentence(&message)).size(11.5).color(colours.dim);
                    ui.add(Label::new(text).wrap());
                }
            }
            ui.add_space(4.0);
        }
        if link(ui, &scene.text("finding-list")).clicked() {
            scene.run(Command::Tool(ToolName::Checking));
        }
    });
}

/// Those that the history shows, and what a check found besides.
fn findings_here(store: &OpenStore, view: &StreamView) -> Vec<(FindingKind, Message)> {
    let (Some(loaded), Some(cursor), Some(version)) = (view.base(), view.cursor(), view.version()) else {
        return Vec::new();
    };
    let kind = |problem: &Problem| match problem {
        Problem::Breach(_) => FindingKind::BrokenRule,
        _ => FindingKind::OddEvent,
    };
    let of_history = loaded.timeline.findings_at(cursor);
    let mut found: Vec<_> =
        of_history.iter().map(|finding| (kind(&finding.problem), finding.problem.message())).collect();
    if let Some(checked) = store.tools.checking.checked() {
        // What breaks a rule is known from the history.
        let is_other = |kind: FindingKind| !matches!(kind, FindingKind::BrokenRule | FindingKind::OddEvent);
        let others = checked.at(&view.stream, version).filter(|finding| is_other(finding.kind()));
        found.extend(others.map(|finding| (finding.kind(), finding.what.message())));
    }
    found
}
