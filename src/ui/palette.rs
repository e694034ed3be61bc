use egui::{
    FontId, Key, Modifiers, Response, RichText, Role, ScrollArea, Sense, TextEdit, TextStyle, Ui, WidgetInfo, vec2,
};

use super::Scene;
use super::dialog::{sheet, take_first_focus};
use super::parts::shortened;
use crate::command::{Action, Command};
use crate::engine::{folded, short_id};
use crate::store::{Link, place_in_store};
use crate::theme::{ROW_HEIGHT, palette};
use crate::view::OpenStore;

/// What is typed into the palette, and which line is chosen.
#[derive(Debug, Default)]
pub struct PaletteState {
    text: String,
    /// None before anything is typed: Enter alone runs nothing.
    chosen: Option<usize>,
}

/// Every command and every stream of the store, by a part of its id or its name: type, choose with the arrows, Enter.
pub fn palette_ui(ui: &mut Ui, scene: &mut Scene<'_>, state: &mut PaletteState, store: Option<&OpenStore>) {
    let colours = palette(ui);
    let (is_down, is_up, is_entered) = ui.input_mut(|input| {
        (
            input.consume_key(Modifiers::NONE, Key::ArrowDown),
            input.consume_key(Modifiers::NONE, Key::ArrowUp),
            input.consume_key(Modifiers::NONE, Key::Enter),
        )
    });
    let mut picked = None;
    let is_left = sheet(ui, "palette", &scene.text("palette"), 520.0, |ui| {
        let name = scene.text("palette");
        let hint = scene.text("palette-hint");
        let field = ui.add(TextEdit::singleline(&mut state.text).hint_text(hint).desired_width(f32::INFINITY));
        field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, &name));
        if field.changed() {
            state.chosen = (!state.text.trim().is_empty()).then_some(0);
            scene.ask(Action::FindStreams(state.text.trim().to_owned()));
        }
        take_first_focus(ui, &field);
        // After the field: letters and Enter may come in one frame, and mean what was typed.
        let lines = lines(scene, &state.text, store);
        let last = lines.len().saturating_sub(1);
        state.chosen = match state.chosen {
            None => (is_down || is_up).then_some(0),
            Some(chosen) if is_down => Some((chosen + 1).min(last)),
            Some(chosen) => Some(chosen.saturating_sub(usize::from(is_up)).min(last)),
        };
        if is_entered {
            picked = state.chosen.and_then(|chosen| lines.get(chosen)).map(|line| line.action.clone());
        }
        ScrollArea::vertical().id_salt("palette lines").max_height(320.0).min_scrolled_height(320.0).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (number, line) in lines.iter().enumerate() {
                let is_chosen = state.chosen == Some(number);
                let response = line_ui(ui, line, is_chosen);
                if is_chosen && (is_down || is_up) {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    picked = Some(line.action.clone());
                }
            }
            if lines.is_empty() {
                ui.label(RichText::new(scene.text("palette-none")).color(colours.dim));
            }
        });
    });
    if picked.is_some() || is_left {
        scene.ask(Action::CloseDialog);
    }
    scene.actions.extend(picked);
}

/// A line over the whole width: what it is at its left, what belongs to it at its right.
fn line_ui(ui: &mut Ui, line: &Line, is_chosen: bool) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::CLICK);
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_chosen, shortened(&line.spoken)));
    if is_chosen || response.hovered() {
        ui.painter().rect_filled(rect, 4.0, if is_chosen { colours.selection } else { colours.raised });
    }
    let font = TextStyle::Body.resolve(ui.style());
    let small = FontId::new(11.5, font.family.clone());
    let text = |text: &str, font: FontId, ink, space: f32| {
        let mut job = egui::text::LayoutJob::simple_singleline(shortened(text).into_owned(), font, ink);
        job.wrap = egui::text::TextWrapping::truncate_at_width(space.max(0.0));
        ui.painter().layout_job(job)
    };
    let title = text(&line.title, font, colours.text, rect.width() * 0.7);
    let aside = text(&line.aside, small, colours.dim, rect.width() - title.size().x - 32.0);
    let at = |x: f32, galley: &egui::Galley| egui::pos2(x, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at(rect.right() - 8.0 - aside.size().x, &aside), aside, colours.dim);
    ui.painter().galley(at(rect.left() + 8.0, &title), title, colours.text);
    response
}

