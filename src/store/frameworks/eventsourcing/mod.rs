//! Python `eventsourcing`.

mod append;
mod shape;

use super::catalogue::{Catalogue, Table};
use super::layout::{Category, Layout, Snapshots, Time};
use super::rules::{AppendRules, Appends, PostgresRules, Rules, SqliteRules};
use crate::store::Framework;

impl Framework {
    pub const EVENTSOURCING: Self = Self::named("eventsourcing");
}

pub(super) static RULES: Rules = Rules {
    framework: Framework::EVENTSOURCING,
    recognise: &[layout],
    appends: Appends::By(&APPEND),
    notifies: Some(channel),
};

/// What each append of an application notifies.
fn channel(table: &Table) -> String {
    table.name.replace('.', "_")
}

static APPEND: AppendRules = AppendRules {
    shape: Some(shape::shape),
    types_are_classes: true,
    sqlite: Some(SqliteRules { example: Some(append::sqlite_example), write: append::to_sqlite }),
    postgres: Some(PostgresRules {
        example: Some(append::postgres_example),
        write: append::to_postgres,
        // The lock that keeps others from appending is given to who may change rows.
        rights: &["SELECT", "INSERT", "UPDATE"],
    }),
};

const KEY: [&str; 2] = ["originator_id", "originator_version"];

fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let is_there = table.has(&["originator_id", "originator_version", "topic", "state"]) && table.is_unique(&KEY);
    // Snapshots have the same columns, but nothing that orders them all.
    let position = table.maybe("e", "notification_id").or_else(|| table.rowid("e"))?;
    if !is_there {
        return None;
    }
    let mut layout = Layout::new(
        Framework::EVENTSOURCING,
        catalogue.dialect,
        table.full_name(),
        format!("{} e", table.quoted()),
        table.expr("e", "topic"),
    );
    layout.stream = vec![table.expr("e", "originator_id")];
    layout.version = table.expr("e", "originator_version");
    layout.category = Category::Topic { library: "eventsourcing." };
    layout.payload = table.expr("e", "state");
    layout.expects_objects = true;
    layout.may_be_encrypted = true;
    layout.metadata_in_payload = true;
    layout.position = Some(position);
    layout.time = Time::Payload { path: vec!["timestamp".to_owned(), "_data_".to_owned()] };
    layout.snapshots = snapshots(catalogue, table);
    Some(layout)
}

fn snapshots(catalogue: &Catalogue, events: &Table) -> Option<Snapshots> {
    let stem = events.name.strip_suffix("_events")?;
    let table = catalogue.beside(events, &format!("{stem}_snapshots"))?;
    table.has(&KEY).then(|| Snapshots {
        from: format!("{} s", table.quoted()),
        stream: vec![table.expr("s", "originator_id")],
        version: table.expr("s", "originator_version"),
        state: None,
    })
}
