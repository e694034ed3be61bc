//! Akka and Pekko Persistence JDBC, whose tables are the same.

use super::catalogue::{Catalogue, Expr, Table};
use super::layout::{Category, Layout, MetadataPart, Snapshots, Time, TimeUnit};
use super::rules::{ONLY_THE_APPLICATION, Rules};
use crate::store::Framework;

impl Framework {
    pub const PEKKO: Self = Self::named("pekko");
}

pub(super) static RULES: Rules = Rules {
    framework: Framework::PEKKO,
    recognise: &[layout, legacy_layout],
    appends: ONLY_THE_APPLICATION,
    notifies: None,
};

const KEY: [&str; 2] = ["persistence_id", "sequence_number"];

fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let others = ["ordering", "deleted", "write_timestamp", "event_ser_id", "event_ser_manifest", "event_payload"];
    if !table.has(&KEY) || !table.has(&others) || !table.is_unique(&KEY) {
        return None;
    }
    let mut layout = journal(catalogue, table, "event_ser_manifest");
    layout.payload = table.expr("e", "event_payload");
    layout.time = Time::Column { expr: table.expr("e", "write_timestamp"), unit: TimeUnit::Millis };
    layout.metadata = [
        MetadataPart::field("writer", table.maybe("e", "writer")),
        MetadataPart::field("serializer", table.maybe("e", "event_ser_id")),
        MetadataPart::field("adapter-manifest", table.maybe("e", "adapter_manifest")),
        MetadataPart::field("meta-manifest", table.maybe("e", "meta_ser_manifest")),
    ]
    .into_iter()
    .flatten()
    .collect();
    Some(layout)
}

/// Before version 5: one column holds the message with everything around it.
fn legacy_layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    if !table.has(&KEY) || !table.has(&["ordering", "deleted", "message"]) || !table.is_unique(&KEY) {
        return None;
    }
    let mut layout = journal(catalogue, table, "persistence_id");
    layout.event_type = Expr::text("'message'");
    layout.payload = table.expr("e", "message");
    layout.metadata = MetadataPart::field("tags", table.maybe("e", "tags")).into_iter().collect();
    Some(layout)
}

fn journal(catalogue: &Catalogue, table: &Table, event_type: &str) -> Layout {
    let mut layout = Layout::new(
        Framework::PEKKO,
        catalogue.dialect,
        table.full_name(),
        format!("{} e", table.quoted()),
        table.expr("e", event_type),
    );
    layout.stream = vec![table.expr("e", "persistence_id")];
    layout.category = Category::Before { mark: '|', otherwise: None };
    layout.version = table.expr("e", "sequence_number");
    layout.expects_json = false;
    layout.position = Some(table.expr("e", "ordering"));
    layout.deleted = Some(table.expr("e", "deleted").sql);
    let snapshots = catalogue.tables.iter().find(|other| {
        other.schema == table.schema && other.has(&KEY) && other.column("created").is_some() && other.is_unique(&KEY)
    });
    layout.snapshots = snapshots.map(|snapshots| Snapshots {
        from: format!("{} s", snapshots.quoted()),
        stream: vec![snapshots.expr("s", "persistence_id")],
        version: snapshots.expr("s", "sequence_number"),
        state: None,
    });
    layout
}
