//! Rails Event Store.

use super::catalogue::{Catalogue, Expr, Table};
use super::layout::{Category, Layout, MetadataPart, MetadataText, Time, TimeUnit, Unnumbered, counted};
use super::rules::{ONLY_THE_APPLICATION, Rules};
use crate::store::{Framework, Notice};

impl Framework {
    pub const RAILS_EVENT_STORE: Self = Self::named("rails-event-store");
}

pub(super) static RULES: Rules = Rules {
    framework: Framework::RAILS_EVENT_STORE,
    recognise: &[layout],
    appends: ONLY_THE_APPLICATION,
    notifies: None,
};

fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    if !table.has(&["id", "event_id", "event_type", "metadata", "data", "created_at"]) {
        return None;
    }
    let links = catalogue.beside_with(table, &["id", "stream", "position", "event_id", "created_at"])?;
    if !links.is_unique(&["stream", "event_id"]) {
        return None;
    }
    let column = |name| table.expr("e", name);
    let link = |name| links.expr("l", name);
    let joined = format!(
        "{} e LEFT JOIN {} l ON {} = {}",
        table.quoted(),
        links.quoted(),
        link("event_id").sql,
        column("event_id").sql
    );
    let mut layout = Layout::new(
        Framework::RAILS_EVENT_STORE,
        catalogue.dialect,
        table.full_name(),
        joined.clone(),
        column("event_type"),
    );
    layout.stream = vec![link("stream")];
    layout.category = Category::Before { mark: '$', otherwise: None };
    layout.version = link("position");
    layout.version_base = 0;
    layout.payload = column("data");
    // Serialised as YAML unless it was told otherwise.
    layout.expects_json = false;
    layout.metadata = MetadataPart::whole(Some(column("metadata"))).into_iter().collect();
    layout.metadata_text = MetadataText::Yaml;
    layout.id = Some(column("event_id"));
    let valid_at = table.maybe("e", "valid_at").map(|valid_at| format!("{}, ", valid_at.sql)).unwrap_or_default();
    let recorded = Expr {
        sql: format!("coalesce({valid_at}{})", column("created_at").sql),
        declared: column("created_at").declared,
    };
    layout.time = Time::Column { expr: recorded, unit: TimeUnit::Auto };
    layout.position = Some(column("id"));
    // The row with which an event came into its first stream; the others link it.
    let (id, event_id) = (links.expr("f", "id").sql, links.expr("f", "event_id").sql);
    layout.counts = Some(format!(
        "({0} IS NULL OR {0} = (SELECT min({id}) FROM {1} f WHERE {event_id} = {2}))",
        link("id").sql,
        links.quoted(),
        column("event_id").sql
    ));
    let position = link("position").sql;
    layout.unnumbered = Some(Box::new(Unnumbered {
        row: format!("{} IS NOT NULL AND {position} IS NULL", link("stream").sql),
        probe: format!("SELECT 1 FROM {} l WHERE {position} IS NULL LIMIT 1", links.quoted()),
        is_position_indexed: true,
        is_outside_counted: false,
        layout: numbered(&layout, &joined, &link("stream"), &link("id").sql, &position, table, links),
    }));
    Some(layout)
}

/// Events appended to a stream at any version, and links, have no number of their own.
fn numbered(
    layout: &Layout,
    joined: &str,
    stream: &Expr,
    order: &str,
    position: &str,
    table: &Table,
    links: &Table,
) -> Layout {
    let columns =
        format!("e.*, {} AS foldline_stream, {order} AS foldline_link, {position} AS foldline_position", stream.sql);
    let from = counted(joined, &columns, &[stream], order, 0);
    let inside = |expr: &Expr| Expr { sql: expr.sql.replace("e.\"", "counted.\""), declared: expr.declared.clone() };
    let (id, event_id) = (links.expr("f", "id").sql, links.expr("f", "event_id").sql);
    Layout {
        from,
        stream: vec![Expr { sql: "counted.foldline_stream".to_owned(), declared: stream.declared.clone() }],
        version: Expr::number("counted.foldline_version"),
        event_type: inside(&layout.event_type),
        payload: inside(&layout.payload),
        metadata: layout
            .metadata
            .iter()
            .map(|part| MetadataPart { expr: inside(&part.expr), ..part.clone() })
            .collect(),
        id: layout.id.as_ref().map(inside),
        time: match &layout.time {
            Time::Column { expr, unit } => Time::Column { expr: inside(expr), unit: *unit },
            other => other.clone(),
        },
        position: layout.position.as_ref().map(inside),
        counts: Some(format!(
            "(counted.foldline_link IS NULL OR counted.foldline_link = (SELECT min({id}) FROM {} f WHERE {event_id} = {}))",
            links.quoted(),
            inside(&table.expr("e", "event_id")).sql
        )),
        notice: Some(Notice::NumberedByRecording),
        ..layout.clone()
    }
}
