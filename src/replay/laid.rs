//! States that lie outside of memory, and what is still known of their streams.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Finding;
use super::kept::{Beyond, Kept, Last, MaybePosition};
use super::shelf::{OnShelf, Shelf, ShelfSpace};
use super::standing::Stood;
use super::streams::ByStream;
use crate::event::{EventId, Position, StreamKey, Timestamp, Version};

/// The states of streams on a shelf.
#[derive(Clone)]
pub(super) struct LaidDown<S> {
    space: ShelfSpace,
    of_stream: ByStream<Option<Laid>>,
    looked: Looked<S>,
}

/// What lists ask of every stream stays at hand, and what is told in a person's language.
#[derive(Clone, Debug)]
struct Laid {
    slot: OnShelf,
    began: MaybePosition,
    version: Version,
    recorded_at: Option<Timestamp>,
    failed: Option<Box<Failed>>,
    /// Whether an event counts.
    has_last: bool,
}

#[derive(Clone, Debug, Default)]
struct Failed {
    now: Option<Finding>,
    beyond: Option<Box<Finding>>,
}

/// What was read back last: whoever asks for one field of a state mostly asks for the next one, too.
struct Looked<S>(Mutex<Option<(StreamKey, Arc<Kept<S>>)>>);

impl<S> Clone for Looked<S> {
    fn clone(&self) -> Self {
        Self(Mutex::default())
    }
}

/// A state that is in memory, or was read back for a moment.
pub(super) enum KeptRef<'k, S> {
    Here(&'k Kept<S>),
    Back(Arc<Kept<S>>),
}

impl<S> Deref for KeptRef<'_, S> {
    type Target = Kept<S>;

    fn deref(&self) -> &Kept<S> {
        match self {
            Self::Here(kept) => kept,
            Self::Back(kept) => kept,
        }
    }
}

/// The rest, as it lies there.
#[derive(Serialize)]
struct Written<'w, S> {
    state: &'w S,
    /// The last event's position, id and type.
    last: Option<(Option<Position>, String, u32)>,
    beyond: Option<(&'w S, u64)>,
}

#[derive(Deserialize)]
#[serde(bound = "S: DeserializeOwned")]
struct ReadBack<S> {
    state: S,
    last: Option<(Option<Position>, String, u32)>,
    beyond: Option<(S, u64)>,
}

impl<S: Clone + Default + Serialize + DeserializeOwned> LaidDown<S> {
    pub(super) fn on(shelf: &Arc<dyn Shelf>) -> Self {
        Self { space: ShelfSpace::on(shelf), of_stream: ByStream::new(), looked: Looked(Mutex::default()) }
    }

    /// Lays a state down. Answers whether it may be forgotten: one that would not come back as it is, must not. `None`
    /// where there is no room for it.
    pub(super) fn lay(&mut self, kept: &Kept<S>) -> Option<bool> {
        let last = kept.last();
        let of_last = last.as_ref().map(|last| (last.position, last.id.to_string(), last.event_type));
        let of_beyond = kept.beyond().map(|beyond| (&beyond.state, beyond.events));
        let Ok(text) = serde_json::to_vec(&Written { state: &kept.state, last: of_last, beyond: of_beyond }) else {
            return Some(false);
        };
        if !comes_back::<S>(&text) {
            return Some(false);
        }
        let (now, beyond) = (kept.failed().cloned(), kept.beyond().and_then(|beyond| beyond.failed.clone()));
        let failed = (now.is_some() || beyond.is_some()).then(|| Box::new(Failed { now, beyond }));
        let laid = Laid {
            slot: self.space.lay(&text)?,
            began: kept.began().into(),
            version: kept.version(),
            recorded_at: kept.recorded_at(),
            failed,
            has_last: last.is_some(),
        };
        if let Some(before) = self.of_stream.get_or_begin(kept.key).replace(laid) {
            self.space.leave(before.slot);
        }
        self.looked = Looked(Mutex::default());
        Some(true)
    }

    fn laid(&self, key: StreamKey) -> Option<&Laid> {
        self.of_stream.get(key)?.as_ref()
    }

    pub(super) fn stood<'s>(&'s self, key: StreamKey, stream: &'s str) -> Option<Stood<'s>> {
        let laid = self.laid(key).filter(|laid| laid.has_last)?;
        let Laid { began, version, recorded_at, .. } = laid;
        let failed = laid.failed.as_ref().and_then(|failed| failed.now.as_ref());
        Some(Stood { stream, began: began.get(), version: *version, recorded_at: *recorded_at, failed })
    }

