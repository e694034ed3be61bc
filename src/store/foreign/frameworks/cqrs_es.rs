//! cqrs-es for Rust, by `sqlite-es` and `postgres-es`.

use super::super::catalogue::{Catalogue, Table};
use super::super::layout::{Category, Layout, MetadataPart, Snapshots};
use crate::store::Framework;

const KEY: [&str; 3] = ["aggregate_type", "aggregate_id", "sequence"];

pub(super) fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let others = ["event_type", "event_version", "payload", "metadata"];
    if !table.has(&KEY) || !table.has(&others) || !table.is_unique(&KEY) {
        return None;
    }
    let column = |name| table.expr("e", name);
    let mut layout = Layout::new(
        Framework::CqrsEs,
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
