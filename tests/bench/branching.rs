//! What an edit of a branch costs, from the edit to its result.

use foldline::engine::{BranchBase, describe};
use foldline::event::{StreamId, Version};
use foldline::replay::{Alteration, Branch, NewPayload};
use foldline::store::Flow;
use foldline::store::native::NativeStore;
use serde_json::json;

use crate::measure::{Row, Table, percentile, repeat, time};
use crate::stores::{LONG_STREAM, Stores};

/// The first event is the dearest: everything behind it is folded again.
pub(crate) fn edit(table: &mut Table, stores: &Stores) {
    let store = NativeStore::open(stores.long()).expect("the long store");
    let described = describe(&store, &StreamId::from(LONG_STREAM)).expect("there");
    let projections = [("state", "state"), ("another projection and the rules", "analysis")];
    for (what, projection) in projections {
        let projection = described.projection(Some(projection)).expect("of a lead");
        let go_on = &mut |_| Flow::Continue(());
        let base = BranchBase::load(&store, described.clone(), &projection, go_on).expect("loaded");
        let mut number = 0;
        let samples = repeat(15, || {
            number += 1;
            let mut branch = Branch::default();
            let to = NewPayload::Fields(vec![("name".to_owned(), json!(format!("name {number}")))]);
            branch.push(Alteration::Change { event: base.event(Version(0)).expect("there"), to });
            branch.push(Alteration::Skip(base.event(Version(100 + number)).expect("there")));
            time(|| base.what_if(&store, &branch).expect("folded"))
        });
        let events = base.timeline.heads().len();
        let what = format!("what-if edit at the first of {events} events, {what}, p95");
        let millis = percentile(&samples, 95.0) / 1_000.0;
        table.add(Row::new(&what, "100 ms", millis, 100.0, "ms").bar(1.0));
    }
}
