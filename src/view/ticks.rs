use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime};

use super::{Line, Shown, TimeScale};
use crate::event::Timestamp;

/// A place on the timeline with what stands at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tick {
    pub share: f64,
    /// What a clock on the wall showed.
    at: NaiveDateTime,
    step: Step,
}

/// How far one tick lies from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Micros(i64),
    Days(u64),
    Months(u32),
}

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps that people count in, up to a thousand years.
const STEPS: [Step; 40] = [
    Step::Micros(1_000),
    Step::Micros(2_000),
    Step::Micros(5_000),
    Step::Micros(10_000),
    Step::Micros(20_000),
    Step::Micros(50_000),
    Step::Micros(100_000),
    Step::Micros(200_000),
    Step::Micros(500_000),
    Step::Micros(SECOND),
    Step::Micros(2 * SECOND),
    Step::Micros(5 * SECOND),
    Step::Micros(10 * SECOND),
    Step::Micros(15 * SECOND),
    Step::Micros(30 * SECOND),
    Step::Micros(MINUTE),
    Step::Micros(2 * MINUTE),
    Step::Micros(5 * MINUTE),
    Step::Micros(10 * MINUTE),
    Step::Micros(15 * MINUTE),
    Step::Micros(30 * MINUTE),
    Step::Micros(HOUR),
    Step::Micros(2 * HOUR),
    Step::Micros(3 * HOUR),
    Step::Micros(6 * HOUR),
    Step::Micros(12 * HOUR),
    Step::Days(1),
    Step::Days(2),
    Step::Days(7),
    Step::Days(14),
    Step::Months(1),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
    Step::Months(24),
    Step::Months(60),
    Step::Months(120),
    Step::Months(600),
    Step::Months(1_200),
    Step::Months(12_000),
];

/// More ticks than these are on no screen.
const MOST: usize = 400;

impl Step {
    fn micros(self) -> i64 {
        match self {
            Self::Micros(micros) => micros,
            Self::Days(days) => days as i64 * DAY,
            Self::Months(months) => i64::from(months) * 30 * DAY,
        }
    }

    /// The last one at or before a moment.
    fn before(self, at: NaiveDateTime) -> Option<NaiveDateTime> {
        let midnight = at.date().and_time(NaiveTime::MIN);
        match self {
            Self::Micros(micros) => {
                let since = (at - midnight).num_microseconds()?;
                Some(midnight + chrono::TimeDelta::microseconds(since - since.rem_euclid(micros)))
            }
            // Weeks begin on Mondays; other days are counted from a month's first.
            Self::Days(days) if days % 7 == 0 => {
                let number = i64::from(at.date().num_days_from_ce() - 1).rem_euclid(days as i64);
                midnight.checked_sub_days(Days::new(number as u64))
            }
            Self::Days(days) => midnight.checked_sub_days(Days::new(u64::from(at.date().day0()) % days)),
            Self::Months(months) => {
                let number = at.date().year() * 12 + at.date().month0() as i32;
                let first = number - number.rem_euclid(months as i32);
                let date = NaiveDate::from_ymd_opt(first.div_euclid(12), first.rem_euclid(12) as u32 + 1, 1)?;
                Some(date.and_time(NaiveTime::MIN))
            }
        }
    }

    fn next(self, at: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Self::Micros(micros) => at.checked_add_signed(chrono::TimeDelta::microseconds(micros)),
            Self::Days(days) if days % 7 == 0 => at.checked_add_days(Days::new(days)),
            Self::Days(days) => {
                let next = at.checked_add_days(Days::new(days))?;
                // The last step of a month would come too near to the first of the next.
                let behind = next.checked_add_days(Days::new(days - 1))?;
                let first = behind.date().with_day(1)?.and_time(NaiveTime::MIN);
                Some(if behind.date().month() == at.date().month() { next } else { first })
            }
            Self::Months(months) => at.checked_add_months(Months::new(months)),
        }
    }
}

