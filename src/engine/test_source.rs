//! A history as a test that a developer pastes beside an aggregate: given these events, then this holds.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::event::visible::{is_hidden, visible};
use crate::event::{RecordedEvent, payload_value};

/// What a test is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Rust,
    Python,
    TypeScript,
}

impl Language {
    pub fn from_extension(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "rs" => Some(Self::Rust),
            "py" => Some(Self::Python),
            "ts" => Some(Self::TypeScript),
            _ => None,
        }
    }
}

/// What a history still shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Shows {
    /// A condition holds behind it, with these fields as they then are.
    Condition { text: String, fields: Vec<(String, Value)> },
    /// Its last event is wrong in this way.
    Fault { text: String },
}

/// A history to be written as a test.
#[derive(Clone, Debug)]
pub struct TestCase<'t> {
    pub store: &'t str,
    pub stream: &'t str,
    /// How many events the stream has.
    pub from: u64,
    pub given: &'t [RecordedEvent],
    pub shows: &'t Shows,
}

/// The text of a file that needs nothing but the aggregate which is to be tested.
pub fn test_source(language: Language, case: &TestCase<'_>) -> String {
    match language {
        Language::Rust => rust(case),
        Language::Python => python(case),
        Language::TypeScript => type_script(case),
    }
}

impl TestCase<'_> {
    /// What the file is, for its first lines.
    fn heading(&self) -> [String; 2] {
        let Self { store, stream, from, given, shows } = self;
        let what = match shows {
            Shows::Condition { text, .. } => format!("then it holds that {text}"),
            Shows::Fault { text } => format!("the last of which is wrong: {text}"),
        };
        let of = format!("{} of the {from} events of {stream} in {store},", given.len());
        [of, what].map(|line| on_one_line(&line))
    }

    /// A name that every language takes.
    fn name(&self) -> String {
        let mut name = String::from("history_of_");
        for letter in self.stream.chars().take(60) {
            name.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' });
        }
        name
    }

    fn payloads(&self) -> impl Iterator<Item = (&RecordedEvent, String)> {
        self.given.iter().map(|event| (event, payload_text(event)))
    }
}

/// Digit for digit as it was stored, on one line; what is no JSON becomes a JSON text.
fn payload_text(event: &RecordedEvent) -> String {
    let stored = std::str::from_utf8(&event.payload).unwrap_or_default().trim();
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(stored).is_ok();
    if is_json && !stored.contains(['\n', '\r']) {
        stored.to_owned()
    } else {
        payload_value(&event.payload).to_string()
    }
}

/// A comment must not end before it should, nor turn what stands behind it. More letters end a line than one sees.
fn on_one_line(text: &str) -> String {
    visible(&text.replace('\n', " ")).into_owned()
}

fn at(event: &RecordedEvent) -> String {
    event.recorded_at.map(|at| at.to_string()).unwrap_or_default()
}

/// As JSON spells text, which Python and TypeScript read alike.
fn quoted(text: &str) -> String {
    escaped(&Value::from(text).to_string())
}

/// JSON that says the same with every hidden letter as an escape; such letters stand only inside of its texts.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_hidden(letter) {
            letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text += &format!("\\u{unit:04x}"));
        } else {
            text.push(letter);
        }
    }
    text
}

/// The plainest spelling that gives exactly this text.
fn rust_text(text: &str) -> String {
    let is_plain = text.chars().all(|letter| matches!(letter, '"' | '\\' | '\'') || letter.escape_debug().len() == 1);
    if !is_plain || !text.contains(['"', '\\']) {
        return format!("{text:?}");
    }
    let mut fence = "#".to_owned();
    while text.contains(&format!("\"{fence}")) {
        fence.push('#');
    }
    format!("r{fence}\"{text}\"{fence}")
}

