//! The words of the program: what an event is, where it stands and when it was recorded. Nothing here reads a
//! clock or a file.

mod allocated;
mod batch;
mod body;
mod cursor;
pub(crate) mod hex;
mod ids;
mod json_fault;
pub mod json_text;
mod json_value;
mod links;
mod message;
mod metadata;
mod names;
mod near;
mod numbers;
pub mod plain_json;
mod recorded;
mod short_text;
mod spoken_date;
mod time;
pub mod visible;

pub use allocated::{allocated, allocated_shared};
pub use batch::EventBatch;
pub use body::body_of;
pub use cursor::{Cursor, Place};
pub use ids::{ByNumber, EventId, EventType, Position, StreamId, StreamKey, Version};
pub use json_fault::{JsonFault, NotJson, name_twice};
pub use json_value::{Literal, deserialize_json, json_value};
pub use links::{LinkKind, Links};
pub use message::{Explain, Message, Said};
pub use metadata::{ACTOR, CAUSATION, CORRELATION, Metadata, MetadataBuilder, REASON, actor_in};
pub use names::{kebab_words, key_path, push_key, same_name};
pub use near::nearest;
pub use numbers::grouped;
pub use recorded::{EventRow, Head, NewEvent, RecordedEvent, payload_value};
pub use short_text::ShortText;
pub use spoken_date::spoken_date;
pub use time::{NotATime, Timestamp};
