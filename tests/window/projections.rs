//! Projections of a user's own in the window: opened, typed, changed by others, run, and wrong.

use std::fs;
use std::path::{Path, PathBuf};

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT, Queryable};
use foldline::event::{EventId, EventType, NewEvent, StreamId, Timestamp};
use foldline::store::native::NativeStore;
use foldline::store::{Expected, Writer};

use crate::driver::Driver;

/// The first of 2025.
const NEW_YEAR: i64 = 1_735_689_600_000_000;

const HISTORY: [(&str, &str, &str); 7] = [
    ("account-1", "Opened", r#"{"owner": "윤서아"}"#),
    ("account-1", "Deposited", r#"{"amount": 100}"#),
    ("account-2", "Opened", r#"{"owner": "Leon"}"#),
    ("account-1", "Withdrawn", r#"{"amount": 30}"#),
    ("account-2", "Deposited", r#"{"amount": 7}"#),
    ("account-1", "Moved", r#"{"amount": 10, "to": "account-2"}"#),
    ("other-1", "Noted", r#"{"text": "nothing of a bank"}"#),
];

const BALANCE: &str = "fromCategory('account')
  .foreachStream()
  .when({
    $init() {
      return { balance: 0 };
    },
    Deposited(s, e) {
      s.balance += e.data.amount;
      log('deposited ' + e.data.amount);
    },
    Withdrawn(s, e) {
      s.balance -= e.data.amount;
    },
  });
";

fn record(path: &Path, events: &[(&str, &str, &str)]) {
    let mut store = if path.exists() {
        NativeStore::open_for_writing(path).expect("opened")
    } else {
        NativeStore::create(path).expect("a store")
    };
    for (number, (stream, event_type, payload)) in events.iter().enumerate() {
        let event = NewEvent {
            id: EventId::new(&format!("{stream}-{event_type}-{number}")),
            event_type: EventType::from(*event_type),
            schema: 1,
            recorded_at: Some(Timestamp::from_micros(NEW_YEAR + number as i64 * 1_000_000)),
            payload: (*payload).to_owned(),
            metadata: "{}".to_owned(),
        };
        store.append(&StreamId::from(*stream), Expected::Any, &[event]).expect("appended");
    }
}

/// A bank, looked at through the account of one of its customers.
fn bank() -> Driver {
    Driver::with("account-1", |path| record(path, &HISTORY))
}

/// The same with a projection from elsewhere.
fn bank_with(source: &str) -> (Driver, PathBuf) {
    let mut driver = bank();
    let path = driver.path("balance.js");
    fs::write(&path, source).expect("written");
    driver.open(&path);
    driver.wait_for_part("events/s");
    (driver, path)
}

const COUNT: &str = "fromAll().foreachStream().when({ $any(s) { return { n: 1 }; } })";

/// Where the projections of the open store lie.
fn own_folder(driver: &Driver) -> PathBuf {
    let folder = fs::read_dir(driver.path("workspaces")).expect("a folder").filter_map(Result::ok);
    let kept = folder.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|ending| ending == "json"));
    kept.expect("what is kept").with_extension("projections")
}

fn source(driver: &Driver) -> String {
    driver.value_of("Source of balance.js")
}

fn type_source(driver: &mut Driver, text: &str) {
    driver.type_over_lines("Source of balance.js", text);
}

fn rows(driver: &Driver) -> Vec<String> {
    let rows = driver.window.query_all_by_role(Role::Row).filter_map(|row| row.accesskit_node().label());
    rows.filter(|row| row.starts_with("account-") || row.starts_with("other-")).collect()
}

#[test]
fn a_file_that_is_dropped_is_run_and_is_in_every_chooser() {
    let (mut driver, path) = bank_with(BALANCE);
    driver.assert_shows("balance: 70");
    assert_eq!(rows(&driver), ["account-1, 윤서아, 70", "account-2, Leon, 7"]);
    assert_eq!(fs::read_to_string(&path).expect("there"), BALANCE, "looking changes nothing");
    // Of one stream.
    driver.press_with(Modifiers::COMMAND, Key::Num1);
    driver.assert_hides("balance: 70");
    driver.click("balance.js");
    driver.assert_shows("balance: 70");
    driver.press(Key::D);
    driver.click("Several projections");
    assert!(driver.window.query_by_role_and_label(Role::CheckBox, "balance.js").is_some(), "{}", driver.all_text());
    // Of the whole store.
    driver.press_with(Modifiers::COMMAND, Key::Num2);
    driver.wait_for("balance.js");
    driver.click("balance.js");
    driver.wait_for_part("70");
    // In a window that is opened later.
    let mut driver = driver.reopened("account-1");
    driver.press_with(Modifiers::COMMAND, Key::Num4);
    driver.wait_for("balance: 70");
    // And closed, which leaves the file.
    driver.click("Close balance.js; the file stays");
    driver.assert_shows("No projection of yours yet");
    assert!(path.exists());
    driver.press_with(Modifiers::COMMAND, Key::Num1);
    assert!(!driver.shows("balance.js"), "{}", driver.all_text());
}

#[test]
fn what_is_typed_is_run_at_once_and_kept_in_its_file() {
    let (mut driver, path) = bank_with(BALANCE);
    let other = BALANCE.replace("s.balance -= e", "s.spent = true; s.balance -= 10 * e");
    type_source(&mut driver, &other);
    driver.wait_for("balance: -200");
    driver.assert_shows("spent: true");
    assert_eq!(fs::read_to_string(&path).expect("there"), other);
    driver.wait_for("account-1, 윤서아, -200");
    // The moment stays, and the state is that of the version.
    driver.type_into("Version or time", "1");
    driver.press(Key::Enter);
    driver.wait_for("balance: 100");
    driver.press_with(Modifiers::COMMAND, Key::Num1);
    driver.assert_shows("v1 of 3");
    driver.press_with(Modifiers::COMMAND, Key::Num4);
    driver.assert_shows("balance: 100");
    // What it logged stands beside the event that logged it.
    driver.assert_shows("deposited 100");
    driver.press(Key::ArrowRight);
    driver.assert_hides("deposited 100");
}

#[test]
fn a_source_that_is_wrong_says_where_and_what_ran_before_is_shown() {
    let (mut driver, _) = bank_with(BALANCE);
    type_source(&mut driver, &BALANCE.replace("s.balance += e.data.amount;", "s.balance += ;"));
    driver.wait_for_part("Line 8, column");
    driver.assert_shows("What ran before is shown until this is mended.");
    driver.assert_shows("balance: 70");
    assert!(rows(&driver).contains(&"account-1, 윤서아, 70".to_owned()), "{}", driver.all_text());
    // It says so behind the line, too.
    let behind = driver.window.query_all_by_label_contains("is no JavaScript").count();
    assert!(behind >= 2, "only {behind} times in:\n{}", driver.all_text());
    type_source(&mut driver, BALANCE.trim_end().trim_end_matches("});"));
    driver.wait_for_part("Line 3, column 9: the file ends before this { is closed");
    type_source(&mut driver, &BALANCE.replace("balance -=", "balance *="));
    driver.wait_for("balance: 3,000");
    assert!(!driver.shows_part("no JavaScript"), "{}", driver.all_text());
}

#[test]
fn a_handler_that_fails_is_marked_at_its_line_with_the_event_and_the_way_to_it() {
    let failing = BALANCE.replace("s.balance -= e.data.amount", "s.balance -= e.data.amout.value");
    let (mut driver, _) = bank_with(&failing);
    driver.wait_for_part("Line 12, column");
    driver.assert_shows("1 with an error");
    driver.assert_shows("balance.js, 1 error");
    driver.assert_shows("balance: 100");
    driver.click("account-1 v2 · Withdrawn");
    driver.assert_shows("v2 of 3");
    driver.press(Key::Home);
    driver.assert_shows("v0 of 3");
    // Where it failed stands beside its partition, and leads there.
    driver.click_role(Role::Link, "error v2 · line 12");
    driver.wait_for("v2 of 3");
    driver.click("1 with an error");
    driver.settle();
    assert_eq!(rows(&driver), ["account-1, 윤서아, 100, error v2 · line 12"]);
}

#[test]
fn what_another_program_writes_is_taken_in() {
    let (mut driver, path) = bank_with(BALANCE);
    let theirs = BALANCE.replace("balance: 0", "balance: 1000");
    fs::write(&path, &theirs).expect("written");
    driver.wait_for("balance: 1,070");
    assert_eq!(source(&driver), theirs);
    driver.wait_for("account-2, Leon, 1,007");
    // A file that comes into the store's own folder.
    let own = own_folder(&driver);
    fs::create_dir(&own).expect("made");
    fs::write(own.join("count.js"), COUNT).expect("written");
    driver.wait_for("count.js");
    // It may be gone again.
    fs::remove_file(own.join("count.js")).expect("removed");
    driver.step_until("it is gone", |driver| !driver.shows("count.js"));
}

#[test]
fn a_file_that_is_gone_while_it_is_worked_on_stays_in_the_editor_and_is_written_again_by_typing() {
    let (mut driver, _) = bank_with(BALANCE);
    let own = own_folder(&driver);
    fs::create_dir(&own).expect("made");
    fs::write(own.join("count.js"), COUNT).expect("written");
    driver.open(&own.join("count.js"));
    driver.step_until("it is open", |driver| driver.shows("Source of count.js"));
    fs::remove_file(own.join("count.js")).expect("removed");
    driver.wait_for_part("the file is gone");
    assert_eq!(driver.value_of("Source of count.js"), COUNT);
    assert!(!driver.shows_part("saved"), "{}", driver.all_text());
    let other = COUNT.replace("n: 1", "n: 2");
    driver.type_over_lines("Source of count.js", &other);
    driver
        .step_until("it is there again", |_| fs::read_to_string(own.join("count.js")).is_ok_and(|text| text == other));
    driver.step_until("nobody says otherwise", |driver| !driver.shows_part("the file is gone"));
    // Of one that is too long nothing is known that could be typed over.
    fs::write(own.join("long.js"), " ".repeat(5 << 20)).expect("written");
    driver.wait_for("long.js, unreadable");
    driver.click("long.js, unreadable");
    driver.wait_for_part("this is longer than");
    assert!(!driver.shows_part("saved"), "{}", driver.all_text());
}

#[test]
fn a_file_that_is_newer_than_what_was_known_is_never_written_over_unasked() {
    for (answer, keeps_mine) in [("Keep mine", true), ("Take theirs", false)] {
        let (mut driver, path) = bank_with(BALANCE);
        driver.window.get_by_role_and_label(Role::MultilineTextInput, "Source of balance.js").focus();
        driver.window.run_steps(2);
        let theirs = BALANCE.replace("balance: 0", "balance: 1000");
        fs::write(&path, &theirs).expect("written");
        driver.window.event(egui::Event::Text("// mine\n".to_owned()));
        driver.window.step();
        driver.wait_for_part("Another program changed balance.js while you typed");
        assert_eq!(fs::read_to_string(&path).expect("there"), theirs, "theirs stays");
        assert!(source(&driver).contains("// mine"), "what was typed stays");
        driver.click(answer);
        let there = fs::read_to_string(&path).expect("there");
        assert_eq!(there.contains("// mine"), keeps_mine, "{answer}: {there}");
        assert_eq!(source(&driver), there);
        assert!(!driver.shows_part("Another program"), "{}", driver.all_text());
        driver.wait_for(if keeps_mine { "balance: 70" } else { "balance: 1,070" });
    }
}

#[test]
fn a_handler_without_end_is_ended_with_a_sentence_and_the_window_goes_on() {
    let (mut driver, _) = bank_with(BALANCE);
    type_source(&mut driver, &BALANCE.replace("s.balance -= e.data.amount;", "for (;;) {}"));
    driver.wait_for_part("it ran longer than 250 ms");
    driver.assert_shows("balance: 100");
    driver.press(Key::F6);
    driver.press_with(Modifiers::COMMAND, Key::Num1);
    driver.press(Key::Home);
    driver.assert_shows("v0 of 3");
    driver.press_with(Modifiers::COMMAND, Key::Num4);
    type_source(&mut driver, BALANCE);
    driver.press_with(Modifiers::COMMAND, Key::Num1);
    driver.press(Key::End);
    driver.press_with(Modifiers::COMMAND, Key::Num4);
    driver.wait_for("balance: 70");
}

#[test]
fn one_that_was_given_up_is_run_again_by_a_press() {
    let (mut driver, path) = bank_with(BALANCE);
    let more: Vec<String> = (10..20).map(|number| format!("account-{number}")).collect();
    let more: Vec<_> = more.iter().map(|stream| (stream.as_str(), "Withdrawn", r#"{"amount": 1}"#)).collect();
    record(&path.with_file_name("made.db"), &more);
    type_source(&mut driver, &BALANCE.replace("s.balance -= e.data.amount;", "for (;;) {}"));
    // More never end than are waited for.
    driver.step_until("it is given up", |driver| driver.shows("Run it again") && !driver.shows("Cancel"));
    // Looked at while it runs, and not only when it has.
    driver.window.get_by_label("Run it again").click();
    driver.step_until("it runs", |driver| driver.shows("Cancel"));
    driver.step_until("it has run", |driver| driver.shows("Run it again") && !driver.shows("Cancel"));
    // As if it had just been read: the first is tried, and not passed over.
    let first = rows(&driver).first().cloned().unwrap_or_default();
    assert!(first.contains("error v2") && !first.contains("not run"), "{:?}", rows(&driver));
    // With a source that ends, nothing is to be tried again.
    type_source(&mut driver, BALANCE);
    driver.wait_for("balance: 70");
    driver.step_until("nothing is given up", |driver| !driver.shows("Run it again"));
}

#[test]
fn what_was_not_run_is_counted_apart_and_a_stream_that_is_opened_is_run_for_itself() {
    let (mut driver, path) = bank_with(BALANCE);
    let accounts: Vec<String> = (10..20).map(|number| format!("account-{number}")).collect();
    let mut more: Vec<_> = accounts.iter().map(|stream| (stream.as_str(), "Withdrawn", r#"{"amount": 1}"#)).collect();
    more.push(("account-30", "Deposited", r#"{"amount": 5}"#));
    more.extend([("account-30", "Withdrawn", r#"{"amount": 1}"#); 9]);
    more.push(("account-30", "Deposited", r#"{"amount": 5}"#));
    record(&path.with_file_name("made.db"), &more);
    type_source(&mut driver, &BALANCE.replace("s.balance -= e.data.amount;", "'x'.repeat(80e6);"));
    driver.wait_for("8 with an error, 4 not run");
    driver.assert_shows("balance.js, 8 errors");
    let told = |word: &str| rows(&driver).iter().filter(|row| row.contains(word)).count();
    assert_eq!((told("error v"), told("not run v")), (8, 4), "{:?}", rows(&driver));
    // The store's run says nothing of a stream that is looked at.
    driver.click("account-2, Leon, 7");
    driver.wait_for("balance: 7");
    assert!(!driver.shows_part("is not known"), "{}", driver.all_text());
    driver.type_into("Filter partitions", "account-30");
    driver.step_until("it is found", |driver| rows(driver).len() == 1);
    let last = rows(&driver).into_iter().find(|row| row.starts_with("account-30")).expect("listed");
    driver.click(&last);
    driver.wait_for_part("The state is not known from version 9 on");
    driver.wait_for_part("given up at account-30 v8 (Withdrawn); functions ended by then");
    driver.assert_shows("balance: 5");
    driver.press_with(Modifiers::COMMAND, Key::Num1);
    driver.click("balance.js");
    driver.wait_for_part("The state is not known from version 9 on");
    driver.press(Key::Home);
    driver.assert_shows("v0 of 10");
    assert!(!driver.shows_part("is not known"), "{}", driver.all_text());
}

#[test]
fn one_is_begun_by_its_name_alone_and_runs() {
    let mut driver = bank();
    driver.press_with(Modifiers::COMMAND, Key::Num4);
    driver.assert_shows("No projection of yours yet");
    driver.click("New…");
    driver.type_into("Name of the new projection", "mine");
    driver.press(Key::Enter);
    driver.wait_for_part("events/s");
    driver.assert_shows("events: 4");
    driver.assert_shows("last: Moved");
    assert_eq!(rows(&driver), ["account-1, 윤서아, 4", "account-2, Leon, 2"]);
    driver.click("New…");
    assert_eq!(driver.value_of("Name of the new projection"), "account", "a name is proposed, and typed over");
    driver.type_into("Name of the new projection", "mine.js");
    driver.press(Key::Enter);
    driver.wait_for("There is a projection mine.js already; choose another name");
    // With what the events say.
    driver.type_over("Name of the new projection", "draft");
    driver.click("Draft from account");
    driver.wait_for_part("draft.js");
    let draft = driver.value_of("Source of draft.js");
    assert!(draft.contains("Deposited") && draft.contains("Withdrawn"), "{draft}");
    assert!(!driver.shows_part("1 error"), "{}", driver.all_text());
}

/// The lines that the editor and the card say ran, as they are read aloud.
fn handler_rows(driver: &Driver) -> Vec<String> {
    let rows = driver.window.query_all_by_role(Role::Row).filter_map(|row| row.accesskit_node().label());
    rows.filter(|row| row.starts_with("line ")).collect()
}

#[test]
fn one_slider_leads_through_the_events_and_the_lines_of_their_handlers() {
    let counted = BALANCE.replace("s.balance -= e.data.amount;", "s.balance -= e.data.amount;\n      s.drawn = true;");
    let (mut driver, _) = bank_with(&counted);
    driver.assert_shows("The projection takes no Moved: nothing of it ran here.");
    driver.press(Key::ArrowLeft);
    driver.wait_for_part("the last handler, 2 lines");
    assert_eq!(handler_rows(&driver), ["line 12 balance 100 → 70", "line 13 drawn — → true"]);
    driver.assert_shows("balance: 70");
    driver.assert_shows("drawn: true");
    // The state as of a line: what the lines behind it set is not there yet.
    driver.press(Key::Comma);
    driver.assert_shows("version 2, line 12");
    driver.assert_shows("balance: 70");
    driver.assert_hides("drawn: true");
    // On past its first line to the last line of the event before, and back.
    driver.press(Key::Comma);
    driver.wait_for("version 1, line 9");
    let rows = handler_rows(&driver);
    assert!(rows.ends_with(&["line 8 balance 0 → 100", "line 9 log deposited 100"].map(str::to_owned)), "{rows:?}");
    driver.press(Key::Comma);
    driver.assert_shows("version 1, line 8");
    for version_and_line in ["version 1, line 9", "version 2, line 12", "version 2, line 13"] {
        driver.press(Key::Period);
        driver.wait_for(version_and_line);
    }
    // An event is gone to as a whole.
    driver.press(Key::ArrowLeft);
    driver.wait_for("State at version 1");
    driver.click("line 8 balance 0 → 100");
    driver.assert_shows("version 1, line 8");
    // Elsewhere the keys have nothing to lead through.
    driver.press_with(Modifiers::COMMAND, Key::Num1);
    driver.press(Key::Period);
    driver.assert_shows("v1 of 3");
}

#[test]
fn a_field_that_is_spelled_wrong_is_doubted_and_replaced_by_a_press() {
    let (mut driver, path) = bank_with(&BALANCE.replace("-= e.data.amount", "-= e.data.amout || 0"));
    driver.wait_for_part("No amout in Withdrawn. Did you mean amount?");
    driver.click_first("Replace with amount");
    driver.wait_for("balance: 70");
    let mended = BALANCE.replace("-= e.data.amount", "-= e.data.amount || 0");
    assert_eq!(fs::read_to_string(&path).expect("there"), mended);
    assert!(!driver.shows_part("Did you mean"), "{}", driver.all_text());
}

#[test]
fn partitions_by_a_key_are_streams_like_any_other() {
    let by_type = "fromAll().partitionBy(e => e.eventType).when({
      $any(s, e) {
        return { n: (s.n || 0) + 1, last: e.streamId };
      },
    })";
    let (mut driver, path) = bank_with(by_type);
    // At the event that was looked at, in its partition.
    driver.wait_for("last: account-1");
    driver.assert_shows("v0 of 0");
    driver.click("Deposited, 2");
    driver.wait_for("v1 of 1");
    driver.assert_shows("last: account-2");
    driver.press(Key::ArrowLeft);
    driver.assert_shows("last: account-1");
    driver.wait_for_part("line 3");
    // In the list and the table, too.
    driver.press_with(Modifiers::COMMAND, Key::Num1);
    driver.assert_shows("Partitions of balance.js");
    driver.assert_shows("n: 1");
    assert_eq!(driver.streams().len(), 5, "{:?}", driver.streams());
    // What changed is told of the projection, in the state and in each row of the history.
    let named = driver.window.query_all_by_role_and_label(Role::Button, "last").count();
    assert!(named > 1, "{}", driver.all_text());
    // Nothing is appended to what is no stream of its own.
    let append = driver.window.get_by_role_and_label(Role::Button, "Compensate…");
    assert!(append.accesskit_node().is_disabled(), "{}", driver.all_text());
    driver.press_with(Modifiers::COMMAND, Key::Num2);
    driver.wait_for_part("Withdrawn");
    driver.press_with(Modifiers::COMMAND, Key::Num4);
    // What is typed divides anew; what is recorded is taken in.
    type_source(&mut driver, &by_type.replace("last: e.streamId", "twice: 2 * ((s.n || 0) + 1)"));
    driver.wait_for("twice: 2");
    driver.press(Key::Escape);
    driver.press(Key::End);
    driver.wait_for("twice: 4");
    record(&path.with_file_name("made.db"), &[("account-3", "Deposited", "{}")]);
    driver.wait_for("v1 of 2");
    // And back to the streams, at the same event.
    driver.press_with(Modifiers::COMMAND, Key::Num1);
    driver.click("Back to the streams of the store");
    driver.wait_for("v1 of 1");
    assert!(driver.shows_part("account-2") && !driver.shows("Partitions of balance.js"), "{}", driver.all_text());
}

#[test]
fn two_projections_are_held_against_each_other_over_the_store() {
    let (mut driver, path) = bank_with(BALANCE);
    let other = path.with_file_name("other.js");
    fs::write(&other, BALANCE.replace("balance -=", "balance +=")).expect("written");
    driver.open(&other);
    driver.wait_for("balance: 130");
    driver.press_with(Modifiers::COMMAND, Key::K);
    driver.type_into("Search or run a command", "Compare two");
    driver.press(Key::Enter);
    driver.click_role(Role::Button, "Compare");
    driver.wait_for("1 of 2 partitions differs");
    driver.click("Withdrawn  ·  balance  ·  1 partition, account-1 v2: 70 → 130");
    driver.wait_for("v2 of 3");
}

#[test]
fn partitions_that_share_a_state_have_theirs_at_the_end_of_the_store() {
    let by_type = "options({ biState: true });
    fromAll().partitionBy(e => e.eventType).when({
      $init: () => ({ n: 0 }),
      $initShared: () => ({ all: 0 }),
      $any(s, e) { s[0].n += 1; s[1].all += 1; return s; },
    })";
    let (mut driver, path) = bank_with(by_type);
    driver.assert_shows("5 partitions");
    driver.click_beginning("Deposited, ");
    driver.assert_shows("at the end of the store");
    driver.type_into("Filter partitions", "wITH");
    driver.step_until("only one is left", |driver| !driver.shows_part("Deposited, "));
    assert!(driver.shows_part("Withdrawn, "), "{}", driver.all_text());
    // What is recorded meanwhile is taken in.
    driver.type_over("Filter partitions", "open");
    record(&path.with_file_name("made.db"), &[("account-3", "Opened", "{}")]);
    driver.wait_for_part("8 of 8 events");
}
