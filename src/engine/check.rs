use super::{EngineError, all_findings, check_snapshots};
use crate::store::files::{ExportError, ExportOptions, ExportTarget, write_findings};
use crate::store::{Fault, Finding, FindingKind, Flow, Store, StoreError};

/// Looks for the same, and writes all that is found to a file. Answers how much that is.
pub fn export_findings<E: From<EngineError> + From<ExportError>>(
    reader: &dyn Store,
    target: ExportTarget,
    options: ExportOptions,
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<u64, E> {
    let mut is_cancelled = false;
    write_findings(target, options, |write| {
        all_findings(reader, &mut |finding| write(&finding), &mut |count| {
            let flow = progress(count);
            is_cancelled = flow.is_break();
            flow
        })?;
        // A part of the findings would look like all of them.
        if is_cancelled { Err(ExportError::from(StoreError::Cancelled).into()) } else { Ok(()) }
    })
}

/// Looks at every event of a store, and at every kept state, for what does not fit.
pub fn check(
    reader: &dyn Store,
    report: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(u64) -> Flow,
) -> Result<(), EngineError> {
    let _steady = reader.steady()?;
    let (mut is_damaged, mut is_cancelled) = (false, false);
    let checked = reader.verify(
        &mut |finding| {
            is_damaged |= finding.kind() == FindingKind::Damaged;
            report(finding);
        },
        &mut |count| {
            let flow = progress(count);
            is_cancelled = flow.is_break();
            flow
        },
    );
    // Snapshots of a store that can't be read whole have nothing to be held against.
    let checked = match checked {
        Ok(()) if !is_damaged && !is_cancelled => check_snapshots(reader, report),
        other => other.map_err(EngineError::from),
    };
    match checked {
        Err(EngineError::Store(StoreError::Damaged { path, detail })) => {
            report(Finding::of_store(Fault::Unreadable { path: path.display().to_string(), detail }));
            Ok(())
        }
        other => other,
    }
}
