use super::LeadCommand;
use crate::domain::Wish;
use crate::domain::wish::DAY;
use crate::event::Timestamp;

/// One command of each kind that a lead answers, with the wished value wherever it can stand.
pub fn commands_towards(wish: &Wish, now: Timestamp) -> Vec<LeadCommand> {
    let text = || wish.text().to_owned();
    let time = wish.time().unwrap_or(now.plus_micros(DAY));
    vec![
        LeadCommand::Initialize { lead_id: text(), name: text(), phone: text() },
        LeadCommand::Contact { channel: None, note: None },
        LeadCommand::SetFollowup { on: time },
        LeadCommand::UpdateDetails { name: Some(text()), phone: None },
        LeadCommand::UpdateDetails { name: None, phone: Some(text()) },
        LeadCommand::SubmitOrder { deadline: time },
        LeadCommand::ConfirmPayment,
        LeadCommand::FailPayment { reason: None },
        LeadCommand::Close { reason: None },
    ]
}
