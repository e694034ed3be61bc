//! What every store must do, asked of both servers.

use foldline::store::Writer;

use crate::engine_contract::{Factory, every_store_must};
use crate::servers::Kind;
use crate::stores::{fresh_store, writer};

impl Factory for Kind {
    fn fresh(&self) -> Box<dyn Writer> {
        writer(&fresh_store(*self))
    }

    fn numbers_densely(&self) -> bool {
        *self == Kind::New
    }

    fn keeps_snapshots(&self) -> bool {
        false
    }

    fn knows_ids_of_other_streams(&self) -> bool {
        false
    }

    fn knows_ids_of_other_streams_in_batches(&self) -> bool {
        *self == Kind::New
    }

    fn longest_text(&self) -> usize {
        300_000
    }

    fn largest_append(&self) -> usize {
        1_000
    }

    fn longest_name(&self) -> usize {
        1_000
    }
}

macro_rules! asked_of_both {
    ($($name:ident),* $(,)?) => {
        mod new {
            $(#[test]
            fn $name() {
                crate::engine_contract::$name(&crate::servers::Kind::New);
            })*
        }
        mod old {
            $(#[test]
            fn $name() {
                crate::engine_contract::$name(&crate::servers::Kind::Old);
            })*
        }
    };
}

every_store_must!(asked_of_both);
