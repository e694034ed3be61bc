//! Evidence of a stream, and its check without the store.

use std::fs;

use foldline::engine::{EvidenceOf, EvidenceWish, Moment, gather_evidence};
use foldline::event::Timestamp;
use foldline::evidence::{Form, check, write};
use foldline::locale::Language;
use foldline::proof::{Hash, Note, SigningKey};
use foldline::store::{self, Flow};
use serde_json::Value;

use crate::sandbox::{Ran, Sandbox};

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

fn with_evidence(file: &str) -> Sandbox {
    let sandbox = Sandbox::with_seed();
    sandbox.run(&["evidence", "a.db", "lead-1", "--at", "5", "--to", file]).ok();
    sandbox
}

fn verify(sandbox: &Sandbox, file: &str, more: &[&str]) -> (i32, Value) {
    let ran = sandbox.run(&[&["verify-evidence", file, "--format", "json"], more].concat());
    (ran.code, json(&ran))
}

fn kinds(found: &Value) -> Vec<&str> {
    found["findings"].as_array().expect("a list").iter().filter_map(|finding| finding["kind"].as_str()).collect()
}

#[test]
fn evidence_is_checked_without_its_store() {
    let sandbox = Sandbox::with_seed();
    for file in ["e.html", "e.pdf"] {
        let made = json(&sandbox.run(&["evidence", "a.db", "lead-1", "--to", file, "--format", "json"]));
        assert_eq!((&made["file"], &made["events"], &made["signed"]), (&file.into(), &7.into(), &true.into()));
        let sealed = json(&sandbox.run(&["seal", "a.db", "--to", "a.seal", "--force", "--format", "json"]));
        assert_eq!(made["root"], sealed["root"]);
    }
    fs::remove_file(sandbox.path("a.db")).expect("the store goes");
    for file in ["e.html", "e.pdf"] {
        let (code, found) = verify(&sandbox, file, &["--checkpoint", "a.seal"]);
        assert_eq!((code, &found["ok"], kinds(&found)), (0, &true.into(), vec![]), "{file}: {found}");
        assert_eq!(found["events"], 7);
    }
}

