//! How fast the simulated chip is on this machine, and how that scales.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::configuration::to_toml;
use crate::csv_file::CsvFile;
use crate::named_chart::NamedChart;
use crate::report::{Cell, Column, Page, Section, Table};
use crate::settings::check;
use crate::{ExperimentError, Progress, ResultFolder};

mod charts;
mod machine;
mod measure;
mod plain;

use machine::Machine;
use measure::Measured;
pub use plain::PlainProduct;

/// A machine that is to be measured.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeedJob {
    /// Time for each figure, in ms, 1…[`PATIENCE_MAX_MS`](Self::PATIENCE_MAX_MS).
    pub patience_ms: u64,
    /// Folder for the page, its plots and the figures; without it, nothing is written.
    pub out: Option<PathBuf>,
}

/// What was found.
#[derive(Debug)]
pub struct SpeedReport {
    /// All figures, for the terminal.
    pub table: Table,
}

#[derive(Serialize)]
struct Configuration<'a> {
    patience_ms: u64,
    machine: &'a Machine,
}

impl SpeedJob {
    /// Most time for each figure.
    pub const PATIENCE_MAX_MS: u64 = 60_000;

    /// Measures and, if a folder is given, writes it. What is found depends on the machine and on what
    /// else it does.
    ///
    /// # Errors
    /// [`ExperimentError`]; a folder that holds anything else is left as it is.
    pub fn run(&self, progress: &dyn Progress) -> Result<SpeedReport, ExperimentError> {
        check(
            "patience_ms",
            Some(self.patience_ms),
            1,
            Self::PATIENCE_MAX_MS,
        )?;
        let folder = self.out.as_deref().map(ResultFolder::claim).transpose()?;
        let task = progress.begin("speed", measure::steps());
        let patience = Duration::from_millis(self.patience_ms);
        let measured = measure::all(patience, &mut |what| task.step(what))?;
        drop(task);

        let table = table(&measured)?;
        if let Some(folder) = folder {
            self.write(folder, &measured)?;
        }
        Ok(SpeedReport { table })
    }

    fn write(
        &self,
        mut folder: ResultFolder,
        measured: &[Measured],
    ) -> Result<(), ExperimentError> {
        let machine = Machine::here();
        let figures = CsvFile::of("speed.csv", measured)?;
        folder.add(figures.name(), figures.content());
        let charts = charts::of(measured)?;
        let section = Section::new("scaling", "Cost by batch, layer, chips and threads")
            .with_question("What does the chip's simulation cost, and how does that grow?")
            .with_method(format!(
                "The typical chip, lumped, all imperfections on, weights loaded beforehand where they \
                 fit. The limit is a plain matrix product in f32 of the same shape on the same \
                 threads. Of each, the fastest of as many runs as fit into {} ms, measured in turn.",
                self.patience_ms
            ));
        let section = NamedChart::add_all(&charts, section).with_table(table(measured)?);
        let page = Page::new(
            "Speed",
            "The simulated chip on one machine, beside a plain product.",
        )
        .with_section(section)?
        .with_fact("Machine", machine.to_string())
        .with_fact("bss2", env!("CARGO_PKG_VERSION"));
        folder.add("index.html", page.to_html());
        folder.add("report.md", page.to_markdown());
        for (stem, chart) in NamedChart::into_files(charts) {
            folder.add(format!("figures/{stem}.svg"), chart.to_standalone_svg());
        }
        let configuration = Configuration {
            patience_ms: self.patience_ms,
            machine: &machine,
        };
        folder.publish(&to_toml(&configuration)?.to_string())?;
        Ok(())
    }
}

fn table(measured: &[Measured]) -> Result<Table, ExperimentError> {
    let columns = vec![
        Column::text("By"),
        Column::number("Vectors"),
        Column::number("Inputs"),
        Column::number("Outputs"),
        Column::number("Chips"),
        Column::number("Threads"),
        Column::number("Batches run"),
        Column::number("Plain, 10⁹/s"),
        Column::number("Chip, 10⁹/s"),
        Column::number("Ratio"),
        Column::number("MB"),
    ];
    let mut table = Table::new(
        "Multiply-accumulates per second; MB are of the process so far",
        columns,
    );
    for row in measured {
        let memory = row
            .memory_mb
            .map_or_else(|| Cell::text("–"), |megabytes| Cell::number(megabytes, 0));
        table.push_row(vec![
            Cell::text(row.series.by()),
            Cell::number(row.vectors as f64, 0),
            Cell::number(row.inputs as f64, 0),
            Cell::number(row.outputs as f64, 0),
            Cell::number(row.chips as f64, 0),
            Cell::number(row.threads as f64, 0),
            Cell::number(row.batches as f64, 0),
            Cell::number(row.plain_gmac_per_s, 1),
            Cell::number(row.chip_gmac_per_s, 1),
            Cell::number(row.ratio(), 2),
            memory,
        ])?;
    }
    Ok(table)
}
