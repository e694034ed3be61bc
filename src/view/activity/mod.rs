//! Everything that happened in a store, the newest first: what is looked for, what was found of it, and the event that is
//! looked at.

mod asking;
mod finding;
mod found;
mod matches;
mod named;
mod query;
mod searches;

use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

pub use asking::{
    CountDays, CountFields, FieldCounts, LOOKED_AT, Month, MonthOfPeople, PEOPLE_SHOWN, Place, TellRows, Telling,
    ToldRow,
};
pub use found::{DayOfRows, FOUND_AT_FIRST, FindActivity, FoundAll, FoundRows, PART};
pub use matches::{CountKept, FindMatches, MOST_COUNTED, MatchTimes, SearchCount};
use named::FindNamed;
pub use named::NamedEvent;
pub use query::{Chip, ChipKind, SearchText, says_nothing, says_when, says_who, term_text};
pub use searches::{ChangeSearches, KeptSearches};

use found::{Coming, FOUND_BYTES, wall_day};
use matches::COUNTED_AGAIN;

use super::causes::FindCauses;
use super::event_detail::ReadEvent;
use super::signs::SignBook;
use super::{Clock, EventDetail, Pin, Sought, UserError};
use crate::engine::{
    Asked, Calendar, Cause, Causes, Days, Engine, FoundEvent, Progress, Search, StoreChange, StoreChronicle, Term,
    Tool, Wanted,
};
use crate::event::{StreamId, Timestamp, Version};
use crate::index::{Held, StoreMoment};
use crate::workspace::{SearchKind, Workspace};

/// How long it waits for one more letter.
const BETWEEN_LETTERS: Duration = Duration::from_millis(250);

/// While events come, they are drawn so often.
const BETWEEN_LOOKS: Duration = Duration::from_millis(40);

/// The audit trail of a store.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a state of its own; none excludes another")]
pub struct Activity {
    /// The search as it stands in its field.
    pub text: String,
    /// The same as it was read last.
    read: SearchText,
    asked: Asked<FindActivity>,
    named: Asked<FindNamed>,
    coming: Coming,
    /// What is known of the store already, so that a search reads less of it.
    chronicle: Option<StoreChronicle>,
    /// What came of the time before the one that is shown was given up.
    pending: Vec<FoundEvent>,
    begun: u64,
    stage: Stage,
    found: FoundRows,
    /// What they take of the memory that there is.
    held: Option<Held>,
    most: usize,
    /// The rows that stood there before those that are on their way.
    before: usize,
    clock: Option<Clock>,
    /// Something was recorded since.
    is_stale: bool,
    telling: Telling,
    fields: Asked<CountFields>,
    /// The fields are to be counted for what is shown now.
    wants_fields: bool,
    /// Where what is found lies in the store's time.
    matches: Asked<FindMatches>,
    /// Of which search that is.
    matches_of: Option<String>,
    counts: Asked<CountKept>,
    /// The kept searches that were counted last, and by which clock they were read.
    counted: (Vec<String>, &'static str),
    /// What was chosen; without one, that of what is looked at.
    pub month: Option<Month>,
    strip: Asked<CountDays>,
    /// What the strip was asked for.
    strip_of: Option<(Range<i32>, &'static str, String)>,
    /// Somebody stopped the search.
    is_stopped: bool,
    selected: Option<Place>,
    /// In which row it stands, where it is among those found.
    selected_row: Option<usize>,
    event: Asked<ReadEvent>,
    causes: Asked<FindCauses>,
    pub kept: KeptSearches,
    /// The row that is to be brought into view.
    pub reveal: bool,
    /// The keyboard is to go to the row that is looked at.
    pub wants_row: bool,
    /// The moment of the store that the event that is looked at was chosen for, or that it led to.
    at: Option<StoreMoment>,
}

/// So many events before and behind the one that is looked at are told as it is, where they belong to its causes and effects.
const LINKED_TOLD: usize = 24;

/// What is on screen of the causes and effects of an event, or nearly so.
fn near_in_chain(causes: &Causes) -> Vec<Place> {
    let from = causes.asked.saturating_sub(LINKED_TOLD);
    let near = causes.events.iter().skip(from).take(2 * LINKED_TOLD).filter(|event| event.is_on_chain);
    near.map(|event| (event.stream.clone(), event.head.version)).collect()
}

/// What becomes of the rows that come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// They stand behind those that are shown.
    #[default]
    Going,
    /// They take the place of those that are shown: of another search at once, of the same when there are more of them.
    Replacing { is_other: bool },
}

impl Activity {
    pub(super) fn new(engine: &Engine, workspace: Workspace, chronicle: StoreChronicle) -> Self {
        let kept = KeptSearches::of(workspace, SearchKind::Activity, engine);
        let held = Some(engine.memory().hold());
        Self { kept, held, most: FOUND_AT_FIRST, chronicle: Some(chronicle), ..Self::default() }
    }

