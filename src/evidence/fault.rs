use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::event::{Explain, Message, StreamId, Version};

/// Something in a file of evidence that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvidenceFault {
    SignatureMissing,
    SignatureBroken,
    /// The pages, or their data, are not those that were signed.
    Edited,
    DataUnreadable,
    /// The data names another key than the one that signed the file.
    OtherKey,
    CheckpointBroken,
    /// An event's content does not give its hash.
    EventChanged,
    /// The events do not lead to the signed root.
    NotInTree,
    /// The pages are not what the data gives.
    PagesDiffer,
    /// It does not lead from the seal inside to the root.
    SinceBroken,
    /// The seal it is held against is of another history.
    OtherStore,
    /// The seal has another root at the same size.
    OtherRoot {
        size: u64,
    },
    /// The seal was made at another size, and nothing inside leads from the one to the other.
    NotCompared {
        sealed: u64,
        size: u64,
    },
}

impl EvidenceFault {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SignatureMissing => "signature-missing",
            Self::SignatureBroken => "signature-broken",
            Self::Edited => "edited",
            Self::DataUnreadable => "unreadable-data",
            Self::OtherKey => "other-key",
            Self::CheckpointBroken => "broken-checkpoint",
            Self::EventChanged => "event-changed",
            Self::NotInTree => "not-in-tree",
            Self::PagesDiffer => "pages-differ",
            Self::SinceBroken => "broken-since",
            Self::OtherStore => "other-store",
            Self::OtherRoot { .. } => "other-root",
            Self::NotCompared { .. } => "not-compared",
        }
    }
}

impl fmt::Display for EvidenceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignatureMissing => {
                f.write_str("the signature at the end is gone or damaged; nothing in this file can be trusted")
            }
            Self::SignatureBroken => f.write_str("the signature does not fit; nothing in this file can be trusted"),
            Self::Edited => f.write_str("the file was edited or damaged after it was signed"),
            Self::DataUnreadable => f.write_str("the data behind the pages cannot be read"),
            Self::OtherKey => f.write_str("the file is signed by another key than its data names"),
            Self::CheckpointBroken => f.write_str("the signature under the store's root does not fit"),
            Self::EventChanged => f.write_str("the event is not what was recorded: its content does not give its hash"),
            Self::NotInTree => {
                f.write_str("the events do not lead to the store's signed root: one was changed, added or left out")
            }
            Self::PagesDiffer => f.write_str("the pages do not show what the data says"),
            Self::SinceBroken => f.write_str("the file does not show that the store grew from the seal it names"),
            Self::OtherStore => f.write_str("the seal is of another history than this evidence"),
            Self::OtherRoot { size } => write!(
                f,
                "the seal has another root for the same {size} events: one of the two histories was rewritten"
            ),
            Self::NotCompared { sealed, size } => write!(
                f,
                "the seal is of {sealed} events and the evidence of {size}, and nothing in it leads from one to the other; make the evidence with --since and that seal"
            ),
        }
    }
}

impl Explain for EvidenceFault {
    fn message(&self) -> Message {
        match self {
            Self::SignatureMissing => Message::new("evidence-fault-signature-missing"),
            Self::SignatureBroken => Message::new("evidence-fault-signature-broken"),
            Self::Edited => Message::new("evidence-fault-edited"),
            Self::DataUnreadable => Message::new("evidence-fault-data-unreadable"),
            Self::OtherKey => Message::new("evidence-fault-other-key"),
            Self::CheckpointBroken => Message::new("evidence-fault-checkpoint-broken"),
            Self::EventChanged => Message::new("evidence-fault-event-changed"),
            Self::NotInTree => Message::new("evidence-fault-not-in-tree"),
            Self::PagesDiffer => Message::new("evidence-fault-pages-differ"),
            Self::SinceBroken => Message::new("evidence-fault-since-broken"),
            Self::OtherStore => Message::new("evidence-fault-other-store"),
            Self::OtherRoot { size } => Message::new("evidence-fault-other-root").number("size", *size),
            Self::NotCompared { sealed, size } => {
                Message::new("evidence-fault-not-compared").number("sealed", *sealed).number("size", *size)
            }
        }
    }
}

/// A fault, and the event it is of where it is one event's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceFinding {
    pub stream: Option<StreamId>,
    pub version: Option<Version>,
    pub fault: EvidenceFault,
}

impl From<EvidenceFault> for EvidenceFinding {
    fn from(fault: EvidenceFault) -> Self {
        Self { stream: None, version: None, fault }
    }
}

/// As the command line prints what does not fit in a store.
impl Serialize for EvidenceFinding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("EvidenceFinding", 4)?;
        fields.serialize_field("kind", self.fault.kind())?;
        fields.serialize_field("stream", &self.stream)?;
        fields.serialize_field("version", &self.version)?;
        fields.serialize_field("message", &self.fault.to_string())?;
        fields.end()
    }
}
