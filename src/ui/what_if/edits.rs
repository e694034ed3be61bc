use egui::containers::menu::MenuButton;
use egui::{Button, Frame, Label, Margin, Rect, RichText, ScrollArea, Stroke, Ui, vec2};
use serde_json::Value;

use super::strip::switch_ui;
use super::{BranchWish, badge, line_ui, slot_menu_ui};
use crate::event::Explain;
use crate::replay::{Alteration, Edit, NewPayload};
use crate::theme::{CONTROL_RADIUS, palette};
use crate::ui::Scene;
use crate::ui::history::mark;
use crate::ui::icons::{Icon, icon_button};
use crate::ui::parts::{body_width, caption, cut, hairline, link, shortened, text_width};
use crate::ui::people::for_people;
use crate::view::{Folded, OpenBranch, OpenStore, StreamView};

/// At the right of a branch: what is edited, the rules that this breaks, and what would make it so.
pub fn edits_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let (Some(open), Some(view)) = (store.branching.open(), &store.view) else { return };
    ScrollArea::vertical().id_salt("edits").auto_shrink(false).show(ui, |ui| {
        head_ui(ui, scene, view, open);
        ui.add_space(4.0);
        if !open.branch.note.trim().is_empty() {
            ui.add(Label::new(RichText::new(shortened(&open.branch.note)).color(palette(ui).dim)).wrap());
            ui.add_space(4.0);
        }
        if open.branch.edits.is_empty() {
            ui.add(Label::new(RichText::new(scene.text("branch-empty")).color(palette(ui).dim)).wrap());
        }
        for (place, edit) in open.branch.edits.iter().enumerate() {
            in_view_ui(ui, place, |ui| edit_ui(ui, scene, open, place, edit));
        }
        if let Some(folded) = open.folded() {
            broken_ui(ui, scene, folded);
        }
        proposal_ui(ui, scene, store, view);
        crate::ui::focus::keep_in_sight(ui);
    });
}

fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, view: &StreamView, open: &OpenBranch) {
    let add = scene.text("branch-add");
    let right = body_width(ui, &add) + 28.0;
    let slot = open.slot(view.cursor());
    let slot = slot.and_then(|slot| Some((slot, open.folded()?.slots().get(slot)?.how)));
    line_ui(
        ui,
        scene,
        right,
        |ui, scene| caption(ui, &scene.text("branch-edits-in-order")),
        |ui, scene| {
            ui.add_enabled_ui(slot.is_some(), |ui| {
                MenuButton::from_button(Button::new(add)).ui(ui, |ui| {
                    if let Some((slot, how)) = slot {
                        let label = open.folded().map(|folded| folded.label(slot)).unwrap_or_default();
                        caption(ui, &scene.locale.with("branch-at", [("version", scene.version(&label).into())]));
                        slot_menu_ui(ui, scene, slot, how);
                    }
                });
            });
        },
    );
}

