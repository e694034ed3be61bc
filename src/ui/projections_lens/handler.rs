//! What the handler of the event at the cursor did, line by line.

use std::borrow::Cow;

use egui::{Align, Frame, Label, Layout, Margin, RichText, Sense, Ui, vec2};

use super::super::Scene;
use super::super::ends::ends_ui;
use super::super::icons::paint_sign;
use super::super::list::{Cells, List, Look, list_row};
use super::super::parts::{card, card_head, cut, fitting_name, hairline, shortened, shortened_name};
use super::super::people::for_people;
use super::editor::replace_ui;
use super::wish;
use crate::event::Explain;
use crate::projection::Fault;
use crate::script::{Doubt, Trace};
use crate::theme::palette;
use crate::view::{
    Did, HandlerRow, HandlerTrace, OpenStore, ProjectionWish, Replacing, StreamView, ToldValue, TracedHandler,
    doubt_message,
};

/// Left and right of a row.
const MARGIN: f32 = 16.0;

/// Which lines ran, what each set and logged, what went wrong, and what may have been meant.
pub(super) fn handler_card_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let size = ui.available_size() - vec2(2.0, 2.0);
    card(ui, |ui| {
        ui.set_min_size(size);
        let trace = &store.own.trace;
        let Some(traced) = trace.shown() else {
            card_head(ui, &scene.text("projection-handler"), "");
            if let Some(error) = trace.error() {
                let said = scene.sentence(&error.message);
                return note_ui(ui, RichText::new(said).color(palette(ui).danger));
            }
            let is_coming = trace.is_loading() || store.view.as_ref().is_some_and(StreamView::is_loading);
            let name = match (store.has_streams_of_own(), is_coming) {
                (false, _) => "projection-handler-none",
                (true, true) => "stream-coming",
                (true, false) => "projection-handler-quiet",
            };
            return note_ui(ui, RichText::new(scene.text(name)).color(palette(ui).dim));
        };
        head_ui(ui, scene, store, traced);
        notes_ui(ui, scene, store, traced);
        let rows = traced.rows();
        let nth = trace.nth();
        let reveal = nth.and_then(|nth| traced.row_of(nth));
        let is_new = is_new_line(ui, nth);
        List::new("handler", rows.len()).keep(reveal, is_new).show(ui, |ui, place| {
            if let Some(row) = rows.get(place) {
                row_ui(ui, scene, trace, row);
            }
        });
    });
}

/// Whether one stands on another line than in the frame before.
fn is_new_line(ui: &Ui, nth: Option<usize>) -> bool {
    let id = egui::Id::unique("line of a handler");
    let before: Option<Option<usize>> = ui.data(|data| data.get_temp(id));
    ui.data_mut(|data| data.insert_temp(id, nth));
    before.is_some_and(|before| before != nth)
}

fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, traced: &TracedHandler) {
    let colours = palette(ui);
    let head = &traced.event.head;
    let aside = aside(scene, traced, ui.available_width());
    Frame::new().inner_margin(Margin::symmetric(MARGIN as i8, 6)).show(ui, |ui| {
        ui.horizontal(|ui| {
            let title = |ui: &mut Ui, _: &mut Scene<'_>| {
                let (place, _) = ui.allocate_exact_size(vec2(9.0, 9.0), Sense::hover());
                let event_type = head.event_type.as_str();
                let sign = store.view.as_ref().map_or(0, |view| view.sign_of(event_type));
                paint_sign(ui.painter(), place, colours.sign(sign));
                cut(ui, RichText::new(shortened(event_type)).strong());
                ui.label(RichText::new(format!("v{}", head.version)).color(colours.accent));
            };
            ends_ui(ui, scene, "head of handler", title, |ui, _| {
                ui.label(RichText::new(&aside).color(colours.dim));
            });
        });
    });
    hairline(ui);
}

