//! What Foldline finds wrong in what a framework wrote.

use crate::cases::{Database, Kind, Store};

/// The framework (0.5) folds an event into the state it is about to keep twice, and keeps the wrong state.
#[test]
fn a_snapshot_of_cqrs_es_that_disagrees_with_its_events_is_found() {
    for database in [Database::Sqlite, Database::Postgres] {
        let store = Store::new("cqrs_es_snapshots_checked", Kind::CqrsEsSnapshots, database);
        let mut writer = store.writer();
        writer.write_scenario();
        writer.close();
        let before = store.everything();
        let foldline = store.looked_at();
        let checked = foldline.run("verify", &["--format", "json"]);
        assert_eq!(checked.code, 1, "{checked:#?}");
        let findings = checked.json()["findings"].clone();
        assert!(
            findings.as_array().expect("a list").iter().any(|finding| finding["stream"] == "lead:1"
                && finding["kind"].as_str().is_some_and(|kind| kind.contains("snapshot"))),
            "{findings:#}"
        );
        assert!(store.everything() == before, "looking changed the store");
    }
}
