//! Which runs of four bytes some texts have, in a few bits each: what is not among them stands in none of the texts.

use super::super::find::Needle;

/// The bits that are filled first; they are folded together until about a third of them is set.
const BITS: usize = 1 << 20;
const FEWEST_BITS: usize = 1 << 10;

/// How long a run is. A syllable of Korean has three bytes, and two of them three such runs.
pub(super) const LENGTH: usize = 4;

/// The runs of some texts, while they are taken.
pub(super) struct Taken(Vec<u64>);

impl Default for Taken {
    fn default() -> Self {
        Self(vec![0; BITS / 64])
    }
}

fn runs(text: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let mut run = 0_u32;
    text.iter().enumerate().filter_map(move |(at, byte)| {
        run = run << 8 | u32::from(byte.to_ascii_lowercase());
        (at + 1 >= LENGTH).then_some(run)
    })
}

/// The two bits of a run, of as many as there may be.
fn bits(run: u32) -> [usize; 2] {
    let mixed = u64::from(run).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    [(mixed >> 40) as usize % BITS, (mixed >> 12) as usize % BITS]
}

impl Taken {
    pub(super) fn take(&mut self, text: &[u8]) {
        for bit in runs(text).flat_map(bits) {
            if let Some(word) = self.0.get_mut(bit / 64) {
                *word |= 1 << (bit % 64);
            }
        }
    }

    /// What is kept of them; the next ones begin anew.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let mut words = std::mem::take(self).0;
        let set = |words: &[u64]| words.iter().map(|word| word.count_ones() as usize).sum::<usize>();
        while words.len() * 64 > FEWEST_BITS && set(&words) * 5 < words.len() * 64 {
            let upper = words.split_off(words.len() / 2);
            for (word, other) in words.iter_mut().zip(upper) {
                *word |= other;
            }
        }
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }
}

/// Runs that all must be there.
#[derive(Clone, Debug)]
struct All(Vec<[usize; 2]>);

impl All {
    fn are_in(&self, kept: &[u8]) -> bool {
        let count = (kept.len() * 8).max(1);
        let is_set = |bit: usize| kept.get(bit % count / 8).is_some_and(|byte| byte >> (bit % 8) & 1 == 1);
        self.0.iter().flatten().all(|bit| is_set(*bit))
    }
}

/// What must stand in one of the texts, if anything is found in them at all: of each of these, one.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Sieve {
    of_text: Vec<Vec<All>>,
    /// What stands there only as long as no plain letter is written as an escape.
    of_plain: Vec<Vec<All>>,
}

impl Sieve {
    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.of_text.is_empty() && self.of_plain.is_empty()
    }

    /// A word that stands somewhere, in one of the two ways to write it.
    pub(in crate::engine) fn word(&mut self, word: &Needle) {
        let ways = word.spellings().map(|way| All(runs(way).map(bits).collect())).collect::<Vec<_>>();
        // A short one may stand anywhere.
        if ways.iter().all(|way| !way.0.is_empty()) {
            self.of_text.push(ways);
        }
    }

    /// One of several texts, each by the parts of it that are known.
    pub(in crate::engine) fn any_of(&mut self, texts: &[Vec<String>]) {
        let all = |parts: &Vec<String>| All(parts.iter().flat_map(|part| runs(part.as_bytes())).map(bits).collect());
        let ways: Vec<All> = texts.iter().filter(|parts| is_written_so(parts)).map(all).collect();
        if ways.len() == texts.len() && ways.iter().all(|way| !way.0.is_empty()) {
            self.of_plain.push(ways);
        }
    }

    /// Whether something may be found where these runs are. `has_escapes`: plain letters are written as escapes there.
    pub(super) fn lets_through(&self, kept: &[u8], has_escapes: bool) -> bool {
        let is_met = |ways: &Vec<All>| ways.iter().any(|way| way.are_in(kept));
        self.of_text.iter().all(is_met) && (has_escapes || self.of_plain.iter().all(is_met))
    }
}

/// Whether JSON has no other way to write this, but for escapes that nobody needs: plain letters, and no number that may
/// be written with other digits.
fn is_written_so(parts: &[String]) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || " -_.@+:#()".contains(letter);
    let is_of_number = |letter: char| letter.is_ascii_digit() || "+-.eE".contains(letter);
    parts.iter().all(|part| part.chars().all(is_plain))
        && match parts {
            [whole] => {
                let digits = whole.strip_prefix('-').unwrap_or(whole);
                let is_whole = digits.len() <= 18 && digits.bytes().all(|digit| digit.is_ascii_digit());
                is_whole || whole.parse::<f64>().is_err()
            }
            parts => parts.iter().any(|part| !part.chars().all(is_of_number)),
        }
}

/// Whether a text writes a plain letter as an escape.
pub(super) fn has_plain_escapes(text: &[u8]) -> bool {
    memchr::memmem::find(text, br"\u00").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(texts: &[&str]) -> Vec<u8> {
        let mut taken = Taken::default();
        for text in texts {
            taken.take(text.as_bytes());
        }
        taken.finish()
    }

    #[test]
    fn what_stands_in_a_text_is_let_through_and_most_of_the_rest_is_not() {
        let texts =
            [r#"{"name":"Maria Ortiz","phone":"010-1234"}"#, r#"{"name":"김서연"}"#, r#"{"name":"\uae40\uC11C"}"#];
        let kept = kept(&texts);
        let through = |word: &str| {
            let mut sieve = Sieve::default();
            sieve.word(&Needle::new(word));
            sieve.lets_through(&kept, false)
        };
        for word in ["maria", "MARIA O", "서연", "김서", "김", "x", "010-1234", "zz"] {
            assert!(through(word), "{word}");
        }
        assert_eq!(["zzqx", "환불", "ortega"].map(through), [false; 3]);
    }

    #[test]
    fn only_what_json_writes_in_one_way_is_sieved_by_value() {
        for (glob, is_sieved) in [
            (&["1111"][..], true),
            (&["-7"], true),
            (&["12.5"], false),
            (&["1e3"], false),
            (&["010-12", ""], false),
            (&["maria", ""], true),
            (&["a\"b"], false),
            (&["김서연"], false),
        ] {
            let parts: Vec<String> = glob.iter().map(|part| (*part).to_owned()).collect();
            assert_eq!(is_written_so(&parts), is_sieved, "{glob:?}");
        }
    }

    #[test]
    fn few_texts_take_few_bits() {
        assert!(kept(&["short"]).len() <= 128);
        let many: Vec<String> = (0..20_000).map(|number| format!("{:x}", number * 7_919)).collect();
        let many = many.join(" ");
        let length = kept(&[&many]).len();
        assert!((1 << 14..=BITS / 8).contains(&length), "{length}");
    }
}
