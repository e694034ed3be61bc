mod arrows;
mod canvas;
mod table;
mod words;

use egui::{Frame, Margin, Rect, RichText, Ui, UiBuilder, vec2};

use super::ends::ends_ui;
use super::parts::{card, cut, hairline};
use super::stream_field::{Picked, stream_field_ui};
use super::tool::tool_ui;
use super::{Scene, grouped};
use crate::command::{Action, Command};
use crate::engine::{CAUSES_KEPT, Causes};
use crate::theme::palette;
use crate::view::{CARD_GAP, CausesView, Labels, Lanes, OnScreen, StreamView};

/// The head of a card, and the axis below it.
const HEAD: f32 = 40.0;
const AXIS: f32 = 28.0;

/// A sentence on all that was found.
const TOLD: f32 = 28.0;

/// The table keeps at least this.
const LEAST_TABLE: f32 = 150.0;

/// What led to the event at the cursor and what it led to: a lane a stream, and the same as a table.
pub fn causes_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    shown: OnScreen<'_>,
    view: &StreamView,
    space: Rect,
    reveal: &mut bool,
) {
    let OnScreen { causes, labels, .. } = shown;
    let lanes = causes.lanes().map_or(1, |lanes| lanes.lanes.len());
    let told = causes.causes().map(|found| told(scene, found)).unwrap_or_default();
    let natural = HEAD + told.len() as f32 * TOLD + AXIS + lanes as f32 * canvas::LANE + 8.0;
    let height = natural.min((space.height() * 0.62).max(space.height() - 420.0)).min(space.height() - LEAST_TABLE);
    let above = Rect::from_min_size(space.min, vec2(space.width(), height.max(HEAD + AXIS + canvas::LANE)));
    let below = Rect::from_min_max(above.left_bottom() + vec2(0.0, CARD_GAP), space.max);
    ui.scope_builder(UiBuilder::new().max_rect(above), |ui| {
        ui.shrink_clip_rect(above.expand(1.0));
        card(ui, |ui| {
            ui.set_min_size(above.size() - vec2(2.0, 2.0));
            ui.spacing_mut().item_spacing.y = 0.0;
            head_ui(ui, scene, causes, labels);
            hairline(ui);
            let is_there = is_found_ui(ui, scene, causes);
            if let (true, Some(found), Some(lanes)) = (is_there, causes.causes(), causes.lanes()) {
                told_ui(ui, &told);
                let mut part = causes.shown;
                canvas::canvas_ui(ui, scene, &canvas::Drawn { found, lanes, labels, view }, &mut part);
                causes.shown = part;
            }
        });
    });
    if let (Some(found), Some(lanes)) = (causes.causes(), causes.lanes()) {
        ui.scope_builder(UiBuilder::new().max_rect(below), |ui| {
            ui.shrink_clip_rect(below.expand(1.0));
            card(ui, |ui| {
                ui.set_min_size(below.size() - vec2(2.0, 2.0));
                table::table_ui(ui, scene, found, lanes, reveal);
            });
        });
    }
}

/// What was found on the left, and on the right a field for a stream more and how much is lit.
fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, causes: &mut CausesView, labels: &Labels) {
    let dim = palette(ui).dim;
    let counts = causes.causes().zip(causes.lanes()).map(|(found, lanes)| counts(scene, found, lanes));
    let counts = counts.unwrap_or_else(|| scene.text("causes"));
    let correlation = causes.causes().and_then(|found| found.correlation.as_ref()).map(ToString::to_string);
    let room = (ui.available_width() * 0.3).clamp(90.0, 180.0);
    Frame::new().inner_margin(Margin::symmetric(16, 6)).show(ui, |ui| {
        ui.set_height(HEAD - 12.0);
        ui.horizontal(|ui| {
            let counted = |ui: &mut Ui, scene: &mut Scene<'_>| {
                let said = cut(ui, RichText::new(counts).color(dim));
                if let Some(correlation) = correlation {
                    said.on_hover_text(scene.locale.with("causes-correlation", [("id", correlation.into())]));
                }
            };
            ends_ui(ui, scene, "causes", counted, |ui, scene| {
                let name = scene.text("causes-add");
                match stream_field_ui(ui, &mut causes.choice, labels, &name, room) {
                    Some(Picked::Entered) => {
                        causes.choice.take().into_iter().for_each(|stream| scene.ask(Action::AddLane(stream)));
                    }
                    Some(Picked::Chosen(stream)) => scene.ask(Action::AddLane(stream)),
                    None => {}
                }
                for (is_all, name, about) in
                    [(false, "causes-chain", "causes-chain-about"), (true, "causes-all", "causes-all-about")]
                {
                    let button = ui.selectable_label(causes.shows_all == is_all, scene.text(name));
                    if button.on_hover_text(scene.text(about)).clicked() {
                        causes.shows_all = is_all;
                    }
                }
            });
        });
    });
}

/// `14 events in 4 streams · 9 on the chain`.
fn counts(scene: &Scene<'_>, found: &Causes, lanes: &Lanes) -> String {
    let (events, streams) = (found.events.len() as u64, lanes.related() as u64);
    let (events, streams) = (scene.events(events), scene.streams(streams));
    let chain = scene.locale.with("causes-on-chain", [("grouped", grouped(lanes.on_chain as u64).into())]);
    scene
        .locale
        .with("causes-counts", [("events", events.into()), ("streams", streams.into()), ("chain", chain.into())])
}

/// How the search stands. Answers whether there is something to show.
fn is_found_ui(ui: &mut Ui, scene: &mut Scene<'_>, causes: &mut CausesView) -> bool {
    let (is_loading, has_found) = (causes.asked.is_loading(), causes.causes().is_some());
    let is_quiet = !is_loading && causes.asked.error().is_none();
    if is_quiet && has_found {
        return true;
    }
    // What was found before stays, under how the next search stands.
    let is_slow = causes.asked.progress().is_some_and(|progress| progress.running.as_millis() >= 100);
    if is_loading && has_found && !is_slow {
        return true;
    }
    Frame::new().inner_margin(Margin::symmetric(16, 8)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        if is_quiet {
            let dim = palette(ui).dim;
            ui.label(RichText::new(scene.text("causes-stopped")).color(dim));
            if ui.button(scene.text("retry")).clicked() {
                scene.run(Command::Retry);
            }
        } else {
            tool_ui(ui, scene, &mut causes.asked, &Action::Run(Command::Retry));
        }
    });
    has_found && is_loading
}

/// What is to be known of all that was found, and whether it is a warning.
fn told(scene: &Scene<'_>, found: &Causes) -> Vec<(String, bool)> {
    let mut told = Vec::new();
    if found.is_circle {
        told.push((scene.text("causes-circle"), true));
    }
    if found.is_cut {
        let kept = grouped(CAUSES_KEPT as u64);
        told.push((scene.locale.with("causes-cut", [("kept", kept.into())]), true));
    }
    if found.events.len() == 1 && found.missing.is_empty() {
        told.push((scene.text("causes-none"), false));
    }
    told
}

fn told_ui(ui: &mut Ui, told: &[(String, bool)]) {
    let colours = palette(ui);
    for (text, is_warning) in told {
        let text = RichText::new(text).color(if *is_warning { colours.warning } else { colours.dim });
        Frame::new().inner_margin(Margin::symmetric(16, 5)).show(ui, |ui| cut(ui, text));
    }
}
