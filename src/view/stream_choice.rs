use super::{FindStreams, Labels, UserError};
use crate::engine::{Asked, Engine, Tool};
use crate::event::StreamId;

/// Who has more than these in mind types one more letter.
pub const STREAMS_OFFERED: usize = 8;

/// A stream being chosen by typing a part of its name, or of what its people call it.
#[derive(Debug, Default)]
pub struct StreamChoice {
    /// As typed.
    pub text: String,
    /// Which of the offered ones Enter takes.
    pub marked: Option<usize>,
    /// For which text they are offered.
    offered_for: Option<String>,
    offered: Vec<StreamId>,
    asked: Asked<FindStreams>,
    /// Enter was pressed before what is to be offered had come.
    takes_first: bool,
}

impl StreamChoice {
    /// The streams that the text may mean, the likeliest first.
    pub fn offered(&self) -> &[StreamId] {
        &self.offered
    }

    /// Marks the next one, or the one before, and from either end the other.
    pub fn mark(&mut self, is_next: bool) {
        let Some(last) = self.offered.len().checked_sub(1) else { return };
        self.marked = Some(match (self.marked, is_next) {
            (None, true) => 0,
            (Some(marked), true) if marked < last => marked + 1,
            (Some(marked), false) if marked > 0 => marked - 1,
            (Some(_), true) => 0,
            (None | Some(_), false) => last,
        });
    }

    /// Takes the marked stream, or the one that the text names. `None` while that is being looked up.
    pub fn take(&mut self) -> Option<StreamId> {
        let text = self.text.trim();
        let is_current = self.offered_for.as_deref() == Some(text) && !self.asked.is_loading();
        let marked = self.marked.and_then(|marked| self.offered.get(marked));
        if !is_current && marked.is_none() {
            self.takes_first = !text.is_empty();
            return None;
        }
        let exact = self.offered.iter().find(|stream| stream.as_str() == text);
        let chosen = marked.or(exact).or(self.offered.first()).cloned().unwrap_or_else(|| StreamId::from(text));
        (!text.is_empty()).then(|| self.choose(chosen))
    }

    pub fn choose(&mut self, stream: StreamId) -> StreamId {
        self.text = stream.to_string();
        self.offered_for = Some(self.text.clone());
        self.offered.clear();
        self.marked = None;
        self.takes_first = false;
        stream
    }

    pub(super) fn tool(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    /// Looks for what is typed. Answers with the stream that Enter was pressed for.
    pub(super) fn poll(&mut self, engine: &Engine, labels: &Labels) -> Option<StreamId> {
        let text = self.text.trim();
        if self.offered_for.as_deref().unwrap_or_default() != text {
            self.offered_for = Some(text.to_owned());
            self.marked = None;
            self.offered = labels.named_like(text, STREAMS_OFFERED);
            if text.is_empty() {
                self.asked = Asked::default();
            } else {
                let survey = labels.survey().clone();
                let (text, most) = (text.to_owned(), STREAMS_OFFERED);
                self.asked.ask(engine, FindStreams { text, most, survey, takes_known: false });
            }
        }
        if self.asked.poll(engine) {
            let found = self.asked.take().unwrap_or_default().streams;
            let found: Vec<StreamId> = found.into_iter().map(|found| found.stream).collect();
            let named = std::mem::take(&mut self.offered);
            for stream in found.iter().filter(|stream| stream.as_str() == self.text.trim()).chain(&named).chain(&found)
            {
                if !self.offered.contains(stream) && self.offered.len() < STREAMS_OFFERED {
                    self.offered.push(stream.clone());
                }
            }
            if std::mem::take(&mut self.takes_first) {
                return self.take();
            }
        }
        None
    }
}
