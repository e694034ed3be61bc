use super::{StreamView, UserError};
use crate::engine::Moment;
use crate::event::{Message, Version};

/// What is typed to go to a version or a time, and what is wrong with it.
#[derive(Debug, Default)]
pub struct TypedMoment {
    pub text: String,
    /// Stands at the field until something else is typed.
    pub fault: Option<UserError>,
    /// What was wrong is to be mended where it stands.
    pub wants_focus: bool,
}

impl TypedMoment {
    /// Moves the cursor there and forgets what was typed; or says why not. Answers whether it went.
    pub fn go(&mut self, view: &mut StreamView) -> bool {
        match self.index_in(view) {
            Ok(index) => {
                view.go_to(index);
                *self = Self::default();
                true
            }
            Err(fault) => {
                self.fault = Some(fault);
                self.wants_focus = true;
                false
            }
        }
    }

    fn index_in(&self, view: &StreamView) -> Result<usize, UserError> {
        let moment = self.text.trim().parse::<Moment>()?;
        let heads = view.base().map(|loaded| loaded.timeline.as_ref());
        let index = heads.and_then(|timeline| moment.index_in(timeline));
        index.ok_or_else(|| {
            let heads = heads.map(|timeline| timeline.heads()).unwrap_or_default();
            let version = |head: Option<&crate::event::Head>| head.map_or(Version(0), |head| head.version);
            let message = Message::new("error-no-moment")
                .text("stream", &view.stream)
                .number("first", version(heads.first()).0)
                .number("last", version(heads.last()).0);
            UserError::new(message)
        })
    }
}
