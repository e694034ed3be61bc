//! What every store must do, asked of a file and of memory.

use std::cell::Cell;

use foldline::store::Writer;
use foldline::store::native::NativeStore;
use tempfile::TempDir;

use crate::contract::{Factory, every_store_must};
use crate::memory_store::MemoryStore;

struct Native {
    folder: TempDir,
    made: Cell<u32>,
}

impl Factory for Native {
    fn fresh(&self) -> Box<dyn Writer> {
        let number = self.made.replace(self.made.get() + 1);
        let path = self.folder.path().join(format!("store {number}.db"));
        Box::new(NativeStore::create(&path).expect("a new store"))
    }
}

struct Memory;

impl Factory for Memory {
    fn fresh(&self) -> Box<dyn Writer> {
        Box::new(MemoryStore::default())
    }
}

macro_rules! asked_of_both {
    ($($name:ident),* $(,)?) => {
        mod native {
            $(#[test]
            fn $name() {
                let folder = tempfile::TempDir::new().expect("a temporary folder");
                crate::contract::$name(&super::Native { folder, made: std::cell::Cell::new(0) });
            })*
        }
        mod memory {
            $(#[test]
            fn $name() {
                crate::contract::$name(&super::Memory);
            })*
        }
    };
}

every_store_must!(asked_of_both);
