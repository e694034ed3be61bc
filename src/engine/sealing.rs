//! A store sealed, and held against a seal. A seal is a file apart from the store: kept elsewhere, it tells later whether
//! the store only grew.

use std::path::{Path, PathBuf};

use super::EngineError;
use super::load::each_event;
use super::small_file::{Unreadable, read_small};
use crate::event::{EventRow, Explain, Message, Timestamp};
use crate::proof::{BadSeal, Growth, PublicKey, Seal, Sealing, Strayed};
use crate::store::{Fault, Finding, FindingKind, Flow, Query, Store};

/// A seal takes some kilobytes.
const LONGEST: u64 = 1 << 20;

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("{}: {bad}", path.display())]
    Bad { path: PathBuf, bad: BadSeal },
    #[error(transparent)]
    Unread(#[from] Unreadable),
}

impl Explain for SealError {
    fn message(&self) -> Message {
        match self {
            Self::Bad { path, bad: BadSeal::NoSeal } => Message::new("seal-no-seal").text("path", path.display()),
            Self::Bad { path, bad: BadSeal::Broken } => Message::new("seal-broken").text("path", path.display()),
            Self::Unread(error) => error.message(),
        }
    }
}

/// A seal, and its text to the letter.
pub fn read_seal(path: &Path) -> Result<(Seal, String), SealError> {
    let written = read_small(path, LONGEST)?;
    let seal = Seal::parse(&written).map_err(|bad| SealError::Bad { path: path.to_owned(), bad })?;
    Ok((seal, String::from_utf8_lossy(&written).into_owned()))
}

/// What a seal of the store as it is says. Where the store keeps no order across streams, there is nothing to seal.
pub(super) fn seal(
    reader: &dyn Store,
    made_at: Timestamp,
    key: PublicKey,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<Seal, EngineError> {
    let mut sealing = Sealing::default();
    each_in_order(reader, progress, &mut |event| sealing.push(event))?;
    Ok(sealing.finish(made_at, key))
}

/// Every event of the store, in its order.
pub(super) fn each_in_order(
    reader: &dyn Store,
    progress: &mut dyn FnMut(u64) -> Flow,
    visit: &mut dyn FnMut(&EventRow<'_>),
) -> Result<(), EngineError> {
    if !reader.capabilities().has_feed {
        return Err(EngineError::NoOrder);
    }
    each_event(reader, &Query::store(), progress, visit)?;
    Ok(())
}

/// A look at a store for what does not fit: [`super::check`], or one that looks for more.
pub type Check = fn(&dyn Store, &mut dyn FnMut(Finding), &mut dyn FnMut(u64) -> Flow) -> Result<(), EngineError>;

/// Looks at a store so, and whether it is the sealed one grown.
pub fn check_since(
    reader: &dyn Store,
    seal: &Seal,
    check: Check,
    report: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), EngineError> {
    if !reader.capabilities().has_feed {
        return Err(EngineError::NoOrder);
    }
    let _steady = reader.steady()?;
    let (mut is_damaged, mut is_whole) = (false, true);
    check(
        reader,
        &mut |finding| {
            use FindingKind::{BrokenChain, Damaged, Gap, Unprotected, WrongCount};
            is_damaged |= finding.kind() == Damaged;
            is_whole &= !matches!(finding.kind(), BrokenChain | Damaged | Gap | Unprotected | WrongCount);
            report(finding);
        },
        progress,
    )?;
    if is_damaged {
        return Ok(());
    }
    let mut growth = Growth::since(seal.clone());
    each_in_order(reader, progress, &mut |event| growth.push(event))?;
    if let Err(strayed) = growth.finish() {
        report(Finding::of_store(fault_of(strayed, seal, is_whole)));
    }
    Ok(())
}

/// A store that ends early and holds together otherwise was whole once; from one that does not, its end was taken.
fn fault_of(strayed: Strayed, seal: &Seal, is_whole: bool) -> Fault {
    match strayed {
        Strayed::Shorter { sealed, there, same } if is_whole && there > 0 => {
            Fault::SealedBehind { sealed, there, same }
        }
        Strayed::Shorter { sealed, there, same } | Strayed::Cut { sealed, there, same } => {
            Fault::SealedGone { sealed, there, same }
        }
        Strayed::Rewritten { same, until } => Fault::SealedChanged { same, until },
        Strayed::Reimported => Fault::SealedAnew { sealed: seal.size },
        Strayed::OlderCopy { same, there, sealed } => Fault::SealedBehind { sealed, there, same },
        Strayed::Other { there, sealed } => Fault::SealedOther { sealed, there },
    }
}
