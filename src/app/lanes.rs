use super::App;
use super::dialogs::Dialog;
use crate::command::LaneAction;
use crate::view::{Pane, ToolName};

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

    pub(super) fn run_lanes(&mut self, ctx: &egui::Context, action: LaneAction) {
        let Some(store) = &mut self.store else { return };
        match action {
            LaneAction::Add(text) => store.add_stream_lane(&text),
            LaneAction::Remove(text) => store.remove_lane(&text),
            LaneAction::Set(texts) => store.set_lanes(texts),
            LaneAction::Save(name) => store.save_lanes(&name),
            LaneAction::Forget(name) => store.lanes.forget(&name),
            LaneAction::Everywhere(text) => {
                let category = store.view.as_ref().and_then(|view| view.category()).map(str::to_owned);
                store.tools.when.text = text;
                store.tools.when.category = category.unwrap_or_default();
                store.start_tool(ToolName::WhenSearch);
                self.dialogs.open(ctx, Dialog::Tool(ToolName::WhenSearch));
            }
        }
    }
}
