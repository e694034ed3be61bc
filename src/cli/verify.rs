use std::io::Write;

use serde_json::json;

use super::args::{Format, VerifyArgs};
use super::output::{Align, Table, json, optional};
use super::progress::{Progress, counted};
use super::target::Context;
use super::terminal::Output;
use super::{Failure, Outcome, target};
use crate::engine::{Check, all_findings, check, check_since, read_seal};
use crate::proof::Seal;
use crate::store::{Fault, Finding, FoundAt, StoreError};

pub(super) fn verify(args: &VerifyArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    // A seal that is none is told before the store is read.
    let seal = args.since.as_deref().map(read_seal).transpose()?.map(|(seal, _)| seal);
    let mut findings = Vec::new();
    let (mut total, mut checked) = (None, 0);
    match context.open(&args.store) {
        Ok(reader) => {
            total = reader.info().ok().map(|info| info.events);
            let mut progress =
                Progress::new("checking events", total.map(|total| if args.all { 3 * total } else { total }));
            let mut report = |finding| findings.push(finding);
            let mut tell = |count| {
                checked = count;
                // Told in steps: some of it goes by batches of any length.
                progress.tell(if args.all { count & !1023 } else { count })
            };
            let look: Check = if args.all { all_findings } else { check };
            match &seal {
                Some(seal) => check_since(reader.as_ref(), seal, look, &mut report, &mut tell)?,
                None => look(reader.as_ref(), &mut report, &mut tell)?,
            }
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
            if let Some(Seal { size, made_at, key, .. }) = &seal {
                let sealed = counted(*size, "event");
                writeln!(out.text(), "grown from the {sealed} sealed on {made_at}; signed by {key}")?;
            }
        }
        Format::Table => {
            let columns =
                [("kind", Align::Left), ("stream", Align::Left), ("version", Align::Right), ("finding", Align::Left)];
            let mut table = Table::with_sentences(out, &columns);
            for Finding { place: FoundAt { stream, version, position: _ }, what } in &findings {
                let kind = what.kind().name().to_owned();
                table.row(&[kind, optional(stream.as_ref()), optional(*version), what.to_string()])?;
            }
            table.finish()?;
        }
    }
    Ok(if is_ok { Outcome::Done } else { Outcome::No })
}
