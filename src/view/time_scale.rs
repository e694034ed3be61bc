use crate::event::{Head, Timestamp};

/// How much of the line a pause takes, however long it was.
const PAUSE_SHARE: f64 = 0.03;

/// More pauses than these would leave no room for the events.
const PAUSES_SHORTENED: usize = 12;

/// A pause is shortened if it would take more than this share of what longer ones leave,
const LONG: f64 = 0.2;

/// and is so many times as long as the others are on average.
const DWARFING: f64 = 3.0;

/// Where times lie on a line from nought to one. Long pauses, in which nothing happened, are shortened: else a
/// stream that rested for a month would be two dots at the line's ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeScale {
    /// In the order of time, without holes.
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    from: Timestamp,
    to: Timestamp,
    begins: f64,
    ends: f64,
    is_pause: bool,
}

/// A pause that is drawn shorter than it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pause {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Where its middle lies on the line.
    pub middle: f64,
}

impl TimeScale {
    /// Empty where there are no times, or only one.
    pub fn new(heads: &[Head]) -> Self {
        Self::of_times(heads.iter().filter_map(|head| head.recorded_at).collect())
    }

    /// The same of times in any order.
    pub(super) fn of_times(mut times: Vec<Timestamp>) -> Self {
        // Clocks may run backward; the line shows time, not order.
        times.sort_unstable();
        times.dedup();
        let (Some(first), Some(last)) = (times.first().copied(), times.last().copied()) else { return Self::default() };
        if first == last {
            return Self::default();
        }
        let pauses = long_pauses(&times);
        let active = last.micros_since(first) - pauses.iter().map(|(from, to)| to.micros_since(*from)).sum::<i64>();
        let room = 1.0 - PAUSE_SHARE * pauses.len() as f64;
        let share = |from: Timestamp, to: Timestamp| room * to.micros_since(from) as f64 / active.max(1) as f64;
        let (mut pieces, mut at, mut begins) = (Vec::new(), first, 0.0);
        let mut add = |from: Timestamp, to: Timestamp, width: f64, is_pause: bool| {
            pieces.push(Piece { from, to, begins, ends: begins + width, is_pause });
            begins += width;
        };
        for (from, to) in pauses {
            add(at, from, share(at, from), false);
            add(from, to, PAUSE_SHARE, true);
            at = to;
        }
        add(at, last, share(at, last), false);
        Self { pieces }
    }

    /// Makes the line longer for an event that came behind. A new pause is shortened when the line is made anew.
    pub fn grow(&mut self, at: Option<Timestamp>) {
        let (Some(at), Some(last)) = (at, self.pieces.last()) else { return };
        if at <= last.to {
            return;
        }
        let end = self.pieces.len() - 1;
        let pauses = self.pieces.iter().filter(|piece| piece.is_pause).count();
        let room = 1.0 - PAUSE_SHARE * pauses as f64;
        let length = |piece: &Piece, number: usize| {
            let to = if number == end { at } else { piece.to };
            to.micros_since(piece.from)
        };
        let active: i64 =
            (0..).zip(&self.pieces).filter(|(_, piece)| !piece.is_pause).map(|(n, piece)| length(piece, n)).sum();
        let mut begins = 0.0;
        for (number, piece) in self.pieces.iter_mut().enumerate() {
            let width =
                if piece.is_pause { PAUSE_SHARE } else { room * length(piece, number) as f64 / active.max(1) as f64 };
            if number == end {
                piece.to = at;
            }
            (piece.begins, piece.ends) = (begins, begins + width);
            begins += width;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// From nought to one.
    pub fn share(&self, at: Timestamp) -> f64 {
        let number = self.pieces.partition_point(|piece| piece.to < at);
        let Some(piece) = self.pieces.get(number) else { return 1.0 };
        let length = piece.to.micros_since(piece.from).max(1) as f64;
        let part = (at.micros_since(piece.from).max(0) as f64 / length).min(1.0);
        piece.begins + (piece.ends - piece.begins) * part
    }

    /// The same of microseconds, for what lies between two of them.
    pub(super) fn share_of_micros(&self, micros: f64) -> f64 {
        let number = self.pieces.partition_point(|piece| (piece.to.micros() as f64) < micros);
        let Some(piece) = self.pieces.get(number) else { return 1.0 };
        let length = piece.to.micros_since(piece.from).max(1) as f64;
        let part = ((micros - piece.from.micros() as f64) / length).clamp(0.0, 1.0);
        piece.begins + (piece.ends - piece.begins) * part
    }

    /// When it was at this place.
    pub fn micros_at(&self, share: f64) -> f64 {
        let number = self.pieces.partition_point(|piece| piece.ends < share);
        let Some(piece) = self.pieces.get(number).or(self.pieces.last()) else { return 0.0 };
        let part = ((share - piece.begins) / (piece.ends - piece.begins).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        piece.from.micros() as f64 + piece.to.micros_since(piece.from) as f64 * part
    }

    /// How much of the line so many microseconds take outside of pauses.
    pub fn share_of_length(&self, micros: f64) -> f64 {
        let active = self.pieces.iter().filter(|piece| !piece.is_pause);
        let (length, room) = active.fold((0.0, 0.0), |(length, room), piece| {
            (length + piece.to.micros_since(piece.from) as f64, room + piece.ends - piece.begins)
        });
        if length > 0.0 { micros * room / length } else { 1.0 }
    }

    /// What is drawn as long as it was: from when to when.
    pub fn stretches(&self) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        self.pieces.iter().filter(|piece| !piece.is_pause).map(|piece| (piece.from, piece.to))
    }

    pub fn pauses(&self) -> impl Iterator<Item = Pause> + '_ {
        self.pieces.iter().filter(|piece| piece.is_pause).map(|piece| Pause {
            from: piece.from,
            to: piece.to,
            middle: f64::midpoint(piece.begins, piece.ends),
        })
    }
}

/// The pauses that dwarf the rest, in the order of time.
fn long_pauses(times: &[Timestamp]) -> Vec<(Timestamp, Timestamp)> {
    let mut pauses: Vec<(Timestamp, Timestamp)> = times.iter().copied().zip(times.iter().copied().skip(1)).collect();
    let length = |(from, to): &(Timestamp, Timestamp)| to.micros_since(*from);
    if pauses.len() > PAUSES_SHORTENED {
        pauses.select_nth_unstable_by_key(PAUSES_SHORTENED, |pause| std::cmp::Reverse(length(pause)));
        pauses.truncate(PAUSES_SHORTENED);
    }
    pauses.sort_unstable_by_key(|pause| std::cmp::Reverse(length(pause)));
    let mut left: i64 = times.last().zip(times.first()).map_or(0, |(last, first)| last.micros_since(*first));
    // With two events there is only one pause, and nothing that it could dwarf.
    let most = times.len().saturating_sub(2);
    let mut others = times.len().saturating_sub(2) as f64;
    let is_long = |pause: &(Timestamp, Timestamp)| {
        let long = length(pause) as f64;
        let is_long = long > LONG * left as f64 && long * others > DWARFING * (left as f64 - long);
        left -= length(pause);
        others -= 1.0;
        is_long
    };
    let mut long: Vec<_> = pauses.into_iter().take(most).take_while(is_long).collect();
    long.sort_unstable();
    long
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventId, EventType, Version};

