use std::io::Write;

use serde_json::json;

use super::args::{Format, VerifyArgs};
use super::output::{Align, Table, json, optional};
use super::progress::{Progress, counted};
use super::target::Desk;
use super::{Failure, Outcome, target};
use crate::engine::check;
use crate::store::{Finding, StoreError};

pub(super) fn verify(args: &VerifyArgs, desk: &Desk, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    let (mut total, mut checked) = (None, 0);
    match desk.open(&args.store) {
        Ok(reader) => {
            total = reader.info().ok().map(|info| info.events);
            let mut progress = Progress::new("checking events", total);
            check(reader.as_ref(), &mut |finding| findings.push(finding), &mut |count| {
                checked = count;
                progress.tell(count)
            })?;
        }
        // So damaged that nothing of it can be read: that is what was asked for.
        Err(Failure::Store(error @ StoreError::Damaged { .. })) => findings.push(Finding::damage(error.to_string())),
        Err(failure) => return Err(failure),
    }
    let is_ok = findings.is_empty();
    match args.format {
        Format::Json => json(out, &json!({"ok": is_ok, "findings": findings}))?,
        Format::Table if is_ok => {
            let (store, count) = (target::shown(&args.store), counted(total.unwrap_or(checked), "event"));
            writeln!(out, "{store}: {count}, nothing to report")?;
        }
        Format::Table => {
            let columns =
                [("kind", Align::Left), ("stream", Align::Left), ("version", Align::Right), ("finding", Align::Left)];
            let mut table = Table::new(out, &columns);
            for finding in &findings {
                let kind = finding.kind.name().to_owned();
                table.row(&[
                    kind,
                    optional(finding.stream.as_ref()),
                    optional(finding.version),
                    finding.message.clone(),
                ])?;
            }
            table.finish()?;
        }
    }
    Ok(if is_ok { Outcome::Done } else { Outcome::No })
}
