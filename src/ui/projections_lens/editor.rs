use std::ops::Range;

use egui::{
    Align, Color32, Event, FontId, Galley, Id, Key, Layout, Margin, Modifiers, Pos2, Rect, Response, RichText, Role,
    ScrollArea, Shape, Stroke, TextBuffer, TextEdit, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::super::Scene;
use super::super::parts::{card, cut, shortened};
use super::colours::{LINE, laid_out};
use super::wish;
use crate::command::Action;
use crate::theme::palette;
use crate::view::{LineMark, MarkSource, OpenStore, ProjectionWish, Replacing};

/// Behind a line both what may be replaced and the way to an event have room from here on.
const ROOM_FOR_BOTH: f32 = 340.0;

/// Left of the text stand the numbers of the lines.
const GUTTER: f32 = 52.0;

/// The source of the chosen projection, to be typed in. What went wrong is said behind its line.
pub(super) fn editor_ui(ui: &mut Ui, scene: &mut Scene<'_>, store: &OpenStore, marks: &[LineMark]) {
    let Some(file) = store.own.chosen() else { return };
    let name = scene.locale.with("projection-source", [("name", shortened(file.name()).into_owned().into())]);
    let mut text = file.text().to_owned();
    let space = ui.available_rect_before_wrap();
    card(ui, |ui| {
        ui.set_min_size(space.size() - vec2(2.0, 2.0));
        let area = ScrollArea::both().id_salt(("source", file.path())).auto_shrink(false).min_scrolled_height(0.0);
        area.show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
            let id = Id::unique(("source", file.path()));
            take_keys(ui, id, &text);
            let under = ui.painter().add(Shape::Noop);
            let mut layouter = |ui: &Ui, text: &dyn TextBuffer, _: f32| {
                let job = laid_out(ui, text.as_str());
                ui.fonts_mut(|fonts| fonts.layout_job((*job).clone()))
            };
            let rows = (ui.available_height() / LINE).floor().max(1.0) as usize;
            let output = TextEdit::multiline(&mut text)
                .id(id)
                .lock_focus(true)
                .frame(egui::Frame::new().inner_margin(Margin { left: GUTTER as i8, right: 12, top: 8, bottom: 8 }))
                .background_color(Color32::TRANSPARENT)
                .desired_width(ui.available_width())
                .desired_rows(rows.saturating_sub(1))
                .cursor_at_end(false)
                .layouter(&mut layouter)
                .show(ui);
            let response = output.response.response;
            response.widget_info(|| WidgetInfo::labeled(Role::MultilineTextInput, true, &name));
            if response.changed() {
                wish(scene, ProjectionWish::Type(text.clone()));
            }
            let drawn = Drawn { galley: &output.galley, at: output.galley_pos, left: response.rect.left() };
            let shown = drawn.lines_in(ui.clip_rect());
            let (ran, here) = (store.own.trace.ran_lines(file), store.own.trace.line(file));
            ui.painter().set(under, Shape::Vec(drawn.grounds(ui, marks, (&ran, here), &shown)));
            drawn.numbers(ui, &ran, &shown);
            for mark in marks.iter().filter(|mark| shown.contains(&(mark.line as usize).saturating_sub(1))) {
                drawn.mark_ui(ui, scene, mark);
            }
            keep_in_sight(ui, &response, &drawn, marks, here);
        });
    });
}

/// Tab writes two spaces, and a new line begins where the one before it does.
fn take_keys(ui: &Ui, id: Id, text: &str) {
    if !ui.memory(|memory| memory.has_focus(id)) {
        return;
    }
    let cursor = egui::text_edit::TextEditState::load(ui.ctx(), id).and_then(|state| state.cursor.char_range());
    let at = cursor.map_or(0, |range| range.as_sorted_char_range().start.0);
    let before: String = text.chars().take(at).collect();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let indent: String = line.chars().take_while(|letter| *letter == ' ' || *letter == '\t').collect();
    ui.input_mut(|input| {
        for event in &mut input.events {
            let Event::Key { key, pressed: true, modifiers: Modifiers::NONE, .. } = event else { continue };
            match key {
                Key::Tab => *event = Event::Text("  ".to_owned()),
                Key::Enter if !indent.is_empty() => *event = Event::Text(format!("\n{indent}")),
                _ => {}
            }
        }
    });
}