impl Tick {
    /// As short as it can be beside the tick that was written before it: a date where it is another day's.
    pub fn text(&self, before: Option<&Self>) -> String {
        let is_same_year = before.is_some_and(|before| before.at.year() == self.at.year());
        let is_same_day = before.is_some_and(|before| before.at.date() == self.at.date());
        let date = if is_same_year { "%m-%d" } else { "%Y-%m-%d" };
        let time = match self.step {
            Step::Months(months) if months % 12 == 0 => return self.at.format("%Y").to_string(),
            Step::Months(_) => return self.at.format("%Y-%m").to_string(),
            Step::Days(_) => return self.at.format(date).to_string(),
            Step::Micros(MINUTE..) => "%H:%M",
            Step::Micros(SECOND..) => "%H:%M:%S",
            Step::Micros(_) => "%H:%M:%S%.3f",
        };
        if is_same_day {
            self.at.format(time).to_string()
        } else {
            self.at.format(&format!("{date} {time}")).to_string()
        }
    }
}

/// The ticks of what is shown of a line by time, at least `least` of what is shown away from each other. `offset` says
/// how many seconds a clock on the wall is ahead of UTC at a moment.
pub fn time_ticks(scale: &TimeScale, shown: Shown, least: f64, offset: impl Fn(Timestamp) -> i64) -> Vec<Tick> {
    let per_micro = scale.share_of_length(1.0) / shown.width();
    let Some(step) = STEPS.into_iter().find(|step| step.micros() as f64 * per_micro >= least) else {
        return Vec::new();
    };
    let mut ticks = Vec::new();
    for (from, to) in scale.stretches() {
        let (begin, end) = (scale.share(from).max(shown.from), scale.share(to).min(shown.to));
        if begin > end {
            continue;
        }
        let begin = Timestamp::from_micros(scale.micros_at(begin).max(from.micros() as f64) as i64);
        let Some(begins) = wall_clock(begin, offset(begin)) else { continue };
        let Some(mut wall) = step.before(begins) else { continue };
        let known = ticks.len();
        while ticks.len() < MOST {
            let at = moment(wall, &offset);
            let share = scale.share(at);
            if at > to || share > shown.to {
                break;
            }
            if at >= from && share >= shown.from {
                ticks.push(Tick { share, at: wall, step });
            }
            let Some(next) = step.next(wall) else { break };
            wall = next;
        }
        // When it went on after a pause is told, round or not.
        if ticks.len() == known && known < MOST && scale.pauses().next().is_some() && shown.has(scale.share(from)) {
            ticks.push(Tick { share: scale.share(from), at: begins, step });
        }
    }
    ticks
}

/// How long a bar of a histogram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarLength {
    pub count: u64,
    /// Under which name the unit stands in the language files.
    pub unit: &'static str,
}

impl BarLength {
    fn of(step: Step) -> Self {
        let (count, unit) = match step {
            Step::Micros(micros) if micros % HOUR == 0 => (micros / HOUR, "bar-hours"),
            Step::Micros(micros) if micros % MINUTE == 0 => (micros / MINUTE, "bar-minutes"),
            Step::Micros(micros) if micros % SECOND == 0 => (micros / SECOND, "bar-seconds"),
            Step::Micros(micros) => (micros / 1_000, "bar-milliseconds"),
            Step::Days(days) if days % 7 == 0 => (days as i64 / 7, "bar-weeks"),
            Step::Days(days) => (days as i64, "bar-days"),
            Step::Months(months) if months % 12 == 0 => (i64::from(months) / 12, "bar-years"),
            Step::Months(months) => (i64::from(months), "bar-months"),
        };
        Self { count: count.unsigned_abs(), unit }
    }
}

