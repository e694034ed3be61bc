use crate::event::ByNumber;

/// More values than these are names or ids: counting by them says nothing, and would grow with the store.
pub const MOST_VALUES: usize = 512;

const RECENT: usize = 16;

/// Values that are counted, each with a number.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    texts: Vec<Box<str>>,
    /// Asked for every event of a store. So few keys may all fall together, were somebody to choose them so.
    numbers: ByNumber<Box<str>, u16>,
    /// Some that were asked for last, by what is soonest told of a text.
    recent: [u16; RECENT],
    bytes: usize,
}

impl Values {
    /// The number of a value; `None` where there would be too many.
    pub(super) fn number(&mut self, text: &str) -> Option<u16> {
        let place = text.bytes().next_back().map_or(0, |last| (usize::from(last) ^ text.len()) % RECENT);
        let recent = &mut self.recent[place];
        if self.texts.get(usize::from(*recent)).is_some_and(|known| **known == *text) {
            return Some(*recent);
        }
        if let Some(number) = self.numbers.get(text) {
            *recent = *number;
            return Some(*number);
        }
        if self.texts.len() == MOST_VALUES {
            return None;
        }
        let number = self.texts.len() as u16;
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        self.bytes += 2 * text.len();
        Some(number)
    }

    pub(super) fn text(&self, number: u16) -> &str {
        self.texts.get(usize::from(number)).map_or("", AsRef::as_ref)
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(AsRef::as_ref)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
