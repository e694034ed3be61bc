//! Letters that leave no trace where they are shown, or change what stands around them. A store's names may hold any.

use std::borrow::Cow;

/// Letters that steer a terminal, turn the direction of writing, or leave no trace on the screen. A line break is the
/// layout's own.
pub fn is_hidden(letter: char) -> bool {
    match letter {
        '\n' => false,
        '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => true,
        letter => letter.is_control(),
    }
}

/// Whether no byte can begin such a letter: nearly always so, and one look at the bytes spares the rest.
pub fn is_harmless(bytes: &[u8]) -> bool {
    let may_be_hidden = |byte: &u8| matches!(byte, 0..=0x09 | 0x0b..=0x1f | 0x7f | 0xc2 | 0xd8 | 0xe2 | 0xef | 0xf3);
    !bytes.iter().any(may_be_hidden) && std::str::from_utf8(bytes).is_ok()
}

/// Adds a letter, or its number where it cannot be shown itself.
pub fn push_visible(text: &mut String, letter: char) {
    if is_hidden(letter) {
        text.extend(letter.escape_unicode());
    } else {
        text.push(letter);
    }
}

/// The text with every hidden letter by its number.
pub fn visible(text: &str) -> Cow<'_, str> {
    if is_harmless(text.as_bytes()) || !text.contains(is_hidden) {
        return text.into();
    }
    let mut cleaned = String::with_capacity(text.len() + 16);
    text.chars().for_each(|letter| push_visible(&mut cleaned, letter));
    cleaned.into()
}

/// The same for a line among others, which no line break in it may end.
pub fn visible_on_line(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == '\n' {
            cleaned.extend(letter.escape_unicode());
        } else {
            push_visible(&mut cleaned, letter);
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_look_lets_nothing_through() {
        for letter in ('\0'..=char::MAX).filter(|letter| is_hidden(*letter)) {
            assert!(!is_harmless(letter.encode_utf8(&mut [0; 4]).as_bytes()), "{letter:?}");
        }
    }

    #[test]
    fn what_is_hidden_is_told_by_its_number_and_all_else_stays() {
        assert_eq!(visible("a\u{202e}b\u{1b}[2J\n한 “é”"), "a\\u{202e}b\\u{1b}[2J\n한 “é”");
        assert!(matches!(visible("“한”"), Cow::Borrowed("“한”")));
    }
}
