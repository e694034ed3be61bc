use std::borrow::Cow;

use egui::text::{LayoutJob, TextFormat};
use egui::{
    Button, CollapsingHeader, ComboBox, FontId, Grid, Label, RichText, Role, ScrollArea, TextStyle, Ui, WidgetInfo,
    WidgetText,
};

use super::Scene;
use super::dialog::Dialog;
use super::parts::{cut, shortened};
use crate::command::Action;
use crate::event::visible::visible;
use crate::store::frameworks::{GuessedBy, Mapping, Reason, Sample, TimeUnit, places_inside};
use crate::theme::palette;
use crate::view::MappingDraft;

const UNITS: [(TimeUnit, &str); 5] = [
    (TimeUnit::Auto, "unit-auto"),
    (TimeUnit::Seconds, "unit-seconds"),
    (TimeUnit::Millis, "unit-millis"),
    (TimeUnit::Micros, "unit-micros"),
    (TimeUnit::Nanos, "unit-nanos"),
];

/// Room for a column's name and what stands in it.
const CHOICE_WIDTH: f32 = 260.0;

/// The list is a little wider. What does not fit is cut.
const LIST_WIDTH: f32 = 420.0;

/// Of a longer name, so much is shown: it may have thousands of letters.
const NAME_SHOWN: usize = 64;

/// What is not seen of a longer list is scrolled to.
const CHOICES_HEIGHT: f32 = 360.0;

/// Which columns are these? A guess to be corrected, and under it the first events as they then read.
pub fn mapping_ui(ui: &mut Ui, scene: &mut Scene<'_>, draft: &mut MappingDraft) {
    draft.preview();
    let mut is_open = true;
    let title = scene.locale.with("mapping-title", [("store", draft.source.name().into())]);
    Dialog::new("mapping", &title, 820.0).show(ui, scene, &mut is_open, |ui, scene| {
        let colours = palette(ui);
        ui.label(RichText::new(scene.text("mapping-about")).color(colours.dim));
        ui.add_space(8.0);
        if let Some(error) = draft.error() {
            ui.label(RichText::new(scene.sentence(&error.message)).color(colours.danger));
        }
        ScrollArea::vertical()
            .id_salt("mapping columns")
            .max_height(ui.ctx().content_rect().height() * 0.45)
            .show(ui, |ui| columns_ui(ui, scene, draft));
        guessed_ui(ui, scene, draft);
        ui.add_space(8.0);
        preview_ui(ui, scene, draft);
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            let text = RichText::new(scene.text("mapping-take")).strong().color(colours.on_accent);
            if ui.add_enabled(draft.is_ready(), Button::new(text).fill(colours.accent)).clicked() {
                scene.ask(Action::KeepMapping);
            }
            if ui.button(scene.text("cancel")).clicked() {
                scene.ask(Action::CloseDialog);
            }
            if draft.is_busy() {
                ui.spinner();
            }
        });
    });
    if !is_open {
        scene.ask(Action::CloseDialog);
    }
}

/// What was guessed, and by what.
fn guessed_ui(ui: &mut Ui, scene: &Scene<'_>, draft: &MappingDraft) {
    if draft.reasons.is_empty() {
        return;
    }
    let reasons: Vec<String> = draft
        .reasons
        .iter()
        .map(|Reason { role, column, by }| {
            let name = match by {
                GuessedBy::Name => "mapping-by-name",
                GuessedBy::Values => "mapping-by-values",
                GuessedBy::UniqueKey => "mapping-by-key",
            };
            let role = scene.text(&format!("mapping-{role}"));
            scene.locale.with(name, [("role", role.into()), ("column", name_shown(column).into_owned().into())])
        })
        .collect();
    let text = scene.locale.with("mapping-guessed", [("reasons", reasons.join(", ").into())]);
    ui.add(Label::new(RichText::new(text).size(11.5).color(palette(ui).dim)).wrap());
}

/// A place that a role may be given, with a few values of what stands there.
struct Offer {
    place: String,
    values: String,
}

fn offers(samples: &[Sample]) -> Vec<Offer> {
    let shown = |values: &[String]| values.join(", ");
    samples.iter().map(|sample| Offer { place: sample.column.clone(), values: shown(&sample.values) }).collect()
}

/// The same with the places inside of the payload and the metadata.
fn offers_inside(samples: &[Sample], mapping: &Mapping) -> Vec<Offer> {
    let inside = places_inside(mapping, samples).into_iter();
    offers(samples)
        .into_iter()
        .chain(inside.map(|(place, values)| Offer { place, values: values.join(", ") }))
        .collect()
}

