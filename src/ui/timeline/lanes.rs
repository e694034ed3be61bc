//! Lanes below the marks, each with its name in the gutter at the left and its values on the scale of the events.

use egui::{
    Align, Id, Key, Layout, Modifiers, Rect, RichText, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder, WidgetInfo,
    pos2, vec2,
};

use super::lane_drawing::draw;
use super::track::{Track, drag_ui, wheel_ui};
use crate::command::{Action, Command, LaneAction};
use crate::event::Explain;
use crate::replay::Index;
use crate::theme::palette;
use crate::ui::icons::{Icon, small_icon_button};
use crate::ui::lanes_here::{lane_at, number_text};
use crate::ui::parts::{cut, shortened};
use crate::ui::{Scene, grouped};
use crate::view::{LaneData, LaneKind, OpenStore, StreamView};

pub(super) const LANE: f32 = 40.0;
const GUTTER: f32 = 266.0;
const NARROW_GUTTER: f32 = 190.0;

/// How wide the names of lanes are, where there are any.
pub(super) fn gutter(width: f32, lanes: usize) -> f32 {
    match lanes {
        0 => 0.0,
        _ if width < 900.0 => NARROW_GUTTER,
        _ => GUTTER,
    }
}

/// How many lanes there is room for in a window of this height; the others are scrolled to.
pub(super) fn lanes_in_sight(lanes: usize, window_height: f32) -> usize {
    let room = ((window_height * 0.26) / LANE).floor().max(1.0) as usize;
    lanes.min(room)
}

/// The row of the events, told in the gutter.
pub(super) fn events_head_ui(ui: &mut Ui, scene: &Scene<'_>, rect: Rect, view: &StreamView) {
    let Some(loaded) = view.base() else { return };
    let colours = palette(ui);
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center)));
    ui.label(RichText::new(scene.text("lane-events")).strong());
    let count = loaded.timeline.heads().len();
    let types = loaded.types.names().len();
    let values = [("count", count.into()), ("grouped", grouped(count as u64).into()), ("types", types.into())];
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.add_space(12.0);
        cut(ui, RichText::new(scene.locale.with("lane-events-count", values)).size(11.5).color(colours.dim));
    });
}

pub(super) fn lanes_ui(ui: &mut Ui, scene: &mut Scene<'_>, track: &Track<'_>, store: &OpenStore, view: &StreamView) {
    let (texts, chosen) = (store.lane_texts(), store.chosen_lane());
    let in_sight = lanes_in_sight(texts.len(), ui.ctx().content_rect().height());
    let height = in_sight as f32 * LANE;
    let all = texts.len() as f32 * LANE;
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical()
        .id_salt("lanes")
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink(false)
        .scroll_source(egui::scroll_area::ScrollSource { mouse_wheel: false, ..Default::default() })
        .show_viewport(ui, |ui, viewport| {
            ui.set_height(all);
            let space = ui.max_rect();
            for (number, text) in texts.iter().enumerate() {
                let top = number as f32 * LANE;
                if top + LANE < viewport.top() || top > viewport.bottom() {
                    continue;
                }
                let row = Rect::from_min_size(pos2(space.left(), space.top() + top), vec2(space.width(), LANE));
                let is_chosen = chosen == Some(text.as_str());
                lane_ui(ui, scene, track, &Lane { store, view, text, number, is_chosen }, row);
            }
        });
}

pub(super) struct Lane<'l> {
    store: &'l OpenStore,
    pub(super) view: &'l StreamView,
    text: &'l str,
    pub(super) number: usize,
    is_chosen: bool,
}

