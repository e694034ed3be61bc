use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use subsetter::{GlyphRemapper, subset};
use ttf_parser::{Face, RawFace, Tag};

const SYSTEM: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// A font of which only the letters that are used go into the file.
pub(super) struct Font {
    bytes: &'static [u8],
    /// `None` only where the font that is built in cannot be read, which a test would tell.
    face: Option<Face<'static>>,
    used: GlyphRemapper,
    letters: BTreeMap<u16, char>,
    widths: BTreeMap<u16, f32>,
}

impl Font {
    pub(super) fn new(bytes: &'static [u8]) -> Self {
        Self {
            bytes,
            face: Face::parse(bytes, 0).ok(),
            used: GlyphRemapper::new(),
            letters: BTreeMap::new(),
            widths: BTreeMap::new(),
        }
    }

    /// Thousandths of the size to which the font is set.
    fn scaled(&self, units: f32) -> f32 {
        let per_em = self.face.as_ref().map_or(1000, Face::units_per_em);
        units * 1000.0 / f32::from(per_em)
    }

    fn letter_width(&self, letter: char) -> Option<f32> {
        let face = self.face.as_ref()?;
        let glyph = face.glyph_index(letter)?;
        Some(self.scaled(f32::from(face.glyph_hor_advance(glyph)?)))
    }

    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        let thousandths: f32 = text.chars().filter_map(|letter| self.letter_width(letter)).sum();
        thousandths * size / 1000.0
    }

    /// The text in letters that the font has: syllables of their parts put together, and what it has no letter for written
    /// out, so that nothing of it is lost.
    pub(super) fn spelled(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for letter in composed(text) {
            if letter == '\n' || self.letter_width(letter).is_some() {
                out.push(letter);
            } else {
                out.extend(letter.escape_unicode());
            }
        }
        out
    }

    /// The numbers of the text's letters, as the page names them.
    pub(super) fn encoded(&mut self, text: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(2 * text.len());
        for letter in text.chars() {
            let Some(glyph) = self.face.as_ref().and_then(|face| face.glyph_index(letter)) else { continue };
            let width = self.letter_width(letter).unwrap_or_default();
            let number = self.used.remap(glyph.0);
            self.letters.entry(number).or_insert(letter);
            self.widths.entry(number).or_insert(width);
            out.extend_from_slice(&number.to_be_bytes());
        }
        out
    }

    /// Takes five numbers from `first` on.
    pub(super) fn write(&self, pdf: &mut Pdf, first: Ref, name: &str) {
        let [font, cid, descriptor, cmap, file] = std::array::from_fn(|n| Ref::new(first.get() + n as i32));
        let name = format!("FOLDLN+{name}");
        let base = format!("{name}-Identity-H");
        pdf.type0_font(font)
            .base_font(Name(base.as_bytes()))
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(cmap);
        let mut described = pdf.cid_font(cid);
        described.subtype(CidFontType::Type0).base_font(Name(name.as_bytes())).system_info(SYSTEM);
        described.font_descriptor(descriptor).default_width(0.0);
        let mut widths = described.widths();
        for (number, width) in &self.widths {
            widths.consecutive(*number, [*width]);
        }
        widths.finish();
        described.finish();
        let (mut ascent, mut descent, mut cap, mut bbox) =
            (900.0, -200.0, 700.0, Rect::new(0.0, -200.0, 1000.0, 900.0));
        if let Some(face) = &self.face {
            ascent = self.scaled(f32::from(face.ascender()));
            descent = self.scaled(f32::from(face.descender()));
            cap = face.capital_height().map_or(cap, |height| self.scaled(f32::from(height)));
            let all = face.global_bounding_box();
            let [left, low, right, high] =
                [all.x_min, all.y_min, all.x_max, all.y_max].map(|units| self.scaled(f32::from(units)));
            bbox = Rect::new(left, low, right, high);
        }
        pdf.font_descriptor(descriptor)
            .name(Name(name.as_bytes()))
            .flags(FontFlags::SYMBOLIC)
            .bbox(bbox)
            .italic_angle(0.0)
            .ascent(ascent)
            .descent(descent)
            .cap_height(cap)
            .stem_v(80.0)
            .font_file3(file);
        let mut unicode = UnicodeCmap::new(Name(b"Foldline-UCS"), SYSTEM);
        for (number, letter) in &self.letters {
            unicode.pair(*number, *letter);
        }
        pdf.cmap(cmap, unicode.finish().as_slice());
        let packed = packed(&self.outlines());
        let mut stream = pdf.stream(file, &packed);
        stream.filter(Filter::FlateDecode);
        stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
    }

    fn outlines(&self) -> Vec<u8> {
        let subset = subset(self.bytes, 0, &self.used).unwrap_or_default();
        let outlines = RawFace::parse(&subset, 0).ok().and_then(|face| face.table(Tag::from_bytes(b"CFF ")));
        outlines.map(<[u8]>::to_vec).unwrap_or_default()
    }
}

pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// The letters of a text, Hangul syllables that are spelled in parts made whole (Unicode, section 3.12).
fn composed(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = Vec::with_capacity(text.len());
    for letter in text.chars() {
        let code = u32::from(letter);
        let made = letters.last().map(|before| u32::from(*before)).and_then(|before| match (before, code) {
            (0x1100..=0x1112, 0x1161..=0x1175) => Some(0xac00 + ((before - 0x1100) * 21 + (code - 0x1161)) * 28),
            (0xac00..=0xd7a3, 0x11a8..=0x11c2) if (before - 0xac00).is_multiple_of(28) => Some(before + code - 0x11a7),
            _ => None,
        });
        match made.and_then(char::from_u32) {
            Some(made) => {
                letters.pop();
                letters.push(made);
            }
            None => letters.push(letter),
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::font;

    #[test]
    fn a_syllable_in_parts_is_one_letter_and_what_the_font_lacks_is_written_out() {
        let font = Font::new(font::REGULAR);
        assert_eq!(font.spelled("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"), "한글");
        assert_eq!(font.spelled("aé→한😀"), "aé→한\\u{1f600}");
    }

    #[test]
    fn only_the_letters_that_are_used_go_into_the_file() {
        let mut font = Font::new(font::SEMIBOLD);
        assert_eq!(font.encoded("가나가").len(), 6);
        assert_eq!(font.letters.values().collect::<String>(), "가나");
        let outlines = font.outlines();
        assert!((100..20_000).contains(&outlines.len()), "{}", outlines.len());
    }
}
