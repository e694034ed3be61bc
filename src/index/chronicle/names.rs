use std::hash::{BuildHasher, RandomState};

/// Texts that are met again and again, each with a number, in the order in which they were met. A few bytes more than
/// their letters.
#[derive(Debug, Default)]
pub(super) struct Names {
    text: String,
    /// Where each ends.
    ends: Vec<u32>,
    /// Numbers by the hashes of their texts; [`FREE`] where there is none. Never more than half full.
    table: Vec<u32>,
    hasher: RandomState,
}

const FREE: u32 = u32::MAX;

impl Names {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let begin = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(number).copied().unwrap_or(begin);
        self.text.get(begin as usize..end as usize).unwrap_or_default()
    }

    pub(super) fn find(&self, text: &str) -> Option<u32> {
        let number = *self.table.get(self.slot(text)?)?;
        (number != FREE).then_some(number)
    }

    /// Where it stands, or would; `None` where there is no table yet.
    fn slot(&self, text: &str) -> Option<usize> {
        let mask = self.table.len().checked_sub(1)?;
        let mut slot = self.hasher.hash_one(text) as usize & mask;
        loop {
            let number = *self.table.get(slot)?;
            if number == FREE || self.get(number) == text {
                return Some(slot);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The number of a text, and whether it was met for the first time.
    pub(super) fn note(&mut self, text: &str) -> (u32, bool) {
        if let Some(number) = self.find(text) {
            return (number, false);
        }
        if (self.len() + 1) * 2 > self.table.len() {
            self.widen();
        }
        let number = self.ends.len() as u32;
        self.text.push_str(text);
        let slot = self.slot(text);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        if let Some(place) = slot.and_then(|slot| self.table.get_mut(slot)) {
            *place = number;
        }
        (number, true)
    }

    fn widen(&mut self) {
        self.table = vec![FREE; (self.table.len() * 2).max(16)];
        for number in 0..self.len() as u32 {
            let slot = self.slot(self.get(number));
            if let Some(place) = slot.and_then(|slot| self.table.get_mut(slot)) {
                *place = number;
            }
        }
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).map(|number| self.get(number))
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.capacity() + (self.ends.capacity() + self.table.capacity()) * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_one_number_and_comes_back() {
        let mut names = Names::default();
        assert_eq!(names.find("a"), None);
        let text = |number: u32| format!("lead-{}", number * 7);
        for number in 0..3_000 {
            assert_eq!(names.note(&text(number)), (number, true));
            assert_eq!(names.note(&text(number / 2)), (number / 2, false));
        }
        assert_eq!(names.note(""), (3_000, true));
        for number in 0..3_000 {
            assert_eq!((names.find(&text(number)), names.get(number)), (Some(number), text(number).as_str()));
        }
        assert_eq!((names.find("lead-1"), names.find(""), names.get(9_999)), (None, Some(3_000), ""));
    }
}
