//! Tests that mostly wait: for servers of their own, which die, hang and choose who leads. Where all tests are run, these
//! wait at the same time.

use std::any::Any;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, OnceLock};
use std::thread::JoinHandle;

use crate::stores::on_thread;

macro_rules! at_once {
    ($($room:ident::$name:ident),* $(,)?) => {
        const ALL: &[(&str, fn())] = &[$((stringify!($name), crate::$room::$name)),*];

        $(#[test]
        fn $name() {
            finish(stringify!($name), crate::$room::$name);
        })*
    };
}

at_once! {
    appending::of_two_writers_on_different_nodes_never_both_win,
    carrying::a_server_that_shows_less_than_it_acknowledged_is_asked_again_and_nothing_is_sent_behind_it,
    carrying::a_stream_that_is_made_anew_amid_an_import_is_told_and_gets_nothing_of_it,
    carrying::an_import_whose_leader_is_killed_midway_is_taken_up_by_the_same_command,
    faults::a_full_disk_is_said_and_what_was_acknowledged_stays,
    faults::a_full_disk_on_one_of_three_nodes_loses_nothing_and_the_others_go_on,
    faults::a_server_that_shows_less_than_it_acknowledged_is_not_appended_to,
    faults::a_server_that_hangs_is_told_and_the_same_append_once_more_settles_it,
    faults::an_answer_that_was_lost_on_the_way_is_asked_for_and_not_taken_for_a_no,
    faults::nodes_that_are_killed_amid_appends_lose_nothing_and_double_nothing,
    faults::with_two_of_three_down_an_append_says_so_in_time_and_nothing_is_lost,
    following::a_mirror_whose_server_goes_away_while_it_is_filled_waits_for_it_and_is_filled_when_it_is_back,
    harness::a_stopped_server_hangs_and_goes_on,
    harness::three_servers_find_each_other_and_outlive_their_leader,
}

/// Runs a test to its end, which may have begun with another one.
fn finish(name: &'static str, test: fn()) {
    static RUNNING: OnceLock<Mutex<HashMap<&'static str, JoinHandle<()>>>> = OnceLock::new();
    let running = RUNNING.get_or_init(|| {
        // Who names a test wants that one alone.
        let is_named = std::env::args().skip(1).any(|argument| !argument.starts_with('-'));
        let begun = ALL.iter().filter(|_| !is_named).map(|(name, test)| (*name, on_thread(name, *test)));
        say_at_once_what_fails();
        Mutex::new(begun.collect())
    });
    let begun = running.lock().unwrap().remove(name);
    match begun.map(JoinHandle::join) {
        Some(Err(failed)) => panic!("{name}: {}", words_of(failed.as_ref())),
        Some(Ok(())) => {}
        None => test(),
    }
}

fn words_of(failed: &(dyn Any + Send)) -> &str {
    let text = failed.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| failed.downcast_ref::<&str>().copied()).unwrap_or("it failed without a word")
}

/// What a thread says that a test began goes to the test which began that one, and is shown where that fails, which may be
/// another one: it is said here at once, past what holds it back.
#[allow(clippy::disallowed_methods, reason = "what is held back is not cleaned either")]
fn say_at_once_what_fails() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |failed| {
        let thread = std::thread::current();
        // The threads of the tests themselves have their paths for names.
        match thread.name().filter(|name| !name.contains("::")) {
            Some(name) => drop(writeln!(std::io::stderr(), "thread '{name}' {failed}")),
            None => before(failed),
        }
    }));
}

#[test]
fn a_failure_on_another_thread_says_what_failed() {
    let failed = |work: fn()| on_thread("failing", work).join().unwrap_err();
    assert_eq!(words_of(failed(|| panic!("a text")).as_ref()), "a text");
    assert_eq!(words_of(failed(|| panic!("number {}", 1 + 1)).as_ref()), "number 2");
}
