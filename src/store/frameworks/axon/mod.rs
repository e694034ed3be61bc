//! Axon: the entities of version 4, in snake case or as Java names them, and the table of version 5.

use super::catalogue::{Catalogue, Table};
use super::layout::{Category, Layout, MetadataPart, SaidAt, Snapshots, Time, TimeUnit};
use super::rules::{ONLY_THE_APPLICATION, Rules};
use crate::store::Framework;

impl Framework {
    pub const AXON: Self = Self::named("axon");
}

pub(super) static RULES: Rules = Rules {
    framework: Framework::AXON,
    recognise: &[entity_layout, aggregate_layout],
    appends: ONLY_THE_APPLICATION,
    notifies: None,
};

/// The two spellings of a name.
fn spelling(table: &Table, snake: &'static str, camel: &'static str) -> &'static str {
    if table.column(snake).is_some() { snake } else { camel }
}

fn entity_layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let of = |snake, camel| spelling(table, snake, camel);
    let (aggregate, sequence) =
        (of("aggregate_identifier", "aggregateIdentifier"), of("sequence_number", "sequenceNumber"));
    let (index, payload_type) = (of("global_index", "globalIndex"), of("payload_type", "payloadType"));
    let (time, id) = (of("time_stamp", "timeStamp"), of("event_identifier", "eventIdentifier"));
    let is_there = table.has(&[aggregate, sequence, index, payload_type, time, id, "payload", "type"]);
    if !is_there || !table.is_unique(&[aggregate, sequence]) {
        return None;
    }
    let column = |name| table.expr("e", name);
    let mut layout = Layout::new(
        Framework::AXON,
        catalogue.dialect,
        table.full_name(),
        format!("{} e", table.quoted()),
        column(payload_type),
    );
    layout.stream = vec![column(aggregate)];
    layout.category = Category::Column(column("type"));
    layout.version = column(sequence);
    layout.version_base = 0;
    layout.schema = table.maybe("e", of("payload_revision", "payloadRevision"));
    layout.payload = column("payload");
    // XML unless Jackson was chosen.
    layout.expects_json = false;
    layout.metadata = MetadataPart::whole(table.maybe("e", of("meta_data", "metaData"))).into_iter().collect();
    // Version 4 names the message that led here the correlation, and the one that began it all the trace.
    layout.said =
        vec![SaidAt::in_metadata("correlation-id", "traceId"), SaidAt::in_metadata("causation-id", "correlationId")];
    layout.id = Some(column(id));
    layout.time = Time::Column { expr: column(time), unit: TimeUnit::Auto };
    layout.position = Some(column(index));
    let snapshots = catalogue.tables.iter().find(|other| {
        other.schema == table.schema
            && other.has(&[aggregate, sequence, payload_type, "payload"])
            && other.column(index).is_none()
    });
    layout.snapshots = snapshots.map(|snapshots| Snapshots {
        from: format!("{} s", snapshots.quoted()),
        stream: vec![snapshots.expr("s", aggregate)],
        version: snapshots.expr("s", sequence),
        state: None,
    });
    Some(layout)
}

fn aggregate_layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let of = |snake, camel| spelling(table, snake, camel);
    let (aggregate, sequence) =
        (of("aggregate_identifier", "aggregateIdentifier"), of("aggregate_sequence_number", "aggregateSequenceNumber"));
    let (index, aggregate_type) = (of("global_index", "globalIndex"), of("aggregate_type", "aggregateType"));
    if !table.has(&[
        aggregate,
        sequence,
        index,
        aggregate_type,
        "type",
        "version",
        "timestamp",
        "payload",
        "identifier",
    ]) {
        return None;
    }
    let column = |name| table.expr("e", name);
    let mut layout = Layout::new(
        Framework::AXON,
        catalogue.dialect,
        table.full_name(),
        format!("{} e", table.quoted()),
        column("type"),
    );
    layout.stream = vec![column(aggregate)];
    layout.category = Category::Column(column(aggregate_type));
    layout.version = column(sequence);
    layout.version_base = 0;
    layout.schema = Some(column("version"));
    layout.payload = column("payload");
    layout.expects_json = false;
    layout.metadata = MetadataPart::whole(table.maybe("e", "metadata")).into_iter().collect();
    layout.id = Some(column("identifier"));
    layout.time = Time::Column { expr: column("timestamp"), unit: TimeUnit::Auto };
    layout.position = Some(column(index));
    Some(layout)
}
