//! Where a lane is typed, with what could be meant and what is wrong.

use std::sync::Arc;

use egui::text::{CCursor, CCursorRange, LayoutJob, TextFormat};
use egui::text_edit::TextEditState;
use egui::{
    Align, Align2, Area, Color32, Event, FontId, Frame, Id, Key, Layout, Margin, Modifiers, Order, Rect, RichText,
    Role, Sense, Stroke, TextEdit, Ui, WidgetInfo, pos2, vec2,
};

use crate::command::{Action, LaneAction};
use crate::expr::Flaw;
use crate::theme::palette;
use crate::ui::Scene;
use crate::ui::parts::{caption, cut, shortened};
use crate::ui::people::as_read;
use crate::view::{Choice, ChoiceGroup, LaneTyping, StreamView};

const WIDTH: f32 = 420.0;
const LINE: f32 = 25.0;

/// What stands below the list of choices, with the gap to the field and the window's edge.
const BELOW_LIST: f32 = 110.0;

/// What was pressed while the field had the focus.
#[derive(Debug, Default)]
struct Pressed {
    step: isize,
    is_tab: bool,
    is_entered: bool,
}

/// The field, and above it the list. Enter asks for the lane.
pub(super) fn add_lane_ui(ui: &mut Ui, scene: &mut Scene<'_>, typing: &mut LaneTyping, view: &StreamView) {
    let name = scene.text("add-lane");
    let id = Id::unique("the field of a new lane");
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    // Where nothing was typed there is nothing to complete, and Tab leads on.
    let completes = typing.is_open && !typing.text.is_empty();
    let pressed = if has_focus && typing.is_open { take_keys(ui, completes) } else { Pressed::default() };
    let colours = palette(ui);
    let flaw = typing.flaw().cloned();
    let mut layouter = |ui: &Ui, text: &dyn egui::TextBuffer, _: f32| marked(ui, text.as_str(), flaw.as_ref());
    let width = (ui.available_width() - 8.0).clamp(90.0, WIDTH);
    let hint = if typing.is_open { "add-lane-hint" } else { "add-lane-plus" };
    let field = TextEdit::singleline(&mut typing.text)
        .id(id)
        .hint_text(RichText::new(scene.text(hint)).color(if typing.is_open { colours.dim } else { colours.accent }))
        .font(FontId::monospace(12.0))
        .align(Align2::LEFT_CENTER)
        .desired_width(width)
        .lock_focus(completes)
        .layouter(&mut layouter);
    let response = ui.add(field);
    response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, &name));
    if std::mem::take(&mut typing.wants_focus) {
        response.request_focus();
        typing.is_open = true;
    }
    put_caret(ui, id, typing);
    if response.clicked() || response.changed() {
        typing.is_open = true;
    }
    if !typing.is_open {
        return;
    }
    // Esc has taken the focus away by now.
    let is_escaped = ui.input(|input| {
        input.events.iter().any(|event| matches!(event, Event::Key { key: Key::Escape, pressed: true, .. }))
    });
    if is_escaped {
        typing.clear();
        ui.memory_mut(|memory| memory.surrender_focus(id));
        return;
    }
    let is_elsewhere = ui.memory(|memory| memory.focused().is_some_and(|focused| focused != id));
    if !response.has_focus() && (is_elsewhere || is_clicked_elsewhere(ui, &response.rect)) {
        typing.is_open = false;
        return;
    }
    typing.prepare(view);
    if pressed.step != 0 {
        typing.step(pressed.step);
    }
    let place = typing.chosen;
    if pressed.is_tab {
        typing.take(place.unwrap_or(0));
        ui.ctx().request_repaint();
    } else if pressed.is_entered {
        if let Some(place) = place {
            typing.take(place);
            typing.prepare(view);
        }
        enter(ui, scene, typing, id);
    }
    if typing.is_open {
        list_ui(ui, scene, typing, view, &response.rect);
    }
}

