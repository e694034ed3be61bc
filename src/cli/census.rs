use serde::Serialize;
use serde_json::{Map, Value};

use super::args::{CensusArgs, RowFormat};
use super::look::{Rows, check_csv_safe, unless_category};
use super::output::{Align, JsonRows, optional};
use super::progress::Progress;
use super::target::Context;
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::engine::{census as take_census, grouped};
use crate::event::{EventType, Timestamp};
use crate::index::{FieldShape, TypeShape};

#[derive(Serialize)]
struct TypeRow<'a> {
    #[serde(rename = "type")]
    event_type: &'a EventType,
    events: u64,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "is_none")]
    unreadable: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    more_fields: bool,
    fields: Vec<FieldRow<'a>>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

#[derive(Serialize)]
struct FieldRow<'a> {
    path: &'a str,
    types: Map<String, Value>,
    present: u64,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    examples: &'a [String],
}

impl<'a> TypeRow<'a> {
    fn of(shape: &'a TypeShape) -> Self {
        Self {
            event_type: &shape.event_type,
            events: shape.events,
            first_at: shape.span.first,
            last_at: shape.span.last,
            unreadable: shape.unreadable,
            more_fields: shape.has_more_fields,
            fields: shape.fields.iter().map(FieldRow::of).collect(),
        }
    }
}

impl<'a> FieldRow<'a> {
    fn of(field: &'a FieldShape) -> Self {
        Self {
            path: &field.path,
            types: field.types().map(|(json_type, count)| (json_type.name().to_owned(), count.into())).collect(),
            present: field.present,
            first_at: field.span.first,
            last_at: field.span.last,
            examples: &field.examples,
        }
    }
}

pub(super) fn census(args: &CensusArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    check_csv_safe(args.csv_safe, args.format)?;
    let reader = context.open(&args.store)?;
    let total = reader.kept_events()?;
    let mut progress = Progress::new("reading payloads", total);
    let census = take_census(reader.as_ref(), args.category.as_deref(), &mut |count| progress.tell(count))?;
    drop(progress);
    let types = census.types();
    if let (true, Some(asked)) = (types.is_empty(), &args.category) {
        unless_category(reader.as_ref(), asked)?;
    }
    let unreadable: u64 = types.iter().map(|shape| shape.unreadable).sum();
    if unreadable > 0 {
        message(format_args!(
            "{} not JSON and told of in no field; `foldline verify` names each",
            if unreadable == 1 { "1 payload is".to_owned() } else { format!("{} payloads are", grouped(unreadable)) }
        ));
    }
    match args.format {
        RowFormat::Json | RowFormat::Jsonl => {
            let mut rows = JsonRows::new(out, args.format);
            for shape in &types {
                rows.row(&TypeRow::of(shape))?;
            }
            rows.finish()?;
        }
        RowFormat::Table | RowFormat::Csv => {
            let columns = [
                ("type", Align::Left),
                ("events", Align::Right),
                ("field", Align::Left),
                ("types", Align::Left),
                ("present", Align::Right),
                ("first_at", Align::Left),
                ("last_at", Align::Left),
                ("examples", Align::Left),
            ];
            let mut rows = Rows::new(out, args.format, args.csv_safe, &columns);
            for shape in &types {
                let is_csv = args.format == RowFormat::Csv;
                let number = |count: u64| if is_csv { count.to_string() } else { grouped(count) };
                let head = |span: crate::index::Span, rest: [String; 3]| {
                    let [field, types, present] = rest;
                    let times = [optional(span.first), optional(span.last)];
                    [vec![shape.event_type.to_string(), number(shape.events), field, types, present], times.to_vec()]
                        .concat()
                };
                if shape.fields.is_empty() {
                    let cells = || [head(shape.span, Default::default()), vec![String::new()]].concat();
                    rows.row(&(), cells)?;
                }
                for field in &shape.fields {
                    let types: Vec<String> = match field.types().collect::<Vec<_>>().as_slice() {
                        [(only, _)] => vec![only.name().to_owned()],
                        several => {
                            several.iter().map(|(of, count)| format!("{} {}", of.name(), number(*count))).collect()
                        }
                    };
                    let rest = [field.path.to_string(), types.join(", "), number(field.present)];
                    rows.row(&(), || [head(field.span, rest), vec![field.examples.join(", ")]].concat())?;
                }
            }
            rows.finish()?;
        }
    }
    Ok(Outcome::Done)
}