/// Narrower than this, it is not said whose lines they are.
const ROOM_FOR_ASIDE: f32 = 350.0;

/// How many lines ran, and how long they took.
fn aside(scene: &Scene<'_>, traced: &TracedHandler, width: f32) -> String {
    let Some(trace) = traced.trace() else { return scene.text("projection-handler") };
    let lines = traced.different_lines();
    if lines == 0 {
        return format!("{}  ·  {}", scene.text("projection-handler"), trace.took_text());
    }
    let is_narrow = width < ROOM_FOR_ASIDE;
    let name = if is_narrow { "projection-handler-lines-short" } else { "projection-handler-lines" };
    scene.locale.with(name, [("count", lines.into()), ("took", trace.took_text().into())])
}

/// What is to be known of the event as a whole.
fn notes_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, traced: &TracedHandler) {
    let colours = palette(ui);
    let head = &traced.event.head;
    let Some(trace) = traced.trace() else {
        let event_type = shortened(head.event_type.as_str()).into_owned();
        let said = scene.locale.with("projection-handler-not-taken", [("type", event_type.into())]);
        return note_ui(ui, RichText::new(said).color(colours.dim));
    };
    let Trace { fault, is_unwatched, is_cut, is_coarse, .. } = trace;
    if let Some(fault) = fault {
        fault_ui(ui, scene, fault);
    }
    for doubt in store.own.doubts().iter().filter(|doubt| *doubt.event_type == *head.event_type.as_str()) {
        doubt_ui(ui, scene, doubt);
    }
    let notes = [
        (*is_unwatched, "projection-handler-unwatched"),
        (*is_cut, "projection-handler-cut"),
        (*is_coarse, "projection-handler-coarse"),
        (traced.rows().is_empty() && fault.is_none() && !is_unwatched, "projection-handler-quiet"),
    ];
    for (_, name) in notes.into_iter().filter(|(is_so, _)| *is_so) {
        note_ui(ui, RichText::new(scene.text(name)).color(colours.dim));
    }
}

fn fault_ui(ui: &mut Ui, scene: &Scene<'_>, fault: &Fault) {
    let said = scene.sentence(&fault.message());
    note_ui(ui, RichText::new(shortened(&said)).color(palette(ui).danger));
}

fn doubt_ui(ui: &mut Ui, scene: &mut Scene<'_>, doubt: &Doubt) {
    Frame::new().inner_margin(Margin::symmetric(MARGIN as i8, 4)).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            let said = scene.sentence(&doubt_message(doubt));
            ui.label(RichText::new(said).color(palette(ui).warning));
            if let Some(replacing) = Replacing::of(doubt)
                && replace_ui(ui, scene, &replacing)
            {
                wish(scene, ProjectionWish::Replace(replacing));
            }
        });
    });
}

fn note_ui(ui: &mut Ui, text: RichText) {
    Frame::new().inner_margin(Margin::symmetric(MARGIN as i8, 4)).show(ui, |ui| {
        ui.add(Label::new(text).wrap());
    });
}

/// Narrower than this, a value that was before has no room.
const ROOM_FOR_BEFORE: f32 = 230.0;

