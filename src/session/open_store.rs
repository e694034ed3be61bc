use std::sync::Arc;

use super::trouble::Trouble;
use super::watch::Watch;
use super::{Checking, Comparing, Draft, EventSearch, Exporting, Labels, Moment, Pin, StreamView};
use crate::event::{StreamId, Version};
use crate::jobs::{Job, Loading, Progress, Ticket, Wake};
use crate::replay::Index;
use crate::store::{Flow, Query, Reader, Source, StoreError, StoreInfo, StreamOrder, StreamQuery, StreamRow};

/// Opens the store anew; every job has a connection of its own and sees what is recorded by then.
pub type Opener = Arc<dyn Fn() -> Result<Box<dyn Reader>, StoreError> + Send + Sync>;

/// How many streams of one category are listed. Who has more finds one by typing a part of its name.
pub const STREAMS_LISTED: u64 = 10_000;

/// One store on the desk: what is known of it, its list of streams, and the stream that is looked at.
pub struct OpenStore {
    pub source: Source,
    opener: Opener,
    wake: Wake,
    pub info: Loading<Overview, Trouble>,
    pub filter: String,
    pub order: StreamOrder,
    pub labels: Labels,
    pub groups: Loading<Vec<StreamGroup>, Trouble>,
    pub view: Option<StreamView>,
    /// The stream that was looked at before, for as long as the next one is on its way.
    leaving: Option<StreamView>,
    /// Off until it is switched on, for this store and session.
    pub is_writing_on: bool,
    pub draft: Option<Draft>,
    pub pins: [Option<Pin>; 2],
    pub comparing: Comparing,
    pub search: EventSearch,
    pub exporting: Exporting,
    pub checking: Checking,
    watch: Watch,
    /// Keep to the newest event of the stream while others append.
    pub follows: bool,
}

/// A store as a whole.
#[derive(Clone, Debug)]
pub struct Overview {
    pub info: StoreInfo,
    /// Why Foldline never appends here.
    pub read_only: Option<String>,
    /// What whoever looks at it should know first.
    pub notice: Option<String>,
}

/// Every event of one stream, or of the store; whoever waits is told how many there are.
pub(super) fn stream_or_store(
    reader: &dyn Reader,
    stream: Option<StreamId>,
    ticket: &Ticket,
) -> Result<Query, StoreError> {
    Ok(match stream {
        Some(stream) => {
            ticket.set_total(reader.stream(&stream)?.map_or(0, |row| row.events));
            Query::stream(stream)
        }
        None => {
            ticket.set_total(reader.info()?.events);
            Query::store()
        }
    })
}

/// The streams of one category.
#[derive(Clone, Debug)]
pub struct StreamGroup {
    pub category: String,
    /// How many there are, without the filter.
    pub total: u64,
    pub rows: Vec<StreamRow>,
}

impl std::fmt::Debug for OpenStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenStore").field("source", &self.source).finish_non_exhaustive()
    }
}

impl OpenStore {
    pub fn new(source: Source, opener: Opener, wake: Wake) -> Self {
        let comparing = Comparing::new(opener.clone(), wake.clone());
        let search = EventSearch::new(opener.clone(), wake.clone());
        let exporting = Exporting::new(opener.clone(), wake.clone());
        let checking = Checking::new(opener.clone(), wake.clone());
        let mut store = Self {
            watch: Watch::new(&source, &opener, &wake),
            follows: false,
            source,
            opener,
            wake,
            info: Loading::default(),
            filter: String::new(),
            order: StreamOrder::Began,
            labels: Labels::default(),
            groups: Loading::default(),
            view: None,
            leaving: None,
            is_writing_on: false,
            draft: None,
            pins: [None, None],
            comparing,
            search,
            exporting,
            checking,
        };
        store.look();
        store
    }

