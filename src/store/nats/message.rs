//! Foldline's own layout: what the messages of a store are, and which subjects they stand under.

use async_nats::HeaderMap;

use super::layout::Decoded;
use crate::event::StreamId;

/// Why a message is no event of the store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("it has no headers")]
    NoHeaders,
}

pub(super) fn read_message(
    _store: &str,
    _subject: &str,
    _headers: Option<&HeaderMap>,
    _body: &[u8],
    _visit: &mut dyn FnMut(Decoded<'_>),
) -> Result<(), Flaw> {
    Err(Flaw::NoHeaders)
}

pub(super) fn subject_of(store: &str, stream: &StreamId) -> String {
    format!("foldline.{store}.{stream}")
}

pub(super) fn category_subject(store: &str, category: &str) -> String {
    format!("foldline.{store}.{category}.>")
}

pub(super) fn stream_of(store: &str, subject: &str) -> Option<String> {
    let rest = subject.strip_prefix("foldline.")?.strip_prefix(store)?.strip_prefix('.')?;
    Some(rest.replacen('.', "-", 1))
}
