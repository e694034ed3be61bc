//! What changed among the user's own projections reaches whatever shows them.

use std::collections::BTreeMap;

use super::{Offering, ProjectionWish, WholeState};
use crate::domain::Aggregate;
use crate::engine::{Asked, Cause, CompareSide, Engine};
use crate::event::StreamId;
use crate::replay::{ProjectionRef, Registry};
use crate::view::loaded::LoadStream;
use crate::view::{Comparing, Lens, LensWish, OpenStore, OwnFile, StreamView};

impl OpenStore {
    pub fn wish_of_projections(&mut self, wish: ProjectionWish) {
        match wish {
            ProjectionWish::Partition(partition) => self.choose_partition(partition),
            ProjectionWish::Undivide => self.undivide(),
            ProjectionWish::RunAgain => self.run_again(),
            wish => {
                let engine = self.store_engine().clone();
                self.own.wish(&engine, wish);
            }
        }
    }

    /// The chosen projection was given up. It is tried again wherever it is shown, as if it had just been read.
    fn run_again(&mut self) {
        let Some(script) = self.own.chosen().and_then(OwnFile::script).cloned() else { return };
        let engine = self.store_engine().clone();
        self.own.results.run_again(&engine, &script);
        if self.divided.is_some() {
            // What is shown of its partitions is read again when it has come.
            return self.divide_again();
        }
        let name = script.name();
        self.view.iter_mut().for_each(|view| view.read_again_under(&self.engine, name));
        self.comparing.read_again_under(&self.engine, name);
        self.branching.take_projections(&self.engine, &[name.to_owned()]);
        self.table.take_projections(&[name.to_owned()], false);
    }

    /// What the partitions that were drawn lack is read.
    pub fn see_partitions(&mut self) {
        let engine = self.store_engine().clone();
        self.own.results.read_lacking(&engine);
    }

    /// The whole state of the partition that is chosen, as far as that is known.
    pub fn whole_state(&mut self, nth: usize) -> Option<&WholeState> {
        let engine = self.store_engine().clone();
        self.own.results.want_whole(&engine, nth);
        self.own.results.whole(nth)
    }

    /// The chosen projection is to be kept as a table.
    pub fn want_model(&mut self) {
        let Some(name) = self.own.chosen().map(|file| file.name().to_owned()) else { return };
        let category = self.view.as_ref().and_then(StreamView::category).map(str::to_owned);
        self.tools.read_models.want(category, name);
    }

    /// The user's own and those that Foldline brings can be held against each other; what the store has comes first.
    pub fn offer_to_compare(&mut self) {
        let of_files = |files: &[OwnFile]| -> Vec<(String, CompareSide)> {
            let own = |file: &OwnFile| Some((file.name().to_owned(), CompareSide::Own(file.script()?.clone())));
            files.iter().filter_map(own).collect()
        };
        let registry = self.store_engine().offers().registry();
        let kinds = Aggregate::ALL.into_iter().map(Some).chain([None]);
        // What is for any stream comes behind what is for some.
        let of_kind = |kind| registry.of_aggregate(kind).iter().filter(move |offered| offered.aggregate() == kind);
        let brought = kinds.flat_map(of_kind).filter(|offered| !offered.is_own());
        let (of_store, elsewhere): (Vec<_>, Vec<_>) = brought.partition(|offered| self.has_streams_for(offered));
        let side = |offered: &ProjectionRef| {
            let name = offered.name().to_owned();
            (name.clone(), CompareSide::BuiltIn(name))
        };
        let of_store = of_files(self.own.files()).into_iter().chain(of_store.into_iter().map(side)).collect();
        let others = of_files(self.own.examples()).into_iter().chain(elsewhere.into_iter().map(side)).collect();
        let own = if self.lens == Lens::Projections { self.own.chosen() } else { None };
        let of_stream = self.view.as_ref().and_then(|view| view.projections().get(view.projection_number()));
        let in_view = own.map(OwnFile::name).or(of_stream.map(ProjectionRef::name));
        self.tools.comparing_own.offer(of_store, others, in_view);
    }

    /// Whether a projection that Foldline brings is for streams of this store: by what its categories are called, or by what
    /// the stream on screen offers.
    fn has_streams_for(&self, offered: &ProjectionRef) -> bool {
        let Some(aggregate) = offered.aggregate() else { return true };
        let categories = self.info.value().map_or(&[][..], |overview| &overview.info.categories);
        let is_here = self.view.as_ref().is_some_and(|view| view.projections().contains(offered));
        is_here || categories.iter().any(|(name, _)| name.eq_ignore_ascii_case(aggregate.name()))
    }

    /// Has what the lens shows asked for, while it is looked through.
    pub fn prepare_projections(&mut self) {
        let engine = self.store_engine().clone();
        let stream = self.view.as_ref().filter(|_| self.divided.is_none()).map(|view| &view.stream);
        self.own.want(&engine, stream);
        if self.view.is_none()
            && self.has_streams_of_own()
            && let Some(name) = self.own.results.brief(0).name
        {
            self.select(StreamId::from(&*name));
        }
        self.show_own();
        self.want_trace();
    }

