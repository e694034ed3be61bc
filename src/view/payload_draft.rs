use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::event::{Explain, JsonFault, Message, json_value, name_twice};
use crate::projection::{is_path, path_value, set_path_value};

/// Of a payload with more fields than these only so many are offered, and others by their path.
const MOST_FIELDS: usize = 200;

/// What is longer is not typed: laying it out would take longer than a frame, at each letter.
pub const MOST_TYPED: usize = 64 * 1024;

/// So much is seen of what is too long to be typed.
const SEEN: usize = 400;

/// A payload while it is being typed: field by field, or as JSON. One that is too large for that stays as it is but for
/// the fields that are typed over.
#[derive(Clone, Debug)]
pub struct PayloadDraft {
    pub fields: Vec<FieldDraft>,
    pub json: String,
    is_json: bool,
    kept: Option<Kept>,
}

/// A payload that is too large to be typed as a whole.
#[derive(Clone, Debug)]
struct Kept {
    whole: Arc<Value>,
    /// The names of the fields that were offered.
    offered: HashSet<String>,
}

/// One field of a payload. Its value stays of the type that it has, until another one is chosen.
#[derive(Clone, Debug)]
pub struct FieldDraft {
    pub name: String,
    pub text: String,
    pub kind: FieldKind,
    /// It was added here, so that its name is typed too.
    pub is_new: bool,
    /// What it was, of the kind that it had, for as long as nothing is typed over it.
    was: Option<(Value, FieldKind)>,
    /// How many bytes it has, where it is too long to be typed: it stays as it is, and its beginning is shown.
    pub long: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    Number,
    Truth,
    Nothing,
    /// An object or a list.
    Json,
}

impl FieldKind {
    pub const ALL: [Self; 5] = [Self::Text, Self::Number, Self::Truth, Self::Nothing, Self::Json];

    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "payload-kind-text",
            Self::Number => "payload-kind-number",
            Self::Truth => "payload-kind-truth",
            Self::Nothing => "payload-kind-nothing",
            Self::Json => "payload-kind-json",
        }
    }
}

/// What is wrong with a payload: at a field, by its place, or with the JSON as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadFault {
    pub field: Option<usize>,
    pub message: Message,
}

impl FieldDraft {
    fn of(name: &str, value: &Value) -> Self {
        let kind = match value {
            Value::Null => FieldKind::Nothing,
            Value::Bool(_) => FieldKind::Truth,
            Value::Number(_) => FieldKind::Number,
            Value::String(_) => FieldKind::Text,
            Value::Array(_) | Value::Object(_) => FieldKind::Json,
        };
        let text = written(value);
        Self { name: name.to_owned(), text, kind, is_new: false, was: Some((value.clone(), kind)), long: None }
    }

    /// One that is too long to be typed.
    fn of_long(name: &str, value: &Value, size: usize) -> Self {
        let kind = if value.is_string() { FieldKind::Text } else { FieldKind::Json };
        let text = beginning(value, SEEN);
        Self { name: name.to_owned(), text, kind, is_new: false, was: None, long: Some(size) }
    }

    /// Another value is typed in place of one that is too long.
    pub fn begin_anew(&mut self) {
        self.long = None;
        self.text.clear();
        self.kind = FieldKind::Text;
    }

    /// Of another type from now on. What does not fit begins anew.
    pub fn choose(&mut self, kind: FieldKind) {
        if kind == FieldKind::Truth && !matches!(self.text.as_str(), "true" | "false") {
            "false".clone_into(&mut self.text);
        }
        self.kind = kind;
    }

    fn value(&self) -> Result<Value, Message> {
        if let Some((was, kind)) = &self.was
            && *kind == self.kind
            && written(was) == self.text
        {
            return Ok(was.clone());
        }
        let text = self.text.trim();
        match self.kind {
            FieldKind::Text => Ok(Value::String(self.text.clone())),
            FieldKind::Nothing => Ok(Value::Null),
            FieldKind::Truth => Ok(Value::Bool(text == "true")),
            FieldKind::Number => {
                let number = json_value(text.as_bytes()).ok().filter(Value::is_number);
                number.ok_or_else(|| Message::new("payload-no-number"))
            }
            FieldKind::Json => read_json(text),
        }
    }
}

/// JSON as it was typed. Of a field that stands in an object twice one would be lost.
fn read_json(text: &str) -> Result<Value, Message> {
    let value = json_value(text.as_bytes()).map_err(|error| JsonFault::from(&error).message())?;
    match name_twice(text) {
        Some(name) => Err(Message::new("json-twice").text("name", name)),
        None => Ok(value),
    }
}

