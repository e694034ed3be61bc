use std::io::Write;

use serde_json::json;

use super::args::{Format, VerifyArgs};
use super::output::{Align, Table, json, optional};
use super::progress::{Progress, counted};
use super::target::Context;
use super::terminal::Output;
use super::{Failure, Outcome, target};
use crate::engine::check;
use crate::store::{Fault, Finding, FoundAt, StoreError};

pub(super) fn verify(args: &VerifyArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    let (mut total, mut checked) = (None, 0);
    match context.open(&args.store) {
        Ok(reader) => {
            total = reader.info().ok().map(|info| info.events);
            let mut progress = Progress::new("checking events", total);
            check(reader.as_ref(), &mut |finding| findings.push(finding), &mut |count| {
                checked = count;
                progress.tell(count)
            })?;
        }
        // So damaged that nothing of it can be read: that is what was asked for.
        Err(Failure::Store(StoreError::Damaged { path, detail })) => {
            findings.push(Finding::of_store(Fault::Unreadable { path: path.display().to_string(), detail }));
        }
        Err(failure) => return Err(failure),
    }
    let is_ok = findings.is_empty();
    match args.format {
        Format::Json => json(out, &json!({"ok": is_ok, "findings": findings}))?,
        Format::Table if is_ok => {
            let (store, count) = (target::shown(&args.store), counted(total.unwrap_or(checked), "event"));
            writeln!(out.text(), "{store}: {count}, nothing to report")?;
        }
        Format::Table => {
            let columns =
                [("kind", Align::Left), ("stream", Align::Left), ("version", Align::Right), ("finding", Align::Left)];
            let mut table = Table::new(out, &columns);
            for Finding { place: FoundAt { stream, version, position: _ }, what } in &findings {
                let kind = what.kind().name().to_owned();
                table.row(&[kind, optional(stream.as_ref()), optional(*version), what.to_string()])?;
            }
            table.finish()?;
        }
    }
    Ok(if is_ok { Outcome::Done } else { Outcome::No })
}
