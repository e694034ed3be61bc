use egui::{Align, Frame, Label, Layout, Margin, Response, RichText, Role, ScrollArea, Ui, WidgetInfo, vec2};

use super::Scene;
use super::focus::{Shape, Stops};
use super::parts::{card, cut, cut_at, hairline, shortened};
use super::people::as_read;
use super::state::caption_ui;
use super::stream_field::{Picked, stream_field_ui};
use super::streams::{in_order, whole};
use crate::command::Action;
use crate::event::{StreamId, Version};
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::{
    CompareCell, CompareMode, CompareRow, Compared, Comparing, Labels, OnScreen, Pin, SetBy, Side, StreamView,
};

const MODES: [(CompareMode, &str); 3] = [
    (CompareMode::Moments, "compare-moments"),
    (CompareMode::Projections, "compare-projections"),
    (CompareMode::Streams, "compare-streams"),
];

/// How much of a row the field's name takes.
const NAME_SHARE: f32 = 0.22;

/// A side narrower than this has no room for who recorded its events.
const ROOM_FOR_WHO: f32 = 260.0;

/// What drawing a row needs to know.
struct Table<'a> {
    comparing: &'a Comparing,
    view: &'a StreamView,
    labels: &'a Labels,
    sides: &'a [Side],
}

/// States side by side: what differs is lit on every side, what is equal can be left out.
pub fn compare_ui(ui: &mut Ui, scene: &mut Scene<'_>, shown: OnScreen<'_>, view: &StreamView, height: f32) {
    let OnScreen { comparing, pins, labels, .. } = shown;
    card(ui, |ui| {
        // Taken over at the end, so that all of a frame shows the same.
        let chosen = choice_ui(ui, scene, comparing, view, pins, labels);
        let pointed = table_ui(ui, scene, comparing, view, labels, height);
        if let Some(pin) = pointed {
            comparing.point_at(pin);
        }
        comparing.mode = chosen;
    });
}

/// Answers with the event that the pointer rests on.
fn table_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    comparing: &Comparing,
    view: &StreamView,
    labels: &Labels,
    height: f32,
) -> Option<Pin> {
    let explain = |ui: &mut Ui, text: String| {
        let dim = palette(ui).dim;
        Frame::new().inner_margin(Margin::symmetric(16, 10)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(RichText::new(text).color(dim));
        });
    };
    let (sides, rows) = match comparing.compared() {
        Compared::Table(sides, rows) => (sides, rows),
        Compared::Loading => {
            explain(ui, scene.text("compare-loading"));
            return None;
        }
        Compared::NeedsChoice => {
            let name = match comparing.mode {
                CompareMode::Moments => "compare-needs-pins",
                CompareMode::Projections => "compare-needs-projections",
                CompareMode::Streams => "compare-needs-stream",
            };
            explain(ui, scene.text(name));
            return None;
        }
    };
    let table = Table { comparing, view, labels, sides };
    let title: Vec<String> = sides.iter().map(|side| table.side_title(scene, side)).collect();
    let differ = scene.locale.with("fields-differ", [("count", rows.differing().into())]);
    head_ui(ui, &title.join(&scene.text("compare-beside")), &differ);
    table.heads_ui(ui, scene);
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = (height - (ui.min_rect().height())).max(ROW_HEIGHT);
    let shape = Shape { columns: sides.len(), ..Shape::rows(rows.len(comparing.hides_equal), ROW_HEIGHT, height) };
    let mut stops = Stops::new(ui, "compare", shape, None);
    let mut pointed = None;
    ScrollArea::vertical().id_salt("compare").auto_shrink(false).max_height(height).show_rows(
        ui,
        ROW_HEIGHT,
        shape.rows,
        |ui, range| {
            if let Some(row) = stops.moved_to() {
                Stops::scroll_to(ui, row, &range, ROW_HEIGHT);
            }
            stops.drawn(range.clone());
            for place in range {
                let Some(row) = rows.get(place, comparing.hides_equal) else { continue };
                let found = ui.push_id(place, |ui| table.row_ui(ui, scene, row, place, &mut stops)).inner;
                pointed = found.or(pointed.take());
            }
        },
    );
    stops.end(ui);
    pointed
}

/// What is compared on the left, cut where there is no room, and how much of it differs on the right.
fn head_ui(ui: &mut Ui, title: &str, aside: &str) {
    let dim = palette(ui).dim;
    Frame::new().inner_margin(Margin::symmetric(16, 8)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(RichText::new(aside).color(dim));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| cut(ui, title));
            });
        });
    });
    hairline(ui);
}

