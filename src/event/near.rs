/// At most so many names are offered for one that is not there.
const OFFERED: usize = 3;

/// The names that look like the one that was typed, the likest first.
pub fn nearest<'n>(typed: &str, known: &[&'n str]) -> Vec<&'n str> {
    let plain = |name: &str| -> Vec<char> {
        name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let typed = plain(typed);
    let allowed = (typed.len() / 3).max(1);
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .map(|name| (*name, plain(name)))
        .filter_map(|(name, letters)| {
            let is_part = !typed.is_empty() && letters.windows(typed.len()).any(|part| part == typed);
            let distance = distance(&typed, &letters);
            (is_part || distance <= allowed).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(OFFERED).map(|(_, name)| name).collect()
}

/// How many letters must be put in, taken out or changed to make one word of the other.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.iter().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        for (cell, theirs) in row.iter_mut().skip(1).zip(other) {
            let here = (diagonal + usize::from(letter != theirs)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, here);
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = above + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_offered_and_nothing_else() {
        let known = ["lead-initialized", "lead-closed", "contacted", "계약됨"];
        assert_eq!(nearest("lead-initialised", &known), ["lead-initialized"]);
        assert_eq!(nearest("LeadClosed", &known), ["lead-closed"]);
        assert_eq!(nearest("contact", &known), ["contacted"]);
        assert_eq!(nearest("계약됌", &known), ["계약됨"]);
        assert!(nearest("order-shipped", &known).is_empty() && nearest("", &known).is_empty());
    }

    #[test]
    fn a_distance_counts_letters() {
        let letters = |word: &str| word.chars().collect::<Vec<_>>();
        for (one, other, expected) in [("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ab", 0)] {
            assert_eq!(distance(&letters(one), &letters(other)), expected, "{one} {other}");
        }
    }
}
