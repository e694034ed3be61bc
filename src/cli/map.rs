use std::io::Write;

use super::args::MapArgs;
use super::target::Context;
use super::terminal::{Output, message};
use super::{Failure, Outcome, target};
use crate::store::frameworks::{Catalogue, Guess, Mapping, Table, forget_mapping, look_into, preview, save_mapping};
use crate::store::{Source, StoreError};

/// Prints the likeliest mapping as JSON; what speaks for it, and what else there is, goes to standard error.
pub(super) fn map(args: &MapArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let MapArgs { store, keep, forget } = args;
    let source = target::source(store)?;
    if *forget {
        let was_kept = forget_mapping(&source)
            .map_err(|error| StoreError::Io { path: "the folder for settings".into(), source: error })?;
        let told = if was_kept { "the mapping that was kept is forgotten" } else { "no mapping was kept" };
        writeln!(out.text(), "{source}: {told}")?;
        return Ok(Outcome::Done);
    }
    if *keep {
        return kept(context, &source, out);
    }
    let unmapped = target::asking(source.clone(), look_into)?;
    if !unmapped.slow.is_empty() {
        message(format!(
            "reading {} took too long, so that its columns are guessed at by their names alone; if it is a view, map the \
             table that it reads",
            unmapped.slow.join(", ")
        ));
    }
    let likely = |guess: &&Guess| guess.is_whole || !unmapped.guesses.iter().any(|other| other.is_whole);
    let guesses: Vec<&Guess> = unmapped.guesses.iter().filter(likely).collect();
    let Some((best, others)) = guesses.split_first() else { return form(&source, &unmapped.catalogue, out) };
    writeln!(out.json(), "{}", best.mapping.to_json())?;
    let reasons: Vec<String> = best.reasons.iter().map(ToString::to_string).collect();
    message(format!("a guess, to be corrected ({})", reasons.join("; ")));
    if !best.is_whole {
        message(format_args!(
            "say which column names the stream, and which holds the type or the payload; no column surely does (it has: {})",
            unmapped.catalogue.table(&best.mapping.table).map(columns).unwrap_or_default()
        ));
    }
    if !others.is_empty() {
        let names: Vec<&str> = others.iter().map(|other| other.mapping.table.as_str()).collect();
        message(format!("other tables that may hold events: {}", names.join(", ")));
    }
    Ok(Outcome::Done)
}

fn columns(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    names.join(", ")
}

/// Where no table looks like events, its user fills in what the columns are.
fn form(source: &Source, catalogue: &Catalogue, out: &mut Output) -> Result<Outcome, Failure> {
    let Some(table) = catalogue.tables.iter().rev().max_by_key(|table| table.columns.len()) else {
        return Err(Failure::Usage(format!("{source}: it has no table")));
    };
    let mapping = Mapping { table: table.full_name(), version_base: 1, version_step: 1, ..Mapping::default() };
    writeln!(out.json(), "{}", mapping.to_json())?;
    message(format_args!(
        "no table looks like events; this is to be filled in with the columns of {}, `stream` at least (it has: {}; the \
         tables are: {})",
        mapping.table,
        columns(table),
        catalogue.names()
    ));
    Ok(Outcome::Done)
}

/// Kept only once it has read an event or two.
fn kept(context: &Context, source: &Source, out: &mut Output) -> Result<Outcome, Failure> {
    let Some(mapping) = context.mapping() else {
        return Err(Failure::Usage("name the mapping to keep: `foldline map STORE --map FILE --keep`".to_owned()));
    };
    target::asking(source.clone(), |source| preview(source, mapping, 2))?;
    let path = save_mapping(source, mapping)
        .map_err(|error| StoreError::Io { path: "the folder for settings".into(), source: error })?;
    writeln!(out.text(), "{source} is read by its table {} from now on (kept in {})", mapping.table, path.display())?;
    Ok(Outcome::Done)
}
