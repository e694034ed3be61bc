use std::time::Duration;

use egui::{Align, Button, Layout, Margin, Rect, RichText, ScrollArea, Ui, pos2, vec2};

use super::calendar::calendar_ui;
use super::list::{Look, few_rows_ui, list_row};
use super::parts::{card, card_head, cut, link, shortened};
use super::streams::survey_age_text;
use super::{Scene, grouped};
use crate::command::{Action, Command};
use crate::theme::palette;
use crate::view::{Destination, GREETED, GreetingRow, OpenStore, Pane, ToolName, counted};

/// Narrower than this, a card's rows cannot be read.
const CARD_WIDTH: f32 = 225.0;

/// Wider than this, the eye loses the line.
const WIDEST: f32 = 1_280.0;

const GAP: f32 = 12.0;

/// Beside the cards, for the scroll bar.
const BAR: f32 = 10.0;

/// How far the reading is would only flicker where it takes no longer than this.
const LONG_ENOUGH: Duration = Duration::from_millis(300);

/// A store before a stream is chosen: what it holds, and a way into it from each part. Draws a few rows of each kind,
/// however much there is.
pub fn greeting_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &mut OpenStore, has_streams: bool) {
    store.greet(scene.zone.clock());
    ScrollArea::vertical().id_salt("greeting").auto_shrink(false).show(ui, |ui| {
        ui.set_max_width((ui.available_width() - BAR).min(WIDEST));
        head_ui(ui, scene, store, has_streams);
        ui.add_space(GAP);
        card(ui, |ui| {
            calendar_ui(ui, scene, store);
        });
        ui.add_space(GAP);
        let cards = cards(scene, store);
        let in_row =
            ((ui.available_width() + GAP) / (CARD_WIDTH + GAP)).floor().clamp(1.0, cards.len() as f32) as usize;
        // Three in a row would leave the fourth alone.
        let in_row = if in_row == 3 { 2 } else { in_row };
        let width = (ui.available_width() - GAP * (in_row as f32 - 1.0)) / in_row as f32;
        let height = cards.iter().map(|card| card.rows.len()).max().unwrap_or(0) as f32;
        for row in cards.chunks(in_row) {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = GAP;
                for card in row {
                    ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                        ui.set_width(width);
                        card_ui(ui, scene, card, height);
                    });
                }
            });
            ui.add_space(GAP);
        }
    });
}

/// What this is, how much there is of it, and whether it was looked over.
fn head_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, has_streams: bool) {
    let colours = palette(ui);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button(scene.text("check-store")).clicked() {
                scene.run(Command::Tool(ToolName::Checking));
            }
            let checked = store.tools.checking.checked();
            let (text, ink) = match checked {
                None => (scene.text("greeting-unchecked"), colours.dim),
                Some(checked) => {
                    let values = [("count", checked.found.into()), ("grouped", grouped(checked.found).into())];
                    let ink = if checked.found == 0 { colours.accent } else { colours.warning };
                    (scene.locale.with("check-found", values), ink)
                }
            };
            let checking = &store.tools.checking;
            let ink = if checking.is_behind || checking.asked.is_loading() { colours.dim } else { ink };
            ui.label(RichText::new(text).size(11.5).color(ink));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                cut(ui, RichText::new(store.source.name()).heading());
            });
        });
    });
    let Some(overview) = store.info.value() else {
        ui.label(RichText::new(scene.text("greeting-counting")).color(colours.dim));
        return;
    };
    let info = &overview.info;
    let day = |at| scene.zone.day(at);
    let mut values =
        vec![("events", scene.events(info.events).into()), ("framework", info.framework.to_string().into())];
    values.extend(overview.streams().map(|streams| ("streams", scene.streams(streams).into())));
    let name = match (overview.streams(), info.first_at.zip(info.last_at)) {
        (Some(_), Some((first, last))) => {
            values.extend([("from", day(first).into()), ("to", day(last).into())]);
            "greeting-holds-from-to"
        }
        (Some(_), None) => "greeting-holds",
        (None, _) => "greeting-holds-events",
    };
    ui.label(RichText::new(scene.locale.with(name, values)).color(colours.dim));
    if store.info.error().is_some() {
        ui.label(RichText::new(scene.text("survey-last-readable")).color(colours.warning));
    }
    if has_streams {
        ui.label(RichText::new(scene.text("pick-stream")).color(colours.dim));
    } else if link(ui, &scene.text("pick-stream-show")).clicked() {
        scene.ask(Action::Fold(Pane::Streams));
    }
}

struct Card {
    id: &'static str,
    title: String,
    aside: String,
    rows: Vec<GreetingRow>,
    /// Said where there is no row.
    none: String,
}

