use crate::command::Command;
use crate::view::{Lens, OpenStore};

/// Why a command is out of place now, by the name of the sentence: nothing that writes goes on while a branch is looked
/// at, and nothing is corrected that the store does not have any more.
pub fn refusal(store: &OpenStore, command: Command) -> Option<&'static str> {
    let open = store.branching.open();
    match (command, open) {
        (of_stream, _) if needs_stream(of_stream, store.lens()) => Some("lens-of-stream"),
        (Command::NextLine | Command::PreviousLine, _) if store.lens() != Lens::Projections => {
            Some("lens-of-projections")
        }
        (Command::Compensate | Command::MakeSo, _) if store.divided_by().is_some() => Some("partitions-read-only"),
        (Command::Compensate | Command::ToggleWriting, Some(_)) => Some("branch-in-branch"),
        (Command::Compare | Command::Causes, Some(_)) => Some("branch-compares"),
        (Command::MakeSo, None) => Some("branch-none"),
        (Command::Compensate | Command::WhatIf | Command::MakeSo, _) if store.has_lost_stream() => Some("stream-lost"),
        (Command::MakeSo, Some(open)) if open.branch.active().next().is_none() => Some("make-so-no-edit"),
        _ => None,
    }
}

/// Whether it makes sense only where one stream is looked at. Of a whole store, two moments can be compared.
fn needs_stream(command: Command, lens: Lens) -> bool {
    match command {
        Command::Compare => matches!(lens, Lens::Activity | Lens::Projections),
        Command::Compensate | Command::WhatIf | Command::MakeSo | Command::Causes => lens != Lens::Stream,
        Command::AddLane | Command::NextTurn | Command::PreviousTurn | Command::CopyLink | Command::CopyPlace => {
            lens.is_of_store()
        }
        _ => false,
    }
}
