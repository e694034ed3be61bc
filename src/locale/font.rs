//! The letters in which both languages are written: Pretendard, which holds Latin and every Hangul syllable.

pub static REGULAR: &[u8] = include_bytes!("../../assets/fonts/Pretendard-Regular.otf");
pub static SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Pretendard-SemiBold.otf");
