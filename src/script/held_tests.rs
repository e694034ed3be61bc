//! What a tree is said to take in memory is what the allocator gave for it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use super::put::Put;
use super::tree::Part;
use crate::event::allocated;

/// Counts what each thread was given and has not given back.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn note(given: usize, back: usize) {
    // Where the thread is ending, nobody asks any more.
    let _ = HELD.try_with(|held| held.set(held.get() + allocated(given) as isize - back as isize));
}

#[allow(unsafe_code, reason = "only so is it told what is given; each piece is one of the system's own")]
// SAFETY: each call is handed on as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        let _ = HELD.try_with(|held| held.set(held.get() - allocated(layout.size()) as isize));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(piece, layout) }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size, allocated(layout.size()));
        // SAFETY: the caller's promise.
        unsafe { System.realloc(piece, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The tree of what is made, with what the allocator gave for it.
fn weighed(make: impl FnOnce() -> Part) -> (Part, usize) {
    let before = HELD.get();
    let part = make();
    let given = HELD.get() - before;
    (part, usize::try_from(given).expect("it holds something"))
}

#[track_caller]
fn assert_weighs(what: &str, make: impl FnOnce() -> Part) {
    let (part, given) = weighed(make);
    let told = part.held();
    eprintln!("{what}: told {told}, given {given}: {:.2}", told as f64 / given as f64);
    assert!(told * 2 <= given * 3 && given * 2 <= told * 3, "{what}: told {told}, given {given}");
}

fn read(text: &str) -> Part {
    Part::read(text).expect("JSON")
}

/// As many, each by its number.
fn joined(count: usize, each: impl Fn(usize) -> String) -> String {
    (0..count).map(each).collect::<Vec<String>>().join(",")
}

#[test]
fn a_tree_takes_what_it_is_said_to_take() {
    for count in [3, 30, 33, 64, 65, 200, 1_000, 5_000, 20_000] {
        assert_weighs(&format!("{count} digits"), || read(&format!("[{}]", joined(count, |_| "1".to_owned()))));
        assert_weighs(&format!("{count} fields"), || {
            read(&format!("{{{}}}", joined(count, |number| format!("\"field-{number}\":{number}"))))
        });
    }
    let texts = joined(200, |number| format!("\"{}\"", "text".repeat(number)));
    assert_weighs("texts", || read(&format!("[{texts}]")));
    let orders = joined(500, |number| format!("{{\"order\":\"o-{number}\",\"total\":{number},\"paid\":null}}"));
    assert_weighs("small objects", || read(&format!("{{\"orders\":[{orders}]}}")));
    let lists = joined(500, |number| format!("[{number},[true,[]],{{}}]"));
    assert_weighs("lists within lists", || read(&format!("[{lists}]")));
}

#[test]
fn one_that_grows_and_shrinks_takes_what_it_is_said_to_take() {
    let after = |part: &Part, told: &str| part.after(Put::read(told).expect("changes"));
    assert_weighs("a list that grows", || {
        (0..3_000).fold(read("{\"l\":[]}"), |part, at| after(&part, &format!("[[[\"l\",\"{at}\"],{at}]]")))
    });
    assert_weighs("an object that grows", || {
        (0..3_000).fold(read("{\"o\":{}}"), |part, at| after(&part, &format!("[[[\"o\",\"k{at}\"],{at}]]")))
    });
    assert_weighs("one that is cut", || {
        let long = read(&format!("{{\"l\":[{}]}}", joined(3_000, |number| number.to_string())));
        after(&long, "[[[\"l\",\"length\"],1000]]")
    });
    // As it is read anew.
    let grown = (0..100).fold(read("{}"), |part, at| after(&part, &format!("[[[\"k{at}\"],[{at}]]]")));
    let shrunk = (0..40).fold(grown, |part, at| after(&part, &format!("[[[\"k{at}\"]]]")));
    let again = read(&shrunk.to_text());
    assert_eq!(shrunk.held(), again.held());
}