/// With a line for each value, unless it is so deep that this would be mostly room at the left.
fn pretty(value: &Value) -> String {
    let lines = serde_json::to_string_pretty(value).unwrap_or_default();
    if lines.len() > 3 * MOST_TYPED { value.to_string() } else { lines }
}

/// Counts what is written and keeps the first of it; where it may be no more than so much, it stops there.
struct Counted {
    size: usize,
    most: usize,
    kept: Option<String>,
}

impl std::fmt::Write for Counted {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.size += text.len();
        if let Some(kept) = &mut self.kept {
            kept.push_str(text);
        }
        if self.size > self.most { Err(std::fmt::Error) } else { Ok(()) }
    }
}

/// How many bytes a value has as JSON.
fn size_of(value: &Value) -> usize {
    let mut counted = Counted { size: 0, most: usize::MAX, kept: None };
    let _ = write!(counted, "{value}");
    counted.size
}

/// The first letters of a value, without writing all of it.
pub fn beginning(value: &Value, most: usize) -> String {
    let cut = |text: &str| {
        if text.len() <= most { text.to_owned() } else { format!("{}…", &text[..text.floor_char_boundary(most)]) }
    };
    if let Value::String(text) = value {
        return cut(text);
    }
    let mut counted = Counted { size: 0, most, kept: Some(String::new()) };
    let _ = write!(counted, "{value}");
    cut(&counted.kept.unwrap_or_default())
}

fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl PayloadDraft {
    pub fn of(value: &Value) -> Self {
        if size_of(value) > MOST_TYPED || value.as_object().is_some_and(|fields| fields.len() > MOST_FIELDS) {
            return Self::of_large(value);
        }
        let json = pretty(value);
        let fields = fields_of(value);
        Self { is_json: fields.is_none(), fields: fields.unwrap_or_default(), json, kept: None }
    }

    /// Fields in their order, each in full as long as there is room for it.
    fn of_large(value: &Value) -> Self {
        let mut room = MOST_TYPED;
        let offered = value.as_object().into_iter().flatten().take(MOST_FIELDS);
        let fields: Vec<FieldDraft> = offered
            .map(|(name, value)| match size_of(value) {
                size if size <= room => {
                    room -= size;
                    FieldDraft::of(name, value)
                }
                size => FieldDraft::of_long(name, value, size),
            })
            .collect();
        let offered = fields.iter().map(|field| field.name.clone()).collect();
        let kept = Some(Kept { whole: Arc::new(value.clone()), offered });
        Self { fields, json: String::new(), is_json: false, kept }
    }

    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// It stays as it is but for what is typed over: how many fields it has that are not offered.
    pub fn unseen(&self) -> Option<usize> {
        let Kept { whole, offered } = self.kept.as_ref()?;
        Some(whole.as_object().map_or(0, Map::len).saturating_sub(offered.len()))
    }

    /// The beginning of one that is large and has no fields.
    pub fn large_text(&self) -> Option<String> {
        let Kept { whole, .. } = self.kept.as_ref()?;
        (!whole.is_object()).then(|| beginning(whole, SEEN))
    }

    /// Types it the other way. What is wrong is to be mended first, where it was typed.
    pub fn show_as_json(&mut self, is_json: bool) -> bool {
        if self.kept.is_some() {
            return !is_json;
        }
        let Ok(value) = self.value() else { return self.is_json == is_json };
        if is_json {
            self.json = pretty(&value);
        } else if let Some(fields) = fields_of(&value) {
            self.fields = fields;
        } else {
            return false;
        }
        self.is_json = is_json;
        true
    }

    pub fn add_field(&mut self) {
        let (name, text) = (String::new(), String::new());
        self.fields.push(FieldDraft { name, text, kind: FieldKind::Text, is_new: true, was: None, long: None });
    }

    /// What was typed, or what is wrong with it.
    pub fn value(&self) -> Result<Value, PayloadFault> {
        if self.is_json {
            return read_json(&self.json).map_err(|message| PayloadFault { field: None, message });
        }
        let Some(Kept { whole, offered }) = &self.kept else {
            let mut object = Map::new();
            self.visit_fields(&mut |name, value, _| drop(object.insert(name.to_owned(), value)))?;
            return Ok(Value::Object(object));
        };
        let mut value = whole.as_ref().clone();
        if let Value::Object(object) = &mut value {
            let names: HashSet<&str> =
                self.fields.iter().filter(|field| !field.is_new).map(|field| field.name.as_str()).collect();
            object.retain(|name, _| names.contains(name.as_str()) || !offered.contains(name));
        }
        let mut no_place = None;
        self.visit_fields(&mut |name, new, place| {
            if self.fields.get(place).is_some_and(|field| field.is_new) {
                if set_path_value(&mut value, name, new).is_none() {
                    no_place = Some((place, name.to_owned()));
                }
            } else if let Value::Object(object) = &mut value {
                object.insert(name.to_owned(), new);
            }
        })?;
        match no_place {
            Some((place, name)) => {
                Err(PayloadFault { field: Some(place), message: Message::new("payload-no-place").text("path", name) })
            }
            None => Ok(value),
        }
    }

    /// What is wrong with what was typed, without building all that stays as it is.
    pub fn fault(&self) -> Option<PayloadFault> {
        if self.kept.is_none() {
            return self.value().err();
        }
        self.visit_fields(&mut |_, _, _| ()).err()
    }

    /// Each field that is typed, with its place. One that is too long is not.
    fn visit_fields(&self, visit: &mut dyn FnMut(&str, Value, usize)) -> Result<(), PayloadFault> {
        let mut names = HashSet::new();
        for (place, field) in self.fields.iter().enumerate() {
            let fault = |message| PayloadFault { field: Some(place), message };
            let name = if field.is_new { field.name.trim() } else { &field.name };
            if field.is_new && name.is_empty() {
                return Err(fault(Message::new("payload-no-name")));
            }
            if field.is_new && self.kept.is_some() && !self.has_place(name) {
                return Err(fault(Message::new("payload-no-place").text("path", name)));
            }
            if !names.insert(name) {
                return Err(fault(Message::new("payload-twice").text("name", name)));
            }
            if field.long.is_none() {
                visit(name, field.value().map_err(fault)?, place);
            }
        }
        Ok(())
    }

    /// Whether a value can stand there in one that is kept: what is around it is there, or is made.
    fn has_place(&self, path: &str) -> bool {
        let Some(Kept { whole, .. }) = &self.kept else { return true };
        let parents = crate::projection::parents(path);
        let around = parents.iter().skip(1).find_map(|parent| path_value(whole, parent)).unwrap_or(whole);
        is_path(path) && matches!(around, Value::Object(_) | Value::Array(_) | Value::Null)
    }
}

