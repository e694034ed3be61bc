//! The names that a new event gets: those that the application itself writes, since it has to read it again.

use serde_json::{Map, Value};

use super::layout::Category;
use super::store::{Database, ForeignStore};
use super::writing::object;
use crate::event::{EventType, NewEvent, StreamId, body_of, json_value, kebab_words, same_name};
use crate::store::{AppendError, Columns, Flow, Query, Store, StoreError, Unfit};

impl<D: Database> ForeignStore<D> {
    /// The event with its type and fields spelled as the store's own events of that kind have them.
    pub(in crate::store) fn respelled(&self, stream: &StreamId, event: &NewEvent) -> Result<NewEvent, AppendError> {
        let framework = self.layout().framework;
        let asked = event.event_type.as_str();
        let (known, like) = self.types_like(stream, asked)?;
        let Some(event_type) = like else {
            // Where types are classes, one that is spelled as none of them can't be read by the application, and the
            // whole aggregate with it.
            let are_classes = self.layout().append_rules().is_some_and(|rules| rules.types_are_classes);
            let is_strange = asked.contains('-') && !known.iter().any(|known| known.contains('-'));
            if are_classes && is_strange && !known.is_empty() {
                let why = Unfit::UnknownType { asked: asked.to_owned(), known: known.join(", ") };
                return Err(AppendError::Unfit { framework, why });
            }
            let event_type = EventType::new(named_like(asked, &known));
            return Ok(NewEvent { event_type, ..event.clone() });
        };
        let example = self.newest_of(&event_type)?.unwrap_or_default();
        let payload = match json_value(event.payload.as_bytes()) {
            Ok(Value::Object(fields)) => Value::Object(spelled(fields, &example)).to_string(),
            _ => event.payload.clone(),
        };
        Ok(NewEvent { event_type: EventType::new(event_type), payload, ..event.clone() })
    }

    /// Every type there is, and the one that says the same as the name that is asked for; the stream's own first.
    fn types_like(&self, stream: &StreamId, asked: &str) -> Result<(Vec<String>, Option<String>), StoreError> {
        let words = kebab_words(asked);
        let is_like = |name: &str| {
            let own = kebab_words(name);
            own == words || own.strip_suffix(&words).is_some_and(|ahead| ahead.ends_with('-'))
        };
        let mut own = None;
        self.visit_contents(&Query::stream(stream.clone()).columns(Columns::HEADS), &mut |row, _| {
            if is_like(row.event_type.as_str()) {
                own = Some(row.event_type.to_string());
            }
            if own.as_deref() == Some(asked) { Flow::Break(()) } else { Flow::Continue(()) }
        })?;
        if own.is_some() {
            return Ok((Vec::new(), own));
        }
        let mut known = Vec::new();
        self.database.rows(&super::sql::Sql::plain(self.layout().types_sql()), &mut |cells| {
            known.push(cells.cell(0).name().into_owned());
            Flow::Continue(())
        })?;
        // Another class's event of the same name is another event.
        let categories = &self.layout().category;
        let category = match categories {
            Category::Topic { .. } => self.stream(stream)?.map(|row| row.category),
            _ => None,
        };
        let is_ours = |name: &str| category.as_ref().is_none_or(|ours| categories.of("", None, name) == *ours);
        let exact = known.iter().find(|name| *name == asked);
        let like = exact.or_else(|| known.iter().find(|name| is_like(name) && is_ours(name))).cloned();
        Ok((known, like))
    }

    /// The fields of the newest event of a type.
    fn newest_of(&self, event_type: &str) -> Result<Option<Map<String, Value>>, StoreError> {
        let mut fields = None;
        let query = Query::store().backward().of_type(EventType::from(event_type)).limit(1);
        self.visit_contents(&query, &mut |row, _| {
            fields = object(&body_of(event_type, row.payload));
            Flow::Break(())
        })?;
        Ok(fields)
    }
}

/// A name in the custom of the known ones. It is asked for in words joined by `-`, or else is somebody's own choice.
fn named_like(asked: &str, known: &[String]) -> String {
    if known.is_empty() || known.iter().any(|name| name.contains('-')) {
        return asked.to_owned();
    }
    if known.iter().any(|name| name.contains('_')) {
        return asked.replace('-', "_");
    }
    let are_capital = known.iter().all(|name| name.starts_with(char::is_uppercase));
    let mut words = asked.split('-');
    let first = words.next().unwrap_or_default();
    let mut out = if are_capital { capital(first) } else { first.to_owned() };
    out.extend(words.map(capital));
    out
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Each field by the name that the example gives it; one that it has not, by the example's custom.
fn spelled(fields: Map<String, Value>, example: &Map<String, Value>) -> Map<String, Value> {
    let has = |letter: char| example.keys().any(|name| name.contains(letter));
    let name_of = |name: String| {
        let kebab = kebab_words(&name);
        match example.keys().find(|known| **known == name || same_name(known, &kebab)) {
            Some(known) => known.clone(),
            None if name.contains('-') && !has('-') => name.replace('-', "_"),
            None => name,
        }
    };
    fields.into_iter().map(|(name, value)| (name_of(name), value)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_new_name_follows_the_custom_of_the_known_ones() {
        let like = |known: &[&str]| {
            named_like("lead-reopened", &known.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(like(&["LeadClosed", "Contacted"]), "LeadReopened");
        assert_eq!(like(&["leadClosed", "contacted"]), "leadReopened");
        assert_eq!(like(&["lead_closed", "contacted"]), "lead_reopened");
        assert_eq!(like(&["lead-closed", "Contacted"]), "lead-reopened");
        assert_eq!(like(&[]), "lead-reopened");
        assert_eq!(named_like("Reopened", &["lead_closed".to_owned()]), "Reopened");
    }

    #[test]
    fn fields_take_the_names_of_the_example() {
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        let new = object(json!({"followup-on": 1, "name": 2, "lead-id": 3}));
        let names = |example: Value| spelled(new.clone(), &object(example)).keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(json!({"followup_on": 0})), ["followup_on", "name", "lead_id"]);
        assert_eq!(names(json!({"followupOn": 0, "Name": 0})), ["followupOn", "Name", "lead_id"]);
        assert_eq!(names(json!({"some-thing": 0})), ["followup-on", "name", "lead-id"]);
    }
}