    pub fn found(&self) -> &FoundRows {
        &self.found
    }

    pub fn read(&self) -> &SearchText {
        &self.read
    }

    /// How the search ended, once it has.
    pub fn end(&self) -> Option<FoundAll> {
        self.asked.value().copied().filter(|_| !self.asked.is_loading())
    }

    /// What was looked for, where something was found.
    pub fn sought(&self) -> Option<Sought> {
        let search = self.read.search().ok().filter(|_| !self.found.is_empty())?;
        Some(Sought { text: self.read.text.trim().to_owned(), search: search.clone() })
    }

    /// What is shown is of another search than what is asked for.
    pub fn is_of_before(&self) -> bool {
        self.stage == Stage::Replacing { is_other: true } && self.asked.is_loading() || self.read.misread().is_some()
    }

    pub fn asked(&self) -> &Asked<FindActivity> {
        &self.asked
    }

    /// An event as it is told, if that is known by now.
    pub fn told(&self, stream: &StreamId, version: Version) -> Option<Rc<ToldRow>> {
        self.telling.of(stream, version)
    }

    pub fn selected(&self) -> Option<&Place> {
        self.selected.as_ref()
    }

    pub fn event(&self) -> Option<&EventDetail> {
        let (stream, version) = self.selected.as_ref()?;
        self.event.value().filter(|detail| detail.event.stream == *stream && detail.event.version == *version)
    }

    /// Why it could not be read.
    pub fn event_error(&self) -> Option<&UserError> {
        self.event.error()
    }

    /// What led to the event that is looked at and what it led to, once that is known.
    pub fn causes(&self) -> Option<&Causes> {
        let (stream, version) = self.selected.as_ref()?;
        let is_of = |causes: &&Causes| {
            causes.asked().is_some_and(|event| event.stream == *stream && event.head.version == *version)
        };
        self.causes.value().filter(is_of)
    }

    /// How far the looking for them is.
    pub fn causes_progress(&self) -> Option<Progress> {
        self.causes.progress()
    }

    pub fn is_counting_fields(&self) -> bool {
        self.fields.is_on_its_way() || self.asked.is_loading()
    }

    /// Which fields the events that were found last changed.
    pub fn fields(&self) -> Option<&FieldCounts> {
        self.fields.value()
    }

    /// Where the events that are looked for lie in the store's time, once that is known; nothing is looked for without
    /// conditions.
    pub fn matches(&self) -> Option<&MatchTimes> {
        self.matches.value().filter(|_| self.matches_of.as_ref() == Some(&self.read.text) && !self.is_of_before())
    }

    /// How many events a kept search finds, once that is known.
    pub fn count_of(&self, text: &str) -> Option<u64> {
        Some(self.counts.value()?.iter().find(|count| count.text == text)?.found)
    }

    pub fn strip(&self) -> Option<&MonthOfPeople> {
        self.strip.value()
    }

