use egui::{Context, FocusDirection, Panel, Rect, Ui, UiBuilder};

/// The parts of the window, in the order in which they are read. A key goes from one to the next.
#[derive(Debug, Default)]
pub(super) struct Regions {
    drawn: Vec<Rect>,
    wanted: Option<usize>,
}

/// Where a panel is, and how far it may paint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    rect: Rect,
    clip: Rect,
}

impl Place {
    /// Takes the room for a panel whose contents are drawn later, when it is their turn to be read.
    pub(super) fn take(ui: &mut Ui, panel: Panel) -> Self {
        panel.show(ui, |ui| Self { rect: ui.max_rect(), clip: ui.clip_rect() }).inner
    }
}

impl Regions {
    pub(super) fn begin(&mut self) {
        self.drawn.clear();
    }

    /// Draws a part in the room that was taken for it.
    pub(super) fn fill(&mut self, ui: &mut Ui, place: Place, contents: impl FnOnce(&mut Ui)) {
        let mut inside = ui.new_child(UiBuilder::new().max_rect(place.rect));
        inside.set_clip_rect(place.clip);
        self.show(&mut inside, contents);
    }

    /// Draws a part. If it is wanted, its first widget gets the focus.
    pub(super) fn show(&mut self, ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
        let is_wanted = self.wanted.take_if(|wanted| *wanted == self.drawn.len()).is_some();
        self.drawn.push(ui.max_rect());
        if is_wanted {
            ui.memory_mut(|memory| {
                memory.stop_text_input();
                memory.move_focus(FocusDirection::Next);
            });
        }
        contents(ui);
    }

    /// To the part that many after the one with the focus, round and round.
    pub(super) fn go(&mut self, ctx: &Context, by: isize) {
        let focused = ctx.memory(egui::Memory::focused).and_then(|id| ctx.read_response(id));
        // The border between two parts lies in neither.
        let here = focused.and_then(|focused| {
            let far = |rect: &Rect| rect.distance_sq_to_pos(focused.rect.center());
            let nearest = self.drawn.iter().enumerate().min_by(|(_, one), (_, other)| far(one).total_cmp(&far(other)));
            nearest.map(|(number, _)| number)
        });
        let count = self.drawn.len().max(1);
        let next = match here {
            Some(here) => (here + count).saturating_add_signed(by) % count,
            None => 0,
        };
        self.wanted = Some(next);
        ctx.request_repaint();
    }
}