struct Line {
    title: String,
    aside: String,
    /// As it is read aloud.
    spoken: String,
    action: Action,
}

/// A link or a place that was typed or pasted: in any store, or by its stream and version alone in this one.
fn place_line(scene: &Scene<'_>, text: &str, store: Option<&OpenStore>) -> Option<Line> {
    let text = text.trim();
    let of_here = || {
        let (stream, at) = place_in_store(text).filter(|(_, at)| at.is_some() || text.starts_with('#'))?;
        Some(Link { source: store?.source.clone(), stream: Some(stream), at })
    };
    let link = Link::read(text).or_else(of_here)?;
    let title = scene.text("palette-place");
    Some(Line {
        spoken: format!("{title}: {text}"),
        title,
        aside: shortened(text).into_owned(),
        action: Action::Follow(link),
    })
}

/// How far a title is from what was typed: it begins with it, one of its words does, or it only holds it.
fn distance(title: &str, wanted: &str) -> u8 {
    let begins_word =
        |(at, _): (usize, &str)| !title.get(..at).is_some_and(|left| left.ends_with(char::is_alphanumeric));
    if title.starts_with(wanted) {
        0
    } else if title.match_indices(wanted).any(begins_word) {
        1
    } else {
        2
    }
}

fn lines(scene: &Scene<'_>, text: &str, store: Option<&OpenStore>) -> Vec<Line> {
    let wanted = folded(text.trim());
    let is_offered = |command: &Command| !matches!(command, Command::Palette | Command::Dismiss);
    let commands = Command::all().filter(is_offered).map(|command| {
        let title = scene.text(command.title());
        let aside = command.shortcut().map(|shortcut| shortcut.label()).unwrap_or_default();
        Line { spoken: title.clone(), title, aside, action: Action::Run(command) }
    });
    let place = place_line(scene, text, store);
    let mut lines: Vec<Line> = commands.filter(|line| folded(&line.title).contains(&wanted)).collect();
    // Whoever types the beginning of a word means that word.
    lines.sort_by_key(|line| distance(&folded(&line.title), &wanted));
    lines.splice(0..0, place);
    let found = store.and_then(|store| store.found.value()).filter(|_| !wanted.is_empty());
    for found in found.iter().flat_map(|found| found.streams.iter()) {
        let (id, name) = (found.stream.as_str(), found.name.as_deref());
        // What was found for the letters before stays while the next is looked for, as far as it still fits.
        if !folded(id).contains(&wanted) && !name.is_some_and(|name| folded(name).contains(&wanted)) {
            continue;
        }
        let (title, aside, spoken) = match name {
            Some(name) => {
                let short = short_id(id, &found.category);
                (name.to_owned(), format!("{} · {short}", found.category), format!("{name}, {id}"))
            }
            None => (id.to_owned(), found.category.clone(), id.to_owned()),
        };
        lines.push(Line { title, aside, spoken, action: Action::Select(found.stream.clone()) });
    }
    if let Some((event_type, stream, version)) =
        found.and_then(|found| found.event.as_ref().filter(|_| found.text == text.trim()))
    {
        let title = shortened(event_type.as_str()).into_owned();
        let aside = format!("{} v{version}", shortened(stream.as_str()));
        let action = Action::GoToPlace(stream.clone(), *version);
        lines.push(Line { spoken: format!("{title}, {aside}"), title, aside, action });
    }
    // What is no name may stand in an event. Not before all names are known, one of which may be what is meant.
    let text = text.trim();
    if found.is_some_and(|found| found.text == text && !found.is_partial) {
        let title = scene.locale.with("palette-events", [("text", shortened(text).into())]);
        let action = Action::SearchEvents(text.to_owned());
        lines.push(Line { spoken: title.clone(), title, aside: String::new(), action });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_the_typed_letters_is_nearer_than_what_only_holds_them() {
        let mut titles = ["smallest history…", "light or dark theme, maybe", "make this so…", "보상 이벤트"];
        titles.sort_by_key(|title| distance(title, "ma"));
        assert_eq!(titles, ["make this so…", "light or dark theme, maybe", "smallest history…", "보상 이벤트"]);
        assert_eq!((distance("이벤트 복사", "복사"), distance("이벤트 복사", "")), (1, 0));
    }
}
