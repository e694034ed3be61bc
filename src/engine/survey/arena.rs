use memchr::memmem::Finder;

/// Many short texts behind one another: a few bytes more than their letters, and searched in one pass.
#[derive(Debug, Default)]
pub(super) struct Arena {
    text: String,
    /// Where each ends, its separator included.
    ends: Vec<u32>,
}

/// Between two texts. Nothing that is looked for holds it, so nothing is found across two of them.
const SEPARATOR: char = '\n';

impl Arena {
    /// Keeps a text, and answers with its number.
    pub(super) fn push(&mut self, text: &str) -> u32 {
        self.text.push_str(text);
        self.text.push(SEPARATOR);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.ends.len() as u32 - 1
    }

    pub(super) fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let begin = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(number).map_or(0, |end| end.saturating_sub(1));
        self.text.get(begin as usize..end as usize).unwrap_or_default()
    }

    /// Bytes of text.
    pub(super) fn size(&self) -> usize {
        self.text.len()
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    /// The numbers of all texts that hold this, in ascending order.
    pub(super) fn each_with(&self, needle: &str, found: &mut dyn FnMut(u32)) {
        if needle.is_empty() || needle.contains(SEPARATOR) {
            return;
        }
        let (finder, text) = (Finder::new(needle), self.text.as_bytes());
        let (mut at, mut number) = (0, 0);
        while let Some(hit) = text.get(at..).and_then(|rest| finder.find(rest)) {
            let hit = at + hit;
            // Hits ascend, so all of them together walk the ends once.
            while let Some(end) = self.ends.get(number)
                && (*end as usize) <= hit
            {
                number += 1;
            }
            let Some(end) = self.ends.get(number) else { return };
            found(number as u32);
            at = *end as usize;
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(arena: &Arena, needle: &str) -> Vec<u32> {
        let mut found = Vec::new();
        arena.each_with(needle, &mut |number| found.push(number));
        found
    }

    #[test]
    fn texts_come_back_and_each_that_holds_the_needle_is_found_once() {
        let mut arena = Arena::default();
        for text in ["anna", "", "nan", "김서연", "an\nna"] {
            arena.push(text);
        }
        assert_eq!((arena.get(0), arena.get(1), arena.get(3), arena.get(4)), ("anna", "", "김서연", "an\nna"));
        assert_eq!(with(&arena, "an"), [0, 2, 4]);
        assert_eq!(with(&arena, "서연"), [3]);
        assert_eq!(with(&arena, "annan"), [0_u32; 0], "nothing is found across two texts");
        assert_eq!(with(&arena, ""), [0_u32; 0]);
    }
}
