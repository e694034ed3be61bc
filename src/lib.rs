#![doc = "draft"]
pub mod domain;
pub mod event;
pub mod projection;
pub mod replay;
pub mod store;