    /// The stream is shown under the projection that is worked on.
    fn show_own(&mut self) {
        let Some(name) = self.own.chosen().map(|file| file.name().to_owned()) else { return };
        let Some(view) = &mut self.view else { return };
        let is_it = |offered: &ProjectionRef| offered.is_own() && offered.name() == name;
        if let Some(number) = view.projections().iter().position(is_it)
            && view.projection_number() != number
        {
            if self.divided.is_none() {
                self.own.before.get_or_insert(view.projection_number());
            }
            view.set_projection(&self.engine, number);
        }
    }

    /// Another lens shows the stream as it did before.
    pub(in crate::view) fn leave_own(&mut self) {
        if let (Some(number), Some(view)) = (self.own.before.take(), &mut self.view) {
            view.set_projection(&self.engine, number);
        }
    }

    fn choose_partition(&mut self, partition: String) {
        if self.has_streams_of_own() {
            self.select(StreamId::from(partition.as_str()));
        }
        self.own.choose_partition(partition);
    }

    /// Whatever shows one of these under its name is asked anew.
    pub(in crate::view) fn take_offering(&mut self, offering: &Offering) {
        let Offering { names, has_other_names, .. } = offering;
        if names.is_empty() {
            return;
        }
        let registry = self.engine.offers().registry();
        self.view.iter_mut().for_each(|view| view.take_projections(&self.engine, &registry));
        self.comparing.take_projections(&self.engine, &registry);
        self.branching.take_projections(&self.engine, names);
        self.table.take_projections(names, *has_other_names);
        let is_known = |name: &str| registry.of_aggregate(None).iter().any(|known| known.name() == name);
        let shown = self.table.projection().filter(|shown| names.iter().any(|name| name == shown));
        if shown.is_some_and(|shown| !is_known(shown)) {
            self.table.run(&self.engine, LensWish::Projection(None));
        }
        if self.lens == Lens::Projections {
            self.show_own();
        }
    }
}

impl StreamView {
    fn read_again_under(&mut self, engine: &Engine, name: &str) {
        let is_under = |asked: &Asked<LoadStream>| {
            asked.value().is_some_and(|loaded| loaded.projection.is_own() && loaded.projection.name() == name)
        };
        let numbers = self.loaded_mut().filter(|(_, asked)| is_under(asked)).map(|(number, _)| *number);
        for number in numbers.collect::<Vec<usize>>() {
            self.request(engine, number, Cause::User);
        }
    }

    /// Takes the projections as they are offered now. What was read under one of another source is read anew; what was
    /// read stays until then.
    pub(in crate::view) fn take_projections(&mut self, engine: &Engine, registry: &Registry) {
        let Some(loaded) = self.base() else { return };
        let offered: Box<[ProjectionRef]> = registry.of_aggregate(loaded.described.aggregate).into();
        let before = loaded.offered.clone();
        let place = |number: usize| {
            let known = before.get(number)?;
            offered.iter().position(|offered| offered == known)
        };
        self.move_projections(&place);
        let mut stale = Vec::new();
        for (number, asked) in self.loaded_mut() {
            let Some(projection) = offered.get(*number) else { continue };
            let is_stale = asked.value().is_some_and(|loaded| !is_same(&loaded.projection, projection));
            if projection.is_own() && is_stale {
                stale.push(*number);
            }
            if let Some(loaded) = asked.value_mut() {
                loaded.offered.clone_from(&offered);
            }
        }
        for number in stale {
            self.request(engine, number, Cause::User);
        }
    }
}

/// The same source, too.
fn is_same(one: &ProjectionRef, other: &ProjectionRef) -> bool {
    one == other && one.revision() == other.revision()
}

impl Comparing {
    fn read_again_under(&mut self, engine: &Engine, name: &str) {
        let under =
            self.read_beside().filter(|(.., loaded)| loaded.projection.is_own() && loaded.projection.name() == name);
        let under: Vec<(StreamId, usize)> = under.map(|(stream, number, _)| (stream.clone(), number)).collect();
        for (stream, number) in under {
            self.read_again(engine, &stream, number);
        }
    }

    /// What is compared under one of another source is read anew.
    fn take_projections(&mut self, engine: &Engine, registry: &Registry) {
        let numbers: BTreeMap<(StreamId, usize), bool> = self
            .read_beside()
            .map(|(stream, number, loaded)| {
                let offered = registry.nth(loaded.described.aggregate, number);
                ((stream.clone(), number), is_same(&loaded.projection, &offered))
            })
            .collect();
        for ((stream, number), is_same) in numbers {
            if !is_same {
                self.read_again(engine, &stream, number);
            }
        }
    }
}
