use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::open_store::Opener;
use super::trouble::Trouble;
use super::{Moment, describe, show};
use crate::event::StreamId;
use crate::jobs::{Job, Loading, Wake};
use crate::store::Flow;

/// Fields that say to a person which one this is, the best first.
const TELLING: [&str; 6] = ["name", "subject", "title", "customer", "email", "label"];

/// Longer streams are not folded for the sake of a name.
const SHORT: u64 = 1_000;

/// How many are asked for at once: more than a screen shows.
const AT_ONCE: usize = 100;

/// What each listed stream is called by those who work with it: a lead's name, a ticket's subject. Read for the
/// rows that are seen, in the background.
#[derive(Debug, Default)]
pub struct Labels {
    known: HashMap<StreamId, String>,
    asked: HashSet<StreamId>,
    coming: Loading<Vec<(StreamId, String)>, Trouble>,
}

impl Labels {
    pub fn of(&self, stream: &StreamId) -> Option<&str> {
        self.known.get(stream).map(String::as_str)
    }

    /// Names may have changed: they are asked for again, and shown as they were until then.
    pub(super) fn doubt(&mut self) {
        self.asked.clear();
    }

    pub(super) fn want<'s>(&mut self, seen: impl Iterator<Item = &'s StreamId>, opener: &Opener, wake: &Wake) {
        if self.coming.is_loading() {
            return;
        }
        let wanted: Vec<StreamId> =
            seen.filter(|stream| !self.asked.contains(*stream)).take(AT_ONCE).cloned().collect();
        if wanted.is_empty() {
            return;
        }
        self.asked.extend(wanted.iter().cloned());
        let opener = opener.clone();
        self.coming.request(Job::start("reading names", wake, move |ticket| {
            let reader = opener()?;
            let mut labels = Vec::new();
            for stream in wanted {
                if ticket.is_cancelled() {
                    break;
                }
                // A stream that cannot be read has no name; whoever opens it is told why.
                let Ok(described) = describe(reader.as_ref(), &stream) else { continue };
                if described.row.events > SHORT {
                    continue;
                }
                let Ok(projection) = described.projection(None) else { continue };
                let go_on = &mut |_| Flow::Continue(());
                if let Ok(shown) = show(reader.as_ref(), &described, &projection, Moment::Latest, go_on)
                    && let Some(label) = label(&shown.state)
                {
                    labels.push((stream, label));
                }
            }
            Ok(labels)
        }));
    }

    pub(super) fn poll(&mut self) -> bool {
        let has_come = self.coming.poll();
        if has_come {
            self.known.extend(self.coming.take().unwrap_or_default());
        }
        has_come
    }

    pub(super) fn is_loading(&self) -> bool {
        self.coming.is_loading()
    }
}

fn label(state: &Value) -> Option<String> {
    let texts = TELLING.iter().filter_map(|field| state.get(field)?.as_str());
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
