//! OCEL 2.0: a log of events that are about several objects each. Objects are shown as streams.

use super::catalogue::{Catalogue, Dialect, Expr, Table, quote};
use super::layout::{Category, Layout, Time, TimeUnit, counted};
use super::rules::{Appends, Rules};
use crate::store::{Framework, Notice, ReadOnlyReason};

impl Framework {
    pub const OCEL: Self = Self::named("ocel");
}

pub(super) static RULES: Rules = Rules {
    framework: Framework::OCEL,
    recognise: &[layout],
    appends: Appends::Never(ReadOnlyReason::Log),
    notifies: None,
};

fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let is_there = catalogue.dialect == Dialect::Sqlite && table.has(&["ocel_id", "ocel_type"]);
    if !is_there || table.columns.len() != 2 {
        return None;
    }
    let links = catalogue.beside_with(table, &["ocel_event_id", "ocel_object_id", "ocel_qualifier"])?;
    let maps = catalogue.beside(table, "event_map_type")?;
    let objects = catalogue.beside(table, "object").filter(|objects| objects.has(&["ocel_id", "ocel_type"]))?;
    if table.name == objects.name || !maps.has(&["ocel_type", "ocel_type_map"]) {
        return None;
    }
    // Each type keeps its time and attributes in a table of its own, whose name stands in the map.
    let parts: Vec<String> = catalogue.tables.iter().filter(|part| is_part(part, table)).map(attributes).collect();
    if parts.is_empty() {
        return None;
    }
    let rows = format!(
        "{} e JOIN ({}) a ON a.ocel_id = e.ocel_id \
         LEFT JOIN (SELECT DISTINCT ocel_event_id, ocel_object_id FROM {}) l ON l.ocel_event_id = e.ocel_id \
         LEFT JOIN {} o ON o.ocel_id = l.ocel_object_id",
        table.quoted(),
        parts.join(" UNION ALL "),
        links.quoted(),
        objects.quoted()
    );
    let object = Expr::text("l.ocel_object_id");
    let columns = "e.rowid AS position, e.ocel_id AS id, e.ocel_type AS type, a.ocel_time AS time, a.attributes, \
                   l.ocel_object_id AS object, o.ocel_type AS object_type, \
                   row_number() OVER (PARTITION BY e.ocel_id ORDER BY l.ocel_object_id) AS place";
    let from = counted(&rows, columns, &[&object], "a.ocel_time, e.rowid", 1);
    let mut layout =
        Layout::new(Framework::OCEL, catalogue.dialect, table.full_name(), from, Expr::text("counted.type"));
    layout.stream = vec![Expr::text("counted.object")];
    layout.category = Category::Column(Expr::text("counted.object_type"));
    layout.version = Expr::number("counted.foldline_version");
    layout.counts = Some("counted.place = 1".to_owned());
    layout.payload = Expr::text("counted.attributes");
    layout.id = Some(Expr::text("counted.id"));
    layout.time = Time::Column { expr: Expr::text("counted.time"), unit: TimeUnit::Auto };
    layout.position = Some(Expr::number("counted.position"));
    layout.read_only = Some(ReadOnlyReason::Log);
    layout.notice = Some(Notice::NumberedByTime);
    Some(layout)
}

fn is_part(part: &Table, events: &Table) -> bool {
    part.schema == events.schema
        && part.name.starts_with("event_")
        && part.has(&["ocel_id", "ocel_time"])
        && part.column("ocel_changed_field").is_none()
}

fn attributes(part: &Table) -> String {
    if let [_, _, only] = part.columns.as_slice()
        && only.name == "ocel_attributes"
    {
        return format!("SELECT ocel_id, ocel_time, ocel_attributes AS attributes FROM {}", part.quoted());
    }
    let own = part.columns.iter().filter(|column| !["ocel_id", "ocel_time"].contains(&column.name.as_str()));
    let fields: Vec<String> =
        own.map(|column| format!("'{}', {}", column.name.replace('\'', "''"), quote(&column.name))).collect();
    format!("SELECT ocel_id, ocel_time, json_object({}) AS attributes FROM {}", fields.join(", "), part.quoted())
}
