use rusqlite::Connection;

use crate::store::frameworks::{Catalogue, Column, Dialect, Table};

/// Every table and view with its columns and keys, as SQLite tells them.
pub(crate) fn read_catalogue(connection: &Connection) -> rusqlite::Result<Catalogue> {
    let mut list = connection.prepare(
        "SELECT name, type, wr FROM pragma_table_list
         WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         ORDER BY name",
    )?;
    let names: Vec<(String, String, bool)> =
        list.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?;
    let mut tables = Vec::with_capacity(names.len());
    for (name, kind, is_without_rowid) in names {
        // A view over tables that are gone, or a table of an extension that is not here, tells nothing.
        if let Ok(table) = read_table(connection, name, &kind, is_without_rowid) {
            tables.push(table);
        }
    }
    Ok(Catalogue { dialect: Dialect::Sqlite, tables })
}

fn read_table(connection: &Connection, name: String, kind: &str, is_without_rowid: bool) -> rusqlite::Result<Table> {
    let mut columns = Vec::new();
    let mut primary_key: Vec<(i64, String)> = Vec::new();
    let mut statement = connection.prepare_cached("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1)")?;
    let mut rows = statement.query([&name])?;
    while let Some(row) = rows.next()? {
        let column =
            Column { name: row.get(0)?, declared: row.get::<_, String>(1)?.to_lowercase(), is_required: row.get(2)? };
        let place: i64 = row.get(3)?;
        if place > 0 {
            primary_key.push((place, column.name.clone()));
        }
        columns.push(column);
    }
    primary_key.sort();
    let mut unique_keys = vec![primary_key.into_iter().map(|(_, name)| name).collect::<Vec<String>>()];
    let mut statement =
        connection.prepare_cached("SELECT name FROM pragma_index_list(?1) WHERE \"unique\" AND NOT partial")?;
    let indexes: Vec<String> = statement.query_map([&name], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for index in indexes {
        let mut statement = connection.prepare_cached("SELECT name FROM pragma_index_info(?1)")?;
        let key: Vec<Option<String>> = statement.query_map([&index], |row| row.get(0))?.collect::<Result<_, _>>()?;
        // An index over an expression is no key.
        unique_keys.extend(key.into_iter().collect::<Option<Vec<String>>>());
    }
    unique_keys.retain(|key| !key.is_empty());
    Ok(Table {
        schema: None,
        name,
        is_view: kind == "view",
        columns,
        unique_keys,
        has_rowid: kind == "table" && !is_without_rowid,
    })
}