fn rust(case: &TestCase<'_>) -> String {
    let [of, what] = case.heading();
    let name = case.name();
    let mut text = format!(
        "// {of}\n// {what}\n\n\
         /// An event as it was recorded; its payload is JSON.\n\
         #[allow(dead_code)]\n\
         struct Recorded {{\n    event_type: &'static str,\n    version: u64,\n    recorded_at: &'static str,\n    payload: &'static str,\n}}\n\n\
         const GIVEN: &[Recorded] = &[\n"
    );
    for (event, payload) in case.payloads() {
        let _ = write!(
            text,
            "    Recorded {{\n        event_type: {},\n        version: {},\n        recorded_at: {},\n        payload: {},\n    }},\n",
            rust_text(event.event_type.as_str()),
            event.version,
            rust_text(&at(event)),
            rust_text(&payload),
        );
    }
    text += "];\n\n";
    match case.shows {
        Shows::Condition { fields, .. } => {
            text += "/// Fold the events with your own aggregate, and answer what the field holds then, as JSON.\n\
                     fn field_after(given: &[Recorded], field: &str) -> String {\n    \
                     todo!(\"fold {} events and answer {field}\", given.len())\n}\n\n";
            let _ = write!(text, "#[test]\nfn {name}() {{\n");
            for (field, value) in fields {
                let (field, value) = (rust_text(field), rust_text(&value.to_string()));
                let _ = writeln!(text, "    assert_eq!(field_after(GIVEN, {field}), {value});");
            }
        }
        Shows::Fault { text: fault } => {
            text += "/// Fold the events with your own aggregate, and answer whether it refuses the next one.\n\
                     fn is_refused(given: &[Recorded], next: &Recorded) -> bool {\n    \
                     todo!(\"fold {} events and offer {}\", given.len(), next.event_type)\n}\n\n";
            let _ = write!(
                text,
                "#[test]\nfn {name}() {{\n    let (next, given) = GIVEN.split_last().expect(\"there are events\");\n    \
                 assert!(is_refused(given, next), \"{{}}\", {});\n",
                rust_text(fault)
            );
        }
    }
    text += "}\n";
    text
}

fn python(case: &TestCase<'_>) -> String {
    let [of, what] = case.heading();
    let mut text = format!("# {of}\n# {what}\n\nimport json\n\nGIVEN = [\n");
    for (event, payload) in case.payloads() {
        let is_plain = !payload.contains(['\'', '\\']) && !payload.contains(is_hidden);
        let payload = if is_plain { format!("'{payload}'") } else { quoted(&payload) };
        let _ = write!(
            text,
            "    {{\n        \"type\": {},\n        \"version\": {},\n        \"recorded_at\": {},\n        \"payload\": json.loads({payload}),\n    }},\n",
            quoted(event.event_type.as_str()),
            event.version,
            quoted(&at(event)),
        );
    }
    text += "]\n\n\n";
    let name = case.name();
    match case.shows {
        Shows::Condition { fields, .. } => {
            text += "def field_after(given, field):\n    \
                     \"\"\"Fold the events with your own aggregate, and answer what the field holds then.\"\"\"\n    \
                     raise NotImplementedError(f\"fold {len(given)} events and answer {field}\")\n\n\n";
            let _ = writeln!(text, "def test_{name}():");
            for (field, value) in fields {
                let value = quoted(&value.to_string());
                let _ = writeln!(text, "    assert field_after(GIVEN, {}) == json.loads({value})", quoted(field));
            }
            if fields.is_empty() {
                text += "    pass\n";
            }
        }
        Shows::Fault { text: fault } => {
            text += "def is_refused(given, following):\n    \
                     \"\"\"Fold the events with your own aggregate, and answer whether it refuses the next one.\"\"\"\n    \
                     raise NotImplementedError(f\"fold {len(given)} events and offer {following['type']}\")\n\n\n";
            let _ = write!(
                text,
                "def test_{name}():\n    *given, following = GIVEN\n    assert is_refused(given, following), {}\n",
                quoted(fault)
            );
        }
    }
    text
}

