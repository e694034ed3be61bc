//! SqlStreamStore.

use super::catalogue::{Catalogue, Table};
use super::layout::{Category, Layout, MetadataPart, Time, TimeUnit};
use super::rules::{ONLY_THE_APPLICATION, Rules};
use crate::store::Framework;

impl Framework {
    pub const SQL_STREAM_STORE: Self = Self::named("sqlstreamstore");
}

pub(super) static RULES: Rules = Rules {
    framework: Framework::SQL_STREAM_STORE,
    recognise: &[layout],
    appends: ONLY_THE_APPLICATION,
    notifies: Some(channel),
};

/// What its own function notifies with each append.
fn channel(table: &Table) -> String {
    format!("on_append_{}", table.schema.as_deref().unwrap_or("public"))
}

fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let columns =
        ["stream_id_internal", "stream_version", "position", "created_utc", "type", "json_data", "json_metadata"];
    if !table.has(&columns) || !table.is_unique(&["stream_id_internal", "stream_version"]) {
        return None;
    }
    let streams = catalogue.beside_with(table, &["id", "id_original", "id_internal", "version", "position"])?;
    let id = ["event_id", "message_id"].into_iter().find(|name| table.column(name).is_some())?;
    let column = |name| table.expr("e", name);
    let stream = |name| streams.expr("s", name);
    let from = format!(
        "{} e JOIN {} s ON {} = {}",
        table.quoted(),
        streams.quoted(),
        stream("id_internal").sql,
        column("stream_id_internal").sql
    );
    let mut layout =
        Layout::new(Framework::SQL_STREAM_STORE, catalogue.dialect, table.full_name(), from, column("type"));
    // Streams are found by their own name: the hash beside it is indexed, but cannot be made from every name here.
    layout.stream = vec![stream("id_original")];
    layout.category = Category::Before { mark: '-', otherwise: None };
    layout.version = column("stream_version");
    layout.version_base = 0;
    layout.payload = column("json_data");
    layout.metadata = MetadataPart::whole(Some(column("json_metadata"))).into_iter().collect();
    layout.id = Some(column(id));
    layout.time = Time::Column { expr: column("created_utc"), unit: TimeUnit::Auto };
    layout.position = Some(column("position"));
    Some(layout)
}
