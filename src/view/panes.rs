use serde::{Deserialize, Serialize};

/// What can be folded away, and how large each is where its user said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Pane {
    Streams,
    Event,
    Timeline,
    State,
    History,
}

/// What stands in the middle of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Middle {
    /// The state above the history.
    #[default]
    State,
    /// States side by side.
    Compare,
    /// What led to the event and what it led to.
    Causes,
}

/// What the user made of the panes; it survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Panes {
    folded: Vec<Pane>,
    streams: Option<f32>,
    event: Option<f32>,
    /// Which share of the middle the state has, and which a comparison.
    state: Option<f32>,
    compare: Option<f32>,
    /// What was asked for last. Where there is no room for everything, it comes before the others.
    #[serde(skip)]
    wanted: Option<Pane>,
}

/// What finds room in a window, and how much: nothing where it is not shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    pub streams: f32,
    pub event: f32,
    pub has_middle: bool,
    pub has_timeline: bool,
}

/// How high the state and the history are; a folded one is as high as its head.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Split {
    pub state: f32,
    pub history: f32,
    pub is_state_folded: bool,
    pub is_history_folded: bool,
}

const LEAST_STREAMS: f32 = 160.0;
const LEAST_EVENT: f32 = 220.0;
const MOST: f32 = 720.0;

/// What the middle needs for its title, a state and a history that say something.
const LEAST_MIDDLE: f32 = 360.0;

/// Lower than this a window has no room for a timeline beside all else.
const LEAST_HEIGHT: f32 = 460.0;

/// The head of the state and of the history.
pub const CARD_HEAD: f32 = 38.0;
pub const CARD_GAP: f32 = 10.0;

/// A head and two rows; the history's has the names of its columns, too.
const LEAST_STATE: f32 = CARD_HEAD + 58.0;
const LEAST_HISTORY: f32 = CARD_HEAD + 82.0;

/// A comparison says what is compared on four lines, above two rows of it.
const LEAST_COMPARE: f32 = 214.0;

/// How much of the middle the state takes by itself at most, and how much a comparison.
const STATE_SHARE: f32 = 0.5;
const COMPARE_SHARE: f32 = 0.7;

impl Panes {
    /// Whether it is to stay folded where there is room for it, too.
    pub fn is_folded(&self, pane: Pane) -> bool {
        self.folded.contains(&pane)
    }

    /// Folds what is shown, and shows what is not: over others, where there is no room beside them.
    pub fn toggle(&mut self, pane: Pane, is_shown: bool) {
        self.folded.retain(|folded| *folded != pane);
        if is_shown {
            self.folded.push(pane);
        }
        self.wanted = Some(pane).filter(|_| !is_shown);
    }

    /// A list that covered what it leads to has done its work.
    pub fn uncover(&mut self) {
        self.wanted = None;
    }

    /// Sizes of side panes are widths; that of the state is its share of the middle. `None` is as at first.
    pub fn resize(&mut self, pane: Pane, size: Option<f32>, is_comparing: bool) {
        match pane {
            Pane::Streams => self.streams = size,
            Pane::Event => self.event = size,
            Pane::State | Pane::History if is_comparing => self.compare = size,
            Pane::State | Pane::History => self.state = size,
            Pane::Timeline => {}
        }
    }

