use super::history_filter::Matches;
use super::tally::{Counts, LANES};
use super::{Line, Shown};

/// Marks nearer than this, in points, share a column.
const CELL: f64 = 2.0;

/// How wide a mark is that has room, and from which distance to the next it has.
const MARK: f64 = 8.0;
const ALONE: f64 = 12.0;

/// Marks farther apart than this are told apart.
const APART: f64 = 3.0;

/// What is drawn at one place of the timeline: one event, or as many as share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The middle, in points from the left edge.
    pub x: f32,
    pub width: f32,
    /// The first of its marks, and how many there are.
    pub first: usize,
    pub count: usize,
    /// How many there are of each type; of a column that the filter leaves out in part, only those that it does not.
    pub counts: Counts,
    /// The filter leaves all of them out.
    pub is_left_out: bool,
    /// There is room for a sign of its own.
    pub is_alone: bool,
}

/// What there is to draw of a line, on so many points. Costs what there is room for, however many events there are.
pub fn columns(line: &Line<'_>, shown: Shown, points: f32, matches: Option<&Matches<'_>>) -> Vec<Column> {
    let points = f64::from(points.max(1.0));
    let x_of = |place: usize| shown.place_of(line.share_at(place)) * points;
    let share_at = |x: f64| shown.share_at(x / points);
    // A mark whose middle lies beyond the edge is still seen in part.
    let mut place = line.marks_before(share_at(-MARK));
    let mut cells: Vec<(f64, f64, usize, usize)> = Vec::new();
    while place < line.len() {
        let x = x_of(place);
        if x > points + MARK {
            break;
        }
        let cell = (x / CELL).floor();
        let next = line.marks_before(share_at((cell + 1.0) * CELL)).max(place + 1);
        let middle = (cell + 0.5) * CELL;
        cells.push((if next == place + 1 { x } else { middle }, middle, place, next));
        place = next;
    }
    let beside = |number: Option<usize>| number.and_then(|number| cells.get(number)).map(|cell| cell.0);
    let column = |(number, (x, middle, first, end)): (usize, &(f64, f64, usize, usize))| {
        let left = beside(number.checked_sub(1)).map_or(f64::INFINITY, |other| x - other);
        let right = beside(number.checked_add(1)).map_or(f64::INFINITY, |other| other - x);
        let room = left.min(right);
        let (x, width) = if room < APART { (*middle, CELL) } else { (*x, (room - 1.0).min(MARK)) };
        let (counts, is_left_out) = counts(line, *first, *end, matches);
        let is_alone = end - first == 1 && room >= ALONE;
        Column { x: x as f32, width: width as f32, first: *first, count: end - first, counts, is_left_out, is_alone }
    };
    cells.iter().enumerate().map(column).collect()
}

/// So many events are looked at one by one, where the filter's order is not that of the line.
const LOOKED_AT: usize = 256;

fn counts(line: &Line<'_>, first: usize, end: usize, matches: Option<&Matches<'_>>) -> (Counts, bool) {
    let all = line.tally().between(first, end);
    let Some(matches) = matches else { return (all, false) };
    let found = if line.is_in_order() {
        matches.between(first, end)
    } else {
        let mut found = [0; LANES];
        for place in (first..end).take(LOOKED_AT).filter(|place| matches.has(line.event_at(*place))) {
            let lane = line.tally().lane(place).unwrap_or_default();
            if let Some(count) = found.get_mut(usize::from(lane)) {
                *count += 1;
            }
        }
        found
    };
    if found.iter().all(|count| *count == 0) { (all, true) } else { (found, false) }
}

#[cfg(test)]
mod tests {
    use super::super::{EventTypes, Tally, TimeScale};
    use super::*;
    use crate::event::{EventId, EventType, Head, Timestamp, Version};

    fn heads(count: usize) -> Vec<Head> {
        let head = |version: usize| Head {
            version: Version(version as u64),
            position: None,
            recorded_at: Some(Timestamp::from_micros(version as i64 * 1_000_000)),
            id: EventId::new("x"),
            event_type: EventType::from(if version.is_multiple_of(1_000) { "rare" } else { "common" }),
        };
        (0..count).map(head).collect()
    }

    fn drawn(count: usize, is_by_time: bool, shown: Shown, found: Option<&[usize]>) -> Vec<Column> {
        let heads = heads(count);
        let (types, scale) = (EventTypes::new(&heads), TimeScale::new(&heads));
        let line = Line::of(&heads, &types, &scale, None, is_by_time);
        let mut tally = Tally::default();
        found.into_iter().flatten().for_each(|index| tally.push(types.tally().lane(*index).expect("a lane")));
        let matches = found.map(|found| Matches { found, tally: &tally });
        columns(&line, shown, 1_000.0, matches.as_ref())
    }

    #[test]
    fn a_long_stream_draws_no_more_columns_than_there_is_room_for_and_leaves_no_event_out() {
        for is_by_time in [false, true] {
            let columns = drawn(200_000, is_by_time, Shown::WHOLE, None);
            assert!((490..=502).contains(&columns.len()), "{} columns", columns.len());
            assert_eq!(columns.iter().map(|column| column.count).sum::<usize>(), 200_000);
            assert_eq!(columns.iter().map(|column| column.counts[0]).sum::<u32>(), 200, "every rare one is seen");
        }
    }

    #[test]
    fn a_short_stream_has_a_mark_with_room_for_each_event() {
        let columns = drawn(7, false, Shown::WHOLE, None);
        assert_eq!(columns.len(), 7);
        assert!(columns.iter().all(|column| column.is_alone && column.count == 1));
        assert_eq!((columns.first().map(|c| c.x), columns.last().map(|c| c.x)), (Some(0.0), Some(1_000.0)));
    }

    #[test]
    fn marks_that_have_little_room_are_narrow_and_do_not_touch() {
        let columns = drawn(251, false, Shown::WHOLE, None);
        assert_eq!(columns.len(), 251);
        let ends = columns.iter().zip(columns.iter().skip(1));
        assert!(ends.into_iter().all(|(one, next)| one.x + one.width / 2.0 < next.x - next.width / 2.0));
    }

    #[test]
    fn only_what_is_shown_is_drawn() {
        let columns = drawn(200_000, false, Shown { from: 0.5, to: 0.500_1 }, None);
        assert!((20..=22).contains(&columns.len()), "{} columns", columns.len());
        assert!(columns.iter().all(|column| (99_999..=100_021).contains(&column.first)));
    }

    #[test]
    fn what_the_filter_leaves_out_is_told_from_what_it_finds() {
        let found = [3, 5];
        let columns = drawn(7, false, Shown::WHOLE, Some(&found));
        let left: Vec<usize> = columns.iter().filter(|c| !c.is_left_out).map(|c| c.first).collect();
        assert_eq!(left, found);
        let found: Vec<usize> = (0..200_000).step_by(1_000).collect();
        let columns = drawn(200_000, true, Shown::WHOLE, Some(&found));
        let kept = columns.iter().filter(|column| !column.is_left_out);
        assert!(kept.clone().all(|column| column.counts[0] > 0 && column.counts[1] == 0));
        assert_eq!(kept.map(|column| column.counts[0]).sum::<u32>(), 200);
    }
}
