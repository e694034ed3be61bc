//! A projection kept as a table, from the window: made, caught up, and held against the events.

use std::ffi::OsStr;

use super::{Both, UserError, WindowTool};
use crate::engine::{
    Asked, Cause, Drift, DriftWish, Engine, Materialised, ModelStanding, ModelWish, Question, Ticket, Tool, drift,
    materialise, model_choices, model_standing, model_table,
};
use crate::event::StreamId;
use crate::index::Budget;
use crate::store::{ModelPlace, Source, Store};

/// More differences than these are counted, and not listed.
pub const DIFFERENCES_KEPT: usize = 1_000;

/// What is to be done with a read model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModelWork {
    /// See of what one can be made, and how far the one that is named has come.
    #[default]
    Look,
    /// Make it, or catch up.
    Write,
    /// Hold it against the events.
    Check,
}

/// Which projection goes into which table, and what came of it.
#[derive(Debug, Default)]
pub struct ReadModels {
    pub category: String,
    pub projection: String,
    /// A file or an address, as it was typed; perhaps with the table after `#`.
    pub into: String,
    pub work: ModelWork,
    /// The projection that was asked for elsewhere, and of which streams.
    wanted: Option<(Option<String>, String)>,
    pub asked: Both<LookAtModel, WorkOnModel>,
}

impl ReadModels {
    /// The projections of the category that is chosen.
    pub fn projections(&self) -> &[String] {
        let choices = self.choices();
        choices.iter().find(|(category, _)| *category == self.category).map_or(&[], |(_, offered)| offered)
    }

    pub fn choices(&self) -> &[(String, Vec<String>)] {
        self.asked.first.value().map_or(&[], |look| &look.choices)
    }

    /// How far the table has come, as it was looked at last.
    pub fn standing(&self) -> Option<&ModelStanding> {
        self.asked.first.value()?.standing.as_ref()
    }

    /// What was done last, of the table that is named.
    pub fn done(&self) -> Option<&ModelDone> {
        self.asked.second.value().filter(|_| !self.asked.second.is_loading())
    }

    /// What there is not to choose from is chosen anew.
    pub fn choose_what_is_there(&mut self) {
        if let Some((category, projection)) = &self.wanted {
            let offers = |(_, offered): &&(String, Vec<String>)| offered.contains(projection);
            let of_category = |(known, _): &&(String, Vec<String>)| Some(known) == category.as_ref();
            let mut known = self.choices().iter().filter(offers);
            let found = known.clone().find(of_category).or_else(|| known.next()).map(|(category, _)| category.clone());
            if let Some(found) = found {
                (self.category, self.projection) = (found, projection.clone());
                self.wanted = None;
                return;
            }
            if self.asked.first.is_loading() || self.choices().is_empty() {
                return;
            }
            self.wanted = None;
        }
        let first = self.choices().first().map(|(category, _)| category.clone());
        if !self.choices().iter().any(|(category, _)| *category == self.category) {
            self.category = first.unwrap_or_default();
        }
        if !self.projections().contains(&self.projection) {
            self.projection = self.projections().first().cloned().unwrap_or_default();
        }
    }

    /// This projection is to be chosen as soon as it is known of what a table can be made.
    pub(super) fn want(&mut self, category: Option<String>, projection: String) {
        self.wanted = Some((category, projection));
    }

    fn place(&self) -> ModelPlace {
        let table = model_table(&self.projection, Some(&self.category));
        ModelPlace::parse_os(OsStr::new(self.into.trim())).or_table(&table)
    }

    fn look(&mut self, engine: &Engine, cause: Cause) {
        let place = (!self.into.trim().is_empty() && !self.projection.is_empty()).then(|| self.place());
        self.asked.first.ask_because(engine, LookAtModel { place }, cause);
    }

    /// The store has changed: how far behind the table is by now is looked up, if somebody looked before.
    pub(super) fn follow(&mut self, engine: &Engine) {
        if self.standing().is_some() {
            self.look(engine, Cause::Store);
        }
    }
}

impl WindowTool for ReadModels {
    fn start(&mut self, engine: &Engine, _: Option<&StreamId>) {
        let work = std::mem::take(&mut self.work);
        if work == ModelWork::Look {
            // Where the field was left by a press that began something, that goes on.
            if !self.asked.second.is_loading() {
                self.asked.second = Asked::default();
            }
            return self.look(engine, Cause::User);
        }
        let (projection, category) = (self.projection.clone(), self.category.clone());
        let question = WorkOnModel { work, projection, category, place: self.place(), source: engine.source().clone() };
        self.asked.second.ask(engine, question);
    }