fn lane_ui(ui: &mut Ui, scene: &mut Scene<'_>, track: &Track<'_>, lane: &Lane<'_>, row: Rect) {
    let colours = track.colours;
    ui.painter().line_segment([row.left_top(), row.right_top()], Stroke::new(1.0, colours.line));
    let hue = colours.lane_hue(lane.number);
    let data = lane.store.lanes.data(lane.view, lane.text);
    let head = Rect::from_min_max(row.min, pos2(track.outer.left() - 8.0, row.bottom()));
    // Among several, the one that the keys go along is seen.
    if lane.is_chosen && lane.store.lane_texts().len() > 1 {
        ui.painter().rect_filled(head.shrink2(vec2(0.0, 2.0)), 4.0, colours.raised);
    }
    head_ui(ui, scene, lane, data, head, track.cursor);
    let mark = Rect::from_min_size(row.left_top() + vec2(0.0, 4.0), vec2(3.0, LANE - 8.0));
    ui.painter().rect_filled(mark, 1.5, hue);
    let outer = Rect::from_min_max(pos2(track.outer.left(), row.top() + 1.0), pos2(track.outer.right(), row.bottom()));
    let response = ui.interact(outer, ui.scope_id().with(("lane", lane.text)), Sense::click_and_drag());
    if !lane.is_chosen && (response.gained_focus() || response.clicked()) {
        scene.ask(Action::Lanes(LaneAction::Choose(lane.text.to_owned())));
    }
    // Made only for whoever listens.
    response.widget_info(|| {
        let said = data.map_or_else(|| scene.text("lane-reading"), |data| summary(scene, data));
        let here = data.map_or_else(String::new, |data| lane_at(scene, lane.view, data, track.cursor));
        let values = [("lane", lane.text.into()), ("said", said.into()), ("here", here.into())];
        WidgetInfo::labeled(Role::Slider, response.enabled(), scene.locale.with("lane-spoken", values))
    });
    drag_ui(ui, scene, track, &response);
    wheel_ui(ui, scene, track, &response);
    if let Some(data) = data {
        keys_ui(ui, scene, &response, data, track.cursor);
        let painter = ui.painter_at(outer.intersect(ui.clip_rect()));
        draw(ui, &painter, scene, track, lane, data, outer);
        if response.hovered()
            && let Some(pointer) = response.hover_pos()
        {
            let index = track.index_at(pointer.x);
            let version = track.line.heads().get(index).map_or_else(String::new, |head| head.version.to_string());
            let about = format!("v{version}  {}", lane_at(scene, lane.view, data, index));
            response.clone().on_hover_text_at_pointer(about);
        }
    }
    response.context_menu(|ui| {
        if ui.button(scene.text("lane-everywhere")).clicked() {
            scene.ask(Action::Lanes(LaneAction::Everywhere(lane.text.to_owned())));
            ui.close();
        }
        if ui.button(scene.text("lane-copy")).clicked() {
            scene.ask(Action::Copy(lane.text.to_owned()));
            ui.close();
        }
        if ui.button(scene.text("lane-remove-this")).clicked() {
            scene.ask(Action::Lanes(LaneAction::Remove(lane.text.to_owned())));
            ui.close();
        }
    });
}

/// Up and down lead from turn to turn, Delete takes the lane away.
fn keys_ui(ui: &Ui, scene: &mut Scene<'_>, response: &egui::Response, data: &LaneData, cursor: Index) {
    if !response.has_focus() {
        return;
    }
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let to = if pressed(Key::ArrowUp) {
        data.turn_before(cursor)
    } else if pressed(Key::ArrowDown) {
        data.turn_after(cursor)
    } else {
        None
    };
    if let Some(index) = to {
        scene.ask(Action::GoTo(index));
    }
}

/// The lane's name, what it holds, and its buttons.
fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, lane: &Lane<'_>, data: Option<&LaneData>, head: Rect, cursor: Index) {
    let colours = palette(ui);
    let inside = head.shrink2(vec2(10.0, 3.0));
    let (above, below) = inside.split_top_bottom_at_fraction(0.5);
    let mut ui_above = ui.new_child(UiBuilder::new().max_rect(above).layout(Layout::left_to_right(Align::Center)));
    cut(&mut ui_above, RichText::new(shortened(lane.text)).monospace().color(colours.text)).on_hover_text(lane.text);
    let (said_room, buttons_room) = below.split_left_right_at_x((below.right() - LANE_BUTTONS).max(below.left()));
    let left_to_right = |room| UiBuilder::new().max_rect(room).layout(Layout::left_to_right(Align::Center));
    said_ui(&mut ui.new_child(left_to_right(said_room).id_salt("said")), scene, data);
    // In the order in which they are read, so that Tab goes as the eye does.
    let ui = &mut ui.new_child(left_to_right(buttons_room).id_salt("buttons"));
    ui.spacing_mut().item_spacing.x = 2.0;
    let name = |scene: &Scene<'_>, name: &str| scene.locale.with(name, [("lane", lane.text.into())]);
    let (before, after) = data.map_or((None, None), |data| (data.turn_before(cursor), data.turn_after(cursor)));
    for (icon, id, to) in [(Icon::Back, "lane-previous", before), (Icon::Forward, "lane-next", after)] {
        if small_icon_button(ui, icon, &name(scene, id), to.is_some()).clicked()
            && let Some(index) = to
        {
            scene.ask(Action::Lanes(LaneAction::Choose(lane.text.to_owned())));
            scene.ask(Action::GoTo(index));
        }
    }
    if small_icon_button(ui, Icon::Cross, &name(scene, "lane-remove"), true).clicked() {
        scene.ask(Action::Lanes(LaneAction::Remove(lane.text.to_owned())));
    }
}

