//! A plan for people.

use std::fmt;

use super::Plan;

/// Blocks that are shown; the others are counted.
const SHOWN: usize = 100;

const HEADER: [&str; 7] = [
    "pass",
    "hemisphere",
    "rows",
    "columns",
    "inputs",
    "outputs",
    "vector",
];

impl fmt::Display for Plan {
    /// What is common to all passes, then a table with a line per block, of which the first hundred
    /// are shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shape, coding, settings) = (self.shape, self.coding, self.settings);
        write!(f, "{} inputs → {} outputs", shape.inputs(), shape.outputs())?;
        if shape.groups() > 1 {
            write!(f, " in {} groups", shape.groups())?;
        }
        writeln!(f, " on {}", self.geometry)?;
        writeln!(
            f,
            "weights: {}; inputs: {}; row repetition {}, column copies {}, vectors at once {}",
            coding.weights,
            coding.inputs,
            coding.row_repetition,
            coding.column_copies,
            coding.vectors_at_once
        )?;
        writeln!(
            f,
            "num_sends {}, wait_between_events {}; passes {}, {:.1} % of the array used",
            settings.num_sends(),
            settings.wait_between_events(),
            self.passes.len(),
            100.0 * self.utilisation()
        )?;
        let lines = self.lines();
        let widths: [usize; HEADER.len()] = std::array::from_fn(|column| {
            let cells = lines.iter().map(|line| line[column].chars().count());
            cells.chain([HEADER[column].len()]).max().unwrap_or(0)
        });
        write_line(f, &HEADER.map(str::to_owned), &widths)?;
        for line in &lines {
            write_line(f, line, &widths)?;
        }
        match self.blocks().count().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => writeln!(f, "… and {more} more blocks"),
        }
    }
}

impl Plan {
    fn lines(&self) -> Vec<[String; HEADER.len()]> {
        let passes = self.passes.iter().enumerate();
        let runs = passes.flat_map(|(pass, p)| p.runs.iter().map(move |run| (pass, run)));
        let blocks = runs.flat_map(|(pass, run)| run.blocks.iter().map(move |b| (pass, run, b)));
        blocks
            .take(SHOWN)
            .map(|(pass, run, block)| {
                [
                    (pass + 1).to_string(),
                    run.hemisphere.to_string(),
                    block.rows.to_string(),
                    block.columns.to_string(),
                    block.inputs.to_string(),
                    block.outputs.to_string(),
                    block.replica.to_string(),
                ]
            })
            .collect()
    }
}

fn write_line(
    f: &mut fmt::Formatter<'_>,
    cells: &[String; HEADER.len()],
    widths: &[usize; HEADER.len()],
) -> fmt::Result {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, &width)| format!("{cell:<width$}"));
    let line = padded.collect::<Vec<_>>().join("  ");
    writeln!(f, "{}", line.trim_end())
}
