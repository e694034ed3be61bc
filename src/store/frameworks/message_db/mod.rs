//! Message DB.

mod append;

use super::catalogue::{Catalogue, Table};
use super::layout::{Category, Layout, MetadataPart, Time, TimeUnit};
use super::rules::{AppendRules, Appends, PostgresRules, Rules};
use crate::store::Framework;

impl Framework {
    pub const MESSAGE_DB: Self = Self::named("message-db");
}

pub(super) static RULES: Rules =
    Rules { framework: Framework::MESSAGE_DB, recognise: &[layout], appends: Appends::By(&APPEND), notifies: None };

static APPEND: AppendRules = AppendRules {
    shape: None,
    types_are_classes: false,
    sqlite: None,
    postgres: Some(PostgresRules { example: None, write: append::to_postgres, rights: &["SELECT", "INSERT"] }),
};

fn layout(catalogue: &Catalogue, table: &Table) -> Option<Layout> {
    let columns = ["global_position", "position", "time", "stream_name", "type", "data", "metadata", "id"];
    if !table.has(&columns) || !table.is_unique(&["stream_name", "position"]) {
        return None;
    }
    let column = |name| table.expr("e", name);
    let mut layout = Layout::new(
        Framework::MESSAGE_DB,
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
    layout.expects_objects = true;
    layout.metadata = MetadataPart::whole(Some(column("metadata"))).into_iter().collect();
    layout.id = Some(column("id"));
    layout.time = Time::Column { expr: column("time"), unit: TimeUnit::Auto };
    layout.position = Some(column("global_position"));
    Some(layout)
}