fn cards(scene: &Scene<'_>, store: &OpenStore) -> Vec<Card> {
    let info = store.info.value().map(|overview| &overview.info);
    let types = info.map_or(&[][..], |info| &info.event_types);
    let all = |count: u64| if count == 0 { String::new() } else { grouped(count) };
    let coming = |is_coming: bool| scene.text(if is_coming { "greeting-coming" } else { "greeting-none" });
    let is_surveyed = store.survey_is_whole();
    let greeting = &store.greeting;
    let card = |id: &'static str, aside: String, rows: Vec<GreetingRow>, is_coming: bool| Card {
        id,
        title: scene.text(id),
        aside,
        rows,
        none: coming(is_coming),
    };
    let types_named = types.iter().take(GREETED).map(|(name, count)| counted("type", name, *count)).collect();
    let longest = match (greeting.longest(), info.and_then(|info| info.longest_stream.as_ref())) {
        (rows, Some(row)) if rows.is_empty() => vec![GreetingRow {
            title: row.stream.to_string(),
            aside: String::new(),
            count: Some(row.events),
            leads: Destination::Event(row.stream.clone(), row.last_version),
        }],
        (rows, _) => rows,
    };
    vec![
        card("greeting-newest", String::new(), greeting.newest(), !is_surveyed),
        card("greeting-longest", String::new(), longest, !is_surveyed),
        card("greeting-types", all(types.len() as u64), types_named, info.is_none()),
        card("greeting-people", people_aside(scene, store), greeting.people(), !is_surveyed),
    ]
}

/// How many people there are. While that is not known, how much of the store their counts are of.
fn people_aside(scene: &Scene<'_>, store: &OpenStore) -> String {
    let people = store.greeting.digest().map_or(0, |digest| digest.all_people);
    if people == 0 {
        return String::new();
    }
    if store.surveying.value().is_some() {
        return grouped(people);
    }
    let (done, total) = match store.surveying.progress() {
        Some(progress) if progress.running < LONG_ENOUGH => return String::new(),
        Some(progress) => (progress.done, progress.total),
        None => store.survey().extent(),
    };
    scene.locale.with("greeting-read-so-far", [("percent", percent(done, total).into())])
}

fn percent(done: u64, total: u64) -> u64 {
    (done.min(total) * 100).checked_div(total).unwrap_or(0)
}

fn card_ui(ui: &mut Ui, scene: &mut Scene<'_>, what: &Card, rows: f32) {
    let most = what.rows.iter().filter_map(|row| row.count).max().unwrap_or(0);
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        card_head(ui, &what.title, &what.aside);
        ui.add_space(4.0);
        let top = ui.cursor().top();
        few_rows_ui(ui, what.id, what.rows.len(), |ui, place| {
            what.rows.get(place).into_iter().for_each(|row| row_ui(ui, scene, row, most));
        });
        if what.rows.is_empty() {
            egui::Frame::new().inner_margin(Margin::symmetric(16, 6)).show(ui, |ui| {
                cut(ui, RichText::new(&what.none).color(palette(ui).dim));
            });
        }
        // Cards beside each other are of one height.
        let used = ui.cursor().top() - top;
        ui.add_space((rows * crate::theme::ROW_HEIGHT - used).max(0.0) + 4.0);
    });
}

/// Name, what belongs to it, and its count over a bar of its share.
fn row_ui(ui: &mut Ui, scene: &mut Scene<'_>, row: &GreetingRow, most: u64) {
    let GreetingRow { title, aside, count, leads } = row;
    let colours = palette(ui);
    let counted = count.map(grouped).unwrap_or_default();
    let parts = [title.as_str(), aside, &counted].map(|part| shortened(part).into_owned());
    let name = parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ");
    let response = list_row(ui, &name, Look::Plain(None), |ui, rect| {
        if let Some(count) = count.filter(|_| most > 0) {
            let share = count as f32 / most as f32;
            let bar = Rect::from_min_max(
                pos2(rect.left() + 16.0, rect.bottom() - 4.0),
                pos2(rect.left() + 16.0 + (rect.width() - 32.0) * share, rect.bottom() - 2.0),
            );
            ui.painter().rect_filled(bar, 1.0, colours.panel.lerp_to_gamma(colours.accent, 0.42));
        }
        let inside = rect.shrink2(vec2(16.0, 0.0));
        ui.scope_builder(egui::UiBuilder::new().max_rect(inside).layout(Layout::right_to_left(Align::Center)), |ui| {
            ui.label(RichText::new(&counted).color(colours.dim));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                cut(ui, RichText::new(shortened(title)).color(colours.text));
                if !aside.is_empty() && ui.available_width() > 24.0 {
                    cut(ui, RichText::new(shortened(aside)).size(11.5).color(colours.dim));
                }
            });
        });
    });
    if response.clicked() {
        scene.ask(match leads {
            Destination::Event(stream, version) => Action::GoToPlace(stream.clone(), *version),
            Destination::Events(text) => Action::SearchEvents(text.clone()),
        });
    }
}

/// What the calendar says while its days are being read, and how reading begins where it did not by itself.
pub(super) fn survey_state_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore) {
    let dim = palette(ui).dim;
    let age = survey_age_text(scene, store);
    if !age.is_empty() {
        ui.label(RichText::new(age).size(11.5).color(palette(ui).warning));
    }
    if let Some(progress) = store.surveying.progress() {
        if progress.running < LONG_ENOUGH {
            return ui.ctx().request_repaint_after(LONG_ENOUGH);
        }
        ui.ctx().request_repaint_after(Duration::from_millis(200));
        let percent = percent(progress.done, progress.total);
        let text = scene.locale.with("greeting-reading", [("percent", percent.into())]);
        ui.label(RichText::new(text).size(11.5).color(dim));
    } else if !store.survey_is_whole() && !store.survey().is_too_large() {
        let button = Button::new(RichText::new(scene.text("greeting-read")).size(11.5));
        if ui.add(button).clicked() {
            scene.ask(Action::BeginSurvey);
        }
    }
}
