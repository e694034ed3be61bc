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

/// How many letters must be put in, taken out, changed or swapped with the next to make one word of the other.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut rows: [Vec<usize>; 3] = [Vec::new(), Vec::new(), (0..=other.len()).collect()];
    let mut before = None;
    for (above, letter) in one.iter().enumerate() {
        rows.rotate_left(1);
        let [two_above, one_above, row] = &mut rows;
        row.clear();
        row.push(above + 1);
        let mut left = above + 1;
        for (place, theirs) in other.iter().enumerate() {
            let cell = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX / 2);
            let changed = cell(one_above, place) + usize::from(letter != theirs);
            let mut here = changed.min(left + 1).min(cell(one_above, place + 1) + 1);
            let is_swapped = before == Some(theirs) && place > 0 && other.get(place - 1) == Some(letter);
            if is_swapped {
                here = here.min(cell(two_above, place - 1) + 1);
            }
            row.push(here);
            left = here;
        }
        before = Some(letter);
    }
    rows.last().and_then(|row| row.last()).copied().unwrap_or_default()
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
        for (one, other, expected) in [
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("ab", "ab", 0),
            ("tpye", "type", 1),
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(&letters(one), &letters(other)), expected, "{one} {other}");
        }
    }
}
