//! Telling a person how far work has come, without knowing how it is shown.

/// Shows the progress of long work.
pub trait Progress: Sync {
    /// Begins a task of a number of steps; dropping it ends it.
    fn begin(&self, name: &str, steps: u64) -> Box<dyn Task>;
}

/// A task whose progress is shown. Steps may end on several threads at once.
pub trait Task: Send + Sync {
    /// Notes that a step has ended, and what it was.
    fn step(&self, what: &str);

    /// Notes that steps are done already, as after an interruption.
    fn skip(&self, _steps: u64) {}
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _name: &str, _steps: u64) -> Box<dyn Task> {
        Box::new(Self)
    }
}

impl Task for Silent {
    fn step(&self, _what: &str) {}
}
