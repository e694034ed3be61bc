use crate::event::ByNumber;

/// More values than these are names or ids: counting by them says nothing, and would grow with the store.
pub const MOST_VALUES: usize = 512;

/// Values that are counted, each with a number.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    texts: Vec<Box<str>>,
    /// Asked for every event of a store. So few keys may all fall together, were somebody to choose them so.
    numbers: ByNumber<Box<str>, u16>,
    bytes: usize,
}

impl Values {
    /// The number of a value; `None` where there would be too many.
    pub(super) fn number(&mut self, text: &str) -> Option<u16> {
        if let Some(number) = self.numbers.get(text) {
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
