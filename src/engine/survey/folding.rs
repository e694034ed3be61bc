//! Text as it is compared: without case, and without the marks on Latin letters.

use std::cmp::Ordering;

/// The plain letters of `À` to `ſ`, in their order; a point where the letter stays.
const PLAIN: &str = "aaaaaa.ceeeeiiii.nooooo.ouuuuy..aaaaaa.ceeeeiiii.nooooo.ouuuuy.y\
aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkkllllllllllnnnnnnnnnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

const FIRST_MARKED: u32 = 0xC0;

/// `José Ñíguez` reads `jose niguez`; Hangul and everything else that has no case stays.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match plain(letter) {
            Some(plain) => out.push(plain),
            // Marks that stand behind their letter.
            None if ('\u{300}'..='\u{36f}').contains(&letter) => {}
            None => out.extend(letter.to_lowercase()),
        }
    }
    out
}

fn plain(letter: char) -> Option<char> {
    let place = (letter as u32).checked_sub(FIRST_MARKED)?;
    PLAIN.as_bytes().get(place as usize).map(|byte| char::from(*byte)).filter(|plain| *plain != '.')
}

/// By letters, and runs of digits by their number: `lead-9` before `lead-10`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        match (a.first(), b.first()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (left, right) = (number(&mut a), number(&mut b));
                let order = left.len().cmp(&right.len()).then_with(|| left.cmp(right));
                if order.is_ne() {
                    return order;
                }
            }
            (Some(x), Some(y)) if x == y => {
                a = a.get(1..).unwrap_or_default();
                b = b.get(1..).unwrap_or_default();
            }
            (x, y) => return x.cmp(&y),
        }
    }
}

/// Takes the digits at the beginning, without noughts ahead of them.
fn number<'t>(text: &mut &'t [u8]) -> &'t [u8] {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    *text = rest;
    let noughts = digits.iter().take_while(|byte| **byte == b'0').count();
    digits.get(noughts..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_compared_without_case_and_marks() {
        for (text, plain) in [
            ("Maria ORTIZ", "maria ortiz"),
            ("José Ñíguez", "jose niguez"),
            ("Jose\u{301}", "jose"),
            ("Łódź Žižka", "lodz zizka"),
            ("Straße ÆØ", "straße æo"),
            ("ŒŸſ", "œys"),
            ("ÉTÉ ×÷ Þ", "ete ×÷ þ"),
            ("김서연", "김서연"),
            ("ИВАН", "иван"),
        ] {
            assert_eq!(folded(text), plain, "{text}");
        }
    }

    #[test]
    fn numbers_are_ordered_as_numbers() {
        let mut names = vec!["lead-10", "lead-9", "b", "lead-009", "a", "lead-", "가", "10", "9a"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["9a", "10", "a", "b", "lead-", "lead-9", "lead-009", "lead-10", "가"]);
    }
}
