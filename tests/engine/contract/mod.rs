//! What every store must do. The tests of each kind of store ask it of theirs.

mod appending;
mod reading;
mod snapshots;

pub(crate) use appending::*;
pub(crate) use reading::*;
pub(crate) use snapshots::*;

use crate::workshop::{assert_verifies_clean, noted, read, stream};
use foldline::event::{NewEvent, RecordedEvent, StreamKey};
use foldline::store::{AppendError, Appended, Conflict, Expected, Flow, Query, StreamQuery, StreamRow, Writer};

/// Makes empty stores of one kind, and says what its stores do otherwise than a file.
pub(crate) trait Factory {
    fn fresh(&self) -> Box<dyn Writer>;

    /// Whether the first event's place is 1 and each that follows has the next.
    fn numbers_densely(&self) -> bool {
        true
    }

    /// Whether snapshots are kept at all.
    fn keeps_snapshots(&self) -> bool {
        true
    }

    /// Whether an id is known to be taken by an event of another stream, also where the append would be in conflict.
    fn knows_ids_of_other_streams(&self) -> bool {
        true
    }

    /// Whether the same holds of the second event of an append, and of those behind it.
    fn knows_ids_of_other_streams_in_batches(&self) -> bool {
        true
    }

    /// How many letters of three bytes a payload may have.
    fn longest_text(&self) -> usize {
        500_000
    }

    /// How many events one append may have.
    fn largest_append(&self) -> usize {
        10_000
    }

    /// How many letters of three bytes a name may have.
    fn longest_name(&self) -> usize {
        4_000
    }
}

/// Hands what every store must do, as names of functions here, to a macro that makes tests of them.
macro_rules! every_store_must {
    ($with:ident) => {
        $with! {
            a_new_store_is_empty_in_every_respect,
            no_stream_begins_a_stream_and_answers_where_its_events_stand,
            no_stream_is_refused_where_the_stream_stands,
            exact_appends_behind_the_version_it_names,
            exact_behind_the_stream_conflicts_and_carries_only_the_events_since,
            exact_ahead_of_the_stream_conflicts_and_carries_no_events,
            exact_where_there_is_no_stream_conflicts_and_says_so,
            any_appends_wherever_the_stream_stands,
            a_conflict_records_nothing_of_its_batch,
            one_bad_event_keeps_its_whole_batch_out,
            an_append_of_no_events_records_nothing_and_begins_no_stream,
            an_append_of_no_events_still_holds_what_it_expects,
            what_was_appended_is_read_back_letter_for_letter,
            a_repeated_event_answers_where_it_stands_and_is_not_doubled,
            a_repeated_batch_answers_where_it_stands_though_the_stream_moved_on,
            a_repeated_event_may_carry_a_later_clock_and_the_first_time_stays,
            an_id_taken_by_other_content_is_refused_and_nothing_is_written,
            an_id_that_comes_twice_in_one_batch_is_refused,
            a_batch_of_which_half_is_known_is_refused,
            a_payload_that_is_not_json_is_refused,
            any_json_is_taken_as_a_payload,
            metadata_that_is_no_object_is_refused,
            empty_names_are_refused,
            every_way_of_asking_reads_what_a_plain_filter_reads,
            a_visit_ends_where_its_visitor_breaks,
            columns_left_out_come_empty_and_the_rest_comes_whole,
            long_korean_and_emoji_names_come_back_whole,
            a_stream_row_tells_the_streams_ends_and_times,
            streams_are_filtered_by_part_of_their_name_with_no_wildcards,
            streams_come_in_the_order_asked_for_and_no_more_than_asked_for,
            info_counts_events_streams_types_and_categories,
            only_the_newest_snapshot_is_kept,
            a_snapshot_of_another_revision_projection_or_stream_is_ignored,
            a_snapshot_whose_event_is_not_in_the_stream_is_ignored,
            every_kept_snapshot_is_visited_until_the_visitor_breaks,
            events_are_found_by_what_they_name,
            an_event_is_found_by_its_id,
            an_event_is_found_by_its_version,
            verifying_an_honest_history_finds_nothing_and_stops_when_asked,
        }
    };
}
pub(crate) use every_store_must;

const LEAD: &str = "lead-1";

fn append(store: &mut dyn Writer, name: &str, expected: Expected, events: &[NewEvent]) -> Appended {
    store.append(&stream(name), expected, events).expect("this append is fine")
}

fn refusal(store: &mut dyn Writer, name: &str, expected: Expected, events: &[NewEvent]) -> AppendError {
    store.append(&stream(name), expected, events).expect_err("this append must be refused")
}

fn conflict(store: &mut dyn Writer, name: &str, expected: Expected, events: &[NewEvent]) -> Conflict {
    match refusal(store, name, expected, events) {
        AppendError::Conflict(conflict) => *conflict,
        other => panic!("a conflict was due, not: {other}"),
    }
}

/// Appends events with these ids, whatever stands there.
fn note(store: &mut dyn Writer, name: &str, ids: &[&str]) {
    let events: Vec<_> = ids.iter().map(|id| noted(id)).collect();
    append(store, name, Expected::Any, &events);
}

/// Every event of the store, and every stream without its number.
fn everything(store: &dyn Writer) -> (Vec<RecordedEvent>, Vec<StreamRow>) {
    (read(store, &Query::store()), list(store, &StreamQuery::default()))
}

fn list(store: &dyn Writer, query: &StreamQuery) -> Vec<StreamRow> {
    let mut rows = Vec::new();
    store
        .visit_streams(query, &mut |row| {
            rows.push(StreamRow { key: StreamKey(0), ..row });
            Flow::Continue(())
        })
        .expect("the store can be read");
    rows
}

fn names(store: &dyn Writer, query: &StreamQuery) -> Vec<String> {
    list(store, query).into_iter().map(|row| row.stream.to_string()).collect()
}

fn ids(events: &[RecordedEvent]) -> Vec<String> {
    events.iter().map(|event| event.id.to_string()).collect()
}

/// Runs an append that must be refused, and makes sure that it left no trace.
fn refused_without_trace(store: &mut dyn Writer, name: &str, expected: Expected, events: &[NewEvent]) -> AppendError {
    let before = everything(store);
    let error = refusal(store, name, expected, events);
    assert_eq!(everything(store), before, "the refused append left a trace: {error}");
    assert_verifies_clean(store);
    error
}