fn row_ui(ui: &mut Ui, scene: &mut Scene<'_>, trace: &HandlerTrace, row: &HandlerRow) {
    let colours = palette(ui);
    let here = trace.nth();
    let is_to_come = here.is_some_and(|here| row.nth > here);
    let line = if row.line == 0 {
        String::new()
    } else {
        scene.locale.with("projection-handler-line", [("line", row.line.into())])
    };
    let texts = Texts::of(scene, &row.did);
    let said = [line.as_str(), texts.name.as_str(), texts.before.as_ref(), texts.sign, texts.after.as_ref()];
    let said: Vec<&str> = said.into_iter().filter(|part| !part.is_empty()).collect();
    let drawn = list_row(ui, &said.join(" "), Look::Choice(here == Some(row.nth)), |ui, rect| {
        let room = (rect.width() - 2.0 * MARGIN).max(0.0);
        let number = (room * 0.16).clamp(68.0, 84.0);
        let name = ((room - number) * 0.36).min(200.0);
        let before = if room > ROOM_FOR_BEFORE && !texts.is_whole { (room - number - name - 26.0) * 0.5 } else { 0.0 };
        let sign = if texts.is_whole { 0.0 } else { 26.0 };
        let ink = if is_to_come { colours.faint } else { colours.text };
        let dim = if is_to_come { colours.faint } else { colours.dim };
        let mut cells = Cells::new(rect, MARGIN);
        let accent = if is_to_come { colours.faint } else { colours.accent };
        cells.cell(ui, number, |ui| {
            cut(ui, RichText::new(&line).color(accent));
        });
        if texts.is_whole {
            cells.cell(ui, room - number, |ui| {
                cut(ui, RichText::new(&texts.name).monospace().color(dim));
            });
            return;
        }
        cells.cell(ui, name, |ui| {
            let name = fitting_name(ui, &texts.name, &egui::TextStyle::Monospace);
            let is_cut = name != texts.name;
            let cell = cut(ui, RichText::new(name).monospace().color(ink));
            if is_cut {
                cell.on_hover_text(&texts.name);
            }
        });
        cells.cell(ui, before, |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                cut(ui, RichText::new(texts.before.as_ref()).monospace().color(dim));
            });
        });
        cells.cell(ui, sign, |ui| {
            ui.label(RichText::new(texts.sign).color(dim));
        });
        cells.cell(ui, room - number - name - before - sign, |ui| {
            let ink = if texts.sign == SAME { dim } else { ink };
            cut(ui, RichText::new(texts.after.as_ref()).monospace().color(ink));
        });
    });
    if drawn.clicked() {
        wish(scene, ProjectionWish::Stand(Some(row.nth)));
    }
}

const CHANGED: &str = "→";
const SAME: &str = "=";

/// What stands in a row.
struct Texts<'t> {
    name: String,
    before: Cow<'t, str>,
    sign: &'static str,
    after: Cow<'t, str>,
    /// It has no values.
    is_whole: bool,
}

impl<'t> Texts<'t> {
    fn of(scene: &Scene<'_>, did: &'t Did) -> Self {
        let whole =
            |name: String| Self { name, before: Cow::Borrowed(""), sign: "", after: Cow::Borrowed(""), is_whole: true };
        let pair = |name: String, sign: &'static str, after: Cow<'t, str>| Self {
            sign,
            after,
            is_whole: false,
            ..whole(name)
        };
        match did {
            Did::Ran(text) => whole(shortened(text).into_owned()),
            Did::Set { field, from, to, is_same } => {
                let name = if field.is_empty() {
                    scene.text("projection-handler-state")
                } else {
                    shortened_name(field).into_owned()
                };
                let before = told(scene, field, from);
                let sign = if *is_same { SAME } else { CHANGED };
                Self { before, ..pair(name, sign, told(scene, field, to)) }
            }
            Did::More(count) => whole(scene.locale.with("projection-handler-more", [("count", (*count).into())])),
            Did::Logged(text) => pair(scene.text("projection-handler-log"), "", shortened(text)),
            Did::Emitted { stream, event_type } => {
                let name = scene.text("projection-handler-emit");
                pair(name, CHANGED, Cow::Owned(format!("{} · {}", shortened(stream), shortened(event_type))))
            }
        }
    }
}

fn told<'t>(scene: &Scene<'_>, field: &str, value: &'t ToldValue) -> Cow<'t, str> {
    match value {
        ToldValue::Absent => Cow::Borrowed("—"),
        ToldValue::Value(serde_json::Value::Null) => Cow::Borrowed("null"),
        ToldValue::Value(value) => for_people(scene, field, value),
        ToldValue::Text(text) => shortened(text),
    }
}
