use std::io::Write;

use serde_json::json;

use super::args::{Format, SealArgs};
use super::evidence::warn_of_open_key;
use super::output::json;
use super::progress::{Progress, counted};
use super::target::{self, Context, shown_path};
use super::terminal::Output;
use super::{Failure, Outcome, told};
use crate::engine::write_seal;
use crate::store::Source;
use crate::store::files::ExportTarget;

pub(super) fn seal(args: &SealArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let SealArgs { store, to, key, force, format } = args;
    if let Source::Server(address) = Source::parse_os(to.as_os_str()) {
        return Err(Failure::Usage(format!("{address}: a seal can only be written to a file; name one")));
    }
    // Asked before the store is read, which may take a while.
    let target = ExportTarget::new(to, &target::source(store)?, *force)?;
    warn_of_open_key(key.as_deref());
    let reader = context.open(store)?;
    let mut progress = Progress::new("sealing events", reader.info().ok().map(|info| info.events));
    let made = write_seal(reader.as_ref(), target, key.as_deref(), &mut |count| progress.tell(count))?;
    drop(progress);
    let done = || format!("{} sealed in {}", counted(made.size, "event"), shown_path(to));
    let printed = match format {
        Format::Json => json(out, &json!({"events": made.size, "root": made.root, "key": made.key})),
        Format::Table => writeln!(out.text(), "{}\nroot {}\nsigned by {}", done(), made.root, made.key),
    };
    told(printed.map_err(Failure::from), out, done)?;
    Ok(Outcome::Done)
}
