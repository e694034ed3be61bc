//! What each framework's tables mean. A declaration looks at columns and keys, and answers with one layout for each
//! table of events that fits.

mod axon;
mod commanded;
mod cqrs_es;
mod disintegrate;
mod emmett;
mod eventsourcing;
mod marten;
mod message_db;
mod ocel;
mod pekko;
mod rails_event_store;
mod spatie;
mod sql_stream_store;

use super::catalogue::{Catalogue, Table};
use super::layout::Layout;

type Declaration = fn(&Catalogue, &Table) -> Option<Layout>;

const DECLARATIONS: &[Declaration] = &[
    eventsourcing::layout,
    emmett::layout,
    cqrs_es::layout,
    message_db::layout,
    marten::layout,
    rails_event_store::layout,
    axon::entity_layout,
    axon::aggregate_layout,
    pekko::layout,
    pekko::legacy_layout,
    commanded::layout,
    spatie::layout,
    sql_stream_store::layout,
    disintegrate::layout,
    ocel::layout,
];

/// Every table that some framework wrote events to.
pub(super) fn all(catalogue: &Catalogue) -> Vec<Layout> {
    let of = |table| DECLARATIONS.iter().find_map(move |declaration| declaration(catalogue, table));
    catalogue.tables.iter().filter(|table| !table.is_view).filter_map(of).collect()
}
