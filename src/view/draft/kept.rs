//! A draft that is left for later, and gone on with.

use serde::{Deserialize, Serialize};

use super::{Draft, Signature};
use crate::engine::Engine;
use crate::event::{EventId, StreamId, Version};
use crate::view::draft_ground::ReadGround;

/// A draft that was left, for whoever comes back to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDraft {
    pub stream: String,
    pub version: u64,
    actor: String,
    reason: String,
    /// The event of one's own, if it was one: its type and payload.
    free: Option<(String, String)>,
    /// The id and the type of the event that is corrected.
    #[serde(default)]
    target: Option<(String, String)>,
    /// The last event of the stream that the plan stood on: what came behind it is told.
    #[serde(default)]
    seen: Option<(u64, String)>,
}

impl Draft {
    /// Goes on with a draft that was left.
    pub(in crate::view) fn resume(engine: &Engine, kept: KeptDraft, signature: Signature) -> Self {
        let KeptDraft { stream, version, actor, reason, free, target, seen } = kept;
        let question = ReadGround {
            stream: StreamId::from(stream.as_str()),
            target: Version(version),
            of: target.map(|(id, event_type)| (EventId::new(&id), event_type)),
            seen: seen.map(|(version, id)| (Version(version), EventId::new(&id))),
        };
        let mut draft = Self::begin_at(engine, question, signature);
        (draft.actor, draft.reason) = (actor, reason);
        draft.is_kind_chosen = true;
        if let Some((free_type, free_payload)) = free {
            (draft.is_free, draft.is_free_touched) = (true, true);
            (draft.free_type, draft.free_payload) = (free_type, free_payload);
        }
        draft
    }

    /// What there is to keep of it; `None` where nothing was typed.
    pub(in crate::view) fn to_keep(&self) -> Option<KeptDraft> {
        self.is_touched().then(|| KeptDraft {
            stream: self.stream.to_string(),
            version: self.target.0,
            actor: self.actor.clone(),
            reason: self.reason.clone(),
            free: (self.is_free && self.is_free_touched).then(|| (self.free_type.clone(), self.free_payload.clone())),
            target: self.target_seen.as_ref().map(|(id, event_type)| (id.to_string(), event_type.clone())),
            seen: self.seen(),
        })
    }

    /// The last event that the plan stands on, without what others recorded since: whoever comes back is told of it anew.
    pub(super) fn seen(&self) -> Option<(u64, String)> {
        let Some(ground) = self.ground() else {
            let asked = self.ground.question().and_then(|question| question.seen.as_ref());
            return asked.map(|(version, id)| (version.0, id.to_string()));
        };
        let heads = ground.story.timeline().heads();
        let first = self.since.first().map(|since| since.event.version);
        let head = heads.iter().rev().find(|head| first.is_none_or(|first| head.version < first))?;
        Some((head.version.0, head.id.to_string()))
    }
}
