use serde::Serialize;

use super::args::{SearchArgs, now};
use super::look::{Rows, check_csv_safe, unless_category, unless_type, written};
use super::output::{Align, optional};
use super::progress::Progress;
use super::side::for_search;
use super::target::{Context, source};
use super::terminal::Output;
use super::when::pointed;
use super::{Failure, Outcome};
use crate::engine::{Aids, Calendar, FoundEvent, Search, Wanted, search_with};
use crate::event::{EventId, EventType, StreamId, Timestamp, Version};
use crate::store::{Flow, Store};

#[derive(Serialize)]
struct FoundRow<'a> {
    stream: &'a StreamId,
    version: Version,
    id: &'a EventId,
    #[serde(rename = "type")]
    event_type: &'a EventType,
    recorded_at: Option<Timestamp>,
    actor: Option<&'a str>,
    #[serde(rename = "where")]
    place: &'a str,
}

pub(super) fn search(args: &SearchArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let SearchArgs { store, query, words, limit, format, csv_safe } = args;
    let query = &std::iter::once(query).chain(words).map(String::as_str).collect::<Vec<_>>().join(" ");
    check_csv_safe(*csv_safe, *format)?;
    let search = Search::new(query, &Calendar::utc(now()))
        .map_err(|misread| Failure::Search { misread, text: query.clone() })?;
    if search.terms.is_empty() {
        return Err(Failure::Usage("nothing is looked for; write words, or a term such as actor:kim".to_owned()));
    }
    let reader = context.open(store)?;
    let side = for_search(&source(store)?, reader.as_ref());
    let columns = [
        ("recorded_at", Align::Left),
        ("stream", Align::Left),
        ("version", Align::Right),
        ("type", Align::Left),
        ("actor", Align::Left),
        ("where", Align::Left),
    ];
    let cells = |found: &FoundEvent| {
        vec![
            optional(found.recorded_at),
            found.stream.to_string(),
            found.version.to_string(),
            found.event_type.to_string(),
            found.actor.clone().unwrap_or_default(),
            found.place.clone(),
        ]
    };
    let mut rows = Rows::new(out, *format, *csv_safe, &columns);
    let (mut failed, mut left) = (Ok(()), limit.unwrap_or(u64::MAX));
    let mut progress = Progress::new("searching", None);
    let mut visit = |found: FoundEvent| {
        let row = FoundRow {
            stream: &found.stream,
            version: found.version,
            id: &found.id,
            event_type: &found.event_type,
            recorded_at: found.recorded_at,
            actor: found.actor.as_deref(),
            place: &found.place,
        };
        left -= 1;
        let flow = written(rows.row(&row, || cells(&found)), &mut failed);
        if left == 0 { Flow::Break(()) } else { flow }
    };
    let visited = match limit {
        Some(0) => Ok(()),
        _ => {
            let aids = Aids { side: side.as_ref(), chronicle: None };
            search_with(reader.as_ref(), &search, aids, &mut |count| progress.tell(count), &mut visit)
        }
    };
    drop(progress);
    failed?;
    if rows.is_empty() && visited.is_ok() && *limit != Some(0) {
        unless_known_names(reader.as_ref(), &search)?;
    }
    rows.end(visited.map_err(|error| pointed(error, query)))
}

/// A name that the store does not have at all is refused with those that look like it.
fn unless_known_names(reader: &dyn Store, search: &Search) -> Result<(), Failure> {
    for term in search.terms.iter().filter(|term| !term.is_denied) {
        match &term.wanted {
            // A category or a type is found however its letters are written.
            Wanted::Category(glob) if !glob.is_open() && !glob.text().contains(',') => {
                let is_known = reader.categories()?.iter().any(|(name, _)| glob.fits(name));
                if !is_known {
                    unless_category(reader, glob.text())?;
                }
            }
            Wanted::Type(glob) if !glob.is_open() && !glob.text().contains(',') => {
                let is_known = reader.info()?.event_types.iter().any(|(name, _)| glob.fits(name.as_str()));
                if !is_known {
                    unless_type(reader, glob.text())?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}
