//! What pays for its steps, held against the engine as it is: the same calls, answered by both.

use rquickjs::{Context, Ctx, Function, Object, Runtime};

use super::tests::given;
use super::*;

const CASES: &str = include_str!("toll_cases.js");

/// These ask lists and what is looked for more often than the engine, or in another order, and answer the same.
const ASK_OTHERWISE: [&str; 5] = ["concat", "flat", "includes", "sort", "toSorted"];

/// What each group comes to in the engine without anything around it.
fn of_the_engine() -> Vec<Vec<String>> {
    let runtime = Runtime::new().expect("a runtime");
    let context = Context::full(&runtime).expect("a context");
    context.with(|ctx: Ctx<'_>| {
        let told = "({ groups, outcomes: (group) => outcomes(group).map((of) => of.toWellFormed()) })";
        let told: Object<'_> = ctx.eval(format!("{CASES}; {told}")).expect("the cases");
        let outcomes: Function<'_> = told.get("outcomes").expect("a function");
        let groups: usize = told.get("groups").expect("a number");
        (0..groups).map(|group| outcomes.call((group,)).expect("answered")).collect()
    })
}

fn of_ours(groups: usize) -> Vec<Vec<String>> {
    let source =
        format!("{CASES}; fromAll().when({{ x(s, e) {{ return outcomes(e.body).map((of) => of.toWellFormed()) }} }})");
    let running = Script::read("p.js", &source).expect("a projection").run().expect("at work");
    let answered = |group: usize| {
        running.init().expect("a first state");
        running.handle(&given("a", 0, "x", &group.to_string()), "").expect("handled");
        let told = running.state().expect("a state").expect("something");
        serde_json::from_str(&told).expect("a list of texts")
    };
    (0..groups).map(answered).collect()
}

#[test]
fn what_is_replaced_answers_as_the_engine_does() {
    let engine = of_the_engine();
    let ours = of_ours(engine.len());
    let (mut cases, mut differing) = (0, Vec::new());
    for (expected, answered) in engine.iter().flatten().zip(ours.iter().flatten()) {
        cases += 1;
        let asks_otherwise = ASK_OTHERWISE.iter().any(|name| expected.starts_with(&format!("{name} ")));
        let part = |told: &str| {
            let (came, asked) = told.split_once(" telling ").unwrap_or((told, ""));
            let left = asked.rsplit_once("leaving ").map_or("", |(_, left)| left);
            if asks_otherwise { format!("{came} {left}") } else { told.to_owned() }
        };
        if part(expected) != part(answered) {
            differing.push(format!("- {expected}\n+ {answered}"));
        }
    }
    assert!(cases > 50_000, "{cases}");
    assert_eq!(engine.iter().map(Vec::len).collect::<Vec<_>>(), ours.iter().map(Vec::len).collect::<Vec<_>>());
    assert!(
        differing.is_empty(),
        "{} of {cases}:\n{}",
        differing.len(),
        differing[..differing.len().min(20)].join("\n")
    );
}
