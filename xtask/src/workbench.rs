//! `cargo xtask calibrate`, `characterize`, `plan`, `train` and `evaluate`.

use std::time::Instant;

use bss2_experiments::workbench::{print_targets, procedure};
use bss2_experiments::{ExperimentError, Method};

use crate::arguments::{
    CalibrateOptions, CharacterizeOptions, EvaluateOptions, PlanOptions, SpeedOptions, TrainOptions,
};
use crate::bars::Bars;

/// Calibrates a chip; the text is for standard output.
pub(crate) fn calibrate(
    options: &CalibrateOptions,
    warn: &mut dyn FnMut(&str),
) -> Result<String, String> {
    if let Some(name) = &options.print_targets {
        let text = procedure(name).and_then(|procedure| print_targets(&procedure));
        return text.map_err(in_words);
    }
    let started = Instant::now();
    let job = options.job()?;
    for warning in job.warnings().map_err(in_words)? {
        warn(&warning);
    }
    let report = job.run(&Bars).map_err(in_words)?;
    Ok(format!(
        "{}\n{}\n{:.1} s. Calibration: {}. Report: {}\n",
        report.table.to_text(),
        report.totals,
        started.elapsed().as_secs_f64(),
        job.calibration.display(),
        job.report.display(),
    ))
}

/// Measures a chip; the text is for standard output.
pub(crate) fn characterize(options: &CharacterizeOptions) -> Result<String, String> {
    let started = Instant::now();
    let job = options.job()?;
    let report = job.run(&Bars).map_err(in_words)?;
    let page = job.report.as_ref();
    let page = page.map_or_else(String::new, |path| format!(" Report: {}", path.display()));
    Ok(format!(
        "{}\n{}\n{:.1} s.{page}\n",
        report.table.to_text(),
        report.totals,
        started.elapsed().as_secs_f64(),
    ))
}

/// Measures the machine; the text is for standard output.
pub(crate) fn speed(options: &SpeedOptions) -> Result<String, String> {
    let job = options.job();
    let report = job.run(&Bars).map_err(in_words)?;
    let page = job.out.as_ref();
    let page = page.map_or_else(String::new, |out| {
        format!("Report: {}\n", out.join("index.html").display())
    });
    Ok(format!("{}\n{page}", report.table.to_text()))
}

/// Plans a layer; the text is for standard output.
pub(crate) fn plan(options: &PlanOptions) -> Result<String, String> {
    let job = options.job()?;
    let report = job.run().map_err(in_words)?;
    Ok(match &job.out {
        None => report.to_text(),
        Some(folder) => format!(
            "{}\nPlan: {}\n",
            report.table.to_text(),
            folder.join("plan.txt").display()
        ),
    })
}

/// Trains a network; the text is for standard output.
pub(crate) fn train(options: &TrainOptions) -> Result<String, String> {
    if options.list {
        let line = |m: &Method| format!("{:26}{}\n", m.name(), m.about());
        return Ok(Method::ALL.iter().map(line).collect());
    }
    if let Some(recipe) = options.printed_recipe() {
        return recipe;
    }
    let started = Instant::now();
    let job = options.job()?;
    let report = job.run(&Bars).map_err(in_words)?;
    let continued = report.continued_after.map_or_else(String::new, |epochs| {
        format!("Continued after {epochs} epochs, where it was interrupted.\n")
    });
    Ok(format!(
        "{}{}\n{continued}{}\n{:.1} s. Report: {}\n",
        report.table.to_text(),
        lines(&report.warnings),
        report.totals,
        started.elapsed().as_secs_f64(),
        job.out.join("index.html").display(),
    ))
}

/// Evaluates a network; the text is for standard output.
pub(crate) fn evaluate(options: &EvaluateOptions) -> Result<String, String> {
    let report = options.job()?.run().map_err(in_words)?;
    Ok(format!(
        "{}{}\n{}\n{}\n",
        report.layers.to_text(),
        lines(&report.warnings),
        report.classes.to_text(),
        report.totals,
    ))
}

/// Warnings for below a table.
fn lines(warnings: &[String]) -> String {
    let lines = warnings.iter().flat_map(|warning| [warning, "\n"]);
    lines.collect()
}

fn in_words(error: ExperimentError) -> String {
    error.to_string()
}