    pub fn fit(&self, width: f32, height: f32) -> Fit {
        let has_timeline =
            !self.is_folded(Pane::Timeline) && (height >= LEAST_HEIGHT || self.wanted == Some(Pane::Timeline));
        let size = |pane, size: Option<f32>, share: f32, least: f32, usual: f32| {
            let size = size.unwrap_or((width * share).clamp(least, usual)).clamp(least, MOST);
            if self.is_folded(pane) { 0.0 } else { size }
        };
        let mut streams = size(Pane::Streams, self.streams, 0.18, LEAST_STREAMS, 300.0);
        let mut event = size(Pane::Event, self.event, 0.235, LEAST_EVENT, 420.0);
        let fit = |streams, event| Fit { streams, event, has_middle: true, has_timeline };
        let room = (width - LEAST_MIDDLE).max(0.0);
        // There may not even be room for one of them beside the middle: then it stands in the middle's place.
        let covers = |least: f32| room < least;
        match self.wanted {
            Some(Pane::Streams) if covers(LEAST_STREAMS) => return Fit { has_middle: false, ..fit(width, 0.0) },
            Some(Pane::Event) if covers(LEAST_EVENT) => return Fit { has_middle: false, ..fit(0.0, width) },
            _ => {}
        }
        let least_of = |size: f32, least: f32| size.min(least);
        if streams + event > room {
            let least = least_of(streams, LEAST_STREAMS) + least_of(event, LEAST_EVENT);
            if least <= room {
                let share = (room - least) / (streams + event - least);
                let shrunk = |size: f32, least: f32| least_of(size, least) + (size - least_of(size, least)) * share;
                return fit(shrunk(streams, LEAST_STREAMS), shrunk(event, LEAST_EVENT));
            }
            // One gives way to the other.
            if self.wanted == Some(Pane::Event) || streams == 0.0 {
                streams = 0.0;
                event = if room < LEAST_EVENT { 0.0 } else { event.min(room) };
            } else {
                event = 0.0;
                streams = if room < LEAST_STREAMS { 0.0 } else { streams.min(room) };
            }
        }
        fit(streams, event)
    }

