//! The panes round the middle: which are there, how large, and what can be dragged between them.

use egui::{Rect, Ui, UiBuilder, pos2, vec2};

use super::App;
use crate::theme::ROW_HEIGHT;
use crate::ui::{Scene, Splitter, beside_ui, branch_history_ui, causes_ui, compare_ui, history_ui, state_ui};
use crate::view::{CARD_GAP, CARD_HEAD, Fit, Lens, Middle, OnScreen, Pane, Panes, Split, StreamView};

impl App {
    /// What finds room in the window as it is.
    pub(super) fn fit(&self, ctx: &egui::Context) -> Fit {
        let size = ctx.content_rect().size();
        let fit = self.settings.panes.fit(size.x, size.y);
        let has_stream =
            self.store.as_ref().is_some_and(|store| store.on_screen().0.is_some() || store.lens() != Lens::Stream);
        if has_stream { fit } else { Fit { event: 0.0, has_middle: fit.has_middle || fit.event > 0.0, ..fit } }
    }

    pub(super) fn fold(&mut self, ctx: &egui::Context, pane: Pane) {
        let fit = self.fit(ctx);
        let is_shown = match pane {
            Pane::Streams => fit.streams > 0.0,
            Pane::Event => fit.event > 0.0,
            Pane::Timeline => fit.has_timeline,
            Pane::State => !self.split.is_state_folded,
            Pane::History => !self.split.is_history_folded,
        };
        self.settings.panes.toggle(pane, is_shown);
        self.came_for_field = None;
        // The row of the cursor stays in sight.
        self.reveal = true;
    }

    /// The values of a field stand in the history's place: where that is folded, it comes for as long as they are shown.
    pub(super) fn open_field(&mut self, number: usize, path: String) {
        if self.split.is_history_folded {
            self.came_for_field = Some(self.settings.panes.is_folded(Pane::History));
            self.settings.panes.toggle(Pane::History, false);
        }
        self.go_to(|view| view.open_field(number, path));
    }

    pub(super) fn close_field(&mut self) {
        match self.came_for_field.take() {
            Some(true) => self.settings.panes.toggle(Pane::History, true),
            Some(false) => self.settings.panes.uncover(),
            None => {}
        }
        self.go_to(StreamView::close_field);
    }
}

/// The borders of the panes at the sides. Each is moved where Tab comes to it, and painted when all is.
pub(super) struct SideBorders {
    streams: Option<Splitter>,
    event: Option<Splitter>,
}

impl SideBorders {
    /// The panes lie at both ends of this space.
    pub(super) fn new(space: Rect, fit: Fit) -> Self {
        let border = |pane, name, x: f32, sizes| {
            let border = Rect::from_min_max(pos2(x, space.top()), pos2(x + 1.0, space.bottom()));
            Splitter { pane, name, border, sizes, space }
        };
        let width = space.width();
        let streams = border(Pane::Streams, "resize-streams", space.left() + fit.streams, (0.0, width));
        let event = border(Pane::Event, "resize-event", space.right() - fit.event, (width, 0.0));
        Self {
            streams: Some(streams).filter(|_| fit.has_middle && fit.streams > 0.0),
            event: Some(event).filter(|_| fit.has_middle && fit.event > 0.0),
        }
    }

    pub(super) fn streams_ui(&self, ui: &mut Ui, scene: &mut Scene<'_>) {
        self.streams.iter().for_each(|splitter| splitter.show(ui, scene));
    }

    pub(super) fn event_ui(&self, ui: &mut Ui, scene: &mut Scene<'_>) {
        self.event.iter().for_each(|splitter| splitter.show(ui, scene));
    }

    pub(super) fn paint(&self, ui: &Ui) {
        self.streams.iter().chain(&self.event).for_each(|splitter| splitter.paint(ui));
    }
}

/// The hairline below the head of a card, and the margins of its lines.
const AROUND_LINES: f32 = 11.0;

/// The state or a comparison, and the history below it. Answers with the cards' places too.
pub(super) fn cards_ui(
    ui: &mut Ui,
    scene: &mut Scene<'_>,
    mut shown: OnScreen<'_>,
    view: &mut StreamView,
    panes: &Panes,
    middle: Middle,
    reveal: &mut bool,
) -> (Split, Vec<Rect>) {
    let space = ui.available_rect_before_wrap();
    // A branch has a middle of its own.
    let middle = if shown.open.is_some() { Middle::State } else { middle };
    if middle == Middle::Causes {
        causes_ui(ui, scene, shown, view, space, reveal);
        return (Split::default(), Vec::new());
    }
    let is_comparing = middle == Middle::Compare;
    let lines = match &mut shown.open {
        Some(open) => {
            // With a row for the names of the columns.
            let hides_equal = open.hides_equal;
            1 + open.prepare(view.cursor()).map_or(0, |beside| beside.len(hides_equal))
        }
        None if is_comparing => 0,
        None => view.most_state_lines(),
    };
    let natural = CARD_HEAD + lines as f32 * ROW_HEIGHT + AROUND_LINES;
    let split = panes.split(space.height(), natural, is_comparing);
    let above = Rect::from_min_size(space.min, vec2(space.width(), split.state));
    let below = Rect::from_min_size(above.left_bottom() + vec2(0.0, CARD_GAP), vec2(space.width(), split.history));
    let mut open = shown.open.take();
    let upper = ui.scope_builder(UiBuilder::new().max_rect(above), |ui| {
        ui.shrink_clip_rect(above.expand(1.0));
        if let Some(open) = &mut open {
            beside_ui(ui, scene, view, open, split.is_state_folded);
        } else if is_comparing {
            compare_ui(ui, scene, shown, view, split.state);
        } else {
            state_ui(ui, scene, view, split.is_state_folded);
        }
    });
    if !split.is_state_folded && !split.is_history_folded {
        let border = Rect::from_min_max(above.left_bottom(), below.right_top()).shrink2(vec2(0.0, 3.0));
        // Held in the middle of the gap.
        let space = space.translate(vec2(0.0, CARD_GAP / 2.0));
        let splitter = Splitter { pane: Pane::State, name: "resize-state", border, sizes: (0.0, 1.0), space };
        splitter.show(ui, scene);
        splitter.paint(ui);
    }
    let lower = ui.scope_builder(UiBuilder::new().max_rect(below), |ui| {
        ui.shrink_clip_rect(below.expand(1.0));
        match &mut open {
            Some(open) => branch_history_ui(ui, scene, view, open, reveal, split.is_history_folded),
            None => history_ui(ui, scene, view, reveal, split.is_history_folded),
        }
    });
    let covered = vec![upper.response.rect.intersect(above), lower.response.rect.intersect(below)];
    (split, covered)
}