fn edit_ui(ui: &mut Ui, scene: &mut Scene<'_>, open: &OpenBranch, place: usize, edit: &Edit) {
    let colours = palette(ui);
    let (word, version) = match &edit.what {
        Alteration::Skip(event) => ("branch-word-skip", format!("v{}", event.version)),
        Alteration::Change { event, .. } => ("branch-word-change", format!("v{}", event.version)),
        Alteration::Insert { after, .. } => {
            ("branch-word-insert", after_words(scene, after.as_ref().map(|event| event.version.0)))
        }
        Alteration::Move { event, after } => {
            let after = after_words(scene, after.as_ref().map(|event| event.version.0));
            ("branch-word-move", format!("v{} {after}", event.version))
        }
    };
    let event_type = open.type_of_edit(place).unwrap_or_default();
    let word = scene.text(word);
    let name = format!("{word} {} {version}", shortened(&event_type));
    Frame::new()
        .fill(colours.raised)
        .stroke(Stroke::new(1.0, colours.line))
        .corner_radius(CONTROL_RADIUS)
        .inner_margin(Margin::symmetric(8, 5))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let slot = open.slot_of_edit(place);
            let right = body_width(ui, &version) + ui.spacing().item_spacing.x + 26.0 + 4.0;
            line_ui(
                ui,
                scene,
                right,
                |ui, scene| {
                    let on = scene.locale.with("branch-edit-on", [("name", name.clone().into())]);
                    if switch_ui(ui, edit.is_on, &on) {
                        scene.wish(BranchWish::Toggle(place));
                    }
                    badge(ui, &word);
                    let ink = if edit.is_on { colours.text } else { colours.dim };
                    let text = RichText::new(shortened(&event_type)).color(ink);
                    let is_skip = matches!(edit.what, Alteration::Skip(_));
                    let text = if is_skip { text.strikethrough() } else { text };
                    let button = ui.add(Button::new(text).frame(false).truncate());
                    if button.on_hover_text(shortened(&event_type)).clicked() {
                        let there = slot.map(BranchWish::GoTo);
                        let wish = if is_skip { there } else { Some(BranchWish::Reopen(place)) };
                        if let Some(wish) = wish {
                            scene.wish(wish);
                        }
                    }
                },
                |ui, scene| {
                    let version = Button::new(RichText::new(&version).color(colours.dim)).frame(false);
                    if let (true, Some(slot)) = (ui.add(version).clicked(), slot) {
                        scene.wish(BranchWish::GoTo(slot));
                    }
                    let remove = scene.locale.with("branch-edit-remove", [("name", name.clone().into())]);
                    if icon_button(ui, Icon::Cross, &remove).clicked() {
                        scene.wish(BranchWish::Remove(place));
                    }
                },
            );
            changed_ui(ui, scene, open, place, edit);
            if let Some(fault) = open.folded().filter(|_| edit.is_on).and_then(|folded| folded.fault(place)) {
                let sentence = scene.sentence(&fault.message());
                ui.add(Label::new(RichText::new(sentence).size(11.5).color(colours.danger)).wrap());
            }
        });
    ui.add_space(6.0);
}

/// Draws what is in view or near it; of what is not, as much room is kept as it took when it was drawn last.
fn in_view_ui(ui: &mut Ui, place: usize, draw: impl FnOnce(&mut Ui)) {
    /// What the focus may go to next stands there already.
    const NEAR: f32 = 240.0;
    let id = ui.scope_id().with(("height of an edit", place));
    let begin = ui.cursor().min;
    let known: Option<f32> = ui.data(|data| data.get_temp(id));
    if let Some(height) = known {
        let rect = Rect::from_min_size(begin, vec2(ui.available_width(), height));
        if !ui.clip_rect().expand(NEAR).intersects(rect) {
            ui.allocate_space(rect.size() - vec2(0.0, ui.spacing().item_spacing.y));
            return;
        }
    }
    draw(ui);
    let height = ui.cursor().min.y - begin.y;
    ui.data_mut(|data| data.insert_temp(id, height));
}

/// Behind which version something stands.
fn after_words(scene: &Scene<'_>, version: Option<u64>) -> String {
    match version {
        Some(version) => scene.locale.with("branch-after", [("version", version.to_string().into())]),
        None => scene.text("branch-at-start"),
    }
}

/// The fields that an edit changes, from what to what.
fn changed_ui(ui: &mut Ui, scene: &Scene<'_>, open: &OpenBranch, place: usize, edit: &Edit) {
    /// The dialog shows them all.
    const SHOWN: usize = 6;
    let colours = palette(ui);
    let Alteration::Change { to, .. } = &edit.what else { return };
    let NewPayload::Fields(fields) = to else {
        caption(ui, &scene.text("branch-whole"));
        return;
    };
    let olds = open.folded().and_then(|folded| folded.olds(place));
    for (number, (path, new)) in fields.iter().take(SHOWN).enumerate() {
        let old = olds.and_then(|olds| olds.get(number)).unwrap_or(&Value::Null);
        ui.label(RichText::new(shortened(path)).monospace().color(colours.dim));
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 5.0;
            let [old, new] = [old, new].map(|value| for_people(scene, path, value).into_owned());
            ui.label(RichText::new(shortened(&old)).monospace().color(colours.dim));
            ui.label(RichText::new("→").color(colours.dim));
            ui.label(RichText::new(shortened(&new)).monospace().color(colours.warning));
        });
    }
    if fields.len() > SHOWN {
        caption(ui, &scene.locale.with("conflict-more-fields", [("count", (fields.len() - SHOWN).into())]));
    }
}

