use serde_json::{Map, Value};

use crate::event::{Explain, JsonFault, Message};

/// A payload with more fields than these is typed as JSON.
const MOST_FIELDS: usize = 200;

/// A payload while it is being typed: field by field, or as JSON.
#[derive(Clone, Debug)]
pub struct PayloadDraft {
    pub fields: Vec<FieldDraft>,
    pub json: String,
    is_json: bool,
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
        Self { name: name.to_owned(), text, kind, is_new: false, was: Some((value.clone(), kind)) }
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
                let number = serde_json::from_str(text).ok().filter(Value::is_number);
                number.ok_or_else(|| Message::new("payload-no-number"))
            }
            FieldKind::Json => serde_json::from_str(text).map_err(|error| JsonFault::from(&error).message()),
        }
    }
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
        let json = serde_json::to_string_pretty(value).unwrap_or_default();
        let fields = fields_of(value);
        Self { is_json: fields.is_none(), fields: fields.unwrap_or_default(), json }
    }

    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// Types it the other way. What is wrong is to be mended first, where it was typed.
    pub fn show_as_json(&mut self, is_json: bool) -> bool {
        let Ok(value) = self.value() else { return self.is_json == is_json };
        if is_json {
            self.json = serde_json::to_string_pretty(&value).unwrap_or_default();
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
        self.fields.push(FieldDraft { name, text, kind: FieldKind::Text, is_new: true, was: None });
    }

    /// What was typed, or what is wrong with it.
    pub fn value(&self) -> Result<Value, PayloadFault> {
        if self.is_json {
            let fault = |error| PayloadFault { field: None, message: JsonFault::from(&error).message() };
            return serde_json::from_str(&self.json).map_err(fault);
        }
        let mut object = Map::new();
        for (place, field) in self.fields.iter().enumerate() {
            let fault = |message| PayloadFault { field: Some(place), message };
            let name = if field.is_new { field.name.trim() } else { &field.name };
            if field.is_new && name.is_empty() {
                return Err(fault(Message::new("payload-no-name")));
            }
            if object.insert(name.to_owned(), field.value().map_err(fault)?).is_some() {
                return Err(fault(Message::new("payload-twice").text("name", name)));
            }
        }
        Ok(Value::Object(object))
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
        let many: Map<String, Value> = (0..=MOST_FIELDS).map(|n| (n.to_string(), json!(n))).collect();
        assert!(PayloadDraft::of(&Value::Object(many)).is_json());
    }
}
