//! Which right is missing, and the words that give it. The server says only what may not be touched ("permission
//! denied for table messages"), not for which kind of touch; its catalogue knows.

use super::ServerError;
use super::connection::quoted;
use super::pool::Server;

/// What reading asks of a table.
pub(super) const TO_READ: &[&str] = &["SELECT"];

/// The kinds of thing that a message names, ahead of the name.
const KINDS: [(&str, Kind); 7] = [
    ("schema", Kind::Schema),
    ("table", Kind::Table),
    ("view", Kind::Table),
    ("materialized view", Kind::Table),
    ("database", Kind::Database),
    ("function", Kind::Function),
    ("sequence", Kind::Sequence),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Schema,
    Table,
    Database,
    Function,
    Sequence,
}

/// What may not be touched, by kind and name.
fn denied(message: &str) -> Option<(Kind, &str)> {
    KINDS.iter().find_map(|(word, kind)| {
        let (_, rest) = message.split_once(&format!(" for {word} "))?;
        Some((*kind, rest.trim_matches('"')))
    })
}

impl Server {
    /// A denial that names each missing right, of those that are `needed` of the table that it is about.
    pub(super) fn with_missing_rights(
        &self,
        error: ServerError,
        needed: &dyn Fn(&str) -> &'static [&'static str],
    ) -> ServerError {
        let ServerError::Denied { detail, grant } = error else { return error };
        let found = denied(&detail).and_then(|(kind, name)| self.grant(kind, name, needed(name)));
        ServerError::Denied { grant: found.unwrap_or(grant), detail }
    }

    fn grant(&self, kind: Kind, name: &str, needed: &[&str]) -> Option<String> {
        let user = quoted(&self.settings.user);
        let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let (sql, what) = match kind {
            Kind::Schema => return Some(format!("GRANT USAGE ON SCHEMA {} TO {user}", quoted(name))),
            Kind::Database => return Some(format!("GRANT CONNECT ON DATABASE {} TO {user}", quoted(name))),
            Kind::Table => {
                let rights: Vec<String> = needed.iter().map(|right| literal(right)).collect();
                let sql = format!(
                    "SELECT r.\"right\", n.nspname::text, c.relname::text, NULL::text \
                     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace, \
                     unnest(ARRAY[{}]::text[]) WITH ORDINALITY AS r(\"right\", place) \
                     WHERE c.relname = {} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' \
                     AND NOT pg_catalog.has_table_privilege(c.oid, r.\"right\") ORDER BY n.nspname, r.place",
                    rights.join(", "),
                    literal(name)
                );
                (sql, "")
            }
            Kind::Sequence => {
                let sql = format!(
                    "SELECT 'USAGE', n.nspname::text, c.relname::text, NULL::text \
                     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                     WHERE c.relname = {} AND c.relkind = 'S' AND NOT pg_catalog.has_sequence_privilege(c.oid, 'USAGE')",
                    literal(name)
                );
                (sql, "SEQUENCE ")
            }
            Kind::Function => {
                let sql = format!(
                    "SELECT 'EXECUTE', n.nspname::text, p.proname::text, pg_catalog.pg_get_function_identity_arguments(p.oid) \
                     FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
                     WHERE p.proname = {} AND NOT pg_catalog.has_function_privilege(p.oid, 'EXECUTE')",
                    literal(name)
                );
                (sql, "FUNCTION ")
            }
        };
        let read = |row: &tokio_postgres::Row| {
            let (right, schema): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let (name, arguments): (String, Option<String>) = (row.try_get(2)?, row.try_get(3)?);
            let arguments = arguments.map(|arguments| format!("({arguments})")).unwrap_or_default();
            Ok((right, format!("{}.{}{arguments}", quoted(&schema), quoted(&name))))
        };
        let missing = self.rows(&sql, &read).ok()?;
        // Of tables of one name in several schemas, the first.
        let (_, of) = missing.first()?;
        let rights: Vec<&str> =
            missing.iter().filter(|(_, other)| other == of).map(|(right, _)| right.as_str()).collect();
        Some(format!("GRANT {} ON {what}{of} TO {user}", rights.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_touched_is_read_from_the_servers_words() {
        for (message, expected) in [
            ("permission denied for table messages", (Kind::Table, "messages")),
            ("permission denied for schema crm", (Kind::Schema, "crm")),
            ("permission denied for materialized view \"a b\"", (Kind::Table, "a b")),
            ("permission denied for sequence s", (Kind::Sequence, "s")),
            ("permission denied for function write_message", (Kind::Function, "write_message")),
        ] {
            assert_eq!(denied(message), Some(expected), "{message}");
        }
        assert_eq!(denied("must be superuser"), None);
    }
}
