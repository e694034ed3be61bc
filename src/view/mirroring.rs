//! A copy of the store that is made, and then follows it.

use std::path::PathBuf;
use std::time::Duration;

use super::{OpenStore, UserError, WindowTool};
use crate::engine::{Engine, MirrorState, MirrorWork, Progress, Tool};
use crate::event::StreamId;
use crate::store::{Mirrored, Notice, Source};

/// A mirror of the store: on its way, and then kept up for as long as the window is open.
#[derive(Debug, Default)]
pub struct MirrorStore {
    /// The path as typed.
    pub to: String,
    work: Option<MirrorWork>,
    /// As it was seen last.
    state: MirrorState,
    error: Option<UserError>,
}

impl MirrorStore {
    /// The mirror as it is now, where one is there and followed.
    pub fn mirror(&self) -> Option<(&PathBuf, &Mirrored)> {
        let path = self.work.as_ref().map(|work| &work.path)?;
        match &self.state {
            MirrorState::Following(mirrored) | MirrorState::Waiting(Some(mirrored), _) => Some((path, mirrored)),
            _ => None,
        }
    }

    /// Lets go of it; what is in the file stays.
    pub fn stop(&mut self) {
        (self.work, self.state, self.error) = (None, MirrorState::default(), None);
    }

    fn begin(&mut self, work: MirrorWork) {
        self.stop();
        self.work = Some(work);
    }
}

impl WindowTool for MirrorStore {
    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        self.begin(engine.mirror_into(PathBuf::from(self.to.trim())));
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        self
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        self
    }
}

impl Tool for MirrorStore {
    type Error = UserError;

    fn error(&self) -> Option<&UserError> {
        self.error.as_ref()
    }

    fn progress(&self) -> Option<Progress> {
        self.work.as_ref()?.progress()
    }

    fn is_loading(&self) -> bool {
        self.work.is_some() && self.state == MirrorState::CatchingUp
    }

    fn is_on_its_way(&self) -> bool {
        Tool::is_loading(self)
    }

    fn wants_poll_in(&self) -> Option<Duration> {
        None
    }

    fn cancel(&mut self) {
        if Tool::is_loading(self) {
            self.stop();
        }
    }

    fn retry(&mut self, engine: &Engine) {
        if self.error.is_some() {
            self.start(engine, None);
        }
    }

    /// It hears of that by itself.
    fn reload(&mut self, _: &Engine) {}

    fn poll(&mut self, _: &Engine) -> bool {
        let Some(state) = self.work.as_ref().map(MirrorWork::state).filter(|state| *state != self.state) else {
            return false;
        };
        if let MirrorState::Ended(message) = state {
            self.stop();
            self.error = Some(UserError::new(message));
        } else {
            self.state = state;
        }
        true
    }
}

impl OpenStore {
    /// Of what this store is a mirror, if it is one.
    pub fn origin(&self) -> Option<&str> {
        match &self.info.value()?.notice {
            Some(Notice::Mirror(mirror)) => Some(&mirror.origin),
            _ => None,
        }
    }

    /// Lets this mirror follow its origin, or stops it.
    pub fn keep_up(&mut self, follows: bool) {
        let origin = self.origin().filter(|_| follows).map(Source::parse);
        self.kept_up = origin.and_then(|origin| self.engine.keep_up_with(origin));
    }

    /// The mirrors that are kept up, which outlive the store on screen.
    pub fn hand_over_mirrors(&mut self) -> Vec<MirrorWork> {
        let made = self.tools.mirroring.work.take();
        let mut works: Vec<MirrorWork> = made.into_iter().chain(self.kept_up.take()).collect();
        works.retain(|work| !matches!(work.state(), MirrorState::Ended(_)));
        works
    }

    /// Takes back those that have to do with this store, itself or of it.
    pub fn take_mirrors(&mut self, works: &mut Vec<MirrorWork>) {
        for work in std::mem::take(works) {
            if self.source.path() == Some(&work.path) {
                self.kept_up = Some(work);
            } else if self.source == work.origin {
                self.tools.mirroring.begin(work);
            } else {
                works.push(work);
            }
        }
    }
}
