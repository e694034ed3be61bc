use pdf_writer::{Content, Name, Str};

use super::fonts::Font;
use crate::evidence::pages::{Block, Column};
use crate::locale::font;

pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 42.0;
/// Where the lowest line stands; the foot is below.
const BOTTOM: f32 = 60.0;
const INNER: f32 = WIDTH - 2.0 * MARGIN;

const TEXT: f32 = 9.0;
const CELL: f32 = 7.5;
const CELL_LINE: f32 = 10.0;
/// Between two cells.
const GAP: f32 = 6.0;

const INK: f32 = 0.0;
const DIM: f32 = 0.35;

/// A row of more lines than these may be torn between two sheets.
const KEPT_TOGETHER: usize = 12;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Strong,
}

/// Sheets of paper, filled from the top.
pub(super) struct Sheets {
    pub(super) regular: Font,
    pub(super) strong: Font,
    pub(super) done: Vec<Content>,
    /// Where the last line stands, from below.
    y: f32,
}

impl Sheets {
    pub(super) fn new() -> Self {
        Self {
            regular: Font::new(font::REGULAR),
            strong: Font::new(font::SEMIBOLD),
            done: vec![Content::new()],
            y: HEIGHT - MARGIN,
        }
    }

    fn font(&mut self, weight: Weight) -> &mut Font {
        match weight {
            Weight::Regular => &mut self.regular,
            Weight::Strong => &mut self.strong,
        }
    }

    fn next_sheet(&mut self) {
        self.done.push(Content::new());
        self.y = HEIGHT - MARGIN;
    }

    /// Makes sure of this much room below.
    fn room(&mut self, height: f32) {
        if self.y - height < BOTTOM {
            self.next_sheet();
        }
    }

    fn put(&mut self, weight: Weight, size: f32, (x, y): (f32, f32), gray: f32, text: &str) {
        let encoded = self.font(weight).encoded(text);
        let Some(content) = self.done.last_mut() else { return };
        put(content, weight, size, (x, y), gray, &encoded);
    }