    fn starts_by_itself(&self) -> bool {
        true
    }

    /// What was written has come further.
    fn poll(&mut self, engine: &Engine) -> bool {
        let has_come = self.asked.second.poll(engine);
        if has_come && self.asked.second.value().is_some() {
            // A look that is on its way may have come too early.
            self.look(engine, Cause::User);
        }
        self.asked.first.poll(engine) || has_come
    }

    fn asked(&self) -> &dyn Tool<Error = UserError> {
        &self.asked
    }

    fn asked_mut(&mut self) -> &mut dyn Tool<Error = UserError> {
        &mut self.asked
    }
}

/// Of what a table can be made, and how far one has come.
#[derive(Clone, Debug)]
pub struct LookAtModel {
    place: Option<ModelPlace>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelLook {
    pub choices: Vec<(String, Vec<String>)>,
    /// `None` where there is no table yet.
    pub standing: Option<ModelStanding>,
}

impl Question for LookAtModel {
    type Answer = ModelLook;
    type Error = UserError;
    const WHAT: &'static str = "looking at the table";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<ModelLook, UserError> {
        let choices = model_choices(reader)?;
        let standing = self.place.map(|place| model_standing(reader, &place, ticket)).transpose()?.flatten();
        Ok(ModelLook { choices, standing })
    }
}

#[derive(Clone, Debug)]
pub struct WorkOnModel {
    work: ModelWork,
    projection: String,
    category: String,
    place: ModelPlace,
    /// The store, which is never written to.
    source: Source,
}

/// What was done with a table.
#[derive(Clone, Debug)]
pub enum ModelDone {
    Written(Materialised),
    /// With how many differences there are in all.
    Checked(Drift, u64),
}

impl Question for WorkOnModel {
    type Answer = ModelDone;
    type Error = UserError;
    const WHAT: &'static str = "folding events";
    const IS_LONG: bool = true;

    fn answer(self, reader: &dyn Store, ticket: &Ticket) -> Result<ModelDone, UserError> {
        let Self { work, projection, category, place, source } = self;
        if let Some(events) = reader.kept_events()? {
            ticket.set_total(events);
        }
        let (category, budget) = (Some(category), Budget::default());
        if work == ModelWork::Check {
            let wish = DriftWish { projection, category, against: place, map: None, budget };
            let mut found = drift(reader, &wish, ticket)?;
            let count = found.differences.len() + found.missing.len() + found.extra.len();
            found.differences.truncate(DIFFERENCES_KEPT);
            found.missing.truncate(DIFFERENCES_KEPT);
            found.extra.truncate(DIFFERENCES_KEPT);
            return Ok(ModelDone::Checked(found, count as u64));
        }
        Ok(ModelDone::Written(materialise(reader, &ModelWish { projection, category, place, source, budget }, ticket)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{ToolName, Tools};

    #[test]
    fn a_table_is_called_as_it_is_where_a_command_makes_it() {
        let chosen = |projection: &str| ReadModels {
            category: "order".to_owned(),
            projection: projection.to_owned(),
            into: "reports.db".to_owned(),
            ..ReadModels::default()
        };
        assert_eq!(chosen("totals.js").place().table.as_deref(), Some("order_totals"));
        assert_eq!(chosen("state").place().table.as_deref(), Some("order_state"));
    }

    /// However the answer and the window's frames fall in time.
    #[test]
    fn once_a_table_was_made_it_is_looked_at() {
        let (folder, engine) = crate::engine::five_leads();
        let mut tools = Tools::default();
        let poll = |tools: &mut Tools| {
            let is_new = tools.get_mut(ToolName::ReadModels).poll(&engine);
            std::thread::yield_now();
            is_new
        };
        tools.read_models.start(&engine, None);
        while tools.read_models.choices().is_empty() {
            poll(&mut tools);
        }
        tools.read_models.choose_what_is_there();
        tools.read_models.into = folder.path().join("model.db").display().to_string();
        tools.read_models.work = ModelWork::Write;
        tools.read_models.start(&engine, None);
        while tools.read_models.done().is_none() {
            poll(&mut tools);
        }
        while tools.read_models.asked.is_loading() {
            poll(&mut tools);
        }
        let standing = tools.read_models.standing().expect("it was looked at");
        assert_eq!((standing.behind, standing.is_replaced), (0, false));
    }
}
