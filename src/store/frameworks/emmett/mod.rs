//! Emmett, from 0.38 on.

mod append;

use super::catalogue::{Catalogue, Dialect, Table};
use super::layout::{Category, Layout, MetadataPart, Snapshots, Time, TimeUnit};
use super::rules::{AppendRules, Appends, PostgresRules, Rules, SqliteRules};
use crate::store::Framework;

impl Framework {
    pub const EMMETT: Self = Self::named("emmett");
}

pub(super) static RULES: Rules =
    Rules { framework: Framework::EMMETT, recognise: &[layout], appends: Appends::By(&APPEND), notifies: None };

/// What a stream is about whose name says nothing of it.
const NO_KIND: &str = "emt:unknown";

static APPEND: AppendRules = AppendRules {
    shape: None,
    types_are_classes: false,
    sqlite: Some(SqliteRules { example: None, write: append::to_sqlite }),
    postgres: Some(PostgresRules { example: None, write: append::to_postgres, rights: &["SELECT", "INSERT"] }),
};

fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let columns = [
        "stream_id",
        "stream_position",
        "partition",
        "message_kind",
        "message_data",
        "message_metadata",
        "message_schema_version",
        "message_type",
        "message_id",
        "is_archived",
        "global_position",
    ];
    let is_partition = catalogue.dialect == Dialect::Postgres && is_partition_of_another(catalogue, table);
    if !table.has(&columns) || is_partition {
        return None;
    }
    let column = |name| table.expr("e", name);
    let mut layout = Layout::new(
        Framework::EMMETT,
        catalogue.dialect,
        table.full_name(),
        format!("{} e", table.quoted()),
        column("message_type"),
    );
    // Commands are kept in the same table.
    layout.filter = Some(format!("{} = 'E'", column("message_kind").sql));
    layout.stream = vec![column("stream_id")];
    layout.version = column("stream_position");
    layout.category = Category::Before { mark: '-', otherwise: Some(NO_KIND) };
    layout.payload = column("message_data");
    layout.expects_objects = true;
    layout.metadata = MetadataPart::whole(Some(column("message_metadata"))).into_iter().collect();
    layout.schema = (catalogue.dialect == Dialect::Postgres).then(|| column("message_schema_version"));
    layout.id = Some(column("message_id"));
    layout.time = Time::Column { expr: column("created"), unit: TimeUnit::Auto };
    layout.position = Some(column("global_position"));
    layout.archived = Some(match catalogue.dialect {
        Dialect::Sqlite => format!("{} IN (1, 'true')", column("is_archived").sql),
        Dialect::Postgres => column("is_archived").sql,
    });
    let streams = catalogue.beside_with(table, &["stream_id", "stream_position", "stream_type", "stream_metadata"]);
    layout.heads = streams.map(|streams| Snapshots {
        from: format!("{} s", streams.quoted()),
        stream: vec![streams.expr("s", "stream_id")],
        version: streams.expr("s", "stream_position"),
        state: None,
    });
    Some(layout)
}

/// `emt_messages_emt_default_active` and its like hold rows that the table above them shows too.
fn is_partition_of_another(catalogue: &Catalogue, table: &Table) -> bool {
    catalogue.tables.iter().any(|other| {
        other.schema == table.schema
            && other.name.len() < table.name.len()
            && table.name.starts_with(&other.name)
            && table.columns.iter().all(|column| other.column(&column.name).is_some())
    })
}
