//! A tree after changes is the state that JavaScript has after them.

use serde_json::Value;

use super::put::Put;
use super::tree::Part;
use crate::projection::report_value_changes;

fn puts(told: &str) -> Vec<Put> {
    Put::read(told).expect("changes")
}

fn changed(before: &Value, told: &str) -> Value {
    let tree = Part::of(before.clone());
    assert_eq!(&tree.to_value(), before);
    assert_eq!(tree.bytes(), before.to_string().len(), "{before}");
    let after = tree.after(puts(told));
    let value = after.to_value();
    assert_eq!(after.to_text(), value.to_string());
    assert_eq!(after.bytes(), value.to_string().len(), "{value}");
    let (mut by_tree, mut by_value) = (Vec::new(), Vec::new());
    tree.report_changes("", &after, &mut |path| by_tree.push(path.to_owned()));
    report_value_changes("", before, &value, &mut |path| by_value.push(path.to_owned()));
    by_tree.sort();
    by_value.sort();
    assert_eq!(by_tree, by_value, "{told}");
    value
}

#[test]
fn what_is_put_into_a_tree_stands_where_it_would_in_javascript() {
    let value = |text: &str| -> Value { serde_json::from_str(text).expect("JSON") };
    let before = value(r#"{"a":1,"list":[1,{"x":"\n\u0001é"}],"of":{}}"#);
    for (told, after) in [
        (r#"[[["a"],2]]"#, r#"{"a":2,"list":[1,{"x":"\n\u0001é"}],"of":{}}"#),
        (r#"[[["a"]]]"#, r#"{"list":[1,{"x":"\n\u0001é"}],"of":{}}"#),
        (r#"[[["7"],null],[["b"],[]]]"#, r#"{"7":null,"a":1,"list":[1,{"x":"\n\u0001é"}],"of":{},"b":[]}"#),
        (r#"[[["list","2"],3],[["list","1","x"],true]]"#, r#"{"a":1,"list":[1,{"x":true},3],"of":{}}"#),
        (r#"[[["list","length"],1],[["of","n"],-0.5e3]]"#, r#"{"a":1,"list":[1],"of":{"n":-0.5e3}}"#),
        (r#"[[["list","9"],3],[["gone","x"],3],[["a","x"],1],[["b"]]]"#, &before.to_string()),
    ] {
        assert_eq!(changed(&before, told).to_string(), value(after).to_string(), "{told}");
    }
}

#[test]
fn large_objects_and_lists_grow_and_shrink_as_small_ones() {
    let mut state = value_of(0);
    for step in 0..200 {
        let told = format!(
            r#"[[["o","k{}"],{step}],[["l","{}"],"t{step}"],[["o","k{}"]],[["o","{}"],{{"n":{step}}}]]"#,
            step % 90,
            step.min(state["l"].as_array().map_or(0, Vec::len)),
            (step * 7) % 90,
            step % 40
        );
        state = changed(&state, &told);
    }
    assert!(state["l"].as_array().is_some_and(|list| list.len() == 200));
    let shorter = changed(&state, r#"[[["l","length"],3],[["o","k1"]],[["o"],{}]]"#);
    assert_eq!(shorter.to_string(), r#"{"o":{},"l":["t0","t1","t2"]}"#);
}

fn value_of(items: usize) -> Value {
    serde_json::json!({ "o": {}, "l": vec![1; items] })
}
