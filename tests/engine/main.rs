//! Tests of the engine through its public interface.

mod batches;
mod decoders;
mod engine_room;
mod files;
mod foreign;
mod fuzz;
mod given;
mod imports;
mod kill;
mod lead_compensations;
mod lead_rules;
mod memory_store;
pub(crate) mod native_store;
mod odd_payloads;
mod opening;
mod own_projections;
mod plans;
mod questions;
mod race;
mod replay_properties;
mod sample;
mod seed_history;
mod store_contract;
mod tampering;
mod ticket_compensations;
mod ticket_rules;
mod workshop;
