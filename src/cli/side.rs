//! The side index of a store: made and moved on, looked at, taken away.

use std::io::Write;

use serde::Serialize;

use super::args::{Format, IndexArgs};
use super::output::json;
use super::progress::{Progress, counted};
use super::target::{Context, source};
use super::terminal::{Output, message};
use super::{Failure, Outcome};
use crate::engine::{SideIndex, SidePlace, SideSize};
use crate::event::Position;
use crate::event::visible::visible;
use crate::store::{Source, Store};

#[derive(Serialize)]
struct Told {
    file: String,
    bytes: u64,
    events: u64,
    position: Option<Position>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rebuilt: Option<&'static str>,
}

#[derive(Serialize)]
struct TakenAway {
    file: String,
    removed: bool,
    bytes: u64,
}

pub(super) fn index(args: &IndexArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let IndexArgs { store, size, remove, format } = args;
    let reader = context.open(store)?;
    let place = SidePlace::of(&source(store)?, reader.as_ref())?;
    let file = visible(&place.path().display().to_string()).into_owned();
    if *remove {
        let bytes = place.remove()?;
        return match format {
            Format::Json => {
                json(out, &TakenAway { file, removed: bytes.is_some(), bytes: bytes.unwrap_or(0) })?;
                Ok(Outcome::Done)
            }
            Format::Table => {
                match bytes {
                    Some(bytes) => writeln!(out.text(), "removed {file}, {}", mebibytes(bytes))?,
                    None => writeln!(out.text(), "there is no index of this store")?,
                }
                Ok(Outcome::Done)
            }
        };
    }
    let (index, rebuilt) = if *size {
        match place.open(reader.as_ref())? {
            Some(Ok(index)) => (Some(index), None),
            Some(Err(unusable)) => {
                message(format_args!(
                    "the index of this store is not used: {}; make it anew with `foldline index`",
                    unusable.said()
                ));
                (None, None)
            }
            None => (None, None),
        }
    } else {
        let total = reader.kept_events()?;
        let mut progress = Progress::new("indexing events", total);
        let (index, unusable) = place.follow(reader.as_ref(), &mut |count| progress.tell(count))?;
        drop(progress);
        if let Some(unusable) = unusable {
            message(format_args!("the index was made anew: {}", unusable.said()));
        }
        (Some(index), unusable.map(|unusable| unusable.said()))
    };
    let SideSize { bytes, events, position, .. } = index.as_ref().map(SideIndex::size).unwrap_or_default();
    match (format, index) {
        (Format::Json, _) => json(out, &Told { file, bytes, events, position, rebuilt })?,
        (Format::Table, Some(_)) => {
            writeln!(out.text(), "{file}\n{} of {}", mebibytes(bytes), counted(events, "event"))?;
        }
        (Format::Table, None) => writeln!(out.text(), "there is no index of this store")?,
    }
    Ok(Outcome::Done)
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// The index of a store for a search, where there is one that fits. One that does not is told of.
pub(super) fn for_search(source: &Source, reader: &dyn Store) -> Option<SideIndex> {
    match SidePlace::of(source, reader).ok()?.open(reader) {
        Ok(found) => match found? {
            Ok(index) => Some(index),
            Err(unusable) => {
                let reason = unusable.said();
                message(format_args!(
                    "the index of this store is not used: {reason}; make it anew with `foldline index`"
                ));
                None
            }
        },
        Err(error) => {
            message(format_args!("the index of this store is not used: {error}"));
            None
        }
    }
}
