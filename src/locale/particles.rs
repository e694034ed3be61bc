//! Korean particles: which form follows a value depends on its last sound, which is known only when it is put in.

use std::borrow::Cow;

/// Stands before a particle of a text, so that one in a stranger's words is told from it and left alone.
const MARK: char = '\u{e000}';

/// Both forms as a text has them, the one behind a final consonant, and the other.
const PARTICLES: [(&str, &str, &str); 5] = [
    ("이(가)", "이", "가"),
    ("은(는)", "은", "는"),
    ("을(를)", "을", "를"),
    ("와(과)", "과", "와"),
    ("(으)로", "으로", "로"),
];

/// The last sound of a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Vowel,
    /// ㄹ, behind which 로 stands as behind a vowel.
    Rieul,
    Consonant,
}

/// The texts of a language file, with their particles marked.
pub(super) fn marked(texts: &str) -> String {
    let mark = |texts: String, (both, ..): &(&str, &str, &str)| texts.replace(both, &format!("{MARK}{both}"));
    PARTICLES.iter().fold(texts.to_owned(), mark)
}

/// A text with each marked particle in the form that what stands before it takes. Where that cannot be told, as of a word in
/// Latin letters, both stand.
pub(super) fn settled(text: Cow<'_, str>) -> String {
    if !text.contains(MARK) {
        return text.into_owned();
    }
    let mut parts = text.split(MARK);
    let mut settled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((both, closed, open)) = PARTICLES.iter().find(|(both, ..)| part.starts_with(both)) else {
            settled.push(MARK);
            settled.push_str(part);
            continue;
        };
        let form = match (ending(&settled), *both) {
            (None, both) => both,
            (Some(Ending::Rieul), "(으)로") | (Some(Ending::Vowel), _) => open,
            (Some(Ending::Rieul | Ending::Consonant), _) => closed,
        };
        settled.push_str(form);
        settled.push_str(part.get(both.len()..).unwrap_or_default());
    }
    settled
}

fn ending(text: &str) -> Option<Ending> {
    /// Syllables follow one another by their finals, of which there are so many, none among them.
    const FINALS: u32 = 28;
    const RIEUL: u32 = 8;
    match text.trim_end_matches(['”', '’', '"', '\'', '`']).chars().next_back()? {
        syllable @ '가'..='힣' => Some(match (u32::from(syllable) - u32::from('가')) % FINALS {
            0 => Ending::Vowel,
            RIEUL => Ending::Rieul,
            _ => Ending::Consonant,
        }),
        // As they are read: 일, 칠 and 팔; 영, 십, 백, 천 and 만; 삼 and 육.
        '1' | '7' | '8' => Some(Ending::Rieul),
        '0' | '3' | '6' => Some(Ending::Consonant),
        '2' | '4' | '5' | '9' => Some(Ending::Vowel),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_particle_takes_the_form_that_the_value_before_it_asks_for() {
        let say = |value: &str, behind: &str| settled(format!("{value}{}", marked(behind)).into());
        for (value, behind, expected) in [
            ("버전 7", "(으)로 기록됩니다", "버전 7로 기록됩니다"),
            ("버전 10", "(으)로", "버전 10으로"),
            ("버전 2", "(으)로", "버전 2로"),
            ("김서연", "이(가) 설정함", "김서연이 설정함"),
            ("이영희", "이(가) 설정함", "이영희가 설정함"),
            ("“환불”", "은(는) 시각이 아닙니다", "“환불”은 시각이 아닙니다"),
            ("서울", "(으)로", "서울로"),
            ("서울", "을(를)", "서울을"),
            ("문자열", "와(과) 숫자", "문자열과 숫자"),
            ("숫자", "와(과) 문자열", "숫자와 문자열"),
            ("lead", "이(가) 없습니다", "lead이(가) 없습니다"),
            ("", "이(가) 없습니다", "이(가) 없습니다"),
        ] {
            assert_eq!(say(value, behind), expected);
        }
        // Two in one text, the second behind a value again.
        assert_eq!(say("3", "은(는) 4을(를)"), "3은 4를");
    }

    #[test]
    fn what_a_stranger_wrote_stays_as_it_is() {
        assert_eq!(settled("그는 물이(가) 좋다고 했다".into()), "그는 물이(가) 좋다고 했다");
        assert_eq!(settled("a\u{e000}b".into()), "a\u{e000}b");
    }
}
