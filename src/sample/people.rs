//! Made-up customers: names of several languages, telephone numbers that nobody has, and slips of the pen.

use super::random::Random;

/// In which language a customer is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Korean,
}

/// A text in both languages, to be picked from.
#[derive(Debug)]
pub(super) struct Words {
    pub en: &'static [&'static str],
    pub ko: &'static [&'static str],
}

impl Words {
    pub(super) fn pick(&self, language: Language, random: &mut Random) -> &'static str {
        random.pick(match language {
            Language::English => self.en,
            Language::Korean => self.ko,
        })
    }
}

#[derive(Clone, Debug)]
pub(super) struct Person {
    pub name: String,
    pub phone: String,
    pub language: Language,
}

/// The first customers are always the same.
const FIRST: &[(u64, &str, Language)] = &[
    (2, "김철수", Language::Korean),
    (3, "이영희", Language::Korean),
    (4, "Maria Ortiz", Language::English),
    (5, "박지훈", Language::Korean),
    (7, "Chen Wei", Language::English),
];

const KOREAN_FAMILIES: &[&str] = &[
    "김", "김", "김", "이", "이", "이", "박", "박", "최", "정", "강", "조", "윤", "장", "임", "한", "오", "서", "신",
    "권", "황", "안", "송", "류", "홍", "남궁", "선우",
];

const KOREAN_GIVEN: &[&str] = &[
    "철수", "영희", "지훈", "민준", "서연", "도윤", "하은", "예준", "지우", "수빈", "현우", "은지", "성호", "미경",
    "동현", "유진", "재원", "소영", "상훈", "혜진", "태민", "나연", "준호", "보라", "경수", "다인", "승연", "가온",
    "영수", "순자", "정숙", "병철", "하늘", "슬기", "진우", "민서", "시우", "채원", "은호", "연우",
];

/// Syllables that are easily taken for each other on the telephone.
const KOREAN_SLIPS: &[(&str, &str)] = &[
    ("철", "칠"),
    ("영", "연"),
    ("지", "치"),
    ("훈", "운"),
    ("현", "헌"),
    ("은", "운"),
    ("혜", "해"),
    ("재", "제"),
    ("예", "애"),
    ("연", "영"),
    ("민", "빈"),
    ("경", "견"),
    ("진", "신"),
    ("수", "주"),
    ("서", "소"),
];

/// First and last names that go together, with the telephone's country code.
struct Region {
    code: &'static str,
    first: &'static [&'static str],
    last: &'static [&'static str],
}

const ENGLISH: Region = Region {
    code: "+1",
    first: &[
        "Emma", "Oliver", "Grace", "Henry", "Alice", "Jack", "Nora", "Samuel", "Ruby", "Thomas", "Hannah", "Daniel",
        "Lucy", "Peter", "Martha", "Owen", "Clara", "Victor", "Ellen", "Marcus",
    ],
    last: &[
        "Walker",
        "Bennett",
        "Hughes",
        "Carter",
        "Foster",
        "Marsh",
        "Doyle",
        "Pearson",
        "Whitfield",
        "Brooks",
        "Lane",
        "Mercer",
        "Ashby",
        "Quinn",
        "Holloway",
        "Reed",
        "Sutton",
        "Vance",
        "Keating",
        "Barlow",
    ],
};

const OTHERS: &[Region] = &[
    Region {
        code: "+34",
        first: &["Maria", "Javier", "Lucía", "Diego", "Carmen", "Pablo", "Inés", "Andrés"],
        last: &["Ortiz", "Navarro", "Serrano", "Ibáñez", "Molina", "Vega", "Cabrera", "Peña"],
    },
    Region {
        code: "+86",
        first: &["Chen", "Wang", "Li", "Zhao", "Sun", "Huang", "Lin", "Gao"],
        last: &["Wei", "Jing", "Ming", "Xiaoyu", "Lei", "Yan", "Hao", "Mei"],
    },
    Region {
        code: "+81",
        first: &["Yuki", "Haruto", "Aoi", "Ren", "Sakura", "Kenji", "Naoko", "Takumi"],
        last: &["Tanaka", "Mori", "Ishida", "Okada", "Fujita", "Hayashi", "Ueno", "Kojima"],
    },
    Region {
        code: "+49",
        first: &["Anja", "Jürgen", "Katrin", "Lukas", "Sabine", "Uwe", "Greta", "Moritz"],
        last: &["Weber", "Schröder", "Vogel", "Hartmann", "Böhm", "Lorenz", "Pohl", "Engel"],
    },
    Region {
        code: "+84",
        first: &["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Đặng"],
        last: &["Minh", "Lan", "Hương", "Tuấn", "Linh", "Quang"],
    },
    Region {
        code: "+91",
        first: &["Priya", "Arjun", "Meera", "Ravi", "Anita", "Vikram"],
        last: &["Nair", "Deshpande", "Iyer", "Kapoor", "Banerjee", "Rao"],
    },
    Region {
        code: "+48",
        first: &["Zofia", "Marek", "Agnieszka", "Piotr", "Halina", "Tomasz"],
        last: &["Nowak", "Wójcik", "Zieliński", "Król", "Mazur", "Pawlak"],
    },
];