/// Where hours, days, weeks or months begin on the wall, from before the first moment to behind the last, as short as
/// they may be. `None` where the calendar does not reach.
pub(super) fn calendar_edges(
    from: i64,
    to: i64,
    least: f64,
    offset: impl Fn(Timestamp) -> i64,
) -> Option<(Vec<i64>, BarLength)> {
    // Two days have no place of their own in a month.
    let step = STEPS.into_iter().filter(|step| *step != Step::Days(2)).find(|step| step.micros() as f64 >= least)?;
    let begin = Timestamp::from_micros(from);
    let mut wall = step.before(wall_clock(begin, offset(begin))?)?;
    let mut edges = vec![moment(wall, &offset).micros().min(from)];
    while edges.last().is_some_and(|edge| *edge < to) && edges.len() < MOST_BARS {
        wall = step.next(wall)?;
        let at = moment(wall, &offset).micros();
        // An hour that a clock was put back by comes twice.
        if edges.last().is_some_and(|edge| *edge < at) {
            edges.push(at);
        }
    }
    Some((edges, BarLength::of(step)))
}

/// More bars than these are on no screen.
const MOST_BARS: usize = 2_000;

fn wall_clock(at: Timestamp, offset: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(at.micros().checked_add(offset * SECOND)?).map(|at| at.naive_utc())
}

/// When a clock on the wall shows this. In the hour that a clock is put back by, the later time.
fn moment(wall: NaiveDateTime, offset: &impl Fn(Timestamp) -> i64) -> Timestamp {
    let as_utc = Timestamp::from_micros(wall.and_utc().timestamp_micros());
    let near = as_utc.plus_micros(-offset(as_utc) * SECOND);
    as_utc.plus_micros(-offset(near) * SECOND)
}

