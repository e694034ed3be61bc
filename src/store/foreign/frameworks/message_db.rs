//! Message DB.

use super::super::catalogue::{Catalogue, Table};
use super::super::layout::{Category, Layout, MetadataPart, Time, TimeUnit};
use crate::store::Framework;

pub(super) fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let columns = ["global_position", "position", "time", "stream_name", "type", "data", "metadata", "id"];
    if !table.has(&columns) || !table.is_unique(&["stream_name", "position"]) {
        return None;
    }
    let column = |name| table.expr("e", name);
    let mut layout = Layout::new(
        Framework::MessageDb,
        catalogue.dialect,
        table.full_name(),
        format!("{} e", table.quoted()),
        column("type"),
    );
    layout.stream = vec![column("stream_name")];
    layout.category = Category::Before { mark: '-', otherwise: None };
    layout.version = column("position");
    layout.version_base = 0;
    layout.payload = column("data");
    layout.metadata = MetadataPart::whole(Some(column("metadata"))).into_iter().collect();
    layout.id = Some(column("id"));
    layout.time = Time::Column { expr: column("time"), unit: TimeUnit::Auto };
    layout.position = Some(column("global_position"));
    Some(layout)
}
