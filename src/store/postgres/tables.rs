//! What tables there are, from the server's own catalogue.

use std::collections::HashMap;

use super::ServerError;
use super::pool::Server;
use crate::store::frameworks::{Catalogue, Column, Dialect, Table};

/// Parts of a partitioned table are not listed: their rows are the whole table's.
const IS_OURS: &str = "c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition \
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'";

impl Server {
    /// Every table and view of the schemas that the address asks for, or else of all.
    pub(super) fn catalogue(&self) -> Result<Catalogue, ServerError> {
        let chosen = if self.settings.search_path.is_some() || self.settings.says("search_path") {
            "AND n.nspname = ANY (current_schemas(false))"
        } else {
            ""
        };
        let tables = self.rows(
            &format!(
                "SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind IN ('v', 'm') \
                 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE {IS_OURS} {chosen} ORDER BY n.nspname, c.relname"
            ),
            &|row| {
                let table = Table {
                    schema: Some(row.try_get(1)?),
                    name: row.try_get(2)?,
                    is_view: row.try_get(3)?,
                    ..Table::default()
                };
                Ok((row.try_get::<_, i64>(0)?, table))
            },
        )?;
        let columns = self.rows(
            &format!(
                "SELECT c.oid::bigint, a.attname::text, pg_catalog.format_type(a.atttypid, NULL), a.attnotnull \
                 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE {IS_OURS} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.oid, a.attnum"
            ),
            &|row| {
                let declared: String = row.try_get(2)?;
                let column =
                    Column { name: row.try_get(1)?, declared: declared.to_lowercase(), is_required: row.try_get(3)? };
                Ok((row.try_get::<_, i64>(0)?, column))
            },
        )?;
        let keys = self.rows(
            &format!(
                "SELECT c.oid::bigint, array_agg(a.attname::text) FROM pg_catalog.pg_index i \
                 JOIN pg_catalog.pg_class c ON c.oid = i.indrelid \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) \
                 WHERE {IS_OURS} AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL \
                 GROUP BY c.oid, i.indexrelid"
            ),
            &|row| Ok((row.try_get::<_, i64>(0)?, row.try_get::<_, Vec<String>>(1)?)),
        )?;
        let places: HashMap<i64, usize> = tables.iter().enumerate().map(|(at, (oid, _))| (*oid, at)).collect();
        let mut tables: Vec<Table> = tables.into_iter().map(|(_, table)| table).collect();
        for (oid, column) in columns {
            if let Some(table) = places.get(&oid).and_then(|at| tables.get_mut(*at)) {
                table.columns.push(column);
            }
        }
        for (oid, key) in keys {
            if let Some(table) = places.get(&oid).and_then(|at| tables.get_mut(*at)) {
                table.unique_keys.push(key);
            }
        }
        Ok(Catalogue { dialect: Dialect::Postgres, tables })
    }
}
