//! What a frame costs: no more for a state of megabytes than for a small one, and no two where one is enough.

use std::fs;
use std::time::{Duration, Instant};

use egui::{Key, Modifiers};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Version};
use foldline::store::native::NativeStore;

use crate::driver::Driver;

const EVENTS: u64 = 300;

/// A state that grows with each event by some texts, as long as it says.
const READINGS: &str = "fromCategory('sensor').foreachStream().when({
  $init: () => ({ count: 0, readings: [] }),
  $any(s, e) {
    s.count++;
    for (let i = 0; i < 14; i++) s.readings.push('x'.repeat(e.data.more) + i);
  },
})";

/// What was waited for at a sensor whose readings have so many letters.
#[derive(Debug)]
struct Waits {
    opening: Duration,
    /// Frames while the cursor goes back event by event, and those of a table with its state in it.
    stepping: Vec<Duration>,
    table: Vec<Duration>,
}

fn frame(driver: &mut Driver) -> Duration {
    let began = Instant::now();
    driver.window.step();
    began.elapsed()
}

fn waits(more: u32) -> Waits {
    let mut driver = Driver::with("sensor-1", |path| {
        let mut store = NativeStore::create(path).expect("a store");
        let mut bulk = store.bulk().expect("a transaction");
        for number in 0..EVENTS {
            let event = NewEvent {
                id: EventId::new(&format!("e{number}")),
                event_type: EventType::from("read"),
                schema: 1,
                recorded_at: None,
                payload: format!(r#"{{"more": {more}}}"#),
                metadata: "{}".to_owned(),
            };
            bulk.record(&StreamId::from("sensor-1"), Some(Version(number)), &event).expect("recorded");
        }
        bulk.commit().expect("committed");
    });
    let path = driver.path("readings.js");
    fs::write(&path, READINGS).expect("written");
    driver.open(&path);
    driver.wait_for_part("events/s");
    driver.press_with(Modifiers::COMMAND, Key::Num1);
    let began = Instant::now();
    driver.click("readings.js");
    driver.wait_for_part(&format!("count: {EVENTS}"));
    let opening = began.elapsed();
    let mut stepping = Vec::new();
    for _ in 0..12 {
        driver.window.key_press(Key::ArrowLeft);
        stepping.extend((0..4).map(|_| frame(&mut driver)));
    }
    driver.settle();
    driver.assert_shows(&format!("count: {}", EVENTS - 12));
    driver.press_with(Modifiers::COMMAND, Key::Num2);
    driver.wait_for("readings.js");
    driver.click("readings.js");
    driver.wait_for_part("count 288");
    // All streams are folded for another order than that in which they changed.
    driver.click_beginning("Sort by count");
    driver.wait_for_part("count 288");
    let table = (0..12).map(|_| frame(&mut driver)).collect();
    Waits { opening, stepping, table }
}

fn median(frames: &[Duration]) -> Duration {
    let mut frames = frames.to_vec();
    frames.sort_unstable();
    frames.get(frames.len() / 2).copied().unwrap_or_default()
}

#[test]
#[allow(clippy::print_stdout, reason = "what was measured, for whoever asks with --nocapture")]
fn a_state_of_megabytes_costs_a_frame_no_more_than_a_small_one() {
    let (small, large) = (waits(2), waits(1_000));
    println!("opened in {:?} and {:?}", small.opening, large.opening);
    for (what, small, large) in
        [("stepping", &small.stepping, &large.stepping), ("in a table", &small.table, &large.table)]
    {
        let (few, many) = (median(small), median(large));
        let longest = large.iter().max().copied().unwrap_or_default();
        println!("{what}: a frame takes {few:?} and {many:?}, the longest {:?} and {longest:?}", small.iter().max());
        assert!(many <= 4 * few + Duration::from_millis(5), "{what}: {many:?} instead of {few:?}");
        assert!(longest < Duration::from_secs(1), "{what}: stalled for {longest:?}");
    }
}

#[test]
fn going_through_a_history_never_draws_one_frame_after_the_other_twice() {
    let mut driver = Driver::at("lead-1");
    for lens in [Key::Num1, Key::Num2, Key::Num3] {
        driver.press_with(Modifiers::COMMAND, lens);
        driver.press(Key::End);
        let mut passes = Vec::new();
        for _ in 0..16 {
            driver.window.key_press(Key::ArrowLeft);
            driver.window.step();
            passes.push(driver.window.output().platform_output.num_completed_passes);
        }
        // egui warns of three.
        assert!(passes.windows(2).all(|two| two.contains(&1)), "{lens:?}: {passes:?}");
    }
}
