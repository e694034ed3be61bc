use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use super::ProjectionRef;
use crate::domain::Aggregate;
use crate::projection::{FieldsProjection, Projection, Registrar, register_builtin};

/// The projections that there are, by the streams that they fold.
#[derive(Clone, Debug)]
pub struct Registry {
    /// Folds any stream, and is there for those of which nothing else is known.
    general: ProjectionRef,
    /// For each kind of stream what it offers: its own projections first, and then those of any stream.
    offers: Vec<(Option<Aggregate>, Vec<ProjectionRef>)>,
}

static KNOWN: LazyLock<RwLock<Arc<Registry>>> = LazyLock::new(|| RwLock::new(Arc::new(Registry::builtin())));

thread_local! {
    /// Those of the store for which this thread works.
    static HERE: RefCell<Option<Offers>> = const { RefCell::new(None) };
}

/// Those that Foldline brings, and those that were offered besides, as they are now: to the store for which this thread
/// works, or to every store.
pub fn registry() -> Arc<Registry> {
    let here = HERE.with_borrow(|here| here.as_ref().map(Offers::registry));
    here.unwrap_or_else(|| KNOWN.read().unwrap_or_else(PoisonError::into_inner).clone())
}

/// The projections of one open store. Clones are of the same.
#[derive(Clone, Debug)]
pub struct Offers(Arc<Offered>);

#[derive(Debug)]
struct Offered {
    known: RwLock<Arc<Registry>>,
    changes: AtomicU64,
}

/// With what was offered to every store so far.
impl Default for Offers {
    fn default() -> Self {
        Self(Arc::new(Offered { known: RwLock::new(registry()), changes: AtomicU64::new(0) }))
    }
}

impl Offers {
    pub fn registry(&self) -> Arc<Registry> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another number whenever they are others.
    pub fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    /// Offers a projection of the user's own from now on.
    pub fn offer(&self, projection: &ProjectionRef) {
        self.change(|registry| registry.add_ref(projection));
    }

    /// Takes one of the user's own back.
    pub fn withdraw(&self, name: &str) {
        self.change(|registry| registry.remove_own(name));
    }

    fn change(&self, change: impl FnOnce(&mut Registry)) {
        change(Arc::make_mut(&mut self.0.known.write().unwrap_or_else(PoisonError::into_inner)));
        self.0.changes.fetch_add(1, Ordering::Release);
    }

    /// From now on these are what [`registry`] answers on this thread.
    pub fn enter(&self) {
        HERE.set(Some(self.clone()));
    }
}

/// Offers a projection of the user's own from now on. Who holds the registry keeps it as it was.
pub fn offer(projection: &ProjectionRef) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    Arc::make_mut(&mut known).add_ref(projection);
}

impl Registry {
    pub fn builtin() -> Self {
        let kinds = Aggregate::ALL.into_iter().map(Some).chain([None]);
        let offers = kinds.map(|kind| (kind, Vec::new())).collect();
        let mut registry = Self { general: ProjectionRef::new(FieldsProjection), offers };
        register_builtin(&mut registry);
        registry
    }

    /// Offers one more. One of the same name and aggregate is replaced.
    pub fn add_ref(&mut self, added: &ProjectionRef) {
        let of = added.aggregate();
        for (_, offered) in self.offers.iter_mut().filter(|(kind, _)| of.is_none() || *kind == of) {
            let same = offered.iter_mut().find(|known| *known == added);
            match same {
                Some(known) => *known = added.clone(),
                None => {
                    let own = offered.partition_point(|known| known.aggregate().is_some());
                    let place = if of.is_some() { own } else { offered.len() };
                    offered.insert(place, added.clone());
                }
            }
        }
    }

    fn remove_own(&mut self, name: &str) {
        for (_, offered) in &mut self.offers {
            offered.retain(|known| !known.is_own() || known.name() != name);
        }
    }

    /// What a stream of this kind offers; the first is the one that is shown first.
    pub fn of_aggregate(&self, aggregate: Option<Aggregate>) -> &[ProjectionRef] {
        let offers = self.offers.iter().find(|(kind, _)| *kind == aggregate);
        offers.map_or(std::slice::from_ref(&self.general), |(_, offered)| offered)
    }

