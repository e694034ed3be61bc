//! Events told: who did what to whom, which field went from what to what, and why.

use std::collections::{BTreeMap, HashMap};

use super::load::{begin_fold, each_batch, each_event};
use super::{Described, EngineError, SNAPSHOT_SPACING, describe};
use crate::domain::{Aggregate, EventKind, reading_of};
use crate::event::{EventRow, EventType, Metadata, StreamId, Timestamp, Version, kebab_words};
use crate::locale::Locale;
use crate::replay::{Change, ProjectionRef};
use crate::store::{Flow, Query, Store, StreamRow};

/// More fields than these are counted, and not told.
pub const FIELDS_TOLD: usize = 8;

/// So many events of a long stream are told one by one, from a snapshot; more are cheaper from the whole stream.
const FEW: usize = 4;

/// An event as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldEvent {
    pub stream: StreamId,
    pub version: Version,
    pub event_type: EventType,
    /// What it is, where the domain is known and its type is no guess.
    pub kind: Option<EventKind>,
    pub aggregate: Option<Aggregate>,
    pub recorded_at: Option<Timestamp>,
    pub actor: Option<String>,
    pub reason: Option<String>,
    /// The first of the fields that it changed, under the projection that its stream is shown under first.
    pub changes: Vec<Change>,
    /// How many more there are.
    pub more: usize,
}

impl ToldEvent {
    /// What happened, as one says it: in the words of the domain where that is known, else the type's own.
    pub fn words(&self, locale: &Locale) -> String {
        let Some(kind) = self.kind else { return readable(self.event_type.as_str()) };
        let name = format!("told-{}", kind.name());
        let mut fields: Vec<&str> = self.changes.iter().map(|change| change.field.as_str()).collect();
        fields.sort_unstable();
        // “Corrected the phone number” says more than “corrected contact details”.
        let exact = format!("{name}-{}", fields.join("-"));
        match (locale.has(&exact), locale.has(&name)) {
            (true, _) => locale.text(&exact),
            (false, true) => locale.text(&name),
            (false, false) => readable(self.event_type.as_str()),
        }
    }
}

/// The same of an event of which only its type is known, where its stream's category is one of the domain.
pub fn words_of_type(locale: &Locale, stream: &StreamId, event_type: &EventType) -> String {
    let of_domain = Aggregate::ALL.into_iter().find(|aggregate| stream.category() == aggregate.name());
    let reading = of_domain.and_then(|aggregate| reading_of(aggregate, event_type.as_str()));
    match reading.filter(|reading| !reading.is_guess) {
        Some(reading) => locale.text(&format!("told-{}", reading.kind.name())),
        None => readable(event_type.as_str()),
    }
}

/// The words of a type's name, without the package that it lies in: `crm.domain:Account.Opened` reads “Account opened”.
pub fn readable(event_type: &str) -> String {
    let named =
        event_type.rsplit([':', '/', '\\', '+', '$']).find(|part| !part.trim().is_empty()).unwrap_or(event_type);
    let parts: Vec<&str> = named.split('.').filter(|part| !part.is_empty()).collect();
    let begins_large = |part: &&str| part.chars().next().is_some_and(char::is_uppercase);
    let package = parts.iter().position(begins_large).unwrap_or(0);
    let words = kebab_words(&parts.get(package..).unwrap_or_default().join(".")).replace('-', " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => event_type.to_owned(),
    }
}