/// Adds what was typed, if it is sound; else what is wrong is said.
fn enter(ui: &Ui, scene: &mut Scene<'_>, typing: &mut LaneTyping, id: Id) {
    if typing.is_sound() {
        scene.ask(Action::Lanes(LaneAction::Add(typing.text.trim().to_owned())));
        // The focus stays, for one lane more; the list goes out of the way.
        typing.clear();
        ui.memory_mut(|memory| memory.request_focus(id));
    } else {
        typing.insists = true;
        typing.wants_focus = true;
    }
    ui.ctx().request_repaint();
}

fn take_keys(ui: &Ui, completes: bool) -> Pressed {
    ui.input_mut(|input| {
        let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
        let down = isize::from(pressed(Key::ArrowDown));
        let up = isize::from(pressed(Key::ArrowUp));
        let (is_tab, is_entered) = (completes && pressed(Key::Tab), pressed(Key::Enter));
        Pressed { step: down - up, is_tab, is_entered }
    })
}

/// Keeps where the caret stands, or puts it where it is wanted.
fn put_caret(ui: &Ui, id: Id, typing: &mut LaneTyping) {
    let Some(mut state) = TextEditState::load(ui.ctx(), id) else { return };
    if let Some(bytes) = typing.wants_caret.take() {
        let letters = typing.text.get(..bytes).unwrap_or(&typing.text).chars().count();
        state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(letters))));
        state.store(ui.ctx(), id);
        typing.caret = bytes;
        return;
    }
    let letters: Option<usize> = state.cursor.char_range().map(|range| range.primary.index.into());
    let bytes = |letters: usize| typing.text.char_indices().nth(letters).map_or(typing.text.len(), |(at, _)| at);
    typing.caret = letters.map_or(typing.text.len(), bytes);
}

fn is_clicked_elsewhere(ui: &Ui, field: &Rect) -> bool {
    let list: Option<Rect> = ui.data(|data| data.get_temp(list_rect_id()));
    let at = ui.input(|input| if input.pointer.any_pressed() { input.pointer.interact_pos() } else { None });
    at.is_some_and(|at| !field.contains(at) && !list.is_some_and(|list| list.contains(at)))
}

fn list_rect_id() -> Id {
    Id::unique("where the list of lanes is")
}

/// The text with its wrong word underlined.
fn marked(ui: &Ui, text: &str, flaw: Option<&Flaw>) -> Arc<egui::Galley> {
    let colours = palette(ui);
    let plain = TextFormat { font_id: FontId::monospace(12.0), color: colours.text, ..TextFormat::default() };
    let wrong = TextFormat { underline: Stroke::new(1.5, colours.danger), ..plain.clone() };
    let mut job = LayoutJob::default();
    let span = flaw.map(|flaw| flaw.span.clone()).filter(|span| text.get(span.clone()).is_some());
    match span {
        Some(span) => {
            job.append(text.get(..span.start).unwrap_or_default(), 0.0, plain.clone());
            job.append(text.get(span.clone()).unwrap_or_default(), 0.0, wrong);
            job.append(text.get(span.end..).unwrap_or_default(), 0.0, plain);
        }
        None => job.append(text, 0.0, plain),
    }
    job.wrap.max_width = f32::INFINITY;
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}

fn list_ui(ui: &Ui, scene: &mut Scene<'_>, typing: &mut LaneTyping, view: &StreamView, field: &Rect) {
    let colours = palette(ui);
    let shown = Area::new(Id::unique("list of lanes"))
        .order(Order::Foreground)
        .pivot(Align2::LEFT_BOTTOM)
        .fixed_pos(pos2(field.left(), field.top() - 6.0))
        .constrain(true)
        .show(ui.ctx(), |ui| {
            let frame = Frame::popup(ui.style()).inner_margin(Margin::symmetric(0, 8)).fill(colours.panel);
            frame.show(ui, |ui| {
                ui.set_width(WIDTH);
                ui.spacing_mut().item_spacing.y = 0.0;
                // What is wrong and the keys stay in sight below it.
                let room = (field.top() - BELOW_LIST).max(3.0 * LINE);
                let list = egui::ScrollArea::vertical().id_salt("what could be meant").max_height(room);
                let picked = list.show(ui, |ui| choices_ui(ui, scene, typing, view)).inner;
                if let Some(place) = picked {
                    typing.take(place);
                }
                flaw_ui(ui, scene, typing);
                Frame::new().inner_margin(Margin { left: 12, right: 12, top: 6, bottom: 0 }).show(ui, |ui| {
                    caption(ui, &scene.text("add-lane-keys"));
                });
            });
        });
    ui.data_mut(|data| data.insert_temp(list_rect_id(), shown.response.rect));
}

