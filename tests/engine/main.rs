//! Tests of the engine through its public interface.

mod given;
mod lead_compensations;
mod lead_rules;
mod odd_payloads;
mod plans;
mod seed_history;
mod sessions;
mod ticket_compensations;
mod ticket_rules;