    fn scale(seconds: &[i64]) -> TimeScale {
        let heads: Vec<Head> = seconds
            .iter()
            .map(|second| Head {
                version: Version(0),
                position: None,
                recorded_at: Some(at(*second)),
                id: EventId::new("x"),
                event_type: EventType::from("t"),
            })
            .collect();
        TimeScale::new(&heads)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn a_month_of_rest_takes_no_more_room_than_any_pause() {
        let month = 30 * 24 * 3600;
        let scale = scale(&[0, 10, 20, 30, month, month + 10, month + 20]);
        let pauses: Vec<Pause> = scale.pauses().collect();
        assert_eq!(pauses.len(), 1);
        assert_eq!(pauses.first().map(|pause| (pause.from, pause.to)), Some((at(30), at(month))));
        assert!((scale.share(at(month)) - scale.share(at(30)) - PAUSE_SHARE).abs() < 1e-9);
        assert!(scale.share(at(30)) > 0.5);
    }

    #[test]
    fn even_times_are_spaced_evenly() {
        let scale = scale(&[0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
        assert_eq!(scale.pauses().count(), 0);
        assert!((scale.share(at(25)) - 0.25).abs() < 1e-9);
    }

    #[test]
    fn the_line_runs_from_nought_to_one_and_never_back() {
        let scale = scale(&[5, 0, 1_000, 1_001, 90_000, 90_010, 5_000_000]);
        let mut last = -1.0;
        for second in (0..5_000_000).step_by(997) {
            let share = scale.share(at(second));
            assert!(share >= last && (0.0..=1.0).contains(&share), "{share} after {last}");
            last = share;
        }
        assert!(scale.share(at(0)).abs() < 1e-9 && (scale.share(at(5_000_000)) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_line_that_grows_is_the_line_that_is_made_anew() {
        let month = 30 * 24 * 3600;
        let seconds = [0, 10, 20, 30, month, month + 10, month + 20, month + 25, month + 31];
        let mut grown = scale(&seconds[..7]);
        seconds[7..].iter().for_each(|second| grown.grow(Some(at(*second))));
        let anew = scale(&seconds);
        for second in seconds {
            assert!((grown.share(at(second)) - anew.share(at(second))).abs() < 1e-9, "{second}");
        }
    }

    #[test]
    fn no_times_or_only_one_make_no_scale() {
        assert!(scale(&[]).is_empty() && scale(&[7, 7]).is_empty());
    }
}
