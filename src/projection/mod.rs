//! Named folds over events. Each folds over its own typed state and shows it as cells, from which JSON, differences
//! and tables are made; so what is displayed and what is compared cannot drift apart.

mod cells;
mod fields;
mod lead;
mod path;
mod ticket;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use cells::{Cell, Items, cell_value, diff_values, report_cells, report_value_changes, show_cells};
pub use fields::{FieldsProjection, FieldsState};
pub use lead::{LeadAnalysis, LeadSearch, LeadState};
pub use path::{item_path, key_path, leaves, parents, path_value};
pub use ticket::{TicketSearch, TicketService, TicketState};

use crate::domain::Aggregate;
use crate::event::{EventRow, Head};

/// A named fold. Everything in it is pure; nothing may fail on recorded history, however odd.
pub trait Projection: Clone + Send + Sync + 'static {
    /// An event as this fold needs it: compact, since a long stream keeps all of them.
    type Event: Send + Sync;
    /// Cloned at every checkpoint, so what may grow long should be shared by its clones.
    type State: Clone + Default + Serialize + DeserializeOwned + Send + Sync;

    fn name(&self) -> &'static str;

    /// Raised whenever the same events would give another state; snapshots of an older revision are ignored.
    fn revision(&self) -> u32;

    fn decode(&self, row: &EventRow<'_>) -> Self::Event;

    /// Folds one event in, and says in words where it broke a rule.
    fn apply(&self, state: &mut Self::State, event: &Self::Event, head: &Head, findings: &mut Vec<String>);

    /// The state's fields, in the order in which they are shown. The same fields at every state, or more as the
    /// state grows.
    fn cells<'s>(&self, state: &'s Self::State, visit: &mut dyn FnMut(&'s str, Cell<'s>));

    /// Fields that every event moves; they are shown, but a list of changes leaves them out.
    fn bookkeeping(&self) -> &'static [&'static str] {
        &[]
    }

    /// Reports the path of every field that this event changed; bookkeeping fields need not be among them. The default
    /// compares all cells; a state with long lists knows better which item it touched. Must agree with [`diff_values`]
    /// of the two shown states.
    fn changes(&self, before: &Self::State, _event: &Self::Event, after: &Self::State, report: &mut dyn FnMut(&str)) {
        report_cells(self, before, after, report);
    }

    fn show(&self, state: &Self::State) -> Value {
        show_cells(self, state)
    }
}

/// The built-in projections, as users name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Builtin {
    LeadState,
    LeadSearch,
    LeadAnalysis,
    TicketState,
    TicketSearch,
    TicketService,
    Fields,
}

impl Builtin {
    /// Those that a stream of this kind offers; the first is the one shown first.
    pub fn for_aggregate(aggregate: Option<Aggregate>) -> &'static [Self] {
        match aggregate {
            Some(Aggregate::Lead) => &[Self::LeadState, Self::LeadSearch, Self::LeadAnalysis, Self::Fields],
            Some(Aggregate::Ticket) => &[Self::TicketState, Self::TicketSearch, Self::TicketService, Self::Fields],
            None => &[Self::Fields],
        }
    }

    pub fn find(aggregate: Option<Aggregate>, name: &str) -> Option<Self> {
        Self::for_aggregate(aggregate).iter().copied().find(|known| known.name() == name)
    }

    /// Short, because the stream already says of what.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeadState | Self::TicketState => "state",
            Self::LeadSearch | Self::TicketSearch => "search",
            Self::LeadAnalysis => "analysis",
            Self::TicketService => "service",
            Self::Fields => "fields",
        }
    }
}

/// Runs `$body` with `$projection` bound to the projection that a [`Builtin`] names.
#[macro_export]
macro_rules! with_projection {
    ($builtin:expr, $projection:ident => $body:expr) => {
        match $builtin {
            $crate::projection::Builtin::LeadState => {
                let $projection = $crate::projection::LeadState;
                $body
            }
            $crate::projection::Builtin::LeadSearch => {
                let $projection = $crate::projection::LeadSearch;
                $body
            }
            $crate::projection::Builtin::LeadAnalysis => {
                let $projection = $crate::projection::LeadAnalysis;
                $body
            }
            $crate::projection::Builtin::TicketState => {
                let $projection = $crate::projection::TicketState;
                $body
            }
            $crate::projection::Builtin::TicketSearch => {
                let $projection = $crate::projection::TicketSearch;
                $body
            }
            $crate::projection::Builtin::TicketService => {
                let $projection = $crate::projection::TicketService;
                $body
            }
            $crate::projection::Builtin::Fields => {
                let $projection = $crate::projection::FieldsProjection;
                $body
            }
        }
    };
}
