//! `cargo xtask experiments`.

use std::time::Instant;

use bss2_experiments::{EXPERIMENTS, Experiment, ExperimentError, find, run_study};

use crate::arguments::ExperimentOptions;
use crate::bars::Bars;

pub(crate) fn run(options: &ExperimentOptions) -> Result<(), ExperimentError> {
    if options.list {
        for experiment in EXPERIMENTS {
            println!("{:16}{}", experiment.name, experiment.about);
        }
        return Ok(());
    }
    let chosen: Vec<&'static Experiment> = if options.names.is_empty() {
        EXPERIMENTS.iter().collect()
    } else {
        options
            .names
            .iter()
            .map(|name| find(name))
            .collect::<Result<_, _>>()?
    };
    let started = Instant::now();
    let report = run_study(&chosen, &options.settings(), &options.out, &Bars)?;
    for table in &report.tables {
        println!("{}", table.to_text());
    }
    for miss in &report.misses {
        println!("misses its target: {miss}");
    }
    println!(
        "{:.1} s. Report: {}",
        started.elapsed().as_secs_f64(),
        options.out.join("index.html").display()
    );
    Ok(())
}
