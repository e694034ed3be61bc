//! NATS JetStream: a stream of messages behind an address as a store. Foldline's own layout is read and written, rita's
//! and esrc's are read, and any other by a mapping.
//!
//! - `address`, `settings`: where the server is and who asks. `bridge`: the client never blocks, the engine's threads do.
//! - `connection`: one to a server, shared by a store's readers, and JetStream's questions. `pull`: messages in their
//!   order, whatever happens to the way; `inbox`: many of them at once. `watch`: what is recorded rings at once.
//! - `layout`: what a message means; `message` Foldline's own, `foreign` the others', `mapped` what its user says, and
//!   `look` what there is to say it of.
//! - `store`, `scan`: the reading half; `ledger`, `names`, `ids`: what a walk over the messages tells of the streams and of
//!   where an id is; `alone`: one stream before any such walk; `find`: one event by its id.
//! - `write`: the appending half; `verify`: what does not fit.
//!
//! An event's position is its message's sequence. In a store whose messages may hold several events (its description
//! says `envelopes`), it is the sequence times 4096 and the event's place in the message, so that positions grow strictly
//! and a place found in one reading is found in the next.

mod address;
mod alone;
mod bridge;
mod bucket;
mod connection;
mod counted;
mod error;
mod find;
mod foreign;
mod highest;
mod identity;
mod ids;
mod inbox;
mod layout;
mod ledger;
mod look;
mod mapped;
mod message;
mod names;
mod pull;
mod scan;
mod seen;
mod settings;
mod store;
mod texts;
mod verify;
mod watch;
mod write;

pub(in crate::store) use address::{short_name, user_of, with_stream};
pub use error::NatsError;
pub(in crate::store) use look::look_into_server;
pub use message::MessageFlaw;
pub use write::{BroughtIn, ServerTarget};
pub(super) use write::{bring_in, target};

use address::Parts;
use bridge::Asking;
use connection::{Connection, StreamInfo, Which};
use error::listed;
use foreign::Foreign;
use layout::Layout;
use pull::{Pull, Want};
use seen::Seen;
use store::{NatsStore, Server};

use super::{Address, OpenOptions, Source, StoreError, Writer};

/// Opens a stream to look at it.
pub(super) fn open(address: &Address, options: &OpenOptions) -> Result<NatsStore, StoreError> {
    let asking = Asking::default();
    let failed = |error| failed(address, error);
    let connection = Connection::to(address, &asking).map_err(failed)?;
    let mapping = options.mapping.as_ref();
    // A mapping says which stream it means.
    let table = mapping.map(|mapping| mapping.table.as_str()).filter(|table| !table.is_empty());
    let (stream, info) = chosen(address, table, &connection, &asking).map_err(failed)?;
    let address = with_stream(address, &stream);
    let layout = match mapping.filter(|mapping| !mapping.stream.is_empty()) {
        Some(mapping) => {
            let messages = sample(&connection, &stream, &asking, SAMPLE).map_err(failed)?;
            let read = mapped::mapped(mapping, &info.config, &messages);
            let place = address.to_string();
            Layout::Foreign(read.map_err(|source| StoreError::Mapping { place, source })?)
        }
        None => recognised(&connection, &asking, &info).map_err(|error| self::failed(&address, error))?,
    };
    Ok(NatsStore::new(Server::new(address, connection, stream, layout, &info), asking))
}

/// Messages that a mapping is held against.
const SAMPLE: usize = 50;

/// The first messages of a stream.
fn sample(connection: &Connection, stream: &str, asking: &Asking, count: usize) -> Result<Vec<Seen>, NatsError> {
    let info = asking.wait(connection.patience(), connection.info(stream))?;
    let want = Want { from: info.state.first_seq, to: info.state.last_seq, filter: None, headers_only: false };
    let mut pull = Pull::begin(connection, stream, asking, want);
    let mut messages = Vec::new();
    while messages.len() < count {
        let some = pull.some(count)?;
        if some.is_empty() {
            break;
        }
        messages.extend(some);
    }
    messages.truncate(count);
    Ok(messages)
}

/// The stream that the address names, or all that there are.
fn named_or_all(address: &Address, connection: &Connection, asking: &Asking) -> Result<Vec<String>, NatsError> {
    match Parts::of(address)?.stream {
        Some(_) => chosen(address, None, connection, asking).map(|(stream, _)| vec![stream]),
        None => asking.wait(connection.patience(), connection.streams()),
    }
}

/// Opens to append, where the layout is Foldline's own.
pub(super) fn open_for_writing(address: &Address) -> Result<Box<dyn Writer>, StoreError> {
    let source = Source::Server(address.clone());
    write::opened(open(address, &OpenOptions::kept_for(&source))?)
}

fn failed(address: &Address, error: NatsError) -> StoreError {
    match error {
        NatsError::Cancelled => StoreError::Cancelled,
        error => StoreError::Nats { address: address.clone(), error: Box::new(error) },
    }
}

/// The stream that the address names, or the only one that there is.
fn chosen(
    address: &Address,
    table: Option<&str>,
    connection: &Connection,
    asking: &Asking,
) -> Result<(String, StreamInfo), NatsError> {
    let named = Parts::of(address)?.stream.or_else(|| table.map(str::to_owned));
    let known = || asking.wait(connection.patience(), connection.streams());
    let name = match named {
        Some(name) => name,
        None => {
            let known = known()?;
            match known.as_slice() {
                [] => return Err(NatsError::NoStreams),
                [only] => only.clone(),
                _ => return Err(NatsError::Several { known }),
            }
        }
    };
    // JetStream would take these for more of its question.
    let is_name = !name.contains(['.', '*', '>', '/', '\\']) && !name.contains(char::is_whitespace);
    let info = if is_name {
        asking.wait(connection.patience(), connection.info(&name))
    } else {
        Err(NatsError::Changed(super::ServerDetail::Said(String::new())))
    };
    match info {
        Ok(info) => Ok((name, info)),
        Err(NatsError::Changed(_)) => {
            let known = known()?;
            if known.is_empty() {
                return Err(NatsError::NoStreams);
            }
            Err(NatsError::NoStream { asked: name, known: listed(&known) })
        }
        Err(error) => Err(error),
    }
}

fn recognised(connection: &Connection, asking: &Asking, info: &StreamInfo) -> Result<Layout, NatsError> {
    if let Some(own) = Layout::own(&info.config)? {
        return Ok(own);
    }
    let stream = &info.config.name;
    let first =
        asking.wait(connection.patience(), connection.message(stream, Which::Next(info.state.first_seq, ">")))?;
    match Foreign::recognised(&info.config, first.as_ref()) {
        Some(foreign) => Ok(Layout::Foreign(foreign)),
        None => Err(NatsError::Unrecognised {
            stream: stream.clone(),
            subjects: listed(info.config.subjects.as_deref().unwrap_or_default()),
        }),
    }
}