/// The events at which the timeline by versions has a tick: round numbers, at least `least` of what is shown away from
/// each other.
pub fn version_ticks(line: &Line<'_>, shown: Shown, least: f64) -> Vec<usize> {
    let Some(first) = line.heads().first() else { return Vec::new() };
    let last = line.len() - 1;
    let events = last.max(1) as f64 * shown.width();
    let nice = (0..18).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)));
    let step = nice.into_iter().find(|step| *step as f64 / events >= least).unwrap_or(1).max(1);
    let begin = line.marks_before(shown.from) as u64;
    // The first event whose version is round, where versions have no gaps.
    let ahead = (step - (first.version.0 + begin) % step) % step;
    let round = (begin + ahead..=last as u64).step_by(step as usize).take(MOST).map(|index| index as usize);
    round.take_while(|index| line.share_at(*index) <= shown.to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventId, EventType, Head, Version};

    fn scale(times: &[&str]) -> TimeScale {
        let head = |at: &&str| Head {
            version: Version(0),
            position: None,
            recorded_at: Timestamp::parse_rfc3339(at),
            id: EventId::new("x"),
            event_type: EventType::from("t"),
        };
        TimeScale::new(&times.iter().map(head).collect::<Vec<Head>>())
    }

    fn texts(ticks: &[Tick]) -> Vec<String> {
        let before = std::iter::once(None).chain(ticks.iter().map(Some));
        ticks.iter().zip(before).map(|(tick, before)| tick.text(before)).collect()
    }

    fn between(from: &str, to: &str, least: f64) -> Vec<String> {
        texts(&time_ticks(&scale(&[from, to]), Shown::WHOLE, least, |_| 0))
    }

    #[test]
    fn ticks_stand_at_what_people_count_in_from_milliseconds_to_years() {
        let within_a_second = between("2025-01-01T01:00:00.001Z", "2025-01-01T01:00:00.004Z", 0.3);
        assert_eq!(within_a_second, ["2025-01-01 01:00:00.001", "01:00:00.002", "01:00:00.003", "01:00:00.004"]);
        assert_eq!(
            between("2025-01-01T01:00:07Z", "2025-01-01T01:00:31Z", 0.3),
            ["2025-01-01 01:00:10", "01:00:20", "01:00:30"]
        );
        assert_eq!(
            between("2025-01-01T21:10:00Z", "2025-01-02T03:00:00Z", 0.3),
            ["2025-01-01 22:00", "01-02 00:00", "02:00"]
        );
        assert_eq!(
            between("2024-12-30T05:00:00Z", "2025-01-03T00:00:00Z", 0.2),
            ["2024-12-31", "2025-01-01", "01-02", "01-03"]
        );
        assert_eq!(
            between("2024-10-30T05:00:00Z", "2025-02-03T00:00:00Z", 0.3),
            ["2024-11", "2024-12", "2025-01", "2025-02"]
        );
        assert_eq!(between("2019-10-30T05:00:00Z", "2023-02-03T00:00:00Z", 0.2), ["2020", "2021", "2022", "2023"]);
    }

    #[test]
    fn no_tick_at_the_end_of_a_month_comes_near_to_the_first_of_the_next() {
        assert_eq!(
            between("2025-01-26T00:00:00Z", "2025-02-06T00:00:00Z", 0.15),
            ["2025-01-27", "01-29", "02-01", "02-03", "02-05"]
        );
        assert_eq!(
            between("2024-02-27T00:00:00Z", "2024-03-03T00:00:00Z", 0.15).len(),
            6,
            "each day, if there is room"
        );
    }

    #[test]
    fn ticks_stand_at_round_times_of_the_clock_on_the_wall() {
        let scale = scale(&["2025-01-01T01:10:00Z", "2025-01-02T01:00:00Z"]);
        // Half past five in Kolkata is midnight in UTC.
        let ticks = time_ticks(&scale, Shown::WHOLE, 0.4, |_| 19_800);
        assert_eq!(texts(&ticks), ["2025-01-01 12:00", "01-02 00:00"]);
        let at = scale.micros_at(ticks.last().expect("a tick").share) as i64;
        assert_eq!(Timestamp::from_micros(at).to_string(), "2025-01-01T18:30:00.000Z");
    }

    #[test]
    fn behind_a_long_pause_the_date_is_said_again() {
        let scale = scale(&[
            "2025-01-01T01:00:00Z",
            "2025-01-01T01:00:10Z",
            "2025-01-01T01:00:20Z",
            "2025-02-07T03:00:00Z",
            "2025-02-07T03:00:10Z",
            "2025-02-07T03:00:20Z",
        ]);
        let ticks = time_ticks(&scale, Shown::WHOLE, 0.2, |_| 0);
        assert_eq!(
            texts(&ticks),
            ["2025-01-01 01:00:00", "01:00:10", "01:00:20", "02-07 03:00:00", "03:00:10", "03:00:20"]
        );
        assert!(ticks.is_sorted_by_key(|tick| (tick.share * 1e9) as i64));
    }

    #[test]
    fn what_was_recorded_between_two_pauses_is_told_with_its_time_though_that_is_not_round() {
        let scale = scale(&[
            "2025-01-01T01:00:00Z",
            "2025-01-01T01:00:30Z",
            "2025-01-01T01:01:00Z",
            "2025-02-07T03:17:41Z",
            "2025-02-07T03:17:42Z",
            "2025-03-09T04:05:00Z",
            "2025-03-09T04:05:30Z",
            "2025-03-09T04:06:00Z",
        ]);
        assert_eq!(scale.pauses().count(), 2);
        let ticks = time_ticks(&scale, Shown::WHOLE, 0.3, |_| 0);
        assert_eq!(texts(&ticks), ["2025-01-01 01:00", "01:01", "02-07 03:17", "03-09 04:05", "04:06"]);
        let share = scale.share(Timestamp::parse_rfc3339("2025-02-07T03:17:41Z").expect("a time"));
        assert!(ticks.iter().any(|tick| (tick.share - share).abs() < 1e-9), "where it went on");
    }

    #[test]
    fn whatever_is_shown_has_few_ticks_and_far_enough_apart() {
        let scale = scale(&["2001-01-01T01:10:00Z", "2025-01-02T01:00:00Z"]);
        for nearer in 0..30 {
            let width = 0.5_f64.powi(nearer);
            let shown = Shown { from: 0.31, to: 0.31 + width.min(0.69) };
            let ticks = time_ticks(&scale, shown, 0.08, |_| 0);
            assert!((1..=13).contains(&ticks.len()), "{} ticks at {shown:?}", ticks.len());
        }
    }
}
