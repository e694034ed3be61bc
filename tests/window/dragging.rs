//! The cursor of a whole store that is dragged over a table whose rows are in an order: the values follow the hand, the order
//! comes when it rests.

use std::time::{Duration, Instant};

use egui::{Key, Modifiers, Role, pos2};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};

use crate::driver::Driver;

const LEADS: i64 = 300;

/// Each lead has so many events in the first half of the store, and again in the second.
const HALF: i64 = 30;

const NEW_YEAR: i64 = 1_735_689_600_000_000;

/// Large enough that to fold it takes longer than a frame.
fn many_leads(driver: &Driver) {
    let mut store = NativeStore::create(&driver.path("made.db")).expect("a store");
    let mut number = 0;
    for half in 0..2 {
        for lead in 0..LEADS {
            let events: Vec<NewEvent> = (0..HALF)
                .map(|nth| {
                    number += 1;
                    let (event_type, payload) = match half + nth {
                        0 => ("lead-initialized", format!(r#"{{"lead-id": {lead}, "name": "n{lead}", "phone": "1"}}"#)),
                        _ => ("contacted", "{}".to_owned()),
                    };
                    NewEvent {
                        id: EventId::new(&format!("e{number}")),
                        event_type: EventType::from(event_type),
                        schema: 1,
                        recorded_at: Some(Timestamp::from_micros(NEW_YEAR + number * 1_000_000)),
                        payload,
                        metadata: r#"{"actor":"kim"}"#.to_owned(),
                    }
                })
                .collect();
            let stream = StreamId::from(format!("lead-{lead:03}").as_str());
            store.append(&stream, Expected::Any, &events).expect("appended");
        }
    }
}

fn first_row(driver: &Driver) -> Option<String> {
    let mut rows = driver.window.query_all_by_role(Role::Row).filter_map(|row| row.accesskit_node().label());
    rows.find(|name| name.starts_with("lead-"))
}

#[test]
fn rows_in_view_of_a_sorted_table_follow_the_hand_and_their_order_comes_when_it_rests() {
    const LATER: &str = "sorted again when the cursor rests";
    let mut driver = Driver::welcome();
    many_leads(&driver);
    let path = driver.path("made.db");
    driver.open(&path);
    driver.press_with(Modifiers::COMMAND, Key::Num2);
    driver.step_until("the rows have come", |driver| first_row(driver).is_some_and(|row| row.contains("contacts 59")));
    driver.settle();
    driver.click_role(Role::Button, "Sort by stream");
    driver.step_until("sorted", |driver| first_row(driver).is_some_and(|row| row.starts_with("lead-000, ")));
    driver.settle();
    assert!(first_row(&driver).is_some_and(|row| row.contains("contacts 59")), "{:?}", first_row(&driver));
    assert!(!driver.shows_part(LATER), "nothing moves yet");

    let chart = driver.window.get_by_role_and_label(Role::Slider, "Moment of the store").rect();
    let at = |share: f32| pos2(chart.left() + chart.width() * share, chart.center().y);
    driver.window.hover_at(at(0.9));
    driver.window.drag_at(at(0.9));
    driver.window.run_steps(2);
    let end = Instant::now() + Duration::from_secs(30);
    for step in 0_u16.. {
        assert!(Instant::now() < end, "the row never followed; the window shows:\n{}", driver.all_text());
        // Never at rest: whatever is begun for all of the store is overtaken.
        driver.window.hover_at(at(0.35 + f32::from(step % 8) * 0.01));
        driver.window.step();
        let row = first_row(&driver).unwrap_or_default();
        assert!(row.starts_with("lead-000, "), "{row}");
        if row.contains("contacts 29, ") && driver.shows_part(LATER) {
            break;
        }
    }
    // A stream that had not begun stays where it was until then, and says so.
    for step in 0_u16.. {
        assert!(Instant::now() < end, "the rows never followed; the window shows:\n{}", driver.all_text());
        driver.window.hover_at(at(0.005 + f32::from(step % 8) * 0.001));
        driver.window.step();
        if driver.shows("lead-012, not begun") && driver.shows_part(LATER) {
            break;
        }
    }
    driver.window.hover_at(at(0.4));
    driver.window.drop_at(at(0.4));
    driver.settle();
    driver.step_until("the order has come", |driver| !driver.shows_part(LATER));
    driver.settle();
    assert!(first_row(&driver).is_some_and(|row| row.contains("contacts 29, ")), "{:?}", first_row(&driver));
    assert!(!driver.shows_part("not begun"), "{}", driver.all_text());
}
