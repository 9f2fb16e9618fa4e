//! One table per layer: what was just measured, with the ratio to the limit beside each figure.

use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, io};

use criterion::Criterion;
use serde::Deserialize;

/// The benchmarks of one layer of the workspace.
pub struct Benchmarks {
    /// What the table is called.
    pub name: &'static str,
    /// What is counted: "MAC", "sample", …
    pub unit: &'static str,
    /// Whether they run on a thread of the threads' pool, as a user of many threads would have them; training
    /// enters it by itself.
    pub in_pool: bool,
    /// Runs the benchmarks.
    pub run: fn(&mut Criterion),
}

/// Runs the benchmarks of a layer and prints their table. For the `main` of a benchmark; nothing is
/// printed where benchmarks are only tested or listed.
pub fn measure(layer: &Benchmarks) {
    let begin = SystemTime::now();
    let run = || {
        let mut criterion = Criterion::default().configure_from_args();
        (layer.run)(&mut criterion);
        criterion.final_summary();
    };
    if layer.in_pool {
        rayon::scope(|_| run());
    } else {
        run();
    }
    match read(&results_folder(), begin) {
        Ok(rows) if rows.is_empty() => {}
        Ok(rows) => print(&Table { layer, rows }.to_string()),
        Err(error) => print(&format!("no table: {error}")),
    }
}

/// Name of what stands for the limit of other benchmarks of its group and size.
pub const LIMIT: &str = "limit: ";

/// What was measured.
struct Row {
    group: String,
    function: String,
    size: String,
    /// Things that were done at once, if they were counted.
    count: Option<f64>,
    seconds: f64,
}

impl Row {
    fn rate(&self) -> Option<f64> {
        self.count.map(|count| count / self.seconds)
    }

    fn is_limit(&self) -> bool {
        self.function.starts_with(LIMIT)
    }
}

struct Table<'a> {
    layer: &'a Benchmarks,
    rows: Vec<Row>,
}

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let threads = rayon::current_num_threads();
        let Benchmarks { name, unit, .. } = self.layer;
        writeln!(f, "\n### {name}, threads: {threads}\n")?;
        writeln!(f, "| | | time | {unit}/s | of the limit |")?;
        writeln!(f, "|---|---|---:|---:|---:|")?;
        for row in &self.rows {
            let rate = row.rate().map(engineering).unwrap_or_default();
            let mut limits = self.rows.iter().filter(|limit| {
                limit.is_limit() && limit.group == row.group && limit.size == row.size
            });
            let ratio = match limits.next() {
                Some(limit) if !row.is_limit() => format!("{:.2}", limit.seconds / row.seconds),
                _ => String::new(),
            };
            let Row {
                group,
                function,
                size,
                seconds,
                ..
            } = row;
            let time = engineering(*seconds);
            writeln!(
                f,
                "| {group} | {function} {size} | {time}s | {rate} | {ratio} |"
            )?;
        }
        Ok(())
    }
}

/// A number with three digits and the prefix of its power of a thousand.
fn engineering(value: f64) -> String {
    const PREFIXES: [&str; 7] = ["n", "µ", "m", "", "k", "M", "G"];
    let mut scaled = value * 1e9;
    let mut prefixes = PREFIXES.iter();
    let mut prefix = prefixes.next();
    while scaled >= 999.5 && prefixes.len() > 0 {
        scaled /= 1000.0;
        prefix = prefixes.next();
    }
    let digits = match scaled {
        s if s < 9.995 => 2,
        s if s < 99.95 => 1,
        _ => 0,
    };
    format!("{scaled:.digits$} {}", prefix.unwrap_or(&""))
}

/// Where criterion keeps its results.
fn results_folder() -> PathBuf {
    if let Some(home) = env::var_os("CRITERION_HOME") {
        return home.into();
    }
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    );
    target.join("criterion")
}

#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
enum Throughput {
    Elements(u64),
    #[serde(untagged)]
    Other(#[allow(dead_code, reason = "only told apart")] serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

/// What was measured since a time, in the order in which it was.
fn read(folder: &Path, since: SystemTime) -> io::Result<Vec<Row>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            }
        }
        let estimates = folder.join("estimates.json");
        if folder.ends_with("new") && estimates.exists() {
            let written = fs::metadata(&estimates)?.modified()?;
            if written >= since {
                found.push((written, row(&folder)?));
            }
        }
    }
    found.sort_by_key(|(written, _)| *written);
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

fn row(folder: &Path) -> io::Result<Row> {
    let benchmark: Benchmark = serde_json::from_slice(&fs::read(folder.join("benchmark.json"))?)?;
    let estimates: Estimates = serde_json::from_slice(&fs::read(folder.join("estimates.json"))?)?;
    Ok(Row {
        group: benchmark.group_id,
        function: benchmark.function_id.unwrap_or_default(),
        size: benchmark.value_str.unwrap_or_default(),
        count: match benchmark.throughput {
            Some(Throughput::Elements(count)) => Some(count as f64),
            _ => None,
        },
        seconds: estimates.median.point_estimate * 1e-9,
    })
}

#[allow(
    clippy::print_stdout,
    reason = "benchmarks report to whoever runs them"
)]
fn print(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        for (value, expected) in [
            (1.234e-6, "1.23 µ"),
            (0.0125, "12.5 m"),
            (52.1e9, "52.1 G"),
            (999.7, "1.00 k"),
            (3.0, "3.00 "),
            (5e-11, "0.05 n"),
        ] {
            assert_eq!(engineering(value), expected);
        }
    }

    #[test]
    fn ratios_are_those_of_the_same_size() {
        let row = |function: &str, size: &str, seconds: f64| Row {
            group: "products".to_owned(),
            function: function.to_owned(),
            size: size.to_owned(),
            count: Some(1e6),
            seconds,
        };
        let layer = Benchmarks {
            name: "hardware",
            unit: "MAC",
            in_pool: false,
            run: |_| {},
        };
        let rows = vec![
            row("chip", "8", 4e-3),
            row("chip", "9", 4e-3),
            row("limit: product", "8", 1e-3),
        ];
        let layer = &layer;
        let text = Table { layer, rows }.to_string();
        assert!(
            text.contains("| products | chip 8 | 4.00 ms | 250 M | 0.25 |"),
            "{text}"
        );
        assert!(
            text.contains("| products | chip 9 | 4.00 ms | 250 M |  |"),
            "{text}"
        );
        assert!(
            text.contains("| products | limit: product 8 | 1.00 ms | 1.00 G |  |"),
            "{text}"
        );
    }
}