    /// The n-th that a stream of this kind offers, or the last where there are fewer.
    pub fn nth(&self, aggregate: Option<Aggregate>, number: usize) -> ProjectionRef {
        let offered = self.of_aggregate(aggregate);
        offered.get(number).or(offered.last()).unwrap_or(&self.general).clone()
    }

    pub fn find(&self, aggregate: Option<Aggregate>, name: &str) -> Option<ProjectionRef> {
        self.of_aggregate(aggregate).iter().find(|known| known.name() == name).cloned()
    }

    /// The one under which a stream is shown first.
    pub fn first(&self, aggregate: Option<Aggregate>) -> ProjectionRef {
        self.of_aggregate(aggregate).first().unwrap_or(&self.general).clone()
    }

    /// The one that reports what is wrong in a stream.
    pub fn judge(&self, aggregate: Option<Aggregate>) -> ProjectionRef {
        let judge = self.of_aggregate(aggregate).iter().find(|known| known.knows_rules());
        judge.cloned().unwrap_or_else(|| self.first(aggregate))
    }
}

impl Registrar for Registry {
    fn add<P: Projection>(&mut self, projection: P) {
        self.add_ref(&ProjectionRef::new(projection));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(aggregate: Option<Aggregate>) -> Vec<String> {
        registry().of_aggregate(aggregate).iter().map(|offered| offered.name().to_owned()).collect()
    }

    #[test]
    fn each_aggregate_offers_its_own_projections_and_then_the_general_one() {
        assert_eq!(names(Some(Aggregate::Lead)), ["state", "search", "analysis", "fields"]);
        assert_eq!(names(Some(Aggregate::Ticket)), ["state", "search", "service", "fields"]);
        assert_eq!(names(None), ["fields"]);
    }

    #[test]
    fn a_projection_is_told_by_its_name_and_its_aggregate() {
        let lead = registry().find(Some(Aggregate::Lead), "state").expect("a lead has a state");
        let ticket = registry().find(Some(Aggregate::Ticket), "state").expect("a ticket has a state");
        assert_ne!(lead, ticket);
        assert_eq!(Some(&lead), registry().of_aggregate(Some(Aggregate::Lead)).first());
        assert_eq!(registry().find(None, "state"), None);
        assert!(Aggregate::ALL.into_iter().all(|aggregate| registry().judge(Some(aggregate)).knows_rules()));
        assert_eq!(registry().judge(None).name(), "fields");
    }

    #[derive(Clone, Debug)]
    struct Own(&'static str);

    impl Projection for Own {
        type Event = ();
        type State = u8;

        fn name(&self) -> &str {
            self.0
        }

        fn revision(&self) -> u32 {
            1
        }

        fn is_own(&self) -> bool {
            true
        }

        fn decode(&self, _: &crate::event::EventRow<'_>) {}

        fn apply(
            &self,
            _: &mut u8,
            (): &(),
            _: &crate::event::Head,
            _: &mut Vec<crate::projection::Problem>,
        ) -> crate::projection::Folded {
            Ok(())
        }

        fn cells<'s>(&self, _: &'s u8, _: &mut dyn FnMut(&'s str, crate::projection::Cell<'s>)) {}
    }

    #[test]
    fn what_is_offered_to_one_store_is_known_to_the_threads_that_work_for_it_alone() {
        let offers = Offers::default();
        let before = offers.changes();
        offers.offer(&ProjectionRef::new(Own("own.js")));
        assert!(offers.changes() > before);
        let theirs = offers.clone();
        let inside = std::thread::Builder::new().name("answering".to_owned()).spawn(move || {
            theirs.enter();
            names(None)
        });
        let inside = inside.expect("it begins");
        assert_eq!(inside.join().expect("it ends"), ["fields", "own.js"]);
        assert_eq!(names(None), ["fields"], "another store's");
        offers.withdraw("fields");
        offers.withdraw("own.js");
        let left = offers.registry();
        let left: Vec<&str> = left.of_aggregate(None).iter().map(ProjectionRef::name).collect();
        assert_eq!(left, ["fields"], "only a user's own is taken back");
    }
}
