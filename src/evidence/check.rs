use memchr::memmem;

use super::document::{Document, FORMAT, Since};
use super::draw;
use super::fault::{EvidenceFault, EvidenceFinding};
use super::html::BEGINNING;
use super::signed::{NotSigned, Signed};
use crate::proof::{Checkpoint, Hash, Note, PublicKey, Seal, is_consistent, root_of_selected};

/// What came of checking a file.
#[derive(Clone, Debug)]
pub struct Checked {
    pub findings: Vec<EvidenceFinding>,
    /// Whose signature it carries; whether that is who it should be, is for whoever knows the key to say.
    pub key: Option<PublicKey>,
    pub events: u64,
    pub root: Option<Hash>,
    /// The pages were drawn anew and held against those in the file, which another version of the program cannot.
    pub is_redrawn: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no evidence that Foldline made; name the file that `foldline evidence` wrote")]
pub struct NoEvidence;

/// Everything that does not fit in a file of evidence, also held against a seal of the store.
pub fn check(file: &[u8], seal: Option<&Seal>) -> Result<Checked, NoEvidence> {
    let mut checked = Checked { findings: Vec::new(), key: None, events: 0, root: None, is_redrawn: false };
    let signed = match Signed::find(file) {
        Ok(signed) => signed,
        Err(NotSigned::Broken) => {
            checked.findings.push(EvidenceFault::SignatureBroken.into());
            return Ok(checked);
        }
        Err(NotSigned::Missing) => {
            let is_ours = file.starts_with(BEGINNING.as_bytes()) || memmem::find(file, FORMAT.as_bytes()).is_some();
            checked.findings.push(EvidenceFault::SignatureMissing.into());
            return if is_ours { Ok(checked) } else { Err(NoEvidence) };
        }
    };
    let pages = file.get(..signed.at).unwrap_or_default();
    if !signed.is_signed() {
        checked.findings.push(EvidenceFault::SignatureBroken.into());
    }
    if !signed.is_of(pages) {
        checked.findings.push(EvidenceFault::Edited.into());
    }
    let Some(document) = signed.document(pages).filter(|document| document.format == FORMAT) else {
        checked.findings.push(EvidenceFault::DataUnreadable.into());
        return Ok(checked);
    };
    checked.key = Some(signed.key);
    checked.events = document.events.len() as u64;
    if document.key != signed.key {
        checked.findings.push(EvidenceFault::OtherKey.into());
    }
    let tree = document.tree();
    checked.root = tree.as_ref().map(|tree| tree.root);
    check_tree(&document, tree.as_ref(), &mut checked.findings);
    if let (Some(tree), Some(seal)) = (&tree, seal) {
        checked.findings.extend(held_against(&document, tree, seal).map(EvidenceFinding::from));
    }
    if document.program == super::document::PROGRAM {
        checked.is_redrawn = true;
        let drawn = draw(&document, signed.form);
        if drawn.bytes != pages {
            checked.findings.push(EvidenceFault::PagesDiffer.into());
        }
    }
    Ok(checked)
}

/// From each event to the signed root.
fn check_tree(document: &Document, tree: Option<&Checkpoint>, findings: &mut Vec<EvidenceFinding>) {
    let is_signed = |tree: &Checkpoint| {
        Note::parse(&document.checkpoint).is_ok_and(|note| note.check(&tree.origin, document.key).is_ok())
    };
    let Some(tree) = tree.filter(|tree| is_signed(tree)) else {
        findings.push(EvidenceFault::CheckpointBroken.into());
        return;
    };
    let recorded = document.recorded();
    let leaves = Document::leaves(&recorded);
    for ((event, kept), leaf) in recorded.iter().zip(&document.events).zip(&leaves) {
        if kept.leaf != *leaf {
            let (stream, version) = (Some(event.stream.clone()), Some(event.version));
            findings.push(EvidenceFinding { stream, version, fault: EvidenceFault::EventChanged });
        }
    }
    let placed: Vec<(u64, Hash)> = document.events.iter().map(|kept| kept.index).zip(leaves).collect();
    if root_of_selected(tree.size, &placed, &document.proof) != Some(tree.root) {
        findings.push(EvidenceFault::NotInTree.into());
    }
    if let Some(Since { seal, proof }) = &document.since {
        let earlier = Seal::parse(seal.as_bytes()).ok();
        let grew = earlier.is_some_and(|seal| is_consistent((seal.size, seal.root), (tree.size, tree.root), proof));
        if !grew {
            findings.push(EvidenceFault::SinceBroken.into());
        }
    }
}

/// What a seal that was kept elsewhere says against the evidence.
fn held_against(document: &Document, tree: &Checkpoint, seal: &Seal) -> Option<EvidenceFault> {
    if seal.size > 0 && seal.origin != tree.origin {
        return Some(EvidenceFault::OtherStore);
    }
    if document.is_of_store && seal.size == tree.size {
        return (seal.root != tree.root).then_some(EvidenceFault::OtherRoot { size: tree.size });
    }
    let inside = document.since.as_ref().and_then(|since| Seal::parse(since.seal.as_bytes()).ok());
    let is_inside = inside.is_some_and(|inside| inside.size == seal.size && inside.root == seal.root);
    (!is_inside).then_some(EvidenceFault::NotCompared { sealed: seal.size, size: tree.size })
}