    /// The month whose days are shown.
    pub fn month_shown(&self) -> Option<Month> {
        let clock = self.clock?;
        let asked = self.read.search().map(Search::days).unwrap_or_default();
        // What a search is kept to is on screen, whether or not anything was found in it.
        let is_asked = |month: &Month| month.has_any_of(asked, clock);
        let looked_at = || self.found.row(self.selected_row.unwrap_or(0))?.recorded_at;
        let before = || self.strip.value().and_then(|strip| strip.month);
        self.month
            .or_else(|| Month::of(looked_at()?, clock).filter(is_asked))
            .or_else(|| before().filter(is_asked))
            .or_else(|| Month::of(asked.end.map(|end| end.plus_micros(-1)).or(asked.from)?, clock))
            .or_else(before)
    }

    fn is_selected(&self, row: &FoundEvent) -> bool {
        self.selected.as_ref().is_some_and(|(stream, version)| row.version == *version && row.stream == *stream)
    }

    /// The row that is looked at.
    pub fn selected_row(&self) -> Option<usize> {
        self.selected_row
    }

    fn find_selected(&mut self) {
        self.selected_row = self.found.rows().iter().position(|row| self.is_selected(row));
    }

    /// The search is on screen: what it lacks is asked for.
    pub(super) fn show(&mut self, engine: &Engine, calendar: &Calendar<'_>, clock: Clock, newest: Option<Timestamp>) {
        if self.clock.is_none_or(|known| known.name != clock.name) {
            self.clock = Some(clock);
            self.found.by_clock(clock);
            // Its days begin at other moments.
            self.read = SearchText::new(self.text.clone(), calendar);
        }
        if self.asked.question().is_none() {
            self.find(engine, Duration::ZERO);
        } else if self.is_stale && !(self.is_of_part() && self.asked.is_loading()) {
            self.is_stale = false;
            if self.end().is_some_and(|end| end.of <= COUNTED_AGAIN) {
                self.counts.again(engine, Cause::Store);
            }
            self.find_anew(engine);
            self.strip.again(engine, Cause::Store);
        }
        let newest = newest.map(|at| wall_day(at, clock));
        self.count_days(engine, calendar, clock, newest);
        self.count_kept(engine, calendar, clock);
    }

    /// What kept searches find is counted once for each of them.
    fn count_kept(&mut self, engine: &Engine, calendar: &Calendar<'_>, clock: Clock) {
        let is_counted = self.kept.saved().map(|saved| &saved.text).eq(&self.counted.0);
        if is_counted && (self.counted.0.is_empty() || self.counted.1 == clock.name) {
            return;
        }
        let texts: Vec<String> = self.kept.saved().map(|saved| saved.text.clone()).collect();
        let read = |text: &String| Some((text.clone(), Search::new(text, calendar).ok()?));
        let searches = texts.iter().filter_map(read).collect();
        self.counted = (texts, clock.name);
        self.counts.ask(engine, CountKept { searches, chronicle: self.chronicle.clone() });
    }

    /// The last question was for a part alone.
    fn is_of_part(&self) -> bool {
        self.asked.question().is_some_and(|asked| asked.behind.is_some())
    }

    /// The same search of a store that has changed.
    fn find_anew(&mut self, engine: &Engine) {
        self.stage = Stage::Replacing { is_other: false };
        if !self.is_of_part() {
            return self.asked.again(engine, Cause::Store);
        }
        if let Some(search) = self.asked.question().map(|asked| asked.search.clone()) {
            self.most = self.found.len().max(FOUND_AT_FIRST);
            self.ask(engine, search, None, Duration::ZERO);
        }
    }