fn type_script(case: &TestCase<'_>) -> String {
    let [of, what] = case.heading();
    let mut text = format!(
        "// {of}\n// {what}\n\n\
         import assert from \"node:assert/strict\";\nimport test from \"node:test\";\n\n\
         type Recorded = {{ type: string; version: number; recordedAt: string; payload: unknown }};\n\n\
         const given: Recorded[] = [\n"
    );
    for (event, payload) in case.payloads() {
        // In a literal, this one name would set something else than a field.
        let payload =
            if payload.contains("__proto__") { format!("JSON.parse({})", quoted(&payload)) } else { escaped(&payload) };
        let _ = write!(
            text,
            "  {{\n    type: {},\n    version: {},\n    recordedAt: {},\n    payload: {payload},\n  }},\n",
            quoted(event.event_type.as_str()),
            event.version,
            quoted(&at(event)),
        );
    }
    text += "];\n\n";
    let name = quoted(&on_one_line(&format!("history of {}", case.stream)));
    match case.shows {
        Shows::Condition { fields, .. } => {
            text += "/** Fold the events with your own aggregate, and answer what the field holds then. */\n\
                     function fieldAfter(given: Recorded[], field: string): unknown {\n  \
                     throw new Error(`fold ${given.length} events and answer ${field}`);\n}\n\n";
            let _ = writeln!(text, "test({name}, () => {{");
            for (field, value) in fields {
                let _ = writeln!(
                    text,
                    "  assert.deepEqual(fieldAfter(given, {}), {});",
                    quoted(field),
                    escaped(&value.to_string())
                );
            }
        }
        Shows::Fault { text: fault } => {
            text += "/** Fold the events with your own aggregate, and answer whether it refuses the next one. */\n\
                     function isRefused(given: Recorded[], next: Recorded): boolean {\n  \
                     throw new Error(`fold ${given.length} events and offer ${next.type}`);\n}\n\n";
            let _ = write!(
                text,
                "test({name}, () => {{\n  assert.ok(isRefused(given.slice(0, -1), given[given.length - 1]), {});\n",
                quoted(fault)
            );
        }
    }
    text += "});\n";
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_reads_every_text_as_it_was() {
        for (text, spelt) in [
            ("plain", r#""plain""#),
            (r#"{"a":"b"}"#, r##"r#"{"a":"b"}"#"##),
            (r##"a"#b"##, r###"r##"a"#b"##"###),
            ("line\nbreak \"", r#""line\nbreak \"""#),
            ("back\\slash", r##"r#"back\slash"#"##),
            ("\u{202e}\"", r#""\u{202e}\"""#),
        ] {
            assert_eq!(rust_text(text), spelt);
        }
    }

    #[test]
    fn no_letter_of_a_store_ends_a_line_or_turns_it() {
        let hostile = "x\u{2028}y\u{2029}z\u{85}\u{202e}\r\n\u{1b}*/\"\"\"";
        let payload = serde_json::json!({ hostile: hostile }).to_string();
        let event = RecordedEvent {
            position: None,
            stream: hostile.into(),
            version: crate::event::Version(0),
            event_type: hostile.into(),
            schema: 1,
            recorded_at: None,
            id: crate::event::EventId::new("e"),
            payload: payload.into_bytes(),
            metadata: Vec::new(),
        };
        let fields = vec![(hostile.to_owned(), Value::from(hostile))];
        for shows in [Shows::Condition { text: hostile.to_owned(), fields }, Shows::Fault { text: hostile.to_owned() }]
        {
            let given = std::slice::from_ref(&event);
            let case = TestCase { store: hostile, stream: hostile, from: 1, given, shows: &shows };
            let plain_event = RecordedEvent { event_type: "x".into(), payload: b"{}".to_vec(), ..event.clone() };
            let plain_shows = match &shows {
                Shows::Condition { .. } => {
                    Shows::Condition { text: "x".to_owned(), fields: vec![("x".to_owned(), "x".into())] }
                }
                Shows::Fault { .. } => Shows::Fault { text: "x".to_owned() },
            };
            let given = std::slice::from_ref(&plain_event);
            let plain = TestCase { store: "x", stream: "x", from: 1, given, shows: &plain_shows };
            for language in [Language::Rust, Language::Python, Language::TypeScript] {
                let text = test_source(language, &case);
                assert!(!text.contains(is_hidden), "{language:?}: {text:?}");
                let lines = |case: &TestCase<'_>| test_source(language, case).lines().count();
                assert_eq!(lines(&case), lines(&plain), "{language:?}: {text}");
            }
        }
    }
}
