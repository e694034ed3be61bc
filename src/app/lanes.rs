use super::App;
use super::dialogs::Dialog;
use crate::command::LaneAction;
use crate::ui::Notice;
use crate::view::{Lens, Pane, ToolName};

impl App {
    /// To where a lane is typed; the timeline is shown, if it was folded.
    pub(super) fn begin_lane(&mut self, ctx: &egui::Context) {
        if !self.fit(ctx).has_timeline {
            self.fold(ctx, Pane::Timeline);
        }
        if let Some(store) = &mut self.store {
            store.lanes.typing.wants_focus = true;
            ctx.request_repaint();
        }
    }

    /// To where the chosen lane turns next, or turned last. Says so where it does not.
    pub(super) fn step_turn(&mut self, ctx: &egui::Context, is_next: bool) {
        let Some(store) = &self.store else { return };
        let place = store.view.as_ref().and_then(|view| Some((view, view.cursor()?)));
        let Some((view, cursor)) = place else { return };
        let Some(lane) = store.chosen_lane() else {
            self.notice = Some(Notice::new(ctx, "lane-none"));
            return;
        };
        let data = store.lanes.data(view, lane);
        let to = data.and_then(|data| if is_next { data.turn_after(cursor) } else { data.turn_before(cursor) });
        match to {
            Some(index) => self.go_to_index(ctx, index),
            None if data.is_none() => {}
            None => self.notice = Some(Notice::new(ctx, if is_next { "lane-last-turn" } else { "lane-first-turn" })),
        }
    }

    pub(super) fn run_lanes(&mut self, ctx: &egui::Context, action: LaneAction) {
        let Some(store) = &mut self.store else { return };
        match action {
            LaneAction::Add(text) => store.add_stream_lane(&text),
            LaneAction::Remove(text) => store.remove_lane(&text),
            LaneAction::Choose(text) => store.lanes.chosen = text,
            LaneAction::Set(texts) => store.set_lanes(texts),
            LaneAction::Save(name) => store.save_lanes(&name),
            LaneAction::Forget(name) => store.lanes.forget(&name),
            LaneAction::Everywhere(text) => {
                let category = match store.lens() {
                    Lens::Store => store.table.category(),
                    _ => store.view.as_ref().and_then(|view| view.category()),
                };
                let category = category.map(str::to_owned);
                store.tools.when.text = text;
                store.tools.when.category = category.unwrap_or_default();
                store.start_tool(ToolName::WhenSearch);
                self.dialogs.open(ctx, Dialog::Tool(ToolName::WhenSearch));
            }
        }
    }
}