/// A source as it was laid out.
struct Drawn<'g> {
    galley: &'g Galley,
    at: Pos2,
    /// Where the numbers begin.
    left: f32,
}

impl Drawn<'_> {
    fn lines_in(&self, clip: Rect) -> Range<usize> {
        let line = |y: f32| ((y - self.at.y) / LINE).max(0.0) as usize;
        line(clip.top())..(line(clip.bottom()) + 1).min(self.galley.rows.len())
    }

    /// Where a line is, over the whole width.
    fn row(&self, ui: &Ui, line: usize) -> Rect {
        let top = self.at.y + line as f32 * LINE;
        let right = ui.clip_rect().right().max(self.at.x + self.galley.rect.right());
        Rect::from_min_max(pos2(self.left, top), pos2(right, top + LINE))
    }

    /// What lies under the lines in sight: red where something is wrong, an edge where a line ran last, and a band where
    /// one stands.
    fn grounds(
        &self,
        ui: &Ui,
        marks: &[LineMark],
        (ran, here): (&[u32], Option<u32>),
        shown: &Range<usize>,
    ) -> Vec<Shape> {
        let colours = palette(ui);
        let wrong =
            marks.iter().filter_map(|mark| (mark.line as usize).checked_sub(1)).filter(|line| shown.contains(line));
        let wrong = wrong.map(|line| Shape::rect_filled(self.row(ui, line), 0.0, colours.danger_soft));
        let ran = ran.iter().filter_map(|line| (*line as usize).checked_sub(1)).filter(|line| shown.contains(line));
        let ran = ran.map(|line| {
            let row = self.row(ui, line);
            Shape::rect_filled(Rect::from_min_size(row.min, vec2(3.0, LINE)), 0.0, colours.accent)
        });
        let here = here.and_then(|line| (line as usize).checked_sub(1)).filter(|line| shown.contains(line));
        let here = here.map(|line| Shape::rect_filled(self.row(ui, line), 0.0, colours.accent_soft));
        here.into_iter().chain(wrong).chain(ran).collect()
    }

    fn numbers(&self, ui: &Ui, ran: &[u32], shown: &Range<usize>) {
        let colours = palette(ui);
        for line in shown.clone() {
            let number = line + 1;
            let ink = if ran.contains(&(number as u32)) { colours.accent } else { colours.dim };
            let at = pos2(self.left + GUTTER - 14.0, self.row(ui, line).center().y);
            let font = FontId::monospace(11.5);
            ui.painter().text(at, egui::Align2::RIGHT_CENTER, number.to_string(), font, ink);
        }
    }

    /// What went wrong on a line, behind its end.
    fn mark_ui(&self, ui: &mut Ui, scene: &mut Scene<'_>, mark: &LineMark) {
        const LEAST: f32 = 160.0;
        let colours = palette(ui);
        let Some(line) = (mark.line as usize).checked_sub(1) else { return };
        let Some(row) = self.galley.rows.get(line) else { return };
        if let Some(column) = mark.column {
            self.underline(ui, line, column);
        }
        let clip = ui.clip_rect();
        let end = self.at.x + row.rect().right() + 24.0;
        // Behind a long line there is no room, and what is typed is not covered.
        if end + LEAST > clip.right() {
            return self.sign_ui(ui, scene, mark, line);
        }
        let place = Rect::from_min_max(
            pos2(end, self.row(ui, line).top()),
            pos2(clip.right() - 8.0, self.row(ui, line).bottom()),
        );
        let mut inside = ui.new_child(UiBuilder::new().max_rect(place).id_salt(("mark", line)));
        // What can be done stands at the right, and what went wrong has the room before it.
        inside.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            if let Some(replacing) = &mark.replacing
                && replace_ui(ui, scene, replacing)
            {
                wish(scene, ProjectionWish::Replace(replacing.clone()));
            }
            // Where there is little room, the way to the event stands above the source alone.
            let has_room = mark.replacing.is_none() || place.width() > ROOM_FOR_BOTH;
            if let MarkSource::Event { stream, version, .. } = &mark.source
                && has_room
            {
                let at = format!("{} v{version} ↗", shortened(stream.as_str()));
                let button = egui::Button::new(RichText::new(at).size(11.5).color(colours.danger)).small().truncate();
                let room = ui.available_width();
                ui.scope(|ui| {
                    ui.set_max_width((room * 0.45).max(60.0));
                    if ui.add(button).clicked() {
                        scene.ask(Action::GoToPlace(stream.clone(), *version));
                    }
                });
            }
            let said = scene.sentence(&mark.message);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                cut(ui, RichText::new(shortened(&said)).color(colours.danger)).on_hover_text(shortened(&said));
            });
        });
    }

    /// The same in a sign beside the number of the line.
    fn sign_ui(&self, ui: &mut Ui, scene: &mut Scene<'_>, mark: &LineMark, line: usize) {
        let row = self.row(ui, line);
        let place =
            Rect::from_min_max(pos2(row.left() + GUTTER - 13.0, row.top()), pos2(row.left() + GUTTER, row.bottom()));
        let mut inside = ui.new_child(UiBuilder::new().max_rect(place).id_salt(("sign", line)));
        let said = shortened(&scene.sentence(&mark.message)).into_owned();
        let text = RichText::new("!").strong().color(palette(ui).danger);
        let sign = inside.add(egui::Button::new(text).frame(false).min_size(place.size()));
        sign.widget_info(|| WidgetInfo::labeled(Role::Button, true, &said));
        if sign.on_hover_text(&said).clicked()
            && let MarkSource::Event { stream, version, .. } = &mark.source
        {
            scene.ask(Action::GoToPlace(stream.clone(), *version));
        }
    }

    /// The word at a column.
    fn underline(&self, ui: &Ui, line: usize, column: u32) {
        let Some(row) = self.galley.rows.get(line) else { return };
        let letters: Vec<char> = row.row.glyphs.iter().map(|glyph| glyph.chr).collect();
        let from = (column as usize).saturating_sub(1).min(letters.len().saturating_sub(1));
        let is_of_word = |letter: &char| letter.is_alphanumeric() || matches!(letter, '_' | '$' | '.');
        let length = letters.iter().skip(from).take_while(|letter| is_of_word(letter)).count().max(1);
        let x = |letter: usize| self.at.x + row.pos.x + row.row.x_offset(letter.into());
        let y = self.row(ui, line).bottom() - 3.0;
        let stroke = Stroke::new(1.5, palette(ui).danger);
        ui.painter().line_segment([pos2(x(from), y), pos2(x(from + length), y)], stroke);
    }
}