    /// To be folded on.
    pub(super) fn take_up(&self, key: StreamKey) -> Option<Kept<S>> {
        let laid = self.laid(key)?;
        let text = self.space.fetch(laid.slot)?;
        let ReadBack { state, last, beyond } = serde_json::from_slice(&text).ok()?;
        let last = last.filter(|_| laid.has_last).map(|(position, id, event_type)| {
            let (version, recorded_at) = (laid.version, laid.recorded_at);
            Last { event_type, version, position, recorded_at, id: EventId::new(&id) }
        });
        let mut kept = Kept::of(key, state, laid.began.get(), last);
        let Failed { now, beyond: of_beyond } = laid.failed.as_deref().cloned().unwrap_or_default();
        kept.set_failed(now.map(Box::new));
        kept.set_beyond(beyond.map(|(state, events)| Beyond { state, failed: of_beyond, events }));
        Some(kept)
    }

    /// To be looked at.
    pub(super) fn look(&self, key: StreamKey) -> Option<KeptRef<'_, S>> {
        let mut looked = self.looked.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, kept)) = looked.as_ref().filter(|(of, _)| *of == key) {
            return Some(KeptRef::Back(Arc::clone(kept)));
        }
        let kept = Arc::new(self.take_up(key)?);
        *looked = Some((key, Arc::clone(&kept)));
        Some(KeptRef::Back(kept))
    }

    /// What is known of so many of them takes in memory.
    fn weight_of(&self, streams: usize) -> u64 {
        (streams * size_of::<Option<Laid>>() + self.of_stream.places_bytes()) as u64
    }

    pub(super) fn bytes(&self) -> u64 {
        self.weight_of(self.of_stream.len()) + self.space.bytes()
    }

    pub(super) fn own_bytes(&self) -> u64 {
        self.weight_of(self.of_stream.own_len()) + self.space.bytes()
    }

    pub(super) fn share(&mut self) {
        self.of_stream.share();
    }
}

/// What only this one laid down is of no use to anybody any more. Where nobody goes on from here, neither is the shelf.
impl<S> Drop for LaidDown<S> {
    fn drop(&mut self) {
        if self.space.is_alone() {
            return;
        }
        let laid = self.of_stream.values().flatten();
        laid.filter(|laid| self.space.is_its_own(laid.slot)).for_each(|laid| self.space.leave(laid.slot));
    }
}

/// States alone on a shelf, each until it is taken up.
pub(super) struct StatesAway {
    space: ShelfSpace,
    /// Without length where none lies.
    of_stream: ByStream<OnShelf>,
}

impl StatesAway {
    pub(super) fn on(shelf: &Arc<dyn Shelf>) -> Self {
        Self { space: ShelfSpace::on(shelf), of_stream: ByStream::new() }
    }

    /// As [`LaidDown::lay`] answers. What lay there of this stream was taken up.
    pub(super) fn lay<S: Serialize + DeserializeOwned>(&mut self, key: StreamKey, state: &S) -> Option<bool> {
        let Ok(text) = serde_json::to_vec(state) else { return Some(false) };
        let again = || serde_json::to_vec(&serde_json::from_slice::<S>(&text).ok()?).ok();
        if !is_plain(&text) && again().is_none_or(|again| again != text) {
            return Some(false);
        }
        *self.of_stream.get_or_begin(key) = self.space.lay(&text)?;
        Some(true)
    }

    /// To be folded on.
    pub(super) fn take_up<S: DeserializeOwned>(&mut self, key: StreamKey) -> Option<S> {
        let slot = *self.of_stream.get(key).filter(|slot| slot.length > 0)?;
        let text = self.space.fetch(slot)?;
        *self.of_stream.get_or_begin(key) = OnShelf::default();
        self.space.leave(slot);
        serde_json::from_slice(&text).ok()
    }

    pub(super) fn bytes(&self) -> u64 {
        let places = self.of_stream.places_bytes() + self.of_stream.len() * size_of::<OnShelf>();
        places as u64 + self.space.bytes()
    }
}

/// No text that opens fewer lists and objects is nested too deeply to be read.
const SURELY_READ: usize = 100;

/// It surely reads as what was written: it is not nested too deeply, and no field is called as the parser itself calls its
/// numbers.
fn is_plain(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'{', b'[', text).nth(SURELY_READ).is_none()
        && memmem::find(text, b"$serde_json::private").is_none()
}

/// Whether it reads as what was written.
fn comes_back<S: Serialize + DeserializeOwned>(text: &[u8]) -> bool {
    let again = || {
        let ReadBack::<S> { state, last, beyond } = serde_json::from_slice(text).ok()?;
        let beyond = beyond.as_ref().map(|(state, events)| (state, *events));
        serde_json::to_vec(&Written { state: &state, last, beyond }).ok()
    };
    is_plain(text) || again().is_some_and(|again| again == text)
}