    /// Asks anew for everything that an append may have changed.
    fn look(&mut self) {
        self.labels.doubt();
        let opener = self.opener.clone();
        self.info.request(Job::start("looking at the store", &self.wake, move |_| {
            let reader = opener()?;
            let info = reader.info()?;
            Ok(Overview { read_only: reader.read_only_reason(), notice: reader.notice(), info })
        }));
        self.list_streams();
    }

    /// These streams are seen in the list: what they are called is read.
    pub fn want_labels<'s>(&mut self, seen: impl Iterator<Item = &'s StreamId>) {
        self.labels.want(seen, &self.opener, &self.wake);
    }

    /// Begins a correction of the event at the cursor.
    pub fn begin_draft(&mut self, actor: String) {
        let Some((view, version)) = self.view.as_ref().and_then(|view| Some((view, view.version()?))) else { return };
        self.draft = Some(Draft::new(view.stream.clone(), version, actor, self.opener.clone(), self.wake.clone()));
    }

    /// Allows or forbids appending, where it is possible at all.
    pub fn toggle_writing(&mut self) {
        let is_impossible = self.info.value().is_some_and(|overview| overview.read_only.is_some());
        self.is_writing_on = !self.is_writing_on && !is_impossible;
    }

    /// Sets a pin at the cursor, or takes it away where it stands there already.
    pub fn pin(&mut self, pin: usize) {
        let Some((view, version)) = self.view.as_ref().and_then(|view| Some((view, view.version()?))) else { return };
        let here = Pin { stream: view.stream.clone(), version };
        let Some(pin) = self.pins.get_mut(pin) else { return };
        *pin = Some(here).filter(|here| pin.as_ref() != Some(here));
    }

    /// The places of the pins in the stream on the desk.
    pub fn pins_here(&self) -> [Option<Index>; 2] {
        let place = |pin: &Option<Pin>| {
            let (pin, view) = (pin.as_ref()?, self.view.as_ref()?);
            (pin.stream == view.stream).then(|| view.base()?.timeline.index_of(pin.version)).flatten()
        };
        [place(&self.pins[0]), place(&self.pins[1])]
    }

    /// Goes to an event of any stream.
    pub fn go_to(&mut self, stream: StreamId, version: Version) {
        self.select(stream);
        if let Some(view) = &mut self.view {
            view.start_at(Moment::Version(version));
        }
    }

    /// Appends the draft, if writing is on.
    pub fn append_draft(&mut self) {
        if let (true, Some(draft)) = (self.is_writing_on, &mut self.draft) {
            draft.append(self.source.clone());
        }
    }

    /// Asks for the list anew, with the filter and order as they are.
    pub fn list_streams(&mut self) {
        let opener = self.opener.clone();
        let filter = Some(self.filter.trim().to_owned()).filter(|filter| !filter.is_empty());
        let order = self.order;
        self.groups.request(Job::start("listing streams", &self.wake, move |ticket| {
            let reader = opener()?;
            let mut groups = Vec::new();
            for (category, total) in reader.info()?.categories {
                let query = StreamQuery {
                    category: Some(category.clone()),
                    filter: filter.clone(),
                    order,
                    limit: Some(STREAMS_LISTED),
                };
                let mut rows = Vec::new();
                reader.visit_streams(&query, &mut |row| {
                    rows.push(row);
                    if ticket.is_cancelled() { Flow::Break(()) } else { Flow::Continue(()) }
                })?;
                groups.push(StreamGroup { category, total, rows });
            }
            Ok(groups)
        }));
    }

    /// Looks at a stream; the one before it stays on the desk until this one has come.
    pub fn select(&mut self, stream: StreamId) {
        if self.view.as_ref().is_some_and(|view| view.stream == stream) {
            return;
        }
        let before = self.view.replace(StreamView::new(stream, self.opener.clone(), self.wake.clone()));
        self.leaving = before.filter(|view| !view.is_empty()).or(self.leaving.take());
    }

    /// What there is to draw of a stream, and whether another one is on its way in its place.
    pub fn on_desk(&self) -> (Option<&StreamView>, bool) {
        match (&self.view, &self.leaving) {
            (Some(view), Some(leaving)) if view.is_empty() => (Some(leaving), true),
            (view, _) => (view.as_ref(), false),
        }
    }

    /// The same with what is compared beside it.
    pub fn desk_mut(&mut self) -> (Option<&mut StreamView>, &mut Comparing, &[Option<Pin>; 2]) {
        let view = match (&mut self.view, &mut self.leaving) {
            (Some(view), Some(leaving)) if view.is_empty() => Some(leaving),
            (view, _) => view.as_mut(),
        };
        (view, &mut self.comparing, &self.pins)
    }

    /// The command that opens the window right here.
    pub fn link(&self) -> Option<String> {
        let view = self.view.as_ref()?;
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
        let store = quoted(&self.source.absolute_name());
        Some(format!("foldline {store} {} --at {}", quoted(view.stream.as_str()), view.version()?))
    }

    /// The first thing that went wrong and is not mended.
    pub fn trouble(&self) -> Option<&Trouble> {
        let of_view = self.view.as_ref().and_then(StreamView::trouble);
        of_view.or(self.comparing.trouble()).or(self.groups.error()).or(self.info.error())
    }

    /// Asks again for all that failed or was stopped.
    pub fn retry(&mut self) {
        self.look();
        self.view.iter_mut().for_each(StreamView::reload);
        self.comparing.retry();
    }

    /// What is being waited for: the longest first.
    pub fn progress(&self) -> Option<Progress> {
        let of_view = self.view.as_ref().and_then(StreamView::progress);
        [of_view, self.comparing.progress(), self.groups.progress(), self.info.progress()]
            .into_iter()
            .flatten()
            .max_by_key(|progress| progress.running)
    }

    /// Stops what is on its way; what was there stays.
    pub fn cancel(&mut self) {
        self.view.iter_mut().for_each(StreamView::cancel);
        self.comparing.cancel();
        self.groups.cancel();
        self.info.cancel();
    }

    /// Takes what has come from the background. Says whether there is something new to show.
    pub fn poll(&mut self) -> bool {
        let recorded = self.draft.as_mut().and_then(Draft::poll);
        if let (Some(version), Some(draft)) = (recorded, self.draft.take_if(|_| recorded.is_some())) {
            let mut view = StreamView::new(draft.stream, self.opener.clone(), self.wake.clone());
            view.start_at(Moment::Version(version));
            self.view = Some(view);
            self.look();
        }
        if self.watch.has_changed() {
            self.look();
            self.view.iter_mut().for_each(StreamView::reload);
            self.comparing.reload();
        }
        let follows = self.follows;
        let Self { info, groups, labels, view, leaving, comparing, search, exporting, checking, .. } = self;
        let mut is_new = info.poll();
        is_new |= recorded.is_some();
        is_new |= groups.poll();
        let length = view.as_ref().map(StreamView::len);
        is_new |= view.as_mut().is_some_and(StreamView::poll);
        if view.as_ref().is_some_and(|view| !view.is_loading() || !view.is_empty()) {
            *leaving = None;
        }
        is_new |= comparing.poll();
        is_new |= labels.poll();
        is_new |= search.poll();
        is_new |= exporting.poll();
        is_new |= checking.poll();
        if let (true, Some(view)) = (follows, view)
            && length.is_some_and(|length| view.len() > length)
        {
            view.go_to(usize::MAX);
        }
        is_new
    }

    pub fn is_loading(&self) -> bool {
        self.info.is_loading()
            || self.groups.is_loading()
            || self.comparing.is_loading()
            || self.labels.is_loading()
            || self.search.is_loading()
            || self.exporting.is_loading()
            || self.checking.is_loading()
            || self.view.as_ref().is_some_and(StreamView::is_loading)
            || self.draft.as_ref().is_some_and(Draft::is_busy)
    }
}