/// Puts the word that was meant in the place of the one that stands there.
pub(super) fn replace_ui(ui: &mut Ui, scene: &Scene<'_>, replacing: &Replacing) -> bool {
    let said = scene.locale.with("projection-replace", [("name", shortened(&replacing.by).into_owned().into())]);
    ui.add(egui::Button::new(RichText::new(said).size(11.5)).small()).clicked()
}

/// A line that something is newly wrong with, or that one stands on newly, is brought into view, unless somebody types.
fn keep_in_sight(ui: &Ui, field: &Response, drawn: &Drawn<'_>, marks: &[LineMark], here: Option<u32>) {
    let seen_id = Id::unique("marked line of a source");
    let first = marks.iter().map(|mark| mark.line).find(|line| *line > 0);
    let before: Option<(Option<u32>, Option<u32>)> = ui.data(|data| data.get_temp(seen_id));
    ui.data_mut(|data| data.insert_temp(seen_id, (first, here)));
    let is_new = |line: Option<u32>, before: Option<Option<u32>>| line.filter(|_| before != Some(line));
    let line = is_new(here, before.map(|(_, here)| here)).or(is_new(first, before.map(|(first, _)| first)));
    if let Some(line) = line.filter(|_| !field.has_focus()) {
        ui.scroll_to_rect(drawn.row(ui, (line as usize).saturating_sub(1)), None);
    }
}
