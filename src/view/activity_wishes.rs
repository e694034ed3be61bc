//! What is asked of the activity on screen.

use super::{Clock, Month, OpenStore};
use crate::engine::Calendar;
use crate::event::{StreamId, Version};

/// What a panel asks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivityWish {
    /// Something else stands in the field.
    Typed,
    /// Looks for this, in the place of what stands in the field.
    LookFor(String),
    Select(StreamId, Version),
    /// Its end has come into view.
    More,
    /// Also where the whole store is to be read for them.
    FindCauses,
    Month(Month),
    /// Keeps the search under the name that is typed.
    Save,
    /// Puts that name away.
    LeaveSaving,
    Forget(String),
    ForgetRecent,
    Stop,
    Retry,
}

impl OpenStore {
    pub fn wish(&mut self, wish: ActivityWish, calendar: &Calendar<'_>) {
        let Self { engine, activity, time, .. } = self;
        match wish {
            ActivityWish::Typed => activity.typed(engine, calendar),
            ActivityWish::LookFor(text) => activity.look_for(engine, text, calendar),
            ActivityWish::Select(stream, version) => {
                activity.select(engine, stream, version);
                if let Some(moment) = activity.moment(time.has_order()) {
                    time.go_to(moment);
                    activity.stands_at(time.moment());
                }
            }
            ActivityWish::More => activity.want_more(engine),
            ActivityWish::FindCauses => activity.find_causes(engine),
            ActivityWish::Month(month) => activity.month = Some(month),
            ActivityWish::Save => {
                let text = activity.text.clone();
                activity.kept.save(engine, &text);
            }
            ActivityWish::LeaveSaving => activity.kept.name = None,
            ActivityWish::Forget(name) => activity.kept.forget(engine, &name),
            ActivityWish::ForgetRecent => activity.kept.forget_recent(engine),
            ActivityWish::Stop => activity.cancel(),
            ActivityWish::Retry => activity.retry(engine),
        }
    }

    /// The activity is on screen.
    pub fn show_activity(&mut self, calendar: &Calendar<'_>, clock: Clock) {
        let newest = self.info.value().and_then(|overview| overview.info.last_at);
        self.activity.show(&self.engine, calendar, clock, newest);
        self.activity.look_at_moment(&self.engine, self.time.moment());
    }

    /// These of its rows are.
    pub fn want_told(&mut self, rows: std::ops::Range<usize>) {
        let streams: Vec<StreamId> = self
            .activity
            .found()
            .rows()
            .get(rows.clone())
            .unwrap_or_default()
            .iter()
            .map(|row| row.stream.clone())
            .collect();
        self.activity.want_told(&self.engine, rows);
        self.labels.want(&self.engine, streams.iter());
    }
}
