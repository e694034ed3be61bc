use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

use crate::locale::font;

/// The family for headings and what is strong.
pub const SEMIBOLD: &str = "semibold";

/// Pretendard for everything but data, since it holds Latin and every Hangul syllable; egui's monospace for data, with
/// Pretendard behind it so that Hangul in data renders too.
pub fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    fonts.font_data.insert("pretendard".to_owned(), Arc::new(FontData::from_static(font::REGULAR)));
    fonts.font_data.insert("pretendard-semibold".to_owned(), Arc::new(FontData::from_static(font::SEMIBOLD)));
    let proportional = fonts.families.entry(FontFamily::Proportional).or_default();
    proportional.insert(0, "pretendard".to_owned());
    let fallback = proportional.clone();
    fonts.families.entry(FontFamily::Monospace).or_default().push("pretendard".to_owned());
    let mut strong = vec!["pretendard-semibold".to_owned()];
    strong.extend(fallback);
    fonts.families.insert(FontFamily::Name(SEMIBOLD.into()), strong);
    fonts
}
