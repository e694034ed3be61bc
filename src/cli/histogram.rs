use std::collections::BTreeMap;

use chrono::Datelike;
use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{HistogramArgs, KindOfEvent, RowFormat, SpanOfTime};
use super::look::{Rows, check_csv_safe};
use super::output::{Align, JsonRows};
use super::progress::{counted, watching};
use super::target::Context;
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::engine::{StoreChronicle, Ticket, grouped};
use crate::event::Timestamp;
use crate::index::{Chronicle, Facet, Memory};

#[derive(Serialize)]
struct SpanRow {
    from: Timestamp,
    counts: Map<String, Value>,
}

/// How many events there were of each kind in each span of time that has any.
type Spans = BTreeMap<Timestamp, BTreeMap<u32, u64>>;

pub(super) fn histogram(args: &HistogramArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let HistogramArgs { store, by, of, format, csv_safe } = args;
    check_csv_safe(*csv_safe, *format)?;
    let reader = context.open(store)?;
    let chronicle = StoreChronicle::new(&Memory::default());
    let ticket = Ticket::new("reading events");
    watching("reading events", &ticket, || chronicle.follow(reader.as_ref(), &ticket))?;
    let facet = match of {
        KindOfEvent::Type => Facet::Type,
        KindOfEvent::Category => Facet::Category,
        KindOfEvent::Actor => Facet::Actor,
    };
    chronicle.look(|chronicle| {
        let spans = spans(chronicle, *by, facet);
        print(chronicle, facet, &spans, (*format, *csv_safe), out)?;
        if chronicle.timeless() > 0 {
            let events = counted(chronicle.timeless(), "event");
            message(format_args!("{events} without a time, in no span"));
        }
        Ok(Outcome::Done)
    })
}

fn spans(chronicle: &Chronicle, by: SpanOfTime, facet: Facet) -> Spans {
    let mut spans = Spans::new();
    for entry in (0..chronicle.len()).filter_map(|place| chronicle.entry(place)) {
        let Some(at) = entry.recorded_at else { continue };
        let kind = match facet {
            Facet::Type => entry.event_type,
            Facet::Category => chronicle.category_of(entry.stream),
            Facet::Actor => entry.actor,
        };
        *spans.entry(beginning(at, by)).or_default().entry(kind).or_default() += 1;
    }
    spans
}

/// When the span began that a moment lies in, in UTC. Weeks begin on Mondays.
fn beginning(at: Timestamp, by: SpanOfTime) -> Timestamp {
    const HOUR: i64 = 3_600_000_000;
    const DAY: i64 = 24 * HOUR;
    let day = at.micros().div_euclid(DAY);
    let begin = match by {
        SpanOfTime::Hour => at.micros().div_euclid(HOUR).saturating_mul(HOUR),
        SpanOfTime::Day => day.saturating_mul(DAY),
        // The first day of 1970 was a Thursday.
        SpanOfTime::Week => ((day + 3).div_euclid(7) * 7 - 3).saturating_mul(DAY),
        SpanOfTime::Month => {
            let into = at.to_utc().map_or(0, |utc| i64::from(utc.day0()));
            (day - into).saturating_mul(DAY)
        }
    };
    Timestamp::from_micros(begin)
}

fn print(
    chronicle: &Chronicle,
    facet: Facet,
    spans: &Spans,
    (format, csv_safe): (RowFormat, bool),
    out: &mut Output,
) -> Result<(), Failure> {
    // The kinds of which there is most come first, in every span alike.
    let totals = chronicle.totals(facet);
    let total = |kind: u32| totals.get(kind as usize).copied().unwrap_or(0);
    let in_order = |counts: &BTreeMap<u32, u64>| {
        let mut counts: Vec<(u32, u64)> = counts.iter().map(|(kind, count)| (*kind, *count)).collect();
        counts.sort_by_key(|(kind, _)| std::cmp::Reverse(total(*kind)));
        counts
    };
    match format {
        RowFormat::Json | RowFormat::Jsonl => {
            let mut rows = JsonRows::new(out, format);
            for (from, counts) in spans {
                let named = |(kind, count): (u32, u64)| (chronicle.kind(facet, kind).to_owned(), count.into());
                rows.row(&SpanRow { from: *from, counts: in_order(counts).into_iter().map(named).collect() })?;
            }
            rows.finish()?;
        }
        RowFormat::Table | RowFormat::Csv => {
            let name = match facet {
                Facet::Type => "type",
                Facet::Category => "category",
                Facet::Actor => "actor",
            };
            let columns = [("from", Align::Left), (name, Align::Left), ("events", Align::Right)];
            let mut rows = Rows::new(out, format, csv_safe, &columns);
            for (from, counts) in spans {
                for (kind, count) in in_order(counts) {
                    let count = if format == RowFormat::Csv { count.to_string() } else { grouped(count) };
                    rows.row(&(), || vec![from.to_string(), chronicle.kind(facet, kind).to_owned(), count])?;
                }
            }
            rows.finish()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_begin_where_the_calendar_says() {
        for (at, by, from) in [
            ("2025-03-14T09:23:41Z", SpanOfTime::Hour, "2025-03-14T09:00:00Z"),
            ("2025-03-14T09:23:41Z", SpanOfTime::Day, "2025-03-14T00:00:00Z"),
            // A Friday.
            ("2025-03-14T09:23:41Z", SpanOfTime::Week, "2025-03-10T00:00:00Z"),
            ("2025-03-10T00:00:00Z", SpanOfTime::Week, "2025-03-10T00:00:00Z"),
            ("2025-03-09T23:59:59Z", SpanOfTime::Week, "2025-03-03T00:00:00Z"),
            ("1969-12-30T12:00:00Z", SpanOfTime::Week, "1969-12-29T00:00:00Z"),
            ("2024-02-29T23:00:00Z", SpanOfTime::Month, "2024-02-01T00:00:00Z"),
        ] {
            let at = Timestamp::parse_rfc3339(at).expect("a time");
            assert_eq!(Some(beginning(at, by)), Timestamp::parse_rfc3339(from), "{at} by {by:?}");
        }
        for micros in [i64::MIN, i64::MAX] {
            for by in [SpanOfTime::Hour, SpanOfTime::Week, SpanOfTime::Month] {
                let _ = beginning(Timestamp::from_micros(micros), by);
            }
        }
    }
}