fn broken_ui(ui: &mut Ui, scene: &mut Scene<'_>, folded: &Folded) {
    /// More than anybody reads one by one.
    const SHOWN: usize = 50;
    let colours = palette(ui);
    let broken = &folded.what_if.broken;
    if broken.is_empty() {
        return;
    }
    ui.add_space(8.0);
    hairline(ui);
    ui.add_space(8.0);
    let still = scene.text("branch-still-applied");
    let right = text_width(ui, &still, 11.5) + 4.0;
    line_ui(
        ui,
        scene,
        right,
        |ui, scene| caption(ui, &scene.locale.with("branch-broken-rules", [("count", broken.len().into())])),
        |ui, _| caption(ui, &still),
    );
    for broken in broken.iter().take(SHOWN) {
        let there = format!("{} ↗", scene.version(&broken.label.to_string()));
        let right = body_width(ui, &there) + 28.0;
        line_ui(
            ui,
            scene,
            right,
            |ui, _| {
                ui.label(RichText::new("!").strong().color(colours.warning));
                cut(ui, shortened(broken.event_type.as_str()).into_owned());
            },
            |ui, scene| {
                if link(ui, &there).clicked() {
                    scene.wish(BranchWish::GoTo(broken.slot));
                }
            },
        );
        let sentence = scene.sentence(&broken.problem.message());
        ui.add(Label::new(RichText::new(sentence).size(11.5).color(colours.dim)).wrap());
        ui.add_space(4.0);
    }
}

/// What would be appended to make it so, before anybody asks for it.
fn proposal_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, view: &StreamView) {
    let Some(proposed) = store.making_so.proposed() else { return };
    let colours = palette(ui);
    let proposal = &proposed.proposal;
    ui.add_space(8.0);
    hairline(ui);
    ui.add_space(8.0);
    let count = scene.locale.with("make-so-events", [("count", proposal.events.len().into())]);
    let right = text_width(ui, &count, 11.5) + 4.0;
    line_ui(ui, scene, right, |ui, scene| caption(ui, &scene.text("make-so-would")), |ui, _| caption(ui, &count));
    for (event, number) in proposal.events.iter().zip(0..) {
        let version = (proposal.first.0 + number).to_string();
        let as_version = scene.locale.with("make-so-as", [("version", version.into())]);
        let right = text_width(ui, &as_version, 11.5) + 4.0;
        line_ui(
            ui,
            scene,
            right,
            |ui, _| {
                mark(ui, colours.sign(view.sign_of(event.event_type.as_str())));
                cut(ui, shortened(event.event_type.as_str()).into_owned());
            },
            |ui, _| caption(ui, &as_version),
        );
        if event.payload != "{}" {
            cut(ui, RichText::new(shortened(&event.payload)).monospace().size(11.5).color(colours.dim));
        }
    }
    let is_untold = store.branching.open().is_some_and(OpenBranch::is_untold);
    let note = match (proposal.events.is_empty(), proposal.remaining.len()) {
        (true, 0) if is_untold => scene.text("make-so-untold"),
        (true, 0) => scene.text("make-so-nothing"),
        (_, 0) => scene.text("make-so-all"),
        (_, count) => scene.locale.with("make-so-remaining", [("count", count.into())]),
    };
    ui.add(Label::new(RichText::new(note).size(11.5).color(colours.dim)).wrap());
}
