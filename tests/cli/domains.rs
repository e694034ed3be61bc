//! Samples of other domains, with the projections that come with the program: what there is to find in them is found.

use foldline::sample::{USUAL_EVENTS, USUAL_STREAMS};
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

/// The usual sample of a domain, and its projection.
fn sample(domain: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    let ran = sandbox.run(&["sample", "s.db", "--domain", domain, "--streams", "60", "--events", "1500"]).ok();
    assert!(ran.out.starts_with("1,500 events of 60 streams written to s.db"), "{ran:?}");
    sandbox
}

fn rows(sandbox: &Sandbox, arguments: &[&str]) -> Vec<Value> {
    let ran = sandbox.run(&[arguments, &["--format", "json"]].concat()).ok().json();
    ran.as_array().expect("rows").clone()
}

/// The values of one column.
fn column(rows: &[Value], name: &str) -> Vec<Value> {
    rows.iter().map(|row| row[name].clone()).collect()
}

/// What blame says of a field: its value, who set it, when and why.
fn blamed(sandbox: &Sandbox, stream: &str, projection: &str, field: &str) -> Value {
    let rows = rows(sandbox, &["blame", "s.db", stream, "--projection", projection]);
    let row = rows.iter().find(|row| row["field"] == field);
    row.unwrap_or_else(|| panic!("{field} is not blamed: {rows:?}")).clone()
}

#[test]
fn the_help_says_how_large_a_sample_is_that_nobody_gave_numbers() {
    let help = Sandbox::empty().run(&["sample", "--help"]).ok().out;
    for usual in [USUAL_STREAMS, USUAL_EVENTS] {
        assert!(help.contains(&format!("{usual} for sales")), "{help}");
    }
}

#[test]
fn a_clinic_tells_who_moved_a_visit_how_long_each_step_took_and_which_half_hour_was_given_twice() {
    let sandbox = sample("reservations");
    let moved = blamed(&sandbox, "reservation-1", "reservations", "startsAt");
    assert_eq!(
        (&moved["actor"], &moved["recorded_at"]),
        (&json!("sora"), &json!("2025-01-03T08:41:22.000Z")),
        "{moved}"
    );
    let shown = sandbox.run(&["show", "s.db", "reservation-1", "--projection", "reservations", "--format", "json"]);
    let state = &shown.ok().json()["state"];
    assert_eq!(state["minutes"], json!({"desk": 6, "waiting": 35, "treatment": 54, "whole": 100}));
    assert_eq!(state["status"], "HOME");
    let slots = rows(
        &sandbox,
        &["project", "s.db", "--projection", "reservations", "--where", "slot != null", "--count-by", "slot"],
    );
    assert_eq!(slots[0], json!({"value": "dr-oh 2025-01-07 10:00", "streams": 2}));
    assert!(slots[1..].iter().all(|row| row["streams"] == 1), "one half hour was given twice, and no other: {slots:?}");
    let both = "slot == 'dr-oh 2025-01-07 10:00'";
    let both = rows(&sandbox, &["project", "s.db", "--projection", "reservations", "--where", both]);
    assert_eq!(column(&both, "stream"), ["reservation-2", "reservation-3"]);
}

#[test]
fn a_bank_tells_which_account_was_overdrawn_and_that_it_would_not_have_been() {
    let sandbox = sample("bank");
    let ever = rows(&sandbox, &["when", "s.db", "--category", "account", "balance < 0", "--projection", "bank"]);
    assert_eq!(column(&ever, "stream"), ["account-2"], "no other account may be overdrawn");
    let turns = rows(&sandbox, &["when", "s.db", "account-2", "balance < 0", "--projection", "bank"]);
    let turns: Vec<_> = turns.iter().map(|turn| (turn["version"].clone(), turn["becomes"].clone())).collect();
    assert_eq!(turns, [(json!(3), json!(true)), (json!(5), json!(false))]);
    let shown = sandbox.run(&["show", "s.db", "account-1", "--projection", "bank", "--format", "json"]).ok().json();
    assert_eq!(shown["state"]["balance"], 70_000);
    assert_eq!(blamed(&sandbox, "account-2", "bank", "late[0]")["actor"], "branch 0412");
    let moved =
        ["what-if", "s.db", "account-2", "--move", "5:2", "--skip", "4", "--projection", "bank", "--format", "json"];
    let differs = sandbox.run(&moved).ok().json();
    let fields = differs["diff"].as_array().expect("fields").clone();
    let lowest = fields.iter().find(|row| row["field"] == "lowest").expect("its lowest balance differs");
    assert_eq!((&lowest["before"], &lowest["after"]), (&json!(-765_000), &json!(0)), "{differs}");
    let warned = rows(&sandbox, &["project", "s.db", "--projection", "bank", "--emitted"]);
    assert_eq!(column(&warned, "type"), ["account-overdrawn"]);
}

