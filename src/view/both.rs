use std::time::Duration;

use super::UserError;
use crate::engine::{Asked, Engine, Progress, Question, Tool};

/// Two questions of one tool, at work as one.
#[derive(Debug)]
pub struct Both<A: Question, B: Question> {
    pub first: Asked<A>,
    pub second: Asked<B>,
}

impl<A: Question, B: Question> Default for Both<A, B> {
    fn default() -> Self {
        Self { first: Asked::default(), second: Asked::default() }
    }
}

impl<A: Question<Error = UserError>, B: Question<Error = UserError>> Tool for Both<A, B> {
    type Error = UserError;

    fn error(&self) -> Option<&UserError> {
        self.first.error().or(self.second.error())
    }

    fn progress(&self) -> Option<Progress> {
        self.first.progress().or(self.second.progress())
    }

    fn is_loading(&self) -> bool {
        self.first.is_loading() || self.second.is_loading()
    }

    fn is_on_its_way(&self) -> bool {
        self.first.is_on_its_way() || self.second.is_on_its_way()
    }

    fn wants_poll_in(&self) -> Option<Duration> {
        self.first.wants_poll_in().or(self.second.wants_poll_in())
    }

    fn cancel(&mut self) {
        self.first.cancel();
        self.second.cancel();
    }

    fn retry(&mut self, engine: &Engine) {
        self.first.again_if_failed(engine);
        self.second.again_if_failed(engine);
    }

    fn reload(&mut self, engine: &Engine) {
        Tool::reload(&mut self.first, engine);
    }

    fn poll(&mut self, engine: &Engine) -> bool {
        let has_first = self.first.poll(engine);
        self.second.poll(engine) || has_first
    }
}
