//! Correcting history by adding to it: a plan is made, previewed and only then appended; where somebody was
//! quicker, it is made anew on top of their events.

mod make_so;
mod plan;
mod rebase;
mod undo;

pub use make_so::{Proposal, propose};
pub use plan::{Authorship, FreeEvent, Plan, PlanError, append_plan, append_proposal, natural, plan_event};
pub use rebase::{Rebased, Since, rebase, take_in};
pub use undo::undoing;
