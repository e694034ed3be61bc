use egui::{Button, Grid, Label, RichText, ScrollArea, TextEdit, Ui};

use crate::command::{Action, BranchAction};
use crate::compensate::Proposal;
use crate::engine::Proposed;
use crate::event::Explain;
use crate::theme::palette;
use crate::ui::Scene;
use crate::ui::conflict::{Planned, both_ui, elsewhere_ui, since_ui};
use crate::ui::dialog::{Dialog, take_first_focus};
use crate::ui::parts::{caption, is_entered, shortened};
use crate::ui::people::for_people;
use crate::view::{MakingSo, Writing};

/// The events that would make a branch so, what each projection would then show, and what cannot be brought about. Nothing
/// is written before its last button is pressed.
pub fn make_so_ui(ui: &mut Ui, scene: &mut Scene<'_>, making: &mut MakingSo, writing: Writing, is_open: &mut bool) {
    let title = scene.text("make-so-title");
    Dialog::new("make so", &title, 640.0).show(ui, scene, is_open, |ui, scene| {
        let colours = palette(ui);
        let mut is_signed = false;
        for (name, missing, of_actor) in
            [("compensate-actor", "actor-missing", true), ("compensate-reason", "reason-missing", false)]
        {
            let is_tried = making.is_tried;
            let text = if of_actor { &mut making.actor } else { &mut making.reason };
            let is_missing = is_tried && text.trim().is_empty();
            let ink = if is_missing { colours.danger } else { colours.dim };
            let label = ui.label(RichText::new(scene.text(name)).size(11.5).color(ink));
            // What is said above it comes and goes, and must not take the focus from it.
            let field = TextEdit::singleline(text).id(egui::Id::unique(("field of make so", name)));
            let field = ui.add(field.desired_width(f32::INFINITY)).labelled_by(label.id);
            take_first_focus(ui, &field);
            if is_missing && std::mem::take(&mut making.leads_to_fault) {
                field.request_focus();
            }
            is_signed |= is_entered(ui, &field);
            if is_missing {
                ui.add(Label::new(RichText::new(scene.text(missing)).size(11.5).color(colours.danger)).wrap());
            }
        }
        ui.add_space(8.0);
        let since = making.since();
        if let Some((since, _)) = since {
            since_ui(ui, scene, since);
        } else if making.has_changed {
            ui.add(Label::new(RichText::new(scene.text("make-so-changed")).color(colours.warning)).wrap());
        }
        match making.proposed() {
            Some(proposed) => {
                preview_ui(ui, scene, proposed, since.map(|(_, before)| before));
                if !proposed.proposal.events.is_empty() {
                    making.elsewhere().into_iter().for_each(|led| elsewhere_ui(ui, scene, led, "make-so-elsewhere"));
                }
            }
            None if making.error().is_none() => drop(ui.spinner()),
            None => {}
        }
        if let Some(error) = making.error() {
            let sentence = scene.sentence(&error.message);
            ui.add(Label::new(RichText::new(sentence).color(colours.danger)).wrap());
        }
        ui.add_space(8.0);
        let count = making.proposed().map_or(0, |proposed| proposed.proposal.events.len());
        let can_append = count > 0 && writing != Writing::Never && !making.is_busy();
        ui.horizontal(|ui| {
            let name = scene.locale.with("make-so-append", [("count", count.into())]);
            let text = RichText::new(name).strong().color(colours.on_accent);
            let append = ui.add_enabled(can_append, Button::new(text).fill(colours.accent));
            // Enter alone decides nothing where others came first.
            let is_decided = append.clicked() || is_signed && making.since().is_none();
            if can_append && is_decided {
                scene.ask(Action::Branch(BranchAction::Append));
            }
            let leave = ui.button(scene.text("cancel"));
            if leave.clicked() {
                scene.ask(Action::CloseDialog);
            }
            // A key that is still held down must not press what it led to.
            if making.leads_to_append && !making.is_busy() && ui.input(|input| input.keys_down.is_empty()) {
                making.leads_to_append = false;
                let next = if can_append { append } else { leave };
                next.request_focus();
            }
            let about = match writing {
                Writing::On => None,
                Writing::Off => Some("writing-off"),
                Writing::Never => Some("writing-never"),
            };
            if let Some(about) = about {
                ui.add(Label::new(RichText::new(scene.text(about)).size(11.5).color(colours.dim)).wrap());
            }
            if making.is_busy() {
                ui.spinner();
            }
        });
    });
}