pub(super) fn customer(number: Option<u64>, random: &mut Random) -> Person {
    let known = number.and_then(|number| FIRST.iter().find(|(n, ..)| *n == number));
    if let Some((_, name, language)) = known {
        let phone = match language {
            Language::Korean => korean_phone(random),
            Language::English => foreign_phone("+1", random),
        };
        return Person { name: (*name).to_owned(), phone, language: *language };
    }
    match random.below(100) {
        ..60 => {
            let name = format!("{}{}", random.pick(KOREAN_FAMILIES), random.pick(KOREAN_GIVEN));
            Person { name, phone: korean_phone(random), language: Language::Korean }
        }
        60..84 => foreigner(&ENGLISH, random),
        _ => {
            let region = &OTHERS[random.below(OTHERS.len() as u64) as usize];
            foreigner(region, random)
        }
    }
}

/// Whether this customer is one of those that are always the same.
pub(super) fn is_well_known(number: u64) -> bool {
    FIRST.iter().any(|(n, ..)| *n == number)
}

fn foreigner(region: &Region, random: &mut Random) -> Person {
    let name = format!("{} {}", random.pick(region.first), random.pick(region.last));
    Person { name, phone: foreign_phone(region.code, random), language: Language::English }
}

/// Korean mobile numbers never go on with a nought.
fn korean_phone(random: &mut Random) -> String {
    format!("010-0{:03}-{:04}", random.below(1_000), random.below(10_000))
}

/// 555 01 is kept free for stories; other countries get numbers too short to be dialled.
fn foreign_phone(code: &str, random: &mut Random) -> String {
    if code == "+1" {
        format!("+1 {} 555 01{:02}", 201 + random.below(780), random.below(100))
    } else {
        format!("{code} 000 {:03} {:02}", random.below(1_000), random.below(100))
    }
}

pub(super) fn another_phone(person: &Person, random: &mut Random) -> String {
    loop {
        let phone = match person.phone.split_once(' ') {
            Some((code, _)) => foreign_phone(code, random),
            None => korean_phone(random),
        };
        if phone != person.phone {
            return phone;
        }
    }
}

/// The name as somebody in a hurry might write it, if there is an easy way to get it wrong.
pub(super) fn misspelt_name(name: &str, random: &mut Random) -> Option<String> {
    if let Some((right, wrong)) = KOREAN_SLIPS.iter().find(|(right, _)| name.contains(right)) {
        return Some(name.replacen(right, wrong, 1));
    }
    let letters: Vec<char> = name.chars().collect();
    let places: Vec<usize> = (1..letters.len().saturating_sub(1))
        .filter(|&i| letters[i].is_lowercase() && letters[i + 1].is_lowercase() && letters[i] != letters[i + 1])
        .collect();
    if places.is_empty() {
        return None;
    }
    let mut wrong = letters;
    let at = places[random.below(places.len() as u64) as usize];
    match random.below(3) {
        0 => wrong.swap(at, at + 1),
        1 => wrong.insert(at, wrong[at]),
        _ => {
            wrong.remove(at);
        }
    }
    Some(wrong.into_iter().collect())
}

/// The number with two of its last digits the wrong way round, if they differ.
pub(super) fn misheard_phone(phone: &str) -> Option<String> {
    let mut digits: Vec<char> = phone.chars().collect();
    let at = (1..digits.len())
        .rev()
        .find(|&i| digits[i].is_ascii_digit() && digits[i - 1].is_ascii_digit() && digits[i] != digits[i - 1])?;
    digits.swap(at - 1, at);
    Some(digits.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_differ_from_what_was_meant() {
        let mut random = Random::new(5);
        for _ in 0..2_000 {
            let person = customer(None, &mut random);
            assert_ne!(misspelt_name(&person.name, &mut random).as_ref(), Some(&person.name));
            assert_ne!(misheard_phone(&person.phone).as_ref(), Some(&person.phone));
            assert_ne!(another_phone(&person, &mut random), person.phone);
        }
    }
}
