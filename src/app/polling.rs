//! What has come from the background, taken in.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::App;
use super::dialogs::Dialog;
use super::logic::now;
use crate::engine::sample_domain_at;
use crate::event::{Message, StreamId};
use crate::view::{Lens, Middle, UserError};

/// Asked of the system while frames are drawn, which costs some ten microseconds.
const BETWEEN_MEASURINGS: Duration = Duration::from_millis(500);

impl App {
    /// Takes what has come from the background, and goes on with what waited for it.
    pub(super) fn poll(&mut self, ctx: &egui::Context) {
        self.gone.poll();
        if let Some(failed) = self.keeper.poll() {
            self.told = Some(failed);
        }
        self.poll_branch_file(ctx);
        if self.sample.poll() {
            if let Some(path) = self.sample.value().cloned() {
                if self.settings.place(&path.clone().into()).is_none() {
                    let domain = sample_domain_at(&path).unwrap_or_default();
                    self.start.stream.get_or_insert(StreamId::from(domain.worth_a_look()));
                }
                // The sample is there to be tried out on.
                self.open(path.into(), true);
            }
            self.error = self.sample.error().cloned().or(self.error.take());
        }
        if self.opening.poll() {
            if let Some(opened) = self.opening.take() {
                self.greet(opened);
            }
            if let Some(refused) = self.opening.error().cloned() {
                self.refuse(ctx, refused);
            }
        }
        self.poll_coming(ctx);
        let mapped = self.dialogs.mapping().and_then(|draft| draft.poll().then(|| draft.source.clone()));
        if let Some(source) = mapped {
            self.dialogs.close_where(ctx, |dialog| matches!(dialog, Dialog::Mapping(_)));
            self.open(source, false);
        }
        if self.file_dialog.poll()
            && let Some(Some(path)) = self.file_dialog.value().cloned()
        {
            self.open_any(ctx, path.into());
        }
        if self.export_dialog.poll()
            && let (Some(Some(path)), Some(store)) = (self.export_dialog.value(), &mut self.store)
        {
            store.choose_file(self.file_for, path.display().to_string());
        }
        if let Some(store) = &mut self.store {
            let budget = self.settings.memory_mib.budget();
            let memory = store.engine().memory();
            if self.measured.is_none_or(|last| last.elapsed() > BETWEEN_MEASURINGS) {
                self.measured = Some(Instant::now());
                memory.measure(0);
            }
            if memory.budget() != budget {
                store.allow_memory(budget);
            }
            let before = store.row();
            if store.poll() {
                ctx.request_repaint();
            }
            // The stream that was asked for has come, or the event that was appended.
            self.reveal |= store.row() != before;
            if store.lens() == Lens::Activity {
                let zone = self.settings.zone;
                store.show_activity(&zone.calendar(now()), zone.clock());
            }
            match self.middle {
                Middle::State => {}
                Middle::Compare => store.compare(),
                Middle::Causes => store.trace(),
            }
            match store.lens() {
                Lens::Store => store.prepare_table(),
                Lens::Projections => store.prepare_projections(),
                Lens::Stream | Lens::Activity => {}
            }
            if let Some(soon) = store.wants_poll_in() {
                ctx.request_repaint_after(soon);
            }
            if let Some(told) = store.branching.told.take() {
                self.told = Some(told);
            }
            if !store.branching.is_open() {
                self.dialogs.close_where(ctx, Dialog::is_of_branch);
            }
            if std::mem::take(&mut store.was_replaced) {
                self.told = Some(UserError::new(Message::new("store-replaced")));
            }
        }
        let dropped: Vec<PathBuf> =
            ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        if !dropped.is_empty() {
            self.open_files(ctx, dropped);
        }
    }

    /// A store that cannot answer what is asked of every store has not been opened.
    fn poll_coming(&mut self, ctx: &egui::Context) {
        let Some(store) = &mut self.coming else { return };
        store.poll();
        if let Some(soon) = store.wants_poll_in() {
            ctx.request_repaint_after(soon);
        }
        if let Some(error) = store.error().cloned() {
            self.coming = None;
            self.tell_unopened(error);
        } else if let Some(store) = self.coming.take_if(|store| store.answers()) {
            self.dialogs.close_where(ctx, |dialog| dialog.is_of_store() || matches!(dialog, Dialog::Open));
            self.show(store);
        }
    }
}