fn shown(scene: &Scene<'_>, field: &str, value: &serde_json::Value) -> String {
    if value.is_null() { "—".to_owned() } else { shortened(&for_people(scene, field, value)).into_owned() }
}

fn planned(proposal: &Proposal) -> Planned<'_> {
    Planned { changes: &proposal.changes, version: proposal.first }
}

fn preview_ui(ui: &mut Ui, scene: &Scene<'_>, proposed: &Proposed, before: Option<&Proposal>) {
    let colours = palette(ui);
    let Proposed { proposal, previews, has_faults } = proposed;
    ScrollArea::vertical().id_salt("make so preview").max_height(300.0).show(ui, |ui| {
        ui.set_width(ui.available_width());
        if let Some(before) = before {
            both_ui(ui, scene, planned(before), Some(planned(proposal)));
            ui.add_space(6.0);
        }
        if proposal.events.is_empty() {
            let name = match (proposal.remaining.is_empty(), *has_faults) {
                (true, true) => "make-so-untold",
                (true, false) => "make-so-nothing",
                (false, _) => "make-so-no-event",
            };
            ui.add(Label::new(RichText::new(scene.text(name)).color(colours.dim)).wrap());
        }
        for (event, number) in proposal.events.iter().zip(0..) {
            let values = [
                ("type", shortened(event.event_type.as_str()).into()),
                ("version", (proposal.first.0 + number).to_string().into()),
            ];
            ui.label(RichText::new(scene.locale.with("preview", values)).strong());
            if event.payload != "{}" {
                ui.label(RichText::new(shortened(&event.payload)).monospace().color(colours.dim));
            }
        }
        ui.add_space(6.0);
        for preview in previews.iter().filter(|preview| !preview.changes.is_empty() || !preview.problems.is_empty()) {
            let name = scene.projection(&preview.projection);
            caption(ui, &name);
            changes_ui(ui, scene, &preview.projection, &preview.changes, ["preview-now", "preview-after"]);
            for problem in &preview.problems {
                let sentence = scene.sentence(&problem.problem.message());
                ui.add(Label::new(RichText::new(sentence).color(colours.warning)).wrap());
            }
            ui.add_space(6.0);
        }
        for preview in previews.iter().filter(|preview| !preview.remaining.is_empty()) {
            let projection = scene.projection(&preview.projection);
            caption(ui, &scene.locale.with("make-so-cannot-in", [("projection", projection.into())]));
            let id = format!("remaining in {}", preview.projection);
            changes_ui(ui, scene, &id, &preview.remaining, ["make-so-stays", "col-what-if"]);
            ui.add_space(6.0);
        }
        if !proposal.remaining.is_empty() {
            caption(ui, &scene.text("make-so-cannot"));
            changes_ui(ui, scene, "remaining", &proposal.remaining, ["make-so-stays", "col-what-if"]);
        }
        for (label, breach) in &proposal.refused {
            let why = scene.sentence(&breach.message());
            let values = [("version", label.to_string().into()), ("why", why.into())];
            let sentence = scene.locale.with("make-so-refused", values);
            ui.add(Label::new(RichText::new(sentence).color(colours.warning)).wrap());
        }
    });
}

fn changes_ui(ui: &mut Ui, scene: &Scene<'_>, id: &str, changes: &[crate::replay::Change], names: [&str; 2]) {
    /// Of a message list a change may be thousands.
    const SHOWN: usize = 60;
    /// The same for every projection, so that their columns stand below one another.
    const COLUMN: f32 = 150.0;
    let colours = palette(ui);
    Grid::new(("make so", id)).num_columns(3).min_col_width(COLUMN).spacing([24.0, 4.0]).show(ui, |ui| {
        for name in ["col-field", names[0], names[1]] {
            ui.label(RichText::new(scene.text(name)).size(11.5).color(colours.dim));
        }
        ui.end_row();
        for change in changes.iter().take(SHOWN) {
            ui.label(RichText::new(shortened(&change.field)).color(colours.accent));
            let [before, after] = [&change.before, &change.after].map(|value| shown(scene, &change.field, value));
            ui.label(RichText::new(before).monospace().color(colours.dim));
            ui.label(RichText::new(after).monospace().color(colours.text));
            ui.end_row();
        }
    });
    if changes.len() > SHOWN {
        caption(ui, &scene.locale.with("conflict-more-fields", [("count", (changes.len() - SHOWN).into())]));
    }
}
