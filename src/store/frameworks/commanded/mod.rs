//! Commanded's EventStore for Elixir.

use super::catalogue::{Catalogue, Table};
use super::layout::{Category, Layout, MetadataPart, Snapshots, Time, TimeUnit};
use super::rules::{ONLY_THE_APPLICATION, Rules};
use crate::store::Framework;

impl Framework {
    pub const COMMANDED: Self = Self::named("commanded");
}

pub(super) static RULES: Rules = Rules {
    framework: Framework::COMMANDED,
    recognise: &[layout],
    appends: ONLY_THE_APPLICATION,
    notifies: Some(channel),
};

/// What its own trigger notifies with each append.
fn channel(table: &Table) -> String {
    format!("{}.events", table.schema.as_deref().unwrap_or("public"))
}

fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    if !table.has(&["event_id", "event_type", "causation_id", "correlation_id", "data", "metadata", "created_at"]) {
        return None;
    }
    let placed = ["event_id", "stream_id", "stream_version", "original_stream_id", "original_stream_version"];
    let places = catalogue.beside_with(table, &placed)?;
    let streams = catalogue.beside_with(table, &["stream_id", "stream_uuid", "stream_version"])?;
    let column = |name| table.expr("e", name);
    let place = |name| places.expr("p", name);
    let stream = |name| streams.expr("s", name);
    // The stream `$all`, number 0, has a row for every event; its versions are the order of the whole store.
    let from = format!(
        "{} e JOIN {} p ON {} = {} AND {} <> 0 JOIN {} s ON {} = {} \
         LEFT JOIN {} a ON {} = {} AND {} = 0",
        table.quoted(),
        places.quoted(),
        place("event_id").sql,
        column("event_id").sql,
        place("stream_id").sql,
        streams.quoted(),
        stream("stream_id").sql,
        place("stream_id").sql,
        places.quoted(),
        places.expr("a", "event_id").sql,
        column("event_id").sql,
        places.expr("a", "stream_id").sql,
    );
    let mut layout =
        Layout::new(Framework::COMMANDED, catalogue.dialect, table.full_name(), from, column("event_type"));
    layout.counts = Some(format!("{} = {}", place("stream_id").sql, place("original_stream_id").sql));
    layout.stream = vec![stream("stream_uuid")];
    layout.category = Category::Before { mark: '-', otherwise: None };
    layout.version = place("stream_version");
    layout.payload = column("data");
    // Erlang's own terms where no JSON serialiser was chosen.
    layout.expects_json = false;
    layout.metadata = [
        MetadataPart::whole(Some(column("metadata"))),
        MetadataPart::field("correlation-id", Some(column("correlation_id"))),
        MetadataPart::field("causation-id", Some(column("causation_id"))),
    ]
    .into_iter()
    .flatten()
    .collect();
    layout.id = Some(column("event_id"));
    layout.time = Time::Column { expr: column("created_at"), unit: TimeUnit::Auto };
    layout.position = Some(places.expr("a", "stream_version"));
    layout.deleted = streams.maybe("s", "deleted_at").map(|at| format!("{} IS NOT NULL", at.sql));
    let kept = catalogue.beside_with(table, &["source_uuid", "source_version", "source_type", "data"]);
    layout.snapshots = kept.map(|kept| Snapshots {
        from: format!("{} k", kept.quoted()),
        stream: vec![kept.expr("k", "source_uuid")],
        version: kept.expr("k", "source_version"),
        state: None,
    });
    Some(layout)
}