    fn count_days(&mut self, engine: &Engine, calendar: &Calendar<'_>, clock: Clock, newest: Option<i32>) {
        let Some(month) = self.month_shown() else { return };
        let range = month.days_shown(newest);
        let is_asked = |(days, name, text): &(Range<i32>, &'static str, String)| {
            *days == range && *name == clock.name && *text == self.read.text
        };
        if self.strip_of.as_ref().is_some_and(is_asked) {
            return;
        }
        self.strip_of = Some((range.clone(), clock.name, self.read.text.clone()));
        let text = self.read.with(&[], |wanted| says_who(wanted) || says_when(wanted));
        let Ok(search) = Search::new(&text, calendar) else { return };
        if self.strip.question().is_some_and(|asked| asked.is_of(&range, &search, clock)) {
            return;
        }
        let begins = |day: i32| {
            let date = chrono::DateTime::from_timestamp(i64::from(day) * 86_400, 0).map(|at| at.date_naive());
            date.map(|date| (calendar.begins)(date))
        };
        let days = Days { from: begins(range.start), end: begins(range.end) };
        self.strip.ask(engine, CountDays { search, month, range, days, clock });
    }

    /// These rows are on screen.
    pub(super) fn want_told(&mut self, engine: &Engine, rows: Range<usize>) {
        let seen = self.found.rows().get(rows).unwrap_or_default().iter();
        let places: Vec<Place> = seen.map(|row| (row.stream.clone(), row.version)).collect();
        let linked: Vec<Place> = self.causes().map(near_in_chain).unwrap_or_default();
        self.telling.want(engine, places.into_iter().chain(self.selected.clone()).chain(linked));
    }

    /// Looks at an event.
    pub(super) fn select(&mut self, engine: &Engine, stream: StreamId, version: Version) {
        let place = (stream, version);
        if self.selected.as_ref() == Some(&place) {
            return;
        }
        let (stream, version) = place.clone();
        self.selected = Some(place);
        self.find_selected();
        let aggregate = self.told(&stream, version).and_then(|row| row.told.aggregate);
        self.causes.cancel();
        self.event.ask(engine, ReadEvent { stream, version, aggregate });
    }

    /// Looks for the causes and effects of the event that is looked at, wherever they are.
    pub(super) fn find_causes(&mut self, engine: &Engine) {
        if let Some((stream, version)) = self.selected.clone() {
            self.causes.ask(engine, FindCauses::of(Pin { stream, version }));
        }
    }

    pub(super) fn follow(&mut self, change: &StoreChange) {
        if *change == StoreChange::Rewritten {
            return;
        }
        self.is_stale = self.asked.question().is_some();
        if *change == StoreChange::Replaced {
            self.telling.forget();
            self.selected = None;
        }
    }

    pub(super) fn cancel(&mut self) {
        self.is_stopped |= self.asked.is_loading();
        self.asked.cancel();
        self.strip.cancel();
        self.fields.cancel();
        self.matches.cancel();
        self.counts.cancel();
        self.causes.cancel();
    }

    pub(super) fn retry(&mut self, engine: &Engine) {
        Tool::retry(&mut self.asked, engine);
        Tool::retry(&mut self.strip, engine);
        Tool::retry(&mut self.event, engine);
    }

    pub(super) fn tools(&self) -> [&dyn Tool<Error = UserError>; 10] {
        let Self { asked, named, telling, fields, matches, counts, strip, event, causes, kept, .. } = self;
        [asked, named, &telling.asked, fields, matches, counts, strip, event, causes, &kept.asked]
    }

    /// When this wants to be looked at, though nothing wakes the window by then.
    pub(super) fn wants_poll_in(&self) -> Option<Duration> {
        self.asked.is_loading().then_some(BETWEEN_LOOKS)
    }

