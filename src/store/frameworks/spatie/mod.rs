//! Spatie's event sourcing for Laravel.

use super::catalogue::{Catalogue, Expr, Table};
use super::layout::{Category, Layout, MetadataPart, Snapshots, Time, TimeUnit, Unnumbered, counted};
use super::rules::{ONLY_THE_APPLICATION, Rules};
use crate::store::Framework;

impl Framework {
    pub const SPATIE: Self = Self::named("spatie");
}

pub(super) static RULES: Rules =
    Rules { framework: Framework::SPATIE, recognise: &[layout], appends: ONLY_THE_APPLICATION, notifies: None };

fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let columns = ["id", "aggregate_uuid", "event_class", "event_properties", "meta_data", "created_at"];
    if !table.has(&columns) || !table.has(&["aggregate_version"]) {
        return None;
    }
    let from = format!("{} e", table.quoted());
    let version = table.expr("e", "aggregate_version");
    let mut layout = read(catalogue, table, "e", from.clone(), version.clone());
    let uuid = table.expr("e", "aggregate_uuid");
    let order = table.expr("e", "id").sql;
    let counted = counted(&from, "e.*", &[&uuid], &order, 1);
    let number =
        Expr::number(format!("coalesce({}, counted.foldline_version)", table.expr("counted", "aggregate_version").sql));
    layout.unnumbered = Some(Box::new(Unnumbered {
        row: format!("{} IS NULL", version.sql),
        // Events outside of any aggregate are found by the index on its id.
        probe: format!(
            "SELECT 1 FROM {from} WHERE {0} IS NULL AND {1} IS NULL \
             UNION ALL SELECT 1 FROM {from} WHERE {0} IS NULL AND {1} IS NOT NULL LIMIT 1",
            version.sql, uuid.sql
        ),
        is_position_indexed: true,
        is_outside_counted: true,
        layout: read(catalogue, table, "counted", counted, number),
    }));
    Some(layout)
}

fn read(catalogue: &Catalogue, table: &Table, alias: &str, from: String, version: Expr) -> Layout {
    let column = |name| table.expr(alias, name);
    let mut layout = Layout::new(Framework::SPATIE, catalogue.dialect, table.full_name(), from, column("event_class"));
    layout.stream = vec![column("aggregate_uuid")];
    layout.category = Category::None;
    layout.version = version;
    layout.schema = table.maybe(alias, "event_version");
    layout.payload = column("event_properties");
    layout.metadata = MetadataPart::whole(Some(column("meta_data"))).into_iter().collect();
    layout.time = Time::Column { expr: column("created_at"), unit: TimeUnit::Auto };
    layout.position = Some(column("id"));
    layout.id = Some(column("id"));
    let kept = catalogue.beside_with(table, &["aggregate_uuid", "aggregate_version", "state"]);
    layout.snapshots = kept.map(|kept| Snapshots {
        from: format!("{} k", kept.quoted()),
        stream: vec![kept.expr("k", "aggregate_uuid")],
        version: kept.expr("k", "aggregate_version"),
        state: None,
    });
    layout
}