/// Tells these events, in the order in which they are asked for. What is not there any more is left out. The fields that
/// are named come before the other ones. `progress` is told how many events were read, and may stop.
pub fn tell(
    reader: &dyn Store,
    wanted: &[(StreamId, Version)],
    named: &[String],
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Vec<ToldEvent>, EngineError> {
    stream_by_stream(wanted, progress, &mut |stream, versions, progress| {
        let told = tell_stream(reader, stream, versions, named, progress)?;
        Ok(told.into_iter().map(|event| (event.version, event)).collect())
    })
}

/// What is asked of some events of one stream, ascending.
type AskStream<'a, T> =
    dyn FnMut(&StreamId, &[Version], &mut dyn FnMut(u64) -> Flow) -> Result<Vec<(Version, T)>, EngineError> + 'a;

/// Asks each stream once for all that is wanted of it, and answers in the order in which it is wanted, without what is not
/// there any more. `progress` is told how many events were read of all streams, and may stop.
pub(super) fn stream_by_stream<T: Clone>(
    wanted: &[(StreamId, Version)],
    progress: &mut dyn FnMut(u64) -> Flow,
    ask: &mut AskStream<'_, T>,
) -> Result<Vec<T>, EngineError> {
    let mut by_stream: BTreeMap<&StreamId, Vec<Version>> = BTreeMap::new();
    for (stream, version) in wanted {
        by_stream.entry(stream).or_default().push(*version);
    }
    let mut answers = HashMap::new();
    let mut before = 0;
    for (stream, mut versions) in by_stream {
        versions.sort_unstable();
        versions.dedup();
        let mut read = 0;
        let mut progress = |count: u64| {
            read = count;
            progress(before + count)
        };
        match ask(stream, &versions, &mut progress) {
            Ok(events) => answers.extend(events.into_iter().map(|(version, answer)| ((stream, version), answer))),
            // Another store stands in its place by now; whoever asked comes to know that, too.
            Err(EngineError::NoStream { .. }) => {}
            Err(error) => return Err(error),
        }
        before += read;
    }
    Ok(wanted.iter().filter_map(|(stream, version)| answers.get(&(stream, *version)).cloned()).collect())
}

/// Whether these events of a stream are so few, and so far from its beginning, that each is read from the snapshot before it.
pub(super) fn is_told_one_by_one(row: &StreamRow, versions: &[Version]) -> bool {
    let is_far = |version: &&Version| row.first_version.0 + SNAPSHOT_SPACING <= version.0;
    versions.iter().filter(is_far).count() <= FEW && versions.first().is_some_and(|first| is_far(&first))
}

/// Tells these events of one stream, ascending.
fn tell_stream(
    reader: &dyn Store,
    stream: &StreamId,
    versions: &[Version],
    named: &[String],
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Vec<ToldEvent>, EngineError> {
    let Some(last) = versions.last() else { return Ok(Vec::new()) };
    let described = describe(reader, stream)?;
    let projection = described.projection(None)?;
    if is_told_one_by_one(&described.row, versions) {
        let mut told = Vec::new();
        for version in versions {
            told.extend(tell_one(reader, &described, &projection, (*version, named), progress)?);
        }
        return Ok(told);
    }
    let mut timeline = projection.timeline(0);
    let mut heard = Vec::new();
    let query = Query::stream(stream.clone()).between(None, Some(*last));
    each_batch(reader, &query, progress, &mut |batch| {
        for row in batch.rows() {
            timeline.push_row(&row);
            if versions.binary_search(&row.version).is_ok() {
                heard.push((timeline.heads().len() - 1, heard_in(&row, described.aggregate)));
            }
        }
        Flow::Continue(())
    })?;
    let told = heard.into_iter().map(|(index, event)| {
        let changes = if named.is_empty() {
            timeline.first_changes(index, FIELDS_TOLD)
        } else {
            first_named(timeline.changes(index), named)
        };
        let more = timeline.changed_count(index).saturating_sub(changes.len());
        ToldEvent { changes, more, ..event }
    });
    Ok(told.collect())
}

/// One event of a long stream, from the snapshot before it.
fn tell_one(
    reader: &dyn Store,
    described: &Described,
    projection: &ProjectionRef,
    (version, named): (Version, &[String]),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Option<ToldEvent>, EngineError> {
    let row = &described.row;
    let before = version.0.checked_sub(1).map_or(version, Version);
    let (mut fold, from) = begin_fold(reader, row, projection, before)?;
    let mut told = None;
    let query = Query::stream(row.stream.clone()).between(from, Some(version));
    each_event(reader, &query, progress, &mut |event| {
        if event.version == version {
            let changes = fold.preview(event).changes;
            let more = changes.len().saturating_sub(FIELDS_TOLD);
            let changes = first_named(changes, named);
            told = Some(ToldEvent { changes, more, ..heard_in(event, described.aggregate) });
        } else {
            fold.push(event);
        }
    })?;
    Ok(told)
}

/// As many as are told: those that are named, what they hold and what holds them before the others.
fn first_named(mut changes: Vec<Change>, named: &[String]) -> Vec<Change> {
    let is_within = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with(['.', '[']));
    let is_named =
        |field: &str| named.iter().any(|named| named == field || is_within(field, named) || is_within(named, field));
    changes.sort_by_key(|change| !is_named(&change.field));
    changes.truncate(FIELDS_TOLD);
    changes
}

/// What the event says by itself.
fn heard_in(row: &EventRow<'_>, aggregate: Option<Aggregate>) -> ToldEvent {
    let Metadata { actor, reason, .. } = Metadata::parse(row.metadata);
    let reading = aggregate.and_then(|aggregate| reading_of(aggregate, row.event_type.as_str()));
    ToldEvent {
        stream: row.stream.clone(),
        version: row.version,
        event_type: row.event_type.clone(),
        kind: reading.filter(|reading| !reading.is_guess).map(|reading| reading.kind),
        aggregate,
        recorded_at: row.recorded_at,
        actor,
        reason,
        changes: Vec::new(),
        more: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::Language;

    #[test]
    fn a_types_name_reads_as_words_without_its_package() {
        for (event_type, words) in [
            ("contact-details-updated", "Contact details updated"),
            ("ContactDetailsUpdated", "Contact details updated"),
            ("crm.domain:Account.Opened", "Account opened"),
            ("com.example.crm.AccountOpened", "Account opened"),
            ("App\\Events\\OrderShipped", "Order shipped"),
            ("order.shipped", "Order shipped"),
            ("주문-생성됨", "주문 생성됨"),
            ("", ""),
            ("--", "--"),
        ] {
            assert_eq!(readable(event_type), words, "{event_type}");
        }
    }

    #[test]
    fn fields_that_are_named_are_told_before_the_others_and_never_left_out() {
        let fields = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "phone", "by.name", "phones"];
        let change = |field: &&str| Change { field: (*field).to_owned(), before: 1.into(), after: 2.into() };
        let told = |named: &[&str]| -> Vec<String> {
            let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
            let changes = first_named(fields.iter().map(change).collect(), &named);
            changes.into_iter().map(|change| change.field).collect()
        };
        assert_eq!(told(&[]), ["a", "b", "c", "d", "e", "f", "g", "h"]);
        assert_eq!(told(&["phone", "by"]), ["phone", "by.name", "a", "b", "c", "d", "e", "f"]);
    }

    #[test]
    fn every_event_of_the_domain_has_words_in_both_languages() {
        for language in Language::ALL {
            let locale = Locale::new(language);
            for kind in EventKind::ALL {
                assert!(locale.has(&format!("told-{}", kind.name())), "{} in {language:?}", kind.name());
            }
        }
    }
}
