//! Marten.

use super::catalogue::{Catalogue, Expr, Table};
use super::layout::{Category, Layout, MetadataPart, Time, TimeUnit};
use super::rules::{ONLY_THE_APPLICATION, Rules};
use crate::store::Framework;

impl Framework {
    pub const MARTEN: Self = Self::named("marten");
}

pub(super) static RULES: Rules =
    Rules { framework: Framework::MARTEN, recognise: &[layout], appends: ONLY_THE_APPLICATION, notifies: None };

fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let columns = ["seq_id", "id", "stream_id", "version", "data", "type", "timestamp", "mt_dotnet_type"];
    let of_tenant = table.is_unique(&["tenant_id", "stream_id", "version"]);
    if !table.has(&columns) || !(of_tenant || table.is_unique(&["stream_id", "version"])) {
        return None;
    }
    let column = |name| table.expr("e", name);
    let streams = catalogue.beside_with(table, &["id", "type", "version", "timestamp", "is_archived"]);
    let from = match streams {
        Some(streams) => {
            let same_tenant = match (table.maybe("e", "tenant_id"), streams.maybe("s", "tenant_id")) {
                (Some(left), Some(right)) if of_tenant => format!(" AND {} = {}", right.sql, left.sql),
                _ => String::new(),
            };
            let (left, right) = (streams.expr("s", "id").sql, column("stream_id").sql);
            format!("{} e LEFT JOIN {} s ON {left} = {right}{same_tenant}", table.quoted(), streams.quoted())
        }
        None => format!("{} e", table.quoted()),
    };
    let mut layout = Layout::new(Framework::MARTEN, catalogue.dialect, table.full_name(), from, column("type"));
    layout.stream = vec![column("stream_id")];
    if of_tenant {
        layout.stream.insert(0, column("tenant_id"));
    }
    layout.category = streams.map_or(Category::None, |streams| Category::Column(streams.expr("s", "type")));
    layout.version = column("version");
    // A binary event stands in a column of its own, beside an empty document.
    layout.payload = match table.maybe("e", "bdata") {
        Some(binary) => Expr {
            sql: format!("coalesce({}, convert_to({}::text, 'UTF8'))", binary.sql, column("data").sql),
            declared: "bytea".to_owned(),
        },
        None => column("data"),
    };
    layout.metadata = [
        MetadataPart::whole(table.maybe("e", "headers")),
        MetadataPart::field("correlation-id", table.maybe("e", "correlation_id")),
        MetadataPart::field("causation-id", table.maybe("e", "causation_id")),
        MetadataPart::field("user-name", table.maybe("e", "user_name")),
    ]
    .into_iter()
    .flatten()
    .collect();
    layout.id = Some(column("id"));
    layout.expects_objects = true;
    layout.time = Time::Column { expr: column("timestamp"), unit: TimeUnit::Auto };
    layout.position = Some(column("seq_id"));
    layout.archived = table.maybe("e", "is_archived").map(|archived| archived.sql);
    layout.deleted = table.maybe("e", "is_skipped").map(|skipped| skipped.sql);
    Some(layout)
}
