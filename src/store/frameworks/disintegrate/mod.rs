//! Disintegrate for Rust: no streams and no versions. What an event is about stands in columns of its own, one for
//! each identifier of the domain; each such identifier is shown as a stream of the events that carry it.

use super::catalogue::{Catalogue, Expr, Table, quote};
use super::layout::{Category, Layout, Time, TimeUnit, counted};
use super::rules::{ONLY_THE_APPLICATION, Rules};
use crate::store::{Framework, Notice, ReadOnlyReason};

impl Framework {
    pub const DISINTEGRATE: Self = Self::named("disintegrate");
}

pub(super) static RULES: Rules = Rules {
    framework: Framework::DISINTEGRATE,
    recognise: &[layout],
    appends: ONLY_THE_APPLICATION,
    notifies: Some(channel),
};

/// What the trigger of its listeners notifies, where there are any.
fn channel(_: &Table) -> String {
    "new_events".to_owned()
}

const OWN: [&str; 4] = ["event_id", "event_type", "payload", "inserted_at"];

fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let is_binary = table.column("payload").is_some_and(|column| column.declared == "bytea");
    if !table.has(&OWN) || !is_binary || !table.is_unique(&["event_id"]) || table.columns.len() == OWN.len() {
        return None;
    }
    let about = |name: &&str| !OWN.contains(name);
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).filter(about).collect();
    let mut branches: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            // An event counts once, under the first identifier that it carries.
            let ahead: Vec<String> = names[..at].iter().map(|name| format!("{} IS NULL", quote(name))).collect();
            let counts = if ahead.is_empty() { "true".to_owned() } else { ahead.join(" AND ") };
            let (kind, column) = (name.replace('\'', "''"), quote(name));
            branch(
                table,
                &format!("'{kind}'::text"),
                &format!("{column}::text"),
                &counts,
                &format!("{column} IS NOT NULL"),
            )
        })
        .collect();
    let none: Vec<String> = names.iter().map(|name| format!("{} IS NULL", quote(name))).collect();
    branches.push(branch(table, "NULL::text", "NULL::text", "true", &none.join(" AND ")));
    let rows = format!("({}) e", branches.join(" UNION ALL "));
    let key = [Expr::text("e.about"), Expr::text("e.key")];
    let from = counted(&rows, "e.*", &[&key[0], &key[1]], "e.event_id", 1);
    let column = |name: &str, declared: &str| Expr { sql: format!("counted.{name}"), declared: declared.to_owned() };
    let mut layout =
        Layout::new(Framework::DISINTEGRATE, catalogue.dialect, table.full_name(), from, column("event_type", "text"));
    layout.stream = vec![column("about", "text"), column("key", "text")];
    layout.counts = Some("counted.counts".to_owned());
    layout.category = Category::Column(column("about", "text"));
    layout.version = Expr::number("counted.foldline_version");
    layout.payload = column("payload", "bytea");
    // Several formats can be chosen.
    layout.expects_json = false;
    layout.id = Some(column("event_id", "bigint"));
    let declared = table.column("inserted_at").map_or("timestamp", |column| column.declared.as_str());
    layout.time = Time::Column { expr: column("inserted_at", declared), unit: TimeUnit::Auto };
    layout.position = Some(column("event_id", "bigint"));
    layout.read_only = Some(ReadOnlyReason::NoStreams);
    layout.notice = Some(Notice::NumberedByIdentifier);
    Some(layout)
}

fn branch(table: &Table, about: &str, key: &str, counts: &str, condition: &str) -> String {
    format!(
        "SELECT event_id, event_type, payload, inserted_at, {about} AS about, {key} AS key, ({counts}) AS counts \
         FROM {} WHERE {condition}",
        table.quoted()
    )
}