/// The columns, each with the objects inside of it: an event's payload may be wrapped.
fn offers_of_objects(samples: &[Sample]) -> Vec<Offer> {
    let of = |sample: &Sample| {
        let objects = sample.objects.iter();
        let objects = objects
            .map(|(path, values)| Offer { place: format!("{}.{path}", sample.column), values: values.join(", ") });
        offers(std::slice::from_ref(sample)).into_iter().chain(objects).collect::<Vec<_>>()
    };
    samples.iter().flat_map(of).collect()
}

fn columns_ui(ui: &mut Ui, scene: &Scene<'_>, draft: &mut MappingDraft) {
    let tables = draft.tables().iter().map(|table| Offer { place: table.full_name(), values: String::new() });
    let tables: Vec<Offer> = tables.collect();
    let columns = offers(draft.samples());
    let objects = offers_of_objects(draft.samples());
    let places = offers_inside(draft.samples(), &draft.mapping);
    Grid::new("mapping").num_columns(4).spacing([16.0, 6.0]).show(ui, |ui| {
        let mut table = Some(draft.mapping.table.clone());
        choice_ui(ui, scene, "mapping-table", &tables, &mut table, false);
        if let Some(chosen) = table.filter(|chosen| *chosen != draft.mapping.table) {
            draft.choose_table(&chosen);
        }
        let mapping = &mut draft.mapping;
        first_ui(ui, scene, "mapping-stream", &columns, &mut mapping.stream);
        ui.end_row();
        choice_ui(ui, scene, "mapping-version", &columns, &mut mapping.version, true);
        choice_ui(ui, scene, "mapping-type", &columns, &mut mapping.event_type, true);
        ui.end_row();
        choice_ui(ui, scene, "mapping-payload", &objects, &mut mapping.payload, true);
        first_ui(ui, scene, "mapping-metadata", &objects, &mut mapping.metadata);
        ui.end_row();
        choice_ui(ui, scene, "mapping-time", &columns, &mut mapping.time, true);
        choice_ui(ui, scene, "mapping-author", &places, &mut mapping.author, true);
        ui.end_row();
        choice_ui(ui, scene, "mapping-reason", &places, &mut mapping.reason, true);
        ui.end_row();
    });
    let more = scene.text("mapping-more");
    CollapsingHeader::new(more).id_salt("more columns").show(ui, |ui| more_ui(ui, scene, draft, &columns, &places));
}

/// What most tables need not be told.
fn more_ui(ui: &mut Ui, scene: &Scene<'_>, draft: &mut MappingDraft, columns: &[Offer], places: &[Offer]) {
    let mapping = &mut draft.mapping;
    Grid::new("more of the mapping").num_columns(4).spacing([16.0, 6.0]).show(ui, |ui| {
        choice_ui(ui, scene, "mapping-id", columns, &mut mapping.id, true);
        choice_ui(ui, scene, "mapping-position", columns, &mut mapping.position, true);
        ui.end_row();
        choice_ui(ui, scene, "mapping-correlation", places, &mut mapping.correlation, true);
        choice_ui(ui, scene, "mapping-causation", places, &mut mapping.causation, true);
        ui.end_row();
        choice_ui(ui, scene, "mapping-category", columns, &mut mapping.category, true);
        let name = ui.label(RichText::new(scene.text("mapping-unit")).color(palette(ui).dim)).id;
        let now = UNITS.iter().find(|(unit, _)| *unit == mapping.time_unit).map_or("unit-auto", |(_, name)| name);
        let shown = ComboBox::from_id_salt("mapping-unit").width(CHOICE_WIDTH).selected_text(scene.text(now)).show_ui(
            ui,
            |ui| {
                for (unit, name) in UNITS {
                    ui.selectable_value(&mut mapping.time_unit, unit, scene.text(name));
                }
            },
        );
        shown.response.labelled_by(name);
        ui.end_row();
        let name = ui.label(RichText::new(scene.text("mapping-base")).color(palette(ui).dim)).id;
        ui.add(egui::DragValue::new(&mut mapping.version_base).range(0..=1_000_000)).labelled_by(name);
        let name = ui.label(RichText::new(scene.text("mapping-step")).color(palette(ui).dim)).id;
        ui.add(egui::DragValue::new(&mut mapping.version_step).range(1..=1_000_000)).labelled_by(name);
        ui.end_row();
    });
}

