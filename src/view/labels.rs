use std::collections::{HashMap, HashSet};

use super::UserError;
use crate::engine::{Asked, Engine, Question, StoreChange, Survey, Ticket, name_of_stream};
use crate::event::StreamId;
use crate::store::Store;

/// Longer streams are not read for the sake of a name: the survey knows it in the end.
pub(super) const SHORT: u64 = 1_000;

/// How many are asked for at once: more than a screen shows.
const AT_ONCE: usize = 100;

/// What each listed stream is called by those who work with it: a lead's name, a ticket's subject. Read for the
/// rows that are seen, in the background.
#[derive(Debug, Default)]
pub struct Labels {
    known: HashMap<StreamId, String>,
    asked_for: HashSet<StreamId>,
    /// Knows the names of all streams, in the end.
    survey: Survey,
    /// A partition is called by its key, and not as one of the things in it is.
    is_of_partitions: bool,
    pub(super) asked: Asked<ReadLabels>,
}

impl Labels {
    pub(super) fn new(survey: Survey) -> Self {
        Self { survey, ..Self::default() }
    }

    /// Of the partitions of a projection. The one that holds all events has no key, and is called as the projection is.
    pub(super) fn of_partitions(projection: &str) -> Self {
        let known = HashMap::from([(StreamId::from(""), projection.to_owned())]);
        Self { known, is_of_partitions: true, ..Self::default() }
    }

    pub(super) fn survey(&self) -> &Survey {
        &self.survey
    }

    pub fn of(&self, stream: &StreamId) -> Option<&str> {
        self.known.get(stream).map(String::as_str)
    }

    /// What a stream is called, where a list says so too: read by itself, a name may be newer than the list; once its
    /// stream has changed, the list comes to know the new one first.
    pub fn newest<'l>(&'l self, stream: &StreamId, listed: Option<&'l str>) -> Option<&'l str> {
        let known = self.of(stream);
        if self.is_of_partitions {
            return known;
        }
        if self.asked_for.contains(stream) { known.or(listed) } else { listed.or(known) }
    }

    /// The streams that are known to be called something with this in it, upper and lower case alike.
    pub(super) fn named_like(&self, text: &str, most: usize) -> Vec<StreamId> {
        let text = text.to_lowercase();
        if text.is_empty() {
            return Vec::new();
        }
        let is_like = |label: &str| label.to_lowercase().contains(&text);
        let mut like: Vec<(&String, &StreamId)> =
            self.known.iter().filter(|(_, label)| is_like(label)).map(|(stream, label)| (label, stream)).collect();
        like.sort_unstable();
        like.into_iter().take(most).map(|(_, stream)| stream.clone()).collect()
    }

    /// Names of streams that changed may have changed: they are asked for again, and shown as they were until then.
    pub(super) fn invalidate(&mut self, change: &StoreChange) {
        match change {
            StoreChange::Grew(streams) => streams.iter().for_each(|stream| {
                self.asked_for.remove(stream);
            }),
            StoreChange::Rewritten => {}
            StoreChange::Somewhere | StoreChange::Replaced => self.asked_for.clear(),
        }
    }

    pub(super) fn want<'s>(&mut self, engine: &Engine, seen: impl Iterator<Item = &'s StreamId>) {
        if self.asked.is_loading() || self.is_of_partitions {
            return;
        }
        let wanted: Vec<StreamId> =
            seen.filter(|stream| !self.asked_for.contains(*stream)).take(AT_ONCE).cloned().collect();
        if !wanted.is_empty() {
            self.asked_for.extend(wanted.iter().cloned());
            self.asked.ask(engine, ReadLabels { streams: wanted, survey: self.survey.clone() });
        }
    }

    pub(super) fn poll(&mut self, engine: &Engine) -> bool {
        let has_come = self.asked.poll(engine);
        if has_come {
            self.known.extend(self.asked.take().unwrap_or_default());
        }
        has_come
    }
}

#[derive(Clone, Debug)]
pub(super) struct ReadLabels {
    streams: Vec<StreamId>,
    survey: Survey,
}

impl Question for ReadLabels {
    type Answer = Vec<(StreamId, String)>;
    type Error = UserError;
    const WHAT: &'static str = "reading names";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let mut labels = Vec::new();
        for stream in self.streams {
            if ticket.is_cancelled() {
                break;
            }
            // A stream that cannot be read has no name; whoever opens it is told why.
            let Ok(Some(row)) = reader.stream(&stream) else { continue };
            let label = if row.events <= SHORT {
                name_of_stream(reader, &stream, ticket).unwrap_or_default()
            } else {
                self.survey.name_of(&stream)
            };
            labels.extend(label.map(|label| (stream, label)));
        }
        Ok(labels)
    }
}
