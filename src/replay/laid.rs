//! States that lie outside of memory, and what is still known of their streams.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::kept::{Beyond, Failed, Kept, Last, MaybePosition};
use super::shelf::{OnShelf, Shelf, ShelfSpace};
use super::standing::Stood;
use super::streams::ByStream;
use crate::event::{EventId, Position, StreamKey, Timestamp, Version};

/// The states of streams on a shelf.
#[derive(Clone)]
pub(super) struct LaidDown<S> {
    space: ShelfSpace,
    /// Nothing lies of a stream with [`Laid::default`].
    of_stream: ByStream<Laid>,
    rare: Arc<HashMap<StreamKey, Rare>>,
    looked: Looked<S>,
}

/// What lists ask of every stream stays at hand. There may be millions, so that each takes no more than it must.
#[derive(Clone, Copy, Default)]
#[repr(C, packed(4))]
struct Laid {
    /// Where it lies, and above that what it is.
    at: u64,
    began: MaybePosition,
    /// [`NO_TIME`] where it has none.
    recorded_at: i64,
    length: u32,
    owner: u32,
    version: u32,
}

/// Something lies there.
const IS_THERE: u64 = 1 << 63;
/// An event counts.
const HAS_LAST: u64 = 1 << 62;
/// What has no room beside the others' is among what is rare.
const IS_RARE: u64 = 1 << 61;

const NO_TIME: i64 = i64::MIN;

/// What hardly any stream has.
#[derive(Clone, Debug)]
struct Rare {
    version: Version,
    now: Option<Failed>,
    beyond: Option<Box<Failed>>,
}

impl Laid {
    fn slot(self) -> Option<OnShelf> {
        let at = self.at & !(IS_THERE | HAS_LAST | IS_RARE);
        self.is(IS_THERE).then_some(OnShelf { at, length: self.length, owner: self.owner })
    }

    fn is(self, what: u64) -> bool {
        self.at & what != 0
    }

    fn recorded_at(self) -> Option<Timestamp> {
        let Self { recorded_at, .. } = self;
        (recorded_at != NO_TIME).then(|| Timestamp::from_micros(recorded_at))
    }
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
        let looked = Looked(Mutex::default());
        Self { space: ShelfSpace::on(shelf), of_stream: ByStream::new(), rare: Arc::default(), looked }
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
        let version = u32::try_from(kept.version().0).ok();
        let is_rare = now.is_some() || beyond.is_some() || version.is_none();
        let slot = self.space.lay(&text)?;
        let flag = |is: bool, flag: u64| if is { flag } else { 0 };
        let laid = Laid {
            at: slot.at | IS_THERE | flag(last.is_some(), HAS_LAST) | flag(is_rare, IS_RARE),
            began: kept.began().into(),
            recorded_at: kept.recorded_at().map_or(NO_TIME, Timestamp::micros),
            length: slot.length,
            owner: slot.owner,
            version: version.unwrap_or_default(),
        };
        let before = std::mem::replace(self.of_stream.get_or_begin(kept.key), laid);
        if is_rare {
            Arc::make_mut(&mut self.rare).insert(kept.key, Rare { version: kept.version(), now, beyond });
        } else if before.is(IS_RARE) {
            Arc::make_mut(&mut self.rare).remove(&kept.key);
        }
        if let Some(slot) = before.slot() {
            self.space.leave(slot);
        }
        self.looked = Looked(Mutex::default());
        Some(true)
    }

    fn laid(&self, key: StreamKey) -> Option<Laid> {
        self.of_stream.get(key).copied().filter(|laid| laid.is(IS_THERE))
    }

    fn rare(&self, key: StreamKey, laid: Laid) -> Option<&Rare> {
        if laid.is(IS_RARE) { self.rare.get(&key) } else { None }
    }

    fn version(&self, key: StreamKey, laid: Laid) -> Version {
        self.rare(key, laid).map_or(Version(laid.version.into()), |rare| rare.version)
    }

    pub(super) fn stood(&self, key: StreamKey) -> Option<Stood<'_>> {
        let laid = self.laid(key).filter(|laid| laid.is(HAS_LAST))?;
        let Laid { began, .. } = laid;
        let failed = self.rare(key, laid).and_then(|rare| Some(&rare.now.as_ref()?.first));
        let version = self.version(key, laid);
        Some(Stood { began: began.get(), version, recorded_at: laid.recorded_at(), failed })
    }

    /// To be folded on.
    pub(super) fn take_up(&self, key: StreamKey) -> Option<Kept<S>> {
        let laid = self.laid(key)?;
        let text = self.space.fetch(laid.slot()?)?;
        let ReadBack { state, last, beyond } = serde_json::from_slice(&text).ok()?;
        let last = last.filter(|_| laid.is(HAS_LAST)).map(|(position, id, event_type)| {
            let (version, recorded_at) = (self.version(key, laid), laid.recorded_at());
            Last { event_type, version, position, recorded_at, id: EventId::new(&id) }
        });
        let Laid { began, .. } = laid;
        let mut kept = Kept::of(key, state, began.get(), last);
        let (now, of_beyond) =
            self.rare(key, laid).map(|rare| (rare.now.clone(), rare.beyond.clone())).unwrap_or_default();
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
        let rare = self.rare.len() * size_of::<(StreamKey, Rare)>();
        (streams * size_of::<Laid>() + self.of_stream.places_bytes() + rare) as u64
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
        let slots = self.of_stream.values().filter_map(|laid| laid.slot());
        slots.filter(|slot| self.space.is_its_own(*slot)).for_each(|slot| self.space.leave(slot));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_stream_whose_state_lies_elsewhere_is_small() {
        assert_eq!(size_of::<Laid>(), 36);
    }
}
