use egui::{Button, ComboBox, Label, Response, RichText, ScrollArea, TextEdit, Ui, vec2};

use crate::theme::palette;
use crate::ui::icons::{Icon, small_icon_button};
use crate::ui::parts::{body_width, caption, cut, cut_at, named_field, shortened};
use crate::ui::{Scene, grouped};
use crate::view::{FieldDraft, FieldKind, MOST_TYPED, PayloadDraft, PayloadFault};

const NAME: f32 = 150.0;
const KIND: f32 = 96.0;
const CROSS: f32 = 24.0;

/// A payload scrolls inside of itself, so that what is below it stays in sight.
const HEIGHT: f32 = 300.0;

/// A payload, field by field or as JSON. What is wrong stands where it was typed.
pub(super) fn payload_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    payload: &mut PayloadDraft,
    fault: Option<&PayloadFault>,
    leads: &mut bool,
) {
    ui.horizontal(|ui| {
        caption(ui, &scene.text("payload"));
        if payload.unseen().is_some() {
            return;
        }
        for (is_json, name) in [(false, "payload-as-fields"), (true, "payload-as-json")] {
            let is_chosen = payload.is_json() == is_json;
            let choice = ui.add(Button::selectable(is_chosen, scene.text(name)).small());
            if choice.clicked() && !is_chosen {
                payload.show_as_json(is_json);
            }
        }
    });
    let said =
        |place: Option<usize>| fault.filter(|fault| fault.field == place).map(|fault| scene.sentence(&fault.message));
    if payload.is_json() {
        let field = json_field_ui(ui, scene, &mut payload.json, None, HEIGHT);
        if fault.is_some() && std::mem::take(leads) {
            field.request_focus();
        }
        fault_ui(ui, said(None));
        return;
    }
    large_ui(ui, scene, payload);
    let is_large = payload.unseen().is_some();
    let mut removed = None;
    ScrollArea::vertical().id_salt("fields of a payload").max_height(HEIGHT).show(ui, |ui| {
        ui.set_width(ui.available_width());
        for (place, field) in payload.fields.iter_mut().enumerate() {
            ui.push_id(place, |ui| {
                let is_wrong = fault.is_some_and(|fault| fault.field == Some(place));
                let is_led_to = is_wrong && std::mem::take(leads);
                if field_ui(ui, scene, place, field, is_large, is_led_to) {
                    removed = Some(place);
                }
                fault_ui(ui, said(Some(place)));
            });
        }
    });
    if let Some(place) = removed {
        payload.fields.remove(place);
    }
    if ui.add(Button::new(scene.text("new-field-add")).small()).clicked() {
        payload.add_field();
    }
}

/// What of a large payload stays as it is.
fn large_ui(ui: &mut Ui, scene: &Scene<'_>, payload: &PayloadDraft) {
    let Some(unseen) = payload.unseen() else { return };
    let dim = palette(ui).dim;
    let said = if unseen > 0 {
        scene.locale.with("payload-large-more", [("count", grouped(unseen as u64).into())])
    } else {
        scene.text("payload-large")
    };
    ui.add(Label::new(RichText::new(said).size(11.5).color(dim)).wrap());
    if let Some(text) = payload.large_text() {
        ui.add(Label::new(RichText::new(shortened(&text)).monospace().color(dim)).wrap());
    }
}