/// As much of a name as tells it from others.
fn name_shown(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(NAME_SHOWN) {
        Some((end, _)) => format!("{}…", visible(name.get(..end).unwrap_or_default())).into(),
        None => visible(name),
    }
}

/// A place, and what stands there in a fainter ink.
fn offer_job(ui: &Ui, place: &str, values: &str) -> LayoutJob {
    let colours = palette(ui);
    let font = TextStyle::Button.resolve(ui.style());
    let mut job = LayoutJob::single_section(name_shown(place).into_owned(), TextFormat::simple(font, colours.text));
    let small = FontId { size: 11.5, ..TextStyle::Body.resolve(ui.style()) };
    job.append(&shortened(values), 10.0, TextFormat::simple(small, colours.dim));
    job
}

/// A role and the place that has it.
fn choice_ui(ui: &mut Ui, scene: &Scene<'_>, role: &str, offered: &[Offer], now: &mut Option<String>, can_lack: bool) {
    let dim = palette(ui).dim;
    let name = ui.label(RichText::new(scene.text(role)).color(dim)).id;
    let none = scene.text("mapping-none");
    let chosen = now.as_deref().filter(|now| !now.is_empty());
    let values = |place: &str| offered.iter().find(|offer| offer.place == place).map_or("", |offer| &offer.values);
    let selected: WidgetText = match chosen {
        Some(place) => offer_job(ui, place, values(place)).into(),
        None => RichText::new(&none).color(dim).into(),
    };
    let choice = ComboBox::from_id_salt(role).width(CHOICE_WIDTH).height(CHOICES_HEIGHT).truncate();
    let shown = choice.selected_text(selected).show_ui(ui, |ui| {
        ui.set_width(LIST_WIDTH);
        if can_lack {
            ui.selectable_value(now, None, none);
        }
        for Offer { place, values } in offered {
            let job = offer_job(ui, place, values);
            let is_chosen = now.as_deref() == Some(place);
            let line = ui.add(Button::selectable(is_chosen, job).truncate());
            line.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, place));
            if line.clicked() {
                *now = Some(place.clone());
            }
        }
    });
    shown.response.labelled_by(name);
}

/// The same where more than one column may share a role: the window offers one, a mapping file as many as there are.
fn first_ui(ui: &mut Ui, scene: &Scene<'_>, role: &str, offered: &[Offer], now: &mut Vec<String>) {
    let mut first = now.first().cloned();
    choice_ui(ui, scene, role, offered, &mut first, true);
    if first.as_ref() != now.first() {
        *now = first.into_iter().collect();
    }
}

fn preview_ui(ui: &mut Ui, scene: &Scene<'_>, draft: &MappingDraft) {
    let colours = palette(ui);
    // What is still a beginning has no faults.
    let (fault, doubt) =
        if draft.is_touched() { (colours.danger, colours.warning) } else { (colours.dim, colours.dim) };
    let events = match draft.events() {
        Ok(events) => events,
        Err(_) if draft.lacks_stream() => {
            ui.add(Label::new(RichText::new(scene.text("mapping-choose-stream")).color(colours.dim)).wrap());
            return;
        }
        Err(error) => {
            ui.add(Label::new(RichText::new(scene.sentence(&error.message)).color(fault)).wrap());
            return;
        }
    };
    if events.is_empty() && !draft.is_busy() {
        ui.label(RichText::new(scene.text("mapping-empty")).color(doubt));
    }
    ScrollArea::both().id_salt("mapping preview").max_height(180.0).show(ui, |ui| {
        Grid::new("mapping rows").num_columns(6).spacing([16.0, 4.0]).striped(true).show(ui, |ui| {
            for name in ["mapping-stream", "col-version", "col-event", "col-when", "col-who", "mapping-payload"] {
                ui.label(RichText::new(scene.text(name)).size(11.5).color(colours.dim));
            }
            ui.end_row();
            for event in events {
                let when = event.recorded_at.map_or_else(|| scene.text("no-time"), |at| scene.zone.long(at));
                let payload = String::from_utf8_lossy(event.payload.get(..300).unwrap_or(&event.payload)).into_owned();
                for text in [
                    name_shown(event.stream.as_str()).into_owned(),
                    event.version.to_string(),
                    name_shown(event.event_type.as_str()).into_owned(),
                    when,
                    name_shown(&event.metadata().actor.unwrap_or_default()).into_owned(),
                ] {
                    ui.label(RichText::new(text).monospace());
                }
                cut(ui, RichText::new(payload).monospace().color(colours.dim));
                ui.end_row();
            }
        });
    });
}