#[test]
fn a_shop_tells_who_was_paid_back_too_much_and_why_an_order_was_cancelled() {
    let sandbox = sample("orders");
    let too_much = ["project", "s.db", "--projection", "orders", "--where", "refunded > paid"];
    assert_eq!(column(&rows(&sandbox, &too_much), "stream"), ["order-3"], "no other may be paid back too much");
    let refunded = blamed(&sandbox, "order-3", "orders", "refunded");
    assert_eq!((&refunded["value"], &refunded["actor"]), (&json!(96_000), &json!("tom")));
    let why = blamed(&sandbox, "order-2", "orders", "why");
    assert_eq!((&why["value"], &why["actor"]), (&json!("도난 신고된 카드"), &json!("yuna")));
    let funnel = rows(&sandbox, &["project", "s.db", "--projection", "orders", "--count-by", "status"]);
    let told: u64 = funnel.iter().filter_map(|row| row["streams"].as_u64()).sum();
    assert_eq!(told, 60);
    for status in ["DELIVERED", "CANCELLED"] {
        assert!(funnel.iter().any(|row| row["value"] == status), "{status}: {funnel:?}");
    }
}

#[test]
fn sensors_tell_which_of_them_jumped_and_which_was_silent() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["sample", "s.db", "--domain", "sensors", "--streams", "12", "--events", "2400"]).ok();
    let when =
        |condition: &str| column(&rows(&sandbox, &["when", "s.db", "--category", "sensor", condition]), "stream");
    assert_eq!(when("celsius - old.celsius > 10.0"), ["sensor-2"]);
    assert_eq!(when("age(old.at) > duration('2h')"), ["sensor-3"]);
    let alarms = rows(&sandbox, &["project", "s.db", "--projection", "sensors", "--emitted"]);
    assert_eq!(column(&alarms, "type"), ["too-warm"; 3]);
    let hours = rows(&sandbox, &["project", "s.db", "--projection", "sensors"]);
    let alarmed: Vec<_> = hours.iter().filter(|hour| hour["result"]["alarm"] == true).collect();
    assert!(
        !alarmed.is_empty()
            && alarmed.iter().all(|hour| hour["partition"].as_str().is_some_and(|of| of.starts_with("sensor-2 ")))
    );
    assert!(
        hours.iter().all(|hour| hour["result"]["readings"].as_u64() <= Some(7)),
        "an hour has six readings or seven"
    );
}

#[test]
fn each_projection_runs_on_its_sample_without_a_fault_as_a_file_and_by_its_name() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/projections/");
    for domain in ["reservations", "bank", "orders", "sensors"] {
        let sandbox = Sandbox::empty();
        sandbox.run(&["sample", "s.db", "--domain", domain, "--streams", "30", "--events", "900"]).ok();
        let by_name = sandbox.run(&["project", "s.db", "--projection", domain, "--format", "json"]).ok();
        for wrong in ["failed", "could not tell", "asks for"] {
            assert!(!by_name.err.contains(wrong), "{domain}: {by_name:?}");
        }
        let file = format!("{folder}{domain}.js");
        let by_file = sandbox.run(&["project", "s.db", "--projection", &file, "--format", "json"]).ok();
        assert_eq!(by_name.json(), by_file.json(), "{domain}");
    }
}

#[test]
fn the_same_seed_gives_the_same_events_and_an_unknown_domain_is_named() {
    let sandbox = Sandbox::empty();
    for domain in ["reservations", "bank", "orders", "sensors"] {
        let write = |file: &str, seed: &str| {
            let arguments = ["sample", file, "--domain", domain, "--streams", "20", "--events", "400", "--seed", seed];
            sandbox.run(&arguments).ok();
            sandbox.events(file)
        };
        let path = |name: &str| format!("{domain}-{name}.db");
        let (one, same, other) = (write(&path("a"), "7"), write(&path("b"), "7"), write(&path("c"), "8"));
        assert_eq!(one, same, "{domain}");
        assert_ne!(one, other, "{domain}");
    }
    let ran = sandbox.run(&["sample", "x.db", "--domain", "zoo"]).code(2);
    ran.says("the domains are sales, reservations, bank, orders, sensors");
    let small = sandbox.run(&["sample", "y.db", "--domain", "bank", "--events", "5"]).ok();
    assert!(small.out.ends_with("See what there is: foldline streams y.db\n"), "{small:?}");
}
