use std::io::Write;

use serde_json::json;

use super::args::{Format, VerifyArgs};
use super::output::{Align, Table, json, optional};
use super::progress::{Progress, counted};
use super::target::Desk;
use super::{Failure, Outcome, target};
use crate::session::check;

pub(super) fn verify(args: &VerifyArgs, desk: &Desk, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let reader = desk.open(&args.store)?;
    let total = reader.info().ok().map(|info| info.events);
    let mut progress = Progress::new("checking events", total);
    let mut findings = Vec::new();
    let mut checked = 0;
    check(reader.as_ref(), &mut |finding| findings.push(finding), &mut |count| {
        checked = count;
        progress.tell(count)
    })?;
    drop(progress);
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
