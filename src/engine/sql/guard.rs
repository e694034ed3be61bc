//! What a query may not do: write, reach for a file, take all memory, or go on when nobody waits for it.

use std::sync::{Arc, Mutex};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, Result};

use super::super::ticket::lock;
use super::flaw::SqlRefusal;
use super::room::Room;

/// Steps of SQLite's machine between two looks at the clock: well below a millisecond.
const STEPS: i32 = 2_000;

/// No text or row may be longer.
const LONGEST: i32 = 64 << 20;

/// Pragmas that tell of tables, and set nothing.
const HARMLESS: [&str; 5] = ["table_info", "table_xinfo", "table_list", "function_list", "compile_options"];

/// Functions that reach out of the query.
const REACHING: [&str; 3] = ["load_extension", "fts3_tokenizer", "sqlite_log"];

#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    /// What the query tried first.
    refused: Arc<Mutex<Option<SqlRefusal>>>,
}

impl Guard {
    pub(super) fn set(connection: &mut Connection, room: &Arc<Room>) -> Result<Self> {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // A name in double quotes that is none would be taken for a text, and a typing error for an empty answer.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
        let guard = Self::default();
        let refused = Arc::clone(&guard.refused);
        connection.authorizer(Some(move |asked: AuthContext<'_>| match refusal(&asked.action) {
            None => Authorization::Allow,
            Some(what) => {
                lock(&refused).get_or_insert(what);
                Authorization::Deny
            }
        }))?;
        let room = Arc::clone(room);
        connection.progress_handler(STEPS, Some(move || room.is_stopped()))?;
        Ok(guard)
    }

    pub(super) fn take_refused(&self) -> Option<SqlRefusal> {
        lock(&self.refused).take()
    }
}

/// What is not allowed of it; everything that is not named here is refused.
fn refusal(action: &AuthAction<'_>) -> Option<SqlRefusal> {
    let is_one_of = |names: &[&str], name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    match action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => None,
        AuthAction::Function { function_name } if !is_one_of(&REACHING, function_name) => None,
        AuthAction::Pragma { pragma_name, .. } if is_one_of(&HARMLESS, pragma_name) => None,
        AuthAction::Function { function_name } => Some(SqlRefusal::Function((*function_name).to_owned())),
        AuthAction::Pragma { pragma_name, .. } => Some(SqlRefusal::Pragma((*pragma_name).to_owned())),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => Some(SqlRefusal::Attach),
        AuthAction::Insert { .. } => Some(SqlRefusal::Insert),
        AuthAction::Update { .. } => Some(SqlRefusal::Update),
        AuthAction::Delete { .. } => Some(SqlRefusal::Delete),
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => Some(SqlRefusal::Transaction),
        _ => Some(SqlRefusal::Schema),
    }
}
