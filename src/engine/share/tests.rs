use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::lease::Leases;
use super::*;
use crate::engine::five_leads;
use crate::store::{SharedChange, SharedValue};

/// The values of a server that never fails.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<BTreeMap<String, SharedValue>>>);

impl SharedValues for Kept {
    fn get(&self, key: &str) -> Result<Option<SharedValue>, StoreError> {
        Ok(self.0.lock().expect("nobody panicked").get(key).cloned())
    }

    fn change(&self, changes: &[SharedChange]) -> Result<Vec<Option<u64>>, StoreError> {
        let mut kept = self.0.lock().expect("nobody panicked");
        let made = changes.iter().map(|SharedChange { key, value, revision }| {
            let known = kept.get(key).map(|kept| kept.revision);
            (known == *revision).then(|| {
                let next = kept.values().map(|kept| kept.revision).max().unwrap_or(0) + 1;
                kept.insert(key.clone(), SharedValue { value: value.clone(), revision: next });
                next
            })
        });
        Ok(made.collect())
    }

    fn visit(&self, prefix: &str, visit: &mut dyn FnMut(&str, SharedValue) -> Flow) -> Result<(), StoreError> {
        let kept = self.0.lock().expect("nobody panicked").clone();
        for (key, value) in kept.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix)) {
            if visit(key, value.clone()).is_break() {
                break;
            }
        }
        Ok(())
    }
}

const NEVER: Duration = Duration::from_hours(1);

#[test]
fn each_partition_is_one_worker_s_and_those_of_one_that_is_gone_are_handed_over() {
    let values = Kept::default();
    let mut first = Leases::new("a".to_owned(), 8, NEVER);
    first.beat(&values).expect("it beats");
    assert_eq!(first.mine.len(), 8, "alone it has them all");
    let mut second = Leases::new("b".to_owned(), 8, NEVER);
    second.beat(&values).expect("it beats");
    assert_eq!(second.mine.len(), 0, "all are held");
    first.beat(&values).expect("it beats");
    second.beat(&values).expect("it beats");
    let mine = |leases: &Leases| leases.mine.keys().copied().collect::<BTreeSet<u32>>();
    assert_eq!((mine(&first).len(), mine(&second).len()), (4, 4));
    assert!(mine(&first).is_disjoint(&mine(&second)));

    // The first is killed: for who waits no longer than this, it is gone at once.
    let mut third = Leases::new("c".to_owned(), 8, Duration::ZERO);
    third.beat(&values).expect("it beats");
    assert_eq!(mine(&third).len(), 8);
    let part = Part { position: Some(7), ..Part::default() };
    let number = *first.mine.keys().next().expect("it has some");
    assert!(!first.keep(&values, number, &part).expect("it is asked"), "what it writes comes too late");
    assert!(!first.mine.contains_key(&number));
}

#[test]
fn what_several_fold_is_what_one_folds_whoever_is_killed_on_the_way() {
    let (_folder, engine) = five_leads();
    let store = crate::store::open(engine.source()).expect("opened");
    let store = store.as_ref();
    let wish = ShareWish { projection: "state".to_owned(), category: None };
    let on = &mut || Flow::Continue(());
    let alone = Kept::default();
    let mut worker = ShareWorker::join(&alone, "alone", "a", store, &wish).expect("it joins");
    let end = store.end().expect("an end").position();
    assert_eq!(worker.step(store, on).expect("folded").everywhere, end);
    let expected = shared_rows(&alone).expect("rows");
    assert_eq!(expected.len(), 5);

    let values = Kept::default();
    let begin = |name: &str, lease| ShareWorker::with_lease(lease, &values, "both", name, store, &wish).expect("joins");
    let mut first = begin("a", NEVER);
    // It writes states and is killed before it writes how far it is.
    first.step(store, on).expect("folded");
    let behind: Vec<String> =
        values.0.lock().expect("kept").keys().filter(|key| key.starts_with("p.")).cloned().collect();
    for key in behind {
        let revision = values.get(&key).expect("read").map(|kept| kept.revision);
        let part = Part { worker: "a".to_owned(), ..Part::default() };
        values.change_one(&key, lease::written(&part), revision).expect("written").expect("it is the last");
    }
    let mut second = begin("b", Duration::ZERO);
    assert_eq!(second.step(store, on).expect("folded").everywhere, end);
    assert_eq!(shared_rows(&values).expect("rows"), expected);
    // One that was only taken for dead goes on, and changes nothing.
    first.step(store, on).expect("it goes on");
    assert_eq!(shared_rows(&values).expect("rows"), expected);
    let work = shared_work(&values, "both", store).expect("told");
    assert_eq!(work.iter().map(|work| work.partitions.len()).sum::<usize>(), PARTITIONS as usize);
    assert!(work.iter().all(|work| work.behind == 0), "{work:?}");

    let other = ShareWish { projection: "search".to_owned(), category: None };
    let refused = ShareWorker::join(&values, "both", "c", store, &other).map(drop).expect_err("it is another's");
    assert!(matches!(refused, ShareError::OtherProjection(_)), "{refused}");
}
