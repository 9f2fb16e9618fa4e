//! Progress bars on a terminal, silence elsewhere.

use bss2_experiments::{Progress, Task};
use indicatif::{ProgressBar, ProgressStyle};

/// Shows a bar per task on standard error; hidden when that is not a terminal.
pub(crate) struct Bars;

struct Bar(ProgressBar);

impl Progress for Bars {
    fn begin(&self, name: &str, steps: u64) -> Box<dyn Task> {
        let bar = ProgressBar::new(steps).with_prefix(name.to_owned());
        if let Ok(style) =
            ProgressStyle::with_template("{prefix} {bar:32} {pos}/{len} {elapsed}  {wide_msg}")
        {
            bar.set_style(style);
        }
        Box::new(Bar(bar))
    }
}

impl Task for Bar {
    fn step(&self, what: &str) {
        self.0.set_message(what.to_owned());
        self.0.inc(1);
    }

    fn skip(&self, steps: u64) {
        self.0.inc(steps);
        self.0.reset_eta();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