/// Answers whether the field shall go.
fn field_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    place: usize,
    field: &mut FieldDraft,
    is_large: bool,
    is_led_to: bool,
) -> bool {
    let colours = palette(ui);
    let shown = if field.is_new && field.name.trim().is_empty() {
        scene.locale.with("new-field", [("number", (place + 1).into())])
    } else {
        shortened(&field.name).into_owned()
    };
    let named = |id: &str| scene.locale.with(id, [("name", shown.clone().into())]);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        if field.is_new {
            let hint = scene.text(if is_large { "new-field-path" } else { "new-field-name" });
            let edit = TextEdit::singleline(&mut field.name).desired_width(NAME - 8.0).hint_text(hint);
            let response = named_field(ui, edit, &named("new-field-of"));
            if is_led_to && field.name.trim().is_empty() {
                response.request_focus();
            }
        } else {
            ui.allocate_ui_with_layout(vec2(NAME, 24.0), egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.set_min_width(NAME);
                cut_at(ui, NAME, RichText::new(&shown).color(colours.accent));
            });
        }
        let mut kind = field.kind;
        let is_typed = field.long.is_none();
        let chooser = ComboBox::from_id_salt("kind").width(KIND).selected_text(scene.text(kind.name()));
        let chosen = ui.add_enabled_ui(is_typed, |ui| {
            chooser.show_ui(ui, |ui| {
                for known in FieldKind::ALL {
                    ui.selectable_value(&mut kind, known, scene.text(known.name()));
                }
            })
        });
        let label = format!("{}: {}", named("payload-kind-of"), scene.text(kind.name()));
        chosen.inner.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, is_typed, &label));
        if kind != field.kind {
            field.choose(kind);
        }
        let width = (ui.available_width() - CROSS - 14.0).max(60.0);
        let name = named("payload-value-of");
        let value = match kind {
            _ if field.long.is_some() => {
                long_ui(ui, scene, field, width, &name);
                None
            }
            FieldKind::Nothing => {
                ui.add_sized([width, 24.0], Label::new(RichText::new("null").monospace().color(colours.dim)));
                None
            }
            FieldKind::Truth => {
                let mut is_true = field.text == "true";
                ui.scope(|ui| {
                    ui.set_min_width(width);
                    let text = if is_true { "true" } else { "false" };
                    let switch = ui.checkbox(&mut is_true, RichText::new(text).monospace());
                    switch.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, is_true, &name));
                });
                (if is_true { "true" } else { "false" }).clone_into(&mut field.text);
                None
            }
            FieldKind::Json => {
                let rows = field.text.lines().count().clamp(1, 6);
                let edit = TextEdit::multiline(&mut field.text).code_editor().desired_rows(rows).char_limit(MOST_TYPED);
                Some(lines_ui(ui, edit.desired_width(width), &name))
            }
            FieldKind::Text if field.text.contains('\n') => {
                let rows = field.text.lines().count().clamp(2, 6);
                let edit = TextEdit::multiline(&mut field.text).desired_rows(rows).char_limit(MOST_TYPED);
                Some(lines_ui(ui, edit.desired_width(width), &name))
            }
            FieldKind::Text | FieldKind::Number => {
                let edit = TextEdit::singleline(&mut field.text).char_limit(MOST_TYPED);
                Some(named_field(ui, edit.desired_width(width), &name))
            }
        };
        if let Some(value) = value.filter(|_| is_led_to && !(field.is_new && field.name.trim().is_empty())) {
            value.request_focus();
        }
        small_icon_button(ui, Icon::Cross, &named("payload-remove"), true).clicked()
    })
    .inner
}

/// A value that is too long to be typed: how it begins, and the way to another in its place.
fn long_ui(ui: &mut Ui, scene: &Scene<'_>, field: &mut FieldDraft, width: f32, name: &str) {
    let dim = palette(ui).dim;
    let size = grouped(field.long.unwrap_or_default() as u64);
    let said = scene.locale.with("payload-long", [("size", size.into())]);
    ui.vertical(|ui| {
        ui.set_width(width);
        cut(ui, RichText::new(shortened(&field.text)).monospace().color(dim)).on_hover_text(name);
        ui.horizontal(|ui| {
            let anew = scene.text("payload-anew");
            let cell = width - body_width(ui, &anew) - 30.0;
            cut_at(ui, cell.max(40.0), RichText::new(said).size(11.5).color(dim));
            let response = ui.add(Button::new(anew).small());
            let named = scene.locale.with("payload-anew-of", [("name", shortened(&field.name).into_owned().into())]);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &named));
            if response.clicked() {
                field.begin_anew();
            }
        });
    });
}

/// JSON of as many lines as there are, no higher than this: it scrolls inside of itself.
pub(in crate::ui) fn json_field_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    json: &mut String,
    id: Option<egui::Id>,
    height: f32,
) -> Response {
    let rows = json.lines().take(20).count().clamp(6, 18);
    let scroll = ScrollArea::vertical().id_salt("JSON of a payload").max_height(height);
    let response = scroll.show(ui, |ui| {
        let edit = TextEdit::multiline(json).code_editor().desired_rows(rows).char_limit(MOST_TYPED);
        let edit = edit.desired_width(f32::INFINITY);
        let edit = if let Some(id) = id { edit.id(id) } else { edit };
        lines_ui(ui, edit, &scene.text("compensate-payload"))
    });
    // Of more that is put in only so much is taken.
    if json.len() >= MOST_TYPED && json.chars().count() >= MOST_TYPED {
        let said = scene.locale.with("payload-full", [("count", grouped(MOST_TYPED as u64).into())]);
        fault_ui(ui, Some(said));
    }
    response.inner
}

/// A field of many lines, by its name.
fn lines_ui(ui: &mut Ui, field: TextEdit<'_>, name: &str) -> Response {
    let response = ui.add(field);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::MultilineTextInput, true, name));
    response
}

fn fault_ui(ui: &mut Ui, fault: Option<String>) {
    if let Some(fault) = fault {
        ui.add(Label::new(RichText::new(fault).size(11.5).color(palette(ui).danger)).wrap());
    }
}
