//! Answers one JSON command a line, writing with cqrs-es or disintegrate: `framework-writers cqrs|cqrs-snapshots|disintegrate STORE`.

mod cqrs;
mod domain;
mod tags;

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
pub struct Step {
    stream: String,
    #[serde(rename = "type")]
    event_type: String,
    payload: Map<String, Value>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[allow(async_fn_in_trait)]
pub trait Writer {
    async fn append(&mut self, step: Step) -> Result<Value, String>;
    async fn load(&mut self, stream: &str) -> Result<Value, String>;
    async fn list(&mut self) -> Result<Value, String>;
    fn name(&self, stream: &str) -> String;
}

pub fn pascal(name: &str) -> String {
    name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// Field names as Rust spells them, and numbers too large for JavaScript as numbers.
pub fn snake_keys(fields: Map<String, Value>) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.replace('-', "_"), with_big(value))).collect()
}

fn with_big(value: Value) -> Value {
    match value {
        Value::Object(fields) => match fields.get("$big").and_then(Value::as_str) {
            Some(digits) => digits.parse::<i64>().map_or(Value::Null, Value::from),
            None => Value::Object(fields.into_iter().map(|(name, value)| (name, with_big(value))).collect()),
        },
        Value::Array(items) => items.into_iter().map(with_big).collect(),
        other => other,
    }
}

async fn answer(writer: &mut impl Writer, mut request: Value) -> Result<Value, String> {
    let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
    let step = |value: Value| serde_json::from_value::<Step>(value).map_err(|error| error.to_string());
    match text("do").as_str() {
        "write" => {
            let scenario = std::fs::read(text("scenario")).map_err(|error| error.to_string())?;
            let steps: Vec<Value> = serde_json::from_slice(&scenario).map_err(|error| error.to_string())?;
            let count = steps.len();
            for value in steps {
                writer.append(step(value)?).await?;
            }
            Ok(json!(count))
        }
        "append" => writer.append(step(request.take())?).await,
        "load" => writer.load(&text("stream")).await,
        "list" => writer.list().await,
        "name" => Ok(json!(writer.name(&text("stream")))),
        other => Err(format!("{other} is no command")),
    }
}

async fn serve(mut writer: impl Writer) {
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line of UTF-8");
        let request = serde_json::from_str(&line).expect("a JSON command");
        let said = match answer(&mut writer, request).await {
            Ok(ok) => json!({ "ok": ok }),
            Err(error) => json!({ "error": error }),
        };
        let mut out = std::io::stdout();
        writeln!(out, "{said}").and_then(|()| out.flush()).expect("an open standard output");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (framework, place) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    match framework.as_str() {
        "disintegrate" => serve(tags::Tags::open(&place).await.expect("a store")).await,
        other => serve(cqrs::Cqrs::open(&place, other == "cqrs-snapshots").await.expect("a store")).await,
    }
}
