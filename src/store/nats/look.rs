//! What the streams of a server hold, for whoever is to say what it means: the first messages of each as rows of a table,
//! guessed at as any other table is.

use rusqlite::{Connection as Sqlite, params_from_iter, types::Value};

use super::mapped::{BODY, SEQUENCE, SUBJECT, TIME, columns, token_name};
use super::seen::Seen;
use super::{Asking, Connection, sample};
use crate::store::frameworks::{Unmapped, look_into_file, quote};
use crate::store::private::private_folder;
use crate::store::{Address, StoreError};

/// So many streams are looked into, and so many messages of each.
const STREAMS: usize = 24;
const MESSAGES: usize = 200;

/// Looks into the stream that the address names, or into all.
pub(in crate::store) fn look_into_server(address: &Address) -> Result<Unmapped, StoreError> {
    let asking = Asking::default();
    let failed = |error| super::failed(address, error);
    let connection = Connection::to(address, &asking).map_err(failed)?;
    let streams = super::named_or_all(address, &connection, &asking).map_err(failed)?;
    let folder = private_folder()?;
    let path = folder.path().join("messages.db");
    let unwritten = |error| StoreError::from_sqlite(&path, error);
    let mut tables = Sqlite::open(&path).map_err(unwritten)?;
    for stream in streams.iter().take(STREAMS) {
        let messages = sample(&connection, stream, &asking, MESSAGES).map_err(failed)?;
        write(&mut tables, stream, &messages).map_err(unwritten)?;
    }
    drop(tables);
    look_into_file(&path)
}

fn write(tables: &mut Sqlite, stream: &str, messages: &[Seen]) -> rusqlite::Result<()> {
    let columns = columns(messages);
    let declared: Vec<String> = columns
        .iter()
        .map(|name| format!("{} {}", quote(name), if name == SEQUENCE { "INTEGER PRIMARY KEY" } else { "TEXT" }))
        .collect();
    let transaction = tables.transaction()?;
    transaction.execute(&format!("CREATE TABLE {} ({})", quote(stream), declared.join(", ")), [])?;
    let places = vec!["?"; columns.len()].join(", ");
    let mut insert = transaction.prepare(&format!("INSERT OR IGNORE INTO {} VALUES ({places})", quote(stream)))?;
    for seen in messages {
        insert.execute(params_from_iter(columns.iter().map(|name| value(name, seen))))?;
    }
    drop(insert);
    transaction.commit()
}

fn value(name: &str, seen: &Seen) -> Value {
    let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.to_owned()));
    match name {
        SUBJECT => text(Some(seen.subject())),
        BODY => match std::str::from_utf8(seen.body()) {
            Ok(body) => text(Some(body)),
            Err(_) => Value::Blob(seen.body().to_vec()),
        },
        TIME => Value::Text(seen.at.to_string()),
        SEQUENCE => Value::Integer(i64::try_from(seen.sequence).unwrap_or(i64::MAX)),
        _ => {
            let token = seen.subject().split('.').enumerate().find(|(at, _)| token_name(*at) == name);
            let header = || seen.headers()?.get(name);
            text(token.map(|(_, token)| token).or_else(header))
        }
    }
}
