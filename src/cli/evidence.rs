use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::args::{EvidenceArgs, Format, PageLanguage, VerifyEvidenceArgs};
use super::output::{Align, Table, json, optional};
use super::progress::{Progress, counted};
use super::target::{self, Context, shown_path};
use super::terminal::{Output, message};
use super::{Failure, Outcome, told};
use crate::engine::{EvidenceOf, EvidenceWish, Written, check_evidence, read_seal, write_evidence};
use crate::event::StreamId;
use crate::evidence::{Checked, EvidenceFinding, Form, KeptNote};
use crate::locale::Language;
use crate::store::Source;
use crate::store::files::ExportTarget;
use crate::workspace::{Note, Notes, Workspace};

pub(super) fn evidence(args: &EvidenceArgs, context: &Context, out: &mut Output) -> Result<Outcome, Failure> {
    let EvidenceArgs { store, stream, at, containing, to, language, key, since, force, format } = args;
    if let Source::Server(address) = Source::parse_os(to.as_os_str()) {
        return Err(Failure::Usage(format!("{address}: evidence can only be written to a file; name one")));
    }
    let source = target::source(store)?;
    let target = ExportTarget::new(to, &source, *force)?;
    let Some(form) = Form::from_extension(to) else {
        let to = shown_path(to);
        return Err(Failure::Usage(format!("{to}: evidence is HTML or PDF; end the file's name in .html or .pdf")));
    };
    let stream = stream.as_deref().map(StreamId::from);
    let of = match (containing, stream) {
        (Some(text), stream) => EvidenceOf::Found { text: text.clone(), stream, between: None },
        (None, Some(stream)) => EvidenceOf::Stream { stream, at: *at },
        (None, None) => return Err(Failure::Usage("no stream is named; name one, or say --containing".to_owned())),
    };
    let language = match language {
        PageLanguage::En => Language::English,
        PageLanguage::Ko => Language::Korean,
    };
    warn_of_open_key(key.as_deref());
    let reader = context.open(store)?;
    let mut progress = Progress::new("reading events", reader.info().ok().map(|info| info.events));
    let notes = kept_notes(&source);
    let wish = EvidenceWish { of, language, store: source.name(), since: since.clone(), notes };
    let mut tell = |count| progress.tell(count);
    let Written { events, root, key } = write_evidence(reader.as_ref(), wish, form, target, key.as_deref(), &mut tell)?;
    drop(progress);
    let file = shown_path(to);
    let done = || format!("evidence of {} written to {file}", counted(events, "event"));
    let printed = match format {
        Format::Json => json(out, &json!({"file": file, "events": events, "root": root, "signed": true})),
        Format::Table => {
            writeln!(out.text(), "{}\nroot {}\nsigned by {}", done(), optional(root), key)
        }
    };
    told(printed.map_err(Failure::from), out, done)?;
    Ok(Outcome::Done)
}

/// Whoever else may read a private key can sign with it.
pub(super) fn warn_of_open_key(key: Option<&Path>) {
    if let Some(key) = key.filter(|key| others_may_read(key)) {
        let key = shown_path(key);
        message(format_args!(
            "warning: {key}: others on this machine may read this private key, and sign with it; let its owner alone read it: chmod 600 {key}"
        ));
    }
}

#[cfg(unix)]
fn others_may_read(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o077 != 0)
}

/// Who may read it is told in another way there.
#[cfg(not(unix))]
fn others_may_read(_: &Path) -> bool {
    false
}

/// What the user noted about the store's events. Without it evidence is none the less true, so that is only said.
fn kept_notes(source: &Source) -> Vec<KeptNote> {
    let notes = Workspace::of(source).load::<Notes>().unwrap_or_else(|error| {
        message(error);
        Notes::default()
    });
    let kept = |note: &Note| KeptNote::new(note.stream(), note.version, note.id.clone(), note.text.clone(), note.at);
    notes.iter().map(kept).collect()
}

pub(super) fn verify(args: &VerifyEvidenceArgs, out: &mut Output) -> Result<Outcome, Failure> {
    let VerifyEvidenceArgs { file, checkpoint, format } = args;
    let seal = checkpoint.as_deref().map(read_seal).transpose()?.map(|(seal, _)| seal);
    let Checked { findings, key, events, root, is_redrawn } = check_evidence(file, seal.as_ref())?;
    let is_ok = findings.is_empty();
    match format {
        Format::Json => {
            let shown = json!({"ok": is_ok, "findings": findings, "events": events, "root": root, "key": key});
            json(out, &shown)?;
        }
        Format::Table if is_ok => {
            let (file, events) = (shown_path(file), counted(events, "event"));
            writeln!(
                out.text(),
                "{file}: {events}, nothing to report\nroot {}\nsigned by {}",
                optional(root),
                optional(key)
            )?;
        }
        Format::Table => {
            let columns =
                [("kind", Align::Left), ("stream", Align::Left), ("version", Align::Right), ("finding", Align::Left)];
            let mut table = Table::with_sentences(out, &columns);
            for EvidenceFinding { stream, version, fault } in &findings {
                let kind = fault.kind().to_owned();
                table.row(&[kind, optional(stream.as_ref()), optional(*version), fault.to_string()])?;
            }
            table.finish()?;
        }
    }
    if is_ok && !is_redrawn {
        message(
            "another version of Foldline drew the pages: their signature fits, they were not drawn anew and compared",
        );
    }
    Ok(if is_ok { Outcome::Done } else { Outcome::No })
}
