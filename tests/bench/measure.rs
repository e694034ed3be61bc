//! Times, medians and the table.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

/// Seconds that one run takes.
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> f64 {
    let began = Instant::now();
    black_box(work());
    began.elapsed().as_secs_f64()
}

pub(crate) fn repeat(times: usize, mut sample: impl FnMut() -> f64) -> Vec<f64> {
    (0..times).map(|_| sample()).collect()
}

/// In microseconds.
pub(crate) fn percentile(samples: &[f64], percent: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = ((sorted.len() - 1) as f64 * percent / 100.0).round() as usize;
    sorted[rank] * 1e6
}

/// The median, in microseconds.
pub(crate) fn micros(samples: &[f64]) -> f64 {
    percentile(samples, 50.0)
}

/// The most memory this process ever held; nought where the system does not tell.
pub(crate) fn peak_memory_mib() -> f64 {
    peak_memory_of(Path::new("/proc/self/status"))
}

/// What it holds now.
pub(crate) fn memory_now_mib() -> f64 {
    memory_in(Path::new("/proc/self/status"), "VmRSS:")
}

/// What another process holds now, by the file in which the system says it.
pub(crate) fn memory_of(status: &Path) -> f64 {
    memory_in(status, "VmRSS:")
}

/// The processor time that another process has taken so far, in seconds, by the file in which the system says it.
pub(crate) fn processor_of(stat: &Path) -> f64 {
    /// What the system counts in, whatever the machine: hundredths of a second.
    const A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string(stat).unwrap_or_default();
    // The second field is the program's name, which may hold anything.
    let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
    let ticks = |at: usize| fields.split_whitespace().nth(at).and_then(|count| count.parse::<f64>().ok());
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / A_SECOND
}

/// The most that it ever held.
pub(crate) fn peak_memory_of(status: &Path) -> f64 {
    memory_in(status, "VmHWM:")
}

fn memory_in(status: &Path, name: &str) -> f64 {
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.trim().parse().ok());
    kib.unwrap_or(0.0) / 1024.0
}

#[derive(Debug)]
pub(crate) struct Row {
    what: String,
    against: &'static str,
    measured: f64,
    limit: f64,
    unit: &'static str,
    highest_ratio: Option<f64>,
    highest: Option<f64>,
    peak_memory_mib: f64,
}

impl Row {
    pub(crate) fn new(what: &str, against: &'static str, measured: f64, limit: f64, unit: &'static str) -> Self {
        let what = what.to_owned();
        let peak_memory_mib = peak_memory_mib();
        Self { what, against, measured, limit, unit, highest_ratio: None, highest: None, peak_memory_mib }
    }

    /// The ratio that must not be passed.
    pub(crate) fn bar(self, highest_ratio: f64) -> Self {
        Self { highest_ratio: Some(highest_ratio), ..self }
    }

    /// The measured value that must not be passed.
    pub(crate) fn at_most(self, highest: f64) -> Self {
        Self { highest: Some(highest), ..self }
    }

    fn ratio(&self) -> f64 {
        self.measured / self.limit
    }

    fn verdict(&self) -> String {
        let missed = [(self.highest_ratio, self.ratio()), (self.highest, self.measured)]
            .into_iter()
            .find_map(|(bar, value)| bar.filter(|bar| value > *bar).map(|bar| value / bar));
        match (missed, self.highest_ratio.is_some() || self.highest.is_some()) {
            (Some(by), _) => format!("missed by {:.0} %", (by - 1.0) * 100.0),
            (None, true) => "holds".to_owned(),
            (None, false) => String::new(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Table {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// The rows whose bar was missed.
    pub(crate) fn missed(&self) -> Vec<&str> {
        self.rows.iter().filter(|row| row.verdict().starts_with("missed")).map(|row| row.what.as_str()).collect()
    }

    /// With what is said of each bar, where the build is one that can be judged.
    pub(crate) fn print(&self, judges: bool) {
        println!(
            "{:<48} {:>12} {:>14}  {:<36} {:>9} {:>7}  {:<14} {:>9}",
            "what", "measured", "limit", "limit is", "ratio", "bar", "", "peak MiB"
        );
        for row in &self.rows {
            let bar = row.highest_ratio.map(|bar| bar.to_string()).unwrap_or_default();
            println!(
                "{:<48} {:>9.3} {} {:>11.3} {}  {:<36} {:>9.4} {:>7}  {:<14} {:>9.0}",
                row.what,
                row.measured,
                row.unit,
                row.limit,
                row.unit,
                row.against,
                row.ratio(),
                bar,
                if judges { row.verdict() } else { String::new() },
                row.peak_memory_mib
            );
        }
        for note in &self.notes {
            println!("{note}");
        }
    }

    pub(crate) fn write_json(&self, path: &Path) {
        let rows: Vec<serde_json::Value> = self
            .rows
            .iter()
            .map(|row| {
                serde_json::json!({
                    "what": row.what,
                    "measured": row.measured,
                    "limit": row.limit,
                    "unit": row.unit,
                    "limit_is": row.against,
                    "ratio": row.ratio(),
                    "highest_ratio": row.highest_ratio,
                    "highest": row.highest,
                    "holds": !row.verdict().starts_with("missed"),
                    "peak_memory_mib": row.peak_memory_mib,
                })
            })
            .collect();
        let text = serde_json::json!({"rows": rows, "notes": self.notes}).to_string();
        // What is built may lie elsewhere.
        path.parent().map(std::fs::create_dir_all).transpose().expect("a folder");
        std::fs::write(path, text).expect("the table as JSON");
        println!("written to {}", path.display());
    }
}
