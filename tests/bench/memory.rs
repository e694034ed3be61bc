//! What the program itself takes for one command: the most memory that it ever holds, and the time.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::measure::{Row, Table, peak_memory_of};
use crate::stores::Stores;

const MIB: f64 = 1_048_576.0;

/// How often the size of a running command is looked at. The system keeps the highest for as long as it runs.
const BEAT: Duration = Duration::from_millis(1);

struct Ran {
    secs: f64,
    peak_mib: f64,
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_foldline"))
}

/// Runs to the end; what is printed is read by nobody.
fn run(command: &mut Command) -> Ran {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("run");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak_mib: f64 = 0.0;
    let ended = loop {
        peak_mib = peak_mib.max(peak_memory_of(&status));
        if let Some(ended) = child.try_wait().expect("waited") {
            break ended;
        }
        std::thread::sleep(BEAT);
    };
    assert!(ended.success(), "{command:?}: {ended}");
    Ran { secs: began.elapsed().as_secs_f64(), peak_mib }
}

/// A store of one order, with an event for each payload.
fn order(folder: &Path, name: &str, payloads: &[String]) -> PathBuf {
    let mut lines = String::new();
    for (version, payload) in payloads.iter().enumerate() {
        let _ = writeln!(
            lines,
            r#"{{"stream":"order-1","version":{version},"type":"placed","payload":{payload},"recorded_at":"2025-01-01T00:00:00Z","metadata":{{"actor":"kim"}}}}"#
        );
    }
    let (file, store) = (folder.join(format!("{name}.jsonl")), folder.join(format!("{name}.db")));
    std::fs::write(&file, lines).expect("a file");
    run(program().arg("import").arg(&file).arg("--into").arg(&store));
    store
}

/// An event with a payload of so many fields. What each is set to tells the events apart.
fn wide(fields: usize, digits: usize, event: usize) -> String {
    let fields: Vec<String> = (0..fields).map(|n| format!("\"field-{n}\":\"{event}{n:0digits$}\"")).collect();
    format!("{{{}}}", fields.join(","))
}

/// Events that set many fields: what it takes to say of each what it was, what it is and who set it.
pub(crate) fn wide_events(table: &mut Table, stores: &Stores) {
    const FIELDS: usize = 16_000;
    // Without optimisation only whether it runs is asked.
    const MANY_FIELDS: usize = if cfg!(debug_assertions) { 20_000 } else { 600_000 };
    let payload = wide(FIELDS, 59, 1);
    let size = payload.len() as f64 / MIB;
    let store = order(stores.folder(), "wide", &["{}".to_owned(), payload]);
    for (what, arguments) in [("diff", &["--from", "0", "--to", "1"][..]), ("blame", &[])] {
        let ran = run(program().arg(what).arg(&store).arg("order-1").args(arguments).args(["--format", "json"]));
        let what = format!("peak memory of {what}, {FIELDS} fields of one event");
        table.add(Row::new(&what, "the payload", ran.peak_mib, size, "MiB").at_most(128.0));
    }

    let payloads = [wide(MANY_FIELDS, 6, 1), wide(MANY_FIELDS, 6, 2)];
    let size = payloads.iter().map(String::len).sum::<usize>() as f64 / MIB;
    let store = order(stores.folder(), "wider", &payloads);
    let about = |what: &str| {
        let mut command = program();
        command.arg(what).arg(&store).arg("order-1");
        command
    };
    let shown = run(about("show").args(["--format", "json"]));
    let ran = run(about("diff").args(["--from", "0", "--to", "1", "--format", "json"]));
    let what = format!("diff of {MANY_FIELDS} changed fields");
    table.add(Row::new(&what, "showing the state of the later", ran.secs, shown.secs, "s").bar(5.0));
    let what = format!("peak memory of diff, {MANY_FIELDS} changed fields");
    table.add(Row::new(&what, "both payloads", ran.peak_mib, size, "MiB").at_most(600.0));
}

/// What the program takes besides what its answer takes: its code, threads, what is being decoded, a database's pages.
const OWN_MIB: f64 = 64.0;

/// Ten million events take no more, and fewer their part of it.
const WHOLE_MIB: f64 = 768.0;
const WHOLE_EVENTS: f64 = 1e7;

/// Every stream of the store as it stands, printed; then the same with a third of the memory, which most of the states have
/// no room in.
pub(crate) fn projected(table: &mut Table, stores: &Stores) {
    let project = |memory: Option<f64>| {
        let mut command = program();
        command.arg("project").arg(stores.sample()).args(["--projection", "state"]);
        command.args(memory.map(|mebibytes| format!("--memory={mebibytes:.0}")));
        run(&mut command)
    };
    let part = (WHOLE_MIB - OWN_MIB) * stores.events() as f64 / WHOLE_EVENTS;
    let whole = project(None);
    let what = "peak memory of project, every stream";
    table.add(Row::new(what, "768 MiB of ten million events", whole.peak_mib, OWN_MIB + part, "MiB").bar(1.0));
    // Numbers of a stream and its name stay in memory.
    let allowed = (part / 3.0).ceil();
    let little = project(Some(allowed));
    let what = format!("the same within --memory {allowed:.0}");
    let row = Row::new(&what, "that, and what is the program's own", little.peak_mib, allowed + OWN_MIB, "MiB");
    table.add(row.bar(1.0));
    table.add(Row::new("project with states in a file", "with all in memory", little.secs, whole.secs, "s"));
}

/// What goes through every event of a store keeps a few numbers a stream, and nothing of the events.
pub(crate) fn commands(table: &mut Table, stores: &Stores) {
    let (sample, to) = (stores.sample(), stores.folder().join("exported.jsonl"));
    let size = std::fs::metadata(sample).expect("the sample").len() as f64 / MIB;
    let verify = run(program().arg("verify").arg(sample));
    table.add(Row::new("peak memory of verify", "the store", verify.peak_mib, size, "MiB").bar(0.5));
    let export = run(program().arg("export").arg(sample).arg("--to").arg(&to));
    table.add(Row::new("peak memory of export", "the store", export.peak_mib, size, "MiB").at_most(64.0));
    std::fs::remove_file(to).expect("removed");
}