    pub(super) fn poll(&mut self, engine: &Engine, signs: &mut SignBook) -> bool {
        let has_ended = self.asked.poll(engine);
        let mut is_new = has_ended;
        is_new |= self.take_rows(has_ended);
        let rows = self.found.len() + self.pending.len();
        // Whoever looks for more asks before; these are shown in any case.
        let _ = self.held.as_mut().map(|held| held.resize((rows * FOUND_BYTES) as u64));
        is_new |= self.named.poll(engine);
        is_new |= self.telling.poll(engine, signs);
        is_new |= self.fields.poll(engine);
        is_new |= self.matches.poll(engine);
        is_new |= self.counts.poll(engine);
        is_new |= self.strip.poll(engine);
        is_new |= self.kept.poll(engine);
        if self.selected.is_none()
            && let Some(first) = self.found.row(0)
        {
            let (stream, version) = (first.stream.clone(), first.version);
            self.select(engine, stream, version);
        }
        let has_event = self.event.poll(engine);
        if has_event && self.event().is_some_and(|detail| detail.finds_by_link) {
            self.find_causes(engine);
        }
        is_new |= has_event;
        is_new |= self.causes.poll(engine);
        if has_ended && self.asked.error().is_none() && std::mem::take(&mut self.wants_fields) {
            let rows = self.found.rows().iter().take(LOOKED_AT);
            let places = rows.map(|row| (row.stream.clone(), row.version)).collect();
            self.fields.ask_because(engine, CountFields(places), Cause::Store);
            self.find_matches(engine);
        }
        is_new
    }

    /// The days on which something was found of what is shown, by their numbers.
    pub fn day_of(&self, row: &FoundEvent) -> Option<i32> {
        Some(wall_day(row.recorded_at?, self.clock?))
    }

    /// The words that are looked for: they stand in what is shown of each event.
    pub fn words(&self) -> Vec<&str> {
        let terms = self.read.search().map(|search| search.terms.as_slice()).unwrap_or_default();
        let word = |term| match term {
            &Term { wanted: Wanted::Word(ref word), is_denied: false, .. } => Some(word.as_str()),
            _ => None,
        };
        terms.iter().filter_map(word).collect()
    }

    /// Whether what was found is to be shown, rather than what it changed.
    pub fn shows_place(&self) -> bool {
        let terms = self.read.search().map(|search| search.terms.as_slice()).unwrap_or_default();
        let is_such = |term: &Term| !term.is_denied && matches!(term.wanted, Wanted::Word(_) | Wanted::Payload(_));
        terms.iter().any(is_such)
    }

    /// The event that was the last at a moment of the store, among those found.
    pub(super) fn look_at_moment(&mut self, engine: &Engine, moment: StoreMoment) {
        if self.found.is_empty() || self.at == Some(moment) || self.asked.is_loading() {
            return;
        }
        let is_later = |row: &FoundEvent| match moment {
            StoreMoment::Latest => false,
            StoreMoment::Time(at) => row.recorded_at.is_some_and(|own| own > at),
            StoreMoment::Position(position) => row.position.is_some_and(|own| own > position),
        };
        let place = self.found.rows().partition_point(is_later);
        let is_beyond = place >= self.found.len() && self.end().is_some_and(|end| end.has_more);
        if is_beyond && self.found.len() < PART {
            return self.want_more(engine);
        }
        self.at = Some(moment);
        if let Some(row) = self.found.row(place.min(self.found.len() - 1)) {
            let (stream, version) = (row.stream.clone(), row.version);
            self.select(engine, stream, version);
            self.reveal = true;
        }
    }

    /// The moment that the event that is looked at stands at.
    pub(super) fn moment(&self, has_order: bool) -> Option<StoreMoment> {
        let row = self.found.row(self.selected_row?)?;
        let by_time = || row.recorded_at.map(StoreMoment::Time);
        row.position.filter(|_| has_order).map(StoreMoment::Position).or_else(by_time)
    }

    /// The store's cursor stands at what is looked at.
    pub(super) fn stands_at(&mut self, moment: StoreMoment) {
        self.at = Some(moment);
    }

    /// Who is looked for, where that is one.
    pub fn person(&self) -> Option<String> {
        let search = self.read.search().ok()?;
        let mut people = search.terms.iter().filter_map(|term| match &term.wanted {
            Wanted::Actor(glob) if !term.is_denied => Some(glob.text().to_owned()),
            _ => None,
        });
        people.next().filter(|_| people.next().is_none())
    }
}

/// Until it is known which one is on the wall.
const UTC: Clock = Clock { name: "utc", offset: |_| 0 };