    /// The lines that a text takes: broken between words, and inside of one only where it is longer than a line.
    fn lines(&mut self, weight: Weight, size: f32, width: f32, text: &str) -> Vec<String> {
        let font = self.font(weight);
        let text = font.spelled(text);
        let mut lines = Vec::new();
        for paragraph in text.split('\n') {
            let (mut line, mut used) = (String::new(), 0.0);
            for word in paragraph.split_inclusive([' ', '-', '_', '.', '/', ',']) {
                if used > 0.0 && used + font.width(word.trim_end(), size) > width {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                for letter in word.chars() {
                    let wide = font.width(letter.encode_utf8(&mut [0; 4]), size);
                    if used > 0.0 && used + wide > width && letter != ' ' {
                        lines.push(std::mem::take(&mut line));
                        used = 0.0;
                    }
                    line.push(letter);
                    used += wide;
                }
            }
            lines.push(line);
        }
        lines
    }

    pub(super) fn title(&mut self, text: &str) {
        for line in self.lines(Weight::Strong, 17.0, INNER, text) {
            self.room(22.0);
            self.y -= 22.0;
            self.put(Weight::Strong, 17.0, (MARGIN, self.y), INK, &line);
        }
        self.y -= 6.0;
    }

    pub(super) fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(text) => {
                // A heading is not left alone at the foot of a sheet.
                self.room(70.0);
                self.y -= 26.0;
                self.put(Weight::Strong, 11.5, (MARGIN, self.y), INK, text);
                self.y -= 4.0;
            }
            Block::Text(text) => {
                for line in self.lines(Weight::Regular, TEXT, INNER, text) {
                    self.room(13.0);
                    self.y -= 13.0;
                    self.put(Weight::Regular, TEXT, (MARGIN, self.y), INK, &line);
                }
                self.y -= 2.0;
            }
            Block::Pairs(pairs) => {
                let names = pairs.iter().map(|(name, _)| self.regular.width(name, TEXT)).fold(0.0, f32::max);
                let beside = MARGIN + names.min(INNER / 3.0) + 14.0;
                for (name, value) in pairs {
                    for (n, line) in
                        self.lines(Weight::Regular, TEXT, MARGIN + INNER - beside, value).iter().enumerate()
                    {
                        self.room(13.0);
                        self.y -= 13.0;
                        if n == 0 {
                            let name = self.regular.spelled(name);
                            self.put(Weight::Regular, TEXT, (MARGIN, self.y), DIM, &name);
                        }
                        self.put(Weight::Regular, TEXT, (beside, self.y), INK, line);
                    }
                }
            }
            Block::Table { columns, rows } => self.table(columns, rows),
        }
    }

    fn table(&mut self, columns: &[Column], rows: &[Vec<String>]) {
        let whole: f32 = columns.iter().map(|column| f32::from(column.width)).sum();
        let mut at = MARGIN;
        let places: Vec<(f32, f32)> = columns
            .iter()
            .map(|column| {
                let width = INNER * f32::from(column.width) / whole.max(1.0);
                let place = (at, width - GAP);
                at += width;
                place
            })
            .collect();
        self.table_head(columns, &places);
        for row in rows {
            let cells: Vec<Vec<String>> = row
                .iter()
                .zip(&places)
                .map(|(cell, (_, width))| self.lines(Weight::Regular, CELL, *width, cell))
                .collect();
            let count = cells.iter().map(Vec::len).max().unwrap_or(0);
            let whole_row = if count <= KEPT_TOGETHER { count } else { 1 };
            if self.y - whole_row as f32 * CELL_LINE - 3.0 < BOTTOM {
                self.next_sheet();
                self.table_head(columns, &places);
            }
            self.y -= 2.0;
            for n in 0..count {
                if self.y - CELL_LINE < BOTTOM {
                    self.next_sheet();
                    self.table_head(columns, &places);
                }
                self.y -= CELL_LINE;
                for (cell, (x, _)) in cells.iter().zip(&places) {
                    if let Some(line) = cell.get(n) {
                        self.put(Weight::Regular, CELL, (*x, self.y), INK, line);
                    }
                }
            }
            self.y -= 3.5;
            self.rule(0.85);
        }
    }

    fn table_head(&mut self, columns: &[Column], places: &[(f32, f32)]) {
        self.y -= 14.0;
        for (column, (x, width)) in columns.iter().zip(places) {
            let head = self.lines(Weight::Strong, CELL, *width, &column.head);
            if let Some(head) = head.first() {
                self.put(Weight::Strong, CELL, (*x, self.y), DIM, head);
            }
        }
        self.y -= 4.0;
        self.rule(0.6);
    }

    fn rule(&mut self, gray: f32) {
        let y = self.y;
        let Some(content) = self.done.last_mut() else { return };
        content.set_stroke_gray(gray).set_line_width(0.5);
        content.move_to(MARGIN, y).line_to(MARGIN + INNER, y).stroke();
    }

    /// At the foot of every sheet: whose it is, and which of how many.
    pub(super) fn feet(&mut self, text: &str) {
        let count = self.done.len();
        let text = self.lines(Weight::Regular, CELL, INNER - 60.0, text).into_iter().next().unwrap_or_default();
        let encoded = self.regular.encoded(&text);
        for n in 0..count {
            let number = format!("{} / {count}", n + 1);
            let x = MARGIN + INNER - self.regular.width(&number, CELL);
            let number = self.regular.encoded(&number);
            let Some(content) = self.done.get_mut(n) else { continue };
            put(content, Weight::Regular, CELL, (MARGIN, 36.0), DIM, &encoded);
            put(content, Weight::Regular, CELL, (x, 36.0), DIM, &number);
        }
    }
}

fn put(content: &mut Content, weight: Weight, size: f32, (x, y): (f32, f32), gray: f32, encoded: &[u8]) {
    content.begin_text().set_fill_gray(gray).set_font(font_name(weight), size);
    content.next_line(x, y).show(Str(encoded)).end_text();
}

/// As the sheets name their fonts.
pub(super) fn font_name(weight: Weight) -> Name<'static> {
    match weight {
        Weight::Regular => Name(b"R"),
        Weight::Strong => Name(b"S"),
    }
}
