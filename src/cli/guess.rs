//! A first draft of a projection, for its user to go on with.

use std::io::Write;

use super::args::GuessProjectionArgs;
use super::look::unless_category;
use super::progress::Progress;
use super::target::{Context, as_word, shown_path, source};
use super::terminal::{Output, message};
use super::{Failure, Outcome, told};
use crate::engine::guess_projection as guess;
use crate::script::Script;
use crate::store::files::ExportTarget;

pub(super) fn guess_projection(
    args: &GuessProjectionArgs,
    context: &Context,
    out: &mut Output,
) -> Result<Outcome, Failure> {
    let GuessProjectionArgs { store, category, to, force } = args;
    // Asked before the store is read, which may take a while.
    let target = match to {
        Some(to) if !to.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("js")) => {
            return Err(Failure::Usage(format!("{}: the name of the file ends in .js", shown_path(to))));
        }
        Some(to) => Some(ExportTarget::new(to, &source(store)?, *force)?),
        None => None,
    };
    let reader = context.open(store)?;
    let mut progress = Progress::new("reading payloads", None);
    let draft = guess(reader.as_ref(), category, &mut |count| progress.tell(count))?;
    drop(progress);
    let Some(draft) = draft else {
        unless_category(reader.as_ref(), category)?;
        return Err(Failure::Usage(format!("{category} has no events to guess from")));
    };
    if let Err(fault) = Script::read("the draft", &draft) {
        message(format_args!("the draft does not run as it is: {fault}"));
    }
    let (Some(target), Some(to)) = (target, to) else {
        out.text().write_all(draft.as_bytes())?;
        return Ok(Outcome::Done);
    };
    target.write_whole(draft.as_bytes())?;
    let done = || format!("a first draft for {category} is written to {}", shown_path(to));
    let printed = writeln!(
        out.text(),
        "{}\nLook at what it makes: foldline project {} --projection {}",
        done(),
        as_word(&super::target::shown(store)),
        as_word(&shown_path(to))
    );
    told(printed.map_err(Failure::from), out, done)?;
    Ok(Outcome::Done)
}