/// What is compared. Answers with the mode that is chosen now.
fn choice_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    comparing: &mut Comparing,
    view: &StreamView,
    pins: &[Option<Pin>; 2],
    labels: &Labels,
) -> CompareMode {
    let (mut mode, mode_shown) = (comparing.mode, comparing.mode);
    Frame::new().inner_margin(Margin::symmetric(12, 6)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        // What finds no room on a line goes to the next.
        ui.horizontal_wrapped(|ui| {
            for (one, name) in MODES {
                ui.selectable_value(&mut mode, one, scene.text(name));
            }
            ui.add_space(12.0);
            ui.checkbox(&mut comparing.hides_equal, scene.text("hide-equal"));
        });
        let choose_ui = |ui: &mut Ui| match comparing.mode {
            CompareMode::Moments => pins_ui(ui, scene, pins, labels),
            CompareMode::Projections => {
                for (number, projection) in view.projections().iter().enumerate() {
                    let mut is_shown = comparing.shows_projection(number);
                    let name = scene.projection(projection.name());
                    if ui.checkbox(&mut is_shown, name).changed() {
                        comparing.toggle_projection(number);
                    }
                }
            }
            CompareMode::Streams => {
                let name = scene.text("compare-other");
                let width = ui.available_width().clamp(120.0, 320.0);
                match stream_field_ui(ui, &mut comparing.choice, labels, &name, width) {
                    Some(Picked::Entered) => comparing.take_choice(),
                    Some(Picked::Chosen(stream)) => comparing.choose(stream),
                    None => {}
                }
            }
        };
        // Two pins always share a line.
        if mode_shown == CompareMode::Moments {
            ui.horizontal(choose_ui)
        } else {
            ui.horizontal_wrapped(choose_ui)
        };
    });
    mode
}

/// Room for the version behind a pin's name.
const PIN_VERSION: f32 = 90.0;

/// Where the pins stand, each in its colour.
fn pins_ui(ui: &mut Ui, scene: &Scene<'_>, pins: &[Option<Pin>; 2], labels: &Labels) {
    let colours = palette(ui);
    ui.set_min_height(ui.spacing().interact_size.y);
    // Where a name is long, the version is still seen.
    let most = ui.available_width() / 2.0 - PIN_VERSION;
    for (pin, letter, colour) in [(&pins[0], 'A', colours.pin_a), (&pins[1], 'B', colours.pin_b)] {
        let place = match pin {
            None => ui.label(RichText::new(format!("{letter}  {}", scene.text("compare-no-pin"))).color(colour)),
            Some(pin) => {
                let name = format!("{letter}  {}", called(labels, &pin.stream));
                let name = cut_at(ui, most.max(40.0), RichText::new(name).color(colour));
                name | ui.label(RichText::new(format!("v{}", pin.version)).color(colour))
            }
        };
        if let Some(pin) = pin {
            place.on_hover_ui(|ui| drop(ui.label(whole(pin.stream.as_str(), labels.of(&pin.stream)))));
        }
        ui.add_space(12.0);
    }
}

/// A stream as its people call it, where its own name says nothing to them.
pub(super) fn called(labels: &Labels, stream: &StreamId) -> String {
    shortened(in_order(stream.as_str(), labels.of(stream)).0).into_owned()
}

/// Two sides have the colours of the pins; more have none of their own.
fn inks(ui: &Ui, sides: usize) -> Vec<egui::Color32> {
    let colours = palette(ui);
    if sides == 2 { vec![colours.pin_a, colours.pin_b] } else { vec![colours.text; sides] }
}

fn side_width(width: f32, sides: usize) -> f32 {
    width * (1.0 - NAME_SHARE) / sides.max(1) as f32
}

fn cell(ui: &mut Ui, width: f32, contents: impl FnOnce(&mut Ui)) {
    let spacing = ui.spacing().item_spacing.x;
    ui.allocate_ui_with_layout(vec2(width - spacing, ROW_HEIGHT), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(vec2(width - spacing, ROW_HEIGHT));
        contents(ui);
    });
}