/// The room for a lane's buttons.
const LANE_BUTTONS: f32 = 3.0 * 20.0 + 2.0 * 2.0;

fn said_ui(ui: &mut Ui, scene: &Scene<'_>, data: Option<&LaneData>) {
    let colours = palette(ui);
    let (said, ink) = match data {
        Some(LaneData { flaw: Some(flaw), .. }) => (scene.sentence(&flaw.message()), colours.danger),
        Some(data) => (summary(scene, data), colours.dim),
        None => (scene.text("lane-reading"), colours.dim),
    };
    cut(ui, RichText::new(&said).size(11.5).color(ink)).on_hover_text(said);
}

/// What a lane holds, in a line.
fn summary(scene: &Scene<'_>, data: &LaneData) -> String {
    if let Some(flaw) = &data.flaw {
        return scene.sentence(&flaw.message());
    }
    let said = match data.kind {
        LaneKind::Nothing => scene.text("lane-nothing"),
        LaneKind::Condition | LaneKind::Moments => {
            let times = match data.kind {
                LaneKind::Moments => data.turns.events_true(),
                _ => data.turns.ranges().len() as u64,
            };
            let events = data.turns.events_true();
            let values = [
                ("times", times.into()),
                ("times-grouped", grouped(times).into()),
                ("events", events.into()),
                ("events-grouped", grouped(events).into()),
            ];
            scene.locale.with(if times == 0 { "lane-never" } else { "lane-times" }, values)
        }
        LaneKind::Number => {
            let values = [("low", number_text(data.low).into()), ("high", number_text(data.high).into())];
            scene.locale.with("lane-number", values)
        }
        LaneKind::Text => {
            let values = data.values() as u64;
            scene.locale.with("lane-text", [("count", values.into()), ("grouped", grouped(values).into())])
        }
    };
    match data.turns.unknown() {
        unknown if unknown > 0 && matches!(data.kind, LaneKind::Condition | LaneKind::Moments | LaneKind::Nothing) => {
            let unknown = scene.locale.with("lane-unknown", [("count", grouped(unknown).into())]);
            format!("{said}, {unknown}")
        }
        _ => said,
    }
}

/// Below the lanes: how many there are, and what can be done with all of them.
pub(super) fn foot_ui(ui: &mut Ui, scene: &mut Scene<'_>, rect: Rect, store: &OpenStore) {
    let colours = palette(ui);
    let texts = store.lane_texts();
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect).layout(Layout::right_to_left(Align::Center)));
    let name = scene.text("lanes-menu");
    let menu = small_icon_button(&mut ui, Icon::More, &name, true);
    egui::Popup::menu(&menu).show(|ui| lanes_menu_ui(ui, scene, store));
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        let said = scene.locale.with("lanes-count", [("count", texts.len().into())]);
        cut(ui, RichText::new(said).size(11.5).color(colours.dim));
    });
}

/// Sets of lanes that were saved, and saving these.
fn lanes_menu_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    ui.set_min_width(220.0);
    for (name, texts) in &store.lanes.saved {
        ui.horizontal(|ui| {
            let shown = scene.locale.with("lanes-show", [("name", name.as_str().into())]);
            if ui.button(shown).clicked() {
                scene.ask(Action::Lanes(LaneAction::Set(texts.clone())));
                ui.close();
            }
            let forget = scene.locale.with("lanes-forget", [("name", name.as_str().into())]);
            if small_icon_button(ui, Icon::Cross, &forget, true).clicked() {
                scene.ask(Action::Lanes(LaneAction::Forget(name.clone())));
            }
        });
    }
    if !store.lanes.saved.is_empty() {
        ui.separator();
    }
    let id = Id::unique("name of saved lanes");
    let mut name: String = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let label = scene.text("lanes-name");
    ui.horizontal(|ui| {
        let field = ui.add(egui::TextEdit::singleline(&mut name).hint_text(&label).desired_width(130.0));
        field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, &label));
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let is_named = !name.trim().is_empty();
        let is_pressed = ui.add_enabled(is_named, egui::Button::new(scene.text("lanes-save"))).clicked();
        if is_named && (is_pressed || is_entered) {
            scene.ask(Action::Lanes(LaneAction::Save(name.trim().to_owned())));
            name.clear();
            ui.close();
        }
    });
    ui.data_mut(|data| data.insert_temp(id, name));
    ui.separator();
    if ui.button(scene.text("add-lane")).clicked() {
        scene.run(Command::AddLane);
        ui.close();
    }
    if ui.button(scene.text("lanes-remove-all")).clicked() {
        scene.ask(Action::Lanes(LaneAction::Set(Vec::new())));
        ui.close();
    }
}