    /// Shares this height out; `natural` is what all that the state has to show would take.
    pub fn split(&self, height: f32, natural: f32, is_comparing: bool) -> Split {
        let rest = (height - CARD_HEAD - CARD_GAP).max(0.0);
        let least = if is_comparing { LEAST_COMPARE } else { LEAST_STATE };
        let is_tight = height < least + CARD_GAP + LEAST_HISTORY;
        let gives_way = |pane, other| {
            let is_first = self.wanted == Some(pane) || (pane == Pane::History && self.wanted != Some(other));
            self.is_folded(pane) || (is_tight && !is_first && !self.is_folded(other))
        };
        // A comparison is what was asked for; it never folds.
        let is_state_folded = !is_comparing && gives_way(Pane::State, Pane::History);
        let gives_way_to_it = is_comparing && is_tight && self.wanted != Some(Pane::History);
        let is_history_folded = gives_way(Pane::History, Pane::State) || gives_way_to_it;
        let split = |state, history| Split { state, history, is_state_folded, is_history_folded };
        match (is_state_folded, is_history_folded) {
            (true, true) => split(CARD_HEAD, CARD_HEAD),
            (true, false) => split(CARD_HEAD, rest),
            (false, true) => split(rest, CARD_HEAD),
            (false, false) => {
                let (share, usual) = if is_comparing {
                    (self.compare, height * COMPARE_SHARE)
                } else {
                    (self.state, natural.min(height * STATE_SHARE))
                };
                let most = (height - CARD_GAP - LEAST_HISTORY).max(LEAST_STATE);
                let state = share.map_or(usual, |share| height * share).clamp(least.min(most), most);
                split(state, height - CARD_GAP - state)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_width() -> impl Iterator<Item = f32> {
        (300..3_840).step_by(7).map(|width| width as f32)
    }

    #[test]
    fn panes_never_take_more_than_there_is_and_leave_the_middle_its_room() {
        let (usual, mut large) = (Panes::default(), Panes::default());
        large.resize(Pane::Streams, Some(600.0), false);
        large.resize(Pane::Event, Some(700.0), false);
        for panes in [usual, large] {
            for width in every_width() {
                let Fit { streams, event, .. } = panes.fit(width, 800.0);
                assert!(streams == 0.0 || streams >= LEAST_STREAMS - 0.01, "{width}: {streams}");
                assert!(event == 0.0 || event >= LEAST_EVENT - 0.01, "{width}: {event}");
                let middle = width - streams - event;
                assert!(middle >= LEAST_MIDDLE.min(width) - 0.01, "{width}: {middle} is left of the middle");
            }
        }
    }

    #[test]
    fn everything_is_shown_from_a_width_of_nine_hundred_on() {
        for width in every_width().filter(|width| *width >= 900.0) {
            let fit = Panes::default().fit(width, 600.0);
            assert!(fit.streams > 0.0 && fit.event > 0.0 && fit.has_timeline, "{width}: {fit:?}");
        }
    }

    #[test]
    fn what_is_asked_for_is_shown_in_any_window_and_folds_again() {
        for (width, height) in every_width().flat_map(|width| [(width, 300.0), (width, 800.0)]) {
            let shown = |fit: Fit, pane| match pane {
                Pane::Streams => fit.streams > 0.0,
                Pane::Event => fit.event > 0.0,
                _ => fit.has_timeline,
            };
            for pane in [Pane::Streams, Pane::Event, Pane::Timeline] {
                let mut panes = Panes::default();
                if !shown(panes.fit(width, height), pane) {
                    panes.toggle(pane, false);
                }
                assert!(shown(panes.fit(width, height), pane), "{pane:?} at {width}");
                panes.toggle(pane, true);
                assert!(!shown(panes.fit(width, height), pane), "{pane:?} at {width}");
            }
        }
    }

    #[test]
    fn the_middle_is_shared_out_whole_and_the_state_is_as_high_as_it_has_to_show() {
        let panes = Panes::default();
        // From what the smallest window leaves.
        for height in (168..2_000).map(|height| height as f32) {
            let split = panes.split(height, 200.0, false);
            let Split { state, history, is_state_folded, is_history_folded } = split;
            assert!((state + history + CARD_GAP - height).abs() < 0.01, "{height}: {split:?}");
            assert!(!(is_state_folded && is_history_folded), "{height}");
            assert!(is_state_folded || state >= LEAST_STATE - 0.01, "{height}: {split:?}");
            assert!(is_history_folded || history >= LEAST_HISTORY - 0.01, "{height}: {split:?}");
        }
        let height = |panes: &Panes, natural| panes.split(800.0, natural, false).state.round() as i32;
        assert_eq!(height(&panes, 200.0), 200);
        assert_eq!(height(&panes, 2_000.0), 400);
        let mut dragged = panes;
        dragged.resize(Pane::State, Some(0.25), false);
        assert_eq!(height(&dragged, 2_000.0), 200);
    }

    #[test]
    fn a_comparison_has_room_for_rows_or_the_history_gives_way_until_it_is_asked_for() {
        let mut panes = Panes::default();
        for height in (168..2_000).map(|height| height as f32) {
            let split = panes.split(height, 200.0, true);
            assert!((split.state + split.history + CARD_GAP - height).abs() < 0.01, "{height}: {split:?}");
            assert!(!split.is_state_folded, "{height}");
            assert!(split.is_history_folded || split.state >= LEAST_COMPARE - 0.01, "{height}: {split:?}");
        }
        assert!(panes.split(270.0, 200.0, true).is_history_folded);
        panes.toggle(Pane::History, false);
        let split = panes.split(270.0, 200.0, true);
        assert!(!split.is_history_folded && split.history >= LEAST_HISTORY, "{split:?}");
    }

    #[test]
    fn where_only_one_has_room_the_state_comes_when_it_is_asked_for() {
        let mut panes = Panes::default();
        let low = |panes: &Panes| panes.split(180.0, 300.0, false);
        assert!(low(&panes).is_state_folded && !low(&panes).is_history_folded);
        panes.toggle(Pane::State, false);
        assert!(!low(&panes).is_state_folded && low(&panes).is_history_folded);
        panes.toggle(Pane::History, false);
        assert!(low(&panes).is_state_folded && !low(&panes).is_history_folded);
    }
}
