use std::collections::HashMap;
use std::time::Duration;

use super::UserError;
use crate::engine::{FoundStream, KeptCounts, ListedStream, Question, StreamGroup, Survey, Ticket};
use crate::event::{EventId, EventType, StreamId, Version};
use crate::store::{Store, StoreError, StreamOrder, StreamQuery, StreamRow};

/// How many streams of one category are listed. Who has more finds one by typing a part of its name.
pub const STREAMS_LISTED: u64 = 10_000;

/// How many of them when a store is opened: more than the highest screen has rows. The others come when all that is looked
/// at first is there.
pub(super) const STREAMS_LISTED_FIRST: u64 = 200;

/// How long a list that is dear to make waits for one more letter of its filter.
pub(super) const BETWEEN_LETTERS: Duration = Duration::from_millis(200);

/// Lists the streams of every category.
#[derive(Clone, Debug)]
pub struct ListStreams {
    pub(super) filter: Option<String>,
    pub(super) order: StreamOrder,
    /// Of one category, where the store keeps its counts.
    pub(super) most: u64,
    pub(super) pause: Duration,
    /// How many streams each category has, as it was when all were listed.
    pub(super) totals: HashMap<String, u64>,
    pub(super) counts: KeptCounts,
    /// Knows what the streams are called.
    pub(super) survey: Survey,
}

/// The streams as they are listed.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    pub groups: Vec<StreamGroup>,
    pub(super) totals: HashMap<String, u64>,
    pub(super) is_cheap: bool,
    /// Those that are known so far; the others are on their way.
    pub is_partial: bool,
    /// Of some category there are more that will be listed.
    pub is_begun: bool,
}

impl Question for ListStreams {
    type Answer = Listed;
    type Error = UserError;
    const WHAT: &'static str = "listing streams";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Listed, UserError> {
        ticket.pause(self.pause);
        if ticket.is_cancelled() {
            return Ok(self.of_known());
        }
        let has_kept_counts = reader.capabilities().has_kept_counts;
        if self.is_known_to_survey(has_kept_counts) {
            let Self { filter, order, survey, .. } = self;
            let groups = survey.list(filter.as_deref(), order, STREAMS_LISTED as usize);
            return Ok(Listed { groups, is_cheap: true, ..Listed::default() });
        }
        if self.filter.is_some() && self.survey.is_being_listed() {
            return Ok(self.of_known());
        }
        let survey = self.survey.clone();
        let mut listed = if has_kept_counts { self.by_category(reader, ticket)? } else { self.all(reader, ticket)? };
        survey.fill_names(&mut listed.groups);
        Ok(listed)
    }
}

impl ListStreams {
    /// Only the survey knows names, and it alone lists without a walk through a store that keeps no counts.
    fn is_known_to_survey(&self, has_kept_counts: bool) -> bool {
        let knows_order = self.order != StreamOrder::Recent || self.survey.is_whole();
        let is_wanted = self.filter.is_some() || self.order == StreamOrder::Name || (!has_kept_counts && knows_order);
        is_wanted && self.survey.is_listed()
    }

    /// One short question a category, where the store keeps its counts.
    fn by_category(self, reader: &dyn Store, ticket: &Ticket) -> Result<Listed, StoreError> {
        let mut groups = Vec::new();
        let mut is_begun = false;
        // A list that goes on later is not to wait until very many streams are counted.
        let categories = if self.most < STREAMS_LISTED {
            self.counts.categories_at_once(reader)?
        } else {
            self.counts.categories(reader)?.into_iter().map(|(name, count)| (name, Some(count))).collect()
        };
        for (category, total) in categories {
            let query = StreamQuery {
                category: Some(category.clone()),
                filter: self.filter.clone(),
                order: self.order,
                limit: Some(self.most),
            };
            let mut rows = Vec::new();
            reader.visit_streams(&query, &mut |row| {
                rows.push(unnamed(row));
                ticket.flow()
            })?;
            // Nobody counted what a filter lets through.
            let found = if self.filter.is_none() { total } else { Some(rows.len() as u64) };
            is_begun |= self.most < STREAMS_LISTED && (rows.len() as u64 == self.most || total.is_none());
            groups.push(StreamGroup { category, total, found, rows });
        }
        Ok(Listed { groups, is_cheap: true, is_begun, ..Listed::default() })
    }

    /// One walk over all of them, where every list is one.
    fn all(self, reader: &dyn Store, ticket: &Ticket) -> Result<Listed, StoreError> {
        let is_whole = self.filter.is_none();
        let query = StreamQuery { category: None, filter: self.filter, order: self.order, limit: None };
        let mut groups: HashMap<String, StreamGroup> = HashMap::new();
        reader.visit_streams(&query, &mut |row| {
            let group = match groups.get_mut(&row.category) {
                Some(group) => group,
                None => groups.entry(row.category.clone()).or_insert_with(|| empty(&row.category)),
            };
            group.count_one();
            if (group.rows.len() as u64) < STREAMS_LISTED {
                group.rows.push(unnamed(row));
            }
            ticket.flow()
        })?;
        if is_whole {
            let totals = groups.iter().filter_map(|(category, group)| Some((category.clone(), group.total?))).collect();
            return Ok(Listed { groups: largest_first(groups), totals, ..Listed::default() });
        }
        let groups = largest_first(with_totals(groups, &self.totals));
        Ok(Listed { groups, totals: self.totals, ..Listed::default() })
    }