fn fields_of(value: &Value) -> Option<Vec<FieldDraft>> {
    let fields = value.as_object().filter(|fields| fields.len() <= MOST_FIELDS)?;
    Some(fields.iter().map(|(name, value)| FieldDraft::of(name, value)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(draft: &mut PayloadDraft, place: usize) -> &mut FieldDraft {
        draft.fields.get_mut(place).expect("a field")
    }

    fn fault(draft: &PayloadDraft) -> (Option<usize>, &'static str) {
        let PayloadFault { field, message } = draft.value().expect_err("taken");
        (field, message.id)
    }

    #[test]
    fn fields_keep_their_types_and_what_nobody_touched_its_very_value() {
        let value = json!({"name": "kim", "amount": 1.50, "open": true, "by": null, "tags": ["a"], "": 1});
        let mut draft = PayloadDraft::of(&value);
        assert!(!draft.is_json());
        assert_eq!(draft.value(), Ok(value));
        for (name, text) in [("name", "12"), ("amount", "12"), ("open", "false"), ("tags", "[]")] {
            let field = draft.fields.iter_mut().find(|field| field.name == name).expect("a field");
            text.clone_into(&mut field.text);
        }
        let changed = json!({"name": "12", "amount": 12, "open": false, "by": null, "tags": [], "": 1});
        assert_eq!(draft.value(), Ok(changed));
    }

    #[test]
    fn what_is_wrong_with_a_field_is_told_at_it() {
        let mut draft = PayloadDraft::of(&json!({"amount": 1, "tags": [1]}));
        "much".clone_into(&mut field(&mut draft, 0).text);
        assert_eq!(fault(&draft), (Some(0), "payload-no-number"));
        assert!(!draft.show_as_json(true), "what is wrong is not lost");
        "2".clone_into(&mut field(&mut draft, 0).text);
        "[1".clone_into(&mut field(&mut draft, 1).text);
        assert_eq!(fault(&draft), (Some(1), "edit-not-json"));
        draft.fields.remove(1);
        draft.add_field();
        assert_eq!(fault(&draft), (Some(1), "payload-no-name"));
        "amount".clone_into(&mut field(&mut draft, 1).name);
        assert_eq!(fault(&draft), (Some(1), "payload-twice"));
        field(&mut draft, 1).choose(FieldKind::Truth);
        "is-open".clone_into(&mut field(&mut draft, 1).name);
        assert_eq!(draft.value(), Ok(json!({"amount": 2, "is-open": false})));
    }

    #[test]
    fn it_is_typed_either_way_and_what_has_no_fields_only_as_json() {
        let mut draft = PayloadDraft::of(&json!({"a": 1}));
        assert!(draft.show_as_json(true));
        "{\"a\": 2, \"b\": {}}".clone_into(&mut draft.json);
        assert!(draft.show_as_json(false));
        assert_eq!(draft.fields.len(), 2);
        assert_eq!(draft.value(), Ok(json!({"a": 2, "b": {}})));
        let mut list = PayloadDraft::of(&json!([1]));
        assert!(list.is_json() && !list.show_as_json(false) && list.is_json());
    }

    #[test]
    fn of_many_fields_some_are_offered_and_the_others_by_their_names() {
        let many: Map<String, Value> = (0..=MOST_FIELDS).map(|n| (format!("f{n}"), json!(n))).collect();
        let mut draft = PayloadDraft::of(&Value::Object(many.clone()));
        assert!(!draft.is_json() && !draft.show_as_json(true));
        assert_eq!((draft.fields.len(), draft.unseen()), (MOST_FIELDS, Some(1)));
        assert_eq!(draft.value(), Ok(Value::Object(many.clone())));
        draft.fields.remove(3);
        "9".clone_into(&mut field(&mut draft, 0).text);
        draft.add_field();
        let last = draft.fields.len() - 1;
        "f200".clone_into(&mut field(&mut draft, last).name);
        "new".clone_into(&mut field(&mut draft, last).text);
        let mut wanted = many;
        wanted.shift_remove("f3");
        wanted.insert("f0".to_owned(), json!(9));
        wanted.insert("f200".to_owned(), json!("new"));
        assert_eq!(draft.value(), Ok(Value::Object(wanted)));
    }

    #[test]
    fn what_is_too_long_to_be_typed_stays_as_it_is_unless_another_value_is_typed() {
        let long = "가".repeat(MOST_TYPED);
        let value = json!({"name": "kim", "body": long, "inside": {"list": vec![1; MOST_TYPED]}});
        let mut draft = PayloadDraft::of(&value);
        let typed: usize = draft.fields.iter().map(|field| field.text.len()).sum();
        assert!(typed < 3 * SEEN, "{typed} bytes would be laid out");
        assert_eq!(draft.fields.iter().map(|field| field.long.is_some()).collect::<Vec<_>>(), [false, true, true]);
        assert_eq!((draft.value(), draft.fault()), (Ok(value), None));
        draft.add_field();
        "inside.list[0]".clone_into(&mut field(&mut draft, 3).name);
        field(&mut draft, 3).choose(FieldKind::Number);
        "7".clone_into(&mut field(&mut draft, 3).text);
        field(&mut draft, 1).begin_anew();
        "short".clone_into(&mut field(&mut draft, 1).text);
        let changed = draft.value().expect("sound");
        assert_eq!(path_value(&changed, "inside.list[0]"), Some(&json!(7)));
        assert_eq!(changed.get("body"), Some(&json!("short")));
        "name.first".clone_into(&mut field(&mut draft, 3).name);
        assert_eq!(fault(&draft), (Some(3), "payload-no-place"));
        assert_eq!(draft.fault().map(|fault| fault.message.id), Some("payload-no-place"));
    }

    #[test]
    fn an_object_with_a_field_like_the_parsers_own_is_no_number() {
        let mut draft = PayloadDraft::of(&json!({"total": 5}));
        r#"{"$serde_json::private::Number":"12"}"#.clone_into(&mut field(&mut draft, 0).text);
        assert_eq!(fault(&draft), (Some(0), "payload-no-number"));
    }

    #[test]
    fn a_large_text_without_fields_is_shown_by_its_beginning() {
        let value = json!("a".repeat(10 << 20));
        let draft = PayloadDraft::of(&value);
        assert!(!draft.is_json() && draft.fields.is_empty());
        assert_eq!(draft.large_text().map(|text| text.len()), Some(SEEN + "…".len()));
        assert_eq!(draft.value(), Ok(value));
    }

    #[test]
    fn a_field_that_stands_in_the_json_twice_is_told() {
        let mut draft = PayloadDraft::of(&json!({"a": 1}));
        assert!(draft.show_as_json(true));
        "{\"a\": 1, \"b\": {\"c\": 1, \"c\": 2.5}}".clone_into(&mut draft.json);
        assert_eq!(fault(&draft), (None, "json-twice"));
    }
}
