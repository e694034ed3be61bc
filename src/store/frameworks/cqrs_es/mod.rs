//! cqrs-es for Rust, by `sqlite-es` and `postgres-es`.

mod append;
mod shape;

use super::catalogue::{Catalogue, Table};
use super::layout::{Category, Layout, MetadataPart, Snapshots};
use super::rules::{AppendRules, Appends, PostgresRules, Rules, SqliteRules};
use crate::store::Framework;

impl Framework {
    pub const CQRS_ES: Self = Self::named("cqrs-es");
}

pub(super) static RULES: Rules =
    Rules { framework: Framework::CQRS_ES, recognise: &[layout], appends: Appends::By(&APPEND), notifies: None };

static APPEND: AppendRules = AppendRules {
    shape: Some(shape::shape),
    types_are_classes: true,
    sqlite: Some(SqliteRules { example: Some(append::sqlite_example), write: append::to_sqlite }),
    postgres: Some(PostgresRules {
        example: Some(append::postgres_example),
        write: append::to_postgres,
        rights: &["SELECT", "INSERT"],
    }),
};

const KEY: [&str; 3] = ["aggregate_type", "aggregate_id", "sequence"];

fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let others = ["event_type", "event_version", "payload", "metadata"];
    if !table.has(&KEY) || !table.has(&others) || !table.is_unique(&KEY) {
        return None;
    }
    let column = |name| table.expr("e", name);
    let mut layout = Layout::new(
        Framework::CQRS_ES,
        catalogue.dialect,
        table.full_name(),
        format!("{} e", table.quoted()),
        column("event_type"),
    );
    layout.stream = vec![column("aggregate_type"), column("aggregate_id")];
    layout.category = Category::Column(column("aggregate_type"));
    layout.version = column("sequence");
    layout.schema = Some(column("event_version"));
    layout.payload = column("payload");
    layout.metadata = MetadataPart::whole(Some(column("metadata"))).into_iter().collect();
    layout.position = table.rowid("e");
    let kept = ["aggregate_type", "aggregate_id", "last_sequence", "current_snapshot", "payload"];
    layout.snapshots = catalogue.beside_with(table, &kept).map(|snapshots| Snapshots {
        from: format!("{} s", snapshots.quoted()),
        stream: vec![snapshots.expr("s", "aggregate_type"), snapshots.expr("s", "aggregate_id")],
        version: snapshots.expr("s", "last_sequence"),
        state: Some(snapshots.expr("s", "payload")),
    });
    Some(layout)
}
