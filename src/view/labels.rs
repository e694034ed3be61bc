use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::UserError;
use crate::engine::{Asked, Engine, Moment, Question, StoreChange, Ticket, describe, show};
use crate::event::StreamId;
use crate::store::Store;

/// Fields that say to a person which one this is, the best first.
const LABEL_FIELDS: [&str; 6] = ["name", "subject", "title", "customer", "email", "label"];

/// Longer streams are not folded for the sake of a name.
const SHORT: u64 = 1_000;

/// How many are asked for at once: more than a screen shows.
const AT_ONCE: usize = 100;

/// What each listed stream is called by those who work with it: a lead's name, a ticket's subject. Read for the
/// rows that are seen, in the background.
#[derive(Debug, Default)]
pub struct Labels {
    known: HashMap<StreamId, String>,
    asked_for: HashSet<StreamId>,
    pub(super) asked: Asked<ReadLabels>,
}

impl Labels {
    pub fn of(&self, stream: &StreamId) -> Option<&str> {
        self.known.get(stream).map(String::as_str)
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
        if self.asked.is_loading() {
            return;
        }
        let wanted: Vec<StreamId> =
            seen.filter(|stream| !self.asked_for.contains(*stream)).take(AT_ONCE).cloned().collect();
        if !wanted.is_empty() {
            self.asked_for.extend(wanted.iter().cloned());
            self.asked.ask(engine, ReadLabels(wanted));
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
pub(super) struct ReadLabels(Vec<StreamId>);

impl Question for ReadLabels {
    type Answer = Vec<(StreamId, String)>;
    type Error = UserError;
    const WHAT: &'static str = "reading names";

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<Self::Answer, UserError> {
        let mut labels = Vec::new();
        for stream in self.0 {
            if ticket.is_cancelled() {
                break;
            }
            // A stream that cannot be read has no name; whoever opens it is told why.
            let Ok(described) = describe(reader, &stream) else { continue };
            if described.row.events > SHORT {
                continue;
            }
            let Ok(projection) = described.projection(None) else { continue };
            if let Ok(shown) = show(reader, &described, &projection, Moment::Latest, &mut |_| ticket.flow())
                && let Some(label) = label(&shown.state)
            {
                labels.push((stream, label));
            }
        }
        Ok(labels)
    }
}

fn label(state: &Value) -> Option<String> {
    let texts = LABEL_FIELDS.iter().filter_map(|field| state.get(field)?.as_str());
    texts.map(str::trim).find(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_most_telling_field_that_holds_text_is_the_label() {
        assert_eq!(label(&json!({"customer": "Kim", "subject": "Refund"})), Some("Refund".to_owned()));
        assert_eq!(label(&json!({"name": " ", "email": "a@b"})), Some("a@b".to_owned()));
        assert_eq!(label(&json!({"name": 7})), None);
    }
}
