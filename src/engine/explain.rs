//! What a question could not be answered for, for the window's languages.

use super::{EngineError, MakeSampleError};
use crate::event::{Explain, Message, StreamId};

impl Explain for EngineError {
    fn message(&self) -> Message {
        match self {
            Self::NoStream { stream, near } => {
                let near: Vec<&str> = near.iter().map(StreamId::as_str).collect();
                if near.is_empty() {
                    Message::new("ask-no-stream").text("stream", stream)
                } else {
                    Message::new("ask-no-stream-near").text("stream", stream).text("near", near.join(", "))
                }
            }
            Self::NoVersion { stream, asked, first, last } => Message::new("ask-no-version")
                .text("stream", stream)
                .number("asked", asked.0)
                .number("first", first.0)
                .number("last", last.0),
            Self::BeforeItBegan { stream, asked, first } => {
                Message::new("ask-before-it-began").text("stream", stream).text("asked", asked).text("first", first)
            }
            Self::NoProjection { stream, asked, known } => Message::new("ask-no-projection")
                .text("stream", stream)
                .text("asked", asked)
                .text("known", known.join(", ")),
            Self::NoEvent { asked, names: None } => Message::new("ask-no-event").text("asked", asked),
            Self::NoEvent { asked, names: Some(names) } => {
                Message::new("ask-no-event-named").text("asked", asked).text("names", names)
            }
            Self::NoField { stream, asked, near } => {
                let said = Message::new(if near.is_empty() { "ask-no-field" } else { "ask-no-field-near" });
                said.text("stream", stream).text("asked", asked).text("near", near.join(", "))
            }
            Self::NoOrder => Message::new("ask-no-order"),
            Self::NoPositions => Message::new("ask-no-positions"),
            Self::NoOrderToDivide => Message::new("ask-no-order-to-divide"),
            Self::SharedState(projection) => Message::new("ask-shared-state").text("projection", projection),
            Self::NoSuchProjection { asked, known } => {
                Message::new("ask-no-such-projection").text("asked", asked).text("known", known.join(", "))
            }
            Self::Fault(fault) => fault.message(),
            Self::NotOfStates => Message::new("ask-not-of-states"),
            Self::OverBudget(over) => {
                let (taken, allowed) = over.mebibytes();
                Message::new("ask-over-budget").number("taken", taken).number("allowed", allowed)
            }
            Self::Lost => Message::new("error-lost"),
            Self::NothingWrong { stream, version } => {
                Message::new("ask-nothing-wrong").text("stream", stream).number("version", version.0)
            }
            Self::NoRuleBroken(stream) => Message::new("ask-no-rule-broken").text("stream", stream),
            Self::NeverTrue(stream) => Message::new("ask-never-true").text("stream", stream),
            Self::NotAMoment(text) => Message::new("ask-not-a-moment").text("text", text),
            Self::Condition(flaw) => flaw.message(),
            Self::Store(error) => error.message(),
        }
    }
}

impl Explain for MakeSampleError {
    fn message(&self) -> Message {
        match self {
            Self::NoHome => Message::new("sample-no-home"),
            Self::Sample(error) => error.message(),
            Self::Engine(error) => error.message(),
            Self::Store(error) => error.message(),
        }
    }
}