impl Table<'_> {
    /// What tells a side from the others: its version, its stream or its projection.
    fn side_title(&self, scene: &Scene<'_>, side: &Side) -> String {
        let version = side.version.map_or_else(|| scene.text("compare-not-begun"), |version| format!("v{version}"));
        // A version alone is one of the stream on screen.
        let is_one_stream = self.sides.iter().all(|other| other.stream == self.view.stream);
        let is_one_projection = self.sides.iter().all(|other| other.number == side.number);
        let title = match (is_one_stream, is_one_projection) {
            (true, true) => version,
            (true, false) => scene.projection(side.projection.name()),
            (false, _) => format!("{} {version}", called(self.labels, &side.stream)),
        };
        if side.is_not_run { format!("{title} · {}", scene.text("projection-not-run-here")) } else { title }
    }

    fn heads_ui(&self, ui: &mut Ui, scene: &Scene<'_>) {
        let colours = palette(ui);
        let inks = inks(ui, self.sides.len());
        Frame::new().inner_margin(Margin::symmetric(16, 0)).show(ui, |ui| {
            let width = ui.available_width();
            ui.horizontal(|ui| {
                cell(ui, width * NAME_SHARE, |ui| {
                    cut(ui, RichText::new(scene.text("col-field")).size(11.5).color(colours.dim));
                });
                for (side, ink) in self.sides.iter().zip(inks) {
                    cell(ui, side_width(width, self.sides.len()), |ui| {
                        cut(ui, RichText::new(self.side_title(scene, side)).size(11.5).color(ink));
                    });
                }
            });
        });
    }

    fn row_ui(
        &self,
        ui: &mut Ui,
        scene: &mut Scene<'_>,
        row: &CompareRow,
        place: usize,
        stops: &mut Stops,
    ) -> Option<Pin> {
        let colours = palette(ui);
        let fill = if row.differs { colours.accent_soft } else { colours.panel };
        let inks = inks(ui, self.sides.len());
        let mut pointed = None;
        Frame::new().fill(fill).inner_margin(Margin::symmetric(16, 0)).show(ui, |ui| {
            let width = ui.available_width();
            ui.horizontal(|ui| {
                let name_ink = if row.differs { colours.accent } else { colours.dim };
                cell(ui, width * NAME_SHARE, |ui| {
                    cut(ui, RichText::new(shortened(&row.field)).color(name_ink));
                    caption_ui(ui, scene, &row.field);
                });
                for (number, ((value, side), ink)) in row.cells.iter().zip(self.sides).zip(inks).enumerate() {
                    let ink = if row.differs { ink } else { colours.text };
                    let stop = place * self.sides.len() + number;
                    cell(ui, side_width(width, self.sides.len()), |ui| {
                        // All of it is pressed, and what stands in it is only seen.
                        let id = ui.scope_id().with(("value", stop));
                        let response = ui.interact(ui.max_rect(), id, stops.sense(stop));
                        stops.row(ui, stop, &response);
                        let name = self.cell_name(scene, row, side, value.as_ref());
                        response.widget_info(|| WidgetInfo::labeled(Role::Cell, true, &name));
                        let found = match value {
                            Some(value) => self.value_ui(ui, scene, value, side, ink, response),
                            None => {
                                ui.add(Label::new(RichText::new("—").color(colours.dim)).selectable(false));
                                response.on_hover_text(scene.text("compare-absent"));
                                None
                            }
                        };
                        pointed = found.or(pointed.take());
                    });
                }
            });
        });
        pointed
    }

    /// As it is read aloud: of which field and side it is, and what stands there.
    fn cell_name(&self, scene: &Scene<'_>, row: &CompareRow, side: &Side, value: Option<&CompareCell>) -> String {
        let value = value.map_or_else(|| scene.text("compare-absent"), |cell| as_read(scene, &cell.value).into_owned());
        format!("{}, {}: {value}", shortened(&row.field), self.side_title(scene, side))
    }

    /// A value, and the event that gave it: both lead there, and say who recorded it and why.
    fn value_ui(
        &self,
        ui: &mut Ui,
        scene: &mut Scene<'_>,
        value: &CompareCell,
        side: &Side,
        ink: egui::Color32,
        response: Response,
    ) -> Option<Pin> {
        let colours = palette(ui);
        let CompareCell { value, set_by } = value;
        let set_by = set_by.and_then(|version| self.comparing.set_by(self.view, side, version));
        let has_room = ui.available_width() >= ROOM_FOR_WHO;
        let is_lit = set_by.is_some() && response.hovered();
        let version_ink = if is_lit { colours.text } else { colours.dim };
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(8.0);
            if let Some(by) = &set_by {
                cut(ui, RichText::new(format!("v{}", by.version)).color(version_ink));
                if has_room && !by.actor.is_empty() {
                    ui.scope(|ui| {
                        ui.set_max_width(96.0);
                        cut(ui, RichText::new(shortened(&by.actor)).size(11.5).color(colours.dim));
                    });
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                cut(ui, RichText::new(as_read(scene, value)).monospace().color(ink));
            });
        });
        let by = set_by?;
        let is_pointed = response.hovered() || response.has_focus();
        if response.clicked() {
            scene.ask(if side.stream == self.view.stream {
                Action::GoToVersion(by.version)
            } else {
                Action::GoToPlace(side.stream.clone(), by.version)
            });
        }
        let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
        response.on_hover_ui(|ui| self.event_ui(ui, scene, side, &by));
        is_pointed.then(|| Pin { stream: side.stream.clone(), version: by.version })
    }

    /// The event behind a value, in a few lines.
    fn event_ui(&self, ui: &mut Ui, scene: &Scene<'_>, side: &Side, by: &SetBy) {
        let colours = palette(ui);
        let SetBy { version, event_type, recorded_at, actor } = by;
        ui.set_max_width(360.0);
        let stream = called(self.labels, &side.stream);
        ui.label(RichText::new(format!("{stream} v{version}  {}", shortened(event_type.as_str()))).strong());
        let when = recorded_at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
        ui.label(RichText::new(when).monospace().color(colours.dim));
        let who = if actor.is_empty() { scene.text("no-author") } else { shortened(actor).into_owned() };
        ui.label(format!("{}  {who}", scene.text("who")));
        if let Some(why) = self.comparing.why() {
            ui.add(Label::new(format!("{}  {}", scene.text("why"), shortened(why))).wrap());
        }
        ui.label(
            RichText::new(scene.locale.with("go-to-version", [("version", version_text(*version))])).color(colours.dim),
        );
    }
}

fn version_text(version: Version) -> fluent_bundle::FluentValue<'static> {
    version.to_string().into()
}
