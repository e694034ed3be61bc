use egui::{RichText, Ui};

use crate::command::Action;
use crate::engine::{Causes, LinkedEvent};
use crate::theme::palette;
use crate::ui::Scene;
use crate::ui::history::{MARGIN, mark, names_ui, nothing_ui};
use crate::ui::list::{Cells, Look, list_row, list_ui};
use crate::ui::parts::{cut, shortened};
use crate::ui::timeline::short_length;
use crate::ui::when::TimeColumn;
use crate::view::Lanes;

/// How wide each column is; who gives way first, then when.
#[derive(Clone, Copy)]
struct Columns {
    number: f32,
    when: TimeColumn,
    event: f32,
    stream: f32,
    who: f32,
    after: f32,
}

impl Columns {
    fn new(width: f32, digits: usize, has_years: bool) -> Self {
        const EVENT: f32 = 150.0;
        const STREAM: f32 = 120.0;
        const AFTER: f32 = 150.0;
        let number = 16.0 + 8.0 * digits.max(2) as f32;
        let mut who = 96.0;
        let room = width - 2.0 * MARGIN - number;
        let column = TimeColumn::fitting(has_years, room - EVENT - STREAM - AFTER);
        let when = column.width;
        if when == 0.0 || room < EVENT + STREAM + AFTER + when + who {
            who = 0.0;
        }
        let spare = (room - EVENT - STREAM - AFTER - when - who).max(0.0);
        let after = AFTER.min(room / 3.0);
        let stream = (STREAM + spare * 0.25).min(room / 3.0);
        let who = if who > 0.0 { who + spare * 0.2 } else { 0.0 };
        Self { number, when: column, event: (room - when - stream - who - after).max(0.0), stream, who, after }
    }
}

/// The chain event by event, in the order of time, each with how long it came after its cause.
pub(super) fn table_ui(ui: &mut Ui, scene: &mut Scene<'_>, found: &Causes, lanes: &Lanes, reveal: &mut bool) {
    let count = lanes.listed.len();
    if count == 0 {
        return nothing_ui(ui, &scene.text("causes-none"));
    }
    let time = |place: Option<&usize>| found.events.get(*place?)?.head.recorded_at;
    let has_years = scene.zone.spans_years(time(lanes.listed.first()), time(lanes.listed.last()));
    let columns = Columns::new(ui.available_width(), count.to_string().len(), has_years);
    let Columns { number, when, event, stream, who, after } = columns;
    let names = [
        ("col-number", number),
        ("col-when", when.width),
        ("col-event", event),
        ("col-stream", stream),
        ("col-who", who),
        ("col-after", after),
    ];
    names_ui(ui, scene, &names);
    crate::ui::parts::hairline(ui);
    let row_of_asked = lanes.listed.binary_search(&found.asked).ok();
    list_ui(ui, "causes", count, row_of_asked, *reveal, |ui, row| {
        if let Some(event) = lanes.listed.get(row).and_then(|place| found.events.get(*place)) {
            row_ui(ui, scene, found, lanes, (row, event), columns);
        }
    });
    *reveal = false;
}

fn row_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    found: &Causes,
    lanes: &Lanes,
    (row, event): (usize, &LinkedEvent),
    columns: Columns,
) {
    let colours = palette(ui);
    let LinkedEvent { stream, head, actor, is_on_chain, .. } = event;
    let place = lanes.listed.get(row).copied().unwrap_or_default();
    let (ink, dim) = if *is_on_chain { (colours.text, colours.dim) } else { (colours.dim, colours.dim) };
    let (after, is_missing) = after_its_cause(scene, found, lanes, event);
    let kind = shortened(head.event_type.as_str());
    let label = format!("{}. {kind}, {} v{}, {after}", row + 1, shortened(stream.as_str()), head.version);
    let look = Look::Choice(place == found.asked);
    let response = list_row(ui, &label, look, |ui, rect| {
        let mut cells = Cells::new(rect, MARGIN);
        cells.cell(ui, columns.number, |ui| {
            cut(ui, RichText::new((row + 1).to_string()).monospace().color(dim));
        });
        cells.cell(ui, columns.when.width, |ui| {
            let when = head.recorded_at.map_or_else(|| "—".to_owned(), |at| columns.when.text(scene.zone, at));
            cut(ui, RichText::new(when).monospace().color(dim));
        });
        cells.cell(ui, columns.event, |ui| {
            let lane = lanes.places.get(place).and_then(|(lane, _)| lanes.lane(*lane));
            let number = lane.map_or(0, |lane| lane.signs.of(head.event_type.as_str()));
            mark(ui, colours.sign(number).faint_if(!is_on_chain));
            ui.add_space(8.0);
            cut(ui, RichText::new(kind.as_ref()).color(ink));
        });
        cells.cell(ui, columns.stream, |ui| {
            let text = format!("{} v{}", shortened(stream.as_str()), head.version);
            cut(ui, RichText::new(text).color(colours.accent));
        });
        cells.cell(ui, columns.who, |ui| {
            cut(ui, RichText::new(shortened(actor.as_deref().unwrap_or_default())).color(dim));
        });
        cells.cell(ui, columns.after, |ui| {
            cut(ui, RichText::new(&after).color(if is_missing { colours.warning } else { dim }));
        });
    });
    if response.clicked() {
        scene.ask(Action::GoToPlace(stream.clone(), head.version));
    }
}

/// How long after its cause an event came, and whether that cause is missing.
fn after_its_cause(scene: &Scene<'_>, found: &Causes, lanes: &Lanes, event: &LinkedEvent) -> (String, bool) {
    let Some(cause) = event.caused_by else {
        return match &event.cause {
            Some(_) => (scene.text("causes-missing"), true),
            None => (scene.text("causes-first"), false),
        };
    };
    let at = found.events.get(cause).and_then(|cause| cause.head.recorded_at);
    let length = at.zip(event.head.recorded_at).map(|(before, at)| short_length(scene, at.micros_since(before).max(0)));
    let number = lanes.listed.binary_search(&cause).ok().map(|row| (row + 1).to_string());
    let text = match (length, number) {
        (Some(length), Some(number)) => {
            scene.locale.with("causes-after", [("length", length.into()), ("number", number.into())])
        }
        (Some(length), None) => scene.locale.with("causes-after-other", [("length", length.into())]),
        (None, Some(number)) => scene.locale.with("causes-after-no-time", [("number", number.into())]),
        (None, None) => String::new(),
    };
    (text, false)
}
