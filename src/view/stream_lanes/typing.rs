use super::choices::{Choice, choices};
use crate::event::{Explain, Message};
use crate::expr::{Expression, Flaw, FlawKind, Names};
use crate::view::StreamView;

/// A lane that is being typed: the text, what is wrong with it, and what could follow.
#[derive(Debug, Default)]
pub struct LaneTyping {
    pub text: String,
    /// Where the caret stands, in bytes.
    pub caret: usize,
    pub is_open: bool,
    pub wants_focus: bool,
    /// Where the caret is to be put.
    pub wants_caret: Option<usize>,
    /// The choice that the arrows led to.
    pub chosen: Option<usize>,
    /// Whoever presses Enter is told of what they are about to type as well.
    pub insists: bool,
    made: Option<Made>,
}

/// What was made for a text, for as long as it stays.
#[derive(Debug)]
struct Made {
    key: Key,
    names: Names,
    choices: Vec<Choice>,
    flaw: Option<Flaw>,
}

#[derive(Debug, PartialEq)]
struct Key {
    stream: String,
    projection: usize,
    revision: u64,
    cursor: Option<usize>,
    text: String,
    caret: usize,
}

impl LaneTyping {
    /// Makes ready what is offered here and what is wrong.
    pub fn prepare(&mut self, view: &StreamView) {
        let key = Key {
            stream: view.stream.to_string(),
            projection: view.shown_number(),
            revision: view.revision(),
            cursor: view.cursor(),
            text: self.text.clone(),
            caret: self.caret,
        };
        if self.made.as_ref().is_some_and(|made| made.key == key) {
            return;
        }
        let Some(loaded) = view.shown_loaded() else { return };
        let known = self.made.take().filter(|made| {
            made.key.stream == key.stream && made.key.projection == key.projection && made.key.revision == key.revision
        });
        let is_same_text = known.as_ref().is_some_and(|made| made.key.text == key.text);
        let names = known.map_or_else(|| loaded.timeline.names(), |made| made.names);
        let flaw = Expression::new(&self.text, &names).err();
        if !is_same_text {
            self.chosen = None;
            self.insists = false;
        }
        let choices = choices(&self.text, self.caret, &names, view, loaded);
        self.made = Some(Made { key, names, choices, flaw });
    }

    pub fn choices(&self) -> &[Choice] {
        self.made.as_ref().map_or(&[], |made| &made.choices)
    }

    /// What is wrong, but for the word that is being typed.
    pub fn flaw(&self) -> Option<&Flaw> {
        let flaw = self.made.as_ref()?.flaw.as_ref()?;
        let is_being_typed = match flaw.kind {
            FlawKind::Empty => true,
            FlawKind::Unfinished | FlawKind::OpenText => !self.insists,
            _ => !self.insists && flaw.span.end >= self.caret,
        };
        (!is_being_typed || self.insists && !self.text.trim().is_empty()).then_some(flaw)
    }

    /// Whether it can be added as it is.
    pub fn is_sound(&self) -> bool {
        self.made.as_ref().is_some_and(|made| made.flaw.is_none())
    }

    pub fn flaw_message(&self) -> Option<Message> {
        self.flaw().map(|flaw| flaw.message())
    }

    /// The choice that the arrows lead to next.
    pub fn step(&mut self, by: isize) {
        let count = self.choices().len();
        if count == 0 {
            return;
        }
        let next = match self.chosen {
            None if by > 0 => 0,
            None => count - 1,
            Some(chosen) => chosen.saturating_add_signed(by).min(count - 1),
        };
        self.chosen = Some(next);
    }

    /// Puts a choice in the place of what was typed of it.
    pub fn take(&mut self, place: usize) {
        let Some(choice) = self.choices().get(place).cloned() else { return };
        let (text, caret) = choice.put_into(&self.text);
        self.text = text;
        self.caret = caret;
        self.wants_caret = Some(caret);
        self.wants_focus = true;
        self.chosen = None;
    }

    /// Puts what was probably meant in the place of the wrong word.
    pub fn mend(&mut self) {
        let Some((text, end)) = self.flaw().and_then(|flaw| {
            let end = flaw.span.start + flaw.instead.as_ref()?.len();
            Some((flaw.replaced(&self.text)?, end))
        }) else {
            return;
        };
        self.caret = end.max(text.len());
        self.wants_caret = Some(self.caret);
        self.wants_focus = true;
        self.text = text;
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
