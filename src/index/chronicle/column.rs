use std::ops::Range;

/// Numbers that are mostly small, each in as few bytes as the largest of them takes.
#[derive(Debug)]
pub(super) enum Column {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
    Eight(Vec<u64>),
}

impl Default for Column {
    fn default() -> Self {
        Self::One(Vec::new())
    }
}

/// The same of each width.
macro_rules! in_each {
    ($column:expr, $values:ident => $do:expr) => {
        match $column {
            Column::One($values) => $do,
            Column::Two($values) => $do,
            Column::Four($values) => $do,
            Column::Eight($values) => $do,
        }
    };
}

impl Column {
    pub(super) fn push(&mut self, value: u64) {
        let fits = match self {
            Self::One(values) => u8::try_from(value).map(|value| values.push(value)).is_ok(),
            Self::Two(values) => u16::try_from(value).map(|value| values.push(value)).is_ok(),
            Self::Four(values) => u32::try_from(value).map(|value| values.push(value)).is_ok(),
            Self::Eight(values) => {
                values.push(value);
                true
            }
        };
        if !fits {
            *self = match &*self {
                Self::One(values) => Self::Two(values.iter().copied().map(u16::from).collect()),
                Self::Two(values) => Self::Four(values.iter().copied().map(u32::from).collect()),
                Self::Four(values) => Self::Eight(values.iter().copied().map(u64::from).collect()),
                Self::Eight(values) => Self::Eight(values.clone()),
            };
            self.push(value);
        }
    }

    pub(super) fn get(&self, place: usize) -> Option<u64> {
        in_each!(self, values => values.get(place).copied().map(wide))
    }

    /// Hands over those in a range, with their places.
    pub(super) fn each(&self, range: Range<usize>, mut take: impl FnMut(usize, u64)) {
        let from = range.start;
        in_each!(self, values => {
            let values = values.get(range).unwrap_or_default();
            for (place, value) in values.iter().enumerate() {
                take(from + place, wide(*value));
            }
        });
    }

    pub(super) fn shrink(&mut self) {
        in_each!(self, values => values.shrink_to_fit());
    }

    pub(super) fn bytes(&self) -> usize {
        in_each!(self, values => taken(values))
    }
}

fn wide(value: impl Into<u64>) -> u64 {
    value.into()
}

fn taken<T>(values: &Vec<T>) -> usize {
    values.capacity() * size_of::<T>()
}

/// When events were recorded: in milliseconds from the first where that is all they say, which is half as much.
#[derive(Debug)]
pub(super) enum Times {
    Millis { base: i64, after: Vec<i32> },
    Micros(Vec<i64>),
}

/// An event without a time: behind all others.
pub(super) const NEVER: i64 = i64::MAX;
const NO_MILLIS: i32 = i32::MAX;

impl Default for Times {
    fn default() -> Self {
        Self::Millis { base: NEVER, after: Vec::new() }
    }
}

impl Times {
    pub(super) fn push(&mut self, micros: i64) {
        match self {
            Self::Millis { base, after } => {
                if *base == NEVER {
                    *base = micros;
                }
                match millis(*base, micros) {
                    Some(millis) => after.push(millis),
                    None => {
                        let mut all: Vec<i64> = (0..after.len()).map(|place| self.get(place)).collect();
                        all.push(micros);
                        *self = Self::Micros(all);
                    }
                }
            }
            Self::Micros(all) => all.push(micros),
        }
    }

    /// [`NEVER`] where there is none.
    pub(super) fn get(&self, place: usize) -> i64 {
        match self {
            Self::Millis { base, after } => after.get(place).map_or(NEVER, |millis| micros(*base, *millis)),
            Self::Micros(all) => all.get(place).copied().unwrap_or(NEVER),
        }
    }

    pub(super) fn each(&self, range: Range<usize>, mut take: impl FnMut(usize, i64)) {
        let from = range.start;
        match self {
            Self::Millis { base, after } => {
                for (place, millis) in after.get(range).unwrap_or_default().iter().enumerate() {
                    take(from + place, micros(*base, *millis));
                }
            }
            Self::Micros(all) => {
                for (place, at) in all.get(range).unwrap_or_default().iter().enumerate() {
                    take(from + place, *at);
                }
            }
        }
    }

    pub(super) fn shrink(&mut self) {
        match self {
            Self::Millis { after, .. } => after.shrink_to_fit(),
            Self::Micros(all) => all.shrink_to_fit(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Millis { after, .. } => after.capacity() * size_of::<i32>(),
            Self::Micros(all) => all.capacity() * size_of::<i64>(),
        }
    }
}

fn millis(base: i64, at: i64) -> Option<i32> {
    if at == NEVER {
        return Some(NO_MILLIS);
    }
    let after = at.checked_sub(base)?;
    let millis = (after % 1_000 == 0).then(|| i32::try_from(after / 1_000).ok())??;
    (millis != NO_MILLIS).then_some(millis)
}

fn micros(base: i64, millis: i32) -> i64 {
    if millis == NO_MILLIS { NEVER } else { base + i64::from(millis) * 1_000 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_of_any_size_come_back(values in prop::collection::vec(any::<u64>().prop_map(|n| n >> (n % 64)), 0..300)) {
            let mut column = Column::default();
            for value in &values {
                column.push(*value);
            }
            let back: Vec<u64> = (0..values.len()).filter_map(|place| column.get(place)).collect();
            prop_assert_eq!(&back, &values);
            let half = values.len() / 2;
            let mut ranged = Vec::new();
            column.each(half..values.len(), |place, value| ranged.push((place, value)));
            let expected: Vec<(usize, u64)> = values.iter().copied().enumerate().skip(half).collect();
            prop_assert_eq!(ranged, expected);
        }

        #[test]
        fn times_come_back_whatever_they_are(
            times in prop::collection::vec(
                prop_oneof![
                    20 => (0..4_000_000_000_i64).prop_map(|n| 1_700_000_000_000_000 + n * 1_000),
                    1 => any::<i64>(),
                    2 => Just(NEVER),
                    1 => (0..9_000_i64).prop_map(|n| 1_700_000_000_000_000 + n),
                ],
                0..60,
            ),
        ) {
            let mut kept = Times::default();
            for at in &times {
                kept.push(*at);
            }
            let back: Vec<i64> = (0..times.len()).map(|place| kept.get(place)).collect();
            prop_assert_eq!(&back, &times);
            let mut all = Vec::new();
            kept.each(0..times.len(), |_, at| all.push(at));
            prop_assert_eq!(all, times);
        }
    }
}
