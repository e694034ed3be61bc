use super::{Party, Priority, Role, TicketCommand};
use crate::domain::Wish;

/// One command of each kind that a ticket answers and of each of its parties, with the wished value wherever it can
/// stand.
pub fn commands_towards(wish: &Wish) -> Vec<TicketCommand> {
    let text = || wish.text().to_owned();
    let open = |priority| TicketCommand::Open { ticket_id: text(), customer: text(), subject: text(), priority };
    let post = |role| TicketCommand::Post { role, author: text(), body: text() };
    let close = |by| TicketCommand::Close { by, reason: String::new() };
    let mut commands = vec![
        open(Priority::Medium),
        TicketCommand::Assign { agent: text() },
        TicketCommand::View { agent: text() },
        TicketCommand::Escalate { reason: String::new() },
    ];
    commands.extend(Role::ALL.iter().copied().map(post));
    commands.extend(Priority::ALL.iter().map(|priority| TicketCommand::ChangePriority { priority: *priority }));
    // Whoever may close is asked first.
    commands.extend([Party::Customer, Party::Manager, Party::Agent, Party::System].map(close));
    commands.extend([Party::Customer, Party::Manager].map(|by| TicketCommand::Reopen { by }));
    commands
}