    /// The store is being read for all its streams: what came of them is filtered, and asked for again as more come.
    fn of_known(self) -> Listed {
        let Self { filter, order, survey, totals, .. } = self;
        let known = survey.list(filter.as_deref(), order, STREAMS_LISTED as usize);
        let groups = known.into_iter().map(|group| (group.category.clone(), group)).collect();
        let groups = largest_first(with_totals(groups, &totals));
        Listed { groups, totals, is_cheap: true, is_partial: true, ..Listed::default() }
    }
}

fn empty(category: &str) -> StreamGroup {
    StreamGroup { category: category.to_owned(), total: Some(0), found: Some(0), rows: Vec::new() }
}

/// A category that the filter leaves empty is listed all the same, and is as large as it was known to be.
fn with_totals(
    mut groups: HashMap<String, StreamGroup>,
    totals: &HashMap<String, u64>,
) -> HashMap<String, StreamGroup> {
    for (category, total) in totals {
        let group = groups.entry(category.clone()).or_insert_with(|| empty(category));
        group.total = group.total.max(Some(*total));
    }
    groups
}

fn largest_first(groups: HashMap<String, StreamGroup>) -> Vec<StreamGroup> {
    let mut groups: Vec<StreamGroup> = groups.into_values().collect();
    groups.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.category.cmp(&b.category)));
    groups
}

fn unnamed(row: StreamRow) -> ListedStream {
    ListedStream { stream: row.stream, name: None, events: row.events, last_version: row.last_version }
}

/// Looks for streams by a part of their id or name, over the whole store.
#[derive(Clone, Debug)]
pub struct FindStreams {
    pub(super) text: String,
    pub(super) most: usize,
    pub(super) survey: Survey,
    /// Whoever asks again as more streams come is content with those that have.
    pub(super) takes_known: bool,
}

/// The streams that were found, and what was looked for.
#[derive(Clone, Debug, Default)]
pub struct FoundStreams {
    pub text: String,
    pub streams: Vec<FoundStream>,
    /// The event with this id, and where it stands.
    pub event: Option<(EventType, StreamId, Version)>,
    /// Among those that are known so far; the others are on their way.
    pub is_partial: bool,
}

impl Question for FindStreams {
    type Answer = FoundStreams;
    type Error = UserError;
    const WHAT: &'static str = "listing streams";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<FoundStreams, UserError> {
        let Self { text, most, survey, takes_known } = self;
        let is_partial = takes_known && survey.is_being_listed();
        let unnamed = |row: StreamRow| FoundStream { stream: row.stream, name: None, category: row.category };
        let streams = if is_partial || survey.is_listed() {
            let mut streams = survey.likely(&text, most);
            if is_partial && streams.iter().all(|found| found.stream.as_str() != text) {
                streams.splice(0..0, reader.stream(&StreamId::from(text.as_str()))?.map(unnamed));
            }
            streams
        } else {
            // Each letter would cost a walk over more streams than are kept here: the next one is waited for.
            if survey.is_too_large() {
                ticket.pause(BETWEEN_LETTERS);
                if ticket.is_cancelled() {
                    return Ok(FoundStreams::default());
                }
            }
            let filter = Some(text.clone());
            let query = StreamQuery { filter, limit: Some(most as u64), ..StreamQuery::default() };
            let exact = reader.stream(&StreamId::from(text.as_str()))?;
            let mut streams = Vec::from_iter(exact.map(unnamed));
            reader.visit_streams(&query, &mut |row| {
                streams.push(unnamed(row));
                ticket.flow()
            })?;
            streams
        };
        let event = match EventId::meant_by(&text) {
            // Other texts are names, or parts of them, and an id that is looked up may cost a walk.
            id @ EventId::Uuid(_) => reader.event_by_id(&id)?,
            EventId::Text(_) => None,
        };
        let event = event.map(|event| (event.event_type, event.stream, event.version));
        Ok(FoundStreams { text, streams, event, is_partial })
    }
}

/// Reads what the streams are called, and all else that only a look at every event tells.
#[derive(Clone, Debug)]
pub struct ReadSurvey(pub(super) Survey);

impl Question for ReadSurvey {
    type Answer = ();
    type Error = UserError;
    const WHAT: &'static str = "reading names";
    const IS_LONG: bool = true;
    const WAITS_FOR_ROOM: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<(), UserError> {
        Ok(self.0.follow(reader, ticket)?)
    }
}
