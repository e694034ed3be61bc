use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

/// The family for headings and what is strong.
pub const SEMIBOLD: &str = "semibold";

const REGULAR_FONT: &[u8] = include_bytes!("../../assets/fonts/Pretendard-Regular.otf");
const SEMIBOLD_FONT: &[u8] = include_bytes!("../../assets/fonts/Pretendard-SemiBold.otf");

/// Pretendard for everything but data, since it holds Latin and every Hangul syllable; egui's monospace for data, with
/// Pretendard behind it so that Hangul in data renders too.
pub fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    fonts.font_data.insert("pretendard".to_owned(), Arc::new(FontData::from_static(REGULAR_FONT)));
    fonts.font_data.insert("pretendard-semibold".to_owned(), Arc::new(FontData::from_static(SEMIBOLD_FONT)));
    let proportional = fonts.families.entry(FontFamily::Proportional).or_default();
    proportional.insert(0, "pretendard".to_owned());
    let fallback = proportional.clone();
    fonts.families.entry(FontFamily::Monospace).or_default().push("pretendard".to_owned());
    let mut strong = vec!["pretendard-semibold".to_owned()];
    strong.extend(fallback);
    fonts.families.insert(FontFamily::Name(SEMIBOLD.into()), strong);
    fonts
}
