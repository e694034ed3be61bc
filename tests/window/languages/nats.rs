//! What can be said of a store on NATS.

use foldline::store::{MessageFlaw, NatsError};

use super::store::{every_address_flaw, every_server_detail};
use super::{path, text};

/// Every one there is: one more does not compile before it stands here.
pub(super) fn every_nats_error() -> Vec<NatsError> {
    let mut all = vec![
        NatsError::WrongCredentials,
        NatsError::CredentialsNeeded,
        NatsError::TlsNotOffered,
        NatsError::TooOld { found: text("found"), needed: "2.9" },
        NatsError::NoJetStream,
        NatsError::NoStream { asked: text("asked"), known: text("known") },
        NatsError::Several { known: vec![text("known"), text("first")] },
        NatsError::NoStreams,
        NatsError::Unrecognised { stream: text("stream"), subjects: text("subjects") },
        NatsError::Newer { found: 11, supported: 12 },
        NatsError::Denied(text("detail")),
        NatsError::NoLeader,
        NatsError::Cancelled,
        NatsError::Said(text("words")),
        NatsError::NoName,
        NatsError::MadeAnew { stream: text("stream") },
        NatsError::BadName { name: text("name") },
        NatsError::NameTaken { name: text("name") },
        NatsError::Replicas { asked: 3, words: text("words") },
        NatsError::Busy,
        NatsError::ShowsLess { shown: 11, acknowledged: 12 },
        NatsError::NameTooLong { length: 12, most: 11 },
        NatsError::TooLarge { length: 12, most: 11 },
        NatsError::TooMany { count: 12, most: 11 },
        NatsError::OthersWrite,
    ];
    all.extend(every_message_flaw().into_iter().map(|flaw| NatsError::Stray { sequence: 11, flaw }));
    all.extend(every_address_flaw().into_iter().map(NatsError::BadAddress));
    for detail in every_server_detail() {
        all.extend([
            NatsError::Unreachable(detail.clone()),
            NatsError::Credentials { option: "creds", path: path(), detail: detail.clone() },
            NatsError::TlsFailed(detail.clone()),
            NatsError::CertificateRefused(detail.clone()),
            NatsError::Silent(detail.clone()),
            NatsError::Lost(detail.clone()),
            NatsError::Changed(detail.clone()),
            NatsError::Undecided { id: text("id"), detail: detail.clone() },
            NatsError::Failed(detail),
        ]);
    }
    for error in &all {
        match error {
            NatsError::BadAddress(_)
            | NatsError::Unreachable(_)
            | NatsError::WrongCredentials
            | NatsError::CredentialsNeeded
            | NatsError::Credentials { .. }
            | NatsError::TlsFailed(_)
            | NatsError::CertificateRefused(_)
            | NatsError::TlsNotOffered
            | NatsError::TooOld { .. }
            | NatsError::NoJetStream
            | NatsError::NoStream { .. }
            | NatsError::Several { .. }
            | NatsError::NoStreams
            | NatsError::Unrecognised { .. }
            | NatsError::Newer { .. }
            | NatsError::Denied(_)
            | NatsError::Silent(_)
            | NatsError::Lost(_)
            | NatsError::NoLeader
            | NatsError::Changed(_)
            | NatsError::Cancelled
            | NatsError::Said(_)
            | NatsError::NoName
            | NatsError::MadeAnew { .. }
            | NatsError::BadName { .. }
            | NatsError::NameTaken { .. }
            | NatsError::Replicas { .. }
            | NatsError::Busy
            | NatsError::ShowsLess { .. }
            | NatsError::NameTooLong { .. }
            | NatsError::TooLarge { .. }
            | NatsError::TooMany { .. }
            | NatsError::Stray { .. }
            | NatsError::Undecided { .. }
            | NatsError::OthersWrite
            | NatsError::Failed(_) => {}
        }
    }
    all
}

/// The same of what is wrong with a message.
pub(super) fn every_message_flaw() -> Vec<MessageFlaw> {
    let all = vec![
        MessageFlaw::Subject,
        MessageFlaw::Missing("Foldline-Schema"),
        MessageFlaw::Unreadable { name: "Foldline-Time", said: text("said") },
        MessageFlaw::OtherSchema(text("schema")),
        MessageFlaw::Envelope(text("detail")),
        MessageFlaw::Count { said: text("said"), there: 11 },
    ];
    for flaw in &all {
        match flaw {
            MessageFlaw::Subject
            | MessageFlaw::Missing(_)
            | MessageFlaw::Unreadable { .. }
            | MessageFlaw::OtherSchema(_)
            | MessageFlaw::Envelope(_)
            | MessageFlaw::Count { .. } => {}
        }
    }
    all
}