/// Answers which one was clicked.
fn choices_ui(ui: &mut Ui, scene: &Scene<'_>, typing: &LaneTyping, view: &StreamView) -> Option<usize> {
    let mut group = None;
    let mut picked = None;
    for (place, choice) in typing.choices().iter().enumerate() {
        if group != Some(choice.group) {
            group = Some(choice.group);
            let version = view.version().map(|version| version.to_string()).unwrap_or_default();
            let category = view.category().unwrap_or_default().to_owned();
            let name = match choice.group {
                ChoiceGroup::Fields => "choices-fields",
                ChoiceGroup::Values => "choices-values",
                ChoiceGroup::EventParts => "choices-event",
                ChoiceGroup::Functions => "choices-functions",
            };
            let values = [("version", version.into()), ("category", category.into())];
            Frame::new().inner_margin(Margin::symmetric(12, 4)).show(ui, |ui| {
                caption(ui, &scene.locale.with(name, values));
            });
        }
        if choice_ui(ui, scene, choice, typing.chosen == Some(place)) {
            picked = Some(place);
        }
    }
    picked
}

fn choice_ui(ui: &mut Ui, scene: &Scene<'_>, choice: &Choice, is_chosen: bool) -> bool {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::CLICK);
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_chosen, shortened(&choice.shown)));
    if is_chosen || response.hovered() {
        ui.painter().rect_filled(rect, 0.0, if is_chosen { colours.selection } else { colours.raised });
    }
    if is_chosen {
        let edge = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
        ui.painter().rect_filled(edge, 0.0, colours.accent);
        response.scroll_to_me(None);
    }
    let inside = rect.shrink2(vec2(12.0, 2.0));
    let part = |from: f32, to: f32| {
        let x = |share: f32| inside.left() + inside.width() * share;
        Rect::from_min_max(pos2(x(from), inside.top()), pos2(x(to) - 6.0, inside.bottom()))
    };
    let mut write = |rect: Rect, text: String, ink: Color32, is_code: bool, is_right: bool| {
        let layout = if is_right { Layout::right_to_left(Align::Center) } else { Layout::left_to_right(Align::Center) };
        let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(rect).layout(layout));
        let text = RichText::new(text).color(ink);
        cut(&mut inner, if is_code { text.monospace() } else { text.size(11.5) });
    };
    let name = shortened(&choice.shown).into_owned();
    match (choice.about, choice.kind) {
        (Some(about), _) => {
            write(part(0.0, 0.42), name, colours.text, true, false);
            write(part(0.42, 1.0), scene.text(about), colours.dim, false, false);
        }
        (None, kind) => {
            write(part(0.0, 0.4), name, colours.text, true, false);
            let kind = kind.map(|kind| scene.text(kind.short_name())).unwrap_or_default();
            write(part(0.4, 0.55), kind, colours.dim, false, false);
            let value = match choice.group {
                ChoiceGroup::Fields if choice.value.is_empty() => scene.text("lane-empty"),
                _ => as_read(scene, &choice.value).into_owned(),
            };
            write(part(0.55, 1.0), value, colours.dim, true, true);
        }
    }
    response.clicked()
}

/// What is wrong, with what was probably meant.
fn flaw_ui(ui: &mut Ui, scene: &Scene<'_>, typing: &mut LaneTyping) {
    let Some(message) = typing.flaw_message() else { return };
    let colours = palette(ui);
    let can_mend = typing.flaw().is_some_and(|flaw| flaw.instead.is_some());
    let mut is_mended = false;
    Frame::new().fill(colours.danger_soft).inner_margin(Margin::symmetric(12, 6)).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if can_mend {
                    is_mended = ui.button(scene.text("replace")).clicked();
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(egui::Label::new(RichText::new(scene.sentence(&message)).color(colours.danger)).wrap());
                });
            });
        });
    });
    if is_mended {
        typing.mend();
    }
}