#[test]
fn a_page_says_who_set_what_and_what_is_left_out() {
    let sandbox = with_evidence("e.html");
    let page = sandbox.read("e.html");
    for said in [
        "<h1>lead-1 at version 5</h1>",
        "<td>aaa</td>",
        "contact-details-updated",
        "2025-01-01 01:00:03.010",
        "1 later events are not on these pages",
        "default-src 'none'",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("payment-confirmed") && !page.contains("<script"), "{page}");
    sandbox.run(&["evidence", "a.db", "lead-1", "--to", "ko.html", "--language", "ko"]).ok();
    let page = sandbox.read("ko.html");
    for said in ["<html lang=\"ko\">", "<h2>이력</h2>", "결제 기한 (payment-deadline)", "설정한 이벤트"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert_eq!(verify(&sandbox, "ko.html", &[]).0, 0);
}

/// Of every nineteenth byte of a page, of a thinner sample of a PDF, most of which is its font, and of the whole end of each.
#[test]
fn a_file_with_any_byte_changed_is_refused() {
    let key = SigningKey::from_secret([9; 32]).expect("a key").0;
    let sandbox = Sandbox::with_seed();
    let store = store::open(&sandbox.path("a.db").into()).expect("the store");
    let wish = EvidenceWish {
        of: EvidenceOf::Stream { stream: "lead-1".into(), at: Moment::Latest },
        language: Language::English,
        store: "a.db".to_owned(),
        since: None,
        notes: Vec::new(),
    };
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    let document = gather_evidence(store.as_ref(), wish, at, &key, &mut |_| Flow::Continue(())).expect("evidence");
    for (form, step) in [(Form::Html, 19), (Form::Pdf, 127)] {
        let whole = write(&document, form, &key);
        assert_eq!(check(&whole, None).expect("ours").findings, [], "{form:?}");
        let tail = whole.len() - 300;
        for place in (0..whole.len()).filter(|place| place % step == 0 || *place > tail) {
            let mut flipped = whole.clone();
            flipped[place] ^= 1 << (place % 8);
            let is_refused = check(&flipped, None).map_or(true, |found| !found.findings.is_empty());
            assert!(is_refused, "byte {place} of {} of {form:?}", whole.len());
        }
        for cut in [1, 100, whole.len() / 2] {
            let found = check(&whole[..whole.len() - cut], None);
            assert!(found.map_or(true, |found| !found.findings.is_empty()), "without {cut}");
        }
        let longer = [&*whole, b"\n"].concat();
        assert!(!check(&longer, None).expect("ours").findings.is_empty());
    }
}

#[test]
fn what_was_edited_is_named() {
    let sandbox = with_evidence("e.html");
    let page = sandbox.read("e.html");
    sandbox.write("shown.html", page.replacen("<td>aaa</td>", "<td>zzz</td>", 1));
    let (code, found) = verify(&sandbox, "shown.html", &[]);
    assert_eq!((code, kinds(&found)), (1, vec!["edited", "pages-differ"]));
    let data = page.replacen("\\&quot;name\\&quot;:\\&quot;aaa", "\\&quot;name\\&quot;:\\&quot;zzz", 1);
    assert_ne!(data, page);
    sandbox.write("data.html", data);
    let (code, found) = verify(&sandbox, "data.html", &[]);
    assert_eq!((code, kinds(&found)), (1, vec!["edited", "event-changed", "not-in-tree", "pages-differ"]));
    let changed = &found["findings"][1];
    assert_eq!((&changed["stream"], &changed["version"]), (&"lead-1".into(), &3.into()), "{found}");
    let end = page.find("<!--\nfoldline").expect("a signature");
    sandbox.write("unsigned.html", &page[..end]);
    let (code, found) = verify(&sandbox, "unsigned.html", &[]);
    assert_eq!((code, kinds(&found)), (1, vec!["signature-missing"]));
}

#[test]
fn pages_that_were_drawn_otherwise_and_signed_anew_are_refused() {
    let sandbox = with_evidence("e.html");
    let page = sandbox.read("e.html");
    let end = page.find("<!--\nfoldline").expect("a signature");
    // Whoever has the key signs what they like: the pages are still held against the data.
    let lied = page[..end].replacen("<td>aaa</td>", "<td>zzz</td>", 1);
    let pem = sandbox.read(".config/foldline/signing-key.pem");
    let key = SigningKey::parse(&pem).expect("the key");
    let data = lied.find("<pre>").expect("data") + 5..lied.find("</pre>").expect("data");
    let hash = Hash::of(lied.as_bytes());
    let text = format!("foldline/evidence\n{} {hash}\n{} {}\nkey {}\n", lied.len(), data.start, data.end, key.public());
    let note = Note::sign(text, "foldline/evidence", &key).write();
    sandbox.write("lied.html", format!("{lied}<!--\n{note}-->\n"));
    let (code, found) = verify(&sandbox, "lied.html", &[]);
    assert_eq!((code, kinds(&found)), (1, vec!["pages-differ"]), "{found}");
}

#[test]
fn evidence_is_held_against_a_seal_and_shows_growth_from_an_earlier_one() {
    let sandbox = Sandbox::with_seed();
    sandbox.run(&["seal", "a.db", "--to", "early.seal"]).ok();
    let append = |store: &str| {
        let payload = "{\"name\":\"bee\",\"phone\":\"1\"}";
        let more = ["--payload", payload, "--expect", "any", "--actor", "kim", "--reason", "test"];
        sandbox.run(&[&["append", store, "lead-2", "--type", "lead-initialized"], &more[..]].concat()).ok();
    };
    append("a.db");
    sandbox.run(&["evidence", "a.db", "lead-1", "--to", "plain.html"]).ok();
    sandbox.run(&["evidence", "a.db", "lead-1", "--to", "since.html", "--since", "early.seal"]).ok();
    let (code, found) = verify(&sandbox, "plain.html", &["--checkpoint", "early.seal"]);
    assert_eq!((code, kinds(&found)), (1, vec!["not-compared"]));
    assert_eq!(verify(&sandbox, "since.html", &["--checkpoint", "early.seal"]).0, 0);
    // Another history, also one that begins alike.
    sandbox.run(&["import", "lead-1.json", "--into", "b.db"]).ok();
    append("b.db");
    sandbox.run(&["seal", "b.db", "--to", "b.seal"]).ok();
    let (code, found) = verify(&sandbox, "plain.html", &["--checkpoint", "b.seal"]);
    assert_eq!((code, kinds(&found)), (1, vec!["other-root"]), "{found}");
    let refused = sandbox.run(&["evidence", "b.db", "lead-1", "--to", "no.html", "--since", "b.seal"]);
    assert_eq!(refused.code, 0);
    let refused = sandbox.run(&["evidence", "a.db", "lead-1", "--to", "no.html", "--force", "--since", "b.seal"]);
    assert!(refused.code == 2 && refused.err.contains("not the sealed one grown"), "{refused:?}");
}

#[test]
fn evidence_of_a_search_holds_what_was_found_in_all_streams() {
    let sandbox = Sandbox::with_seed();
    let made = sandbox.run(&["evidence", "a.db", "--containing", "contacted", "--to", "e.pdf", "--format", "json"]);
    assert_eq!(json(&made)["events"], 2);
    assert_eq!(verify(&sandbox, "e.pdf", &[]).0, 0);
    let none = sandbox.run(&["evidence", "a.db", "--containing", "nowhere at all", "--to", "n.html"]);
    assert!(none.code == 2 && none.err.contains("no event has") && !sandbox.path("n.html").exists(), "{none:?}");
}

#[test]
fn hostile_values_stay_text_on_the_page() {
    let sandbox = Sandbox::empty();
    let name = "<script>alert(1)</script>&\\\"'\\u202e\\u0000</pre><!--\\n한글 😀";
    let line = format!(
        "{{\"stream\":\"lead-1\",\"version\":0,\"type\":\"lead-initialized\",\"payload\":{{\"name\":\"{name}\",\"phone\":\"1\"}},\"recorded_at\":\"2025-01-01T01:00:01Z\"}}\n"
    );
    sandbox.write("odd.jsonl", line);
    sandbox.run(&["import", "odd.jsonl", "--into", "odd.db"]).ok();
    for file in ["e.html", "e.pdf"] {
        sandbox.run(&["evidence", "odd.db", "lead-1", "--to", file]).ok();
        let (code, found) = verify(&sandbox, file, &[]);
        assert_eq!((code, kinds(&found)), (0, vec![]), "{file}");
    }
    let page = sandbox.read("e.html");
    assert!(!page.contains("<script") && page.matches("<pre>").count() == 1 && page.contains("\\u{202e}"), "{page}");
}

#[test]
fn what_cannot_be_evidence_is_refused_in_a_sentence() {
    let sandbox = with_evidence("e.html");
    sandbox.write("no.html", "<p>hello</p>");
    sandbox.write("no.pdf", "%PDF-1.7\n%%EOF\n");
    for (arguments, said) in [
        (&["verify-evidence", "no.html"][..], "no evidence that Foldline made"),
        (&["verify-evidence", "no.pdf"], "no evidence that Foldline made"),
        (&["verify-evidence", "a.db"], "no evidence that Foldline made"),
        (&["verify-evidence", "nowhere.html"], "no such file"),
        (&["verify-evidence", "."], "this is a folder"),
        (&["verify-evidence", "e.html", "--checkpoint", "no.html"], "no seal"),
        (&["evidence", "a.db", "lead-1", "--to", "e.txt"], ".html or .pdf"),
        (&["evidence", "a.db", "lead-1", "--to", "e.html"], "there already"),
        (&["evidence", "a.db", "lead-7", "--to", "new.html"], "there is no stream lead-7"),
        (&["evidence", "a.db", "lead-1", "--at", "99", "--to", "new.html"], "there is no version 99"),
        (&["evidence", "a.db", "lead-1", "--to", "no/where/e.html"], "no such folder"),
        (&["evidence", "a.db", "lead-1", "--to", "a.db"], "this is the store"),
    ] {
        let ran = sandbox.run(arguments);
        assert!(ran.code == 2 && ran.err.contains(said), "{arguments:?}: {ran:?}");
        assert_eq!(ran.err.trim_end().lines().count(), 1, "{arguments:?}: {ran:?}");
    }
    assert!(!sandbox.path("new.html").exists());
}

#[test]
fn no_letter_in_a_page_hides_or_turns_others_around_and_it_is_checked_all_the_same() {
    let sandbox = Sandbox::empty();
    let event =
        serde_json::json!({"stream": "thing-1", "type": "said", "payload": {"text": "a\u{202e}b\u{200b}c\u{e0041}"}});
    sandbox.write("a.jsonl", format!("{event}\n"));
    sandbox.run(&["import", "a.jsonl", "--into", "a.db"]).ok();
    for file in ["e.html", "e.pdf"] {
        sandbox.run(&["evidence", "a.db", "thing-1", "--to", file]).ok();
        assert_eq!(verify(&sandbox, file, &[]).0, 0, "{file}");
    }
    let page = sandbox.read("e.html");
    assert!(!page.contains(['\u{202e}', '\u{200b}', '\u{e0041}']), "{page}");
    assert!(page.contains(r"\u202e") && page.contains(r"\udb40\udc41"), "{page}");
}

#[test]
fn messages_of_a_ticket_are_told_as_people_read_them() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["sample", "a.db", "--streams", "20", "--events", "200"]).ok();
    let streams =
        sandbox.run(&["streams", "a.db", "--category", "ticket", "--limit", "1", "--format", "json"]).ok().json();
    let stream = streams[0]["stream"].as_str().expect("a ticket");
    sandbox.run(&["evidence", "a.db", stream, "--to", "e.html"]).ok();
    let page = sandbox.read("e.html");
    let (shown, _) = page.split_once("<details>").expect("pages and data");
    assert!(shown.contains("messages[0].body"), "{shown}");
    assert!(!shown.contains("{&quot;"), "{shown}");
}
